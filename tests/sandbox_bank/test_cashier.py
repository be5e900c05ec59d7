"""The page people pay on."""

import re

import httpx
import pytest

from escrow.channels import Channel
from tests.sandbox_bank.bank import Bank, Inbox, order, paid_order, pay

CHINESE, ENGLISH = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}, {"Accept-Language": "en-GB,en;q=0.9,zh;q=0.8"}


def get(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.get(url, headers=headers or {}, trust_env=False)


def test_it_says_what_is_paid_to_whom(sandbox: Channel, inbox: Inbox) -> None:
    payment = order(sandbox, inbox, subject="游泳馆 · 十次卡", account="91110105MA01XK3T0C")
    page = get(payment.cashier_url).text
    for words in ("¥1,234.50", "游泳馆 · 十次卡", "资金存管账户", "91110105MA01XK3T0C", payment.order_no, "演示环境"):
        assert words in page
    assert len(page.encode()) < 20_000
    assert "<script" not in page


@pytest.mark.parametrize(
    ("headers", "query", "lang"),
    [
        ({}, "", "zh-Hans"),
        (CHINESE, "", "zh-Hans"),
        (ENGLISH, "", "en"),
        (CHINESE, "?lang=en", "en"),
        (ENGLISH, "?lang=zh", "zh-Hans"),
        ({"Accept-Language": "fr,de;q=0.5"}, "?lang=xx", "zh-Hans"),
    ],
)
def test_in_the_readers_language(
    sandbox: Channel, inbox: Inbox, headers: dict[str, str], query: str, lang: str
) -> None:
    page = get(order(sandbox, inbox).cashier_url + query, headers).text
    assert f'<html lang="{lang}">' in page
    assert ("确认支付" in page) == (lang == "zh-Hans")


def test_both_languages_say_the_same_things() -> None:
    from sandbox_bank.words import WORDS

    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_nothing_foreign_runs_on_it(sandbox: Channel, inbox: Inbox) -> None:
    payment = order(sandbox, inbox, subject='<script>alert("1")</script>', return_url="http://shop.example:8000/a?b=1")
    answer = get(payment.cashier_url)
    assert "&lt;script&gt;" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self' http://shop.example:8000;" in policy
    assert "unsafe" not in policy
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_paying_twice_shows_the_same_receipt(sandbox: Channel, inbox: Inbox) -> None:
    payment = order(sandbox, inbox)
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(payment.cashier_url)
        form = {"csrfmiddlewaretoken": re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]}
        first, second = (browser.post(payment.cashier_url, data=form) for _ in range(2))
        receipts = {browser.get(payment.cashier_url).text for _ in range(2)}
    assert (first.status_code, first.headers["Location"]) == (303, "http://127.0.0.1:9/card/")
    assert (second.status_code, second.headers["Location"]) == (303, "http://127.0.0.1:9/card/")
    (receipt,) = receipts
    for words in ("支付成功", "¥1,234.50", payment.channel_payment_no):
        assert words in receipt
    assert "<button" not in receipt
    assert len([line for line in sandbox.statement(after=0, limit=1000) if line.reference == payment.order_no]) == 1


def test_a_form_from_elsewhere_pays_nothing(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    payment = order(sandbox, inbox)
    answer = httpx.post(payment.cashier_url, data={"csrfmiddlewaretoken": "x" * 64}, trust_env=False)
    assert answer.status_code == 403
    assert "页面已失效" in answer.text
    assert sandbox.query_payment(order_no=payment.order_no).state == "created"


def test_leaving_pays_nothing_and_keeps_the_order(sandbox: Channel, inbox: Inbox) -> None:
    payment = order(sandbox, inbox, return_url="http://127.0.0.1:9/card/?a=1&b=2")
    assert '<a class="quiet" href="http://127.0.0.1:9/card/?a=1&amp;b=2">' in get(payment.cashier_url).text
    assert pay(payment).status_code == 303


def test_an_address_nobody_was_given(bank: Bank) -> None:
    answer = get(f"{bank.url}/cashier/none/")
    assert answer.status_code == 404
    assert "没有扣款" in answer.text
    assert get(f"{bank.url}/nowhere/").status_code == 404


def test_what_the_bank_sees(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    payment = paid_order(sandbox, inbox, account="overview-1")
    page = get(f"{bank.url}/", ENGLISH).text
    for words in ("overview-1", payment.order_no, "+¥1,234.50", "Payment in"):
        assert words in page


def test_the_counter_takes_cash_once_for_each_slip(sandbox: Channel, bank: Bank) -> None:
    address = f"{bank.url}/cashier/counter/"
    with httpx.Client(trust_env=False, headers=ENGLISH) as client:
        page = client.get(address, params={"account": "6200000000000001", "code": "D1", "amount": "12.5"})
        assert 'value="D1"' in page.text
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        slip = {"csrfmiddlewaretoken": token[1], "account": "6200000000000001", "code": "D1", "amount": "12.5"}
        for wrong, status in (
            ({"amount": "0"}, 400),
            ({"amount": "1e3"}, 400),
            ({"amount": "1.005"}, 400),
            ({"code": "<b>"}, 400),
            ({"account": "1"}, 422),
        ):
            assert client.post(address, data={**slip, **wrong}).status_code == status
        assert client.post(address, data={**slip, "csrfmiddlewaretoken": "x"}).status_code == 403
        assert "¥12.50" in client.post(address, data=slip).text
        again = client.post(address, data=slip)
        assert (again.status_code, "was used before" in again.text) == (409, True)
    [line] = [line for line in sandbox.statement(after=0) if line.account == slip["account"]]
    assert (line.direction, line.kind, line.reference, line.amount_fen) == ("in", "payment", "D1", 1_250)
