"""A card that is taken over while other things happen to it: exactly one person has it, and money leaves it once."""

from functools import partial

from escrow import clock, invariants
from escrow.errors import NotFound
from escrow.models import Assignment, Instruction
from prepaid.cards import operations
from prepaid.cards.errors import TransferOver
from prepaid.cards.models import CardTransfer
from prepaid.cards.states import RefundCause, RefundState, TransferState
from tests.concurrency.test_counters import charging
from tests.concurrency.threads import at_once, refusals
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_transfers import fresh, held_card, offered, taking

ROUNDS = 3
WISH = {"cause": RefundCause.NEITHER, "reason": ""}


def test_taken_over_withdrawn_and_taken_over_again_at_once(committed_db):
    taker = factories.person("王芳")
    for _ in range(ROUNDS):
        card = held_card()
        offer, mine = offered(card, taker), {"actor": card.holder.actor, "at": clock.now()}
        results = at_once(
            taking(offer, taker),
            taking(offer, taker),
            partial(operations.withdraw_transfer, holder_id=card.holder_id, number=card.number, **mine),
            partial(operations.refuse_transfer, taker=taker, transfer_id=offer.pk, at=clock.now(), actor=taker.actor),
        )
        offer.refresh_from_db()
        taken = offer.state == TransferState.ACCEPTED
        assert fresh(card).holder == (taker if taken else card.holder)
        assert Assignment.objects.filter(agreement=card.agreement).count() == taken
        assert set(refusals(results)) <= {TransferOver, NotFound}
        assert len(refusals(results)) == (2 if taken else 3)
    assert all(finding.ok for finding in invariants.prove())


def test_a_charge_a_refund_a_loss_and_another_offer_come_before_it_or_after(committed_db):
    for _ in range(ROUNDS):
        taker, other = factories.person("王芳"), factories.person("别人")
        card = held_card()
        boss = factories.people.StaffMember.objects.get(merchant=card.issuer, role="owner")
        offer, at = offered(card, taker), clock.now()
        by = {"at": at, "actor": card.holder.actor}
        at_once(
            taking(offer, taker),
            charging(card, boss, units=2),
            partial(operations.request_refund, card_id=card.pk, holder_id=card.holder_id, **WISH, **by),
            partial(operations.offer_card, holder=card.holder, number=card.number, phone=other.phone, **by),
            partial(operations.report_loss, holder_id=card.holder_id, number=card.number, **by),
        )
        offer.refresh_from_db()
        now = fresh(card)
        assert now.holder == (taker if offer.state == TransferState.ACCEPTED else card.holder)
        assert CardTransfer.objects.filter(card=card, state=TransferState.OFFERED).count() <= 1
        if offer.state == TransferState.ACCEPTED:  # what came after it found another card, or was of the new holder's
            assert (now.number != card.number, now.lost_at) == (True, None)
            assert not card.redemptions.exists()
        else:
            assert not Assignment.objects.filter(agreement=card.agreement).exists()
    assert all(finding.ok for finding in invariants.prove())


def test_a_refund_and_the_taking_over_agree_on_whose_money_it_is(committed_db):
    """Settled before, it went back to who paid and nothing is taken over; after, it goes to the new holder."""
    taker = factories.person("王芳")
    for _ in range(ROUNDS):
        card = held_card()
        boss = factories.people.StaffMember.objects.get(merchant=card.issuer, role="owner")
        offer = offered(card, taker)

        def ask_and_agree(card=card, boss=boss):
            request = operations.request_refund(
                card_id=card.pk, cause=RefundCause.NEITHER, reason="", at=clock.now(), actor="user:x"
            )
            operations.agree_refund(staff=boss, request_id=request.pk, at=clock.now(), actor="user:x")
            return request

        results = at_once(taking(offer, taker), ask_and_agree)
        offer.refresh_from_db()
        order = Instruction.objects.filter(refund__agreement=card.agreement).first()
        assert order is not None, results
        assert (order.payee_account != "") == (offer.state == TransferState.ACCEPTED)
        assert card.refund_requests.get().state == RefundState.GRANTED
    assert all(finding.ok for finding in invariants.prove())
