"""What platform operators do with open matters: be responsible, decide as the second person, be told what grows old."""

import hashlib
from collections import Counter
from datetime import date, datetime

from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from escrow import audit, clock
from escrow import operations as escrow
from escrow.errors import NotFound
from escrow.models import Approval, ReserveRule, StatementLine
from escrow.money import check_fen, yuan
from escrow.states import AgreementState, ApprovalKind, RefundBasis
from escrow.transactions import transaction
from prepaid.backoffice.errors import DayNotOver, NotAnOperator, UnknownCard, WorksThere
from prepaid.backoffice.models import Assignment, CustodyFile
from prepaid.backoffice.queries import books
from prepaid.backoffice.queries import matters as queries
from prepaid.backoffice.queries.matters import NOBODY, Asked
from prepaid.cards import queries as cards
from prepaid.cards.models import Card
from prepaid.cards.operations import close_cash_sale
from prepaid.merchants.bank_accounts import checked, masked
from prepaid.merchants.errors import RuleDayTaken, RuleNotFuture
from prepaid.merchants.models import StaffMember
from prepaid.merchants.operations import tell_owners
from prepaid.notices import operations as notices
from prepaid.notices.models import Message
from prepaid.people.models import User
from prepaid.people.operations import kept_reason

ALARM = "backoffice.alarm"
#: Matters that one run gives an owner; the next run takes the rest.
BATCH = 500


def hand_over(*, lane: str, ref: int, to: User, by: User, at: datetime) -> Assignment:
    """Make an operator responsible for an open matter; ``to`` is ``by`` when they take it themselves.

    Raises:
        NotFound: the matter is over. NotAnOperator.
    """
    if not (to.is_active and to.is_staff and to.is_platform_operator):
        raise NotAnOperator()
    queries.matter(lane, ref, at=at)
    with transaction():
        return _assign(lane, ref, to, at=at, actor=by.actor)


def _assign(lane: str, ref: int, to: User, *, at: datetime, actor: str) -> Assignment:
    before = (
        Assignment.objects.select_for_update(of=("self",)).select_related("owner").filter(lane=lane, ref=ref).first()
    )
    if before is not None and before.owner_id == to.pk:
        return before
    made, _created = Assignment.objects.update_or_create(lane=lane, ref=ref, defaults={"owner": to, "assigned_at": at})
    audit.record(
        actor=actor,
        action="backoffice.hand_over",
        target=f"matter:{lane}:{ref}",
        before={"owner": str(before.owner.public_id)} if before else None,
        after={"owner": str(to.public_id)},
        at=at,
    )
    return made


def assign_owners(*, at: datetime, actor: str) -> int:
    """Nothing stays without an owner: what nobody has taken goes to whoever has least. How many were given."""
    operators = queries.operators()
    unowned = queries.matters(Asked(owner=NOBODY), at=at, stop=BATCH)
    if not operators or not unowned:
        return 0
    load = Counter({user.pk: 0 for user in operators})
    load.update(matter.owner.pk for matter in queries.matters(Asked(), at=at, stop=BATCH) if matter.owner)
    by_id = {user.pk: user for user in operators}
    for matter in unowned:
        least = min(by_id, key=lambda pk: (load[pk], pk))
        with transaction():
            _assign(matter.source.lane, matter.ref, by_id[least], at=at, actor=actor)
        load[least] += 1
    return len(unowned)


def alarm(*, at: datetime) -> int:
    """Tell every operator once a day (Beijing) how many of their matters are too old; how many were told."""
    told = 0
    midnight = datetime.combine(clock.beijing_date(at), datetime.min.time(), clock.BEIJING)
    for user in queries.operators():
        counted = queries.tallies(Asked(owner=str(user.pk), late=True), at=at)
        if not counted or Message.objects.filter(recipient=user, kind=ALARM, sent_at__gte=midnight).exists():
            continue
        oldest = min(counted, key=lambda tally: tally.oldest)
        notices.send(
            to=user,
            kind=ALARM,
            title=_("Too old: %(count)s open matters are yours"),
            body=_("The oldest is since %(since)s: %(kind)s. Open the list and take the next step of each."),
            details={
                "count": sum(tally.late for tally in counted),
                "since": clock.beijing_date(oldest.oldest).isoformat(),
                "kind": oldest.source.title,
            },
            url=f"{reverse('admin:backoffice_assignment_changelist')}?owner={user.pk}&late=1",
            at=at,
        )
        told += 1
    return told


