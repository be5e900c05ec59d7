"""Every address of the administration × every role × own and foreign objects, from the registry and the addresses."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from escrow.models import AuditEntry
from tests.access.administration import DEEDS, EVERYBODY, MODELS, SITE, Rows
from tests.access.asking import DENIED, IN, LOGIN, METHOD, METHODS, MISSING, addresses, ask, filled, undone
from tests.access.deeds import CASE_DEEDS, READ
from tests.access.test_addresses import FAR, ROLES
from tests.access.world import World
from tests.journeys.refusals import facts

pytestmark = pytest.mark.xdist_group("access")  # one world for all
PATTERNS = {name[6:]: (pattern, route) for name, pattern, route in addresses() if name.startswith("admin:")}
DJANGOS = ("changelist", "add", "change", "history", "delete", "export")
INSIDE = [role for role in ROLES if role in EVERYBODY]
OUTSIDE = [role for role in ROLES if role not in EVERYBODY]
#: Stand to both sides alike.
CITYWIDE = {"city_post", "coordinator", "operator", "second_operator"}


def registry() -> dict[str, type[Model]]:
    return {model._meta.label: model for model in admin.site._registry}


def of_models() -> dict[str, str]:
    """The addresses that Django, or the list's export, makes for every registered model, and whose they are."""
    return {
        f"{model._meta.app_label}_{model._meta.model_name}_{what}": label
        for label, model in registry().items()
        for what in DJANGOS
    }


def test_every_registered_model_is_in_the_table() -> None:
    assert registry().keys() == MODELS.keys()


def test_every_address_of_the_administration_is_in_the_table() -> None:
    rest = PATTERNS.keys() - (of_models().keys() - DEEDS.keys())
    assert rest == SITE.keys() | DEEDS.keys()


def test_every_deed_of_the_complaints_is_in_the_table() -> None:
    """What is neither tried below nor only read has been forgotten."""
    ours = ("cases_", "evidence_", "off_custody_", "hotline_", "measures_", "warnings_")
    assert {name for name in DEEDS if name.startswith(ours)} == {name for name, _of in CASE_DEEDS} | READ


def test_no_page_has_bulk_actions() -> None:
    """They would be deeds without an address. Whoever makes one tries it here by every role."""
    assert [page for page in admin.site._registry.values() if page.actions] == []


def in_address(of: str, side: Any, world: World) -> Any:
    post = world.people["lead"].posts_today[0].pk
    apart = {"table": "csv", "row": 1, "user": world.people["holder"].pk, "post": post}
    if of in apart:
        return apart[of]
    if of == "invited_to":
        return {"pk": side.objects["invited"], "to": "contacted"}
    if of == "stoppage":
        return {"pk": side.objects["merchant"], "stoppage": 1}
    return world.objects[of] if of in world.objects else side.objects[of]


def sides(of: str, world: World) -> Iterator[tuple[str, Any]]:
    """Own and foreign, or one where it belongs to neither."""
    for name, side in (("own", world.own), ("far", world.far)):
        value = in_address(of, side, world) if of else None
        yield name, value
        if not of or value == in_address(of, world.far, world):
            return


def stands(role: str, side: str) -> str:
    if side == "own" or role in CITYWIDE:
        return role
    return FAR.get(role, "stranger")


def path_of(name: str, value: Any) -> str:
    names = dict.fromkeys(PATTERNS[name][0].pattern.converters)
    kwargs = filled(value, names) if names else {}
    if name.startswith("backoffice_") and "lane" in names:
        kwargs["lane"] = "claim"
    return reverse(f"admin:{name}", kwargs=kwargs)


@pytest.mark.parametrize("role", OUTSIDE)
def test_whoever_has_no_post_gets_to_nothing(world: World, role: str) -> None:
    user, found, before = world.people[role], [], facts()
    for number, (name, (pattern, route)) in enumerate(PATTERNS.items()):
        if name in {"login", "logout", "jsi18n", "None"} or (not pattern.pattern.converters and "(" in route):
            continue
        path = path_of(name, 1)
        method = METHODS[(number + ROLES.index(role)) % 2]
        said = ask(user, path, method)
        if said != LOGIN:  # the door, which denies whoever is signed in
            found.append((name, method, said))
    assert not found, "\n".join(map(str, found))
    assert facts() == before


