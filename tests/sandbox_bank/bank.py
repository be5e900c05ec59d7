"""The real bank in its own process on a free port, a payer with a browser's manners, and an inbox for notifications."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from embedded.ports import free_port
from escrow.channels import Channel, Notification, PaymentAnswer, channel
from escrow.channels.signing import sign

ROOT = Path(__file__).resolve().parent.parent.parent
CALM = {"duplicate": 0, "settle_seconds": 0}


def pair() -> tuple[str, str]:
    """A private and its public key, base64."""
    key = Ed25519PrivateKey.generate()
    return (
        base64.b64encode(key.private_bytes_raw()).decode(),
        base64.b64encode(key.public_key().public_bytes_raw()).decode(),
    )


def until(true: Callable[[], Any], *, seconds: float = 10) -> Any:
    """What it says once it is true."""
    end = time.monotonic() + seconds
    while not (said := true()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)
    return said


class Bank:
    """Start, kill and start again; its data stays in ``var``."""

    def __init__(self, var: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = var / "bank" / "bank.sqlite3"
        self.private, self.public = pair()
        self.platform_private, self.platform_public = pair()
        self.environment = {
            **os.environ,
            "PREPAID_VAR": str(var),
            "SANDBOX_BANK_PORT": str(self.port),
            "SANDBOX_BANK_URL": self.url,
            "SANDBOX_BANK_PRIVATE_KEY": self.private,
            "SANDBOX_PLATFORM_PUBLIC_KEY": self.platform_public,
            "SANDBOX_BANK_CHAOS": json.dumps(CALM),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "sandbox_bank"], cwd=ROOT, env=self.environment)
        until(self.up, seconds=30)

    def up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the bank went down while starting"
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """What the out-of-memory killer does; the worker goes with its master."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def kill_worker(self) -> None:
        """The master stays and forks another."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def behave(self, **wishes: float) -> None:
        """Calm but for these wishes."""
        body = json.dumps(wishes).encode()
        headers = sign(self.platform_private, method="POST", path="/v1/behaviour", body=body)
        httpx.post(f"{self.url}/v1/behaviour", content=body, headers=headers, trust_env=False).raise_for_status()


@dataclass
class Inbox:
    """A platform that writes down what it is told. ``answer`` is the status it gives."""

    url: str = ""
    answer: int = 204
    raw: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def read(self) -> list[Notification]:
        sandbox = channel("sandbox")
        return [
            sandbox.read_notification(method="POST", path=path, headers=headers, body=body)
            for path, headers, body in list(self.raw)
        ]

    def about(self, number: str) -> list[Notification]:
        return [
            note
            for note in self.read
            if number in {note.payment and note.payment.order_no, note.transfer and note.transfer.number}
        ]


@pytest.fixture(scope="session")
def bank_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    bank = Bank(tmp_path_factory.mktemp("var"))
    bank.start()
    yield bank
    bank.stop()


@pytest.fixture
def bank(bank_process: Bank, settings: Any) -> Iterator[Bank]:
    settings.PAYMENT_CHANNELS = ["sandbox"]
    settings.SANDBOX_BANK_URL = bank_process.url
    settings.SANDBOX_PLATFORM_PRIVATE_KEY = bank_process.platform_private
    settings.SANDBOX_BANK_PUBLIC_KEY = bank_process.public
    yield bank_process
    bank_process.behave()


@pytest.fixture
def sandbox(bank: Bank) -> Channel:
    return channel("sandbox")


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # its sender was killed in the middle of it: nobody was told, and it comes again
            box.raw.append((self.path, dict(self.headers), body))
            self.send_response(box.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.url = f"http://127.0.0.1:{server.server_port}/notifications/?channel=sandbox"
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield box
    server.shutdown()
    server.server_close()


def fresh(prefix: str = "") -> str:
    return f"{prefix}{uuid.uuid4().hex[:20]}"


def order(sandbox: Channel, inbox: Inbox, **fields: Any) -> PaymentAnswer:
    """An unpaid order of ¥1,234.50, unless ``fields`` say otherwise."""
    return sandbox.create_payment(
        **{
            "order_no": fresh("C"),
            "amount_fen": 123450,
            "subject": "游泳馆 · 十次卡",
            "account": fresh("A"),
            "return_url": "http://127.0.0.1:9/card/",
            "notify_url": inbox.url,
            **fields,
        }
    )


def pay(payment: PaymentAnswer) -> httpx.Response:
    """Opens the cashier and presses the button."""
    with httpx.Client(trust_env=False, timeout=20) as browser:
        page = browser.get(payment.cashier_url).raise_for_status()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if token is None:
            return page  # a receipt: nothing left to press
        return browser.post(payment.cashier_url, data={"csrfmiddlewaretoken": token[1]})


def paid_order(sandbox: Channel, inbox: Inbox, **fields: Any) -> PaymentAnswer:
    payment = order(sandbox, inbox, **fields)
    assert pay(payment).status_code == 303
    return payment
