"""What every verb about a measure does: lock it, begin and end what it stops, write it down, tell who must know."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import override

from complaints.warnings.errors import MeasureOver, TextNeeded
from complaints.warnings.models import Assessment, Measure
from complaints.warnings.operations import messages
from complaints.warnings.queries import measures_for
from complaints.warnings.states import LASTING, TRANSITIONS, MeasureKind, MeasureState
from escrow import audit
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.states import check_transition
from prepaid.merchants.errors import WorksAtMerchant
from prepaid.merchants.models import Merchant, StaffMember
from prepaid.people.models import User

#: How long the words of an official and of a merchant may be.
REASON, TEXT = 500, 2000


def next_number(at: datetime) -> tuple[int, str]:
    """The key of a new measure, and its number, which says the day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('warnings_measure', 'id'))")
        pk = int(cursor.fetchone()[0])
    return pk, f"JG{beijing_date(at):%Y%m%d}-{pk:06d}"


def locked_merchant(merchant_id: int) -> Merchant:
    """The merchant, whose measures take turns until the transaction ends. Raises ``NotFound``."""
    found = Merchant.objects.select_for_update(no_key=True, of=("self",)).filter(pk=merchant_id)
    merchant = found.select_related("sector", "district").first()
    if merchant is None:
        raise NotFound()
    return merchant


def locked_for(official: User, measure_id: int) -> Measure:
    """A measure of the official's post. Raises ``NotFound``; ``WorksAtMerchant``."""
    merchant_id = measures_for(official).filter(pk=measure_id).values_list("merchant_id", flat=True).first()
    if merchant_id is None:
        raise NotFound()
    check_no_friend(official, locked_merchant(merchant_id))
    return measures_for(official).get(pk=measure_id)


def check_no_friend(official: User, merchant: Merchant) -> None:
    """Raises ``WorksAtMerchant``."""
    if StaffMember.objects.filter(user=official, merchant=merchant, is_active=True).exists():
        raise WorksAtMerchant()


def checked_words(value: str, field: str, most: int = REASON) -> str:
    """Without spaces around it. Raises ``TextNeeded``."""
    value = value.strip()
    if not 1 <= len(value) <= most:
        raise TextNeeded(field, most)
    return value


def move(measure: Measure, state: MeasureState) -> None:
    """To another state. Raises ``MeasureOver``: it is not in one before it."""
    if state not in TRANSITIONS[MeasureState(measure.state)]:
        raise MeasureOver()
    check_transition(TRANSITIONS, measure.state, state)
    measure.state = state


def take_effect(measure: Measure, *, at: datetime, actor: str) -> None:
    """What the measure stops is stopped: payouts by a hold of its own; refunds go on whatever it is."""
    beneficiary_id, because = measure.merchant.beneficiary_id, reason_kept(measure)
    if measure.kind == MeasureKind.HOLD:
        measure.hold = escrow.hold_payouts(
            beneficiary_id=beneficiary_id, because=because, is_kept=True, at=at, actor=actor
        )
    elif (kind := LASTING.get(MeasureKind(measure.kind))) is not None:
        measure.stoppage = escrow.begin_stoppage(
            beneficiary_id=beneficiary_id, kind=kind, because=because, at=at, actor=actor
        )


def end(measure: Measure, state: MeasureState, *, because: str, by: User | None, at: datetime, actor: str) -> None:
    """It is over, and what it stopped goes on. The merchant is told of what it knew."""
    was_holding = measure.is_holding
    move(measure, state)
    if measure.hold_id is not None:
        escrow.release_kept(hold_id=measure.hold_id, because=reason_kept(measure), at=at, actor=actor)
    kind = LASTING.get(MeasureKind(measure.kind))
    if was_holding and kind is not None and measure.stoppage_id is not None:
        beneficiary_id = measure.merchant.beneficiary_id
        if escrow_queries.stoppages([beneficiary_id]).filter(pk=measure.stoppage_id).exists():
            escrow.end_stoppage(
                beneficiary_id=beneficiary_id, kind=kind, because=reason_kept(measure), at=at, actor=actor
            )
    measure.ended_at, measure.ended_by, measure.ended_because = at, by, because
    measure.save()
    record(measure, "end", at=at, actor=actor)
    messages.ended(measure, at=at)


def seen_of(merchant_id: int) -> dict[str, Any]:
    """What the last evening showed of it: the fields of ``Weighed``; nothing where it was never weighed."""
    return dict(Assessment.objects.filter(merchant=merchant_id).values("points", "parts", "facts").first() or {})


def reason_kept(measure: Measure) -> str:
    """How the kernel writes down why: the measure's kind and number, in the language of the installation."""
    with override(settings.LANGUAGE_CODE):
        return f"{measure.get_kind_display()} {measure.number}"


def record(measure: Measure, action: str, *, at: datetime, actor: str, **more: object) -> None:
    """One line in the audit trail; the words of people stay in the row, encrypted."""
    after = {"merchant": measure.merchant_id, "kind": measure.kind, "state": measure.state, **more}
    audit.record(actor=actor, action=f"warnings.{action}", target=f"measure:{measure.pk}", at=at, after=after)
