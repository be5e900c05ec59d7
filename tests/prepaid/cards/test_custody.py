"""How much of a card's money stays in custody: all of it, or what the city's regulator has found enough for the product."""

import csv
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from escrow import clock, tasks
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import NotFound, ReasonRequired, WrongState
from escrow.models import AuditEntry, EarlyReleaseRule
from escrow.states import Plan
from prepaid.cards import operations, queries
from prepaid.cards.errors import ContractChanged
from prepaid.cards.states import RefundCause
from prepaid.merchants import operations as merchants
from prepaid.merchants.errors import UnknownRating
from prepaid.merchants.models import CustodyRule, Merchant, Rating, SectorRule
from prepaid.merchants.queries import legal_custody
from prepaid.merchants.reference import CUSTODY, load_custody_rules
from prepaid.notices.models import Message
from prepaid.products import operations as products
from prepaid.products import queries as products_queries
from prepaid.products.contract import acknowledgements, twelve_items
from prepaid.products.errors import AllStaysInCustody
from prepaid.products.models import CustodyDecision
from tests.complaints import factories as people
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
#: What the rules ask for of a hairdresser.
MINIMUM = 40
WHY = "Two years without a complaint."


def city_official(department: str = "commerce"):
    return people.officer(department=department, district=None)


def decide(version, *, minimum=True, because=WHY, by=None):
    by = by or city_official()
    return products.decide_custody(
        product_id=version.product_id, minimum=minimum, because=because, by=by, at=clock.now(), actor=by.actor
    )


def percent(version) -> int:
    return products_queries.custody_of(version, on=clock.today()).percent


def test_all_of_the_money_stays_by_default():
    version = factories.on_sale(factories.shop())
    assert percent(version) == 100
    assert factories.order(version).agreement.free_percent == 0


def test_the_minimum_holds_for_cards_sold_after_the_decision():
    version = factories.on_sale(factories.shop())
    before = factories.order(version)
    decide(version)
    after = factories.order(version, custody_percent=MINIMUM)
    assert (before.agreement.free_percent, after.agreement.free_percent) == (0, 100 - MINIMUM)
    assert (before.custody_percent, after.custody_percent) == (100, MINIMUM)
    entry = AuditEntry.objects.get(action="products.decide_custody")
    assert entry.after == {"minimum": True, "because": WHY}
    assert AuditEntry.objects.filter(action="cards.order", after__custody_percent=MINIMUM).count() == 1
    assert Message.objects.filter(kind="products.custody_decided").count() == 1
    decide(version, minimum=False, because="Complaints.")
    assert percent(version) == 100
    after.agreement.refresh_from_db()
    assert after.agreement.free_percent == 60


def test_who_was_shown_another_figure_reads_the_contract_again():
    version = factories.on_sale(factories.shop())
    with pytest.raises(ContractChanged):
        factories.order(version, custody_percent=MINIMUM)
    decide(version)
    with pytest.raises(ContractChanged):
        factories.order(version)


def test_a_card_that_counts_days_leaves_nothing_free():
    version = factories.on_sale(factories.shop(), Plan.PERIOD)
    decide(version)
    assert percent(version) == 100
    assert factories.order(version).agreement.free_percent == 0


def test_deciding_the_same_again_changes_nothing():
    version = factories.on_sale(factories.shop())
    with pytest.raises(WrongState):
        decide(version, minimum=False)
    assert decide(version) == decide(version)
    assert CustodyDecision.objects.count() == 1


def test_only_the_sectors_department_of_the_city_decides():
    version = factories.on_sale(factories.shop())
    for by in (people.officer(), city_official("sports"), people.operator(), factories.person()):
        with pytest.raises(NotFound):
            decide(version, by=by)
    with pytest.raises(ReasonRequired):
        decide(version, because="  ")
    assert not CustodyDecision.objects.exists()


def test_where_the_rules_ask_for_all_nothing_is_decided():
    version = factories.on_sale(factories.shop(sector="fitness"))
    with pytest.raises(AllStaysInCustody):
        decide(version, by=city_official("sports"))
    assert not CustodyDecision.objects.exists()


