"""Forms of signing in and of one's own page."""

import re
import unicodedata
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import get_totp_secret
from allauth.mfa.webauthn.internal import auth as passkeys
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from escrow import clock
from prepaid.notices import addresses, phones
from prepaid.notices.errors import InvalidEmail, InvalidPhone
from prepaid.people import operations, totp
from prepaid.people.errors import PhoneTaken
from prepaid.people.models import EmailWish, User


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


class EmailForm(forms.Form):
    """The address that a code is sent to."""

    address = forms.CharField(
        label=_("E-mail address"),
        max_length=addresses.LONGEST,
        error_messages={"required": InvalidEmail.message},
        widget=forms.TextInput(attrs={"type": "email", "inputmode": "email", "autocomplete": "email"}),
    )

    def clean_address(self) -> str:
        """As it is kept."""
        try:
            return addresses.clean(self.cleaned_data["address"])
        except InvalidEmail as error:
            raise ValidationError(str(error), code=error.code) from error


class EmailCodeForm(forms.Form):
    """The code that was sent there."""

    code = forms.CharField(
        label=_("Code of the e-mail"),
        max_length=16,
        help_text=_("Six digits. Nothing there? Look among the unwanted messages."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_code(self) -> str:
        """Only the digits count, in full width too: a Chinese keyboard types them so."""
        return re.sub("[^0-9]", "", unicodedata.normalize("NFKC", self.cleaned_data["code"]))


class EmailWishForm(forms.Form):
    """What also goes by e-mail."""

    wish = forms.ChoiceField(label=_("By e-mail"), choices=EmailWish, widget=forms.RadioSelect)


class CloseAccountForm(forms.Form):
    """Cannot be undone."""

    sure = forms.BooleanField(
        label=_("I know that this cannot be undone"),
        error_messages={"required": _("Tick that you know this: a closed account is never opened again.")},
    )


class ExportForm(forms.Form):
    """As what, and why."""

    kind = forms.ChoiceField(label=_("Format"), choices=[("xlsx", "XLSX"), ("csv", "CSV")])
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Goes into the audit trail, with the filter and the number of rows."),
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

    def __init__(self, *, autofocus: bool = True) -> None:
        super().__init__(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "12", "autofocus": autofocus}
        )


class SignInCodeForm(allauth_forms.ConfirmLoginCodeForm):
    """The code of the SMS."""

    code = forms.CharField(label=_("Code from the SMS"), widget=CodeWidget)


class PhoneCodeForm(allauth_forms.VerifyPhoneForm):
    """The code of the SMS, at sign-up."""

    code = forms.CharField(label=_("Code from the SMS"), widget=CodeWidget)


class FactorCodeForm(factor_forms.AuthenticateForm):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        help_text=_("Six digits from your authenticator app, or one of your recovery codes."),
        widget=CodeWidget,
    )

    def clean_code(self) -> str:
        """Raises ``ValidationError``: not right, used before, or too many wrong ones."""
        forget = check_rate_limit(self.user, error_key="too_many_codes")
        code: str = self.cleaned_data["code"]
        factor = operations.use_code(user_id=self.user.pk, code=code, at=clock.now())
        if factor is None:
            raise get_adapter().validation_error("incorrect_code")
        forget()
        self.authenticator = factor
        return code

    def save(self) -> None:
        """The session has passed."""
        post_authentication(context.request, self.authenticator, reauthenticated=True)


class PasskeyAnswerForm(forms.Form):
    """What the browser answers for a passkey, as JSON."""

    credential = forms.JSONField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def verified(self, credential: Any) -> Any:
        """What allauth makes of it."""
        raise NotImplementedError

    def clean_credential(self) -> Any:
        """Raises ``ValidationError``: not right, or too many wrong ones."""
        forget = check_rate_limit(self.user, error_key="too_many_codes")
        try:
            answer = self.verified(self.cleaned_data["credential"])
        except (ValidationError, TypeError, ValueError, LookupError, AttributeError) as error:
            # It comes from the browser, and the library trips over its shape in many ways.
            operations.use_passkey(user_id=self.user.pk, factor=None, at=clock.now())
            raise get_adapter().validation_error("incorrect_passkey") from error
        forget()
        return answer


class PasskeyForm(PasskeyAnswerForm):
    """A passkey's signature over our challenge."""

    def verified(self, credential: Any) -> Authenticator:
        """The passkey."""
        passkeys.parse_authentication_response(credential)
        factor: Authenticator = passkeys.complete_authentication(self.user, credential)
        operations.use_passkey(user_id=self.user.pk, factor=factor, at=clock.now())
        return factor

    def save(self) -> None:
        """The session has passed."""
        post_authentication(context.request, self.cleaned_data["credential"], reauthenticated=True)


class NewPasskeyForm(PasskeyAnswerForm):
    """A new passkey's public key."""

    def verified(self, credential: Any) -> dict[str, Any]:
        """The credential itself."""
        passkeys.parse_registration_response(credential)
        passkeys.complete_registration(credential)
        found: dict[str, Any] = credential
        return found


class AppForm(forms.Form):
    """A code of the app that was just set up, to show that it works. The secret waits in the (encrypted) session."""

    code = forms.CharField(
        label=_("Code of the app"),
        max_length=32,
        help_text=_("The six digits that the app shows now."),
        widget=CodeWidget(autofocus=False),  # the QR code stands above
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.secret: str = get_totp_secret(regenerate=not self.is_bound)

    def clean_code(self) -> str:
        """Raises ``ValidationError``: not right, or too many wrong ones."""
        forget = check_rate_limit(self.user, error_key="too_many_codes")
        code: str = self.cleaned_data["code"]
        step = totp.step_of(self.secret, code)
        if step is None:
            raise ValidationError(_("This is not the code that the app shows now. Check that its clock is right."))
        forget()
        self.step = step
        return code
