"""Charging, confirming, refusing and undoing: exact shares, and every wrong repeat its own error."""

from datetime import timedelta

import pytest

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.errors import (
    AgreementFrozen,
    AlreadyUndone,
    InvalidUnits,
    KeyReused,
    NotEnoughLeft,
    ReservationConfirmed,
    ReservationExpired,
    ReservationVoided,
    TooLateToUndo,
)
from escrow.models import Account, Transfer, Use
from escrow.states import Plan, UseState
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

pytestmark = pytest.mark.django_db


def charge(agreement, units, *, final=True, key=None, at=AT):
    return escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=final,
        key=key or f"k{Use.objects.count()}-{units}",
        reference="test",
        confirm_until=AT + timedelta(hours=24),
        at=at,
        actor=ACTOR,
    )


def proven():
    return [finding for finding in invariants.prove() if not finding.ok]


def counters():
    return list(
        Account.objects.order_by("id").values_list(
            "debits_posted", "credits_posted", "debits_pending", "credits_pending", "version"
        )
    )


def test_thirds_of_a_hundred_add_up_and_the_last_use_releases_the_rest():
    agreement = held_agreement(price_fen=100, units_total=3)
    assert [charge(agreement, 1).amount_fen for _ in range(3)] == [33, 33, 34]
    assert queries.holding(agreement.pk).held_fen == 0
    with pytest.raises(NotEnoughLeft):
        charge(agreement, 1, key="one too many")
    assert not proven()


def test_gift_and_principal_are_drawn_pro_rata():
    # rules.md section 2: P=1000 G=200 F=600 leaves 500 of the principal; F=1100 leaves 83.34
    agreement = held_agreement(plan=Plan.STORED_VALUE, price_fen=100_000, bonus_fen=20_000)
    charge(agreement, 60_000)
    assert queries.holding(agreement.pk).held_fen == 50_000
    charge(agreement, 50_000)
    holding = queries.holding(agreement.pk)
    assert (holding.held_fen, holding.bonus_held, holding.units_left) == (8_334, 1_666, 10_000)
    assert not proven()


@pytest.mark.parametrize("units", [0, -1, 0.001, True, "1", None])
def test_what_is_not_a_number_of_units_changes_nothing(units):
    agreement = held_agreement()
    before = counters()
    with pytest.raises(InvalidUnits):
        charge(agreement, units, key="bad")
    assert counters() == before


def test_more_than_left_changes_nothing_reservations_counted():
    agreement = held_agreement(units_total=10)
    charge(agreement, 6, final=False)
    before = counters()
    for units in (5, 10**18):
        with pytest.raises(NotEnoughLeft):
            charge(agreement, units, key=f"much{units}")
    assert counters() == before


def test_the_same_key_is_one_effect_and_another_body_is_refused():
    agreement = held_agreement()
    first = charge(agreement, 1, key="once")
    assert charge(agreement, 1, key="once") == first
    with pytest.raises(KeyReused):
        charge(agreement, 2, key="once")
    assert queries.holding(agreement.pk).units_used == 1


def test_reservation_is_decided_once_and_each_wrong_repeat_has_its_own_error():
    agreement = held_agreement()
    confirmed, voided, expired, undone = (charge(agreement, 2, final=False, key=f"r{n}") for n in range(4))
    decide = {"at": AT + timedelta(minutes=1), "actor": ACTOR}
    escrow.confirm_use(use_id=confirmed.pk, **decide)
    escrow.void_use(use_id=voided.pk, **decide)
    escrow.confirm_use(use_id=undone.pk, **decide)
    escrow.undo_use(use_id=undone.pk, **decide)
    late = {"at": AT + timedelta(hours=25), "actor": ACTOR}
    with pytest.raises(ReservationExpired):
        escrow.confirm_use(use_id=expired.pk, **late)
    escrow.expire_use(use_id=expired.pk, **late)
    before = counters()
    for use, error in ((confirmed, ReservationConfirmed), (voided, ReservationVoided), (expired, ReservationExpired)):
        with pytest.raises(error):
            escrow.confirm_use(use_id=use.pk, **decide)
        with pytest.raises(error):
            escrow.void_use(use_id=use.pk, **decide)
    with pytest.raises(AlreadyUndone):
        escrow.undo_use(use_id=undone.pk, **decide)
    assert counters() == before
    holding = queries.holding(agreement.pk)
    assert (holding.units_used, holding.units_reserved, holding.reserved_fen) == (2, 0, 0)
    assert not proven()


def test_a_fen_that_rounding_moves_between_reservations_is_always_there():
    # floor(3·k/5) = 0 1 1 2 3: a reservation of one unit keeps nothing, and yet each confirms its cumulative share.
    agreement = held_agreement(price_fen=3, units_total=5)
    uses = [charge(agreement, 1, final=False) for _ in range(5)]
    for use in (uses[4], uses[0], uses[2], uses[3], uses[1]):
        escrow.confirm_use(use_id=use.pk, at=AT, actor=ACTOR)
        assert not proven()
    assert queries.holding(agreement.pk).held_fen == 0


def test_undo_waits_for_no_payout():
    agreement = held_agreement()
    use = charge(agreement, 1)
    tomorrow = AT + timedelta(days=1)
    assert escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=tomorrow, actor=ACTOR).amount_fen == 20_000
    before = counters()
    with pytest.raises(TooLateToUndo):
        escrow.undo_use(use_id=use.pk, at=tomorrow, actor=ACTOR)
    assert counters() == before
    assert Use.objects.get(pk=use.pk).state == UseState.FINAL


