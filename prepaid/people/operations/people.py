"""What can be done to people and their posts."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from escrow import audit, clock
from escrow.errors import NotFound
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.notices import operations as notices
from prepaid.notices import phones
from prepaid.people import queries
from prepaid.people.errors import (
    NameMissing,
    NoOwnPost,
    NotAllowed,
    PhoneTaken,
    PostEnded,
    PostHeld,
    PostTooLong,
    ReasonMissing,
    UnknownDivision,
    UnknownLanguage,
)
from prepaid.people.models import DivisionLevel, Post, User

CONSTRAINT_ERRORS["user_phone_once"] = PhoneTaken
#: Shorter reasons say nothing.
REASON_LENGTH = 5
#: How long an extra post lasts at most [A].
EXTRA_DAYS = 30


def register(*, phone: str, name: str, language: str = settings.LANGUAGE_CODE, at: datetime) -> User:
    """A new consumer, phone not yet verified; nothing granted.

    Raises:
        InvalidPhone, NameMissing, PhoneTaken
    """
    user = User(phone=phones.e164(phone), name=_clean_name(name), language=known_language(language), created_at=at)
    user.set_unusable_password()
    with transaction():
        user.save()
        audit.record(actor=user.actor, action="people.register", target=_target(user), at=at)
    return user


def verify_phone(*, user_id: int, phone: str, at: datetime) -> None:
    """The user has proved that the number is theirs.

    Raises:
        NotFound: it is no longer this user's number.
    """
    with transaction():
        user = locked(user_id)
        if user.phone != phone:
            raise NotFound()
        if user.phone_verified_at is None:
            user.phone_verified_at = at
            user.save(update_fields=["phone_verified_at"])
            audit.record(actor=user.actor, action="people.verify_phone", target=_target(user), at=at)


def change_phone(*, user_id: int, phone: str, verified: bool, at: datetime) -> None:
    """Give the user another number.

    Raises:
        InvalidPhone, PhoneTaken, NotFound
    """
    with transaction():
        user = locked(user_id)
        user.phone = phones.e164(phone)
        user.phone_verified_at = at if verified else None
        user.save(update_fields=["phone", "phone_verified_at"])
        audit.record(actor=user.actor, action="people.change_phone", target=_target(user), at=at)


def rename(*, user_id: int, name: str, at: datetime) -> User:
    """The user corrects their own name.

    Raises:
        NameMissing, NotFound
    """
    with transaction():
        user = locked(user_id)
        user.name = _clean_name(name)
        user.save(update_fields=["name"])
        audit.record(actor=user.actor, action="people.rename", target=_target(user), at=at)
    return user


def choose_language(*, user_id: int, language: str, at: datetime) -> None:
    """Pages and messages in that language from now on.

    Raises:
        UnknownLanguage, NotFound
    """
    _prefer(user_id, "language", known_language(language), at)


def choose_care_mode(*, user_id: int, on: bool, at: datetime) -> None:
    """Larger type and more contrast, on or off."""
    _prefer(user_id, "care_mode", on, at)


def choose_digest(*, user_id: int, on: bool, at: datetime) -> None:
    """The weekly letter about one's cards, or none."""
    _prefer(user_id, "weekly_digest", on, at)


def choose_shortcuts(*, user_id: int, on: bool, at: datetime) -> None:
    """Single keys do something in the administration, or nothing."""
    _prefer(user_id, "keyboard_shortcuts", on, at)


def make_operator(*, phone: str, name: str, at: datetime, actor: str) -> User:
    """The platform operator with that number: made if new, promoted if known.

    Raises:
        InvalidPhone, NameMissing
    """
    with transaction():
        user = User.objects.by_phone(phone) or register(phone=phone, name=name, at=at)
        user.is_platform_operator = user.is_staff = True
        user.save(update_fields=["is_platform_operator", "is_staff"])
        audit.record(actor=actor, action="people.make_operator", target=_target(user), at=at)
    return user


def appoint(
    *,
    user_id: int,
    department_code: str,
    district_code: str | None,
    valid_from: date,
    valid_until: date | None = None,
    at: datetime,
    actor: str,
) -> Post:
    """Give the user a post; one they hold ends the day before. ``district_code`` None: for the whole city.

    Raises:
        NotFound, UnknownDepartment, UnknownDivision: not a district, or none on that day.
        PostEnded: the dates are not in order, or the current post began later than this one.
    """
    if valid_until is not None and valid_until < valid_from:
        raise PostEnded()
    with transaction():
        user = locked(user_id)
        department = queries.department(code=department_code, on=valid_from)
        district = None
        if district_code is not None:
            district = queries.division(code=district_code, on=valid_from)
            if district.level != DivisionLevel.DISTRICT:
                raise UnknownDivision()
        own = user.posts.filter(granted_by=None)
        for former in own.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=valid_from)):
            if former.valid_from >= valid_from:
                raise PostEnded()
            former.valid_until = valid_from - timedelta(days=1)
            former.save(update_fields=["valid_until"])
        post = Post.objects.create(
            user=user, department=department, district=district, valid_from=valid_from, valid_until=valid_until
        )
        if not user.is_staff:
            user.is_staff = True
            user.save(update_fields=["is_staff"])
        audit.record(
            actor=actor,
            action="people.appoint",
            target=_target(user),
            at=at,
            after={
                "post": post.pk,
                "department": department_code,
                "district": district_code,
                "valid_from": valid_from.isoformat(),
                "valid_until": valid_until and valid_until.isoformat(),
            },
        )
    return post


