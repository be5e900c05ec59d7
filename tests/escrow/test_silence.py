"""Silence: it confirms after working days from a delivered notice, and never over a stoppage; elsewhere it returns the money."""

from datetime import UTC, date, datetime, timedelta

import pytest

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.errors import (
    NotFound,
    ReasonRequired,
    ReservationConfirmed,
    ReservationDisputed,
    ReservationExpired,
    ReservationVoided,
    ServiceStopped,
    WrongState,
)
from escrow.models import AuditEntry, Stoppage, Use
from escrow.operations.silence import CHUNK
from escrow.operations.uses import Charge, charge_many, resolve_many
from escrow.states import NOT_SERVING, Silence, StoppageKind, UseState
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

pytestmark = pytest.mark.django_db
DAYS = 15
#: The fifteenth working day after Monday 2026-11-23 is Monday 2026-12-14; the term is over when that day is.
OVER = datetime(2026, 12, 14, 16, tzinfo=UTC)


def reserve(agreement, units=3, *, silence=Silence.CONFIRMS, place="7", at=AT, key="k"):
    confirms = silence == Silence.CONFIRMS
    return escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=False,
        key=f"{key}-{agreement.pk}",
        reference="test",
        place=place,
        silence=silence,
        silence_days=DAYS if confirms else None,
        confirm_until=None if confirms else at + timedelta(hours=24),
        at=at,
        actor=ACTOR,
    )


def told(use, at=AT):
    return escrow.notice_delivered(use_id=use.pk, at=at, actor=ACTOR)


def swept(at):
    return escrow.pass_silence(at=at, actor="system:sweep")


def state(use):
    return Use.objects.get(pk=use.pk).state


def stop(use, *, kind=StoppageKind.DARK, place="7", at=AT, since=None):
    return escrow.begin_stoppage(
        beneficiary_id=use.beneficiary_id, place=place, kind=kind, because="关门", since=since, at=at, actor=ACTOR
    )


def go_on(use, *, kind=StoppageKind.DARK, place="7", at=AT):
    return escrow.end_stoppage(
        beneficiary_id=use.beneficiary_id, place=place, kind=kind, because="复业", at=at, actor=ACTOR
    )


def proven():
    return [finding for finding in invariants.prove() if not finding.ok]


def test_silence_confirms_when_the_term_after_the_notice_is_over_and_not_a_moment_before():
    use = reserve(held_agreement())
    assert told(use).confirm_until == OVER
    assert swept(OVER - timedelta(microseconds=1)) == 0
    assert swept(OVER) == 1
    assert state(use) == UseState.FINAL
    assert queries.holding(use.agreement_id).units_used == 3
    assert swept(OVER) == 0
    entry = AuditEntry.objects.get(target=f"use:{use.pk}", action="escrow.confirm_use")
    assert (entry.actor, entry.after["because"]) == ("system:sweep", "silence")
    assert not proven()


def test_without_a_delivered_notice_silence_says_nothing_however_long():
    use = reserve(held_agreement())
    assert swept(AT + timedelta(days=300)) == 0
    assert state(use) == UseState.RESERVED
    [error] = resolve_many([(use.pk, UseState.FINAL, "silence", None)], at=AT + timedelta(days=300), actor=ACTOR)
    assert isinstance(error, WrongState)


def test_only_the_first_notice_begins_the_term():
    use = reserve(held_agreement())
    first = told(use).confirm_until
    assert told(use, at=AT + timedelta(days=9)).confirm_until == first
    assert AuditEntry.objects.filter(action="escrow.notice_delivered").count() == 1
    with pytest.raises(NotFound):
        escrow.notice_delivered(use_id=0, at=AT, actor=ACTOR)


def test_a_notice_changes_nothing_of_a_use_that_expires():
    use = reserve(held_agreement(), silence=Silence.EXPIRES)
    assert told(use).confirm_until == AT + timedelta(hours=24)


@pytest.mark.parametrize(
    ("told_on", "last_day"),
    [
        (
            date(2026, 9, 17),
            date(2026, 10, 14),
        ),  # Mid-Autumn 25–27 Sep, National Day 1–7 Oct; 20 Sep and 10 Oct are worked
        (date(2026, 9, 30), date(2026, 10, 27)),
        (date(2026, 10, 1), date(2026, 10, 27)),  # told on the holiday: its first day that counts is the 8th
        (date(2026, 10, 7), date(2026, 10, 27)),
        (date(2026, 10, 8), date(2026, 10, 28)),
    ],
)
def test_working_days_across_the_national_day_holiday(told_on, last_day):
    at = datetime(told_on.year, told_on.month, told_on.day, 3, tzinfo=UTC)
    use = reserve(held_agreement(), at=at)
    until = told(use, at=at).confirm_until
    assert until == datetime(last_day.year, last_day.month, last_day.day, 16, tzinfo=UTC)
    assert (swept(until - timedelta(seconds=1)), swept(until)) == (0, 1)


