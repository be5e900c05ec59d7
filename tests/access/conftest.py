"""The world of these tests, made once and rolled back after them. Loaded before Django: models are imported inside."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """Two sides with everything of each kind and a person of every role. Every request is undone by itself (``asking``)."""
    from tests.access.asking import undone
    from tests.access.world import world

    logging.disable(logging.CRITICAL)  # thousands of refusals
    try:
        with django_db_blocker.unblock(), undone():
            yield world()
    finally:
        logging.disable(logging.NOTSET)
