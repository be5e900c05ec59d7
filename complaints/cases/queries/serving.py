"""Who serves a case on a day: whose post covers its queue, whether its lead still holds one, who is to be told."""

from datetime import datetime

from complaints.cases.models import Case
from complaints.cases.states import CaseState
from escrow.clock import beijing_date
from prepaid.people.models import Post, User


def in_queue(case: Case, post: Post) -> bool:
    """Whether the post covers the queue the case lies in."""
    return case.lead_department_id == post.department_id and (
        post.is_citywide or case.lead_district_id == post.district_id
    )


def lead_still_serves(case: Case, *, at: datetime) -> bool:
    """Whether the officer in charge still holds a post that covers the case."""
    lead = case.lead_officer
    if lead is None or not lead.is_active:
        return False
    return any(in_queue(case, post) for post in Post.objects.current(on=beijing_date(at)).filter(user=lead))


def may_be_assigned(case: Case) -> bool:
    """Whether a colleague may follow a lead who has left: there is still something to do in it. Of what was decided there is, where a
    merchant owes what nobody holds in custody."""
    return case.state == CaseState.IN_HAND or (case.state == CaseState.EXECUTING and case.outside_id is not None)


def posted(department_id: str | None, district_id: str | None = None, *, at: datetime) -> list[User]:
    """Who holds a post of the department in the district, or (None) for the whole city."""
    if department_id is None:
        return []
    posts = Post.objects.current(on=beijing_date(at)).filter(department_id=department_id, user__is_active=True)
    posts = posts.filter(district__isnull=True) if district_id is None else posts.filter(district_id=district_id)
    return [post.user for post in posts.select_related("user")]


def in_charge(case: Case, *, at: datetime) -> list[User]:
    """The lead; with none, or one whose post has ended, the posts of the queue."""
    if case.lead_officer is not None and lead_still_serves(case, at=at):
        return [case.lead_officer]
    return posted(case.lead_department_id, case.lead_district_id, at=at)
