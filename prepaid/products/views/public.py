"""What everybody may see without signing in: the search, a merchant, a store's live status, a product with its contract."""

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from escrow import clock
from prepaid.merchants.models import Handover, Merchant
from prepaid.merchants.queries import (
    sales_stops,
    sector_rule,
    standing_closings,
    stopped_at,
    unbacked_of,
)
from prepaid.people.access import shows_domain_errors
from prepaid.people.kept_pages import kept_for_strangers
from prepaid.products import queries
from prepaid.products.contract import twelve_items
from prepaid.products.filters import MerchantSearch
from prepaid.products.states import VersionState
from prepaid.products.views.record import records

if TYPE_CHECKING:
    _Paginator = Paginator[Merchant]
else:
    _Paginator = Paginator

MERCHANTS_A_PAGE = 20
#: Nobody reads on; counting and skipping so many costs the same however many merchants there are.
MOST_LISTED = 1_000


class FewPages(_Paginator):
    """The first ``MOST_LISTED`` of a list; ``more`` says that there are others."""

    @cached_property
    def _counted(self) -> int:
        assert isinstance(self.object_list, QuerySet)
        return self.object_list.order_by()[: MOST_LISTED + 1].count()

    @cached_property
    def count(self) -> int:
        """At most ``MOST_LISTED``."""
        return min(MOST_LISTED, self._counted)

    @property
    def more(self) -> bool:
        return self._counted > MOST_LISTED


@require_safe
@kept_for_strangers
def home(request: HttpRequest) -> HttpResponse:
    """Find a merchant by name, district or sector."""
    form = MerchantSearch(request.GET, on=clock.today())
    understood = form.is_valid()

    def asked(name: str) -> str:
        return request.GET.get(name, "")[:100]

    found = queries.search_merchants(
        text=form.cleaned_data.get("q", ""),
        district_code=form.cleaned_data.get("district", ""),
        sector_code=form.cleaned_data.get("sector", ""),
    )
    page = FewPages(found, MERCHANTS_A_PAGE).get_page(request.GET.get("page"))
    shown = list(page)
    covers, stops = queries.custody_cover(shown), sales_stops(shown, on=clock.today())
    return render(
        request,
        "consumer/public/home.html",
        {
            "form": form,
            "page": page,
            "rows": [(merchant, covers[merchant.pk], stops[merchant.pk]) for merchant in shown],
            "searched": not understood or any(form.cleaned_data.values()),
            "question": "?" + urlencode({"name": asked("q"), "district": asked("district"), "sector": asked("sector")}),
        },
        status=200 if understood else 400,
    )


@require_safe
@kept_for_strangers
@shows_domain_errors
def merchant_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One merchant: what it sells, where, what is filed, that its customers' money is there today, what people complained of."""
    merchant, today = queries.public_merchant(pk), clock.today()
    cover = queries.custody_cover([merchant])[pk]
    versions = list(queries.versions_on_sale(pk))
    stopped = stopped_at([merchant])
    closings = standing_closings([merchant]) if merchant.has_closings else []  # type: ignore[attr-defined]  # annotated
    owed = unbacked_of([merchant], on=today) if merchant.has_earlier else {}  # type: ignore[attr-defined]  # annotated
    earlier = owed.get(pk)
    unbacked_fen = earlier.sum_fen if earlier else 0
    return render(
        request,
        "consumer/public/merchant.html",
        {
            "merchant": merchant,
            "cover": cover,
            "versions": versions,
            "filed": [version for version in versions if version.filing.required],
            "stops": sales_stops([merchant], on=today, stopped=stopped, closings=closings, unbacked=owed)[pk],
            "closings": closings,
            "stopped": [one for one in stopped if not one.stops_all_sales],
            "handover_what": Handover.in_words(getattr(merchant, "handover_what", None) or ""),
            "unfiled": queries.filing_missing(merchant, versions, cover=cover, unbacked_fen=unbacked_fen, on=today),
            "earlier": earlier,
            "records": records(merchant, today),
            "today": today,
        },
    )


@never_cache
@require_safe
@kept_for_strangers
@shows_domain_errors
def store_status(request: HttpRequest, pk: int) -> HttpResponse:
    """What the poster at the door leads to: filed, in custody, sales stopped or not, as of the moment it names."""
    store = queries.public_store(pk)
    merchant, now = store.merchant, clock.now()
    all_stopped, closings = stopped_at([merchant]), standing_closings([merchant])
    today = clock.beijing_date(now)
    owed = unbacked_of([merchant], on=today)
    stops = sales_stops([merchant], on=today, stopped=all_stopped, closings=closings, unbacked=owed)[merchant.pk]
    cover = queries.custody_cover([merchant])[merchant.pk]
    versions = list(queries.versions_on_sale(merchant.pk).filter(stores=store))
    unbacked_fen = owed[merchant.pk].sum_fen if owed else 0
    unfiled = queries.filing_missing(merchant, versions, cover=cover, unbacked_fen=unbacked_fen, on=today)
    stopped = [one for one in all_stopped if one.covers(store) and not one.stops_all_sales]
    closings = [one for one in closings if one.store_id in (None, store.pk)]
    sold = [] if any(one.ended_at is None for one in closings) else [one for one in versions if one not in unfiled]
    shut = stops or not (sold and cover.is_covered and store.is_open) or any(one.is_dark for one in stopped)
    return render(
        request,
        "consumer/public/store_status.html",
        {
            "store": store,
            "merchant": merchant,
            "cover": cover,
            "filed": [version for version in sold if version.filing.required],
            "exempt": [version for version in sold if not version.filing.required],
            "stops": stops,
            "stopped": stopped,
            "closings": closings,
            "unfiled": unfiled,
            "unbacked_fen": unbacked_fen,
            "sold": sold,
            "tone": "bad" if shut else "wait" if stopped else "ok",
            "checked_at": now,
        },
    )


@require_safe
@kept_for_strangers
@shows_domain_errors
def product_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract of one version before it is bought: the twelve items, and the refund after each quarter of use."""
    version = queries.public_version(pk)
    merchant, terms = version.product.merchant, version.terms
    custody = queries.custody_of(version, on=clock.today())
    return render(
        request,
        "consumer/public/product.html",
        {
            "version": version,
            "terms": terms,
            "merchant": merchant,
            "on_sale": version.state == VersionState.ON_SALE,
            "stops": sales_stops([merchant], on=clock.today())[merchant.pk],
            "has_open_store": queries.open_stores_of(version).exists(),
            "items": twelve_items(terms, custody_percent=custody.percent),
            "custody": custody,
            "previews": [] if version.after_use else queries.refund_previews(version),
            "cooling_off_days": sector_rule(merchant.sector_id, clock.today()).cooling_off_days,
        },
    )
