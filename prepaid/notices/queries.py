"""Questions about messages."""

from datetime import datetime
from itertools import islice

from django.db.models import QuerySet

from escrow.models import blind_index
from prepaid.notices import phones
from prepaid.notices.errors import InvalidPhone
from prepaid.notices.models import Channel, Message

#: The demo inbox shows so many; finding part of a number means decrypting, so it looks through the newest only.
INBOX_LENGTH = 50
INBOX_SEARCHED = 500


def messages_of(*, recipient_id: int) -> QuerySet[Message]:
    """What this person was told in the app, newest first."""
    return Message.objects.filter(recipient_id=recipient_id, channel=Channel.IN_APP)


def unread_count(*, recipient_id: int) -> int:
    """How many messages in the app this person has not opened."""
    return messages_of(recipient_id=recipient_id).filter(read_at__isnull=True).count()


def inbox(*, digits: str = "") -> list[Message]:
    """Everything sent to anybody, newest first, by a whole phone number or some of its digits. For the demo only."""
    everything = Message.objects.select_related("recipient")
    if not digits:
        return list(everything[:INBOX_LENGTH])
    try:
        index = blind_index(phones.e164(digits))
    except InvalidPhone:
        found = (message for message in everything[:INBOX_SEARCHED] if digits in _number(message))
        return list(islice(found, INBOX_LENGTH))
    return list((everything.filter(phone_index=index) | everything.filter(recipient__phone_index=index))[:INBOX_LENGTH])


def _number(message: Message) -> str:
    return message.phone or (message.recipient.phone if message.recipient else "")


def waiting(*, at: datetime) -> list[int]:
    """Ids of SMS and e-mails whose turn has come, the longest waiting first, some of them."""
    due = Message.objects.filter(delivered_at=None, next_try_at__lte=at)
    return list(due.order_by("next_try_at").values_list("pk", flat=True)[:500])
