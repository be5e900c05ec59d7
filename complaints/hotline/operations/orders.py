"""One work order becomes a complaint, or is added to the one that the same person has about the same merchant."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from complaints.cases import operations as cases
from complaints.cases.errors import AlreadyDecided, CaseExists
from complaints.cases.models import Case
from complaints.cases.queries.outside import key_of, open_case_like
from complaints.cases.states import Limit, Source, Wanted
from complaints.hotline.errors import TakenMeanwhile
from complaints.hotline.lines import Order
from complaints.hotline.models import ApiKey, WorkOrder, WorkOrderLine
from complaints.hotline.states import Urgency
from escrow import audit
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.people.errors import PhoneTaken
from prepaid.people.models import User

CONSTRAINT_ERRORS["case_foreign_number_once"] = TakenMeanwhile
CONSTRAINT_ERRORS["work_order_number_once"] = TakenMeanwhile
#: How often a deed is done anew when another one did part of it at the same moment.
TRIES = 3
T = TypeVar("T")


def submit_order(*, key: ApiKey, order: Order, at: datetime) -> tuple[WorkOrder, bool]:
    """What a system sends, and whether it is new: the same number again is the same work order, whatever else it says.

    Raises:
        What ``cases.open_outside_case`` raises, but for complaints that exist.
    """

    def once() -> tuple[WorkOrder, bool]:
        with transaction():
            return take_order(system=key.system, order=order, source=Source.API, key=key, actor=key.actor, at=at)

    return again(once)


def again(deed: Callable[[], T]) -> T:
    """``deed`` opens its own transaction; what another one was in the way of is done anew."""
    for _attempt in range(TRIES - 1):
        try:
            return deed()
        except (TakenMeanwhile, PhoneTaken, AlreadyDecided, CaseExists):
            continue
    return deed()


def take_order(
    *,
    system: str,
    order: Order,
    source: Source,
    actor: str,
    at: datetime,
    by: User | None = None,
    line: WorkOrderLine | None = None,
    key: ApiKey | None = None,
) -> tuple[WorkOrder, bool]:
    """The work order with its complaint, and whether it is new. Inside the caller's transaction. ``by``: who imported it; the
    importer routes it, too, so that no bell stands in the way of others.

    Raises:
        TakenMeanwhile, PhoneTaken, AlreadyDecided, CaseExists: another deed was in the way; do it ``again``.
    """
    known = WorkOrder.objects.filter(system=system, number=order.number).select_related("case").first()
    if known is not None:
        return known, False
    person = _person(order, actor, at)
    case, joined = _known_case(system, order, person)
    if case is None:
        case = cases.open_outside_case(
            complainant=person,
            told=cases.Told(
                merchant_name=order.merchant,
                address=order.address,
                point=order.point,
                paid_fen=order.paid_fen,
                left_fen=order.left_fen,
            ),
            text=order.text,
            wanted=Wanted(order.wanted),
            source=source,
            foreign=cases.Foreign(system=system, number=order.number, received_at=order.received),
            by=by,
            actor=actor,
            # What is in danger cannot wait for seven working days.
            limit=Limit.LIFE_RISK if order.urgency == Urgency.EMERGENCY else Limit.PREPAID,
            rings=line is None,
            at=at,
        )
    elif joined:
        cases.add_statement(number=case.number, complainant=person, text=order.text, actor=actor, at=at)
    if order.urgency == Urgency.EMERGENCY:
        cases.hasten(case_id=case.pk, limit=Limit.LIFE_RISK, received_at=order.received, at=at, actor=actor)
    taken = WorkOrder.objects.create(
        system=system,
        number=order.number,
        case=case,
        joined=joined,
        urgency=order.urgency,
        received_at=order.received,
        taken_at=at,
        line=line,
        key=key,
    )
    audit.record(
        actor=actor,
        action="hotline.join_order" if joined else "hotline.take_order",
        target=f"workorder:{taken.pk}",
        at=at,
        after={"system": system, "number": order.number, "case": case.number},
    )
    return taken, True


def _known_case(system: str, order: Order, person: User) -> tuple[Case | None, bool]:
    """The complaint that has this number, or else the undecided one of the same person about the same merchant, which the order is
    added to. The person's orders come in one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if case := Case.objects.filter(foreign_system=system, foreign_number=order.number).first():
        return case, False
    twin = open_case_like(complainant=person, name_key=key_of(order.merchant))
    return twin, twin is not None


def _person(order: Order, actor: str, at: datetime) -> User:
    """Who called, by the number; a new one has agreed to nothing yet, and finds the complaint after signing in by SMS."""
    person = User.objects.by_phone(order.phone)
    if person is None:
        person = User.objects.create_user(phone=order.phone, name=order.caller, created_at=at)
        audit.record(actor=actor, action="people.register", target=f"user:{person.public_id}", at=at)
    return person
