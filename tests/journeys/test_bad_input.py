"""Bad input, case by case: its own clear sentence in the user's language, the right status, and nothing changes.

Statuses: 400 what was sent cannot be right whatever the state of things; 401 not signed; 403 this role may never;
404 not yours, and an answer never tells whether it exists; 409 right in itself, but not as things stand now;
422 well-formed, and a rule of law or contract forbids it.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from escrow import clock
from escrow.channels.signing import sign
from escrow.states import Plan
from prepaid.cards.models import Card
from tests.complaints import factories as complaints
from tests.journeys.refusals import Sentence, facts, is_in, told
from tests.journeys.senders import (
    SignIn,
    asked_back,
    charge,
    decision,
    licence,
    order_form,
    product_form,
    type_at_counter,
)
from tests.prepaid.cards import factories as make
from tests.prepaid.merchants.factories import next_uscc

pytestmark = pytest.mark.django_db

#: Does the bad thing; what was set up before it is not counted as a change.
Deed = Callable[[], HttpResponse]


def wrong_checksum(sign_in: SignIn) -> Deed:
    complaints.city()
    client, code = sign_in(make.person()), next_uscc()
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    return lambda: client.post(reverse("shop_register"), licence(uscc=wrong))


def unknown_district(sign_in: SignIn) -> Deed:
    complaints.city()
    client = sign_in(make.person())
    return lambda: client.post(reverse("shop_register"), licence(district="310101"))


def product_above_the_cap(sign_in: SignIn) -> Deed:
    shop = make.shop()
    version = make.products.draft_product(
        merchant_id=shop.merchant.pk,
        draft=make.products.Draft(
            name="大卡", kind=Plan.SESSIONS, price_fen=500_001, sessions=10, list_price_fen=60_000,
            store_ids=[shop.stores[0].pk], service="剪发",
        ),
        at=clock.now(),
        actor=shop.owner.actor,
    )  # fmt: skip
    client = sign_in(shop.owner)
    return lambda: client.post(reverse("shop_version_submit", args=[version.pk]))


def purchase_above_the_cap(sign_in: SignIn) -> Deed:
    shop, holder = make.shop(), make.person()
    make.card(shop, holder=holder, price_fen=300_000)
    version = make.on_sale(shop, price_fen=300_000)
    client = sign_in(holder)
    form = order_form(client, version.pk)
    return lambda: client.post(reverse("buy", args=[version.pk]), form)


def void_clause(sign_in: SignIn) -> Deed:
    shop = make.shop()
    client = sign_in(shop.owner)
    made = client.post(
        reverse("shop_product_add", args=[Plan.STORED_VALUE]), product_form(shop, refund_terms="本卡售出概不退款。")
    )
    return lambda: client.post(f"{made.headers['Location']}submit/")


def paying_twice(sign_in: SignIn) -> Deed:
    card = make.card()
    client = sign_in(card.holder)
    return lambda: client.post(reverse("card_pay", args=[card.number]))


def buying_twice_with_one_form(sign_in: SignIn) -> Deed:
    version, holder = make.on_sale(make.shop()), make.person()
    client = sign_in(holder)
    form = order_form(client, version.pk)
    client.post(reverse("buy", args=[version.pk]), form, follow=True)
    make.pay(Card.objects.get(holder=holder))
    return lambda: client.post(reverse("buy", args=[version.pk]), form)


def code_used_twice(sign_in: SignIn) -> Deed:
    shop = make.shop()
    card = make.card(shop)
    client, code = sign_in(shop.owner), make.shown(card)
    assert charge(client, {"code": code}).status_code == 201
    return lambda: charge(client, {"code": code})


def code_used_twice_at_the_counter(sign_in: SignIn) -> Deed:
    shop = make.shop()
    card = make.card(shop)
    client, code = sign_in(shop.owner), make.shown(card)
    assert type_at_counter(client, code=code).status_code == 302
    return lambda: type_at_counter(client, code=code)


def code_expired(sign_in: SignIn) -> Deed:
    shop = make.shop()
    client, code = sign_in(shop.owner), make.shown(make.card(shop), age=3)
    return lambda: charge(client, {"code": code})


def code_expired_at_the_counter(sign_in: SignIn) -> Deed:
    shop = make.shop()
    client, code = sign_in(shop.owner), make.shown(make.card(shop), age=3)
    return lambda: type_at_counter(client, code=code)


def more_sessions_than_left(sign_in: SignIn) -> Deed:
    shop = make.shop()
    client, card = sign_in(shop.owner), make.card(shop)
    return lambda: charge(client, {"code": make.shown(card), "units": 11})


def more_sessions_than_left_at_the_counter(sign_in: SignIn) -> Deed:
    shop = make.shop()
    client, card = sign_in(shop.owner), make.card(shop)
    return lambda: type_at_counter(client, code=make.shown(card), units="11")


def another_merchants_card(sign_in: SignIn) -> Deed:
    shop = make.shop()
    client, theirs = sign_in(shop.owner), make.card(make.shop())
    return lambda: charge(client, {"code": make.shown(theirs)})


def another_merchants_card_at_the_counter(sign_in: SignIn) -> Deed:
    shop = make.shop()
    client, theirs = sign_in(shop.owner), make.card(make.shop())
    return lambda: type_at_counter(client, code=make.shown(theirs))


def merchant_agrees_to_more_than_was_paid(sign_in: SignIn) -> Deed:
    shop = make.shop()
    asked, client = asked_back(shop), sign_in(shop.owner)
    form = {"agree": "1", "agree-amount": "2000.01", "agree-confirmed": "on"}
    return lambda: client.post(reverse("shop_refund", args=[asked.pk]), form)


def holder_asks_for_more_than_is_owed(sign_in: SignIn) -> Deed:
    card = make.card()
    client = sign_in(card.holder)
    form = {"cause": "neither", "reason": "", "expected_fen": "200001"}
    return lambda: client.post(reverse("refund_start", args=[card.number]), form)


def regulator_decides_more_than_is_owed(sign_in: SignIn) -> Deed:
    case = complaints.complaint()
    officer = complaints.officer()
    complaints.led(case, officer)
    client = sign_in(officer)
    return lambda: client.post(reverse("admin:cases_case_decide", args=[case.pk]), decision(amount="2000.01"))


def complaint_of_another_district(sign_in: SignIn) -> Deed:
    case = complaints.complaint()
    client = sign_in(complaints.officer(district=complaints.FENGTAI))
    return lambda: client.post(reverse("admin:cases_case_decide", args=[case.pk]), decision())


def filing_of_another_district(sign_in: SignIn) -> Deed:
    shop = make.shop(sector="fitness")
    version = make.on_sale(shop)
    client = sign_in(complaints.officer(department=version.filing.department_id, district=complaints.FENGTAI))
    return lambda: client.post(reverse("admin:filing_approve", args=[version.filing.pk]))


def notification_with_a_bad_signature(sign_in: SignIn) -> Deed:
    payment = make.payment_order(make.order(make.on_sale(make.shop())))
    client, url = sign_in(make.person()), reverse("channel_notifications", args=["sandbox"])
    body = json.dumps({"event_id": "1", "type": "payment.paid", "data": {"order_no": payment.order_no}}).encode()
    forger = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    headers = sign(forger, method="POST", path=url, body=body)
    return lambda: client.post(url, body, content_type="application/json", headers=headers)


CHECKSUM = Sentence(
    ("its last character does not match the others", "Compare it with the business licence"),
    ("末位校验码不符", "请对照营业执照核对"),
)
DISTRICT = Sentence(("not a district of Beijing", "Choose one from the list"), ("不是北京市的区", "请从列表中选择"))
PRICE = Sentence(
    ("¥5,000.01 is above the sector's cap of ¥5,000.00", "must be put right before this can be submitted"),
    ("售价¥5,000.01超过了该行业¥5,000.00的上限", "请修改后再提交"),
)
CAP = Sentence(
    ("may prepay at most ¥5,000.00 to one merchant", "Choose a card of a lower sum"),
    ("最多预付¥5,000.00", "请购买金额较低的卡"),
)
VOID_CLAUSE = Sentence(
    ("excludes the refund that the law gives", "must be put right before this can be submitted"),
    ("排除了法律赋予消费者的退款权利", "请修改后再提交"),
)
PAID = Sentence(("already paid", "Open your wallet"), ("已付款", "请打开卡包"))
USED = Sentence(("This code was already used", "Wait for the next one"), ("此动态码已用过", "请等待下一个动态码"))
EXPIRED = Sentence(("This code is over", "Ask the customer to show the new one"), ("动态码已失效", "请让顾客出示新的"))
SESSIONS = Sentence(("Only 10 sessions are left", "Charge at most that many"), ("仅剩10次", "请勿超过此次数"))
ELSEWHERE = Sentence(
    ("issued by another merchant", "Ask the customer for a card of your shop"), ("由其他商户发行", "请顾客出示本店的卡")
)
WHOLE_PRICE = Sentence(
    ("No more can be paid back than was paid for this card: ¥2,000.00", "Enter at most that sum; interest"),
    ("退款不能超过购卡所付的 ¥2,000.00", "请填写不超过该金额的数；利息"),
)
QUOTE = Sentence(
    ("The refund is now ¥2,000.00", "Look at the new sum and confirm again"),
    ("退款金额现为¥2,000.00", "请查看新的金额"),
)
OWED = Sentence(
    (
        "At most ¥2,000.00 can be paid back: what was paid for this card, and the interest since",
        "Enter at most that sum",
    ),
    ("最多可退 ¥2,000.00，即购卡所付金额及此后的利息", "请填写不超过该金额的数"),
)
NOT_YOUR_POST = Sentence(
    ("belongs to another district or department", "Go back to your work queue"),
    ("属于其他区或部门", "请返回“我的待办”"),
)
SIGNATURE = Sentence(
    ("signature is not valid", "Sign it again with the channel's key and the present time"),
    ("签名无效", "请用渠道密钥和当前时间重新签名"),
)

CASES: list[tuple[Callable[[SignIn], Deed], int, Sentence]] = [
    (wrong_checksum, 400, CHECKSUM),
    (unknown_district, 400, DISTRICT),
    (product_above_the_cap, 422, PRICE),
    (purchase_above_the_cap, 422, CAP),
    (void_clause, 422, VOID_CLAUSE),
    (paying_twice, 409, PAID),
    (buying_twice_with_one_form, 409, PAID),
    (code_used_twice, 409, USED),
    (code_used_twice_at_the_counter, 409, USED),
    (code_expired, 409, EXPIRED),
    (code_expired_at_the_counter, 409, EXPIRED),
    (more_sessions_than_left, 409, SESSIONS),
    (more_sessions_than_left_at_the_counter, 409, SESSIONS),
    (another_merchants_card, 409, ELSEWHERE),
    (another_merchants_card_at_the_counter, 409, ELSEWHERE),
    (merchant_agrees_to_more_than_was_paid, 400, WHOLE_PRICE),
    (holder_asks_for_more_than_is_owed, 409, QUOTE),
    (regulator_decides_more_than_is_owed, 400, OWED),
    (complaint_of_another_district, 404, NOT_YOUR_POST),
    (filing_of_another_district, 404, NOT_YOUR_POST),
    (notification_with_a_bad_signature, 401, SIGNATURE),
]


@pytest.mark.parametrize(("case", "status", "sentence"), CASES, ids=[case.__name__ for case, *_ in CASES])
def test_each_bad_input_has_its_own_answer(
    case: Callable[[SignIn], Deed], status: int, sentence: Sentence, sign_in: SignIn, language: str, settings: Any
) -> None:
    settings.SANDBOX_BANK_PUBLIC_KEY = settings.SANDBOX_BANK_PUBLIC_KEY or "A" * 43 + "="
    deed = case(sign_in)
    before = facts()
    answer = deed()
    said = told(answer)
    print(f"{case.__name__} | {answer.status_code} | {said}")
    assert facts() == before
    assert answer.status_code == status, said
    assert is_in(language, said), said
    for part in sentence.parts(language):
        assert part in said, said
    others = {other for *_, other in CASES} - {sentence}
    assert not [other for other in others if all(part in said for part in other.parts(language))], said


def test_the_judge_knows_its_languages() -> None:
    assert is_in("zh-hans", "此动态码已用过。请用Idempotency-Key。")
    assert not is_in("zh-hans", "无效的输入。 No data was provided")
    assert not is_in("zh-hans", "")
    assert is_in("en", "Enter a whole number.")
    assert not is_in("en", "金额须不低于0.01元")
