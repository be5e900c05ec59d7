"""The merchant's side of a measure: it answers a letter, or says that the measure is wrong, and another official decides."""

from datetime import datetime

from complaints.warnings.errors import AnswerThere, AppealOver, AppealThere, NotAppealable, TookPart
from complaints.warnings.models import Appeal, Measure
from complaints.warnings.operations import messages
from complaints.warnings.operations.changing import TEXT, check_no_friend, checked_words, end, locked_merchant, record
from complaints.warnings.queries import appeals_for, measure_of_merchant
from complaints.warnings.states import AppealState, MeasureState
from escrow import queries as escrow_queries
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.people.models import User

CONSTRAINT_ERRORS["appeal_one_open"] = AppealThere
#: Working days to decide about an appeal [A].
APPEAL_DAYS = 5


def answer_letter(*, by: StaffMember, measure_id: int, answer: str, at: datetime) -> Measure:
    """The owner or a manager answers a warning letter, once. Raises ``NotFound``; ``TextNeeded``; ``AnswerThere``."""
    with transaction():
        locked_merchant(by.merchant_id)
        measure = measure_of_merchant(by.merchant_id, measure_id)
        if not measure.waits_for_answer:
            raise AnswerThere()
        measure.answer, measure.answered_at = checked_words(answer, "answer", TEXT), at
        measure.save(update_fields=["answer", "answered_at"])
        record(measure, "answer_letter", at=at, actor=by.user.actor)
    return measure


def appeal(*, by: StaffMember, measure_id: int, because: str, at: datetime) -> Appeal:
    """The owner says that a measure is wrong. It goes on until somebody who had no part in it has decided.

    Raises:
        NotYourRole: the owner alone. NotFound, TextNeeded, NotAppealable, AppealThere. CalendarMissing.
    """
    if by.role != StaffRole.OWNER:
        raise NotYourRole()
    with transaction():
        locked_merchant(by.merchant_id)
        measure = measure_of_merchant(by.merchant_id, measure_id)
        if measure.appeals.filter(state=AppealState.OPEN).exists():
            raise AppealThere()
        if not measure.may_be_appealed:
            raise NotAppealable()
        made = Appeal.objects.create(
            measure=measure,
            by=by,
            because=checked_words(because, "because", TEXT),
            made_at=at,
            due_on=escrow_queries.add_working_days(beijing_date(at), APPEAL_DAYS),
        )
        record(measure, "appeal", at=at, actor=by.user.actor)
        messages.appealed(made, at=at)
    return made


def decide_appeal(*, appeal_id: int, upheld: bool, reasons: str, by: User, at: datetime) -> Appeal:
    """Granted, the measure ends at once, and a rule does not begin it again for its days; else it goes on.

    Raises:
        NotFound: not of the official's post. WorksAtMerchant. TookPart: who ordered or confirmed it. TextNeeded, AppealOver.
    """
    with transaction():
        found = appeals_for(by).filter(pk=appeal_id).first()
        if found is None:
            raise NotFound()
        check_no_friend(by, locked_merchant(found.measure.merchant_id))
        made = appeals_for(by).get(pk=appeal_id)
        measure = made.measure
        if by.pk in (measure.placed_by_id, measure.decided_by_id):
            raise TookPart()
        if made.state != AppealState.OPEN:
            raise AppealOver()
        made.state = AppealState.UPHELD if upheld else AppealState.REFUSED
        made.reasons = checked_words(reasons, "reasons", TEXT)
        made.decided_by, made.decided_at = by, at
        made.save()
        record(measure, "decide_appeal", at=at, actor=by.actor, upheld=upheld)
        if upheld and measure.is_open:
            end(measure, MeasureState.ENDED, because=made.reasons[:500], by=by, at=at, actor=by.actor)
        messages.appeal_decided(made, at=at)
    return made
