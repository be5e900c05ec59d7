"""Who is told what of objections, calls to departments, time limits and reports. Sentences are lazy, as in ``messages``."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from complaints.cases.models import Assist, Case, Objection
from complaints.cases.queries.serving import in_charge, posted
from complaints.cases.states import Level, ObjectionState
from escrow.clock import BEIJING
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.notices import operations as notices
from prepaid.people.models import Department, Division, User

KIND = "cases.step"
UNDECIDED_LATE = {
    Level.DISTRICT: _("%(authority)s was to handle it by %(until)s."),
    Level.CITY: _("%(authority)s was to handle it by %(until)s. It is now on the city department's list."),
    Level.SUPERVISION: _("%(authority)s was to handle it by %(until)s. It is on the supervision list until it ends."),
}
MONEY_LATE = {
    Level.DISTRICT: _("It is decided, and the money was to be back by %(until)s. Find out why it is not."),
    Level.CITY: _(
        "It is decided, and the money was to be back by %(until)s. %(authority)s follows it up; it is now on the city department's list."
    ),
    Level.SUPERVISION: _(
        "It is decided, and the money was to be back by %(until)s. It is on the supervision list until the case ends."
    ),
}


class InDistrict:
    """朝阳区商务局, in the language it is read in; empty when there is none."""

    def __init__(self, department: Department | None, district: Division | None) -> None:
        self.department, self.district = department, district

    def __str__(self) -> str:
        return self.department.of(self.district) if self.department else ""


def objected(case: Case, objection: Objection, *, at: datetime) -> None:
    """The coordinator's city posts learn that there is something to review; of its own objection the operators do."""
    own = objection.department_id == case.coordinator_id
    people = _operators() if own else posted(case.coordinator_id, at=at)
    url = reverse("admin:cases_objection_review", args=[objection.pk])
    _tell(
        people,
        case,
        _("Objection to the dispatch of complaint %(number)s"),
        _(
            "%(authority)s says that it is another's matter. Review it by %(review_by)s; until then the case stays there."
        ),
        url=url,
        at=at,
        review_by=objection.review_by.isoformat(),
    )


def reviewed(case: Case, objection: Objection, *, at: datetime) -> None:
    """Who objected learns what came of it; whom it goes to is told by the dispatch."""
    sentences = {
        ObjectionState.UPHELD: _("Upheld: the case has been sent on and has left your queue."),
        ObjectionState.REFUSED: _("Refused: the case stays with you. Take it in charge by %(due_on)s."),
        ObjectionState.LAPSED: _(
            "Not reviewed in time, so the dispatch stands. Take the case in charge by %(due_on)s."
        ),
    }
    title = _("Complaint %(number)s: your objection")
    url = reverse("admin:cases_case_changelist") if objection.state == ObjectionState.UPHELD else _file(case)
    _tell([objection.objected_by], case, title, sentences[ObjectionState(objection.state)], url=url, at=at)


def called_in(case: Case, assist: Assist, *, at: datetime) -> None:
    """The department called in learns what is asked of it."""
    _tell(
        _called(assist, at=at),
        case,
        _("You are called in: complaint %(number)s"),
        _("%(authority)s asks for your help. Report at once and answer by %(answer_by)s."),
        url=_call_page(assist),
        at=at,
        answer_by=assist.answer_by.isoformat(),
    )


def reported(case: Case, assist: Assist, *, at: datetime) -> None:
    """The lead learns that somebody has taken it up."""
    _tell_lead(
        case,
        _("Complaint %(number)s: %(helper)s has reported"),
        _("It answers by %(answer_by)s."),
        at=at,
        **_of(assist),
    )


def helped(case: Case, assist: Assist, *, at: datetime) -> None:
    """The lead learns the answer."""
    _tell_lead(
        case, _("Complaint %(number)s: %(helper)s has answered"), _("Read it in the file."), at=at, **_of(assist)
    )


def call_ended(case: Case, assist: Assist, *, at: datetime) -> None:
    """The department called in learns that nothing is asked of it any more."""
    _tell(
        _called(assist, at=at),
        case,
        _("Complaint %(number)s: you are needed no more"),
        _("The call has been withdrawn, or the case has ended."),
        url=_call_page(assist),
        at=at,
    )


def assist_late(case: Case, assist: Assist, *, at: datetime) -> None:
    """The lead, the department called in and its city posts learn that the term has passed."""
    title = _("Complaint %(number)s: no answer from %(helper)s in time")
    body = _("It was called in to answer by %(answer_by)s. The answer is still expected; the delay is on record.")
    _tell_lead(case, title, body, at=at, **_of(assist))
    people = {user.pk: user for user in [*_called(assist, at=at), *posted(assist.department_id, at=at)]}
    _tell(people.values(), case, title, body, url=_call_page(assist), at=at, **_of(assist))