def test_a_decision_is_written_once():
    decide(factories.on_sale(factories.shop()))
    for sql in ("UPDATE products_custodydecision SET minimum = false", "DELETE FROM products_custodydecision"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_a_change_of_the_operator_frees_no_money():
    """Unrated 30 %, D 40 %: who was rated D stays at 40 until it is rated anew, also after a second change."""
    shop = factories.shop(sector="vocational")
    load_custody_rules(at=clock.now(), actor="system:test")
    facts = {"merchant_id": shop.merchant.pk, "because": "灵活", "at": clock.now(), "actor": "system:test"}
    merchants.rate_merchant(rating="D", **facts)
    by = shop.merchant.sector.lead_department_id
    officials = [people.officer(by, people.CHAOYANG), people.officer(by, people.CHAOYANG)]
    for name in ("赵新主", "钱更新"):
        new = merchants.OperatorFacts(representative=name, controller="", account_name="", account_no="")
        handover = merchants.report_handover(
            by=shop.boss, facts=new, because="转让", at=clock.now(), actor=shop.owner.actor
        )
        for one in officials:
            merchants.verify_handover(
                handover_id=handover.pk, by=one, facts=new, papers="12 号", at=clock.now(), actor=one.actor
            )
        merchant = Merchant.objects.get(pk=shop.merchant.pk)
        assert (merchant.rating, legal_custody(merchant, clock.today()).percent) == ("", 40)
    merchants.rate_merchant(rating="B", **facts)
    assert legal_custody(Merchant.objects.get(pk=shop.merchant.pk), clock.today()).percent == 20


def test_the_file_gives_vocational_training_its_percent_by_rating():
    merchant = factories.shop(sector="vocational").merchant
    load_custody_rules(at=clock.now(), actor="system:test")
    assert load_custody_rules(at=clock.now(), actor="system:test") == 0
    found = {}
    for rating in ("", *Rating.values):
        merchant.rating = rating
        found[rating] = legal_custody(merchant, clock.today()).percent
    assert found == {"": 30, "A": 10, "B": 20, "C": 30, "D": 40}
    with CUSTODY.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):  # the sector's own figure is that of the unrated
            if not row["rating"]:
                assert SectorRule.objects.get(sector_id=row["sector"]).custody_percent == int(row["percent"])


def test_a_rating_decides_on_cards_sold_after_it():
    at_shop = factories.shop(sector="vocational")
    load_custody_rules(at=clock.now(), actor="system:test")
    version = factories.on_sale(at_shop)
    decide(version, by=city_official("human_resources"))
    assert percent(version) == 30
    facts = {"merchant_id": at_shop.merchant.pk, "because": "2026 rating", "at": clock.now(), "actor": "system:test"}
    merchants.rate_merchant(rating="A", **facts)
    merchants.rate_merchant(rating="A", **facts)
    assert AuditEntry.objects.filter(action="merchants.rate_merchant").count() == 1
    version = products_queries.public_version(version.pk)
    assert percent(version) == 10
    assert factories.order(version, custody_percent=10).agreement.free_percent == 90
    for wrong, error in (
        ({"rating": "E"}, UnknownRating),
        ({"because": ""}, ReasonRequired),
        ({"merchant_id": 0}, NotFound),
    ):
        with pytest.raises(error):
            merchants.rate_merchant(**{**facts, "rating": "B", **wrong})
    at_shop.merchant.refresh_from_db()
    assert at_shop.merchant.rating == "A"


def test_a_later_rule_holds_from_its_day():
    merchant = factories.shop(sector="vocational").merchant
    CustodyRule.objects.create(
        sector_id="vocational", rating="", valid_from=date(2030, 1, 1), percent=50, basis="2030", mark="E"
    )
    assert legal_custody(merchant, date(2029, 12, 31)).percent == 30
    assert legal_custody(merchant, date(2030, 1, 1)).percent == 50


def test_the_contract_says_what_stays():
    terms = factories.on_sale(factories.shop()).terms
    whole, part = twelve_items(terms), twelve_items(terms, custody_percent=MINIMUM)
    assert not any("40%" in line for item in whole for line in item.lines)
    assert ["40%" in " ".join(item.lines) for item in part] == [n in (2, 5) for n in range(1, 13)]
    assert len(acknowledgements(terms, custody_percent=MINIMUM)) == len(acknowledgements(terms)) + 1


