"""Buying: an order, its agreement in escrow, and the way to the bank's cashier."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Q
from redis.exceptions import RedisError

from escrow import audit, clock
from escrow import operations as escrow
from escrow.errors import ChannelUnavailable, KeyReused, NotFound
from escrow.models import Agreement, Payment
from escrow.states import COUNTED_PLANS, AgreementState, Plan, UseState
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.cards import queries
from prepaid.cards.errors import (
    CashTaken,
    ChannelUnknown,
    ContractChanged,
    ContractNotAccepted,
    NotGivenYet,
    NoWayToPay,
    OrderNotOpen,
    RisksNotAcknowledged,
)
from prepaid.cards.models import Card, CardRule, CashSale
from prepaid.cards.operations.contracts import conclude
from prepaid.cards.operations.locking import locked_card
from prepaid.cards.operations.top_ups import to_top_up
from prepaid.merchants.models import Merchant, StaffMember
from prepaid.merchants.queries import existing_holding, sector_rule
from prepaid.people.errors import AccountClosed
from prepaid.people.models import User
from prepaid.products import caps
from prepaid.products.models import ProductVersion
from prepaid.products.queries import custody_of, premises_now, sellable_version
from prepaid.products.states import FilingState

#: Real seconds between two questions to the channel about one order somebody waits for.
ASK_EVERY_SECONDS = 4

CONSTRAINT_ERRORS["card_order_token_once"] = KeyReused


def buy(
    *,
    holder: User,
    version_id: int,
    accepted_terms_sha256: str,
    risks_accepted: bool,
    custody_percent: int = 100,
    token: UUID,
    tops_up_id: int | None = None,
    prepared_by: StaffMember | None = None,
    channel: str,
    return_url: str,
    at: datetime,
    actor: str,
) -> tuple[Card, Payment]:
    """Order a card and open its payment at the channel; the card is active once the bank says it is paid.

    ``accepted_terms_sha256`` is the fingerprint of the contract that was shown, ``custody_percent`` how much it said stays in
    custody. ``token`` is one per shown form: sending
    it again gives the same order. ``tops_up_id``: the payment is a further one for that card. ``prepared_by``: who at the till
    chose it for the holder. ``return_url`` may hold
    ``{order_no}``. Calls the channel: not inside a transaction.

    Raises:
        NotFound, NotOnSale, SalesStopped, NoStoreOpen, FilingNeeded: nothing to buy. ContractNotAccepted, ContractChanged,
        RisksNotAcknowledged. PriceCapExceeded, SessionsCapExceeded, MonthsCapExceeded, LeaseTooShort, TermNeeded: see
        ``products.caps``. KeyReused: the token belongs to another order. ChannelUnknown, NoWayToPay. CannotTopUp, TopUpTermsGone:
        see ``top_ups.to_top_up``.
        AlreadyPaid, AgreementExpired, ChannelUnavailable: of the payment; the order stands and can be paid later.
    """
    if not settings.PAYMENT_CHANNELS:
        raise NoWayToPay()
    if channel not in settings.PAYMENT_CHANNELS:
        raise ChannelUnknown()
    card = place_order(
        holder=holder,
        version_id=version_id,
        accepted_terms_sha256=accepted_terms_sha256,
        risks_accepted=risks_accepted,
        custody_percent=custody_percent,
        token=token,
        tops_up_id=tops_up_id,
        prepared_by=prepared_by,
        at=at,
        actor=actor,
    )
    return card, pay_order(card=card, channel=channel, return_url=return_url, at=at, actor=actor)


def place_order(
    *,
    holder: User,
    version_id: int,
    accepted_terms_sha256: str,
    risks_accepted: bool,
    custody_percent: int = 100,
    token: UUID,
    tops_up_id: int | None = None,
    prepared_by: StaffMember | None = None,
    at: datetime,
    actor: str,
) -> Card:
    """The order alone, to be paid within ``CardRule.payment_minutes``; escrow expires it then. Raises as ``buy``."""
    today = clock.beijing_date(at)
    with transaction():
        ordered = Card.objects.filter(order_token=token).select_related("version__product", "issuer").first()
        if ordered is not None:
            return _same_order(ordered, holder, version_id, tops_up_id)
        still_open(holder)
        version = sellable_version(version_id, on=today)
        merchant = version.product.merchant
        serialise_purchases(holder, version)
        ordered = Card.objects.filter(order_token=token).select_related("version__product", "issuer").first()
        if ordered is not None:
            return _same_order(ordered, holder, version_id, tops_up_id)
        if not accepted_terms_sha256:
            raise ContractNotAccepted()
        custody = custody_of(version, on=today)
        if (accepted_terms_sha256, custody_percent) != (version.terms_sha256, custody.percent):
            raise ContractChanged()
        if not risks_accepted:
            raise RisksNotAcknowledged()
        if version.after_use and not (prepared_by and queries.may_have_given(staff=prepared_by, version=version)):
            raise NotGivenYet()
        version = sellable_version(version_id, on=today)  # again: others ordered while this one waited its turn
        pay_until = pay_until_of(at)
        if not version.after_use:  # nothing of it is ever held
            check_caps(
                holder=holder,
                merchant=merchant,
                adding_fen=version.price_fen,
                adding_sessions=version.sessions or 0,
                adding_days=version.days or 0,
                at=at,
            )
            check_leases(version, version.terms.days_in_all, pay_until=pay_until, at=at)
        opened: dict[str, Any] = {"pay_until": pay_until, "at": at, "actor": actor}
        if tops_up_id is not None:
            first = to_top_up(holder_id=holder.pk, card_id=tops_up_id, version_id=version_id, custody=custody)
            agreement = escrow.open_top_up(card_id=first.agreement_id, **_bought(version), **opened)
        else:
            agreement = open_order(holder, version, free_percent=custody.free_percent, **opened)
        card = Card.objects.create(
            holder=holder,
            version=version,
            agreement=agreement,
            issuer=merchant,
            order_token=token,
            tops_up_id=tops_up_id,
            prepared_by=prepared_by,
            contract_sha256=accepted_terms_sha256,
            knew_service=knows_service(holder, version),
            bought_at=at,
            expires_on=caps.last_day(today, version.days),
        )
        contract = conclude(card=card, custody_percent=custody.percent, on=today, at=at)
        audit.record(
            actor=actor,
            action="cards.order",
            target=f"card:{card.pk}",
            after={
                "version": version.pk,
                "terms_sha256": accepted_terms_sha256,
                "contract_sha256": contract.sha256,
                "risks_accepted": risks_accepted,
                "custody_percent": custody_percent,
                **({"tops_up": tops_up_id} if tops_up_id else {}),
            },
            at=at,
        )
    return card


def pay_order(*, card: Card, channel: str, return_url: str, at: datetime, actor: str) -> Payment:
    """The order's payment at the channel, the same one each time. Calls the channel: not inside a transaction.

    Raises:
        AlreadyPaid, AgreementExpired, ChannelUnavailable.
    """
    return escrow.start_payment(
        agreement_id=card.agreement_id,
        channel=channel,
        subject=f"{card.issuer.name} {card.version.product.name}"[:120],
        return_url=return_url,
        at=at,
        actor=actor,
    )


def look_after_payment(*, card: Card, payment: Payment, at: datetime) -> Card:
    """The consumer is back from the cashier and waits: ask the channel, at most every ``ASK_EVERY_SECONDS`` per order,
    so that a late or lost notification does not keep anybody waiting. Returns the card as it is now."""
    if _may_ask(payment):
        with suppress(ChannelUnavailable):  # the page goes on waiting, the sweep goes on asking
            escrow.ask_payment(payment_id=payment.pk, at=at)
            card.agreement.refresh_from_db()
    return card


def cancel_order(*, holder_id: int, number: str, at: datetime, actor: str) -> Card:
    """The consumer does not want it after all; money that still arrives is sent back. Raises ``NotFound``,
    ``OrderNotOpen``, ``CashTaken``."""
    with transaction():
        found = Card.objects.filter(holder_id=holder_id, number=number).values_list("pk", flat=True).first()
        if found is None:
            raise NotFound()
        card = locked_card(found)  # somebody at the counter may be taking her cash in this moment
        if card.agreement.state not in {AgreementState.OPEN, AgreementState.CANCELLED}:
            raise OrderNotOpen()
        if CashSale.objects.filter(card=card, taken_at__isnull=False, ended_at=None).exists():
            raise CashTaken()
        escrow.cancel_agreement(agreement_id=card.agreement_id, at=at, actor=actor)
    return card


def _may_ask(payment: Payment) -> bool:
    """Whether nobody asked just now. Without a cache nobody can tell, and the sweep asks anyway."""
    try:
        return cache.add(f"payment-asked:{payment.pk}", True, ASK_EVERY_SECONDS)
    except (OSError, RedisError):
        return False


def _same_order(card: Card, holder: User, version_id: int, tops_up_id: int | None) -> Card:
    if (card.holder_id, card.version_id, card.tops_up_id) != (holder.pk, version_id, tops_up_id):
        raise KeyReused()
    return card


def open_order(
    holder: User,
    version: ProductVersion,
    *,
    free_percent: int = 0,
    follows: Agreement | None = None,
    pay_until: datetime,
    at: datetime,
    actor: str,
) -> Agreement:
    """The agreement of one payment on these terms, waiting for it. Inside the transaction that makes its card. ``follows``: of the
    month before."""
    merchant = version.product.merchant
    return escrow.open_agreement(
        beneficiary_id=merchant.beneficiary_id,
        funder=holder.public_id,
        plan=version.plan,
        **_bought(version),
        places=[str(premises.store_id) for premises in version.terms.stores],
        payable_after=sector_rule(merchant.sector_id, clock.beijing_date(at)).payable_working_days,
        free_percent=free_percent,
        follows=follows,
        pay_until=pay_until,
        at=at,
        actor=actor,
    )


def _bought(version: ProductVersion) -> dict[str, Any]:
    """What one payment buys."""
    return {"price_fen": version.price_fen, "bonus_fen": version.bonus_fen, "units_total": version.units_total}


def pay_until_of(at: datetime) -> datetime:
    """Until when an order that is made now may be paid."""
    return at + timedelta(minutes=CardRule.objects.current(clock.beijing_date(at)).payment_minutes)


def still_open(holder: User) -> None:
    """Nobody buys for an account that is being closed in this moment (``people.close_account`` locks the same row)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM people_user WHERE id = %s AND closed_at IS NULL FOR SHARE", [holder.pk])
        if cursor.fetchone() is None:
            raise AccountClosed()


