"""Whatever is owed is paid in order: from what is held, what is earned, the reserve; the rest is a claim served first."""

from datetime import date, timedelta

import pytest

from escrow import clock, invariants, queries, tasks
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.errors import DomainError, InvalidAmount, ReasonRequired, RefundExceedsPaid, WrongState
from escrow.ledger import Chart, Movement, post
from escrow.models import AuditEntry, Claim, Instruction, LegalHold, ReserveRule, StatementLine, Transfer
from escrow.operations import instructions
from escrow.operations.instructions import record_answer
from escrow.states import AccountCode, InstructionKind, LineKind, Reason, RefundBasis
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def used(agreement, units, *, at=AT):
    return escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=True,
        key=f"{agreement.pk}-{units}-{at}",
        reference="visit",
        at=at,
        actor=ACTOR,
    )


def owed(agreement, amount_fen, *, at=AT, **interest):
    facts = {"basis": RefundBasis.JUDGMENT, "reference": "case 1", "at": at, "actor": ACTOR, **interest}
    return escrow.refund(agreement_id=agreement.pk, amount_fen=amount_fen, **facts)


def bank_pays(order, *, at):
    answer = TransferAnswer(number=order.number, state="succeeded", amount_fen=order.amount_fen)
    record_answer(channel=order.channel, answer=answer, at=at)


def paid_out(to, *, at):
    return escrow.pay_out(beneficiary_id=to.pk, at=at, actor=ACTOR)


def custody_earned(to, amount_fen):
    """The bank pays interest on what lies in custody: its statement would say so."""
    line = StatementLine.objects.create(
        channel="sandbox",
        identity=f"interest{to.pk}",
        custody_no=to.custody_no,
        beneficiary=to,
        direction="in",
        kind=LineKind.INTEREST,
        amount_fen=amount_fen,
        day=AT.date(),
        at=AT,
        booked_at=AT,
        booked_as=f"L{to.pk}",
        matched_at=AT,
        reference=f"L{to.pk}",
    )
    chart = Chart(beneficiary_id=to.pk)
    facts = {"amount": amount_fen, "reason": Reason.INTEREST, "reference": line.reference}
    post(
        [Movement(debit=chart.id(AccountCode.CUSTODY), credit=chart.id(AccountCode.INTEREST), **facts)],
        at=AT,
    )


def proven():
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_more_is_owed_than_is_held_and_the_merchants_earnings_pay_the_rest():
    to = beneficiary()
    card, other = held_agreement(to), held_agreement(to)  # 2,000 yuan, 10 sessions each
    used(card, 5)
    used(other, 3)
    refund = owed(card, 150_000)
    assert (refund.owed_fen, refund.amount_fen, refund.settled_fen) == (150_000, 150_000, 0)
    assert not Claim.objects.exists()
    backing = queries.backing(to.pk)
    assert (backing.payable_fen, backing.refund_fen) == (160_000 - 50_000, 150_000)
    assert paid_out(to, at=AT + DAY).amount_fen == 110_000
    assert not proven()


def test_a_shortfall_of_a_card_with_open_reservations_leaves_the_earnings_folded():
    """What ends a reservation is a transfer of nothing to the merchant's earnings, and counted like every other."""
    to = beneficiary()
    card, other = held_agreement(to), held_agreement(to)
    used(card, 5)
    used(other, 3)
    facts = {"key": "open", "reference": "visit", "confirm_until": AT + DAY, "at": AT, "actor": ACTOR}
    escrow.charge(beneficiary_id=to.pk, agreement_id=card.pk, units=2, final=False, **facts)
    assert owed(card, 150_000).amount_fen == 150_000
    assert not proven()


def test_what_nobody_can_pay_now_is_a_claim_and_later_payouts_serve_the_oldest_first():
    to = beneficiary()
    first, second, third = (held_agreement(to) for _ in range(3))
    for card in (first, second):
        used(card, 10)
    assert paid_out(to, at=AT + DAY).amount_fen == 400_000
    assert owed(first, 200_000).amount_fen == 0
    assert owed(second, 100_000).amount_fen == 0
    older, newer = Claim.objects.order_by("id")
    assert older.number < newer.number
    used(third, 6, at=AT + DAY)
    assert paid_out(to, at=AT + 2 * DAY) is None  # 1,200 yuan, all of it the first claim's
    older.refresh_from_db()
    assert (older.paid_fen, older.closed_at) == (120_000, None)
    used(third, 4, at=AT + 2 * DAY)
    escrow.hold_payouts(beneficiary_id=to.pk, because="watch", at=AT, actor=ACTOR)
    assert paid_out(to, at=AT + 3 * DAY) is None  # held for the merchant, not for its customers
    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.paid_fen, newer.paid_fen, newer.closed_at) == (200_000, 0, None)
    assert older.closed_at
    assert sum(Instruction.objects.filter(kind=InstructionKind.REFUND).values_list("amount_fen", flat=True)) == 200_000
    assert not proven()


