"""Settling an agreement: the refund goes back the way it came, the rest is the merchant's, the agreement closes.

The deed is one SQL function for one agreement or for every card of a shop that is gone (escrow/sql/settle.sql).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escrow import audit, errors
from escrow.errors import BasisRequired, DomainError, InvalidAmount, NotFound
from escrow.models import Agreement, Refund
from escrow.states import RefundBasis
from escrow.transactions import call, ring, transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """One command: pay back ``owed_fen`` (0 when nothing is owed) of an agreement on a lawful ``basis`` and close it."""

    agreement_id: int
    owed_fen: int
    basis: RefundBasis
    reference: str

    def __post_init__(self) -> None:
        if self.basis not in RefundBasis.values:
            raise BasisRequired()
        if isinstance(self.owed_fen, bool) or not isinstance(self.owed_fen, int) or not 0 <= self.owed_fen < 2**62:
            raise InvalidAmount()


def refund(
    *, agreement_id: int, amount_fen: int, basis: RefundBasis, reference: str, at: datetime, actor: str
) -> Refund:
    """Owe the consumer ``amount_fen``, pay it back to the original payment, release the rest to the merchant, close the
    agreement. Asking again for the same sum on the same basis gives the same refund; an agreement is settled once.

    Open reservations return first. What is owed is paid from what is held, then from what the merchant has earned, then
    from its reserve; the rest is a ``Claim`` that later payouts serve first.

    Raises:
        BasisRequired: no lawful basis named. InvalidAmount: negative or not whole fen.
        RefundExceedsPaid: more than was ever paid (SPC 20). NotFound: no such agreement, or it was never paid.
        WrongState: not held or frozen, or settled with another sum or basis.
    """
    command = Settlement(agreement_id=agreement_id, owed_fen=amount_fen, basis=basis, reference=reference)
    beneficiary_id = Agreement.objects.filter(pk=agreement_id).values_list("beneficiary_id", flat=True).first()
    [outcome] = refund_many([command], beneficiary_id=beneficiary_id or 0, at=at, actor=actor)
    if isinstance(outcome, DomainError):
        raise outcome
    return Refund.objects.select_related("instruction").get(pk=outcome)


def refund_many(
    commands: Sequence[Settlement], *, beneficiary_id: int, at: datetime, actor: str
) -> list[int | DomainError]:
    """Settle any number of agreements of one beneficiary in one deed. Per command, in order: the id of its refund, or the
    error that kept it from being done; the others are done all the same. The refunds are sent by bells and the sweep."""
    if not commands:
        return []
    rows = [
        {"n": n, "agreement": c.agreement_id, "owed": c.owed_fen, "basis": c.basis, "reference": c.reference}
        for n, c in enumerate(commands)
    ]
    done: list[int | DomainError] = [NotFound()] * len(commands)
    with transaction():
        found = call("escrow_settle", beneficiary_id, json.dumps(rows), at, actor, audit.request_id())
        for n, error, refund_id, instruction_id in found:
            if error is None or error == "Replayed":
                done[n] = refund_id
                if error is None and instruction_id is not None and len(commands) <= BELLS:
                    ring("escrow.tasks.send_instruction", instruction_id)
            else:
                done[n] = _error(error)
    return done


#: Above so many refunds at once the sweep sends them: a bell each would only queue up behind it.
BELLS = 100


def _error(name: str) -> DomainError:
    kind: Any = getattr(errors, name)
    return kind()
