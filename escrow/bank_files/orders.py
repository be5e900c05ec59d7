"""Instruction files: orders to a bank with their count and sum, and the same table back with a result in each row.

Columns: docs/reconciliation.md, "Instruction files".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal

from escrow.bank_files import tables
from escrow.bank_files.amounts import fen
from escrow.bank_files.errors import MissingColumns, UnreadableBankFile
from escrow.bank_files.writing import Cell, csv_bytes, xlsx_bytes, yuan

HEAD = "指令文件"
COLUMNS = (
    "序号",
    "指令编号",
    "类型",
    "付款账户",
    "收款账号",
    "收款户名",
    "金额(元)",
    "原支付订单号",
    "附言",
    "结果",
    "失败原因",
)
TOTAL = "合计"
KINDS = {"payout": "划付", "refund": "退款", "return": "退汇"}
RESULTS: dict[str, Literal["succeeded", "failed"]] = {"成功": "succeeded", "失败": "failed"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One line. A refund goes back the way ``order_no`` was paid and has no account."""

    number: str
    kind: str
    custody_no: str
    payee_account: str
    payee_name: str
    amount_fen: int
    order_no: str
    remark: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What the bank answers of one order."""

    line_no: int
    number: str
    amount_fen: int
    state: Literal["succeeded", "failed"] | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A file that came back."""

    batch: str
    count: int
    sum_fen: int
    results: Sequence[Result]


def rows(*, batch: str, orders: Sequence[Order]) -> Iterable[Sequence[Cell]]:
    """The table: count and sum stand in the first row and in the last."""
    total = yuan(sum(order.amount_fen for order in orders))
    yield (HEAD, batch, "笔数", len(orders), "总金额(元)", total)
    yield COLUMNS
    for nth, order in enumerate(orders, start=1):
        yield (
            nth,
            order.number,
            KINDS[order.kind],
            order.custody_no,
            order.payee_account,
            order.payee_name,
            yuan(order.amount_fen),
            order.order_no,
            order.remark,
            "",
            "",
        )
    yield (TOTAL, len(orders), total)


def write(*, batch: str, orders: Sequence[Order], xlsx: bool = False) -> bytes:
    """As CSV, or as XLSX."""
    table = rows(batch=batch, orders=orders)
    return xlsx_bytes({batch: table}) if xlsx else csv_bytes(table)


def is_answer(content: BinaryIO, *, xlsx: bool) -> bool:
    """Whether the file begins like an instruction file, in whichever encoding."""
    head = content.read(40)
    content.seek(0)
    if not xlsx:
        return any(HEAD.encode(encoding) in head for encoding in ("utf-8", "gb18030"))
    first = next(tables.xlsx_rows(content), [])
    content.seek(0)
    return first[:1] == [HEAD]


def read(content: BinaryIO, *, xlsx: bool) -> Answers:
    """The answers of a file.

    Raises:
        UnreadableBankFile: count or sum are not those of its rows, a row is wrong, or it is no instruction file.
    """
    head = content.read(64)
    content.seek(0)
    encoding = "utf-8" if HEAD.encode() in head else "gb18030"
    table = list(tables.xlsx_rows(content) if xlsx else tables.csv_rows(content, delimiter=",", encoding=encoding))
    table = [row for row in table if any(row)]
    if len(table) < 3 or table[0][:1] != [HEAD]:
        raise UnreadableBankFile(where="row 1", what=f"{HEAD}?")
    header = {name: column for column, name in enumerate(table[1])}
    if missing := [name for name in COLUMNS if name not in header]:
        raise MissingColumns(columns=", ".join(missing), row=2)
    body, last = table[2:-1], table[-1]
    try:
        results = [_result(row, header) for row in body]
        stated = {(int(table[0][3]), fen(table[0][5], thousands=",")), (int(last[1]), fen(last[2], thousands=","))}
    except (ValueError, IndexError) as error:
        raise UnreadableBankFile(where=HEAD, what=f"{str(error)[:60]}?") from error
    counted = (len(results), sum(result.amount_fen for result in results))
    if last[0] != TOTAL or stated != {counted}:
        raise UnreadableBankFile(where=TOTAL, what=f"{counted[0]} / {yuan(counted[1])}?")
    return Answers(batch=table[0][1], count=counted[0], sum_fen=counted[1], results=results)


def _result(row: list[str], header: dict[str, int]) -> Result:
    def cell(name: str) -> str:
        return row[header[name]] if header[name] < len(row) else ""

    said = cell("结果")
    if said and said not in RESULTS:
        raise ValueError(said)
    return Result(
        line_no=int(cell("序号")),
        number=cell("指令编号"),
        amount_fen=fen(cell("金额(元)"), thousands=","),
        state=RESULTS.get(said),
        reason=cell("失败原因")[:200],
    )
