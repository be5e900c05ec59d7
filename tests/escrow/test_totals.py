"""A day's total: what every agreement held, provable to its holder and to nobody else."""

import copy
import io
import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from escrow import operations as escrow
from escrow import tasks, totals, verifier
from escrow.errors import DayNotOver, NotSealed
from escrow.models import Agreement, AuditEntry, DailyRoot
from escrow.operations import seals
from escrow.states import Plan
from tests.concurrency.threads import at_once
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement, open_agreement
from tests.escrow.test_refunds_and_payments import refund
from tests.escrow.test_seals import UndoneError, a_chain, exported, found, seal_all

MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)


def publish(day: date = MONDAY) -> DailyRoot:
    seal_all(totals.end_of(day))
    root = escrow.publish_total(day=day, at=totals.end_of(day) + totals.SETTLES_IN, actor=ACTOR)
    assert root is not None
    return root


def verified(proof: Any, folder: Path, reference: Path | None = None) -> tuple[int, str]:
    path, out = folder / "proof.json", io.StringIO()
    path.write_text(proof if isinstance(proof, str) else json.dumps(proof, indent=1))
    return verifier.run(str(path), reference and str(reference), "en", out=out), out.getvalue()


def roots(folder: Path) -> Path:
    path = folder / "roots.txt"
    path.write_text("\n".join(totals.root_lines()) + "\n")
    return path


# What is in a total


@pytest.mark.django_db
@pytest.mark.parametrize("agreements", [1, 2, 3, 16, 17, 33, 70])
def test_everybody_is_in_the_total_and_can_prove_it(agreements, tmp_path):
    merchants = [beneficiary() for _ in range(3)]
    deals = [held_agreement(merchants[0], price_fen=1_000 + i) for i in range(agreements)]
    deals.append(held_agreement(merchants[1], plan=Plan.STORED_VALUE, price_fen=64_000))
    open_agreement(merchants[2])
    root = publish()
    assert root.agreements == agreements + 1
    assert root.held_fen == root.in_transit_fen == sum(deal.price_fen for deal in deals)
    assert root.beneficiaries == 2
    for deal in deals:
        share = totals.share_of(deal)
        assert share.amount_fen == deal.price_fen
        code, said = verified(share.proof, tmp_path, roots(tmp_path))
        assert code == 0, said
        assert "TRUE" in said
        assert f"published one: {root.hash}" in said
    assert not found()


@pytest.mark.django_db
def test_the_day_ends_at_midnight_in_beijing_by_business_time():
    to = beneficiary()
    deal = held_agreement(to, plan=Plan.STORED_VALUE, price_fen=1_000)

    def charge(units: int, at) -> None:
        escrow.charge(
            beneficiary_id=deal.beneficiary_id,
            agreement_id=deal.pk,
            units=units,
            final=True,
            key=str(units),
            reference="visit",
            at=at,
            actor=ACTOR,
        )

    midnight = totals.end_of(MONDAY)
    charge(3, midnight)  # committed first, though of the next day
    charge(20, midnight - timedelta(microseconds=1))
    publish(MONDAY)
    assert totals.share_of(deal).amount_fen == 980
    publish(TUESDAY)
    assert totals.share_of(deal).amount_fen == 977
    assert totals.share_of(deal, day=MONDAY).amount_fen == 980
    assert not found()


@pytest.mark.django_db
def test_reservations_are_still_held_and_what_is_gone_is_in_no_total():
    to = beneficiary()
    reserved, refunded = held_agreement(to, units_total=10), held_agreement(to)
    escrow.charge(
        beneficiary_id=reserved.beneficiary_id,
        agreement_id=reserved.pk,
        units=2,
        final=False,
        confirm_until=AT + timedelta(days=9),
        key="r",
        reference="visit",
        at=AT,
        actor=ACTOR,
    )
    refund(refunded, 200_000)
    root = publish()
    assert (root.agreements, root.held_fen) == (1, 200_000)
    share = totals.share_of(refunded)
    assert (share.amount_fen, share.proof) == (0, None)
    assert totals.share_of(open_agreement()) is None
    assert not found()


