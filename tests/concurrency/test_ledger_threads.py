"""The ledger's verbs in any order under 8 threads: whatever is refused changes nothing, and ``prove`` finds nothing.

``make test`` plays a few rounds, ``make soak`` many. The verbs are those that ``tests/properties`` plays against a model.
"""

import random
from datetime import date, datetime, timedelta
from functools import partial

from django.db.models import Q

from escrow import invariants, queries, reconciliation
from escrow import operations as escrow
from escrow.errors import DomainError
from escrow.models import Instruction, LegalHold, Payment, ReserveRule, StatementLine, Use
from escrow.operations.lots import PART
from escrow.states import OPEN_USES, InstructionKind, PaymentState, Plan, UseState
from tests.concurrency.threads import at_once
from tests.escrow.deeds import VERBS, Aim, SilentChannel
from tests.escrow.factories import ACTOR, AT, beneficiary, open_agreement, order, paid
from tests.soak import SOAK

THREADS, DEEDS = 8, 40
ROUNDS = 60 if SOAK else 3
#: How often each verb comes up; every verb does.
WEIGHTS = {
    "pay": 6, "charge": 16, "confirm": 5, "void": 3, "expire": 2, "dispute": 3, "decide": 3, "withdraw": 2, "undo": 4,
    "thaw": 2, "pay_out": 3, "release_payouts": 3, "answer": 4, "line": 6, "assign": 3, "send_back": 3,
    "top_up": 3, "charge_card": 8, "resolve_card": 5,
}  # fmt: skip
CHARGES = {"charge", "charge_card"}
OF_USES = {"confirm", "void", "expire", "dispute", "withdraw", "decide", "undo"}


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
    if draw.random() < 0.06:
        _charge_set(draw, key, to, cards, at)
        return
    [name] = draw.choices(list(VERBS), weights=[WEIGHTS.get(name, 1) for name in VERBS])
    card = draw.choice(cards)
    if name == "top_up":
        _top_up(draw, card, cards, answers, at)
        return
    states = [UseState.FINAL] if name == "undo" else OPEN_USES
    use = _some(draw, Use.objects.filter(beneficiary=to, state__in=states))
    sent = Instruction.objects.filter(pk=_some(draw, Instruction.objects.filter(beneficiary=to)) or 0).first()
    parts = _parts(use)
    if (name in {*OF_USES, "resolve_card"} and not use) or (name == "answer" and not sent):
        return
    fen, number = draw.randint(1, card.price_fen), sent.number if sent else ""
    if name == "line":
        fen, number = _shown(draw, to)
    line = StatementLine.objects.filter(pk=_some(draw, _open_lines(to)) or 0).first()
    VERBS[name](
        Aim(
            beneficiary=to.pk,
            custody_no=to.custody_no,
            agreement=card.pk,
            answer=answers[card.pk],
            use=use or 0,
            units=draw.randint(1, 40) if name in CHARGES else draw.choice([None, 1, 2]),
            uses=parts,
            owed=tuple((one.pk, draw.randint(0, one.price_fen)) for one in draw.sample(cards, 2))
            if name == "refund_many"
            else (),
            final=draw.random() < 0.5,
            key=key if name not in CHARGES or draw.random() < 0.8 else "the same",
            fen=fen,
            number=number,
            state=draw.choice(["final", "voided"] if name == "resolve_card" else ["succeeded", "failed", "accepted"]),
            line=line.pk if line else 0,
            to=draw.choice([one.code for one in reconciliation.fitting(line)]) if line else "",
            hold=_some(draw, LegalHold.objects.filter(beneficiary=to)) or 0,
        ),
        at,
    )


