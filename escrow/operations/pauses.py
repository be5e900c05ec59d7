"""Resting an agreement earned by the day: one side asks, the other agrees, and the last day moves by the days paused."""

from datetime import date, datetime, timedelta

from escrow import audit, queries
from escrow.clock import beijing_date
from escrow.errors import (
    NotFound,
    PauseAlreadyThere,
    PauseInThePast,
    PauseNotPossible,
    PauseNotYours,
    PauseReasonNeeded,
    PauseTooLong,
    WrongState,
)
from escrow.models import Agreement, Pause
from escrow.operations.agreements import locked_agreement
from escrow.states import PAUSE_TRANSITIONS, AgreementState, Party, PauseState, Plan, check_transition
from escrow.transactions import CONSTRAINT_ERRORS, transaction

CONSTRAINT_ERRORS["pause_one_asked"] = PauseAlreadyThere


def ask_pause(
    *, agreement_id: int, side: Party, since: date, until: date, because: str, at: datetime, actor: str
) -> Pause:
    """Ask the other side for a pause from ``since`` through ``until``; nothing rests before it agrees.

    Raises:
        NotFound; PauseNotPossible: not paid for, frozen, settled, or not earned by the day. PauseInThePast: it would begin
        before today, or end before it begins. PauseTooLong: more than the year's days of ``AccrualRule``.
        PauseAlreadyThere: another one is asked for, agreed and not over. PauseReasonNeeded.
    """
    today = beijing_date(at)
    if not because.strip():
        raise PauseReasonNeeded()
    if since < today or until < since:
        raise PauseInThePast()
    with transaction():
        agreement = locked_agreement(agreement_id)
        _check_living(agreement)
        # A question nobody answered in time stands in nobody's way.
        agreement.pauses.filter(state=PauseState.ASKED, until__lt=today).update(
            state=PauseState.WITHDRAWN, ended_by=actor, ended_at=at
        )
        _check_alone(agreement, today)
        _check_length(agreement, since, until)
        pause = Pause.objects.create(
            agreement=agreement,
            since=since,
            until=until,
            asked_until=until,
            because=because.strip(),
            asked_side=side,
            asked_by=actor,
            asked_at=at,
        )
        _record(pause, "escrow.ask_pause", at=at, actor=actor, side=side.value)
    return pause


def agree_pause(*, pause_id: int, side: Party, at: datetime, actor: str) -> Pause:
    """The other side agrees: from its first day, or from today if that has come, no day is served nor earned.

    Raises:
        NotFound; PauseNotYours: of the side that asked. WrongState: answered already. PauseInThePast: its days are over.
        PauseNotPossible, PauseTooLong, PauseAlreadyThere: as ``ask_pause``.
    """
    today = beijing_date(at)
    with transaction():
        pause = _locked(pause_id)
        _check_answers(pause, side)
        check_transition(PAUSE_TRANSITIONS, pause.state, PauseState.AGREED)
        _check_living(pause.agreement)
        if pause.until < today:
            raise PauseInThePast()
        _check_alone(pause.agreement, today, but=pause)
        pause.since = max(pause.since, today)  # what is over was served, or was not: it is not changed afterwards
        _check_length(pause.agreement, pause.since, pause.until)
        _move(pause, PauseState.AGREED, "escrow.agree_pause", at=at, actor=actor)
    return pause


def refuse_pause(*, pause_id: int, side: Party, at: datetime, actor: str) -> Pause:
    """The other side does not agree. Raises ``NotFound``, ``PauseNotYours``, ``WrongState``."""
    with transaction():
        pause = _locked(pause_id)
        _check_answers(pause, side)
        _move(pause, PauseState.REFUSED, "escrow.refuse_pause", at=at, actor=actor)
    return pause


def end_pause(*, pause_id: int, side: Party, at: datetime, actor: str) -> Pause:
    """Whoever asked takes the question back before the answer. Once agreed, the funder alone ends it before its time: from
    today on days are served again; a pause that has not begun is called off.

    Raises:
        NotFound; PauseNotYours: of the other side. WrongState: refused, called off, or over.
    """
    today = beijing_date(at)
    with transaction():
        pause = _locked(pause_id)
        waiting = pause.state == PauseState.ASKED
        if side != (pause.asked_side if waiting else Party.FUNDER):
            raise PauseNotYours()
        check_transition(PAUSE_TRANSITIONS, pause.state, PauseState.WITHDRAWN)
        if pause.until < today and not waiting:
            raise WrongState()
        if waiting or pause.since >= today:
            pause.state = PauseState.WITHDRAWN
        else:
            pause.until = today - timedelta(days=1)
        pause.ended_by, pause.ended_at = actor, at
        pause.save(update_fields=["state", "until", "ended_by", "ended_at"])
        _record(pause, "escrow.end_pause", at=at, actor=actor, side=side.value)
    return pause


def _locked(pause_id: int) -> Pause:
    pause = Pause.objects.filter(pk=pause_id).first()
    if pause is None:
        raise NotFound()
    agreement = locked_agreement(pause.agreement_id)
    pause.refresh_from_db()
    pause.agreement = agreement
    return pause


def _check_living(agreement: Agreement) -> None:
    if agreement.plan != Plan.PERIOD or agreement.state != AgreementState.HELD:
        raise PauseNotPossible()


def _check_answers(pause: Pause, side: Party) -> None:
    if side == pause.asked_side:
        raise PauseNotYours()


def _check_alone(agreement: Agreement, today: date, *, but: Pause | None = None) -> None:
    """One at a time, so that no two overlap and the year's limit looks at what is over."""
    others = agreement.pauses.filter(state__in=(PauseState.ASKED, PauseState.AGREED), until__gte=today)
    if others.exclude(pk=but.pk if but else 0).exists():
        raise PauseAlreadyThere()


def _check_length(agreement: Agreement, since: date, until: date) -> None:
    """One year's days at most, these among them."""
    most, left = queries.pause_days(agreement.pk, until=until)
    if (until - since).days + 1 > left:
        raise PauseTooLong(most=most, left=left)


def _move(pause: Pause, new: PauseState, action: str, *, at: datetime, actor: str) -> None:
    check_transition(PAUSE_TRANSITIONS, pause.state, new)
    pause.state, pause.answered_by, pause.answered_at = new, actor, at
    pause.save(update_fields=["state", "since", "answered_by", "answered_at"])
    _record(pause, action, at=at, actor=actor, side=Party(pause.asked_side).other)


def _record(pause: Pause, action: str, *, at: datetime, actor: str, side: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=f"pause:{pause.pk}",
        after={
            "agreement": pause.agreement_id,
            "state": pause.state,
            "side": side,
            "since": pause.since.isoformat(),
            "until": pause.until.isoformat(),
        },
        at=at,
    )
