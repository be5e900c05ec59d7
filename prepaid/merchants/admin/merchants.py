"""Merchants and the sectors' numbers in the administration: to look at, masked; operators add later numbers."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from escrow import clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.money import yuan
from escrow.states import NOT_SERVING, StoppageKind
from prepaid.merchants import operations as merchants
from prepaid.merchants import queries
from prepaid.merchants.admin.rules import DatedRuleAdmin
from prepaid.merchants.bank_accounts import masked
from prepaid.merchants.forms import DayInput
from prepaid.merchants.models import Merchant, Rating, Sector, SectorRule, Store
from prepaid.merchants.reference import add_sector_rule
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, ReferenceAdmin, step
from prepaid.people.models import Post, User

if TYPE_CHECKING:
    _StoreInline = admin.TabularInline[Store, Merchant]
    _RuleForm = forms.ModelForm[SectorRule]
else:
    _StoreInline, _RuleForm = admin.TabularInline, forms.ModelForm


class StoreInline(_StoreInline):
    """The merchant's stores."""

    model = Store
    fields = ["name", "address", "district", "subdistrict", "lease_ends_on", "is_open"]
    extra = 0
    can_delete = False
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """With the merchant."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody here."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Store]:
        """With what the lines show."""
        return super().get_queryset(request).select_related("district", "subdistrict")


class HoldForm(forms.Form):
    """Why payouts stop or go on."""

    because = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("Goes into the audit trail.")
    )


class RatingForm(forms.Form):
    """The rating, and where it comes from."""

    rating = forms.ChoiceField(
        label=gettext_lazy("Rating"), choices=[("", gettext_lazy("not rated")), *Rating.choices], required=False
    )
    because = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("Goes into the audit trail.")
    )


class StoppageForm(forms.Form):
    """What does not count as serving, and how that is known."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"), choices=[(kind.value, kind.label) for kind in NOT_SERVING]
    )
    store = forms.ModelChoiceField(
        label=gettext_lazy("Where"),
        queryset=Store.objects.none(),
        required=False,
        empty_label=gettext_lazy("the whole merchant"),
    )
    since = forms.DateField(
        label=gettext_lazy("Since"),
        required=False,
        widget=DayInput,
        help_text=gettext_lazy(
            "The first day without service, when it was only found out later. Empty: today. Days since then do not count as "
            "served, and what a card has already paid for them the merchant owes."
        ),
    )
    because = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy(
            "Goes into the audit trail. The merchant and its customers read what happened, not the reason."
        ),
    )

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = merchant.stores.all()  # type: ignore[attr-defined]  # a choice field


class FoundClosedForm(forms.Form):
    """What was found, and how."""

    store = forms.ModelChoiceField(
        label=gettext_lazy("Where"),
        queryset=Store.objects.none(),
        required=False,
        empty_label=gettext_lazy("the whole merchant"),
    )
    since = forms.DateField(
        label=gettext_lazy("Since"), widget=DayInput, help_text=gettext_lazy("The first day without service.")
    )
    because = forms.CharField(
        label=gettext_lazy("Evidence"),
        max_length=200,
        help_text=gettext_lazy("Who looked, when, and what was there: the second person and the audit trail read it."),
    )

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = merchant.stores.all()  # type: ignore[attr-defined]  # a choice field


#: Sums of cash that a merchant's page names; all of them stand on the operations page once they are late.
MOST_AWAITED = 10


def _is_official(user: User) -> bool:
    """Whose post covers the merchant, or the page would not be there."""
    return user.is_regulator


