"""Report, take in charge, decide; and what the sweep marks. Each leaves a line in the audit trail."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import connection

from complaints.cases.errors import ReasonRequired
from complaints.cases.operations.routing import queue_for
from complaints.cases.queries.rules import due_on
from complaints.evidence.files import CleanFile
from complaints.evidence.operations import store as store_file
from complaints.off_custody.errors import NoPhone, NotInCharge, ReportDecided, ReportLed, WordsTooMany
from complaints.off_custody.models import OffCustodyReport
from complaints.off_custody.operations import messages
from complaints.off_custody.queries import OFF_CUSTODY, has_others_waiting, in_queue, lead_serves, reports_for
from complaints.off_custody.states import RESULTS, TRANSITIONS, Happened, ReportKind, ReportState
from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.states import check_transition
from escrow.transactions import transaction
from prepaid.merchants.models import Merchant, Store
from prepaid.people.models import User
from prepaid.people.operations import kept_reason

logger = logging.getLogger(__name__)

WORDS_LENGTH, REASONS_LENGTH = 300, 2000
#: How many late reports one sweep marks, in an order of chance: what fails every time does not stand before the rest.
BATCH = 200


def report(
    *,
    merchant_id: int,
    store_id: int | None,
    kind: ReportKind,
    happened: Happened,
    words: str = "",
    phone: str = "",
    photo: CleanFile | None = None,
    token: UUID,
    at: datetime,
) -> OffCustodyReport:
    """Somebody says that the merchant asked for money outside custody. It goes to the queue of the store's district (else of the
    head office's) and the merchant's sector, as a case would. ``phone``: E.164, or nothing. The same ``token`` again is the same report.

    Raises:
        NotFound: no such merchant, or the store is another's. WordsTooMany. TimeLimitMissing.
    """
    words = words.strip()
    if len(words) > WORDS_LENGTH:
        raise WordsTooMany()
    day = beijing_date(at)
    with transaction():
        merchant = Merchant.objects.select_related("sector__lead_department", "district").filter(pk=merchant_id).first()
        if merchant is None:
            raise NotFound()
        if (made := OffCustodyReport.objects.filter(token=token, merchant=merchant).first()) is not None:
            return made
        shop = None
        if store_id is not None:
            shop = Store.objects.select_related("district").filter(pk=store_id, merchant=merchant).first()
            if shop is None:
                raise NotFound()
        district = shop.district if shop else merchant.district
        queue = queue_for(department=merchant.sector.lead_department, district=district, at=at)
        pk = _next_id()
        facts = {
            "pk": pk,
            "number": f"TW{day:%Y%m%d}-{pk:06d}",
            "merchant": merchant,
            "store": shop,
            "kind": kind,
            "happened": happened,
            "words": words,
            "phone": phone,
            "sector": merchant.sector,
            "district": district,
            "lead_department": queue.department,
            "lead_district": queue.district,
            "received_at": at,
            "due_on": due_on(code=OFF_CUSTODY, received_on=day),
        }
        made, is_new = OffCustodyReport.objects.get_or_create(token=token, defaults=facts)
        if not is_new:  # sent twice at once
            return made
        if photo is not None:
            made.photo = store_file(photo, at=at)
            made.save(update_fields=["photo"])
        _record(made, "report", at=at, actor="system:off_custody", after={"kind": kind.value})
        if not has_others_waiting(made):
            messages.received(made, at=at)
        return made


def take_in_charge(*, report_id: int, officer: User, at: datetime) -> OffCustodyReport:
    """The first officer of the queue to do so leads it; a colleague only when the lead has left the post.

    Raises:
        NotFound: outside the officer's queue. ReportLed, ReportDecided.
    """
    with transaction():
        found = _locked_for(officer, report_id)
        if not found.is_undecided:
            raise ReportDecided()
        if found.lead_officer_id == officer.pk:
            return found
        if found.lead_officer_id is not None and lead_serves(found, at=at):
            raise ReportLed()
        before = found.state
        if found.state == ReportState.WAITING:
            check_transition(TRANSITIONS, found.state, ReportState.IN_HAND)
            found.state = ReportState.IN_HAND
        found.lead_officer, found.accepted_at = officer, at
        found.save()
        _record(found, "take_in_charge", at=at, actor=officer.actor, before=before)
        return found


def decide(*, report_id: int, officer: User, result: ReportState, reasons: str, at: datetime) -> OffCustodyReport:
    """Confirmed, unfounded, or not to be determined. It stands.

    Raises:
        NotFound: outside the officer's queue. NotInCharge. ReportDecided. ReasonRequired.
        WrongState: ``result`` is none.
    """
    reasons = reasons.strip()
    with transaction():
        found = _led_by(officer, report_id)
        if not 1 <= len(reasons) <= REASONS_LENGTH:
            raise ReasonRequired()
        check_transition(TRANSITIONS, found.state, result)
        assert result in RESULTS  # what follows IN_HAND
        before, found.state = found.state, result
        found.reasons, found.decided_at = reasons, at
        found.save()
        _record(found, "decide", at=at, actor=officer.actor, before=before)
        return found


def reveal_phone(*, report_id: int, officer: User, reason: str, at: datetime) -> str:
    """The reporter's telephone number in E.164, for calling; the audit trail keeps who looked and why.

    Raises:
        ReasonMissing, NotFound, NotInCharge, ReportDecided. NoPhone: none was left.
    """
    with transaction():
        found = _led_by(officer, report_id)
        if not found.phone:
            raise NoPhone()
        _record(found, "reveal_phone", at=at, actor=officer.actor, after={"reason": kept_reason(reason)})
        return found.phone


def read_photo(*, report_id: int, officer: User, at: datetime) -> OffCustodyReport:
    """The report, whose photo is about to be shown; the audit trail keeps who looked. Raises ``NotFound``: also without a photo."""
    with transaction():
        found = reports_for(officer).filter(pk=report_id, photo__isnull=False).first()
        if found is None:
            raise NotFound()
        _record(found, "read_photo", at=at, actor=officer.actor)
        return found


def mark_overdue(*, report_id: int, at: datetime, actor: str) -> OffCustodyReport:
    """Mark an undecided report whose time limit has passed and tell the city's post, once."""
    with transaction():
        found = _locked(report_id)
        if found.is_undecided and found.due_on < beijing_date(at) and found.escalated_at is None:
            found.escalated_at = at
            found.save(update_fields=["escalated_at"])
            _record(found, "overdue", at=at, actor=actor, after={"due_on": found.due_on.isoformat()})
            messages.overdue(found, at=at)
        return found