@pytest.mark.parametrize("kind", NOT_SERVING)
@pytest.mark.parametrize("place", ["7", ""])
def test_nothing_is_confirmed_while_the_place_or_the_whole_merchant_is_stopped(kind, place):
    use = reserve(held_agreement())
    told(use)
    stop(use, kind=kind, place=place, at=OVER - timedelta(days=1))
    assert swept(OVER) == 0
    assert swept(OVER + timedelta(days=60)) == 0
    [error] = resolve_many([(use.pk, UseState.FINAL, "silence", None)], at=OVER, actor=ACTOR)
    assert isinstance(error, ServiceStopped)
    assert state(use) == UseState.RESERVED
    assert not proven()


@pytest.mark.parametrize("kind", sorted(set(StoppageKind) - set(NOT_SERVING)))
def test_where_people_are_served_silence_confirms_whatever_else_is_stopped(kind):
    use = reserve(held_agreement())
    told(use)
    stop(use, kind=kind, place="", at=OVER - timedelta(days=1))
    assert swept(OVER) == 1
    assert state(use) == UseState.FINAL


def test_another_place_or_another_merchant_stopping_changes_nothing():
    use, other = reserve(held_agreement()), reserve(held_agreement())
    told(use)
    stop(use, place="8")
    stop(other)
    assert swept(OVER) == 1
    assert state(use) == UseState.FINAL


def test_a_stoppage_in_the_middle_of_a_term_begins_it_anew():
    use = reserve(held_agreement())
    told(use)
    stop(use, at=AT + timedelta(days=3))
    end = datetime(2026, 12, 2, 3, tzinfo=UTC)  # a Wednesday
    go_on(use, at=end)
    again = Use.objects.get(pk=use.pk)
    assert again.silence_from == date(2026, 12, 2)
    assert again.confirm_until == datetime(2026, 12, 23, 16, tzinfo=UTC)  # fifteen working days after it
    assert swept(OVER) == 0
    assert (swept(again.confirm_until - timedelta(seconds=1)), swept(again.confirm_until)) == (0, 1)
    assert not proven()


def test_a_stoppage_found_out_later_counts_from_when_it_began():
    use = reserve(held_agreement())
    told(use)
    stop(use, since=date(2026, 12, 1), at=OVER)
    go_on(use, at=OVER)  # 15 December in Beijing
    assert swept(OVER) == 0
    assert Use.objects.get(pk=use.pk).silence_from == date(2026, 12, 15)


def test_one_of_two_stoppages_ending_is_not_enough():
    use = reserve(held_agreement())
    told(use)
    stop(use)
    stop(use, kind=StoppageKind.WATCH, place="")
    go_on(use, at=AT + timedelta(days=1))
    assert swept(AT + timedelta(days=90)) == 0
    go_on(use, kind=StoppageKind.WATCH, place="", at=AT + timedelta(days=90))
    assert swept(AT + timedelta(days=91)) == 0  # the term begins with the end of the second
    assert swept(AT + timedelta(days=150)) == 1


def test_a_notice_delivered_while_it_is_stopped_counts_from_the_end_of_the_stoppage():
    use = reserve(held_agreement())
    stop(use)
    told(use, at=AT + timedelta(days=1))
    assert swept(AT + timedelta(days=60)) == 0
    go_on(use, at=AT + timedelta(days=8))
    assert Use.objects.get(pk=use.pk).silence_from == date(2026, 12, 1)


def test_the_verbs_of_stoppages_are_idempotent_and_audited():
    use = reserve(held_agreement())
    first = stop(use)
    assert stop(use, at=AT + timedelta(days=2)) == first
    assert go_on(use, at=AT + timedelta(days=3)).until == date(2026, 11, 26)
    assert go_on(use, at=AT + timedelta(days=4)) is None
    assert Stoppage.objects.get().until == date(2026, 11, 26)
    actions = AuditEntry.objects.filter(target=f"beneficiary:{use.beneficiary_id}", action__contains="stoppage")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "escrow.begin_stoppage",
        "escrow.end_stoppage",
    ]
    with pytest.raises(ReasonRequired):
        escrow.begin_stoppage(
            beneficiary_id=use.beneficiary_id, kind=StoppageKind.WATCH, because=" ", at=AT, actor=ACTOR
        )
    with pytest.raises(NotFound):
        escrow.begin_stoppage(beneficiary_id=0, kind=StoppageKind.WATCH, because="x", at=AT, actor=ACTOR)


