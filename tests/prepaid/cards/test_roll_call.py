"""A class's roll: one deed for everybody who was there, one record per card, class and day, and nothing for who was absent."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from escrow import clock, invariants
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import LessonCharged, NotFound
from escrow.models import Use
from escrow.states import Plan, Silence, UseState
from prepaid.cards import codes, errors, operations
from prepaid.cards.models import Attendance, Learner, Redemption
from prepaid.cards.states import Mark, RefundCause
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused
from tests.prepaid.cards.test_top_ups import top_up

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


def signed_in(user, language="en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="prepaid.people.backends.RoleBackend")
    return client


class Course:
    """A course on sale, a class that is taught at its store, and learners on its roll."""

    def __init__(self, learners: int = 2, sector: str = "arts"):
        self.shop = factories.shop(sector=sector)
        self.boss = self.shop.boss
        self.version = factories.on_sale(self.shop, Plan.COURSE)
        self.now = timezone.now()
        self.taught = operations.open_class(staff=self.boss, name="周三素描班", at=clock.now(), actor="user:x")
        self.cards = [self.card() for _ in range(learners)]
        self.learners = [self.enrol(card) for card in self.cards]

    def card(self, **facts):
        return factories.pay(factories.order(self.version, **facts), at=facts.get("at"))

    def enrol(self, card, *, staff=None, code=None, later=0, **facts) -> Learner:
        """``later``: so many windows after the first code."""
        at_real = self.now + later * timedelta(seconds=codes.STEP_SECONDS)
        return operations.add_learner(
            staff=staff or self.boss,
            class_id=self.taught.pk,
            code=code or factories.shown(card, at_real=at_real),
            at=clock.now(),
            at_real=at_real,
            actor="user:x",
            **facts,
        )

    def charge(self, card, name: str, *, later=1):
        """With a shown code, at the counter."""
        at_real = self.now + later * timedelta(seconds=codes.STEP_SECONDS)
        return factories.charge(card, self.boss, lesson_class=name, at_real=at_real)

    def call(self, *marks, staff=None, on=None, seen=0, at=None):
        """Marks the learners in order; ``None`` leaves one out."""
        return operations.call_roll(
            staff=staff or self.boss,
            class_id=self.taught.pk,
            on=on or clock.today(),
            marks=[
                operations.Marked(learner_id=learner.pk, mark=mark, seen=seen)
                for learner, mark in zip(self.learners, marks, strict=False)
                if mark
            ],
            at=at or clock.now(),
            actor="user:x",
        )

    def uses(self):
        return Use.objects.filter(agreement_id__in=[card.agreement_id for card in self.cards]).order_by("pk")


def test_a_class_is_charged_in_one_go_and_who_was_absent_is_not(django_assert_max_num_queries) -> None:
    course = Course(learners=4)
    lines = course.call(Mark.PRESENT, Mark.ABSENT, Mark.LEAVE, Mark.MAKE_UP)
    assert [(line.is_new, line.error) for line in lines] == [(True, None)] * 4
    uses = list(course.uses())
    assert [(use.units, use.state, use.silence, use.silence_days) for use in uses] == [
        (1, UseState.RESERVED, Silence.CONFIRMS, 15)
    ] * 2
    assert {use.agreement_id for use in uses} == {course.cards[0].agreement_id, course.cards[3].agreement_id}
    assert all(use.silence_from for use in uses)  # the notice was delivered in the same deed
    charge = Redemption.objects.get(use=uses[0])
    assert (charge.by_roll_call, charge.code_step, charge.lesson_class, charge.lesson_on) == (
        True,
        None,
        "周三素描班",
        clock.today(),
    )
    told = Message.objects.filter(kind="cards.charge_reserved").values_list("recipient", flat=True)
    assert set(told) == {course.cards[0].holder_id, course.cards[3].holder_id}
    escrow.pass_silence(at=clock.now() + timedelta(days=60), actor="system:sweep")
    held = [escrow_queries.holding(card.agreement_id).held_fen for card in course.cards]
    assert held == [285_000, 300_000, 300_000, 285_000]
    assert all(finding.ok for finding in invariants.prove())


def test_the_database_charges_no_absence() -> None:
    course = Course(learners=1)
    course.call(Mark.PRESENT)
    for mark in (Mark.ABSENT, Mark.LEAVE):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attendance.objects.update(mark=mark)


def test_a_second_submit_and_a_stale_form_change_nothing_and_show_what_was_recorded() -> None:
    course = Course()
    course.call(Mark.PRESENT, Mark.ABSENT)
    for again in ((Mark.PRESENT, Mark.ABSENT), (Mark.ABSENT, Mark.PRESENT)):  # another cashier says otherwise, unseen
        refused_nothing = list(Attendance.objects.order_by("pk").values())
        lines = course.call(*again)
        assert [(line.is_new, line.error, line.attendance.mark) for line in lines] == [
            (False, None, Mark.PRESENT),
            (False, None, Mark.ABSENT),
        ]
        assert list(Attendance.objects.order_by("pk").values()) == refused_nothing
    assert course.uses().count() == 1


def test_a_mark_that_was_seen_is_corrected_and_its_charge_with_it() -> None:
    course = Course()
    course.call(Mark.PRESENT, Mark.ABSENT)
    course.call(Mark.LEAVE, Mark.MAKE_UP, seen=1)
    assert [use.state for use in course.uses()] == [UseState.VOIDED, UseState.RESERVED]
    course.call(Mark.PRESENT, Mark.PRESENT, seen=2)  # there after all; a make-up that was a lesson of the class
    assert [use.state for use in course.uses()] == [UseState.VOIDED, UseState.RESERVED, UseState.RESERVED]
    assert [row.revision for row in Attendance.objects.order_by("pk")] == [3, 3]
    assert all(finding.ok for finding in invariants.prove())


def test_a_confirmed_lesson_is_taken_back_on_its_day_only() -> None:
    course = Course(learners=1)
    course.call(Mark.PRESENT)
    charge, holder = Redemption.objects.get(), course.cards[0].holder
    operations.confirm_redemption(person_id=holder.pk, redemption_id=charge.pk, at=clock.now(), actor=holder.actor)
    tomorrow = clock.now() + timedelta(days=1)
    before = factories.everything()
    [line] = course.call(Mark.ABSENT, seen=1, on=clock.today(), at=tomorrow)
    assert isinstance(line.error, errors.UndoOnlyToday)
    assert (line.attendance.mark, factories.everything()) == (Mark.PRESENT, before)
    [line] = course.call(Mark.ABSENT, seen=1)
    assert (line.is_new, course.uses().get().state) == (True, UseState.UNDONE)


def test_each_line_is_refused_by_itself_with_its_reason() -> None:
    course = Course(learners=3)
    frozen, closed, fine = course.cards
    other = Course(learners=1)  # another shop's class
    escrow.freeze_agreement(agreement_id=frozen.agreement_id, because="x", at=clock.now(), actor="system:test")
    one = factories.on_sale(course.shop, Plan.COURSE, sessions=1, price_fen=20_000)
    used_up = factories.pay(factories.order(one))
    course.learners.append(course.enrol(used_up))
    course.charge(used_up, "x")
    operations.request_refund(
        card_id=closed.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=closed.holder.actor
    )
    lines = course.call(Mark.PRESENT, Mark.PRESENT, Mark.PRESENT, Mark.MAKE_UP)
    assert [type(line.error).__name__ for line in lines] == [
        "AgreementFrozen",
        "CardSettled",
        "NoneType",
        "CardUsedUp",
    ]
    assert [row.card for row in Attendance.objects.all()] == [fine]
    assert not other.uses().exists()
    [line] = course.call(Mark.ABSENT)  # who cannot be charged can be absent
    assert line.is_new


def test_only_a_shown_code_puts_a_card_on_the_roll_and_the_holder_may_leave() -> None:
    course = Course(learners=1)
    card, sessions, more = course.cards[0], factories.card(course.shop, days=60), course.card()
    other = factories.shop(sector="arts")
    theirs, stranger = factories.card(other, Plan.COURSE), other.boss
    refused(errors.AlreadyOnRoll, lambda: course.enrol(card, later=1))
    refused(errors.CodeUsed, lambda: course.enrol(card))
    refused(errors.CodeUsed, lambda: course.charge(card, "x", later=0))
    refused(errors.WrongCode, lambda: course.enrol(card, code="12345678 123456"))
    refused(errors.OnlyCourses, lambda: course.enrol(sessions))
    refused(errors.CardOfAnotherMerchant, lambda: course.enrol(theirs))
    refused(NotFound, lambda: course.enrol(more, staff=stranger))
    refused(NotFound, lambda: course.call(Mark.PRESENT, staff=stranger))
    refused(errors.RollInFuture, lambda: course.call(Mark.PRESENT, on=clock.today() + timedelta(days=1)))
    [line] = course.call(Mark.PRESENT, on=clock.today() - timedelta(days=1))
    assert isinstance(line.error, errors.LessonDay)  # the card was not paid yet
    learner = course.learners[0]
    refused(
        NotFound,
        lambda: operations.leave_class(holder_id=course.boss.user_id, learner_id=learner.pk, at=clock.now(), actor="x"),
    )
    holder, rolls = signed_in(card.holder), reverse("card_rolls", args=[card.number])
    assert rolls in holder.get(reverse("card_detail", args=[card.number])).content.decode()
    assert "周三素描班" in holder.get(rolls).content.decode()
    assert signed_in(course.boss.user).get(rolls).status_code == 404
    assert "周三素描班" not in holder.post(reverse("class_leave", args=[learner.pk]), follow=True).content.decode()
    assert course.call(Mark.PRESENT) == []
    assert not course.uses().exists()
    course.enrol(card, later=2)  # comes back by showing the code


def test_a_lesson_charged_at_the_counter_is_that_lesson() -> None:
    course = Course(learners=1)
    charge = course.charge(course.cards[0], " 周三素描班")
    [line] = course.call(Mark.PRESENT)
    assert (line.attendance.redemption, course.uses().count()) == (charge, 1)
    refused(LessonCharged, lambda: course.charge(course.cards[0], "周三素描班", later=2))


def test_a_guest_makes_up_a_lesson_in_the_class_attended_and_is_on_its_roll_that_day_only() -> None:
    course = Course(learners=1)
    guest = course.card()
    course.learners.append(course.enrol(guest, only_on=clock.today(), name="小明"))
    course.call(None, Mark.MAKE_UP)
    assert Redemption.objects.get(card=guest).lesson_class == "周三素描班"
    tomorrow = clock.now() + timedelta(days=1)
    lines = course.call(None, Mark.MAKE_UP, on=clock.beijing_date(tomorrow), at=tomorrow)
    assert (lines, Redemption.objects.count()) == ([], 1)


def test_its_pages(django_assert_max_num_queries) -> None:
    course = Course(learners=3)
    cashier = factories.cashier(course.shop)
    client = signed_in(cashier.user)
    assert reverse("shop_classes") in client.get(reverse("shop_counter")).content.decode()
    url = reverse("shop_roll", args=[course.taught.pk])
    for page in (reverse("shop_classes"), url):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(page).status_code == 200
    form = {f"seen_{learner.pk}": "0" for learner in course.learners}
    first, second = course.learners[:2]
    marked = {**form, f"mark_{first.pk}": "present", f"mark_{second.pk}": "absent"}
    for count in (1, 1):  # sent twice
        page = client.post(url, marked)
        assert (page.status_code, course.uses().count()) == (200, count)
        assert len(page.context["summary"]) == 1
    assert client.post(url, {**form, f"mark_{first.pk}": "everywhere"}).status_code == 400
    assert client.post(url, {f"mark_{first.pk}": "absent"}).status_code == 400  # says not what it has seen
    assert client.post(f"{url}?on=2026-13-45", form).status_code == 200
    added = client.post(reverse("shop_roll_add", args=[course.taught.pk]), {"code": factories.shown(course.card())})
    assert (added.status_code, Learner.objects.count()) == (302, 4)
    assert client.post(reverse("shop_roll_add", args=[course.taught.pk]), {"code": "1"}).status_code == 400
    client.post(reverse("shop_roll_off", args=[second.pk]))
    assert Learner.objects.get(pk=second.pk).left_at is not None
    assert client.post(reverse("shop_classes"), {"name": " "}).status_code == 400
    assert client.post(reverse("shop_classes"), {"name": "周五班"}).status_code == 302
    stranger = signed_in(factories.shop(sector="arts").owner)
    for foreign in (url, reverse("shop_roll_off", args=[first.pk]), reverse("shop_roll_add", args=[course.taught.pk])):
        assert stranger.post(foreign, {"code": "12345678 123456"}).status_code == 404


def test_a_used_up_course_goes_on_with_its_top_up_and_a_lost_card_waits() -> None:
    course = Course(learners=0)
    one = factories.on_sale(course.shop, Plan.COURSE, sessions=1, price_fen=10_000, days=40)
    course.cards = [factories.pay(factories.order(one)) for _ in range(2)]
    course.learners = [course.enrol(card) for card in course.cards]
    first, lost = course.cards
    course.charge(first, "another")
    added = factories.pay(top_up(first))
    holder = lost.holder
    operations.report_loss(holder_id=holder.pk, number=lost.number, at=clock.now(), actor=holder.actor)
    topped_up, refusal = course.call(Mark.PRESENT, Mark.PRESENT)
    assert topped_up.attendance.redemption.card == added
    assert isinstance(refusal.error, errors.CardLost)
    [again] = course.call(Mark.PRESENT)
    assert (again.is_new, again.attendance) == (False, topped_up.attendance)
    assert all(finding.ok for finding in invariants.prove())
