"""Who works with work orders."""

import pytest


@pytest.fixture
def hotline(db):
    """The coordinator's post for the whole city: market regulation."""
    from tests.complaints import factories as make

    make.city()
    return make.officer("market_regulation", None, name="赵热线")


@pytest.fixture
def page(hotline):
    from tests.complaints.test_pages import signed_in

    return signed_in(hotline)
