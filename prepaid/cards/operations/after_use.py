"""A visit that is paid when it was given: the payment is the customer's word for it, so nothing of it stays on a card."""

from datetime import datetime

from escrow.states import AgreementState
from escrow.transactions import transaction
from prepaid.cards.models import Redemption
from prepaid.cards.operations.counter import Asked, find_claim, record_charge
from prepaid.cards.operations.locking import locked_card


def charge_visit(*, card_id: int, at: datetime, actor: str) -> Redemption | None:
    """Charge the visit that was just paid, final at once, at the store of who asked for the payment, else at the first of the contract
    that is open. None: it is charged, not paid, or nothing of the kind. Raises ``NotFound``, and as ``find_claim``."""
    with transaction():
        card = locked_card(card_id)
        if not card.version.after_use or card.agreement.state != AgreementState.HELD or card.redemptions.exists():
            return None
        staff = card.prepared_by
        assert staff is not None, "nobody else can order such a visit"
        store_id = (
            staff.store_id
            or card.version.stores.filter(is_open=True).order_by("pk").values_list("pk", flat=True).first()
        )
        found = find_claim(card, staff, Asked(units=1, store_id=store_id), at=at)
        key = f"after-use:{card.pk}"
        return record_charge(found, staff=staff, note="", step=None, key=key, body="", agreed=True, at=at, actor=actor)