@pytest.mark.django_db
def test_days_follow_each_other_and_none_is_left_out(monkeypatch, tmp_path):
    held_agreement(price_fen=1_000)
    for at, published in (
        (totals.end_of(MONDAY), 0),  # transfers begun before midnight may still be on their way
        (totals.end_of(MONDAY) + totals.SETTLES_IN, 1),
        (totals.end_of(MONDAY) + totals.SETTLES_IN, 0),
        (totals.end_of(MONDAY) + timedelta(days=3), 2),  # after an outage
    ):
        monkeypatch.setattr("escrow.clock.now", lambda at=at: at)
        assert tasks.seal()["totals"] == published
    days = list(DailyRoot.objects.order_by("day"))
    assert [root.day for root in days] == [MONDAY + timedelta(days=i) for i in range(3)]
    assert [root.previous_hash for root in days] == [verifier.GENESIS, days[0].hash, days[1].hash]
    assert AuditEntry.objects.filter(action="escrow.publish_total").count() == 3
    out = io.StringIO()
    assert verifier.run(str(roots(tmp_path)), None, "zh", out=out) == 0
    assert "2026-11-23 至 2026-11-25 公布的 3 个总额全部相连" in out.getvalue()
    assert not found()


@pytest.mark.django_db
def test_a_day_is_published_once_in_order_and_sealed():
    to = beneficiary()
    held_agreement(to)
    seal_all()
    held_agreement(to)
    after = totals.end_of(MONDAY) + totals.SETTLES_IN
    with pytest.raises(NotSealed):
        escrow.publish_total(day=MONDAY, at=after, actor=ACTOR)
    for day, at in ((MONDAY, after - timedelta(seconds=1)), (TUESDAY, after + timedelta(days=1))):
        with pytest.raises(DayNotOver):
            escrow.publish_total(day=day, at=at, actor=ACTOR)
    assert not DailyRoot.objects.exists()
    publish()
    assert escrow.publish_total(day=MONDAY, at=after, actor=ACTOR) is None


@pytest.mark.django_db
def test_before_anything_moved_nothing_is_published():
    assert totals.next_day(AT) is None
    assert tasks.publish_totals() == 0


def test_two_at_once_publish_one_total(committed_db):
    held_agreement()
    seal_all()
    at = totals.end_of(MONDAY) + totals.SETTLES_IN
    done = at_once(*[lambda: escrow.publish_total(day=MONDAY, at=at, actor=ACTOR)] * 4)
    assert sum(isinstance(each, DailyRoot) for each in done) == 1
    assert all(each is None or isinstance(each, DailyRoot) for each in done)
    assert not found()


# What a proof tells, and what it does not


@pytest.mark.django_db
def test_a_proof_shows_no_other_agreements_balance():
    """Neighbours are parts of chance in an order of chance, others every day, and never both parts of one agreement."""
    to = beneficiary()
    prices = [1_000_000_003 + 2 * i for i in range(40)]
    deals = [held_agreement(to, price_fen=price) for price in prices]
    publish(MONDAY)
    publish(TUESDAY)
    for deal in deals:
        shown = []
        for day in (MONDAY, TUESDAY):
            proof = totals.share_of(deal, day=day).proof
            steps = [step["sum_fen"] for part in proof["agreement"]["parts"] for step in part["path"]]
            assert not {price for price in prices if price != deal.price_fen} & set(steps)
            shown.append((proof["agreement"]["salt"], steps))
        assert shown[0] != shown[1]
        assert deal.funder.hex not in json.dumps(proof)
    ids = [totals.share_of(deal).proof["agreement"]["proof_id"] for deal in deals]
    assert len(set(ids)) == len(ids)


