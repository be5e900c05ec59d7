"""A chain is found closed while worker, web server, broker and bank die at random moments: every holder is told once and paid back
once, the official's page goes on telling how far it is, and no second word does anything twice.

``make test`` closes a chain of hundreds of holders, ``make soak`` of ten thousand.
"""

import os
import random
import threading
import time
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from django.db import connection
from django.db.models import Count

from benchmarks.closure import chain, known_to_the_bank
from escrow import clock, invariants
from escrow.errors import DomainError
from escrow.models import Agreement, Instruction, Payment, Refund, StatementLine
from escrow.states import AgreementState, InstructionState
from prepaid.cards import operations as cards
from prepaid.cards.models import Card, RefundRequest
from prepaid.cards.states import RefundCause, RefundState
from prepaid.merchants import operations as merchants
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.sandbox_bank.bank import until
from tests.soak import SOAK

HOLDERS, KILLS = (10_000, 40) if SOAK else (600, 4)
#: Seconds within which all of it is over once nothing dies any more.
WITHIN = 300
ASKING = 40

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("wired")]


@pytest.fixture
def found(faulty, own_bank, databases) -> SimpleNamespace:
    """The chain's closing that one official has found, and the two officials; every payment is at the bank and booked."""
    factories.people.city()
    first, second = factories.people.officer(), factories.people.operator()
    with databases.use(connection.settings_dict["NAME"], as_owner=True):
        merchant_id = chain(HOLDERS, first=1_000_000)
    known_to_the_bank(own_bank.data)
    until(lambda: StatementLine.objects.filter(matched_at__isnull=False).count() == HOLDERS, seconds=WITHIN)
    closing = merchants.find_closed(
        merchant_id=merchant_id,
        store_id=None,
        since=clock.today() - timedelta(days=1),
        because="2026-11-20 上门检查：门店上锁，设备已搬空",
        by=first,
        at=clock.now(),
        actor=first.actor,
    )
    return SimpleNamespace(closing=closing, first=first, second=second)


class Watcher(threading.Thread):
    """An official who looks at the page again and again."""

    def __init__(self, browser: httpx.Client, page: str) -> None:
        super().__init__(daemon=True)
        self.browser, self.page, self.over, self.statuses = browser, page, threading.Event(), list[int]()

    def run(self) -> None:
        while not self.over.wait(0.5):
            with suppress(httpx.TransportError):  # the server was killed, or is not there yet
                self.statuses.append(self.browser.get(self.page).status_code)


def hurt(faulty, bank, what: str, draw: random.Random) -> None:
    """``kill -9``, and a moment later it is started again."""
    if what == "bank":
        bank.kill()
    else:
        faulty.kill(what)
    time.sleep(draw.uniform(0, 1))
    if what == "bank":
        bank.start()
    elif what == "worker":
        faulty.start_worker(wait=False)
    elif what == "web":
        faulty.start_web()
    else:
        faulty.start_valkey()


def somebody_asks(mine, draw: random.Random) -> None:
    """Holders who ask for their money while it is being paid back."""
    for card in draw.sample(list(mine), ASKING // KILLS):
        with suppress(DomainError):  # it is on its way already
            cards.request_refund(
                card_id=card.pk, cause=RefundCause.OPERATOR, reason="关门了", at=clock.now(), actor=card.holder.actor
            )


def test_whatever_dies_every_holder_is_paid_back_once(faulty, own_bank, found):
    seed = int.from_bytes(os.urandom(4))
    draw, closing = random.Random(seed), found.closing
    mine = Card.objects.filter(issuer=closing.merchant_id).select_related("holder")
    requests = RefundRequest.objects.filter(card__in=mine)
    page = f"/admin/merchants/closing/{closing.pk}/"
    with faulty.as_person(found.first) as finder, faulty.as_person(found.second) as other:
        assert finder.post(f"{page}confirm/").status_code in {200, 400, 403, 404, 409}
        assert not requests.exists()
        watcher = Watcher(faulty.as_person(found.second), f"{page}change/")
        watcher.start()
        said = [other.post(f"{page}confirm/").status_code for _twice in range(2)]
        assert said[0] == 302, said
        started = time.monotonic()
        for turn in range(KILLS):
            time.sleep(draw.uniform(0, 1.5))
            somebody_asks(mine, draw)
            hurt(faulty, own_bank, ["worker", "bank", "valkey", "web"][turn % 4], draw)
            faulty.supervise()

        def over() -> bool:
            faulty.supervise()
            closing.refresh_from_db()
            paid = requests.filter(state=RefundState.PAID).count() == HOLDERS
            unread = StatementLine.objects.filter(matched_at=None).exists()
            return paid and not unread and None not in (closing.told_at, closing.refunded_at)

        try:
            until(over, seconds=WITHIN)
        except AssertionError as error:
            left = dict(requests.values_list("state").annotate(Count("pk")))
            error.add_note(f"seed {seed}: {left}\n{faulty.said('worker')[-5000:]}")
            raise
        print(f"seed {seed}: {HOLDERS} holders, {KILLS} kills, {time.monotonic() - started:.0f} s")
        until(faulty.answers, seconds=60)
        assert other.post(f"{page}confirm/").status_code != 500
        watcher.over.set()
        watcher.join(60)
        last = finder.get(f"{page}change/")
    assert set(watcher.statuses) == {200}
    assert last.status_code == 200
    assert "Refresh" not in last.headers
    assert not [one.name for one in invariants.prove() if not one.ok], f"seed {seed}"
    refunds = Refund.objects.filter(agreement__card__in=mine)
    assert refunds.count() == refunds.values("agreement").distinct().count() == HOLDERS
    paid_back = Instruction.objects.filter(refund__in=refunds)
    assert set(paid_back.values_list("state", flat=True)) == {InstructionState.SUCCEEDED}
    assert sorted(paid_back.values_list("payment", "amount_fen")) == sorted(
        Payment.objects.filter(agreement__card__in=mine).values_list("pk", "amount_fen")
    )
    out = StatementLine.objects.filter(direction="out")
    assert sorted(out.values_list("reference", "amount_fen")) == sorted(paid_back.values_list("number", "amount_fen"))
    assert not Agreement.objects.filter(card__in=mine, state__in=[AgreementState.HELD, AgreementState.FROZEN]).exists()
    everybody = set(mine.values_list("holder", flat=True))
    for kind in ("cards.closing", "cards.refund_granted"):
        told = list(Message.objects.filter(kind=kind, recipient__in=everybody).values_list("recipient", flat=True))
        assert len(told) == len(set(told)), f"{kind} twice"
        # Who asked and was paid before it was their turn to be told needs telling no more.
        unasked = set(requests.filter(closing=closing).values_list("card__holder", flat=True))
        assert (unasked if kind == "cards.closing" else everybody) <= set(told), kind
