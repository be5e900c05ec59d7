"""The channel's three kinds of answer, against the real bank, a dead bank and impostors."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from embedded.ports import free_port
from escrow.channels import (
    Channel,
    ChannelRefused,
    ChannelUnknown,
    InvalidSignature,
    NoSuchChannel,
    channel,
)
from escrow.channels import (
    sandbox as sandbox_module,
)
from escrow.channels.signing import sign
from tests.sandbox_bank.bank import Bank, Inbox, fresh, order, paid_order, pay, until


def test_a_channel_is_switched_on_by_settings(settings: Any) -> None:
    settings.PAYMENT_CHANNELS = []
    with pytest.raises(NoSuchChannel):
        channel("sandbox")
    settings.PAYMENT_CHANNELS = ["sandbox"]
    assert channel("sandbox").code == "sandbox"
    with pytest.raises(NoSuchChannel):
        channel("signing")


def test_from_order_to_money_back(sandbox: Channel, inbox: Inbox) -> None:
    payment = order(sandbox, inbox, amount_fen=100_00, account="B-1")
    assert (payment.state, payment.amount_fen, payment.paid_at) == ("created", 100_00, None)
    assert sandbox.query_payment(order_no=payment.order_no) == payment

    assert pay(payment).headers["Location"] == "http://127.0.0.1:9/card/"
    (note,) = until(lambda: inbox.about(payment.order_no))
    assert note.type == "payment.paid"
    assert note.payment == sandbox.query_payment(order_no=payment.order_no)
    assert note.payment.state == "paid"
    assert abs((note.payment.paid_at - datetime.now(UTC)).total_seconds()) < 60

    refund_no, payout_no = fresh("R"), fresh("O")
    asked = sandbox.refund(
        refund_no=refund_no, order_no=payment.order_no, amount_fen=30_00, reason="七日内\n退卡", notify_url=inbox.url
    )
    assert (asked.number, asked.state, asked.amount_fen, asked.reason) == (refund_no, "accepted", 30_00, "")
    sandbox.pay_out(
        payout_no=payout_no,
        account="B-1",
        to_account_no="6222020200001234",
        to_name="北京某某游泳馆有限公司",
        amount_fen=20_00,
        remark="2026-11-22",
        notify_url=inbox.url,
    )
    (refunded,), (paid_out,) = until(lambda: inbox.about(refund_no)), until(lambda: inbox.about(payout_no))
    assert (refunded.type, paid_out.type) == ("refund.succeeded", "payout.succeeded")
    assert refunded.transfer == sandbox.query_refund(refund_no=refund_no)
    assert paid_out.transfer == sandbox.query_payout(payout_no=payout_no)

    lines = [line for line in sandbox.statement(after=0) if line.account == "B-1"]
    assert {(line.kind, line.reference, line.direction, line.amount_fen) for line in lines} == {
        ("payment", payment.order_no, "in", 100_00),
        ("refund", refund_no, "out", 30_00),
        ("payout", payout_no, "out", 20_00),
    }
    assert lines[-1].balance_after_fen == 50_00
    assert sandbox.statement(after=lines[-1].line_no) == []
    assert sandbox.statement(after=lines[0].line_no - 1, limit=1) == lines[:1]


def test_what_the_bank_never_saw_is_none(sandbox: Channel) -> None:
    assert sandbox.query_payment(order_no=fresh()) is None
    assert sandbox.query_refund(refund_no=fresh()) is None
    assert sandbox.query_payout(payout_no=fresh()) is None


def test_a_number_that_is_no_number_is_refused_not_missing(sandbox: Channel) -> None:
    with pytest.raises(ChannelRefused) as refusal:
        sandbox.query_payment(order_no="../payments?x=1")
    assert refusal.value.code == "no_such_call"


@pytest.mark.parametrize("reason", ["退" * 1000, "a\nb\tc", "\x00\x07", "\ud800", "", "　"], ids=ascii)
def test_what_people_write_never_stops_a_refund(sandbox: Channel, inbox: Inbox, reason: str) -> None:
    payment = paid_order(sandbox, inbox)
    refund: dict[str, Any] = {"refund_no": fresh("R"), "order_no": payment.order_no, "amount_fen": 1}
    for _ in range(2):
        assert sandbox.refund(**refund, reason=reason, notify_url=inbox.url).amount_fen == 1


def test_refusals_say_why(sandbox: Channel, inbox: Inbox) -> None:
    payment = paid_order(sandbox, inbox)
    with pytest.raises(ChannelRefused) as refusal:
        sandbox.close_payment(order_no=payment.order_no)
    assert refusal.value.code == "already_paid"
    assert "refunded, not closed" in refusal.value.message


def test_a_bank_that_is_down_is_unknown(bank: Bank, sandbox: Channel, inbox: Inbox, settings: Any) -> None:
    settings.SANDBOX_BANK_URL = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ChannelUnknown):
        order(sandbox, inbox)
    with pytest.raises(ChannelUnknown):
        sandbox.query_payment(order_no="1")


@pytest.mark.slow
def test_a_bank_that_hangs_is_unknown_and_may_have_done_it(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    payment = paid_order(sandbox, inbox, amount_fen=100)
    bank.behave(hang=1, hang_seconds=6)
    refund: dict[str, Any] = {
        "refund_no": fresh("R"),
        "order_no": payment.order_no,
        "amount_fen": 60,
        "reason": "x",
        "notify_url": inbox.url,
    }
    with pytest.raises(ChannelUnknown):
        sandbox.refund(**refund)
    bank.behave()
    assert sandbox.query_refund(refund_no=refund["refund_no"]) is not None
    assert sandbox.refund(**refund).amount_fen == 60  # asked again, not refunded again
    until(lambda: inbox.about(refund["refund_no"]))
    assert [line.amount_fen for line in sandbox.statement(after=0) if line.reference == refund["refund_no"]] == [60]


def test_refused_by_behaviour_does_nothing(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    bank.behave(refuse=1)
    order_no = fresh("C")
    with pytest.raises(ChannelRefused):
        order(sandbox, inbox, order_no=order_no)
    assert sandbox.query_payment(order_no=order_no) is None


def test_our_own_wrong_key_is_unknown_never_refused(bank: Bank, sandbox: Channel, inbox: Inbox, settings: Any) -> None:
    settings.SANDBOX_PLATFORM_PRIVATE_KEY = bank.private
    with pytest.raises(ChannelUnknown, match="unsigned"):
        order(sandbox, inbox)


@pytest.fixture
def impostor(settings: Any) -> Iterator[dict[str, Any]]:
    """Answers 200 to everything, with these headers and this body."""
    says: dict[str, Any] = {"headers": {}, "body": b"{}", "status": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(says["status"])
            for name, value in {**says["headers"], "Content-Length": str(len(says["body"]))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(says["body"])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    says["url"] = f"http://127.0.0.1:{server.server_port}"
    yield says
    server.shutdown()
    server.server_close()


def test_an_answer_nobody_signed_is_unknown(
    sandbox: Channel, inbox: Inbox, impostor: dict[str, Any], settings: Any
) -> None:
    payment = order(sandbox, inbox)
    settings.SANDBOX_BANK_URL = impostor["url"]
    impostor["body"] = json.dumps({**vars(payment), "payment_no": "P1", "state": "paid"}, default=str).encode()
    with pytest.raises(ChannelUnknown, match="missing"):
        sandbox.query_payment(order_no=payment.order_no)


@pytest.mark.parametrize("status", [302, 404, 422, 502])
def test_an_error_nobody_signed_is_unknown_too(
    sandbox: Channel, impostor: dict[str, Any], settings: Any, status: int
) -> None:
    settings.SANDBOX_BANK_URL = impostor["url"]
    impostor |= {"status": status, "body": b'{"error": {"code": "not_found", "message": ""}}'}
    with pytest.raises(ChannelUnknown):
        sandbox.query_payment(order_no="1")


def test_yesterdays_answer_is_unknown(
    bank: Bank, sandbox: Channel, inbox: Inbox, impostor: dict[str, Any], settings: Any
) -> None:
    payment = order(sandbox, inbox)
    path = f"/v1/payments/{payment.order_no}"
    headers = sign(bank.platform_private, method="GET", path=path, body=b"")
    recorded = httpx.get(bank.url + path, headers=headers, trust_env=False).raise_for_status()
    settings.SANDBOX_BANK_URL = impostor["url"]
    impostor["body"] = recorded.content
    impostor["headers"] = {name: recorded.headers[name] for name in ("X-Timestamp", "X-Nonce", "X-Signature")}
    with pytest.raises(ChannelUnknown, match="another request"):
        sandbox.query_payment(order_no=payment.order_no)


def test_a_notification_is_believed_only_as_it_was_sent(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    payment = paid_order(sandbox, inbox)
    until(lambda: inbox.about(payment.order_no))
    path, headers, body = inbox.raw[0]
    for change in (
        {"method": "PUT"},
        {"path": "/notifications/"},
        {"body": body.replace(b'"paid"', b'"closed"')},
        {"body": body.replace(b"123450", b"923450")},
        {"headers": {}},
        *(
            {"headers": {name: value for name, value in headers.items() if name != gone}}
            for gone in headers
            if "X-" in gone
        ),
    ):
        with pytest.raises(InvalidSignature):
            sandbox.read_notification(**{"method": "POST", "path": path, "headers": headers, "body": body, **change})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"event_id": "1", "type": "card.sold", "data": {}}',
        b'{"event_id": "1", "type": 7}',
    ],
)
def test_signed_nonsense_is_no_notification(bank: Bank, sandbox: Channel, body: bytes) -> None:
    headers = sign(bank.private, method="POST", path="/n/", body=body)
    with pytest.raises(InvalidSignature):
        sandbox.read_notification(method="POST", path="/n/", headers=headers, body=body)


def test_a_forked_child_makes_its_own_connections() -> None:
    parents = sandbox_module.client()
    child = os.fork()
    if not child:
        os._exit(0 if sandbox_module._client is None and sandbox_module.client() is not parents else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sandbox_module.client() is parents
