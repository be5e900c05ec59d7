"""Cards from before the merchant joined: its own pages, and those of the people who hold them."""

from base64 import b64decode, b64encode
from collections import Counter
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from escrow import clock
from escrow.errors import DomainError
from escrow.money import yuan
from prepaid.merchants import operations, queries
from prepaid.merchants.access import manager_page
from prepaid.merchants.forms import CardFileForm, ContestCardForm, CorrectCardForm, PlanForm, refuse
from prepaid.merchants.models import ExistingCard, ExistingCardRule, StaffMember, StaffRole
from prepaid.merchants.views.today import Matter, register_matters
from prepaid.people.access import consumer_required, me, shows_domain_errors

#: How long a file that was looked at may wait for the yes.
LOOKED_AT = 30 * 60
CARDS_A_PAGE = 50


@register_matters(lambda staff: queries.existing_cards_of(staff.merchant_id).living())
def existing_matters(cards: QuerySet[ExistingCard]) -> list[Matter]:
    """Figures that holders contest, a plan that is missing, the next instalment."""
    first = cards.select_related("merchant").first()  # those that are contested come first
    if first is None:
        return []
    today, url, found = clock.today(), reverse("shop_existing"), []
    owed = queries.unbacked(first.merchant, on=today)
    if first.is_contested:
        label, note = _("Earlier cards are contested"), _("Their holders say another figure.")
        found.append(Matter(label=label, url=url, note=note))
    if owed.plan_due_on is not None:
        note = _("¥%(sum)s are not backed and not planned for.") % {"sum": yuan(owed.sum_fen - owed.covered_fen)}
        found.append(
            Matter(label=_("Plan how earlier cards come to be backed"), url=url, note=note, due_on=owed.plan_due_on)
        )
    step = owed.missed or owed.next
    if step is not None:
        note = _("At most ¥%(sum)s without backing then.") % {"sum": yuan(step.ceiling_fen)}
        found.append(Matter(label=_("Instalment of your funding plan"), url=url, note=note, due_on=step.due_on))
    return found


