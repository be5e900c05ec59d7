"""What the bank sends of a day besides its API: statements as camt.053 and as CSV in GB 18030, and the channel's bill.

Days are Beijing's. A file of today holds what has happened so far.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from django.utils import timezone

from sandbox_bank.models import Account, Line, Payment, Transfer
from sandbox_bank.operations import not_found

BEIJING = ZoneInfo("Asia/Shanghai")
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
#: ISO 20022 external code set: received and issued credit transfers.
CODES = {"payment": ("RCDT", "DMCT"), "refund": ("ICDT", "RRTN"), "payout": ("ICDT", "DMCT")}
PURPOSES = {"payment": "预付卡缴款", "refund": "预付卡退款", "payout": "商户结算划付"}
CSV_COLUMNS = [
    "账号",
    "交易日期",
    "交易时间",
    "收入金额",
    "支出金额",
    "余额",
    "交易流水号",
    "对方户名",
    "对方账号",
    "业务参考号",
    "摘要",
]
BILL_COLUMNS = [
    "交易时间",
    "渠道订单号",
    "商户订单号",
    "交易状态",
    "应结订单金额",
    "商户退款单号",
    "退款金额",
    "退款状态",
    "手续费",
]
BILL_TOTALS = ["总交易单数", "应结订单总金额", "退款总金额", "手续费总金额"]


@dataclass(frozen=True)
class File:
    """An answer that is not JSON."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True)
