"""Questions about people, places and departments."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.db.models import Q, QuerySet

from escrow.errors import NotFound
from escrow.models import AuditEntry
from prepaid.people import totp
from prepaid.people.errors import UnknownDepartment, UnknownDivision
from prepaid.people.models import Department, Division, DivisionLevel, Post, User


def user_by_public_id(*, public_id: UUID) -> User:
    """Raises ``NotFound`` when there is no such user."""
    user = User.objects.filter(public_id=public_id).first()
    if user is None:
        raise NotFound()
    return user


def factors_of(*, user_id: int) -> QuerySet[Authenticator]:
    """The user's authenticator app, passkeys and recovery codes."""
    return Authenticator.objects.filter(user_id=user_id).order_by("id")


def app_codes(*, user_ids: Collection[int]) -> dict[int, str]:
    """What the authenticator apps of these users show now, by the user's id; without those whose code was just used.
    For the demo's inbox only."""
    apps = Authenticator.objects.filter(user_id__in=user_ids, type=Authenticator.Type.TOTP)
    codes = {
        app.user_id: totp.next_code(decrypt(app.data["secret"]), after=app.data.get("last_step", 0)) for app in apps
    }
    return {user_id: code for user_id, code in codes.items() if code}


def divisions(*, level: DivisionLevel, on: date, parent: str | None = None) -> QuerySet[Division]:
    """Divisions of a level that exist on that day, all of them or those directly in ``parent`` (a code)."""
    found = Division.objects.filter(_valid(on), level=level)
    return found if parent is None else found.filter(parent_id=parent)


def division(*, code: str, on: date) -> Division:
    """The division with that code, its parent loaded.

    Raises:
        UnknownDivision: there is none on that day.
    """
    found = Division.objects.filter(_valid(on), code=code).select_related("parent").first()
    if found is None:
        raise UnknownDivision()
    return found


def departments(*, on: date) -> QuerySet[Department]:
    """The departments that exist on that day."""
    return Department.objects.filter(_valid(on))


def department(*, code: str, on: date) -> Department:
    """Raises ``UnknownDepartment`` when there is none on that day."""
    found = Department.objects.filter(_valid(on), code=code).first()
    if found is None:
        raise UnknownDepartment()
    return found


def posts_of(*, department: str, district: str | None, on: date) -> QuerySet[Post]:
    """Posts held on that day in a department (code) for a district (code), or for the whole city when None.
    Officials who have left are not among them."""
    posts = Post.objects.current(on=on).filter(
        department_id=department, district_id=district, user__is_active=True, user__is_staff=True
    )
    return posts.select_related("user", "department", "district").order_by("valid_from", "id")


def posts_held(user: User, *, on: date) -> QuerySet[Post]:
    """The user's posts of that day, their own first."""
    return Post.objects.current(on=on).filter(user=user).select_related("department", "district").own_first()


@dataclass(frozen=True)
class Deed:
    """One line of the audit trail, with the doer named as others may see them."""

    entry: AuditEntry
    who: str


def deeds(*, target: str, limit: int = 200) -> list[Deed]:
    """What was done to ``model:<id>``, newest first."""
    entries = list(AuditEntry.objects.filter(target=target).order_by("-id")[:limit])
    ids = {entry.actor.removeprefix("user:") for entry in entries if entry.actor.startswith("user:")}
    names = {user.actor: user.display_name for user in User.objects.filter(public_id__in=ids)}
    return [Deed(entry, names.get(entry.actor, entry.actor)) for entry in entries]


def named(actor: str) -> str:
    """An actor of the audit trail as others may see them; what is no person stays as it is."""
    if not actor.startswith("user:"):
        return actor
    user = User.objects.filter(public_id=actor.removeprefix("user:")).first()
    return user.display_name if user else actor


def _valid(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))
