"""Orders and payments of cards."""

import uuid
from datetime import datetime, time, timedelta

import pytest
from django.urls import reverse

from escrow import clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import KeyReused, NotFound
from escrow.models import Agreement
from escrow.states import AgreementState, Plan
from prepaid.cards import operations, queries
from prepaid.cards.errors import (
    ContractChanged,
    ContractNotAccepted,
    NoWayToPay,
    OrderNotOpen,
    RisksNotAcknowledged,
)
from prepaid.cards.models import Card
from prepaid.merchants.models import SectorRule
from prepaid.merchants.operations import edit_store
from prepaid.notices.models import Message
from prepaid.products import operations as products
from prepaid.products.errors import (
    FilingNeeded,
    LeaseTooShort,
    NoStoreOpen,
    NotOnSale,
    PriceCapExceeded,
    TermNeeded,
)
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", Plan.values)
def test_a_card_is_active_once_its_money_is_held_and_not_before(kind: str) -> None:
    card = factories.order(factories.on_sale(factories.shop(), kind))
    assert not queries.face_of(card=card, today=clock.today()).is_active
    card = factories.pay(card)
    face = queries.face_of(card=card, today=clock.today())
    assert face.is_active
    assert face.is_usable
    assert face.holding.held_fen == card.version.price_fen
    assert face.holding.bonus_held == card.version.bonus_fen


def test_a_card_names_its_issuer_and_the_stores_that_redeem_it_and_expires_by_the_product() -> None:
    shop = factories.shop()
    card = factories.order(factories.on_sale(shop, Plan.PERIOD))
    assert card.issuer == shop.merchant
    assert [store.store_id for store in card.version.terms.stores] == [shop.stores[0].pk]
    today = clock.beijing_date(card.bought_at)
    assert card.expires_on == today + timedelta(days=365)
    assert not queries.face_of(card=card, today=card.expires_on).has_expired
    assert queries.face_of(card=card, today=card.expires_on + timedelta(days=1)).has_expired
    assert factories.order(factories.on_sale(shop)).expires_on is None


def test_the_same_form_twice_is_one_order() -> None:
    version, holder, token = factories.on_sale(factories.shop()), factories.person(), uuid.uuid4()
    first = factories.order(version, holder, token=token)
    assert factories.order(version, holder, token=token) == first
    assert Card.objects.count() == Agreement.objects.count() == 1
    with pytest.raises(KeyReused):
        factories.order(version, factories.person("别人"), token=token)


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"accepted_terms_sha256": ""}, ContractNotAccepted),
        ({"accepted_terms_sha256": "0" * 64}, ContractChanged),
        ({"risks_accepted": False}, RisksNotAcknowledged),
    ],
)
def test_no_order_without_the_very_contract_and_its_risks_accepted(facts: dict, error: type) -> None:
    version = factories.on_sale(factories.shop())
    before = factories.everything()
    with pytest.raises(error):
        factories.order(version, **facts)
    assert factories.everything() == before


def test_nothing_is_sold_that_is_not_on_sale() -> None:
    version = factories.on_sale(factories.shop())
    products.withdraw_version(
        merchant_id=version.product.merchant_id, version_id=version.pk, at=clock.now(), actor="system:test"
    )
    with pytest.raises(NotOnSale):
        factories.order(version)
    with pytest.raises(NotFound):
        operations.place_order(
            holder=factories.person(),
            version_id=version.pk + 1000,
            accepted_terms_sha256="",
            risks_accepted=True,
            token=uuid.uuid4(),
            at=clock.now(),
            actor="system:test",
        )
    assert not Card.objects.exists()


