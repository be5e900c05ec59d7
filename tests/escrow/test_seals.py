"""Sealed blocks: whole, chained, repeatable, and a changed transfer in one is found by everybody who looks."""

import io
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from escrow import blocks, invariants, proof_checks, verifier
from escrow import operations as escrow
from escrow.models import AuditEntry, Beneficiary, Block, Transfer
from escrow.operations import seals
from escrow.states import Plan
from tests.concurrency.threads import at_once, until_somebody_waits
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_prove import a_life


def seal_all(at=AT) -> int:
    return sum(escrow.seal(beneficiary_id=pk, at=at, actor=ACTOR) for pk in blocks.unsealed())


def use(agreement, units: int = 1) -> None:
    escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=True,
        key=uuid.uuid4().hex,
        reference='visit "一" \\ \t',
        at=AT,
        actor=ACTOR,
    )


def a_chain(monkeypatch, size: int = 3) -> Beneficiary:
    """Some blocks of at most ``size`` transfers."""
    monkeypatch.setattr(seals, "BLOCK_TRANSFERS", size)
    agreement = held_agreement(beneficiary(), plan=Plan.STORED_VALUE, price_fen=1_000, bonus_fen=200)
    for _ in range(3):
        use(agreement, 17)
        seal_all()
    use(agreement)
    use(agreement)
    seal_all()
    return agreement.beneficiary


def exported(to: Beneficiary, path: Path, *numbers: int) -> list[str]:
    with path.open("w") as file:
        call_command("export-block", str(to.pk), *map(str, numbers), stdout=file)
    return path.read_text().splitlines()


def verified(path: Path, reference: str | None = None) -> tuple[int, str]:
    out = io.StringIO()
    return verifier.run(str(path), reference, "en", out=out), out.getvalue()


def found() -> set[str]:
    return {finding.name for finding in invariants.prove() if not finding.ok}


@pytest.mark.django_db
def test_every_transfer_is_in_one_block_and_blocks_are_chained(monkeypatch, tmp_path):
    to = a_chain(monkeypatch)
    chain = list(Block.objects.filter(beneficiary=to).order_by("number"))
    assert [block.number for block in chain] == list(range(1, len(chain) + 1))
    assert sum(block.count for block in chain) == Transfer.objects.filter(beneficiary=to).count()
    assert max(block.count for block in chain) == 3
    assert chain[0].previous_hash == verifier.GENESIS
    assert AuditEntry.objects.filter(action="escrow.seal").count() == len(chain)
    assert blocks.unsealed() == []
    assert not found()
    exported(to, tmp_path / "chain")
    assert verified(tmp_path / "chain") == (
        0,
        f"TRUE: blocks 1 to {len(chain)} are whole and chained: {sum(b.count for b in chain)} transfers.\n"
        f"Hash of the last block: {chain[-1].hash}\n",
    )
    assert verified_part(to, tmp_path) == 0


def verified_part(to: Beneficiary, tmp_path: Path) -> int:
    exported(to, tmp_path / "part", 2, 3)
    return verified(tmp_path / "part")[0]


@pytest.mark.django_db
def test_sealing_again_changes_nothing(monkeypatch):
    a_chain(monkeypatch)
    before = list(Block.objects.values())
    assert seal_all(AT + timedelta(days=1)) == 0
    assert list(Block.objects.values()) == before


@pytest.mark.django_db
def test_the_line_of_a_transfer_is_canonical_and_says_all_of_it(monkeypatch):
    """A column that is not hashed could be changed unnoticed."""
    a_life(monkeypatch)
    names = {field.attname for field in Transfer._meta.concrete_fields}
    for to in Beneficiary.objects.all():
        for pk, line in blocks.lines(beneficiary_id=to.pk, after=0, upto=1 << 62, limit=1000):
            told = json.loads(line)
            assert verifier.canonical(told) == line
            assert set(told) == names
            row = Transfer.objects.filter(pk=pk).values().get()
            assert told["at"] == blocks.moment(row["at"])
            assert {k: v for k, v in told.items() if not k.endswith(("at", "_on"))} == {
                k: v for k, v in row.items() if not k.endswith(("at", "_on"))
            }


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["block", "dailyroot", "dailytotal", "transfer"])
@pytest.mark.parametrize("sql", ["UPDATE escrow_{} SET {} = {}", "DELETE FROM escrow_{}", "TRUNCATE escrow_{} CASCADE"])
def test_what_is_sealed_is_refused_to_be_written(monkeypatch, table, sql):
    from tests.escrow.test_totals import publish

    a_chain(monkeypatch)
    publish()
    column = {"transfer": "amount", "dailyroot": "held_fen", "dailytotal": "held_fen", "block": "count"}[table]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(table, column, column))


