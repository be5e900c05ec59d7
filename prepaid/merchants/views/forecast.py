"""What joining gives: for everybody who thinks about it, and for who has joined. Nothing that is typed is kept."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from escrow import clock
from prepaid.merchants import queries
from prepaid.merchants.access import manager_page
from prepaid.merchants.charts import Chart, chart
from prepaid.merchants.forecast import Facts, Forecast, Way, forecast
from prepaid.merchants.forms import ForecastForm
from prepaid.merchants.models import StaffMember
from prepaid.people.kept_pages import kept_for_strangers

WAY_NAMES = {
    Way.NOW: lambda: _("Now, nothing in custody"),
    Way.CUSTODY: lambda: _("In custody, paid use by use"),
    Way.EARLY: lambda: _("In custody, with early release"),
    Way.MONTHLY: lambda: _("In custody, customers pay by the month"),
}


@require_http_methods(["GET", "POST"])
@kept_for_strangers
def forecast_public(request: HttpRequest) -> HttpResponse:
    """For a merchant that has not joined. No account is needed."""
    form = _form(request, on=clock.today(), asks_sector=True)
    return _page(request, form, template="consumer/public/forecast.html", context={"place": reverse("forecast")})


@require_http_methods(["GET", "POST"])
@manager_page
def shop_forecast(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The same with the merchant's own sector and rating."""
    form = _form(request, on=clock.today(), asks_sector=False)
    context = {"staff": staff, "place": reverse("shop_forecast")}
    rules = {"sector": staff.merchant.sector_id, "rating": staff.merchant.rating}
    return _page(request, form, template="merchant/forecast.html", context=context, rules=rules)


def _form(request: HttpRequest, *, on: date, asks_sector: bool) -> ForecastForm:
    """Figures stand in the address; only a file has to be posted."""
    if request.method == "POST":
        return ForecastForm(request.POST, request.FILES, on=on, asks_sector=asks_sector)
    return ForecastForm(request.GET if "visits" in request.GET else None, on=on, asks_sector=asks_sector)


def _page(
    request: HttpRequest,
    form: ForecastForm,
    *,
    template: str,
    context: dict[str, object],
    rules: dict[str, str] | None = None,
) -> HttpResponse:
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            if request.method == "POST" and not form.cleaned_data["file"]:
                return redirect(f"{context['place']}?{_address(request)}")
            typed, status = form.cleaned_data, 200
            custody = queries.custody_least((rules or typed)["sector"], (rules or typed)["rating"], on=clock.today())
            early = queries.early_figures(on=clock.today())
            facts = Facts(**form.figures, custody_percent=custody.percent, early=early)
            found = forecast(facts, weeks=len(facts.sales))
            names = {way: name() for way, name in WAY_NAMES.items()}
            context |= {
                "found": found,
                "names": names,
                "outlooks": [(names[outlook.way], outlook) for outlook in found.outlooks],
                "chart": _chart(found, names),
                "custody": custody,
                "early": early,
                "owed_fen": max(week.owed_fen for week in found.weeks),
            }
    return render(request, template, context | {"form": form}, status=status)


def _address(request: HttpRequest) -> str:
    typed = request.POST.copy()
    typed.pop("csrfmiddlewaretoken", None)
    return typed.urlencode()


def _chart(found: Forecast, names: dict[Way, str]) -> Chart:
    weeks = [str(week.number) for week in found.weeks]
    return chart([(name, found.balances(way)) for way, name in names.items()], names=weeks)
