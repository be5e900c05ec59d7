"""A chain that is found closed: from the second official's word until every holder's refund is ordered, and until all are at the
bank. With a real worker of two processes and the sandbox bank, as ``make run`` has them."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import Figure, say

HOLDERS = 10_000
ORDERED_SECONDS, AT_BANK_SECONDS, OF_FLOOR = 10, 60, 8
FIRST = 1_000_000
SWEEP_SECONDS = 5
WITHIN = 300  # seconds until it is given up

#: Every row that buying one card made, copied for so many holders; its merchant's own accounts as if each had paid.
COPIES = """
ALTER TABLE escrow_account DISABLE TRIGGER USER;
CREATE TEMP TABLE original AS SELECT c AS card, c.id, c.agreement_id AS agreement, g.beneficiary_id AS beneficiary
FROM cards_card c JOIN escrow_agreement g ON g.id = c.agreement_id WHERE c.id = %(card)s;
CREATE TEMP TABLE part AS SELECT a AS account, a.id, row_number() OVER (ORDER BY a.id) AS k
FROM escrow_account a JOIN original o ON a.agreement_id = o.agreement;
CREATE TEMP TABLE made AS SELECT n, %(first)s + n AS id FROM generate_series(2, %(cards)s) n;
CREATE FUNCTION pg_temp.account_of(old bigint, card bigint) RETURNS bigint LANGUAGE sql AS
$$ SELECT coalesce((SELECT 100000000 + card * 20 + k FROM part WHERE id = old), old) $$;
INSERT INTO people_user SELECT (jsonb_populate_record(u, jsonb_build_object(
    'id', made.id, 'public_id', gen_random_uuid(), 'phone_index', 'bench' || made.id))).*
FROM people_user u JOIN original o ON u.id = (o.card).holder_id, made;
INSERT INTO escrow_agreement SELECT (jsonb_populate_record(g, jsonb_build_object('id', made.id))).*
FROM escrow_agreement g JOIN original o ON g.id = o.agreement, made;
INSERT INTO escrow_account SELECT (jsonb_populate_record(part.account, jsonb_build_object(
    'id', pg_temp.account_of(part.id, made.id), 'agreement_id', made.id,
    'earned_id', pg_temp.account_of((part.account).earned_id, made.id)))).* FROM part, made;
UPDATE escrow_account a SET debits_posted = debits_posted * %(cards)s, credits_posted = credits_posted * %(cards)s,
    version = version * %(cards)s
FROM original o WHERE a.beneficiary_id = o.beneficiary AND a.agreement_id IS NULL;
INSERT INTO escrow_payment SELECT (jsonb_populate_record(p, jsonb_build_object(
    'id', made.id, 'agreement_id', made.id, 'order_no', 'bench' || made.id, 'channel_payment_no', 'bench' || made.id))).*
FROM escrow_payment p JOIN original o ON p.agreement_id = o.agreement, made;
INSERT INTO escrow_transfer SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', nextval('escrow_transfer_id_seq'), 'agreement_id', made.id,
    'debit_account_id', pg_temp.account_of(t.debit_account_id, made.id), 'debit_version', t.debit_version * n,
    'debit_balance_after', t.debit_balance_after * n,
    'reference', CASE WHEN t.reference = p.order_no THEN 'bench' || made.id ELSE t.reference END,
    'credit_account_id', pg_temp.account_of(t.credit_account_id, made.id)))).*
FROM escrow_transfer t JOIN original o ON t.agreement_id = o.agreement
JOIN escrow_payment p ON p.agreement_id = o.agreement, made;
INSERT INTO cards_card SELECT (jsonb_populate_record(o.card, jsonb_build_object(
    'id', made.id, 'agreement_id', made.id, 'holder_id', made.id, 'number', to_char(20000000 + made.id, 'FM00000000'),
    'order_token', gen_random_uuid()))).* FROM original o, made;
