"""Every verb that moves money, under one name and with one kind of argument: for sequences of them in any order
(``tests/properties``) and for the same by many threads (``tests/concurrency``)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from escrow import operations as escrow
from escrow.channels import PaymentAnswer, TransferAnswer
from escrow.clock import beijing_date
from escrow.models import Instruction, StatementLine
from escrow.operations.instructions import record_answer
from escrow.operations.payments import take_payment
from escrow.operations.statements import match_lines
from escrow.states import RefundBasis, UseState
from escrow.transactions import transaction
from tests.escrow.factories import ACTOR

#: Two people; what one asks for the other approves.
ONE, TWO = "user:1", "user:2"
ORDER = {"issued_by": "北京一中院", "expires_on": date(2030, 1, 1)}


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What a deed is about; a verb takes of it what it needs."""

    beneficiary: int = 0
    custody_no: str = ""
    agreement: int = 0
    answer: PaymentAnswer | None = None
    use: int = 0
    units: int | None = None
    final: bool = True
    key: str = ""
    fen: int = 0
    number: str = ""
    state: str = ""
    line: int = 0
    to: str = ""
    hold: int = 0
    bonus: int = 0
    uses: tuple[int, ...] = ()
    owed: tuple[tuple[int, int], ...] = ()


def _charge(verb: Callable[..., Any], aim: Aim, at: datetime, **card: int) -> Any:
    return verb(
        **card,
        beneficiary_id=aim.beneficiary,
        units=aim.units,
        final=aim.final,
        key=aim.key,
        reference="visit",
        confirm_until=at + timedelta(hours=24),
        at=at,
        actor=ACTOR,
    )


def _top_up(aim: Aim, at: datetime) -> Any:
    facts = {"price_fen": aim.fen, "bonus_fen": aim.bonus, "units_total": aim.units}
    pay_until = at + timedelta(minutes=30)
    return escrow.open_top_up(card_id=aim.agreement, **facts, pay_until=pay_until, at=at, actor=ACTOR)


def _resolve_card(aim: Aim, at: datetime) -> bool:
    facts = {"use_ids": aim.uses, "to": UseState(aim.state), "because": "holder", "units": aim.units}
    escrow.resolve_card(**facts, at=at, actor=ACTOR)
    return True


def _answer(aim: Aim, at: datetime) -> Any:
    order = Instruction.objects.get(number=aim.number)
    said = TransferAnswer(number=order.number, state=aim.state, amount_fen=order.amount_fen)
    return record_answer(channel=order.channel, answer=said, at=at)


def _line(aim: Aim, at: datetime) -> Any:
    """The bank shows a movement: an order's, or (without a number) one that nobody can explain. Negative fen went out."""
    line = StatementLine.objects.create(
        channel=f"bank{aim.beneficiary}"[:16],
        identity=aim.key,
        bank_ref=aim.key[:64],
        custody_no=aim.custody_no,
        beneficiary_id=aim.beneficiary,
        direction="in" if aim.fen > 0 else "out",
        kind="other",
        reference=aim.number,
        references=[aim.number] if aim.number else [],
        amount_fen=abs(aim.fen),
        day=beijing_date(at),
        at=at.astimezone(UTC),
    )
    match_lines(channel=line.channel, at=at, again=False)
    line.refresh_from_db()
    return line


def _refund(aim: Aim, at: datetime) -> Any:
    basis = {"basis": RefundBasis.CONSENT, "reference": "machine"}
    return escrow.refund(agreement_id=aim.agreement, amount_fen=aim.fen, **basis, at=at, actor=ACTOR)


def _refund_many(aim: Aim, at: datetime) -> Any:
    facts = {"basis": RefundBasis.CONSENT, "reference": "machine"}
    commands = [escrow.Settlement(agreement_id=pk, owed_fen=fen, **facts) for pk, fen in aim.owed]
    return escrow.refund_many(commands, beneficiary_id=aim.beneficiary, at=at, actor=ACTOR)


def _send_back(aim: Aim, at: datetime) -> Any:
    """One person asks, another approves."""
    where = {"account_no": "6217", "account_name": "王五", "because": "machine"}
    with transaction():
        asked = escrow.request_receipt_return(line_id=aim.line, **where, at=at, actor=ONE)
        return escrow.approve(approval_id=asked.pk, at=at, actor=TWO)


def _order_hold(aim: Aim, at: datetime) -> Any:
    facts = {"order_no": aim.key, "sum_fen": aim.fen}
    return escrow.order_hold(beneficiary_id=aim.beneficiary, **facts, **ORDER, at=at, actor=ACTOR)


def _on_use(verb: Callable[..., Any]) -> Callable[[Aim, datetime], Any]:
    return lambda aim, at: verb(use_id=aim.use, at=at, actor=ACTOR)


def _on_agreement(verb: Callable[..., Any], **more: str) -> Callable[[Aim, datetime], Any]:
    return lambda aim, at: verb(agreement_id=aim.agreement, **more, at=at, actor=ACTOR)


def _on_beneficiary(verb: Callable[..., Any], **more: str) -> Callable[[Aim, datetime], Any]:
    return lambda aim, at: verb(beneficiary_id=aim.beneficiary, **more, at=at, actor=ACTOR)


VERBS: dict[str, Callable[[Aim, datetime], Any]] = {
    "pay": lambda aim, at: aim.answer and take_payment(channel="sandbox", answer=aim.answer, at=at),
    "cancel": _on_agreement(escrow.cancel_agreement),
    "give_up": _on_agreement(escrow.expire_agreement),
    "charge": lambda aim, at: _charge(escrow.charge, aim, at, agreement_id=aim.agreement),
    "top_up": _top_up,
    "charge_card": lambda aim, at: _charge(escrow.charge_card, aim, at, card_id=aim.agreement),
    "resolve_card": _resolve_card,
    "confirm": lambda aim, at: escrow.confirm_use(use_id=aim.use, units=aim.units, at=at, actor=ACTOR),
    "void": _on_use(escrow.void_use),
    "expire": _on_use(escrow.expire_use),
    "dispute": _on_use(escrow.dispute_use),
    "withdraw": _on_use(escrow.withdraw_use),
    "decide": lambda aim, at: escrow.decide_dispute(use_id=aim.use, units=aim.units or 0, at=at, actor=ACTOR),
    "undo": _on_use(escrow.undo_use),
    "freeze": _on_agreement(escrow.freeze_agreement, because="machine"),
    "thaw": _on_agreement(escrow.thaw_agreement, because="machine"),
    "refund": _refund,
    "refund_many": _refund_many,
    "pay_out": _on_beneficiary(escrow.pay_out),
    "hold_payouts": _on_beneficiary(escrow.hold_payouts, because="machine"),
    "release_payouts": _on_beneficiary(escrow.release_payouts, because="machine"),
    "order_hold": _order_hold,
    "lift_hold": lambda aim, at: escrow.lift_hold(hold_id=aim.hold, because="machine", at=at, actor=ACTOR),
    "answer": _answer,
    "line": _line,
    "match": lambda aim, at: match_lines(channel=f"bank{aim.beneficiary}"[:16], at=at),
    "send_back": _send_back,
    "assign": lambda aim, at: escrow.assign_line(line_id=aim.line, to=aim.to, because="machine", at=at, actor=ACTOR),
}


class SilentChannel:
    """A channel that never saw any order: what is asked about can be closed."""

    def query_payment(self, *, order_no: str) -> None:
        """Not known there."""
