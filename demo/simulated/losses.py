"""What card-holders of vanished shops lose, under three ways to keep the money: none in custody, custody alone, and with warning.

Sums in fen. What is owed is what holders may claim on the day the door is found shut, the operator at fault (SPC 18); it is paid
from custody, then from what the merchant has earned and has not been paid (docs/ledger.md). Early release is that of the ledger,
by merchant instead of by card: nothing in cooling-off, none to the new and the newly acquired, at most what uses earned in the
days of the rule.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from demo.simulated.lives import Life


@dataclass(frozen=True, slots=True)
class Loss:
    """Of one shop: owed to its holders, and not paid to them."""

    owed_fen: int
    lost_fen: int


def loss(
    life: Life, custody: dict[str, Any], *, held_since: int | None = None, nothing_early: Set[int] = frozenset()
) -> Loss:
    """Of a shop that shut, with its payouts held since a day (None: never), and nothing released early on certain days."""
    shut = life.plan.shut_on
    if shut is None:
        raise ValueError("it goes on")
    owed = life.unearned_fen[shut - 1]
    if held_since is not None:
        nothing_early = nothing_early | set(range(held_since, shut))
    out = _out(life, custody, until=shut, nothing_early=nothing_early)
    since = min(shut if held_since is None else held_since, shut - custody["payable_days"])
    earned = sum(row.use_fen for row in life.days[max(0, since) : shut])
    return Loss(owed_fen=owed, lost_fen=max(0, min(owed, out) - earned))


def _out(life: Life, custody: dict[str, Any], *, until: int, nothing_early: Set[int]) -> int:
    """Released early and not earned yet, on a day."""
    free, out = 100 - custody["percent"], 0
    if not free:
        return 0
    acquired = sorted(life.plan.hands_changed)
    for day in range(until):
        before = life.seasoned_fen[day - 1] if day else 0
        if before:  # uses and refunds take from what is out in proportion
            out = min(out, out * min(before, life.seasoned_fen[day]) // before)
        if day in nothing_early or any(0 <= day - on < custody["handover_days"] for on in acquired):
            continue
        if day < custody["new_days"]:
            continue
        cap = sum(row.use_fen for row in life.days[max(0, day - custody["early_days"]) : day])
        out = max(out, min(life.seasoned_fen[day] * free // 100, cap))
    return out
