"""Two purchases of one person at one merchant at the same moment: the second waits for the first to commit."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from prepaid.cards.models import Card
from prepaid.cards.operations import purchase
from prepaid.products.errors import PriceCapExceeded
from tests.prepaid.cards import factories


def in_thread(call: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            call()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("locked", [True, False])
def test_two_purchases_at_once_cannot_together_pass_the_cap(
    committed_db: str, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """``locked`` False is the control: without the lock both pass."""
    if not locked:
        monkeypatch.setattr(purchase, "_serialise_purchases", lambda *args: None)
    version = factories.on_sale(factories.shop(), price_fen=300_000, list_price_fen=50_000)
    holder, results = factories.person(), []
    ordered, commit = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            factories.order(version, holder)
            ordered.set()
            commit.wait(10)

    def second() -> None:
        ordered.wait(10)
        try:
            factories.order(version, holder)
            results.append("bought")
        except PriceCapExceeded:
            results.append("refused")

    threads = [in_thread(first), in_thread(second)]
    threads[1].join(1)
    assert threads[1].is_alive() == locked
    commit.set()
    for thread in threads:
        thread.join(10)
    assert results == ["refused" if locked else "bought"]
    assert Card.objects.count() == (1 if locked else 2)
