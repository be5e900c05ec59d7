"""Who runs a merchant, or where it is paid, changes: reported, and true once two officials have seen the documents.

The report alone has its consequences, whoever makes it: professional closers begin with a new legal representative. What the
new facts are an official reads in the documents and types again; nobody is shown them.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from escrow import audit
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import NotFound, SecondPersonNeeded
from escrow.states import StoppageKind, check_transition
from escrow.transactions import CONSTRAINT_ERRORS, ring, transaction
from prepaid.merchants import bank_accounts, queries
from prepaid.merchants.errors import (
    HandoverOpen,
    HandoverOver,
    NothingChanges,
    NotYourRole,
    PaperDiffers,
    WorksAtMerchant,
)
from prepaid.merchants.models import Handover, Merchant, StaffMember, StaffRole
from prepaid.merchants.operations.people import checked_text, tell_owners
from prepaid.merchants.operations.ratings import set_rating
from prepaid.merchants.states import HANDOVER_TRANSITIONS, HandoverState
from prepaid.people.models import User

CONSTRAINT_ERRORS["handover_one_open"] = HandoverOpen
#: Why payouts are held and nothing is sold meanwhile.
CHECKED_FIRST = _("the operator changes: two officials check it first")


@dataclass(frozen=True, kw_only=True)
class OperatorFacts:
    """Who runs a merchant and where it is paid; blank: not meant."""

    representative: str = ""
    controller: str = ""
    account_no: str = ""
    account_name: str = ""


def report_handover(*, by: StaffMember, facts: OperatorFacts, because: str, at: datetime, actor: str) -> Handover:
    """The owner reports it. The consequences begin at once; payouts go where they went until two officials have verified it.
    Every owner is told: who took over a phone must not go unnoticed.

    Raises:
        NotYourRole, NothingChanges, HandoverOpen, BadAccountNo, AccountChecksum, MissingText.
    """
    return _begin(
        check_handover(by=by, facts=facts, because=because),
        person=by.user,
        at=at,
        actor=actor,
    )


def check_handover(*, by: StaffMember, facts: OperatorFacts, because: str) -> Handover:
    """The report as it would be kept, unsaved. Raises as ``report_handover``."""
    if by.role != StaffRole.OWNER:
        raise NotYourRole()
    handover = _drafted(by.merchant, facts, because)
    handover.reported_by = by
    return handover


def enter_handover(
    *, merchant_id: int, by: User, facts: OperatorFacts, because: str, at: datetime, actor: str
) -> Handover:
    """An official knows of it, and the owner said nothing. ``by`` may be one of the two who verify it.

    Raises:
        NotFound: no such merchant in the official's post. WorksAtMerchant. As ``report_handover``.
    """
    merchant = Merchant.objects.select_related("beneficiary", "sector").filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound()
    _check_official(by, merchant)
    handover = _drafted(merchant, facts, because)
    handover.entered_by = by
    return _begin(handover, person=by, at=at, actor=actor)


def verify_handover(
    *, handover_id: int, by: User, facts: OperatorFacts, papers: str, at: datetime, actor: str
) -> Handover:
    """An official has seen the documents, and typed what stands in them: after the second one it takes effect, and sales and
    payouts go on. The rating stays away until it is given anew. Once it is in effect this changes nothing.

    Raises:
        NotFound: not of the official's post. PaperDiffers: not what was reported. MissingText: which documents.
        SecondPersonNeeded: the same official again. WorksAtMerchant, HandoverOver.
    """
    papers = checked_text(papers, "papers", 200)
    with transaction():
        handover = _locked(handover_id)
        _check_official(by, handover.merchant)
        if handover.is_done:
            return handover
        if not handover.is_open:
            raise HandoverOver()
        if handover.checked_by_id == by.pk:
            raise SecondPersonNeeded()
        _check_papers(handover, facts)
        if handover.checked_by_id is None:
            handover.checked_by, handover.checked_at, handover.checked_papers = by, at, papers
            handover.save(update_fields=["checked_by", "checked_at", "checked_papers"])
            _record(handover, "merchants.check_handover", at=at, actor=actor)
            return handover
        _take_effect(handover, at=at, actor=actor)
        _end(handover, HandoverState.DONE, by=by, because=papers, at=at, actor=actor)
    return handover


def reject_handover(*, handover_id: int, by: User, because: str, at: datetime, actor: str) -> Handover:
    """The documents do not bear it out: the old facts stay, and everything goes on as it was, the rating too.

    Raises:
        NotFound, WorksAtMerchant, HandoverOver, MissingText.
    """
    because = checked_text(because, "because", 200)
    with transaction():
        handover = _locked(handover_id)
        _check_official(by, handover.merchant)
        _nothing_changed(handover, HandoverState.REJECTED, by=by, because=because, at=at, actor=actor)
    return handover


def withdraw_handover(*, by: StaffMember, handover_id: int, at: datetime, actor: str) -> Handover:
    """No change after all. Any owner may, not only who reported it; what an official entered, or one of them has verified,
    is theirs to decide.

    Raises:
        NotYourRole, NotFound, HandoverOver.
    """
    if by.role != StaffRole.OWNER:
        raise NotYourRole()
    with transaction():
        handover = _locked(handover_id)
        if handover.merchant_id != by.merchant_id:
            raise NotFound()
        if handover.reported_by_id is None or handover.checked_by_id is not None:
            raise HandoverOver()
        _nothing_changed(handover, HandoverState.WITHDRAWN, by=by.user, because="", at=at, actor=actor)
    return handover


def _drafted(merchant: Merchant, facts: OperatorFacts, because: str) -> Handover:
    """What really changes of it, beside what holds now."""
    beneficiary = merchant.beneficiary
    handover = Handover(merchant=merchant, because=checked_text(because, "because", 200))
    representative, controller = facts.representative.strip(), facts.controller.strip()
    if representative and not escrow.same_name(representative, merchant.legal_representative):
        handover.old_representative = merchant.legal_representative
        handover.new_representative = checked_text(representative, "representative", 50)
    if controller and not escrow.same_name(controller, merchant.controller):
        handover.old_controller = merchant.controller
        handover.new_controller = checked_text(controller, "controller", 50)
    if facts.account_no.strip():
        account_no = bank_accounts.checked(facts.account_no)
        account_name = checked_text(facts.account_name, "account_name", 100)
        now = (beneficiary.payout_account_no, beneficiary.payout_account_name)
        if (account_no, account_name) != now:
            handover.old_account_no, handover.old_account_name = now
            handover.new_account_no, handover.new_account_name = account_no, account_name
    if not (handover.new_representative or handover.new_controller or handover.new_account_no):
        raise NothingChanges()
    if Handover.objects.waiting().filter(merchant=merchant).exists():
        raise HandoverOpen()
    return handover


def _begin(handover: Handover, *, person: User, at: datetime, actor: str) -> Handover:
    beneficiary_id = handover.merchant.beneficiary_id
    with transaction():
        merchant = Merchant.objects.select_for_update(no_key=True, of=("self",)).get(pk=handover.merchant_id)
        if Handover.objects.waiting().filter(merchant=merchant).exists():  # two reported at the same moment
            raise HandoverOpen()
        before = {row.pk for row in escrow_queries.stoppages([beneficiary_id])}
        stoppage = escrow.begin_stoppage(
            beneficiary_id=beneficiary_id,
            kind=StoppageKind.CHANGED_HANDS,
            because=_checked_first(),
            at=at,
            actor=actor,
        )
        handover.stoppage = None if stoppage.pk in before else stoppage
        handover.rating_before, handover.reported_at = merchant.rating, at
        set_rating(merchant, "", because=_checked_first(), at=at, actor=actor)
        handover.hold = escrow.hold_payouts(
            beneficiary_id=beneficiary_id, because=_checked_first(), is_kept=True, at=at, actor=actor
        )
        handover.save(force_insert=True)
        _record(handover, "merchants.report_handover", at=at, actor=actor)
        tell_owners(
            merchant,
            kind="merchants.handover_reported",
            title=_("A change of %(merchant)s was reported"),
            body=_(
                "%(person)s reported that the legal representative, the actual controller or the payout account of "
                "%(merchant)s changes. Until two officials have verified it nothing is sold and nothing is paid out. Was "
                "this not agreed? Withdraw it at once."
            ),
            details={"merchant": merchant.name, "person": person.display_name},
            url=reverse("shop_handover"),
            at=at,
        )
        ring("prepaid.cards.tasks.tell_of_handover", handover.pk)
    return handover


def _take_effect(handover: Handover, *, at: datetime, actor: str) -> None:
    """The new facts hold. The payout account goes the kernel's way of two people: the first official asks, the second
    approves."""
    merchant, first = handover.merchant, handover.checked_by
    assert first is not None  # a constraint
    merchant.legal_representative = handover.new_representative or merchant.legal_representative
    merchant.controller = handover.new_controller or merchant.controller
    merchant.save(update_fields=["legal_representative", "controller"])
    # The lock of the kernel's first verb before the rows of its next ones.
    escrow.end_stoppage(
        beneficiary_id=merchant.beneficiary_id,
        kind=StoppageKind.CHANGED_HANDS,
        because=_checked_first(),
        at=at,
        actor=actor,
    )
    if handover.new_account_no:
        approval = escrow.request_payout_account(
            beneficiary_id=merchant.beneficiary_id,
            account_no=handover.new_account_no,
            account_name=handover.new_account_name,
            because=f"handover:{handover.pk}",
            at=at,
            actor=first.actor,
        )
        escrow.approve(approval_id=approval.pk, because=f"handover:{handover.pk}", at=at, actor=actor)


def _nothing_changed(
    handover: Handover, state: HandoverState, *, by: User, because: str, at: datetime, actor: str
) -> None:
    """What began with the report ends: sales, and the rating as it was."""
    if not handover.is_open:
        raise HandoverOver()
    merchant = handover.merchant
    if handover.stoppage_id is not None:
        escrow.end_stoppage(
            beneficiary_id=merchant.beneficiary_id,
            kind=StoppageKind.CHANGED_HANDS,
            because=_checked_first(),
            at=at,
            actor=actor,
        )
    set_rating(merchant, handover.rating_before, because=f"handover:{handover.pk} {state}", at=at, actor=actor)
    _end(handover, state, by=by, because=because, at=at, actor=actor)


def _end(handover: Handover, state: HandoverState, *, by: User, because: str, at: datetime, actor: str) -> None:
    check_transition(HANDOVER_TRANSITIONS, handover.state, state)
    handover.state, handover.decided_by, handover.decided_at, handover.decided_because = state, by, at, because
    handover.told_up_to, handover.told_at = 0, None  # everybody is told of this too
    handover.save()
    escrow.release_kept(hold_id=handover.hold_id, because=f"handover:{handover.pk} {state}", at=at, actor=actor)
    _record(handover, f"merchants.handover_{state}", at=at, actor=actor)
    done = state == HandoverState.DONE
    tell_owners(
        handover.merchant,
        kind="merchants.handover_over",
        title=_("The change of %(merchant)s is in effect") if done else _("%(merchant)s stays as it was"),
        body=(
            _(
                "Two officials have verified it: sales and payouts go on. The rating is given anew. Was it not agreed? Tell us "
                "at once."
            )
            if done
            else _("The change that was reported did not take place: sales and payouts go on as before. %(because)s")
        ),
        details={"merchant": handover.merchant.name, "because": because},
        url=reverse("shop_handover"),
        at=at,
    )
    ring("prepaid.cards.tasks.tell_of_handover", handover.pk)


def _checked_first() -> str:
    """The reason as it is kept: in the language of the installation, like what officials write."""
    with override(settings.LANGUAGE_CODE):
        return str(CHECKED_FIRST)


def _check_official(by: User, merchant: Merchant) -> None:
    """An official in whose post the merchant lies, and no friend of it. Raises ``NotFound``, ``WorksAtMerchant``."""
    if not by.is_regulator or by.post is None or not queries.in_post(merchant, by.post):
        raise NotFound()
    if StaffMember.objects.filter(user=by, merchant=merchant, is_active=True).exists():
        raise WorksAtMerchant()


def _check_papers(handover: Handover, facts: OperatorFacts) -> None:
    """What the official read is what was reported, field by field."""
    for field in fields(facts):
        reported, read = getattr(handover, f"new_{field.name}"), getattr(facts, field.name).strip()
        if field.name == "account_no" and read:
            read = bank_accounts.checked(read)
        same = escrow.same_name(reported, read) if reported and read else reported == read
        if not same:
            raise PaperDiffers(field.name)


def _locked(handover_id: int) -> Handover:
    """With its merchant, both locked, the merchant first like every verb that changes one."""
    found = Handover.objects.filter(pk=handover_id).values_list("merchant_id", flat=True).first()
    if found is None:
        raise NotFound()
    Merchant.objects.select_for_update(no_key=True, of=("self",)).get(pk=found)
    rows = Handover.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("merchant__beneficiary", "merchant__sector", "checked_by").get(pk=handover_id)


def _record(handover: Handover, action: str, *, at: datetime, actor: str) -> None:
    """What changes, in no words that name anybody."""
    audit.record(
        actor=actor,
        action=action,
        target=f"handover:{handover.pk}",
        at=at,
        after={
            "merchant": handover.merchant_id,
            "state": handover.state,
            "representative": bool(handover.new_representative),
            "controller": bool(handover.new_controller),
            "account_ends_with": handover.new_account_no[-4:],
        },
    )
