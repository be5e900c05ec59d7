"""Forms of signing in and of one's own page."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.internal.flows.signup import prevent_enumeration
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from prepaid.notices import phones
from prepaid.notices.errors import InvalidPhone
from prepaid.people.errors import PhoneTaken
from prepaid.people.models import User


class PhoneField(forms.CharField):
    """A mobile number as people type it; cleans to E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Mobile phone number"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}))
        super().__init__(max_length=32, **kwargs)

    def clean(self, value: Any) -> str:
        """Raises ``ValidationError`` with the sentence of ``InvalidPhone``."""
        typed = super().clean(value)
        if not typed:
            return ""
        try:
            return phones.e164(typed)
        except InvalidPhone as error:
            raise ValidationError(str(error), code=error.code) from error


class NameForm(forms.Form):
    """The name that stands in contracts."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("As in your identity card: it stands in the contracts of your cards."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class RevealForm(forms.Form):
    """Why personal data must be seen."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Goes into the audit trail."))


class SignInForm(allauth_forms.LoginForm):
    """A phone number; an SMS code follows, whether or not the number is known."""


class SignUpForm(allauth_forms.SignupForm):
    """A phone number and a name; an SMS code follows, whether or not the number is new."""

    name = NameForm.base_fields["name"]
    field_order = ["phone", "name"]

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Two sign-ups of one number at the same moment: the later is answered as if the account had been there."""
        try:
            return super().try_save(request)
        except PhoneTaken:
            return None, prevent_enumeration(request, phone=self.cleaned_data["phone"])


class CodeWidget(forms.TextInput):
    """Six digits; phones offer to fill in the code of the SMS."""

    def __init__(self) -> None:
        super().__init__(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "12", "autofocus": True}
        )


class SignInCodeForm(allauth_forms.ConfirmLoginCodeForm):
    """The code of the SMS."""

    code = forms.CharField(label=_("Code from the SMS"), widget=CodeWidget)


class PhoneCodeForm(allauth_forms.VerifyPhoneForm):
    """The code of the SMS, at sign-up."""

    code = forms.CharField(label=_("Code from the SMS"), widget=CodeWidget)
