"""What is kept of somebody as a merchant's staff, answered to ``prepaid.people``."""

from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext as _

from prepaid.merchants.models import StaffMember
from prepaid.people.models import User
from prepaid.people.queries import InTheWay, Rows, sheet
from prepaid.people.signals import closing_asked, copy_taken


@receiver(copy_taken)
def answer_copy(user: User, **kwargs: Any) -> dict[str, Rows]:
    """Where the person works or worked."""
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
    return {_("Workplaces"): sheet([_("Merchant"), _("Role"), _("Store"), _("Works here"), _("Added")], rows)}


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
