"""What several letters say alike."""

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prepaid.cards.models import Card
from prepaid.cards.queries import deposit_of
from prepaid.merchants.models import StaffMember, StaffRole


def managers_of(merchant_id: int) -> QuerySet[StaffMember]:
    """Those who answer for the merchant."""
    return StaffMember.objects.filter(
        merchant_id=merchant_id, role__in=[StaffRole.OWNER, StaffRole.MANAGER], is_active=True
    ).select_related("user")


def where_it_goes(card: Card) -> Promise:
    """Where the money of a refund goes: a card that was taken over was paid by somebody else, and cash has no way back."""
    if card.held_since:
        return _("to the account that you named when you took the card over")
    deposit = deposit_of(card)
    if deposit is not None and deposit.refund_account:
        return _("to the bank account that you named, since you paid in cash")
    if deposit is not None:
        return _("to the bank account that you name on the request's page, since you paid in cash")
    return _("to where you paid from")
