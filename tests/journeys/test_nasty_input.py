"""What somebody tries who means no good: every answer is a refusal that says why, never a 500, never a change."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django.utils.html import escape

from escrow import clock
from escrow.states import Plan
from prepaid.cards import operations as cards
from prepaid.cards.models import Card, Redemption
from prepaid.cards.queries import parcel_of
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Merchant
from prepaid.people.models import User
from tests.complaints import factories as complaints
from tests.journeys.refusals import Sentence, facts, is_in, signed_in, told
from tests.journeys.senders import (
    SignIn,
    asked_back,
    charge,
    decision,
    licence,
    order_form,
    product_form,
    type_at_counter,
)
from tests.prepaid.cards import factories as make
from tests.sandbox_bank.bank import Bank
from tests.soak import SOAK

pytestmark = pytest.mark.django_db
TWENTY_MB = 20 * 1024 * 1024


def refused(
    deed: Callable[[], HttpResponse],
    status: int,
    language: str,
    sentence: Sentence | None = None,
    *,
    of: object = "",
) -> None:
    """The deed is refused with that status, in words of that language, and changes nothing. ``of`` names the case."""
    before = facts()
    answer = deed()
    said = told(answer)
    print(f"{of} | {answer.status_code} | {said}")
    assert facts() == before, of
    assert answer.status_code == status, (of, said)
    assert is_in(language, said), (of, said)
    if sentence is not None:
        assert all(part in said for part in sentence.parts(language)), (of, said)


# The counter's API

NOT_JSON = Sentence(("body is not JSON", "Send one JSON object"), ("不是可读取的JSON", "发送一个JSON对象"))
BODIES: dict[str, str] = {
    "a blank": " ",
    "words": "amount=5",
    "half": '{"code": "1234',
    "two": "{} {}",
    "not a number": '{"code": "x", "units": NaN}',
    "infinity": '{"code": "x", "units": Infinity}',
    "too many digits": '{"code": "x", "units": ' + "9" * 5000 + "}",
    "a tower": "[" * 200_000,
    "no utf-8": '{"code": "\udcff"}',
    "null": "null",
    "a list": "[]",
    "text": '"1234"',
    "a number": "5",
    "a list of objects": '[{"code": "1"}]',
}


def test_a_body_that_is_no_json_object(sign_in: SignIn, language: str) -> None:
    client = sign_in(make.shop().owner)
    for name, body in BODIES.items():
        sent = body.encode(errors="surrogateescape")
        refused(lambda sent=sent: charge(client, sent), 400, language, NOT_JSON, of=name)


WRONG_FIELDS: list[dict[str, Any]] = [
    {"code": None},
    {"code": 12345678901234.5},
    {"code": True},
    {"code": ["1234"]},
    {"code": {"a": 1}},
    {"code": ""},
    {"code": "1234 5678 901 234 and more than any code has"},
    {"code": "１２３４\x00"},
    {"code": "👩‍👩‍👧‍👦𠮷"},
    {"note": "x" * 81},
    {"note": "\ud800"},
    {"note": "\x00"},
    {"note": ["x"]},
    {"store": "1"},
    {"store": 1.5},
    {"store": 1.0},
    {"store": True},
    {"store": [1]},
    {"unknown": 1},
    {"amount": 5},
    {"Units": 2},
    {"units": 1, "amount_fen": 1, "discount": 0},
]
NO_STORES = [0, -1, 2**63, -(2**63) - 1, 10**30, 10**6]
NO_KEYS = ["", "short", "k" * 65, "with space", "钥匙钥匙钥匙钥匙", "a" * 8 + "\t", "x'; DROP--"]


def test_fields_of_the_wrong_kind(sign_in: SignIn, language: str) -> None:
    shop = make.shop()
    client, card = sign_in(shop.owner), make.card(shop)
    for wrong in WRONG_FIELDS:
        refused(lambda wrong=wrong: charge(client, {"code": make.shown(card), **wrong}), 400, language, of=wrong)
    for store in NO_STORES:
        body = {"code": make.shown(card), "store": store}
        refused(lambda body=body: charge(client, body), 404, language, of=store)


def test_keys_that_are_none(sign_in: SignIn, language: str) -> None:
    shop = make.shop()
    client, card = sign_in(shop.owner), make.card(shop)
    needed = Sentence(("Idempotency-Key", "new for every charge"), ("Idempotency-Key", "每笔扣款使用新值"))
    for key in NO_KEYS:
        refused(lambda key=key: charge(client, {"code": make.shown(card)}, key=key), 400, language, needed, of=key)
    body = {"code": make.shown(card)}
    refused(lambda: client.post(reverse("api_charges"), body, content_type="application/json"), 400, language, needed)


def test_one_key_for_two_charges(sign_in: SignIn, language: str) -> None:
    shop = make.shop()
    client, card, key = sign_in(shop.owner), make.card(shop), uuid.uuid4().hex
    assert charge(client, {"code": make.shown(card)}, key=key).status_code == 201
    reused = Sentence(("already sent with other contents", "Reload the page"), ("内容不同", "请刷新页面"))
    for other in ({"code": make.shown(card, age=1)}, {"code": make.shown(card), "units": 2}):
        refused(lambda other=other: charge(client, other, key=key), 422, language, reused)


def test_wrong_kinds_of_body_and_wrong_methods(sign_in: SignIn, language: str) -> None:
    shop = make.shop()
    client, card = sign_in(shop.owner), make.card(shop)
    url, key = reverse("api_charges"), {"Idempotency-Key": uuid.uuid4().hex}
    form = {"code": make.shown(card)}
    refused(lambda: client.post(url, form, headers=key), 415, language)
    refused(lambda: client.post(url, "<code/>", content_type="text/xml", headers=key), 415, language)
    for method in (client.get, client.put, client.patch, client.delete):
        refused(lambda method=method: method(url), 405, language)


# Sizes


def test_twenty_megabytes(sign_in: SignIn, language: str) -> None:
    shop = make.shop()
    client, card = sign_in(shop.owner), make.card(shop)
    long = "长" * (TWENTY_MB // 3)
    body = json.dumps({"code": make.shown(card), "note": long}, ensure_ascii=False)
    refused(lambda: charge(client, body), 413, language)
    refused(lambda: type_at_counter(client, code=make.shown(card), note=long), 400, language)
    refused(lambda: client.post(reverse("shop_register"), licence(name=long)), 400, language)
    many = {f"field{number}": "1" for number in range(2000)}
    refused(lambda: client.post(reverse("shop_counter"), many), 400, language)
    notify = reverse("channel_notifications", args=["sandbox"])
    refused(lambda: client.post(notify, "x" * TWENTY_MB, content_type="application/json"), 413, language)


# Tokens, methods, ids


def money_forms() -> Iterator[tuple[str, User, str, dict[str, Any]]]:
    """Every form of a page that moves money or promises to: its name, who sends it, where to, what."""
    shop = make.shop()
    card, stored = make.card(shop), make.card(shop, Plan.STORED_VALUE)
    ordered = make.order(make.on_sale(shop))
    final = make.charge(card, shop.boss)
    waiting = make.charge(card, shop.boss, age=1, units=2)
    disputed = make.charge(make.card(shop), shop.boss, units=2)
    yield "pay", ordered.holder, reverse("card_pay", args=[ordered.number]), {}
    yield "cancel", ordered.holder, reverse("card_cancel", args=[ordered.number]), {}
    yield (
        "charge",
        shop.owner,
        reverse("shop_counter"),
        {"key": uuid.uuid4().hex, "code": make.shown(stored), "amount": "5"},
    )
    yield "undo", shop.owner, reverse("counter_undo", args=[final.pk]), {}
    taught = cards.open_class(staff=shop.boss, name="素描班", at=clock.now(), actor="x")
    course = make.card(shop, Plan.COURSE)
    learner = cards.add_learner(
        staff=shop.boss,
        class_id=taught.pk,
        code=make.shown(course),
        at=clock.now(),
        at_real=timezone.now(),
        actor="x",
    )
    roll = {f"seen_{learner.pk}": "0", f"mark_{learner.pk}": "present"}
    yield "roll", shop.owner, reverse("shop_roll", args=[taught.pk]), roll
    yield "confirm", card.holder, reverse("redemption_confirm", args=[waiting.pk]), {}
    yield "dispute", disputed.card.holder, reverse("redemption_dispute", args=[disputed.pk]), {}
    cooling = make.card(shop)
    yield (
        "refund",
        cooling.holder,
        reverse("refund_start", args=[cooling.number]),
        {"cause": "consumer", "expected_fen": "200000"},
    )
    asked = asked_back(shop)
    yield (
        "agree",
        shop.owner,
        reverse("shop_refund", args=[asked.pk]),
        {"agree": "1", "agree-amount": "2000", "agree-confirmed": "on"},
    )
    asked = asked_back(shop)
    yield (
        "refuse",
        shop.owner,
        reverse("shop_refund", args=[asked.pk]),
        {"refuse": "1", "refuse-text": "不退", "refuse-confirmed": "on"},
    )
    asked = asked_back(shop)
    yield "withdraw", asked.card.holder, reverse("refund_withdraw", args=[asked.pk]), {}
    asked = asked_back(shop, used=3)
    cards.agree_refund(staff=shop.boss, request_id=asked.pk, amount_fen=120_000, at=clock.now(), actor="x")
    yield "accept", asked.card.holder, reverse("refund_accept", args=[asked.pk]), {}
    given, taker = make.card(shop, at=clock.now() - timedelta(days=30)), make.person("王芳")
    yield "offer", given.holder, reverse("card_transfer", args=[given.number]), {"phone": taker.phone, "offer": "1"}
    given = make.card(shop, at=clock.now() - timedelta(days=30))
    offer = cards.offer_card(
        holder=given.holder, number=given.number, phone=taker.phone, at=clock.now(), actor=given.holder.actor
    )
    account = {"account_name": "王芳", "account_no": "6222020200112233446", "contract_accepted": "on"}
    shown = {"accept": "1", "shown_sha256": parcel_of(card=given, today=clock.today()).sha256}
    yield "take over", taker, reverse("card_taking", args=[offer.pk]), account | shown
    case, officer = complaints.complaint(), complaints.officer()
    complaints.led(case, officer)
    yield "decide", officer, reverse("admin:cases_case_decide", args=[case.pk]), decision()


def test_every_form_that_moves_money_moves_it_once(bank: Bank, language: str) -> None:
    """Sent twice, as by a double click or the back button: the second time it changes nothing, and says why or shows
    what the first one did."""
    for name, user, url, form in money_forms():
        client = signed_in(user, language)
        before = facts()
        first = client.post(url, form)
        assert first.status_code in {302, 200}, (name, told(first))
        assert facts() != before, name
        after = facts()
        again = client.post(url, form)
        assert again.status_code < 500, name
        assert facts() == after, name
        print(name, again.status_code, again.headers.get("Location"), told(again))
        if again.status_code in {200, 302}:  # shows what the first one did
            assert name in {"charge", "roll", "pay", "cancel", "refund", "offer", "take over"}, name
        else:
            assert again.status_code >= 400, name
            assert is_in(language, told(again)), (name, told(again))


def test_the_purchase_form_sent_twice_is_one_order(bank: Bank, language: str) -> None:
    version, holder = make.on_sale(make.shop()), make.person()
    client = signed_in(holder, language)
    form, url = order_form(client, version.pk), reverse("buy", args=[version.pk])
    cashier = client.post(url, form).headers["Location"]
    assert cashier.startswith(bank.url)
    ordered = facts()
    assert client.post(url, form).headers["Location"] == cashier
    assert facts() == ordered
    assert Card.objects.filter(holder=holder).count() == 1


def test_every_form_that_moves_money_needs_its_token(language: str) -> None:
    expired = Sentence(
        ("only from the page that showed it", "reload the page"), ("表单只能从原页面提交", "请返回并刷新")
    )
    for _name, user, url, form in money_forms():
        client = signed_in(user, language, csrf=True)
        refused(lambda client=client, url=url, form=form: client.post(url, form), 403, language, expired)
        outside = {**form, "csrfmiddlewaretoken": "x" * 64}
        refused(lambda client=client, url=url, form=outside: client.post(url, form), 403, language, expired)


def test_the_api_needs_the_token_too(language: str) -> None:
    shop = make.shop()
    card = make.card(shop)
    client = signed_in(shop.owner, language, csrf=True)
    refused(lambda: charge(client, {"code": make.shown(card)}), 403, language)
    anonymous = Client(headers={"accept-language": language})
    refused(lambda: charge(anonymous, {"code": make.shown(card)}), 403, language)


def test_addresses_that_only_take_a_form(language: str) -> None:
    """Opened from the history or with another method: a page that says what to do."""
    for name, user, url, _form in money_forms():
        client = signed_in(user, language)
        if name in {"pay", "cancel", "undo"}:
            refused(lambda client=client, url=url: client.get(url), 405, language)
        refused(lambda client=client, url=url: client.delete(url), 405, language)


def every_address(patterns: Any = None, before: str = "/") -> Iterator[tuple[str, set[str]]]:
    """Every route of the platform as text with the names of its parameters."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from every_address(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and "(" not in route:
            yield route, set(entry.pattern.converters)


#: In place of an id or a number: too large for a row, no text a database keeps, a character beyond 16 bits, too long.
ODD_PARTS = [str(2**63), "%00", "%F0%A0%AE%B7", "x" * 3000]
#: After the question mark: the same, and digits that Python takes for digits (Arabic three, superscript two).
ODD_VALUES = ["-1", "9" * 20, "%00", "%D9%A3%C2%B2"]
QUERY = "&".join(
    f"{name}={{0}}"
    for name in ("page", "p", "q", "o", "next", "charge", "store", "stage", "state", "district", "sector", "due")
)


ROLES = ["nobody", "holder", "owner", "officer", "operator"]


@pytest.mark.parametrize("role", ROLES)
def test_no_address_breaks(role: str) -> None:
    shop = make.shop()
    make.card(shop)
    people = {
        "holder": make.person,
        "owner": lambda: shop.owner,
        "officer": complaints.officer,
        "operator": complaints.operator,
    }
    client = signed_in(people[role](), "en") if role in people else Client(raise_request_exception=False)
    broken = []
    before = facts()
    number = ROLES.index(role)
    for route, names in every_address():
        # readyz says 503 when there is no broker, as here; a copy of one's data needs no field, and is written down.
        if "logout" in route or route in {"/readyz", "/accounts/my-data/copy/"}:
            continue
        # One role in a run tries one in eight of them, the next role the next; the soak all.
        number, every = number + 1, 1 if SOAK else 8
        urls = [_filled(route, odd) for odd in ODD_PARTS[number % every :: every]] if names else [route]
        queries = [] if names else [f"{route}?{QUERY.format(odd)}" for odd in ODD_VALUES[number % every :: every]]
        for method, url in [*(("get", url) for url in urls + queries), *(("post", url) for url in urls)]:
            answer = getattr(client, method)(url)
            if answer.status_code >= 500:
                broken.append((method, url[:100], answer.status_code))
    assert not broken
    assert facts() == before


def _filled(route: str, odd: str) -> str:
    while "<" in route:
        head, _, rest = route.partition("<")
        route = head + odd + rest.partition(">")[2]
    return route


# People


def test_a_staff_member_who_left(sign_in: SignIn, language: str) -> None:
    shop = make.shop()
    card, staff = make.card(shop), make.cashier(shop)
    client = sign_in(staff.user)
    done = charge(client, {"code": make.shown(card, age=1)}).json()["id"]
    merchants.end_staff(by=shop.boss, staff_id=staff.pk, at=clock.now(), actor=shop.owner.actor)
    left = Sentence(("do not work at a merchant", "Ask the owner"), ("您目前不在任何商户任职", "请联系负责人"))
    refused(lambda: charge(client, {"code": make.shown(card)}), 404, language, left)
    refused(lambda: charge(client, {"code": make.shown(card), "store": shop.stores[0].pk}), 404, language)
    undo = reverse("api_charge_undo", args=[done])
    refused(lambda: client.post(undo, headers={"Idempotency-Key": uuid.uuid4().hex}), 404, language)
    before = facts()
    for url, form in (
        (reverse("shop_counter"), {"code": make.shown(card)}),
        (reverse("counter_undo", args=[done]), {}),
    ):
        page = client.post(url, form, follow=True)
        assert page.redirect_chain[-1][0] == reverse("shop_register")
    assert facts() == before


NAMES = [
    "𠮷野家",
    "㐀㐁䶵",
    "李𬱖",
    "👩‍👩‍👧‍👦",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% debug %}",
    "'; DROP TABLE cards_card; --",
    "%(sum)s%s%n",
]


