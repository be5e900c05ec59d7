"""Cards that end soon: on the merchant's list with what is left, and told to their holders in time, once."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse

from escrow import clock
from escrow import operations as escrow
from escrow.states import Plan
from prepaid.cards import operations, queries, tasks
from prepaid.cards.models import ExpiryNotice
from prepaid.cards.states import PersonRole, RefundCause
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, signed_in, text_of
from tests.prepaid.cards.test_people import on_card

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def shop():
    return factories.shop()


def ending(shop, days: int, kind: str = Plan.SESSIONS, **figures):
    """A card of 80 days (a period card: of a year) that ends in so many."""
    term = 365 if kind == Plan.PERIOD else 80
    facts = {"days": term} if kind != Plan.PERIOD else {}
    return factories.card(shop, kind, at=clock.now() - (term - days) * DAY, **facts, **figures)


def told(card) -> list[int]:
    return [notice.days_before for notice in ExpiryNotice.objects.filter(card=card).order_by("pk")]


def rest(card, shop, *, since: int, until: int) -> None:
    """A pause that both agreed on."""
    today = clock.today()
    pause = operations.ask_pause(
        by=card.holder,
        number=card.number,
        since=today + since * DAY,
        until=today + until * DAY,
        because="出差",
        at=clock.now(),
        actor=card.holder.actor,
    )
    operations.answer_pause(by=shop.boss, pause_id=pause.pk, agrees=True, at=clock.now(), actor=shop.owner.actor)


def test_the_list_says_what_ends_when_with_what_is_left(shop, django_assert_max_num_queries) -> None:
    soon, later, far = ending(shop, 5), ending(shop, 29, Plan.STORED_VALUE), ending(shop, 50)
    factories.charge(soon, shop.boss)
    used_up = ending(shop, 3, sessions=1, price_fen=30_000)
    factories.charge(used_up, shop.boss)
    over, foreign = ending(shop, -1), ending(factories.shop(), 5)
    desk = signed_in(shop.owner)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = text_of(desk.get(reverse("shop_expiring")))
    assert page.index(str(soon)) < page.index(str(later))
    assert "9 sessions, ¥1,800.00" in page
    assert "¥1,000.00 and ¥200.00 gift" in page
    assert soon.holder.display_name in page
    assert soon.holder.name not in page
    assert not any(str(card) in page for card in (far, used_up, over, foreign))
    assert str(far) in text_of(desk.get(reverse("shop_expiring"), {"within": "60"}))
    assert str(later) not in text_of(desk.get(reverse("shop_expiring"), {"within": "7", "page": "99"}))
    found = text_of(desk.get(reverse("shop_expiring"), {"q": f" {str(later)[:6]}"}))
    assert str(later) in found
    assert str(soon) not in found
    assert str(soon) in text_of(desk.get(reverse("shop_expiring"), {"q": soon.version.product.name}))
    assert "No card ends in this time" in text_of(desk.get(reverse("shop_expiring"), {"q": "\x00<b>无", "within": "x"}))
    assert signed_in(factories.cashier(shop).user).get(reverse("shop_expiring")).status_code == 403


def test_the_file_has_what_the_list_has(shop) -> None:
    soon = ending(shop, 5, Plan.STORED_VALUE)
    ending(shop, 50)
    desk, address = signed_in(shop.owner), reverse("shop_expiring_file")
    book = openpyxl.load_workbook(io.BytesIO(desk.get(address, {"kind": "xlsx"}).content))
    [_headings, row] = [[cell.value for cell in line] for line in book.active.iter_rows()]
    last_day = (clock.today() + 5 * DAY).isoformat()
    assert row == [
        str(soon), soon.holder.display_name, soon.version.product.name, last_day, 5, "¥1,000.00 and ¥200.00 gift",
        "1000.00", "200.00", "no",
    ]  # fmt: skip
    lines = desk.get(address, {"kind": "csv", "within": "60"}).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert signed_in(factories.cashier(shop).user).get(address).status_code == 403


def test_a_card_that_counts_days_ends_when_its_wallet_says(shop) -> None:
    """A pause and days without service move it off the list, and onto it."""
    card = ending(shop, 20, Plan.PERIOD)
    desk = signed_in(shop.owner)
    assert "21 days" in text_of(desk.get(reverse("shop_expiring")))
    rest(card, shop, since=1, until=20)
    assert str(card) not in text_of(desk.get(reverse("shop_expiring")))
    [found] = queries.expiring(today=clock.today(), within=60, issuer_id=shop.merchant.pk)
    assert found.ends_on == queries.face_of(card=card, today=clock.today()).last_day == clock.today() + 40 * DAY
    assert str(card.expires_on + 20 * DAY) in text_of(desk.get(reverse("shop_expiring"), {"within": "60"}))


def test_the_holder_is_told_thirty_and_seven_days_before_and_never_twice(shop) -> None:
    card = ending(shop, 31)
    tasks.tell_of_expiries()
    assert told(card) == []
    for days, so_far in ((1, [30]), (1, [30]), (22, [30, 7]), (3, [30, 7]), (10, [30, 7])):
        clock.advance(days * DAY)
        for _run in range(2):
            tasks.tell_of_expiries()
        assert told(card) == so_far, days
    messages = Message.objects.filter(recipient=card.holder, kind="cards.expires")
    assert [str(card.expires_on) in message.title for message in messages] == [True, True]
    assert all("10次，¥2,000.00" in message.body for message in messages)
    assert {message.url for message in messages} == {reverse("card_detail", args=[card.number])}


def test_who_was_not_told_in_time_hears_the_nearer_day_alone(shop) -> None:
    card, short = ending(shop, 6), factories.card(shop, days=12)
    tasks.tell_of_expiries()
    assert (told(card), told(short)) == ([7], [])
    clock.advance(7 * DAY)
    tasks.tell_of_expiries()
    assert told(short) == []  # sold for less than twice seven days


def test_a_last_day_that_moved_is_told_once_the_old_one_is_over(shop) -> None:
    card = ending(shop, 20, Plan.PERIOD)
    tasks.tell_of_expiries()
    rest(card, shop, since=1, until=19)
    clock.advance(15 * DAY)  # of 39; the day that was told is not over
    tasks.tell_of_expiries()
    assert told(card) == [30]
    clock.advance(6 * DAY)
    tasks.tell_of_expiries()
    assert told(card) == [30, 30]
    assert {notice.last_day for notice in ExpiryNotice.objects.all()} == {card.expires_on, card.expires_on + 19 * DAY}


def test_nobody_is_told_of_a_card_that_is_frozen_or_whose_days_stand_still(shop) -> None:
    frozen, dark = ending(shop, 20), ending(shop, 20, Plan.PERIOD)
    operations.request_refund(
        card_id=frozen.pk, cause=RefundCause.CONSUMER, reason="搬家", at=clock.now(), actor=frozen.holder.actor
    )
    escrow.begin_stoppage(
        beneficiary_id=dark.agreement.beneficiary_id,
        kind="dark",
        because="nobody there",
        since=clock.today(),
        at=clock.now(),
        actor="system:test",
    )
    tasks.tell_of_expiries()
    assert all(operations.tell_of_expiry(card_id=card.pk, at=clock.now()) is None for card in (frozen, dark))
    assert not ExpiryNotice.objects.exists()
    page = text_of(signed_in(shop.owner).get(reverse("shop_expiring")))
    assert "refund requested" in page


def test_a_guardian_learns_the_day_and_a_relative_does_not(shop) -> None:
    card = ending(shop, 7)
    guardian, relative = on_card(card, PersonRole.GUARDIAN), on_card(card, PersonRole.RELATIVE, "王小梅")
    tasks.tell_of_expiries()
    letters = Message.objects.filter(kind="cards.expires", channel="in_app")
    assert {letter.recipient for letter in letters} == {card.holder, guardian}
    assert signed_in(guardian).get(letters.get(recipient=guardian).url).status_code == 200
    assert not letters.filter(recipient=relative).exists()
