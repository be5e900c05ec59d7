"""A visit that is paid when it was given: nothing is prepaid, the payment uses it up, and it is sold while cards are stopped."""

import pytest
from django.urls import reverse

from escrow import clock, invariants
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.states import AgreementState, Plan, StoppageKind, UseState
from prepaid.cards import operations, queries, tasks
from prepaid.cards.errors import CardUsedUp, NotGivenYet, NotPassedOn, NotRefundable
from prepaid.cards.models import Card, Redemption
from prepaid.cards.states import RefundCause
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import SectorRule, StaffRole, Store
from prepaid.merchants.queries import sales_stops
from prepaid.notices.models import Message
from prepaid.products import operations as products
from prepaid.products.models import ProductVersion
from prepaid.products.queries import merchants_to_watch, sells_exempt
from prepaid.products.states import FilingState, VersionState
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, fields_of, signed_in, text_of
from tests.prepaid.cards.test_prepared import buy, path_of
from tests.prepaid.merchants.test_standing import listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return factories.shop()


@pytest.fixture
def version(shop) -> ProductVersion:
    draft = products.Draft(
        name="单次精剪",
        kind=Plan.SESSIONS,
        price_fen=6_800,
        after_use=True,
        store_ids=[store.pk for store in shop.stores],
        service="洗剪吹一次",
    )
    actor = shop.owner.actor
    made = products.draft_product(merchant_id=shop.merchant.pk, draft=draft, at=clock.now(), actor=actor)
    products.submit_filing(version_id=made.pk, at=clock.now(), actor=actor)
    return ProductVersion.objects.get(pk=made.pk)


def ordered(version: ProductVersion, till, customer) -> Card:
    path = path_of(operations.prepared_address(staff=till, version=version))
    answer = buy(signed_in(customer), path)
    assert answer.status_code == 302, text_of(answer)
    return Card.objects.get(holder=customer)


def broken() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_a_manager_puts_it_on_sale_without_a_filing_however_much_is_prepaid(shop) -> None:
    SectorRule.objects.filter(sector=shop.merchant.sector).update(filing_balance_fen=1)
    desk, page = signed_in(shop.owner), reverse("shop_product_add", args=["after-use"])
    assert page in desk.get(reverse("shop_product_new")).content.decode()
    form = fields_of(desk.get(page))
    assert not {"sessions", "days", "list_price_fen"} & set(form)
    clauses = {field.name: field.value() for field in desk.get(page).context["form"].clause_fields}
    typed = {**clauses, "name": "单次洗吹", "price_fen": "38", "service": "洗吹一次", "stores": [shop.stores[0].pk]}
    answer = desk.post(page, typed, follow=True)
    assert "One visit, paid afterwards" in text_of(answer)
    made = ProductVersion.objects.get()
    assert (made.sessions, made.price_fen, made.list_price_fen) == (1, 3_800, 3_800)
    desk.post(reverse("shop_version_submit", args=[made.pk]))
    made.refresh_from_db()
    assert (made.state, made.filing.state) == (VersionState.ON_SALE, FilingState.EXEMPT)
    assert merchants_to_watch() == []
    assert not sells_exempt(shop.merchant.pk)


def test_served_asked_paid_and_used_up(
    shop, version, django_capture_on_commit_callbacks, django_assert_max_num_queries
) -> None:
    till, customer = factories.cashier(shop), factories.person("顾客")
    desk, phone = signed_in(till.user), signed_in(customer)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = desk.get(reverse("shop_sell_product", args=[version.pk]))
    assert "Once she was served" in text_of(page)
    path = path_of(operations.prepared_address(staff=till, version=version))
    with django_assert_max_num_queries(MOST_QUERIES):
        page = phone.get(path)
    assert "says that you were served" in text_of(page)
    assert "I prepay nothing" in text_of(page)
    assert "What you would get back" not in text_of(page)
    assert "Risk warning" not in text_of(page)
    card = ordered(version, till, customer)
    with django_capture_on_commit_callbacks(execute=True):
        factories.pay(card)
    [redemption] = Redemption.objects.all()
    assert (redemption.cashier, redemption.units, redemption.use.state) == (till, 1, UseState.FINAL)
    held = escrow_queries.holding(card.agreement_id)
    assert (held.units_left, held.unearned_fen) == (0, 0)
    assert escrow_queries.backing(shop.merchant.beneficiary_id).held_fen == 0
    kinds = set(Message.objects.filter(recipient=customer, channel="in_app").values_list("kind", flat=True))
    assert "cards.active" not in kinds
    assert any(kind.startswith("cards.charge") for kind in kinds), kinds
    assert "used up" in text_of(phone.get(reverse("card_detail", args=[card.number])))
    assert queries.in_the_way(customer) == []
    assert operations.charge_visit(card_id=card.pk, at=clock.now(), actor="system:x") is None
    assert broken() == []


def test_what_the_signal_lost_the_sweep_charges_once(shop, version) -> None:
    card = factories.pay(ordered(version, factories.cashier(shop), factories.person("顾客")))
    assert not Redemption.objects.exists()
    for _time in range(2):
        tasks.sweep()
    assert Redemption.objects.get().card == card