DROP TABLE original, part, made;
DROP FUNCTION pg_temp.account_of(bigint, bigint);
ALTER TABLE escrow_account ENABLE TRIGGER USER
"""


def measure(databases: Any, *, holders: int) -> list[Figure]:
    """In a database of its own, with a chain to close and another one whose agreements alone are settled: the floor."""
    from escrow import clock, invariants
    from escrow.models import Instruction, Refund
    from escrow.states import InstructionState
    from prepaid.cards import queries
    from prepaid.merchants import operations as merchants
    from prepaid.people.models import User
    from tests.sandbox_bank.bank import Bank

    with databases.clone(f"{databases.base}_closure") as name, TemporaryDirectory() as var:
        bank = Bank(Path(var))
        bank.start()
        try:
            with databases.use(name, as_owner=True):
                chains = [chain(holders, first=FIRST * nth) for nth in (1, 2)]
                officials = _officials()
            known_to_the_bank(bank.data)
            floor = _floor(chains[0])
            at, [first, second] = clock.now(), list(User.objects.filter(pk__in=officials).order_by("pk"))
            closing = merchants.find_closed(
                merchant_id=chains[1],
                store_id=None,
                since=clock.today() - timedelta(days=1),
                because="bench",
                by=first,
                at=at,
                actor=first.actor,
            )
            seconds, foreseen = _timed(lambda: queries.forecast(closing, at=at))
            say(f"closure: {foreseen.owed.cards:,} cards, {foreseen.owed.fen:,} fen")
            mine = Refund.objects.filter(agreement__beneficiary=closing.merchant.beneficiary_id)
            unsent = Instruction.objects.filter(
                refund__in=mine, state__in=[InstructionState.DUE, InstructionState.UNKNOWN]
            )
            with _worker(name, bank) as ready:
                ready()
                started = time.perf_counter()
                merchants.confirm_closed(closing_id=closing.pk, by=second, at=clock.now(), actor=second.actor)
                ordered = _until(lambda: mine.count() == holders, started)
                say(f"closure: all ordered after {ordered:.1f} s")
                there = _until(lambda: not unsent.exists(), started)
                closing.refresh_from_db()
                _until(lambda: closing.refresh_from_db() or closing.refunded_at, started)
            page, _progress = _timed(lambda: queries.progress(closing))
            faults = [found.name for found in invariants.prove() if not found.ok]
        finally:
            bank.stop()
    assert faults == [], faults
    assert mine is not None
    return [
        Figure(name="floor: their agreements alone, one deed", value=floor, unit="s", note=f"{holders:,} holders"),
        Figure(name="totals before it is confirmed", value=seconds, unit="s"),
        Figure(name="confirmed until all are ordered", value=ordered, unit="s", limit=("≤", ORDERED_SECONDS)),
        Figure(name="the same ÷ floor", value=ordered / floor, unit="× floor", limit=("≤", OF_FLOOR)),
        Figure(name="confirmed until all are at the bank", value=there, unit="s", limit=("≤", AT_BANK_SECONDS)),
        Figure(name="the official's page of it, its queries", value=page, unit="s"),
    ]


def chain(holders: int, *, first: int) -> int:
    """A merchant with so many holders of one product; its id."""
    from django.db import connection

    from escrow import clock
    from tests.prepaid.cards import factories

    shop = factories.shop()
    bought = clock.now() - timedelta(days=30)
    card = factories.pay(factories.order(factories.on_sale(shop), at=bought), at=bought)
    with connection.cursor() as cursor:
        for statement in COPIES.split(";\n"):
            cursor.execute(statement, {"card": card.pk, "first": first, "cards": holders})
        cursor.execute("VACUUM ANALYZE")
    return shop.merchant.pk


def _officials() -> list[int]:
    from tests.prepaid.cards import factories

    return [factories.people.officer().pk, factories.people.operator().pk]


def known_to_the_bank(file: Path) -> None:
    """Every payment, and its line of the statement, as the bank would know them; ``file``: the bank's own database."""
    from escrow.models import Payment

    rows = list(
        Payment.objects.values_list(
            "order_no", "channel_payment_no", "amount_fen", "beneficiary__custody_no", "paid_at", "pk"
        ).order_by("pk")
    )
    with sqlite3.connect(file) as bank:
        sums: dict[str, int] = {}
        lines = []
        for order, _number, fen, account, paid_at, _pk in rows:
            sums[account] = sums.get(account, 0) + fen
            lines.append((account, str(paid_at), "in", fen, "payment", order, sums[account]))
        bank.executemany(
            "INSERT INTO sandbox_bank_account (number, balance_fen, reserved_fen) VALUES (?, ?, 0)", sums.items()
        )
        bank.executemany(
            "INSERT INTO sandbox_bank_payment (order_no, payment_no, token, amount_fen, subject, account_id, notify_url,"
            " return_url, state, created_at, paid_at) VALUES (?, ?, ?, ?, 'card', ?, 'http://x', 'http://x', 'paid', ?, ?)",
            [
                (order, f"P{pk}", f"bench{pk}", fen, account, str(paid_at), str(paid_at))
                for order, _number, fen, account, paid_at, pk in rows
            ],
        )
        bank.executemany(
            "INSERT INTO sandbox_bank_line (account_id, at, direction, amount_fen, kind, reference, balance_after_fen)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            lines,
        )