def grant_post(
    *,
    user_id: int,
    department_code: str,
    district_code: str | None,
    valid_until: date,
    because: str,
    by: User,
    at: datetime,
) -> Post:
    """For some days, from today on, an official may also see and decide what belongs to another post; it ends by itself. The
    official is told.

    Raises:
        NotAllowed: ``by`` is no active platform operator. NotFound, UnknownDepartment, UnknownDivision, ReasonMissing.
        NoOwnPost: only who holds a post of their own today. PostTooLong. PostHeld: they hold it already.
    """
    if not (by.is_active and by.is_platform_operator):
        raise NotAllowed()
    why, today = kept_reason(because), clock.beijing_date(at)
    if not today <= valid_until <= today + timedelta(days=EXTRA_DAYS):
        raise PostTooLong(days=EXTRA_DAYS)
    with transaction():
        user = locked(user_id)
        department = queries.department(code=department_code, on=today)
        district = None if district_code is None else queries.division(code=district_code, on=today)
        if district is not None and district.level != DivisionLevel.DISTRICT:
            raise UnknownDivision()
        held = list(user.posts.current(on=today))
        if not any(not post.is_extra for post in held):
            raise NoOwnPost()
        if any((post.department_id, post.district_id) == (department.pk, district and district.pk) for post in held):
            raise PostHeld()
        post = Post.objects.create(
            user=user,
            department=department,
            district=district,
            valid_from=today,
            valid_until=valid_until,
            granted_by=by,
            because=why,
        )
        audit.record(
            actor=by.actor,
            action="people.grant_post",
            target=_target(user),
            at=at,
            after={
                "post": post.pk,
                "department": department_code,
                "district": district_code,
                "valid_until": valid_until.isoformat(),
                "because": why,
            },
        )
        notices.send(
            to=user,
            kind="people.post_granted",
            title=_("You may also act as %(post)s until %(day)s"),
            body=_("Reason: %(because)s. Choose the post on the first page of the administration; it ends by itself."),
            details={"post": post, "day": valid_until.isoformat(), "because": why},
            url=reverse("admin:index"),
            at=at,
        )
    return post


def end_post(*, post_id: int, last_day: date, at: datetime, actor: str) -> None:
    """The post's last day.

    Raises:
        NotFound
        PostEnded: it ended earlier, or would end before it began.
    """
    with transaction():
        post = Post.objects.select_for_update(of=("self",), no_key=True).filter(id=post_id).first()
        if post is None:
            raise NotFound()
        if last_day < post.valid_from or (post.valid_until is not None and post.valid_until < last_day):
            raise PostEnded()
        post.valid_until = last_day
        post.save(update_fields=["valid_until"])
        audit.record(
            actor=actor,
            action="people.end_post",
            target=f"post:{post.pk}",
            at=at,
            after={"valid_until": last_day.isoformat()},
        )


def reveal(*, user_id: int, reason: str, by: User, at: datetime) -> User:
    """The user, to be shown in clear to an operator. Reading personal data is a deed: who and why are kept.

    Raises:
        NotAllowed: ``by`` is no active platform operator.
        ReasonMissing, NotFound
    """
    if not (by.is_active and by.is_platform_operator):
        raise NotAllowed()
    why = kept_reason(reason)
    with transaction():
        user = User.objects.filter(id=user_id).first()
        if user is None:
            raise NotFound()
        audit.record(
            actor=by.actor,
            action="people.reveal",
            target=_target(user),
            at=at,
            after={"reason": why, "fields": ["name", "phone"]},
        )
    return user


def kept_reason(reason: str) -> str:
    """Why somebody looks at personal data, as the audit trail keeps it: without personal data in it.

    Raises:
        ReasonMissing
    """
    if len(reason.strip()) < REASON_LENGTH:
        raise ReasonMissing()
    return phones.mask_in(reason.strip())


def _prefer(user_id: int, field: str, value: str | bool, at: datetime) -> None:
    with transaction():
        user = locked(user_id)
        before = getattr(user, field)
        if before != value:
            setattr(user, field, value)
            user.save(update_fields=[field])
            audit.record(
                actor=user.actor,
                action="people.prefer",
                target=_target(user),
                at=at,
                before={field: before},
                after={field: value},
            )


def locked(user_id: int) -> User:
    """The user, until the transaction ends.

    Raises:
        NotFound: no such user, or the account is closed.
    """
    user = User.objects.select_for_update(of=("self",), no_key=True).filter(id=user_id, closed_at=None).first()
    if user is None:
        raise NotFound()
    return user


def _target(user: User) -> str:
    return f"user:{user.public_id}"


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise NameMissing()
    return name


def known_language(language: str) -> str:
    """The language itself when pages exist in it.

    Raises:
        UnknownLanguage
    """
    if language not in dict(settings.LANGUAGES):
        raise UnknownLanguage()
    return language
