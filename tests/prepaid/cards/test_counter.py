"""Charging a shown code: what is final, what waits, and every refusal. A refusal changes nothing."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from escrow import clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import (
    AgreementFrozen,
    AlreadyUndone,
    DomainError,
    InvalidAmount,
    InvalidUnits,
    KeyReused,
    NotFound,
    ReservationConfirmed,
    ReservationVoided,
)
from escrow.models import AuditEntry
from escrow.states import Plan, UseState
from prepaid.cards import attempts, errors, operations
from prepaid.cards.models import Card, Redemption
from prepaid.merchants.operations import edit_store
from prepaid.notices.models import Message
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db


def refused(error: type[DomainError], deed: Callable[[], object]) -> DomainError:
    before = factories.everything()
    with pytest.raises(error) as caught:
        deed()
    assert factories.everything() == before
    return caught.value


def held_fen(card: Card) -> int:
    return escrow_queries.holding(card.agreement_id).held_fen


def test_one_session_is_final_at_once_and_releases_its_share() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    redemption = factories.charge(card, factories.cashier(shop))
    assert redemption.use is not None
    assert redemption.use.state == UseState.FINAL
    assert (redemption.units, held_fen(card)) == (1, 180_000)


def test_more_sessions_wait_a_day_for_the_holder_and_are_held_meanwhile() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    redemption = factories.charge(card, shop.boss, units=3)
    assert redemption.is_waiting
    assert redemption.use is not None
    assert redemption.use.confirm_until == redemption.at + timedelta(hours=24)
    holding = escrow_queries.holding(card.agreement_id)
    assert (holding.held_fen, holding.units_left, holding.units_reserved) == (200_000, 7, 3)
    operations.confirm_redemption(
        person_id=card.holder_id, redemption_id=redemption.pk, at=clock.now(), actor=card.holder.actor
    )
    assert held_fen(card) == 140_000


def test_up_to_one_visit_of_a_stored_value_card_is_final_more_waits() -> None:
    shop = factories.shop()
    card = factories.card(shop, Plan.STORED_VALUE)  # a visit is 88 yuan
    assert not factories.charge(card, shop.boss, amount_fen=8_800).is_waiting
    assert factories.charge(card, shop.boss, amount_fen=8_801, age=1).is_waiting


def test_a_period_card_checks_in_and_nothing_moves() -> None:
    shop = factories.shop(sector="fitness")
    card = factories.card(shop, Plan.PERIOD)
    redemption = factories.charge(card, shop.boss)
    assert redemption.is_check_in
    assert redemption.units == 0
    assert held_fen(card) == 365_000
    refused(errors.CodeUsed, lambda: factories.charge(card, shop.boss))
    refused(errors.CheckInIsFree, lambda: factories.charge(card, shop.boss, age=1, amount_fen=100))
    refused(errors.SessionsNotCharged, lambda: factories.charge(card, shop.boss, age=1, units=1))


def test_a_mistaken_check_in_is_undone_once_on_its_own_day_and_no_visit_then() -> None:
    shop = factories.shop(sector="fitness")
    card = factories.card(shop, Plan.PERIOD)
    checked_in = factories.charge(card, shop.boss)

    def undo(at):
        return operations.undo_redemption(staff=shop.boss, redemption_id=checked_in.pk, at=at, actor="system:test")

    refused(errors.UndoOnlyToday, lambda: undo(clock.now() + timedelta(days=1)))
    assert Redemption.objects.get(pk=checked_in.pk).counts
    undone = undo(clock.now())
    assert not undone.counts
    assert undone.outcome == "签到已撤销，不计为到店。"
    assert held_fen(card) == 365_000
    refused(errors.CheckInUndone, lambda: undo(clock.now()))
    assert AuditEntry.objects.filter(action="cards.undo", target=f"card:{card.pk}").count() == 1


def test_sessions_beside_an_amount_are_not_passed_over() -> None:
    shop = factories.shop()
    card = factories.card(shop, Plan.STORED_VALUE)
    refused(errors.SessionsNotCharged, lambda: factories.charge(card, shop.boss, amount_fen=100, units=3))
    assert not factories.charge(card, shop.boss, amount_fen=100).is_waiting


def test_a_code_is_used_once() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    at_real = timezone.now()
    code = factories.shown(card, at_real=at_real)
    factories.charge(card, shop.boss, code=code, at_real=at_real)
    refused(errors.CodeUsed, lambda: factories.charge(card, shop.boss, code=code, at_real=at_real))
    refused(
        errors.CodeUsed,
        lambda: factories.charge(card, shop.boss, code=code, at_real=at_real + timedelta(seconds=29)),
    )


def test_codes_that_are_over_wrong_or_no_codes() -> None:
    shop = factories.shop()
    card, other = factories.card(shop), factories.card(shop)
    at_real = timezone.now()
    late = {"code": factories.shown(card, at_real=at_real), "at_real": at_real + timedelta(seconds=61)}
    refused(errors.CodeExpired, lambda: factories.charge(card, shop.boss, **late))
    mixed = card.number + factories.shown(other).replace(" ", "")[8:]
    refused(errors.WrongCode, lambda: factories.charge(card, shop.boss, code=mixed))
    unknown = refused(errors.WrongCode, lambda: factories.charge(card, shop.boss, code="99999999" + "123456"))
    assert str(unknown) == str(errors.WrongCode())  # as for a card that exists
    refused(errors.CodeUnreadable, lambda: factories.charge(card, shop.boss, code="12345"))


def test_wrong_codes_are_counted_per_person_and_stop_the_guessing() -> None:
    shop = factories.shop()
    card, staff = factories.card(shop), factories.cashier(shop)
    at_real = timezone.now()
    right = factories.shown(card, at_real=at_real)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    for _ in range(attempts.WRONG_CODES):
        refused(errors.WrongCode, lambda: factories.charge(card, staff, code=wrong, at_real=at_real))
    refused(errors.TooManyAttempts, lambda: factories.charge(card, staff, code=right, at_real=at_real))
    factories.charge(card, shop.boss, code=right, at_real=at_real)


def test_without_a_cache_no_code_is_checked(settings) -> None:
    shop = factories.shop()
    card = factories.card(shop)
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    refused(errors.CounterUnavailable, lambda: factories.charge(card, shop.boss))


def test_another_merchants_card() -> None:
    card, elsewhere = factories.card(), factories.shop()
    refused(errors.CardOfAnotherMerchant, lambda: factories.charge(card, elsewhere.boss))


def test_a_store_that_the_contract_does_not_name_and_one_that_is_closed() -> None:
    shop = factories.shop(stores=("110105", "110106"))
    first, second = shop.stores
    shop.stores = [first]
    card = factories.card(shop)
    refused(errors.StoreNeeded, lambda: factories.charge(card, shop.boss))
    refused(errors.StoreNotInContract, lambda: factories.charge(card, shop.boss, store_id=second.pk))
    foreign = factories.shop().stores[0]
    refused(NotFound, lambda: factories.charge(card, shop.boss, store_id=foreign.pk))
    edit_store(
        merchant_id=shop.merchant.pk,
        store_id=first.pk,
        name=first.name,
        address=first.address,
        district_code=first.district_id,
        subdistrict_code=first.subdistrict_id,
        lease_ends_on=None,
        is_open=False,
        at=clock.now(),
        actor="system:test",
    )
    refused(errors.StoreClosed, lambda: factories.charge(card, shop.boss, store_id=first.pk))


def test_unpaid_frozen_settled_and_expired_cards() -> None:
    shop = factories.shop()
    card = factories.order(factories.on_sale(shop, days=30))
    refused(errors.CardUnpaid, lambda: factories.charge(card, shop.boss))
    card = factories.pay(card)
    escrow.freeze_agreement(agreement_id=card.agreement_id, because="test", at=clock.now(), actor="system:test")
    refused(AgreementFrozen, lambda: factories.charge(card, shop.boss))
    escrow.thaw_agreement(agreement_id=card.agreement_id, because="test", at=clock.now(), actor="system:test")
    last_day = clock.now() + timedelta(days=30)
    factories.charge(card, shop.boss, at=last_day)
    refused(errors.CardExpired, lambda: factories.charge(card, shop.boss, at=last_day + timedelta(days=1), age=1))
    escrow.refund(
        agreement_id=card.agreement_id,
        amount_fen=0,
        basis="closure",
        reference="x",
        at=clock.now(),
        actor="system:test",
    )
    refused(errors.CardSettled, lambda: factories.charge(card, shop.boss, age=1))


def test_more_than_is_left_names_what_is_left() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    error = refused(errors.TooManySessions, lambda: factories.charge(card, shop.boss, units=11))
    assert "10" in str(error)
    stored = factories.card(shop, Plan.STORED_VALUE)
    error = refused(errors.AmountTooLarge, lambda: factories.charge(stored, shop.boss, amount_fen=120_001))
    assert "1,200.00" in str(error)
    waiting = factories.charge(card, shop.boss, units=10)
    refused(errors.CardUsedUp, lambda: factories.charge(card, shop.boss, age=1))
    operations.dispute_redemption(
        person_id=card.holder_id, redemption_id=waiting.pk, at=clock.now(), actor=card.holder.actor
    )
    factories.charge(card, shop.boss, age=1)


@pytest.mark.parametrize("units", [0, -1, True, 10**18])
def test_impossible_sessions(units: int) -> None:
    shop = factories.shop()
    card = factories.card(shop)
    error = errors.TooManySessions if units == 10**18 else InvalidUnits
    refused(error, lambda: factories.charge(card, shop.boss, units=units))


@pytest.mark.parametrize("amount", [0, -1, 0.001, 10**18])
def test_impossible_amounts(amount: int) -> None:
    shop = factories.shop()
    card = factories.card(shop, Plan.STORED_VALUE)
    refused(InvalidAmount, lambda: factories.charge(card, shop.boss, amount_fen=amount))


def test_sessions_and_amounts_are_not_mixed_up() -> None:
    shop = factories.shop()
    sessions, stored = factories.card(shop), factories.card(shop, Plan.STORED_VALUE)
    refused(errors.SessionsNeeded, lambda: factories.charge(sessions, shop.boss, amount_fen=100))
    refused(errors.AmountNeeded, lambda: factories.charge(stored, shop.boss, units=2))
    refused(errors.AmountNeeded, lambda: factories.charge(stored, shop.boss))


def test_one_key_is_one_charge_even_after_its_code_is_over_and_another_body_is_refused() -> None:
    shop = factories.shop()
    card, key, at_real = factories.card(shop), uuid.uuid4().hex, timezone.now()
    facts = {"key": key, "code": factories.shown(card, at_real=at_real)}
    first = factories.charge(card, shop.boss, at_real=at_real, **facts)
    before = factories.everything()
    again = factories.charge(card, shop.boss, at_real=at_real + timedelta(hours=1), **facts)
    assert again == first
    assert factories.everything() == before
    refused(KeyReused, lambda: factories.charge(card, shop.boss, at_real=at_real, units=2, **facts))
    refused(errors.KeyMissing, lambda: factories.charge(card, shop.boss, key="", age=1))
    other = factories.cashier(shop)
    refused(errors.CodeUsed, lambda: factories.charge(card, other, at_real=at_real, **facts))


def undo(redemption: Redemption, staff, at=None) -> Redemption:
    return operations.undo_redemption(
        staff=staff, redemption_id=redemption.pk, at=at or clock.now(), actor=staff.user.actor
    )


def test_a_charge_is_undone_on_its_day_by_its_own_store() -> None:
    shop = factories.shop()
    card, staff = factories.card(shop), factories.cashier(shop)
    redemption = factories.charge(card, staff)
    elsewhere = factories.shop().boss
    refused(NotFound, lambda: undo(redemption, elsewhere))
    refused(errors.UndoOnlyToday, lambda: undo(redemption, staff, clock.now() + timedelta(days=1)))
    undo(redemption, staff)
    assert held_fen(card) == 200_000
    refused(AlreadyUndone, lambda: undo(redemption, staff))


def test_a_waiting_charge_is_withdrawn_by_undo_on_any_day() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    redemption = factories.charge(card, shop.boss, units=2)
    assert undo(redemption, shop.boss).use.state == UseState.VOIDED
    assert escrow_queries.holding(card.agreement_id).units_left == 10


def test_only_the_holder_answers_and_only_once() -> None:
    shop = factories.shop()
    card, stranger = factories.card(shop), factories.person()
    facts = {"at": clock.now(), "actor": card.holder.actor}
    mine = {"person_id": card.holder_id, "redemption_id": factories.charge(card, shop.boss, units=2).pk, **facts}
    refused(NotFound, lambda: operations.confirm_redemption(**{**mine, "person_id": stranger.pk}))
    refused(NotFound, lambda: operations.dispute_redemption(**{**mine, "person_id": stranger.pk}))
    operations.dispute_redemption(**mine)
    refused(ReservationVoided, lambda: operations.confirm_redemption(**mine))
    final = {**mine, "redemption_id": factories.charge(card, shop.boss, age=1).pk}
    refused(ReservationConfirmed, lambda: operations.dispute_redemption(**final))


def test_the_holder_is_told_of_every_charge_in_their_language(django_capture_on_commit_callbacks) -> None:
    shop = factories.shop()
    card = factories.card(shop)
    card.holder.language = "en"
    card.holder.save()
    with django_capture_on_commit_callbacks(execute=True):
        factories.charge(card, shop.boss)
        factories.charge(card, shop.boss, units=3, age=1)
    final, waiting = Message.objects.filter(recipient=card.holder).order_by("pk")
    assert (final.kind, waiting.kind) == ("cards.charge_final", "cards.charge_reserved")
    assert "1 session" in final.title
    assert "3 sessions" in waiting.title
    assert shop.stores[0].name in waiting.body


def test_the_counter_of_wrong_codes_lapses() -> None:
    cache.clear()
    attempts.failed(1)
    attempts.check(1)
    for _ in range(attempts.WRONG_CODES):
        attempts.failed(1)
    with pytest.raises(errors.TooManyAttempts):
        attempts.check(1)
    attempts.check(2)
