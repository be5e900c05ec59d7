"""Say something to somebody."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import override

from escrow.models import blind_index
from escrow.transactions import transaction
from prepaid.notices import phones
from prepaid.notices.errors import SmsUnavailable
from prepaid.notices.models import Channel, Message


class Recipient(Protocol):
    """What a message needs to know of a user."""

    @property
    def pk(self) -> int: ...
    @property
    def language(self) -> str: ...
    @property
    def is_active(self) -> bool: ...


def send(
    *,
    to: Recipient,
    kind: str,
    title: str | Promise,
    body: str | Promise,
    url: str = "",
    details: Mapping[str, object] | None = None,
    at: datetime,
) -> Message:
    """A message in the app, written in the recipient's language. It is delivered when it lies in the inbox of somebody who
    can sign in and read it (Civil Code 137); a closed account receives nothing.

    Args:
        kind: ``app.event``, for programs.
        title, body: lazy translations; ``%(name)s`` in them is filled from ``details`` after translating.
        url: path of the page to act on.
    """
    with override(to.language):
        values = {name: str(value) for name, value in (details or {}).items()}
        texts = [str(text) % values if values else str(text) for text in (title, body)]
    with transaction():
        return Message.objects.create(
            channel=Channel.IN_APP,
            recipient_id=to.pk,
            kind=kind,
            title=texts[0],
            body=texts[1],
            url=url,
            sent_at=at,
            delivered_at=at if to.is_active else None,
        )


def send_sms(*, phone: str, text: str, at: datetime, kind: str = "sms", to: Recipient | None = None) -> Message:
    """An SMS. In the demo it arrives on the inbox page.

    Raises:
        InvalidPhone: the number cannot take one.
        SmsUnavailable: outside the demo there is no gateway yet; nothing is kept.
    """
    number = phones.e164(phone)
    if not settings.DEMO:
        raise SmsUnavailable()
    with transaction():
        return Message.objects.create(
            channel=Channel.SMS,
            recipient_id=to.pk if to else None,
            phone=number,
            phone_index=blind_index(number),
            kind=kind,
            body=text,
            sent_at=at,
            delivered_at=at,  # the demo's inbox; a gateway will report it
        )


def mark_read(*, recipient_id: int, message_ids: Collection[int], at: datetime) -> int:
    """Mark these of the recipient's messages as read; how many were unread."""
    with transaction():
        return Message.objects.filter(recipient_id=recipient_id, id__in=message_ids, read_at__isnull=True).update(
            read_at=at
        )
