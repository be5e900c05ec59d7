"""The shift report: what each person charged at each store on a day, to look at, to print and to take along."""

import csv
import io
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from escrow import clock
from escrow.money import yuan
from prepaid.cards import queries
from prepaid.cards.views.days import day_of
from prepaid.merchants.access import counter_page
from prepaid.merchants.models import StaffMember


@require_GET
@counter_page
def shop_shifts(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """A cashier sees their own; owners and managers everybody's."""
    day = day_of(request)
    shifts = queries.shifts(staff=staff, day=day)
    context = {
        "staff": staff,
        "day": day,
        "today": clock.today(),
        "before": day - timedelta(days=1),
        "shifts": shifts,
        "totals": queries.totals(shifts),
    }
    return render(request, "merchant/shifts.html", context)


@require_GET
@counter_page
def shop_shifts_file(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The same as CSV: UTF-8 with its mark, which Excel needs; times in Beijing, sums in yuan."""
    day = day_of(request)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            _("Day"), _("Store"), _("Person"), _("First charge"), _("Last charge"), _("Charges"), _("Sessions and lessons"),
            _("Check-ins"), _("Final (yuan)"), _("Waiting"), _("Waiting (yuan)"), _("Taken back"), _("Refused"),
        ]
    )  # fmt: skip
    for shift in queries.shifts(staff=staff, day=day):
        first, last = (timezone.localtime(at).strftime("%H:%M") for at in (shift.first_at, shift.last_at))
        writer.writerow(
            [
                day.isoformat(), _plain(shift.store.name), _plain(shift.cashier.user.display_name), first, last, shift.charges,
                shift.visits, shift.check_ins, yuan(shift.final_fen), shift.waiting, yuan(shift.waiting_fen),
                shift.taken_back, shift.refused,
            ]
        )  # fmt: skip
    return HttpResponse(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="shifts-{day.isoformat()}.csv"'},
    )


def _plain(text: str) -> str:
    """What a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
