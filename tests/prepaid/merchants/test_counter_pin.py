"""The counter changes hands by PIN: in another person's name, for one store, and for nothing else."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow.models import AuditEntry
from prepaid.cards.models import Redemption
from prepaid.merchants import operations
from prepaid.merchants.errors import BadPin, EasyPin
from prepaid.merchants.models import CounterPin
from tests.complaints.factories import CHAOYANG
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
OWNERS, CASHIERS = "204816", "731902"


def signed_in(user, language="en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="prepaid.people.backends.RoleBackend")
    return client


def set_pin(staff, pin):
    return operations.set_pin(staff=staff, pin=pin, at=clock.now(), actor=staff.user.actor)


@pytest.fixture
def shop():
    return factories.shop(stores=(CHAOYANG, CHAOYANG))


@pytest.fixture
def cashier(shop):
    staff = factories.cashier(shop)
    set_pin(staff, CASHIERS)
    return staff


def switch(client, to, pin, **more):
    return client.post(reverse("counter_switch"), {"staff": to.pk, "pin": pin, **more})


@pytest.fixture
def taken(shop, cashier) -> Client:
    """The owner's device, taken over by the cashier of the first store."""
    set_pin(shop.boss, OWNERS)
    client = signed_in(shop.owner)
    assert switch(client, cashier, CASHIERS, store=shop.stores[0].pk).status_code == 302
    return client


def test_charges_are_in_the_name_of_who_took_over_at_that_store(shop, cashier, taken) -> None:
    card = factories.card(shop)
    page = taken.get(reverse("shop_counter")).content.decode()
    assert cashier.user.display_name in page
    assert reverse("shop_products") not in page
    typed = {"key": uuid.uuid4().hex, "code": factories.shown(card), "units": "", "amount": "", "note": ""}
    assert taken.post(reverse("shop_counter"), {**typed, "store": shop.stores[1].pk}).status_code == 302
    charge = Redemption.objects.get()
    assert (charge.cashier, charge.store) == (cashier, shop.stores[0])
    assert AuditEntry.objects.get(action="cards.charge").actor == cashier.user.actor
    undo = reverse("api_charge_undo", args=[charge.pk])
    assert taken.post(undo).json()["state"] == "undone"
    other = factories.card(shop)
    answer = taken.post(
        reverse("api_charges"),
        {"code": factories.shown(other), "store": shop.stores[1].pk},
        content_type="application/json",
        headers={"Idempotency-Key": uuid.uuid4().hex},
    )
    assert (answer.status_code, answer.json()["store"]) == (201, shop.stores[0].name)
    assert Redemption.objects.latest("pk").cashier == cashier


def test_nothing_but_the_counter_opens_until_who_is_signed_in_comes_back(shop, cashier, taken) -> None:
    for name in ("shop_home", "shop_staff", "shop_money", "wallet", "me", "counter_pin", "shop_register", "home"):
        page = taken.get(reverse(name))
        assert (page.status_code, page.headers.get("Location")) == (302, reverse("counter_switch")), name
    before = CounterPin.objects.get(staff=shop.boss).pin_hash
    taken.post(reverse("counter_pin"), {"pin": "555123", "again": "555123"})
    assert CounterPin.objects.get(staff=shop.boss).pin_hash == before
    assert taken.get(reverse("api_statement", args=["12345678"])).status_code == 403
    assert taken.get(reverse("counter_switch")).status_code == 200
    assert switch(taken, shop.boss, CASHIERS).status_code == 403
    assert taken.get(reverse("shop_home")).status_code == 302
    assert switch(taken, shop.boss, OWNERS).status_code == 302
    assert taken.get(reverse("shop_home")).status_code == 200


def test_a_pin_locks_after_five_wrong_ones_and_its_owner_sets_another(shop, cashier) -> None:
    set_pin(shop.boss, OWNERS)
    client = signed_in(shop.owner)
    store = {"store": shop.stores[0].pk}
    for _ in range(5):
        assert switch(client, cashier, "000001", **store).status_code == 403
    assert "locked" in switch(client, cashier, CASHIERS, **store).content.decode()
    assert client.get(reverse("shop_home")).status_code == 200  # nobody took over
    own = signed_in(cashier.user)
    assert own.post(reverse("counter_pin"), {"pin": "918273", "again": "918273"}).status_code == 302
    assert switch(client, cashier, "918273", **store).status_code == 302


def test_only_colleagues_of_the_store_with_a_pin_take_over_and_nobody_who_cannot_come_back(shop, cashier) -> None:
    client = signed_in(shop.owner)
    assert switch(client, cashier, CASHIERS, store=shop.stores[0].pk).status_code == 409  # the owner has no PIN
    set_pin(shop.boss, OWNERS)
    assert switch(client, cashier, CASHIERS, store=shop.stores[1].pk).status_code == 404  # stands at the other store
    stranger = factories.cashier(factories.shop())
    set_pin(stranger, CASHIERS)
    assert switch(client, stranger, CASHIERS, store=shop.stores[0].pk).status_code == 400
    assert client.get(reverse("shop_home")).status_code == 200


def test_who_leaves_the_merchant_leaves_the_counter(shop, cashier, taken) -> None:
    operations.end_staff(by=shop.boss, staff_id=cashier.pk, at=clock.now(), actor="user:x")
    assert not CounterPin.objects.filter(staff=cashier).exists()
    assert taken.get(reverse("shop_counter")).headers["Location"] == reverse("counter_switch")
    charge = {"code": factories.shown(factories.card(shop))}
    answer = taken.post(
        reverse("api_charges"), charge, content_type="application/json", headers={"Idempotency-Key": uuid.uuid4().hex}
    )
    assert (answer.status_code, Redemption.objects.count()) == (403, 0)


def test_who_signed_in_and_has_left_is_signed_out(shop, cashier, taken) -> None:
    shop.boss.__class__.objects.filter(pk=shop.boss.pk).update(is_active=False)
    assert taken.get(reverse("counter_switch")).headers["Location"] == reverse("account_login")
    assert "_auth_user_id" not in taken.session


@pytest.mark.parametrize(
    ("pin", "error"), [("12345", BadPin), ("１２３４５６", BadPin), ("123456", EasyPin), ("000000", EasyPin)]
)
def test_a_pin_is_six_digits_that_are_no_row(shop, pin, error) -> None:
    with pytest.raises(error):
        set_pin(shop.boss, pin)
    page = signed_in(shop.owner, "zh-hans").post(reverse("counter_pin"), {"pin": pin, "again": pin})
    assert page.status_code == 400
    assert not CounterPin.objects.exists()


def test_it_is_kept_as_a_hash(shop) -> None:
    row = set_pin(shop.boss, OWNERS)
    assert OWNERS not in row.pin_hash
    assert len(row.pin_hash) > 40