def test_the_consumer_may_answer_until_it_is_final_even_when_the_term_is_over():
    late = OVER + timedelta(days=1)
    confirmed, refused, disputed, partly = (reserve(held_agreement()) for _ in range(4))
    for use in (confirmed, refused, disputed, partly):
        told(use)
    escrow.confirm_use(use_id=confirmed.pk, at=late, actor=ACTOR)
    escrow.void_use(use_id=refused.pk, at=late, actor=ACTOR)
    escrow.dispute_use(use_id=disputed.pk, at=late, actor=ACTOR)
    escrow.confirm_use(use_id=partly.pk, units=1, at=late, actor=ACTOR)
    assert swept(late) == 0
    assert [state(u) for u in (confirmed, refused, disputed, partly)] == ["final", "voided", "disputed", "final"]
    holding = queries.holding(partly.agreement_id)
    assert (holding.units_used, holding.units_reserved) == (1, 0)
    assert not proven()


def test_a_disputed_use_is_withdrawn_or_decided_and_every_repeat_has_its_own_error():
    decided, withdrawn = reserve(held_agreement()), reserve(held_agreement())
    with pytest.raises(WrongState):
        escrow.decide_dispute(use_id=decided.pk, units=1, at=AT, actor=ACTOR)
    for use in (decided, withdrawn):
        escrow.dispute_use(use_id=use.pk, at=AT, actor=ACTOR)
        for verb in (escrow.confirm_use, escrow.void_use, escrow.dispute_use):
            with pytest.raises(ReservationDisputed):
                verb(use_id=use.pk, at=AT, actor=ACTOR)
    assert escrow.decide_dispute(use_id=decided.pk, units=2, at=AT, actor=ACTOR).units == 2
    escrow.withdraw_use(use_id=withdrawn.pk, at=AT, actor=ACTOR)
    for use, error in ((decided, ReservationConfirmed), (withdrawn, ReservationVoided)):
        for verb in (escrow.confirm_use, escrow.withdraw_use, escrow.dispute_use):
            with pytest.raises(error):
                verb(use_id=use.pk, at=AT, actor=ACTOR)
        with pytest.raises(error):
            escrow.decide_dispute(use_id=use.pk, units=1, at=AT, actor=ACTOR)
    assert queries.holding(decided.agreement_id).units_used == 2
    assert queries.holding(withdrawn.agreement_id).units_used == 0
    assert not proven()


def test_where_silence_returns_the_money_the_sweep_expires_and_late_answers_are_refused():
    use = reserve(held_agreement(), silence=Silence.EXPIRES)
    stop(use, place="")  # a stoppage keeps no consumer's money back
    until = AT + timedelta(hours=24)
    for verb in (escrow.confirm_use, escrow.void_use, escrow.dispute_use):
        with pytest.raises(ReservationExpired):
            verb(use_id=use.pk, at=until, actor=ACTOR)
    assert (swept(until - timedelta(seconds=1)), swept(until)) == (0, 1)
    assert state(use) == UseState.EXPIRED
    assert queries.holding(use.agreement_id).units_left == 10


def test_a_frozen_card_is_not_charged_by_silence_and_does_not_stand_before_the_others():
    frozen, free = reserve(held_agreement()), reserve(held_agreement())
    for use in (frozen, free):
        told(use)
    escrow.freeze_agreement(agreement_id=frozen.agreement_id, because="refund", at=AT, actor=ACTOR)
    assert swept(OVER) == 1
    assert (state(frozen), state(free)) == (UseState.RESERVED, UseState.FINAL)


def test_more_than_a_chunk_in_one_sweep(django_assert_max_num_queries):
    many = CHUNK + 5
    agreement = held_agreement(to := beneficiary(), price_fen=10_000_000, units_total=many * 2)
    commands = [
        Charge(
            beneficiary_id=to.pk,
            agreement_id=agreement.pk,
            units=1 + n % 2,
            final=False,
            key=f"many-{n}",
            reference="many",
            confirm_until=AT + timedelta(hours=1),
        )
        for n in range(many)
    ]
    assert all(isinstance(use, Use) for use in charge_many(commands, at=AT, actor=ACTOR))
    with django_assert_max_num_queries(5):  # due and decided, twice; nothing more
        assert swept(AT + timedelta(hours=2)) == many
    assert queries.holding(agreement.pk).units_reserved == 0