class Sheet:
    """One account's day."""

    account: str
    day: date
    opening_fen: int
    lines: list[Line]

    @property
    def closing_fen(self) -> int:
        return self.lines[-1].balance_after_fen if self.lines else self.opening_fen


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of the day, and of the next."""
    start = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    return start, start + timedelta(days=1)


def sheets(day: date, account: str) -> list[Sheet]:
    """Of one account, or of all that had money or movements by that day. Raises ``Refused`` for an unknown one."""
    start, end = bounds(day)
    if account and not Account.objects.filter(number=account).exists():
        raise not_found("account")
    told = Line.objects.filter(at__lt=end).order_by("account_id").values_list("account_id", flat=True).distinct()
    numbers = [account] if account else list(told)
    made = []
    for number in numbers:
        before = Line.objects.filter(account_id=number, at__lt=start).order_by("-line_no").first()
        lines = Line.objects.filter(account_id=number, at__gte=start, at__lt=end).order_by("line_no")
        made.append(Sheet(number, day, before.balance_after_fen if before else 0, list(lines)))
    return made


def counterparty(line: Line) -> tuple[str, str]:
    """Name and account on the other side, as far as the bank knows them."""
    if line.kind != "payout":
        return "消费者", ""
    transfer = Transfer.objects.filter(kind="payout", number=line.reference).first()
    return (transfer.to_name, transfer.to_account_no) if transfer else ("", "")


def camt053(day: date, account: str = "") -> File:
    """Every account a statement of its own. ``AcctSvcrRef`` is the line's number, ``EndToEndId`` the caller's."""
    now = timezone.now().astimezone(BEIJING).isoformat(timespec="milliseconds")
    statements = "".join(statement(sheet, now) for sheet in sheets(day, account))
    number = f"CAMT{day:%Y%m%d}{account[-12:]}"
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{escape(number)}</MsgId><CreDtTm>{now}</CreDtTm></GrpHdr>"
        f"{statements}</BkToCstmrStmt></Document>\n"
    )
    return File(f"{number}.xml", "application/xml", body.encode())


def statement(sheet: Sheet, now: str) -> str:
    """One ``Stmt``."""
    start, end = bounds(sheet.day)
    edges = balance("OPBD", sheet.opening_fen, sheet.day) + balance("CLBD", sheet.closing_fen, sheet.day)
    return (
        f"<Stmt><Id>{escape(sheet.account[-20:])}-{sheet.day:%Y%m%d}</Id><CreDtTm>{now}</CreDtTm>"
        f"<FrToDt><FrDtTm>{start.isoformat()}</FrDtTm>"
        f"<ToDtTm>{(end - timedelta(seconds=1)).isoformat()}</ToDtTm></FrToDt>"
        f"<Acct><Id><Othr><Id>{escape(sheet.account)}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{edges}"
        f"{''.join(map(entry, sheet.lines))}</Stmt>"
    )


def balance(code: str, fen: int, day: date) -> str:
    """One ``Bal``; a custody account is never overdrawn."""
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{yuan(fen)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def entry(line: Line) -> str:
    """One ``Ntry``."""
    into = line.direction == Line.Direction.IN
    family, sub = CODES[line.kind]
    name, number = counterparty(line)
    party = "Dbtr" if into else "Cdtr"
    account = f"<{party}Acct><Id><Othr><Id>{escape(number)}</Id></Othr></Id></{party}Acct>" if number else ""
    at = line.at.astimezone(BEIJING).isoformat()
    return (
        f'<Ntry><Amt Ccy="CNY">{yuan(line.amount_fen)}</Amt><CdtDbtInd>{"CRDT" if into else "DBIT"}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>{at}</DtTm></BookgDt><ValDt><Dt>{at[:10]}</Dt></ValDt>"
        f"<AcctSvcrRef>{line.line_no}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd>"
        f"<SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{escape(line.reference)}</EndToEndId></Refs>"
        f"<RltdPties><{party}><Pty><Nm>{escape(name)}</Nm></Pty></{party}>{account}</RltdPties>"
        f"<RmtInf><Ustrd>{PURPOSES[line.kind]}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def statement_csv(day: date, account: str = "") -> File:
    """As banks here send it: GB 18030, a title above the header, thousands separators, the newest row first."""
    rows: list[list[str]] = [["存管账户交易明细", f"{day:%Y%m%d}"], CSV_COLUMNS]
    for sheet in sheets(day, account):
        for line in reversed(sheet.lines):
            into, at = line.direction == Line.Direction.IN, line.at.astimezone(BEIJING)
            amount, (name, number) = f"{line.amount_fen // 100:,}.{line.amount_fen % 100:02d}", counterparty(line)
            after = f"{line.balance_after_fen // 100:,}.{line.balance_after_fen % 100:02d}"
            moved = ["", amount] if not into else [amount, ""]
            told = [str(line.line_no), name, number, line.reference, PURPOSES[line.kind]]
            rows.append([sheet.account, f"{at:%Y%m%d}", f"{at:%H:%M:%S}", *moved, after, *told])
    name = f"STMT{day:%Y%m%d}{account[-12:]}.csv"
    return File(name, "text/csv; charset=gb18030", csv_bytes(rows, "gb18030"))


def bill(day: date) -> File:
    """What the channel counts for the day: payments made and refunds executed, and their sums. It takes no fee."""
    start, end = bounds(day)
    payments = list(Payment.objects.filter(paid_at__gte=start, paid_at__lt=end).order_by("paid_at", "pk"))
    refunds = list(
        Transfer.objects.filter(
            kind=Transfer.Kind.REFUND, state=Transfer.State.SUCCEEDED, done_at__gte=start, done_at__lt=end
        )
        .select_related("payment")
        .order_by("done_at", "pk")
    )
    rows = [BILL_COLUMNS]
    for payment in payments:
        of = [clock(payment.paid_at), payment.payment_no, payment.order_no]
        rows.append(quoted([*of, "SUCCESS", yuan(payment.amount_fen), "", "0.00", "", "0.00"]))
    for refund in refunds:
        paid = refund.payment
        assert paid is not None  # a refund is of a payment
        of = [clock(refund.done_at), paid.payment_no, paid.order_no]
        rows.append(quoted([*of, "REFUND", "0.00", refund.number, yuan(refund.amount_fen), "SUCCESS", "0.00"]))
    paid_fen, refunded_fen = sum(p.amount_fen for p in payments), sum(r.amount_fen for r in refunds)
    totals = [str(len(rows) - 1), yuan(paid_fen), yuan(refunded_fen), "0.00"]
    rows += [BILL_TOTALS, quoted(totals)]
    return File(f"BILL{day:%Y%m%d}.csv", "text/csv; charset=utf-8", csv_bytes(rows, "utf-8-sig"))


def clock(at: datetime | None) -> str:
    """Beijing's, to the second."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if at else ""


def quoted(cells: list[str]) -> list[str]:
    """The backtick keeps a spreadsheet from rounding long numbers."""
    return [f"`{cell}" for cell in cells]


def yuan(fen: int) -> str:
    """Plain digits."""
    return f"{fen // 100}.{fen % 100:02d}"


def csv_bytes(rows: Iterable[list[str]], encoding: str) -> bytes:
    """RFC 4180."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)
