"""kill -9 at random moments of payout and refund runs that speak to the real bank: nothing is lost, nothing is paid twice,
and in the end everything stands as with a twin whose runs nobody killed."""

import os
import random
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count

from escrow import channels, invariants, queries, tasks
from escrow import operations as escrow
from escrow.channels import PaymentAnswer
from escrow.models import (
    Account,
    Agreement,
    AuditEntry,
    Beneficiary,
    Claim,
    Instruction,
    Payout,
    Refund,
    StatementLine,
    Transfer,
)
from escrow.operations import instructions
from escrow.operations.refunds import Settlement
from escrow.states import Plan, RefundBasis
from escrow.transactions import call, transaction
from tests.concurrency.killing import KILLS, PATIENCE, survives
from tests.escrow.factories import ACTOR, AT, beneficiary, open_agreement
from tests.sandbox_bank.bank import pay, until

MERCHANTS = 3
CARDS = 3  # refunded together

pytestmark = pytest.mark.slow


@pytest.fixture
def clock(committed_db, bank, monkeypatch) -> list[datetime]:
    """The business time, in a list; the bank tells nobody, and who was killed is not waited for."""
    bank.behave(lose=1, settle_seconds=0)
    monkeypatch.setattr(instructions, "FIRST_WAIT", timedelta())
    now = [AT]
    monkeypatch.setattr("escrow.clock.now", lambda: now[0])
    return now


def bought(to: Beneficiary, **facts: Any) -> Agreement:
    """Paid for at the bank's cashier."""
    agreement = open_agreement(to, **facts)
    payment = escrow.start_payment(
        agreement_id=agreement.pk, channel="sandbox", subject="card", return_url="http://127.0.0.1/", at=AT, actor=ACTOR
    )
    order = PaymentAnswer(payment.order_no, "", "created", payment.amount_fen, cashier_url=payment.cashier_url)
    assert pay(order).status_code == 303
    escrow.ask_payment(payment_id=payment.pk, at=AT)
    return agreement


def charge(agreement: Agreement, units: int, at: datetime, *, final: bool = True) -> None:
    escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=final,
        key=uuid.uuid4().hex,
        reference="visit",
        confirm_until=None if final else at + timedelta(days=900),
        at=at,
        actor=ACTOR,
    )


def next_working_day(at: datetime) -> datetime:
    day = queries.add_working_days(at.date(), 1)
    return at + (day - at.date())


def open_orders(of: Iterable[Beneficiary]) -> bool:
    """Whether an order to the bank has no end yet, or the statement has not shown it."""
    ids = [one.pk for one in of]
    return (
        Instruction.objects.filter(beneficiary__in=ids, done_at=None).exists()
        or StatementLine.objects.filter(beneficiary__in=ids, matched_at=None).exists()
        or any(queries.backing(pk).payout_fen or queries.backing(pk).refund_fen for pk in ids)
    )


def found() -> list[str]:
    """A line that has come and is not booked yet is no fault while a run is interrupted."""
    return [f.name for f in invariants.prove() if not f.ok and f.name != "statement_lines_booked"]


def at_the_bank(one: Beneficiary) -> list[tuple[str, str, int]]:
    """What the bank itself has moved on the account."""
    bank, moved, after = channels.channel("sandbox"), [], 0
    while lines := bank.statement(after=after):
        moved += [(line.direction, line.kind, line.amount_fen) for line in lines if line.account == one.custody_no]
        after = lines[-1].line_no
    return sorted(moved)


def story(one: Beneficiary) -> dict[str, list[Any]]:
    """All that has become of a merchant, without the numbers that differ between twins."""
    mine = {"beneficiary": one}
    with transaction():  # how much was appended since the last run depends on how many runs there were
        call("escrow_fold", one.pk)
    accounts = Account.objects.filter(**mine).values_list(
        "code", "channel", "asset", "debits_posted", "credits_posted", "debits_pending", "credits_pending", "version"
    )
    transfers = Transfer.objects.filter(**mine).values_list("at", "reason", "kind", "amount", "asset", "payable_on")
    payouts = Payout.objects.filter(**mine).annotate(count=Count("lines"))
    refunds = Refund.objects.filter(agreement__beneficiary=one)
    orders = Instruction.objects.filter(**mine).values_list("kind", "amount_fen", "state", "created_at", "done_at")
    targets = [f"payout:{pk}" for pk in payouts.values_list("pk", flat=True)]
    targets += [f"agreement:{pk}" for pk in Agreement.objects.filter(**mine).values_list("pk", flat=True)]
    targets += [f"instruction:{pk}" for pk in Instruction.objects.filter(**mine).values_list("pk", flat=True)]
    # Whether "accepted" was ever seen depends on when the bank was asked.
    audit = AuditEntry.objects.filter(target__in=targets).exclude(after__state="accepted")
    return {
        "accounts": sorted(accounts),
        "transfers": sorted(transfers, key=str),
        "payouts": list(
            payouts.order_by("id").values_list("business_date", "amount_fen", "count", "instruction__state")
        ),
        "refunds": sorted(refunds.values_list("amount_fen", "basis", "paid_at"), key=str),
        "claims": list(Claim.objects.filter(**mine).order_by("id").values_list("amount_fen", "paid_fen")),
        "orders": sorted(orders, key=str),
        "audit": sorted(audit.values_list("action", "at")),
        "bank": at_the_bank(one),
    }


