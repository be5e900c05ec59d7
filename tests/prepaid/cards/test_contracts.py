"""The contract of a sold card: complete for every kind, kept as it was accepted, read by those it concerns."""

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from fpdf import FPDF

from escrow import clock
from escrow.models import AuditEntry
from escrow.states import Plan
from prepaid.cards import operations, queries, tasks
from prepaid.cards.contract_pdf import FONT, contract_pdf
from prepaid.cards.contract_text import fingerprint
from prepaid.cards.errors import ContractKept
from prepaid.cards.models import Card, Contract
from prepaid.cards.operations.contracts import conclude
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.people.models import User
from tests.complaints import factories as people
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, signed_in, text_of

pytestmark = pytest.mark.django_db


def boss_of(card: Card) -> User:
    return StaffMember.objects.get(merchant=card.issuer, role=StaffRole.OWNER).user


def printed(contract: Contract) -> bytes:
    return operations.printed(contract=contract, at=clock.now(), actor="system:test")


@pytest.mark.parametrize("kind", list(Plan))
def test_every_kind_of_card_has_the_twelve_items_and_the_refund_in_advance(kind):
    sector = "academic" if kind == Plan.COURSE else None
    card = factories.card(factories.shop(**({"sector": sector} if sector else {})), kind=kind)
    content = card.contract.content
    assert content["number"] == card.number
    assert content["terms_sha256"] == card.contract_sha256
    for language in ("zh-hans", "en"):
        text = content[language]
        assert [item["number"] for item in text["items"]] == list(range(1, 13))
        assert all(item["lines"] and all(item["lines"]) and item["article"] for item in text["items"])
        assert len(text["refunds"]["rows"]) == 4
        assert len(text["refunds"]["cooling_off"]) == 2
        assert len(text["acknowledged"]["lines"]) >= 4
    assert "中文文本为准" in content["zh-hans"]["binding"]
    assert content["en"]["refunds"]["rows"][2] != content["en"]["refunds"]["rows"][1]
    pdf = printed(card.contract)
    assert pdf.startswith(b"%PDF-")
    assert b"/Lang (zh-CN)" in pdf or b"zh-CN" in pdf
    assert len(pdf) < 200_000


def test_what_is_stored_is_what_was_accepted_and_no_phone_number_in_clear():
    card = factories.card()
    contract = Contract.objects.get(card=card)
    assert contract.sha256 == fingerprint(contract.text) == hashlib.sha256(contract.text.encode()).hexdigest()
    assert contract.template_version == 1
    assert card.holder.phone_masked in contract.text
    assert card.holder.phone[-10:] not in contract.text


def test_a_contract_is_written_and_printed_once():
    card = factories.card()
    contract = Contract.objects.get(card=card)
    first = printed(contract)
    kept = Contract.objects.get(card=card)
    assert hashlib.sha256(first).hexdigest() == kept.pdf_sha256
    assert printed(kept) == first == printed(contract)
    with pytest.raises(ContractKept):
        operations.print_contract(contract_id=contract.pk, at=clock.now(), actor="system:test")
    with pytest.raises(ContractKept):
        conclude(card=card, custody_percent=100, on=clock.today(), at=clock.now())
    again = Contract.objects.get(card=card)
    assert (again.text, bytes(again.pdf), again.pdf_made_at) == (kept.text, first, kept.pdf_made_at)


def test_a_new_version_leaves_the_sold_contract_as_it_was():
    shop = factories.shop()
    card = factories.card(shop)
    before = Contract.objects.get(card=card).text
    type(shop.merchant).objects.filter(pk=shop.merchant.pk).update(name="改了名字的店")
    assert Contract.objects.get(card=card).text == before
    assert "改了名字的店" not in before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE cards_contract SET text = text || ' '",
        "UPDATE cards_contract SET text = text || ' ', sha256 = encode(sha256(convert_to(text || ' ', 'UTF8')), 'hex')",
        "UPDATE cards_contract SET concluded_at = concluded_at + interval '1 day'",
        "UPDATE cards_contract SET template_version = 2",
        "UPDATE cards_contract SET pdf = 'x', pdf_sha256 = encode(sha256('x'), 'hex')",
        "UPDATE cards_contract SET pdf = NULL, pdf_sha256 = '', pdf_made_at = NULL",
        "DELETE FROM cards_contract",
    ],
)
def test_the_database_refuses_every_change_after_printing(sql):
    card = factories.card()
    printed(card.contract)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE cards_contract SET text = text || ' '",
        "UPDATE cards_contract SET pdf = 'x', pdf_sha256 = repeat('0', 64), pdf_made_at = now()",
        "DELETE FROM cards_contract",
    ],
)
def test_before_printing_only_the_printing_is_let_through(sql):
    factories.card()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(("language", "said"), [("en", "Contract number"), ("zh-hans", "合同编号")])
def test_the_holder_reads_and_opens_their_contract(language, said, django_assert_max_num_queries):
    card = factories.card()
    client = signed_in(card.holder, language)
    assert (
        reverse("card_contract", args=[card.number])
        in client.get(reverse("card_detail", args=[card.number])).content.decode()
    )
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("card_contract", args=[card.number]))
    assert said in text_of(page)
    assert Contract.objects.get(card=card).sha256 in text_of(page)
    with django_assert_max_num_queries(MOST_QUERIES + 4):
        file = client.get(reverse("card_contract_file", args=[card.number]))
    assert (file.status_code, file["Content-Type"]) == (200, "application/pdf")
    kept = Contract.objects.get(card=card)
    assert hashlib.sha256(file.content).hexdigest() == kept.pdf_sha256
    assert kept.pdf_sha256 in text_of(client.get(reverse("card_contract", args=[card.number])))


