"""Two imports of one statement at the same moment: each line is kept once and moves its money once."""

from escrow import channels, invariants, queries
from escrow import operations as escrow
from escrow.models import StatementLine, Transfer
from escrow.operations.payments import take_payment
from escrow.states import Reason
from tests.concurrency.threads import at_once
from tests.escrow.factories import AT, beneficiary, held_agreement, open_agreement, order, paid
from tests.escrow.test_statements import Statement


def test_two_imports_at_once_book_each_line_once(committed_db, monkeypatch):
    bank = Statement()
    monkeypatch.setattr(channels, "channel", lambda _code: bank)
    to = beneficiary()
    for _ in range(6):
        bank.arrived(held_agreement(to))
    at_once(*[lambda: escrow.import_statement(channel="sandbox", at=AT)] * 4)
    assert StatementLine.objects.filter(matched_at__isnull=False).count() == 6
    assert Transfer.objects.filter(reason=Reason.CUSTODY_IN).count() == 6
    assert queries.backing(to.pk).custody_fen == 1_200_000
    assert all(finding.ok for finding in invariants.prove())


def test_a_payment_told_twice_at_once_funds_once(committed_db):
    agreement = open_agreement()
    answer = paid(order(agreement))
    at_once(*[lambda: take_payment(channel="sandbox", answer=answer, at=AT)] * 6)
    assert queries.backing(agreement.beneficiary_id).held_fen == agreement.price_fen
    assert all(finding.ok for finding in invariants.prove())


def test_paid_and_cancelled_at_once_is_held_or_sent_back(committed_db):
    agreement = open_agreement()
    payment = order(agreement)
    at_once(
        lambda: take_payment(channel="sandbox", answer=paid(payment), at=AT),
        lambda: escrow.cancel_agreement(agreement_id=agreement.pk, at=AT, actor="system:test"),
    )
    backing = queries.backing(agreement.beneficiary_id)
    assert sorted([backing.held_fen, backing.refund_fen]) == [0, agreement.price_fen]
    assert all(finding.ok for finding in invariants.prove())
