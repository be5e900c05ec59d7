"""Tables to take along: how the days tie out, and the daily file for the city's custody platform (BJ 23).

Columns: docs/reconciliation.md.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from escrow import clock, reconciliation
from escrow.bank_files.writing import Cell, csv_bytes, xlsx_bytes, yuan
from escrow.models import StatementLine, TieOut
from prepaid.backoffice.models import CustodyFile
from prepaid.merchants.models import Merchant

Rows = Iterator[Sequence[Cell]]
#: Of the city's file; its readers are machines, so the names are fixed.
CITY_COLUMNS = (
    "统一社会信用代码",
    "商户名称",
    "存管账户",
    "业务日期",
    "在管卡数",
    "日终余额",
    "当日缴入",
    "当日释放",
    "当日退款",
)


def merchants(beneficiaries: Sequence[int]) -> dict[int, Merchant]:
    """Whose custody accounts these are."""
    found = Merchant.objects.filter(beneficiary_id__in=beneficiaries)
    return {merchant.beneficiary_id: merchant for merchant in found if merchant.beneficiary_id is not None}


def why(lines: Sequence[StatementLine]) -> list[str]:
    """Why each line moved nothing, in words."""
    verdicts = reconciliation.judge((line, line.beneficiary_id) for line in lines)
    return [str((verdict.why or reconciliation.Unmatched.WAITING).label) for verdict in verdicts]


def workbook(*, since: date, until: date, at: datetime) -> bytes:
    """Three sheets: every day and merchant, the lines without a match, the statements that break."""
    tied = list(reconciliation.days().filter(day__range=(since, until)))
    names = merchants([row.beneficiary_id for row in tied])
    return xlsx_bytes(
        {
            _("Days"): _days(tied, names),
            _("Unmatched lines"): _lines(until, at),
            _("Broken statements"): _broken(),
        }
    )


def _days(tied: list[TieOut], names: dict[int, Merchant]) -> Rows:
    yield (_("Day"), _("Custody account"), _("Merchant"), _("Ledger"), _("Bank"), _("Difference"), _("Unmatched"))
    for row in tied:
        merchant = names.get(row.beneficiary_id)
        bank = "" if row.bank_fen is None else yuan(row.bank_fen)
        figures = (yuan(row.ledger_fen), bank, yuan(row.off_fen), row.unmatched)
        yield (row.day, row.beneficiary.custody_no, merchant.name if merchant else "", *figures)


def _lines(until: date, at: datetime) -> Rows:
    """Names and accounts of people are left out: who needs them opens the line, which the audit trail keeps."""
    yield (_("Day"), _("Age (days)"), _("Custody account"), _("In or out"), _("Sum"), _("Reference"), _("Reason"))
    lines, today = list(reconciliation.unmatched_lines(until=until)[:10_000]), clock.beijing_date(at)
    for line, reason in zip(lines, why(lines), strict=True):
        age = max(0, (today - line.day).days)
        yield (
            line.day,
            age,
            line.custody_no,
            line.get_direction_display(),
            yuan(line.amount_fen),
            line.reference,
            reason,
        )


def _broken() -> Rows:
    yield (_("Custody account"), _("Until"), _("Statement"), _("Does not add up by"), _("Gap before it"))
    for one in reconciliation.broken_statements():
        statement = one.statement
        yield (statement.custody_no, statement.to_day, statement.number, yuan(one.off_fen), yuan(one.gap_fen))


def city_file(day: date) -> tuple[int, bytes]:
    """How many merchants, and the file: one row a merchant, then a row with their count and sums. CSV, UTF-8 with a byte
    order mark."""
    rows = reconciliation.custody_days(day)
    names = merchants([row.beneficiary_id for row in rows])
    table: list[Sequence[Cell]] = [CITY_COLUMNS]
    for row in rows:
        merchant = names.get(row.beneficiary_id)
        known = (merchant.uscc, merchant.name) if merchant else ("", "")
        sums = (row.held_fen, row.funded_fen, row.released_fen, row.refunded_fen)
        table.append((*known, row.custody_no, day, row.agreements, *map(yuan, sums)))
    totals = (
        sum(row.held_fen for row in rows),
        sum(row.funded_fen for row in rows),
        sum(row.released_fen for row in rows),
        sum(row.refunded_fen for row in rows),
    )
    table.append(("合计", len(rows), "", day, sum(row.agreements for row in rows), *map(yuan, totals)))
    return len(rows), csv_bytes(table)


def days_to_tell(at: datetime) -> list[date]:
    """The days that are over and not written for the city yet, from the last one written on; else yesterday."""
    over = clock.beijing_date(at) - timedelta(days=1)
    last = CustodyFile.objects.aggregate(last=Max("day"))["last"] or over - timedelta(days=1)
    return [last + timedelta(days=n) for n in range(1, (over - last).days + 1)]
