"""The merchant's products: draft, check, file, revise, withdraw."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from escrow import clock
from escrow.errors import DomainError
from escrow.money import yuan
from escrow.states import Plan
from prepaid.merchants.access import manager_page
from prepaid.merchants.forms import refuse
from prepaid.merchants.models import Merchant, StaffMember
from prepaid.merchants.queries import stores_of
from prepaid.merchants.views.today import Matter, Todo, register_matters, register_todo
from prepaid.people.access import me
from prepaid.products import compliance, operations, queries
from prepaid.products.contract import twelve_items
from prepaid.products.errors import NotCompliant
from prepaid.products.forms import ProductForm
from prepaid.products.models import FilingWarning, ProductVersion
from prepaid.products.states import FilingState, ProductKind, VersionState

#: What the address of a new membership calls its kind.
MONTHLY = "monthly"
AFTER_USE = "after-use"


@register_todo
def product_todos(merchant: Merchant) -> list[Todo]:
    """What is still missing before the merchant sells a card."""
    states = set(ProductVersion.objects.filter(product__merchant=merchant).values_list("state", flat=True))
    filed = bool(states - {VersionState.DRAFT})
    note = _("Waiting for the regulator.") if VersionState.FILED in states else ""
    products = reverse("shop_products")
    return [
        Todo(label=_("Draft a product"), url=reverse("shop_product_new"), done=bool(states)),
        Todo(label=_("Submit it for filing"), url=products, done=filed, note=note),
        Todo(label=_("Have a product on sale"), url=products, done=VersionState.ON_SALE in states),
    ]


@register_matters(lambda staff: queries.returned_versions(staff.merchant_id))
def returned_versions(versions: QuerySet[ProductVersion]) -> list[Matter]:
    """What the regulator returned and the merchant has not revised yet."""
    return [
        Matter(
            label=_("Filing returned: %(product)s") % {"product": version.product.name},
            url=reverse("shop_version", args=[version.pk]),
            note=version.filing.reason,
        )
        for version in versions
    ]


@register_matters(lambda staff: FilingWarning.objects.filter(merchant=staff.merchant_id, ended_at=None))
def foreseen_filing(warnings: QuerySet[FilingWarning]) -> list[Matter]:
    """That the merchant will soon have to file its cards."""
    return [
        Matter(
            label=_("File now: at this pace you pass ¥%(sum)s on %(day)s")
            % {"sum": yuan(warning.threshold_fen), "day": warning.day},
            url=reverse("shop_products"),
            note=_("Your customers' unused money is ¥%(balance)s now.") % {"balance": yuan(warning.balance_fen)},
            due_on=warning.passes_on,
        )
        for warning in warnings
    ]


@require_safe
@manager_page
def shop_products(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """All products, each with its newest version and what is on sale; a warning before filing becomes a duty."""
    rows = list(queries.products_of(staff.merchant_id))
    unfiled = any(
        version.state == VersionState.ON_SALE and version.filing.state == FilingState.EXEMPT
        for product in rows
        for version in product.versions.all()
    )
    watch = queries.filing_watch(staff.merchant, on=clock.today()) if unfiled else None
    return render(request, "merchant/products.html", {"staff": staff, "rows": rows, "watch": watch})


@require_safe
@manager_page
def shop_product_new(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Choose the kind of card first: each has its own figures."""
    has_store = stores_of(staff.merchant_id).filter(is_open=True).exists()
    return render(request, "merchant/product_new.html", {"staff": staff, "has_store": has_store})


@require_http_methods(["GET", "POST"])
@manager_page
def shop_product_add(request: HttpRequest, staff: StaffMember, kind: str) -> HttpResponse:
    """A new product of one kind; ``monthly``: a period card that is paid month by month; ``after-use``: a visit that is paid
    when it was given."""
    if kind == MONTHLY:
        return _product_page(request, staff, Plan.PERIOD, None, monthly=True)
    if kind == AFTER_USE:
        return _product_page(request, staff, Plan.SESSIONS, None, after_use=True)
    if kind not in Plan.values:
        raise Http404
    return _product_page(request, staff, Plan(kind), None)