def test_a_cap_counts_all_cards_with_that_merchant_unpaid_orders_too_but_no_other_persons_and_no_spent_money() -> None:
    shop, holder = factories.shop(), factories.person()  # hairdressers: 5,000 yuan
    small, large = (
        factories.on_sale(shop, price_fen=200_000),
        factories.on_sale(shop, price_fen=350_000, list_price_fen=50_000),
    )
    spent = factories.pay(factories.order(small, holder))
    before = factories.everything()
    with pytest.raises(PriceCapExceeded):
        factories.order(large, holder)
    assert factories.everything() == before
    factories.order(large)
    factories.charge(spent, shop.boss, units=3)
    with pytest.raises(PriceCapExceeded):  # reserved money is still held
        factories.order(large, holder)
    operations.confirm_redemption(
        person_id=holder.pk, redemption_id=spent.redemptions.get().pk, at=clock.now(), actor=holder.actor
    )
    for number in range(1, 3):
        at_real = clock.now() + timedelta(minutes=number)
        factories.charge(spent, shop.boss, at_real=at_real)
    assert queries.face_of(card=spent, today=clock.today()).holding.held_fen == 100_000
    order = factories.order(large, holder)
    with pytest.raises(PriceCapExceeded):
        factories.order(small, holder)
    operations.cancel_order(holder_id=holder.pk, number=order.number, at=clock.now(), actor=holder.actor)
    factories.order(small, holder)


def test_a_term_never_outlasts_the_lease_of_a_store() -> None:
    shop = factories.shop()
    lease(shop, 40)
    version = factories.on_sale(shop, days=40)
    factories.order(version)
    clock.advance(timedelta(days=1))
    with pytest.raises(LeaseTooShort):
        factories.order(version)


def lease(shop, days: int | None, *, is_open: bool = True) -> None:
    """The shop's first store is leased for so many days from today."""
    store = shop.stores[0]
    edit_store(
        merchant_id=shop.merchant.pk,
        store_id=store.pk,
        name=store.name,
        address=store.address,
        district_code=store.district_id,
        subdistrict_code=store.subdistrict_id,
        lease_ends_on=None if days is None else clock.today() + timedelta(days=days),
        is_open=is_open,
        at=clock.now(),
        actor="system:test",
    )


def test_a_lease_shortened_after_the_filing_counts_and_one_prolonged_does_not_prolong_the_contract() -> None:
    shop = factories.shop()
    lease(shop, 100)
    version = factories.on_sale(shop, days=60)
    lease(shop, 59)
    before = factories.everything()
    with pytest.raises(LeaseTooShort):
        factories.order(version)
    assert factories.everything() == before
    lease(shop, 60)
    factories.order(version)
    lease(shop, 500)
    clock.advance(timedelta(days=41))
    with pytest.raises(LeaseTooShort):  # the contract still names the day it was filed with
        factories.order(version)


def test_a_card_without_an_end_is_not_sold_once_a_store_is_leased() -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    factories.order(version)
    lease(shop, 5_000)
    before = factories.everything()
    with pytest.raises(TermNeeded):
        factories.order(version)
    assert factories.everything() == before


@pytest.mark.parametrize(("kind", "sold"), [(Plan.SESSIONS, True), (Plan.PERIOD, False)])
def test_days_that_begin_with_the_payment_end_before_the_lease_even_if_it_is_paid_after_midnight(
    kind: Plan, sold: bool
) -> None:
    """Ordered at 23:50 in Beijing, to be paid until 00:20: days of a period card are counted from the payment."""
    shop = factories.shop()
    at = datetime.combine(clock.today(), time(23, 50), clock.BEIJING)
    lease(shop, 40)
    version = factories.on_sale(shop, kind, days=40)
    if sold:
        factories.order(version, at=at)
    else:
        with pytest.raises(LeaseTooShort):
            factories.order(version, at=at)
        factories.order(version, at=at - timedelta(hours=1))


def test_a_shop_without_an_open_store_sells_nothing() -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    lease(shop, None, is_open=False)
    before = factories.everything()
    with pytest.raises(NoStoreOpen):
        factories.order(version)
    assert factories.everything() == before
    lease(shop, None)
    factories.order(version)


def test_orders_that_are_not_paid_yet_count_towards_the_sum_from_which_filing_is_required() -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)  # 2,000 yuan each
    SectorRule.objects.filter(sector=shop.merchant.sector_id).update(filing_balance_fen=500_000)
    first = factories.order(version)
    factories.order(version)
    before = factories.everything()
    with pytest.raises(FilingNeeded):
        factories.order(version)
    assert factories.everything() == before
    operations.cancel_order(holder_id=first.holder_id, number=first.number, at=clock.now(), actor="system:test")
    factories.order(version)


