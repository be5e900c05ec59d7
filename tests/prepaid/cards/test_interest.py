"""The interest on a refund, as its pages show it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow.models import Refund
from prepaid.cards import operations, queries
from prepaid.cards.models import Card, RefundRequest
from prepaid.cards.states import RefundCause
from prepaid.products.models import InterestRate
from prepaid.products.reference import load_rates
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_refunds import agree, ask, old_card

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def rates() -> None:
    load_rates(at=clock.now(), actor="system:test")


def request_on(card: Card, cause: RefundCause = RefundCause.OPERATOR) -> RefundRequest:
    return ask(card, cause=cause)


def borne(request: RefundRequest, days: int) -> int | None:
    today = clock.beijing_date(request.requested_at) + timedelta(days=days)
    found = queries.interest_of(queries.request_of(user=request.card.holder, request_id=request.pk), today=today)
    return found.interest_fen if found else None


def test_what_custody_holds_bears_what_custody_earns() -> None:
    request = request_on(old_card())
    assert (borne(request, 0), borne(request, 365)) == (None, 700)  # 2,000 yuan at 0.35 %


@pytest.mark.parametrize(("cause", "interest_fen"), [(RefundCause.OPERATOR, 6_000), (RefundCause.CONSUMER, 3_000)])
def test_elsewhere_it_is_the_lpr_or_the_deposit_benchmark(cause: RefundCause, interest_fen: int) -> None:
    InterestRate.objects.filter(kind="custody").delete()
    assert borne(request_on(old_card(), cause), 365) == interest_fen  # 2,000 yuan at 3 % and 1.5 %


def test_it_runs_from_the_request_until_it_is_granted_and_is_paid_with_the_refund() -> None:
    shop = factories.shop()
    request = request_on(old_card(shop))
    clock.advance(timedelta(days=4))
    agree(shop, request)
    clock.advance(timedelta(days=100))
    assert borne(request, 104) == borne(request, 4) == 8  # 7.67 fen
    refund = Refund.objects.get(agreement=request.card.agreement)
    assert (refund.owed_fen, refund.interest_fen) == (200_000, 8)


def test_a_request_that_came_to_nothing_bears_none() -> None:
    request = request_on(old_card())
    operations.withdraw_request(
        holder_id=request.card.holder_id, request_id=request.pk, at=clock.now(), actor=request.card.holder.actor
    )
    assert borne(request, 365) is None


def test_without_rates_nothing_is_invented() -> None:
    InterestRate.objects.all().delete()
    assert borne(request_on(old_card()), 365) is None


def test_both_sides_see_it_beside_the_calculation(django_assert_max_num_queries) -> None:
    shop = factories.shop()
    request = request_on(old_card(shop))
    clock.advance(timedelta(days=36, hours=12))
    for user, page in ((request.card.holder, "refund_detail"), (shop.owner, "shop_refund")):
        client = Client(HTTP_ACCEPT_LANGUAGE="en")
        client.force_login(user)
        with django_assert_max_num_queries(MOST_QUERIES):
            text = client.get(reverse(page, args=[request.pk])).content.decode()
        assert "× 0.35% × 36 ÷ 365" in text or "× 0.35% × 37 ÷ 365" in text