def limited(case: Case, *, at: datetime) -> None:
    """Both sides learn by when it is handled now."""
    title = _("Complaint %(number)s: handled by %(until)s")
    _tell_sides(
        case, title, _("%(authority)s has said of what kind the matter is; that decides the time limit."), at=at
    )


def extended(case: Case, *, at: datetime) -> None:
    """Both sides learn the new day, the department's city posts who took it."""
    title = _("Complaint %(number)s: time limit extended to %(due_on)s")
    _tell_sides(case, title, _("%(authority)s needs more time and decides by %(due_on)s."), at=at)
    _tell(
        posted(case.lead_department_id, at=at), case, title, _("Read the reason in the file."), url=_file(case), at=at
    )


def reminded(case: Case, *, at: datetime) -> None:
    """The officer in charge, or with none everybody in the queue, learns that the end is near."""
    title, body = _("Due soon: complaint %(number)s"), _("To be handled by %(until)s.")
    _tell(in_charge(case, at=at), case, title, body, url=_file(case), at=at)


def urged(case: Case, *, but: User, at: datetime) -> None:
    """Whoever is in charge, or with nobody the others of the queue, learns that a colleague waits for it."""
    title, body = _("Please go on: complaint %(number)s"), _("A colleague reminds you. To be handled by %(until)s.")
    people = [user for user in in_charge(case, at=at) if user != but]
    _tell(people, case, title, body, url=_file(case), at=at)


def escalated(case: Case, level: Level, *, at: datetime) -> None:
    """The posts of the level, and the officer in charge, learn that the limit has passed, or the day for the money."""
    department, people = case.lead_department_id, in_charge(case, at=at)
    match level:
        case Level.DISTRICT:
            people += posted(department, case.lead_district_id, at=at)
        case Level.CITY:
            people += posted(department, at=at)
        case Level.SUPERVISION:
            people += [*posted(department, at=at), *posted(case.coordinator_id, at=at), *_operators()]
    told = {user.pk: user for user in people}.values()
    if case.is_undecided:
        title = _("Overdue: complaint %(number)s")
        _tell(told, case, title, UNDECIDED_LATE[level], url=_file(case), at=at)
    else:
        title, day = _("Money not back: complaint %(number)s"), case.money_due_on
        _tell(told, case, title, MONEY_LATE[level], url=_file(case), at=at, until=day.isoformat() if day else "")


def _called(assist: Assist, *, at: datetime) -> list[User]:
    return posted(assist.department_id, assist.district_id, at=at)


def _operators() -> list[User]:
    return list(User.objects.filter(is_platform_operator=True, is_staff=True, is_active=True))


def _of(assist: Assist) -> dict[str, Any]:
    return {"helper": InDistrict(assist.department, assist.district), "answer_by": assist.answer_by.isoformat()}


def _file(case: Case) -> str:
    return reverse("admin:cases_case_change", args=[case.pk])


def _call_page(assist: Assist) -> str:
    return reverse("admin:cases_assist_change", args=[assist.pk])


def _tell_lead(case: Case, title: Promise, body: Promise, *, at: datetime, **facts: Any) -> None:
    _tell(in_charge(case, at=at), case, title, body, url=_file(case), at=at, **facts)


def _tell_sides(case: Case, title: Promise, body: Promise, *, at: datetime) -> None:
    _tell([case.complainant], case, title, body, url=reverse("complaint_detail", args=[case.number]), at=at)
    if case.merchant_id is None:
        return  # it never joined
    staff = StaffMember.objects.filter(
        merchant_id=case.merchant_id, is_active=True, role__in=[StaffRole.OWNER, StaffRole.MANAGER]
    )
    people = [member.user for member in staff.select_related("user")]
    _tell(people, case, title, body, url=reverse("shop_case", args=[case.number]), at=at)


def _tell(
    users: Iterable[User], case: Case, title: Promise, body: Promise, *, url: str, at: datetime, **facts: Any
) -> None:
    until = f"{localtime(case.due_at, BEIJING):%Y-%m-%d %H:%M}" if case.due_at else case.due_on.isoformat()
    details = {
        "number": case.number,
        "authority": InDistrict(case.lead_department, case.lead_district),
        "due_on": case.due_on.isoformat(),
        "until": until,
        **facts,
    }
    for user in users:
        notices.send(to=user, kind=KIND, title=title, body=body, url=url, details=details, at=at)
