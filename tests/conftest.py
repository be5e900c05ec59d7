"""What all tests share: servers, databases, an empty cache, and the whole real system for those that drive it.

``django_db`` tests run in a transaction that is rolled back. A test that needs real commits (threads, triggers at
commit, other processes) takes the fixture ``committed_db`` instead: a database of its own.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Before Django reads the settings: tests never touch the data of a running system.
os.environ.setdefault("PREPAID_VAR", str(ROOT / "var" / "test"))
os.environ.setdefault("PREPAID_DURABLE", "0")
os.environ.setdefault(
    "REDIS_URL", "redis://127.0.0.1:1/0"
)  # unit tests ring no bells; ``city`` has a broker of its own
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
servers = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Borrow the embedded database unless DATABASE_URL names one."""
    from embedded.services import database_for_this_process

    if not config.option.collectonly:
        servers.enter_context(database_for_this_process())
    import django

    django.setup()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers (``make test``) one has the whole real system and begins with what drives it, which takes longest; what a
    module shares is made in one of them."""
    city, rest = [], []
    for item in items:
        fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
        if "city" in fixtures:
            item.add_marker(pytest.mark.xdist_group("city"))
        elif any(found[-1].scope == "module" for found in fixtures.values()):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        (city if "city" in fixtures else rest).append(item)
    items[:] = city + rest


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the servers back."""
    servers.close()


@pytest.fixture(scope="session")
def databases(django_db_blocker):
    """The template database, migrated once per run by the owner."""
    from tests.databases import Databases

    with django_db_blocker.unblock():
        return Databases()


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker, databases) -> Iterator[None]:
    """The clone that rolled-back tests share, used as the serving role."""
    reuse = request.config.getoption("reuse_db")
    clone = databases.clone(databases.base)
    with django_db_blocker.unblock():
        databases.build_template(reuse=reuse)
        clone.__enter__()
    yield
    with django_db_blocker.unblock():
        clone.__exit__(None, None, None)
        databases.leave_template(keep=reuse)


@pytest.fixture
def committed_db(request, django_db_setup, django_db_blocker, databases) -> Iterator[str]:
    """A clone of the template for one test that commits; its name. Threads see it too. Not together with ``db``."""
    assert not {"db", "transactional_db"} & set(request.fixturenames), "committed_db is instead of django_db"
    with django_db_blocker.unblock(), databases.clone(f"{databases.base}_own") as name:
        yield name


@pytest.fixture(scope="session")
def city() -> Iterator:
    """One whole running system for all journeys and browser tests; who hurts it waits until it is healthy again."""
    from tests.journeys.city import City

    city = City(Path(os.environ["PREPAID_VAR"]).absolute() / f"city-{os.getpid()}")
    try:
        city.start()
        yield city
        city.stop()
    finally:
        city.destroy()


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """No throttle or rate limit reaches from one test into the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def no_cache(monkeypatch) -> None:
    """The cache's server is gone. Of the class: what is put on the connection itself would stay there after the test."""
    from django.core.cache.backends.locmem import LocMemCache
    from redis.exceptions import ConnectionError as CacheLost

    def lost(*args: object, **kwargs: object) -> None:
        raise CacheLost("no route to cache")

    for verb in ("add", "get", "set"):
        monkeypatch.setattr(LocMemCache, verb, lost)


@pytest.fixture(autouse=True)
def rung_bells(monkeypatch) -> None:
    """No broker that one test lost keeps the next from ringing."""
    monkeypatch.setattr("escrow.transactions._quiet_until", 0.0)


@pytest.fixture(autouse=True)
def own_language() -> None:
    """No language that one test's request chose is spoken in the next."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(autouse=True)
def whole_sign_in(monkeypatch) -> None:
    """``force_login`` is the whole way in: whoever opens the administration has passed a second factor, too. The tests
    of the second factor itself sign in through the pages."""
    from django.test import Client

    from tests.prepaid.people.factories import pass_second_factor

    force_login = Client.force_login

    def whole(client, user, backend=None) -> None:
        force_login(client, user, backend)
        pass_second_factor(client, user)

    monkeypatch.setattr(Client, "force_login", whole)
