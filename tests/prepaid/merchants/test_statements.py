"""Statements: a month begins where the one before ended, every sum is the ledger's, and the workbook says the same."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum
from django.urls import reverse
from openpyxl import load_workbook

from escrow import operations as escrow
from escrow import queries
from escrow.models import Payout
from escrow.money import yuan
from escrow.states import AccountCode, Reason, RefundBasis
from prepaid.merchants.models import Merchant
from prepaid.merchants.statements import Month, months
from tests.escrow.factories import ACTOR, AT, held_agreement
from tests.prepaid.merchants.factories import make_merchant, owner_of
from tests.prepaid.merchants.test_money import used

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
DAY = timedelta(days=1)


@pytest.fixture
def merchant(client) -> Merchant:
    """A merchant whose owner is signed in: two cards sold in November, one used, paid out and refunded, one used in December."""
    merchant = make_merchant()
    client.force_login(owner_of(merchant).user)
    card, other = held_agreement(merchant.beneficiary), held_agreement(merchant.beneficiary)
    used(card, 4)
    escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + DAY, actor=ACTOR)
    why = {"basis": RefundBasis.JUDGMENT, "reference": "case 1", "at": AT + DAY, "actor": ACTOR}
    escrow.refund(agreement_id=card.pk, amount_fen=50_000, **why)
    used(other, 3, at=AT + 10 * DAY)
    return merchant


def statement(of: Merchant, month: Month) -> dict[str, queries.AccountStatement]:
    return queries.account_statements(of.beneficiary_id, since=month.since, until=month.after.since)


def test_each_month_begins_where_the_one_before_ended_and_ends_with_the_ledger(merchant: Merchant) -> None:
    october, november, december = (statement(merchant, month) for month in (NOVEMBER.before, NOVEMBER, DECEMBER))
    for code in queries.STATEMENT_ACCOUNTS:
        assert (october[code].opening_fen, october[code].moved, october[code].closing_fen) == (0, [], 0)
        assert november[code].opening_fen == 0
        assert december[code].opening_fen == november[code].closing_fen
    now = queries.backing(merchant.beneficiary_id)
    assert december[AccountCode.PAYABLE].closing_fen == now.payable_fen
    assert december[AccountCode.HELD].closing_fen == now.held_fen
    earned = {line.reason: (line.count, line.amount_fen) for line in november[AccountCode.PAYABLE].moved}
    paid = Payout.objects.filter(beneficiary=merchant.beneficiary).aggregate(sum=Sum("amount_fen"))["sum"]
    assert earned[Reason.PAYOUT] == (1, -paid)
    held = {line.reason: line.amount_fen for line in november[AccountCode.HELD].moved}
    assert held[Reason.RELEASE] == -earned[Reason.RELEASE][1] == -paid
    assert held[Reason.REFUND] == -50_000
    assert [line.reason for line in december[AccountCode.PAYABLE].moved] == [Reason.RELEASE]


def test_the_page_and_the_workbook_say_the_same(client, merchant: Merchant, django_assert_max_num_queries) -> None:
    payable = statement(merchant, NOVEMBER)[AccountCode.PAYABLE]
    with django_assert_max_num_queries(12):
        page = client.get(reverse("shop_statement", args=[NOVEMBER])).content.decode()
    for fen in (payable.closing_fen, *(abs(line.amount_fen) for line in payable.moved)):
        assert f"¥{yuan(fen)}" in page
    with django_assert_max_num_queries(12):
        answer = client.get(reverse("shop_statement_xlsx", args=[NOVEMBER]))
    assert answer["Content-Disposition"] == 'attachment; filename="statement-2026-11.xlsx"'
    summary, lines = load_workbook(io.BytesIO(answer.content)).worksheets
    rows = list(lines.values)[1:]
    assert len(rows) == sum(line.count for line in payable.moved)
    assert sum(round(float(row[3]) * 100) for row in rows) == payable.closing_fen - payable.opening_fen
    assert round(float(rows[-1][4]) * 100) == payable.closing_fen
    assert rows[0][5] == Payout.objects.get(beneficiary=merchant.beneficiary).instruction.number
    assert [row[3] for row in summary.values][
        -1
    ] == f"{statement(merchant, NOVEMBER)[AccountCode.HELD].closing_fen / 100:.2f}"


def test_a_month_before_joining_or_to_come_has_no_statement(client, merchant: Merchant) -> None:
    for month in ("2026-02", "2199-01", "2026-13", "x"):
        assert client.get(reverse("shop_statement", args=[month])).status_code == 404, month
        assert client.get(reverse("shop_statement_xlsx", args=[month])).status_code == 404, month


def test_months_pass_over_new_year() -> None:
    found = months(since=datetime(2026, 11, 30, 16, tzinfo=UTC), until=datetime(2027, 2, 1, tzinfo=UTC))
    assert [str(month) for month in found] == ["2027-02", "2027-01", "2026-12"]


def test_weeks_of_trade_add_up(merchant: Merchant) -> None:
    weeks = queries.trading_weeks(merchant.beneficiary_id, until=(AT + 10 * DAY).date(), weeks=3)
    assert [week.since for week in weeks] == [(AT + days * DAY).date() for days in (-7, 0, 7)]
    november, december = (statement(merchant, month)[AccountCode.HELD] for month in (NOVEMBER, DECEMBER))
    moved = {line.reason: line.amount_fen for line in november.moved}
    assert [(week.sold_fen, week.used_fen, week.refunded_fen) for week in weeks] == [
        (0, 0, 0),
        (moved[Reason.FUND], -moved[Reason.RELEASE], 50_000),
        (0, -december.moved[0].amount_fen, 0),
    ]
