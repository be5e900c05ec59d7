"""Questions about published totals: the next day to publish, and one agreement's share with its proof (docs/proof.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from math import isqrt
from typing import Any

from django.db import connection

from escrow.clock import BEIJING, beijing_date
from escrow.errors import ProofBroken
from escrow.models import Agreement, DailyRoot, DailyTotal
from escrow.verifier import (
    BENEFICIARY,
    BENEFICIARY_FACTS,
    NOTHING,
    PROOF_FORMAT,
    ROOT_COLUMNS,
    Broken,
    above,
    check_proof,
    digest,
    levels,
    sum_join,
    sum_leaf,
)

#: A node of a sum tree: its hash and its sum.
NODE_BYTES = 40
#: Leaves below each node of ``DailyTotal.nodes``: what is between is hashed again when a proof is asked for.
CHUNK_LEVELS = 5
CHUNK = 1 << CHUNK_LEVELS
#: A day is published once transfers that were begun before midnight have surely been committed.
SETTLES_IN = timedelta(minutes=10)

#: Agreement, its funder's 16 bytes, what it holds (fen, above 0).
Holding = tuple[int, bytes, int]

# Trees


def salt_of(seed: bytes, agreement_id: int) -> bytes:
    """32 bytes that only the agreement's holder learns: from the day's secret seed, so another one every day."""
    return sha256(seed + agreement_id.to_bytes(8, "big")).digest()


def proof_id_of(funder: bytes, agreement_id: int) -> bytes:
    """The agreement's number in proofs: the same every day, no other agreement's, and telling nothing else."""
    return sha256(funder + agreement_id.to_bytes(8, "big")).digest()[:16]


def parts_of(salt: bytes, amount_fen: int) -> tuple[int, int]:
    """The amount in two parts of chance: a neighbour on a path is a part of somebody's money, never all of it.

    Raises:
        OverflowError: below zero.
    """
    if amount_fen < 0:
        raise OverflowError("an agreement holds less than nothing")
    part = int.from_bytes(salt[:8], "big") % (amount_fen + 1)
    return part, amount_fen - part


def leaves_of(seed: bytes, holding: Holding) -> list[bytes]:
    """The agreement's two leaves on the day of ``seed``."""
    agreement_id, funder, amount_fen = holding
    salt, proof_id = salt_of(seed, agreement_id), proof_id_of(funder, agreement_id)
    return [
        sum_leaf(salt=salt, proof_id=proof_id, part=which, amount_fen=part)
        for which, part in enumerate(parts_of(salt, amount_fen))
    ]


def plant(seed: bytes, holdings: Iterable[Holding]) -> dict[str, Any]:
    """A beneficiary's tree, as fields of its ``DailyTotal``.

    All first parts in the order of their hashes, which is chance, then all second parts likewise: no two parts of one
    agreement stand beside each other and add up to what it holds.

    Raises:
        OverflowError: an amount below zero, or a sum of 2**63 fen.
    """
    halves: tuple[list[bytes], list[bytes]] = ([], [])
    for holding in holdings:
        for half, leaf in zip(halves, leaves_of(seed, holding), strict=True):
            half.append(leaf)
    level = [leaf for half in halves for leaf in sorted(half)]
    leaves, nodes, height = b"".join(level), [], 0
    while len(level) > 1:
        level, height = above(level, sum_join), height + 1
        nodes += level if height >= CHUNK_LEVELS else []
    tree_root, held_fen = hash_and_sum(level[0] if level else NOTHING)
    return {
        "agreements": len(halves[0]),
        "held_fen": held_fen,
        "tree_root": tree_root,
        "leaves": leaves,
        "nodes": b"".join(nodes),
    }


def hash_and_sum(node: bytes) -> tuple[str, int]:
    """A node's hash in hex, and its sum (fen)."""
    return node[:32].hex(), int.from_bytes(node[32:], "big")


def positions(seed: bytes, beneficiary_ids: Iterable[int]) -> dict[int, int]:
    """Where each beneficiary stands in the city's tree: by chance, so that a neighbour's sum is nobody's in particular."""
    order = sorted(beneficiary_ids, key=lambda pk: sha256(seed + b"beneficiary" + pk.to_bytes(8, "big")).digest())
    return {beneficiary_id: index for index, beneficiary_id in enumerate(order)}


