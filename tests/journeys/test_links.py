"""Nobody is led to a page that is not theirs: every link on every page that somebody reaches by following links opens for them."""

import re
from urllib.parse import urljoin, urlsplit

from django.db import connection
from django.test import Client
from django.urls import Resolver404, resolve

from benchmarks.lived_in import VISITORS, live
from prepaid.people.models import User
from tests.prepaid.people.factories import pass_second_factor

LINK = re.compile(r'<a\b[^>]*?href="([^"#]+)')
#: They leave, or come from elsewhere.
NOT_OURS = re.compile(r"/logout/|^/static/|jsi18n")


def dead_ends(client: Client, start: str) -> tuple[int, dict[str, str]]:
    """How many pages were seen, each route once, and the links that did not open with the page they stand on."""
    seen, dead, ahead = set(), {}, [(start, ""), ("/notices/", ""), ("/complaints/", "")]
    while ahead:
        address, page = ahead.pop(0)
        if NOT_OURS.search(address):
            continue
        try:
            route = resolve(urlsplit(address).path).route
        except Resolver404:
            dead[address] = page
            continue
        if route in seen:
            continue
        answer = client.get(address)
        seen.add(route)
        if answer.status_code == 302:
            ahead.insert(0, (urljoin(address, answer["Location"]), page))
        elif answer.status_code != 200:
            dead[f"{answer.status_code} {address}"] = page
        elif "html" in answer["Content-Type"]:
            links = [urljoin(address, found.replace("&amp;", "&")) for found in LINK.findall(answer.content.decode())]
            ahead += [(link, address) for link in links if not urlsplit(link).netloc]
    return len(seen), dead


def test_every_link_opens_for_whoever_sees_it(committed_db, databases) -> None:
    live()
    # In a transaction PostgreSQL's own count of the divisions found none of them, and a join of them took minutes.
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    found, pages = {}, {}
    for who, (login, start) in VISITORS.items():
        client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
        if login is not None:
            user = User.objects.by_phone(login.phone)
            assert user is not None
            client.force_login(user)
            pass_second_factor(client, user)
        pages[who], found[who] = dead_ends(client, start)
    assert {who: dead for who, dead in found.items() if dead} == {}
    assert min(pages.values()) > 10, pages
