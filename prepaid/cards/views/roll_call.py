"""Calling a class's roll: the classes, the roll of one on a day, and the holder's way off it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.cards import operations, queries
from prepaid.cards.forms import ClassForm, LearnerForm, RollForm
from prepaid.cards.models import TaughtClass
from prepaid.cards.views.days import day_of
from prepaid.merchants.access import counter_page
from prepaid.merchants.models import StaffMember
from prepaid.people.access import consumer_required, me, shows_domain_errors


@require_http_methods(["GET", "POST"])
@counter_page
def shop_classes(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The classes whose roll can be called here, and a form for one more."""
    form, status = ClassForm(request.POST or None, stores=queries.counter_stores(staff=staff)), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                taught = operations.open_class(
                    staff=staff,
                    name=form.cleaned_data["name"],
                    store_id=form.cleaned_data.get("store"),
                    at=clock.now(),
                    actor=staff.user.actor,
                )
            except NotFound:
                raise
            except DomainError as error:
                form.add_error("name", str(error))
                status = error.http_status
            else:
                return redirect("shop_roll", taught.pk)
    classes = queries.classes_of(staff=staff, today=clock.today())
    return render(request, "merchant/classes.html", {"staff": staff, "classes": classes, "form": form}, status=status)


@require_http_methods(["GET", "POST"])
@counter_page
def shop_roll(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The roll of one day; what was marked, and what is refused, stands beside each learner."""
    taught = queries.class_of(staff=staff, class_id=pk)
    on, today = day_of(request), clock.today()
    if request.method == "GET":
        return _roll(request, staff, taught, on)
    form = RollForm(request.POST, rows=queries.roll(taught, on, today=today))
    if not form.is_valid():
        return _roll(request, staff, taught, on, form=form, status=400)
    try:
        lines = operations.call_roll(
            staff=staff,
            class_id=pk,
            on=on,
            marks=[operations.Marked(**one) for one in form.marked],
            at=clock.now(),
            actor=staff.user.actor,
        )
    except NotFound:
        raise
    except DomainError as error:
        return _roll(request, staff, taught, on, error=error, status=error.http_status)
    return _roll(request, staff, taught, on, lines=lines)


@require_POST
@counter_page
def shop_roll_add(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Put the card whose code was shown on the roll."""
    taught = queries.class_of(staff=staff, class_id=pk)
    on, form = day_of(request), LearnerForm(request.POST)
    if not form.is_valid():
        return _roll(request, staff, taught, on, adding=form, status=400)
    typed = form.cleaned_data
    try:
        learner = operations.add_learner(
            staff=staff,
            class_id=pk,
            code=typed["code"],
            name=typed["name"],
            only_on=on if typed["is_guest"] else None,
            at=clock.now(),
            at_real=timezone.now(),
            actor=staff.user.actor,
        )
    except NotFound:
        raise
    except DomainError as error:
        form.add_error("code", str(error))
        return _roll(request, staff, taught, on, adding=form, status=error.http_status)
    messages.success(request, _("%(learner)s is on the roll.") % {"learner": learner})
    return redirect(f"{reverse('shop_roll', args=[pk])}?on={on.isoformat()}")


@require_POST
@counter_page
def shop_roll_off(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Take a card off the roll."""
    learner = operations.remove_learner(staff=staff, learner_id=pk, at=clock.now(), actor=staff.user.actor)
    messages.success(request, _("%(learner)s is off the roll.") % {"learner": learner})
    return redirect("shop_roll", learner.taught_class_id)


@require_safe
@consumer_required
@shows_domain_errors
def card_rolls(request: HttpRequest, number: str) -> HttpResponse:
    """The rolls that a card is on, for its holder."""
    card = queries.card_of(user=me(request), number=number)
    context = {"card": card, "rolls": queries.rolls_of(card=card, today=clock.today())}
    return render(request, "consumer/rolls.html", context)


@require_POST
@consumer_required
@shows_domain_errors
def class_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """The holder takes a card off the roll."""
    user = me(request)
    learner = operations.leave_class(holder_id=user.pk, learner_id=pk, at=clock.now(), actor=user.actor)
    messages.success(request, _("Your card is off the roll: lessons take your code again."))
    return redirect("card_rolls", learner.card.number)


def _roll(
    request: HttpRequest,
    staff: StaffMember,
    taught: TaughtClass,
    on: date,
    *,
    form: RollForm | None = None,
    adding: LearnerForm | None = None,
    lines: Iterable[operations.Line] = (),
    error: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = list(form.rows) if form else queries.roll(taught, on, today=clock.today())
    said = {line.learner_id: line for line in lines}
    form = form or RollForm(rows=rows)
    context: dict[str, Any] = {
        "staff": staff,
        "taught": taught,
        "on": on,
        "today": clock.today(),
        "form": form,
        "rows": [(row, form[f"mark_{pk}"], form[f"seen_{pk}"], said.get(pk)) for row in rows if (pk := row.learner.pk)],
        "adding": adding or LearnerForm(initial={"is_guest": on != clock.today()}),
        "refusal": error,
        "summary": _summary(list(said.values())),
    }
    return render(request, "merchant/roll.html", context, status=status)


def _summary(lines: list[operations.Line]) -> list[str]:
    """What a submitted roll came to, in sentences."""
    new = sum(line.is_new for line in lines)
    refused = sum(line.error is not None for line in lines)
    as_before = len(lines) - new - refused
    texts = []
    if new:
        texts.append(ngettext("%(count)s learner recorded.", "%(count)s learners recorded.", new) % {"count": new})
    if as_before:
        texts.append(
            ngettext(
                "%(count)s was recorded before and is unchanged.",
                "%(count)s were recorded before and are unchanged.",
                as_before,
            )
            % {"count": as_before}
        )
    if refused:
        texts.append(
            ngettext(
                "%(count)s was not recorded: the reason stands beside the name.",
                "%(count)s were not recorded: the reason stands beside each name.",
                refused,
            )
            % {"count": refused}
        )
    return texts
