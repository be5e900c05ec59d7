"""Questions about what a merchant is paid out, and what is set aside of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast

from escrow import queries as escrow
from escrow.models import Claim, LegalHold, Payout, ReserveRule
from escrow.states import Reason
from prepaid.merchants.models import Store
from prepaid.merchants.queries.merchants import which_exist


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """What others have a better right to than the merchant, and what of the next payout goes to each, in this order (fen):
    open claims, orders of courts and authorities, the reserve. ``from_reserve_fen`` comes back from it before. ``claims``
    are the oldest of ``claims_count``."""

    claims: list[Claim]
    claims_count: int
    claims_open_fen: int
    orders: list[LegalHold]
    rule: ReserveRule | None
    from_reserve_fen: int
    to_claims_fen: int
    to_orders_fen: int
    to_reserve_fen: int
    payout_fen: int

    @property
    def taken_fen(self) -> int:
        return self.to_claims_fen + self.to_orders_fen + self.to_reserve_fen


def set_aside(beneficiary_id: int, *, due_fen: int, due_on: date, paid: bool, reserve_fen: int, most: int) -> SetAside:
    """What becomes of ``due_fen`` on ``due_on``, as ``escrow.pay_out`` does it; at most so many claims are listed. While
    nothing is ``paid``, because payouts are held or there is no account, claims are served and orders filled."""
    open_claims = Claim.objects.filter(beneficiary_id=beneficiary_id, closed_at=None)
    standing = LegalHold.objects.filter(beneficiary_id=beneficiary_id, lifted_at=None).order_by("id")
    there = which_exist(claims=open_claims, orders=standing)  # most merchants have neither
    all_claims: dict[str, Any] = {"count": 0, "sum": 0}
    if "claims" in there:
        all_claims = open_claims.aggregate(count=Count("id"), sum=Sum(F("amount_fen") - F("paid_fen")))
    orders = list(standing) if "orders" in there else []
    rule = ReserveRule.objects.filter(valid_from__lte=due_on).order_by("-valid_from").first()
    to_claims = min(due_fen, all_claims["sum"] or 0)
    from_reserve = escrow.reserve_over(beneficiary_id, on=due_on) if paid and reserve_fen else 0
    left = due_fen - to_claims + from_reserve
    unfilled = sum(order.sum_fen - order.blocked_fen for order in orders if order.expires_on >= due_on)
    to_orders = min(left, unfilled)
    left = left - to_orders if paid else 0
    to_reserve = 0
    if rule:
        bears = max(0, left - from_reserve - escrow.returned_unpaid(beneficiary_id, by=due_on))
        to_reserve = max(0, min(bears * rule.basis_points // 10_000, rule.up_to_fen - reserve_fen + from_reserve))
    return SetAside(
        claims=list(open_claims.order_by("id")[:most]) if most and all_claims["count"] else [],
        claims_count=all_claims["count"],
        claims_open_fen=all_claims["sum"] or 0,
        orders=orders,
        rule=rule,
        from_reserve_fen=from_reserve,
        to_claims_fen=to_claims,
        to_orders_fen=to_orders,
        to_reserve_fen=to_reserve,
        payout_fen=left - to_reserve,
    )


def with_store(lines: QuerySet[Any], merchant_id: int) -> QuerySet[Any]:
    """Each line with ``store_name``, where its use was; no query of its own."""
    stores = Store.objects.filter(merchant_id=merchant_id).annotate(place=Cast("pk", TextField()))
    here = stores.filter(place=OuterRef("use__place"))
    return lines.select_related("use").annotate(store_name=Subquery(here.values("name")[:1]))


def sums_by_reason(payout: Payout) -> list[tuple[str, int, int]]:
    """What the payout's lines come to, by reason in words: how many lines, and fen; what was taken off is below zero."""
    grouped = payout.lines.values("transfer__reason").annotate(count=Count("id"), sum=Sum("amount_fen"))
    return [
        (str(Reason(row["transfer__reason"]).label), row["count"], row["sum"])
        for row in grouped.order_by("-sum", "transfer__reason")
    ]