def test_the_pages_show_it_before_buying(client: Client):
    version = factories.on_sale(factories.shop())
    client.force_login(factories.person())
    for page in (reverse("product_detail", args=[version.pk]), reverse("buy", args=[version.pk])):
        assert "40%" not in client.get(page).content.decode()
    decide(version)
    for page in (reverse("product_detail", args=[version.pk]), reverse("buy", args=[version.pk])):
        assert "40%" in client.get(page).content.decode()
    assert 'name="custody_percent" value="40"' in client.get(reverse("buy", args=[version.pk])).content.decode()


def test_card_statement_and_money_pages_tell_what_was_released_early(client: Client, monkeypatch):
    at_shop = factories.shop()
    version = factories.on_sale(at_shop)
    decide(version)
    figures = {
        "cooling_off_days": 0,
        "proven_days": 0,
        "window_days": 30,
        "cap_days": 300,
        "basis": "test",
        "mark": "A",
    }
    EarlyReleaseRule.objects.create(valid_from=clock.today(), **figures)
    other = factories.pay(factories.order(version, custody_percent=MINIMUM))
    card = factories.pay(factories.order(version, custody_percent=MINIMUM))
    escrow.charge(
        beneficiary_id=other.agreement.beneficiary_id, agreement_id=other.agreement_id, units=5, final=True, key="a",
        reference="visit", at=clock.now(), actor="system:test",
    )  # fmt: skip
    later = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    monkeypatch.setattr(clock, "today", lambda: clock.beijing_date(later))
    assert tasks.release_early()["amount_fen"] == 120_000 + 60_000
    held = escrow_queries.holding(card.agreement_id)
    assert (held.held_fen, held.advanced_fen, held.unearned_fen) == (80_000, 120_000, 200_000)
    assert queries.face_of(card=card, today=clock.today()).holding.unearned_fen == 200_000
    face = queries.face_of(card=card, today=clock.today())
    assert (face.principal_fen, face.spendable_fen) == (80_000, 200_000)
    assert queries.early_release_of(card=card).rule.valid_from == EarlyReleaseRule.objects.first().valid_from
    client.force_login(card.holder)
    page = client.get(reverse("card_detail", args=[card.number])).content.decode()
    assert "800.00" in page
    assert "1,200.00" in page
    assert "1,200.00" in client.get(reverse("card_statement", args=[card.number])).content.decode()
    client.force_login(at_shop.owner)
    assert "1,800.00" in client.get(reverse("shop_money")).content.decode()
    assert "40%" in client.get(reverse("shop_version", args=[version.pk])).content.decode()
    # The caps and the filing threshold count what is not used, wherever it is.
    assert products_queries.prepaid_balance_fen(version, on=clock.today()) == 100_000 + 200_000 + version.price_fen
    # A refund may come to all of it.
    asked = operations.request_refund(
        card_id=card.pk, cause=RefundCause.OPERATOR, reason="no time", at=later, actor=card.holder.actor
    )
    assert (asked.asked_fen, asked.refund.amount_fen) == (200_000, 200_000)
    assert escrow_queries.holding(card.agreement_id).unearned_fen == 0


def test_the_administration_decides_and_rates(client: Client):
    at_shop = factories.shop()
    version = factories.on_sale(at_shop)
    page = reverse("admin:products_product_custody", args=[version.product_id])
    for by, status in ((people.officer(), 404), (people.operator(), 404), (city_official(), 200)):
        client.force_login(by)
        assert client.get(page).status_code == status
    listed = client.get(reverse("admin:products_product_changelist")).content.decode()
    assert version.product.name in listed
    assert client.post(page, {"because": ""}).status_code == 400
    assert client.post(page, {"because": WHY}).status_code == 302
    assert percent(version) == MINIMUM
    assert client.get(reverse("admin:products_product_change", args=[version.product_id])).status_code == 200
    assert client.post(page, {"because": "Complaints."}).status_code == 302
    assert percent(version) == 100
    rate = reverse("admin:merchants_merchant_rate", args=[at_shop.merchant.pk])
    assert client.get(rate).status_code == 200
    assert client.post(rate, {"rating": "B", "because": "2026"}).status_code == 302
    at_shop.merchant.refresh_from_db()
    assert at_shop.merchant.rating == "B"
    client.force_login(people.operator())
    assert client.get(rate).status_code == 404
    assert client.get(reverse("admin:merchants_custodyrule_changelist")).status_code == 200
