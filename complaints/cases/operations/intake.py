"""What the two sides do: complain, say their side, withdraw."""

from datetime import datetime
from typing import Any

from django.db import connection

from complaints.cases.errors import AlreadyDecided, CaseExists, NothingToComplainAbout, TextMissing
from complaints.cases.models import Case, Statement
from complaints.cases.operations import messages, moves
from complaints.cases.queries.rules import MERCHANT_ANSWER, due_on, term
from complaints.cases.queries.scope import cases_about, complaints_of, id_among
from complaints.cases.states import CaseState, EventKind, Limit, Side, Wanted
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.money import check_fen, yuan
from escrow.transactions import ring, transaction
from prepaid.cards import operations as cards
from prepaid.cards import queries as cards_queries
from prepaid.cards.errors import OfferTooHigh
from prepaid.cards.models import Card, RefundRequest
from prepaid.cards.states import Deed, RefundCause
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User

TEXT_LENGTH = 2000


def checked_text(text: str) -> str:
    """Raises ``TextMissing`` when nothing or too much is said."""
    text = text.strip()
    if not text or len(text) > TEXT_LENGTH:
        raise TextMissing()
    return text


def checked_offer(case: Case, offer_fen: int | None) -> None:
    """Nobody promises more than was paid for the card (SPC 20).

    Raises:
        InvalidAmount, OfferTooHigh.
    """
    if offer_fen is None:
        return
    paid_fen = case.outside.paid_fen if case.outside else case.own_card.agreement.price_fen
    if check_fen(offer_fen) > (paid_fen or offer_fen):
        raise OfferTooHigh(most=yuan(paid_fen or 0))


def open_case(*, refund_request_id: int, complainant: User, text: str, wanted: Wanted, at: datetime) -> Case:
    """Complain about a refund request that the merchant refused or did not answer. The card's money stays frozen.

    Raises:
        NotFound: not this person's request. CaseExists: one request, one complaint; ``details["number"]`` is its number.
        NothingToComplainAbout: the merchant may still answer, or the request is over. TextMissing.
    """
    text = checked_text(text)
    with transaction():
        request = (
            RefundRequest.objects.select_for_update(of=("self",), no_key=True)
            .select_related("card__issuer", "card__agreement", "card__version", "card__holder")
            .filter(pk=refund_request_id, card__holder=complainant)
            .first()
        )
        if request is None:
            raise NotFound()
        if number := Case.objects.filter(refund_request=request).values_list("number", flat=True).first():
            raise CaseExists(number=number)
        if not request.may_complain:
            raise NothingToComplainAbout()
        cards.mark_complained(request_id=request.pk, at=at, actor=complainant.actor)
        subject = {"refund_request": request, "figures": reckoned(request)}
        return _open(complainant, request.card, text=text, wanted=wanted, at=at, **subject)


def open_charge_case(*, redemption_id: int, complainant: User, text: str, at: datetime) -> Case:
    """Say that a charge is wrong where a no alone does not end it: it stays reserved until the merchant withdraws it or the
    regulator decides how much of it was used. ``complainant``: the holder, or somebody on the card; the complaint is the
    holder's, who alone can withdraw it, for that confirms the charge.

    Raises:
        NotFound: not a charge to a card that this person may dispute. CaseExists: one charge, one complaint. TextMissing.
        NoIsEnough: a no ends it. ReservationResolved: it does not wait any more.
    """
    text = checked_text(text)
    with transaction():
        redemption = cards_queries.redemption_of(user=complainant, redemption_id=redemption_id, deed=Deed.DISPUTE)
        if number := Case.objects.filter(redemption=redemption).values_list("number", flat=True).first():
            raise CaseExists(number=number)
        redemption = cards.contest_redemption(
            person_id=complainant.pk, redemption_id=redemption_id, at=at, actor=complainant.actor
        )
        subject = {"redemption": redemption, "figures": {}}
        return _open(complainant, redemption.card, text=text, wanted=Wanted.CHARGE, at=at, **subject)


def _open(by: User, card: Card, *, at: datetime, **facts: Any) -> Case:
    """The holder's case about a card of theirs; ``by`` said it."""
    return new_case(card.holder, by=by, at=at, card=card, merchant=card.issuer, **facts)


