"""Forms of the order's life: objection and review, calls to departments, limits."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.cases.forms import text_area
from complaints.cases.operations import UNDETERMINED
from complaints.cases.states import Limit
from prepaid.merchants.queries import districts, sectors
from prepaid.people.queries import departments

REASON_LENGTH, ANSWER_LENGTH = 500, 2000


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=REASON_LENGTH, widget=text_area(3))


class ObjectForm(ReasonForm):
    """Why it is not this authority's matter, and whose it is."""

    sector = forms.ChoiceField(label=_("Right sector"), required=False, help_text=_("Empty: the sector is right."))
    district = forms.ChoiceField(
        label=_("Right district"), required=False, help_text=_("Empty: the district is right.")
    )

    def __init__(self, *args: Any, on: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sectors(on=on).exclude(code=UNDETERMINED)
        self.fields["sector"].choices = [("", "---------"), *((one.code, one.name) for one in known)]  # type: ignore[attr-defined]  # a choice field
        self.fields["district"].choices = [("", "---------"), *((one.code, one.name) for one in districts(on=on))]  # type: ignore[attr-defined]  # a choice field


class ReviewForm(forms.Form):
    """The reviewer's word."""

    upheld = forms.TypedChoiceField(
        label=_("Finding"),
        choices=[("yes", _("Upheld: send it there")), ("no", _("Refused: the dispatch stands"))],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )
    finding = forms.CharField(label=_("Reason"), max_length=REASON_LENGTH, widget=text_area(3))


class CallInForm(forms.Form):
    """Whom the lead needs, and for what."""

    department = forms.ChoiceField(label=_("Department"))
    district = forms.ChoiceField(
        label=_("District"),
        required=False,
        help_text=_(
            "Empty: the district of the case. Where the department has a post for the city only, that one is called."
        ),
    )
    asked = forms.CharField(
        label=_("What is asked"),
        max_length=REASON_LENGTH,
        widget=text_area(3),
        help_text=_("Name no personal data: the department reads the case, with names and numbers masked."),
    )

    def __init__(self, *args: Any, on: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].choices = [(one.code, one.name) for one in departments(on=on)]  # type: ignore[attr-defined]  # a choice field
        self.fields["district"].choices = [("", "---------"), *((one.code, one.name) for one in districts(on=on))]  # type: ignore[attr-defined]  # a choice field


class AnswerCallForm(forms.Form):
    text = forms.CharField(label=_("Answer"), max_length=ANSWER_LENGTH, widget=text_area(5))


class ExtendForm(ReasonForm):
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=999)
    field_order = ("days", "reason")


class LimitForm(forms.Form):
    limit = forms.ChoiceField(label=_("Kind of matter"), choices=Limit.choices, widget=forms.RadioSelect)
