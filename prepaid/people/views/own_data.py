"""What is kept of me: a copy, who looked at it, and closing the account."""

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from escrow import clock
from escrow.errors import DomainError
from prepaid.people import operations, queries
from prepaid.people.access import consumer_required, limited, me, shows_domain_errors
from prepaid.people.exports import XLSX
from prepaid.people.forms import CloseAccountForm

#: Copies one person may take.
COPIES = "10/d/user"
READINGS_A_PAGE = 20


@never_cache
@require_GET
@consumer_required
def my_data(request: HttpRequest) -> HttpResponse:
    """The way to a copy and to closing the account; who of the platform looked at name and number, and why."""
    readings = Paginator(queries.readings_of(me(request)), READINGS_A_PAGE).get_page(request.GET.get("page"))
    who = queries.names_of(entry.actor for entry in readings.object_list)
    return render(
        request,
        "people/my_data.html",
        {"page": readings, "readings": [(entry, who[entry.actor]) for entry in readings]},
    )


@never_cache
@require_POST
@consumer_required
@shows_domain_errors
def copy(request: HttpRequest) -> HttpResponse:
    """The workbook."""
    limited(request, action="copy_data", rates=COPIES, key="")
    at = clock.now()
    book = operations.copy_data(user_id=me(request).pk, at=at)
    name = f"my-data-{clock.beijing_date(at).isoformat()}.xlsx"
    return HttpResponse(book, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@never_cache
@consumer_required
def close(request: HttpRequest) -> HttpResponse:
    """What goes, what stays and for how long; what is still in the way; then the deed, and out."""
    user = me(request)
    form = CloseAccountForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                operations.close_account(user_id=user.pk, at=clock.now())
            except DomainError as error:
                form.add_error(None, str(error))
                status = error.http_status
            else:
                logout(request)
                messages.success(request, _("Your account is closed. Nobody can sign in to it any more."))
                return redirect("home")
    context = {"form": form, "in_the_way": queries.in_the_way(user)}
    return render(request, "people/close_account.html", context, status=status)