def write_custody_file(*, day: date, at: datetime, actor: str) -> CustodyFile:
    """Write the day's file for the city's custody platform, once: asked for again, it is the file that was written.

    Raises:
        DayNotOver: what moves later today would be missing.
    """
    if day >= clock.beijing_date(at):
        raise DayNotOver()
    with transaction():
        written = CustodyFile.objects.filter(day=day).first()
        if written is not None:
            return written
        rows, content = books.city_file(day)
        digest = hashlib.sha256(content).hexdigest()
        facts = {"rows": rows, "sha256": digest, "content": content, "made_at": at}
        file, new = CustodyFile.objects.get_or_create(day=day, defaults=facts)
        if new:
            audit.record(
                actor=actor,
                action="backoffice.custody_file",
                target=f"custodyfile:{file.pk}",
                after={"day": day.isoformat(), "rows": rows, "sha256": digest},
                at=at,
            )
    return file


def request_refund_by_hand(
    *, card_number: str, amount_fen: int, basis: RefundBasis, because: str, by: User, at: datetime
) -> Approval:
    """Ask for a card to be settled outside the usual road, on a basis that the law knows.

    Raises:
        UnknownCard, and whatever ``escrow.request_manual_refund`` refuses.
        BasisRefused, AboveBasis: the basis does not apply to this card, or does not carry so much.
    """
    found = Card.objects.select_related("agreement", "issuer", "version__product")
    card = found.filter(number=card_number.strip()).first()
    if card is None:
        raise UnknownCard()
    if basis in RefundBasis.values and card.agreement.state == AgreementState.HELD:
        cards.grounds_by_hand(card=card, at=at)[basis].check(check_fen(amount_fen))
    return escrow.request_manual_refund(
        agreement_id=card.agreement_id, amount_fen=amount_fen, basis=basis, because=because, at=at, actor=by.actor
    )


def request_refund_account(
    *, payment_id: int, account_no: str, account_name: str, person_name: str, because: str, by: User, at: datetime
) -> Approval:
    """Ask for a returned refund to go to its owner's bank account.

    Raises:
        BadAccountNo, AccountChecksum, and whatever ``escrow.request_refund_account`` refuses.
    """
    return escrow.request_refund_account(
        payment_id=payment_id,
        account_no=checked(account_no),
        account_name=account_name.strip(),
        person_name=person_name.strip(),
        because=because,
        at=at,
        actor=by.actor,
    )


def decide(*, approval_id: int, approved: bool, because: str, by: User, at: datetime) -> Approval:
    """The second person's word. The merchant's owners learn what becomes of their payout account, a consumer where the
    refund goes from now on.

    Raises:
        WorksThere, and whatever ``escrow.approve`` and ``escrow.refuse`` raise.
    """
    with transaction():
        approval = Approval.objects.filter(pk=approval_id).first()
        if approval is None:
            raise NotFound()
        merchant = queries.merchant_of(approval.beneficiary_id)
        if merchant is not None and StaffMember.objects.filter(user=by, merchant=merchant, is_active=True).exists():
            raise WorksThere()
        verb = escrow.approve if approved else escrow.refuse
        approval = verb(approval_id=approval_id, because=because, at=at, actor=by.actor)
        if merchant is not None and approval.kind == ApprovalKind.PAYOUT_ACCOUNT:
            tell_owners(
                merchant,
                kind="backoffice.account_decided",
                title=(
                    _("Payouts go to the account %(account)s from now on")
                    if approved
                    else _("The payout account stays as it is")
                ),
                body=(
                    _("The platform checked the change of %(merchant)s. Was it not agreed? Tell us at once.")
                    if approved
                    else _("The change to %(account)s for %(merchant)s was refused: %(because)s. Ask again if need be.")
                ),
                details={
                    "account": masked(escrow.payload_of(approval)["account_no"]),
                    "merchant": merchant.name,
                    "because": because,
                },
                at=at,
            )
        if approval.kind == ApprovalKind.REFUND_ACCOUNT:
            _tell_refund_account(approval, approved=approved, because=because, at=at)
        if approved and approval.kind == ApprovalKind.DEPOSIT_END:
            agreement_id = escrow.payload_of(approval)["agreement"]
            close_cash_sale(agreement_id=agreement_id, because=approval.because, at=at, actor=by.actor)
        if approved and approval.kind == ApprovalKind.MANUAL_REFUND:
            _tell_settled_by_hand(approval, at=at)
    return approval