def test_an_owner_of_several_stores_charges_at_the_first_that_is_open(shop, version) -> None:
    shut, *others = sorted(store.pk for store in shop.stores)
    if others:
        Store.objects.filter(pk=shut).update(is_open=False)
    card = factories.pay(ordered(version, shop.boss, factories.person("顾客")))
    tasks.sweep()
    assert Redemption.objects.get(card=card).store_id == (others[0] if others else shut)


def test_nobody_orders_it_who_was_not_asked_to(shop, version) -> None:
    customer = factories.person("顾客")
    client = signed_in(customer)
    page = text_of(client.get(reverse("product_detail", args=[version.pk])))
    assert "you are served first" in page
    assert (
        reverse("buy", args=[version.pk])
        not in client.get(reverse("product_detail", args=[version.pk])).content.decode()
    )
    answer = client.get(reverse("buy", args=[version.pk]))
    assert (answer.status_code, "at the counter" in text_of(answer)) == (409, True)
    with pytest.raises(NotGivenYet):
        factories.order(version, customer)
    assert not Card.objects.exists()


def test_it_is_sold_while_the_merchant_may_sell_no_cards(shop, version) -> None:
    listed(shop.merchant.uscc)
    assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk]
    card = factories.pay(ordered(version, factories.cashier(shop), factories.person("顾客")))
    assert card.agreement.state == AgreementState.HELD


def test_it_counts_in_no_cap_and_is_never_paid_in_cash(shop, version) -> None:
    SectorRule.objects.filter(sector=shop.merchant.sector).update(max_price_fen=6_800)
    customer, till = factories.person("顾客"), factories.cashier(shop)
    path = path_of(operations.prepared_address(staff=till, version=version))
    client = signed_in(customer)
    for _visit in range(3):
        assert buy(client, path).status_code == 302
    assert Card.objects.count() == 3
    assert "deposit" not in [value for value, _label in client.get(path).context["form"].fields["channel"].choices]


def paid(version: ProductVersion, till, django_capture_on_commit_callbacks) -> Card:
    card = ordered(version, till, factories.person("顾客"))
    with django_capture_on_commit_callbacks(execute=True):
        factories.pay(card)
    return Card.objects.get(pk=card.pk)


def test_a_charge_that_is_undone_is_paid_back_whole(shop, version, django_capture_on_commit_callbacks) -> None:
    card = paid(version, factories.cashier(shop), django_capture_on_commit_callbacks)
    [redemption] = Redemption.objects.all()
    operations.undo_redemption(staff=shop.boss, redemption_id=redemption.pk, at=clock.now(), actor=shop.owner.actor)
    card.agreement.refresh_from_db()
    assert card.agreement.state == AgreementState.CLOSED
    assert card.refund_requests.get().granted_fen == version.price_fen
    assert broken() == []


def test_it_is_no_card_to_keep(shop, version) -> None:
    """Paid and not charged yet: not used at the till, topped up, passed on or given back."""
    card = factories.pay(ordered(version, factories.cashier(shop), factories.person("顾客")))
    with pytest.raises(CardUsedUp):
        factories.charge(card, shop.boss)
    with pytest.raises(NotRefundable):
        operations.request_refund(
            card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=card.holder.actor
        )
    assert not queries.can_top_up(card)
    parcel = queries.parcel_of(card=card, today=clock.today())
    assert isinstance(queries.against_transfer(parcel=parcel, at=clock.now()), NotPassedOn)


@pytest.mark.parametrize("kind", [StoppageKind.DARK, StoppageKind.CHANGED_HANDS])
def test_nobody_was_served_where_nobody_serves(shop, version, kind) -> None:
    till, customer = factories.cashier(shop), factories.person("顾客")
    path = path_of(operations.prepared_address(staff=till, version=version))
    escrow.begin_stoppage(
        beneficiary_id=shop.merchant.beneficiary_id,
        place="",
        kind=kind,
        because="x",
        since=clock.today(),
        at=clock.now(),
        actor="user:1",
    )
    assert signed_in(customer).get(path).status_code == 409
    assert signed_in(till.user).get(reverse("shop_sell_product", args=[version.pk])).status_code != 200


def test_a_till_that_is_not_in_the_contract_asks_for_nothing(shop, version) -> None:
    place = shop.stores[0]
    elsewhere = Store.objects.create(
        merchant=shop.merchant,
        name="另一家",
        address="北京市朝阳区望京街道阜通东大街6号",
        district=place.district,
        subdistrict=place.subdistrict,
        opened_at=clock.now(),
    )
    somebody = factories.person("赵敏")
    till = merchants.add_staff(
        by=shop.boss,
        phone=somebody.phone,
        role=StaffRole.CASHIER,
        store_id=elsewhere.pk,
        at=clock.now(),
        actor=shop.owner.actor,
    )
    path = path_of(operations.prepared_address(staff=till, version=version))
    assert signed_in(factories.person("顾客")).get(path).status_code == 409


def test_a_store_that_closed_meanwhile_keeps_no_visit_uncharged(shop, version) -> None:
    card = factories.pay(ordered(version, factories.cashier(shop), factories.person("顾客")))
    Store.objects.filter(merchant=shop.merchant).update(is_open=False)
    tasks.sweep()
    assert Redemption.objects.get().card == card