def _floor(merchant_id: int) -> float:
    """What the ledger itself needs for as many: the benchmark ``refunds`` in this database."""
    from escrow import clock
    from escrow import operations as escrow
    from escrow.models import Instruction
    from escrow.operations.refunds import Settlement
    from escrow.states import RefundBasis
    from prepaid.cards.models import Card

    cards = Card.objects.filter(issuer=merchant_id).select_related("agreement").order_by("pk")
    commands = [
        Settlement(
            agreement_id=card.agreement_id,
            owed_fen=card.agreement.price_fen,
            basis=RefundBasis.CLOSURE,
            reference=f"bench{card.pk}",
        )
        for card in cards
    ]
    beneficiary_id = cards[0].agreement.beneficiary_id
    seconds, _done = _timed(
        lambda: escrow.refund_many(commands, beneficiary_id=beneficiary_id, at=clock.now(), actor="system:bench")
    )
    # It is no part of what is measured: nobody sends it.
    Instruction.objects.filter(beneficiary=beneficiary_id).update(due_at=clock.now() + timedelta(days=1))
    return seconds


@contextmanager
def _worker(database: str, bank: Any) -> Iterator[Callable[[], None]]:
    """Two processes; what it gives waits until they take tasks."""
    from celery import current_app

    served = os.environ["DATABASE_URL"].rpartition("/")[0]
    current_app.control.purge()  # bells of what was made before
    command = [sys.executable, "-m", "celery", "-A", "prepaid", "worker", "-c", "2", "--loglevel", "ERROR"]
    worker = subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"],
        env={
            **os.environ,
            "DATABASE_URL": f"{served}/{database}",
            "SANDBOX_BANK_URL": bank.url,
            "SANDBOX_PLATFORM_PRIVATE_KEY": bank.platform_private,
            "SANDBOX_BANK_PUBLIC_KEY": bank.public,
        },
        stdout=subprocess.DEVNULL,
    )
    try:
        yield lambda: _until(lambda: current_app.control.ping(timeout=0.5), time.perf_counter()) and None
    finally:
        worker.terminate()
        worker.wait(60)


def _timed(deed: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    done = deed()
    return time.perf_counter() - started, done


def _until(there: Callable[[], Any], started: float) -> float:
    """Seconds since then once it is so; looked for rarely, since looking costs what is measured. What of a sweep sends refunds comes as in
    the demo."""
    from celery import current_app

    swept = time.perf_counter()
    while not there():
        if time.perf_counter() - started > WITHIN:
            raise TimeoutError("the worker does not do it")
        if time.perf_counter() - swept > SWEEP_SECONDS:
            swept = time.perf_counter()
            current_app.send_task("escrow.tasks.send_refunds", expires=SWEEP_SECONDS)
        time.sleep(0.25)
    return time.perf_counter() - started
