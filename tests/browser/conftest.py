"""The browser and its people. The browser is closed before other tests run: its event loop and Django's database
connections do not share a thread."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.person import Person, launch

FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Remember a failure for the fixture below."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def person(request, browser, city) -> Iterator[Callable[..., Person]]:
    """``person("owner", device=…, language=…)``: somebody new, with a window of their own.

    When the test fails, what each of them saw last is in ``var/test/browser/``.
    """
    people: dict[str, Person] = {}

    def new(name: str, **how) -> Person:
        people[name] = Person(browser, city.url, **how)
        return people[name]

    yield new
    folder = Path(os.environ["PREPAID_VAR"]) / "browser"
    for name, somebody in people.items():
        if request.node.stash.get(FAILED, False):
            somebody.keep(folder / re.sub(r"\W+", "-", f"{request.node.name}-{name}"))
        somebody.close()