@pytest.mark.django_db
def test_nothing_in_a_proof_can_be_changed(tmp_path):
    """Every figure and every hash in the file is needed, and each change of one is noticed."""
    to = beneficiary()
    deals = [held_agreement(to, price_fen=1_000 + i) for i in range(5)]
    held_agreement(beneficiary(), price_fen=70_000)
    publish()
    honest = totals.share_of(deals[0]).proof
    published = roots(tmp_path)

    def places(value: Any, way: tuple = ()):
        if isinstance(value, dict | list):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from places(inner, (*way, key))
        else:
            yield way, value

    tried = 0
    for way, value in places(honest):
        forged = copy.deepcopy(honest)
        inner = forged
        for key in way[:-1]:
            inner = inner[key]
        if isinstance(value, int):
            inner[way[-1]] = value + 1
        elif len(value) >= 32:
            inner[way[-1]] = ("0" if value[0] != "0" else "1") + value[1:]
        else:
            inner[way[-1]] = value[:-1] + ("0" if value[-1] != "0" else "1")
        code, said = verified(forged, tmp_path, published)
        assert code in (1, 2), (way, said)
        assert "TRUE" not in said
        tried += 1
    assert tried >= 40


@pytest.mark.django_db
def test_a_forgery_that_fits_itself_is_not_what_was_published(tmp_path):
    """A whole other tree, consistent in itself: only the published hash tells."""
    deal = held_agreement(price_fen=1_000)
    root = publish()
    published = roots(tmp_path)
    forged = totals.share_of(deal).proof
    forged["agreement"]["amount_fen"] = 1_000_000
    salt, proof_id = bytes.fromhex(forged["agreement"]["salt"]), bytes.fromhex(forged["agreement"]["proof_id"])
    leaves = [verifier.sum_leaf(salt=salt, proof_id=proof_id, part=part, amount_fen=500_000) for part in (0, 1)]
    for part in (0, 1):
        forged["agreement"]["parts"][part] = {
            "amount_fen": 500_000,
            "index": part,
            "path": [{"hash": leaves[1 - part][:32].hex(), "sum_fen": 500_000}],
        }
    facts = forged["beneficiary"]
    facts["tree_root"], facts["held_fen"] = totals.hash_and_sum(verifier.sum_join(*leaves))
    day = forged["day"]
    day["tree_root"] = verifier.digest(verifier.BENEFICIARY, {name: facts[name] for name in verifier.BENEFICIARY_FACTS})
    day["held_fen"] = 1_000_000
    day["hash"] = verifier.digest(verifier.DAY, {name: day[name] for name in verifier.DAY_FACTS})
    code, said = verified(forged, tmp_path)
    assert (code, f"published one: {day['hash']}" in said) == (0, True)
    assert verified(forged, tmp_path, published) == (1, f"FALSE: another hash is published for {root.day}.\n")
    with pytest.raises(SystemExit) as refused:
        call_command("verify-proof", str(tmp_path / "proof.json"), stdout=io.StringIO())
    assert refused.value.code == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        "[" * 100_000,
        '{"format": "escrow-proof-1"}',
        '{"format": "escrow-proof-1", "format": "escrow-proof-1"}',
        '{"format":"escrow-block-1"}',
        '{"a": 1e400}',
        "\xff\x00 binary",
        "day\theld\n",
        '{"a": "' + "x" * (2 << 20) + '"}',
    ],
)
def test_what_is_no_proof_is_unreadable(text, tmp_path):
    assert verified(text, tmp_path)[0] == 2


@pytest.mark.django_db
@pytest.mark.parametrize("value", [-1, 1 << 63, True, 1.0, "5", None, [], 10**40])
def test_impossible_figures_are_refused(value, tmp_path):
    deal = held_agreement()
    publish()
    for place in ("agreement", "beneficiary", "day"):
        forged = totals.share_of(deal).proof
        forged[place][{"agreement": "amount_fen"}.get(place, "held_fen")] = value
        assert verified(forged, tmp_path)[0] == 2


