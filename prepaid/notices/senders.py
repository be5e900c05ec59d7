"""The ways out for an SMS. ``SMS_SENDER`` names the class: ours speaks a small signed HTTP call, another one can be put beside it."""

import hashlib
import hmac
import json
import time
from typing import Protocol

import httpx
from django.conf import settings
from django.utils.module_loading import import_string

from prepaid.notices.errors import SmsFailed, SmsUnavailable


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
