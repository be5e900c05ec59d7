"""Add photos and documents to a complaint, and read them as an officer, which is a deed of its own.

A file is one row, written in the transaction that adds it: whatever is killed in between, there is no row without its content and no
content without its row, so nothing has to be swept.
"""

from collections.abc import Sequence
from datetime import datetime, time

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, override

from complaints.cases.errors import AlreadyDecided
from complaints.cases.models import Case
from complaints.cases.operations import messages, moves
from complaints.cases.operations.handling import led_by
from complaints.cases.queries.scope import cases_about, complaints_of, id_among
from complaints.cases.states import EventKind, EvidenceSide
from complaints.evidence.errors import FileMissing, TooManyFiles
from complaints.evidence.files import CleanFile
from complaints.evidence.models import Evidence, StoredFile
from complaints.evidence.queries import for_officer
from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.models import AuditEntry
from escrow.transactions import transaction
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User


def add_as_consumer(*, number: str, complainant: User, files: Sequence[CleanFile], at: datetime) -> list[Evidence]:
    """The consumer adds to their side; what is there already is not added again. What was added.

    Raises:
        NotFound: not this person's complaint. AlreadyDecided. FileMissing, TooManyFiles.
    """
    case_id = id_among(complaints_of(user=complainant), number)
    with transaction():
        return _add(moves.lock(case_id), side=EvidenceSide.CONSUMER, by=complainant, files=files, at=at)


def add_as_merchant(*, number: str, staff: StaffMember, files: Sequence[CleanFile], at: datetime) -> list[Evidence]:
    """The merchant adds to its side.

    Raises:
        NotFound: a case about another merchant, or a cashier asks. AlreadyDecided. FileMissing, TooManyFiles.
    """
    if not staff.manages:
        raise NotFound()
    case_id = id_among(cases_about(merchant_id=staff.merchant_id), number)
    with transaction():
        return _add(moves.lock(case_id), side=EvidenceSide.MERCHANT, by=staff.user, files=files, at=at)


def add_as_officer(
    *, number: str, officer: User, side: EvidenceSide, files: Sequence[CleanFile], at: datetime
) -> list[Evidence]:
    """The officer in charge adds what a side handed over, or what the authority found itself.

    Raises:
        NotFound, NotTheLead, AlreadyDecided. FileMissing, TooManyFiles.
    """
    with transaction():
        return _add(led_by(officer, number), side=side, by=officer, files=files, at=at)


def store(file: CleanFile, *, at: datetime) -> StoredFile:
    """Keep the file, encrypted; the caller's row names it, in the same transaction."""
    return StoredFile.objects.create(
        kind=file.kind,
        size=len(file.content),
        sha256=file.sha256,
        content=file.content,
        preview=file.preview or None,
        at=at,
    )


def read_as_officer(*, evidence_id: int, officer: User, preview: bool, at: datetime) -> Evidence:
    """The file, for somebody who may read its case. Each opening stands in the audit trail; the consumer, whose data it is, also reads
    on their own page who looked into their files, one line per officer, complaint and day. A preview is part of that line.

    Raises:
        NotFound.
    """
    with transaction():
        evidence = for_officer(officer).select_related("case__complainant").filter(pk=evidence_id).first()
        if evidence is None:
            raise NotFound()
        if not preview:
            facts = {"evidence": evidence.pk, "sha256": evidence.sha256}
            audit.record(
                actor=officer.actor, action="evidence.read", target=f"case:{evidence.case_id}", at=at, after=facts
            )
        if evidence.side == EvidenceSide.CONSUMER:
            _tell_on_my_data(evidence.case, officer, at=at)
        return evidence


def _add(case: Case, *, side: EvidenceSide, by: User, files: Sequence[CleanFile], at: datetime) -> list[Evidence]:
    if not case.is_undecided:
        raise AlreadyDecided()
    if not files:
        raise FileMissing()
    kept = set(Evidence.objects.filter(case=case, side=side).values_list("sha256", flat=True))
    new = {file.sha256: file for file in files if file.sha256 not in kept}
    if len(kept) + len(new) > settings.EVIDENCE_MAX_FILES:
        raise TooManyFiles(most=settings.EVIDENCE_MAX_FILES, kept=len(kept))
    if not new:
        return []
    added = [
        Evidence.objects.create(case=case, side=side, file=store(file, at=at), sha256=file.sha256, added_by=by, at=at)
        for file in new.values()
    ]
    data = {"side": side.value, "files": len(added)}
    moves.note(case, EventKind.EVIDENCE, at=at, actor=by.actor, by=by, data=data)
    if by != case.lead_officer:
        messages.shown(case, side=side, at=at)
    return added


def _tell_on_my_data(case: Case, officer: User, *, at: datetime) -> None:
    midnight = timezone.make_aware(datetime.combine(beijing_date(at), time.min))
    told = AuditEntry.objects.filter(
        target=case.complainant.actor,
        action="people.reveal",
        actor=officer.actor,
        at__gte=midnight,
        after__contains={"fields": ["evidence"], "case": case.number},
    )
    if told.exists():
        return
    Case.objects.select_for_update(no_key=True).get(pk=case.pk)  # previews of one page are asked for all at once
    if told.all().exists():
        return
    with override(case.complainant.language):
        reason = gettext("Photos and documents of complaint %(number)s") % {"number": case.number}
    facts = {"reason": reason, "fields": ["evidence"], "case": case.number}
    audit.record(actor=officer.actor, action="people.reveal", target=case.complainant.actor, at=at, after=facts)