@given(st.lists(st.integers(0, 1 << 40), min_size=1, max_size=80))
def test_the_tree_adds_up_and_every_leaf_climbs_to_its_root(amounts):
    holdings = [(i, bytes(16), fen) for i, fen in enumerate(amounts, 1)]
    planted = totals.plant(b"s" * 32, holdings)
    assert planted["held_fen"] == sum(amounts)
    leaves = [planted["leaves"][i : i + 40] for i in range(0, len(planted["leaves"]), 40)]
    assert len(leaves) == 2 * len(amounts)
    tree = verifier.levels(leaves, verifier.sum_join)
    flat = [node for level in tree for node in level]
    for index, leaf in enumerate(leaves):
        path = [flat[i] for i in totals._neighbours(index, len(leaves))]
        assert verifier.climb(leaf, index=index, count=len(leaves), path=path) == tree[-1][0]


def test_sums_do_not_overflow():
    half = bytes(32) + (1 << 62).to_bytes(8, "big")
    with pytest.raises(OverflowError):
        verifier.sum_join(half, half)
    with pytest.raises(OverflowError):
        totals.plant(bytes(32), [(1, bytes(16), -1)])


# What somebody with every right could do

TAMPERED = {
    "UPDATE escrow_dailyroot SET held_fen = held_fen + 1": "published_totals_are_chained",
    "UPDATE escrow_dailyroot SET confirmed_fen = confirmed_fen + 1": "published_totals_are_chained",
    "UPDATE escrow_dailyroot SET seed = '\\x00'": "published_totals_equal_what_was_held",
    "UPDATE escrow_dailyroot SET nodes = '\\x00'": "published_totals_are_chained",
    "UPDATE escrow_dailyroot SET day = day - 1 WHERE day = '2026-11-23'": "published_totals_are_chained",
    "DELETE FROM escrow_dailyroot WHERE day = '2026-11-23'": "published_totals_are_chained",
    "UPDATE escrow_dailytotal SET held_fen = held_fen + 1": "published_totals_equal_what_was_held",
    "UPDATE escrow_dailytotal SET leaves = set_byte(leaves, 0, 255 - get_byte(leaves, 0))": "published_totals_equal_what_was_held",
    "UPDATE escrow_dailytotal SET position = position + 1": "published_totals_are_chained",
    "UPDATE escrow_dailytotal SET block_number = 99": "published_totals_equal_what_was_held",
    "DELETE FROM escrow_dailytotal": "published_totals_are_chained",
    "DELETE FROM escrow_block": "published_totals_equal_what_was_held",
    "UPDATE escrow_agreement SET funder = gen_random_uuid()": "published_totals_equal_what_was_held",
}


def test_a_published_total_that_was_changed_is_found(committed_db, databases, monkeypatch):
    a_chain(monkeypatch)
    publish(MONDAY)
    publish(TUESDAY)
    assert not found()
    missed = []
    with databases.use(committed_db, as_owner=True):
        for sql, name in TAMPERED.items():
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    for table in ("dailyroot", "dailytotal", "block", "agreement"):
                        cursor.execute(f"ALTER TABLE escrow_{table} DISABLE TRIGGER USER")
                    cursor.execute(
                        "SELECT conname FROM pg_constraint WHERE conrelid = 'escrow_dailytotal'::regclass AND contype = 'f'"
                    )
                    for (constraint,) in cursor.fetchall():
                        cursor.execute(f'ALTER TABLE escrow_dailytotal DROP CONSTRAINT "{constraint}"')
                    cursor.execute(sql)
                    if name not in found():
                        missed.append((sql, name, found()))
                    raise UndoneError
            except UndoneError:
                pass
    assert not missed


