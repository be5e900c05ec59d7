"""Whatever is sent to the counter's API: no 5xx, a refusal with a sentence that changes nothing, or a ledger that adds up."""

import json
import uuid
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from escrow import invariants
from escrow.models import Transfer
from escrow.states import Plan
from tests.journeys.refusals import LANGUAGES, facts, is_in, signed_in, told
from tests.prepaid.cards import factories as make
from tests.soak import SOAK

pytestmark = pytest.mark.django_db
EXAMPLES = 2000 if SOAK else 150
CARDS = list(Plan)


class World:
    """One shop, a card of each plan, and its owner in each language."""

    def __init__(self) -> None:
        shop = make.shop()
        self.shown = {plan: make.shown(make.card(shop, plan)) for plan in CARDS}
        self.store = shop.stores[0].pk
        self.clients: dict[str, Client] = {language: signed_in(shop.owner, language) for language in LANGUAGES}


@pytest.fixture
def world(db: None) -> World:
    return World()


odd_numbers = st.sampled_from([0, -1, 1, 2, 11, 8_800, 120_000, 120_001, 2**31, 2**63, 10**18, -(2**63), 0.001, 1e300])
texts = st.text(max_size=100)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
#: Stands for the code that the card of a plan shows now, and for the shop's own store.
codes = st.sampled_from(CARDS).map(lambda plan: f"shown:{plan}")
own_store = st.just("own")
right_kinds = st.fixed_dictionaries(
    {"code": codes},
    optional={
        "units": st.integers(1, 12) | odd_numbers,
        "amount_fen": st.integers(1, 130_000) | odd_numbers,
        "store": own_store | own_store | odd_numbers,
        "note": st.text("剪发𠮷👍 abc", max_size=80),
        "lesson_class": st.text("素描班Ａa ", max_size=45),
        "lesson_on": st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(str) | st.none(),
        "rest_at_till": st.booleans(),
    },
)
wrong_kinds = st.fixed_dictionaries(
    {"code": codes | anything},
    optional=dict.fromkeys(
        ["units", "amount_fen", "store", "note", "lesson_class", "lesson_on", "rest_at_till", "other"], anything
    ),
)
bodies = st.one_of(right_kinds, right_kinds, right_kinds, right_kinds, wrong_kinds, anything)
good_keys = st.uuids().map(lambda key: key.hex)
keys = st.one_of(good_keys, good_keys, good_keys, good_keys, st.text("abc-_ 钥\t", max_size=70))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies, key=keys, language=st.sampled_from(LANGUAGES))
def test_any_body_is_charged_or_refused(world: World, body: Any, key: str, language: str) -> None:
    if isinstance(body, dict):
        code = body.get("code")
        if isinstance(code, str) and code.startswith("shown:"):
            body["code"] = world.shown[Plan(code.removeprefix("shown:"))]
        if body.get("store") == "own":
            body["store"] = world.store
    cache.clear()  # neither the rate nor wrong codes of the example before
    before, transfers = facts(), Transfer.objects.count()
    with transaction.atomic():
        answer = world.clients[language].post(
            reverse("api_charges"), json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key}
        )
        event(f"{answer.status_code} {answer.json().get('error', {}).get('code', 'charged')}")
        if answer.status_code == 201:
            assert all(finding.ok for finding in invariants.prove())
            assert Transfer.objects.count() - transfers <= 6
        else:
            assert 400 <= answer.status_code < 500, (answer.status_code, body)
            assert is_in(language, told(answer)), (body, told(answer))
            assert facts() == before, body
        transaction.set_rollback(True)


def test_the_same_body_again_is_the_same_charge(world: World) -> None:
    """The other half of idempotency: what was charged once is answered, not charged, however often it comes."""
    body, key = {"code": world.shown[Plan.SESSIONS], "units": 1}, uuid.uuid4().hex
    send = {"content_type": "application/json", "headers": {"Idempotency-Key": key}}
    first = world.clients["en"].post(reverse("api_charges"), body, **send)
    after = facts()
    for language in LANGUAGES * 2:
        again = world.clients[language].post(reverse("api_charges"), body, **send)
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert facts() == after
