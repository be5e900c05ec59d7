"""The channel's daily bill (交易账单): one row a payment or refund, then a row of counts and sums that must agree.

The columns are those of the big Chinese channels, by any of their names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal

from escrow.bank_files import tables
from escrow.bank_files.amounts import BEIJING, fen
from escrow.bank_files.errors import MissingColumns, UnreadableBankFile
from escrow.bank_files.statement import MOST_LINES

COLUMNS: dict[str, tuple[str, ...]] = {
    "at": ("交易时间", "发生时间"),
    "channel_no": ("渠道订单号", "微信订单号", "支付宝交易号"),
    "order_no": ("商户订单号",),
    "state": ("交易状态", "业务类型"),
    "amount": ("应结订单金额", "订单金额", "收入金额"),
    "refund_no": ("商户退款单号", "退款批次号"),
    "refund": ("退款金额", "支出金额"),
    "fee": ("手续费", "服务费"),
}
#: The row of sums: count, payments, refunds, fees.
TOTALS: tuple[tuple[str, ...], ...] = (("总交易单数",), ("应结订单总金额",), ("退款总金额",), ("手续费总金额",))


@dataclass(frozen=True, kw_only=True, slots=True)
class BillLine:
    """A payment (``number`` is our order's) or a refund (our refund's) that the channel counts; ``amount_fen`` positive."""

    kind: Literal["payment", "refund"]
    number: str
    channel_no: str
    amount_fen: int
    fee_fen: int
    at: datetime


def is_bill(head: bytes) -> bool:
    """Whether the file begins like a bill, in either encoding."""
    return any("商户订单号".encode(encoding) in head for encoding in ("utf-8", "gb18030"))


def read(content: BinaryIO) -> list[BillLine]:
    """Every line of the bill.

    Raises:
        UnreadableBankFile: a row is wrong, or the sums of the last row are not those of the rows: it is not whole.
    """
    head = content.read(400)
    content.seek(0)
    encoding = "utf-8" if "商户订单号".encode() in head else "gb18030"
    rows = tables.csv_rows(content, delimiter=",", encoding=encoding)
    header = _header(next(rows, []))
    lines: list[BillLine] = []
    for nth, row in enumerate(rows, start=2):
        if nth > MOST_LINES:
            raise UnreadableBankFile(where=f"row {nth}", what=f"> {MOST_LINES}")
        if not any(row):
            continue
        if row[0] in TOTALS[0]:
            _check(lines, next(rows, []), nth + 1)
            return lines
        try:
            lines.append(_line(row, header))
        except (ValueError, IndexError) as error:
            raise UnreadableBankFile(where=f"row {nth}", what=f"{str(error)[:60]}?") from error
    raise UnreadableBankFile(where="end", what="/".join(TOTALS[0]))


def _header(row: list[str]) -> dict[str, int]:
    found = {}
    for name, spellings in COLUMNS.items():
        at = next((column for column, cell in enumerate(row) if cell in spellings), None)
        if at is None:
            raise MissingColumns(columns="/".join(spellings), row=1)
        found[name] = at
    return found


def _line(row: list[str], header: dict[str, int]) -> BillLine:
    cells = {name: row[column] for name, column in header.items()}
    refund = cells["state"] in {"REFUND", "退款", "交易退款"}
    if not refund and cells["state"] not in {"SUCCESS", "交易", "交易付款"}:
        raise ValueError(cells["state"])
    amount = fen(cells["refund" if refund else "amount"], thousands=",")
    number = cells["refund_no" if refund else "order_no"]
    if amount == 0 or not number:
        raise ValueError(number or "0")
    return BillLine(
        kind="refund" if refund else "payment",
        number=number[:64],
        channel_no=cells["channel_no"][:64],
        amount_fen=abs(amount),
        fee_fen=fen(cells["fee"] or "0", thousands=","),
        at=datetime.fromisoformat(cells["at"]).replace(tzinfo=BEIJING),
    )


def _check(lines: list[BillLine], row: list[str], nth: int) -> None:
    def total(kind: str) -> int:
        return sum(line.amount_fen for line in lines if line.kind == kind)

    said: Iterator[int]
    try:
        said = iter([int(row[0]), *(abs(fen(cell, thousands=",")) for cell in row[1:3])])
    except (ValueError, IndexError) as error:
        raise UnreadableBankFile(where=f"row {nth}", what="/".join(TOTALS[0])) from error
    counted = (len(lines), total("payment"), total("refund"))
    for name, ours, theirs in zip(TOTALS, counted, said, strict=False):
        if ours != theirs:
            raise UnreadableBankFile(where=f"row {nth}", what=f"{name[0]} {theirs} ≠ {ours}")
