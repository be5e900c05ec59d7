"""What people and programs send: right in everything but what a test makes wrong."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow.states import Plan
from prepaid.cards import operations as cards
from prepaid.cards.models import RefundRequest
from prepaid.cards.states import RefundCause
from prepaid.people.models import User
from prepaid.products.standard_clauses import for_card
from tests.complaints import factories as complaints
from tests.prepaid.cards import factories as make
from tests.prepaid.merchants.factories import next_uscc

#: Signs a person in, in the language of the case.
SignIn = Callable[[User], Client]


def licence(**wrong: str) -> dict[str, str]:
    """A registration as the business licence has it, but for ``wrong``."""
    return {
        "name": "望京咖啡有限公司",
        "uscc": next_uscc(),
        "legal_representative": "王五",
        "sector": "catering",
        "district": complaints.CHAOYANG,
        "account_no": "0200001009012345678",
        "account_name": "望京咖啡有限公司",
        **wrong,
    }


def product_form(shop: complaints.Shop, **wrong: str) -> dict[str, Any]:
    """Stored value of ¥1,000 with ¥200 of gift money, but for ``wrong``."""
    return {
        **for_card(Plan.STORED_VALUE, has_gift=True),
        "name": f"储值卡 {uuid.uuid4().hex[:6]}",
        "price_fen": "1000",
        "bonus_fen": "200",
        "visit_price_fen": "88",
        "lowest_item_fen": "20",
        "stores": [store.pk for store in shop.stores],
        "service": "剪发",
        **wrong,
    }


def charge(client: Client, body: Any, *, key: str | None = None, **how: Any) -> HttpResponse:
    """A charge as the counter's script sends it."""
    headers = {"Idempotency-Key": uuid.uuid4().hex if key is None else key}
    return client.post(reverse("api_charges"), body, content_type="application/json", headers=headers, **how)


def type_at_counter(client: Client, **typed: str) -> HttpResponse:
    """A charge as the counter's form sends it without script."""
    return client.post(reverse("shop_counter"), {"key": uuid.uuid4().hex, **typed})


def asked_back(shop: complaints.Shop, *, used: int = 0) -> RefundRequest:
    """A refund request that waits for the merchant, of a card of ¥2,000 beyond cooling off."""
    at = clock.now()
    card = make.card(shop, at=at)
    clock.advance(timedelta(days=30))
    for number in range(used):
        make.charge(card, shop.boss, at_real=at + timedelta(minutes=number))
    return cards.request_refund(
        card_id=card.pk, cause=RefundCause.NEITHER, reason="搬家", at=clock.now(), actor=card.holder.actor
    )


def decision(**wrong: str) -> dict[str, str]:
    """What an officer decides: ¥2,000 back, but for ``wrong``; confirmed, so that it would be done."""
    return {
        "result": "upheld",
        "amount": "2000",
        "basis": "judgment",
        "reasons": "判决书",
        "confirmed": "1",
        **wrong,
    }


def order_form(client: Client, version_id: int) -> dict[str, str]:
    """The contract's form with every tick."""
    form = client.get(reverse("buy", args=[version_id])).context["form"]
    ticks = dict.fromkeys(["accepted", *form.risks], "on")
    return {**{name: str(form[name].value()) for name in ("token", "terms_sha256")}, **ticks, "channel": "sandbox"}
