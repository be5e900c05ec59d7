"""The merchant's pages through HTTP: what they show, refuse and keep from others."""

from datetime import timedelta

import pytest
from django.urls import reverse

from escrow import operations as escrow
from escrow.clock import today
from escrow.models import AuditEntry
from prepaid.merchants.models import Merchant, StaffMember, StaffRole, Store
from tests.escrow.factories import held_agreement
from tests.prepaid.merchants.factories import (
    CHAOYANG,
    HAIDIAN,
    JIANWAI,
    WANGJING,
    ZHONGGUANCUN,
    card_no,
    make_city,
    make_merchant,
    make_staff,
    make_store,
    next_uscc,
    owner_of,
)
from tests.prepaid.people.factories import make_official, make_operator, make_user, next_phone

pytestmark = pytest.mark.django_db
PAGES = ["shop_home", "shop_stores", "shop_store_add", "shop_staff", "shop_money", "shop_handover", "shop_products"]
PAGES += ["shop_forecast", "shop_statements", "shop_next_payout"]


@pytest.fixture
def merchant(client) -> Merchant:
    """A merchant whose owner is signed in."""
    merchant = make_merchant()
    client.force_login(owner_of(merchant).user)
    return merchant


def licence(**changes: object) -> dict:
    return {
        "name": "望京咖啡有限公司",
        "uscc": next_uscc(),
        "legal_representative": "王五",
        "sector": "catering",
        "district": CHAOYANG,
        "account_no": card_no(),
        "account_name": "望京咖啡有限公司",
        **changes,
    }


def store_form(**changes: object) -> dict:
    return {
        "name": "望京店",
        "address": "朝阳区望京街道阜通东大街6号",
        "lease_ends_on": (today() + timedelta(days=900)).isoformat(),
        **changes,
    }


def errors_of(response) -> dict:
    return response.context["form"].errors


# Registration


