"""The merchant's statements: a month's sums by account, and the same with every line as a workbook."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from escrow import clock
from escrow import queries as escrow
from prepaid.merchants.access import manager_page
from prepaid.merchants.charts import Chart, chart
from prepaid.merchants.models import StaffMember
from prepaid.merchants.statements import Month, month_of, months, named, workbook

MONTHS_A_PAGE = 24
#: So many weeks of sales, uses and refunds are drawn.
WEEKS_DRAWN = 12
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@manager_page
def shop_statements(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The last weeks drawn, and every month since the merchant joined."""
    now = clock.now()
    weeks = escrow.trading_weeks(staff.merchant.beneficiary_id, until=clock.beijing_date(now), weeks=WEEKS_DRAWN)
    context = {
        "staff": staff,
        "page": Paginator(_months(staff), MONTHS_A_PAGE).get_page(request.GET.get("page")),
        "this": month_of(now),
        "weeks": weeks,
        "chart": _drawn(weeks) if any(week.sold_fen or week.used_fen or week.refunded_fen for week in weeks) else None,
    }
    return render(request, "merchant/statements.html", context)


def _drawn(weeks: list[escrow.TradingWeek]) -> Chart:
    rows = [
        (_("Refunded"), [week.refunded_fen for week in weeks]),
        (_("Used that week"), [week.used_fen for week in weeks]),
        (_("Sold"), [week.sold_fen for week in weeks]),
    ]
    return chart(rows, names=[f"{week.since:%m-%d}" for week in weeks])


@require_safe
@manager_page
def shop_statement(request: HttpRequest, staff: StaffMember, month: str) -> HttpResponse:
    """One month."""
    of = _month(staff, month)
    found = escrow.account_statements(staff.merchant.beneficiary_id, since=of.since, until=of.after.since)
    context = {"staff": staff, "month": of, "accounts": named(found), "is_open": of == month_of(clock.now())}
    return render(request, "merchant/statement.html", context)


@require_safe
@manager_page
def shop_statement_xlsx(request: HttpRequest, staff: StaffMember, month: str) -> HttpResponse:
    """The same with every line."""
    of, beneficiary_id = _month(staff, month), staff.merchant.beneficiary_id
    found = escrow.account_statements(beneficiary_id, since=of.since, until=of.after.since)
    lines = escrow.payable_lines(beneficiary_id, since=of.since, until=of.after.since)
    return HttpResponse(
        workbook(of, found, lines.iterator()),
        content_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="statement-{of}.xlsx"'},
    )


def _months(staff: StaffMember) -> list[Month]:
    return months(since=staff.merchant.registered_at, until=clock.now())


def _month(staff: StaffMember, text: str) -> Month:
    """Of the merchant's own months; another has no statement."""
    found = next((month for month in _months(staff) if str(month) == text), None)
    if found is None:
        raise Http404
    return found
