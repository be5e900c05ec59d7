"""What everybody sees stays true when several write at the same moment: the search, and the count of invitations."""

import threading

import pytest

from escrow import clock
from escrow.transactions import transaction
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Invitation, InvitedMerchant, Store
from prepaid.products.models import Searchable
from tests.complaints import factories as people
from tests.complaints.factories import CHAOYANG, FENGTAI
from tests.concurrency.threads import at_once, until_somebody_waits
from tests.prepaid.cards import factories


def close(store: Store) -> None:
    merchants.edit_store(
        merchant_id=store.merchant_id,
        store_id=store.pk,
        name=store.name,
        address=store.address,
        district_code=store.district_id,
        subdistrict_code=store.subdistrict_id,
        lease_ends_on=None,
        is_open=False,
        at=clock.now(),
        actor="system:test",
    )


def test_two_stores_that_close_at_once_leave_nothing_to_be_found(committed_db) -> None:
    """Each sees the other's still open until it is committed: so the second waits, and looks again."""
    shop = factories.shop(stores=(CHAOYANG, FENGTAI))
    factories.on_sale(shop)
    first, second = shop.stores
    closed = threading.Event()

    def slowly() -> None:
        with transaction():
            close(first)
            closed.set()
            until_somebody_waits()

    def meanwhile() -> None:
        closed.wait(timeout=60)
        close(second)

    assert Searchable.objects.count() == 1
    at_once(slowly, meanwhile)
    assert not Searchable.objects.exists()


@pytest.mark.parametrize(("visitors", "times"), [(["a", "b", "c", "d", "e", "f"], 6), (["a"] * 6, 1)])
def test_invitations_at_the_same_moment_are_each_counted_once(committed_db, visitors: list[str], times: int) -> None:
    people.city()

    def inviting(visitor: str):
        return lambda: merchants.invite_merchant(
            name="海棠美发",
            district_code=CHAOYANG,
            sector_code="beauty",
            address="",
            message="",
            visitor=visitor,
            at=clock.now(),
            actor="system:test",
        )

    counted = [result[1] for result in at_once(*(inviting(visitor) for visitor in visitors))]
    assert sum(counted) == InvitedMerchant.objects.get().times == Invitation.objects.count() == times