@pytest.mark.parametrize("name", NAMES)
def test_rare_characters_are_kept_and_script_is_only_text(name: str) -> None:
    """GB 18030 has more characters than most software expects; nothing typed is ever run."""
    complaints.city()
    client = signed_in(make.person())
    answer = client.post(reverse("shop_register"), licence(name=name, legal_representative=name[:50]))
    assert answer.status_code == 302, told(answer)
    assert Merchant.objects.get(name=name).legal_representative == name[:50]
    page = client.get(answer.headers["Location"]).content.decode()
    assert escape(name) in page
    if "<" in name:
        assert name not in page


NO_NUMBERS = [
    "👍",
    "𠮷",
    "<script>",
    "１2３x",
    "Infinity",
    "NaN",
    "1e3",
    "0x10",
    "--5",
    "5,5.5.5",
    "\x00",
    "½",
    "²",
    "9" * 5000,
]


def test_what_is_no_number(sign_in: SignIn, language: str) -> None:
    shop = make.shop()
    card, client = make.card(shop, Plan.STORED_VALUE), sign_in(shop.owner)
    url = reverse("shop_product_add", args=[Plan.SESSIONS])
    draft = {**product_form(shop), "sessions": "10", "list_price_fen": "300"}
    for odd in NO_NUMBERS:
        for typed in ({"amount": odd}, {"amount": "5", "units": odd}):
            form = {"code": make.shown(card), **typed}
            refused(lambda form=form: type_at_counter(client, **form), 400, language, of=typed)
        for field in ("price_fen", "sessions", "days", "list_price_fen"):
            refused(lambda form={**draft, field: odd}: client.post(url, form), 400, language, of=(field, odd))


# After paying


def test_back_to_the_form_after_paying(sign_in: SignIn, language: str) -> None:
    """The browser's back button shows the old form and the old buttons again."""
    version, holder = make.on_sale(make.shop()), make.person()
    client = sign_in(holder)
    form = order_form(client, version.pk)
    client.post(reverse("buy", args=[version.pk]), form, follow=True)
    card = make.pay(Card.objects.get(holder=holder))
    paid = Sentence(("already paid", "Open your wallet"), ("已付款", "请打开卡包"))
    refused(lambda: client.post(reverse("buy", args=[version.pk]), form), 409, language, paid)
    refused(lambda: client.post(reverse("card_pay", args=[card.number])), 409, language, paid)
    refused(lambda: client.post(reverse("card_cancel", args=[card.number])), 409, language)
    stranger = sign_in(make.person())
    refused(lambda: stranger.post(reverse("buy", args=[version.pk]), form), 422, language)
    assert not Redemption.objects.exists()