def city_leaf(total: DailyTotal) -> bytes:
    """A beneficiary's leaf in the city's tree: commits to its tree, its money at the bank and the head of its chain."""
    facts = {name: getattr(total, name) for name in BENEFICIARY_FACTS}
    return bytes.fromhex(digest(BENEFICIARY, facts)) + total.held_fen.to_bytes(8, "big")


# Days


def end_of(day: date) -> datetime:
    """The first moment after a day in Beijing."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), BEIJING)


def next_day(at: datetime) -> date | None:
    """The day whose total is to be published next; None while it is not over, or when nothing was ever sealed."""
    newest = DailyRoot.objects.values_list("day", flat=True).first()
    if newest is not None:
        day = newest + timedelta(days=1)
    else:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT min(t.at) FROM escrow_block k
                JOIN escrow_transfer t ON t.beneficiary_id = k.beneficiary_id AND t.id = k.first_id WHERE k.number = 1"""
            )
            (first,) = cursor.fetchone()
        if first is None:
            return None
        day = beijing_date(first)
    return day if end_of(day) + SETTLES_IN <= at else None


def root_facts(root: DailyRoot) -> dict[str, Any]:
    """A day as it is published."""
    return {name: getattr(root, name) for name in ROOT_COLUMNS} | {"day": root.day.isoformat()}


def root_lines() -> Iterator[str]:
    """All published days, oldest first, as the lines of the public file: names, then one day a line, tabs between."""
    yield "# " + "\t".join(ROOT_COLUMNS)
    for root in DailyRoot.objects.defer("nodes", "seed").order_by("day").iterator():
        yield "\t".join(str(value) for value in root_facts(root).values())


def published_hash(day: str) -> str | None:
    """The hash published for a date (``2026-11-23``)."""
    try:
        return DailyRoot.objects.filter(day=date.fromisoformat(day)).values_list("hash", flat=True).first()
    except ValueError:
        return None


# One agreement's share


@dataclass(frozen=True, kw_only=True)
class Share:
    """What an agreement held at the end of a published day (fen). Who held nothing is in no total and has no proof."""

    root: DailyRoot
    amount_fen: int
    proof: dict[str, Any] | None


def share_of(agreement: Agreement, *, day: date | None = None) -> Share | None:
    """The agreement's share of a day's total (the last one published); None where its beneficiary is in none.

    Reads two rows, the agreement's transfers, and the slices of the trees that its paths run through; the proof is
    checked before it is handed out.

    Raises:
        ProofBroken: the trees and the transfers do not agree.
    """
    totals = DailyTotal.objects.filter(beneficiary_id=agreement.beneficiary_id).select_related("root")
    if day is not None:
        totals = totals.filter(root_id=day)
    total = totals.defer("leaves", "nodes", "root__nodes").order_by("-root_id").first()
    if total is None:
        return None
    amount_fen = _held(agreement, total)
    proof = _proof(agreement, total, amount_fen) if amount_fen else None
    try:
        if proof:
            check_proof(proof)
    except Broken as error:
        raise ProofBroken() from error
    return Share(root=total.root, amount_fen=amount_fen, proof=proof)