#: What somebody with every right could do to sealed transfers and blocks, and which check of ``prove`` tells.
TAMPERED = {
    "UPDATE escrow_transfer SET amount = amount + 1 WHERE id = {second}": "blocks_equal_their_transfers",
    "UPDATE escrow_transfer SET reference = 'another visit' WHERE id = {second}": "blocks_equal_their_transfers",
    "UPDATE escrow_transfer SET created_at = created_at + interval '1 microsecond' WHERE id = {second}":
        "blocks_equal_their_transfers",
    "UPDATE escrow_transfer SET at = at - interval '1 day' WHERE id = {second}": "blocks_equal_their_transfers",
    "DELETE FROM escrow_transfer WHERE id = {second}": "blocks_equal_their_transfers",
    "DELETE FROM escrow_transfer WHERE id = {last}": "blocks_equal_their_transfers",
    "UPDATE escrow_transfer SET id = -id WHERE id = {second}": "blocks_equal_their_transfers",
    "INSERT INTO escrow_transfer SELECT (jsonb_populate_record(t, '{{\"id\": 0}}')).* FROM escrow_transfer t"
    " WHERE id = {second}": "blocks_equal_their_transfers",
    "UPDATE escrow_block SET count = count + 1 WHERE number = 2": "blocks_are_chained",
    "UPDATE escrow_block SET sealed_at = sealed_at + interval '1 second' WHERE number = 2": "blocks_are_chained",
    "UPDATE escrow_block SET previous_hash = hash WHERE number = 2": "blocks_are_chained",
    "DELETE FROM escrow_block WHERE number = 2": "blocks_are_chained",
}  # fmt: skip


def test_a_superuser_who_disabled_the_triggers_is_found_by_prove_and_by_the_verifier(
    committed_db, databases, monkeypatch, tmp_path
):
    to = a_chain(monkeypatch)
    ids = list(Transfer.objects.order_by("id").values_list("pk", flat=True))
    honest = exported(to, tmp_path / "honest")
    missed = []
    with databases.use(committed_db, as_owner=True):
        for sql, name in TAMPERED.items():
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    for table in ("transfer", "block"):
                        cursor.execute(f"ALTER TABLE escrow_{table} DISABLE TRIGGER USER")
                    cursor.execute("ALTER TABLE escrow_block DROP CONSTRAINT block_has_transfers")
                    cursor.execute(sql.format(second=ids[1], last=ids[-1]))
                    if name not in found():
                        missed.append((sql, "prove"))
                    lines = exported(to, tmp_path / "tampered")
                    assert lines != honest, sql
                    if verified(tmp_path / "tampered")[0] != 1:
                        missed.append((sql, "verifier"))
                    raise UndoneError
            except UndoneError:
                pass
    assert not missed
    assert not found()


class UndoneError(Exception):
    """Rolls a corruption back."""


def test_two_sealers_at_once_write_one_chain(committed_db):
    agreement = held_agreement(beneficiary(), plan=Plan.STORED_VALUE, price_fen=1_000)
    pk = agreement.beneficiary_id
    for _ in range(3):
        use(agreement)
        at_once(*[lambda: escrow.seal(beneficiary_id=pk, at=AT, actor=ACTOR)] * 4)
    assert blocks.unsealed() == []
    assert not found()


SHARED = "SELECT escrow_share_lock(%s)"  # what whoever writes transfers holds until commit
COPY = (
    "INSERT INTO escrow_transfer SELECT (jsonb_populate_record(t, jsonb_build_object('id', t.id + %s))).*"
    " FROM escrow_transfer t WHERE t.id = (SELECT max(id) FROM escrow_transfer)"
)


@pytest.mark.parametrize("locked", [True, False], ids=["as built", "control: the writer holds no lock"])
def test_a_smaller_id_that_is_committed_later_is_not_missed(committed_db, databases, locked):
    """Ids are drawn before they are committed: here the first of two is committed after the second was seen."""
    pk = held_agreement(beneficiary()).beneficiary_id
    with databases.use(committed_db, as_owner=True), ThreadPoolExecutor(1) as pool:
        drawn, seen = threading.Event(), threading.Event()

        def slow_writer() -> None:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    if locked:
                        cursor.execute(SHARED, [pk])
                    cursor.execute(COPY, [1])
                    drawn.set()
                    seen.wait(30)
            finally:
                connection.close()

        writing = pool.submit(slow_writer)
        drawn.wait(30)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(SHARED, [pk])
            cursor.execute(COPY, [2])
        with ThreadPoolExecutor(1) as sealers:
            sealing = sealers.submit(sealed_in_a_thread, pk)
            if locked:
                until_somebody_waits()
            else:
                sealing.result(30)
            seen.set()
            writing.result(30)
            sealing.result(30)
        missed = proof_checks.check()["blocks_equal_their_transfers"]
    assert bool(missed) is not locked


def sealed_in_a_thread(beneficiary_id: int) -> int:
    try:
        return escrow.seal(beneficiary_id=beneficiary_id, at=AT, actor=ACTOR)
    finally:
        connection.close()
