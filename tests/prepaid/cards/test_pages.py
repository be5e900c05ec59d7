"""The pages: what they show, to whom, in how many queries; every form without script; refusals change nothing."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow.errors import DomainError, InvalidAmount
from escrow.states import AgreementState, Plan
from prepaid.cards import errors, operations, queries
from prepaid.cards.models import Card, Redemption, RefundRequest
from prepaid.cards.states import RefundCause, RefundState
from prepaid.people.models import User
from prepaid.products import operations as products
from tests.complaints import factories as people
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
MOST_QUERIES = 13  # one of them reads the demo's clock


def signed_in(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def fields_of(answer) -> dict[str, str]:
    """Hidden and typed values of the page's forms."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", answer.content.decode()):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="radio"' not in tag and 'type="checkbox"' not in tag:
            found[name[1]] = value[1] if value else ""
    return found


def refused(client: Client, url: str, data: dict, *, says: type[DomainError] | None, status: int) -> None:
    before = factories.everything()
    answer = client.post(url, data)
    assert answer.status_code == status, answer.content
    assert factories.everything() == before
    if says is not None:
        sentence = re.sub(r"%\\\(\w+\\\)s", ".+", re.escape(str(says.message)))
        assert re.search(sentence, answer.content.decode().replace("&#x27;", "'"))


# Buying


def order_form(client: Client, version) -> dict[str, str]:
    page = client.get(reverse("buy", args=[version.pk]))
    ticks = dict.fromkeys(re.findall(r'name="(accepted|risk_\d+)"', page.content.decode()), "on")
    return {**fields_of(page), **ticks, "channel": "sandbox"}


def test_the_contract_is_read_in_full_before_paying() -> None:
    version = factories.on_sale(factories.shop())
    page = text_of(signed_in(factories.person(), "zh-hans").get(reverse("buy", args=[version.pk])))
    assert version.product.merchant.name in page
    assert "¥2,000.00" in page
    assert version.refund_terms.split(".")[0] in page


def test_without_the_bank_the_order_stands_and_says_so() -> None:
    """No bank runs in this test: the channel does not answer."""
    version, holder = factories.on_sale(factories.shop()), factories.person()
    client = signed_in(holder)
    answer = client.post(reverse("buy", args=[version.pk]), order_form(client, version), follow=True)
    card = Card.objects.get(holder=holder)
    assert answer.redirect_chain[-1][0] == reverse("card_detail", args=[card.number])
    assert "bank does not answer" in text_of(answer)
    assert card.agreement.state == AgreementState.OPEN


@pytest.mark.parametrize("missing", ["accepted", "risk_0"])
def test_a_missing_tick_is_named_beside_its_box(missing: str) -> None:
    version = factories.on_sale(factories.shop())
    client = signed_in(factories.person())
    form = order_form(client, version)
    del form[missing]
    refused(client, reverse("buy", args=[version.pk]), form, says=None, status=400)
    page = client.post(reverse("buy", args=[version.pk]), form).content.decode()
    assert f'aria-describedby="id_{missing}_error"' in page


def test_a_contract_that_changed_meanwhile_is_shown_anew() -> None:
    version = factories.on_sale(factories.shop())
    client = signed_in(factories.person())
    form = {**order_form(client, version), "terms_sha256": "0" * 64}
    refused(client, reverse("buy", args=[version.pk]), form, says=errors.ContractChanged, status=409)


def test_what_is_not_on_sale_cannot_be_opened() -> None:
    version = factories.on_sale(factories.shop())
    products.withdraw_version(
        merchant_id=version.product.merchant_id, version_id=version.pk, at=clock.now(), actor="system:test"
    )
    client = signed_in(factories.person())
    assert client.get(reverse("buy", args=[version.pk])).status_code == 409
    assert client.get(reverse("buy", args=[version.pk + 1000])).status_code == 404


def test_paying_twice_is_told_so_and_leads_to_the_wallet() -> None:
    version, holder = factories.on_sale(factories.shop()), factories.person()
    client = signed_in(holder)
    form = order_form(client, version)
    client.post(reverse("buy", args=[version.pk]), form)
    card = factories.pay(Card.objects.get(holder=holder))
    before = factories.everything()
    for url, data in ((reverse("buy", args=[version.pk]), form), (reverse("card_pay", args=[card.number]), {})):
        answer = client.post(url, data)
        assert answer.status_code == 409
        assert "already paid" in text_of(answer)
        assert reverse("wallet") in answer.content.decode()
    assert factories.everything() == before