def test_a_served_claim_that_the_bank_returns_is_ordered_again():
    to = beneficiary()
    card, other = held_agreement(to), held_agreement(to)
    used(card, 10)
    paid_out(to, at=AT + DAY)
    owed(card, 50_000)
    used(other, 10, at=AT + DAY)
    paid_out(to, at=AT + 2 * DAY)
    payment = Claim.objects.get().payments.get()
    number = payment.instruction.number
    record_answer(
        channel=payment.instruction.channel,
        answer=TransferAnswer(number=number, state="failed", amount_fen=50_000),
        at=AT + 2 * DAY,
    )
    payment.refresh_from_db()
    assert payment.instruction.number != number
    assert not proven()


def test_the_reserve_is_a_share_of_payouts_and_pays_before_a_claim():
    ReserveRule.objects.create(valid_from=date(2026, 1, 1), basis_points=1_000, up_to_fen=30_000, source="x", mark="A")
    to = beneficiary()
    card = held_agreement(to)
    used(card, 10)
    payout = paid_out(to, at=AT + DAY)
    assert payout.amount_fen == 180_000 == sum(payout.lines.values_list("amount_fen", flat=True))
    assert queries.backing(to.pk).reserve_fen == 20_000
    refund = owed(card, 50_000, at=AT + DAY)
    assert (refund.amount_fen, refund.claim.amount_fen) == (20_000, 30_000)
    assert queries.backing(to.pk).reserve_fen == 0
    more = held_agreement(to)
    used(more, 10, at=AT + DAY)
    assert paid_out(to, at=AT + 2 * DAY).amount_fen == 170_000 - 17_000
    assert not proven()


def reserve(*, since, up_to_fen=30_000, keep_days=365, basis_points=1_000):
    figures = {"basis_points": basis_points, "up_to_fen": up_to_fen, "keep_days": keep_days}
    return ReserveRule.objects.create(valid_from=since, **figures, source="x", mark="A")


def test_a_share_comes_back_when_its_time_is_over_and_bears_no_share_again():
    reserve(since=date(2026, 1, 1), keep_days=30)
    to = beneficiary()
    used(held_agreement(to), 10)
    assert paid_out(to, at=AT + DAY).amount_fen == 180_000
    card = held_agreement(to)
    used(card, 5, at=AT + 20 * DAY)
    assert paid_out(to, at=AT + 21 * DAY).amount_fen == 90_000
    assert queries.backing(to.pk).reserve_fen == 30_000
    assert paid_out(to, at=AT + 31 * DAY) is None  # its last day
    used(card, 5, at=AT + 31 * DAY)
    payout = paid_out(to, at=AT + 32 * DAY)
    assert payout.amount_fen == 100_000 + 20_000 - 10_000 == sum(payout.lines.values_list("amount_fen", flat=True))
    assert queries.backing(to.pk).reserve_fen == 20_000
    assert not proven()
    reserve(since=(AT + 25 * DAY).date(), keep_days=40)  # as if it had been in force
    assert "reserve_returned_when_its_time_is_over" in proven()


def test_what_came_back_bears_no_share_either_when_a_later_run_pays_it():
    reserve(since=date(2026, 1, 1), keep_days=10)
    to = beneficiary()
    card = held_agreement(to)
    used(card, 10)
    assert paid_out(to, at=AT + DAY).amount_fen == 180_000
    used(held_agreement(to), 5, at=AT + 28 * DAY)
    assert owed(card, 40_000, at=AT + 28 * DAY).amount_fen == 40_000  # out of what is earned, but not due yet
    assert paid_out(to, at=AT + 28 * DAY) is None
    on = (AT + 29 * DAY).date()
    assert (queries.backing(to.pk).reserve_fen, queries.returned_unpaid(to.pk, by=on)) == (0, 20_000)
    assert paid_out(to, at=AT + 29 * DAY).amount_fen == 100_000 - 40_000 + 20_000 - 6_000
    assert queries.returned_unpaid(to.pk, by=on) == 0
    assert not proven()


