"""Pausing: two sides, a limit, and days that neither accrue nor count."""

from datetime import timedelta

import pytest

from escrow import operations as escrow
from escrow import terms
from escrow.errors import (
    PauseAlreadyThere,
    PauseInThePast,
    PauseNotPossible,
    PauseNotYours,
    PauseReasonNeeded,
    PauseTooLong,
    WrongState,
)
from escrow.models import AuditEntry, Pause
from escrow.states import Party, PauseState, UseState
from tests.escrow.factories import ACTOR, held_agreement
from tests.escrow.test_accruals import PAID_ON, accrue, dark, days, on_day, proven, year_card

pytestmark = pytest.mark.django_db


def ask(card, *, since: int, until: int, on: int, side: Party = Party.FUNDER, because: str = "broken leg") -> Pause:
    return escrow.ask_pause(
        agreement_id=card.pk,
        side=side,
        since=PAID_ON + timedelta(days=since),
        until=PAID_ON + timedelta(days=until),
        because=because,
        at=on_day(on),
        actor="user:1",
    )


def agree(pause: Pause, *, on: int, side: Party = Party.BENEFICIARY) -> Pause:
    return escrow.agree_pause(pause_id=pause.pk, side=side, at=on_day(on), actor="user:2")


def term(card, on: int) -> terms.Term:
    return terms.terms([card.pk], today=PAID_ON + timedelta(days=on))[card.pk]


def last(card, on: int) -> int:
    return (term(card, on).last_day - PAID_ON).days


def test_paused_days_do_not_accrue_and_move_the_last_day():
    card = year_card(units_total=30, price_fen=30_000)
    assert last(card, 3) == 30
    pause = ask(card, since=5, until=9, on=3)
    assert last(card, 3) == 30, "nothing rests before both have agreed"
    agree(pause, on=4)
    assert (last(card, 4), term(card, 12).used, term(card, 12).left) == (35, 6, 24)
    accrue(12)
    assert days(card, UseState.RESERVED, UseState.FINAL) == [1, 2, 3, 4, 10, 11]
    accrue(60)
    assert days(card, UseState.FINAL) == [*range(1, 5), *range(10, 36)]
    assert not proven()
    assert [a.action for a in AuditEntry.objects.filter(target=f"pause:{pause.pk}").order_by("id")] == [
        "escrow.ask_pause",
        "escrow.agree_pause",
    ]


def test_an_answer_that_comes_late_does_not_change_days_that_are_over():
    card = year_card()
    pause = ask(card, since=4, until=9, on=3)
    accrue(6)
    agree(pause, on=6)
    accrue(12)
    assert days(card, UseState.RESERVED, UseState.FINAL) == [1, 2, 3, 4, 5, 10, 11]
    assert not proven()


def test_the_customer_is_back_early():
    card = year_card()
    pause = agree(ask(card, since=4, until=20, on=3, side=Party.BENEFICIARY), on=3, side=Party.FUNDER)
    with pytest.raises(PauseNotYours):
        escrow.end_pause(pause_id=pause.pk, side=Party.BENEFICIARY, at=on_day(8), actor=ACTOR)
    escrow.end_pause(pause_id=pause.pk, side=Party.FUNDER, at=on_day(8), actor=ACTOR)
    accrue(11)
    assert days(card, UseState.RESERVED, UseState.FINAL) == [1, 2, 3, 8, 9, 10]
    assert last(card, 11) == 369
    with pytest.raises(WrongState):
        escrow.end_pause(pause_id=pause.pk, side=Party.FUNDER, at=on_day(11), actor=ACTOR)
    assert not proven()


def test_a_pause_that_has_not_begun_is_called_off():
    card = year_card()
    pause = agree(ask(card, since=10, until=20, on=3), on=3)
    escrow.end_pause(pause_id=pause.pk, side=Party.FUNDER, at=on_day(8), actor=ACTOR)
    assert Pause.objects.get().state == PauseState.WITHDRAWN
    assert last(card, 11) == 365


def test_each_wrong_pause_has_its_own_error():
    card = year_card()
    for facts, error in (
        ({"since": 2, "until": 9, "on": 3}, PauseInThePast),
        ({"since": 9, "until": 8, "on": 3}, PauseInThePast),
        ({"since": 3, "until": 93, "on": 3}, PauseTooLong),
        ({"since": 3, "until": 9, "on": 3, "because": " "}, PauseReasonNeeded),
    ):
        with pytest.raises(error):
            ask(card, **facts)
    with pytest.raises(PauseNotPossible):
        ask(held_agreement(), since=4, until=5, on=3)
    pause = ask(card, since=4, until=5, on=3)
    with pytest.raises(PauseAlreadyThere):
        ask(card, since=14, until=15, on=3, side=Party.BENEFICIARY)
    with pytest.raises(PauseNotYours):
        agree(pause, on=3, side=Party.FUNDER)
    with pytest.raises(PauseInThePast):
        agree(pause, on=6)
    pause = ask(card, since=14, until=15, on=6)  # the first was never answered
    escrow.refuse_pause(pause_id=pause.pk, side=Party.BENEFICIARY, at=on_day(6), actor=ACTOR)
    with pytest.raises(WrongState):
        agree(pause, on=6)
    escrow.freeze_agreement(agreement_id=card.pk, because="refund", at=on_day(6), actor=ACTOR)
    with pytest.raises(PauseNotPossible):
        ask(card, since=8, until=9, on=6)


def test_the_limit_counts_a_year_whatever_the_calendar_says():
    card = year_card(units_total=700)
    agree(ask(card, since=1, until=80, on=1), on=1)
    with pytest.raises(PauseTooLong):
        ask(card, since=200, until=210, on=190)
    agree(ask(card, since=200, until=209, on=190), on=190)
    # The first days of the first pause have left the year that ends with the third.
    agree(ask(card, since=366, until=370, on=300), on=300)


def test_the_last_day_counts_dark_and_paused_days_once():
    card = year_card()
    agree(ask(card, since=10, until=19, on=3), on=3)
    dark(card, since=15, until=24, found=26)
    assert (last(card, 30), term(card, 30).used) == (380, 14)
    dark(card, since=40, found=45)
    assert term(card, 45).stop.since == PAID_ON + timedelta(days=40)
    assert (last(card, 45), term(card, 45).used) == (386, 24)
    assert last(card, 55) == 396


def test_a_pause_that_outlasts_a_stop_without_an_end_moves_the_last_day():
    card = year_card(units_total=10, price_fen=10_000)
    dark(card, since=1, found=1)
    agree(ask(card, since=1, until=5, on=1), on=1)
    assert last(card, 2) == 15, "the five days of the pause, though nobody knows when the place opens again"
