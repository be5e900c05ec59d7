"""Who looks at pages: somebody signed in, the same at a view that says nothing, and how long an answer takes."""

import time
from typing import Any


def visitor(user: Any) -> Any:
    """A client, signed in as ``user``; None: a stranger."""
    from django.test import Client

    from tests.prepaid.people.factories import pass_second_factor

    client = Client(headers={"accept-language": "zh-hans"}, raise_request_exception=False, SERVER_NAME="127.0.0.1")
    if user is not None:
        client.force_login(user, backend="prepaid.people.backends.RoleBackend")
        pass_second_factor(client, user)
    return client


def nobody(user: Any) -> Any:
    """The same visitor at an empty view behind our middleware. Not by overriding the setting: that throws away what Django knows
    of the real addresses, and the page measured next would pay for finding it out again."""
    from django.test.client import ClientHandler

    class Empty(ClientHandler):
        def get_response(self, request: Any) -> Any:
            request.urlconf = "benchmarks.empty"
            return super().get_response(request)

    client = visitor(user)
    client.handler = Empty(False)
    return client


def milliseconds(client: Any, address: str) -> float:
    """How long the answer takes."""
    started = time.perf_counter()
    client.get(address)
    return (time.perf_counter() - started) * 1000
