"""Many persons, one merchant: their cases find each other, and one reply reaches all of them."""

from datetime import datetime, timedelta

from django.conf import settings

from complaints.cases.models import Case, CaseGroup, CaseQuerySet, Reply
from complaints.cases.operations import messages, moves
from complaints.cases.operations.intake import checked_text
from complaints.cases.queries.groups import group_for, open_cases_of
from complaints.cases.queries.scope import ACTED_ON
from complaints.cases.queries.serving import in_queue
from complaints.cases.states import EventKind
from escrow.errors import NotFound
from escrow.transactions import transaction
from prepaid.people.models import User

#: Complaints that lie farther apart are no wave.
TOGETHER = timedelta(days=30)
#: The same words of the same officer within so long are the same reply, sent twice.
PRESSED_TWICE = timedelta(minutes=5)


def gather_cases(*, case_id: int, at: datetime, actor: str) -> CaseGroup | None:
    """Put the case, and those like it, into the group of their merchant in their queue; from so many persons on
    (``PREPAID_GROUP_FROM``) there is one. Rows are locked one after the other in the order of their ids, so that two of these never
    wait for each other. Repeatable."""
    with transaction():
        case = Case.objects.select_related(*ACTED_ON).filter(pk=case_id).first()
        if case is None or case.lead_department_id is None or not case.is_undecided:
            return None
        subject = _subject(case)
        where = {"department_id": case.lead_department_id, "district_id": case.lead_district_id}
        alike = _alike(case).filter(received_at__gte=at - TOGETHER)
        group = CaseGroup.objects.filter(**subject, **where).first()
        if group is None:
            if alike.values("complainant_id").distinct().count() < settings.GROUP_FROM:
                return None
            facts = {"name": case.against, "opened_at": at}
            group, _new = CaseGroup.objects.get_or_create(**subject, **where, defaults=facts)
        for pk in alike.filter(group__isnull=True).order_by("pk").values_list("pk", flat=True):
            one = moves.lock(pk)
            here = (one.lead_department_id, one.lead_district_id) == (group.department_id, group.district_id)
            if here and one.group_id is None and one.is_undecided:
                one.group = group
                one.save(update_fields=["group"])
                moves.note(one, EventKind.GROUPED, at=at, actor=actor)
        return group


def reply_to_group(*, group_id: int, officer: User, text: str, at: datetime) -> int:
    """Tell the consumers of all undecided cases of a group the same. How many were told.

    Raises:
        NotFound: the group lies in another queue. TextMissing.
    """
    text = checked_text(text)
    with transaction():
        group = group_for(officer=officer, group_id=group_id)
        if officer.post is None:
            raise NotFound()
        CaseGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
        last = group.replies.order_by("-id").first()
        if last is not None and last.text == text and last.by_id == officer.pk and at - last.at < PRESSED_TWICE:
            return last.events.count()
        reply = Reply.objects.create(group=group, text=text, by=officer, at=at)
        told = 0
        for pk in open_cases_of(group).order_by("pk").values_list("pk", flat=True):
            case = moves.lock(pk)
            if case.is_undecided and in_queue(case, officer.post):
                moves.note(case, EventKind.REPLIED, at=at, actor=officer.actor, by=officer, reply=reply)
                messages.replied(case, at=at)
                told += 1
        return told


def _subject(case: Case) -> dict[str, object]:
    if case.merchant_id is not None:
        return {"merchant_id": case.merchant_id, "name_key": ""}
    return {"merchant_id": None, "name_key": case.outside.name_key if case.outside else ""}


def _alike(case: Case) -> CaseQuerySet:
    """Undecided cases about the same merchant in the same queue, this one among them."""
    cases = Case.objects.undecided().filter(
        lead_department_id=case.lead_department_id, lead_district_id=case.lead_district_id
    )
    if case.merchant_id is not None:
        return cases.filter(merchant_id=case.merchant_id)
    return cases.filter(merchant__isnull=True, outside__name_key=case.outside.name_key if case.outside else "")
