"""Journeys go through the whole real system; so do the browser tests, which import this fixture."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.city import City


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """One running system for all journeys of a test run. A test that hurts it waits until it is healthy again."""
    city = City(Path(os.environ["PREPAID_VAR"]).absolute() / f"city-{os.getpid()}")
    try:
        city.start()
        yield city
        city.stop()
    finally:
        city.destroy()
