"""What a card's holder would get back, by which article: for everybody, also for cards that were never sold here."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from escrow import clock
from prepaid.people.kept_pages import kept_for_strangers
from prepaid.products.forms import CalculatorForm
from prepaid.products.refund_rules import CardKind, Cause, RefundFacts, RefundQuote, quote

KIND_NAMES = {
    CardKind.SESSIONS: lambda: (_("Session card or course"), _("A number of visits or lessons")),
    CardKind.STORED_VALUE: lambda: (_("Stored-value card"), _("Money to spend, perhaps with gift money on top")),
    CardKind.DISCOUNT: lambda: (_("Discount card"), _("Money to spend at a discount")),
    CardKind.PERIOD: lambda: (_("Period card"), _("A month, a year: as often as one likes")),
}


@dataclass(frozen=True, kw_only=True)
class Side:
    """The same card with another cause."""

    title: str
    note: str
    quote: RefundQuote
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is owed for the cause that was named, what it would be for the others, and the cooling-off period."""

    quote: RefundQuote
    sides: list[Side]
    cooling_until: date | None
    is_cooling_off: bool


def _answer(facts: RefundFacts) -> Answer:
    undated = replace(facts, bought_on=None, requested_on=None)
    mine = facts.cause == Cause.CONSUMER
    in_time = replace(facts, cause=Cause.CONSUMER, bought_on=facts.requested_on)
    until = facts.bought_on + timedelta(days=facts.cooling_off_days) if facts.bought_on else None
    return Answer(
        quote=quote(facts),
        cooling_until=until,
        is_cooling_off=facts.is_cooling_off,
        sides=[
            Side(
                title=_("If the merchant, or neither of you, is the cause"),
                note=_("At the price you paid."),
                quote=quote(replace(undated, cause=Cause.OPERATOR)),
                chosen=not mine and not facts.is_cooling_off,
            ),
            Side(
                title=_("If you changed your mind"),
                note=_("What was used counts at the list price."),
                quote=quote(replace(undated, cause=Cause.CONSUMER)),
                chosen=mine and not facts.is_cooling_off,
            ),
            Side(
                title=_("Within seven days of buying"),
                note=_("No reason is needed."),
                quote=quote(in_time),
                chosen=facts.is_cooling_off,
            ),
        ],
    )


@require_safe
@kept_for_strangers
def refund_calculator(request: HttpRequest) -> HttpResponse:
    """Choose the kind of card, say what was paid and used, read the sum with its steps. All of it stands in the address."""
    kinds = [(kind, *name()) for kind, name in KIND_NAMES.items()]
    chosen = request.GET.get("kind", "")
    context: dict[str, object] = {"kinds": kinds, "unknown": bool(chosen) and chosen not in list(CardKind)}
    if chosen not in list(CardKind):
        return render(request, "consumer/public/calculator.html", context, status=400 if context["unknown"] else 200)
    kind = CardKind(chosen)
    asked = "paid" in request.GET
    form = CalculatorForm(
        request.GET if asked else None, kind=kind, today=clock.today(), initial={"cause": Cause.OPERATOR}
    )
    context |= {"kind": kind, "kind_name": KIND_NAMES[kind]()[0], "form": form}
    status = 200
    if asked:
        status = 400
        if form.is_valid():
            context["answer"], status = _answer(form.cleaned_data["facts"]), 200
    return render(request, "consumer/public/calculator.html", context, status=status)
