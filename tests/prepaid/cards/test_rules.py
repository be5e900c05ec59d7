"""The platform's own terms: dated, set by operators for a later day, seen in the administration."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow.models import AuditEntry
from prepaid.cards.models import CardRule
from tests.complaints.factories import operator
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def terms(**changes) -> dict:
    day = clock.today() + timedelta(days=1)
    return {
        "valid_from": day.isoformat(),
        "payment_minutes": 10,
        "confirm_hours": 48,
        "answer_working_days": 3,
        "closing_offer_days": 30,
        "stored_hours": 12,
        "stored_a_day": 20,
        "transfer_days": 7,
        "month_notice_days": 3,
        "deposit_working_days": 2,
        "basis": "a decision of the city",
        "mark": "A",
        **changes,
    }


def test_the_first_terms_are_there_with_their_reason() -> None:
    rule = CardRule.objects.current(clock.today())
    assert (rule.payment_minutes, rule.confirm_hours, rule.answer_working_days, rule.mark) == (30, 24, 5, "A")
    assert rule.basis


def test_operators_add_terms_for_a_later_day_and_open_orders_keep_theirs() -> None:
    client, url = signed_in(operator()), reverse("admin:cards_cardrule_add")
    before = factories.order(factories.on_sale(factories.shop()))
    assert client.post(url, terms()).status_code == 302
    assert AuditEntry.objects.filter(action="cards.add_rule").count() == 1
    clock.advance(timedelta(days=1))
    after = factories.order(before.version)
    assert before.agreement.pay_until - before.bought_at == timedelta(minutes=30)
    assert after.agreement.pay_until - after.bought_at == timedelta(minutes=10)


def test_no_terms_for_today_or_twice_for_a_day_or_by_anybody_else() -> None:
    client, url = signed_in(operator()), reverse("admin:cards_cardrule_add")
    assert client.post(url, terms(valid_from=clock.today().isoformat())).status_code >= 400
    assert client.post(url, terms()).status_code == 302
    assert client.post(url, terms()).status_code >= 400
    for nobody in (factories.person(), factories.shop().owner):
        assert signed_in(nobody).post(url, terms(valid_from="2099-01-01")).status_code in {302, 403}
    assert CardRule.objects.count() == 2


def test_operators_look_at_cards_and_requests_and_change_nothing(django_assert_max_num_queries) -> None:
    shop = factories.shop()
    cards = [factories.card(shop) for _ in range(3)]
    client = signed_in(operator())
    for name in ("card", "refundrequest", "cardrule"):
        url = reverse(f"admin:cards_{name}_changelist")
        client.get(url)
        with django_assert_max_num_queries(12):
            assert client.get(url).status_code == 200
    page = client.get(reverse("admin:cards_card_change", args=[cards[0].pk]))
    assert page.status_code == 200
    assert cards[0].code_secret not in page.content.decode()
    assert cards[0].holder.name not in page.content.decode()
    before = factories.everything()
    assert client.post(reverse("admin:cards_card_change", args=[cards[0].pk]), {"number": "1"}).status_code == 403
    assert client.post(reverse("admin:cards_card_delete", args=[cards[0].pk]), {"post": "yes"}).status_code == 403
    assert factories.everything() == before
