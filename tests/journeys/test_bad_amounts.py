"""Amounts of 0, −1, 0.001 and 10^18 wherever a person or a program enters one: refused in words, and nothing changes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.http import HttpResponse
from django.urls import reverse

from escrow.channels.signing import sign
from escrow.states import Plan
from tests.complaints import factories as complaints
from tests.journeys.refusals import Sentence, bank_facts, facts, is_in, told
from tests.journeys.senders import SignIn, asked_back, charge, decision, product_form, type_at_counter
from tests.prepaid.cards import factories as make
from tests.sandbox_bank.bank import Bank, fresh

pytestmark = pytest.mark.django_db
SESSIONS = Sentence(("Only 10 sessions are left", "Charge at most that many"), ("仅剩10次", "请勿超过此次数"))

WRITTEN = ["0", "-1", "0.001", "1" + "0" * 18]
SUM = Sentence(("at least 0.01 yuan", "below 100 million yuan"), ("不低于0.01元", "低于1亿元"))
DECIMALS = Sentence(("at most two decimals", "for example 128.50"), ("最多两位小数", "例如128.50"))


def price_of_a_product(field: str) -> Callable[[SignIn], Callable[[str], HttpResponse]]:
    def place(sign_in: SignIn) -> Callable[[str], HttpResponse]:
        shop = make.shop()
        client, url = sign_in(shop.owner), reverse("shop_product_add", args=[Plan.STORED_VALUE])
        return lambda amount: client.post(url, product_form(shop, **{field: amount}))

    return place


def amount_at_the_counter(sign_in: SignIn) -> Callable[[str], HttpResponse]:
    shop = make.shop()
    client, card = sign_in(shop.owner), make.card(shop, Plan.STORED_VALUE)
    return lambda amount: type_at_counter(client, code=make.shown(card), amount=amount)


def amount_the_merchant_agrees_to(sign_in: SignIn) -> Callable[[str], HttpResponse]:
    shop = make.shop()
    asked, client = asked_back(shop), sign_in(shop.owner)
    return lambda amount: client.post(
        reverse("shop_refund", args=[asked.pk]), {"agree": "1", "agree-amount": amount, "agree-confirmed": "on"}
    )


def amount_the_merchant_offers_in_a_complaint(sign_in: SignIn) -> Callable[[str], HttpResponse]:
    case = complaints.complaint()
    client = sign_in(case.merchant.staff.get().user)
    return lambda amount: client.post(reverse("shop_case", args=[case.number]), {"text": "同意退", "offer": amount})


def amount_an_officer_writes_down(sign_in: SignIn) -> Callable[[str], HttpResponse]:
    case, officer = complaints.complaint(), complaints.officer()
    complaints.led(case, officer)
    client = sign_in(officer)
    return lambda amount: client.post(
        reverse("admin:cases_case_statement", args=[case.pk]),
        {"record-side": "merchant", "record-text": "电话中同意", "record-offer": amount},
    )


def amount_an_officer_decides(sign_in: SignIn) -> Callable[[str], HttpResponse]:
    case, officer = complaints.complaint(), complaints.officer()
    complaints.led(case, officer)
    client = sign_in(officer)
    return lambda amount: client.post(reverse("admin:cases_case_decide", args=[case.pk]), decision(amount=amount))


PLACES = {
    "price": price_of_a_product("price_fen"),
    "gift": price_of_a_product("bonus_fen"),
    "visit price": price_of_a_product("visit_price_fen"),
    "lowest item": price_of_a_product("lowest_item_fen"),
    "counter": amount_at_the_counter,
    "merchant agrees": amount_the_merchant_agrees_to,
    "merchant offers": amount_the_merchant_offers_in_a_complaint,
    "officer writes down": amount_an_officer_writes_down,
    "officer decides": amount_an_officer_decides,
}


@pytest.mark.parametrize("place", PLACES)
def test_impossible_amounts_that_people_write(place: str, sign_in: SignIn, language: str) -> None:
    write = PLACES[place](sign_in)
    before = facts()
    for amount in WRITTEN:
        answer = write(amount)
        said = told(answer)
        print(f"{place}: {amount} | {answer.status_code} | {said}")
        assert answer.status_code == 400, (amount, said)
        assert is_in(language, said), said
        for part in (DECIMALS if amount == "0.001" else SUM).parts(language):
            assert part in said, (amount, said)
        assert facts() == before, amount


@pytest.mark.parametrize(
    ("kind", "field", "sentence"),
    [
        (Plan.STORED_VALUE, "amount_fen", SUM),
        (Plan.SESSIONS, "units", Sentence(("whole number", "at least 1"), ("整数", "大于或等于1"))),
    ],
)
@pytest.mark.parametrize("amount", [0, -1, 0.001, "1", "1.00", True, [1], {"fen": 1}, -(2**63), 1e400])
def test_impossible_amounts_that_programs_send(
    kind: str, field: str, sentence: Sentence, amount: Any, sign_in: SignIn, language: str
) -> None:
    shop = make.shop()
    client, card = sign_in(shop.owner), make.card(shop, kind)
    before = facts()
    if amount == float("inf"):
        answer = charge(client, f'{{"code": "{make.shown(card)}", "{field}": 1e400}}')
    else:
        answer = charge(client, {"code": make.shown(card), field: amount})
    said = told(answer)
    assert answer.status_code == 400, said
    assert is_in(language, said), said
    assert all(part in said for part in sentence.parts(language)), said
    assert facts() == before


@pytest.mark.parametrize(("field", "status"), [("amount_fen", 400), ("units", 409)])
def test_a_billion_billion_is_more_than_any_card_holds(field: str, status: int, sign_in: SignIn, language: str) -> None:
    shop = make.shop()
    card = make.card(shop, Plan.STORED_VALUE if field == "amount_fen" else Plan.SESSIONS)
    client = sign_in(shop.owner)
    before = facts()
    for enormous in (10**18, 2**63, 10**30):
        answer = charge(client, {"code": make.shown(card), field: enormous})
        said = told(answer)
        assert answer.status_code == status, said
        assert all(part in said for part in (SUM if field == "amount_fen" else SESSIONS).parts(language)), said
    assert facts() == before


# The bank's API is for programs, in English


@pytest.mark.parametrize("amount", [0, -1, 0.001, 10**18, 10**30, "1", True, None, [1]])
@pytest.mark.parametrize("call", ["payments", "refunds", "payouts"])
def test_the_bank_refuses_impossible_amounts(bank: Bank, call: str, amount: Any) -> None:
    fields = {
        "payments": {"order_no": fresh(), "subject": "卡", "account": fresh(), "return_url": "http://127.0.0.1/"},
        "refunds": {"refund_no": fresh(), "order_no": fresh(), "reason": "退款"},
        "payouts": {
            "payout_no": fresh(), "account": fresh(), "to_account_no": fresh(), "to_name": "店", "remark": "货款",
        },
    }[call]  # fmt: skip
    body = json.dumps({**fields, "notify_url": "http://127.0.0.1/", "amount_fen": amount}).encode()
    var = Path(bank.environment["PREPAID_VAR"])
    before = bank_facts(var)
    answer = httpx.post(
        f"{bank.url}/v1/{call}",
        content=body,
        headers=sign(bank.platform_private, method="POST", path=f"/v1/{call}", body=body),
        trust_env=False,
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("amount_fen must be a whole number of fen from 1 to ")
    assert bank_facts(var) == before
