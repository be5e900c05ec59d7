"""Products and filings through HTTP: the merchant's side and the regulator's."""

import pytest
from django.urls import reverse

from prepaid.merchants.models import Merchant, StaffRole
from prepaid.products import operations
from prepaid.products.models import Filing, Product, ProductVersion
from prepaid.products.standard_clauses import for_card
from prepaid.products.states import FilingState, VersionState
from tests.prepaid.merchants.factories import AT, CHAOYANG, HAIDIAN, make_merchant, make_staff, make_store, owner_of
from tests.prepaid.people.factories import make_official, make_operator, make_user
from tests.prepaid.products.factories import make_draft, make_filing, make_on_sale, officer_for, sessions_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant(client) -> Merchant:
    """A merchant with a store, its owner signed in."""
    merchant = make_merchant()
    make_store(merchant)
    client.force_login(owner_of(merchant).user)
    return merchant


def form_of(merchant: Merchant, kind: str = "sessions", **changes: object) -> dict:
    figures = {
        "sessions": {"sessions": "10", "list_price_fen": "300", "days": "365"},
        "stored_value": {"bonus_fen": "200", "visit_price_fen": "80", "lowest_item_fen": "30"},
        "discount": {"discount_bp": "80", "list_price_fen": "68", "days": "365"},
        "period": {"days": "365"},
        "course": {"sessions": "10", "list_price_fen": "300", "days": "80"},
    }[kind]
    return {
        "name": "私教课10次卡",
        "price_fen": "2,000",
        "stores": [store.pk for store in merchant.stores.all()],
        "service": "私教课,每次60分钟。",
        **for_card(kind, has_gift=kind == "stored_value"),
        **figures,
        **changes,
    }


@pytest.mark.parametrize("kind", ["sessions", "stored_value", "discount", "period", "course"])
def test_a_product_is_drafted_checked_and_submitted(client, merchant: Merchant, kind: str) -> None:
    add = reverse("shop_product_add", args=[kind])
    assert client.get(add).status_code == 200
    response = client.post(add, form_of(merchant, kind))
    version = ProductVersion.objects.get()
    assert response.url == reverse("shop_version", args=[version.pk])
    assert (version.kind, version.price_fen, version.state) == (kind, 200_000, VersionState.DRAFT)
    report = client.get(response.url)
    assert report.context["blocking"] == []
    assert client.post(reverse("shop_version_submit", args=[version.pk])).status_code == 302
    version.refresh_from_db()
    assert version.state == VersionState.FILED
    filed = client.get(response.url).content.decode()
    assert version.filing.number in filed


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1" + "0" * 18, "abc", "", "NaN", "1e5"])
def test_a_wrong_amount_stands_beside_its_field(client, merchant: Merchant, amount: str) -> None:
    response = client.post(reverse("shop_product_add", args=["sessions"]), form_of(merchant, price_fen=amount))
    assert response.status_code == 400
    assert list(response.context["form"].errors) == ["price_fen"]
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sessions": "0"}, "sessions"),
        ({"sessions": "1.5"}, "sessions"),
        ({"days": "-3"}, "days"),
        ({"stores": []}, "stores"),
        ({"stores": ["999999"]}, "stores"),
        ({"service": ""}, "service"),
        ({"refund_terms": ""}, "refund_terms"),
        ({"name": "卡" * 81}, "name"),
    ],
)
def test_other_mistakes_too(client, merchant: Merchant, wrong: dict, field: str) -> None:
    response = client.post(reverse("shop_product_add", args=["sessions"]), form_of(merchant, **wrong))
    assert (response.status_code, list(response.context["form"].errors)) == (400, [field])
    assert not Product.objects.exists()


@pytest.mark.parametrize("percent", ["0", "0.5", "100", "101", "-80", "80.001", "abc", "", "NaN"])
def test_a_discount_that_is_none_stands_beside_its_field(client, merchant: Merchant, percent: str) -> None:
    form = form_of(merchant, "discount", discount_bp=percent)
    response = client.post(reverse("shop_product_add", args=["discount"]), form)
    assert (response.status_code, list(response.context["form"].errors)) == (400, ["discount_bp"])
    assert not Product.objects.exists()


def test_a_discount_is_edited_as_it_was_typed(client, merchant: Merchant) -> None:
    client.post(reverse("shop_product_add", args=["discount"]), form_of(merchant, "discount", discount_bp="85.5"))
    version = ProductVersion.objects.get()
    assert (version.discount_bp, version.visit_price_fen) == (8_550, 5_814)
    form = client.get(reverse("shop_product_edit", args=[version.pk])).context["form"]
    assert form["discount_bp"].value() == "85.5"


def test_a_kind_there_is_not(client, merchant: Merchant) -> None:
    assert client.get(reverse("shop_product_add", args=["lottery"])).status_code == 404


