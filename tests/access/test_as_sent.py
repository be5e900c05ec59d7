"""As a browser sends it, through everything in front of the views: nobody without an account, and that another's object is told
apart from none by nothing."""

import re
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from tests.access.addresses import ACCOUNT, PUBLIC, SITE
from tests.access.administration import DEEDS
from tests.access.asking import DENIED, IN, LOGIN, METHOD, METHODS, MISSING, meaning, missing
from tests.access.test_addresses import FAR, NO_BROKER, objects_of, path_to
from tests.access.test_administration import PATTERNS as ADMINISTRATION
from tests.access.test_administration import path_of, sides
from tests.access.world import World, client_of
from tests.journeys.refusals import facts

pytestmark = pytest.mark.xdist_group("access")  # one world for all


def sent(client: Client, path: str, method: str) -> tuple[str, str]:
    """What it means, and the page without what differs by itself: the address, tokens, the hour."""
    cache.clear()
    body: dict[str, Any] = {}
    if path.startswith("/api/") and method == "post":
        body = {"data": "{}", "content_type": "application/json"}
    answer = getattr(client, method)(path, headers={"idempotency-key": uuid.uuid4().hex}, **body)
    page = "" if answer.streaming else answer.content.decode(errors="replace")
    for address in (path, quote(path, safe=""), escape(path), quote(path)):
        page = page.replace(address, "")
    return meaning(answer), re.sub(r"\b[A-Za-z0-9]{64}\b|data-now=\"[^\"]*\"|nonce=\"[^\"]*\"", "", page)


def apart(one: str, other: str) -> str:
    """Where two pages begin to differ."""
    at = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    return "" if one == other else f"…{one[at - 60 : at + 60]}… and …{other[at - 60 : at + 60]}…"


def test_nobody_without_an_account(world: World) -> None:
    client, found, before = Client(raise_request_exception=False), [], facts()
    public = {name for name, line in SITE.items() if line.may == PUBLIC} | {
        name for name, may in ACCOUNT.items() if may == PUBLIC
    }
    paths = {name: path_to(name, value) for name, line in SITE.items() for value in objects_of(world, line).values()}
    paths |= {name: reverse(name) for name in ACCOUNT}
    paths |= {
        f"admin:{name}": path_of(name, 1)
        for name, (pattern, route) in ADMINISTRATION.items()
        if name not in {"None", "login", "logout"} and (pattern.pattern.converters or "(" not in route)
    }
    for name, path in paths.items():
        if name in public | {NO_BROKER}:
            continue
        for method in METHODS:
            said, _page = sent(client, path, method)
            if said not in {LOGIN, DENIED, METHOD}:
                found.append((name, method, said))
    assert not found, "\n".join(map(str, found))
    assert facts() == before


@pytest.mark.parametrize("role", FAR)
def test_a_foreign_object_is_answered_as_none(world: World, role: str) -> None:
    """Status and page are those of an object that does not exist."""
    client, found, before = client_of(world.people[role]), [], facts()
    client.get(reverse("home"))  # the first page sets cookies
    for path, nowhere in foreign(world, role):
        for method in METHODS:
            told, none = sent(client, path, method), sent(client, nowhere, method)
            if told != none or told[0] in {IN, LOGIN}:
                found.append((path, method, told[0], none[0], apart(told[1], none[1])))
    assert not found, "\n".join(map(str, found))
    assert facts() == before


def foreign(world: World, role: str) -> list[tuple[str, str]]:
    """Addresses of the own side's objects, all foreign to this role, that are for people like it, and of none."""
    found: list[tuple[Any, str, Any]] = []
    if role == "other_district":
        for name, (may, of) in DEEDS.items():
            pairs = dict(sides(of, world))
            if len(pairs) == 2 and "lead" in may:
                found.append((path_of, name, pairs["own"]))
    else:
        for name, line in SITE.items():
            values = objects_of(world, line)
            if len(values) == 2 and FAR[role] in line.may and line.may != PUBLIC:
                found.append((path_to, name, values["own"]))
    return [(to(name, value), to(name, missing(value))) for to, name, value in found]


def test_a_system_reads_its_own_orders(world: World) -> None:
    path = reverse("api_work_order", args=[world.objects["order_number"]])
    by = {
        system: Client(headers={"authorization": f"Bearer {token}"}).get(path) for system, token in world.keys.items()
    }
    assert {system: meaning(answer) for system, answer in by.items()} == {"12345": IN, "12315": MISSING}
    assert meaning(Client().get(path)) == DENIED
