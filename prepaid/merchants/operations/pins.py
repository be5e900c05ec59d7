"""Taking over the counter by PIN. It opens the counter of one store in the name of one person, and nothing else."""

import re
from datetime import datetime
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password

from escrow import audit
from escrow.errors import NotFound
from escrow.transactions import transaction
from prepaid.merchants import queries
from prepaid.merchants.errors import BadPin, EasyPin, NoPinYet, OwnPinFirst, PinLocked, WrongPin
from prepaid.merchants.models import CounterPin, StaffMember

DIGITS = 6


def set_pin(*, staff: StaffMember, pin: str, at: datetime, actor: str) -> CounterPin:
    """One's own, new or another; it also ends a lock. Raises ``BadPin``, ``EasyPin``."""
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", pin, re.ASCII):
        raise BadPin()
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:  # 000000, 123456, 987654
        raise EasyPin()
    with transaction():
        facts = {"pin_hash": make_password(pin), "failures": 0, "set_at": at}
        row, _new = CounterPin.objects.update_or_create(staff=staff, defaults=facts)
        audit.record(actor=actor, action="merchants.set_pin", target=f"merchant:{staff.merchant_id}", at=at)
    return row


def switch_counter(
    *, at_work: StaffMember, to_id: int, pin: str, store_id: int | None = None, at: datetime, actor: str
) -> StaffMember:
    """Who works at the counter from now on, bound to its store; whoever is signed in there comes back by their own PIN.

    Raises:
        NotFound: nobody who could work at this counter. OwnPinFirst: who is signed in could not come back. NoPinYet, PinLocked.
        WrongPin: counted, also when nothing else is changed.
    """
    store = at_work.store or queries.counter_store(at_work, store_id)
    to = queries.counter_staff(at_work, store).filter(pk=to_id).first()
    if to is None:
        raise NotFound()
    if not CounterPin.objects.filter(staff=at_work).exists():
        raise OwnPinFirst()
    with transaction():
        row = CounterPin.objects.select_for_update(no_key=True).filter(staff=to).first()
        if row is None:
            raise NoPinYet()
        if row.is_locked:
            raise PinLocked()
        is_right = check_password(pin, row.pin_hash)
        row.failures = 0 if is_right else row.failures + 1
        row.save(update_fields=["failures"])
        audit.record(
            actor=actor,
            action="merchants.switch_counter" if is_right else "merchants.refuse_pin",
            target=f"merchant:{at_work.merchant_id}",
            after={"staff": to.pk, "store": store.pk},
            at=at,
        )
    if not is_right:
        raise PinLocked() if row.is_locked else WrongPin(left=CounterPin.MOST_FAILURES - row.failures)
    return queries.bound_to_counter(to, store)
