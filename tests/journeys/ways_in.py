"""Complaints by every real way in, ready to be sent: from a card whose money the bank has, from elsewhere, by the hotline's API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace

from escrow import clock
from escrow import operations as escrow
from escrow.channels import PaymentAnswer
from escrow.models import Agreement, Beneficiary
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR
from tests.escrow.factories import open_agreement
from tests.journeys.faulty import Faulty
from tests.sandbox_bank.bank import pay

#: Every so many complaints one is about a card.
CARDS = 5
numbers = count(1)
#: Sends it; the status of the answer.
Order = Callable[[], int]


def at_the_bank(to: Beneficiary, **facts: object) -> Agreement:
    """Paid for at the bank's cashier, now: a sweep gives up what was to be paid before."""
    at = clock.now()
    agreement = open_agreement(to, at=at, **facts)
    payment = escrow.start_payment(
        agreement_id=agreement.pk,
        channel="sandbox",
        subject="card",
        return_url="http://127.0.0.1/",
        at=at,
        actor=ACTOR,
    )
    order = PaymentAnswer(payment.order_no, "", "created", payment.amount_fen, cashier_url=payment.cashier_url)
    assert pay(order).status_code == 303
    escrow.ask_payment(payment_id=payment.pk, at=at)
    agreement.refresh_from_db()
    return agreement


def from_a_card(faulty: Faulty, people: SimpleNamespace, number: int) -> Order:
    shop = people.shops[number % 2]
    card = make.card(shop, bought=at_the_bank)
    request, page = make.refused(card, shop), faulty.as_person(card.holder)
    said = {"text": "店家拒绝退款。", "wanted": "refund"}
    return lambda: page.post(f"/complaints/start/{request.pk}/", data=said).status_code


def elsewhere(faulty: Faulty, people: SimpleNamespace, number: int) -> Order:
    page = faulty.as_person(make.person())
    said = {
        "merchant_name": f"没入驻的店{number % 9}",
        "address": "北京市丰台区方庄路1号" if number % 2 else "北京市朝阳区建国路88号",
        "sector": "beauty",
        "paid": "2000",
        "text": "闭店不退卡。",
        "wanted": "refund",
    }
    return lambda: page.post("/complaints/elsewhere/", data=said).status_code


def from_the_hotline(faulty: Faulty, people: SimpleNamespace, number: int, **changes: str) -> Order:
    line = faulty.as_system(people.token)
    said = {
        "number": f"F-{number}",
        "received_at": written(clock.now() - timedelta(hours=1)),
        "caller": "欧阳清澈",
        "phone": f"158{number:08d}",
        "merchant": f"热线商家{number % 11}美容美发店",
        "address": "北京市朝阳区建国路88号",
        "text": "美发店闭店不退卡。",
    } | changes
    return lambda: line.post("/api/v1/work-orders/", json=said).status_code


def written(at: datetime) -> str:
    """As the hotline writes a moment."""
    return at.astimezone(clock.BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def orders(faulty: Faulty, people: SimpleNamespace, how_many: int) -> list[Order]:
    """Complaints ready to be sent, by all ways in."""
    made = []
    for turn in range(how_many):
        way = from_a_card if turn % CARDS == 0 else (elsewhere, from_the_hotline)[turn % 2]
        made.append(way(faulty, people, next(numbers)))
    return made