def new_case(
    complainant: User,
    *,
    by: User | None,
    actor: str = "",
    at: datetime,
    received_at: datetime | None = None,
    rings: bool = True,
    **facts: Any,
) -> Case:
    """A case with its number and its terms, on its way to whoever is responsible; ``by`` told or imported it, or another system
    did (``actor``). ``received_at``: when
    another system received it, from when on the terms run. ``rings``: False for who routes it itself, after this."""
    received_at = min(received_at or at, at)
    pk = _next_id()
    case = Case.objects.create(
        pk=pk,
        number=f"BJ{beijing_date(at):%Y%m%d}-{pk:06d}",
        complainant=complainant,
        received_at=received_at,
        **terms_from(received_at, Limit(facts.get("limit", Limit.PREPAID))),
        **facts,
    )
    actor = actor or (by or complainant).actor
    moves.note(case, EventKind.RECEIVED, at=at, actor=actor, by=by, from_state="")
    messages.received(case, at=at)
    if rings:
        ring("complaints.cases.tasks.route_case", case.pk)
    return case


def add_statement(*, number: str, complainant: User, text: str, actor: str = "", at: datetime) -> Statement:
    """The consumer adds to their side. ``actor``: who brought their words, when they came by another way; what was said in somebody's
    name is then not their own deed.

    Raises:
        NotFound: not this person's complaint. AlreadyDecided. TextMissing.
    """
    case_id = id_among(complaints_of(user=complainant), number)
    return _say(
        case_id=case_id,
        side=Side.CONSUMER,
        author=complainant,
        text=text,
        offer_fen=None,
        by=None if actor else complainant,
        actor=actor or complainant.actor,
        at=at,
    )


def answer(*, number: str, staff: StaffMember, text: str, offer_fen: int | None, at: datetime) -> Statement:
    """The merchant says its side, and perhaps what it agrees to pay back.

    Raises:
        NotFound: a case about another merchant, or a cashier asks. AlreadyDecided. TextMissing.
        InvalidAmount, OfferTooHigh.
    """
    if not staff.manages:
        raise NotFound()
    case_id = id_among(cases_about(merchant_id=staff.merchant_id), number)
    return _say(
        case_id=case_id,
        side=Side.MERCHANT,
        author=staff.user,
        text=text,
        offer_fen=offer_fen,
        by=staff.user,
        actor=staff.user.actor,
        at=at,
    )


def withdraw(*, number: str, complainant: User, at: datetime) -> Case:
    """The consumer ends the case: the card can be used again, or the whole charge is right after all.

    Raises:
        NotFound: not this person's complaint. AlreadyDecided. Of a charge also ReservationResolved, AgreementFrozen.
    """
    with transaction():
        case = moves.lock(id_among(complaints_of(user=complainant), number))
        if not case.is_undecided:
            raise AlreadyDecided()
        if case.redemption is not None:
            units = case.redemption.units
            cards.decide_redemption(redemption_id=case.redemption.pk, units=units, at=at, actor=complainant.actor)
        elif case.refund_request_id is not None:
            cards.dismiss_request(request_id=case.refund_request_id, at=at, actor=complainant.actor)
        case.closed_at = at
        moves.move(case, CaseState.WITHDRAWN, EventKind.WITHDRAWN, at=at, actor=complainant.actor, by=complainant)
        messages.withdrawn(case, at=at)
        return case


def _say(
    *,
    case_id: int,
    side: Side,
    author: User,
    text: str,
    offer_fen: int | None,
    by: User | None,
    actor: str,
    at: datetime,
) -> Statement:
    text = checked_text(text)
    with transaction():
        case = moves.lock(case_id)
        if not case.is_undecided:
            raise AlreadyDecided()
        checked_offer(case, offer_fen)
        statement = Statement.objects.create(case=case, side=side, author=author, text=text, offer_fen=offer_fen, at=at)
        moves.note(
            case,
            EventKind.STATEMENT,
            at=at,
            actor=actor,
            by=by,
            statement=statement,
        )
        messages.said(case, side=side, at=at)
        return statement


def terms_from(at: datetime, limit: Limit) -> dict[str, Any]:
    """When a case that arrives at ``at`` is to be handled, and the last day for the merchant's side of it: as fields of the
    case. Raises ``TimeLimitMissing``."""
    handled = term(code=limit.value, at=at)
    answered_by = min(due_on(code=MERCHANT_ANSWER, received_on=beijing_date(at)), handled.due_on)
    return {"due_on": handled.due_on, "due_at": handled.due_at, "merchant_answer_due_on": answered_by}


def reckoned(request: RefundRequest) -> dict[str, Any]:
    """The engine's sum for each cause, kept: once the card is settled or used again it could not be reckoned any more."""
    return {
        cause.value: cards_queries.refund_quote(
            card=request.card, cause=cause, stopped_on=request.stopped_on, at=request.requested_at
        ).to_json()
        for cause in RefundCause
    }


def _next_id() -> int:
    """The id decides the number, so it is drawn first; the sequence has gaps and no lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Case._meta.db_table])
        return int(cursor.fetchone()[0])
