"""A closing pays many cards in one deed: exactly what each of them would get alone, and one card's fault is its own."""

import os
import random
import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction as django_transaction

from escrow import channels, clock, invariants
from escrow import operations as escrow
from escrow import tasks as escrow_tasks
from escrow.errors import DomainError, WrongState
from escrow.models import Account, Agreement, AuditEntry, Claim, EarlyReleaseRule, Instruction, Refund, Transfer
from escrow.states import AgreementState, Plan, RefundBasis
from escrow.transactions import call, transaction
from prepaid.cards import operations, queries
from prepaid.cards.models import Card, PayBackFault, RefundRequest
from prepaid.cards.operations import closings as verbs
from prepaid.cards.operations import letters
from prepaid.cards.operations.locking import locked_card
from prepaid.cards.operations.refunds import grant, open_charges
from prepaid.cards.states import RefundCause, RefundState
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Closing, StaffMember
from prepaid.notices.models import Message
from tests.escrow.test_statements import Statement
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_cash import asked_in_cash, brought, taken
from tests.prepaid.cards.test_cash_undone import undone
from tests.prepaid.cards.test_closings import asked, confirmed, found
from tests.prepaid.cards.test_custody import MINIMUM, decide
from tests.soak import SOAK

pytestmark = pytest.mark.django_db
ACTOR = "system:test"
WEEK = timedelta(days=7)
TIMES = 40 if SOAK else 3


def alone(card_id: int, *, closing_id: int, draw: bool) -> None:
    """One card, read and written by itself: the slow way that a batch is held to."""
    at = clock.now()
    with transaction():
        card = locked_card(card_id)
        request = card.refund_requests.filter(state__in=queries.UNSETTLED_STATES).first()
        left_to_others = request is not None and request.state in {RefundState.COMPLAINED, RefundState.GRANTED}
        if not queries.is_closed(card=card) or left_to_others:
            return
        face = queries.face_of(card=card, today=clock.beijing_date(at))
        if request is None and face.holding.state != AgreementState.HELD:
            return
        quote = queries.refund_quote(card=card, cause=RefundCause.OPERATOR, at=at)
        amount_fen = min(max(quote.refund_fen, request.asked_fen if request else 0), face.holding.price_fen)
        interest = None
        if request is not None:
            _owed, interest = queries.parts_of(request, amount_fen, RefundBasis.CLOSURE, today=clock.beijing_date(at))
        draws = amount_fen > face.holding.held_fen or interest is not None
        if amount_fen == 0 or (draws and not draw):
            return
        returned = list(open_charges(card))
        if request is None:
            request = RefundRequest.objects.create(
                card=card,
                state=RefundState.REQUESTED,
                cause=RefundCause.OPERATOR,
                asked_fen=amount_fen,
                quote=quote.to_json(),
                requested_at=at,
            )
        request.card = card
        grant(request, amount_fen, RefundBasis.CLOSURE, at=at, actor=ACTOR, closing_id=closing_id)
        for redemption in returned:
            letters.charge_returned(redemption, at=at)


def one_by_one(closing: Closing) -> None:
    for draw in (False, True):
        for pk in queries.cards_to_pay_back(closing).values_list("pk", flat=True):
            alone(pk, closing_id=closing.pk, draw=draw)


def story(beneficiary_id: int) -> dict[str, list[Any]]:
    """All that has become of the merchant and its cards, without the numbers that a sequence gives."""
    with transaction():
        call("escrow_fold", beneficiary_id)
    mine = {"agreement__beneficiary": beneficiary_id}
    return {
        "requests": list(
            RefundRequest.objects.order_by("card").values_list(
                "card",
                "state",
                "cause",
                "basis",
                "asked_fen",
                "granted_fen",
                "quote",
                "interest",
                "closing",
                "closed_at",
            )
        ),
        "refunds": list(
            Refund.objects.filter(**mine)
            .order_by("agreement")
            .values_list("agreement", "owed_fen", "interest_fen", "amount_fen", "settled_fen", "basis", "paid_at")
        ),
        "orders": sorted(
            Instruction.objects.filter(beneficiary=beneficiary_id).values_list(
                "payment", "kind", "channel", "amount_fen", "state", "payee_account"
            )
        ),
        "claims": sorted(Claim.objects.values_list("refund__agreement", "amount_fen", "paid_fen")),
        "agreements": list(Agreement.objects.order_by("pk").values_list("pk", "state")),
        "accounts": list(
            Account.objects.order_by("pk").values_list(
                "pk", "debits_posted", "credits_posted", "debits_pending", "credits_pending"
            )
        ),
        "transfers": sorted(
            Transfer.objects.values_list("agreement", "reason", "kind", "amount", "asset", "payable_on"), key=str
        ),
        "letters": sorted(
            (to, kind, title, re.sub(r"C\d+", "C", body), re.sub(r"\d+", "", url))
            for to, kind, title, body, url in Message.objects.values_list("recipient", "kind", "title", "body", "url")
        ),
        "audit": sorted(AuditEntry.objects.values_list("actor", "action", "before", "after__state"), key=str),
    }


