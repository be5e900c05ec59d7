"""People around a card: the holder's page of them, invitations, leaving, and the printed card."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.cards import operations, queries
from prepaid.cards.forms import ChildForm, PersonForm
from prepaid.cards.models import Card, Relation
from prepaid.cards.states import ROLE_MAY, Deed, PersonRole
from prepaid.people.access import consumer_required, me, shows_domain_errors
from prepaid.people.models import User


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def card_persons(request: HttpRequest, number: str) -> HttpResponse:
    """The child, the second guardian and the relatives; each form sends one change."""
    user, at = me(request), clock.now()
    card = queries.card_of(user=user, number=number)
    if card.tops_up is not None:
        return redirect("card_persons", card.tops_up.number)
    child = queries.beneficiary_of(card=card)
    typed = request.POST
    named = {"name": child.name, "relation": child.relation} if child else None
    forms = {
        "child": ChildForm(typed if "child" in typed else None, initial=named),
        PersonRole.GUARDIAN: PersonForm(typed if PersonRole.GUARDIAN in typed else None, prefix="guardian"),
        PersonRole.RELATIVE: PersonForm(typed if PersonRole.RELATIVE in typed else None, prefix="relative"),
    }
    sent = next((form for form in forms.values() if form.is_bound), None)
    error: DomainError | None = None
    if request.method == "POST" and (sent is None or sent.is_valid()):
        try:
            messages.success(request, _change(request, card, user, forms, at))
            return redirect("card_persons", card.number)
        except NotFound:
            raise
        except DomainError as refusal:
            error = refusal
            field = getattr(refusal, "field", None)
            if sent is not None and field in sent.fields:
                sent.add_error(field, str(refusal))
    people = queries.people_of(card=card)
    context = {
        "card": card,
        "child": child,
        "guardian": next((person for person in people if person.is_guardian), None),
        "relatives": [person for person in people if not person.is_guardian],
        "now": at,
        "in_use": queries.is_in_use(card=card),
        "child_form": forms["child"],
        "guardian_form": forms[PersonRole.GUARDIAN],
        "relative_form": forms[PersonRole.RELATIVE],
        "form": sent,
        "error": error if sent is None or not sent.errors else None,
        "table": _table(),
    }
    status = error.http_status if error else 400 if sent and sent.errors else 200
    return render(request, "consumer/people.html", context, status=status)


def _change(request: HttpRequest, card: Card, user: User, forms: dict[str, Any], at: datetime) -> str:
    """Carry out the button that was pressed; what is said then."""
    mine: dict[str, Any] = {"holder_id": user.pk, "number": card.number, "at": at, "actor": user.actor}
    typed = request.POST
    if "child" in typed:
        facts = forms["child"].cleaned_data
        operations.name_child(name=facts["name"], relation=Relation(facts["relation"]), **mine)
        return _("The card is for that child now.")
    if "forget" in typed:
        operations.forget_child(**mine)
        return _("The child's name was deleted.")
    for role in PersonRole:
        if role in typed:
            operations.invite_person(role=role, phone=forms[role].cleaned_data["phone"], **mine)
            return _("The invitation was sent by SMS. It is open for 7 days.")
    person_id = int(typed["remove"]) if typed.get("remove", "").isdecimal() and len(typed["remove"]) < 19 else 0
    operations.remove_person(holder_id=user.pk, person_id=person_id, at=at, actor=user.actor)
    return _("That person is not on your card any more.")


def _table() -> list[dict[str, Any]]:
    """What each may do, as it is decided in one place."""
    rows = (
        (_("See charges and the statement"), Deed.SEE),
        (_("Say that a charge is wrong"), Deed.DISPUTE),
        (_("Confirm a charge"), Deed.CONFIRM),
        (_("Show the code and use the card"), Deed.SHOW_CODE),
        (_("Open the proof of the money"), Deed.PROVE),
        (_("Refund, pause, top-up, contract, these people"), Deed.OWN),
    )
    return [{"deed": label, "may": [deed in ROLE_MAY[role] for role in PersonRole]} for label, deed in rows]


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def card_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Who asks, for which card, and what the part means; yes or no."""
    user, at = me(request), clock.now()
    person = queries.invitation_to(user=user, person_id=pk)
    error: DomainError | None = None
    if request.method == "POST":
        verb: Callable[..., Any] = (
            operations.decline_invitation if "decline" in request.POST else operations.accept_invitation
        )
        try:
            verb(by=user, person_id=pk, at=at, actor=user.actor)
        except NotFound:
            raise
        except DomainError as refusal:
            error = refusal
        else:
            if "decline" in request.POST:
                messages.success(request, _("You declined. Your number is deleted from the invitation."))
                return redirect("wallet")
            messages.success(request, _("You are on this card now."))
            return redirect("card_detail", person.card.number)
    role = PersonRole(person.role)
    context = {
        "person": person,
        "card": person.card,
        "lapsed": person.has_lapsed(at),
        "may_confirm": Deed.CONFIRM in ROLE_MAY[role],
        "error": error,
    }
    return render(request, "consumer/invitation.html", context, status=error.http_status if error else 200)


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def card_leave(request: HttpRequest, number: str) -> HttpResponse:
    """Ask, then leave a card that one is on."""
    user = me(request)
    card = queries.card_of(user=user, number=number, deed=Deed.SEE)
    if card.rights is None or card.rights.role is None or card.tops_up_id is not None:
        raise NotFound()
    if request.method == "GET":
        return render(request, "consumer/leave.html", {"card": card})
    operations.leave_card(by=user, number=card.number, at=clock.now(), actor=user.actor)
    messages.success(request, _("You have left the card. Its holder has been told."))
    return redirect("wallet")


@consumer_required
@require_GET
@shows_domain_errors
def card_print(request: HttpRequest, number: str) -> HttpResponse:
    """A card of paper: the number, which alone pays nothing."""
    card = queries.card_of(user=me(request), number=number)
    if card.tops_up is not None:
        return redirect("card_print", card.tops_up.number)
    qr = segno.make_qr(card.number, error="q").svg_inline(omitsize=True)
    context = {"card": card, "terms": card.version.terms, "qr": mark_safe(qr)}  # noqa: S308 – own digits
    return render(request, "consumer/printed_card.html", context)
