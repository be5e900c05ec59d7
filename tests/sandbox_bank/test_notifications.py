"""Late, twice, in the wrong order, lost, refused: what a platform must live with, and what the bank promises anyway."""

import time

import pytest

from escrow.channels import Channel
from tests.sandbox_bank.bank import Bank, Inbox, order, paid_order, pay, until


def test_late(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    bank.behave(delay_seconds=1)
    payment = paid_order(sandbox, inbox)
    start = time.monotonic()
    assert sandbox.query_payment(order_no=payment.order_no).state == "paid"  # whoever asks knows
    until(lambda: inbox.raw)
    assert time.monotonic() - start > 0.8


def test_once_is_enough(sandbox: Channel, inbox: Inbox) -> None:
    paid_order(sandbox, inbox)
    time.sleep(2)
    assert len(inbox.raw) == 1


def test_twice_is_the_same_event(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    bank.behave(duplicate=1)
    paid_order(sandbox, inbox)
    first, second = until(lambda: len(inbox.raw) == 2 and inbox.read)
    assert first == second


def test_wrong_order(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    bank.behave(reverse_seconds=1.5)
    numbers = [paid_order(sandbox, inbox).order_no for _ in range(3)]
    until(lambda: len(inbox.raw) == 3)
    assert [note.payment.order_no for note in inbox.read] == numbers[::-1]


def test_lost_but_on_the_statement(bank: Bank, sandbox: Channel, inbox: Inbox) -> None:
    bank.behave(lose=1)
    payment = paid_order(sandbox, inbox)
    time.sleep(0.5)
    assert inbox.raw == []
    assert sandbox.query_payment(order_no=payment.order_no).state == "paid"
    assert payment.order_no in {line.reference for line in sandbox.statement(after=0, limit=1000)}


@pytest.mark.parametrize("answer", [500, 404, 302])
def test_told_again_until_it_is_taken(sandbox: Channel, inbox: Inbox, answer: int) -> None:
    inbox.answer = answer
    payment = paid_order(sandbox, inbox)
    until(lambda: len(inbox.raw) == 2)
    inbox.answer = 200
    until(lambda: len(inbox.raw) == 3)
    time.sleep(0.5)
    assert len(inbox.raw) == 3
    assert [note.payment.order_no for note in inbox.read] == [payment.order_no] * 3
    assert len({note.event_id for note in inbox.read}) == 1


def test_a_platform_that_is_down_holds_nobody_up(sandbox: Channel, inbox: Inbox) -> None:
    pay(order(sandbox, inbox, notify_url="http://127.0.0.1:9/nobody/"))
    payment = paid_order(sandbox, inbox)
    until(lambda: inbox.about(payment.order_no), seconds=3)
