"""The page behind the signed link of a callback. It needs no account, works once, and opening it changes nothing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from complaints.cases import operations
from complaints.cases.errors import CallbackAnswered, CallbackOver, ReopenedBefore
from complaints.cases.forms import CallbackForm, ReopenForm
from complaints.cases.models import Callback
from complaints.cases.queries.callbacks import callback_by, reopens_until, why_not_reopened
from complaints.cases.queries.file import owner_of
from escrow import clock
from escrow.errors import DomainError
from prepaid.people.access import limited, shows_domain_errors

#: Forms sent: by one network address, behind which there may be many people, and for one callback.
RATES = "300/h/ip,20/h/key"


@never_cache
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def callback(request: HttpRequest, token: str) -> HttpResponse:
    """Three questions. Whoever comes late, or a second time, is told so."""
    asked = callback_by(token)
    form = CallbackForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _page(request, token, asked, form=form)
    limited(request, action="callback", rates=RATES, key=str(asked.pk))
    if not form.is_valid():
        return _page(request, token, asked, form=form, status=400)
    try:
        answer = operations.Answer(**form.cleaned_data)
        operations.answer_callback(callback_id=asked.pk, answer=answer, at=clock.now())
        messages.success(request, _("Thank you. Your answer counts."))
    except (CallbackAnswered, CallbackOver) as error:
        messages.warning(request, str(error))
    return redirect("callback", token)


@never_cache
@require_POST
@shows_domain_errors
def callback_reopen(request: HttpRequest, token: str) -> HttpResponse:
    """Have the case reopened, once, with what is not resolved."""
    asked = callback_by(token)
    limited(request, action="callback", rates=RATES, key=str(asked.pk))
    form = ReopenForm(request.POST)
    if not form.is_valid():
        return _page(request, token, asked, reopen_form=form, status=400)
    try:
        operations.reopen_case(callback_id=asked.pk, text=form.cleaned_data["text"], at=clock.now())
        messages.success(request, _("Your complaint is open again. The officer who led it has been told."))
    except ReopenedBefore as error:
        messages.warning(request, str(error))
    except DomainError as error:
        form.add_error(None, str(error))
        return _page(request, token, callback_by(token), reopen_form=form, status=error.http_status)
    return redirect("callback", token)


def _page(
    request: HttpRequest,
    token: str,
    asked: Callback,
    *,
    form: CallbackForm | None = None,
    reopen_form: ReopenForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Of the case only what a stranger with the link may read: its number, the merchant, the authority."""
    today = clock.today()
    is_unresolved = asked.resolved is False
    refusal = why_not_reopened(asked, today=today) if is_unresolved else None
    may_reopen = is_unresolved and refusal is None
    context: dict[str, Any] = {
        "token": token,
        "callback": asked,
        "case": asked.case,
        "owner": owner_of(asked.case),
        "takes_answers": asked.takes_answers(today=today),
        "form": reopen_form or form,
        "reopen_form": (reopen_form or ReopenForm()) if may_reopen else None,
        "reopens_until": reopens_until(asked.case) if may_reopen else None,
        "why_not": refusal,
    }
    return render(request, "consumer/callback.html", context, status=status)