def test_without_a_cache_the_channel_is_not_asked_now_and_the_page_goes_on(settings, monkeypatch) -> None:
    card = factories.order(factories.on_sale(factories.shop()))
    payment = factories.payment_order(card)
    asked = []
    monkeypatch.setattr(escrow, "ask_payment", lambda **facts: asked.append(facts))
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert operations.look_after_payment(card=card, payment=payment, at=clock.now()) == card
    assert not asked


def test_where_no_channel_is_set_up_an_order_says_so(settings) -> None:
    card = factories.order(factories.on_sale(factories.shop()))
    assert queries.channel_of(card=card) == "sandbox"
    settings.PAYMENT_CHANNELS = []
    with pytest.raises(NoWayToPay):
        queries.channel_of(card=card)
    before = factories.everything()
    with pytest.raises(NoWayToPay):
        operations.buy(
            holder=card.holder,
            version_id=card.version_id,
            accepted_terms_sha256=card.contract_sha256,
            risks_accepted=True,
            token=uuid.uuid4(),
            channel="sandbox",
            return_url="/",
            at=clock.now(),
            actor="system:test",
        )
    assert factories.everything() == before
    factories.payment_order(card)
    assert queries.channel_of(card=card) == "sandbox"


def test_unpaid_orders_lapse_after_half_an_hour_and_late_money_goes_back() -> None:
    card = factories.order(factories.on_sale(factories.shop()))
    assert card.agreement.pay_until - card.bought_at == timedelta(minutes=30)
    escrow.expire_agreement(agreement_id=card.agreement_id, at=card.agreement.pay_until, actor="system:test")
    card = factories.pay(card)
    assert card.agreement.state == AgreementState.EXPIRED
    assert escrow_queries.holding(card.agreement_id).held_fen == 0


def test_an_order_is_cancelled_by_its_holder_only_and_only_unpaid() -> None:
    card, stranger = factories.order(factories.on_sale(factories.shop())), factories.person()
    with pytest.raises(NotFound):
        operations.cancel_order(holder_id=stranger.pk, number=card.number, at=clock.now(), actor=stranger.actor)
    factories.pay(card)
    before = factories.everything()
    with pytest.raises(OrderNotOpen):
        operations.cancel_order(holder_id=card.holder_id, number=card.number, at=clock.now(), actor="x")
    assert factories.everything() == before


def test_who_used_the_same_product_before_knows_the_service() -> None:
    shop, holder = factories.shop(), factories.person()
    version = factories.on_sale(shop, price_fen=100_000)
    first = factories.pay(factories.order(version, holder))
    assert not first.knew_service
    assert not factories.order(version, holder).knew_service
    factories.charge(first, shop.boss)
    assert factories.order(version, holder).knew_service
    assert not factories.order(version).knew_service


def test_what_was_taken_back_is_no_use_of_the_service() -> None:
    """Whoever never had the service keeps the cooling-off of SPC 14."""
    shop, holder = factories.shop(), factories.person()
    version = factories.on_sale(shop, price_fen=100_000)
    first = factories.pay(factories.order(version, holder))
    undone, refused = factories.charge(first, shop.boss), factories.charge(first, shop.boss, units=2, age=1)
    assert factories.order(version, holder).knew_service
    operations.undo_redemption(staff=shop.boss, redemption_id=undone.pk, at=clock.now(), actor="system:test")
    assert not factories.order(version, holder).knew_service  # what waits may still be refused
    operations.dispute_redemption(person_id=holder.pk, redemption_id=refused.pk, at=clock.now(), actor=holder.actor)
    assert not factories.order(version, holder).knew_service


def test_a_check_in_is_a_use_until_it_is_undone() -> None:
    shop, holder = factories.shop(), factories.person()
    version = factories.on_sale(shop, Plan.PERIOD, price_fen=100_000, days=30)
    checked_in = factories.charge(factories.pay(factories.order(version, holder)), shop.boss)
    assert factories.order(version, holder).knew_service
    operations.undo_redemption(staff=shop.boss, redemption_id=checked_in.pk, at=clock.now(), actor="system:test")
    assert not factories.order(version, holder).knew_service


def test_the_holder_is_told_when_the_card_is_ready(django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        card = factories.card()
    message = Message.objects.get(recipient=card.holder)
    assert message.kind == "cards.active"
    assert message.url == reverse("card_detail", args=[card.number])
