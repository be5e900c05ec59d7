"""A stored value card that holds less than the price: what it holds is charged, the rest is paid at the till."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from escrow import invariants
from escrow import queries as escrow_queries
from escrow.states import Plan, UseState
from prepaid.cards import errors
from prepaid.cards.models import Redemption
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused
from tests.prepaid.cards.test_roll_call import signed_in

pytestmark = pytest.mark.django_db


def test_what_is_left_is_drawn_and_the_rest_is_no_money_of_the_card(django_capture_on_commit_callbacks) -> None:
    shop = factories.shop()
    card = factories.card(shop, Plan.STORED_VALUE)  # 1,000 yuan and 200 of gift
    refused(errors.AmountTooLarge, lambda: factories.charge(card, shop.boss, amount_fen=130_000))
    with django_capture_on_commit_callbacks(execute=True):
        charge = factories.charge(card, shop.boss, amount_fen=130_000, rest_at_till=True)
    assert (charge.units, charge.paid_otherwise_fen, charge.state) == (120_000, 10_000, UseState.RESERVED)
    holding = escrow_queries.holding(card.agreement_id)
    assert (holding.units_left, holding.reserved_fen, holding.held_fen) == (0, 100_000, 100_000)
    told = Message.objects.get(recipient=card.holder, kind="cards.charge_reserved")
    holder = signed_in(card.holder)
    for said in (told.title, holder.get(reverse("wallet")).content.decode()):
        assert "1,200.00" in said
        assert "100.00" in said
    holder.post(reverse("redemption_confirm", args=[charge.pk]))
    assert (
        "¥100.00 more were paid at the till"
        in holder.get(reverse("card_statement", args=[card.number])).content.decode()
    )
    assert all(finding.ok for finding in invariants.prove())
    refused(errors.CardUsedUp, lambda: factories.charge(card, shop.boss, amount_fen=1, rest_at_till=True, age=1))


def test_a_card_that_holds_enough_is_charged_as_always_and_other_cards_refuse_it() -> None:
    shop = factories.shop()
    charge = factories.charge(factories.card(shop, Plan.STORED_VALUE), shop.boss, amount_fen=1_000, rest_at_till=True)
    assert (charge.units, charge.paid_otherwise_fen) == (1_000, 0)
    for kind, typed in ((Plan.SESSIONS, {"units": 11}), (Plan.DISCOUNT, {"amount_fen": 90_000})):
        card = factories.card(shop, kind)
        refused(
            errors.NoRestAtTill,
            lambda card=card, typed=typed: factories.charge(card, shop.boss, rest_at_till=True, **typed),
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Redemption.objects.update(paid_otherwise_fen=-1)


def test_the_counter_offers_it_where_the_card_holds_too_little() -> None:
    shop = factories.shop()
    card = factories.card(shop, Plan.STORED_VALUE)
    client = signed_in(shop.owner)
    assert (
        '<button class="btn" id="rest" name="rest_at_till" value="1" hidden>'
        in client.get(reverse("shop_counter")).content.decode()
    )
    typed = {"key": uuid.uuid4().hex, "code": factories.shown(card), "units": "", "amount": "1300", "note": ""}
    page = client.post(reverse("shop_counter"), typed)
    assert page.status_code == 409
    assert '<button class="btn" id="rest" name="rest_at_till" value="1">' in page.content.decode()
    page = client.post(reverse("shop_counter"), {**typed, "rest_at_till": "1"}, follow=True)
    assert "¥1,200.00" in page.content.decode()
    assert Redemption.objects.get().paid_otherwise_fen == 10_000
    answer = client.post(
        reverse("api_charges"),
        {"code": factories.shown(card), "amount_fen": 130_000, "rest_at_till": True},
        content_type="application/json",
        headers={"Idempotency-Key": uuid.uuid4().hex},
    )
    assert answer.status_code == 409  # the code was used
