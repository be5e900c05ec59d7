"""Two owners who end each other's role at the same moment: the merchant keeps one."""

import pytest

from prepaid.merchants import operations
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.merchants.operations import people
from tests.concurrency.threads import at_once, refusals
from tests.prepaid.merchants.factories import ACTOR, make_merchant, make_staff, owner_of
from tests.prepaid.people.factories import AT


@pytest.fixture
def owners(committed_db) -> tuple[StaffMember, StaffMember]:
    merchant = make_merchant()
    first = owner_of(merchant)
    return first, make_staff(merchant, StaffRole.OWNER)


def each_ends_the_other(first: StaffMember, second: StaffMember) -> list[object]:
    def ending(by: StaffMember, whom: StaffMember):
        return lambda: operations.end_staff(by=by, staff_id=whom.pk, at=AT, actor=ACTOR)

    return at_once(ending(first, second), ending(second, first))


def remaining(owners: tuple[StaffMember, StaffMember]) -> int:
    return StaffMember.objects.filter(merchant=owners[0].merchant, role=StaffRole.OWNER, is_active=True).count()


def test_one_owner_stays(owners):
    assert refusals(each_ends_the_other(*owners)) == [NotYourRole]
    assert remaining(owners) == 1


def test_without_the_second_look_none_would_stay(owners, monkeypatch):
    """The control: who waits at the lock and then believes the page it came from ends the last owner."""
    monkeypatch.setattr(people, "_still_working", lambda staff: staff)
    assert refusals(each_ends_the_other(*owners)) == []
    assert remaining(owners) == 0