def serialise_purchases(holder: User, version: ProductVersion) -> None:
    """One purchase at a time per consumer and merchant, until this transaction ends: two at once would each see the
    holding without the other and together pass the cap. Of what is exempt from filing one at a time per merchant, whoever
    buys: together they would pass the sum from which filing is required."""
    merchant_id = version.product.merchant_id
    turns = [holding_turn(holder.pk, merchant_id)]
    if version.filing.state == FilingState.EXEMPT:
        turns.insert(0, f"cards.exempt_purchase:{merchant_id}")
    take_turns(turns)


def holding_turn(holder_id: int, merchant_id: int) -> str:
    """Whoever adds to what a person holds with a merchant takes this turn first."""
    return f"cards.purchase:{holder_id}:{merchant_id}"


def take_turns(turns: list[str]) -> None:
    """One at a time per name, until this transaction ends."""
    with connection.cursor() as cursor:
        for turn in turns:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [turn])


def check_leases(version: ProductVersion, days: int | None, *, pay_until: datetime, at: datetime) -> None:
    """Refuse a term of so many days that would outlast a lease. Days of a period card run from the payment, at the latest from
    ``pay_until``, others from the order. Raises ``LeaseTooShort``, ``TermNeeded``."""
    begins = clock.beijing_date(pay_until if version.plan == Plan.PERIOD else at)
    caps.check_leases(caps.last_day(begins, days), premises_now(version))


