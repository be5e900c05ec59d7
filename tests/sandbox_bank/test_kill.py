"""kill -9 at random moments while orders are paid and refunded: nothing lost, nothing twice, everybody told."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from escrow.channels import Channel, ChannelUnknown, channel
from tests.sandbox_bank.bank import Bank, Inbox, fresh, order, pay, until
from tests.soak import SOAK

ORDERS, KILLS = (200, 20) if SOAK else (50, 4)


@pytest.fixture
def mortal(tmp_path: Path, settings: Any) -> Any:
    """A bank of its own, to be killed."""
    bank = Bank(tmp_path)
    settings.PAYMENT_CHANNELS = ["sandbox"]
    settings.SANDBOX_BANK_URL = bank.url
    settings.SANDBOX_PLATFORM_PRIVATE_KEY = bank.platform_private
    settings.SANDBOX_BANK_PUBLIC_KEY = bank.public
    bank.start()
    yield bank
    bank.stop()


def persist(call: Any, *arguments: Any, **fields: Any) -> Any:
    """Asks the same thing until somebody knows: what every client of a channel must do."""

    def attempt() -> Any:
        try:
            return call(*arguments, **fields)
        except (ChannelUnknown, httpx.HTTPError):
            return None

    return until(attempt, seconds=60)


def live(sandbox: Channel, inbox: Inbox, order_no: str, amount_fen: int) -> None:
    """One order's life: made, paid, 40 fen refunded, 50 fen paid out."""
    payment = persist(order, sandbox, inbox, order_no=order_no, amount_fen=amount_fen, account="mortal")
    while persist(sandbox.query_payment, order_no=order_no).state != "paid":
        persist(pay, payment)
    persist(
        sandbox.refund,
        refund_no=f"R{order_no}",
        order_no=order_no,
        amount_fen=40,
        reason="退卡",
        notify_url=inbox.url,
    )
    persist(
        sandbox.pay_out,
        payout_no=f"O{order_no}",
        account="mortal",
        to_account_no="6222020200001234",
        to_name="北京某某公司",
        amount_fen=50,
        remark="结算",
        notify_url=inbox.url,
    )


@pytest.mark.slow
def test_kill_9_loses_nothing_and_pays_nothing_twice(mortal: Bank, inbox: Inbox) -> None:
    sandbox = channel("sandbox")
    mortal.behave(settle_seconds=0.2, duplicate=0.2)
    numbers = {fresh(): random.randint(100, 10_000) for _ in range(ORDERS)}

    def killer() -> None:
        for turn in range(KILLS):
            time.sleep(random.uniform(0.05, 1.0))
            if turn % 2:
                mortal.kill_worker()
            else:
                mortal.kill()
                mortal.start()

    with ThreadPoolExecutor(5) as pool:
        killing = pool.submit(killer)
        lives = [pool.submit(live, sandbox, inbox, *each) for each in numbers.items()]
        for each in lives:
            each.result()
        killing.result()

    expected = {("payment", order_no, "in", amount_fen) for order_no, amount_fen in numbers.items()} | {
        (kind, f"{letter}{order_no}", "out", amount_fen)
        for order_no in numbers
        for kind, letter, amount_fen in (("refund", "R", 40), ("payout", "O", 50))
    }
    until(lambda: len(persist(sandbox.statement, after=0, limit=1000)) == len(expected), seconds=60)
    lines = sandbox.statement(after=0, limit=1000)
    assert Counter((line.kind, line.reference, line.direction, line.amount_fen) for line in lines) == Counter(expected)
    assert [line.line_no for line in lines] == list(range(1, len(lines) + 1))
    balance = 0
    for line in lines:
        balance += line.amount_fen if line.direction == "in" else -line.amount_fen
        assert line.balance_after_fen == balance >= 0

    def told() -> set[tuple[str, str]]:
        return {(note.type, note.payment.order_no if note.payment else note.transfer.number) for note in inbox.read}

    until(
        lambda: (
            told()
            == {("payment.paid", number) for number in numbers}
            | {("refund.succeeded", f"R{number}") for number in numbers}
            | {("payout.succeeded", f"O{number}") for number in numbers}
        ),
        seconds=60,
    )
    # Sent again after a kill it is still the same event.
    assert len({note.event_id for note in inbox.read}) == 3 * ORDERS
