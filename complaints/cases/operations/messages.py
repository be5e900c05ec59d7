"""Who is told what, at each step. Sentences are lazy: everybody reads them in their own language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from complaints.cases.models import Callback, Case
from complaints.cases.queries.callbacks import link_of
from complaints.cases.queries.file import until
from complaints.cases.queries.serving import in_charge, posted
from complaints.cases.states import EvidenceSide, Side
from escrow.clock import end_of_day
from escrow.money import yuan
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.notices import operations as notices
from prepaid.people.models import User

KIND = "cases.step"
ASKED_BACK = "cases.callback"


def received(case: Case, *, at: datetime) -> None:
    """The consumer learns the number and the deadline."""
    _tell_consumer(
        case,
        _("Complaint %(number)s received"),
        _("We are sending it to the responsible authority, which answers by %(due_on)s. Your card's money is safe.")
        if case.outside is None
        else _("We are sending it to the responsible authority, which answers by %(due_on)s."),
        at=at,
    )


def dispatched(case: Case, *, at: datetime) -> None:
    """The consumer learns the owner, the merchant that it is heard, the queue that work has come."""
    _tell_consumer(
        case,
        _("Complaint %(number)s is with %(authority)s"),
        _("%(authority)s handles it by %(due_on)s. You can follow every step here."),
        at=at,
    )
    _tell_merchant(
        case,
        _("A customer has complained: %(number)s"),
        _dispatched_to_merchant(case),
        at=at,
    )
    _tell(
        posted(case.lead_department_id, case.lead_district_id, at=at),
        case,
        _("New complaint %(number)s"),
        _("%(merchant)s: to be handled by %(due_on)s. Take it in charge."),
        url=_admin_url(case),
        at=at,
    )


def _dispatched_to_merchant(case: Case) -> Promise:
    if case.outside is not None:
        return _(
            "It is about something bought from you outside custody. Tell %(authority)s your side by %(answer_by)s."
        )
    if case.redemption is not None:
        return _(
            "It is about your charge of %(asked)s, which stays reserved. Tell %(authority)s your side by %(answer_by)s, or "
            "withdraw the charge under “Open charges”."
        )
    return _("Tell %(authority)s your side by %(answer_by)s. The money of the card stays frozen meanwhile.")


def accepted(case: Case, *, at: datetime) -> None:
    """Both sides learn that somebody is in charge."""
    title = _("Complaint %(number)s: an officer is in charge")
    _tell_consumer(case, title, _("%(authority)s hears both sides and decides by %(due_on)s."), at=at)
    _tell_merchant(case, title, _("%(authority)s hears both sides and decides by %(due_on)s."), at=at)


def assigned(case: Case, *, at: datetime) -> None:
    """The officer put in charge by a colleague learns it."""
    _tell_lead(case, _("Complaint %(number)s is yours"), _("%(merchant)s: to be handled by %(due_on)s."), at=at)


def said(case: Case, *, side: Side, at: datetime) -> None:
    """The officer in charge learns that a side has spoken."""
    title = (
        _("Complaint %(number)s: the consumer has added a statement")
        if side == Side.CONSUMER
        else _("Complaint %(number)s: the merchant has answered")
    )
    _tell_lead(case, title, _("Read it in the file. To be handled by %(due_on)s."), at=at)


def shown(case: Case, *, side: EvidenceSide, at: datetime) -> None:
    """The officer in charge learns that a side has added photos or documents."""
    title = (
        _("Complaint %(number)s: the consumer has added photos or documents")
        if side == EvidenceSide.CONSUMER
        else _("Complaint %(number)s: the merchant has added photos or documents")
    )
    _tell_lead(case, title, _("See them in the file. To be handled by %(due_on)s."), at=at)


def upheld(case: Case, *, at: datetime) -> None:
    """Both sides learn the sum."""
    _tell_consumer(
        case,
        _("Complaint %(number)s: decided in your favour"),
        _(
            "Read the decision of %(authority)s and its reasons here. The case closes when the bank has paid ¥%(amount)s."
        ),
        at=at,
    )
    _tell_merchant(
        case,
        _("Complaint %(number)s upheld: ¥%(amount)s goes back to the customer"),
        _("It is paid out of custody. What remains of the card is yours and is paid out to you."),
        at=at,
    )


def not_upheld(case: Case, *, at: datetime) -> None:
    """Both sides learn that the card lives on."""
    title = _("Complaint %(number)s closed without a refund")
    if case.outside is not None:
        _tell_consumer(case, title, _("Read the reasons of %(authority)s here. You may still go to court."), at=at)
        _tell_merchant(case, title, _("Read the reasons of %(authority)s here."), at=at)
        return
    _tell_consumer(case, title, _("Read the reasons here. Your card can be used again."), at=at)
    _tell_merchant(case, title, _("The card can be used again."), at=at)


def charge_decided(case: Case, *, at: datetime) -> None:
    """Both sides learn how much was used."""
    title = _("Complaint %(number)s decided: %(charged)s of %(asked)s charged")
    _tell_consumer(case, title, _("Read the reasons of %(authority)s here. The rest is back on your card."), at=at)
    _tell_merchant(case, title, _("Read the reasons of %(authority)s here. The rest is back on the card."), at=at)


def conceded(case: Case, *, at: datetime) -> None:
    """The consumer and the officer in charge learn that the merchant gave in, or that the charge ended with its card."""
    title = _("Complaint %(number)s: the charge was withdrawn")
    _tell_consumer(case, title, _("Nothing of %(asked)s is charged."), at=at)
    _tell_lead(case, title, _("There is nothing more to do."), at=at)


def paid(case: Case, *, at: datetime) -> None:
    """Everybody learns that the bank has paid and the case is over."""
    title = _("Complaint %(number)s closed: ¥%(amount)s paid back")
    _tell_consumer(case, title, _("All steps and dates of your complaint stay here."), at=at)
    _tell_merchant(case, title, _("The bank confirmed the refund to the customer. The card is settled."), at=at)
    _tell_lead(case, title, _("The bank confirmed the refund."), at=at)


def replied(case: Case, *, at: datetime) -> None:
    """The consumer learns that the authority told all who complained about the merchant something."""
    _tell_consumer(
        case,
        _("Complaint %(number)s: %(authority)s has replied"),
        _("It is for all who complained about %(merchant)s. Read it in the steps of your complaint."),
        at=at,
    )


def turned_away(case: Case, *, at: datetime) -> None:
    """The consumer learns that it is not a matter of prepaid consumption, and who else may help."""
    _tell_consumer(
        case,
        _("Complaint %(number)s is not a matter of prepaid consumption"),
        _("Read here why. %(system)s, where you called, gets this answer too.")
        if case.foreign_system
        else _("Read here why. For other matters call 12345."),
        at=at,
    )
    title = _("Complaint %(number)s is not a matter of prepaid consumption")
    _tell_merchant(case, title, _("There is nothing more to answer."), at=at)


def owed(case: Case, *, at: datetime) -> None:
    """Both sides learn what the merchant is to pay, and by when."""
    _tell_consumer(
        case,
        _("Complaint %(number)s: decided in your favour"),
        _(
            "The merchant is to pay you ¥%(owed)s by %(pay_by)s. Say here when you have it; tell us too when you do not."
        ),
        at=at,
    )
    _tell_merchant(
        case,
        _("Complaint %(number)s upheld: pay the customer ¥%(owed)s"),
        _("Pay by %(pay_by)s. Read the reasons of %(authority)s here."),
        at=at,
    )


def repaid(case: Case, *, at: datetime) -> None:
    """Everybody learns that the money has arrived."""
    title = _("Complaint %(number)s closed: ¥%(owed)s paid back")
    _tell_consumer(case, title, _("All steps and dates of your complaint stay here."), at=at)
    _tell_merchant(case, title, _("There is nothing more to answer."), at=at)
    _tell_lead(case, title, _("There is nothing more to do."), at=at)


def unrepaid(case: Case, *, at: datetime) -> None:
    """The consumer and the officer in charge learn that the merchant's day has passed."""
    title = _("Complaint %(number)s: not paid back by %(pay_by)s")
    _tell_consumer(
        case,
        title,
        _("%(authority)s follows it up. If you do have the money, say so here: the complaint then ends."),
        at=at,
    )
    _tell_lead(
        case,
        title,
        _("Have the merchant pay and record the proof, or end the case unpaid and name the way to court."),
        at=at,
    )


