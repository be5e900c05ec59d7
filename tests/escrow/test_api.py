"""Where channels notify: what a lost cache and a flood do to it."""

import pytest
from django.test import Client
from redis.exceptions import ConnectionError as CacheLost

from escrow import api

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/channel/sandbox/notifications/"


def told(client: Client) -> int:
    return client.post(ADDRESS, data="{}", content_type="application/json").status_code


def test_a_lost_cache_does_not_keep_a_notification_out(client, monkeypatch):
    """It gets as far as its signature, which is missing here."""

    def lost(*args: object, **kwargs: object) -> bool:
        raise CacheLost("no route to cache")

    monkeypatch.setattr(api.ChannelThrottle, "cache", type("Lost", (), {"get": lost, "set": lost})())
    assert told(client) == 401


def test_a_flood_is_stopped_while_there_is_a_cache(client, monkeypatch):
    monkeypatch.setattr(api.ChannelThrottle, "rate", "2/min", raising=False)
    assert [told(client) for _call in range(3)] == [401, 401, 429]
