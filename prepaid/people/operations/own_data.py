"""What a person may do with what is kept of them: take a copy (PIPL 45), close the account (PIPL 47)."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from escrow import audit
from escrow.bank_files.writing import xlsx_bytes
from escrow.transactions import transaction
from prepaid.notices import operations as notices
from prepaid.people import queries
from prepaid.people.errors import AccountInUse
from prepaid.people.models import User
from prepaid.people.operations.people import locked
from prepaid.people.signals import account_closing


def copy_data(*, user_id: int, at: datetime) -> bytes:
    """Everything that is kept of the user, as a workbook in the language of the page. They are told, should it not have been them.

    Raises:
        NotFound.
    """
    with transaction():
        user = locked(user_id)
        audit.record(actor=user.actor, action="people.copy_data", target=user.actor, at=at)
        book = xlsx_bytes(queries.own_data(user))
        notices.send(
            to=user,
            kind="people.data_copied",
            title=_("A copy of your data was downloaded"),
            body=_(
                "If this was not you, somebody else can read your SMS codes: tell your mobile carrier, and the platform."
            ),
            url=reverse("my_data"),
            at=at,
        )
    return book


def close_account(*, user_id: int, at: datetime) -> None:
    """Name, number, messages and second factors go, and nobody can sign in; what the law wants kept stays without a name
    (docs/people.md). The number may register anew, as somebody else. Cannot be undone.

    Raises:
        NotFound. AccountInUse: money, a request or a role is left.
    """
    with transaction():
        user = locked(user_id)
        if queries.in_the_way(user):
            raise AccountInUse()
        account_closing.send(sender=User, user=user, at=at)
        notices.forget(recipient_id=user.pk, phone=user.phone)
        Authenticator.objects.filter(user_id=user.pk).delete()
        user.close(at)
        audit.record(actor=user.actor, action="people.close_account", target=user.actor, at=at)
