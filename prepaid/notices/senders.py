"""The ways out. For an SMS ``SMS_SENDER`` names the class: ours speaks a small signed HTTP call. For an e-mail ``EMAIL_SENDER``: ours
speaks SMTP. Another one can be put beside each."""

import hashlib
import hmac
import json
import re
import time
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Protocol

import httpx
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

from prepaid.notices.errors import AddressRefused, EmailFailed, EmailUnavailable, SmsFailed, SmsUnavailable


class SmsSender(Protocol):
    """What takes an SMS and carries it out, or says that it could not."""

    #: What is handed over has arrived: nothing has to be called, and nothing can fail.
    at_once: bool

    def send(self, *, number: str, text: str, reference: str) -> None:
        """Hand it over. ``number`` E.164; the same ``reference`` is the same SMS, also when it is sent again.

        Raises:
            SmsFailed: not taken, or nobody knows.
        """


class Inbox:
    """The demo's page of messages is the phone."""

    at_once = True

    def send(self, *, number: str, text: str, reference: str) -> None:
        """It lies there already."""


class HttpGateway:
    """``POST SMS_GATEWAY_URL`` with ``{"to", "text", "reference"}``; the headers ``X-Timestamp`` (Unix seconds) and ``X-Signature``: the
    HMAC-SHA256 under ``SMS_GATEWAY_KEY`` of timestamp, a dot and the body, in hexadecimal. Any 2xx means taken."""

    at_once = False

    def send(self, *, number: str, text: str, reference: str) -> None:
        """Raises ``SmsFailed``."""
        body = json.dumps({"to": number, "text": text, "reference": reference}, ensure_ascii=False).encode()
        now = str(int(time.time()))
        signature = hmac.new(settings.SMS_GATEWAY_KEY.encode(), now.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Timestamp": now, "X-Signature": signature}
        try:
            answer = httpx.post(
                settings.SMS_GATEWAY_URL, content=body, headers=headers, timeout=httpx.Timeout(10, connect=3)
            )
        except httpx.HTTPError as error:
            raise SmsFailed() from error
        if not answer.is_success:
            raise SmsFailed()


def sms_sender() -> SmsSender:
    """The configured way out. Raises ``SmsUnavailable``: there is none."""
    if not settings.SMS_SENDER:
        raise SmsUnavailable()
    found: SmsSender = import_string(settings.SMS_SENDER)()
    return found


class EmailSender(Protocol):
    """What takes an e-mail and carries it out, or says that it could not."""

    #: What is handed over has arrived: nothing has to be called, and nothing can fail.
    at_once: bool

    def send(self, *, address: str, subject: str, text: str, reference: str, leave: str = "") -> None:
        """Hand it over. The same ``reference`` is the same e-mail, also when it is sent again. ``leave``: the address of the
        page that ends such e-mails.

        Raises:
            AddressRefused: there is no such mailbox. EmailFailed: not taken, or nobody knows.
        """


class Mailbox:
    """The demo's page of messages is the mailbox."""

    at_once = True

    def send(self, *, address: str, subject: str, text: str, reference: str, leave: str = "") -> None:
        """It lies there already."""


class Smtp:
    """Django's SMTP client with the server of ``EMAIL_URL``. The Message-ID is made of the reference, so that a mailbox that
    gets an e-mail twice, after a crash between handing over and writing down, shows it once."""

    at_once = False

    def send(self, *, address: str, subject: str, text: str, reference: str, leave: str = "") -> None:
        """Raises ``AddressRefused``, ``EmailFailed``."""
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
        headers = {"Message-ID": f"<{reference}@{domain}>", "Auto-Submitted": "auto-generated"}  # RFC 3834
        if leave:  # RFC 8058
            headers |= {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        subject = " ".join(subject.split())  # a header is one line
        try:
            EmailMessage(subject, text, to=[address], headers=headers).send()
        except SMTPRecipientsRefused as error:
            missing = all(_no_such_mailbox(code, said) for code, said in error.recipients.values())
            raise (AddressRefused if missing else EmailFailed)() from error
        except (SMTPException, OSError) as error:
            raise EmailFailed() from error


def _no_such_mailbox(code: int, said: bytes) -> bool:
    """Whether the answer to RCPT is about the address, for good: 550, 551 or 553, and where it says more, 5.1.x (RFC 3463, 3.2).
    A full mailbox, or a server that does not like ours, is not."""
    more = re.match(rb"5\.(\d+)\.\d", said)
    return code in {550, 551, 553} and (more is None or more[1] == b"1")


def email_sender() -> EmailSender:
    """The configured way out. Raises ``EmailUnavailable``: there is none."""
    if not settings.EMAIL_SENDER:
        raise EmailUnavailable()
    found: EmailSender = import_string(settings.EMAIL_SENDER)()
    return found
