"""allauth on our user: encrypted phone number, codes through the notices app, encrypted second factors."""

from datetime import timedelta
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from escrow import clock
from escrow.models.encrypted import decrypt, encrypt
from prepaid.notices.operations import send_sms
from prepaid.people import operations, queries
from prepaid.people.forms import PhoneField
from prepaid.people.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Answers never tell whether a number has an account: an SMS to it does."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": gettext_lazy("Too many attempts. Wait a minute, then ask for a new code."),
        "incorrect_code": gettext_lazy("This code is not right. Type the six digits of the newest SMS."),
        "too_many_codes": gettext_lazy("Too many wrong codes. Wait five minutes, then try again; after many, a day."),
    }

    def phone_form_field(self, **kwargs: Any) -> forms.Field:
        """One way of reading phone numbers everywhere."""
        return PhoneField(required=kwargs.get("required", True))

    def save_user(self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True) -> User:
        """Register in the language of the page.

        Raises:
            PhoneTaken: somebody was faster.
        """
        data = form.cleaned_data
        return operations.register(phone=data["phone"], name=data["name"], language=current_language(), at=clock.now())

    def get_phone(self, user: User) -> tuple[str, bool]:
        """The number, and whether it is verified."""
        return user.phone, user.phone_verified_at is not None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        """Give the user another number."""
        operations.change_phone(user_id=user.pk, phone=phone, verified=verified, at=clock.now())

    def set_phone_verified(self, user: User, phone: str) -> None:
        """The user typed the code sent to the number."""
        operations.verify_phone(user_id=user.pk, phone=phone, at=clock.now())
        # allauth asks this same object next whether a second code is needed.
        user.refresh_from_db(fields=["phone_verified_at"])

    def get_user_by_phone(self, phone: str) -> User | None:
        """By the blind index."""
        return User.objects.by_phone(phone)

    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        """In the user's own language."""
        with override(user.language):
            text = _("Your code is %(code)s. It is valid for %(minutes)d minutes. We never ask you for it.") % {
                "code": code,
                "minutes": settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60,
            }
        useful_for = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
        send_sms(phone=phone, text=text, kind="people.code", to=user, useful_for=useful_for, at=clock.now())

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        """Somebody wants to sign in with a number that has no account."""
        text = _("There is no account with this number yet. Register here: %(url)s")
        self._send_about(phone, text, "account_signup")

    def send_account_already_exists_sms(self, phone: str) -> None:
        """Somebody wants to register a number that has an account."""
        text = _("This number already has an account. Sign in here: %(url)s")
        self._send_about(phone, text, "account_login")

    def _send_about(self, phone: str, text: str, urlname: str) -> None:
        send_sms(
            phone=phone,
            text=text % {"url": settings.PUBLIC_URL + reverse(urlname)},
            kind="people.account",
            at=clock.now(),
        )

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """allauth's own templates would put the full phone number into the messages cookie; our pages say it instead."""
        if message:
            super().add_message(request, level, extra_tags=extra_tags, message=message)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """From now on in the language that the user chose before. Who opens the administration and has no second factor
        yet sets one up first."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.opens_administration and not queries.factors_of(user_id=user.pk).exists():
            then = urlencode({"next": response.headers["location"]})
            response = redirect(f"{reverse('second_factor_app')}?{then}")
        remember_language(response, user.language)
        return response


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of apps and recovery codes are encrypted like all personal data."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This is not right. Type the newest code, or one of your recovery codes."),
        "incorrect_passkey": gettext_lazy("This passkey was not accepted. Try again, or type a code instead."),
    }

    def encrypt(self, text: str) -> str:
        """AES-256-GCM under the keys of personal data."""
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What ``encrypt`` was given."""
        return decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        """What the app files the code under."""
        return self._get_site_name()

    def totp_picture(self, url: str) -> str:
        """The QR code that the app scans, as a ``data:`` address."""
        return str(segno.make_qr(url, error="m").svg_data_uri(omitsize=True))

    def _get_site_name(self) -> str:
        return _("Prepaid card escrow")


def current_language() -> str:
    """The page's language when we have it, else the default."""
    language = get_language() or ""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def remember_language(response: HttpResponse, language: str) -> None:
    """Set the cookie that ``LocaleMiddleware`` reads."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
