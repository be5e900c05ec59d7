"""Say something to somebody."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from django.conf import settings
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext, override

from escrow.models import blind_index
from escrow.transactions import after_commit, ring, transaction
from prepaid.notices import phones
from prepaid.notices.errors import AddressRefused
from prepaid.notices.models import Channel, Message
from prepaid.notices.senders import email_sender, sms_sender
from prepaid.notices.signals import address_refused

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
#: Kinds that begin so are written to an address, whoever has it.
ABOUT_AN_ADDRESS = "people.email_"
#: What the gateway or the mail server did not take is tried again after so long, then twice, four times as long, at most ``MOST_WAIT``.
FIRST_WAIT, MOST_WAIT = timedelta(seconds=20), timedelta(minutes=30)


class Recipient(Protocol):
    """What a message needs to know of a user."""

    @property
    def pk(self) -> int: ...
    @property
    def language(self) -> str: ...
    @property
    def is_active(self) -> bool: ...
    def email_for(self, kind: str) -> str:
        """Where messages of that kind also go; nowhere when empty."""

    def leave_url(self) -> str:
        """The page that ends these e-mails without signing in, below the platform's address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What is said to one person.

    Args:
        kind: ``app.event``, for programs.
        title, body: lazy translations; ``%(name)s`` in them is filled from ``details`` after translating.
        url: path of the page to act on.
    """

    to: Recipient
    kind: str
    title: str | Promise
    body: str | Promise
    url: str = ""
    details: Mapping[str, object] | None = None

    @property
    def texts(self) -> tuple[str, str]:
        """Title and text in the language of whoever reads it."""
        with override(self.to.language):
            values = {name: str(value) for name, value in (self.details or {}).items()}
            title, body = (str(text) % values if values else str(text) for text in (self.title, self.body))
        return title, body


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
    """One ``Letter`` (its fields are the arguments), sent as ``send_many`` sends many."""
    [message] = send_many([Letter(to=to, kind=kind, title=title, body=body, url=url, details=details)], at=at)
    return message


def send_many(letters: Iterable[Letter], *, at: datetime) -> list[Message]:
    """Messages in the app, each written in its recipient's language, in one statement. One is delivered when it lies in the inbox
    of somebody who can sign in and read it (Civil Code 137); a closed account receives nothing. Who wants it also gets it by
    e-mail, which no term counts from."""
    messages = []
    with transaction():
        for letter in letters:
            to, (title, body) = letter.to, letter.texts
            address = to.email_for(letter.kind) if to.is_active and settings.EMAIL_SENDER else ""
            if address:
                send_email(to=to, address=address, kind=letter.kind, title=title, body=body, url=letter.url, at=at)
            messages.append(
                Message(
                    channel=Channel.IN_APP,
                    recipient_id=to.pk,
                    kind=letter.kind,
                    title=title,
                    body=body,
                    url=letter.url,
                    sent_at=at,
                    delivered_at=at if to.is_active else None,
                )
            )
        return Message.objects.bulk_create(messages)


def send_sms(
    *,
    phone: str,
    text: str,
    at: datetime,
    kind: str = "sms",
    to: Recipient | None = None,
    useful_for: timedelta = A_DAY,
) -> Message:
    """An SMS, written down and handed to the gateway by a worker. In the demo it arrives on the inbox page at once.
    ``useful_for``: after that it is not sent any more.

    Raises:
        InvalidPhone: the number cannot take one. SmsUnavailable: no gateway is configured; nothing is kept.
    """
    number = phones.e164(phone)
    sender, to_pk = sms_sender(), to.pk if to else None
    message = Message(
        channel=Channel.SMS, recipient_id=to_pk, phone=number, phone_index=blind_index(number), kind=kind, body=text
    )
    return _on_its_way(message, at=at, arrives=sender.at_once, useful_for=useful_for)


def send_email(
    *,
    to: Recipient,
    address: str,
    kind: str,
    title: str,
    body: str,
    url: str = "",
    at: datetime,
    useful_for: timedelta = A_WEEK,
) -> Message:
    """An e-mail, written down and handed to the mail server by a worker. In the demo it arrives on the inbox page at once.
    ``url``: path of the page to act on.

    Raises:
        EmailUnavailable: no server is configured; nothing is kept.
    """
    sender = email_sender()
    message = Message(
        channel=Channel.EMAIL, recipient_id=to.pk, address=address, kind=kind, title=title, body=body, url=url
    )
    return _on_its_way(message, at=at, arrives=sender.at_once, useful_for=useful_for)


def _on_its_way(message: Message, *, at: datetime, arrives: bool, useful_for: timedelta) -> Message:
    """Written down, and a worker called to hand it over, when it has not arrived by that."""
    message.sent_at, message.useful_until = at, at + useful_for
    message.delivered_at, message.next_try_at = (at, None) if arrives else (None, at)
    with transaction():
        message.save()
        if not arrives:
            ring("prepaid.notices.tasks.deliver", message.pk)
    return message


def deliver(*, message_id: int, at: datetime) -> bool:
    """Hand an SMS or e-mail that waits over; whether it was taken now. Whoever comes first has it, until its next turn, so two
    workers do not send it twice; after a crash it goes again under the same reference. Calls the gateway or the mail server:
    not inside a transaction.

    Raises:
        SmsFailed, EmailFailed: not taken; it has its next turn, but for ``AddressRefused``. SmsUnavailable, EmailUnavailable.
    """
    waiting = Message.objects.filter(pk=message_id, delivered_at=None, next_try_at__lte=at)
    message = waiting.first()
    if message is None:
        return False
    wait = min(FIRST_WAIT * 2**message.tries, MOST_WAIT)
    expired = (message.useful_until is not None and at >= message.useful_until) or not _is_wanted(message)
    mine = waiting.filter(tries=message.tries).update(
        tries=message.tries + (not expired), next_try_at=None if expired else at + wait
    )
    if not mine or expired:
        return False
    try:
        _hand_over(message)
    except AddressRefused:
        with transaction():
            Message.objects.filter(pk=message_id).update(next_try_at=None)
            facts = {"recipient_id": message.recipient_id, "address": message.address, "at": at}
            after_commit(partial(address_refused.send, sender=Message, **facts))
        raise
    Message.objects.filter(pk=message_id).update(delivered_at=at, next_try_at=None)
    return True


def send_again(*, like: int, at: datetime) -> int:
    """The gateway is said to be mended: whatever waits to leave by the same way as that message has its turn now. Returns how many."""
    channel = Message.objects.filter(pk=like).values("channel")[:1]
    waiting = Message.objects.filter(channel__in=channel, delivered_at=None, next_try_at__isnull=False)
    return waiting.update(next_try_at=at)


def _is_wanted(message: Message) -> bool:
    """Who has another address by now, or none, gets what was written for it in the app alone; what is about an address itself
    goes to that address."""
    if message.channel != Channel.EMAIL or message.kind.startswith(ABOUT_AN_ADDRESS):
        return True
    return message.recipient is not None and message.recipient.email_for(message.kind) == message.address


def _hand_over(message: Message) -> None:
    if message.channel == Channel.SMS:
        sms_sender().send(number=message.phone, text=message.body, reference=f"sms-{message.pk}")
        return
    reader, parts = message.recipient, [message.body]
    assert reader is not None  # a constraint: an e-mail has a recipient
    leave = settings.PUBLIC_URL + reader.leave_url() if reader.email_for(message.kind) == message.address else ""
    with override(reader.language):
        if message.url:
            parts.append(settings.PUBLIC_URL + message.url)
        if leave:
            parts.append(
                "-- \n" + gettext("You asked for your messages by e-mail. No more of them: %(page)s") % {"page": leave}
            )
    email_sender().send(
        address=message.address,
        subject=message.title,
        text="\n\n".join(parts),
        reference=f"message-{message.pk}",
        leave=leave,
    )


def forget(*, recipient_id: int, phone: str) -> None:
    """Everything that was ever said to somebody who closes their account, and every SMS to their number, goes."""
    with transaction():
        Message.objects.filter(Q(recipient_id=recipient_id) | Q(phone_index=blind_index(phone))).delete()


def mark_read(*, recipient_id: int, message_ids: Collection[int], at: datetime) -> int:
    """Mark these of the recipient's messages as read; how many were unread."""
    with transaction():
        return Message.objects.filter(recipient_id=recipient_id, id__in=message_ids, read_at__isnull=True).update(
            read_at=at
        )