def ended_unpaid(case: Case, *, at: datetime) -> None:
    """Both sides learn that the authority's part is over and the debt is not."""
    title = _("Complaint %(number)s closed; ¥%(owed)s are still owed")
    _tell_consumer(
        case, title, _("You can take the debt to court; the decision and this record are your evidence."), at=at
    )
    _tell_merchant(case, title, _("You still owe the sum; the customer can take it to court."), at=at)


def withdrawn(case: Case, *, at: datetime) -> None:
    """The merchant and the officer in charge learn that it is over."""
    title = _("Complaint %(number)s was withdrawn")
    if case.outside is not None:
        body = _("There is nothing more to answer.")
    elif case.redemption is not None:
        body = _("Your charge of %(asked)s counts as confirmed.")
    else:
        body = _("The card can be used again.")
    _tell_merchant(case, title, body, at=at)
    _tell_lead(case, title, _("There is nothing more to do."), at=at)


def asked_back(callback: Callback, *, at: datetime) -> None:
    """The consumer learns that the case is over and how to say how it went: in the app, and by SMS with the signed link."""
    case, consumer = callback.case, callback.case.complainant
    facts = {"number": case.number, "until": callback.answers_until.isoformat()}
    notices.send(
        to=consumer,
        kind=ASKED_BACK,
        title=_("Complaint %(number)s: how did it go?"),
        body=_("It is over. Three questions about how it was handled wait for your answer until %(until)s."),
        url=reverse("complaint_detail", args=[case.number]),
        details=facts,
        at=at,
    )
    text = _(
        "Complaint %(number)s is over. Did the authority get in touch, is it resolved, are you satisfied? Answer by %(until)s, "
        "without signing in: %(page)s"
    )
    page = settings.PUBLIC_URL + link_of(callback)
    with override(consumer.language):
        text_of_sms = str(text) % {**facts, "page": page}
    useful_for = end_of_day(callback.answers_until) - at
    notices.send_sms(phone=consumer.phone, text=text_of_sms, kind=ASKED_BACK, to=consumer, useful_for=useful_for, at=at)


