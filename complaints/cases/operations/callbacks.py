"""The callback (JS 23): asked once a case has ended, answered by the signed link or the hotline, given up after its term."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.cases.errors import CallbackAnswered, CallbackOver, HandlingUnit, WordsTooLong
from complaints.cases.models import Callback, Case
from complaints.cases.operations import messages, moves
from complaints.cases.queries.callbacks import callbacks_for, had_a_part, unasked
from complaints.cases.queries.rules import CALLBACK, due_on
from complaints.cases.states import CALLBACK_TRANSITIONS, CallbackChannel, CallbackState, EventKind
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.states import check_transition
from escrow.transactions import transaction
from prepaid.people.models import User

WORDS_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whether the department got in touch, whether the matter is resolved, whether the consumer is satisfied; and words."""

    reached: bool
    resolved: bool
    satisfied: bool
    words: str = ""


def ask_callback(*, case_id: int, at: datetime, actor: str) -> Case:
    """Ask the consumer about the end of the case, in the app and by an SMS with the signed link. Repeatable: one end, one
    callback.

    Raises:
        TimeLimitMissing. SmsUnavailable: no gateway; the sweep asks again.
    """
    with transaction():
        case = moves.lock(case_id)
        if case.closed_at is None or not unasked().filter(pk=case.pk).exists():
            return case
        callback = Callback.objects.create(
            case=case,
            ended_at=case.closed_at,
            asked_at=at,
            answers_until=due_on(code=CALLBACK, received_on=beijing_date(at)),
        )
        data = {"answers_until": callback.answers_until}
        moves.note(case, EventKind.ASKED_BACK, at=at, actor=actor, data=data)
        messages.asked_back(callback, at=at)
        return case


def answer_callback(*, callback_id: int, answer: Answer, at: datetime) -> Callback:
    """Whoever has the signed link answers; it stands and is not changed afterwards.

    Raises:
        NotFound. CallbackAnswered, CallbackOver. WordsTooLong.
    """
    with transaction():
        callback = locked_callback(callback_id)
        return _answer(callback, answer, channel=CallbackChannel.LINK, at=at, actor=f"callback:{callback.pk}")


def take_down_callback(*, callback_id: int, officer: User, answer: Answer, at: datetime) -> Callback:
    """The hotline writes down what the consumer said by telephone; never whoever had a part in the case.

    Raises:
        NotFound: not theirs to take down. HandlingUnit. CallbackAnswered, CallbackOver. WordsTooLong.
    """
    with transaction():
        callback = locked_callback(callback_id)
        if not callbacks_for(user=officer).filter(pk=callback.pk).exists():
            raise NotFound()
        if had_a_part(officer, callback.case):
            raise HandlingUnit()
        callback.taken_by = officer
        return _answer(callback, answer, channel=CallbackChannel.HOTLINE, at=at, actor=officer.actor, by=officer)


def lapse_callback(*, case_id: int, at: datetime, actor: str) -> Case:
    """Nobody answered in time: no valid callback. Repeatable; before the term is over it changes nothing."""
    with transaction():
        case = moves.lock(case_id)
        callback = Callback.objects.late(today=beijing_date(at)).filter(case=case).first()
        if callback is not None:
            callback.case, callback.lapsed_at = case, at
            _end(callback, CallbackState.UNANSWERED, EventKind.UNANSWERED, at=at, actor=actor)
        return case


def locked_callback(callback_id: int) -> Callback:
    """The callback with its case, the case's row locked: whoever changes a callback holds it. Raises ``NotFound``."""
    case_id = Callback.objects.filter(pk=callback_id).values_list("case_id", flat=True).first()
    if case_id is None:
        raise NotFound()
    case = moves.lock(case_id)
    callback = Callback.objects.get(pk=callback_id)
    callback.case = case
    return callback


def _answer(
    callback: Callback, answer: Answer, *, channel: CallbackChannel, at: datetime, actor: str, by: User | None = None
) -> Callback:
    words = answer.words.strip()
    if len(words) > WORDS_LENGTH:
        raise WordsTooLong()
    if callback.is_answered:
        raise CallbackAnswered()
    if not callback.takes_answers(today=beijing_date(at)):
        raise CallbackOver(day=callback.answers_until.isoformat())
    said = {"reached": answer.reached, "resolved": answer.resolved, "satisfied": answer.satisfied}
    for name, value in said.items():
        setattr(callback, name, value)
    callback.words, callback.channel, callback.answered_at = words, channel, at
    data = {"channel": channel.value, **said}
    _end(callback, CallbackState.ANSWERED, EventKind.ANSWERED_BACK, at=at, actor=actor, by=by, data=data)
    return callback


def _end(callback: Callback, to: CallbackState, kind: EventKind, *, at: datetime, actor: str, **line: Any) -> None:
    """The one place where a callback's state changes; the caller holds the lock. Raises ``WrongState``."""
    check_transition(CALLBACK_TRANSITIONS, callback.state, to)
    callback.state = to
    callback.save()
    moves.note(callback.case, kind, at=at, actor=actor, **line)
