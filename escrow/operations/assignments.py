"""What is owed of agreements passes to another person: later refunds go to that person's own account."""

from collections.abc import Sequence
from datetime import datetime

from escrow import audit
from escrow.errors import AgreementFrozen, NameDiffers, NotFound, PersonNeeded, SecondPersonNeeded, WrongState
from escrow.models import Assignment, Payment, Refund
from escrow.models.approval import PERSON
from escrow.operations.agreements import locked_agreement
from escrow.operations.approvals import same_name
from escrow.operations.instructions import Payee
from escrow.states import AgreementState
from escrow.transactions import CONSTRAINT_ERRORS, transaction

CONSTRAINT_ERRORS["assignment_between_two_people"] = SecondPersonNeeded


def assign(
    *,
    agreement_ids: Sequence[int],
    payee: Payee,
    person_name: str,
    assigned_by: str,
    accepted_by: str,
    at: datetime,
    actor: str,
) -> list[Assignment]:
    """From now on every refund of these agreements goes to ``payee``, an account of the person who accepts: ``person_name``
    is theirs. Nothing else changes: not what is held, not the terms, not who paid. All of them or none.

    Raises:
        NotFound: no such agreement, or never paid. WrongState: not held. AgreementFrozen: a refund request or a complaint decides.
        NameDiffers: somebody else's account. PersonNeeded, SecondPersonNeeded: it takes two people.
    """
    if not same_name(payee.name, person_name):
        raise NameDiffers()
    if not (assigned_by.startswith(PERSON) and accepted_by.startswith(PERSON)):
        raise PersonNeeded()
    if assigned_by == accepted_by:
        raise SecondPersonNeeded()
    with transaction():
        return [
            _assign(agreement_id, payee, assigned_by, accepted_by, at, actor) for agreement_id in sorted(agreement_ids)
        ]


def _assign(
    agreement_id: int, payee: Payee, assigned_by: str, accepted_by: str, at: datetime, actor: str
) -> Assignment:
    agreement = locked_agreement(agreement_id, alone=True)  # as a settlement: it comes before or after, never between
    if agreement.state == AgreementState.FROZEN:
        raise AgreementFrozen()
    if agreement.state != AgreementState.HELD or Refund.objects.filter(agreement=agreement).exists():
        raise WrongState()
    payment = Payment.objects.select_for_update(no_key=True, of=("self",)).filter(agreement=agreement).first()
    if payment is None:
        raise NotFound()
    before = payment.refund_account[-4:]
    made = Assignment.objects.create(
        agreement=agreement,
        payment=payment,
        payee_account=payee.account_no,
        payee_name=payee.name,
        assigned_by=assigned_by,
        accepted_by=accepted_by,
        assigned_at=at,
    )
    payment.refund_account, payment.refund_account_name = payee.account_no, payee.name
    payment.save(update_fields=["refund_account", "refund_account_name"])
    audit.record(
        actor=actor,
        action="escrow.assign",
        target=f"agreement:{agreement_id}",
        before={"refunds_end_with": before},
        after={"refunds_end_with": payee.account_no[-4:], "assigned_by": assigned_by, "accepted_by": accepted_by},
        at=at,
    )
    return made
