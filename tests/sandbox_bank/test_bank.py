"""The bank's rules, over HTTP: one number one effect, never more out than in, refused means unchanged."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from escrow.channels import Channel, ChannelRefused, RefundOrder
from escrow.channels.signing import sign
from tests.sandbox_bank.bank import ROOT, Bank, Inbox, fresh, order, paid_order, pay, until


def refund(sandbox: Channel, inbox: Inbox, order_no: str, amount_fen: Any, **fields: Any) -> Any:
    return sandbox.refund(
        **{
            "refund_no": fresh("R"),
            "order_no": order_no,
            "amount_fen": amount_fen,
            "reason": "退卡",
            "notify_url": inbox.url,
            **fields,
        }
    )


def pay_out(sandbox: Channel, inbox: Inbox, account: str, amount_fen: Any, **fields: Any) -> Any:
    return sandbox.pay_out(
        **{
            "payout_no": fresh("O"),
            "account": account,
            "to_account_no": "6222020200001234",
            "to_name": "北京某某公司",
            "amount_fen": amount_fen,
            "remark": "结算",
            "notify_url": inbox.url,
            **fields,
        }
    )


def refused(call: Any, *arguments: Any, **fields: Any) -> str:
    with pytest.raises(ChannelRefused) as refusal:
        call(*arguments, **fields)
    assert refusal.value.message
    return refusal.value.code


def many(sandbox: Channel, inbox: Inbox, *orders: RefundOrder) -> list[str]:
    """What becomes of each: its state, or why it was refused."""
    answers = sandbox.refund_many(orders, notify_url=inbox.url)
    said = [answers[order.refund_no] for order in orders]
    return [one.code if isinstance(one, ChannelRefused) else one.state for one in said]


def last_line(sandbox: Channel) -> int:
    after = 0
    while lines := sandbox.statement(after=after, limit=1000):
        after = lines[-1].line_no
    return after


@pytest.mark.parametrize("amount", [0, -1, 0.001, 1.0, 10**18, "100", "", None, True, [1], {"fen": 1}], ids=repr)
def test_no_such_amount(sandbox: Channel, inbox: Inbox, amount: Any) -> None:
    payment = paid_order(sandbox, inbox, account="amounts")
    before, order_no = last_line(sandbox), fresh("C")
    assert refused(order, sandbox, inbox, order_no=order_no, amount_fen=amount) == "bad_request"
    assert refused(refund, sandbox, inbox, payment.order_no, amount) == "bad_request"
    assert refused(pay_out, sandbox, inbox, "amounts", amount) == "bad_request"
    assert sandbox.query_payment(order_no=order_no) is None
    assert last_line(sandbox) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"order_no": "a b"},
        {"order_no": "x" * 65},
        {"account": ""},
        {"notify_url": "ftp://x/"},
        {"notify_url": "/n/"},
        {"notify_url": "http://x:99999/"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "http://x/\nSet-Cookie: a=b"},
        {"return_url": "http://x; script-src */"},
    ],
    ids=repr,
)
def test_no_such_order(sandbox: Channel, inbox: Inbox, fields: dict[str, Any]) -> None:
    assert refused(order, sandbox, inbox, **fields) == "bad_request"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b"\xff", b'{"order_no": 1' + b"0" * 5000 + b"}", b'{"subject": "\\ud800"}', b"[" * 50000],
    ids=lambda body: repr(body[:20]),
)
def test_no_such_body(bank: Bank, body: bytes) -> None:
    headers = sign(bank.platform_private, method="POST", path="/v1/payments", body=body)
    answer = httpx.post(f"{bank.url}/v1/payments", content=body, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_a_body_without_end_is_refused(bank: Bank) -> None:
    body = b" " * 300_000
    headers = sign(bank.platform_private, method="POST", path="/v1/payments", body=body)
    assert httpx.post(f"{bank.url}/v1/payments", content=body, headers=headers, trust_env=False).status_code == 413


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", "after=" + "9" * 30])
def test_no_such_page_of_the_statement(bank: Bank, query: str) -> None:
    path = f"/v1/statement?{query}"
    headers = sign(bank.platform_private, method="GET", path=path, body=b"")
    assert httpx.get(bank.url + path, headers=headers, trust_env=False).status_code == 400


def test_nobody_calls_unsigned_or_as_somebody_else(bank: Bank) -> None:
    for path in ("/v1/payments", "/v1/refunds", "/v1/payouts", "/v1/behaviour", "/v1/anything"):
        assert httpx.post(bank.url + path, content=b"{}", trust_env=False).status_code == 401
        signed = sign(bank.private, method="POST", path=path, body=b"{}")  # the bank is not the platform
        assert httpx.post(bank.url + path, content=b"{}", headers=signed, trust_env=False).status_code == 401
    assert httpx.get(f"{bank.url}/v1/statement", trust_env=False).status_code == 401


def test_the_same_order_is_the_same_payment(sandbox: Channel, inbox: Inbox) -> None:
    first = order(sandbox, inbox, order_no=(number := fresh("C")), account="same")
    assert order(sandbox, inbox, order_no=number, account="same") == first
    for other in ({"amount_fen": 1}, {"account": "other"}, {"subject": "other"}, {"return_url": "http://other/"}):
        assert refused(order, sandbox, inbox, **{"order_no": number, "account": "same", **other}) == "number_reused"
    assert sandbox.query_payment(order_no=number) == first


def test_the_same_refund_and_payout_happen_once(sandbox: Channel, inbox: Inbox) -> None:
    payment = paid_order(sandbox, inbox, amount_fen=100, account=(account := fresh("A")))
    refund_no, payout_no = fresh("R"), fresh("O")
    for _ in range(3):
        refund(sandbox, inbox, payment.order_no, 30, refund_no=refund_no)
        pay_out(sandbox, inbox, account, 30, payout_no=payout_no)
    until(lambda: inbox.about(refund_no) and inbox.about(payout_no))
    assert refund(sandbox, inbox, payment.order_no, 30, refund_no=refund_no).state == "succeeded"
    assert refused(refund, sandbox, inbox, payment.order_no, 31, refund_no=refund_no) == "number_reused"
    assert refused(pay_out, sandbox, inbox, account, 30, payout_no=payout_no, to_name="other") == "number_reused"
    assert [line.amount_fen for line in sandbox.statement(after=0, limit=1000) if line.account == account] == [
        100,
        30,
        30,
    ]


def test_only_what_was_paid_can_be_refunded(sandbox: Channel, inbox: Inbox) -> None:
    unpaid = order(sandbox, inbox)
    assert refused(refund, sandbox, inbox, unpaid.order_no, 1) == "not_paid"
    assert refused(refund, sandbox, inbox, fresh("C"), 1) == "not_paid"
    paid = paid_order(sandbox, inbox, amount_fen=100)
    assert refused(refund, sandbox, inbox, paid.order_no, 101) == "above_payment"
    refund(sandbox, inbox, paid.order_no, 60)
    assert refused(refund, sandbox, inbox, paid.order_no, 41) == "above_payment"
    refund(sandbox, inbox, paid.order_no, 40)


def test_an_account_pays_only_what_it_holds(sandbox: Channel, inbox: Inbox) -> None:
    payment = paid_order(sandbox, inbox, amount_fen=100, account=(account := fresh("A")))
    paid_order(sandbox, inbox, amount_fen=1000, account=fresh("A"))  # another's money
    assert refused(pay_out, sandbox, inbox, account, 101) == "insufficient_funds"
    assert refused(pay_out, sandbox, inbox, fresh("A"), 1) == "no_such_account"
    pay_out(sandbox, inbox, account, 70)
    assert refused(pay_out, sandbox, inbox, account, 31) == "insufficient_funds"
    assert refused(refund, sandbox, inbox, payment.order_no, 31) == "insufficient_funds"
    pay_out(sandbox, inbox, account, 30)


def test_a_returned_payout_leaves_the_money_where_it_was(sandbox: Channel, inbox: Inbox) -> None:
    paid_order(sandbox, inbox, amount_fen=100, account=(account := fresh("A")))
    payout_no = fresh("O")
    assert pay_out(sandbox, inbox, account, 100, payout_no=payout_no, to_account_no="62220000").state == "accepted"
    (note,) = until(lambda: inbox.about(payout_no))
    assert (note.type, note.transfer.state, note.transfer.reason) == (
        "payout.failed",
        "failed",
        "account does not exist",
    )
    pay_out(sandbox, inbox, account, 100)


def test_a_failed_refund_can_be_asked_for_again_under_another_number(
    bank: Bank, sandbox: Channel, inbox: Inbox
) -> None:
    payment = paid_order(sandbox, inbox, amount_fen=100)
    bank.behave(fail=1)
    refund(sandbox, inbox, payment.order_no, 100, refund_no=(failed := fresh("R")))
    (note,) = until(lambda: inbox.about(failed))
    assert note.type == "refund.failed"
    assert note.transfer.reason
    bank.behave()
    refund(sandbox, inbox, payment.order_no, 100, refund_no=(again := fresh("R")))
    assert until(lambda: inbox.about(again))[0].type == "refund.succeeded"


def test_closed_is_never_paid_and_paid_never_closed(sandbox: Channel, inbox: Inbox) -> None:
    payment = order(sandbox, inbox)
    with httpx.Client(trust_env=False) as late:  # the payer who has the page open
        page = late.get(payment.cashier_url)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        assert sandbox.close_payment(order_no=payment.order_no).state == "closed"
        assert sandbox.close_payment(order_no=payment.order_no).state == "closed"
        answer = late.post(payment.cashier_url, data={"csrfmiddlewaretoken": token})
    assert answer.status_code == 409
    assert "订单已关闭" in answer.text
    assert sandbox.query_payment(order_no=payment.order_no).state == "closed"
    assert refused(sandbox.close_payment, order_no=paid_order(sandbox, inbox).order_no) == "already_paid"
    assert refused(sandbox.close_payment, order_no=fresh()) == "not_found"


def test_eight_payers_of_one_order_pay_once(sandbox: Channel, inbox: Inbox) -> None:
    payment = order(sandbox, inbox, account=fresh("A"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(pay, [payment] * 8))
    assert {answer.status_code for answer in answers} <= {200, 303}
    assert len([line for line in sandbox.statement(after=0, limit=1000) if line.reference == payment.order_no]) == 1


def test_eight_refunds_of_a_quarter_are_four(sandbox: Channel, inbox: Inbox) -> None:
    payment = paid_order(sandbox, inbox, amount_fen=100)

    def attempt(_: int) -> str:
        try:
            return refund(sandbox, inbox, payment.order_no, 25).state
        except ChannelRefused as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(8))) == ["above_payment"] * 4 + ["accepted"] * 4


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paid=st.integers(1, 200), asked=st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=6))
def test_never_more_out_than_in(sandbox: Channel, inbox: Inbox, paid: int, asked: list[tuple[bool, int]]) -> None:
    """Whatever is asked in whatever order, the bank agrees with the simplest of all models: one number."""
    payment = paid_order(sandbox, inbox, amount_fen=paid, account=(account := fresh("A")))
    left, numbers = paid, []
    for as_refund, amount_fen in asked:
        call, where, kind = (refund, payment.order_no, "refund_no") if as_refund else (pay_out, account, "payout_no")
        try:
            call(sandbox, inbox, where, amount_fen, **{kind: (number := fresh("T"))})
        except ChannelRefused:
            assert amount_fen > left
        else:
            assert amount_fen <= left
            left -= amount_fen
            numbers.append(number)
    until(lambda: all(inbox.about(number) for number in numbers))
    lines = [line for line in sandbox.statement(after=0, limit=1000) if line.account == account]
    balance = 0
    for line in lines:
        balance += line.amount_fen if line.direction == "in" else -line.amount_fen
        assert line.balance_after_fen == balance >= 0
    assert balance == left
    assert sorted(line.reference for line in lines) == sorted([payment.order_no, *numbers])


def test_migrations_are_complete(bank: Bank) -> None:
    command = "import django; django.setup(); from django.core.management import call_command as call; call('makemigrations', check=True)"
    environment = {**bank.environment, "DJANGO_SETTINGS_MODULE": "sandbox_bank.settings"}
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SANDBOX_BANK_PRIVATE_KEY": ""}, "Set SANDBOX_BANK_PRIVATE_KEY to a raw 32-byte Ed25519 key in base64"),
        ({"SANDBOX_PLATFORM_PUBLIC_KEY": "AAAA"}, "Set SANDBOX_PLATFORM_PUBLIC_KEY"),
        ({"SANDBOX_BANK_CHAOS": '{"hang": 2}'}, "SANDBOX_BANK_CHAOS: hang must be a number from 0 to 1"),
        ({"SANDBOX_BANK_CHAOS": "hang"}, "SANDBOX_BANK_CHAOS:"),
        ({"SANDBOX_BANK_PORT": "x"}, "SANDBOX_BANK_PORT"),
        ({"PREPAID_VAR": "/proc/none"}, "cannot keep its data under /proc/none/bank"),
    ],
    ids=str,
)
def test_it_says_in_one_sentence_why_it_does_not_start(bank: Bank, change: dict[str, str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox_bank"],
        cwd=ROOT,
        env={**bank.environment, **change},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_one_sentence_too(bank: Bank) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox_bank"],
        cwd=ROOT,
        env=bank.environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"sandbox bank: port {bank.port} is in use; set SANDBOX_BANK_PORT to a free one."


def test_refunds_of_one_call_are_each_taken_or_refused_as_if_they_came_alone(sandbox: Channel, inbox: Inbox) -> None:
    paid, unpaid = paid_order(sandbox, inbox, amount_fen=10_000), order(sandbox, inbox, amount_fen=10_000)
    first, above, rest, again = (
        RefundOrder(fresh("R"), paid.order_no, fen, "闭店") for fen in (6_000, 5_000, 4_000, 1)
    )
    stranger = RefundOrder(fresh("R"), unpaid.order_no, 1, "闭店")
    said = many(sandbox, inbox, first, above, stranger, rest, again)
    assert said == ["accepted", "above_payment", "not_paid", "accepted", "above_payment"]
    assert sandbox.query_refund(refund_no=above.refund_no) is None
    other_sum = RefundOrder(first.refund_no, paid.order_no, 1, "闭店")
    assert many(sandbox, inbox, other_sum) == ["number_reused"]
    until(lambda: sandbox.query_refund(refund_no=rest.refund_no).state == "succeeded")
    assert set(many(sandbox, inbox, first, rest)) <= {"accepted", "succeeded"}
    lines = [
        line for line in sandbox.statement(after=0, limit=1000) if line.reference in {first.refund_no, rest.refund_no}
    ]
    assert sorted(line.amount_fen for line in lines) == [4_000, 6_000]


def test_a_call_of_too_many_or_of_something_else_changes_nothing(sandbox: Channel, inbox: Inbox) -> None:
    paid = paid_order(sandbox, inbox, amount_fen=10_000)
    good = RefundOrder(fresh("R"), paid.order_no, 1, "闭店")
    for orders in ([], [good] * 251, [good, RefundOrder(fresh("R"), paid.order_no, 0, "闭店")]):
        assert refused(sandbox.refund_many, orders, notify_url=inbox.url) == "bad_request"
    assert sandbox.query_refund(refund_no=good.refund_no) is None
