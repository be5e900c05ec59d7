"""A day's total: what every agreement held, provable to its holder and to nobody else."""

import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from escrow import operations as escrow
from escrow import tasks, totals, verifier
from escrow.errors import DayNotOver, NotSealed
from escrow.models import Agreement, AuditEntry, DailyRoot, DailyTotal
from escrow.states import Plan
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement, open_agreement
from tests.escrow.test_refunds_and_payments import refund
from tests.escrow.test_uses import charge

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)
NIGHT = totals.end_of(MONDAY) + totals.SETTLES_IN


def seal_all(at=NIGHT) -> None:
    for pk in totals_unsealed():
        escrow.seal(beneficiary_id=pk, at=at, actor=ACTOR)


def totals_unsealed() -> list[int]:
    from escrow import blocks

    return blocks.unsealed()


def publish(day: date = MONDAY) -> DailyRoot:
    seal_all(totals.end_of(day))
    root = escrow.publish_total(day=day, at=totals.end_of(day) + totals.SETTLES_IN, actor=ACTOR)
    assert root is not None
    return root


def verified(proof, tmp_path: Path, *reference: str) -> tuple[int, str]:
    path, out = tmp_path / "proof.json", io.StringIO()
    path.write_text(proof if isinstance(proof, str) else json.dumps(proof, indent=1))
    return verifier.run(str(path), *(reference or (None,)), "en", out=out), out.getvalue()


@pytest.mark.parametrize("agreements", [1, 2, 3, 16, 17, 33, 70])
def test_everybody_is_in_the_total_and_can_prove_it(agreements, tmp_path):
    merchants = [beneficiary() for _ in range(3)]
    deals = [held_agreement(merchants[0], price_fen=1_000 + i) for i in range(agreements)]
    deals.append(held_agreement(merchants[1], plan=Plan.STORED_VALUE, price_fen=64_000))
    open_agreement(merchants[2])
    root = publish()
    assert root.agreements == agreements + 1
    assert root.held_fen == sum(deal.price_fen for deal in deals)
    assert root.in_transit_fen == root.held_fen
    assert root.beneficiaries == 2
    for deal in deals:
        share = totals.share_of(deal)
        assert share.amount_fen == deal.price_fen
        code, said = verified(share.proof, tmp_path)
        assert (code, root.hash in said) == (0, True), said