def test_a_void_clause_is_quoted_and_not_submitted(client, merchant: Merchant) -> None:
    client.post(reverse("shop_product_add", args=["sessions"]), form_of(merchant, refund_terms="本卡售出,概不退款。"))
    version = ProductVersion.objects.get()
    report = client.get(reverse("shop_version", args=[version.pk]))
    assert [finding.code for finding in report.context["blocking"]] == ["void_clause"]
    assert "<q>概不退款</q>" in report.content.decode()
    response = client.post(reverse("shop_version_submit", args=[version.pk]))
    assert response.status_code == 422
    version.refresh_from_db()
    assert version.state == VersionState.DRAFT
    assert not Filing.objects.exists()


def test_a_price_above_the_cap_is_named(client) -> None:
    merchant = make_merchant(sector="arts")
    make_store(merchant)
    client.force_login(owner_of(merchant).user)
    client.post(
        reverse("shop_product_add", args=["sessions"]),
        form_of(merchant, price_fen="5000.01", list_price_fen="600", days="90"),
    )
    version = ProductVersion.objects.get()
    response = client.post(reverse("shop_version_submit", args=[version.pk]))
    assert response.status_code == 422
    assert "5,000.00" in response.content.decode()
    version.refresh_from_db()
    assert version.state == VersionState.DRAFT


def test_an_edited_draft_keeps_what_was_typed(client, merchant: Merchant) -> None:
    client.post(reverse("shop_product_add", args=["stored_value"]), form_of(merchant, "stored_value"))
    version = ProductVersion.objects.get()
    edit = reverse("shop_product_edit", args=[version.pk])
    form = client.get(edit).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    assert (typed["price_fen"], typed["bonus_fen"]) == ("2,000.00", "200.00")
    assert client.post(edit, {**typed, "price_fen": "1800", "bonus_fen": ""}).status_code == 302
    version.refresh_from_db()
    assert (version.price_fen, version.bonus_fen) == (180_000, 0)
    # The standard clause on gifts follows the figures.
    assert version.gift_terms == for_card("stored_value", has_gift=False)["gift_terms"]


def test_what_was_filed_has_no_edit_page(client, merchant: Merchant) -> None:
    version = make_filing(make_draft(merchant)).version
    edit = reverse("shop_product_edit", args=[version.pk])
    assert client.get(edit).url == reverse("shop_version", args=[version.pk])
    assert client.post(edit, form_of(merchant)).url == reverse("shop_version", args=[version.pk])
    version.refresh_from_db()
    assert version.price_fen == 200_000


def test_a_new_version_and_a_withdrawal(client, merchant: Merchant) -> None:
    version = make_on_sale(make_draft(merchant))
    response = client.post(reverse("shop_version_revise", args=[version.pk]))
    second = ProductVersion.objects.get(number=2)
    assert response.url == reverse("shop_product_edit", args=[second.pk])
    assert client.post(reverse("shop_version_revise", args=[version.pk])).status_code == 409
    assert client.post(reverse("shop_version_withdraw", args=[version.pk])).status_code == 302
    version.refresh_from_db()
    assert version.state == VersionState.WITHDRAWN
    assert client.post(reverse("shop_version_withdraw", args=[version.pk])).status_code == 409


def test_pages_ask_few_questions(client, merchant: Merchant, django_assert_max_num_queries) -> None:
    for _number in range(3):
        version = make_on_sale(make_draft(merchant, sessions_draft(list(merchant.stores.all()))))
        operations.revise(merchant_id=merchant.pk, version_id=version.pk, at=AT, actor="system:test")
    for page in (
        reverse("shop_products"),
        reverse("shop_product_new"),
        reverse("shop_product", args=[version.product_id]),
        reverse("shop_version", args=[version.pk]),
        reverse("shop_version", args=[version.product.versions.get(number=2).pk]),
        reverse("shop_product_edit", args=[version.product.versions.get(number=2).pk]),
    ):
        with django_assert_max_num_queries(12):
            assert client.get(page).status_code == 200


def test_the_list_of_things_to_do_grows_short(client) -> None:
    merchant = make_merchant()
    client.force_login(owner_of(merchant).user)

    def done() -> list[bool]:
        return [todo.done for todo in client.get(reverse("shop_home")).context["todos"]]

    assert done() == [True, False, False, False, False]
    version = make_draft(merchant)
    assert done() == [True, True, True, False, False]
    make_on_sale(version)
    assert done() == [True] * 5


# Others


@pytest.mark.parametrize("name", ["shop_version", "shop_product_edit"])
def test_another_merchants_version_is_not_there(client, merchant: Merchant, name: str) -> None:
    theirs = make_draft()
    assert client.get(reverse(name, args=[theirs.pk])).status_code == 404