def test_back_from_the_bank_the_page_waits_then_leads_to_the_card() -> None:
    card = factories.order(factories.on_sale(factories.shop()))
    payment = factories.payment_order(card)
    url, client = reverse("payment_return", args=[payment.order_no]), signed_in(card.holder)
    page = client.get(url)
    assert "Waiting for the bank" in text_of(page)
    assert "hx-get" in page.content.decode()
    assert 'http-equiv="refresh"' in page.content.decode()
    assert signed_in(factories.person()).get(url).status_code == 404
    factories.pay(card)
    polled = client.get(url, headers={"HX-Request": "true"})
    assert polled.headers["HX-Redirect"] == url
    assert reverse("card_detail", args=[card.number]) in client.get(url).content.decode()


def test_an_order_is_cancelled_from_its_page() -> None:
    card = factories.order(factories.on_sale(factories.shop()))
    url = reverse("card_cancel", args=[card.number])
    assert signed_in(factories.person()).post(url).status_code == 404
    assert signed_in(card.holder).post(url).status_code == 302
    card.agreement.refresh_from_db()
    assert card.agreement.state == AgreementState.CANCELLED


# The wallet


def test_the_wallet_shows_what_waits_first_and_principal_and_gift_apart(django_assert_max_num_queries) -> None:
    shop, holder = factories.shop(), factories.person()
    stored = factories.card(shop, Plan.STORED_VALUE, holder=holder, price_fen=50_000, bonus_fen=10_000)
    for _ in range(4):
        factories.card(shop, holder=holder, price_fen=20_000, list_price_fen=3_000)
    charge = factories.charge(stored, shop.boss, amount_fen=9_000)
    client = signed_in(holder)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = text_of(client.get(reverse("wallet")))
    assert page.index("wants to charge ¥90.00") < page.index("Principal")
    assert "¥425.00" in page  # 500 less five sixths of 90
    assert "Gift ¥85.00" in page
    assert "9 sessions left" not in page
    confirm = reverse("redemption_confirm", args=[charge.pk])
    assert signed_in(factories.person()).post(confirm).status_code == 404
    assert client.post(confirm).status_code == 302
    refused(client, confirm, {}, says=None, status=409)


def test_a_disputed_charge_leaves_everything_on_the_card() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    charge = factories.charge(card, shop.boss, units=4)
    signed_in(card.holder).post(reverse("redemption_dispute", args=[charge.pk]))
    assert queries.face_of(card=card, today=clock.today()).holding.units_left == 10


def test_an_empty_wallet_says_what_to_do() -> None:
    page = signed_in(factories.person()).get(reverse("wallet"))
    assert "No cards yet" in text_of(page)
    assert reverse("home") in page.content.decode()


@pytest.mark.parametrize("kind", Plan.values)
def test_every_page_of_a_card_opens_for_its_holder_only(kind: str, django_assert_max_num_queries) -> None:
    shop = factories.shop()
    card = factories.card(shop, kind)
    factories.charge(card, shop.boss, **factories.ONE_USE.get(kind, {}))
    client, stranger = signed_in(card.holder), signed_in(factories.person())
    pages = ["card_detail", "card_code", "card_statement", "card_loss", "refund_start"]
    for name in [*pages, "card_pause"] if kind == Plan.PERIOD else pages:
        url = reverse(name, args=[card.number])
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(url).status_code == 200
        assert stranger.get(url).status_code == 404
        assert Client().get(url).status_code == 302


def test_the_code_page_carries_the_code_and_works_without_script() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    page = signed_in(card.holder).get(reverse("card_code", args=[card.number]))
    html = page.content.decode()
    assert card.code_secret in html
    assert '<meta http-equiv="refresh"' in html
    assert "<svg" in html
    assert "no-store" in page.headers["Cache-Control"]
    code = re.search(r'id="code-digits">([\d ]+)<', html)
    assert code is not None
    factories.charge(card, shop.boss, code=card.number + code[1])
    escaped = reverse("card_code", args=[card.number])
    operations.request_refund(
        card_id=card.pk, cause=RefundCause.NEITHER, reason="", at=clock.now(), actor=card.holder.actor
    )
    assert signed_in(card.holder).get(escaped).status_code == 302


