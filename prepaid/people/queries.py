"""Questions about people, places and departments."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from escrow.bank_files.writing import Cell
from escrow.errors import NotFound
from escrow.models import AuditEntry
from prepaid.notices.queries import messages_of
from prepaid.people import totp
from prepaid.people.errors import UnknownDepartment, UnknownDivision
from prepaid.people.models import Department, Division, DivisionLevel, Post, User
from prepaid.people.models.user import LEAVE_SALT
from prepaid.people.signals import answers, closing_asked, copy_taken


def user_by_public_id(*, public_id: UUID) -> User:
    """Raises ``NotFound`` when there is no such user."""
    user = User.objects.filter(public_id=public_id).first()
    if user is None:
        raise NotFound()
    return user


def reader_of(token: str) -> User:
    """Whose e-mails the signed address of a page ends. Raises ``NotFound``: signed by nobody, or the account is closed."""
    try:
        public_id = signing.loads(token, salt=LEAVE_SALT)
    except signing.BadSignature as error:
        raise NotFound() from error
    user = User.objects.filter(public_id=public_id, is_active=True).first()
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


@dataclass(frozen=True)
class Deed:
    """One line of the audit trail, with the doer named as others may see them."""

    entry: AuditEntry
    who: str


def deeds(*, target: str, limit: int = 200) -> list[Deed]:
    """What was done to ``model:<id>``, newest first."""
    entries = list(AuditEntry.objects.filter(target=target).order_by("-id")[:limit])
    names = names_of(entry.actor for entry in entries)
    return [Deed(entry, names[entry.actor]) for entry in entries]


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Each actor of the audit trail as others may see them, in one query; what is no person stays as it is."""
    names = {actor: actor for actor in actors}
    ids = [actor.removeprefix("user:") for actor in names if actor.startswith("user:")]
    return names | {user.actor: user.display_name for user in User.objects.filter(public_id__in=ids)}


def readings_of(user: User) -> QuerySet[AuditEntry]:
    """Every time somebody of the platform was shown this person's name and number, newest first. ``after["reason"]`` says why."""
    return AuditEntry.objects.filter(target=user.actor, action="people.reveal").order_by("-id")


#: Rows of one sheet, the first of them its headings.
Rows = Iterable[Sequence[Cell]]


def sheet(headings: Sequence[str], rows: Rows) -> Rows:
    """A line of headings, then the rows."""
    yield headings
    yield from rows


def own_data(user: User) -> dict[str, Rows]:
    """Everything that is kept of the user: each sheet's title and its rows. What other apps keep they add themselves
    (``signals.copy_taken``)."""
    account: list[Sequence[Cell]] = [
        (_("Name"), user.name),
        (_("Mobile phone number"), user.phone),
        (_("Number verified"), user.phone_verified_at),
        (_("Registered"), user.created_at),
        (_("Last sign-in"), user.last_login),
        (_("Language"), user.get_language_display()),
        (_("Care mode"), _("yes") if user.care_mode else _("no")),
        (_("Weekly digest"), _("yes") if user.weekly_digest else _("no")),
        (_("Keyboard shortcuts"), _("yes") if user.keyboard_shortcuts else _("no")),
        (_("E-mail address"), user.email),
        (_("By e-mail"), user.get_email_wish_display() if user.email else ""),
    ]
    account += [(_("Second factor"), str(one.get_type_display())) for one in factors_of(user_id=user.pk)]
    account += [(_("Post"), f"{post} {post.valid_from} – {post.valid_until or ''}") for post in user.posts.all()]
    entries = list(readings_of(user))
    who = names_of(entry.actor for entry in entries)
    messages = messages_of(recipient_id=user.pk).iterator()
    sheets = {
        _("Account"): sheet([_("What"), _("Value")], account),
        _("Who looked at it"): sheet(
            [_("When"), _("Who"), _("Why")],
            ((entry.at, who[entry.actor], (entry.after or {}).get("reason", "")) for entry in entries),
        ),
        _("Messages"): sheet(
            [_("Sent"), _("Title"), _("Text"), _("Read")],
            ((one.sent_at, one.title, one.body, one.read_at) for one in messages),
        ),
    }
    for more in answers(copy_taken, user=user):
        sheets.update(more)
    return sheets


@dataclass(frozen=True)
class InTheWay:
    """Why an account cannot be closed yet: a sentence that says what to do, and the page to do it on."""

    sentence: str
    url: str = ""


def in_the_way(user: User) -> list[InTheWay]:
    """What stands against closing the account, of all apps; nothing: it may be closed."""
    roles = []
    if user.opens_administration:
        roles.append(InTheWay(_("You hold an office here. A platform operator ends it first.")))
    return roles + [one for found in answers(closing_asked, user=user) for one in found]


def named(actor: str) -> str:
    """An actor of the audit trail as others may see them; what is no person stays as it is."""
    return names_of([actor])[actor]


def _valid(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))