def _held(agreement: Agreement, total: DailyTotal) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sum(CASE WHEN t.credit_account_id = a.id THEN t.amount ELSE -t.amount END), 0)::bigint
            FROM escrow_block k, escrow_account a, escrow_transfer t
            WHERE k.beneficiary_id = %(beneficiary)s AND k.number = %(block)s
              AND a.beneficiary_id = %(beneficiary)s AND a.agreement_id = %(agreement)s
              AND a.code = 'held' AND a.asset = 'CNY'
              AND t.agreement_id = %(agreement)s AND t.beneficiary_id = %(beneficiary)s AND t.kind <> 'pending'
              AND a.id IN (t.debit_account_id, t.credit_account_id) AND t.id <= k.last_id AND t.at < %(end)s""",
            {
                "agreement": agreement.pk,
                "beneficiary": agreement.beneficiary_id,
                "block": total.block_number,
                "end": end_of(total.root_id),
            },
        )
        return int(cursor.fetchone()[0])


def _proof(agreement: Agreement, total: DailyTotal, amount_fen: int) -> dict[str, Any]:
    seed, funder = bytes(total.root.seed), agreement.funder.bytes
    salt = salt_of(seed, agreement.pk)
    leaves = leaves_of(seed, (agreement.pk, funder, amount_fen))
    places = [_place(total, part, leaf) for part, leaf in enumerate(leaves)]
    chunks = -(-2 * total.agreements // CHUNK)
    ups = [list(_neighbours(index // CHUNK, chunks)) for index, _path in places]
    city = list(_neighbours(total.position, total.root.beneficiaries))
    above = iter(_nodes(total, [*ups[0], *ups[1]], city))
    parts = [
        {"amount_fen": part, "index": index, "path": [_step(node) for node in (*path, *(next(above) for _ in up))]}
        for part, (index, path), up in zip(parts_of(salt, amount_fen), places, ups, strict=True)
    ]
    return {
        "format": PROOF_FORMAT,
        "agreement": {
            "proof_id": proof_id_of(funder, agreement.pk).hex(),
            "salt": salt.hex(),
            "amount_fen": amount_fen,
            "parts": parts,
        },
        "beneficiary": {
            **{name: getattr(total, name) for name in BENEFICIARY_FACTS},
            "index": total.position,
            "path": [_step(node) for node in above],
        },
        "day": root_facts(total.root),
    }


def _step(node: bytes) -> dict[str, Any]:
    return dict(zip(("hash", "sum_fen"), hash_and_sum(node), strict=True))


def _place(total: DailyTotal, part: int, leaf: bytes) -> tuple[int, list[bytes]]:
    """Where the leaf stands, and its neighbours up to the chunk's node.

    Each half stands in the order of its hashes, which are evenly spread: near ``hash · count``, give or take half a root
    of the count. Two such deviations are read, should chance have gone further eight, and then all.
    """
    count, half = 2 * total.agreements, total.agreements
    guess, root = part * half + (int.from_bytes(leaf[:8], "big") * half >> 64), isqrt(half)
    for reach in (root, 4 * root, count):
        start = max(0, guess - reach) // CHUNK * CHUNK
        window = _slice(total, start, min(count, ((guess + reach) // CHUNK + 1) * CHUNK))
        for at in range(0, len(window), NODE_BYTES):
            if window.startswith(leaf, at):
                index = start + at // NODE_BYTES
                begin = (index - start) // CHUNK * CHUNK * NODE_BYTES
                chunk = window[begin : begin + CHUNK * NODE_BYTES]
                nodes = [chunk[i : i + NODE_BYTES] for i in range(0, len(chunk), NODE_BYTES)]
                tree = b"".join(node for level in levels(nodes, sum_join) for node in level)
                path = [tree[i * NODE_BYTES : (i + 1) * NODE_BYTES] for i in _neighbours(index % CHUNK, len(nodes))]
                return index, path
    raise ProofBroken()


def _slice(total: DailyTotal, start: int, stop: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT substring(leaves FROM %s FOR %s) FROM escrow_dailytotal WHERE id = %s",
            [start * NODE_BYTES + 1, (stop - start) * NODE_BYTES, total.pk],
        )
        return bytes(cursor.fetchone()[0])


def _neighbours(index: int, count: int) -> Iterator[int]:
    """Positions, in a tree stored level by level, of the neighbours on the way from a leaf to the root."""
    base = 0
    while count > 1:
        if index ^ 1 < count:
            yield base + (index ^ 1)
        base, index, count = base + count, index // 2, (count + 1) // 2


def _nodes(total: DailyTotal, own: list[int], city: list[int]) -> list[bytes]:
    """Nodes of the beneficiary's tree above the chunks, then nodes of the city's."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT substring(CASE WHEN city THEN r.nodes ELSE d.nodes END FROM at * 40 + 1 FOR 40)
            FROM escrow_dailytotal d JOIN escrow_dailyroot r ON r.day = d.root_id,
                 unnest(%s::boolean[], %s::int[]) WITH ORDINALITY AS wanted(city, at, ord)
            WHERE d.id = %s ORDER BY ord""",
            [[False] * len(own) + [True] * len(city), own + city, total.pk],
        )
        return [bytes(node) for (node,) in cursor.fetchall()]
