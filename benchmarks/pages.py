"""Every page that can be reached by following links: its queries, and its time beside that of an empty view."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urljoin, urlsplit

from benchmarks.figures import Figure, say
from benchmarks.lived_in import CARDS, VISITORS, crowd, live
from benchmarks.visitors import milliseconds, nobody, visitor

QUERIES, MILLISECONDS, RATIO = 12, 60, 12
LINK = re.compile(r'<a\b[^>]*?href="([^"#]+)')
#: Nobody reads these: they leave, or are files.
NO_PAGES = re.compile(r"logout|\.pdf|\.xlsx|\.csv|jsi18n|/schema/|/poster")


@dataclass(frozen=True)
class Page:
    """One page as somebody sees it; time in milliseconds, median."""

    who: str
    route: str
    address: str
    queries: int
    ms: float
    ratio: float


def measure(databases: Any, *, quick: bool) -> list[Figure]:
    """The worst page of the demo city, and the worst with a hundred thousand cards in it."""
    from django.core.management import call_command

    times, many = (3, CARDS // 10) if quick else (9, CARDS)
    call_command("collectstatic", interactive=False, verbosity=0)
    figures = []
    with databases.clone(f"{databases.base}_pages") as name:
        with databases.use(name, as_owner=True):
            number = live()
        figures += _figures("demo city", list(_pages(times)))
        with databases.use(name, as_owner=True):
            crowd(number, cards=many)
        figures += _figures(f"{many:,} cards", list(_pages(times)))
    return figures


def _figures(where: str, pages: list[Page]) -> list[Figure]:
    for page in sorted(pages, key=lambda page: -page.ms):
        say(f"{page.queries:3} queries {page.ms:6.1f} ms {page.ratio:5.1f} × {page.who}: {page.route} {page.address}")
    asks, slow, far = (max(pages, key=lambda page, by=by: getattr(page, by)) for by in ("queries", "ms", "ratio"))
    return [
        Figure(name=f"{where}: most queries of {len(pages)} pages", value=asks.queries, unit="queries",
               limit=("≤", QUERIES), note=f"{asks.who}: {asks.route}"),
        Figure(name=f"{where}: slowest page", value=slow.ms, unit="ms", limit=("≤", MILLISECONDS),
               note=f"{slow.who}: {slow.route}"),
        Figure(name=f"{where}: slowest ÷ an empty view", value=far.ratio, unit="×", limit=("≤", RATIO),
               note=f"{far.who}: {far.route}"),
    ]  # fmt: skip


def _pages(times: int) -> Iterator[Page]:
    """Everybody's pages, each route once for each of them."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.urls import Resolver404, resolve

    from prepaid.people.models import User

    for who, (login, start) in VISITORS.items():
        user = login and User.objects.by_phone(login.phone)
        client, empty = visitor(user), nobody(user)
        seen, ahead = set(), [start, "/accounts/", "/notices/", "/complaints/"]
        while ahead:
            address = ahead.pop(0)
            try:
                route = resolve(urlsplit(address).path).route
            except Resolver404:
                continue
            if route in seen or NO_PAGES.search(address):
                continue
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address)
            if answer.status_code == 302:
                ahead.insert(0, urljoin(address, answer["Location"]))
                continue
            if answer.status_code != 200 or "html" not in answer["Content-Type"]:
                continue
            seen.add(route)
            ahead += [
                urljoin(address, found.replace("&amp;", "&"))
                for found in LINK.findall(answer.content.decode())
                if not urlsplit(found).netloc
            ]
            yield _timed(client, empty, who, route, address, len(asked), times)


def _timed(client: Any, empty: Any, who: str, route: str, address: str, queries: int, times: int) -> Page:
    costs, ratios = [], []
    for _ in range(times):
        nothing = milliseconds(empty, "/")
        costs.append(milliseconds(client, address))
        ratios.append(costs[-1] / nothing)
    return Page(who, route, address, queries, median(costs), median(ratios))
