"""The callback of an ended complaint: asked once, answered once, never taken down by who handled it; and reopening, once."""

from datetime import timedelta

import pytest
from django.core import signing
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.errors import (
    AlreadyDecided,
    CallbackAnswered,
    CallbackOver,
    HandlingUnit,
    NothingToReopen,
    NotUnresolved,
    ReopenedBefore,
    ReopeningOver,
    TextMissing,
    WordsTooLong,
)
from complaints.cases.models import Callback, Case, Outcome, Statement, TimeLimit
from complaints.cases.operations import Answer
from complaints.cases.queries.callbacks import had_a_part, link_of, tally
from complaints.cases.queries.file import timeline_of
from complaints.cases.queries.of_person import own_data
from complaints.cases.queries.rules import due_on
from complaints.cases.queries.scope import cases_to_answer
from complaints.cases.states import CallbackChannel, CallbackState, CaseState, EventKind, Side
from escrow import clock, invariants
from escrow import queries as escrow
from escrow.errors import NotFound
from escrow.models import AuditEntry, Refund
from escrow.states import AgreementState
from prepaid.cards import operations as cards
from prepaid.cards.errors import NotRefundable, RefundAlreadyAsked
from prepaid.cards.states import RefundCause, RefundState
from prepaid.notices.models import Channel
from prepaid.people import operations as people
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, CHAOYANG
from tests.complaints.test_life import reject, uphold
from tests.complaints.test_pages import signed_in
from tests.prepaid.cards import factories as charges

pytestmark = pytest.mark.django_db
GOOD = Answer(reached=True, resolved=True, satisfied=True)
UNRESOLVED = Answer(reached=False, resolved=False, satisfied=False, words="没人联系我")
TYPED = {"reached": "yes", "resolved": "no", "satisfied": "no", "words": ""}
A_DAY = timedelta(days=1)


@pytest.fixture
def now():
    """The pages' clock; AT lies on another day."""
    return clock.now()


@pytest.fixture
def lead(db):
    make.city()
    return make.officer()


@pytest.fixture
def closed(lead, now) -> Case:
    """Not upheld just now."""
    return reject(make.led(make.complaint(at=now), lead, at=now), lead, at=now)


@pytest.fixture
def asked(closed, now) -> Callback:
    return ask(closed, now)


@pytest.fixture
def hotline(lead):
    """The coordinator's post for the whole city: market regulation."""
    return make.officer("market_regulation", None, name="赵热线")


def ask(case: Case, at) -> Callback:
    operations.ask_callback(case_id=case.pk, at=at, actor=ACTOR)
    return Callback.objects.get(case=case, state=CallbackState.ASKED)


def answered(callback: Callback, answer: Answer = UNRESOLVED, *, at) -> Callback:
    return operations.answer_callback(callback_id=callback.pk, answer=answer, at=at)


def counts() -> tuple[int, ...]:
    return tuple(row.objects.count() for row in (Callback, Statement, Outcome, AuditEntry))


def cells(case: Case) -> list[str]:
    """Everything in the copy of the consumer's data."""
    return [str(cell) for rows in own_data(case.complainant).values() for row in rows for cell in row]


def anybody(language: str = "en") -> Client:
    return Client(headers={"accept-language": language})


# Asking


def test_who_complained_is_asked_in_the_app_and_by_a_link_that_needs_no_account(closed, now):
    for _turn in range(2):
        operations.sweep(at=now, actor=ACTOR)
    callback = Callback.objects.get()
    assert callback.answers_until == clock.beijing_date(now) + timedelta(days=7)
    assert (callback.case, callback.ended_at, callback.state) == (closed, closed.closed_at, CallbackState.ASKED)
    letters = closed.complainant.messages.filter(kind="cases.callback")
    assert sorted(letters.values_list("channel", flat=True)) == sorted([Channel.IN_APP, Channel.SMS])
    sms = letters.get(channel=Channel.SMS)
    assert sms.body.endswith(link_of(callback))
    assert closed.number in sms.body
    assert sms.useful_until.astimezone(clock.BEIJING).date() == callback.answers_until + A_DAY
    assert closed.events.filter(kind=EventKind.ASKED_BACK).count() == 1
    assert AuditEntry.objects.filter(action="cases.asked_back").count() == 1
    assert anybody().get(link_of(callback)).status_code == 200


