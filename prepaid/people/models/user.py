"""Everybody who signs in: consumers, merchants' staff, regulators, the platform's operators."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from escrow import clock
from escrow.models import EncryptedTextField, blind_index
from prepaid.notices import addresses, phones

if TYPE_CHECKING:
    from prepaid.people.models.post import Post


#: The kind of the weekly letter.
DIGEST = "cards.digest"
LEAVE_SALT = "people.email_leave"


def masked_name(name: str) -> str:
    """A person's name as others may see it: ``张**``, ``Li ***``."""
    first, space, rest = name.partition(" ")
    return f"{first} ***" if space and rest else name[:1] + "*" * max(1, min(2, len(name) - 1))


class EmailWish(models.TextChoices):
    """What also goes by e-mail."""

    ALL = "all", _("every message")
    DIGEST = "digest", _("the weekly digest only")
    NONE = "none", _("no e-mails")


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, phone: str, name: str = "", password: str | None = None, **fields: Any) -> "User":
        """A user with the phone number in E.164; without a password they sign in by SMS code only.

        Raises:
            InvalidPhone: the number cannot take an SMS.
        """
        user = self.model(name=name, **fields)
        user.phone = phones.e164(phone)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def by_phone(self, phone: str) -> "User | None":
        """The user with that number, however it is typed; None when there is none.

        Raises:
            InvalidPhone: not a number at all.
        """
        return self.filter(phone_index=blind_index(phones.e164(phone))).first()


class User(AbstractBaseUser, PermissionsMixin):
    """A role is what a user *has*, never what they say: consumers have nothing extra, merchants' staff have a
    membership (``merchants``), regulators a ``Post``, operators the flag. Nothing is granted by default."""

    public_id = models.UUIDField(_("id"), default=uuid.uuid4, unique=True, editable=False)
    phone = EncryptedTextField(_("phone"))
    phone_index = models.CharField(max_length=64, editable=False)
    phone_verified_at = models.DateTimeField(_("phone verified"), null=True, blank=True)
    name = EncryptedTextField(_("name"), blank=True, default="")
    is_platform_operator = models.BooleanField(_("platform operator"), default=False)
    is_staff = models.BooleanField(_("may open the administration"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    #: Closed by its owner: name and number are gone, the row stays for what the law wants kept.
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    care_mode = models.BooleanField(_("care mode"), default=False)
    #: Of the administration's pages; a single letter does something there (WCAG 2.1.4: can be switched off).
    keyboard_shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    weekly_digest = models.BooleanField(_("weekly digest"), default=True)
    #: Confirmed by a code; nobody signs in by it. Emptied it is none.
    email = EncryptedTextField(_("e-mail address"), blank=True, default="")
    email_wish = models.CharField(_("by e-mail"), max_length=8, choices=EmailWish, default=EmailWish.ALL)
    #: Since when the mail server says that there is no such mailbox: nothing is sent there any more.
    email_refused_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("registered"), default=timezone.now)
    #: How often a second factor was replaced, removed or reset. A session remembers the number it was opened at.
    factor_changes = models.PositiveIntegerField(default=0, editable=False)

    #: The extra post in which this session acts; never stored.
    acting_post_id: int | None = None

    objects = UserManager()

    USERNAME_FIELD = "phone_index"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="user_phone_once", fields=["phone_index"]),
            models.CheckConstraint(
                name="user_closed_opens_nothing", condition=Q(closed_at__isnull=True) | Q(is_active=False)
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the look-up column in step with the number it finds."""
        self.phone_index = blind_index(self.phone) if self.phone else f"closed:{self.public_id}"
        if kwargs.get("update_fields") is not None and "phone" in kwargs["update_fields"]:
            kwargs["update_fields"] = {*kwargs["update_fields"], "phone_index"}
        super().save(*args, **kwargs)

    @property
    def actor(self) -> str:
        """How the audit trail names this user."""
        return f"user:{self.public_id}"

    def close(self, at: datetime) -> None:
        """Nothing of the person stays in the row."""
        self.name = self.phone = self.email = ""
        self.phone_verified_at = self.last_login = self.email_refused_at = None
        self.is_active, self.closed_at = False, at
        self.save()

    @property
    def phone_masked(self) -> str:
        return phones.masked(self.phone) if self.phone else gettext("closed account")

    @property
    def email_masked(self) -> str:
        return addresses.masked(self.email) if self.email else ""

    def email_for(self, kind: str) -> str:
        """Where messages of that kind (``app.event``) also go; nowhere when empty."""
        wanted = self.email_wish == EmailWish.ALL or (self.email_wish == EmailWish.DIGEST and kind == DIGEST)
        return self.email if wanted and self.email_refused_at is None else ""

    def leave_url(self) -> str:
        """The page that ends the e-mails without signing in: its address is signed, so nobody guesses another's."""
        return reverse("email_leave", args=[signing.dumps(str(self.public_id), salt=LEAVE_SALT)])

    @property
    def display_name(self) -> str:
        """What others may see: the family name (``张**``, ``Li ***``), or the masked number."""
        if not self.name:
            return self.phone_masked
        return masked_name(self.name)

    @cached_property
    def posts_today(self) -> "list[Post]":
        """The posts held today, the user's own first. Asked once per request."""
        return list(self.posts.current(on=clock.today()).select_related("department", "district").own_first())

    @cached_property
    def post(self) -> "Post | None":
        """The post held today, or None: the user's own, unless this session acts in an extra one (``act_as``)."""
        acting = [post for post in self.posts_today if post.pk == self.acting_post_id]
        return next(iter(acting or self.posts_today), None)

    def act_as(self, post_id: int | None) -> None:
        """For this request the user holds this of their posts; one that has ended counts for nothing."""
        self.acting_post_id = post_id
        for read_before in ("posts_today", "post"):
            self.__dict__.pop(read_before, None)

    @property
    def is_regulator(self) -> bool:
        return self.is_active and self.is_staff and self.post is not None

    @property
    def opens_administration(self) -> bool:
        """Platform operators and officials who hold a post today; they need a second factor. The flag alone opens nothing."""
        return self.is_active and self.is_staff and (self.is_platform_operator or self.post is not None)

    def get_full_name(self) -> str:
        return self.name or self.phone_masked

    def get_short_name(self) -> str:
        return self.display_name

    def __str__(self) -> str:
        return self.display_name
