"""What officials, merchants and card-holders fill in about measures."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.warnings.models import Grade, Measure, MeasureRule
from complaints.warnings.states import DONE_ONCE, RESULTS, MeasureKind, MeasureResult
from prepaid.merchants.forms import DayInput
from prepaid.merchants.models import Merchant, Store

if TYPE_CHECKING:
    _RuleForm = forms.ModelForm[MeasureRule]
else:
    _RuleForm = forms.ModelForm


class ReasonForm(forms.Form):
    """Why."""

    because = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The merchant reads it, and whoever decides about an appeal."),
    )


class OrderForm(ReasonForm):
    """By when, and where."""

    due_on = forms.DateField(label=_("To be done by"), widget=DayInput, required=False)
    store = forms.ModelChoiceField(label=_("Store"), queryset=Store.objects.none(), required=False, empty_label="–")

    def __init__(self, *args: Any, merchant: Merchant, kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = merchant.stores.filter(is_open=True)  # type: ignore[attr-defined]  # a choice field
        if kind and kind != MeasureKind.INSPECTION:
            del self.fields["store"]
        if kind and kind not in DONE_ONCE:
            del self.fields["due_on"]

    @property
    def order(self) -> dict[str, Any]:
        """As the verbs take it."""
        data = self.cleaned_data
        store: Store | None = data.get("store")
        due_on: date | None = data.get("due_on")
        return {"because": data["because"], "due_on": due_on, "store_id": store.pk if store else None}


class PlaceForm(OrderForm):
    """Any kind of measure."""

    kind = forms.ChoiceField(label=pgettext_lazy("supervision", "Measure"), choices=MeasureKind.choices)
    field_order = ["kind", "because", "store", "due_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].help_text = _(
            "Of a call, an inspection, a letter or a talk. The others last until they are ended."
        )
        self.fields["store"].help_text = _("Of an inspection.")


class ResultForm(forms.Form):
    """What came of it."""

    result = forms.ChoiceField(label=_("Result"), widget=forms.RadioSelect)
    since = forms.DateField(
        label=_("Shut since"),
        widget=DayInput,
        required=False,
        help_text=_(
            "Only when it was found shut: the first day without service. A second official confirms it; then all are refunded."
        ),
    )
    findings = forms.CharField(
        label=_("What was found"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Who looked or spoke, when, and what was there or said."),
    )

    def __init__(self, *args: Any, measure: Measure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        results = RESULTS.get(MeasureKind(measure.kind), ())
        self.fields["result"].choices = [(one.value, one.label) for one in results]  # type: ignore[attr-defined]  # a choice field
        if MeasureResult.CLOSED not in results:
            del self.fields["since"]

    def clean_result(self) -> MeasureResult:
        """As a result."""
        return MeasureResult(self.cleaned_data["result"])


class AppealDecisionForm(forms.Form):
    """Whether the measure was right."""

    upheld = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("yes", _("Granted: the measure ends")), ("no", _("Not granted: it goes on"))],
        coerce=lambda typed: typed == "yes",
        widget=forms.RadioSelect,
    )
    reasons = forms.CharField(
        label=_("Reasons"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("The merchant reads them."),
    )


class AppealForm(forms.Form):
    """What is wrong with a measure."""

    because = forms.CharField(
        label=_("Why it is wrong"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Up to 2,000 characters. An official who had no part in it reads it."),
    )


class AnswerForm(forms.Form):
    """To a warning letter."""

    answer = forms.CharField(
        label=_("Your answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "What has happened, and how your card-holders will be served or paid back. Up to 2,000 characters."
        ),
    )


class ShutForm(forms.Form):
    """Which store is shut."""

    store = forms.ChoiceField(label=_("Which store is shut?"), widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is on the door, whom you asked. Up to 300 characters; you need not write anything."),
    )

    def __init__(self, *args: Any, stores: list[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].choices = [(str(store.pk), f"{store.name} · {store.address}") for store in stores]  # type: ignore[attr-defined]  # a choice field
        if len(stores) == 1:
            self.fields["store"].initial = str(stores[0].pk)


class MeasureRuleForm(_RuleForm):
    """How one kind of measure begins and ends, from a later day on."""

    class Meta:
        model = MeasureRule
        fields = [
            "kind", "valid_from", "is_applied", "from_grade", "evenings", "reporters", "needs_person", "term_days", "calm_points",
            "calm_days", "again_days", "source", "mark",
        ]  # fmt: skip
        widgets = {"valid_from": DayInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grades = [choice for choice in Grade.choices if choice[0] != Grade.A]
        self.fields["from_grade"].choices = grades  # type: ignore[attr-defined]  # a choice field