def sweep(*, at: datetime, actor: str) -> int:
    """Mark what is late; how many. One that fails is logged and stays for the next sweep."""
    late = OffCustodyReport.objects.overdue(today=beijing_date(at)).filter(escalated_at__isnull=True)
    done = 0
    for report_id in late.order_by("?").values_list("pk", flat=True)[:BATCH]:
        try:
            mark_overdue(report_id=report_id, at=at, actor=actor)
            done += 1
        except Exception:  # whatever is wrong with one report, the others go on
            logger.exception("mark_overdue failed for report %s", report_id)
    return done


def _locked(report_id: int) -> OffCustodyReport:
    if OffCustodyReport.objects.select_for_update(no_key=True).filter(pk=report_id).first() is None:
        raise NotFound()
    return OffCustodyReport.objects.select_related("merchant", "lead_officer").get(pk=report_id)


def _locked_for(officer: User, report_id: int) -> OffCustodyReport:
    """If it lies in the officer's queue: the platform's operator reads and never acts. Raises ``NotFound``."""
    found = _locked(report_id)
    if not officer.is_active or not officer.is_staff or officer.post is None or not in_queue(found, officer.post):
        raise NotFound()
    return found


def _led_by(officer: User, report_id: int) -> OffCustodyReport:
    found = _locked_for(officer, report_id)
    if not found.is_undecided:
        raise ReportDecided()
    if found.lead_officer_id != officer.pk:
        raise NotInCharge()
    return found


def _record(
    found: OffCustodyReport,
    verb: str,
    *,
    at: datetime,
    actor: str,
    before: str | None = None,
    after: dict[str, str] | None = None,
) -> None:
    audit.record(
        actor=actor,
        action=f"off_custody.{verb}",
        target=f"offcustodyreport:{found.pk}",
        at=at,
        before={"state": before} if before else None,
        after={"state": found.state, **(after or {})},
    )


def _next_id() -> int:
    """The id decides the number, so it is drawn first; the sequence has gaps and no lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [OffCustodyReport._meta.db_table])
        return int(cursor.fetchone()[0])