# Charges as they come


def asked_of(answer) -> str:
    """The address that a page asks for new charges."""
    found = re.search(r'hx-get="([^"]+)"', answer.content.decode())
    assert found is not None
    assert 'aria-live="polite"' in answer.content.decode()
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    ("language", "charged", "waits"),
    [("en", "1 session charged.", "wants to charge 3 sessions"), ("zh-hans", "已扣款1次。", "申请扣款3次")],
)
def test_the_code_page_shows_a_charge_as_it_comes(
    language: str, charged: str, waits: str, django_assert_max_num_queries
) -> None:
    shop = factories.shop()
    card, other = factories.card(shop), factories.card(shop)
    client = signed_in(card.holder, language)
    asking = asked_of(client.get(reverse("card_code", args=[card.number])))
    with django_assert_max_num_queries(3):
        assert client.get(asking).status_code == 204
    factories.charge(other, shop.boss)
    assert client.get(asking).status_code == 204
    first = factories.charge(card, shop.boss)
    with django_assert_max_num_queries(3):
        part = client.get(asking)
    assert charged in text_of(part)
    assert reverse("redemption_confirm", args=[first.pk]) in part.content.decode()
    assert client.get(reverse("redemption_confirm", args=[first.pk])).status_code == 200
    asking = re.search(r'hx-get="([^"]+)"', part.content.decode())[1].replace("&amp;", "&")
    assert client.get(asking).status_code == 204
    second = factories.charge(card, shop.boss, units=3, age=1)
    part = client.get(asking)
    assert waits in text_of(part)
    assert reverse("redemption_confirm", args=[second.pk]) in part.content.decode()


def test_a_state_that_changes_is_news_and_a_burst_is_cut(django_assert_max_num_queries) -> None:
    shop = factories.shop()
    card = factories.card(shop)
    client, at_real = signed_in(card.holder), clock.now()
    asking = asked_of(client.get(reverse("wallet")))
    charges = [factories.charge(card, shop.boss, at_real=at_real + timedelta(minutes=n)) for n in range(5)]
    with django_assert_max_num_queries(3):
        part = client.get(asking)
    assert part.content.decode().count("<p class") == queries.wallet.MOST_NEWS
    asking = re.search(r'hx-get="([^"]+)"', part.content.decode())[1].replace("&amp;", "&")
    operations.undo_redemption(staff=shop.boss, redemption_id=charges[-1].pk, at=clock.now(), actor="system:test")
    assert "the charge was undone" in text_of(client.get(asking))


def test_without_script_the_code_page_shows_what_was_just_charged_and_what_waits() -> None:
    """It is loaded anew with every code then."""
    shop = factories.shop(sector="fitness")
    card = factories.card(shop)
    client, url = signed_in(card.holder), reverse("card_code", args=[card.number])
    factories.charge(card, shop.boss)
    factories.charge(card, shop.boss, units=2, age=1)
    page = text_of(client.get(url))
    assert "1 session charged." in page
    assert "wants to charge 2 sessions" in page
    clock.advance(timedelta(minutes=10))
    page = text_of(client.get(url))
    assert "1 session charged." not in page
    assert "wants to charge 2 sessions" in page


def test_nobody_else_is_told_of_a_charge() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    asking = asked_of(signed_in(card.holder).get(reverse("card_code", args=[card.number])))
    factories.charge(card, shop.boss)
    assert signed_in(factories.person()).get(asking).status_code == 204
    assert Client().get(asking).status_code == 302
    for wrong in ("", "?after=", "?after=-1", "?after=x", f"?after={10**30}", "?after=1&card=%00"):
        assert signed_in(card.holder).get(reverse("charge_news") + wrong).status_code == 400


# The counter


def test_a_check_in_is_undone_on_the_counters_page() -> None:
    shop = factories.shop(sector="fitness")
    checked_in = factories.charge(factories.card(shop, Plan.PERIOD), shop.boss)
    desk = signed_in(shop.owner)
    page = desk.get(reverse("shop_counter")).content.decode()
    undo = reverse("counter_undo", args=[checked_in.pk])
    assert f'action="{undo}"' in page
    assert f'data-api="{reverse("api_charge_undo", args=[checked_in.pk])}"' in page
    desk.post(undo)
    page = desk.get(reverse("shop_counter")).content.decode()
    assert f'action="{undo}"' not in page
    assert "undone" in page
    assert desk.post(undo).status_code == 409