@pytest.fixture
def bank(monkeypatch) -> Statement:
    made = Statement()
    monkeypatch.setattr(channels, "channel", lambda _code: made)
    return made


def crowd(draw: random.Random, bank: Statement) -> Any:
    """A shop, and cards of it of every kind that all went their own way until it closed."""
    figures = {"cooling_off_days": 0, "proven_days": 0, "window_days": 30, "cap_days": 300}
    EarlyReleaseRule.objects.create(valid_from=clock.today(), **figures, basis="test", mark="A")
    shop = factories.shop()
    cashier = factories.cashier(shop)
    versions = {kind: factories.on_sale(shop, kind) for kind in Plan.values}
    early = factories.on_sale(shop)
    decide(early)
    cards = [factories.pay(factories.order(versions[kind])) for kind in draw.choices(Plan.values, k=6)]
    cards += [factories.pay(factories.order(early, custody_percent=MINIMUM)) for _nth in range(3)]
    topped_up = factories.pay(factories.order(versions[Plan.STORED_VALUE]))
    further = factories.order(topped_up.version, topped_up.holder, tops_up_id=topped_up.pk)
    cards += [topped_up, factories.pay(further)]
    sales = [taken(asked_in_cash(factories.order(versions[Plan.SESSIONS])), shop) for _nth in range(3)]
    for sale in sales[1:]:
        brought(sale, bank)
    undone(sales[2], bank)
    for card in draw.sample(cards, 6):
        with suppress(DomainError):  # one code of a card that was topped up is good for one of the two
            befalls(card, "used", cashier, shop)
    escrow.charge(
        beneficiary_id=cards[6].agreement.beneficiary_id, agreement_id=cards[6].agreement_id, units=9, final=True, key="a",
        reference="visit", at=clock.now(), actor=ACTOR,
    )  # fmt: skip
    clock.advance(timedelta(days=1))
    escrow_tasks.release_early()
    clock.advance(2 * WEEK)
    if draw.random() < 0.5:
        escrow.pay_out(beneficiary_id=shop.merchant.beneficiary_id, at=clock.now(), actor=ACTOR)
    escrow_tasks.accrue()
    for card in draw.sample(cards, 8):
        with suppress(DomainError):  # it is used up, or has a charge that waits
            befalls(card, draw.choice(["waits", "asked", "refused", "complained", "frozen"]), cashier, shop)
    clock.advance(timedelta(days=draw.randint(1, 3)))
    return shop


def befalls(card: Card, what: str, cashier: StaffMember, shop: Any) -> None:
    if what in {"used", "waits"}:
        more = {Plan.SESSIONS: {"units": 2}, Plan.STORED_VALUE: {"amount_fen": 9_000}}
        several = more.get(card.version.plan, {}) if what == "waits" else {}
        factories.charge(card, cashier, **factories.ONE_USE.get(card.version.plan, {}) | several)
    elif what == "frozen":
        of_case = {"agreement_id": card.agreement_id, "because": "case:1"}
        escrow.freeze_agreement(**of_case, at=clock.now(), actor=ACTOR)
    else:
        request = asked(card, RefundCause.CONSUMER)
        facts = {"request_id": request.pk, "at": clock.now(), "actor": ACTOR}
        if what != "asked":
            operations.refuse_refund(staff=shop.boss, text="no", **facts)
        if what == "complained":
            operations.mark_complained(**facts)