@require_http_methods(["GET", "POST"])
@manager_page
def shop_product_edit(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Change a draft; what was filed has no edit page."""
    version = queries.version_of(staff.merchant_id, pk)
    if version.state != VersionState.DRAFT:
        return redirect("shop_version", pk)
    return _product_page(
        request, staff, version.plan, version, monthly=version.months is not None, after_use=version.after_use
    )


def _product_page(
    request: HttpRequest,
    staff: StaffMember,
    kind: Plan,
    version: ProductVersion | None,
    *,
    monthly: bool = False,
    after_use: bool = False,
) -> HttpResponse:
    form = ProductForm(
        request.POST or None,
        kind=kind,
        monthly=monthly,
        after_use=after_use,
        merchant_id=staff.merchant_id,
        version=version,
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            common: dict[str, Any] = {"merchant_id": staff.merchant_id, "at": clock.now(), "actor": me(request).actor}
            try:
                if version is None:
                    saved = operations.draft_product(draft=form.draft, **common)
                else:
                    saved = operations.edit_draft(version_id=version.pk, draft=form.draft, **common)
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                return redirect("shop_version", saved.pk)
    context = {
        "staff": staff,
        "form": form,
        "version": version,
        "kind": (
            _("membership paid by the month")
            if monthly
            else _("one visit, paid afterwards")
            if after_use
            else ProductKind(kind).label
        ),
    }
    return render(request, "merchant/product_form.html", context, status=status)


@require_safe
@manager_page
def shop_product(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """One product with all its versions and their filings."""
    product = queries.product_of(staff.merchant_id, pk)
    versions = list(product.versions.all())
    context = {
        "staff": staff,
        "product": product,
        "versions": versions,
        "may_revise": not any(version.state in {VersionState.DRAFT, VersionState.FILED} for version in versions),
    }
    return render(request, "merchant/product.html", context)


@require_safe
@manager_page
def shop_version(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """One version: its compliance report while it is a draft, its contract, and what can be done with it."""
    return _version_page(request, staff, queries.version_of(staff.merchant_id, pk))


def _version_page(
    request: HttpRequest, staff: StaffMember, version: ProductVersion, *, error: DomainError | None = None
) -> HttpResponse:
    today = clock.today()
    drafted = version.state == VersionState.DRAFT
    findings = queries.findings(version, on=today) if drafted else []
    custody = queries.custody_of(version, on=today)
    context = {
        "staff": staff,
        "version": version,
        "product": version.product,
        "filing": getattr(version, "filing", None),
        "items": twelve_items(version.terms, custody_percent=custody.percent),
        "custody": custody,
        "findings": findings,
        "blocking": compliance.blocking(findings),
        "needs_filing": drafted and queries.filing_required(version, on=today),
        "previews": queries.refund_previews(version),
        "error": error,
    }
    return render(request, "merchant/version.html", context, status=error.http_status if error else 200)


@require_POST
@manager_page
def shop_version_submit(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Freeze the terms and file them."""
    try:
        filing = operations.submit_filing(
            version_id=pk, merchant_id=staff.merchant_id, at=clock.now(), actor=me(request).actor
        )
    except NotCompliant as error:
        return _version_page(request, staff, queries.version_of(staff.merchant_id, pk), error=error)
    if filing.state == FilingState.EXEMPT:
        messages.success(request, _("On sale now. At your present prepaid balance no filing is required."))
    else:
        messages.success(
            request,
            _("Submitted to %(authority)s. You will be told when it is decided.") % {"authority": filing.authority},
        )
    return redirect("shop_version", pk)


@require_POST
@manager_page
def shop_version_revise(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Begin the next version from this one."""
    version = operations.revise(merchant_id=staff.merchant_id, version_id=pk, at=clock.now(), actor=me(request).actor)
    return redirect("shop_product_edit", version.pk)


@require_POST
@manager_page
def shop_version_withdraw(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Stop selling, or take a filing back."""
    operations.withdraw_version(merchant_id=staff.merchant_id, version_id=pk, at=clock.now(), actor=me(request).actor)
    messages.success(request, _("Withdrawn. Cards already sold are not affected."))
    return redirect("shop_version", pk)