def test_a_chain_rewritten_from_a_changed_transfer_on_is_not_the_one_that_proofs_name(
    committed_db, databases, monkeypatch, tmp_path
):
    """Whoever can write everything can seal again; what consumers and the public already have, they cannot."""
    to = a_chain(monkeypatch)
    publish()
    proof = tmp_path / "proof.json"
    proof.write_text(json.dumps(totals.share_of(Agreement.objects.get()).proof))
    exported(to, tmp_path / "chain")
    out = io.StringIO()
    assert verifier.run(str(tmp_path / "chain"), str(proof), "en", out=out) == 0
    assert "The proof names block" in out.getvalue()
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        for table in ("transfer", "block"):
            cursor.execute(f"ALTER TABLE escrow_{table} DISABLE TRIGGER USER")
        cursor.execute("UPDATE escrow_transfer SET reference = 'never mind' WHERE reason = 'release'")
        cursor.execute("DELETE FROM escrow_block")
        monkeypatch.setattr(seals, "BLOCK_TRANSFERS", 1)
        seal_all()
        for table in ("transfer", "block"):
            cursor.execute(f"ALTER TABLE escrow_{table} ENABLE TRIGGER USER")
        exported(to, tmp_path / "chain")
        assert verifier.run(str(tmp_path / "chain"), None, "en", out=io.StringIO()) == 0
        assert verifier.run(str(tmp_path / "chain"), str(proof), "en", out=(out := io.StringIO())) == 1
        assert "this is not the same chain" in out.getvalue()
        assert found() == {"published_totals_equal_what_was_held"}


# The programs


@pytest.mark.django_db
def test_the_verifier_runs_alone(tmp_path):
    """One file, no packages, no settings, from anywhere."""
    deal = held_agreement(price_fen=64_000)
    root = publish()
    (tmp_path / "proof.json").write_text(json.dumps(totals.share_of(deal).proof))
    roots(tmp_path)
    (tmp_path / "verifier.py").write_bytes(Path(verifier.__file__).read_bytes())

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "verifier.py", *arguments],
            cwd=tmp_path,
            env={"LANG": "zh_CN.UTF-8", "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
        )
        assert not done.stderr
        return done.returncode, done.stdout

    code, said = run("proof.json", "roots.txt")
    assert code == 0
    assert "成立：¥640.00 在 2026-11-23 的托管总额 ¥640.00 之内。" in said
    assert root.hash in said
    assert run("proof.json", "--lang", "en")[1].startswith(
        "TRUE: ¥640.00 is in the total of ¥640.00 held on 2026-11-23."
    )
    (tmp_path / "proof.json").write_text((tmp_path / "proof.json").read_text().replace("64000", "64001"))
    assert run("proof.json", "roots.txt")[0] == 1
    assert run("nothing.json")[0] == 2


@pytest.mark.django_db
def test_the_command_knows_what_is_published(tmp_path):
    deal = held_agreement(price_fen=64_000)
    root = publish()
    path, out = tmp_path / "proof.json", io.StringIO()
    path.write_text(json.dumps(totals.share_of(deal).proof))
    call_command("verify-proof", str(path), "--lang", "en", stdout=out)
    assert f"The hash is the published one: {root.hash}" in out.getvalue()
    call_command("verify-proof", str(roots(tmp_path)), "--lang", "en", stdout=out)
    assert "TRUE: 1 published totals" in out.getvalue()


@pytest.mark.django_db
def test_the_list_of_published_totals_cannot_be_changed(tmp_path):
    held_agreement()
    publish(MONDAY)
    publish(TUESDAY)
    path = roots(tmp_path)
    names, monday, tuesday = path.read_text().splitlines()
    assert names == "# " + "\t".join(verifier.ROOT_COLUMNS)
    for forged in (
        [monday.replace("200000", "200001", 1), tuesday],
        [tuesday, monday],
        [monday, monday],
        [monday, tuesday.replace("\t1\t1\t", "\t1\t2\t")],
    ):
        path.write_text("\n".join(forged))
        assert verifier.run(str(path), None, "en", out=io.StringIO()) == 1
    path.write_text(tuesday)
    assert verifier.run(str(path), None, "en", out=io.StringIO()) == 0  # a part of the chain is one too


def test_an_empty_beneficiary_has_an_empty_tree():
    assert totals.plant(bytes(32), []) == {
        "agreements": 0,
        "held_fen": 0,
        "tree_root": verifier.EMPTY.hex(),
        "leaves": b"",
        "nodes": b"",
    }