@pytest.mark.parametrize("role", INSIDE)
def test_rows(world: World, role: str) -> None:
    user, found, before = world.people[role], [], facts()
    for label, rows in MODELS.items():
        model = registry()[label]
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        for what, method, may, value, side in tried(name, rows, world, model):
            if f"{name}_{what}" not in PATTERNS:
                continue
            may_in = stands(role, side) in may
            with undone() if may_in else nullcontext():
                said = ask(user, path_of(f"{name}_{what}", value), method)
            if not (said == IN if may_in else said in {DENIED, MISSING, METHOD}):
                found.append((name, what, method, side, said))
            # Rows of which one may read some: the others are not there.
            if not may_in and what in {"change", "history"} and role in rows.lists and rows.of and said != MISSING:
                found.append((name, what, "tells that there is one", side, said))
    assert not found, "\n".join(map(str, found))
    assert facts() == before


def tried(
    name: str, rows: Rows, world: World, model: type[Model]
) -> Iterator[tuple[str, str, frozenset[str], Any, str]]:
    """Page, method, whom it opens to, the row, and whose it is."""
    yield "changelist", "get", rows.lists, None, "own"
    if f"{name}_export" in PATTERNS:
        yield "export", "get", rows.lists, None, "own"
    for method in METHODS:
        yield "add", method, rows.adds, None, "own"
    any_row = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
    objects = sides(rows.of, world) if rows.of else [("own", any_row or 1)]
    for side, value in objects:
        reads = rows.reads if rows.of or any_row else frozenset()
        yield "change", "get", reads, value, side
        yield "history", "get", reads, value, side
        for method in METHODS:
            yield "delete", method, frozenset(), value, side


@pytest.mark.parametrize("role", INSIDE)
def test_deeds(world: World, role: str) -> None:
    """Whoever may not read the row does not find its deeds, by either method; whoever may gets to the page. What each then may do
    is in ``test_case_deeds`` and the tests of each app."""
    user, found, before = world.people[role], [], facts()
    for number, (name, (may, of)) in enumerate(DEEDS.items()):
        for side, value in sides(of, world):
            path = path_of(name, value)
            reads = stands(role, side) in may
            for method in ["get"] if reads else [METHODS[(number + ROLES.index(role)) % 2]]:
                if of in {"row", "stoppage"} and reads:
                    continue  # rows that the world does not have
                with undone() if reads else nullcontext():
                    said = ask(user, path, method)
                if said not in ({IN, METHOD, DENIED} if reads else {DENIED, MISSING, METHOD}):
                    found.append((name, method, side, said))
                if not reads and role in may and said not in {MISSING, METHOD}:
                    found.append((name, method, "tells that there is one", side, said))
    assert not found, "\n".join(map(str, found))
    assert facts() == before


@pytest.mark.parametrize("role", INSIDE)
def test_case_deeds(world: World, role: str) -> None:
    """Whose deed it is does it, and the audit trail has it; everybody else changes nothing."""
    user, found, before = world.people[role], [], facts()
    written = AuditEntry.objects.count()
    for (name, of), (may, sent) in CASE_DEEDS.items():
        for side, value in sides(of, world):
            theirs = stands(role, side) in may
            owned = world.far if side == "far" else world.own
            with undone() if theirs else nullcontext():
                said = ask(user, path_of(name, value), "post", sent(owned) if callable(sent) else sent)
                now = AuditEntry.objects.count()
            done = now > written
            written = written if theirs else now
            if done != theirs or said.startswith("broken"):
                found.append((name, side, said, "done" if done else "not done"))
            if stands(role, side) == "stranger" and said != MISSING:
                found.append((name, side, said, "tells that there is one"))
    assert not found, "\n".join(map(str, found))
    assert facts() == before
