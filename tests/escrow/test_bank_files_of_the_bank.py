"""The sandbox bank's own files after a day of trade: the ledger and every file agree to the fen, in any order of import."""

from datetime import timedelta

import pytest
from django.utils import timezone

from demo.city import SANDBOX_STATEMENT
from escrow import clock, invariants, queries, reconciliation
from escrow import operations as escrow
from escrow.bank_files import from_bytes
from escrow.channels import channel
from escrow.models import BankFile, BankFormat, BusinessClock, ChannelBillLine, StatementLine, TieOut
from escrow.states import BillFinding, RefundBasis
from tests.escrow.factories import ACTOR, AT, beneficiary, open_agreement
from tests.escrow.test_with_the_bank import pay_at_cashier, sent, started

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def notified(bank, inbox, settings):
    settings.PUBLIC_URL = inbox.url.partition("/notifications/")[0]
    BusinessClock.objects.all().delete()
    BankFormat.objects.create(bank="sandbox", **SANDBOX_STATEMENT)


def trade():
    """Two shops: three cards sold, one refunded in part, one shop paid out."""
    to, other = beneficiary(), beneficiary()
    cards = [open_agreement(to), open_agreement(to), open_agreement(other)]
    for card in cards:
        pay_at_cashier(payment := started(card))
        escrow.ask_payment(payment_id=payment.pk, at=AT)
    escrow.charge(
        beneficiary_id=cards[0].beneficiary_id,
        agreement_id=cards[0].pk,
        units=3,
        final=True,
        key="u",
        reference="visit",
        at=AT,
        actor=ACTOR,
    )
    facts = {"basis": RefundBasis.CONSENT, "reference": "r", "at": AT, "actor": ACTOR}
    made = escrow.refund(agreement_id=cards[0].pk, amount_fen=140_000, **facts)
    payout = escrow.pay_out(beneficiary_id=to.pk, at=AT + timedelta(days=1), actor=ACTOR)
    for instruction_id in (made.instruction_id, payout.instruction_id):
        assert sent(instruction_id).state == "succeeded"
    return to, other


def take(raw: bytes, name: str) -> BankFile:
    file = escrow.upload_file(content=from_bytes(raw), name=name, bank="sandbox", at=AT, actor=ACTOR)
    return escrow.import_file(file_id=file.pk, at=AT, actor=ACTOR)


def the_day():
    return clock.beijing_date(timezone.now())


@pytest.mark.parametrize("order", [("camt053", "csv", "feed"), ("feed", "csv", "camt053"), ("csv", "feed", "camt053")])
def test_every_way_the_bank_tells_of_a_day_is_the_same_day(bank, inbox, order):
    to, other = trade()
    raws = {name: channel("sandbox").statement_file(day=the_day(), format=name) for name in ("camt053", "csv")}
    new = []
    for source in order:
        before = StatementLine.objects.count()
        if source == "feed":
            escrow.import_statement(channel="sandbox", at=AT)
        else:
            take(raws[source], source)
        new.append(StatementLine.objects.count() - before)
    ours = StatementLine.objects.filter(beneficiary__in=[to, other])
    assert ours.count() == 5
    assert new[1:] == [0, 0]
    assert not ours.filter(matched_at=None).exists()
    for owner, custody in ((to, 200_000), (other, 200_000)):
        backing = queries.backing(owner.pk)
        assert (backing.custody_fen, backing.clearing_fen, backing.refund_fen) == (custody, 0, 0)
    escrow.tie_out(days=[the_day()], at=AT)
    rows = TieOut.objects.filter(beneficiary__in=[to, other], day=the_day())
    assert [(row.off_fen, row.unmatched) for row in rows] == [(0, 0), (0, 0)]
    assert not reconciliation.broken_statements(bank="sandbox", accounts=[to.custody_no, other.custody_no])
    assert all(finding.ok for finding in invariants.prove())


def test_the_channels_bill_matches_what_was_paid_and_refunded(bank, inbox):
    trade()
    file = escrow.fetch_bill(channel="sandbox", day=the_day(), at=AT)
    ours = ChannelBillLine.objects.exclude(finding=BillFinding.UNKNOWN)  # the bank knows other tests' orders
    assert sorted(ours.values_list("kind", "finding")) == [("payment", "matched")] * 3 + [("refund", "matched")]
    assert escrow.fetch_bill(channel="sandbox", day=the_day(), at=AT).pk == file.pk


def test_a_bill_learns_of_a_payment_nobody_told(bank, inbox):
    bank.behave(lose=1)
    card = open_agreement(beneficiary())
    pay_at_cashier(started(card))
    escrow.fetch_bill(channel="sandbox", day=the_day(), at=AT)
    card.refresh_from_db()
    assert card.state == "held"
