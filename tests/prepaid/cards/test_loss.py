"""Lost cards: blocked at once, found or replaced; nothing on the card moves, refusals change nothing."""

from datetime import timedelta

import pytest
from django.urls import reverse

from escrow import clock
from escrow import queries as escrow_queries
from escrow.errors import NotFound
from escrow.models import AuditEntry
from escrow.states import Plan
from prepaid.cards import errors, operations, queries
from prepaid.cards.models import Card, CardLoss
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused
from tests.prepaid.cards.test_pages import MOST_QUERIES, signed_in, text_of

pytestmark = pytest.mark.django_db


def press(card: Card, button: str, **facts: str):
    return signed_in(card.holder).post(reverse("card_loss", args=[card.number]), {button: "1", **facts})


def deed(verb, card: Card, **facts):
    return lambda: verb(holder_id=card.holder_id, number=card.number, at=clock.now(), actor=card.holder.actor, **facts)


def test_a_lost_card_charges_nothing_until_it_is_found_and_says_what_was_charged_since(
    django_assert_max_num_queries,
) -> None:
    shop = factories.shop()
    card = factories.card(shop, at=clock.now() - timedelta(days=3))
    waiting = factories.charge(card, shop.boss, units=2)
    since = clock.now() - timedelta(hours=1)
    answer = press(card, "report", since=f"{since.astimezone(clock.BEIJING):%Y-%m-%dT%H:%M}")
    assert answer.url == reverse("card_loss", args=[card.number])
    refused(errors.CardLost, lambda: factories.charge(card, shop.boss, age=1))
    client = signed_in(card.holder)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("card_loss", args=[card.number]))
    assert reverse("redemption_dispute", args=[waiting.pk]) in page.content.decode()
    assert "Take a new number" in text_of(page)
    assert "reported lost" in text_of(client.get(reverse("wallet")))
    assert client.get(reverse("card_code", args=[card.number])).url == reverse("card_detail", args=[card.number])
    assert press(card, "report").status_code == 302, "again changes nothing"
    assert CardLoss.objects.count() == 1
    press(card, "found")
    assert factories.charge(card, shop.boss, age=1).units == 1
    assert list(Message.objects.filter(kind__in=["cards.lost", "cards.found"]).values_list("kind", flat=True)) == [
        "cards.found",
        "cards.lost",
    ]
    actions = AuditEntry.objects.filter(action__in=["cards.report_loss", "cards.end_loss"], target=f"card:{card.pk}")
    assert actions.count() == 2


def test_a_new_number_leaves_everything_on_the_card_where_it_was() -> None:
    shop = factories.shop()
    card = factories.card(shop, Plan.STORED_VALUE)
    factories.charge(card, shop.boss, amount_fen=1_000)
    added = factories.pay(factories.order(card.version, card.holder, tops_up_id=card.pk))
    old, old_code = card.number, factories.shown(card, age=-1)
    held = escrow_queries.holding(card.agreement_id)
    press(card, "report")
    code = reverse("card_code", args=[added.number])
    assert code not in signed_in(card.holder).get(reverse("card_detail", args=[added.number])).content.decode()
    press(card, "reissue")
    card.refresh_from_db()
    assert card.number != old
    assert escrow_queries.holding(card.agreement_id) == held
    assert not any(queries.check_contracts().values()), "the contract still names the number it was made with"
    refused(errors.CardReplaced, lambda: factories.charge(card, shop.boss, code=old_code, age=1))
    wrong = f"{old} {int(old_code[-7:].replace(' ', '')) ^ 1:06d}"
    refused(errors.WrongCode, lambda: factories.charge(card, shop.boss, code=wrong, age=1))
    assert factories.charge(card, shop.boss, amount_fen=119_500, age=2).card == added, "its top-ups come with it"
    client = signed_in(card.holder)
    assert str(card) in text_of(client.get(reverse("card_detail", args=[old]))), "old addresses lead on"
    assert signed_in(factories.person("别人")).get(reverse("card_detail", args=[old])).status_code == 404
    page = text_of(client.get(reverse("card_loss", args=[card.number])))
    assert f"{old[:4]} {old[4:]} · replaced" in page
    assert old in {loss.old_number for loss in queries.losses_of(card=card)}


def test_what_cannot_be_reported_or_ended_is_refused_and_nothing_changes() -> None:
    shop = factories.shop()
    card = factories.card(shop, price_fen=20_000, list_price_fen=3_000)
    before = list(Card.objects.values())
    refused(errors.CardNotLost, deed(operations.card_found, card))
    refused(errors.CardNotLost, deed(operations.reissue_card, card))
    for since in (clock.now() + timedelta(hours=1), card.bought_at - timedelta(days=1)):
        refused(errors.LossDay, deed(operations.report_loss, card, since=since))
    unpaid = factories.order(card.version, card.holder)
    refused(errors.CardNotInUse, deed(operations.report_loss, unpaid))
    added = factories.pay(factories.order(card.version, card.holder, tops_up_id=card.pk))
    refused(NotFound, deed(operations.report_loss, added))
    stranger = factories.person("别人")
    for button in ("report", "found", "reissue"):
        url = reverse("card_loss", args=[card.number])
        assert signed_in(stranger).post(url, {button: "1"}).status_code == 404
    assert press(card, "report", since="gestern").status_code == 400
    assert press(card, "found").status_code == 409
    assert list(Card.objects.filter(pk=card.pk).values()) == before
    assert not CardLoss.objects.exists()
