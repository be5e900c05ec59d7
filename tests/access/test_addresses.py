"""Every address of the site × every role × own and foreign objects. The administration's are in ``test_administration``."""

from contextlib import nullcontext
from typing import Any

import pytest
from django.urls import reverse

from tests.access.addresses import ACCOUNT, ASKS_ANEW, NOBODYS, PUBLIC, SIGNED_IN, SITE, Line
from tests.access.asking import DENIED, IN, LOGIN, METHOD, METHODS, MISSING, REFUSED, addresses, ask, filled, undone
from tests.access.world import World
from tests.journeys.refusals import facts

pytestmark = pytest.mark.xdist_group("access")  # one world for all
PATTERNS = {name: pattern for name, pattern, _route in addresses() if not name.startswith("admin:")}
NO_BROKER = "readyz"  # says 503 here
#: As what those of the other side stand to its objects.
FAR = {"other_holder": "holder", "other_owner": "owner", "other_district": "lead"}
ROLES = [
    "anonymous", "holder", "guardian", "relative", "taker", "owner", "manager", "cashier", "lead", "colleague", "other_district",
    "other_sector", "city_post", "coordinator", "called_in", "enforcer", "operator", "second_operator", "ended", "other_holder",
    "other_owner",
]  # fmt: skip


def test_every_address_is_in_the_table() -> None:
    assert PATTERNS.keys() == SITE.keys() | ACCOUNT.keys() | ASKS_ANEW.keys()


def test_whatever_stands_in_an_address_is_named() -> None:
    """A line without an object for an address with a parameter would try nothing."""
    assert [name for name, line in SITE.items() if bool(line.of) != bool(PATTERNS[name].pattern.converters)] == []


def objects_of(world: World, line: Line) -> dict[str, Any]:
    """Of each side what stands in the address."""
    if not line.of:
        return {"": None}
    if line.of in NOBODYS:
        return {"": NOBODYS[line.of]}
    if line.of in world.objects:
        return {"": world.objects[line.of]}
    return {"own": world.own.objects[line.of], "far": world.far.objects[line.of]}


def path_to(name: str, value: Any) -> str:
    return reverse(name, kwargs=filled(value, PATTERNS[name].pattern.converters))


def stands(role: str, side: str) -> str:
    """As what somebody of this role stands to a side's objects."""
    if side == "far":
        return FAR.get(role, "stranger")
    return role if side == "own" else FAR.get(role, role)


def wrong(role: str, line: Line, side: str, method: str, said: str) -> bool:
    """Whether the answer is another one than the line says. A method that the address does not take says nothing."""
    if said == METHOD:
        return False
    if line.may in (PUBLIC, SIGNED_IN) and (role != "anonymous" or line.may == PUBLIC):
        return said not in {IN, MISSING}
    if role == "anonymous":
        return said not in {LOGIN, DENIED}
    if stands(role, side) in (line.may | line.reads if method == "get" else line.may):
        return said not in {IN, MISSING}
    return said not in REFUSED


def asked(role: str, number: int, line: Line, sides: list[str]) -> list[tuple[str, str]]:
    """Of an address, the sides and methods that this role tries: all where something is for people like it; else one in turn,
    because there are many roles and one way of being refused."""
    every = [(side, method) for side in sides for method in METHODS]
    concerned = {role, FAR.get(role)} & (line.may | line.reads)
    return every if concerned else [every[(number + ROLES.index(role)) % len(every)]]


@pytest.mark.parametrize("role", ROLES)
def test_site(world: World, role: str) -> None:
    user, found = world.people[role], []
    before = facts()
    for number, (name, line) in enumerate(SITE.items()):
        if name == NO_BROKER:
            continue
        objects = objects_of(world, line)
        got_in = {}
        for side, method in asked(role, number, line, list(objects)):
            opens = line.may in (PUBLIC, SIGNED_IN) or stands(role, side) in line.may | line.reads
            with undone() if opens else nullcontext():  # what is refused must leave everything as it is
                said = ask(user, path_to(name, objects[side]), method, line.body)
            got_in.setdefault(side, set()).add(said)
            if wrong(role, line, side, method, said):
                found.append((name, side, method, said))
        # Whom it is for it opens to, by one of its methods.
        found += [
            (name, side, said) for side, said in got_in.items() if stands(role, side) in line.may and IN not in said
        ]
    assert not found, "\n".join(map(str, found))
    assert facts() == before
