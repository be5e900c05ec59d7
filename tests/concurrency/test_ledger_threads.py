"""The ledger's verbs in any order under 8 threads: whatever is refused changes nothing, and ``prove`` finds nothing.

``make test`` plays a few rounds, ``make soak`` many.
"""

import os
import random
from datetime import datetime, timedelta
from functools import partial

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.errors import DomainError
from escrow.models import Instruction, Use
from escrow.operations.instructions import record_answer
from escrow.operations.payments import take_payment
from escrow.states import OPEN_USES, Plan, RefundBasis, UseState
from tests.concurrency.threads import at_once
from tests.escrow.factories import ACTOR, AT, beneficiary, open_agreement, order, paid

THREADS, DEEDS = 8, 40
ROUNDS = 60 if os.environ.get("PREPAID_SOAK") == "1" else 3


def deeds(seed: int, to, cards, answers) -> object:
    """One thread's deeds, drawn from its seed; how many were not refused. A deadlock is no refusal and ends the test."""
    draw = random.Random(seed)
    done = 0
    for number in range(DEEDS):
        at = AT + timedelta(days=draw.randrange(4))
        try:
            _deed(draw, f"{seed}-{number}", to, cards, answers, at)
            done += 1
        except DomainError:
            pass
    return done


def _deed(draw: random.Random, key: str, to, cards, answers, at: datetime) -> None:
    card = draw.choice(cards)
    use_id = _some(draw, Use.objects.filter(beneficiary=to, state__in=OPEN_USES))
    final_id = _some(draw, Use.objects.filter(beneficiary=to, state=UseState.FINAL))
    by = {"at": at, "actor": ACTOR}

    def charge_set() -> None:
        picked = draw.sample(cards, 3)
        escrow.charge_many(
            [
                escrow.Charge(
                    beneficiary_id=to.pk, agreement_id=c.pk, units=1, final=True, key=f"{key}-{c.pk}", reference="set"
                )
                for c in picked
            ],
            **by,
        )

    def charge() -> None:
        escrow.charge(
            beneficiary_id=to.pk,
            agreement_id=card.pk,
            units=draw.randint(1, 40),
            final=draw.random() < 0.5,
            key=key if draw.random() < 0.8 else "the same",
            reference="visit",
            confirm_until=at + timedelta(hours=24),
            **by,
        )

    def answer() -> None:
        order_id = _some(draw, Instruction.objects.filter(beneficiary=to))
        if order_id:
            sent = Instruction.objects.get(pk=order_id)
            state = draw.choice(["succeeded", "failed", "accepted"])
            said = TransferAnswer(number=sent.number, state=state, amount_fen=sent.amount_fen)
            record_answer(channel=sent.channel, answer=said, at=at)

    def refund() -> None:
        sum_ = draw.randint(0, card.price_fen)
        escrow.refund(agreement_id=card.pk, amount_fen=sum_, basis=RefundBasis.CONSENT, reference="r", **by)

    draw.choices(
        [
            lambda: take_payment(channel="sandbox", answer=answers[card.pk], at=at),
            charge,
            charge_set,
            lambda: use_id and escrow.confirm_use(use_id=use_id, **by),
            lambda: use_id and escrow.void_use(use_id=use_id, **by),
            lambda: use_id and escrow.expire_use(use_id=use_id, **by),
            lambda: use_id and escrow.dispute_use(use_id=use_id, **by),
            lambda: final_id and escrow.undo_use(use_id=final_id, **by),
            lambda: escrow.freeze_agreement(agreement_id=card.pk, because="x", **by),
            lambda: escrow.thaw_agreement(agreement_id=card.pk, because="x", **by),
            lambda: escrow.pay_out(beneficiary_id=to.pk, **by),
            lambda: escrow.release_payouts(beneficiary_id=to.pk, because="x", **by),
            refund,
            answer,
        ],
        weights=[6, 12, 4, 5, 3, 2, 2, 4, 1, 2, 3, 2, 1, 4],
    )[0]()


def _some(draw: random.Random, rows) -> int | None:
    ids = list(rows.values_list("id", flat=True))
    return draw.choice(ids) if ids else None


def test_any_deeds_by_eight_threads_leave_a_ledger_that_adds_up(committed_db):
    for number in range(ROUNDS):
        to = beneficiary()
        cards = [open_agreement(to, price_fen=997, units_total=13) for _ in range(4)]
        cards += [
            open_agreement(to, plan=Plan.STORED_VALUE, price_fen=500, bonus_fen=77, units_total=577) for _ in range(4)
        ]
        answers = {card.pk: paid(order(card)) for card in cards}
        seeds = [number * THREADS + thread for thread in range(THREADS)]
        done = at_once(*(partial(deeds, seed, to, cards, answers) for seed in seeds))
        assert sum(done) > THREADS, "nearly everything was refused: this tests nothing"
        backing = queries.backing(to.pk)
        assert backing.owed_fen == backing.covered_fen
        found = [finding.name for finding in invariants.prove() if not finding.ok]
        assert not found, (number, found)
    assert Use.objects.exists()
    assert Instruction.objects.exists()
