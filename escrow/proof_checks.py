"""What was sealed and published, computed again from the transfers and compared (``manage.py prove``; docs/proof.md).

One pass over each beneficiary's transfers in the order of their ids, a block of them in memory: blocks and days' totals
come out of it as they did when they were written, or they are found.
"""

# ruff: noqa: S608 – the SQL is put together from the constants of this file and of blocks.py

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from django.db import connection

from escrow import blocks, totals
from escrow.models import Agreement, Block, DailyRoot, DailyTotal
from escrow.verifier import BLOCK, DAY, DAY_FACTS, GENESIS, NOTHING, digest, levels, merkle_leaf, merkle_root, sum_join

CHAINED = "blocks_are_chained"
SEALED = "blocks_equal_their_transfers"
TOTALS = "published_totals_equal_what_was_held"
PUBLISHED = "published_totals_are_chained"

_ROWS = 5_000
#: A transfer with its canonical line, and what it moved of the money that a total counts.
_TRANSFERS = f"""
SELECT t.id, {blocks.LINE}, t.at, t.agreement_id, d.code, c.code,
       CASE WHEN t.asset = 'CNY' AND t.kind <> 'pending' THEN t.amount ELSE 0 END
FROM escrow_transfer t
LEFT JOIN escrow_account d ON d.id = t.debit_account_id LEFT JOIN escrow_account c ON c.id = t.credit_account_id
WHERE t.beneficiary_id = %s AND t.id <= %s ORDER BY t.id"""


def check() -> dict[str, int]:
    """By name of the check, how many blocks or totals break it."""
    found = Counter(dict.fromkeys((CHAINED, SEALED, TOTALS, PUBLISHED), 0))
    for beneficiary_id in Block.objects.values_list("beneficiary_id", flat=True).distinct().order_by("beneficiary_id"):
        found.update(_check_chain(beneficiary_id))
    found.update(_check_roots())
    without_chain = DailyTotal.objects.exclude(beneficiary_id__in=Block.objects.values("beneficiary_id"))
    found[TOTALS] += without_chain.count()
    return dict(found)


def _check_chain(beneficiary_id: int) -> Counter[str]:
    found: Counter[str] = Counter()
    sealed = list(Block.objects.filter(beneficiary_id=beneficiary_id).order_by("number"))
    published = defaultdict(list)
    for total_id, number in (
        DailyTotal.objects.filter(beneficiary_id=beneficiary_id).order_by("root_id").values_list("id", "block_number")
    ):
        published[number].append(total_id)
    previous: Block | None = None
    transfers = _transfers(beneficiary_id, max(block.last_id for block in sealed))
    following = next(transfers, None)
    purse = Purse(beneficiary_id)
    for block in sealed:
        found[CHAINED] += (
            block.number != (previous.number + 1 if previous else 1)
            or block.previous_hash != (previous.hash if previous else GENESIS)
            or block.hash != digest(BLOCK, blocks.facts_of(block))
            or block.last_id <= (previous.last_id if previous else 0)
        )
        ids: list[int] = []
        leaves: list[bytes] = []
        while following and following[0] <= block.last_id:
            ids.append(following[0])
            leaves.append(merkle_leaf(following[1].encode()))
            purse.take(following)
            following = next(transfers, None)
        found[SEALED] += (
            not ids
            or (len(ids), ids[0], ids[-1]) != (block.count, block.first_id, block.last_id)
            or merkle_root(leaves).hex() != block.merkle_root
        )
        for total in DailyTotal.objects.filter(pk__in=published.pop(block.number, [])).order_by("root_id").iterator(1):
            root = DailyRoot.objects.filter(pk=total.root_id).defer("nodes").first()
            found[TOTALS] += root is None or total.block_hash != block.hash or not purse.equals(total, bytes(root.seed))
        previous = block
    found[TOTALS] += sum(map(len, published.values()))  # they name blocks that are gone
    return found


def _transfers(beneficiary_id: int, upto: int) -> Iterator[Any]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_TRANSFERS, [beneficiary_id, upto])
        yield from chain.from_iterable(iter(partial(cursor.fetchmany, _ROWS), []))


class Purse:
    """What one beneficiary's agreements hold, and its bank, after the transfers taken so far (fen)."""

    def __init__(self, beneficiary_id: int) -> None:
        self._held: Counter[int] = Counter()
        self._bank: Counter[str] = Counter()
        self._waiting: list[Any] = []
        self._funders = {
            pk: funder.bytes
            for pk, funder in Agreement.objects.filter(beneficiary_id=beneficiary_id).values_list("pk", "funder")
        }

    def take(self, transfer: Any) -> None:
        """A transfer counts from the day of its business time on, which is not the order of ids to the second."""
        if transfer[-1]:
            self._waiting.append(transfer[2:])

    def _settle(self, end: datetime) -> None:
        later = []
        for move in self._waiting:
            at, agreement_id, debit, credit, fen = move
            if at >= end:
                later.append(move)
                continue
            for code, signed in ((credit, fen), (debit, -fen)):
                if code == "held":
                    self._held[agreement_id] += signed
                elif code in ("custody", "clearing"):
                    self._bank[code] -= signed
        self._waiting = later

    def equals(self, total: DailyTotal, seed: bytes) -> bool:
        """Whether the published total, down to each leaf, is what the transfers say."""
        self._settle(totals.end_of(total.root_id))
        holdings = [(pk, self._funders.get(pk, b""), fen) for pk, fen in self._held.items() if fen]
        try:
            planted = totals.plant(seed, holdings)
        except OverflowError:  # somebody holds less than nothing
            return False
        stored = {name: getattr(total, name) for name in planted}
        stored |= {"leaves": bytes(total.leaves), "nodes": bytes(total.nodes)}
        return (planted, self._bank["custody"], self._bank["clearing"]) == (
            stored,
            total.confirmed_fen,
            total.in_transit_fen,
        )


def _check_roots() -> Counter[str]:
    found: Counter[str] = Counter()
    previous: DailyRoot | None = None
    for root in DailyRoot.objects.order_by("day").iterator():
        shares = list(DailyTotal.objects.filter(root=root).defer("leaves", "nodes"))
        position = totals.positions(bytes(root.seed), [total.beneficiary_id for total in shares])
        city = [NOTHING] * len(shares)
        for total in shares:
            city[position[total.beneficiary_id]] = totals.city_leaf(total)
        tree = levels(city, sum_join)
        sums = [
            sum(values)
            for values in zip(*((t.agreements, t.confirmed_fen, t.in_transit_fen) for t in shares), strict=True)
        ]
        facts = totals.root_facts(root)
        found[PUBLISHED] += (
            (root.tree_root, root.held_fen) != totals.hash_and_sum(tree[-1][0] if shares else NOTHING)
            or [root.agreements, root.confirmed_fen, root.in_transit_fen] != (sums or [0, 0, 0])
            or root.beneficiaries != len(shares)
            or bytes(root.nodes) != b"".join(chain.from_iterable(tree))
            or any(position[total.beneficiary_id] != total.position for total in shares)
            or root.hash != digest(DAY, {name: facts[name] for name in DAY_FACTS})
            or root.previous_hash != (previous.hash if previous else GENESIS)
            or (previous is not None and root.day != previous.day + timedelta(days=1))
        )
        previous = root
    return found
