"""Callbacks: who may read and take them down, what they came to, and whether a case may be reopened."""

from dataclasses import dataclass
from datetime import date

from django.core import signing
from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from complaints.cases.errors import NothingToReopen, NotUnresolved, ReopenedBefore, ReopeningOver
from complaints.cases.models import Callback, CallbackQuerySet, Case, CaseQuerySet
from complaints.cases.queries.rules import REOPEN, due_on
from complaints.cases.queries.scope import whole
from complaints.cases.states import ASKED_ABOUT, CaseState, EventKind, Result
from escrow.clock import beijing_date
from escrow.errors import DomainError, NotFound
from prepaid.people.models import Post, User

SALT = "cases.callback"


def link_of(callback: Callback) -> str:
    """The path of the page that needs no account: its address is signed, so nobody guesses another's."""
    return reverse("callback", args=[signing.Signer(salt=SALT).sign(str(callback.pk))])


def callback_by(token: str) -> Callback:
    """The callback that a signed address names, with its case. Raises ``NotFound``: signed by nobody, or there is none."""
    try:
        pk = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature as error:
        raise NotFound() from error
    callback = Callback.objects.filter(pk=pk).first()
    if callback is None:
        raise NotFound()
    callback.case = whole(Case.objects.filter(pk=callback.case_id)).get()
    return callback


def last_of(case: Case) -> Callback | None:
    """What the consumer was last asked about the case."""
    callback = case.callbacks.select_related("taken_by").order_by("-id").first()
    if callback is not None:
        callback.case = case
    return callback


def unasked() -> CaseQuerySet:
    """Cases that ended, in the hands of an authority, and whose consumer was not asked about that end. Who closed the account
    is not asked, and neither is who withdrew."""
    asked = Callback.objects.filter(case=OuterRef("pk"), ended_at=OuterRef("closed_at"))
    ended = Case.objects.filter(state__in=ASKED_ABOUT, lead_department__isnull=False, complainant__is_active=True)
    return ended.exclude(Exists(asked))


def taken_in_post(post: Post) -> Q:
    """What a post takes down by telephone: the coordinator's for the whole city, of cases that another department led."""
    if not post.is_citywide:
        return Q(pk__in=[])
    return Q(case__coordinator_id=post.department_id) & ~Q(case__lead_department_id=post.department_id)


def callbacks_for(*, user: User) -> CallbackQuerySet:
    """What the user may take down: by their post, the platform's operator all, anybody else nothing."""
    if not user.is_active or not user.is_staff:
        return Callback.objects.none()
    if user.is_platform_operator:
        return Callback.objects.all()
    return Callback.objects.filter(taken_in_post(user.post)) if user.post else Callback.objects.none()


def had_a_part(user: User, case: Case) -> bool:
    """Whether the user led the case, did anything in it, or has held a post in its lead department since it was received.
    Importing it, and writing down an earlier answer, are no part in it."""
    received_on = beijing_date(case.received_at)
    posts = user.posts.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=received_on))
    deeds = case.events.filter(by=user).exclude(kind__in=[EventKind.RECEIVED, EventKind.ANSWERED_BACK])
    return (
        user.pk in {case.lead_officer_id, case.complainant_id}
        or posts.filter(department_id=case.lead_department_id).exists()
        or deeds.exists()
    )


def reopens_until(case: Case) -> date:
    """The last day on which the ended case may be reopened. Raises ``TimeLimitMissing``."""
    assert case.closed_at is not None  # a constraint: an ended case has its end
    return due_on(code=REOPEN, received_on=beijing_date(case.closed_at))


def why_not_reopened(callback: Callback, *, today: date) -> DomainError | None:
    """Why the case cannot be reopened on this answer; None when it can.

    Only a refund that was not upheld can be decided again: what was paid stays paid, a decided charge is settled with the
    merchant, a withdrawn one leaves nothing to decide, and a card that has another holder is that holder's.
    """
    case = callback.case
    if case.reopened_at is not None:
        return ReopenedBefore()
    if callback.resolved is not False:
        return NotUnresolved()
    if not _can_be_decided_again(case):
        return NothingToReopen()
    last_day = reopens_until(case)
    return ReopeningOver(day=last_day.isoformat()) if today > last_day else None


def _can_be_decided_again(case: Case) -> bool:
    if case.state != CaseState.CLOSED or case.refund_request is None:
        return False
    is_theirs = case.own_card.holder_id == case.complainant_id and case.complainant.is_active
    return case.outcome.result == Result.NOT_UPHELD and is_theirs


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What callbacks came to: how many are answered or given up, how many of them are valid, and what the valid ones say."""

    due: int
    valid: int
    reached: int
    resolved: int
    satisfied: int


def tally(callbacks: CallbackQuerySet) -> Tally:
    """Counted in one query. An unanswered one is due and not valid; one that may still be answered is neither."""
    return Tally(
        **callbacks.order_by().aggregate(
            due=Count("pk", filter=Q(answered_at__isnull=False) | Q(lapsed_at__isnull=False)),
            valid=Count("pk", filter=Q(answered_at__isnull=False)),
            reached=Count("pk", filter=Q(reached=True)),
            resolved=Count("pk", filter=Q(resolved=True)),
            satisfied=Count("pk", filter=Q(satisfied=True)),
        )
    )
