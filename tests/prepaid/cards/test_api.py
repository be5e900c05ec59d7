"""The API as a counter and a phone use it: answers, refusals in both languages, owners, the schema."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from escrow import clock
from escrow.errors import AgreementFrozen, DomainError, InvalidAmount, InvalidUnits, KeyReused
from escrow.states import Plan
from prepaid.cards import errors, operations
from prepaid.cards.models import Card, CardRule, Redemption
from prepaid.cards.states import RefundCause
from prepaid.people.models import User
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
CHARGES = "/api/v1/counter/charges/"


def signed_in(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def post(client: Client, body: Any, *, key: str | None = None, url: str = CHARGES):
    headers = {"Idempotency-Key": uuid.uuid4().hex if key is None else key}
    return client.post(url, body, content_type="application/json", headers=headers)


class Counter:
    """A shop with its owner at the till, in one language."""

    def __init__(self, language: str = "en", kind: str = Plan.SESSIONS) -> None:
        self.shop = factories.shop()
        self.card = factories.card(self.shop, kind)
        self.client = signed_in(self.shop.owner, language)

    def charge(self, *, age: int = 0, key: str | None = None, **body: Any):
        body.setdefault("code", factories.shown(self.card, age=age))
        return post(self.client, body, key=key)


def refusal(answer, error: type[DomainError], status: int) -> str:
    assert answer.status_code == status, answer.content
    assert answer.json()["error"]["code"] == error.__name__
    return answer.json()["error"]["message"]


def test_a_charge_says_what_it_did() -> None:
    counter = Counter()
    answer = counter.charge(note="with colour")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["state"], body["units"], body["amount_fen"], body["bonus_fen"]) == ("final", 1, 20_000, 0)
    assert body["card"] == counter.card.number
    assert body["message"] == "1 session charged."
    waiting = counter.charge(age=1, units=3).json()
    assert waiting["state"] == "reserved"
    assert waiting["confirm_until"]


def test_a_stored_value_charge_names_money_and_gift_apart() -> None:
    counter = Counter(kind=Plan.STORED_VALUE)
    body = counter.charge(amount_fen=6_000).json()
    assert (body["units"], body["amount_fen"], body["bonus_fen"]) == (6_000, 5_000, 1_000)


def test_the_same_key_repeats_the_answer_and_another_body_is_422() -> None:
    counter, key = Counter(), uuid.uuid4().hex
    code = factories.shown(counter.card)
    first = counter.charge(code=code, key=key)
    assert counter.charge(code=code, key=key).json() == first.json()
    before = factories.everything()
    refusal(counter.charge(code=code, key=key, units=2), KeyReused, 422)
    refusal(counter.charge(age=1, key=""), errors.KeyMissing, 400)
    assert factories.everything() == before


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    ("kind", "body", "error", "status"),
    [
        (Plan.SESSIONS, {"units": 0}, InvalidUnits, 400),
        (Plan.SESSIONS, {"units": -1}, InvalidUnits, 400),
        (Plan.SESSIONS, {"units": 0.001}, InvalidUnits, 400),
        (Plan.SESSIONS, {"units": "1"}, InvalidUnits, 400),
        (Plan.SESSIONS, {"units": 10**18}, errors.TooManySessions, 409),
        (Plan.SESSIONS, {"units": 11}, errors.TooManySessions, 409),
        (Plan.SESSIONS, {"amount_fen": 100}, errors.SessionsNeeded, 400),
        (Plan.STORED_VALUE, {"amount_fen": 0}, InvalidAmount, 400),
        (Plan.STORED_VALUE, {"amount_fen": -1}, InvalidAmount, 400),
        (Plan.STORED_VALUE, {"amount_fen": 0.001}, InvalidAmount, 400),
        (Plan.STORED_VALUE, {"amount_fen": 10**18}, InvalidAmount, 400),
        (Plan.STORED_VALUE, {"amount_fen": 120_001}, errors.AmountTooLarge, 409),
        (Plan.STORED_VALUE, {}, errors.AmountNeeded, 400),
        (Plan.STORED_VALUE, {"amount_fen": 100, "units": 1}, errors.SessionsNotCharged, 400),
        (Plan.PERIOD, {"units": 1}, errors.SessionsNotCharged, 400),
        (Plan.SESSIONS, {"store": "1"}, errors.StoreNeeded, 400),
        (Plan.SESSIONS, {"store": 1.5}, errors.StoreNeeded, 400),
        (Plan.SESSIONS, {"code": "nonsense"}, errors.CodeUnreadable, 400),
        (Plan.SESSIONS, {"code": "10000000 000000"}, errors.WrongCode, 409),
    ],
)
def test_bad_input_is_refused_in_the_users_language_and_changes_nothing(
    language: str, kind: str, body: dict[str, Any], error: type[DomainError], status: int
) -> None:
    counter = Counter(language, kind)
    before = factories.everything()
    said = refusal(counter.charge(**body), error, status)
    assert factories.everything() == before
    with override(language):
        sentence = re.sub(r"%\\\(\w+\\\)s", ".+", re.escape(str(error.message)))
    assert re.fullmatch(sentence, said)


def test_a_code_twice_and_expired_and_another_merchants_card_and_a_frozen_one() -> None:
    counter, elsewhere = Counter(), Counter()
    code = factories.shown(counter.card)
    assert counter.charge(code=code).status_code == 201
    before = factories.everything()
    refusal(counter.charge(code=code), errors.CodeUsed, 409)
    refusal(counter.charge(age=3), errors.CodeExpired, 409)
    refusal(counter.charge(code=factories.shown(elsewhere.card)), errors.CardOfAnotherMerchant, 409)
    assert factories.everything() == before
    operations.request_refund(
        card_id=elsewhere.card.pk,
        cause=RefundCause.NEITHER,
        reason="",
        at=clock.now() + timedelta(days=20),
        actor="system:test",
    )
    before = factories.everything()
    refusal(elsewhere.charge(), AgreementFrozen, 409)
    assert factories.everything() == before


def test_who_works_nowhere_finds_no_counter_and_who_is_nobody_nothing_at_all() -> None:
    counter = Counter()
    before = factories.everything()
    body = {"code": factories.shown(counter.card)}
    assert post(signed_in(factories.person()), body).status_code == 404
    assert post(Client(), body).status_code == 403
    assert factories.everything() == before


def test_the_session_cookie_alone_is_not_enough() -> None:
    counter = Counter()
    client = Client(enforce_csrf_checks=True)
    client.force_login(counter.shop.owner)
    before = factories.everything()
    assert post(client, {"code": factories.shown(counter.card)}).status_code == 403
    assert factories.everything() == before


def test_a_charge_stored_without_a_network_is_taken_later_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours: the code of then, one visit, waiting; not without saying so, not for longer, not more of them."""
    counter, ago, key = Counter(), 7_200, uuid.uuid4().hex
    code = factories.shown(counter.card, age=ago // 30)
    refusal(counter.charge(code=code), errors.WrongCode, 409)
    refusal(counter.charge(code=code, scanned_seconds_ago=ago, units=2), errors.StoredOneVisit, 409)
    refusal(counter.charge(code=code, scanned_seconds_ago=ago + 600), errors.WrongCode, 409)
    assert not Redemption.objects.exists()
    answer = counter.charge(code=code, scanned_seconds_ago=ago, key=key)
    assert (answer.status_code, answer.json()["state"]) == (201, "reserved")
    charge = Redemption.objects.get()
    assert charge.scanned_at is not None
    assert charge.at - charge.scanned_at == timedelta(seconds=ago)
    again = counter.charge(code=code, scanned_seconds_ago=ago + 40, key=key)
    assert again.json()["id"] == charge.pk, "sent again, later: the same charge"
    refusal(counter.charge(code=code, scanned_seconds_ago=ago), errors.CodeUsed, 409)
    assert "the store had no network" in signed_in(charge.card.holder).get(
        reverse("redemption_confirm", args=[charge.pk])
    ).content.decode().replace("&#x27;", "'")
    late = 12 * 3_600
    refusal(
        counter.charge(code=factories.shown(counter.card, age=late // 30), scanned_seconds_ago=late),
        errors.StoredTooLong,
        409,
    )
    CardRule.objects.update(stored_a_day=1)
    refusal(counter.charge(age=10, scanned_seconds_ago=300), errors.StoredTooMany, 409)
    assert Redemption.objects.count() == 1


def test_a_stored_charge_that_had_arrived_is_the_charge_that_it_was() -> None:
    counter, key = Counter(), uuid.uuid4().hex
    code = factories.shown(counter.card)
    first = counter.charge(code=code, key=key).json()
    assert counter.charge(code=code, key=key, scanned_seconds_ago=90).json() == first
    assert first["state"] == "final"


def test_undo_confirm_and_dispute() -> None:
    counter = Counter()
    holder = signed_in(counter.card.holder)
    final, asked = counter.charge().json()["id"], counter.charge(age=1, units=2).json()["id"]
    undone = post(counter.client, {}, url=f"{CHARGES}{final}/undo/")
    assert (undone.status_code, undone.json()["state"]) == (200, "undone")
    before = factories.everything()
    stranger = signed_in(factories.person())
    for verb in ("confirm", "dispute"):
        assert post(stranger, {}, url=f"/api/v1/charges/{asked}/{verb}/").status_code == 404
    assert post(stranger, {}, url=f"{CHARGES}{asked}/undo/").status_code == 404
    assert factories.everything() == before
    assert post(holder, {}, url=f"/api/v1/charges/{asked}/confirm/").json()["state"] == "final"
    assert post(holder, {}, url=f"/api/v1/charges/{asked}/dispute/").status_code == 409


def test_the_statement_is_the_holders_alone_and_adds_up() -> None:
    counter = Counter()
    counter.charge(note="剪发")
    url = reverse("api_statement", args=[counter.card.number])
    body = signed_in(counter.card.holder).get(url).json()
    assert (body["principal_fen"], body["units_left"], body["state"]) == (180_000, 9, "held")
    assert [line["held_after_fen"] for line in body["lines"]] == [180_000, 200_000]
    assert body["lines"][0]["note"] == "剪发"
    assert sum(line["amount_fen"] for line in body["lines"]) == body["principal_fen"]
    for other in (signed_in(factories.person()), counter.client):
        assert other.get(url).status_code == 404


def test_the_schema_names_every_address_body_and_refusal() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    charge = schema["paths"][CHARGES]["post"]
    assert {"201", "400", "403", "404", "409", "422", "429", "503"} <= set(charge["responses"])
    assert [parameter["name"] for parameter in charge["parameters"]] == ["Idempotency-Key"]
    amount = schema["components"]["schemas"]["ChargeBody"]["properties"]["amount_fen"]
    assert (amount["type"], amount["minimum"]) == ("integer", 1)
    for path in (f"{CHARGES}{{id}}/undo/", "/api/v1/charges/{id}/confirm/", "/api/v1/charges/{id}/dispute/"):
        assert schema["paths"][path]["post"]["responses"]["200"]
    assert schema["paths"]["/api/v1/cards/{number}/statement/"]["get"]


def test_every_refusal_of_the_card_business_is_translated() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)]
    assert len(kinds) > 25
    with override("zh-hans"):
        english = [kind.__name__ for kind in kinds if not any("\u4e00" <= c <= "\u9fff" for c in str(kind.message))]
    assert not english


def test_a_card_number_is_eight_digits_and_its_own() -> None:
    shop = factories.shop()
    numbers = [factories.order(factories.on_sale(shop)).number for _ in range(3)]
    assert len(set(numbers)) == 3
    assert all(len(number) == 8 and number.isdecimal() for number in numbers)
    assert Card.objects.filter(number__in=numbers).count() == 3