def _top_up(draw: random.Random, card, cards, answers, at: datetime) -> None:
    """A further lot of the card, which is paid at once or when its turn comes."""
    fen, bonus = draw.randint(1, 500), 0
    units = draw.randint(1, 9)
    if card.plan == Plan.STORED_VALUE:
        bonus = draw.randint(0, 90)
        units = fen + bonus
    lot = VERBS["top_up"](Aim(agreement=card.pk, fen=fen, bonus=bonus, units=units), at)
    answers[lot.pk] = paid(order(lot))
    cards.append(lot)
    if draw.random() < 0.7:
        VERBS["pay"](Aim(answer=answers[lot.pk]), at)


def _parts(use: int | None) -> tuple[int, ...]:
    """All uses of the charge that the use is a part of."""
    key = Use.objects.filter(pk=use or 0).values_list("beneficiary", "command_key").first()
    if key is None:
        return ()
    first = key[1].split(PART)[0]
    mine = Use.objects.filter(Q(command_key=first) | Q(command_key__startswith=first + PART), beneficiary=key[0])
    return tuple(mine.order_by("id").values_list("id", flat=True))


def _charge_set(draw: random.Random, key: str, to, cards, at: datetime) -> None:
    facts = {"beneficiary_id": to.pk, "units": 1, "final": True, "reference": "set"}
    picked = [escrow.Charge(agreement_id=card.pk, key=f"{key}-{card.pk}", **facts) for card in draw.sample(cards, 3)]
    escrow.charge_many(picked, at=at, actor=ACTOR)


def _shown(draw: random.Random, to) -> tuple[int, str]:
    """What the bank shows next: money that came, an order carried out as far as there is money, or something unheard of."""
    custody = queries.backing(to.pk).custody_fen
    arrived = Payment.objects.filter(beneficiary_id=to.pk, state__in=[PaymentState.PAID, PaymentState.LATE])
    shown = [(payment.amount_fen, payment.order_no) for payment in arrived]
    left = Instruction.objects.filter(beneficiary=to, amount_fen__lte=custody)
    shown += [(-one.amount_fen, one.number) for one in left]
    return draw.choice([*shown, (draw.randint(1, 50), "")])


def _open_lines(to):
    return StatementLine.objects.filter(beneficiary=to, booked_at__isnull=False, matched_at=None)


def _some(draw: random.Random, rows) -> int | None:
    ids = list(rows.order_by("id").values_list("id", flat=True))
    return draw.choice(ids) if ids else None


def test_any_deeds_by_eight_threads_leave_a_ledger_that_adds_up(committed_db, monkeypatch):
    monkeypatch.setattr("escrow.operations.payments.channel_of", lambda _code: SilentChannel())
    rule = {"basis_points": 1_500, "up_to_fen": 300, "source": "test", "mark": "A"}
    ReserveRule.objects.create(valid_from=date(2026, 1, 1), **rule)
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
        _the_bank_says_the_rest(to)
        found = [finding.name for finding in invariants.prove() if not finding.ok]
        assert not found, (number, found)
    assert Use.objects.exists()
    assert Instruction.objects.exists()
    assert StatementLine.objects.filter(matched_at__isnull=False).exists()
    assert Instruction.objects.filter(kind=InstructionKind.RETURN).exists()
    assert Use.objects.filter(agreement__tops_up__isnull=False).exists()


def _the_bank_says_the_rest(to) -> None:
    """What left at the same moment may be more than had come: the ledger follows when the rest has."""
    taken = StatementLine.objects.filter(beneficiary=to, matched_at__isnull=False).values("reference")
    arrived = Payment.objects.filter(beneficiary_id=to.pk, state__in=[PaymentState.PAID, PaymentState.LATE])
    where = {"beneficiary": to.pk, "custody_no": to.custody_no}
    VERBS["line"](Aim(**where, key=f"{to.pk} more", fen=100_000), AT)
    for payment in arrived.exclude(order_no__in=taken):
        VERBS["line"](Aim(**where, key=payment.order_no, fen=payment.amount_fen, number=payment.order_no), AT)
    VERBS["match"](Aim(**where), AT)
