"""What the dashboards ask, and the rule of the score."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.measures import operations
from complaints.measures.models import ScoreRule
from complaints.measures.states import Grouping
from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants.forms import DayInput

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[ScoreRule]
else:
    _ModelForm = forms.ModelForm

Choices = Sequence[tuple[str, str]]


class BoardForm(forms.Form):
    """Which month, of which district, department and sector, with which rows. What the reader's scope fixes is not asked."""

    month = forms.ChoiceField(label=gettext_lazy("Month"), required=False)
    district = forms.ChoiceField(label=gettext_lazy("District"), required=False)
    department = forms.ChoiceField(label=gettext_lazy("Lead department"), required=False)
    sector = forms.ChoiceField(label=gettext_lazy("Sector"), required=False)
    by = forms.ChoiceField(label=pgettext_lazy("measures", "Rows"), required=False, choices=Grouping.choices)

    def __init__(self, *args: Any, choices: Mapping[str, Choices], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]  # a choice field
        for name in ("district", "department", "sector"):
            if name not in choices:
                del self.fields[name]


class RankingForm(forms.Form):
    """Which month, and whether districts or subdistricts."""

    month = forms.ChoiceField(label=gettext_lazy("Month"), required=False)
    level = forms.ChoiceField(
        label=gettext_lazy("Of what"),
        required=False,
        choices=[(one.value, one.label) for one in (Grouping.DISTRICT, Grouping.SUBDISTRICT)],
    )

    def __init__(self, *args: Any, months: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["month"].choices = months  # type: ignore[attr-defined]  # a choice field


class FiguresFileForm(forms.Form):
    """A file of official figures."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy(
            "CSV with the columns month (2026-11), code (of the district or subdistrict), response, resolved, satisfied (in per cent) "
            "and, if there are such, score and class; at most 5,000 rows."
        ),
    )


class ScoreRuleForm(_ModelForm):
    """How months are measured, from a later one on."""

    class Meta:
        model = ScoreRule
        fields = [
            "valid_from", "response_weight", "resolved_weight", "satisfied_weight", "first_percent", "last_percent", "least_valid",
            "basis", "mark",
        ]  # fmt: skip
        widgets = {"valid_from": DayInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("response_weight", "resolved_weight", "satisfied_weight", "first_percent", "last_percent"):
            self.fields[name] = forms.IntegerField(label=self.fields[name].label, min_value=0, max_value=100)
        self.fields["least_valid"] = forms.IntegerField(
            label=self.fields["least_valid"].label, min_value=1, max_value=10_000
        )
        self.fields["valid_from"].help_text = _("The first day of a later month.")

    def validate_unique(self) -> None:
        """The verb says it better."""

    def clean(self) -> dict[str, Any]:
        """Said beside the field, before the database says it in its own words."""
        data = super().clean() or {}
        if not self.errors:
            try:
                operations.check_score_rule(rule=ScoreRule(**data), at=clock.now())
            except DomainError as error:
                self.add_error(getattr(error, "field", None), str(error))
        return data
