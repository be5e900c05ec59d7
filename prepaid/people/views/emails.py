"""My e-mail address, and the page behind the link that ends the e-mails."""

import hmac
import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from escrow import clock
from escrow.models import blind_index
from prepaid.people import operations, queries
from prepaid.people.access import consumer_required, limited, me, shows_domain_errors
from prepaid.people.forms import EmailCodeForm, EmailForm, EmailWishForm
from prepaid.people.models import EmailWish

#: Codes: of one person, and to one mailbox, which need not be theirs; and how often one person may type one.
PER_PERSON, PER_MAILBOX, TRIES = "2/m/user,10/d/user", "2/m/key,5/d/key", "5/5m/user,30/d/user"
#: Where the session, which is encrypted, remembers what was sent where.
SESSION_KEY = "email_code"


@never_cache
@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def email(request: HttpRequest) -> HttpResponse:
    """The address and what goes there. A POST sends the code to a new one."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["address"]
        if address == me(request).email and me(request).email_refused_at is None:
            messages.info(request, _("This is your address already."))
            return redirect("email")
        limited(request, action="email_code", rates=PER_PERSON, key="")
        limited(request, action="email_code_to", rates=PER_MAILBOX, key=blind_index(address.lower()))
        code = f"{secrets.randbelow(10**6):06d}"
        operations.send_email_code(user_id=me(request).pk, address=address, code=code, at=clock.now())
        until = time.time() + operations.CODE_LASTS.total_seconds()
        request.session[SESSION_KEY] = {"address": address, "code": code, "until": until}
        return redirect("email_code")
    return _page(request, address=form)


@never_cache
@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def code(request: HttpRequest) -> HttpResponse:
    """The code of the e-mail confirms the address."""
    sent = request.session.get(SESSION_KEY)
    if sent is None or sent["until"] < time.time():
        request.session.pop(SESSION_KEY, None)
        messages.warning(request, _("This code is not good any more. Ask for a new one."))
        return redirect("email")
    form = EmailCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        limited(
            request, action="email_code_typed", rates=TRIES, key=""
        )  # counted at once, however many are sent together
        if hmac.compare_digest(form.cleaned_data["code"], sent["code"]):
            del request.session[SESSION_KEY]
            operations.confirm_email(user_id=me(request).pk, address=sent["address"], at=clock.now())
            messages.success(request, _("Your messages also go to this address from now on."))
            return redirect("email")
        form.add_error("code", _("This code is not right. Type the six digits of the newest e-mail."))
    context = {"form": form, "address": sent["address"]}
    return render(request, "people/email_code.html", context, status=400 if form.errors else 200)


@require_POST
@consumer_required
@shows_domain_errors
def wish(request: HttpRequest) -> HttpResponse:
    """Every message, the digest only, or nothing."""
    operations.choose_email(user_id=me(request).pk, wish=request.POST.get("wish", ""), at=clock.now())
    messages.success(request, _("Your choice was saved."))
    return redirect("email")


@require_POST
@consumer_required
@shows_domain_errors
def remove(request: HttpRequest) -> HttpResponse:
    """No address any more."""
    operations.remove_email(user_id=me(request).pk, at=clock.now())
    messages.success(request, _("The address was removed."))
    return redirect("email")


@never_cache
@csrf_exempt  # a mail program presses it (RFC 8058): who has the signed address may end these e-mails, and nothing else
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Ends the e-mails of whoever the signed address is of, signed in or not. Opening it changes nothing: programs that look
    through mail follow links."""
    user = queries.reader_of(token)
    if request.method == "POST":
        operations.choose_email(user_id=user.pk, wish=EmailWish.NONE, at=clock.now())
        user.refresh_from_db()
    is_over = user.email == "" or user.email_wish == EmailWish.NONE
    return render(request, "people/email_leave.html", {"reader": user, "is_over": is_over})


def _page(request: HttpRequest, *, address: Form) -> HttpResponse:
    user = me(request)
    context: dict[str, Any] = {
        "form": address,
        "wish_form": EmailWishForm(initial={"wish": user.email_wish}),
        "is_possible": bool(settings.EMAIL_SENDER),
    }
    return render(request, "people/email.html", context, status=400 if address.errors else 200)