def check_caps(
    *,
    holder: User,
    merchant: Merchant,
    adding_fen: int,
    adding_sessions: int,
    adding_days: int,
    besides: Iterable[int] = (),
    at: datetime,
) -> None:
    """All that the consumer would then hold with this operator, unpaid orders and cards from before it joined included.
    ``besides``: the paid months of the membership that goes on, over or on their last day: what is not final of them is used.
    Raises as ``caps.check_holding``."""
    today = clock.beijing_date(at)
    live = [AgreementState.OPEN, AgreementState.HELD, AgreementState.FROZEN]
    held = Card.objects.filter(holder=holder, issuer=merchant, agreement__state__in=live)
    cards = list(held.exclude(pk__in=list(besides)))
    faces = queries.faces_of(cards=cards, today=today)
    earlier = existing_holding(holder, merchant, on=today)  # sold before the merchant joined
    caps.check_holding(
        sector_rule(merchant.sector_id, today),
        already_fen=earlier.fen
        + sum(face.holding.price_fen if face.is_unpaid else face.holding.unearned_fen for face in faces),
        already_sessions=earlier.sessions
        + sum(
            face.holding.units_total - face.holding.units_used for face in faces if face.holding.plan in COUNTED_PLANS
        ),
        already_days=earlier.days
        + sum(
            max(0, (face.last_day - today).days)
            for face in faces
            if face.last_day is not None and face.holding.units_used < face.holding.units_total
        ),
        adding_fen=adding_fen,
        adding_sessions=adding_sessions,
        adding_days=adding_days,
    )


def knows_service(holder: User, version: ProductVersion) -> bool:
    """Whether the consumer used a card of the same product before: then SPC 14 gives no cooling-off. A charge that waits, was
    refused, lapsed or was undone is no use."""
    used = Q(use__state=UseState.FINAL) | Q(use=None, undone_at=None)
    mine = queries.charges_of(holder).filter(card__version__product_id=version.product_id)
    return mine.filter(used).exists()