@require_safe
@manager_page
def shop_existing(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """What is not backed, the plan, and every card."""
    return _page(request, staff)


def _page(request: HttpRequest, staff: StaffMember, *, form: PlanForm | None = None, status: int = 200) -> HttpResponse:
    today = clock.today()
    owed = queries.unbacked(staff.merchant, on=today)
    page = Paginator(queries.existing_cards_of(staff.merchant_id), CARDS_A_PAGE).get_page(request.GET.get("page"))
    rule = ExistingCardRule.objects.current(today)
    context = {
        "staff": staff,
        "owed": owed,
        "stops": queries.funding_stops(owed, on=today),
        "page": page,
        "rows": [queries.existing_face(card, on=today) for card in page],
        "rule": rule,
        "may_plan": staff.role == StaffRole.OWNER and owed.sum_fen > 0,
        "form": form or PlanForm(total_fen=owed.sum_fen, first=today + timedelta(days=30)),
    }
    return render(request, "merchant/existing.html", context, status=status)


@require_POST
@manager_page
def shop_existing_plan(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The owner says by when what is backed."""
    form = PlanForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            operations.set_funding_plan(by=staff, instalments=form.instalments, at=clock.now(), actor=staff.user.actor)
        except DomainError as error:
            refuse(form, error)
            status = error.http_status
        else:
            messages.success(request, _("The plan holds now. Your customers and everybody else can read it."))
            return redirect("shop_existing")
    return _page(request, staff, form=form, status=status)


@require_http_methods(["GET", "POST"])
@manager_page
def shop_existing_import(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """A file is read and every line shown with what would become of it; the same file is imported by a second button."""
    if "looked_at" in request.POST:
        return _import(request, staff)
    form = CardFileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            content = form.cleaned_data["file"].read()
            try:
                rows = operations.read_cards(content, merchant=staff.merchant, on=clock.today())
            except DomainError as error:
                refuse(form, error)
            else:
                status = 200
                context = _preview(rows)
                context["looked_at"] = signing.dumps(b64encode(content).decode(), salt=_salt(staff), compress=True)
    columns = operations.COLUMNS | operations.OPTIONAL
    context |= {"staff": staff, "form": form, "columns": columns.items(), "kinds": operations.KINDS}
    return render(request, "merchant/existing_import.html", context, status=status)


def _salt(staff: StaffMember) -> str:
    return f"existing:{staff.merchant_id}:{staff.user.actor}"


def _preview(rows: list[operations.CardRow]) -> dict[str, Any]:
    """The lines, those that are wrong first, and what they come to."""
    effects = Counter(row.effect for row in rows)
    new = [row for row in rows if row.effect == "new" and row.card is not None]
    return {
        "rows": sorted(rows, key=lambda row: row.effect != "bad"),
        "bad": effects["bad"],
        "known": effects["known"],
        "differ": any(row.differs for row in rows),
        "new": len(new),
        "people": len({row.card.phone_index for row in new if row.card}),
        "paid_fen": sum(row.card.paid_fen for row in new if row.card),
        "worth_fen": sum(row.worth_fen for row in new),
    }


def _import(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    try:
        content = b64decode(signing.loads(request.POST["looked_at"], salt=_salt(staff), max_age=LOOKED_AT))
        rows = operations.import_cards(by=staff, content=content, at=clock.now(), actor=staff.user.actor)
    except signing.BadSignature:
        messages.warning(request, _("Too much time has passed since the file was read. Choose it again."))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        effects = Counter(row.effect for row in rows)
        said = _("Imported: %(new)s cards, %(known)s known already. Their holders are asked to confirm them.")
        messages.success(request, said % {"new": effects["new"], "known": effects["known"]})
        return redirect("shop_existing")
    return redirect("shop_existing_import")


@require_http_methods(["GET", "POST"])
@manager_page
def shop_existing_card(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """One card: what both sides say, and another figure."""
    card = queries.existing_card_of(staff.merchant_id, pk)
    form = CorrectCardForm(request.POST or None, card=card)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                operations.correct_card(by=staff, card_id=pk, **form.figures, at=clock.now(), actor=staff.user.actor)
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                messages.success(request, _("Written down. The holder is asked to confirm it."))
                return redirect("shop_existing")
    context = {"staff": staff, "face": queries.existing_face(card, on=clock.today()), "card": card, "form": form}
    return render(request, "merchant/existing_card.html", context, status=status)


@consumer_required
@require_safe
@shows_domain_errors
def existing_card(request: HttpRequest, pk: int) -> HttpResponse:
    """The holder's page of a card that is not backed: what that means, what the merchant says, and the answer."""
    return _holder_page(request, queries.existing_card_with(me(request), pk))


def _holder_page(
    request: HttpRequest, card: ExistingCard, *, form: ContestCardForm | None = None, status: int = 200
) -> HttpResponse:
    today = clock.today()
    owed = queries.unbacked(card.merchant, on=today)
    context = {
        "card": card,
        "face": queries.existing_face(card, on=today),
        "owed": owed,
        "closings": [one for one in queries.standing_closings([card.merchant]) if one.store_id is None],
        "form": form or ContestCardForm(card=card),
    }
    return render(request, "consumer/existing.html", context, status=status)


@consumer_required
@require_POST
@shows_domain_errors
def existing_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes to the figure that was shown."""
    user = me(request)
    shown = request.POST.get("left", "")
    operations.confirm_card(
        user=user,
        card_id=pk,
        units_left=int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 18 else -1,
        at=clock.now(),
        actor=user.actor,
    )
    messages.success(request, _("Confirmed. The figure stands for both of you."))
    return redirect("existing_card", pk)


@consumer_required
@require_POST
@shows_domain_errors
def existing_contest(request: HttpRequest, pk: int) -> HttpResponse:
    """Another figure, and why."""
    user = me(request)
    card = queries.existing_card_with(user, pk)
    form = ContestCardForm(request.POST, card=card)
    status = 400
    if form.is_valid():
        try:
            operations.contest_card(user=user, card_id=pk, **form.figures, at=clock.now(), actor=user.actor)
        except DomainError as error:
            refuse(form, error)
            status = error.http_status
        else:
            messages.success(
                request, _("The merchant sees what you say, and the regulator can. You are told of its answer.")
            )
            return redirect("existing_card", pk)
    return _holder_page(request, card, form=form, status=status)
