"""The next step of each kind of matter: a button, or a page that asks before it does what cannot be undone."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from escrow import clock, reconciliation
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import DomainError, NotFound
from escrow.models import Approval, ClearingAlarm, Instruction, Payment, PayoutHold, StatementLine
from escrow.money import yuan
from escrow.reasons import in_words
from escrow.reconciliation import Fitting
from escrow.states import DEPOSIT, ApprovalKind, ApprovalState, RefundBasis
from prepaid.backoffice import operations
from prepaid.backoffice.forms import (
    DecisionForm,
    ExplainForm,
    HandOverForm,
    ReasonForm,
    RefundAccountForm,
    RefundByHandForm,
    ReturnForm,
)
from prepaid.backoffice.queries import books
from prepaid.backoffice.queries import matters as queries
from prepaid.cards.models import Card
from prepaid.merchants.bank_accounts import masked
from prepaid.notices import operations as notices
from prepaid.people.access import me
from prepaid.people.admin_site import ReadOnlyAdmin
from prepaid.people.errors import ReasonMissing
from prepaid.people.models import User, masked_name
from prepaid.people.queries import deeds, named

LIST = "admin:backoffice_assignment_changelist"
View = Callable[..., HttpResponse]


def check_operator(page: ReadOnlyAdmin, request: HttpRequest) -> None:
    """Raises ``PermissionDenied`` for everybody but platform operators."""
    if not page.has_view_permission(request):
        raise PermissionDenied


def for_operators(page: ReadOnlyAdmin, view: View) -> View:
    """The view gets the admin page it belongs to first. What does not exist is a 404; another refusal is said on the list."""

    def shown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        check_operator(page, request)
        try:
            return view(request, page=page, **kwargs)
        except NotFound as error:
            raise Http404 from error
        except DomainError as error:
            messages.error(request, str(error))
            return _back(request)

    return shown


def _back(request: HttpRequest) -> HttpResponse:
    """To the list, with the filters it had: only what follows the question mark is taken from the form."""
    kept = request.POST.get("kept", "")
    return redirect(f"{reverse(LIST)}?{kept}" if kept else reverse(LIST))


@require_POST
def ask_instruction(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """Ask the bank, or send, at once."""
    asked = escrow.ask_now(instruction_id=ref, at=clock.now(), actor=me(request).actor)
    messages.info(request, _("%(number)s: %(state)s") % {"number": asked.number, "state": asked.get_state_display()})
    return _back(request)


@require_POST
def ask_payment(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """Ask the channel what became of a payment."""
    asked = escrow.ask_payment(payment_id=ref, at=clock.now())
    messages.info(request, _("%(number)s: %(state)s") % {"number": asked.order_no, "state": asked.get_state_display()})
    return _back(request)


@require_POST
def send_messages(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """The gateway or the mail server works again."""
    count = notices.send_again(like=ref, at=clock.now())
    words = ngettext("%(count)s message is sent now.", "%(count)s messages are sent now.", count)
    messages.info(request, words % {"count": count})
    return _back(request)


@require_POST
def take(request: HttpRequest, page: ReadOnlyAdmin, lane: str, ref: int) -> HttpResponse:
    """It is mine from now on."""
    operations.hand_over(lane=lane, ref=ref, to=me(request), by=me(request), at=clock.now())
    messages.success(request, _("It is yours now."))
    return _back(request)


@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, page: ReadOnlyAdmin, lane: str, ref: int) -> HttpResponse:
    """Somebody else sees to it."""
    matter = queries.matter(lane, ref, at=clock.now())

    def do(data: dict[str, Any]) -> HttpResponse:
        to = User.objects.get(pk=data["owner"])
        operations.hand_over(lane=lane, ref=ref, to=to, by=me(request), at=clock.now())
        messages.success(request, _("%(person)s sees to it now.") % {"person": to.get_full_name()})
        return redirect(LIST)

    return page.deed(
        request,
        title=_("Hand over"),
        form=HandOverForm(request.POST or None),
        submit=_("Hand over"),
        do=do,
        about=[(_("Kind"), matter.source.title), (_("Number"), matter.label), (_("Merchant"), matter.merchant or "–")],
    )


@require_http_methods(["GET", "POST"])
def release_hold(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """One reason to hold a merchant's payouts ends."""
    hold = PayoutHold.objects.select_related("beneficiary__merchant").filter(pk=ref, released_at=None).first()
    if hold is None:
        raise NotFound()
    others = PayoutHold.objects.filter(beneficiary_id=hold.beneficiary_id, released_at=None).exclude(pk=ref)
    merchant = queries.merchant_of(hold.beneficiary_id)

    def do(data: dict[str, Any]) -> HttpResponse:
        escrow.release_payouts(
            beneficiary_id=hold.beneficiary_id,
            hold_id=hold.pk,
            because=data["because"],
            at=clock.now(),
            actor=me(request).actor,
        )
        still = others.exists()
        messages.success(
            request,
            _("Released. Another reason still holds the payouts.") if still else _("Payouts go on with the next run."),
        )
        return redirect(LIST)

    return page.deed(
        request,
        title=_("Release payouts"),
        form=ReasonForm(request.POST or None),
        submit=_("Release"),
        do=do,
        about=[
            (_("Merchant"), merchant or "–"),
            (_("Held because"), in_words(hold.because)),
            (_("Held by"), named(hold.placed_by)),
            (_("Payout account"), masked(hold.beneficiary.payout_account_no) or "–"),
            (_("Other reasons"), "; ".join(others.values_list("because", flat=True)) or "–"),
        ],
    )