def reopened(case: Case, *, at: datetime) -> None:
    """All three learn that it goes on; the merchant that it is heard again, the officer that the case is back."""
    title = _("Complaint %(number)s has been reopened")
    _tell_consumer(
        case,
        title,
        _("%(authority)s looks at it again and decides by %(due_on)s. The card is frozen until then."),
        at=at,
    )
    _tell_merchant(
        case,
        title,
        _("Tell %(authority)s your side by %(answer_by)s. The money of the card stays frozen meanwhile."),
        at=at,
    )
    _tell_lead(
        case,
        title,
        _("The consumer says that it is not resolved. To be handled by %(due_on)s by you, who led it."),
        at=at,
    )


@dataclass(frozen=True)
class Authority:
    """朝阳区商务局, in the language it is read in; empty before the case is sent."""

    case: Case

    def __str__(self) -> str:
        return self.case.lead_department.of(self.case.lead_district) if self.case.lead_department else ""


@dataclass(frozen=True)
class Asked:
    """What the case is about, as a figure in the reader's language."""

    case: Case

    def __str__(self) -> str:
        return self.case.asked


@dataclass(frozen=True)
class Charged:
    """What a decision left of a charge, as a figure in the reader's language."""

    case: Case

    def __str__(self) -> str:
        outcome = getattr(self.case, "outcome", None)
        return self.case.redemption.figure_of(outcome.units or 0) if self.case.redemption and outcome else ""


def tell_of_papers(case: Case, title: Promise, body: Promise, *, at: datetime) -> None:
    """Both sides are led to the page of the mediation and the documents."""
    _tell_consumer(case, title, body, page="complaint_papers", at=at)
    _tell_merchant(case, title, body, page="shop_case_papers", at=at)


def _tell_consumer(case: Case, title: Promise, body: Promise, *, page: str = "complaint_detail", at: datetime) -> None:
    _tell([case.complainant], case, title, body, url=reverse(page, args=[case.number]), at=at)


def _tell_merchant(case: Case, title: Promise, body: Promise, *, page: str = "shop_case", at: datetime) -> None:
    if case.merchant_id is None:
        return  # it never joined: the officer calls it
    staff = StaffMember.objects.filter(
        merchant_id=case.merchant_id, is_active=True, role__in=[StaffRole.OWNER, StaffRole.MANAGER]
    ).select_related("user")
    _tell([s.user for s in staff], case, title, body, url=reverse(page, args=[case.number]), at=at)


def _tell_lead(case: Case, title: Promise, body: Promise, *, at: datetime) -> None:
    if case.lead_officer is not None:
        _tell(in_charge(case, at=at), case, title, body, url=_admin_url(case), at=at)


def _admin_url(case: Case) -> str:
    return reverse("admin:cases_case_change", args=[case.pk])


def _tell(users: Iterable[User], case: Case, title: Promise, body: Promise, *, url: str, at: datetime) -> None:
    details = {
        "number": case.number,
        "merchant": case.against,
        "authority": Authority(case),
        "system": case.foreign_system,
        "due_on": until(case),
        "answer_by": case.merchant_answer_due_on.isoformat(),
        "asked": Asked(case),
        "charged": Charged(case),
        "amount": yuan(_paid_fen(case)),
        **_owed_facts(case),
    }
    for user in users:
        notices.send(to=user, kind=KIND, title=title, body=body, url=url, details=details, at=at)


def _paid_fen(case: Case) -> int:
    """What a decision pays in all, with the interest (fen); 0 while there is none or it pays nothing."""
    refund = case.outcome.refund if hasattr(case, "outcome") else None
    return refund.total_fen if refund else 0


def _owed_facts(case: Case) -> dict[str, str]:
    repayment = case.outcome.repayment if hasattr(case, "outcome") else None
    if repayment is None:
        return {}
    return {"owed": yuan(repayment.amount_fen), "pay_by": repayment.due_on.isoformat()}