def test_a_share_whose_time_is_over_and_that_a_run_leaves_in_the_reserve_is_found(monkeypatch):
    reserve(since=date(2026, 1, 1), keep_days=10)
    to = beneficiary()
    used(held_agreement(to), 10)
    paid_out(to, at=AT + DAY)
    assert not proven()
    used(held_agreement(to), 1, at=AT + 15 * DAY)
    assert not proven()  # no run yet
    monkeypatch.setattr(queries, "reserve_over", lambda *_, **__: 0)
    paid_out(to, at=AT + 16 * DAY)
    assert proven() == ["reserve_returned_when_its_time_is_over"]


def test_what_a_lower_rule_no_longer_asks_for_comes_back_but_not_past_an_order_and_not_while_payouts_are_held():
    reserve(since=date(2026, 1, 1))
    to = beneficiary()
    used(held_agreement(to), 10)
    paid_out(to, at=AT + DAY)
    reserve(since=(AT + 2 * DAY).date(), up_to_fen=5_000)
    escrow.hold_payouts(beneficiary_id=to.pk, because="watch", at=AT, actor=ACTOR)
    assert paid_out(to, at=AT + 3 * DAY) is None
    assert queries.backing(to.pk).reserve_fen == 20_000
    escrow.release_payouts(beneficiary_id=to.pk, because="looked at", at=AT, actor=ACTOR)
    Instruction.objects.update(state="accepted")  # out of the order's reach
    order = {"order_no": "1", "issued_by": "x", "sum_fen": 9_000, "expires_on": date(2027, 6, 1)}
    hold = escrow.order_hold(beneficiary_id=to.pk, **order, at=AT + 3 * DAY, actor=ACTOR)
    assert paid_out(to, at=AT + 4 * DAY).amount_fen == 15_000 - 9_000
    hold.refresh_from_db()
    assert (hold.blocked_fen, queries.backing(to.pk).reserve_fen) == (9_000, 5_000)
    assert not proven()


def test_an_order_blocks_what_is_earned_now_and_later_and_lifted_gives_it_back(monkeypatch):
    to = beneficiary()
    card = held_agreement(to)
    used(card, 2)

    def ordered(**facts):
        order = {"order_no": "(2026)京01执1号", "issued_by": "北京一中院", "sum_fen": 100_000}
        order |= {"expires_on": date(2026, 12, 31), **facts}
        return escrow.order_hold(beneficiary_id=to.pk, **order, at=AT, actor=ACTOR)

    hold = ordered()
    assert ordered() == hold
    for facts, error in (
        ({"sum_fen": 1}, WrongState),
        ({"order_no": "2", "expires_on": date(2026, 1, 1)}, WrongState),
        ({"order_no": " "}, ReasonRequired),
        ({"order_no": "3", "sum_fen": 0}, InvalidAmount),
    ):
        with pytest.raises(error):
            ordered(**facts)
    assert (hold.blocked_fen, queries.holding(card.pk).held_fen) == (40_000, 160_000)
    used(card, 5, at=AT + DAY)
    assert paid_out(to, at=AT + 2 * DAY).amount_fen == 40_000  # 1,000 earned, 600 more blocked
    hold.refresh_from_db()
    assert hold.blocked_fen == 100_000
    assert not proven()
    monkeypatch.setattr(clock, "now", lambda: AT + timedelta(days=60))
    assert tasks.expire_holds() == 1
    assert tasks.expire_holds() == 0
    assert paid_out(to, at=AT + timedelta(days=70)).amount_fen == 100_000
    assert LegalHold.objects.get().lifted_at
    assert not proven()


