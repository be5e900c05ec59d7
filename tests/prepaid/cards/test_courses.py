"""Courses from the sale to the refund: a lesson has a day and a class, is charged once, and waits for the learner."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import clock, invariants
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import LessonCharged
from escrow.models import Transfer, Use
from escrow.states import Plan, Reason, Silence, UseState
from prepaid.cards import errors, operations, queries
from prepaid.cards.models import Card, Redemption
from prepaid.cards.states import RefundCause
from prepaid.notices.models import Message
from prepaid.products.errors import SessionsCapExceeded
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused

pytestmark = pytest.mark.django_db


def signed_in(user, language="en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="prepaid.people.backends.RoleBackend")
    return client


def school():
    """A training sector: silence confirms after 15 working days."""
    return factories.shop(sector="arts")


def taught(card: Card, at_shop, *, name: str = "周三素描班", **facts) -> Redemption:
    return factories.charge(card, at_shop.boss, lesson_class=name, **facts)


def confirm(charge: Redemption, **facts) -> Redemption:
    holder = charge.card.holder
    return operations.confirm_redemption(
        person_id=holder.pk, redemption_id=charge.pk, at=clock.now(), actor=holder.actor, **facts
    )


def test_a_lesson_waits_for_the_learner_and_silence_confirms_it_in_training():
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE)
    charge = taught(card, at_shop)
    use = Use.objects.get(pk=charge.use_id)
    assert (use.state, use.units, use.silence, use.silence_days) == (UseState.RESERVED, 1, Silence.CONFIRMS, 15)
    assert charge.lesson == f"{clock.today()} 周三素描班"
    told = Message.objects.get(recipient=card.holder, kind="cards.charge_reserved")
    assert charge.lesson in told.title
    escrow.pass_silence(at=clock.now() + timedelta(days=60), actor="system:sweep")
    assert Use.objects.get(pk=charge.use_id).state == UseState.FINAL
    assert escrow_queries.holding(card.agreement_id).held_fen == 285_000
    assert all(finding.ok for finding in invariants.prove())


def test_elsewhere_a_lesson_nobody_confirms_returns_to_the_card():
    at_shop = factories.shop(sector="vocational")
    card = factories.card(at_shop, Plan.COURSE)
    charge = taught(card, at_shop)
    escrow.pass_silence(at=clock.now() + timedelta(days=2), actor="system:sweep")
    assert Use.objects.get(pk=charge.use_id).state == UseState.EXPIRED


def test_a_lesson_is_charged_once_however_its_class_was_typed_and_again_when_it_was_withdrawn():
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE)
    first = taught(card, at_shop, name="Drawing A")
    refused(LessonCharged, lambda: taught(card, at_shop, name=" drawing  a", age=1))
    operations.undo_redemption(staff=at_shop.boss, redemption_id=first.pk, at=clock.now(), actor="user:x")
    taught(card, at_shop, name="drawing a", age=1)
    other = factories.card(at_shop, Plan.COURSE)
    taught(other, at_shop, name="Drawing A")  # once per card


def test_another_day_and_another_class_are_other_lessons():
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE, at=clock.now() - timedelta(days=3))
    yesterday = clock.today() - timedelta(days=1)
    assert taught(card, at_shop, lesson_on=yesterday).lesson_on == yesterday
    taught(card, at_shop, age=1)
    assert escrow_queries.holding(card.agreement_id).units_reserved == 2


def test_what_is_refused_changes_nothing():
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE)
    refused(errors.LessonNeeded, lambda: factories.charge(card, at_shop.boss))
    refused(errors.LessonNeeded, lambda: taught(card, at_shop, name="   "))
    refused(errors.LessonNeeded, lambda: factories.charge(card, at_shop.boss, lesson_on=clock.today()))
    refused(errors.OneLesson, lambda: taught(card, at_shop, units=2))
    refused(errors.OneLesson, lambda: taught(card, at_shop, amount_fen=100))
    for days in (1, -1):
        day = clock.today() + timedelta(days=days)
        refused(errors.LessonDay, lambda day=day: taught(card, at_shop, lesson_on=day))
    sessions = factories.card(at_shop, days=60)
    refused(errors.NotACourse, lambda: taught(sessions, at_shop))
    one = factories.card(factories.shop(sector="arts"), Plan.COURSE, sessions=1, price_fen=20_000)
    where = queries.sold_by(merchant_id=one.issuer_id).get().issuer
    boss = where.staff.get(role="owner")
    factories.charge(one, boss, lesson_class="x")
    refused(errors.CardUsedUp, lambda: factories.charge(one, boss, lesson_class="y", age=1))


def test_the_learner_confirms_or_complains_and_there_is_no_part_of_a_lesson():
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE)
    charge = taught(card, at_shop)
    client = signed_in(card.holder)
    page = client.get(reverse("redemption_confirm", args=[charge.pk])).content.decode()
    assert f"1 lesson ({charge.lesson})" in page
    assert "only so much" not in page
    refusal = client.post(reverse("redemption_dispute", args=[charge.pk]))
    assert refusal.url == reverse("complaint_about_charge", args=[charge.pk])
    assert charge.lesson in client.get(refusal.url).content.decode()
    assert client.post(reverse("redemption_confirm", args=[charge.pk])).status_code == 302
    assert escrow_queries.holding(card.agreement_id).units_used == 1


@pytest.mark.parametrize(("sector", "days"), [("arts", 1), ("vocational", 2)])
def test_the_sector_says_after_how_many_working_days_a_lesson_is_paid_out(sector, days):
    at_shop = factories.shop(sector=sector)
    card = factories.card(at_shop, Plan.COURSE)
    assert card.agreement.payable_after == days
    confirm(taught(card, at_shop))
    earned = Transfer.objects.get(agreement=card.agreement, reason=Reason.RELEASE, asset="CNY")
    assert earned.payable_on == escrow_queries.add_working_days(clock.today(), days)


def test_the_refund_counts_lessons_at_the_price_sold_or_the_list_price():
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE)
    confirm(taught(card, at_shop))
    at = clock.now() + timedelta(days=10)
    by_cause = {cause: quote.refund_fen for cause, quote in queries.refund_quotes(card=card, at=at).items()}
    assert (by_cause[RefundCause.OPERATOR], by_cause[RefundCause.CONSUMER]) == (285_000, 280_000)


def test_lessons_and_sessions_of_one_operator_count_together_towards_the_sectors_cap():
    at_shop = school()
    holder = factories.person()
    small = {"price_fen": 10_000, "list_price_fen": 20_000, "days": 20}
    factories.card(at_shop, Plan.COURSE, holder=holder, sessions=30, **small)
    with pytest.raises(SessionsCapExceeded):
        factories.order(factories.on_sale(at_shop, Plan.COURSE, sessions=31, **small), holder)
    factories.order(factories.on_sale(at_shop, sessions=30, **small), holder)


def test_the_counter_asks_for_the_lesson_where_courses_are_sold():
    plain = factories.shop()
    assert 'name="lesson_class"' not in signed_in(plain.owner).get(reverse("shop_counter")).content.decode()
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE)
    client = signed_in(at_shop.owner)
    assert 'name="lesson_class"' in client.get(reverse("shop_counter")).content.decode()
    typed = {"key": "a" * 32, "code": factories.shown(card), "units": "", "amount": "", "note": ""}
    page = client.post(reverse("shop_counter"), typed)
    assert page.status_code == 400
    assert 'id="id_lesson_class_error"' in page.content.decode()
    for wrong in ("2026-02-30", "gestern"):
        assert (
            client.post(reverse("shop_counter"), {**typed, "lesson_class": "A", "lesson_on": wrong}).status_code == 400
        )
    assert not Use.objects.exists()
    page = client.post(reverse("shop_counter"), {**typed, "lesson_class": "A"}, follow=True).content.decode()
    assert f"1 lesson ({clock.today()} A)" in page


def test_the_api_charges_a_lesson_and_refuses_what_is_none():
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE)
    client = signed_in(at_shop.owner)

    def post(key: str, **body):
        return client.post(
            reverse("api_charges"),
            {"code": factories.shown(card), **body},
            content_type="application/json",
            headers={"Idempotency-Key": key * 32},
        )

    for body in (
        {"lesson_class": "x" * 41},
        {"lesson_class": "A", "lesson_on": "tomorrow"},
        {"lesson_class": 1.5, "x": 1},
        {},
    ):
        assert post("a", **body).status_code == 400, body
    answer = post("b", lesson_class="A").json()
    assert (answer["plan"], answer["state"], answer["units"], answer["lesson_class"], answer["lesson_on"]) == (
        "course",
        "reserved",
        1,
        "A",
        clock.today().isoformat(),
    )
    assert post("b", lesson_class="A").json()["id"] == answer["id"]
    assert post("b", lesson_class="B").status_code == 422  # another body under the same key


@pytest.mark.parametrize(("language", "lessons"), [("en", "lesson"), ("zh-hans", "课时")])
def test_its_pages_count_lessons(language, lessons):
    at_shop = school()
    card = factories.card(at_shop, Plan.COURSE)
    confirm(taught(card, at_shop))
    client = signed_in(card.holder, language)
    assert "19 / 20" in client.get(reverse("card_detail", args=[card.number])).content.decode()
    for url in (
        reverse("product_detail", args=[card.version_id]),
        reverse("merchant_detail", args=[at_shop.merchant.pk]),
        reverse("buy", args=[card.version_id]),
        reverse("wallet"),
        reverse("card_statement", args=[card.number]),
    ):
        assert lessons in client.get(url).content.decode(), url
