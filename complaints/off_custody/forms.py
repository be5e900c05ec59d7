"""What people report, and what officers find."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from complaints.evidence.forms import FilesField
from complaints.off_custody.states import RESULTS, Happened, ReportKind, ReportState
from escrow.errors import DomainError
from prepaid.merchants.models import Store
from prepaid.notices import phones

PHOTOS = "image/jpeg,image/png,image/webp"


class ReportForm(forms.Form):
    """How, when, and perhaps more. Nothing of it asks who somebody is."""

    kind = forms.ChoiceField(
        label=_("How were you to pay?"),
        choices=ReportKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how you were to pay.")},
    )
    happened = forms.ChoiceField(
        label=_("When was it?"), choices=Happened.choices, initial=Happened.TODAY, widget=forms.RadioSelect
    )
    photo = FilesField(
        label=_("A photo helps"),
        most=1,
        accept=PHOTOS,
        required=False,
        help_text=format_lazy(
            _(
                "Of the payment code, the price list, the chat or the receipt. JPEG, PNG or WebP, up to {megabytes} MB. The place "
                "and time your phone writes into it are taken out."
            ),
            megabytes=settings.EVIDENCE_MAX_BYTES >> 20,
        ),
    )
    store = forms.ChoiceField(label=_("In which store?"), required=False)
    words = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Up to 300 characters."),
    )
    phone = forms.CharField(
        label=_("Your telephone number"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        help_text=_("Only if the officer may call you. It is encrypted, and the merchant never sees it."),
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, stores: list[Store], at_store: Store | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["token"].initial = uuid.uuid4
        if at_store is not None or not stores:
            del self.fields["store"]
        else:
            choices = [(str(store.pk), store.name) for store in stores]
            self.fields["store"].choices = choices if len(choices) == 1 else [("", _("I do not know")), *choices]  # type: ignore[attr-defined]  # a choice field

    def clean_phone(self) -> str:
        """In E.164, or nothing."""
        typed: str = self.cleaned_data["phone"].strip()
        try:
            return phones.e164(typed) if typed else ""
        except DomainError as error:
            raise forms.ValidationError(str(error)) from error


class ResultForm(forms.Form):
    """What the officer found."""

    result = forms.ChoiceField(
        label=_("Result"), choices=[(one.value, one.label) for one in RESULTS], widget=forms.RadioSelect
    )
    reasons = forms.CharField(
        label=_("Evidence and reasons"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What you saw or were shown, and when. Whoever reported reads the result only."),
    )

    def clean_result(self) -> ReportState:
        """As a state."""
        return ReportState(self.cleaned_data["result"])


class RevealForm(forms.Form):
    """Why the number is needed."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Recorded in the audit trail"))
