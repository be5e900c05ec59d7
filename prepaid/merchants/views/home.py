"""The merchant's first page, registration, and the switch between merchants."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from escrow import clock
from escrow import queries as escrow
from escrow.errors import DomainError
from prepaid.merchants import operations, queries
from prepaid.merchants.access import SESSION_KEY, staff_page, workplaces
from prepaid.merchants.forms import RegisterForm, refuse
from prepaid.merchants.models import StaffMember
from prepaid.merchants.views import today
from prepaid.merchants.views.today import Todo
from prepaid.people.access import consumer_required, me, shows_domain_errors


@require_safe
@staff_page
def shop_home(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Today's money, what waits for an answer, what happened. A cashier goes straight to the counter."""
    if not staff.manages:
        return redirect("shop_counter")
    merchant, now = staff.merchant, clock.now()
    on, waiting = clock.beijing_date(now), today.waiting(staff)
    # Most of this is empty on most days: one query says what there is, and only that is read.
    there = queries.which_exist(
        stores=queries.stores_of(merchant.pk).filter(is_open=True),
        stopped=escrow.stoppages([merchant.beneficiary_id]),
        listed=queries.listings_of([merchant], on=on),
        late=queries.late_deposits([merchant], on=on),
        earlier=queries.existing_cards_of(merchant.pk).living(),
        **waiting,
    )
    todos = [
        Todo(label=_("Register the merchant"), url="", done=True),
        Todo(label=_("Add a store"), url=reverse("shop_store_add"), done="stores" in there),
        *today.todos(merchant),
    ]
    context = {
        "staff": staff,
        "workplaces": workplaces(request),
        "figures": escrow.merchant_money(merchant.beneficiary_id, now),
        "beneficiary": merchant.beneficiary,
        "backing": escrow.backing(merchant.beneficiary_id),
        "stopped": queries.stopped_at([merchant]) if "stopped" in there else [],
        "stops": [
            *(queries.listed_stops([merchant], on=on)[merchant.pk] if "listed" in there else []),
            *(
                [queries.late_deposit(one) for one in queries.late_deposits([merchant], on=on)]
                if "late" in there
                else []
            ),
            *(queries.funding_stops(queries.unbacked(merchant, on=on), on=on) if "earlier" in there else []),
        ],
        "todos": todos,
        "all_done": all(todo.done for todo in todos),
        "matters": today.matters({name: rows for name, rows in waiting.items() if name in there}),
        "events": today.events(staff, on),
        "now": now,
    }
    return render(request, "merchant/home.html", context)


@require_http_methods(["GET", "POST"])
@consumer_required
@shows_domain_errors
def shop_register(request: HttpRequest) -> HttpResponse:
    """Register a merchant; whoever does it owns it."""
    user = me(request)
    form = RegisterForm(request.POST or None, on=clock.today())
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            typed = form.cleaned_data
            try:
                merchant = operations.register_merchant(
                    owner=user,
                    name=typed["name"],
                    uscc=typed["uscc"],
                    legal_representative=typed["legal_representative"],
                    sector_code=typed["sector"],
                    district_code=typed["district"],
                    account_no=typed["account_no"],
                    account_name=typed["account_name"],
                    contact_phone=typed["contact_phone"],
                    at=clock.now(),
                    actor=user.actor,
                )
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                request.session[SESSION_KEY] = merchant.pk
                messages.success(request, _("%(name)s is registered.") % {"name": merchant.name})
                return redirect("shop_home")
    return render(request, "merchant/register.html", {"form": form}, status=status)


@require_POST
@consumer_required
@shows_domain_errors
def shop_switch(request: HttpRequest) -> HttpResponse:
    """Work for another of one's merchants from now on."""
    chosen = request.POST.get("merchant", "")
    staff = queries.workplace(me(request), int(chosen) if chosen.isdecimal() else 0)
    request.session[SESSION_KEY] = staff.merchant_id
    return redirect("shop_home")