def test_a_bell_rings_when_a_case_ends_and_the_term_is_a_dated_row(closed, now):
    TimeLimit.objects.create(code="callback", valid_from=clock.beijing_date(now), days=3, source="test", mark="A")
    assert ask(closed, now).answers_until == clock.beijing_date(now) + timedelta(days=3)
    assert TimeLimit.objects.filter(code__in=["callback", "reopen"], mark="A", days__gt=0).count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        TimeLimit.objects.create(
            code="x", valid_from=clock.beijing_date(now), days=3, working_days=3, source="test", mark="A"
        )


def test_every_end_but_the_consumers_own_is_asked_about(lead):
    upheld = uphold(make.led(make.complaint(), lead), lead)
    assert [operations.sweep(at=AT, actor=ACTOR), Callback.objects.count()] == [0, 0]
    Refund.objects.filter(pk=upheld.outcome.refund_id).update(paid_at=AT)
    operations.sweep(at=AT, actor=ACTOR)
    assert Callback.objects.get().case == upheld
    withdrawn = make.complaint()
    operations.withdraw(number=withdrawn.number, complainant=withdrawn.complainant, at=AT)
    gone = reject(make.led(make.complaint(), lead), lead)
    gone.complainant.close(AT)
    undecided = make.led(make.complaint(), lead)
    operations.sweep(at=AT, actor=ACTOR)
    for case in (withdrawn, gone, undecided):
        operations.ask_callback(case_id=case.pk, at=AT, actor=ACTOR)
        assert not case.callbacks.exists()


@pytest.mark.parametrize("decided", [True, False])
def test_of_a_charge_too_whether_decided_or_withdrawn(decided, now):
    school = charges.shop(sector="arts")
    charge = charges.charge(charges.card(school, days=60), school.boss, units=3)
    case = operations.open_charge_case(redemption_id=charge.pk, complainant=charge.card.holder, text="没上课", at=now)
    operations.route_case(case_id=case.pk, at=now, actor=ACTOR)
    if decided:
        official = make.officer(school.merchant.sector.lead_department_id)
        make.led(case, official, at=now)
        operations.decide_charge(number=case.number, officer=official, units=1, reasons="签到", at=now)
    else:
        signed_in(school.owner).post(reverse("shop_charge_withdraw", args=[charge.pk]))
    operations.sweep(at=now, actor=ACTOR)
    operations.sweep(at=now, actor=ACTOR)
    callback = Callback.objects.get(case=case)
    answered(callback, at=now)
    with pytest.raises(NothingToReopen):
        operations.reopen_case(callback_id=callback.pk, text="还是不对", at=now)
    page = anybody().get(link_of(callback)).content.decode()
    assert "carried out and cannot be taken back" in page
    assert reverse("wallet") in page
    assert "Reopen the complaint" not in page


def test_an_end_long_ago_is_not_asked_about_any_more(lead):
    reject(make.led(make.complaint(), lead), lead)
    operations.sweep(at=AT + timedelta(days=31), actor=ACTOR)
    assert not Callback.objects.exists()


# The link


def test_the_link_shows_what_a_stranger_may_read_and_opening_it_changes_nothing(asked, lead):
    before = Callback.objects.values().get(), counts()
    for language, sentence in (("en", "Is the matter resolved?"), ("zh-hans", "您的问题是否已解决？")):
        page = anybody(language).get(link_of(asked))
        text = page.content.decode()
        assert page.status_code == 200
        assert sentence in text
        assert asked.case.number in text
        assert asked.case.merchant.name in text
        for secret in (asked.case.complainant.phone[3:], asked.case.complainant.name, lead.name, asked.case.text):
            assert secret not in text
        assert "no-store" in page["Cache-Control"]
        assert "checked" not in text
    assert (Callback.objects.values().get(), counts()) == before


