"""The shift report adds up what each person charged at each store on a day."""

import csv
import io
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from escrow import clock
from escrow.states import Plan
from prepaid.cards import operations, queries
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_roll_call import MOST_QUERIES, signed_in

pytestmark = pytest.mark.django_db


def figures(shift) -> tuple[int, ...]:
    return tuple(getattr(shift, name) for name in queries.SHIFT_SUMS)


@pytest.fixture
def day():
    """A shop where the owner and a cashier have charged."""
    shop = factories.shop()
    cashier = factories.cashier(shop)
    sessions, stored = factories.card(shop), factories.card(shop, Plan.STORED_VALUE)
    factories.charge(sessions, cashier)  # final: 1 of 10 sessions of 2,000 yuan
    undone = factories.charge(sessions, cashier, age=1)
    operations.undo_redemption(staff=cashier, redemption_id=undone.pk, at=clock.now(), actor="x")
    factories.charge(stored, cashier, amount_fen=12_000)  # waits: above one visit
    factories.charge(factories.card(shop, Plan.PERIOD), cashier)
    factories.charge(factories.card(shop), shop.boss, units=2)
    return shop, cashier


def test_it_adds_up_by_person_and_store(day) -> None:
    shop, cashier = day
    client = signed_in(cashier.user)
    for _ in range(2):  # refused: the code is wrong
        client.post(reverse("shop_counter"), {"key": uuid.uuid4().hex, "code": "12345678 123456"})
    theirs, owners = queries.shifts(staff=shop.boss, day=clock.today())
    assert (theirs.cashier, owners.cashier) == (cashier, shop.boss)
    assert figures(theirs) == (2, 1, 1, 20_000, 1, 10_000, 1, 2)
    assert figures(owners) == (1, 0, 2, 0, 1, 40_000, 0, 0)
    [own] = queries.shifts(staff=cashier, day=clock.today())
    assert own == theirs
    assert queries.shifts(staff=shop.boss, day=clock.today() - timedelta(days=1)) == []
    assert queries.shifts(staff=factories.shop().boss, day=clock.today()) == []


def test_its_page_and_its_file(day, django_assert_max_num_queries) -> None:
    shop, cashier = day
    client = signed_in(shop.owner)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("shop_shifts")).content.decode()
    assert "¥200.00" in page
    assert "¥500.00" in page  # what waits, together
    file = client.get(reverse("shop_shifts_file"))
    assert file.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row[5:] for row in rows[1:]] == [
        ["2", "1", "1", "200.00", "1", "100.00", "1", "0"],
        ["1", "2", "0", "0.00", "1", "400.00", "0", "0"],
    ]
    assert client.get(reverse("shop_shifts"), {"on": "2026-02-30"}).status_code == 200
    assert signed_in(cashier.user).get(reverse("shop_shifts_file")).content.decode().count("\n") == 2