def tell_expired(approval_id: int, *, at: datetime) -> None:
    """Nobody decided in time about the account that a holder named for her refund."""
    approval = Approval.objects.filter(pk=approval_id, kind=ApprovalKind.REFUND_ACCOUNT).first()
    if approval is not None:
        because = str(_("nobody looked at it in time, which is our fault"))
        _tell_refund_account(approval, approved=False, because=because, at=at)


def _tell_settled_by_hand(approval: Approval, *, at: datetime) -> None:
    """Of a card that was paid in cash: where the money goes is for its holder to say."""
    agreement_id = escrow.payload_of(approval)["agreement"]
    card = Card.objects.select_related("holder", "agreement").filter(agreement=agreement_id).first()
    if card is None or cards.account_step(card) is None:
        return
    notices.send(
        to=card.holder,
        kind="backoffice.settled_by_hand",
        title=_("¥%(sum)s of your card go back to you"),
        body=_(
            "Card %(card)s was paid in cash. Name a bank account of your own on its page, and the money goes there."
        ),
        details={"sum": yuan(approval.amount_fen or 0), "card": card},
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def _tell_refund_account(approval: Approval, *, approved: bool, because: str, at: datetime) -> None:
    """Where the refund goes from now on. That it does not go there is told to who asked for it herself, as of a card paid in cash."""
    facts = escrow.payload_of(approval)
    card = Card.objects.select_related("holder").filter(agreement__payments=facts["payment"]).first()
    if card is None or not (approved or approval.requested_by == card.holder.actor):
        return
    notices.send(
        to=card.holder,
        kind="backoffice.refund_account",
        title=_("Your refund goes to the account %(account)s")
        if approved
        else _("Your refund cannot go to the account %(account)s"),
        body=_(
            "The refund of card %(card)s has no way back to where it came from. It goes to the account you named. Did you name "
            "none? Tell us at once."
        )
        if approved
        else _("Reason: %(because)s. Name an account of your own again on the card's page."),
        details={"account": masked(facts["account_no"]), "card": card, "because": because},
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def reveal_account(*, approval_id: int, reason: str, by: User, at: datetime) -> str:
    """The bank account that was asked for and its holder, in full, to be compared with its owner's papers; who looked and why is kept.

    Raises:
        ReasonMissing
        NotFound: no open request for an account.
    """
    with transaction():
        approval = queries.open_account_request(approval_id)
        why = kept_reason(reason)
        audit.record(
            actor=by.actor,
            action="backoffice.reveal_account",
            target=f"approval:{approval.pk}",
            at=at,
            after={"reason": why},
        )
        facts = escrow.payload_of(approval)
        said = [facts.get(name) for name in ("account_no", "account_name", "person_name")]
        return " · ".join(dict.fromkeys(str(text) for text in said if text))


def reveal_line(*, line_id: int, reason: str, by: User, at: datetime) -> StatementLine:
    """A line of a bank statement with who stands on its other side; who looked and why is kept.

    Raises:
        ReasonMissing, NotFound
    """
    with transaction():
        line = StatementLine.objects.filter(pk=line_id).first()
        if line is None:
            raise NotFound()
        why = kept_reason(reason)
        audit.record(
            actor=by.actor,
            action="backoffice.line_people",
            target=f"statement_line:{line_id}",
            at=at,
            after={"reason": why},
        )
    return line


def add_reserve_rule(*, rule: ReserveRule, at: datetime, actor: str) -> ReserveRule:
    """Another share of payouts for the reserve, from a later day on; the unsaved row says which.

    Raises:
        RuleNotFuture, RuleDayTaken.
    """
    if rule.valid_from <= clock.beijing_date(at):
        raise RuleNotFuture()
    with transaction():
        if ReserveRule.objects.filter(valid_from=rule.valid_from).exists():
            raise RuleDayTaken()
        rule.save(force_insert=True)
        terms = model_to_dict(rule, exclude=["id"]) | {"valid_from": rule.valid_from.isoformat()}
        audit.record(
            actor=actor, action="backoffice.add_reserve_rule", target=f"reserverule:{rule.pk}", after=terms, at=at
        )
    return rule