def test_it_is_answered_once_and_says_so_kindly_afterwards(asked):
    browser, url = anybody(), link_of(asked)
    words = "谢谢 🙏 𠮷田 <b>x</b>"
    assert browser.post(url, {**TYPED, "words": words}).url == url
    asked.refresh_from_db()
    assert (asked.state, asked.channel, asked.taken_by) == (CallbackState.ANSWERED, CallbackChannel.LINK, None)
    assert (asked.reached, asked.resolved, asked.satisfied, asked.words) == (True, False, False, words)
    kept = Callback.objects.values().get()
    again = browser.post(url, {**TYPED, "resolved": "yes"}, follow=True).content.decode()
    assert "already been answered" in again
    assert "Thank you: this answer stands." in again
    assert words not in again
    assert Callback.objects.values().get() == kept
    assert asked.case.events.filter(kind=EventKind.ANSWERED_BACK).count() == 1
    assert AuditEntry.objects.filter(action="cases.answered_back", actor=f"callback:{asked.pk}").count() == 1


def test_nobody_forges_a_link(asked):
    good = link_of(asked).rstrip("/").rpartition("/")[2]
    other = signing.Signer(salt="people.email_leave").sign(str(asked.pk))
    nowhere = signing.Signer(salt="cases.callback").sign(str(asked.pk + 999))
    number, _colon, signature = good.partition(":")
    for token in (other, nowhere, f"{int(number) + 1}:{signature}", number, f"{good}x", ":", "𠮷:🙏", "1" * 4000):
        for name in ("callback", "callback_reopen"):
            url = reverse(name, args=[token])
            assert anybody().post(url, {**TYPED, "text": "x"}).status_code == 404
        assert anybody().get(reverse("callback", args=[token])).status_code == 404
    assert anybody().get(reverse("callback_reopen", args=[good])).status_code == 405
    asked.refresh_from_db()
    assert asked.state == CallbackState.ASKED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reached", ""),
        ("resolved", "maybe"),
        ("satisfied", "\0"),
        ("words", "长" * 501),
        ("words", "a\0b"),
    ],
)
def test_bad_input_stands_beside_its_field(asked, field, value):
    before = counts()
    answer = anybody().post(link_of(asked), {**TYPED, field: value})
    assert answer.status_code == 400
    assert f"id_{field}_error" in answer.content.decode()
    assert counts() == before
    asked.refresh_from_db()
    assert asked.state == CallbackState.ASKED


def test_the_verb_keeps_the_length_too(asked, now):
    with pytest.raises(WordsTooLong):
        answered(asked, Answer(reached=True, resolved=True, satisfied=True, words="🙏" * 501), at=now)
    assert answered(asked, Answer(reached=True, resolved=True, satisfied=True, words="🙏" * 500), at=now).is_answered
    with pytest.raises(NotFound):
        operations.answer_callback(callback_id=asked.pk + 999, answer=GOOD, at=now)


def test_after_the_term_nobody_answers_and_the_sweep_marks_it_once(asked, lead):
    last = clock.end_of_day(asked.answers_until) - timedelta(seconds=1)
    late = last + timedelta(seconds=1)
    operations.sweep(at=last, actor=ACTOR)
    asked.refresh_from_db()
    assert asked.state == CallbackState.ASKED
    with pytest.raises(CallbackOver):
        answered(asked, at=late)
    for _turn in range(2):
        operations.sweep(at=late, actor=ACTOR)
    asked.refresh_from_db()
    assert (asked.state, asked.lapsed_at) == (CallbackState.UNANSWERED, late)
    assert asked.case.events.filter(kind=EventKind.UNANSWERED).count() == 1
    with pytest.raises(CallbackOver):
        answered(asked, at=last)
    page = anybody().post(link_of(asked), TYPED, follow=True).content.decode()
    assert "The last day to answer was" in page
    assert '<form method="post" id="callback"' not in page
    with pytest.raises(NotUnresolved):
        operations.reopen_case(callback_id=asked.pk, text="没解决", at=late)


def test_it_is_answered_on_the_last_day(asked):
    assert answered(asked, GOOD, at=clock.end_of_day(asked.answers_until) - timedelta(seconds=1)).is_answered


def test_forms_are_counted(asked, settings):
    browser = anybody()
    answers = [browser.post(link_of(asked), {}).status_code for _turn in range(21)]
    assert answers == [400] * 20 + [429]


# The hotline


