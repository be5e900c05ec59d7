"""The mediations and documents of a case: what both sides read, who has confirmed, what may be issued now, until when a court
may be asked."""

import json
from datetime import date, timedelta

from django.db.models import QuerySet

from complaints.cases.models import Case, Document, Mediation
from complaints.cases.states import CaseState, DocumentKind, MediationState, Result, Side
from escrow.clock import beijing_date
from escrow.errors import NotFound
from prepaid.cards.contract_text import fingerprint

#: Both sides ask the court together within 30 days of the agreement's effect (民事诉讼法, 司法确认; the day itself does not count).
CONFIRMATION_DAYS = 30

#: Outcomes of which the consumer may be told on paper that the complaint is not taken up.
REFUSALS = frozenset({Result.NOT_UPHELD, Result.OUT_OF_SCOPE})


def mediations_of(case: Case) -> list[Mediation]:
    """The newest first, each with its confirmations."""
    rows = Mediation.objects.filter(case=case).prefetch_related("confirmations").select_related("held_by")
    mediations = list(rows.order_by("-id"))
    for one in mediations:
        one.case = case
    return mediations


def latest_of(case: Case) -> Mediation:
    """The newest mediation. Raises ``NotFound`` when none was held."""
    for mediation in mediations_of(case):
        return mediation
    raise NotFound()


def waits_for(case: Case, *, side: Side) -> bool:
    """Whether an open record waits for this side to confirm it."""
    if not case.is_undecided or case.lead_officer_id is None:
        return False
    rows = Mediation.objects.filter(case=case, state=MediationState.OPEN).prefetch_related("confirmations")
    return any(side not in one.standing for one in rows)


def agreement_of(case: Case) -> Mediation:
    """The agreement that both sides have confirmed. Raises ``NotFound``."""
    for mediation in mediations_of(case):
        if mediation.is_confirmed:
            return mediation
    raise NotFound()


def fingerprint_of(mediation: Mediation) -> str:
    """SHA-256 of everything that the two sides confirm."""
    facts = {
        "case": mediation.case.number,
        "held_at": mediation.held_at.isoformat(),
        "place": mediation.place,
        "manner": str(mediation.manner),
        "by": [mediation.consumer_by, mediation.merchant_by],
        "said": [mediation.consumer_said, mediation.merchant_said],
        "fen": [mediation.custody_fen, mediation.direct_fen],
        "pay_by": mediation.pay_by.isoformat() if mediation.pay_by else None,
        "terms": mediation.terms,
        "failed": [mediation.state == MediationState.FAILED, mediation.failed_because],
    }
    return fingerprint(json.dumps(facts, ensure_ascii=False, sort_keys=True))


def documents_of(case: Case, *, side: Side | None = None) -> QuerySet[Document]:
    """What was issued, the oldest first: a side's own copies, or all (None: officers)."""
    rows = Document.objects.filter(case=case).order_by("id")
    return rows if side is None else rows.filter(side=side)


def document_of(case: Case, *, document_id: int, side: Side | None) -> Document:
    """Raises ``NotFound`` for the other side's copy too."""
    found = documents_of(case, side=side).filter(pk=document_id).first()
    if found is None:
        raise NotFound()
    return found


def issuable(case: Case, *, mediations: list[Mediation], issued: set[str]) -> list[DocumentKind]:
    """What the officer in charge may issue now. The agreement issues itself, with the second confirmation.

    Acceptance: while in hand. Non-acceptance: of a case that was closed without a refund and never accepted on paper. End of a
    mediation: the newest failed. Each once.
    """
    outcome = getattr(case, "outcome", None)
    found = []
    if case.state == CaseState.IN_HAND and DocumentKind.ACCEPTANCE not in issued:
        found.append(DocumentKind.ACCEPTANCE)
    refused = case.state == CaseState.CLOSED and outcome is not None and outcome.result in REFUSALS
    if refused and not issued & {DocumentKind.ACCEPTANCE, DocumentKind.REJECTION} and not mediations:
        found.append(DocumentKind.REJECTION)
    if mediations and mediations[0].state == MediationState.FAILED:
        told = Document.objects.filter(mediation=mediations[0], kind=DocumentKind.TERMINATION).exists()
        if not told:
            found.append(DocumentKind.TERMINATION)
    return found


def confirmable_until(mediation: Mediation) -> date:
    """The last day on which both sides may ask a court to confirm the agreement."""
    assert mediation.concluded_at is not None  # only of confirmed ones
    return beijing_date(mediation.concluded_at) + timedelta(days=CONFIRMATION_DAYS)