def test_a_set_settles_what_it_can_and_names_what_it_cannot():
    to = beneficiary()
    cards = [held_agreement(to) for _ in range(4)]
    used(cards[1], 10)
    paid_out(to, at=AT + DAY)
    elsewhere = held_agreement()
    wanted = [
        (cards[0], 200_000),
        (cards[1], 10_000),
        (cards[2], 200_001),
        (cards[0], 1),
        (elsewhere, 1),
        (cards[3], 0),
    ]
    commands = [
        escrow.Settlement(agreement_id=card.pk, owed_fen=amount, basis=RefundBasis.CLOSURE, reference="gone")
        for card, amount in wanted
    ]
    outcomes = escrow.refund_many(commands, beneficiary_id=to.pk, at=AT + DAY, actor=ACTOR)
    assert [type(outcome) if isinstance(outcome, DomainError) else "done" for outcome in outcomes] == [
        "done", "done", RefundExceedsPaid, WrongState, type(outcomes[4]), "done"]  # fmt: skip
    assert outcomes[4].code == "NotFound"
    # What the last card leaves to the merchant pays what the second is owed.
    assert Transfer.objects.get(reason=Reason.MAKE_GOOD).amount == 10_000
    again = escrow.refund_many(commands[:2], beneficiary_id=to.pk, at=AT + DAY, actor=ACTOR)
    assert again == outcomes[:2]
    assert not proven()


def test_a_refund_is_not_paid_while_a_part_of_it_is_open():
    to = beneficiary()
    card, other = held_agreement(to), held_agreement(to)
    used(card, 5)
    escrow.pay_out(beneficiary_id=to.pk, at=AT + DAY, actor=ACTOR)
    made = owed(card, 150_000, at=AT + DAY)
    assert (made.amount_fen, made.claim.amount_fen) == (100_000, 50_000)
    bank_pays(made.instruction, at=AT + 4 * DAY)
    made.refresh_from_db()
    assert made.paid_at is None
    assert not proven()
    used(other, 5, at=AT + DAY)
    escrow.pay_out(beneficiary_id=to.pk, at=AT + 2 * DAY, actor=ACTOR)
    made.refresh_from_db()
    assert made.paid_at is None
    bank_pays(Instruction.objects.get(claim_payment__claim__refund=made), at=AT + 4 * DAY)
    made.refresh_from_db()
    assert made.paid_at == AT + 4 * DAY
    assert not proven()


def test_interest_is_paid_in_the_same_order_and_first_from_what_custody_earned():
    to = beneficiary()
    card, other = held_agreement(to), held_agreement(to)
    used(card, 5)  # 1,000 yuan held, 1,000 earned
    custody_earned(to, 300)
    refund = owed(card, 100_000, interest_fen=1_000, custody_interest_fen=700)
    assert (refund.owed_fen, refund.interest_fen, refund.amount_fen, refund.settled_fen) == (100_000, 1_000, 101_000, 0)
    moved = Transfer.objects.filter(reason=Reason.REFUND_INTEREST).order_by("id")
    assert [(row.debit_account.code, row.amount) for row in moved] == [("interest", 300), ("payable", 700)]
    assert (refund.instruction.amount_fen, refund.interest_instruction) == (101_000, None)
    entry = AuditEntry.objects.get(action="escrow.refund", target=f"refund:{refund.pk}")
    assert (entry.after["interest_fen"], entry.after["from_interest_fen"], entry.after["claimed_fen"]) == (
        1_000,
        300,
        0,
    )
    assert queries.backing(to.pk).interest_fen == 0
    assert paid_out(to, at=AT + DAY).amount_fen == 99_300
    # Nothing else is left: the next one's interest is a claim.
    assert owed(other, 200_000, interest_fen=500, at=AT + DAY).claim.amount_fen == 500
    assert not proven()