@admin.register(Merchant)
class MerchantAdmin(PostScopedAdmin):
    """Officials see the merchants of their department's sectors with the head office in their district."""

    search_kind = "merchants"
    list_display = ["name", "uscc", "sector", "district", "representative", "registered_at"]
    list_filter = [("sector", admin.RelatedOnlyFieldListFilter), ("district", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["sector", "district", "beneficiary"]
    search_fields = ["name", "=uscc", "stores__name"]
    fields = [
        "name", "uscc", "representative", "contact_phone", "sector", "district", "rated", "custody", "payout_account",
        "payouts", "earlier", "cash", "stoppages", "handovers", "registered_at",
    ]  # fmt: skip
    inlines = [StoreInline]

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district of the head office."""
        rows = queryset.filter(sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(district_id=post.district_id)

    def found_note(self, obj: Merchant) -> str:
        """Code, sector and district."""
        return f"{obj.uscc} · {obj.sector.name} · {obj.district.name}"

    @admin.display(description=gettext_lazy("legal representative"))
    def representative(self, merchant: Merchant) -> str:
        """The family name."""
        return merchant.legal_representative[:1] + "**"

    @admin.display(description=gettext_lazy("rating"))
    def rated(self, merchant: Merchant) -> SafeString:
        """The rating, and the way to the page that changes it."""
        way = step("admin:merchants_merchant_rate", _("Rate …"), merchant.pk, may=_is_official)
        return format_html("{}{}", merchant.rating or _("not rated"), way)

    @admin.display(description=gettext_lazy("custody account"))
    def custody(self, merchant: Merchant) -> str:
        """Where customers pay to; it stands in every contract."""
        return merchant.beneficiary.custody_no

    @admin.display(description=gettext_lazy("payout account"))
    def payout_account(self, merchant: Merchant) -> str:
        """The last four digits."""
        return masked(merchant.beneficiary.payout_account_no)

    @admin.display(description=gettext_lazy("payouts"))
    def payouts(self, merchant: Merchant) -> str:
        """Whether they go out, why not, and the way to the page that changes it."""
        held = merchant.beneficiary.payouts_held
        said = (
            _("held: %(because)s") % {"because": merchant.beneficiary.payouts_held_in_words}
            if held
            else _("paid daily")
        )
        deed = _("Release …") if held else _("Hold …")
        return format_html(
            "{}{}",
            said,
            step("admin:merchants_merchant_payouts", deed, merchant.pk, may=lambda user: user.is_platform_operator),
        )

    @admin.display(description=gettext_lazy("cards from before joining"))
    def earlier(self, merchant: Merchant) -> SafeString | str:
        """What is not backed, whether that stops sales, and the way to the cards."""
        today = clock.today()
        owed = queries.unbacked(merchant, on=today)
        if not owed.cards:
            return "–"
        return format_html(
            '{}{}<div><a href="{}?q={}">{}</a></div>',
            _("¥%(sum)s not backed") % {"sum": yuan(owed.sum_fen)},
            format_html_join("", "<div>{}</div>", [(stop.reason,) for stop in queries.funding_stops(owed, on=today)]),
            reverse("admin:merchants_existingcard_changelist"),
            merchant.uscc,
            _("Show the cards"),
        )

    @admin.display(description=gettext_lazy("taken in cash, not in custody"))
    def cash(self, merchant: Merchant) -> SafeString | str:
        """Every sum that is awaited, the most urgent first, and what stops sales."""
        today, awaited = clock.today(), escrow_queries.awaited_deposits([merchant.beneficiary_id])
        rows = [
            (
                queries.late_deposit(one).reason
                if one.taken_back_at or (one.deposit_due_on and one.deposit_due_on < today)
                else _("¥%(sum)s by %(day)s") % {"sum": yuan(one.amount_fen), "day": one.deposit_due_on},
            )
            for one in awaited[:MOST_AWAITED]
        ]
        return format_html_join("", "<div>{}</div>", rows) or "–"

    @admin.display(description=gettext_lazy("not serving"))
    def stoppages(self, merchant: Merchant) -> SafeString:
        """What is stopped, each with the way to its end, and the way to say that something is."""
        rows = [
            (
                one.stoppage.get_kind_display(),
                one.store.name if one.store else _("the whole merchant"),
                one.stoppage.since.isoformat(),
                _(one.stoppage.because)
                if one.stoppage.because == merchants.CLOSED_BY_MERCHANT
                else one.stoppage.because,
                reverse("admin:merchants_merchant_resume", args=[merchant.pk, one.stoppage.pk]),
                _("End …"),
            )
            for one in queries.stopped_at([merchant])
        ]
        return format_html(
            '{}<a href="{}">{}</a> · <a href="{}">{}</a>',
            format_html_join("", '<div>{} · {} · {} · {} <a href="{}">{}</a></div>', rows),
            reverse("admin:merchants_merchant_stop", args=[merchant.pk]),
            _("Say that it does not serve …"),
            reverse("admin:merchants_merchant_closed", args=[merchant.pk]),
            _("Found closed for good …"),
        )

    @admin.display(description=gettext_lazy("changes of the operator"))
    def handovers(self, merchant: Merchant) -> SafeString:
        """What was reported, and the way to say that something changes."""
        rows = [
            (
                reverse("admin:merchants_handover_change", args=[one.pk]),
                f"{clock.beijing_date(one.reported_at)} · {one.what} · {one.get_state_display()}",
            )
            for one in queries.handovers_of(merchant)[:5]
        ]
        return format_html(
            "{}{}",
            format_html_join("", '<div><a href="{}">{}</a></div>', rows),
            step("admin:merchants_handover_enter", _("Enter a change …"), merchant.pk, may=_is_official),
        ) or SafeString("–")

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, the one that holds or releases payouts, and those that begin and end a stoppage."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/payouts/", view(self.hold_or_release), name="merchants_merchant_payouts"),
            path("<int:pk>/rate/", view(self.rate), name="merchants_merchant_rate"),
            path("<int:pk>/closed/", view(self.found_closed), name="merchants_merchant_closed"),
            path("<int:pk>/stop/", view(self.stop), name="merchants_merchant_stop"),
            path("<int:pk>/stop/<int:stoppage>/", view(self.resume), name="merchants_merchant_resume"),
            *super().get_urls(),
        ]

    def _mine(self, request: HttpRequest, pk: int) -> Merchant:
        """A merchant that the official's post covers, any for an operator. Anything else does not exist."""
        merchant = self.get_queryset(request).filter(pk=pk).first()
        if merchant is None:
            raise Http404
        return merchant

    def rate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the merchant's department thinks of it; how much must stay in custody may depend on it."""
        merchant, user = self._mine(request, pk), me(request)
        if not user.is_regulator:
            raise Http404

        def give(data: dict[str, Any]) -> HttpResponse:
            merchants.rate_merchant(
                merchant_id=pk, rating=data["rating"], because=data["because"], at=clock.now(), actor=user.actor
            )
            messages.success(request, _("Rated. Cards already sold keep what was agreed."))
            return redirect("admin:merchants_merchant_change", pk)

        form = RatingForm(request.POST or None, initial={"rating": merchant.rating})
        about = [(_("Merchant"), merchant.name), (_("Rating"), merchant.rating or _("not rated"))]
        return self.deed(request, title=_("Rate a merchant"), form=form, submit=_("Rate"), do=give, about=about)

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A store or the whole merchant is closed, on watch or has just changed hands: silence confirms nothing there."""
        merchant, user = self._mine(request, pk), me(request)

        def begin(data: dict[str, Any]) -> HttpResponse:
            merchants.begin_stoppage(
                merchant_id=pk,
                store_id=data["store"].pk if data["store"] else None,
                kind=StoppageKind(data["kind"]),
                since=data["since"],
                because=data["because"],
                at=clock.now(),
                actor=user.actor,
            )
            messages.success(request, _("Silence confirms no charge there until this is ended."))
            return redirect("admin:merchants_merchant_change", pk)

        form = StoppageForm(request.POST or None, merchant=merchant)
        about = [(_("Merchant"), merchant.name)]
        return self.deed(request, title=_("Does not serve"), form=form, submit=_("Begin"), do=begin, about=about)

    def found_closed(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The shop is gone: once a second person confirms it, every holder is told and paid back without asking."""
        merchant, user = self._mine(request, pk), me(request)

        def found(data: dict[str, Any]) -> HttpResponse:
            closing = merchants.find_closed(
                merchant_id=pk,
                store_id=data["store"].pk if data["store"] else None,
                since=data["since"],
                because=data["because"],
                by=user,
                at=clock.now(),
                actor=user.actor,
            )
            messages.success(
                request, _("Nothing is sold there now. A second person confirms it, then the money goes back.")
            )
            return redirect("admin:merchants_closing_change", closing.pk)

        form = FoundClosedForm(request.POST or None, merchant=merchant)
        about = [(_("Merchant"), merchant.name)]
        return self.deed(
            request, title=_("Found closed"), form=form, submit=_("Ask a second person"), do=found, about=about
        )

    def resume(self, request: HttpRequest, pk: int, stoppage: int) -> HttpResponse:
        """It is over."""
        merchant, user = self._mine(request, pk), me(request)
        found = [one for one in queries.stopped_at([merchant]) if one.stoppage.pk == stoppage]
        if not found:
            raise Http404

        def end(data: dict[str, Any]) -> HttpResponse:
            merchants.end_stoppage(
                merchant_id=pk, stoppage_id=stoppage, because=data["because"], at=clock.now(), actor=user.actor
            )
            messages.success(request, _("Ended. Charges that wait there begin their term of silence anew."))
            return redirect("admin:merchants_merchant_change", pk)

        about = [
            (_("Merchant"), merchant.name),
            (_("Where"), found[0].store.name if found[0].store else _("the whole merchant")),
            (_("What happened"), found[0].stoppage.get_kind_display()),
            (_("Since"), found[0].stoppage.since.isoformat()),
        ]
        form = HoldForm(request.POST or None)
        return self.deed(request, title=_("Serves again"), form=form, submit=_("End"), do=end, about=about)

    def hold_or_release(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop a merchant's payouts, or let them go on, for example once a returned one has a new account. Operators only."""
        user = me(request)
        merchant = self.get_queryset(request).filter(pk=pk).first() if user.is_platform_operator else None
        if merchant is None:
            raise Http404
        held = merchant.beneficiary.payouts_held

        def decide(data: dict[str, Any]) -> HttpResponse:
            verb = escrow.release_payouts if held else escrow.hold_payouts
            verb(beneficiary_id=merchant.beneficiary_id, because=data["because"], at=clock.now(), actor=user.actor)
            messages.success(request, _("Payouts go on with the next run.") if held else _("Payouts are held."))
            return redirect("admin:merchants_merchant_change", pk)

        return self.deed(
            request,
            title=_("Release payouts") if held else _("Hold payouts"),
            form=HoldForm(request.POST or None),
            submit=_("Release") if held else _("Hold"),
            do=decide,
            about=[
                (_("Merchant"), merchant.name),
                (_("Held because"), merchant.beneficiary.payouts_held_in_words or "–"),
                (_("Payout account"), masked(merchant.beneficiary.payout_account_no)),
            ],
        )


@admin.register(Sector)
class SectorAdmin(ReferenceAdmin):
    """Loaded by ``manage.py load_reference``."""

    list_display = ["code", "name_zh", "name_en", "lead_department", "enforcer", "valid_from", "valid_until"]
    list_select_related = ["lead_department", "enforcer"]


class SectorRuleForm(_RuleForm):
    """Numbers from a later day on."""

    class Meta:
        model = SectorRule
        fields = [
            "sector", "valid_from", "filing_balance_fen", "custody_percent", "max_price_fen", "max_months",
            "max_sessions", "either_cap_binds", "cooling_off_days", "closing_notice_days", "auto_confirm_working_days",
            "refund_silence_agrees_working_days", "payable_working_days", "basis", "mark",
        ]  # fmt: skip
        widgets = {"valid_from": DayInput()}

    def validate_unique(self) -> None:
        """The verb says it better."""


@admin.register(SectorRule)
class SectorRuleAdmin(DatedRuleAdmin):
    """The law's numbers, each with its source; a change is a new row from a later day."""

    rule_form = SectorRuleForm
    add_title = gettext_lazy("New numbers for a sector")
    list_display = [
        "sector", "valid_from", "holds", "filing_from", "most_prepaid", "max_months", "max_sessions", "custody_percent", "certainty",
    ]  # fmt: skip
    list_filter = ["mark"]
    search_fields = ["sector__name_zh", "sector__name_en", "basis"]
    list_select_related = ["sector"]

    @admin.display(description=gettext_lazy("filing from a balance of"))
    def filing_from(self, rule: SectorRule) -> str:
        """Yuan; without a threshold every card is filed."""
        return f"¥{yuan(rule.filing_balance_fen)}" if rule.filing_balance_fen else _("always")

    @admin.display(description=gettext_lazy("most prepaid per person"))
    def most_prepaid(self, rule: SectorRule) -> str:
        """Yuan."""
        return f"¥{yuan(rule.max_price_fen)}" if rule.max_price_fen else "–"

    @admin.display(description=gettext_lazy("certainty"))
    def certainty(self, rule: SectorRule) -> str:
        """The mark: T the full text, E an excerpt, A an assumption."""
        return rule.mark

    def add_rule(self, *, rule: SectorRule, at: datetime, actor: str) -> SectorRule:
        """In its sector."""
        return add_sector_rule(rule=rule, at=at, actor=actor)

    def audit_target(self, obj: SectorRule) -> str:
        """All numbers of the sector."""
        return f"sector:{obj.sector_id}"