@pytest.mark.parametrize("_nth", range(TIMES))
def test_a_batch_gives_each_card_what_it_would_get_alone(
    _nth: int, bank: Statement, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    seed = int.from_bytes(os.urandom(4))
    draw = random.Random(seed)
    shop = crowd(draw, bank)
    closing = found(shop, factories.people.officer(), days=draw.randint(1, 10))
    confirmed(closing, factories.people.operator())
    foreseen = queries.forecast(closing, at=clock.now())
    merchants.end_service(closing_id=closing.pk, at=clock.now(), actor=ACTOR)
    closing.refresh_from_db()
    now, stories = clock.now(), []
    monkeypatch.setattr(clock, "now", lambda: now)
    faults = [[one.name for one in invariants.prove() if not one.ok]]
    sizes = [0, 1, draw.randint(2, 5), 500]
    for size in sizes:
        with django_transaction.atomic():
            with django_capture_on_commit_callbacks(execute=True):
                if size:
                    monkeypatch.setattr(queries, "AT_ONCE", size)
                    operations.refund_closed_cards(closing_id=closing.pk, at=clock.now(), actor=ACTOR)
                else:
                    one_by_one(closing)
            stories.append(story(shop.merchant.beneficiary_id))
            if size == sizes[-1]:
                made = Refund.objects.filter(basis=RefundBasis.CLOSURE)
                owed = sum(made.values_list("owed_fen", flat=True)), made.count()
                claimed = sum(Claim.objects.values_list("amount_fen", flat=True))
            faults.append([one.name for one in invariants.prove() if not one.ok] if size in {0, 500} else [])
            django_transaction.set_rollback(True)
    for size, told in zip(sizes[1:], stories[1:], strict=True):
        told["audit"] = [row for row in told["audit"] if row[1] != "cards.closing_refunded"]
        for part, expected in stories[0].items():
            assert told[part] == expected, f"seed {seed}, {size} at once: {part}"
    assert not any(faults), f"seed {seed}: unproven before, after the slow way, and after each size: {faults}"
    assert stories[0]["refunds"], f"seed {seed}: nobody was paid"
    assert (foreseen.owed.fen, foreseen.owed.cards) == owed, f"seed {seed}: other totals than were shown"
    assert foreseen.claimed_fen == claimed, f"seed {seed}: other claims than were shown"


def closed_with(count: int, *, kind: str = Plan.SESSIONS) -> tuple[Any, list[Card], Closing]:
    shop = factories.shop()
    version = factories.on_sale(shop, kind)
    cards = [factories.pay(factories.order(version)) for _nth in range(count)]
    clock.advance(2 * WEEK)
    closing = found(shop, factories.people.officer())
    confirmed(closing, factories.people.operator())
    merchants.end_service(closing_id=closing.pk, at=clock.now(), actor=ACTOR)
    closing.refresh_from_db()
    return shop, cards, closing


@pytest.mark.parametrize("fault", [WrongState, RuntimeError])
def test_one_card_that_fails_is_left_alone_and_named_with_its_reason(fault, monkeypatch) -> None:
    _shop, cards, closing = closed_with(5)
    real = verbs.grant_many

    def fails(granted, **facts):
        if any(one.request.card_id == cards[2].pk for one in granted):
            real(granted, **facts)
            raise fault()
        return real(granted, **facts)

    monkeypatch.setattr(verbs, "grant_many", fails)
    assert operations.refund_closed_cards(closing_id=closing.pk, at=clock.now(), actor=ACTOR) == 4
    closing.refresh_from_db()
    assert closing.refunded_at is None
    kept = PayBackFault.objects.get()
    assert (kept.card, kept.code) == (cards[2], fault.__name__)
    told = queries.progress(closing)
    assert (told.waiting.cards, told.granted.cards, told.faults) == (1, 4, [kept])
    monkeypatch.undo()
    assert operations.refund_closed_cards(closing_id=closing.pk, at=clock.now(), actor=ACTOR) == 1
    told = queries.progress(closing)
    assert (told.waiting.cards, told.granted.cards, told.faults) == (0, 5, [])
    assert [one.name for one in invariants.prove() if not one.ok] == []


def test_the_number_of_statements_does_not_grow_with_the_cards(django_assert_max_num_queries) -> None:
    _shop, cards, closing = closed_with(12)
    facts = {"closing_id": closing.pk, "at": clock.now(), "actor": ACTOR}
    with django_assert_max_num_queries(30):
        operations.pay_back(card_ids=[card.pk for card in cards[:2]], **facts)
    with django_assert_max_num_queries(30):
        operations.pay_back(card_ids=[card.pk for card in cards[2:]], **facts)
    with django_assert_max_num_queries(15):
        queries.progress(closing)


def test_who_looks_after_it_sees_the_totals_before_and_how_far_it_is_afterwards(client) -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    for _nth in range(3):
        factories.pay(factories.order(version))
    complained = factories.pay(factories.order(version))
    clock.advance(2 * WEEK)
    request = asked(complained, RefundCause.CONSUMER)
    operations.refuse_refund(staff=shop.boss, request_id=request.pk, text="no", at=clock.now(), actor=ACTOR)
    operations.mark_complained(request_id=request.pk, at=clock.now(), actor=ACTOR)
    closing = found(shop, factories.people.officer())
    client.force_login(factories.people.officer(name="赵警"))
    page = f"/admin/merchants/closing/{closing.pk}/"
    before = client.get(f"{page}confirm/").content.decode()
    assert "3张卡，¥6,000.00" in before
    assert "1张卡，¥2,000.00" in before
    assert client.post(f"{page}confirm/").status_code == 302
    merchants.end_service(closing_id=closing.pk, at=clock.now(), actor=ACTOR)
    under_way = client.get(f"{page}change/")
    assert under_way.headers["Refresh"] == "3"
    operations.refund_closed_cards(closing_id=closing.pk, at=clock.now(), actor=ACTOR)
    for waiting in RefundRequest.objects.filter(closing=closing):
        factories.bank_pays_back(waiting)
    over = client.get(f"{page}change/")
    assert "Refresh" not in over.headers
    told = queries.progress(closing)
    assert (told.granted.cards, told.sent.fen, told.confirmed.fen) == (3, 600_000, 600_000)
    assert "6,000.00" in over.content.decode()
