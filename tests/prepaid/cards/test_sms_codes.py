"""A charge without a smartphone: a printed card, a code by SMS that names store and sum, a printed receipt."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.html import escape

from escrow import clock
from escrow import queries as escrow_queries
from escrow.states import Plan, UseState
from prepaid.cards import errors, operations
from prepaid.cards.models import Redemption, SmsCode
from prepaid.notices.models import Channel, Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, signed_in, text_of

pytestmark = pytest.mark.django_db
SEND = "counter_sms"


def sent_digits() -> str:
    """As the holder reads them."""
    body = Message.objects.filter(channel=Channel.SMS, kind="cards.sms_code").first().body
    return re.search(r"(?<!\d)\d{6}(?!\d)", body)[0]


def everything() -> dict[str, object]:
    codes = list(SmsCode.objects.order_by("pk").values("pk", "replaced_at", "redemption_id"))
    return {**factories.everything(), "codes": codes, "messages": Message.objects.count()}


def refused(client, url: str, data: dict, *, status: int, says: type[errors.DomainError] | None = None, **said) -> None:
    before = everything()
    answer = client.post(url, data)
    assert answer.status_code == status, text_of(answer)
    assert says is None or str(says(**said)) in answer.content.decode().replace("&#x27;", "'")
    assert everything() == before


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_printed_card_the_sms_and_the_receipt(language: str, django_assert_max_num_queries) -> None:
    shop = factories.shop()
    card, cashier = factories.card(shop, Plan.STORED_VALUE), factories.cashier(shop)
    holder = signed_in(card.holder, language)
    with django_assert_max_num_queries(MOST_QUERIES):
        paper = holder.get(reverse("card_print", args=[card.number]))
    assert str(card) in text_of(paper)
    assert card.code_secret not in paper.content.decode()
    till = signed_in(cashier.user, language)
    assert till.get(reverse(SEND)).status_code == 200
    typed = {"number": f" {card} ", "amount": "300", "note": "剪发"}
    page = till.post(reverse(SEND), typed).headers["Location"]
    sms = Message.objects.get(channel=Channel.SMS, kind="cards.sms_code")
    assert sms.phone == card.holder.phone
    assert "¥300.00" in sms.body
    assert shop.stores[0].name in sms.body
    with django_assert_max_num_queries(MOST_QUERIES):
        asked = till.get(page)
    digits = sent_digits()
    assert "¥300.00" in text_of(asked)
    assert digits not in asked.content.decode()
    assert card.holder.phone[3:] not in asked.content.decode()
    done = till.post(page, {"code": f"{digits[:3]} {digits[3:]}"})
    charge = Redemption.objects.get(card=card)
    assert charge.use.state == UseState.FINAL  # above one visit: whoever reads the code out has read the sum
    assert (charge.units, charge.code_step, charge.note) == (30_000, None, "剪发")
    assert done.headers["Location"] == reverse("counter_receipt", args=[charge.pk])
    with django_assert_max_num_queries(MOST_QUERIES):
        receipt = till.get(done.headers["Location"])
    assert "¥300.00" in text_of(receipt)
    assert str(card) in text_of(receipt)
    assert till.post(page, {"code": digits}).headers["Location"] == done.headers["Location"]  # sent twice
    assert Redemption.objects.count() == 1
    refused(till, page, {"code": "000000" if digits != "000000" else "111111"}, status=409, says=errors.SmsCodeOver)


@pytest.mark.parametrize(
    ("kind", "sector", "typed", "final"),
    [
        (Plan.SESSIONS, "beauty", {"units": "3"}, True),
        (Plan.DISCOUNT, "beauty", {"amount": "200"}, True),
        (Plan.PERIOD, "fitness", {}, True),
        (Plan.COURSE, "arts", {"lesson_class": "周三素描班"}, False),
    ],
)
def test_every_kind_of_card(kind: str, sector: str, typed: dict, final: bool) -> None:
    shop = factories.shop() if sector == "beauty" else factories.shop(sector=sector)
    card, till = factories.card(shop, kind), signed_in(shop.owner)
    page = till.post(reverse(SEND), {"number": card.number, **typed}).headers["Location"]
    assert till.post(page, {"code": sent_digits()}).status_code == 302
    charge = Redemption.objects.get(card=card)
    if kind == Plan.PERIOD:
        assert charge.is_check_in
    else:
        assert charge.use.state == (UseState.FINAL if final else UseState.RESERVED)
    assert escape(charge.outcome) in text_of(till.get(reverse("counter_receipt", args=[charge.pk])))


def test_what_is_refused_before_a_code_is_sent() -> None:
    shop, other = factories.shop(), factories.shop()
    card, foreign = factories.card(shop), factories.card(other)
    till, url = signed_in(shop.owner), reverse(SEND)
    unknown = str(99_999_999 - int(card.number == "99999999"))
    for number in (unknown, foreign.number, "abc", "1234", factories.shown(card)):
        status = 400 if len(number) > 16 else 409
        refused(till, url, {"number": number}, status=status, says=errors.NoSuchCardHere if status == 409 else None)
    refused(till, url, {"number": card.number, "units": "11"}, status=409)
    refused(till, url, {"number": card.number, "amount": "5"}, status=400)
    facts = {"holder_id": card.holder_id, "number": card.number, "at": clock.now(), "actor": card.holder.actor}
    operations.report_loss(**facts)
    refused(till, url, {"number": card.number}, status=409, says=errors.CardLost)
    operations.card_found(**facts)
    for _once in range(3):
        assert till.post(url, {"number": card.number}).status_code == 302
    refused(till, url, {"number": card.number}, status=429, says=errors.TooManySmsCodes)
    SmsCode.objects.update(sent_at=clock.now() - timedelta(minutes=11))
    assert till.post(url, {"number": card.number}).status_code == 302


def test_guessing_is_bounded_and_a_newer_code_ends_the_older() -> None:
    shop = factories.shop()
    card, till = factories.card(shop), signed_in(shop.owner)
    first = till.post(reverse(SEND), {"number": card.number}).headers["Location"]
    old = sent_digits()
    page = till.post(reverse(SEND), {"number": card.number}).headers["Location"]
    refused(till, first, {"code": old}, status=409, says=errors.SmsCodeOver)
    digits = sent_digits()
    wrong = f"{(int(digits) + 1) % 1_000_000:06d}"
    for left in (4, 3, 2, 1):
        refused(till, page, {"code": wrong}, status=409, says=errors.WrongSmsCode, left=left)
    refused(till, page, {"code": wrong}, status=409, says=errors.SmsCodeOver)
    refused(till, page, {"code": digits}, status=409, says=errors.SmsCodeOver)
    page = till.post(reverse(SEND), {"number": card.number}).headers["Location"]
    SmsCode.objects.filter(replaced_at=None).update(valid_until=clock.now())
    refused(till, page, {"code": sent_digits()}, status=409, says=errors.SmsCodeOver)
    SmsCode.objects.update(sent_at=clock.now() - timedelta(minutes=11))
    page = till.post(reverse(SEND), {"number": card.number}).headers["Location"]
    facts = {"holder_id": card.holder_id, "number": card.number, "at": clock.now(), "actor": card.holder.actor}
    operations.report_loss(**facts)
    operations.reissue_card(**facts)
    refused(till, page, {"code": sent_digits()}, status=409, says=errors.SmsCodeOver)
    assert escrow_queries.holding(card.agreement_id).units_left == 10


def test_a_code_is_used_where_it_was_asked_for() -> None:
    shop, other = factories.shop(), factories.shop()
    card = factories.card(shop)
    page = signed_in(shop.owner).post(reverse(SEND), {"number": card.number}).headers["Location"]
    digits = sent_digits()
    for stranger in (other.owner, card.holder):
        client = signed_in(stranger)
        assert client.get(page).status_code in {302, 404}
        before = everything()
        assert client.post(page, {"code": digits}).status_code in {302, 404}
        assert everything() == before
    charge = factories.charge(card, shop.boss)
    assert signed_in(other.owner).get(reverse("counter_receipt", args=[charge.pk])).status_code == 404


def test_the_number_alone_is_no_code_and_the_counter_says_what_to_do() -> None:
    shop = factories.shop()
    card, till = factories.card(shop), signed_in(shop.owner)
    form = {"code": card.number, "key": "0123456789abcdef"}
    refused(till, reverse("shop_counter"), form, status=400, says=errors.NumberWithoutCode)
