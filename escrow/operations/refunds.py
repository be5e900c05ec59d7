"""Settling an agreement: the refund goes back the way it came, or to the account of whom it was assigned to; the rest is the
merchant's, the agreement closes.

The deed is one SQL function for one agreement or for every card of a shop that is gone (escrow/sql/settle.sql).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings

from escrow import audit, errors
from escrow.errors import BasisRequired, DomainError, InvalidAmount, NotFound
from escrow.models import Agreement, Refund, Use
from escrow.signals import use_recorded
from escrow.states import OPEN_USES, RefundBasis
from escrow.transactions import after_commit, call, ring, transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """One command: pay back ``owed_fen`` (0 when nothing is owed) of an agreement on a lawful ``basis`` and close it.

    ``interest_fen`` is owed on top; ``custody_interest_fen`` of it is what the money earned in custody."""

    agreement_id: int
    owed_fen: int
    interest_fen: int = 0
    custody_interest_fen: int = 0
    basis: RefundBasis
    reference: str

    def __post_init__(self) -> None:
        if self.basis not in RefundBasis.values:
            raise BasisRequired()
        for fen in (self.owed_fen, self.interest_fen, self.custody_interest_fen):
            if isinstance(fen, bool) or not isinstance(fen, int) or not 0 <= fen < 2**61:
                raise InvalidAmount()
        if self.custody_interest_fen > self.interest_fen or (self.interest_fen and not self.owed_fen):
            raise InvalidAmount()


def refund(
    *,
    agreement_id: int,
    amount_fen: int,
    interest_fen: int = 0,
    custody_interest_fen: int = 0,
    basis: RefundBasis,
    reference: str,
    at: datetime,
    actor: str,
) -> Refund:
    """Owe the consumer ``amount_fen`` and the interest on it, pay it back to the original payment (or to the account that its
    refunds were assigned to), release the rest to the merchant, close the agreement. Asking again for the same sums on the
    same basis gives the same refund; an agreement is settled once.

    Open reservations return first. What is owed is paid from what is held, then from what the merchant has earned, then
    from its reserve; the rest is a ``Claim`` that later payouts serve first. Interest is paid the same way, but from what
    custody has earned before anything else, up to ``custody_interest_fen``; never from what is held.

    Raises:
        BasisRequired: no lawful basis named. InvalidAmount: negative or not whole fen, interest on nothing.
        RefundExceedsPaid: more than was ever paid (SPC 20). NotFound: no such agreement, or it was never paid.
        WrongState: not held or frozen, or settled with another sum or basis.
    """
    command = Settlement(
        agreement_id=agreement_id,
        owed_fen=amount_fen,
        interest_fen=interest_fen,
        custody_interest_fen=custody_interest_fen,
        basis=basis,
        reference=reference,
    )
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
        {
            "n": n,
            "agreement": c.agreement_id,
            "owed": c.owed_fen,
            "interest": c.interest_fen,
            "earned": c.custody_interest_fen,
            "basis": c.basis,
            "reference": c.reference,
            "elsewhere": settings.PAYOUT_CHANNEL,
        }
        for n, c in enumerate(commands)
    ]
    done: list[int | DomainError] = [NotFound()] * len(commands)
    bells: list[int] = []
    with transaction():
        waiting = _waiting(commands)
        found = call("escrow_settle", beneficiary_id, json.dumps(rows), at, actor, audit.request_id())
        for n, error, refund_id, instruction_id in found:
            if error is None or error == "Replayed":
                done[n] = refund_id
                if error is None and instruction_id is not None:
                    bells.append(instruction_id)
            else:
                done[n] = _error(error)
            if error is None:
                for use_id in waiting.get(commands[n].agreement_id, ()):
                    after_commit(partial(use_recorded.send, sender=Use, use_id=use_id))
        if len(bells) > BELLS:
            ring("escrow.tasks.send_refunds")
        else:
            for instruction_id in bells:
                ring("escrow.tasks.send_instruction", instruction_id)
    return done


def _waiting(commands: Sequence[Settlement]) -> dict[int, list[int]]:
    """The uses that a settlement gives back, by agreement: whoever follows them is told."""
    found: dict[int, list[int]] = {}
    ids = [command.agreement_id for command in commands]
    uses = Use.objects.filter(agreement_id__in=ids, state__in=OPEN_USES, day=None).order_by("id")
    for agreement_id, use_id in uses.values_list("agreement_id", "id"):
        found.setdefault(agreement_id, []).append(use_id)
    return found


#: Above so many refunds at once one bell rings for all: a bell each would only queue up behind it.
BELLS = 20


def _error(name: str) -> DomainError:
    kind: Any = getattr(errors, name)
    return kind()
