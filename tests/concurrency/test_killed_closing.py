"""kill -9 at random moments while a closing pays its holders back by the real bank: every fen once, and to whom it belongs."""

from datetime import timedelta
from itertools import pairwise

import pytest

from escrow import clock, invariants
from escrow import operations as escrow
from escrow import tasks as escrow_tasks
from escrow.channels import PaymentAnswer
from escrow.models import Instruction, Payment, Refund, StatementLine
from escrow.operations import instructions, sending
from escrow.states import RefundBasis
from prepaid.cards import queries, tasks
from prepaid.cards.models import Card, RefundRequest
from prepaid.cards.states import RefundState
from prepaid.merchants.models import Closing
from tests.concurrency.killing import KILLS, survives
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_closings import confirmed, found
from tests.sandbox_bank.bank import pay

#: Of each closing, and how many are paid back in one deed and sent in one call.
HOLDERS, AT_ONCE = 12, 4

pytestmark = pytest.mark.slow


def bought(version) -> Card:
    """Paid for at the bank's cashier."""
    card = factories.order(version)
    payment = escrow.start_payment(
        agreement_id=card.agreement_id,
        channel="sandbox",
        subject="card",
        return_url="http://127.0.0.1/",
        at=clock.now(),
        actor=card.holder.actor,
    )
    order = PaymentAnswer(payment.order_no, "", "created", payment.amount_fen, cashier_url=payment.cashier_url)
    assert pay(order).status_code == 303
    escrow.ask_payment(payment_id=payment.pk, at=clock.now())
    return card


def faults() -> list[str]:
    """A line that has come and is not booked yet is no fault while a run is interrupted."""
    return [one.name for one in invariants.prove() if not one.ok and one.name != "statement_lines_booked"]


def test_a_killed_closing_pays_every_fen_once(committed_db, bank, settings, monkeypatch):
    bank.behave(lose=1, settle_seconds=0)
    monkeypatch.setattr(instructions, "FIRST_WAIT", timedelta())
    monkeypatch.setattr(sending, "FIRST_WAIT", timedelta())
    settings.BANK_ASKED_AFTER_SECONDS = 0
    monkeypatch.setattr(sending, "MOST_REFUNDS", AT_ONCE)
    monkeypatch.setattr(queries, "AT_ONCE", AT_ONCE)
    factories.people.city()
    first, second = factories.people.officer(), factories.people.operator()
    under_way: list[Closing] = []
    everybody: list[Card] = []

    def a_shop_closes(_turn: int) -> None:
        shop = factories.shop()
        version = factories.on_sale(shop)
        everybody.extend(bought(version) for _nth in range(HOLDERS))
        escrow_tasks.import_statements()
        under_way[:] = [confirmed(found(shop, first), second)]

    def unfinished() -> bool:
        open_requests = RefundRequest.objects.filter(closing=under_way[0]).exclude(state=RefundState.PAID)
        refunded = RefundRequest.objects.filter(closing=under_way[0]).count()
        unread = StatementLine.objects.filter(matched_at=None).exists()
        return refunded < HOLDERS or open_requests.exists() or unread

    def run() -> None:
        tasks.follow_closing(under_way[0].pk)
        escrow_tasks.send_refunds()
        escrow_tasks.send_instructions()
        escrow_tasks.import_statements()
        for request_id in queries.requests_paid():
            tasks.record_paid(request_id)

    survives(run, prepare=a_shop_closes, unfinished=unfinished, found=faults)
    refunds = Refund.objects.filter(basis=RefundBasis.CLOSURE)
    assert refunds.count() == HOLDERS * (KILLS + 1) == len(everybody)
    paid_back = Instruction.objects.filter(refund__in=refunds)
    assert set(paid_back.values_list("payment", "amount_fen")) == set(Payment.objects.values_list("pk", "amount_fen"))
    out = StatementLine.objects.filter(direction="out")
    assert sorted(out.values_list("reference", "amount_fen")) == sorted(paid_back.values_list("number", "amount_fen"))
    lines = list(StatementLine.objects.order_by("line_no").values_list("line_no", flat=True))
    assert all(after == before + 1 for before, after in pairwise(lines))
    for card in everybody:
        assert card.holder.messages.filter(kind="cards.refund_granted").count() == 1
        assert card.holder.messages.filter(kind="cards.closing").count() == 1
    assert all(one.ok for one in invariants.prove())
