"""From a draft to the shelf: what is checked, who decides, and what can never change again."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from escrow import clock
from escrow import queries as escrow
from escrow.errors import NotFound, WrongState
from escrow.models import AuditEntry
from escrow.states import Plan
from prepaid.merchants.errors import MissingText, RuleDayTaken, RuleNotFuture
from prepaid.merchants.models import SectorRule, StaffRole
from prepaid.notices.models import Message
from prepaid.products import errors, operations, queries, tasks
from prepaid.products.models import Filing, FilingWarning, Product, ProductVersion, VisitRule
from prepaid.products.reference import add_visit_rule
from prepaid.products.states import FilingState, VersionState
from prepaid.products.terms import Terms
from tests.escrow.factories import AT as ESCROW_AT
from tests.escrow.factories import held_agreement
from tests.prepaid.merchants.factories import ACTOR, AT, HAIDIAN, make_merchant, make_staff, make_store, owner_of
from tests.prepaid.merchants.test_money import used
from tests.prepaid.people.factories import make_official, make_operator, make_user
from tests.prepaid.products.factories import (
    course_draft,
    discount_draft,
    make_draft,
    make_filing,
    make_on_sale,
    officer_for,
    period_draft,
    sessions_draft,
    stored_value_draft,
)

pytestmark = pytest.mark.django_db


def state_of(version: ProductVersion) -> str:
    return ProductVersion.objects.get(pk=version.pk).state


# Drafts


def test_five_kinds_of_cards_can_be_drafted() -> None:
    merchant = make_merchant()
    stores = [make_store(merchant)]
    sessions = make_draft(merchant, sessions_draft(stores))
    stored = make_draft(merchant, stored_value_draft(stores))
    period = make_draft(merchant, period_draft(stores))
    discount = make_draft(merchant, discount_draft(stores))
    course = make_draft(merchant, course_draft(stores))
    assert (discount.units_total, discount.visit_price_fen, discount.discount) == (50_000, 5_440, "80%")
    assert (course.units_total, course.visit_price_fen) == (20, 15_000)
    assert (sessions.units_total, sessions.visit_price_fen) == (10, 20_000)
    assert (stored.units_total, stored.visit_price_fen) == (120_000, 8_000)
    assert (period.units_total, period.visit_price_fen) == (365, None)
    assert {version.state for version in (sessions, stored, period, discount, course)} == {VersionState.DRAFT}


@pytest.mark.parametrize("amount", [0, -1, 0.001, 10**18, True, None])
def test_impossible_prices_are_refused(amount: object) -> None:
    merchant = make_merchant()
    with pytest.raises(errors.BadFigure) as refused:
        make_draft(merchant, sessions_draft([make_store(merchant)], price_fen=amount))
    assert refused.value.field == "price_fen"
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("draft", "wrong", "field"),
    [
        (sessions_draft, {"sessions": 0}, "sessions"),
        (sessions_draft, {"sessions": None}, "sessions"),
        (sessions_draft, {"sessions": 10**18}, "sessions"),
        (sessions_draft, {"price_fen": 5, "sessions": 6}, "sessions"),
        (sessions_draft, {"list_price_fen": None}, "list_price_fen"),
        (sessions_draft, {"days": 0}, "days"),
        (stored_value_draft, {"bonus_fen": -1}, "bonus_fen"),
        (stored_value_draft, {"visit_price_fen": None}, "visit_price_fen"),
        (stored_value_draft, {"lowest_item_fen": 0}, "lowest_item_fen"),
        (period_draft, {"days": None}, "days"),
        *((discount_draft, {"discount_bp": bp}, "discount_bp") for bp in (None, 0, 99, 10_000, -1, True, 80.5, 10**18)),
        (discount_draft, {"list_price_fen": None}, "list_price_fen"),
        (discount_draft, {"list_price_fen": 1}, "list_price_fen"),
        (course_draft, {"sessions": 0}, "sessions"),
        (course_draft, {"list_price_fen": 0}, "list_price_fen"),
    ],
)
def test_figures_a_kind_needs(draft, wrong: dict, field: str) -> None:
    merchant = make_merchant()
    with pytest.raises(errors.BadFigure) as refused:
        make_draft(merchant, draft([make_store(merchant)], **wrong))
    assert refused.value.field == field
    assert not ProductVersion.objects.exists()


def test_a_draft_names_its_own_open_stores_and_its_service() -> None:
    merchant, theirs = make_merchant(), make_store(make_merchant())
    with pytest.raises(errors.NoStores):
        make_draft(merchant, sessions_draft([]))
    with pytest.raises(NotFound):
        make_draft(merchant, sessions_draft([theirs]))
    with pytest.raises(MissingText):
        make_draft(merchant, sessions_draft([make_store(merchant)], service=" "))
    with pytest.raises(MissingText):
        make_draft(merchant, sessions_draft([make_store(merchant)], clauses={"refund_terms": "退" * 2001}))
    assert not Product.objects.exists()


def test_a_name_is_used_once_per_merchant() -> None:
    version = make_draft()
    merchant = version.product.merchant
    with pytest.raises(errors.NameTaken):
        make_draft(merchant, sessions_draft([make_store(merchant)], name=version.product.name))
    assert Product.objects.count() == 1


def test_another_merchants_draft_does_not_exist() -> None:
    version, mine = make_draft(), make_merchant()
    draft = sessions_draft([make_store(mine)])
    for verb in (
        lambda: operations.edit_draft(merchant_id=mine.pk, version_id=version.pk, draft=draft, at=AT, actor=ACTOR),
        lambda: operations.submit_filing(merchant_id=mine.pk, version_id=version.pk, at=AT, actor=ACTOR),
        lambda: operations.withdraw_version(merchant_id=mine.pk, version_id=version.pk, at=AT, actor=ACTOR),
        lambda: operations.revise(merchant_id=mine.pk, version_id=version.pk, at=AT, actor=ACTOR),
    ):
        with pytest.raises(NotFound):
            verb()
    assert state_of(version) == VersionState.DRAFT
    assert not Filing.objects.exists()


# Filing


def test_a_filing_goes_to_the_lead_department_in_the_head_offices_district() -> None:
    merchant = make_merchant(sector="arts", district=HAIDIAN)
    version = make_draft(merchant, sessions_draft([make_store(merchant)], days=90))
    filing = make_filing(version)
    assert (filing.department_id, filing.district_id) == ("culture_tourism", HAIDIAN)
    assert filing.state == FilingState.SUBMITTED
    assert state_of(version) == VersionState.FILED


@pytest.mark.parametrize(("held_fen", "required"), [(0, False), (49_799_999, False), (49_800_000, True)])
def test_the_threshold_counts_what_is_held_and_this_card(held_fen: int, required: bool) -> None:
    """Beauty: from 500,000 yuan; this card costs 2,000."""
    merchant = make_merchant(sector="beauty")
    if held_fen:
        held_agreement(merchant.beneficiary, price_fen=held_fen)
    version = make_draft(merchant, sessions_draft([make_store(merchant)]))
    filing = make_filing(version)
    assert filing.required is required
    assert filing.balance_fen == held_fen + 200_000
    assert state_of(version) == (VersionState.FILED if required else VersionState.ON_SALE)


def test_an_exempt_card_stops_selling_when_the_balance_reaches_the_threshold() -> None:
    merchant = make_merchant(sector="beauty")
    version = make_draft(merchant, sessions_draft([make_store(merchant)]))
    make_filing(version)
    assert queries.sellable_version(version.pk, on=AT.date()) == version
    held_agreement(merchant.beneficiary, price_fen=49_800_000)
    assert escrow.backing(merchant.beneficiary_id).held_fen == 49_800_000
    with pytest.raises(errors.FilingNeeded):
        queries.sellable_version(version.pk, on=AT.date())


def test_the_day_on_which_filing_becomes_a_duty_is_foreseen(client, monkeypatch) -> None:
    """400,000 of 500,000 yuan came in four weeks: the rest comes in seven days, unless it is used meanwhile."""
    merchant, monday = make_merchant(sector="beauty"), date(2026, 11, 30)
    make_filing(make_draft(merchant, sessions_draft([make_store(merchant)])))
    card = held_agreement(merchant.beneficiary, price_fen=40_000_000)
    watch = queries.filing_watch(merchant, on=monday)
    assert watch == queries.FilingWatch(
        balance_fen=40_000_000, threshold_fen=50_000_000, passes_on=monday + timedelta(days=7)
    )
    client.force_login(owner_of(merchant).user)
    monkeypatch.setattr(clock, "today", lambda: monday)
    for language, words in (("en", "you pass ¥500,000.00 on 2026-12-07"), ("zh-hans", "2026-12-07")):
        page = client.get(reverse("shop_products"), headers={"accept-language": language}).content.decode()
        assert words in page
    assert queries.filing_watch(merchant, on=monday - timedelta(days=7)) is None  # that week is not over
    assert queries.filing_watch(make_merchant(sector="fitness"), on=monday) is None  # always filed
    used(card, 10, at=ESCROW_AT)
    assert queries.filing_watch(merchant, on=monday) is None
    held_agreement(merchant.beneficiary, price_fen=50_000_000)
    assert queries.filing_watch(merchant, on=monday) is None  # reached: the gate says it


def test_owners_and_managers_are_told_once_and_today_says_the_day(client, monkeypatch, django_assert_max_num_queries):
    merchant, now = make_merchant(sector="beauty"), datetime(2026, 11, 30, 10, tzinfo=clock.BEIJING)
    make_filing(make_draft(merchant, sessions_draft([make_store(merchant)])))
    people = {owner_of(merchant).user, make_staff(merchant, StaffRole.MANAGER).user}
    make_staff(merchant)
    card = held_agreement(merchant.beneficiary, price_fen=40_000_000)
    told = Message.objects.filter(kind="products.filing_foreseen")

    def look(days: int = 0) -> None:
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=days))
        tasks.watch_filings()

    look()
    look(1)
    assert {message.recipient for message in told} == people
    assert told.count() == 2
    assert all("2026-12-07 星期一" in message.title for message in told)
    assert AuditEntry.objects.filter(action="products.filing_foreseen").count() == 1
    client.force_login(owner_of(merchant).user)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("shop_home"), headers={"accept-language": "en"})
    [matter] = page.context["matters"]
    assert matter.label == "File now: at this pace you pass ¥500,000.00 on 2026-12-08 Tuesday"
    assert (matter.url, matter.due_on) == (reverse("shop_products"), date(2026, 12, 8))

    used(card, 10, at=ESCROW_AT)  # the pace slows, then it is as before: still the same warning
    look(2)
    assert client.get(reverse("shop_home")).context["matters"] == []
    held_agreement(merchant.beneficiary, price_fen=40_000_000)
    look(3)
    assert len(client.get(reverse("shop_home")).context["matters"]) == 1
    assert (told.count(), FilingWarning.objects.count()) == (2, 1)


def test_a_threshold_of_nothing_or_none_means_always() -> None:
    assert SectorRule(filing_balance_fen=0).filing_needed(1)
    assert SectorRule(filing_balance_fen=None).filing_needed(1)


@pytest.mark.parametrize(
    ("sector", "draft", "code"),
    [
        ("arts", {"price_fen": 500_100, "days": 90}, "price_cap"),
        ("arts", {"sessions": 61, "days": 90}, "sessions_cap"),
        ("arts", {"days": 93}, "months_cap"),
        ("arts", {"days": None}, "term_missing"),
        ("beauty", {"price_fen": 500_001, "list_price_fen": 60_000}, "price_cap"),
        ("fitness", {"list_price_fen": 19_999}, "list_price"),
        ("fitness", {"clauses": {"refund_terms": "本卡一经售出,概不退款。"}}, "void_clause"),
        ("fitness", {"clauses": {"breach_terms": ""}}, "item_11"),
        ("fitness", {"clauses": {"risk_warning": " "}}, "item_5"),
    ],
)
def test_what_the_law_forbids_is_not_filed(sector: str, draft: dict, code: str) -> None:
    merchant = make_merchant(sector=sector)
    version = make_draft(merchant, sessions_draft([make_store(merchant)], **draft))
    with pytest.raises(errors.NotCompliant) as refused:
        make_filing(version)
    assert code in {finding.code for finding in refused.value.findings}
    assert state_of(version) == VersionState.DRAFT
    assert not Filing.objects.exists()


@pytest.mark.parametrize(
    ("sector", "draft", "changes", "code"),
    [
        ("arts", course_draft, {"sessions": 61, "list_price_fen": 9_000}, "sessions_cap"),
        ("arts", course_draft, {"days": 93}, "months_cap"),
        ("arts", course_draft, {"price_fen": 500_001, "list_price_fen": 30_000}, "price_cap"),
        ("arts", course_draft, {"list_price_fen": 14_999}, "list_price"),
        ("beauty", discount_draft, {"price_fen": 500_001}, "price_cap"),
        ("beauty", discount_draft, {"list_price_fen": 12_502}, "visit_price"),  # 100.01 at once, of 500
        ("beauty", discount_draft, {"clauses": {"refund_terms": "折扣卡概不退款。"}}, "void_clause"),
    ],
)
def test_nor_of_discount_cards_and_courses(sector: str, draft, changes: dict, code: str) -> None:
    merchant = make_merchant(sector=sector)
    version = make_draft(merchant, draft([make_store(merchant)], **changes))
    with pytest.raises(errors.NotCompliant) as refused:
        make_filing(version)
    assert {finding.code for finding in refused.value.findings} == {code}
    assert state_of(version) == VersionState.DRAFT


@pytest.mark.parametrize(("sector", "draft"), [("beauty", discount_draft), ("arts", course_draft)])
def test_discount_cards_and_courses_that_are_lawful_are_filed(sector: str, draft) -> None:
    merchant = make_merchant(sector=sector)
    version = make_draft(merchant, draft([make_store(merchant)]))
    drafted = version.terms
    assert make_filing(version).pk
    assert ProductVersion.objects.get(pk=version.pk).terms == drafted


def test_a_term_never_outlasts_the_lease_of_a_store() -> None:
    merchant = make_merchant()
    until = AT.date() + timedelta(days=365)
    long, short = make_store(merchant, lease_ends_on=until), make_store(merchant, lease_ends_on=until - timedelta(1))
    with pytest.raises(errors.NotCompliant) as refused:
        make_filing(make_draft(merchant, sessions_draft([long, short])))
    assert [finding.code for finding in refused.value.findings] == ["lease"]
    assert short.name in refused.value.findings[0].text
    assert make_filing(make_draft(merchant, sessions_draft([long]))).pk


def test_the_report_shows_good_lines_too() -> None:
    found = queries.findings(make_draft(), on=AT.date())
    assert {finding.level for finding in found} == {"ok"}
    assert [finding.code for finding in found] == ["caps", "figures", "lease", "void_clauses", "items"]


# Decisions


def test_approval_puts_the_version_on_sale_and_tells_the_owner() -> None:
    version = make_draft()
    filing = make_filing(version)
    officer = officer_for(filing)
    operations.approve_filing(filing_id=filing.pk, by=officer, at=AT, actor=officer.actor)
    assert state_of(version) == VersionState.ON_SALE
    assert list(queries.versions_on_sale(version.product.merchant_id)) == [version]
    owner = owner_of(version.product.merchant).user
    assert Message.objects.filter(recipient_id=owner.pk, kind="products.filing_decided").count() == 1
    assert AuditEntry.objects.get(action="products.approve_filing").actor == officer.actor


def test_a_return_needs_a_reason_and_is_answered_by_a_new_version() -> None:
    version = make_draft()
    merchant = version.product.merchant
    filing = make_filing(version)
    officer = officer_for(filing)
    with pytest.raises(errors.ReasonMissing):
        operations.return_filing(filing_id=filing.pk, reason=" ", by=officer, at=AT, actor=officer.actor)
    assert state_of(version) == VersionState.FILED
    operations.return_filing(filing_id=filing.pk, reason="服务内容不清", by=officer, at=AT, actor=officer.actor)
    assert state_of(version) == VersionState.RETURNED
    second = operations.revise(merchant_id=merchant.pk, version_id=version.pk, at=AT, actor=ACTOR)
    assert (second.number, second.state, second.service) == (2, VersionState.DRAFT, version.service)
    assert list(second.stores.all()) == list(version.stores.all())
    assert state_of(version) == VersionState.RETURNED


@pytest.mark.parametrize(
    "who",
    [
        lambda filing: make_official(department=filing.department_id, district=HAIDIAN),
        lambda filing: make_official(department="commerce", district=filing.district_id),
        lambda filing: make_official(department="commerce", district=None),
        lambda filing: make_operator(),
        lambda filing: owner_of(filing.version.product.merchant).user,
        lambda filing: make_user(),
    ],
    ids=["another district", "another department", "city of another department", "operator", "owner", "consumer"],
)
def test_nobody_else_decides(who) -> None:
    filing = make_filing()
    somebody = who(filing)
    for verb in (
        lambda: operations.approve_filing(filing_id=filing.pk, by=somebody, at=AT, actor=ACTOR),
        lambda: operations.return_filing(filing_id=filing.pk, reason="no", by=somebody, at=AT, actor=ACTOR),
    ):
        with pytest.raises(errors.NotYourFiling):
            verb()
    filing.refresh_from_db()
    assert filing.state == FilingState.SUBMITTED
    assert state_of(filing.version) == VersionState.FILED


def test_the_citys_post_decides_in_every_district() -> None:
    filing = make_filing()
    officer = officer_for(filing, citywide=True)
    operations.approve_filing(filing_id=filing.pk, by=officer, at=AT, actor=officer.actor)
    assert state_of(filing.version) == VersionState.ON_SALE


def test_a_decision_is_made_once() -> None:
    filing = make_filing()
    officer = officer_for(filing)
    operations.approve_filing(filing_id=filing.pk, by=officer, at=AT, actor=officer.actor)
    for verb in (
        lambda: operations.approve_filing(filing_id=filing.pk, by=officer, at=AT, actor=ACTOR),
        lambda: operations.return_filing(filing_id=filing.pk, reason="no", by=officer, at=AT, actor=ACTOR),
    ):
        with pytest.raises(WrongState):
            verb()
    assert state_of(filing.version) == VersionState.ON_SALE


def test_a_filing_taken_back_cannot_be_approved() -> None:
    filing = make_filing()
    merchant_id = filing.version.product.merchant_id
    operations.withdraw_version(merchant_id=merchant_id, version_id=filing.version_id, at=AT, actor=ACTOR)
    officer = officer_for(filing)
    assert not queries.filings_waiting(officer).exists()
    with pytest.raises(WrongState):
        operations.approve_filing(filing_id=filing.pk, by=officer, at=AT, actor=ACTOR)
    assert state_of(filing.version) == VersionState.WITHDRAWN


# Versions


def test_a_new_price_is_a_new_version_and_the_old_one_sells_until_it_is_approved() -> None:
    first = make_on_sale()
    merchant_id = first.product.merchant_id
    second = operations.revise(merchant_id=merchant_id, version_id=first.pk, at=AT, actor=ACTOR)
    draft = sessions_draft(list(second.stores.all()), name=first.product.name, price_fen=220_000)
    operations.edit_draft(merchant_id=merchant_id, version_id=second.pk, draft=draft, at=AT, actor=ACTOR)
    assert list(queries.versions_on_sale(merchant_id)) == [first]
    with pytest.raises(errors.VersionInPreparation):
        operations.revise(merchant_id=merchant_id, version_id=first.pk, at=AT, actor=ACTOR)
    make_on_sale(second)
    assert [version.price_fen for version in queries.versions_on_sale(merchant_id)] == [220_000]
    first.refresh_from_db()
    assert (first.state, first.price_fen, first.terms.price_fen) == (VersionState.WITHDRAWN, 200_000, 200_000)
    assert first.terms_sha256 != ProductVersion.objects.get(pk=second.pk).terms_sha256


def test_what_was_on_sale_keeps_its_name() -> None:
    first = make_on_sale()
    merchant_id = first.product.merchant_id
    second = operations.revise(merchant_id=merchant_id, version_id=first.pk, at=AT, actor=ACTOR)
    draft = sessions_draft(list(second.stores.all()), name="另一个名字")
    with pytest.raises(errors.NameFixed):
        operations.edit_draft(merchant_id=merchant_id, version_id=second.pk, draft=draft, at=AT, actor=ACTOR)
    assert Product.objects.get().name == first.product.name


def test_withdrawn_is_not_sold() -> None:
    version = make_on_sale()
    merchant_id = version.product.merchant_id
    operations.withdraw_version(merchant_id=merchant_id, version_id=version.pk, at=AT, actor=ACTOR)
    with pytest.raises(errors.NotOnSale):
        queries.sellable_version(version.pk, on=AT.date())
    assert not queries.search_merchants().exists()
    assert queries.public_version(version.pk) == version


def test_what_no_open_store_redeems_is_not_sold_nor_found() -> None:
    version = make_on_sale()
    merchant_id = version.product.merchant_id
    assert queries.versions_on_sale(merchant_id).get().has_open_store
    version.stores.update(is_open=False)
    with pytest.raises(errors.NoStoreOpen):
        queries.sellable_version(version.pk, on=AT.date())
    assert not queries.search_merchants().exists()
    assert not queries.versions_on_sale(merchant_id).get().has_open_store
    version.stores.update(is_open=True)
    assert queries.sellable_version(version.pk, on=AT.date()) == version
    assert queries.search_merchants().count() == 1


def test_a_merchant_is_found_once_however_many_stores_it_has() -> None:
    merchant = make_merchant()
    make_on_sale(make_draft(merchant, sessions_draft([make_store(merchant), make_store(merchant)])))
    assert queries.search_merchants().count() == queries.versions_on_sale(merchant.pk).count() == 1


def test_the_latest_visit_rule_counts_and_is_set_for_a_later_day_only() -> None:
    merchant, draft = make_merchant(), stored_value_draft
    version = make_draft(merchant, draft([make_store(merchant)], visit_price_fen=24_000))
    assert not [line for line in queries.findings(version, on=AT.date()) if line.level == "bad"]
    later = AT.date() + timedelta(days=1)
    rule = VisitRule(valid_from=later, most_percent=10, basis="a decision of the city", mark="A")
    with pytest.raises(RuleNotFuture):
        add_visit_rule(rule=VisitRule(valid_from=AT.date(), most_percent=10, basis="x", mark="A"), at=AT, actor=ACTOR)
    add_visit_rule(rule=rule, at=AT, actor=ACTOR)
    with pytest.raises(RuleDayTaken):
        add_visit_rule(rule=VisitRule(valid_from=later, most_percent=30, basis="x", mark="A"), at=AT, actor=ACTOR)
    assert VisitRule.objects.count() == 2
    assert AuditEntry.objects.filter(action="products.add_visit_rule").count() == 1
    assert not [line for line in queries.findings(version, on=AT.date()) if line.level == "bad"]
    assert [line.code for line in queries.findings(version, on=later) if line.level == "bad"] == ["visit_price"]


def test_operators_add_a_visit_rule_in_the_administration(client) -> None:
    url = reverse("admin:products_visitrule_add")
    data = {"valid_from": "2099-01-01", "most_percent": "15", "basis": "a decision", "mark": "A"}
    client.force_login(make_user())
    assert client.post(url, data).status_code in {302, 403}
    assert VisitRule.objects.count() == 1
    client.force_login(make_operator())
    assert client.post(url, data).status_code == 302
    assert VisitRule.objects.current(date(2099, 1, 1)).most_percent == 15
    assert client.get(reverse("admin:products_visitrule_changelist")).status_code == 200


def test_a_draft_is_nobodys_business() -> None:
    for version in (make_draft(), make_filing().version):
        with pytest.raises(NotFound):
            queries.public_version(version.pk)
        with pytest.raises(errors.NotOnSale):
            queries.sellable_version(version.pk, on=AT.date())


def test_filed_terms_cannot_be_edited() -> None:
    version = make_filing().version
    draft = sessions_draft(list(version.stores.all()), price_fen=100)
    with pytest.raises(errors.TermsFrozen):
        operations.edit_draft(
            merchant_id=version.product.merchant_id, version_id=version.pk, draft=draft, at=AT, actor=ACTOR
        )
    version.refresh_from_db()
    assert version.price_fen == 200_000


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE products_productversion SET price_fen = 1, visit_price_fen = 0 WHERE id = %s",
        "UPDATE products_productversion SET frozen_terms = '{}' WHERE id = %s",
        "UPDATE products_productversion SET refund_terms = '' WHERE id = %s",
        "UPDATE products_productversion SET frozen_at = NULL, frozen_terms = NULL, state = 'draft' WHERE id = %s",
        "DELETE FROM products_productversion_stores WHERE productversion_id = %s",
        "UPDATE products_productversion_stores SET store_id = store_id WHERE productversion_id = %s",
    ],
)
def test_the_database_keeps_what_was_filed(sql: str) -> None:
    version = make_filing().version
    before = version.terms_sha256
    with pytest.raises(IntegrityError, match="is filed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [version.pk])
    kept = ProductVersion.objects.get(pk=version.pk)
    assert (kept.terms_sha256, kept.price_fen, kept.stores.count()) == (before, 200_000, 1)


def test_a_draft_may_change_in_the_database() -> None:
    """The control of the test above."""
    version = make_draft()
    ProductVersion.objects.filter(pk=version.pk).update(refund_terms="x")
    version.stores.clear()
    assert ProductVersion.objects.get(pk=version.pk).refund_terms == "x"


def test_a_later_change_of_the_store_does_not_change_the_contract() -> None:
    version = make_on_sale()
    before = version.terms_sha256
    version.stores.update(address="搬走了", lease_ends_on=date(2026, 4, 1))
    kept = ProductVersion.objects.get(pk=version.pk)
    assert kept.terms_sha256 == before
    assert "阜通东大街" in kept.terms.stores[0].address


def test_terms_that_were_frozen_before_there_were_discounts_are_read_as_they_are() -> None:
    version = make_draft()
    older = {name: value for name, value in version.terms.to_json().items() if name != "discount_bp"}
    assert Terms.from_json(older) == version.terms


def test_terms_survive_freezing() -> None:
    merchant = make_merchant()
    store = make_store(merchant, lease_ends_on=date(2029, 1, 1))
    version = make_draft(merchant, stored_value_draft([store], days=365))
    drafted = version.terms
    make_filing(version)
    assert ProductVersion.objects.get(pk=version.pk).terms == drafted
    assert replace(drafted, price_fen=1) != drafted
    assert drafted.kind == Plan.STORED_VALUE
