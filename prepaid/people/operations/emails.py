"""An e-mail address beside the number: confirmed by a code, never needed, never a way to sign in."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from escrow import audit
from escrow.transactions import transaction
from prepaid.notices import operations as notices
from prepaid.notices.errors import EmailUnavailable
from prepaid.people.errors import UnknownWish
from prepaid.people.models import EmailWish, User
from prepaid.people.operations.people import locked

CODE_LASTS = timedelta(minutes=15)


def send_email_code(*, user_id: int, address: str, code: str, at: datetime) -> None:
    """Write the code to the address that is to be confirmed (``notices.addresses.clean``).

    Raises:
        EmailUnavailable, NotFound.
    """
    with transaction():
        user = locked(user_id)
        with override(user.language):
            title = _("Your code for this address")
            body = _(
                "%(code)s confirms that this is your address. It is good for 15 minutes. If you did not ask for it, do nothing: "
                "nothing is sent here."
            ) % {"code": code}
        notices.send_email(
            to=user, address=address, kind="people.email_code", title=title, body=body, at=at, useful_for=CODE_LASTS
        )


def confirm_email(*, user_id: int, address: str, at: datetime) -> None:
    """The user has shown that they read what is sent there. An address they had before is told.

    Raises:
        NotFound.
    """
    with transaction():
        user = locked(user_id)
        _tell_the_old_one(user, address, at)
        user.email, user.email_refused_at = address, None
        if user.email_wish == EmailWish.NONE:
            user.email_wish = EmailWish.ALL
        user.save(update_fields=["email", "email_refused_at", "email_wish"])
        audit.record(actor=user.actor, action="people.confirm_email", target=user.actor, at=at)


def remove_email(*, user_id: int, at: datetime) -> None:
    """No e-mails any more, and the address is not kept. The address is told.

    Raises:
        NotFound.
    """
    with transaction():
        user = locked(user_id)
        if user.email:
            _tell_the_old_one(user, "", at)
            user.email, user.email_refused_at = "", None
            user.save(update_fields=["email", "email_refused_at"])
            audit.record(actor=user.actor, action="people.remove_email", target=user.actor, at=at)


def choose_email(*, user_id: int, wish: str, at: datetime) -> None:
    """What also goes by e-mail.

    Raises:
        UnknownWish, NotFound.
    """
    if wish not in EmailWish.values:
        raise UnknownWish()
    with transaction():
        user = locked(user_id)
        if user.email_wish != wish:
            user.email_wish = EmailWish(wish)
            user.save(update_fields=["email_wish"])
            audit.record(actor=user.actor, action="people.choose_email", target=user.actor, after={"wish": wish}, at=at)


def address_refused(*, user_id: int, address: str, at: datetime) -> None:
    """The mail server knows no such mailbox: nothing goes there any more, and the user is told in the app."""
    with transaction():
        user = locked(user_id)
        if user.email != address or user.email_refused_at is not None:
            return
        user.email_refused_at = at
        user.save(update_fields=["email_refused_at"])
        audit.record(actor="system:notices", action="people.email_refused", target=user.actor, at=at)
        notices.send(
            to=user,
            kind="people.email_refused",
            title=gettext_lazy("Your e-mails do not arrive"),
            body=gettext_lazy(
                "The mail server says that your mailbox does not exist. Nothing is sent there any more; your messages are here. "
                "Correct the address, or remove it."
            ),
            url=reverse("email"),
            at=at,
        )


def _tell_the_old_one(user: User, new: str, at: datetime) -> None:
    """Should it have been somebody else: the address that was confirmed before hears of it."""
    if not user.email or user.email == new or user.email_refused_at is not None:
        return
    with override(user.language):
        title = _("No more messages to this address")
        body = _("It was removed from your account, or replaced. If this was not you, sign in and look under “E-mail”.")
    with suppress(EmailUnavailable):  # no mail server any more: the address can be removed all the same
        notices.send_email(
            to=user,
            address=user.email,
            kind="people.email_changed",
            title=title,
            body=body,
            url=reverse("email"),
            at=at,
        )
