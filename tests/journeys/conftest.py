"""Each language once, a browser of that language, and the real bank. Loaded before Django: models are imported inside."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox_bank.bank import Bank, bank, bank_process

if TYPE_CHECKING:
    from tests.journeys.faulty import Faulty

__all__ = ["bank", "bank_process"]


@pytest.fixture(params=["zh-hans", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def sign_in(language: str) -> Callable[[Any], Any]:
    from tests.journeys.refusals import signed_in

    return lambda user: signed_in(user, language)


@pytest.fixture(scope="module")
def own_bank(tmp_path_factory) -> Iterator[Bank]:
    """Nobody else's money is on its statement."""
    bank = Bank(tmp_path_factory.mktemp("bank"))
    bank.start()
    yield bank
    bank.stop()


@pytest.fixture(scope="module")
def faulty(own_bank, tmp_path_factory, django_db_setup, django_db_blocker, databases) -> "Iterator[Faulty]":
    """A small system that a module's tests hurt."""
    from tests.journeys.faulty import Faulty

    with django_db_blocker.unblock(), databases.clone(f"{databases.base}_faulty"):
        system = Faulty(tmp_path_factory.mktemp("faulty"), own_bank)
        try:
            system.start()
            yield system
        finally:
            system.stop()


@pytest.fixture
def wired(faulty, own_bank, settings, monkeypatch) -> None:
    """This process rings the same bells and asks the same bank as ``faulty``."""
    monkeypatch.setattr("escrow.transactions.current_app", faulty.bell)
    settings.PAYMENT_CHANNELS = ["sandbox"]
    settings.PUBLIC_URL = faulty.url
    settings.SANDBOX_BANK_URL = own_bank.url
    settings.SANDBOX_PLATFORM_PRIVATE_KEY = own_bank.platform_private
    settings.SANDBOX_BANK_PUBLIC_KEY = own_bank.public