def test_somebody_registers_a_merchant_and_lands_on_its_page(client) -> None:
    make_city()
    user = make_user()
    client.force_login(user)
    assert client.get(reverse("shop_home")).url == reverse("shop_register")
    response = client.post(reverse("shop_register"), licence())
    assert (response.status_code, response.url) == (302, reverse("shop_home"))
    assert StaffMember.objects.get(user=user).role == StaffRole.OWNER
    assert "望京咖啡" in client.get(reverse("shop_home")).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"uscc": "91110105MA0000001A"}, "uscc"),
        ({"sector": "gambling"}, "sector"),
        ({"district": "120101"}, "district"),
        ({"account_no": "6222020200112233441"}, "account_no"),
        ({"name": ""}, "name"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_nothing_changes(client, wrong: dict, field: str) -> None:
    make_city()
    client.force_login(make_user())
    response = client.post(reverse("shop_register"), licence(**wrong))
    assert response.status_code == 400
    assert list(errors_of(response)) == [field]
    assert f'id="id_{field}_error"' in response.content.decode()
    assert not Merchant.objects.exists()


def test_a_code_twice_is_a_conflict(client, merchant: Merchant) -> None:
    response = client.post(reverse("shop_register"), licence(uscc=merchant.uscc))
    assert response.status_code == 409
    assert Merchant.objects.count() == 1


# Who may


@pytest.mark.parametrize("page", PAGES)
def test_nobody_signed_out_sees_a_page(client, page: str) -> None:
    response = client.get(reverse(page))
    assert response.status_code == 302
    assert reverse("account_login") in response.url


@pytest.mark.parametrize("page", PAGES)
def test_the_owner_sees_every_page_in_few_queries(
    client, merchant: Merchant, page: str, django_assert_max_num_queries
) -> None:
    for _number in range(3):
        make_store(merchant)
        make_staff(merchant)
    with django_assert_max_num_queries(12):
        response = client.get(reverse(page))
    assert response.status_code == 200


@pytest.mark.parametrize("page", [page for page in PAGES if page != "shop_home"])
def test_a_cashier_is_refused(client, page: str) -> None:
    merchant = make_merchant()
    client.force_login(make_staff(merchant).user)
    assert client.get(reverse(page)).status_code == 403
    assert client.post(reverse(page), store_form()).status_code in {403, 405}
    assert client.get(reverse("shop_home")).url == reverse("shop_counter")
    assert merchant.stores.count() == 1


def test_a_manager_sees_money_but_moves_no_account(client) -> None:
    merchant = make_merchant()
    client.force_login(make_staff(merchant, StaffRole.MANAGER).user)
    assert client.get(reverse("shop_money")).status_code == 200
    form = {"account_no": card_no("62220202001122339"), "account_name": "x", "because": "moved banks", "report": "1"}
    assert client.post(reverse("shop_handover"), form).status_code == 403
    assert client.post(reverse("shop_handover_withdraw", args=[1])).status_code == 403
    merchant.beneficiary.refresh_from_db()
    assert merchant.beneficiary.payout_account_no == card_no()


def test_the_account_is_shown_masked_only(client, merchant: Merchant) -> None:
    for page in ("shop_money", "shop_handover"):
        text = client.get(reverse(page)).content.decode()
        assert card_no()[-4:] in text
        assert card_no() not in text


# Stores


def test_an_address_is_placed_shown_and_then_saved(client, merchant: Merchant) -> None:
    shown = client.post(reverse("shop_store_add"), store_form())
    assert shown.status_code == 200
    assert not Store.objects.exists()
    form = shown.context["form"]
    assert form["subdistrict"].value() == WANGJING
    placed = {name: form[name].value() for name in form.fields}
    assert client.post(reverse("shop_store_add"), placed).status_code == 302
    store = Store.objects.get()
    assert (store.district_id, store.subdistrict_id, store.merchant) == (CHAOYANG, WANGJING, merchant)


def test_the_place_found_can_be_corrected(client, merchant: Merchant) -> None:
    address = store_form()["address"]
    client.post(reverse("shop_store_add"), store_form(subdistrict=JIANWAI, placed=address))
    assert Store.objects.get().subdistrict_id == JIANWAI


def test_an_address_nobody_can_place_needs_a_choice(client, merchant: Merchant) -> None:
    unclear = store_form(address="某大厦1层")
    response = client.post(reverse("shop_store_add"), unclear)
    assert (response.status_code, list(errors_of(response))) == (400, ["address"])
    assert not Store.objects.exists()
    assert client.post(reverse("shop_store_add"), {**unclear, "subdistrict": WANGJING}).status_code == 302
    assert Store.objects.get().subdistrict_id == WANGJING


def test_another_address_is_placed_anew(client, merchant: Merchant) -> None:
    store = make_store(merchant)
    page = reverse("shop_store_edit", args=[store.pk])
    form = client.get(page).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    moved = client.post(page, {**typed, "address": "海淀区中关村街道1号"})
    assert moved.status_code == 200
    assert moved.context["form"]["subdistrict"].value() == ZHONGGUANCUN
    store.refresh_from_db()
    assert store.district_id == CHAOYANG
    final = moved.context["form"]
    client.post(page, {name: final[name].value() or "" for name in final.fields})
    store.refresh_from_db()
    assert store.district_id == HAIDIAN


@pytest.mark.parametrize("verb", ["get", "post"])
def test_another_merchants_store_is_not_there(client, merchant: Merchant, verb: str) -> None:
    theirs = make_store(make_merchant())
    before = theirs.name
    assert getattr(client, verb)(reverse("shop_store_edit", args=[theirs.pk]), store_form()).status_code == 404
    theirs.refresh_from_db()
    assert theirs.name == before


# Staff


def test_staff_are_added_by_phone_and_ended(client, merchant: Merchant) -> None:
    store, phone = make_store(merchant), next_phone()
    page = reverse("shop_staff")
    assert client.post(page, {"phone": phone, "role": "cashier"}).status_code == 400
    assert client.post(page, {"phone": "12", "role": "cashier", "store": store.pk}).status_code == 400
    assert merchant.staff.count() == 1
    assert client.post(page, {"phone": phone, "role": "cashier", "store": store.pk}).status_code == 302
    cashier = merchant.staff.get(role=StaffRole.CASHIER)
    text = client.get(page).content.decode()
    assert cashier.user.phone_masked in text
    assert phone not in text
    assert client.post(reverse("shop_staff_end", args=[cashier.pk])).status_code == 302
    cashier.refresh_from_db()
    assert not cashier.is_active


def test_another_merchants_staff_stay(client, merchant: Merchant) -> None:
    theirs = make_staff(make_merchant())
    assert client.post(reverse("shop_staff_end", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("shop_staff_end", args=[owner_of(merchant).pk])).status_code == 403
    theirs.refresh_from_db()
    assert theirs.is_active


# Several merchants


def test_one_switches_between_ones_own_merchants(client) -> None:
    owner = make_user()
    first, second, theirs = make_merchant(owner=owner), make_merchant(owner=owner), make_merchant()
    client.force_login(owner)
    assert client.get(reverse("shop_home")).context["staff"].merchant == first
    assert client.post(reverse("shop_switch"), {"merchant": second.pk}).status_code == 302
    assert client.get(reverse("shop_home")).context["staff"].merchant == second
    for wrong in (theirs.pk, "x", ""):
        assert client.post(reverse("shop_switch"), {"merchant": wrong}).status_code == 404
    assert client.get(reverse("shop_home")).context["staff"].merchant == second


# Money


def test_a_payout_is_shown_with_the_lines_it_is_the_sum_of(
    client, merchant: Merchant, django_assert_max_num_queries
) -> None:
    agreement = held_agreement(merchant.beneficiary)
    at = agreement.funded_at
    for number in range(3):
        escrow.charge(
            beneficiary_id=agreement.beneficiary_id,
            agreement_id=agreement.pk,
            units=1,
            final=True,
            key=f"k{number}",
            reference="卡",
            at=at,
            actor="system:test",
        )
    payout = escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=at + timedelta(days=1), actor="system:test")
    assert payout is not None
    with django_assert_max_num_queries(12):
        page = client.get(reverse("shop_payout", args=[payout.pk]))
    lines = list(page.context["page"])
    assert sum(line.amount_fen for line in lines) == payout.amount_fen == 60_000
    assert "¥600.00" in page.content.decode()
    assert "¥600.00" in client.get(reverse("shop_money")).content.decode()
    client.force_login(owner_of(make_merchant()).user)
    assert client.get(reverse("shop_payout", args=[payout.pk])).status_code == 404


# The administration


def test_officials_see_the_merchants_of_their_post_masked(client) -> None:
    merchant = make_merchant()
    page = reverse("admin:merchants_merchant_change", args=[merchant.pk])
    for official, status in (
        (make_official(department="sports", district=CHAOYANG), 200),
        (make_official(department="sports", district=None), 200),
        (make_official(department="sports", district=HAIDIAN), 404),
        (make_official(department="commerce", district=CHAOYANG), 404),
        (make_operator(), 200),
    ):
        client.force_login(official)
        response = client.get(page)
        assert response.status_code == status
        if status == 200:
            assert card_no() not in response.content.decode()
            assert "李强" not in response.content.decode()
        assert client.post(page, {"name": "x"}).status_code in {403, 404}
    merchant.refresh_from_db()
    assert merchant.name != "x"


def test_an_operator_holds_and_releases_payouts_with_a_reason_and_nobody_else(client):
    merchant = make_merchant()
    url = reverse("admin:merchants_merchant_payouts", args=[merchant.pk])
    for stranger in (owner_of(merchant).user, make_official(department="sports", district=CHAOYANG)):
        client.force_login(stranger)
        assert client.post(url, {"because": "returned by the bank"}).status_code in {302, 403, 404}
        merchant.beneficiary.refresh_from_db()
        assert not merchant.beneficiary.payouts_held
    client.force_login(make_operator())
    assert client.post(url, {"because": ""}).status_code == 400
    for held, because in ((True, "returned by the bank"), (False, "new account checked")):
        assert client.post(url, {"because": because}).status_code == 302
        merchant.beneficiary.refresh_from_db()
        assert merchant.beneficiary.payouts_held is held
        assert AuditEntry.objects.latest("id").after == {"held": held, "because": because}
