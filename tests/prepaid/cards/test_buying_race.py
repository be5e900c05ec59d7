"""Two purchases at one merchant at the same moment, of one person or of what is exempt from filing: the second waits for the
first to commit."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from escrow import clock
from prepaid.cards.models import Card
from prepaid.cards.operations import purchase
from prepaid.merchants.models import SectorRule
from prepaid.people import operations as people
from prepaid.people.errors import AccountClosed, AccountInUse
from prepaid.products.errors import FilingNeeded, PriceCapExceeded
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
        monkeypatch.setattr(purchase, "serialise_purchases", lambda *args: None)
    version = factories.on_sale(factories.shop(), price_fen=300_000, list_price_fen=50_000)
    holder = factories.person()
    at_once(
        lambda: factories.order(version, holder), lambda: factories.order(version, holder), PriceCapExceeded, locked
    )


@pytest.mark.parametrize("locked", [True, False])
def test_two_people_at_once_cannot_together_pass_the_sum_from_which_filing_is_required(
    committed_db: str, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """Neither is paid yet; ``locked`` False is the control."""
    if not locked:
        monkeypatch.setattr(purchase, "serialise_purchases", lambda *args: None)
    shop = factories.shop()
    version = factories.on_sale(shop)  # 2,000 yuan
    SectorRule.objects.filter(sector=shop.merchant.sector_id).update(filing_balance_fen=300_000)
    one, other = factories.person(), factories.person()
    at_once(lambda: factories.order(version, one), lambda: factories.order(version, other), FilingNeeded, locked)


@pytest.mark.parametrize("locked", [True, False])
def test_nobody_buys_for_an_account_that_is_being_closed(
    committed_db: str, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The order comes first and is not committed yet; ``locked`` False is the control: the account closes over it."""
    still_open = purchase.still_open
    if not locked:
        monkeypatch.setattr(purchase, "still_open", lambda *args: None)
    version, holder = factories.on_sale(factories.shop()), factories.person()
    at_once(
        lambda: factories.order(version, holder),
        lambda: people.close_account(user_id=holder.pk, at=clock.now()),
        AccountInUse,
        locked,
        cards=1,
    )
    if not locked:
        with pytest.raises(AccountClosed):
            still_open(holder)


def at_once(
    deed: Callable[[], object], again: Callable[[], object], refusal: type[Exception], locked: bool, *, cards: int = 2
) -> None:
    """``again`` begins while ``deed`` is not committed; it is refused where the lock makes it wait. ``cards``: how many there are
    without it."""
    results: list[str] = []
    ordered, commit = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            deed()
            ordered.set()
            commit.wait(10)

    def second() -> None:
        ordered.wait(10)
        try:
            again()
            results.append("bought")
        except refusal:
            results.append("refused")

    threads = [in_thread(first), in_thread(second)]
    threads[1].join(1)
    assert threads[1].is_alive() == locked
    commit.set()
    for thread in threads:
        thread.join(10)
    assert results == ["refused" if locked else "bought"]
    assert Card.objects.count() == (1 if locked else cards)
