"""What everybody may see without signing in: the search, a merchant, a product with its contract."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from escrow import clock
from prepaid.merchants.queries import sales_stops, sector_rule
from prepaid.people.access import shows_domain_errors
from prepaid.products import queries
from prepaid.products.contract import twelve_items
from prepaid.products.filters import MerchantSearch
from prepaid.products.states import VersionState

MERCHANTS_A_PAGE = 20


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Find a merchant by name, district or sector."""
    form = MerchantSearch(request.GET, on=clock.today())
    understood = form.is_valid()
    found = queries.search_merchants(
        text=form.cleaned_data.get("q", ""),
        district_code=getattr(form.cleaned_data.get("district"), "pk", ""),
        sector_code=getattr(form.cleaned_data.get("sector"), "pk", ""),
    )
    page = Paginator(found, MERCHANTS_A_PAGE).get_page(request.GET.get("page"))
    covers = queries.custody_cover(page.object_list)
    return render(
        request,
        "consumer/public/home.html",
        {
            "form": form,
            "page": page,
            "rows": [(merchant, covers[merchant.pk]) for merchant in page],
            "searched": not understood or any(form.cleaned_data.values()),
        },
        status=200 if understood else 400,
    )


@require_safe
@shows_domain_errors
def merchant_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One merchant: what it sells, where, what is filed, and that its customers' money is there today."""
    merchant = queries.public_merchant(pk)
    return render(
        request,
        "consumer/public/merchant.html",
        {
            "merchant": merchant,
            "cover": queries.custody_cover([merchant])[pk],
            "versions": queries.versions_on_sale(pk),
            "stops": sales_stops([merchant], on=clock.today())[pk],
            "today": clock.today(),
        },
    )


@require_safe
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
            "previews": queries.refund_previews(version),
            "cooling_off_days": sector_rule(merchant.sector_id, clock.today()).cooling_off_days,
        },
    )