def differences(one: Beneficiary, twin: Beneficiary) -> dict[str, list[Any]]:
    """Where the stories of two twins part: what stands in one of them only."""
    ours, theirs = story(one), story(twin)
    return {
        part: [("ours", it) for it in ours[part] if it not in theirs[part]]
        + [("theirs", it) for it in theirs[part] if it not in ours[part]]
        + [(len(ours[part]), len(theirs[part]))]
        for part in ours
        if ours[part] != theirs[part]
    }


def alone(run: Callable[[], object], twins: list[Beneficiary]) -> None:
    """What nobody kills, to its end."""

    def ended() -> bool:
        run()
        return not open_orders(twins)

    until(ended, seconds=PATIENCE)


def send_and_read() -> None:
    tasks.send_instructions()
    tasks.import_statements()


def test_payouts_end_as_if_nobody_had_killed_a_run(clock):
    pairs = [(beneficiary(), beneficiary()) for _ in range(MERCHANTS)]
    ours, twins = [list(side) for side in zip(*pairs, strict=True)]
    facts = {"plan": Plan.STORED_VALUE, "price_fen": 9_000_000}
    cards = [[bought(one, **facts) for one in pair] for pair in pairs]
    tasks.import_statements()
    draw = random.Random(os.urandom(8))

    def a_day(_turn: int) -> None:
        for pair in cards:
            for units in [draw.randint(1, 5_000) for _ in range(draw.randint(0, 3))]:
                for card in pair:
                    charge(card, units, clock[0])
        clock[0] = next_working_day(clock[0])
        for twin in twins:
            escrow.pay_out(beneficiary_id=twin.pk, at=clock[0], actor="system:payouts")
        alone(send_and_read, twins)

    def unfinished() -> bool:
        run_on = Beneficiary.objects.filter(pk__in=[one.pk for one in ours]).values_list("payouts_run_on", flat=True)
        return set(run_on) != {clock[0].date()} or open_orders(ours)

    def run() -> None:
        tasks.run_payouts()
        send_and_read()

    survives(run, prepare=a_day, unfinished=unfinished, found=found)
    for one, twin in pairs:
        assert differences(one, twin) == {}
    assert Payout.objects.filter(beneficiary__in=ours).count() > KILLS
    assert all(finding.ok for finding in invariants.prove())


def test_refunds_end_as_if_nobody_had_killed_a_run(clock):
    """Some cards are owed more than they hold, so the merchant's own money is taken, and a claim where it does not do."""
    one, twin = beneficiary(), beneficiary()
    draw = random.Random(os.urandom(8))
    due: list[Settlement] = []

    def settle(of: Beneficiary, commands: list[Settlement]) -> None:
        done = escrow.refund_many(commands, beneficiary_id=of.pk, at=clock[0], actor="system:closing")
        assert all(isinstance(outcome, int) for outcome in done), done
        send_and_read()

    def cards_are_closed(turn: int) -> None:
        clock[0] = AT + timedelta(days=turn)
        due.clear()
        twins = []
        for nth in range(CARDS):
            price = draw.randint(50_000, 90_000)
            used, waiting = draw.randint(1, price // 2), draw.randint(1, price // 4)
            owed = draw.choice([0, draw.randint(1, price - used), price])
            for of, commands in ((one, due), (twin, twins)):
                card = bought(of, plan=Plan.STORED_VALUE, price_fen=price)
                charge(card, used, clock[0])
                charge(card, waiting, clock[0], final=False)
                facts = {"agreement_id": card.pk, "basis": RefundBasis.CONSENT, "reference": f"closing:{turn}:{nth}"}
                commands.append(Settlement(owed_fen=owed, **facts))
        tasks.import_statements()
        alone(lambda: settle(twin, twins), [twin])

    def unfinished() -> bool:
        settled = Refund.objects.filter(agreement__in=[command.agreement_id for command in due]).count()
        return settled < CARDS or open_orders([one])

    survives(lambda: settle(one, due), prepare=cards_are_closed, unfinished=unfinished, found=found)
    assert differences(one, twin) == {}
    assert Refund.objects.filter(agreement__beneficiary=one).count() == CARDS * (KILLS + 1)
    assert all(finding.ok for finding in invariants.prove())