def test_the_coordinator_writes_down_what_was_said_on_the_telephone(asked, hotline):
    client = signed_in(hotline)
    listed = client.get(reverse("admin:cases_callback_changelist")).content.decode()
    assert asked.case.number in listed
    assert "Due 0 · valid 0" in listed
    row = client.get(reverse("admin:cases_callback_change", args=[asked.pk])).content.decode()
    url = reverse("admin:cases_callback_answer", args=[asked.pk])
    assert url in row
    page = client.get(url).content.decode()
    assert asked.case.complainant.phone_masked in page
    assert asked.case.complainant.phone not in page + row + listed
    assert client.post(url, {**TYPED, "resolved": ""}).status_code == 400
    assert client.post(url, TYPED).status_code == 302
    asked.refresh_from_db()
    assert (asked.channel, asked.taken_by, asked.resolved) == (CallbackChannel.HOTLINE, hotline, False)
    assert client.post(url, TYPED).status_code == 409
    assert AuditEntry.objects.filter(action="cases.answered_back", actor=hotline.actor).count() == 1
    assert "Due 1 · valid 1" in client.get(reverse("admin:cases_callback_changelist")).content.decode()


def test_the_operator_may_too_but_nobody_who_had_a_part(asked, lead, now):
    operator = make.operator()
    handling = [
        lead,
        make.officer("commerce", None),
        make.officer("commerce", "110106"),
        make.officer("sports", None),
        make.officer("market_regulation", CHAOYANG),
        asked.case.complainant,
        asked.case.merchant.staff.get().user,
    ]
    url = reverse("admin:cases_callback_answer", args=[asked.pk])
    before = counts()
    for user in handling:
        assert asked.case.number not in signed_in(user).get(reverse("admin:cases_callback_changelist")).content.decode()
        for answer in (signed_in(user).get(url), signed_in(user).post(url, TYPED)):
            assert answer.status_code in {302, 403, 404}
            assert "answer" not in getattr(answer, "url", "")[:20]
        with pytest.raises(NotFound):
            operations.take_down_callback(callback_id=asked.pk, officer=user, answer=GOOD, at=now)
    assert anybody().post(url, TYPED).status_code == 302
    assert counts() == before
    assert signed_in(operator).post(url, TYPED).status_code == 302
    asked.refresh_from_db()
    assert asked.taken_by == operator


def test_an_operator_who_holds_or_held_a_post_there_is_of_the_handling_unit(asked, now):
    operator = make.operator()
    today = clock.beijing_date(now)
    people.appoint(
        user_id=operator.pk,
        department_code="commerce",
        district_code=None,
        valid_from=make.SINCE,
        at=now,
        actor=ACTOR,
    )
    for until in (None, today):
        operator.posts.update(valid_until=until)
        user = type(operator).objects.get(pk=operator.pk)
        with pytest.raises(HandlingUnit):
            operations.take_down_callback(callback_id=asked.pk, officer=user, answer=GOOD, at=now)
    answer = signed_in(user).post(reverse("admin:cases_callback_answer", args=[asked.pk]), TYPED)
    assert answer.status_code == 403
    assert "had a part in this case" in answer.content.decode()
    operator.posts.update(valid_until=clock.beijing_date(asked.case.received_at) - A_DAY)
    operations.take_down_callback(
        callback_id=asked.pk, officer=type(operator).objects.get(pk=operator.pk), answer=GOOD, at=now
    )


def test_who_helped_to_find_the_authority_has_had_a_part(hotline, lead, now):
    case = make.complaint(make.shop(sector="undetermined"), at=now)
    assert case.undetermined
    operations.determine_authority(number=case.number, sector_code="beauty", officer=hotline, at=now)
    make.led(case, lead, at=now)
    reject(case, lead, at=now)
    callback = ask(case, now)
    assert had_a_part(hotline, callback.case)
    with pytest.raises(HandlingUnit):
        operations.take_down_callback(callback_id=callback.pk, officer=hotline, answer=GOOD, at=now)
    colleague = make.officer("market_regulation", None, name="钱热线")
    assert operations.take_down_callback(callback_id=callback.pk, officer=colleague, answer=GOOD, at=now).is_answered


def test_the_coordinator_takes_down_nothing_of_what_it_led_itself(hotline, now):
    leads = make.officer("market_regulation", CHAOYANG)
    case = make.complaint(make.shop(sector="undetermined"), at=now)
    make.led(case, leads, at=now)
    reject(case, leads, at=now)
    callback = ask(case, now)
    url = reverse("admin:cases_callback_answer", args=[callback.pk])
    assert signed_in(hotline).post(url, TYPED).status_code == 404
    with pytest.raises(NotFound):
        operations.take_down_callback(callback_id=callback.pk, officer=hotline, answer=GOOD, at=now)
    assert signed_in(make.operator()).post(url, TYPED).status_code == 302


