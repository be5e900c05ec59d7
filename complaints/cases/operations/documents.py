"""Documents of a case: issued once to both sides, kept as issued, read by the sides and by the case's officers."""

from datetime import datetime

from complaints.cases.document_pdf import document_pdf
from complaints.cases.errors import DocumentDamaged, NotTheLead, NotTheTime
from complaints.cases.models import Case, Document, Mediation
from complaints.cases.operations import moves
from complaints.cases.operations.handling import locked_for
from complaints.cases.operations.mediation_messages import issued as tell_issued
from complaints.cases.queries.document_texts import BINDING, READING_COPY, document_text, record_paper
from complaints.cases.queries.mediations import documents_of, issuable, mediations_of
from complaints.cases.states import DocumentKind, EventKind, Side
from escrow import audit
from escrow.transactions import transaction
from prepaid.cards.contract_text import fingerprint
from prepaid.people.models import User

#: What the number of a document ends in.
CODES = {
    DocumentKind.ACCEPTANCE: "SL",
    DocumentKind.REJECTION: "BSL",
    DocumentKind.TERMINATION: "ZZ",
    DocumentKind.AGREEMENT: "TJ",
}


def issue_document(*, number: str, kind: DocumentKind, officer: User, at: datetime) -> list[Document]:
    """Both sides' copies of one document; those there are when it was issued before. Only the officer in charge issues, also after
    the case is closed.

    Raises:
        NotFound: outside the officer's queue. NotTheLead. NotTheTime: the case does not stand so.
    """
    with transaction():
        case = locked_for(officer, number)
        if case.lead_officer_id != officer.pk:
            raise NotTheLead()
        mediations = mediations_of(case)
        there = documents_of(case)
        if kind not in issuable(case, mediations=mediations, issued={one.kind for one in there}):
            last = max((one.number for one in there if one.kind == kind), default="")
            if not last:
                raise NotTheTime()
            return [one for one in there if one.number == last]
        mediation = mediations[0] if kind == DocumentKind.TERMINATION else None
        copies = _issue(case, kind, mediation, officer=officer, at=at, actor=officer.actor)
        tell_issued(case, at=at)
        return copies


def issue_agreement(case: Case, mediation: Mediation, *, at: datetime, actor: str) -> list[Document]:
    """The agreement issues itself when both sides have confirmed; inside the transaction that concludes it."""
    return _issue(case, DocumentKind.AGREEMENT, mediation, officer=None, at=at, actor=actor)


def _issue(
    case: Case, kind: DocumentKind, mediation: Mediation | None, *, officer: User | None, at: datetime, actor: str
) -> list[Document]:
    serial = documents_of(case).filter(kind=kind, side=Side.CONSUMER).count() + 1
    number = f"{case.number}-{CODES[kind]}{serial}"
    copies = []
    for side in Side:
        text = document_text(case, kind=kind, side=side, mediation=mediation, number=number, at=at)
        copies.append(
            Document.objects.create(
                case=case,
                kind=kind,
                side=side,
                mediation=mediation,
                number=number,
                text=text,
                sha256=fingerprint(text),
                issued_by=officer,
                issued_at=at,
            )
        )
    data = {"kind": kind.value, "number": number, "sha256": {one.side: one.sha256 for one in copies}}
    moves.note(case, EventKind.ISSUED, at=at, actor=actor, by=officer, data=data)
    return copies


def printed(
    document: Document, *, case: Case, side: Side | None, reader: User, at: datetime, english: bool = False
) -> bytes:
    """The PDF, made of the stored text alone: in Chinese, which binds, with the English text after it when asked for. The consumer
    reads of themselves; any other reading is kept in the audit trail.

    Raises:
        DocumentDamaged.
    """
    if fingerprint(document.text) != document.sha256:
        raise DocumentDamaged()
    keep_reading(case, side, reader, what=document.number, at=at)
    languages = (BINDING, READING_COPY) if english else (BINDING,)
    return document_pdf(document.content, sha256=document.sha256, languages=languages)


def printed_record(mediation: Mediation, *, side: Side | None, reader: User, at: datetime) -> bytes:
    """The record as it is now, on paper: to be signed, or with who has confirmed it. Read as a document is."""
    keep_reading(mediation.case, side, reader, what="record", at=at)
    return document_pdf(record_paper(mediation), sha256=mediation.sha256)


def keep_reading(case: Case, side: Side | None, reader: User, *, what: str, at: datetime) -> None:
    """A paper of the case was taken: the audit trail keeps it. An officer (``side`` None) is no party: the consumer reads on their
    own page who looked."""
    with transaction():
        after = {"document": what, "as": side.value if side else "officer"}
        audit.record(actor=reader.actor, action="cases.read_document", target=f"case:{case.pk}", at=at, after=after)
        if side is None:
            facts = {"reason": what, "fields": ["name", "phone"], "case": case.number}
            audit.record(actor=reader.actor, action="people.reveal", target=case.complainant.actor, at=at, after=facts)