def test_the_binding_text_is_one_tap_away():
    card = factories.card()
    page = signed_in(card.holder, "en").get(reverse("card_contract", args=[card.number]), {"text": "zh-hans"})
    assert "合同编号" in text_of(page)
    odd = signed_in(card.holder, "en").get(reverse("card_contract", args=[card.number]), {"text": "<x>"})
    assert "Contract number" in text_of(odd)


def test_another_person_another_merchant_and_a_cashier_see_no_contract():
    at_shop = factories.shop()
    card, other = factories.card(at_shop), factories.card()
    cashier = factories.cashier(at_shop).user
    for address in (
        reverse("shop_contracts"),
        *(reverse(name, args=[card.number]) for name in ("shop_contract", "shop_contract_file")),
    ):
        assert signed_in(cashier).get(address).status_code == 403
    for name in ("card_contract", "card_contract_file"):
        assert signed_in(other.holder).get(reverse(name, args=[card.number])).status_code == 404
    stranger = boss_of(other)
    for name in ("shop_contract", "shop_contract_file"):
        assert signed_in(stranger).get(reverse(name, args=[card.number])).status_code == 404


def test_the_manager_finds_a_contract_by_its_card_number(django_assert_max_num_queries):
    card = factories.card()
    manager = signed_in(boss_of(card))
    with django_assert_max_num_queries(MOST_QUERIES):
        page = text_of(manager.get(reverse("shop_contracts"), {"number": f" {card.number[:4]} "}))
    assert str(card) in page
    assert str(card) not in text_of(manager.get(reverse("shop_contracts"), {"number": "99999999"}))
    assert "合同编号" in text_of(manager.get(reverse("shop_contract", args=[card.number]), {"text": "zh-hans"}))
    assert manager.get(reverse("shop_contract_file", args=[card.number])).content.startswith(b"%PDF-")


def test_an_order_that_is_not_paid_is_in_nobodys_list_of_contracts():
    card = factories.order(factories.on_sale(factories.shop()))
    manager = signed_in(boss_of(card))
    assert str(card) not in text_of(manager.get(reverse("shop_contracts")))
    assert queries.contracts_to_print() == []


def test_an_official_opens_it_and_that_is_written_down():
    card = factories.card()
    mine = people.officer()
    address = reverse("admin:cards_contract_file", args=[card.contract.pk])
    assert signed_in(mine).get(address).content.startswith(b"%PDF-")
    [entry] = AuditEntry.objects.filter(action="cards.inspect_contract")
    assert (entry.actor, entry.target) == (mine.actor, f"contract:{card.contract.pk}")
    page = signed_in(mine).get(reverse("admin:cards_contract_change", args=[card.contract.pk]))
    assert address in page.content.decode()
    assert card.contract.sha256 in page.content.decode()


def test_an_official_of_another_department_does_not_find_it():
    card = factories.card()
    other = people.officer(department="education")
    assert signed_in(other).get(reverse("admin:cards_contract_file", args=[card.contract.pk])).status_code == 404
    assert not AuditEntry.objects.filter(action="cards.inspect_contract").exists()


def test_the_sweep_prints_what_is_paid_once():
    card = factories.card()
    assert queries.contracts_to_print() == [card.contract.pk]
    assert tasks.sweep()["print_contract"] == 1
    assert queries.contracts_to_print() == []
    assert tasks.sweep()["print_contract"] == 0


def test_the_pdf_embeds_its_font_and_names_what_the_font_has_not():
    card = factories.card()
    text = card.contract.text.replace("发卡方", "发卡方😀𠮷")
    pdf = contract_pdf(text, sha256=fingerprint(text))
    assert b"/FontFile3" in pdf or b"/FontFile2" in pdf
    assert b"/ToUnicode" in pdf  # what is seen can be read out
    font = FPDF()
    font.add_font("contract", "", FONT)
    assert {ord(letter) for letter in "预付卡合同退款堃喆龑昇臺灣￥·①"} <= set(font.fonts["contract"].cmap)
    assert FONT.stat().st_size < 3_000_000


def test_a_long_word_and_a_long_clause_stay_on_the_page():
    card = factories.card()
    text = card.contract.text.replace("剪发一次", "x" * 300 + "，" * 200 + "剪发。" * 400)
    assert contract_pdf(text, sha256=fingerprint(text)).startswith(b"%PDF-")


def test_before_buying_the_page_shows_what_would_come_back():
    version = factories.on_sale(factories.shop())
    page = text_of(signed_in(factories.person(), "en").get(reverse("buy", args=[version.pk])))
    assert "If you change your mind" in page
    assert "5 sessions used" in page


def test_concluding_costs_little(django_assert_max_num_queries):
    version = factories.on_sale(factories.shop())
    with django_assert_max_num_queries(60):
        factories.order(version, at=clock.now() + timedelta(seconds=1))