@pytest.mark.parametrize("name", ["shop_version_submit", "shop_version_revise", "shop_version_withdraw"])
def test_nor_can_it_be_moved(client, merchant: Merchant, name: str) -> None:
    theirs = make_on_sale()
    assert client.post(reverse(name, args=[theirs.pk])).status_code == 404
    assert client.get(reverse(name, args=[theirs.pk])).status_code == 405
    theirs.refresh_from_db()
    assert theirs.state == VersionState.ON_SALE
    assert theirs.product.versions.count() == 1


def test_a_cashier_sells_nothing(client) -> None:
    merchant = make_merchant()
    store = make_store(merchant)
    client.force_login(make_staff(merchant, StaffRole.CASHIER, store).user)
    response = client.post(reverse("shop_product_add", args=["sessions"]), form_of(merchant))
    assert response.status_code == 403
    assert not Product.objects.exists()


# The administration


def file_of(filing: Filing) -> str:
    return reverse("admin:products_filing_change", args=[filing.pk])


def test_the_lead_regulator_reads_the_file_and_approves(client, django_assert_max_num_queries) -> None:
    filing = make_filing()
    client.force_login(officer_for(filing))
    queue = client.get(reverse("admin:index"))
    assert [item.url for item in queue.context["queue"]] == [file_of(filing)]
    with django_assert_max_num_queries(12):
        page = client.get(file_of(filing))
    assert page.status_code == 200
    assert len(page.context["items"]) == 12
    with django_assert_max_num_queries(12):
        assert client.get(reverse("admin:products_filing_changelist")).status_code == 200
    assert client.post(reverse("admin:filing_approve", args=[filing.pk])).url == file_of(filing)
    filing.refresh_from_db()
    assert filing.state == FilingState.APPROVED
    assert filing.version.state == VersionState.ON_SALE
    assert client.get(file_of(filing)).status_code == 200
    assert client.get(reverse("admin:index")).context["queue"] == []


def test_a_return_carries_its_reason_to_the_merchant(client) -> None:
    filing = make_filing()
    client.force_login(officer_for(filing))
    send_back = reverse("admin:filing_return", args=[filing.pk])
    refused = client.post(send_back, {"reason": ""})
    assert refused.status_code == 400
    assert 'id="id_reason_error"' in refused.content.decode()
    filing.refresh_from_db()
    assert filing.state == FilingState.SUBMITTED
    assert client.post(send_back, {"reason": "请写明课时长度"}).status_code == 302
    filing.refresh_from_db()
    assert (filing.state, filing.reason) == (FilingState.RETURNED, "请写明课时长度")
    client.force_login(owner_of(filing.version.product.merchant).user)
    assert "请写明课时长度" in client.get(reverse("shop_version", args=[filing.version_id])).content.decode()
    assert "请写明课时长度" in client.get(reverse("shop_product", args=[filing.version.product_id])).content.decode()


def test_a_second_decision_is_refused_on_the_page(client) -> None:
    filing = make_filing()
    client.force_login(officer_for(filing))
    approve = reverse("admin:filing_approve", args=[filing.pk])
    client.post(approve)
    assert client.post(approve).status_code == 409
    assert client.post(reverse("admin:filing_return", args=[filing.pk]), {"reason": "x"}).status_code == 409
    filing.refresh_from_db()
    assert filing.state == FilingState.APPROVED


@pytest.mark.parametrize(
    ("department", "district"),
    [("sports", HAIDIAN), ("commerce", CHAOYANG), ("commerce", None)],
    ids=["another district", "another department", "another city department"],
)
def test_for_other_officials_it_does_not_exist(client, department: str, district: str | None) -> None:
    filing = make_filing()
    client.force_login(make_official(department=department, district=district))
    assert client.get(file_of(filing)).status_code == 404
    assert client.post(reverse("admin:filing_approve", args=[filing.pk])).status_code == 404
    assert client.post(reverse("admin:filing_return", args=[filing.pk]), {"reason": "x"}).status_code == 404
    assert filing.number not in client.get(reverse("admin:products_filing_changelist")).content.decode()
    filing.refresh_from_db()
    assert filing.state == FilingState.SUBMITTED


def test_an_operator_reads_and_decides_nothing(client) -> None:
    filing = make_filing()
    client.force_login(make_operator())
    page = client.get(file_of(filing))
    assert page.status_code == 200
    assert not page.context["may_decide"]
    assert client.post(reverse("admin:filing_approve", args=[filing.pk])).status_code == 404
    filing.refresh_from_db()
    assert filing.state == FilingState.SUBMITTED


def test_a_consumer_does_not_enter(client) -> None:
    filing = make_filing()
    client.force_login(make_user())
    assert client.get(file_of(filing)).status_code in {302, 403}
    assert client.post(reverse("admin:filing_approve", args=[filing.pk])).status_code in {302, 403}
    filing.refresh_from_db()
    assert filing.state == FilingState.SUBMITTED