def test_pages_may_use_the_camera_and_nothing_else_of_the_phone() -> None:
    policy = signed_in(factories.person()).get(reverse("wallet")).headers["Permissions-Policy"]
    assert "camera=(self)" in policy
    assert "microphone=()" in policy


# Refunds


def old_card(shop, *, used: int = 0) -> Card:
    at = clock.now()
    card = factories.card(shop, at=at)
    clock.advance(timedelta(days=30))
    for number in range(used):
        factories.charge(card, shop.boss, at_real=at + timedelta(minutes=number))
    return card


def test_a_refund_is_seen_confirmed_and_asked_for() -> None:
    card = old_card(factories.shop(), used=3)
    client, url = signed_in(card.holder), reverse("refund_start", args=[card.number])
    page = text_of(client.get(url))
    assert page.count("¥1,400.00") == 2
    assert "¥1,100.00" in page
    before = factories.everything()
    confirm = client.post(url, {"cause": "consumer", "reason": "搬家"})
    assert "Ask for ¥1,100.00" in text_of(confirm)
    assert factories.everything() == before
    refused(
        client,
        url,
        {"cause": "consumer", "reason": "", "expected_fen": "140000"},
        says=errors.QuoteChanged,
        status=409,
    )
    refused(client, url, {"cause": "nobody"}, says=None, status=400)
    asked = client.post(url, {**fields_of(confirm), "cause": "consumer"})
    request = RefundRequest.objects.get()
    assert asked.headers["Location"] == reverse("refund_detail", args=[request.pk])
    assert (request.asked_fen, request.reason) == (110_000, "搬家")


def test_the_request_shows_its_steps_to_its_owner_and_is_withdrawn(django_assert_max_num_queries) -> None:
    card = old_card(factories.shop())
    request = operations.request_refund(
        card_id=card.pk, cause=RefundCause.NEITHER, reason="", at=clock.now(), actor=card.holder.actor
    )
    client, stranger = signed_in(card.holder), signed_in(factories.person())
    url, withdraw = reverse("refund_detail", args=[request.pk]), reverse("refund_withdraw", args=[request.pk])
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(url)
    assert request.answer_due_on is not None
    assert request.answer_due_on.isoformat() in text_of(page)
    for address in (url, withdraw, reverse("refund_accept", args=[request.pk])):
        assert stranger.get(address).status_code == 404
    assert client.get(withdraw).status_code == 200
    assert client.post(withdraw).status_code == 302
    refused(client, withdraw, {}, says=None, status=409)


def test_the_merchant_answers_after_confirming_the_sum_and_the_person() -> None:
    shop = factories.shop()
    card = old_card(shop, used=3)
    request = operations.request_refund(
        card_id=card.pk, cause=RefundCause.NEITHER, reason="", at=clock.now(), actor=card.holder.actor
    )
    client, url = signed_in(shop.owner), reverse("shop_refund", args=[request.pk])
    assert signed_in(factories.shop().owner).get(url).status_code == 404
    assert signed_in(factories.cashier(shop).user).get(url).status_code == 403
    assert card.holder.display_name in text_of(client.get(reverse("shop_refunds")))
    assert card.holder.name not in client.get(url).content.decode()
    for amount, error in (
        ("0", InvalidAmount),
        ("-1", None),
        ("0.001", None),
        ("1" + "0" * 18, None),
        ("2000.01", errors.OfferTooHigh),
        ("1099.99", errors.OfferTooLow),
    ):
        refused(client, url, {"agree": "1", "agree-amount": amount}, says=error, status=400)
    refused(client, url, {"refuse": "1", "refuse-text": " "}, says=errors.ReasonNeeded, status=400)
    before = factories.everything()
    confirm = client.post(url, {"agree": "1", "agree-amount": "1400"})
    assert f"Pay ¥1,400.00 back to {card.holder.display_name}" in text_of(confirm)
    assert factories.everything() == before
    assert client.post(url, fields_of(confirm)).status_code == 302
    request.refresh_from_db()
    assert (request.state, request.granted_fen) == (RefundState.GRANTED, 140_000)