# Who reads it


def test_the_consumer_and_the_authority_read_it_and_the_merchant_does_not(asked, lead, now):
    consumer = signed_in(asked.case.complainant)
    detail = reverse("complaint_detail", args=[asked.case.number])
    assert link_of(asked) in consumer.get(detail).content.decode()
    answered(asked, at=now)
    for client, url in (
        (consumer, detail),
        (signed_in(lead), reverse("admin:cases_case_change", args=[asked.case_id])),
    ):
        page = client.get(url).content.decode()
        assert UNRESOLVED.words in page
        assert "not contacted · not resolved · not satisfied" in page
    boss = signed_in(asked.case.merchant.staff.get().user)
    page = boss.get(reverse("shop_case", args=[asked.case.number])).content.decode()
    assert UNRESOLVED.words not in page
    assert "allback" not in page
    kinds = [line.label for line in timeline_of(asked.case, side=Side.MERCHANT)]
    assert EventKind.ANSWERED_BACK.label not in kinds


def test_it_is_in_the_copy_of_ones_data_and_encrypted_in_the_table(asked, now):
    answered(asked, Answer(reached=True, resolved=True, satisfied=False, words="我叫王芳，13911112222"), at=now)
    assert "我叫王芳，13911112222" in cells(asked.case)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM cases_callback t UNION ALL SELECT data::text FROM cases_caseevent")
        found = " ".join(row for (row,) in cursor.fetchall())
    assert "13911112222" not in found
    assert "王芳" not in found


