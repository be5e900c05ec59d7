"""A visit that is paid when it was given: the payment is the customer's word for it, so nothing of it stays on a card."""

from datetime import datetime

from escrow.states import AgreementState, RefundBasis
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.models import Card, Redemption, RefundRequest
from prepaid.cards.operations.counter import record_charge, visit_given
from prepaid.cards.operations.locking import locked_card
from prepaid.cards.operations.refunds import grant
from prepaid.cards.states import RefundCause, RefundState


def charge_visit(*, card_id: int, at: datetime, actor: str) -> Redemption | None:
    """Charge the visit that was just paid, final at once, at the store of who asked for the payment, else at the first of the contract.
    None: it is charged, not paid, or nothing of the kind. Raises ``NotFound``."""
    with transaction():
        card = locked_card(card_id)
        if not card.version.after_use or card.agreement.state != AgreementState.HELD or card.redemptions.exists():
            return None
        staff = card.prepared_by
        assert staff is not None, "nobody else can order such a visit"
        stores = card.version.stores.order_by("pk")
        store = stores.filter(pk=staff.store_id or 0).first() or stores.filter(is_open=True).first() or stores[0]
        found, key = visit_given(card, store), f"after-use:{card.pk}"
        return record_charge(found, staff=staff, note="", step=None, key=key, body="", agreed=True, at=at, actor=actor)


def pay_back_visit(*, card: Card, at: datetime, actor: str) -> RefundRequest:
    """The charge was undone: the visit was not given after all, and what was paid for it goes back whole. With the card locked."""
    quote = queries.refund_quote(card=card, cause=RefundCause.OPERATOR, at=at)
    request = RefundRequest.objects.create(
        card=card,
        state=RefundState.REQUESTED,
        cause=RefundCause.OPERATOR,
        asked_fen=card.agreement.price_fen,
        quote=quote.to_json(),
        requested_at=at,
    )
    grant(request, card.agreement.price_fen, RefundBasis.CONSENT, reference=f"after-use:{card.pk}", at=at, actor=actor)
    return request
