"""One open matter of every kind, each made the way it happens."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.models import (
    Agreement,
    Beneficiary,
    Claim,
    ClearingAlarm,
    Instruction,
    LegalHold,
    Payment,
    Refund,
    StatementLine,
)
from escrow.operations.instructions import record_answer
from escrow.operations.payments import take_payment
from escrow.operations.statements import set_aside
from escrow.states import AccountCode, InstructionState, RefundBasis
from prepaid.merchants.models import Merchant
from prepaid.notices.models import Message
from tests.escrow.factories import ACTOR, AT, open_agreement, order, paid
from tests.prepaid.merchants.factories import make_merchant, owner_of

#: When everything is looked at: four days after it went wrong.
NOW = AT + timedelta(days=4)
LARGE = 2 * 10_000_001
#: Not about a merchant's money.
OF_NOBODY = {"message"}
KINDS = {
    "unknown", "unanswered", "returned_refund", "held_payout", "approval", "returned_payout", "payouts_held",
    "no_account", "payment", "suspense", "unexplained", "unmatched", "clearing", "alarm", "claim", "legal_hold",
    "refund_account", "deposit", "message",
}  # fmt: skip


def merchant() -> Merchant:
    return make_merchant()


def held(of: Merchant, **facts) -> Agreement:
    agreement = open_agreement(of.beneficiary, **facts)
    take_payment(channel="sandbox", answer=paid(order(agreement)), at=AT)
    return agreement


def charged(agreement: Agreement, at: datetime = AT) -> None:
    escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=1,
        final=True,
        key=f"k{agreement.pk}",
        reference="v",
        at=at,
        actor=ACTOR,
    )


def payout(of: Merchant, *, price_fen: int = 200_000) -> Instruction:
    charged(held(of, price_fen=price_fen, units_total=2))
    made = escrow.pay_out(beneficiary_id=of.beneficiary_id, at=AT + timedelta(days=1), actor=ACTOR)
    assert made is not None
    return made.instruction


def refund(of: Merchant) -> Instruction:
    made = escrow.refund(
        agreement_id=held(of).pk, amount_fen=200_000, basis=RefundBasis.CONSENT, reference="r", at=AT, actor=ACTOR
    )
    assert made.instruction is not None
    return made.instruction


def unreachable(of: Merchant) -> Refund:
    """The channel has returned it three times."""
    made = Refund.objects.get(instruction=refund(of))
    for _ in range(3):
        answered(made.instruction, "failed", "card closed")
        made.refresh_from_db()
    return made


def claimed(of: Merchant, *, owed_fen: int = 50_000, at: datetime = AT + timedelta(days=1)) -> Claim:
    """Everything is earned and paid out, and then something is owed."""
    card = held(of, units_total=1)
    charged(card)
    made = escrow.pay_out(beneficiary_id=of.beneficiary_id, at=at, actor=ACTOR)
    assert made is not None
    answered(made.instruction, "succeeded")
    owed = {"basis": RefundBasis.JUDGMENT, "reference": "case 1", "at": at, "actor": ACTOR}
    return escrow.refund(agreement_id=card.pk, amount_fen=owed_fen, **owed).claim


def ordered(of: Merchant, *, sum_fen: int = 100_000, expires_on: date = date(2026, 12, 31), no: str = "1") -> LegalHold:
    order = {"order_no": f"(2026)京01执{no}号", "issued_by": "北京一中院", "sum_fen": sum_fen, "expires_on": expires_on}
    return escrow.order_hold(beneficiary_id=of.beneficiary_id, **order, at=AT, actor=ACTOR)


def line(of: Merchant, fen: int, reference: str = "nobody's") -> StatementLine:
    """A line of the bank that nobody can explain, not booked yet."""
    return StatementLine.objects.create(
        channel="sandbox",
        identity=f"{of.pk} {fen}",
        day=AT.date(),
        custody_no=of.beneficiary.custody_no,
        beneficiary=of.beneficiary,
        direction="in" if fen > 0 else "out",
        kind="other",
        reference=reference,
        references=[reference],
        amount_fen=abs(fen),
        at=AT,
    )


def answered(instruction: Instruction, state: str, reason: str = "") -> None:
    answer = TransferAnswer(number=instruction.number, state=state, amount_fen=instruction.amount_fen, reason=reason)
    record_answer(channel=instruction.channel, answer=answer, at=AT)


def account_request(of: Merchant) -> int:
    owner = owner_of(of)
    return escrow.request_payout_account(
        beneficiary_id=of.beneficiary_id,
        account_no="6222020200112233445",
        account_name="新户",
        because="换了开户行",
        at=AT,
        actor=owner.user.actor,
    ).pk


def everything() -> dict[str, Merchant]:
    """A merchant for every kind, with that one matter."""
    of = {kind: merchant() for kind in sorted(KINDS)}
    Instruction.objects.filter(pk=refund(of["unknown"]).pk).update(state=InstructionState.UNKNOWN, answer="timeout")
    answered(refund(of["unanswered"]), "accepted")
    answered(refund(of["returned_refund"]), "failed", "closed card")
    unreachable(of["refund_account"])
    payout(of["held_payout"], price_fen=LARGE)
    account_request(of["approval"])
    answered(payout(of["returned_payout"]), "failed", "no such account")
    escrow.hold_payouts(beneficiary_id=of["payouts_held"].beneficiary_id, because="court order 7", at=AT, actor=ACTOR)
    charged(held(of["no_account"], units_total=2))
    Beneficiary.objects.filter(pk=of["no_account"].beneficiary_id).update(payout_account_no="")
    Payment.objects.filter(pk=order(open_agreement(of["payment"].beneficiary)).pk).update(ask_at=timezone.now())
    set_aside(line(of["suspense"], 7_700), at=AT)
    set_aside(line(of["unexplained"], 900), at=AT)
    escrow.assign_line(
        line_id=StatementLine.objects.latest("pk").pk, to="interest", because="told by the bank", at=AT, actor=ACTOR
    )
    set_aside(line(of["unexplained"], -300), at=AT)
    line(of["unmatched"], -100, "=unknown")
    held(of["clearing"])
    ClearingAlarm.objects.create(
        beneficiary=of["alarm"].beneficiary, code=AccountCode.REFUND, amount_fen=1, since=AT, raised_at=AT
    )
    claimed(of["claim"])
    ordered(of["legal_hold"])
    cash = open_agreement(of["deposit"].beneficiary)
    escrow.await_deposit(agreement_id=cash.pk, subject="card", due_on=AT.date(), at=AT, actor=ACTOR)
    waits = {"kind": "test", "body": "x", "sent_at": AT, "next_try_at": AT, "phone_index": "x"}
    for _message in range(2):  # one row, the one that waits longest
        Message.objects.create(channel="sms", **waits)
    return of