def test_what_callbacks_came_to_is_counted(lead, now):
    answers = [GOOD, UNRESOLVED, Answer(reached=True, resolved=True, satisfied=False), None, None]
    for answer in answers:
        callback = ask(reject(make.led(make.complaint(at=now), lead, at=now), lead, at=now), now)
        if answer is not None:
            answered(callback, answer, at=now)
    operations.lapse_callback(case_id=callback.case_id, at=now + timedelta(days=8), actor=ACTOR)
    found = tally(Callback.objects.all())
    assert (found.due, found.valid, found.reached, found.resolved, found.satisfied) == (4, 3, 2, 2, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "answered"},
        {"state": "unanswered"},
        {"resolved": True},
        {"channel": "link"},
        {"state": "unanswered", "lapsed_at": AT, "words": "x"},
        {"state": "answered", "reached": True, "resolved": True, "satisfied": True, "answered_at": AT, "channel": ""},
        {
            "state": "answered",
            "reached": True,
            "resolved": True,
            "satisfied": True,
            "answered_at": AT,
            "channel": "hotline",
        },
    ],
)
def test_the_table_takes_no_half_answers(asked, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Callback.objects.filter(pk=asked.pk).update(**wrong)


# Reopening


def test_what_is_not_resolved_goes_back_to_its_lead_once(asked, lead, now):
    browser, url = anybody(), link_of(asked)
    case, again = asked.case, now + A_DAY
    browser.post(url, TYPED)
    page = browser.get(url).content.decode()
    assert "Reopen the complaint" in page
    reopen = reverse("callback_reopen", args=[url.rstrip("/").rpartition("/")[2]])
    assert reopen in page
    assert browser.post(reopen, {"text": " "}).status_code == 400
    assert browser.post(reopen, {"text": "店家仍不退 🙏"}).url == url
    kept = counts()
    assert "reopened once" in browser.post(reopen, {"text": "店家仍不退 🙏"}, follow=True).content.decode()
    assert counts() == kept
    case = Case.objects.get()
    today = clock.today()
    assert (case.state, case.lead_officer, case.closed_at, case.escalated_at) == (CaseState.IN_HAND, lead, None, None)
    assert case.due_on == due_on(code="prepaid", received_on=today)
    assert case.merchant_answer_due_on == due_on(code="merchant_answer", received_on=today)
    assert escrow.holding(case.card.agreement_id).state == AgreementState.FROZEN
    assert (case.refund_request.state, case.refund_request.closed_at) == (RefundState.COMPLAINED, None)
    assert not hasattr(case, "outcome")
    assert case.earlier_outcome.reasons == "证据不足"
    assert case.events.filter(kind=EventKind.REOPENED).get().statement.text == "店家仍不退 🙏"
    assert AuditEntry.objects.filter(action="cases.reopened").count() == 1
    assert lead.messages.latest("id").url == reverse("admin:cases_case_change", args=[case.pk])
    assert "is open again" in browser.get(url).content.decode()
    for client, page in (
        (signed_in(case.complainant), reverse("complaint_detail", args=[case.number])),
        (signed_in(lead), reverse("admin:cases_case_change", args=[case.pk])),
        (signed_in(case.merchant.staff.get().user), reverse("shop_case", args=[case.number])),
    ):
        text = client.get(page).content.decode()
        assert "The decision before it was reopened" in text
        assert "证据不足" in text
        assert ("店家仍不退 🙏" in text) == ("shop" not in page)
    assert "店家仍不退" not in str(timeline_of(case, side=Side.MERCHANT))

    reject(case, lead, reasons="再次查无实据", at=again)
    second = ask(case, again)
    answered(second, at=again)
    with pytest.raises(ReopenedBefore):
        operations.reopen_case(callback_id=second.pk, text="还是不行", at=again)
    assert Callback.objects.count() == 2
    assert "证据不足\n再次查无实据" in cells(case)


def test_a_reopened_case_is_upheld_paid_and_proved(asked, lead, now):
    answered(asked, at=now)
    case = operations.reopen_case(callback_id=asked.pk, text="店家签了调解书", at=now)
    later = now + A_DAY
    uphold(case, lead, amount_fen=150_000, at=later)
    assert [finding for finding in invariants.prove() if not finding.ok] == []
    Refund.objects.update(paid_at=later)
    for _turn in range(2):
        operations.sweep(at=later, actor=ACTOR)
    case.refresh_from_db()
    assert case.state == CaseState.CLOSED
    assert Callback.objects.filter(case=case).count() == 2


def test_a_reopened_case_can_be_withdrawn_and_runs_late(asked, now):
    answered(asked, at=now)
    case = operations.reopen_case(callback_id=asked.pk, text="没解决", at=now)
    late = now + timedelta(days=20)
    operations.sweep(at=late, actor=ACTOR)
    case.refresh_from_db()
    assert case.escalated_at == late
    operations.withdraw(number=case.number, complainant=case.complainant, at=late)
    assert escrow.holding(case.card.agreement_id).state == AgreementState.HELD
    with pytest.raises(AlreadyDecided):
        operations.withdraw(number=case.number, complainant=case.complainant, at=late)


def test_the_merchant_is_asked_again(asked, now):
    boss = asked.case.merchant.staff.get()
    Statement.objects.create(
        case=asked.case, side=Side.MERCHANT, author=boss.user, text="第一次", at=asked.case.received_at
    )
    answered(asked, at=now)
    case = operations.reopen_case(callback_id=asked.pk, text="没解决", at=now + A_DAY)
    assert list(cases_to_answer(merchant_id=case.merchant_id)) == [case]
    operations.answer(number=case.number, staff=boss, text="第二次", offer_fen=None, at=now + A_DAY)
    assert not cases_to_answer(merchant_id=case.merchant_id).exists()


def test_a_colleague_takes_over_when_the_lead_has_left(asked, lead, now):
    answered(asked, at=now)
    lead.posts.update(valid_until=clock.beijing_date(now) - A_DAY)
    case = operations.reopen_case(callback_id=asked.pk, text="没解决", at=now)
    assert case.lead_officer == lead
    colleague = make.officer()
    assert operations.accept(number=case.number, officer=colleague, at=now).lead_officer == colleague


def test_it_is_not_reopened_without_a_reason_a_no_or_in_time(asked, now):
    def reopen(text="没解决", at=now):
        return operations.reopen_case(callback_id=asked.pk, text=text, at=at)

    before = counts()
    with pytest.raises(NotUnresolved):
        reopen()
    answered(asked, at=now)
    before = counts()
    for text in ("", " \n", "长" * 2001):
        with pytest.raises(TextMissing):
            reopen(text)
    last = clock.end_of_day(clock.beijing_date(now) + timedelta(days=15))
    with pytest.raises(ReopeningOver):
        reopen(at=last)
    assert counts() == before
    assert reopen(at=last - timedelta(seconds=1)).state == CaseState.IN_HAND


def test_who_says_it_is_resolved_does_not_reopen_it(asked, now):
    answered(asked, GOOD, at=now)
    with pytest.raises(NotUnresolved):
        operations.reopen_case(callback_id=asked.pk, text="x", at=now)
    page = anybody().get(link_of(asked)).content.decode()
    assert "Reopen the complaint" not in page
    reopen = reverse("callback_reopen", args=[link_of(asked).rstrip("/").rpartition("/")[2]])
    assert anybody().post(reopen, {"text": "x"}).status_code == 409


def test_what_was_paid_stays_paid(lead):
    case = uphold(make.led(make.complaint(), lead), lead)
    Refund.objects.update(paid_at=AT)
    operations.close_paid(case_id=case.pk, at=AT, actor=ACTOR)
    callback = answered(ask(case, AT), at=AT)
    before = Case.objects.values().get()
    with pytest.raises(NothingToReopen):
        operations.reopen_case(callback_id=callback.pk, text="少了", at=AT)
    assert Case.objects.values().get() == before


def test_a_card_that_is_asked_back_again_or_gone_is_not_frozen_twice(asked, now):
    answered(asked, at=now)
    card = asked.case.card

    def reopen():
        return operations.reopen_case(callback_id=asked.pk, text="没解决", at=now)

    request = cards.request_refund(card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=now, actor=ACTOR)
    with pytest.raises(RefundAlreadyAsked):
        reopen()
    cards.withdraw_request(holder_id=card.holder_id, request_id=request.pk, at=now, actor=ACTOR)
    holder = card.holder
    type(card).objects.filter(pk=card.pk).update(holder=make.person())
    with pytest.raises(NothingToReopen):
        reopen()
    type(card).objects.filter(pk=card.pk).update(holder=holder)
    request = cards.request_refund(card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=now, actor=ACTOR)
    boss = asked.case.merchant.staff.select_related("user", "merchant").get()
    paid = cards.agree_refund(staff=boss, request_id=request.pk, at=now, actor=ACTOR)
    Refund.objects.filter(agreement_id=card.agreement_id).update(paid_at=now)
    cards.record_paid(request_id=paid.pk, at=now, actor=ACTOR)
    with pytest.raises(NotRefundable):
        reopen()
    asked.case.refresh_from_db()
    assert asked.case.state == CaseState.CLOSED


# Cost


def test_pages_cost_a_bounded_number_of_queries(asked, hotline, lead, now, settings, django_assert_max_num_queries):
    settings.CLOCK_MAY_ADVANCE = False
    for _turn in range(4):
        ask(reject(make.led(make.complaint(at=now), lead, at=now), lead, at=now), now)
    answered(asked, at=now)
    case = operations.reopen_case(callback_id=asked.pk, text="没解决", at=now)
    other = Callback.objects.filter(state=CallbackState.ASKED).first()
    answered(other, at=now)
    official, consumer, listens = signed_in(lead), signed_in(case.complainant), signed_in(hotline)
    pages = [
        (anybody(), link_of(asked)),
        (anybody(), link_of(other)),
        (consumer, link_of(asked)),
        (consumer, reverse("complaint_detail", args=[case.number])),
        (official, reverse("admin:cases_case_change", args=[case.pk])),
        (listens, reverse("admin:cases_callback_changelist")),
        (listens, reverse("admin:cases_callback_change", args=[other.pk])),
        (listens, reverse("admin:cases_callback_answer", args=[other.pk])),
    ]
    for client, url in pages:
        with django_assert_max_num_queries(12):
            assert client.get(url).status_code == 200


def test_an_answer_is_the_first_and_only_one(asked, hotline, now):
    answered(asked, GOOD, at=now)
    for verb in (
        lambda: answered(asked, at=now),
        lambda: operations.take_down_callback(callback_id=asked.pk, officer=hotline, answer=UNRESOLVED, at=now),
    ):
        with pytest.raises(CallbackAnswered):
            verb()
    asked.refresh_from_db()
    assert asked.resolved
