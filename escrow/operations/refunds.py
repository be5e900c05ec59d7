"""Settling an agreement: the refund goes back the way it came, the rest is the merchant's, the agreement closes."""

from datetime import datetime

from escrow import audit, queries
from escrow.clock import beijing_date
from escrow.errors import BasisRequired, InvalidAmount, RefundExceedsHeld, WrongState
from escrow.ledger import Chart, Movement, post
from escrow.models import Payment, Refund
from escrow.money import yuan
from escrow.operations.agreements import locked_agreement, move_agreement
from escrow.operations.instructions import instruct
from escrow.operations.uses import resolve_many, unresolved
from escrow.states import AccountCode, AgreementState, Asset, InstructionKind, Reason, RefundBasis, UseState
from escrow.transactions import transaction


def refund(
    *, agreement_id: int, amount_fen: int, basis: RefundBasis, reference: str, at: datetime, actor: str
) -> Refund:
    """Pay ``amount_fen`` back to the original payment, release the rest to the merchant, close the agreement.

    Open reservations return first. ``amount_fen`` may be 0 when nothing is owed back. Asking again for the same sum on
    the same basis gives the same refund; an agreement is settled once.

    Raises:
        BasisRequired: no lawful basis named.
        InvalidAmount: negative or not whole fen.
        RefundExceedsHeld: more than the agreement holds.
        WrongState: not held or frozen, or settled with another sum or basis.
    """
    if basis not in RefundBasis.values:
        raise BasisRequired()
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int) or amount_fen < 0:
        raise InvalidAmount()
    with transaction():
        agreement = locked_agreement(agreement_id)
        settled = Refund.objects.filter(agreement=agreement).first()
        if settled is not None:
            if (settled.amount_fen, settled.basis, settled.reference) == (amount_fen, basis, reference):
                return settled
            raise WrongState()
        if agreement.state not in (AgreementState.HELD, AgreementState.FROZEN):
            raise WrongState()
        held = queries.holding(agreement_id)
        if amount_fen > held.held_fen:
            raise RefundExceedsHeld(held=yuan(held.held_fen))
        open_uses = unresolved(agreement_id)
        resolve_many([(use_id, UseState.VOIDED, "settlement", None) for use_id in open_uses], at=at, actor=actor)

        chart = Chart(beneficiary_id=agreement.beneficiary_id, agreement_id=agreement_id)
        rest = held.held_fen - amount_fen
        movements = [
            Movement(
                debit=chart.id(AccountCode.HELD),
                credit=chart.id(AccountCode.REFUND),
                amount=amount_fen,
                reason=Reason.REFUND,
                agreement=agreement_id,
                reference=reference,
            ),
            Movement(
                debit=chart.id(AccountCode.HELD),
                credit=chart.id(AccountCode.PAYABLE),
                amount=rest,
                reason=Reason.SETTLE,
                agreement=agreement_id,
                reference=reference,
                payable_on=queries.add_working_days(beijing_date(at), 1),
            ),
        ]
        for asset in (Asset.BONUS, Asset.VISIT):
            if chart.has(AccountCode.HELD, asset):
                movements.append(
                    Movement(
                        debit=chart.id(AccountCode.HELD, asset),
                        credit=chart.id(AccountCode.ISSUED, asset),
                        amount=chart.account(AccountCode.HELD, asset).balance,
                        reason=Reason.FORFEIT,
                        agreement=agreement_id,
                        reference=reference,
                    )
                )
        post(movements, at=at)
        payment = Payment.objects.get(agreement=agreement)
        instruction = amount_fen and instruct(
            kind=InstructionKind.REFUND,
            beneficiary_id=agreement.beneficiary_id,
            channel=payment.channel,
            payment=payment,
            amount_fen=amount_fen,
            at=at,
        )
        made = Refund.objects.create(
            agreement=agreement,
            amount_fen=amount_fen,
            settled_fen=rest,
            basis=basis,
            reference=reference,
            instruction=instruction or None,
            decided_at=at,
            paid_at=None if amount_fen else at,
        )
        move_agreement(
            agreement,
            AgreementState.CLOSED,
            at=at,
            actor=actor,
            action="escrow.refund",
            amount_fen=amount_fen,
            settled_fen=rest,
            basis=basis,
            reference=reference,
        )
        audit.record(
            actor=actor,
            action="escrow.refund",
            target=f"refund:{made.pk}",
            after={"amount_fen": amount_fen, "basis": basis, "reference": reference},
            at=at,
        )
    return made
