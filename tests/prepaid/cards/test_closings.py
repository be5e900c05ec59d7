"""A merchant closes or moves: nothing more is sold, everybody is told, refunds are paid at once, and the rest without asking."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from escrow import clock, invariants
from escrow import queries as escrow
from escrow.errors import NotFound, SecondPersonNeeded
from escrow.models import Refund
from escrow.states import AgreementState, Plan, RefundBasis
from prepaid.cards import operations, queries, tasks
from prepaid.cards.operations import closings as verbs
from prepaid.cards.states import RefundCause, RefundState
from prepaid.merchants import operations as merchants
from prepaid.merchants.errors import (
    AlreadyClosing,
    ClosingOver,
    LastDayPast,
    MissingText,
    MoveNeedsStore,
    NotYourRole,
    StoreClosed,
)
from prepaid.merchants.models import Closing, ClosingKind, Store
from prepaid.notices.models import Message
from prepaid.products.errors import SalesStopped, StoreCloses
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
ACTOR = "system:test"
WEEK = timedelta(days=7)


def announced(shop, *, store=None, kind=ClosingKind.CLOSE, days=40, **facts) -> Closing:
    values = {"because": "租约到期", "new_address": "朝阳区望京街道阜通东大街8号" if kind == ClosingKind.MOVE else ""}
    return merchants.announce_closing(
        by=shop.boss,
        store_id=store.pk if store else None,
        kind=kind,
        last_day=clock.today() + timedelta(days=days),
        **values | facts,
        at=clock.now(),
        actor=ACTOR,
    )


def sold(shop, kind: str = Plan.SESSIONS):
    """A paid card past its cooling-off period."""
    return factories.pay(factories.order(factories.on_sale(shop, kind)))


def asked(card, cause=RefundCause.OPERATOR):
    return operations.request_refund(card_id=card.pk, cause=cause, reason="", at=clock.now(), actor=ACTOR)


def over(closing: Closing) -> None:
    """Its last day is past; one sweep closes the place, the next pays back."""
    clock.advance(timedelta(days=(closing.last_day - clock.today()).days + 1))
    tasks.sweep()
    tasks.sweep()
    closing.refresh_from_db()


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_nothing_is_sold_any_more_and_everything_again_once_it_is_withdrawn() -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    closing = announced(shop)
    with pytest.raises(SalesStopped, match=closing.last_day.isoformat()):
        factories.order(version)
    merchants.withdraw_closing(by=shop.boss, closing_id=closing.pk, at=clock.now(), actor=ACTOR)
    assert factories.order(version).pk


def test_a_store_that_moves_sells_nothing_that_it_would_redeem() -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    announced(shop, store=shop.stores[0], kind=ClosingKind.MOVE)
    with pytest.raises(StoreCloses):
        factories.order(version)


def test_every_holder_is_told_once_and_again_when_it_is_withdrawn(monkeypatch) -> None:
    monkeypatch.setattr(verbs, "AT_ONCE", 2)
    shop, other = factories.shop(), factories.shop()
    version = factories.on_sale(shop)
    cards = [factories.pay(factories.order(version)) for _number in range(3)]
    sold(other)
    closing = announced(shop)
    told = [operations.tell_holders(closing_id=closing.pk, at=clock.now()) for _turn in range(4)]
    assert told == [2, 1, 0, 0]
    letters = Message.objects.filter(kind="cards.closing")
    assert sorted(letters.values_list("recipient_id", flat=True)) == sorted(card.holder_id for card in cards)
    merchants.withdraw_closing(by=shop.boss, closing_id=closing.pk, at=clock.now(), actor=ACTOR)
    tasks.sweep()
    assert letters.count() == 6


def test_the_refund_it_offers_is_paid_at_once_by_the_merchants_formula() -> None:
    shop = factories.shop()
    card, mine, waits = sold(shop), sold(factories.shop()), sold(shop)
    clock.advance(2 * WEEK)
    announced(shop)
    granted = asked(card)
    assert (granted.state, granted.basis, granted.granted_fen) == (RefundState.GRANTED, RefundBasis.CONSENT, 200_000)
    assert granted.answer_due_on is None
    assert asked(mine).state == RefundState.REQUESTED
    assert asked(waits, RefundCause.CONSUMER).state == RefundState.REQUESTED
    assert not proven()


def test_the_offer_ends_some_time_after_the_last_day_and_with_a_withdrawal() -> None:
    shop = factories.shop()
    card = sold(shop)
    closing = announced(shop, store=shop.stores[0], kind=ClosingKind.MOVE, days=20)
    assert queries.closing_offer(card=card, today=closing.last_day + timedelta(days=30)) == closing
    assert queries.closing_offer(card=card, today=closing.last_day + timedelta(days=31)) is None
    merchants.withdraw_closing(by=shop.boss, closing_id=closing.pk, at=clock.now(), actor=ACTOR)
    assert queries.closing_offer(card=card, today=clock.today()) is None


@pytest.mark.parametrize("kind", Plan.values)
def test_after_the_last_day_the_rest_comes_back_without_asking(kind: str) -> None:
    shop = factories.shop()
    card = sold(shop, kind)
    closing = announced(shop)
    over(closing)
    card.agreement.refresh_from_db()
    assert card.agreement.state == AgreementState.CLOSED
    refund = Refund.objects.get(agreement=card.agreement)
    assert refund.basis == RefundBasis.CLOSURE
    assert 0 < refund.amount_fen <= card.agreement.price_fen
    assert closing.refunded_at
    assert closing.ended_at
    assert not Store.objects.filter(merchant=shop.merchant, is_open=True).exists()
    assert not proven()
    before = Refund.objects.count()
    tasks.sweep()
    assert Refund.objects.count() == before


def test_a_request_that_waits_is_granted_and_one_with_the_regulator_is_left_alone() -> None:
    shop = factories.shop()
    waits, complained = sold(shop), sold(shop)
    clock.advance(2 * WEEK)
    first, second = asked(waits, RefundCause.CONSUMER), asked(complained, RefundCause.CONSUMER)
    operations.refuse_refund(staff=shop.boss, request_id=second.pk, text="no", at=clock.now(), actor=ACTOR)
    operations.mark_complained(request_id=second.pk, at=clock.now(), actor=ACTOR)
    over(announced(shop, days=1))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.basis, first.granted_fen) == (RefundState.GRANTED, RefundBasis.CLOSURE, 200_000)
    assert second.state == RefundState.COMPLAINED
    assert not proven()


def test_a_card_that_another_store_redeems_is_kept_and_a_move_pays_nothing_back_by_itself() -> None:
    shop = factories.shop(stores=(factories.people.CHAOYANG, factories.people.CHAOYANG))
    card = sold(shop)
    over(announced(shop, store=shop.stores[0]))
    card.agreement.refresh_from_db()
    assert card.agreement.state == AgreementState.HELD
    closing = Closing.objects.get()
    assert operations.pay_back(card_ids=[card.pk], closing_id=closing.pk, at=clock.now(), actor=ACTOR) == []
    moving = factories.shop()
    kept = sold(moving)
    over(announced(moving, store=moving.stores[0], kind=ClosingKind.MOVE))
    assert escrow.holding(kept.agreement_id).held_fen == 200_000


def test_one_cards_fault_keeps_nobody_waiting_and_the_sweep_comes_back(monkeypatch) -> None:
    shop = factories.shop()
    cards = [sold(shop) for _number in range(3)]
    real = verbs.grant_many

    def fails(granted, **facts):
        if any(one.request.card_id == cards[0].pk for one in granted):
            raise NotFound()
        return real(granted, **facts)

    monkeypatch.setattr(verbs, "grant_many", fails)
    closing = announced(shop)
    over(closing)
    assert Refund.objects.count() == 2
    assert closing.refunded_at is None
    assert [fault.card for fault in queries.progress(closing).faults] == [cards[0]]
    monkeypatch.undo()
    tasks.sweep()
    closing.refresh_from_db()
    assert (Refund.objects.count(), closing.refunded_at is not None) == (3, True)


def test_a_short_notice_is_taken_and_marked() -> None:
    shop = factories.shop()
    assert not announced(shop, days=60).is_short
    assert announced(factories.shop(), days=1).is_short


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"days": -1}, LastDayPast),
        ({"kind": ClosingKind.MOVE}, MoveNeedsStore),
        ({"because": " "}, MissingText),
        ({"because": "x" * 201}, MissingText),
    ],
)
def test_a_notice_that_cannot_be_is_refused_and_changes_nothing(facts, error) -> None:
    with pytest.raises(error):
        announced(factories.shop(), **facts)
    assert not Closing.objects.exists()


def test_who_may_announce_and_withdraw_and_when() -> None:
    shop, other = factories.shop(), factories.shop()
    closing = announced(shop)
    with pytest.raises(AlreadyClosing):
        announced(shop)
    with pytest.raises(NotFound):
        announced(shop, store=other.stores[0])
    moving = {"kind": ClosingKind.MOVE, "new_address": " "}
    with pytest.raises(MissingText):
        announced(shop, store=shop.stores[0], **moving)
    facts = {"closing_id": closing.pk, "at": clock.now(), "actor": ACTOR}
    with pytest.raises(NotFound):
        merchants.withdraw_closing(by=other.boss, **facts)
    manager = shop.boss
    manager.role = "manager"
    with pytest.raises(NotYourRole):
        merchants.withdraw_closing(by=manager, **facts)
    merchants.withdraw_closing(by=shop.boss, **facts)
    with pytest.raises(ClosingOver):
        merchants.withdraw_closing(by=shop.boss, **facts)
    over(announced(shop, store=shop.stores[0], days=0))
    with pytest.raises(StoreClosed):
        announced(shop, store=shop.stores[0])


# Pages


def test_the_owner_sees_what_it_means_before_announcing_it(client) -> None:
    shop = factories.shop()
    sold(shop)
    client.force_login(shop.owner)
    page = reverse("shop_closings")
    assert client.get(page).status_code == 200
    last_day = (clock.today() + timedelta(days=3)).isoformat()
    typed = {"kind": "close", "last_day": last_day, "because": "租约到期", "store": ""}
    shown = client.post(page, typed)
    assert shown.status_code == 200
    assert "2,000.00" in shown.content.decode()
    assert not Closing.objects.exists()
    assert client.post(page, typed | {"announce": "1"}).status_code == 302
    closing = Closing.objects.get()
    assert closing.is_short
    again = client.post(page, typed)
    assert again.status_code == 409
    assert client.post(page, {"kind": "move"}).status_code == 400
    assert client.post(reverse("shop_closing_withdraw", args=[closing.pk])).status_code == 302
    closing.refresh_from_db()
    assert closing.withdrawn_at


def test_the_notice_stands_where_people_look(client) -> None:
    shop = factories.shop()
    card = sold(shop)
    closing = announced(shop)
    day = closing.last_day.isoformat()
    assert day in client.get(reverse("merchant_detail", args=[shop.merchant.pk])).content.decode()
    client.force_login(card.holder)
    clock.advance(2 * WEEK)
    for page in ("card_detail", "refund_start"):
        assert day in client.get(reverse(page, args=[card.number])).content.decode()
    confirm = client.post(reverse("refund_start", args=[card.number]), {"cause": "operator", "reason": ""})
    assert confirm.context["closing"] == closing
    client.force_login(factories.people.officer())
    listed = client.get(reverse("admin:merchants_closing_changelist"))
    assert shop.merchant.name in listed.content.decode()


# Found closed: nobody announced it


def found(shop, by, *, store=None, days=2) -> Closing:
    return merchants.find_closed(
        merchant_id=shop.merchant.pk,
        store_id=store.pk if store else None,
        since=clock.today() - timedelta(days=days),
        because="2026-11-20 上门检查：门店上锁，设备已搬空",
        by=by,
        at=clock.now(),
        actor=by.actor,
    )


def confirmed(closing: Closing, by) -> Closing:
    return merchants.confirm_closed(closing_id=closing.pk, by=by, at=clock.now(), actor=by.actor)


def test_a_shop_that_is_found_closed_pays_every_holder_back_without_asking() -> None:
    shop, other = factories.shop(), factories.shop()
    version = factories.on_sale(shop)
    cards, foreign = [factories.pay(factories.order(version)) for _number in range(3)], sold(other)
    clock.advance(2 * WEEK)
    first, second = factories.people.officer(), factories.people.operator()
    closing = found(shop, first)
    with pytest.raises(SalesStopped):
        factories.order(version)
    tasks.sweep()
    assert not Refund.objects.exists()  # nobody is told or paid on one person's word
    assert not Message.objects.filter(kind="cards.closing").exists()
    assert queries.closing_offer(card=cards[0], today=clock.today()) is None
    confirmed(closing, second)
    tasks.follow_closing(closing.pk)
    closing.refresh_from_db()
    assert closing.refunded_at
    refunds = Refund.objects.filter(agreement__in=[card.agreement_id for card in cards], basis=RefundBasis.CLOSURE)
    assert [refund.amount_fen for refund in refunds] == [200_000] * 3
    assert Message.objects.filter(kind="cards.closing").count() == 3
    assert escrow.holding(foreign.agreement_id).held_fen == 200_000
    assert not proven()
    tasks.follow_closing(closing.pk)
    assert Refund.objects.count() == 3


def test_days_after_the_doors_were_shut_come_back_too() -> None:
    shop = factories.shop()
    card = sold(shop, Plan.PERIOD)
    clock.advance(timedelta(days=100))
    closing = found(shop, factories.people.officer(), days=50)
    confirmed(closing, factories.people.operator())
    tasks.follow_closing(closing.pk)
    refund = Refund.objects.get(agreement=card.agreement)
    assert refund.total_fen == 365_000 - 49 * 1_000  # of 365 days; the day of payment does not count


def test_it_takes_a_second_person_and_ends_by_a_dismissal() -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    first, second = factories.people.officer(), factories.people.operator()
    closing = found(shop, first)
    with pytest.raises(SecondPersonNeeded):
        confirmed(closing, first)
    with pytest.raises(AlreadyClosing):
        found(shop, second)
    with pytest.raises(AlreadyClosing):
        announced(shop)
    with pytest.raises(ClosingOver):
        merchants.withdraw_closing(by=shop.boss, closing_id=closing.pk, at=clock.now(), actor=ACTOR)
    said = {"closing_id": closing.pk, "because": "照常营业", "at": clock.now(), "actor": second.actor}
    with pytest.raises(MissingText):
        merchants.dismiss_closed(**said | {"because": " "})
    merchants.dismiss_closed(**said)
    for late in (lambda: merchants.dismiss_closed(**said), lambda: confirmed(closing, second)):
        with pytest.raises(ClosingOver):
            late()
    assert factories.order(version).pk
    tasks.sweep()
    assert not Message.objects.filter(kind="cards.closing").exists()
    again = found(shop, first)
    confirmed(again, second)
    assert confirmed(again, second).confirmed_at
    with pytest.raises(ClosingOver):
        merchants.dismiss_closed(**said | {"closing_id": again.pk})


def test_the_database_refuses_one_person_as_both() -> None:
    shop = factories.shop()
    first = factories.people.officer()
    closing = found(shop, first)
    with pytest.raises(IntegrityError, match="closing_confirmed_by_another"), transaction.atomic():
        Closing.objects.filter(pk=closing.pk).update(confirmed_by=first, confirmed_at=clock.now())


def test_officials_find_and_confirm_on_their_pages_and_only_their_merchants(client) -> None:
    shop, elsewhere = factories.shop(), factories.shop(sector="fitness")
    first, second = factories.people.officer(), factories.people.officer(name="赵警")
    sold(shop)
    client.force_login(first)
    page = reverse("admin:merchants_merchant_closed", args=[shop.merchant.pk])
    typed = {"since": clock.today().isoformat(), "because": "门店上锁"}
    assert client.post(page, {"since": "", "because": ""}).status_code == 400
    assert (
        client.post(reverse("admin:merchants_merchant_closed", args=[elsewhere.merchant.pk]), typed).status_code == 404
    )
    assert client.post(page, typed).status_code == 302
    closing = Closing.objects.get()
    decide = reverse("admin:merchants_closing_confirm", args=[closing.pk])
    assert client.post(decide).status_code == 403
    client.force_login(second)
    assert shop.merchant.name in client.get(reverse("admin:index")).content.decode()
    assert "门店上锁" in client.get(decide).content.decode()
    assert client.post(decide).status_code == 302
    closing.refresh_from_db()
    assert closing.confirmed_by == second
    assert (
        client.post(reverse("admin:merchants_closing_dismiss", args=[closing.pk]), {"because": "x"}).status_code == 409
    )
