"""Public pages that strangers share for a few seconds: what they share, and what stays each visitor's own."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from prepaid.merchants.models import Merchant
from tests.prepaid.cards import factories as shops
from tests.prepaid.people import factories as people

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture(autouse=True)
def kept(settings: Any) -> Iterator[None]:
    settings.KEPT_SECONDS = 60
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def merchant() -> Merchant:
    return shops.shop().merchant


def pages_kept() -> list[str]:
    return [key for key in cache._cache if ":page:" in key]  # type: ignore[attr-defined]  # of the tests' cache in memory


def page_of(merchant: Merchant) -> str:
    return reverse("merchant_detail", args=[merchant.pk])


def renamed(merchant: Merchant, name: str) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(name=name)


def test_a_stranger_reads_what_another_was_shown_and_asks_the_database_nothing(
    merchant: Merchant, django_assert_num_queries: Any
) -> None:
    address = page_of(merchant)
    first = Client().get(address)
    renamed(merchant, "Renamed Since")
    with django_assert_num_queries(0):
        second = Client().get(address)
    assert merchant.name in second.content.decode()
    assert "Renamed Since" not in second.content.decode()
    assert second.headers["Content-Type"] == first.headers["Content-Type"]


def test_it_is_made_anew_after_the_seconds(merchant: Merchant, settings: Any) -> None:
    settings.KEPT_SECONDS = 0
    Client().get(page_of(merchant))
    renamed(merchant, "Renamed Since")
    assert "Renamed Since" in Client().get(page_of(merchant)).content.decode()


def test_who_is_signed_in_sees_the_moment_and_leaves_nothing_behind(merchant: Merchant) -> None:
    client = Client()
    client.force_login(people.make_user())
    client.get(page_of(merchant))
    assert not pages_kept()
    Client().get(page_of(merchant))
    renamed(merchant, "Renamed Since")
    assert "Renamed Since" in client.get(page_of(merchant)).content.decode()


def test_the_token_of_the_forms_is_each_visitors_own_and_works(merchant: Merchant) -> None:
    tokens, clients = [], [Client(enforce_csrf_checks=True) for _ in range(2)]
    for client in clients:
        found = TOKEN.search(client.get(page_of(merchant)).content.decode())
        assert found is not None
        tokens.append(found[1])
    assert tokens[0] != tokens[1]
    for client, own, other in zip(clients, tokens, reversed(tokens), strict=True):
        form = {"language": "en", "next": page_of(merchant)}
        assert client.post(reverse("set_language"), {**form, "csrfmiddlewaretoken": other}).status_code == 403
        assert client.post(reverse("set_language"), {**form, "csrfmiddlewaretoken": own}).status_code == 302


def test_languages_and_care_mode_are_pages_of_their_own(merchant: Merchant) -> None:
    address = page_of(merchant)
    in_chinese = Client(headers={"accept-language": "zh-hans"}).get(address).content.decode()
    in_english = Client(headers={"accept-language": "en"}).get(address).content.decode()
    caring = Client(headers={"accept-language": "en"})
    caring.cookies["care"] = "1"
    large = caring.get(address).content.decode()
    assert 'lang="zh-hans"' in in_chinese
    assert 'lang="en"' in in_english
    assert 'class="care"' in large
    assert 'class="care"' not in in_english


def test_a_question_in_the_address_is_answered_anew(merchant: Merchant) -> None:
    home = reverse("home")
    Client().get(home, {"q": "nothing of that name"})
    assert not pages_kept()


def test_a_page_that_is_not_there_is_not_kept(merchant: Merchant) -> None:
    missing = reverse("merchant_detail", args=[merchant.pk + 1_000])
    assert Client().get(missing).status_code == 404
    assert not pages_kept()


def test_without_the_cache_the_page_is_there_all_the_same(merchant: Merchant, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("no_cache")
    assert merchant.name in Client().get(page_of(merchant)).content.decode()


def test_one_page_is_kept_once_however_its_address_is_spelled(merchant: Merchant) -> None:
    address = page_of(merchant)
    for spelling in (address, f"{address}?", f"{address}?&&&"):
        Client().get(spelling)
    assert len(pages_kept()) == 1
    Client().get(f"/merchants/000{merchant.pk}/")
    assert len(pages_kept()) == 1