@require_http_methods(["GET", "POST"])
def ask_release(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """The first of two people: ask for a large payout to be sent."""
    matter = queries.matter("held_payout", ref, at=clock.now())

    def do(data: dict[str, Any]) -> HttpResponse:
        escrow.request_payout_release(
            instruction_id=ref, because=data["because"], at=clock.now(), actor=me(request).actor
        )
        messages.success(request, _("Asked for. Another operator releases it."))
        return redirect(LIST)

    return page.deed(
        request,
        title=_("Ask for the release of a payout"),
        form=ReasonForm(request.POST or None),
        submit=_("Ask for its release"),
        do=do,
        about=[
            (_("Merchant"), matter.merchant or "–"),
            (_("Number"), matter.label),
            (_("Sum"), f"¥{yuan(matter.fen or 0)}"),
        ],
    )


@require_http_methods(["GET", "POST"])
def refund_by_hand(request: HttpRequest, page: ReadOnlyAdmin) -> HttpResponse:
    """The first of two people: ask for a card to be settled by hand."""

    def do(data: dict[str, Any]) -> HttpResponse:
        approval = operations.request_refund_by_hand(
            card_number=data["card_number"],
            amount_fen=data["amount"],
            basis=RefundBasis(data["basis"]),
            because=data["because"],
            by=me(request),
            at=clock.now(),
        )
        messages.success(request, _("Asked for. Another operator releases it."))
        return redirect("admin:backoffice_approval", approval.pk)

    form = RefundByHandForm(request.POST or None)
    return page.deed(request, title=_("Refund by hand"), form=form, submit=_("Ask for the refund"), do=do)


def _about_line(line: StatementLine) -> list[tuple[str, Any]]:
    at = clock.now()
    return [
        (_("Merchant"), queries.merchant_of(line.beneficiary_id) or "–"),
        (_("Custody account"), line.custody_no),
        (_("In or out"), line.get_direction_display()),
        (_("Sum"), f"¥{yuan(line.amount_fen)}"),
        (_("Day"), line.day),
        (_("Age (days)"), max(0, (clock.beijing_date(at) - line.day).days)),
        (_("Bank's number"), line.bank_ref or "–"),
        (_("Reference"), ", ".join(line.references) or "–"),
        (_("Why it is unexplained"), books.why([line])[0]),
    ]


@require_http_methods(["GET", "POST"])
def explain(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """Say what a line of the bank is that nobody could explain."""
    line = escrow.open_line(ref)

    def do(data: dict[str, Any]) -> HttpResponse:
        escrow.assign_line(line_id=ref, to=data["to"], because=data["because"], at=clock.now(), actor=me(request).actor)
        messages.success(request, _("Assigned. Its money is where it belongs."))
        return redirect(LIST)

    about = _about_line(line)
    if line.direction == "in":
        link = format_html(
            '<a href="{}">{}</a>', reverse("admin:backoffice_send_back", args=[ref]), _("Send it back …")
        )
        about.append((_("Nothing fits?"), link))
    return page.deed(
        request,
        title=_("What is this line?"),
        form=ExplainForm(
            request.POST or None, choices=[(one.code, _fitting(one)) for one in reconciliation.fitting(line)]
        ),
        submit=_("Assign"),
        do=do,
        about=about,
    )


def _fitting(one: Fitting) -> str:
    """A choice in words: what it is, its number, since when."""
    if one.since is None:
        return str(one.kind.label)
    day = clock.beijing_date(one.since)
    if one.line is not None:
        return _("corrects the line of %(day)s (%(number)s)") % {"day": day, "number": one.line.bank_ref or one.code}
    what = _("came back") if one.returned else one.kind.label
    return f"{what} · {one.code} · {day}"


@require_http_methods(["GET", "POST"])
def send_back(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """The first of two people: ask for money that is nobody's to go back to where it came from."""
    line = escrow.open_line(ref)

    def do(data: dict[str, Any]) -> HttpResponse:
        approval = escrow.request_receipt_return(line_id=ref, **data, at=clock.now(), actor=me(request).actor)
        messages.success(request, _("Asked for. Another operator releases it."))
        return redirect("admin:backoffice_approval", approval.pk)

    return page.deed(
        request,
        title=_("Send a receipt back"),
        form=ReturnForm(request.POST or None, known=bool(line.counterparty_account)),
        submit=_("Ask for its return"),
        do=do,
        about=_about_line(line),
    )


@require_http_methods(["GET", "POST"])
def refund_account(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """The first of two people: ask for a returned refund to go to its owner's bank account."""
    order = Instruction.objects.select_related("payment").filter(pk=ref, payment__isnull=False).first()
    if order is None or order.payment is None:
        raise NotFound()
    payment = order.payment
    card = Card.objects.select_related("holder").filter(agreement_id=payment.agreement_id).first()

    def do(data: dict[str, Any]) -> HttpResponse:
        asked = operations.request_refund_account(
            payment_id=payment.pk,
            account_no=data["account_no"],
            account_name=data["account_name"],
            person_name=data["person_name"],
            because=data["because"],
            by=me(request),
            at=clock.now(),
        )
        messages.success(request, _("Asked for. Another operator releases it."))
        return redirect("admin:backoffice_approval", asked.pk)

    return page.deed(
        request,
        title=_("Refund to a bank account"),
        form=RefundAccountForm(request.POST or None),
        submit=_("Ask for the account"),
        do=do,
        about=[
            (_("Card"), str(card or "–")),
            (_("Holder"), card.holder.display_name if card else "–"),
            (_("Still owed"), f"¥{yuan(escrow_queries.refund_owed(payment.pk))}"),
            (_("The bank's answer"), escrow_queries.last_return(payment.pk) or "–"),
        ],
    )


@require_http_methods(["GET", "POST"])
def end_deposit(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """The first of two people: an order paid in cash is over, as is proved otherwise than by its holder's word."""
    deposit = Payment.objects.filter(pk=ref, channel=DEPOSIT).first()
    if deposit is None:
        raise NotFound()

    def do(data: dict[str, Any]) -> HttpResponse:
        asked = escrow.request_deposit_end(payment_id=ref, **data, at=clock.now(), actor=me(request).actor)
        messages.success(request, _("Asked for. Another operator releases it."))
        return redirect("admin:backoffice_approval", asked.pk)

    return page.deed(
        request,
        title=_("Cash that is not in custody"),
        form=ReasonForm(request.POST or None),
        submit=_("Ask for the order to be ended"),
        do=do,
        about=[
            *_about_cash(deposit),
            (
                _("What can be done"),
                _(
                    "Call the merchant and the customer. Only if papers show that the cash was never taken, or given back, ask for the "
                    "order to be ended; the customer is told why."
                ),
            ),
        ],
    )


def _about_cash(deposit: Payment) -> list[tuple[str, Any]]:
    card = Card.objects.select_related("cash_sale__payer").filter(agreement=deposit.agreement_id).first()
    sale = card.cash_sale if card else None
    undone = clock.beijing_date(deposit.taken_back_at) if deposit.taken_back_at else "–"
    return [
        (_("Number"), deposit.order_no),
        (_("Sum"), f"¥{yuan(deposit.amount_fen)}"),
        (_("To be in custody by"), deposit.deposit_due_on),
        (_("Undone by the bank"), undone),
        (_("Card"), str(card or "–")),
        (_("Paid by"), sale.payer.display_name if sale and sale.payer else "–"),
        (_("Given back, says the shop"), clock.beijing_date(sale.back_at) if sale and sale.back_at else "–"),
    ]


@never_cache
@require_http_methods(["GET", "POST"])
def approval(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """What was asked for, to be read again; then approve, refuse, or withdraw one's own."""
    form = DecisionForm(request.POST or None)
    error: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            return _decided(request, ref, request.POST.get("word", ""), form.cleaned_data["because"])
        except NotFound:
            raise
        except DomainError as refusal:
            error = refusal
    return _approval_page(request, page, ref, form=form, error=error)


def _decided(request: HttpRequest, ref: int, word: str, because: str) -> HttpResponse:
    at, user = clock.now(), me(request)
    match word:
        case "approve" | "refuse":
            operations.decide(approval_id=ref, approved=word == "approve", because=because, by=user, at=at)
            said = _("Approved and done.") if word == "approve" else _("Refused.")
        case "withdraw":
            escrow.withdraw(approval_id=ref, at=at, actor=user.actor)
            said = _("Withdrawn.")
        case _:
            raise Http404
    messages.success(request, said)
    return redirect(LIST)


@never_cache
@require_POST
def reveal(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """The whole number of the account that was asked for; the audit trail keeps who looked and why."""
    reason = request.POST.get("reason", "")
    try:
        number = operations.reveal_account(approval_id=ref, reason=reason, by=me(request), at=clock.now())
    except ReasonMissing as error:
        return _approval_page(request, page, ref, form=DecisionForm(), error=error)
    return _approval_page(request, page, ref, form=DecisionForm(), account=number)


def _approval_page(
    request: HttpRequest,
    page: ReadOnlyAdmin,
    ref: int,
    *,
    form: DecisionForm,
    error: DomainError | None = None,
    account: str = "",
) -> HttpResponse:
    asked = Approval.objects.select_related("beneficiary").filter(pk=ref).first()
    if asked is None:
        raise NotFound()
    context = {
        **page.admin_site.each_context(request),
        "title": capfirst(asked.get_kind_display()),
        "opts": page.opts,
        "approval": asked,
        "is_open": asked.state == ApprovalState.OPEN,
        "merchant": queries.merchant_of(asked.beneficiary_id),
        "facts": _facts(asked),
        "asked_by": named(asked.requested_by),
        "decided_by": named(asked.decided_by),
        "mine": asked.requested_by == me(request).actor,
        "is_account": asked.kind in queries.WITH_ACCOUNT,
        "account": account,
        "form": form,
        "error": error,
        "deeds": deeds(target=f"approval:{asked.pk}"),
    }
    status = error.http_status if error else 400 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "admin/backoffice/approval.html", context, status=status)


def _facts(asked: Approval) -> list[tuple[str, Any]]:
    """What will be done, in words; bank accounts by their last digits, their holders by the family name."""
    facts = escrow.payload_of(asked)
    if asked.kind == ApprovalKind.PAYOUT_ACCOUNT:
        return [
            (_("Present account"), masked(asked.beneficiary.payout_account_no) or "–"),
            (_("New account"), masked(facts["account_no"])),
            (_("Account holder"), facts["account_name"]),
        ]
    if asked.kind == ApprovalKind.PAYOUT_RELEASE:
        order = Instruction.objects.select_related("payout").get(pk=facts["instruction"])
        return [
            (_("Number"), order.number),
            (_("Sum"), f"¥{yuan(order.amount_fen)}"),
            (_("Day"), order.payout.business_date),
            (_("Lines"), order.payout.lines.count()),
            (_("Payout account"), masked(order.payee_account) or "–"),
            (_("State"), order.get_state_display()),
        ]
    if asked.kind == ApprovalKind.RECEIPT_RETURN:
        line = StatementLine.objects.get(pk=facts["line"])
        return [
            (_("Sum"), f"¥{yuan(line.amount_fen)}"),
            (_("Day"), line.day),
            (_("Bank's number"), line.bank_ref or "–"),
            (_("Reference"), ", ".join(line.references) or "–"),
            (_("Came from"), masked(line.counterparty_account) or "–"),
            (_("New account"), masked(facts["account_no"])),
            (_("Account holder"), masked_name(facts["account_name"])),
        ]
    if asked.kind == ApprovalKind.REFUND_ACCOUNT:
        owed = Card.objects.select_related("holder").filter(agreement__payments=facts["payment"]).first()
        return [
            (_("Card"), str(owed or "–")),
            (_("Holder"), owed.holder.display_name if owed else "–"),
            (_("Refund"), f"¥{yuan(asked.amount_fen or 0)}"),
            (_("The bank's answer"), escrow_queries.last_return(facts["payment"]) or "–"),
            (_("New account"), masked(facts["account_no"])),
            (_("Account holder"), masked_name(facts["account_name"])),
            (_("Name on the identity document"), masked_name(facts["person_name"])),
        ]
    if asked.kind == ApprovalKind.DEPOSIT_END:
        return _about_cash(Payment.objects.get(pk=facts["payment"]))
    card = Card.objects.filter(agreement_id=facts["agreement"]).first()
    return [
        (_("Card"), str(card or "–")),
        (_("Refund"), f"¥{yuan(facts['amount_fen'])}"),
        (_("Held in custody"), f"¥{yuan(escrow_queries.holding(facts['agreement']).held_fen)}"),
        (_("Basis"), RefundBasis(facts["basis"]).label),
    ]


def merchant(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """The merchant behind a custody account."""
    found = queries.merchant_of(ref)
    if found is None:
        raise NotFound()
    return redirect("admin:merchants_merchant_change", found.pk)


def accounts(request: HttpRequest, page: ReadOnlyAdmin, ref: int) -> HttpResponse:
    """The accounts of the beneficiary an alarm is about."""
    alarm = ClearingAlarm.objects.select_related("beneficiary").filter(pk=ref).first()
    if alarm is None:
        raise NotFound()
    return redirect(
        f"{reverse('admin:escrow_account_changelist')}?code__exact={alarm.code}&q={alarm.beneficiary.custody_no}"
    )


#: name of the address (after ``backoffice_``): its route below the list, and the view
PAGES: dict[str, tuple[str, View]] = {
    "ask_instruction": ("instructions/<int:ref>/ask/", ask_instruction),
    "ask_payment": ("payments/<int:ref>/ask/", ask_payment),
    "send_messages": ("messages/<int:ref>/send/", send_messages),
    "ask_release": ("payouts/<int:ref>/release/", ask_release),
    "release_hold": ("holds/<int:ref>/release/", release_hold),
    "refund_by_hand": ("refunds/new/", refund_by_hand),
    "refund_account": ("refunds/<int:ref>/account/", refund_account),
    "approval": ("approvals/<int:ref>/", approval),
    "reveal": ("approvals/<int:ref>/reveal/", reveal),
    "explain": ("lines/<int:ref>/explain/", explain),
    "end_deposit": ("deposits/<int:ref>/end/", end_deposit),
    "send_back": ("lines/<int:ref>/return/", send_back),
    "merchant": ("merchants/<int:ref>/", merchant),
    "accounts": ("alarms/<int:ref>/", accounts),
    "take": ("<slug:lane>/<int:ref>/take/", take),
    "hand_over": ("<slug:lane>/<int:ref>/hand-over/", hand_over),
}
