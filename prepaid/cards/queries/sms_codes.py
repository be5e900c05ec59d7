"""Codes sent by SMS, and what a printed receipt says, to the store where they were asked for."""

from dataclasses import dataclass
from datetime import date

from escrow.errors import NotFound
from prepaid.cards.models import Redemption, SmsCode
from prepaid.cards.queries.counter import charge_at
from prepaid.cards.queries.wallet import CardFace, face_of
from prepaid.merchants.models import StaffMember


def sms_code_at(*, staff: StaffMember, code_id: int) -> SmsCode:
    """Raises ``NotFound``, also for a code of another merchant, or of another store than the cashier's."""
    codes = SmsCode.objects.filter(store__merchant_id=staff.merchant_id, pk=code_id)
    if staff.store_id is not None:
        codes = codes.filter(store_id=staff.store_id)
    code = codes.select_related("card__version__product", "card__holder", "store", "redemption").first()
    if code is None:
        raise NotFound()
    return code


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One charge on paper, and what is left on the card as it is printed."""

    charge: Redemption
    face: CardFace


def receipt_of(*, staff: StaffMember, redemption_id: int, today: date) -> Receipt:
    """Raises ``NotFound``, also for a charge at another merchant, or at another store than the cashier's."""
    charge = charge_at(staff=staff, redemption_id=redemption_id)
    if charge is None:
        raise NotFound()
    return Receipt(charge=charge, face=face_of(card=charge.card, today=today))
