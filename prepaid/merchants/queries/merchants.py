"""Questions about merchants and what is known of many of them at once."""

from datetime import date
from typing import Any

from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Concat

from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.models import Agreement, AuditEntry
from prepaid.merchants.models import Closing, ExistingCard, Handover, InvitedMerchant, Merchant, Sector
from prepaid.merchants.states import HandoverState, InvitedState
from prepaid.people.models import Post, User


def which_exist(**rows: QuerySet[Any]) -> set[str]:
    """Of these questions, by name, those that have any row at all, in one query."""
    asked = Sector.objects.values_list(*(Exists(found) for found in rows.values()))[:1]
    answers = next(iter(asked), ())
    return {name for name, has_rows in zip(rows, answers, strict=False) if has_rows}


def merchant_of_beneficiary(beneficiary_id: int) -> Merchant:
    """Whose custody account it is. Raises NotFound."""
    merchant = Merchant.objects.filter(beneficiary_id=beneficiary_id).first()
    if merchant is None:
        raise NotFound()
    return merchant


def with_handover(merchants: "QuerySet[Merchant]") -> "QuerySet[Merchant]":
    """Each with the change of who runs it, or where it is paid, that is being checked, else the last one that took effect:
    ``handover_state`` (None: there was none), ``handover_what`` (letters of ``Handover.PARTS``), and the days ``handover_reported``
    and ``handover_decided``. No query of its own."""
    rows = Handover.objects.filter(merchant=OuterRef("pk"), state__in=[HandoverState.OPEN, HandoverState.DONE])
    letters = [
        Case(When(**{column: ""}, then=Value("")), default=Value(letter), output_field=TextField())
        for letter, (column, _words) in Handover.PARTS.items()
    ]
    last = rows.annotate(letters=Concat(*letters, output_field=TextField())).order_by("-pk")
    return merchants.annotate(
        handover_state=Subquery(last.values("state")[:1]),
        handover_what=Subquery(last.values("letters")[:1]),
        handover_reported=Subquery(last.values("reported_at")[:1]),
        handover_decided=Subquery(last.values("decided_at")[:1]),
    )


def with_presence(rows: "QuerySet[Any]", *, merchant: str = "pk") -> "QuerySet[Any]":
    """Each with ``has_closings`` and ``has_earlier``: whether ``standing_closings`` and ``unbacked_of`` have anything to say of its
    merchant (the field ``merchant``). Most pages need not ask. No query of its own."""
    closings = Closing.objects.standing().filter(merchant_id=OuterRef(merchant))
    return rows.annotate(
        has_closings=Exists(closings),
        has_earlier=Exists(ExistingCard.objects.living().filter(merchant_id=OuterRef(merchant))),
    )


def handovers_of(merchant: Merchant) -> QuerySet[Handover]:
    """All of them, the newest first."""
    return Handover.objects.filter(merchant=merchant).select_related("reported_by__user").order_by("-pk")


def in_post(merchant: Merchant, post: Post) -> bool:
    """Whether the merchant belongs to the post: its sector's lead department, in the head office's district or the city."""
    return merchant.sector.lead_department_id == post.department_id and post.district_id in (None, merchant.district_id)


def with_rated_at(merchants: "QuerySet[Merchant]") -> "QuerySet[Merchant]":
    """Each with ``rated_at``: when it got its present rating; None when that was never written down."""
    target = Concat(Value("merchant:"), Cast(OuterRef("pk"), TextField()))
    deeds = AuditEntry.objects.filter(target=target, action="merchants.rate_merchant").order_by("-pk")
    return merchants.annotate(rated_at=Subquery(deeds.values("at")[:1]))


def invited_in(rows: "QuerySet[InvitedMerchant]", post: Post) -> "QuerySet[InvitedMerchant]":
    """Of these, what belongs to the post: its department's sectors, in its district or in the whole city."""
    rows = rows.filter(sector__lead_department_id=post.department_id)
    return rows if post.is_citywide else rows.filter(district_id=post.district_id)


def invited_new(user: User) -> "QuerySet[InvitedMerchant]":
    """Merchants that people miss and nobody has spoken to, within the official's post."""
    rows = InvitedMerchant.objects.filter(state=InvitedState.NEW)
    return invited_in(rows, user.post) if user.is_regulator and user.post else rows.none()


def sells_here_since(merchant: Merchant) -> date | None:
    """The day of the first card that was ordered here; None: none yet."""
    first = Agreement.objects.filter(beneficiary_id=merchant.beneficiary_id).order_by("opened_at").first()
    return beijing_date(first.opened_at) if first else None
