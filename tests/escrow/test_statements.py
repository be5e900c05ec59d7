"""The custody bank's statement: every line moves its money once, and one bad line holds up no other."""

from datetime import timedelta

import pytest

from escrow import channels, queries
from escrow import operations as escrow
from escrow.channels import StatementLine
from escrow.models import Payment
from escrow.models import StatementLine as Kept
from tests.escrow.factories import AT, held_agreement
from tests.escrow.test_refunds_and_payments import answered, refund

pytestmark = pytest.mark.django_db


class Statement:
    """A bank that has nothing but a statement."""

    def __init__(self) -> None:
        self.lines: list[StatementLine] = []

    def statement(self, *, after: int, limit: int = 500) -> list[StatementLine]:
        return [line for line in self.lines if line.line_no > after][:limit]

    def add(self, account: str, direction: str, kind: str, reference: str, amount_fen: int) -> None:
        before = next((line.balance_after_fen for line in reversed(self.lines) if line.account == account), 0)
        self.lines.append(
            StatementLine(
                line_no=len(self.lines) + 1,
                account=account,
                at=AT + timedelta(seconds=len(self.lines)),
                direction=direction,
                amount_fen=amount_fen,
                kind=kind,
                reference=reference,
                balance_after_fen=before + (amount_fen if direction == "in" else -amount_fen),
            )
        )

    def arrived(self, agreement) -> None:
        order_no = Payment.objects.get(agreement=agreement).order_no
        self.add(agreement.beneficiary.custody_no, "in", "payment", order_no, agreement.price_fen)


@pytest.fixture
def bank(monkeypatch) -> Statement:
    made = Statement()
    monkeypatch.setattr(channels, "channel", lambda _code: made)
    return made


def imported() -> list[int]:
    """The lines that moved their money."""
    escrow.import_statement(channel="sandbox", at=AT)
    return list(Kept.objects.filter(matched_at__isnull=False).order_by("line_no").values_list("line_no", flat=True))


def test_a_bank_that_always_gives_its_whole_statement_is_read_once(bank, monkeypatch):
    agreement = held_agreement()
    bank.arrived(agreement)
    monkeypatch.setattr(Statement, "statement", lambda self, *, after, limit=500: self.lines)
    assert imported() == [1]
    bank.add(agreement.beneficiary.custody_no, "in", "payment", "nobody's", 7)
    assert escrow.import_statement(channel="sandbox", at=AT) == 1
    assert escrow.import_statement(channel="sandbox", at=AT) == 0


def test_a_line_that_cannot_be_booked_keeps_no_other_waiting(bank):
    """More left the account than ever arrived there: the ledger cannot follow, and the next account's line still moves."""
    mine, theirs = held_agreement(), held_agreement()
    made = refund(mine, 200_000)
    bank.add(mine.beneficiary.custody_no, "out", "refund", made.instruction.number, 200_000)
    bank.arrived(theirs)
    assert imported() == [2]
    assert queries.backing(theirs.beneficiary_id).custody_fen == 200_000
    bank.arrived(mine)
    imported()
    assert imported() == [1, 2, 3]  # what was missing has come, and both are booked


def test_a_refund_returned_and_yet_on_the_statement_is_left_to_a_person(bank):
    agreement = held_agreement()
    bank.arrived(agreement)
    made = refund(agreement, 200_000)
    number = made.instruction.number
    answered(made.instruction, "failed")
    bank.add(agreement.beneficiary.custody_no, "out", "refund", number, 200_000)
    assert imported() == [1]
    assert queries.backing(agreement.beneficiary_id).refund_fen == 200_000
