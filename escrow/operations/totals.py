"""Publishing what every agreement holds at the end of a day: one sum tree a beneficiary, one over the city (docs/proof.md)."""

# ruff: noqa: S608 – the SQL is put together from the constants of this file alone

import secrets
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery

from escrow import audit
from escrow.blocks import unsealed
from escrow.errors import DayNotOver, NotSealed
from escrow.models import Beneficiary, Block, DailyRoot, DailyTotal
from escrow.totals import Holding, city_leaf, end_of, hash_and_sum, next_day, plant, positions, root_facts
from escrow.transactions import transaction
from escrow.verifier import DAY, DAY_FACTS, GENESIS, NOTHING, digest, levels, sum_join

#: Two sealers at once would do the same work twice; the second one has nothing to do.
_LOCK = (27, 0)
_ROWS = 20_000
_TOTALS = 50

#: What every account of a kind held when the day ended: what it holds now, less what moved since. ``head`` is the last
#: sealed transfer of each beneficiary. One statement, so one snapshot.
_BALANCES = """
WITH head(beneficiary_id, last_id) AS (SELECT * FROM unnest(%(beneficiaries)s::bigint[], %(last_ids)s::bigint[])),
since AS (
    SELECT t.* FROM escrow_transfer t WHERE t.at >= %(end)s AND t.asset = 'CNY' AND t.kind <> 'pending'
    UNION ALL
    SELECT t.* FROM head, escrow_transfer t
    WHERE t.beneficiary_id = head.beneficiary_id AND t.id > head.last_id
      AND t.at < %(end)s AND t.asset = 'CNY' AND t.kind <> 'pending'
), moved AS (
    SELECT account_id, sum(amount) AS amount
    FROM (SELECT credit_account_id AS account_id, amount FROM since
          UNION ALL SELECT debit_account_id, -amount FROM since) leg
    GROUP BY account_id
), account AS (
    SELECT a.beneficiary_id, a.agreement_id, a.code,
           (a.credits_posted - a.debits_posted - coalesce(moved.amount, 0))::bigint AS balance
    FROM escrow_account a JOIN head USING (beneficiary_id) LEFT JOIN moved ON moved.account_id = a.id
    WHERE a.asset = 'CNY' AND a.code = ANY(%(codes)s)
)"""
_HELD = f"""{_BALANCES}
SELECT a.beneficiary_id, a.agreement_id, uuid_send(g.funder), a.balance
FROM account a JOIN escrow_agreement g ON g.id = a.agreement_id
WHERE a.balance <> 0 ORDER BY a.beneficiary_id"""
_BANK = f"""{_BALANCES}
SELECT beneficiary_id, code, -sum(balance)::bigint FROM account GROUP BY beneficiary_id, code"""


def publish_total(*, day: date, at: datetime, actor: str) -> DailyRoot | None:
    """Build and publish one day's trees, all or nothing; None when another process is at it or has done it.

    Raises:
        DayNotOver: ``day`` is not the next one, or transfers of it may still be on their way.
        NotSealed: transfers of that day are not sealed yet: seal first.
    """
    with transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", _LOCK)
        if not cursor.fetchone()[0] or DailyRoot.objects.filter(day=day).exists():
            return None
        if day != next_day(at):
            raise DayNotOver()
        if unsealed(before=end_of(day)):
            raise NotSealed()
        newest = DailyRoot.objects.first()
        root = DailyRoot(
            day=day,
            agreements=0,
            confirmed_fen=0,
            in_transit_fen=0,
            seed=secrets.token_bytes(32),
            previous_hash=newest.hash if newest else GENESIS,
            published_at=at,
        )
        _build(root)
        root.hash = digest(DAY, {name: root_facts(root)[name] for name in DAY_FACTS})
        root.save(force_insert=True)
        audit.record(
            actor=actor,
            action="escrow.publish_total",
            target=f"day:{day}",
            after={"hash": root.hash, "held_fen": root.held_fen},
            at=at,
        )
    return root


def _build(root: DailyRoot) -> None:
    """Write the totals of every beneficiary that has a chain, and sum them up in ``root``."""
    heads = {block.beneficiary_id: block for block in _heads()}
    scope: dict[str, Any] = {
        "beneficiaries": list(heads),
        "last_ids": [block.last_id for block in heads.values()],
        "end": end_of(root.day),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BANK, {**scope, "codes": ["custody", "clearing"]})
        bank = {(beneficiary_id, code): fen for beneficiary_id, code, fen in cursor.fetchall()}
    seed = bytes(root.seed)
    position = positions(seed, heads)
    city = [NOTHING] * len(heads)
    waiting: list[DailyTotal] = []
    for beneficiary_id, holdings in _holdings(scope):
        head = heads[beneficiary_id]
        total = DailyTotal(
            root=root,
            beneficiary_id=beneficiary_id,
            position=position[beneficiary_id],
            confirmed_fen=bank.get((beneficiary_id, "custody"), 0),
            in_transit_fen=bank.get((beneficiary_id, "clearing"), 0),
            block_number=head.number,
            block_hash=head.hash,
            **plant(seed, holdings),
        )
        city[total.position] = city_leaf(total)
        root.agreements += total.agreements
        root.confirmed_fen += total.confirmed_fen
        root.in_transit_fen += total.in_transit_fen
        waiting.append(total)
        if len(waiting) == _TOTALS:
            DailyTotal.objects.bulk_create(waiting)
            waiting.clear()
    DailyTotal.objects.bulk_create(waiting)
    tree = levels(city, sum_join)
    root.beneficiaries = len(heads)
    root.tree_root, root.held_fen = hash_and_sum(tree[-1][0] if city else NOTHING)
    root.nodes = b"".join(node for level in tree for node in level)


def _heads() -> list[Block]:
    newest = Block.objects.filter(beneficiary_id=OuterRef("pk")).order_by("-number").values("pk")[:1]
    return list(
        Block.objects.filter(pk__in=Beneficiary.objects.values_list(Subquery(newest))).order_by("beneficiary_id")
    )


def _holdings(scope: dict[str, Any]) -> Iterator[tuple[int, Iterator[Holding]]]:
    """Each beneficiary with what its agreements held, to be read before the next one is asked for."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_HELD, {**scope, "codes": ["held"]})
        rows = iter(partial(cursor.fetchmany, _ROWS), [])
        groups = groupby(chain.from_iterable(rows), key=itemgetter(0))
        pk, group = next(groups, (None, iter(())))
        for beneficiary_id in scope["beneficiaries"]:
            if pk != beneficiary_id:
                yield beneficiary_id, iter(())
                continue
            yield beneficiary_id, ((agreement_id, bytes(funder), fen) for _, agreement_id, funder, fen in group)
            pk, group = next(groups, (None, iter(())))