def test_the_merchants_list_is_bounded_and_asks_for_answers_first(django_assert_max_num_queries) -> None:
    shop = factories.shop()
    cards = [old_card(shop) for _ in range(3)]
    requests = [
        operations.request_refund(
            card_id=card.pk, cause=RefundCause.NEITHER, reason="", at=clock.now(), actor=card.holder.actor
        )
        for card in cards
    ]
    operations.refuse_refund(staff=shop.boss, request_id=requests[0].pk, text="不", at=clock.now(), actor="x")
    client = signed_in(shop.owner)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("shop_refunds")).content.decode()
    order = [int(pk) for pk in re.findall(r"/shop/refunds/(\d+)/", page)]
    assert order[-1] == requests[0].pk
    assert len(order) == 3


# The counter


def test_the_counter_without_script_does_what_the_api_does(django_assert_max_num_queries) -> None:
    shop = factories.shop()
    card = factories.card(shop)
    client, url = signed_in(shop.owner), reverse("shop_counter")
    form = {**fields_of(client.get(url)), "code": factories.shown(card)}
    first = client.post(url, form)
    assert first.status_code == 302
    assert "1 session charged." in text_of(client.get(first.headers["Location"]))
    assert client.post(url, form).headers["Location"] == first.headers["Location"]
    assert Redemption.objects.count() == 1
    with django_assert_max_num_queries(MOST_QUERIES):
        client.get(url)
    assert client.post(reverse("counter_undo", args=[Redemption.objects.get().pk])).status_code == 302
    refused(client, reverse("counter_undo", args=[Redemption.objects.get().pk]), {}, says=None, status=409)


@pytest.mark.parametrize(
    ("kind", "typed", "error", "status"),
    [
        (Plan.STORED_VALUE, {"amount": "0"}, InvalidAmount, 400),
        (Plan.STORED_VALUE, {"amount": "-1"}, None, 400),
        (Plan.STORED_VALUE, {"amount": "0.001"}, None, 400),
        (Plan.STORED_VALUE, {"amount": "1" + "0" * 18}, None, 400),
        (Plan.STORED_VALUE, {"amount": "1200.01"}, errors.AmountTooLarge, 409),
        (Plan.STORED_VALUE, {}, errors.AmountNeeded, 400),
        (Plan.SESSIONS, {"units": "0"}, None, 400),
        (Plan.SESSIONS, {"units": "-1"}, None, 400),
        (Plan.SESSIONS, {"units": "0.001"}, None, 400),
        (Plan.SESSIONS, {"units": "1" + "0" * 18}, errors.TooManySessions, 409),
        (Plan.SESSIONS, {"units": "11"}, errors.TooManySessions, 409),
        (Plan.SESSIONS, {"amount": "5"}, errors.SessionsNeeded, 400),
        (Plan.SESSIONS, {"code": "12345678 000000"}, errors.WrongCode, 409),
        (Plan.SESSIONS, {"code": "?"}, errors.CodeUnreadable, 400),
    ],
)
def test_bad_input_at_the_counter_is_said_beside_its_field_and_changes_nothing(
    kind: str, typed: dict[str, str], error: type[DomainError] | None, status: int
) -> None:
    shop = factories.shop()
    card = factories.card(shop, kind)
    form = {"key": uuid.uuid4().hex, "code": factories.shown(card), **typed}
    client = signed_in(shop.owner)
    refused(client, reverse("shop_counter"), form, says=error, status=status)
    page = client.post(reverse("shop_counter"), form).content.decode()
    assert 'aria-invalid="true"' in page
    assert "verdict-bad" in page


def test_who_works_nowhere_is_led_to_registration() -> None:
    client = signed_in(factories.person())
    assert client.get(reverse("shop_counter")).headers["Location"] == reverse("shop_register")
    assert client.post(reverse("shop_counter"), {}).headers["Location"] == reverse("shop_register")


def test_a_cashier_does_not_see_another_stores_charge() -> None:
    shop = factories.shop(stores=(people.CHAOYANG, people.FENGTAI))
    card = factories.card(shop)
    till = factories.cashier(shop)  # of the first store
    elsewhere = factories.charge(card, shop.boss, store_id=shop.stores[1].pk)
    url = f"{reverse('shop_counter')}?charge={elsewhere.pk}"
    assert "1 session charged." in text_of(signed_in(shop.owner).get(url))
    assert "1 session charged." not in text_of(signed_in(till.user).get(url))