def test_the_payment_takes_back_what_it_brought_and_the_interest_above_it_is_an_order_of_its_own():
    to = beneficiary()
    card, other, third = (held_agreement(to) for _ in range(3))
    custody_earned(to, 40)
    used(other, 10)
    paid_out(to, at=AT + DAY)
    refund = owed(card, 200_000, interest_fen=60, custody_interest_fen=60)
    assert (refund.instruction.amount_fen, refund.interest_instruction.amount_fen) == (200_000, 40)
    assert refund.claim.amount_fen == 20
    assert owed(other, 199_990, interest_fen=50, at=AT + DAY).amount_fen == 0
    used(third, 10, at=AT + DAY)
    paid_out(to, at=AT + 2 * DAY)
    first, second = Claim.objects.order_by("id")
    assert list(first.payments.values_list("amount_fen", flat=True)) == [20]
    assert list(second.payments.order_by("id").values_list("amount_fen", flat=True)) == [199_980]
    used(held_agreement(to), 10, at=AT + 2 * DAY)
    paid_out(to, at=AT + 3 * DAY)
    assert list(second.payments.order_by("id").values_list("amount_fen", flat=True)) == [199_980, 20, 40]
    returned = refund.interest_instruction
    # It would take the refund's place at the channel, so it is sent after it, by call and in a file.
    assert instructions._claim(returned.pk) is None
    batch = escrow.make_batch(channel=returned.channel, kind=InstructionKind.REFUND, at=AT, actor=ACTOR)
    assert returned.pk not in batch.lines.values_list("instruction_id", flat=True)
    bank_pays(refund.instruction, at=AT + DAY)
    assert instructions._claim(returned.pk) is not None
    record_answer(
        channel=returned.channel,
        answer=TransferAnswer(number=returned.number, state="failed", amount_fen=40),
        at=AT + DAY,
    )
    refund.refresh_from_db()
    assert refund.interest_instruction != returned
    assert refund.paid_at is None  # a part of its claim is not there yet
    asked = {"account_no": "6222020200112233445", "account_name": "张三", "person_name": "张三", "because": "above it"}
    approval = escrow.request_refund_account(payment_id=returned.payment_id, **asked, at=AT, actor="user:one")
    escrow.approve(approval_id=approval.pk, at=AT, actor="user:two")
    refund.refresh_from_db()
    assert (refund.interest_instruction.payee_name, refund.interest_instruction.amount_fen) == ("张三", 40)
    assert not proven()


def test_the_interest_of_a_claim_is_sent_after_the_refund_and_the_part_of_the_claim_that_fill_the_payment(monkeypatch):
    bells: list[tuple[str, int]] = []
    monkeypatch.setattr(instructions, "ring", lambda task, order_id: bells.append((task, order_id)))
    to = beneficiary()
    card, other = held_agreement(to), held_agreement(to)
    used(card, 4)  # 1,200 yuan are held
    paid_out(to, at=AT + DAY)
    refund = owed(card, 200_000, interest_fen=50, at=AT + DAY)
    assert (refund.amount_fen, refund.interest_instruction, refund.claim.amount_fen) == (120_000, None, 80_050)
    used(other, 10, at=AT + DAY)
    paid_out(to, at=AT + 2 * DAY)
    within, above = (part.instruction for part in refund.claim.payments.order_by("id"))
    assert [(row.amount_fen, row.claim_payment.above) for row in (within, above)] == [(80_000, False), (50, True)]

    def waits():
        return Instruction.objects.filter(pk=above.pk, pk__in=queries.too_early()).exists()

    assert instructions._claim(above.pk) is None
    batch = escrow.make_batch(channel=above.channel, kind=InstructionKind.REFUND, at=AT, actor=ACTOR)
    sent = {refund.instruction_id, within.pk}
    assert set(batch.lines.values_list("instruction_id", flat=True)) == sent
    bank_pays(refund.instruction, at=AT + 3 * DAY)
    assert waits()
    bank_fails = TransferAnswer(number=within.number, state="failed", amount_fen=80_000)
    record_answer(channel=within.channel, answer=bank_fails, at=AT + 3 * DAY)
    within = refund.claim.payments.get(above=False).instruction  # ordered again
    assert waits()
    bells.clear()
    bank_pays(within, at=AT + 4 * DAY)
    assert not waits()
    assert ("escrow.tasks.send_instruction", above.pk) in bells
    assert instructions._claim(above.pk) is not None
    bank_pays(above, at=AT + 5 * DAY)
    refund.refresh_from_db()
    assert refund.paid_at == AT + 5 * DAY
    assert not proven()


@pytest.mark.parametrize(
    "facts",
    [
        {"interest_fen": -1},
        {"interest_fen": 0.5},
        {"interest_fen": 1, "custody_interest_fen": 2},
        {"amount_fen": 0, "interest_fen": 1},
    ],
)
def test_interest_that_is_none_is_refused_and_nothing_changes(facts):
    card = held_agreement()
    with pytest.raises(InvalidAmount):
        owed(card, facts.pop("amount_fen", 100), **facts)
    assert queries.holding(card.pk).held_fen == 200_000


def test_the_same_sum_with_other_interest_is_another_settlement():
    card = held_agreement()
    refund = owed(card, 100_000, interest_fen=10)
    assert owed(card, 100_000, interest_fen=10) == refund
    with pytest.raises(WrongState):
        owed(card, 100_000, interest_fen=11)
    assert not proven()
