"""Setting up, changing and passing the second factor. allauth keeps the session and speaks WebAuthn; the verbs are ours."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import clear_totp_secret
from allauth.mfa.webauthn.internal import auth as passkeys
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from escrow import clock
from escrow.errors import DomainError
from prepaid.notices.views import register_app_codes
from prepaid.people import operations, queries
from prepaid.people.access import consumer_required, keep_passed
from prepaid.people.access import me as signed_in
from prepaid.people.forms import AppForm, NewPasskeyForm
from prepaid.people.views.account import is_ours

if TYPE_CHECKING:
    _FormView = FormView[Any]
else:
    _FormView = FormView

Type = Authenticator.Type
fresh = method_decorator([never_cache, reauthentication_required(app="allauth.mfa")], name="dispatch")


@never_cache
@consumer_required
def overview(request: HttpRequest) -> HttpResponse:
    """What opens my account beside the SMS code."""
    factors = list(queries.factors_of(user_id=signed_in(request).pk))
    context = {
        "app": next((factor for factor in factors if factor.type == Type.TOTP), None),
        "passkeys": [factor for factor in factors if factor.type == Type.WEBAUTHN],
        "codes_left": sum(
            len(factor.wrap().get_unused_codes()) for factor in factors if factor.type == Type.RECOVERY_CODES
        ),
        "needs_one": signed_in(request).opens_administration,
    }
    return render(request, "mfa/index.html", context)


class PassAgainByPasskey(ReauthenticateWebAuthnView):
    """Signed in already: the passkey."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """The page again, with the sentence."""
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """allauth's, with the form that was sent."""
        return super().get_context_data(**kwargs) | kwargs


class Setup(_FormView):
    """A page that adds a factor; then the recovery codes, when they are new, and on to ``next``."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """For the one who is signed in."""
        return super().get_form_kwargs() | {"user": signed_in(self.request)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether this is the first."""
        user = signed_in(self.request)
        return super().get_context_data(**kwargs) | {
            "then": then(self.request),
            "first": not queries.factors_of(user_id=user.pk).exists(),
            "needs_one": user.opens_administration,
        }

    def go_on(self, factor: Authenticator) -> HttpResponse:
        """The session has passed what it has just shown."""
        post_authentication(self.request, factor, reauthenticated=True)
        codes = queries.factors_of(user_id=factor.user_id).get(type=Type.RECOVERY_CODES)
        if not codes.wrap().did_view:
            return redirect(f"{reverse('second_factor_codes')}?{urlencode({'next': then(self.request)})}")
        return HttpResponseRedirect(then(self.request))


@fresh
class App(Setup):
    """Set an authenticator app up, or anew: scan, then show by a code that it works."""

    form_class = AppForm
    template_name = "mfa/totp/activate_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the QR code and the key to type."""
        context = super().get_context_data(**kwargs)
        adapter, secret = get_adapter(), context["form"].secret
        return context | {
            "qr": adapter.totp_picture(adapter.build_totp_url(signed_in(self.request), secret)),
            "key": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        }

    def form_valid(self, form: AppForm) -> HttpResponse:
        """The app works."""
        user = signed_in(self.request)
        app = operations.add_app(
            user_id=user.pk, secret=form.secret, confirmed_step=form.step, at=clock.now(), actor=user.actor
        )
        clear_totp_secret(self.request)
        messages.success(self.request, _("The authenticator app is set up."))
        return self.go_on(app)


@fresh
class Passkey(Setup):
    """Add a passkey: the browser makes it, on this device or on a key."""

    form_class = NewPasskeyForm
    template_name = "mfa/webauthn/add_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the browser is asked."""
        user = signed_in(self.request)
        return super().get_context_data(**kwargs) | {"asked": passkeys.begin_registration(user, passwordless=False)}

    def form_valid(self, form: NewPasskeyForm) -> HttpResponse:
        """The passkey works."""
        user = signed_in(self.request)
        passkey = operations.add_passkey(
            user_id=user.pk, credential=form.cleaned_data["credential"], at=clock.now(), actor=user.actor
        )
        messages.success(self.request, _("The passkey is set up."))
        return self.go_on(passkey)


@never_cache
@reauthentication_required(app="allauth.mfa")
def remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    """Ask, then remove an app or a passkey of mine."""
    user = signed_in(request)
    factor = queries.factors_of(user_id=user.pk).filter(pk=factor_id).exclude(type=Type.RECOVERY_CODES).first()
    if factor is None:
        raise Http404
    if request.method != "POST":
        return render(request, "mfa/remove.html", {"factor": factor})
    try:
        operations.remove_factor(user_id=user.pk, factor_id=factor_id, at=clock.now(), actor=user.actor)
    except DomainError as error:
        return render(request, "mfa/remove.html", {"factor": factor, "error": error}, status=error.http_status)
    keep_passed(request, user)
    messages.success(request, _("It was removed."))
    return redirect("second_factor")


@never_cache
@reauthentication_required(app="allauth.mfa")
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The codes, shown once; new ones by a POST."""
    user = signed_in(request)
    if request.method == "POST":
        operations.make_recovery_codes(user_id=user.pk, at=clock.now(), actor=user.actor)
        return HttpResponseRedirect(request.get_full_path())
    kept = queries.factors_of(user_id=user.pk).filter(type=Type.RECOVERY_CODES).first()
    if kept is None:
        return redirect("second_factor")
    codes = kept.wrap()
    context = {"left": codes.get_unused_codes(), "new": not codes.did_view, "then": then(request)}
    codes.mark_as_viewed()
    return render(request, "mfa/recovery_codes/index.html", context)


def then(request: HttpRequest) -> str:
    """Where to go on."""
    wanted = request.GET.get("next", "")
    return wanted if is_ours(request, wanted) else reverse("second_factor")


@register_app_codes
def app_codes(user_ids: Collection[int]) -> dict[int, str]:
    """For the demo's inbox, where nobody has the officials' phones."""
    return queries.app_codes(user_ids=user_ids)
