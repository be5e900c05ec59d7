"""Sweeps against each other, and against the people whose terms they end: every deadline acted on once."""

from datetime import timedelta
from functools import partial

from complaints.cases import operations
from complaints.cases.models import Assist, Case, Objection
from complaints.cases.states import EventKind
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT
from tests.concurrency.threads import at_once

LATE = AT + timedelta(days=60)


def test_six_sweeps_at_once_after_a_jump_of_the_clock_act_on_every_deadline_once(committed_db):
    shop, lead = make.shop(), make.officer()
    make.officer("sports")
    led = [make.led(make.complaint(shop), lead) for _one in range(2)]
    waiting = make.complaint(shop)
    for case in led:
        operations.call_in(number=case.number, officer=lead, department_code="sports", asked="请协助", at=AT)
    operations.object_to_dispatch(number=waiting.number, officer=lead, reason="非本单位", sector_code="fitness", at=AT)
    at_once(*[partial(operations.sweep, at=LATE, actor=ACTOR)] * 6)
    for case in (*led, waiting):
        levels = [line.data["level"] for line in case.events.filter(kind=EventKind.OVERDUE).order_by("id")]
        assert levels == ["district", "city", "supervision"]
        assert case.events.filter(kind=EventKind.ASSIST_LATE).count() == (case != waiting)
    assert waiting.events.filter(kind=EventKind.DISPATCH_STANDS).count() == 1
    assert Assist.objects.filter(late_at=LATE).count() == 2
    assert Case.objects.supervised().count() == 3


def test_an_objection_is_reviewed_lapses_or_is_overtaken_once(committed_db):
    shop, officer, reviewer = make.shop(), make.officer(), make.officer("market_regulation", None)
    make.officer("sports")
    for _round in range(4):
        case = make.complaint(shop)
        objection = operations.object_to_dispatch(
            number=case.number, officer=officer, reason="非本单位", sector_code="fitness", at=AT
        )
        review = partial(
            operations.review_objection,
            objection_id=objection.pk,
            reviewer=reviewer,
            upheld=True,
            finding="属实",
            at=AT,
        )
        at_once(
            review,
            partial(operations.accept, number=case.number, officer=officer, at=AT),
            partial(operations.lapse_objection, case_id=case.pk, at=AT + timedelta(days=5), actor=ACTOR),
            review,
        )
        case.refresh_from_db()
        objection = Objection.objects.get(pk=objection.pk)
        ends = case.events.filter(kind__in=[EventKind.DISPATCH_STANDS, EventKind.DISPATCH_CHANGED]).count()
        assert objection.ended_at is not None
        assert ends == (objection.state != "dropped")
        assert case.lead_department_id == ("sports" if objection.state == "upheld" else "commerce")
        assert case.lead_officer in {None, officer}
