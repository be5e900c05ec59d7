"""Each language once, a browser of that language, and the real bank. Loaded before Django: models are imported inside."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox_bank.bank import bank, bank_process

__all__ = ["bank", "bank_process"]


@pytest.fixture(params=["zh-hans", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def sign_in(language: str) -> Callable[[Any], Any]:
    from tests.journeys.refusals import signed_in

    return lambda user: signed_in(user, language)
