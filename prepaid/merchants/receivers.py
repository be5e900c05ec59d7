"""What is kept of somebody as a merchant's staff and on cards from before it joined, answered to ``prepaid.people``."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext as _

from escrow import clock
from escrow.bank_files.writing import yuan
from prepaid.merchants import operations, queries
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User
from prepaid.people.queries import InTheWay, Rows, sheet
from prepaid.people.signals import account_closing, closing_asked, copy_taken


@receiver(copy_taken)
def answer_copy(user: User, **kwargs: Any) -> dict[str, Rows]:
    """Where the person works or worked, and their earlier cards."""
    places = StaffMember.objects.filter(user=user).select_related("merchant", "store")
    rows = (
        (
            one.merchant.name,
            one.get_role_display(),
            one.store.name if one.store else "",
            _("yes") if one.is_active else _("no"),
            one.added_at,
        )
        for one in places
    )
    today = clock.today()
    earlier = (
        (
            card.merchant.name,
            card.product,
            card.number,
            card.sold_on,
            yuan(card.paid_fen),
            card.figure_of(card.left_on(today)),
            card.get_state_display(),
            card.claimed,
            card.claimed_because,
        )
        for card in queries.existing_cards_ever_with(user)
    )
    return {
        _("Workplaces"): sheet([_("Merchant"), _("Role"), _("Store"), _("Works here"), _("Added")], rows),
        _("Earlier cards, not backed"): sheet(
            [_("Merchant"), _("Card"), _("Number"), _("Sold on"), _("Paid (yuan)"), _("Left"), _("State"),
             _("Left, as you say"), _("Reason")],
            earlier,
        ),
    }  # fmt: skip


@receiver(closing_asked)
def answer_closing(user: User, **kwargs: Any) -> list[InTheWay]:
    """Who works for a merchant is not gone."""
    places = StaffMember.objects.filter(user=user, is_active=True).select_related("merchant")
    return [
        InTheWay(
            _("You work for %(merchant)s here. One of its owners ends that under Staff.")
            % {"merchant": one.merchant.name},
            reverse("shop_home"),
        )
        for one in places
    ]


@receiver(account_closing)
def forget(user: User, at: datetime, **kwargs: Any) -> None:
    """What they answered on earlier cards stays, without them."""
    operations.forget_holder(user=user)
