"""Filings in the administration: the queue of the lead department, and the file in which it decides. What of a product's money
stays in custody. Interest rates and the visit rule."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from escrow import clock
from escrow.errors import DomainError, NotFound
from escrow.money import yuan
from prepaid.merchants.forms import DayInput
from prepaid.merchants.queries import legal_custody
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, ReadOnlyAdmin, register_queue, step
from prepaid.people.models import Post
from prepaid.products import operations, queries
from prepaid.products.contract import twelve_items
from prepaid.products.errors import NotYourFiling
from prepaid.products.forms import PercentField, ReturnForm
from prepaid.products.models import CustodyDecision, Filing, InterestRate, Product, VisitRule
from prepaid.products.reference import add_rate, add_visit_rule
from prepaid.products.states import FilingState

if TYPE_CHECKING:
    _RateForm = forms.ModelForm[InterestRate]
    _VisitForm = forms.ModelForm[VisitRule]
else:
    _RateForm = _VisitForm = forms.ModelForm

COLOURS = {FilingState.SUBMITTED: "warn", FilingState.APPROVED: "ok", FilingState.RETURNED: "bad"}


@admin.register(Filing)
class FilingAdmin(PostScopedAdmin):
    """Rows are decided on, never edited: every button is one operation."""

    search_kind = "filings"
    list_display = [
        "filing_no",
        "product",
        "merchant",
        "sector",
        "district",
        "price",
        "badge",
        "submitted_at",
        "decided_at",
    ]
    list_filter = ["state", ("district", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["version__product__merchant__sector", "district"]
    search_fields = ["version__product__name", "version__product__merchant__name", "version__product__merchant__uscc"]
    sortable_by = ()

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """The post's department; its district unless it is the city's."""
        rows = queryset.filter(department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(district_id=post.district_id)

    def found_by(self, request: HttpRequest, words: str) -> QuerySet[Any]:
        """By its own number, too."""
        rows = super().found_by(request, words).select_related(*self.list_select_related)
        number = queries.filing_number_in(words)
        return self.get_queryset(request).filter(pk=number) if number else rows

    def found_note(self, obj: Filing) -> str:
        """Whose it is, and where it stands."""
        return f"{self.product(obj)} · {self.merchant(obj)} · {obj.get_state_display()}"

    def get_urls(self) -> list[URLPattern]:
        """The two decisions beside Django's own addresses."""
        return [
            path("<int:pk>/approve/", self.admin_site.admin_view(require_POST(self.approve)), name="filing_approve"),
            path("<int:pk>/return/", self.admin_site.admin_view(require_POST(self.send_back)), name="filing_return"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The file: what the check found beside the twelve items, and the decision."""
        return self._file(request, object_id)

    def _file(
        self,
        request: HttpRequest,
        pk: int | str,
        *,
        form: ReturnForm | None = None,
        error: DomainError | None = None,
    ) -> HttpResponse:
        filing = self._filing(request, pk)
        version = filing.version
        context = {
            **self.admin_site.each_context(request),
            "title": f"{filing.number} · {version.product.name}",
            "opts": self.opts,
            "filing": filing,
            "version": version,
            "merchant": version.product.merchant,
            "items": twelve_items(version.terms),
            "findings": queries.findings(version, on=clock.beijing_date(filing.submitted_at)),
            "previews": queries.refund_previews(version),
            "earlier": queries.earlier_filings(filing),
            "may_decide": me(request).is_regulator and filing.state == FilingState.SUBMITTED,
            "return_form": form or ReturnForm(),
            "error": error,
        }
        status = error.http_status if error else (400 if form else 200)
        return TemplateResponse(request, "admin/products/filing/file.html", context, status=status)

    def _filing(self, request: HttpRequest, pk: int | str) -> Filing:
        filing = self.get_queryset(request).filter(pk=pk).first() if str(pk).isdecimal() else None
        if filing is None:
            raise Http404
        return queries.filing_file(filing.pk)

    def approve(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put the product on sale."""
        user = me(request)
        try:
            operations.approve_filing(filing_id=pk, by=user, at=clock.now(), actor=user.actor)
        except (NotFound, NotYourFiling) as error:
            raise Http404 from error
        except DomainError as error:
            return self._file(request, pk, error=error)
        messages.success(request, _("Approved. The product is on sale and the merchant was told."))
        return redirect("admin:products_filing_change", pk)

    def send_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return it with what has to be changed."""
        self._filing(request, pk)
        form = ReturnForm(request.POST)
        if not form.is_valid():
            return self._file(request, pk, form=form)
        user = me(request)
        try:
            operations.return_filing(
                filing_id=pk, reason=form.cleaned_data["reason"], by=user, at=clock.now(), actor=user.actor
            )
        except (NotFound, NotYourFiling) as error:
            raise Http404 from error
        except DomainError as error:
            return self._file(request, pk, error=error)
        messages.success(request, _("Returned. The merchant was told the reason."))
        return redirect("admin:products_filing_change", pk)

    @admin.display(description=gettext_lazy("number"))
    def filing_no(self, filing: Filing) -> str:
        """The number the public may quote."""
        return filing.number

    @admin.display(description=gettext_lazy("product"))
    def product(self, filing: Filing) -> str:
        """Its name and version."""
        number = _("version %(number)s") % {"number": filing.version.number}
        return f"{filing.version.product.name} · {number}"

    @admin.display(description=gettext_lazy("merchant"))
    def merchant(self, filing: Filing) -> str:
        """Who files."""
        return filing.version.product.merchant.name

    @admin.display(description=gettext_lazy("sector"))
    def sector(self, filing: Filing) -> str:
        """The merchant's sector."""
        return filing.version.product.merchant.sector.name

    @admin.display(description=gettext_lazy("price"))
    def price(self, filing: Filing) -> str:
        """What a consumer pays."""
        return f"¥{yuan(filing.version.price_fen)}"

    @admin.display(description=gettext_lazy("state"))
    def badge(self, filing: Filing) -> SafeString:
        """The state in a word and a colour."""
        colour = COLOURS.get(FilingState(filing.state), "plain")
        return format_html('<span class="badge badge-{}">{}</span>', colour, filing.get_state_display())


@register_queue
def waiting_filings(request: HttpRequest) -> list[QueueItem]:
    """The official's part of the work queue: filings of their post that nobody has decided. The law names no term."""
    user = me(request)
    if not user.is_regulator:
        return []
    return [
        QueueItem(
            title=f"{filing.number} · {filing.version.product.name}",
            url=reverse("admin:products_filing_change", args=[filing.pk]),
            lane=gettext_lazy("Filing"),
            note=_("%(merchant)s, submitted %(day)s")
            % {
                "merchant": filing.version.product.merchant.name,
                "day": clock.beijing_date(filing.submitted_at).isoformat(),
            },
        )
        for filing in queries.filings_waiting(user)
    ]


class CustodyForm(forms.Form):
    """Why, in a sentence that the merchant reads."""

    because = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("The merchant reads it; it goes into the audit trail."),
    )


@admin.register(Product)
class ProductAdmin(PostScopedAdmin):
    """What is sold, and how much of its money stays in custody, which the sector's department of the city decides."""

    list_display = ["name", "merchant", "sector", "minimum"]
    list_select_related = ["merchant__sector", "merchant__district"]
    search_fields = ["name", "merchant__name", "=merchant__uscc"]
    fields = ["name", "merchant", "sector", "rating", "by_the_rules", "in_custody", "decision"]

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district of the head office."""
        rows = queryset.filter(merchant__sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(merchant__district_id=post.district_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with its latest decision."""
        latest = CustodyDecision.objects.filter(product=OuterRef("pk")).order_by("-pk")
        return super().get_queryset(request).annotate(minimum_is_enough=Subquery(latest.values("minimum")[:1]))

    def get_urls(self) -> list[URLPattern]:
        """The decision beside Django's own addresses."""
        decide = self.admin_site.admin_view(self.decide_custody)
        return [path("<int:pk>/custody/", decide, name="products_product_custody"), *super().get_urls()]

    @admin.display(description=gettext_lazy("sector"))
    def sector(self, product: Product) -> str:
        """The merchant's."""
        return product.merchant.sector.name

    @admin.display(description=gettext_lazy("rating"))
    def rating(self, product: Product) -> str:
        """The merchant's."""
        return product.merchant.rating or _("not rated")

    @admin.display(description=gettext_lazy("by the rules stays in custody"))
    def by_the_rules(self, product: Product) -> str:
        """The legal minimum and its source."""
        legal = legal_custody(product.merchant, clock.today())
        return f"{legal.percent}% · {legal.basis}"

    @admin.display(description=gettext_lazy("the legal minimum is enough"), boolean=True)
    def minimum(self, product: Product) -> bool:
        """Whether the latest decision leaves part of the money free."""
        return bool(product.minimum_is_enough)  # type: ignore[attr-defined]  # annotated by get_queryset

    @admin.display(description=gettext_lazy("stays in custody of new cards"))
    def in_custody(self, product: Product) -> str:
        """All of it, or the minimum."""
        decision = queries.custody_decision(product)
        minimum = decision is not None and decision.minimum
        return f"{legal_custody(product.merchant, clock.today()).percent if minimum else 100}%"

    @admin.display(description=gettext_lazy("decision"))
    def decision(self, product: Product) -> SafeString:
        """The latest, and the way to the next."""
        latest = queries.custody_decision(product)
        said = f"{latest.decided_at:%Y-%m-%d} · {latest.because}" if latest else _("none: all of it stays")
        way = step(
            "admin:products_product_custody",
            _("Decide …"),
            product.pk,
            may=lambda user: queries.may_decide_custody(user, product),
        )
        return format_html("{}{}", said, way)

    def decide_custody(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let the legal minimum be enough, or ask for all of the money again. The sector's department of the city only."""
        user = me(request)
        product = self.get_queryset(request).filter(pk=pk).first()
        if product is None or not queries.may_decide_custody(user, product):
            raise Http404
        latest = queries.custody_decision(product)
        minimum = not (latest is not None and latest.minimum)

        def decide(data: dict[str, Any]) -> HttpResponse:
            operations.decide_custody(
                product_id=pk, minimum=minimum, because=data["because"], by=user, at=clock.now(), actor=user.actor
            )
            messages.success(request, _("Decided. Cards already sold keep what was agreed; the merchant was told."))
            return redirect("admin:products_product_change", pk)

        about = [
            (_("Product"), product.name),
            (_("Merchant"), product.merchant.name),
            (_("Rating"), self.rating(product)),
            (_("By the rules stays in custody"), self.by_the_rules(product)),
        ]
        title = _("Let the legal minimum be enough") if minimum else _("Ask for all of the money again")
        submit = _("Allow") if minimum else _("Take back")
        form = CustodyForm(request.POST or None)
        return self.deed(request, title=title, form=form, submit=submit, do=decide, about=about)


class RateForm(_RateForm):
    """The next rate of a kind, as its publisher announced it."""

    rate_bp = PercentField(label=gettext_lazy("percent a year"))

    class Meta:
        model = InterestRate
        fields = ["kind", "valid_from", "rate_bp", "source", "mark"]
        widgets = {"valid_from": DayInput()}

    def validate_unique(self) -> None:
        """The verb says it better."""


@admin.register(InterestRate)
class InterestRateAdmin(ReadOnlyAdmin):
    """Loaded by ``manage.py load_reference``; the next one is added when it is published."""

    list_display = ["kind", "valid_from", "percent", "source", "mark"]
    list_filter = ["kind"]

    @admin.display(description=gettext_lazy("percent a year"))
    def percent(self, rate: InterestRate) -> str:
        """Two decimals."""
        return f"{rate.rate_bp / 100:.2f}%"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators."""
        return super().has_view_permission(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Add the next rate."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RateForm(request.POST or None)

        def add(_data: dict[str, Any]) -> HttpResponse:
            rate = form.save(commit=False)
            add_rate(rate=rate, at=clock.now(), actor=me(request).actor)
            messages.success(request, _("This rate holds from %(day)s.") % {"day": rate.valid_from.isoformat()})
            return redirect("admin:products_interestrate_changelist")

        return self.deed(request, title=_("A new interest rate"), form=form, submit=_("Add"), do=add)


class VisitRuleForm(_VisitForm):
    """Another share from a later day on."""

    class Meta:
        model = VisitRule
        fields = ["valid_from", "most_percent", "basis", "mark"]
        widgets = {"valid_from": DayInput()}

    def validate_unique(self) -> None:
        """The verb says it better."""


@admin.register(VisitRule)
class VisitRuleAdmin(ReadOnlyAdmin):
    """What of a stored value card its merchant may call one visit; a change is a new row from a later day."""

    list_display = ["valid_from", "most_percent", "basis", "mark"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators, for a later day."""
        return super().has_view_permission(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Add a share that holds from a later day."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = VisitRuleForm(request.POST or None)

        def add(_data: dict[str, Any]) -> HttpResponse:
            rule = form.save(commit=False)
            add_visit_rule(rule=rule, at=clock.now(), actor=me(request).actor)
            messages.success(request, _("This share holds from %(day)s.") % {"day": rule.valid_from.isoformat()})
            return redirect("admin:products_visitrule_changelist")

        return self.deed(request, title=_("A new visit rule"), form=form, submit=_("Add"), do=add)
