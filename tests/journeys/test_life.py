"""What ``make run`` shows: a city in which cards were bought at the bank, used, disputed, given back and paid in cash."""

import json
import os
import time
from pathlib import Path

import pytest

from tests.journeys.city import City
from tests.soak import SOAK

pytestmark = pytest.mark.skipif(not SOAK, reason="a city of its own, for a minute and a half: part of make soak")
#: What stands in the database once it has happened.
LOOK = """
from complaints.cases.models import Case
from escrow.models import Instruction
from escrow.states import AgreementState, InstructionKind, UseState
from prepaid.cards.models import Beneficiary, Card, CashSale, Redemption
import json
print(json.dumps({
    "cards": Card.objects.count(),
    "held": Card.objects.filter(agreement__state=AgreementState.HELD).count(),
    "final": Redemption.objects.filter(use__state=UseState.FINAL).count(),
    "waiting": Redemption.objects.filter(use__state=UseState.RESERVED).count(),
    "disputed": Redemption.objects.filter(use__state=UseState.DISPUTED).count(),
    "cases": Case.objects.exclude(lead_department=None).count(),
    "children": Beneficiary.objects.count(),
    "cash": CashSale.objects.filter(taken_at__isnull=False).count(),
    "refunds": Instruction.objects.filter(kind=InstructionKind.REFUND).count(),
}))
"""
LIVED = {
    "cards": 9, "held": 7, "final": 3, "waiting": 1, "disputed": 1, "cases": 1, "children": 1, "cash": 1, "refunds": 1,
}  # fmt: skip


@pytest.fixture
def lively():
    made = City(Path(os.environ["PREPAID_VAR"]).absolute() / f"lively-{os.getpid()}", {"PREPAID_LIFE": "1"})
    try:
        made.start()
        yield made
        made.stop()
    finally:
        made.destroy()


def seen(city: City) -> dict[str, int]:
    done = city.manage("shell", "--no-imports", "--command", LOOK)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_demo_city_lives_once_and_every_fen_of_it_is_explained(lively):
    deadline = time.monotonic() + 90
    while (found := seen(lively)) != LIVED and time.monotonic() < deadline:
        time.sleep(1)
    assert found == LIVED, lively.said()
    again = lively.manage("live_demo")
    assert "cards were sold before" in again.stdout, again.stderr
    assert seen(lively) == LIVED
    proved = lively.manage("prove")
    assert proved.returncode == 0, proved.stdout
