"""Payment channels: what escrow asks of a bank, and the three ways an answer can come out.

A call returns what the channel says, raises ``ChannelRefused`` when the channel definitely did nothing, or
``ChannelUnknown`` when nobody knows. Unknown is never failed: ask again with the same number, every call is idempotent
by the number it carries. Amounts are integer fen, times aware UTC. Never call a channel inside a ledger transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from typing import Literal, Protocol, cast

from django.conf import settings


class ChannelError(Exception):
    """Anything a channel can do to us."""


class ChannelUnknown(ChannelError):
    """Time-out, connection lost, 5xx, an answer nobody signed: it may or may not have happened."""


class ChannelRefused(ChannelError):
    """The channel refused and did nothing; ``code`` is for programs, ``message`` for people who know the channel."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class InvalidSignature(ChannelError):
    """A notification that is unsigned, forged, stale or malformed: answer 401 and change nothing."""


class NoSuchChannel(ChannelError, LookupError):
    """No channel of this code is switched on in ``settings.PAYMENT_CHANNELS``."""


@dataclass(frozen=True)
class PaymentAnswer:
    """A payment as the channel knows it. ``closed`` can never be paid any more, ``paid`` never be closed."""

    order_no: str
    channel_payment_no: str
    state: Literal["created", "paid", "closed"]
    amount_fen: int
    cashier_url: str = ""
    paid_at: datetime | None = None


@dataclass(frozen=True)
class TransferAnswer:
    """A refund or a payout as the channel knows it; ``accepted`` becomes one of the other two, once."""

    number: str
    state: Literal["accepted", "succeeded", "failed"]
    amount_fen: int
    reason: str = ""


@dataclass(frozen=True)
class RefundOrder:
    """One of the refunds of a call."""

    refund_no: str
    order_no: str
    amount_fen: int
    reason: str


@dataclass(frozen=True)
class StatementLine:
    """One line of the custody statement; ``reference`` is our order, refund or payout number."""

    line_no: int
    account: str
    at: datetime
    direction: Literal["in", "out"]
    amount_fen: int
    kind: Literal["payment", "refund", "payout"]
    reference: str
    balance_after_fen: int


@dataclass(frozen=True)
class Notification:
    """Something the channel says has happened: exactly one of ``payment`` and ``transfer`` is there.

    It may be a repeat (same ``event_id``) and may come before what it follows from: treat it as a fact about the
    object it carries, not as a step in a sequence. ``type`` is ``payment.paid``, ``refund.succeeded``,
    ``refund.failed``, ``payout.succeeded`` or ``payout.failed``.
    """

    event_id: str
    type: str
    payment: PaymentAnswer | None
    transfer: TransferAnswer | None


class Channel(Protocol):
    """Every call may raise ``ChannelUnknown`` or ``ChannelRefused``; queries answer None for what it never saw."""

    @property
    def code(self) -> str: ...

    def create_payment(
        self, *, order_no: str, amount_fen: int, subject: str, account: str, return_url: str, notify_url: str
    ) -> PaymentAnswer: ...

    def query_payment(self, *, order_no: str) -> PaymentAnswer | None: ...

    def close_payment(self, *, order_no: str) -> PaymentAnswer:
        """Refused with ``already_paid`` once the money is there: then it is a payment, whatever we wanted."""

    def refund(
        self, *, refund_no: str, order_no: str, amount_fen: int, reason: str, notify_url: str
    ) -> TransferAnswer: ...

    def refund_many(
        self, orders: Sequence[RefundOrder], *, notify_url: str
    ) -> "dict[str, TransferAnswer | ChannelRefused]":
        """What becomes of each, by its number: each is refused by itself, and idempotent by its own number as if it had come
        alone. Of one that is left out nobody knows."""

    def query_refund(self, *, refund_no: str) -> TransferAnswer | None: ...

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
    ) -> TransferAnswer: ...

    def query_payout(self, *, payout_no: str) -> TransferAnswer | None: ...

    def statement(self, *, after: int, limit: int = 500) -> list[StatementLine]:
        """The custody lines numbered above ``after``, in order; fewer than ``limit`` means that was all for now."""

    def statement_file(self, *, day: date, format: Literal["camt053", "csv"]) -> bytes:
        """The custody bank's statement of every account for that day (Beijing)."""

    def bill(self, *, day: date) -> bytes:
        """What the channel counts as paid and refunded on that day (Beijing): ``bank_files.bills``."""

    def read_notification(self, *, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Notification:
        """``path`` as it was called, query included. Raises ``InvalidSignature``."""


def channel(code: str) -> Channel:
    """The channel of that code; its module here is named by the code and makes it with ``channel()``."""
    if code not in settings.PAYMENT_CHANNELS:
        raise NoSuchChannel(code)
    return cast(Channel, import_module(f"{__name__}.{code}").channel())
