"""The sandbox bank over HTTP: payment channel and custody bank of the demo city. The protocol: docs/sandbox-bank.md."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import httpx
from django.conf import settings

from escrow.channels import (
    ChannelRefused,
    ChannelUnknown,
    InvalidSignature,
    Notification,
    PaymentAnswer,
    RefundOrder,
    StatementLine,
    TransferAnswer,
)
from escrow.channels.signing import sign, verify

TIMEOUT = httpx.Timeout(5, connect=2)
MANY_TIMEOUT = httpx.Timeout(30, connect=2)
NOT_SO = (ValueError, KeyError, TypeError, AttributeError)  # what reading an unexpected shape raises
ASK_AGAIN = {401, 408, 425, 429}  # refusals of this message, not of the matter

Answer = TypeVar("Answer")
_client: httpx.Client | None = None


def client() -> httpx.Client:
    """One per process, its connections kept alive for less long than the bank keeps them."""
    global _client
    if _client is None:
        _client = httpx.Client(timeout=TIMEOUT, limits=httpx.Limits(keepalive_expiry=5), trust_env=False)
    return _client


def _forget_client() -> None:
    global _client
    _client = None  # two processes on one connection would read each other's answers


os.register_at_fork(after_in_child=_forget_client)


class SandboxBank:
    """``escrow.channels.Channel`` as the sandbox bank speaks it. The bank knows no card, no shop, no complaint."""

    code = "sandbox"

    def create_payment(
        self, *, order_no: str, amount_fen: int, subject: str, account: str, return_url: str, notify_url: str
    ) -> PaymentAnswer:
        return _call(
            _payment,
            "POST",
            "/v1/payments",
            order_no=order_no,
            amount_fen=amount_fen,
            subject=_one_line(subject, 128),
            account=account,
            return_url=return_url,
            notify_url=notify_url,
        )

    def query_payment(self, *, order_no: str) -> PaymentAnswer | None:
        return _find(_payment, f"/v1/payments/{quote(order_no, safe='')}")

    def close_payment(self, *, order_no: str) -> PaymentAnswer:
        return _call(_payment, "POST", f"/v1/payments/{quote(order_no, safe='')}/close")

    def refund(self, *, refund_no: str, order_no: str, amount_fen: int, reason: str, notify_url: str) -> TransferAnswer:
        return _call(
            _refund,
            "POST",
            "/v1/refunds",
            refund_no=refund_no,
            order_no=order_no,
            amount_fen=amount_fen,
            reason=_one_line(reason, 256),
            notify_url=notify_url,
        )

    def refund_many(
        self, orders: Sequence[RefundOrder], *, notify_url: str
    ) -> dict[str, TransferAnswer | ChannelRefused]:
        refunds = [
            {
                "refund_no": order.refund_no,
                "order_no": order.order_no,
                "amount_fen": order.amount_fen,
                "reason": _one_line(order.reason, 256),
            }
            for order in orders
        ]
        return _call(_refunds, "POST", "/v1/refund-batches", MANY_TIMEOUT, notify_url=notify_url, refunds=refunds)

    def query_refund(self, *, refund_no: str) -> TransferAnswer | None:
        return _find(_refund, f"/v1/refunds/{quote(refund_no, safe='')}")

    def pay_out(
        self,
        *,
        payout_no: str,
        account: str,
        to_account_no: str,
        to_name: str,
        amount_fen: int,
        remark: str,
        notify_url: str,
    ) -> TransferAnswer:
        return _call(
            _payout,
            "POST",
            "/v1/payouts",
            payout_no=payout_no,
            account=account,
            to_account_no=to_account_no,
            to_name=to_name,
            amount_fen=amount_fen,
            remark=_one_line(remark, 256),
            notify_url=notify_url,
        )

    def query_payout(self, *, payout_no: str) -> TransferAnswer | None:
        return _find(_payout, f"/v1/payouts/{quote(payout_no, safe='')}")

    def statement(self, *, after: int, limit: int = 500) -> list[StatementLine]:
        return _call(_lines, "GET", f"/v1/statement?after={after}&limit={limit}")

    def statement_file(self, *, day: date, format: Literal["camt053", "csv"]) -> bytes:
        return _call(_raw, "GET", f"/v1/statement-file?day={day.isoformat()}&format={format}")

    def bill(self, *, day: date) -> bytes:
        return _call(_raw, "GET", f"/v1/bill?day={day.isoformat()}")

    def read_notification(self, *, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Notification:
        verify(settings.SANDBOX_BANK_PUBLIC_KEY, method=method, path=path, headers=headers, body=body)
        try:
            return _notification(json.loads(body))
        except NOT_SO as error:
            raise InvalidSignature(f"signed, but not a notification: {error!r}") from None


def _call(
    read: Callable[[Any], Answer],
    method: Literal["GET", "POST"],
    path: str,
    timeout: httpx.Timeout = TIMEOUT,
    **fields: object,
) -> Answer:
    """What the bank says, read. Only an answer the bank has signed tells what happened; all else is unknown."""
    body = json.dumps(fields, ensure_ascii=False).encode() if method == "POST" else b""
    headers = sign(settings.SANDBOX_PLATFORM_PRIVATE_KEY, method=method, path=path, body=body)
    try:
        answer = client().request(
            method,
            settings.SANDBOX_BANK_URL + path,
            content=body,
            headers={**headers, "Content-Type": "application/json"},
            timeout=timeout,
        )
        verify(
            settings.SANDBOX_BANK_PUBLIC_KEY,
            method=str(answer.status_code),
            path=path,
            headers=answer.headers,
            body=answer.content,
            nonce=headers["X-Nonce"],
        )
        if answer.is_success:
            return read(answer.content if read is _raw else answer.json())
        refusal = answer.json()["error"]
        if answer.is_client_error and answer.status_code not in ASK_AGAIN:
            raise ChannelRefused(refusal["code"], refusal["message"])
        raise ChannelUnknown(f"{method} {path}: {answer.status_code} {refusal['code']}")
    except (httpx.HTTPError, InvalidSignature, *NOT_SO) as error:
        raise ChannelUnknown(f"{method} {path}: {error!r}") from error


def _find(read: Callable[[Any], Answer], path: str) -> Answer | None:
    try:
        return _call(read, "GET", path)
    except ChannelRefused as refusal:
        if refusal.code == "not_found":
            return None
        raise


def _one_line(words: str, most: int) -> str:
    """What people wrote, as the bank takes it: a line break in a reason must not stop a refund."""
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(printable.split())[:most] or "-"


def _raw(said: Any) -> bytes:
    """A file, as it was signed."""
    return bytes(said)


def _payment(said: Any) -> PaymentAnswer:
    return PaymentAnswer(
        order_no=said["order_no"],
        channel_payment_no=said["payment_no"],
        state=said["state"],
        amount_fen=said["amount_fen"],
        cashier_url=said["cashier_url"],
        paid_at=datetime.fromisoformat(said["paid_at"]) if said["paid_at"] else None,
    )


def _refund(said: Any) -> TransferAnswer:
    return _transfer(said, number=said["refund_no"])


def _refunds(said: Any) -> dict[str, TransferAnswer | ChannelRefused]:
    return {
        one["refund_no"]: ChannelRefused(one["error"]["code"], one["error"]["message"])
        if "error" in one
        else _refund(one)
        for one in said["refunds"]
    }


def _payout(said: Any) -> TransferAnswer:
    return _transfer(said, number=said["payout_no"])


def _transfer(said: Any, *, number: str) -> TransferAnswer:
    return TransferAnswer(number=number, state=said["state"], amount_fen=said["amount_fen"], reason=said["failure"])


def _lines(said: Any) -> list[StatementLine]:
    return [StatementLine(**{**line, "at": datetime.fromisoformat(line["at"])}) for line in said["lines"]]


def _notification(said: Any) -> Notification:
    kind = said["type"].partition(".")[0]
    data = said["data"]
    return Notification(
        event_id=said["event_id"],
        type=said["type"],
        payment=_payment(data) if kind == "payment" else None,
        transfer={"refund": _refund, "payout": _payout}[kind](data) if kind != "payment" else None,
    )


def channel() -> SandboxBank:
    """What ``escrow.channels.channel("sandbox")`` asks this module for."""
    return SandboxBank()
