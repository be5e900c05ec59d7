"""What each person charged at each store on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Min, Q, Sum

from escrow.states import COUNTED_PLANS, UseState
from prepaid.cards import attempts
from prepaid.cards.models import Redemption
from prepaid.merchants.models import StaffMember, Store


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One person at one store on one day, as their charges stand now. ``charges`` are what counts: final or waiting, and
    check-ins beside them; ``taken_back``: undone, withdrawn, refused by the holder or not confirmed in time. ``refused``: what
    the counter turned down, counted for a few days only."""

    cashier: StaffMember
    store: Store
    first_at: datetime
    last_at: datetime
    charges: int
    check_ins: int
    visits: int
    final_fen: int
    waiting: int
    waiting_fen: int
    taken_back: int
    refused: int


#: The figures that add up.
SUMS = ("charges", "check_ins", "visits", "final_fen", "waiting", "waiting_fen", "taken_back", "refused")


def shifts(*, staff: StaffMember, day: date) -> list[Shift]:
    """A cashier's own; everybody's at the merchant for owners and managers; by store, then who began first."""
    rows = Redemption.objects.filter(card__issuer_id=staff.merchant_id, at__date=day)
    if not staff.manages:
        rows = rows.filter(cashier_id=staff.pk, store_id=staff.store_id or 0)
    final, waits = Q(use__state=UseState.FINAL), Q(use__state__in=[UseState.RESERVED, UseState.DISPUTED])
    checked_in = Q(use=None, undone_at=None)
    counted = Q(card__agreement__plan__in=COUNTED_PLANS)
    grouped = rows.values("cashier_id", "store_id").annotate(
        first=Min("at"),
        last=Max("at"),
        every=Count("pk"),
        finals=Count("pk", filter=final),
        waiting=Count("pk", filter=waits),
        check_ins=Count("pk", filter=checked_in),
        visits=Sum("use__units", filter=counted & (final | waits), default=0),
        final_fen=Sum("use__amount_fen", filter=final, default=0),
        waiting_fen=Sum("use__amount_fen", filter=waits, default=0),
    )
    found = list(grouped.order_by("store_id", "first", "cashier_id"))
    people = StaffMember.objects.select_related("user").in_bulk({row["cashier_id"] for row in found})
    stores = Store.objects.in_bulk({row["store_id"] for row in found})
    refused = attempts.refusals([(row["cashier_id"], row["store_id"]) for row in found], day)
    return [
        Shift(
            cashier=people[row["cashier_id"]],
            store=stores[row["store_id"]],
            first_at=row["first"],
            last_at=row["last"],
            charges=row["finals"] + row["waiting"],
            check_ins=row["check_ins"],
            visits=row["visits"],
            final_fen=row["final_fen"],
            waiting=row["waiting"],
            waiting_fen=row["waiting_fen"],
            taken_back=row["every"] - row["finals"] - row["waiting"] - row["check_ins"],
            refused=refused.get((row["cashier_id"], row["store_id"]), 0),
        )
        for row in found
    ]


def totals(found: Iterable[Shift]) -> dict[str, int]:
    """The figures of all of them together."""
    every = list(found)
    return {name: sum(getattr(shift, name) for shift in every) for name in SUMS}
