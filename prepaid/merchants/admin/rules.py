"""Numbers of the law and the platform as dated rows: operators add later ones, nobody changes one that is there."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from escrow import clock
from escrow.models import EarlyReleaseRule
from prepaid.merchants.forms import DayInput
from prepaid.merchants.models import CustodyRule, Mark
from prepaid.merchants.queries import LEAST_CUSTODY
from prepaid.merchants.reference import add_custody_rule, add_early_release_rule
from prepaid.people.access import me
from prepaid.people.admin_site import ReadOnlyAdmin

if TYPE_CHECKING:
    _CustodyForm = forms.ModelForm[CustodyRule]
    _EarlyForm = forms.ModelForm[EarlyReleaseRule]
else:
    _CustodyForm = _EarlyForm = forms.ModelForm


#: More days than anything here lasts, and few enough for SQL to count with.
MOST_DAYS = 3_650


class DatedRuleAdmin(ReadOnlyAdmin):
    """Rows of which the latest that has begun holds. ``add_rule`` is the verb; its refusals stand beside the day."""

    rule_form: "type[forms.ModelForm[Any]]"
    add_title: str | Promise = gettext_lazy("New numbers from a later day on")

    def add_rule(self, *, rule: Any, at: datetime, actor: str) -> Any:
        """The verb of the rows' app."""
        raise NotImplementedError

    @admin.display(description=gettext_lazy("has begun"), boolean=True)
    def holds(self, rule: Any) -> bool:
        """Or is planned for a later day."""
        return bool(rule.valid_from <= clock.today())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators, for a later day."""
        return super().has_view_permission(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Add numbers that hold from a later day."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.rule_form(request.POST or None)

        def add(_data: dict[str, Any]) -> HttpResponse:
            rule = form.save(commit=False)
            self.add_rule(rule=rule, at=clock.now(), actor=me(request).actor)
            messages.success(request, _("These numbers hold from %(day)s.") % {"day": rule.valid_from.isoformat()})
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

        return self.deed(request, title=str(self.add_title), form=form, submit=_("Add"), do=add)


class CustodyRuleForm(_CustodyForm):
    """The least that stays in custody with one rating, from a later day on."""

    class Meta:
        model = CustodyRule
        fields = ["sector", "rating", "valid_from", "percent", "basis", "mark"]
        widgets = {"valid_from": DayInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["percent"] = forms.IntegerField(
            label=self.fields["percent"].label,
            min_value=LEAST_CUSTODY,
            max_value=100,
            help_text=_("Of what is sold from that day on; cards sold before keep what was agreed."),
        )
        self.fields["rating"].help_text = _("Empty: merchants without a rating.")

    def validate_unique(self) -> None:
        """The verb says it better."""


@admin.register(CustodyRule)
class CustodyRuleAdmin(DatedRuleAdmin):
    """Where a rating decides how much stays in custody. The first ones are loaded by ``manage.py load_reference``."""

    list_display = ["sector", "rating", "valid_from", "holds", "percent", "basis", "mark"]
    list_filter = ["sector"]
    list_select_related = ["sector"]
    rule_form = CustodyRuleForm
    add_title = gettext_lazy("New share that stays in custody")

    def add_rule(self, *, rule: CustodyRule, at: datetime, actor: str) -> CustodyRule:
        """In its sector, for its rating."""
        return add_custody_rule(rule=rule, at=at, actor=actor)

    def audit_target(self, obj: CustodyRule) -> str:
        """With the other numbers of the sector."""
        return f"sector:{obj.sector_id}"


class EarlyReleaseRuleForm(_EarlyForm):
    """How early release is earned, from a later day on."""

    mark = forms.ChoiceField(label=gettext_lazy("certainty"), choices=Mark.choices)

    class Meta:
        model = EarlyReleaseRule
        fields = ["valid_from", "cooling_off_days", "proven_days", "window_days", "cap_days", "basis", "mark"]
        widgets = {"valid_from": DayInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("cooling_off_days", "proven_days", "window_days", "cap_days"):
            label = self.fields[name].label
            least = 1 if name == "window_days" else 0
            self.fields[name] = forms.IntegerField(label=label, min_value=least, max_value=MOST_DAYS)

    def validate_unique(self) -> None:
        """The verb says it better."""


@admin.register(EarlyReleaseRule)
class EarlyReleaseRuleAdmin(DatedRuleAdmin):
    """What may leave custody before it is earned."""

    list_display = [
        "valid_from",
        "holds",
        "cooling_off_days",
        "proven_days",
        "window_days",
        "cap_days",
        "basis",
        "mark",
    ]
    rule_form = EarlyReleaseRuleForm
    add_title = gettext_lazy("New numbers for early release")

    def add_rule(self, *, rule: EarlyReleaseRule, at: datetime, actor: str) -> EarlyReleaseRule:
        """For the whole platform."""
        return add_early_release_rule(rule=rule, at=at, actor=actor)

    def audit_target(self, obj: EarlyReleaseRule) -> str:
        """All of them."""
        return "rule:early_release"
