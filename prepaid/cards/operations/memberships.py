"""Memberships paid month by month: the next month's order, the end, and what the holder is told. Nothing is ever debited by
itself, and a month that is not paid leaves no debt."""

from datetime import datetime
from uuid import uuid4

from escrow import audit, clock
from escrow import operations as escrow
from escrow.errors import AgreementFrozen, NotFound
from escrow.states import RefundBasis
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.errors import MonthNotDue, NoNextMonth
from prepaid.cards.models import Card, CardRule, ExpiryNotice, RefundRequest
from prepaid.cards.operations import letters
from prepaid.cards.operations.locking import locked_card
from prepaid.cards.operations.purchase import (
    check_caps,
    check_leases,
    knows_service,
    open_order,
    pay_until_of,
    serialise_purchases,
    still_open,
)
from prepaid.cards.operations.refunds import grant
from prepaid.cards.states import RefundCause, RefundState
from prepaid.people.models import User
from prepaid.products import caps
from prepaid.products.queries import sellable_version


def order_next_month(*, holder: User, number: str, at: datetime, actor: str) -> Card:
    """The next month of a membership, to be paid at the cashier within ``CardRule.payment_minutes``: from the last day of the
    month before, on the terms the card was sold on, also when they are not sold any more. The order that stands is the same one.

    Raises:
        NotFound: no membership of theirs. AccountClosed. AgreementFrozen: a refund of the paid month is open. NoNextMonth: it was
        ended, paid back, or all its months are paid. MonthNotDue. SalesStopped, NoStoreOpen, StoreCloses, FilingNeeded: nothing
        may be prepaid to the merchant now. PriceCapExceeded, MonthsCapExceeded: with what else the holder has there.
        LeaseTooShort.
    """
    today = clock.beijing_date(at)
    with transaction():
        still_open(holder)
        serialise_purchases(holder, _owned(holder.pk, number).version)
        first = _locked(holder.pk, number)
        membership = queries.membership_of(card=first, today=today)
        if membership.order is not None:
            return membership.order
        if membership.last.is_frozen:
            raise AgreementFrozen()
        if not membership.goes_on:
            raise NoNextMonth()
        if not membership.is_due:
            raise MonthNotDue(day=membership.paid_until)
        version = sellable_version(first.version_id, on=today, sold=True)
        check_caps(
            holder=holder,
            merchant=first.issuer,
            adding_fen=version.price_fen,
            adding_sessions=0,
            adding_days=version.days or 0,
            besides=[face.card.pk for face in membership.months],
            at=at,
        )
        pay_until = pay_until_of(at)
        check_leases(version, version.days, pay_until=pay_until, at=at)
        month = Card.objects.create(
            holder=holder,
            version=version,
            agreement=open_order(
                holder, version, follows=membership.last.card.agreement, pay_until=pay_until, at=at, actor=actor
            ),
            issuer=first.issuer,
            order_token=uuid4(),
            tops_up=first,
            contract_sha256=first.contract_sha256,
            knew_service=knows_service(holder, version),
            bought_at=at,
            expires_on=caps.last_day(today, version.days),
        )
        audit.record(
            actor=actor,
            action="cards.order_month",
            target=f"card:{first.pk}",
            after={"month": len(membership.months) + 1, "card": month.pk, "price_fen": version.price_fen},
            at=at,
        )
    return month


def end_membership(*, holder_id: int, number: str, at: datetime, actor: str) -> Card:
    """No further month, and nothing owed: the paid one runs to its last day, an order that is not paid is given up. Ending what
    is ended changes nothing. Raises ``NotFound``, ``NoNextMonth``."""
    with transaction():
        first = _locked(holder_id, number)
        if first.ended_at is not None:
            return first
        membership = queries.membership_of(card=first, today=clock.beijing_date(at))
        if not membership.can_end:
            raise NoNextMonth()
        if membership.order is not None:
            escrow.cancel_agreement(agreement_id=membership.order.agreement_id, at=at, actor=actor)
        first.ended_at = at
        first.save(update_fields=["ended_at"])
        audit.record(
            actor=actor,
            action="cards.end_membership",
            target=f"card:{first.pk}",
            after={"months_paid": len(membership.months), "last_day": str(membership.paid_until)},
            at=at,
        )
        letters.membership_ended(membership.face, last_day=membership.paid_until, at=at)
    return first


def return_days(*, card_id: int, at: datetime, actor: str) -> RefundRequest | None:
    """Days of a month on which nobody served, found when the next was paid already: they cannot be used any more and are paid back
    without asking, by the formula of the merchant's cause, once no day of that month waits. The contract says so, which is the
    merchant's consent. None: nothing is left, or it is not time. Raises ``NotFound``."""
    with transaction():
        card = locked_card(card_id)
        face = queries.face_of(card=card, today=clock.beijing_date(at))
        if (
            not queries.has_days_to_return(face)
            or card.refund_requests.filter(state__in=queries.UNSETTLED_STATES).exists()
        ):
            return None
        quote = queries.refund_quote(card=card, cause=RefundCause.OPERATOR, at=at)
        if quote.refund_fen == 0:
            return None
        request = RefundRequest.objects.create(
            card=card,
            state=RefundState.REQUESTED,
            cause=RefundCause.OPERATOR,
            asked_fen=quote.refund_fen,
            quote=quote.to_json(),
            requested_at=at,
        )
        first = card.tops_up or card
        letters.days_returned(face, first=first, at=at)
        grant(request, quote.refund_fen, RefundBasis.CONSENT, reference=f"membership:{first.pk}", at=at, actor=actor)
    return request


def tell_of_month(*, card_id: int, at: datetime) -> ExpiryNotice | None:
    """Tell the holder that a paid month ends: ``CardRule.month_notice_days`` before, and on the last day that the next can be
    paid now. None: it is not due, was sent, or there is nothing to say: the next is paid, a refund is under way, the days
    stand still, or the last of all months was told of. Raises ``NotFound``."""
    today = clock.beijing_date(at)
    before = CardRule.objects.current(today).month_notice_days
    with transaction():
        card = locked_card(card_id)
        if card.version.months is None:
            raise NotFound()
        membership = queries.membership_of(card=card.tops_up or card, today=today)
        last = membership.last
        if last.card.pk != card.pk or not last.is_active or (last.term is not None and last.term.stop is not None):
            return None
        if last.last_day is None or not 0 <= (last.last_day - today).days <= before:
            return None
        days_before = 0 if last.last_day == today else before
        if queries.was_told(card=card, days_before=days_before, today=today):
            return None
        if not membership.goes_on and queries.was_told(card=card, days_before=before, today=today):
            return None
        notice = ExpiryNotice.objects.create(card=card, days_before=days_before, last_day=last.last_day, sent_at=at)
        letters.month_ends(
            membership.face, last_day=last.last_day, goes_on=membership.goes_on, now=days_before == 0, at=at
        )
    return notice


def _owned(holder_id: int, number: str) -> Card:
    cards = Card.objects.filter(holder_id=holder_id, number=number, tops_up=None, version__months__isnull=False)
    card = cards.select_related("version__product", "version__filing").first()
    if card is None:
        raise NotFound()
    return card


def _locked(holder_id: int, number: str) -> Card:
    """The membership's first card under its row lock, which every verb on the card waits for. Raises ``NotFound``."""
    card = locked_card(_owned(holder_id, number).pk)
    if (card.holder_id, card.number) != (holder_id, number):  # taken over, or replaced, while this waited its turn
        raise NotFound()
    return card
