"""Claims, orders of courts and authorities, and the rule for the reserve, through the operators' pages."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import invariants
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.models import AuditEntry, LegalHold, ReserveRule
from escrow.states import InstructionState
from prepaid.backoffice.queries.matters import Asked, matters
from prepaid.merchants.models import Merchant
from tests.escrow.factories import ACTOR, AT
from tests.prepaid.backoffice import factories as make
from tests.prepaid.backoffice.factories import NOW
from tests.prepaid.people.factories import make_official, make_operator, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ORDER = {
    "order_no": "(2026)京0105执7号", "issued_by": "北京市朝阳区人民法院", "sum_fen": "1,000", "expires_on": "2027-05-22",
}  # fmt: skip


@pytest.fixture(autouse=True)
def days_later(monkeypatch) -> None:
    monkeypatch.setattr("escrow.clock.now", lambda: NOW)


@pytest.fixture
def one(client: Client):
    user = make_operator()
    client.force_login(user)
    return user


def url(name: str, *arguments: object) -> str:
    return reverse(f"admin:{name}", args=arguments)


def open_now(lane: str, at=NOW) -> list:
    return matters(Asked(lane=lane), at=at)


def proven() -> bool:
    return all(finding.ok for finding in invariants.prove())


# Open matters


def test_a_claim_is_open_with_its_number_and_what_is_unpaid_until_payouts_have_served_it():
    merchant = make.merchant()
    claim = make.claimed(merchant)
    (matter,) = open_now("claim")
    assert (matter.label, matter.fen, matter.merchant) == (claim.number, 50_000, merchant)
    assert (matter.since, matter.late) == (claim.opened_at, False)
    assert open_now("claim", at=claim.opened_at + 7 * DAY)[0].late
    make.charged(make.held(merchant, price_fen=20_000, units_total=1), at=AT + DAY)
    escrow.serve_claims(beneficiary_id=merchant.beneficiary_id, at=NOW, actor=ACTOR)
    (matter,) = open_now("claim")
    assert matter.fen == 30_000
    make.charged(make.held(merchant, units_total=1), at=AT + DAY)
    escrow.serve_claims(beneficiary_id=merchant.beneficiary_id, at=NOW, actor=ACTOR)
    assert open_now("claim") == []


def test_a_claims_number_never_loses_a_digit():
    claim = make.claimed(make.merchant())
    type(claim).objects.filter(pk=claim.pk).update(id=123_456_789_012)
    assert [matter.label for matter in open_now("claim")] == ["C123456789012"]


def test_an_order_is_open_while_it_is_not_filled_and_in_its_last_week():
    merchant = make.merchant()
    make.charged(make.held(merchant))  # 200 yuan
    make.ordered(merchant, sum_fen=5_000, expires_on=beijing_date(NOW) + 8 * DAY, no="filled")
    assert open_now("legal_hold") == []
    make.ordered(merchant, sum_fen=90_000, expires_on=beijing_date(NOW) + 90 * DAY, no="unfilled")
    (matter,) = open_now("legal_hold")
    assert (matter.fen, matter.label) == (90_000, "(2026)京01执unfilled号")
    assert matter.remark == f"北京一中院 · {beijing_date(NOW) + 90 * DAY}"
    labels = [matter.label for matter in open_now("legal_hold", at=NOW + DAY)]
    assert sorted(labels) == ["(2026)京01执filled号", "(2026)京01执unfilled号"]
    lateness = {matter.label[10:-1]: matter.late for matter in open_now("legal_hold", at=NOW + 9 * DAY)}
    assert lateness == {"filled": True, "unfilled": True}


# Orders


def test_an_order_is_shown_with_what_it_blocks_before_it_is_recorded_and_lifted_with_a_reason(client, one):
    merchant = make.merchant()
    make.charged(make.held(merchant))  # 10 visits of 200 yuan, one used
    page = url("backoffice_order")
    assert client.get(page).status_code == 200
    filled = {**ORDER, "merchant": merchant.uscc.lower()}
    shown = client.post(page, filled)
    assert shown.status_code == 200
    body = shown.content.decode()
    for expected in (merchant.name, "¥1,000.00", "¥200.00", "¥800.00", ORDER["order_no"]):
        assert expected in body
    assert not LegalHold.objects.exists()
    changed = client.post(page, {**filled, "word": "change"})
    assert changed.status_code == 200
    assert f'value="{ORDER["issued_by"]}"' in changed.content.decode()
    assert not LegalHold.objects.exists()
    answer = client.post(page, {**filled, "word": "confirm"})
    hold = LegalHold.objects.get()
    assert answer.url == url("escrow_legalhold_change", hold.pk)
    assert (hold.sum_fen, hold.blocked_fen, hold.expires_on) == (100_000, 20_000, date(2027, 5, 22))
    assert hold.beneficiary_id == merchant.beneficiary_id
    assert AuditEntry.objects.filter(action="escrow.order_hold", actor=one.actor).count() == 1
    assert client.post(page, {**filled, "word": "confirm"}).url == answer.url  # pressed twice
    assert LegalHold.objects.count() == 1
    assert ORDER["order_no"] in client.get(url("escrow_legalhold_changelist")).content.decode()
    lifting = url("backoffice_lift_order", hold.pk)
    assert lifting in client.get(answer.url).content.decode()
    assert "¥200.00" in client.get(lifting).content.decode()
    for missing in ({"because": "", "checked": "on"}, {"because": "撤销"}):
        assert client.post(lifting, missing).status_code == 400
    assert client.post(lifting, {"because": "裁定解除", "checked": "on"}).status_code == 302
    hold.refresh_from_db()
    assert (hold.blocked_fen, hold.lifted_at) == (0, NOW)
    lifted = AuditEntry.objects.get(action="escrow.lift_hold")
    assert (lifted.actor, lifted.after) == (one.actor, {"because": "裁定解除"})
    assert client.post(lifting, {"because": "again", "checked": "on"}).status_code == 404
    assert "裁定解除" in client.get(url("escrow_legalhold_history", hold.pk)).content.decode()
    assert proven()


def test_an_order_says_that_it_takes_back_what_has_not_left(client, one):
    merchant = make.merchant()
    order = make.payout(merchant)  # 1,000 yuan
    filled = {**ORDER, "merchant": merchant.uscc}
    body = client.post(url("backoffice_order"), filled).content.decode()
    assert body.count("¥1,000.00") == 3  # the order's sum, what has not left, what is blocked at once
    client.post(url("backoffice_order"), {**filled, "word": "confirm"})
    assert LegalHold.objects.get().blocked_fen == 100_000
    order.refresh_from_db()
    assert order.state == InstructionState.FAILED
    assert proven()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"merchant": "没有这家"}, "merchant"),
        ({"order_no": " "}, "order_no"),
        ({"issued_by": ""}, "issued_by"),
        ({"sum_fen": "0"}, "sum_fen"),
        ({"sum_fen": "1.001"}, "sum_fen"),
        ({"expires_on": "2026-11-26"}, "expires_on"),
        ({"expires_on": "soon"}, "expires_on"),
    ],
)
@pytest.mark.parametrize("word", ["", "confirm"])
def test_what_is_wrong_with_an_order_stands_beside_its_field(client, one, wrong, field, word):
    merchant = make.merchant()
    answer = client.post(url("backoffice_order"), {**ORDER, "merchant": merchant.uscc, "word": word, **wrong})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert "errorlist" in answer.content.decode()
    assert not LegalHold.objects.exists()


def test_an_order_recorded_with_another_sum_is_refused_beside_its_number(client, one):
    merchant = make.merchant()
    client.post(url("backoffice_order"), {**ORDER, "merchant": merchant.uscc, "word": "confirm"})
    other = {**ORDER, "merchant": merchant.uscc, "word": "confirm", "sum_fen": "2"}
    answer = client.post(url("backoffice_order"), other)
    assert answer.status_code == 409
    assert list(answer.context["form"].errors) == ["order_no"]
    assert LegalHold.objects.get().sum_fen == 100_000


def test_a_name_that_two_merchants_have_is_not_enough(client, one):
    first, second = make.merchant(), make.merchant()
    Merchant.objects.filter(pk=second.pk).update(name=first.name)
    for words, status in ((first.name, 400), (first.uscc, 200), (second.beneficiary.custody_no, 200)):
        answer = client.post(url("backoffice_order"), {**ORDER, "merchant": words})
        assert answer.status_code == status, words


def test_an_order_that_has_blocked_nothing_is_lifted_too(client, one):
    hold = make.ordered(make.merchant())
    assert client.post(url("backoffice_lift_order", hold.pk), {"because": "x", "checked": "on"}).status_code == 302
    hold.refresh_from_db()
    assert hold.lifted_at == NOW


# Claims


def test_claims_are_listed_found_by_number_and_shown_with_their_payments(client, one, django_assert_max_num_queries):
    merchant = make.merchant()
    claim = make.claimed(merchant)
    make.charged(make.held(merchant, price_fen=20_000, units_total=1), at=AT + DAY)
    escrow.serve_claims(beneficiary_id=merchant.beneficiary_id, at=NOW, actor=ACTOR)
    number = claim.payments.get().instruction.number
    for words, there in ((claim.number, True), (merchant.beneficiary.custody_no, True), ("C99999999", False)):
        assert (claim.number in client.get(url("escrow_claim_changelist"), {"q": words}).content.decode()) is there
    page = client.get(url("escrow_claim_change", claim.pk)).content.decode()
    for expected in (claim.number, merchant.name, "500.00", "200.00", "300.00", number, "case 1"):
        assert expected in page
    for _more in range(3):
        make.claimed(make.merchant())
    with django_assert_max_num_queries(10):
        assert client.get(url("escrow_claim_changelist")).status_code == 200
    with django_assert_max_num_queries(10):
        client.get(url("escrow_claim_change", claim.pk))


# The reserve


def test_a_rule_for_the_reserve_is_added_for_a_later_day(client, one):
    page = url("escrow_reserverule_add")
    assert client.get(page).status_code == 200
    tomorrow = beijing_date(NOW) + DAY
    rule = {
        "valid_from": tomorrow.isoformat(),
        "basis_points": "12.5",
        "up_to_fen": "3000",
        "keep_days": "180",
        "source": "合同",
        "mark": "A",
    }
    for wrong, field, status in (
        ({"valid_from": beijing_date(NOW).isoformat()}, "valid_from", 400),
        ({"basis_points": "101"}, "basis_points", 400),
        ({"basis_points": ""}, "basis_points", 400),
        ({"up_to_fen": "-1"}, "up_to_fen", 400),
        ({"keep_days": "-1"}, "keep_days", 400),
        ({"source": ""}, "source", 400),
    ):
        answer = client.post(page, rule | wrong)
        assert (answer.status_code, list(answer.context["form"].errors)) == (status, [field])
    before = ReserveRule.objects.count()
    assert client.post(page, rule).status_code == 302
    made = ReserveRule.objects.get(valid_from=tomorrow)
    assert (made.basis_points, made.up_to_fen, made.keep_days) == (1_250, 300_000, 180)
    assert AuditEntry.objects.filter(action="backoffice.add_reserve_rule", actor=one.actor).count() == 1
    taken = client.post(page, rule)
    assert (taken.status_code, list(taken.context["form"].errors)) == (409, ["valid_from"])
    assert ReserveRule.objects.count() == before + 1
    assert "12.5%" in client.get(url("escrow_reserverule_changelist")).content.decode()
    assert client.post(url("escrow_reserverule_change", made.pk), rule).status_code == 403


@pytest.mark.parametrize("who", ["consumer", "official", "nobody"])
def test_operators_only(client, who):
    merchant = make.merchant()
    hold, claim = make.ordered(merchant), make.claimed(merchant)
    if who != "nobody":
        client.force_login(make_user() if who == "consumer" else make_official())
    before = AuditEntry.objects.count()
    for page in (
        url("escrow_claim_changelist"),
        url("escrow_claim_change", claim.pk),
        url("escrow_legalhold_changelist"),
        url("escrow_legalhold_change", hold.pk),
        url("escrow_reserverule_changelist"),
        url("escrow_reserverule_add"),
        url("backoffice_order"),
        url("backoffice_lift_order", hold.pk),
    ):
        for answer in (client.get(page), client.post(page, {"because": "x", "checked": "on", "word": "confirm"})):
            assert answer.status_code in {302, 403}, page
            assert answer.headers.get("Location", "/accounts/").startswith(("/accounts/", "/admin/login/")), page
    assert AuditEntry.objects.count() == before
    assert LegalHold.objects.get().lifted_at is None
