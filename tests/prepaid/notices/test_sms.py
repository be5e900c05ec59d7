"""An SMS leaves by a gateway: signed, once, tried again while it is of use, through a real HTTP server and the worker's task."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.urls import reverse

from escrow import clock
from prepaid.notices import operations, tasks
from prepaid.notices.errors import SmsFailed, SmsUnavailable
from prepaid.notices.models import Message
from tests.prepaid.people.factories import make_user

pytestmark = pytest.mark.django_db
KEY = "a key of the gateway"
HOUR = timedelta(hours=1)


class Gateway(ThreadingHTTPServer):
    """Writes down what it is given; ``answers`` are used up one by one, then 202."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = self.headers["X-Timestamp"].encode() + b"." + body
        right = hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest() == self.headers["X-Signature"]
        status = (self.server.answers.pop(0) if self.server.answers else 202) if right else 403
        self.server.taken.append({**json.loads(body), "status": status})
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def gateway(settings) -> Iterator[Gateway]:
    server = Gateway()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SMS_SENDER = "prepaid.notices.senders.HttpGateway"
    settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{server.server_port}/sms"
    settings.SMS_GATEWAY_KEY = KEY
    yield server
    server.shutdown()
    server.server_close()


def sms(**facts: Any) -> Message:
    return operations.send_sms(phone="13911112222", text="您的验证码是 123456", at=clock.now(), **facts)


def test_it_is_handed_over_once_with_its_signature(gateway) -> None:
    message = sms()
    assert (message.delivered_at, gateway.taken) == (None, [])
    assert tasks.sweep() == 1
    assert tasks.sweep() == 0
    tasks.deliver(message.pk)
    sent = {"to": "+8613911112222", "text": "您的验证码是 123456", "reference": f"sms-{message.pk}", "status": 202}
    assert gateway.taken == [sent]
    message.refresh_from_db()
    assert message.delivered_at


def test_what_is_not_taken_is_tried_again_later_under_the_same_reference(gateway) -> None:
    gateway.answers = [503, 500]
    message = sms()
    with pytest.raises(SmsFailed):
        operations.deliver(message_id=message.pk, at=clock.now())
    assert not operations.deliver(message_id=message.pk, at=clock.now())  # not its turn yet
    clock.advance(HOUR)
    tasks.sweep()
    clock.advance(HOUR)
    tasks.sweep()
    assert [one["status"] for one in gateway.taken] == [503, 500, 202]
    assert len({one["reference"] for one in gateway.taken}) == 1
    message.refresh_from_db()
    assert message.delivered_at


def test_a_code_that_is_over_is_not_sent_any_more(gateway) -> None:
    gateway.answers = [503]
    message = sms(useful_for=timedelta(minutes=5))
    tasks.sweep()
    clock.advance(HOUR)
    tasks.sweep()
    assert len(gateway.taken) == 1
    message.refresh_from_db()
    assert (message.delivered_at, message.next_try_at) == (None, None)


def test_a_gateway_that_is_not_there_or_knows_another_key_is_a_failure(gateway, settings) -> None:
    settings.SMS_GATEWAY_KEY = "another"
    first = sms()
    with pytest.raises(SmsFailed):
        operations.deliver(message_id=first.pk, at=clock.now())
    settings.SMS_GATEWAY_URL = "http://127.0.0.1:9/sms"
    second = sms()
    with pytest.raises(SmsFailed):
        operations.deliver(message_id=second.pk, at=clock.now())


def test_two_workers_hand_it_over_once(gateway, monkeypatch) -> None:
    message = sms()
    real = Message.objects.filter
    other = []

    def meanwhile(*args: object, **facts: object) -> Any:
        """The other worker comes between reading and taking."""
        found = real(*args, **facts)
        if not other:
            other.append(True)
            first = found.first
            found.first = lambda: (first(), operations.deliver(message_id=message.pk, at=clock.now()))[0]
        return found

    monkeypatch.setattr(Message.objects, "filter", meanwhile)
    assert not operations.deliver(message_id=message.pk, at=clock.now())
    assert len(gateway.taken) == 1


def test_somebody_signs_in_by_a_code_from_the_gateway(client, gateway, settings) -> None:
    settings.DEMO = False
    user = make_user(phone="+8613911112222")
    assert client.post(reverse("account_login"), {"login": "13911112222"}).status_code == 302
    tasks.sweep()
    [sent] = gateway.taken
    [code] = re.findall(r"\d{6}", sent["text"])
    answer = client.post(reverse("account_confirm_login_code"), {"code": code})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_without_a_way_out_nothing_is_kept(settings) -> None:
    settings.SMS_SENDER = ""
    with pytest.raises(SmsUnavailable):
        sms()
    assert not Message.objects.exists()