def test_undone_before_payout_is_not_paid_out():
    agreement = held_agreement()
    charge(agreement, 1)
    undone = charge(agreement, 2)
    escrow.undo_use(use_id=undone.pk, at=AT, actor=ACTOR)
    payout = escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=AT + timedelta(days=1), actor=ACTOR)
    assert payout.amount_fen == 20_000
    assert sum(payout.lines.values_list("amount_fen", flat=True)) == 20_000
    assert payout.lines.count() == 3
    assert not proven()


def test_a_reservation_counts_also_where_its_share_of_the_money_is_nothing():
    agreement = held_agreement(plan=Plan.STORED_VALUE, price_fen=1, bonus_fen=50)
    charge(agreement, 49, final=False, key="a")
    charge(agreement, 1, final=False, key="b")
    before = counters()
    with pytest.raises(NotEnoughLeft):
        charge(agreement, 2)
    assert (counters(), queries.holding(agreement.pk).units_left) == (before, 1)
    charge(agreement, 1)
    assert not proven()


def test_what_had_released_nothing_is_undone_by_a_line_that_is_due():
    """Its share was below a fen; of the two visits that shared the fen it is the first that gives it back."""
    agreement = held_agreement(price_fen=1, units_total=2)
    first = escrow.confirm_use(use_id=charge(agreement, 1, final=False).pk, at=AT, actor=ACTOR)
    charge(agreement, 1)
    escrow.undo_use(use_id=first.pk, at=AT, actor=ACTOR)
    assert not proven()
    assert escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=AT + timedelta(days=1), actor=ACTOR) is None
    assert not proven()


def test_nothing_is_payable_before_the_next_working_day():
    agreement = held_agreement()
    friday = AT + timedelta(days=4)
    charge(agreement, 1, at=friday)
    for days in (0, 1, 2):
        assert (
            escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=friday + timedelta(days=days), actor=ACTOR)
            is None
        )
    assert escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=friday + timedelta(days=3), actor=ACTOR)
    assert escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=friday + timedelta(days=3), actor=ACTOR) is None


def test_frozen_is_not_charged():
    agreement = held_agreement()
    waiting = charge(agreement, 2, final=False)
    escrow.freeze_agreement(agreement_id=agreement.pk, because="refund asked", at=AT, actor=ACTOR)
    before = counters()
    with pytest.raises(AgreementFrozen):
        charge(agreement, 1, key="frozen")
    with pytest.raises(AgreementFrozen):
        escrow.confirm_use(use_id=waiting.pk, at=AT, actor=ACTOR)
    assert counters() == before
    escrow.thaw_agreement(agreement_id=agreement.pk, because="withdrawn", at=AT, actor=ACTOR)
    assert charge(agreement, 1, key="thawed").state == UseState.FINAL


def test_statement_explains_every_line():
    agreement = held_agreement(price_fen=100, units_total=3)
    charge(agreement, 1)
    escrow.undo_use(use_id=charge(agreement, 1).pk, at=AT, actor=ACTOR)
    charge(agreement, 1, final=False)
    lines = queries.statement_of(agreement.pk)
    assert [(line.reason, line.amount_fen, line.units, line.held_after_fen) for line in lines] == [
        ("fund", 100, 3, 100),
        ("release", -33, -1, 67),
        ("release", -33, -1, 34),
        ("undo", 33, 1, 67),
    ]


def test_holdings_of_many_cards_cost_three_queries(django_assert_num_queries):
    to = beneficiary()
    ids = [held_agreement(to).pk for _ in range(5)]
    with django_assert_num_queries(3):
        assert len(queries.holdings(ids)) == 5


def test_merchant_money_costs_one_query(django_assert_num_queries):
    to = beneficiary()
    with django_assert_num_queries(1):
        queries.merchant_money(to.pk, AT)


def test_merchant_money_adds_up():
    agreement = held_agreement()
    charge(agreement, 1)
    charge(agreement, 2, final=False)
    money = queries.merchant_money(agreement.beneficiary_id, AT)
    assert (money.today_fen, money.payable_fen, money.next_payout_fen) == (20_000, 20_000, 20_000)
    assert queries.backing(agreement.beneficiary_id).waiting_fen == 40_000
    assert money.next_payout_on == (AT + timedelta(days=1)).date()
    assert Transfer.objects.filter(use__isnull=False).count() == 4


def test_gift_money_given_back_is_no_line_of_a_payout():
    """Two uses of a fen each, undone in the order they were made: the second gives back a gift fen it never took."""
    agreement = held_agreement(plan=Plan.STORED_VALUE, price_fen=500, bonus_fen=77)
    first, second = charge(agreement, 1, key="a"), charge(agreement, 1, key="b")
    assert [(use.amount_fen, use.bonus_fen) for use in (first, second)] == [(0, 1), (1, 0)]
    for use in (first, second):
        escrow.undo_use(use_id=use.pk, at=AT, actor=ACTOR)
    charge(agreement, 400, key="c")
    assert (
        escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=AT + timedelta(days=1), actor=ACTOR).amount_fen
        == 346
    )
    assert not Transfer.objects.exclude(asset="CNY").filter(payable_on__isnull=False).exists()
    assert not proven()
