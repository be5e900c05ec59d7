"""From a grade to a measure and to its end: by rules, by officials, by appeal; refunds are never stopped by any of it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from complaints.warnings import operations
from complaints.warnings.errors import (
    AnswerThere,
    AppealOver,
    AppealThere,
    CannotReport,
    ClosedSinceNeeded,
    DayNeeded,
    MeasureOver,
    MeasureThere,
    MerchantClosed,
    NotAppealable,
    ResultUnknown,
    StoreNeeded,
    TextNeeded,
    TookPart,
)
from complaints.warnings.facts import Movement, Standing
from complaints.warnings.models import Appeal, Measure, MeasureRule, ShutReport
from complaints.warnings.operations.papers import printed
from complaints.warnings.queries import facts_of_all
from complaints.warnings.states import TRANSITIONS, MeasureKind, MeasureResult, MeasureState
from escrow import clock
from escrow import operations as escrow
from escrow.errors import HoldKept, NotFound
from escrow.models import AuditEntry
from escrow.states import AgreementState
from escrow.transactions import call
from prepaid.cards import operations as cards
from prepaid.cards.states import RefundCause
from prepaid.merchants import operations as merchants
from prepaid.merchants.errors import NotYourRole, StoreClosed, WorksAtMerchant
from prepaid.merchants.models import Closing, StaffRole
from prepaid.merchants.queries import sales_stops, stopped_at
from prepaid.notices.models import Message
from tests.complaints import factories as complaints
from tests.complaints.warnings.factories import STEADY, as_of, lived, put, steady, weighed, weighed_by
from tests.prepaid.cards import factories as make
from tests.prepaid.people.factories import pass_second_factor

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def said(**more):
    return {"because": "信号表明可能关门", "at": clock.now(), **more}


def open_of(shop, kind: MeasureKind) -> Measure | None:
    return Measure.objects.filter(merchant=shop.merchant, kind=kind).open().first()


def early_refused(shop) -> str:
    return call("escrow_early_refused", shop.merchant.beneficiary_id, clock.today())[0][0]


def official_of(shop, name="王警"):
    return complaints.officer(shop.merchant.sector.lead_department_id, shop.merchant.district_id, name)


def graded(grade="D", *, points=60, evenings=2):
    shop = make.shop()
    return shop, weighed(shop.merchant, grade=grade, points=points, evenings=evenings, silent=10)


def inspected(result=MeasureResult.CLOSED, *, since=None, stores=(complaints.CHAOYANG,)):
    """A shop whose inspection has come back, and who ordered it."""
    shop = make.shop(stores=stores)
    official = official_of(shop)
    order = operations.place_measure(
        merchant_id=shop.merchant.pk, kind=MeasureKind.INSPECTION, by=official, store_id=shop.stores[0].pk,
        due_on=clock.today() + A_DAY, **said(),
    )  # fmt: skip
    done = operations.close_with_result(
        measure_id=order.pk,
        result=result,
        findings="卷帘门已拉下，房东说已退租",
        since=since,
        by=official,
        at=clock.now(),
    )
    return shop, official, done


class TestRules:
    def test_each_grade_begins_what_its_rule_says(self):
        begun = {}
        for grade in "ABCD":
            shop, _assessment = graded(grade)
            operations.apply_rules(at=clock.now())
            found = Measure.objects.filter(merchant=shop.merchant)
            begun[grade] = {(one.kind, one.state) for one in found}
        watch, look = ("watch", "in_force"), ("inspection", "proposed")
        assert begun == {"A": set(), "B": {watch}, "C": {watch, look}, "D": {watch, look, ("hold", "provisional")}}

    def test_nothing_begins_twice_on_the_same_evening(self):
        shop, _assessment = graded()
        assert operations.apply_rules(at=clock.now()) == 3
        assert operations.apply_rules(at=clock.now()) == 0
        assert Measure.objects.filter(merchant=shop.merchant).count() == 3

    def test_one_evening_holds_nothing(self):
        shop, _assessment = graded(evenings=1)
        operations.apply_rules(at=clock.now())
        assert open_of(shop, MeasureKind.HOLD) is None

    def test_what_is_held_is_the_payout_and_what_goes_on_is_the_refund(self):
        shop, _assessment = graded()
        card = make.card(shop)
        operations.apply_rules(at=clock.now())
        shop.merchant.beneficiary.refresh_from_db()
        assert shop.merchant.beneficiary.payouts_held
        request = cards.request_refund(
            card_id=card.pk,
            cause=RefundCause.CONSUMER,
            reason="不想用了",
            holder_id=card.holder_id,
            at=clock.now(),
            actor=card.holder.actor,
        )
        make.bank_pays_back(request)
        card.agreement.refresh_from_db()
        assert card.agreement.state == AgreementState.CLOSED

    def test_nobody_else_releases_what_a_measure_holds(self):
        shop, _assessment = graded()
        operations.apply_rules(at=clock.now())
        with pytest.raises(HoldKept):
            escrow.release_payouts(
                beneficiary_id=shop.merchant.beneficiary_id, because="x", at=clock.now(), actor="a:b"
            )

    def test_under_watch_nothing_is_released_early_and_nobody_is_told_but_the_owner(self):
        shop, _assessment = graded("B")
        assert early_refused(shop) != "stopped"
        operations.apply_rules(at=clock.now())
        assert early_refused(shop) == "stopped"
        assert stopped_at([shop.merchant]) == []
        assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk] == []
        assert Message.objects.filter(recipient=shop.owner, kind="warnings.measure").count() == 1

    def test_what_nobody_confirms_lapses_and_is_not_begun_again_at_once(self):
        shop, _assessment = graded()
        official = official_of(shop)
        operations.apply_rules(at=clock.now())
        hold = open_of(shop, MeasureKind.HOLD)
        assert operations.lapse(at=clock.now()) == 0
        late = clock.now() + (hold.due_on - clock.today()) + A_DAY
        assert operations.lapse(at=late) == 1
        hold.refresh_from_db()
        assert (hold.state, hold.ended_by) == (MeasureState.LAPSED, None)
        shop.merchant.beneficiary.refresh_from_db()
        assert not shop.merchant.beneficiary.payouts_held
        operations.apply_rules(at=late)
        assert open_of(shop, MeasureKind.HOLD) is None
        titles = [one.title for one in Message.objects.filter(recipient=official, kind="warnings.measure")]
        assert any("失效" in title for title in titles)

    def test_a_confirmed_one_ends_by_itself_when_it_has_been_calm_for_its_days(self):
        shop, assessment = graded()
        operations.apply_rules(at=clock.now())
        hold, day = open_of(shop, MeasureKind.HOLD), assessment.as_of
        operations.confirm_measure(measure_id=hold.pk, by=official_of(shop), **said())
        rule = hold.rule
        for evening in range(rule.calm_days - 1):
            as_of(assessment, day + evening * A_DAY, points=rule.calm_points - 1, grade="B")
            operations.apply_rules(at=clock.now() + evening * A_DAY)
        as_of(assessment, day + (rule.calm_days - 1) * A_DAY, points=rule.calm_points, grade="B")  # one bad evening
        operations.apply_rules(at=clock.now())
        assert open_of(shop, MeasureKind.HOLD) == hold
        for evening in range(rule.calm_days, 2 * rule.calm_days):
            as_of(assessment, day + evening * A_DAY, points=0, grade="A")
            operations.apply_rules(at=clock.now() + evening * A_DAY)
        hold.refresh_from_db()
        assert hold.state == MeasureState.ENDED
        assert open_of(shop, MeasureKind.WATCH) is None
        as_of(
            assessment, day + 2 * rule.calm_days * A_DAY, points=60, grade="D"
        )  # who waits until it is over gains nothing
        operations.apply_rules(at=clock.now() + 2 * rule.calm_days * A_DAY)
        assert open_of(shop, MeasureKind.HOLD)
        assert open_of(shop, MeasureKind.WATCH)

    def test_what_an_official_ends_does_not_begin_again_the_next_night(self):
        shop, _assessment = graded()
        operations.apply_rules(at=clock.now())
        for one in Measure.objects.open():
            operations.end_measure(measure_id=one.pk, by=official_of(shop), **said())
        assert operations.apply_rules(at=clock.now() + A_DAY) == 0
        assert operations.apply_rules(at=clock.now() + 29 * A_DAY) == 3

    def test_a_later_rule_takes_the_place_of_an_earlier_one(self):
        MeasureRule.objects.create(
            kind="hold", valid_from=clock.today(), is_applied=False, from_grade="D", evenings=1, needs_person=True, term_days=5,
            calm_points=25, calm_days=14, again_days=28, source="x", mark="A",
        )  # fmt: skip
        shop, _assessment = graded()
        operations.apply_rules(at=clock.now())
        assert open_of(shop, MeasureKind.HOLD) is None

    def test_two_holders_word_sends_somebody_and_stops_nothing(self):
        """However good its grade; one holder's, or while people are served, does not."""
        shut, whole, serves = (make.shop() for _ in range(3))
        quiet, busy = steady(uses=0, use_fen=0), STEADY
        for shop, people, day in ((shut, 2, quiet), (whole, 1, quiet), (serves, 9, busy)):
            standing = Standing(closed_reporters=people)
            weighed_by(shop.merchant, lived((120, STEADY), (1, day)).facts(standing, Movement()))
        operations.apply_rules(at=clock.now())
        assert [one.merchant for one in Measure.objects.all()] == [shut.merchant]
        assert open_of(shut, MeasureKind.INSPECTION).state == MeasureState.PROPOSED

    def test_one_merchant_s_fault_keeps_nobody_else_waiting(self, monkeypatch):
        broken, _assessment = graded("B")
        fine, _assessment = graded("B")
        beneficiary = broken.merchant.beneficiary_id
        begin = escrow.begin_stoppage

        def fails(**facts):
            if facts["beneficiary_id"] == beneficiary:
                raise RuntimeError("boom")
            return begin(**facts)

        monkeypatch.setattr(escrow, "begin_stoppage", fails)
        operations.apply_rules(at=clock.now())
        assert open_of(fine, MeasureKind.WATCH)
        assert not open_of(broken, MeasureKind.WATCH)


class TestOfficials:
    def test_stopped_sales_are_seen_and_serving_goes_on(self):
        shop = make.shop()
        card, cashier = make.card(shop), make.cashier(shop)
        measure = operations.place_measure(
            merchant_id=shop.merchant.pk, kind=MeasureKind.NO_SALES, by=official_of(shop), **said()
        )
        stops = sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk]
        assert [stop.since for stop in stops] == [clock.today()]
        assert stopped_at([shop.merchant]) == []
        make.charge(card, cashier)
        operations.end_measure(measure_id=measure.pk, by=official_of(shop, "李警"), **said())
        assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk] == []

    def test_one_that_lasts_is_there_once(self):
        shop = make.shop()
        order = {"merchant_id": shop.merchant.pk, "kind": MeasureKind.HOLD, "by": official_of(shop)}
        operations.place_measure(**order, **said())
        with pytest.raises(MeasureThere):
            operations.place_measure(**order, **said())
        assert shop.merchant.beneficiary.holds.count() == 1

    @pytest.mark.parametrize(
        ("facts", "refusal"),
        [
            ({"kind": MeasureKind.HOLD, "because": "  "}, TextNeeded),
            ({"kind": MeasureKind.HOLD, "because": "长" * 501}, TextNeeded),
            ({"kind": MeasureKind.CALL}, DayNeeded),
            ({"kind": MeasureKind.TALK, "due_on": -1}, DayNeeded),
            ({"kind": MeasureKind.TALK, "due_on": 91}, DayNeeded),
            ({"kind": MeasureKind.INSPECTION, "due_on": 3}, StoreNeeded),
            ({"kind": MeasureKind.INSPECTION, "due_on": 3, "store_id": 10**9}, NotFound),
        ],
    )
    def test_bad_input_changes_nothing(self, facts, refusal):
        shop = make.shop()
        if "due_on" in facts:
            facts = facts | {"due_on": clock.today() + facts["due_on"] * A_DAY}
        before = AuditEntry.objects.count(), Message.objects.count()
        with pytest.raises(refusal):
            operations.place_measure(merchant_id=shop.merchant.pk, **{"by": official_of(shop), **said(), **facts})
        assert not Measure.objects.exists()
        assert (AuditEntry.objects.filter(action__startswith="warnings.").count(), Message.objects.count()) == (
            0,
            before[1],
        )

    def test_others_find_nothing(self):
        shop = make.shop()
        facts = {"merchant_id": shop.merchant.pk, "kind": MeasureKind.HOLD}
        strangers = [
            complaints.officer(district=complaints.FENGTAI),
            complaints.officer("sports"),
            complaints.operator(),
            make.person(),
        ]
        for stranger in strangers:
            with pytest.raises(NotFound):
                operations.place_measure(**facts, by=stranger, **said())
        measure = operations.place_measure(**facts, by=official_of(shop), **said())
        for stranger in strangers:
            with pytest.raises(NotFound):
                operations.end_measure(measure_id=measure.pk, by=stranger, **said())

    def test_who_works_there_does_nothing(self):
        shop = make.shop()
        official = official_of(shop)
        merchants.add_staff(
            by=shop.boss, phone=official.phone, role=StaffRole.MANAGER, at=clock.now(), actor=shop.owner.actor
        )
        with pytest.raises(WorksAtMerchant):
            operations.place_measure(merchant_id=shop.merchant.pk, kind=MeasureKind.HOLD, by=official, **said())

    def test_every_deed_in_every_state(self):
        """What the table of states does not allow is refused, and changes nothing."""
        deeds = {
            "order": (operations.order_measure, {MeasureState.PROPOSED}),
            "confirm": (operations.confirm_measure, {MeasureState.PROVISIONAL}),
            "end": (
                operations.end_measure,
                {state for state, then in TRANSITIONS.items() if then & {"ended", "dismissed"}},
            ),
        }
        shop, _assessment = graded()
        official = official_of(shop)
        operations.apply_rules(at=clock.now())
        for kind in (MeasureKind.HOLD, MeasureKind.INSPECTION):
            row = open_of(shop, kind)
            for state in MeasureState:
                if kind == MeasureKind.HOLD and state in {"proposed", "ordered", "done"}:
                    continue
                if kind == MeasureKind.INSPECTION and state in {"provisional", "in_force", "lapsed"}:
                    continue
                for verb, allowed in deeds.values():
                    with transaction.atomic():
                        bad = {"result": "wanting", "findings": "x", "decided_by": official} if state == "done" else {}
                        Measure.objects.filter(pk=row.pk).update(state=state, **bad)
                        more = (
                            {"due_on": clock.today(), "store_id": shop.stores[0].pk}
                            if verb is operations.order_measure
                            else {}
                        )
                        if state in allowed:
                            verb(measure_id=row.pk, by=official, **said(), **more)
                        else:
                            with pytest.raises(MeasureOver):
                                verb(measure_id=row.pk, by=official, **said(), **more)
                        transaction.set_rollback(True)

    def test_what_a_rule_proposed_is_ordered_with_its_paper(self):
        shop, _assessment = graded("C")
        official = official_of(shop)
        operations.apply_rules(at=clock.now())
        proposed = open_of(shop, MeasureKind.INSPECTION)
        order = operations.order_measure(
            measure_id=proposed.pk, by=official, store_id=shop.stores[0].pk, due_on=clock.today() + A_DAY, **said()
        )
        assert printed(order).startswith(b"%PDF")
        assert shop.stores[0].subdistrict.name_zh in order.paper
        assert "已10天没有核销" in order.paper
        assert "No use for 10 days" in order.paper
        assert not Message.objects.filter(recipient=shop.owner, url=reverse("shop_measure", args=[order.pk])).exists()

    def test_a_measure_is_never_deleted(self):
        shop = make.shop()
        measure = operations.place_measure(
            merchant_id=shop.merchant.pk, kind=MeasureKind.HOLD, by=official_of(shop), **said()
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            Measure.objects.filter(pk=measure.pk)._raw_delete("default")


class TestResults:
    def test_found_shut_waits_for_a_second_official_and_then_everybody_is_refunded(self):
        shop, official, done = inspected(since=clock.today())
        closing = done.closing
        assert (closing.store, closing.found_by, closing.confirmed_at) == (
            None,
            official,
            None,
        )  # it has no other store
        assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk]
        merchants.confirm_closed(closing_id=closing.pk, by=official_of(shop, "李警"), at=clock.now(), actor="user:x")
        with pytest.raises(MeasureOver):
            operations.end_measure(measure_id=done.pk, by=official, **said())

    def test_of_a_chain_one_store_is_found_shut(self):
        shop, _official, done = inspected(since=clock.today(), stores=(complaints.CHAOYANG, complaints.CHAOYANG))
        assert done.closing.store == shop.stores[0]
        assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk] == []

    @pytest.mark.parametrize("days", [None, 1, -10_000])
    def test_shut_since_a_day_that_cannot_be(self, days):
        since = None if days is None else clock.today() + days * A_DAY
        with pytest.raises(ClosedSinceNeeded):
            inspected(since=since)
        assert not Closing.objects.exists()

    def test_shut_twice_is_one_closing(self):
        shop, official, first = inspected(since=clock.today())
        again = operations.place_measure(
            merchant_id=shop.merchant.pk, kind=MeasureKind.INSPECTION, by=official, store_id=shop.stores[0].pk,
            due_on=clock.today(), **said(),
        )  # fmt: skip
        done = operations.close_with_result(
            measure_id=again.pk,
            result=MeasureResult.CLOSED,
            findings="还是关着",
            since=clock.today(),
            by=official,
            at=clock.now(),
        )
        assert done.closing == first.closing

    def test_a_result_of_another_kind_is_none(self):
        with pytest.raises(ResultUnknown):
            inspected(MeasureResult.SETTLED)

    @pytest.mark.parametrize(("result", "bad"), [(MeasureResult.WANTING, True), (MeasureResult.SERVES, False)])
    def test_the_next_assessment_reads_what_the_street_saw(self, result, bad):
        shop, _official, _done = inspected(result)
        put(shop.merchant, [STEADY] * 5, last=clock.today())
        facts = dict(facts_of_all(day=clock.today()))[shop.merchant.pk]
        assert facts.standing.inspected_badly is bad

    def test_after_a_closing_nothing_more_is_ordered(self):
        shop, official, done = inspected(since=clock.today())
        merchants.confirm_closed(
            closing_id=done.closing.pk, by=official_of(shop, "李警"), at=clock.now(), actor="user:x"
        )
        merchants.end_service(closing_id=done.closing.pk, at=clock.now() + A_DAY, actor="system:test")
        with pytest.raises(MerchantClosed):
            operations.place_measure(merchant_id=shop.merchant.pk, kind=MeasureKind.HOLD, by=official, **said())


class TestTheMerchant:
    def appealed(self):
        shop, _assessment = graded()
        first, second = official_of(shop), official_of(shop, "李警")
        operations.apply_rules(at=clock.now())
        hold = open_of(shop, MeasureKind.HOLD)
        operations.confirm_measure(measure_id=hold.pk, by=first, **said())
        made = operations.appeal(by=shop.boss, measure_id=hold.pk, because="我们在装修，有公告", at=clock.now())
        return shop, first, second, hold, made

    def test_granted_it_ends_at_once_and_does_not_begin_again(self):
        shop, first, second, hold, made = self.appealed()
        decision = {"appeal_id": made.pk, "upheld": True, "reasons": "确有装修公告", "at": clock.now()}
        with pytest.raises(TookPart):
            operations.decide_appeal(by=first, **decision)
        operations.decide_appeal(by=second, **decision)
        hold.refresh_from_db()
        assert (hold.state, hold.ended_by) == (MeasureState.ENDED, second)
        operations.apply_rules(at=clock.now())
        assert open_of(shop, MeasureKind.HOLD) is None
        with pytest.raises(AppealOver):
            operations.decide_appeal(by=second, **decision)

    def test_not_granted_it_goes_on(self):
        _shop, _first, second, hold, made = self.appealed()
        operations.decide_appeal(appeal_id=made.pk, upheld=False, reasons="没有公告", by=second, at=clock.now())
        hold.refresh_from_db()
        assert hold.is_holding

    def test_one_appeal_at_a_time_by_the_owner_of_what_stands(self):
        shop, _first, second, hold, made = self.appealed()
        facts = {"measure_id": hold.pk, "because": "再说一次", "at": clock.now()}
        with pytest.raises(AppealThere):
            operations.appeal(by=shop.boss, **facts)
        with pytest.raises(NotYourRole):
            operations.appeal(by=make.cashier(shop), **facts)
        with pytest.raises(NotFound):
            operations.appeal(by=make.shop().boss, **facts)
        operations.decide_appeal(appeal_id=made.pk, upheld=True, reasons="是", by=second, at=clock.now())
        with pytest.raises(NotAppealable):
            operations.appeal(by=shop.boss, **facts)
        assert Appeal.objects.count() == 1

    def test_a_letter_is_answered_once(self):
        shop = make.shop()
        letter = operations.place_measure(
            merchant_id=shop.merchant.pk,
            kind=MeasureKind.LETTER,
            by=official_of(shop),
            due_on=clock.today() + 3 * A_DAY,
            **said(),
        )
        operations.answer_letter(by=shop.boss, measure_id=letter.pk, answer="已恢复营业", at=clock.now())
        with pytest.raises(AnswerThere):
            operations.answer_letter(by=shop.boss, measure_id=letter.pk, answer="再答", at=clock.now())

    def test_what_is_only_proposed_or_ordered_secretly_does_not_exist_for_it(self):
        shop, _assessment = graded("C")
        operations.apply_rules(at=clock.now())
        hidden = open_of(shop, MeasureKind.INSPECTION)
        client = Client()
        client.force_login(shop.owner)
        assert client.get(reverse("shop_measure", args=[hidden.pk])).status_code == 404
        page = client.get(reverse("shop_measures")).content.decode()
        assert "关注" in page
        assert hidden.number not in page

    def test_pages_in_both_languages(self):
        shop, _first, _second, hold, _made = self.appealed()
        letter = operations.place_measure(
            merchant_id=shop.merchant.pk,
            kind=MeasureKind.LETTER,
            by=official_of(shop),
            due_on=clock.today() + 3 * A_DAY,
            **said(),
        )
        for language, words in (("zh-hans", "已10天没有核销"), ("en", "No use for 10 days")):
            client = Client(headers={"accept-language": language})
            client.force_login(shop.owner)
            assert words in client.get(reverse("shop_measure", args=[hold.pk])).content.decode()
            assert letter.number in client.get(reverse("shop_home")).content.decode()
        paper = client.get(reverse("shop_measure_paper", args=[letter.pk]))
        assert paper.content.startswith(b"%PDF")
        sent = client.post(reverse("shop_measure", args=[letter.pk]), {"answer": ""})
        assert sent.status_code == 400
        sent = client.post(reverse("shop_measure", args=[letter.pk]), {"answer": "已恢复营业"})
        assert sent.status_code == 302
        sent = client.post(reverse("shop_measure", args=[letter.pk]), {"because": "信有误"})
        assert sent.status_code == 302
        letter.refresh_from_db()
        assert (letter.answer, letter.appeals.get().because) == ("已恢复营业", "信有误")


class TestHolders:
    def test_who_was_served_there_counts_once_a_day(self):
        shop = make.shop()
        card, cashier = make.card(shop), make.cashier(shop)
        make.charge(card, cashier)
        facts = {"holder": card.holder, "card_number": card.number, "store_id": shop.stores[0].pk, "at": clock.now()}
        first = operations.report_shut(words="门锁着", **facts)
        assert first.counts
        assert operations.report_shut(**facts) == first
        assert ShutReport.objects.count() == 1

    def test_a_rival_s_word_weighs_nothing(self):
        """Bought a card to say it, never served; and the people who work there."""
        shop = make.shop()
        rival, cashier = make.card(shop), make.cashier(shop)
        own = make.card(shop, holder=cashier.user)
        make.charge(own, make.cashier(shop))
        for card in (rival, own):
            facts = {"card_number": card.number, "store_id": shop.stores[0].pk, "at": clock.now()}
            assert not operations.report_shut(holder=card.holder, **facts).counts
        put(shop.merchant, [STEADY] * 5, last=clock.today())
        assert dict(facts_of_all(day=clock.today()))[shop.merchant.pk].standing.closed_reporters == 0

    def test_two_reports_of_one_person_are_one_word(self):
        shop = make.shop()
        card, cashier = make.card(shop), make.cashier(shop)
        make.charge(card, cashier)
        for days in (0, 1):
            operations.report_shut(
                holder=card.holder, card_number=card.number, store_id=shop.stores[0].pk, at=clock.now() - days * A_DAY
            )
        put(shop.merchant, [STEADY] * 5, last=clock.today())
        assert dict(facts_of_all(day=clock.today()))[shop.merchant.pk].standing.closed_reporters == 1

    def test_another_s_card_another_s_store_a_card_without_money(self):
        shop, other = make.shop(), make.shop()
        card, unpaid = make.card(shop), make.order(make.on_sale(shop))
        facts = {"store_id": shop.stores[0].pk, "at": clock.now()}
        with pytest.raises(NotFound):
            operations.report_shut(holder=make.person(), card_number=card.number, **facts)
        with pytest.raises(CannotReport):
            operations.report_shut(
                holder=card.holder, card_number=card.number, **{**facts, "store_id": other.stores[0].pk}
            )
        with pytest.raises(CannotReport):
            operations.report_shut(holder=unpaid.holder, card_number=unpaid.number, **facts)
        shop.stores[0].is_open = False
        shop.stores[0].save()
        with pytest.raises(StoreClosed):
            operations.report_shut(holder=card.holder, card_number=card.number, **facts)

    def test_on_the_telephone(self):
        shop = make.shop()
        card = make.card(shop)
        client = Client()
        client.force_login(card.holder)
        url = reverse("card_shut", args=[card.number])
        assert url in client.get(reverse("card_detail", args=[card.number])).content.decode()
        assert shop.stores[0].name in client.get(url).content.decode()
        assert client.post(url, {"store": "0"}).status_code == 400
        assert client.post(url, {"store": shop.stores[0].pk, "words": "贴了转让"}).status_code == 302
        assert ShutReport.objects.get().words == "贴了转让"


class TestTheAdministration:
    def client(self, user) -> Client:
        client = Client(headers={"accept-language": "zh-hans"})
        client.force_login(user)
        pass_second_factor(client, user)
        return client

    def test_from_the_queue_to_the_result(self):
        shop, _assessment = graded()
        official = official_of(shop)
        operations.apply_rules(at=clock.now())
        client = self.client(official)
        index = client.get(reverse("admin:index")).content.decode()
        hold, look = open_of(shop, MeasureKind.HOLD), open_of(shop, MeasureKind.INSPECTION)
        pages = {one: reverse("admin:warnings_measure_change", args=[one.pk]) for one in (hold, look)}
        assert all(page in index for page in pages.values())
        for one, words in ((hold, "确认"), (look, "下达")):
            page = client.get(pages[one]).content.decode()
            assert "已10天没有核销" in page
            assert words in page
        url = reverse("admin:warnings_measure_confirm", args=[hold.pk])
        assert client.post(url, {"because": ""}).status_code == 400
        assert client.post(url, {"because": "属实"}).status_code == 302
        url = reverse("admin:warnings_measure_order", args=[look.pk])
        store = shop.stores[0].pk
        assert client.post(url, {"because": "请看", "due_on": str(clock.today())}).status_code == 400
        assert client.post(url, {"because": "请看", "due_on": str(clock.today()), "store": store}).status_code == 302
        assert client.get(reverse("admin:warnings_measure_paper", args=[look.pk])).content.startswith(b"%PDF")
        url = reverse("admin:warnings_measure_result", args=[look.pk])
        assert client.post(url, {"result": "closed", "findings": "关了"}).status_code == 400
        sent = client.post(url, {"result": "closed", "findings": "关了", "since": str(clock.today())})
        assert sent.status_code == 302
        look.refresh_from_db()
        assert look.closing.waits_for_second
        url = reverse("admin:warnings_measure_end", args=[hold.pk])
        assert client.post(url, {"because": "不再需要"}).status_code == 302

    def test_by_hand_and_the_appeal(self):
        shop, assessment = graded("A", points=0)
        first, second = self.client(official_of(shop)), self.client(official_of(shop, "李警"))
        url = reverse("admin:warnings_assessment_place", args=[assessment.pk])
        assert first.get(url).status_code == 200
        assert first.post(url, {"kind": "no_sales", "because": "群众反映"}).status_code == 302
        measure = Measure.objects.get()
        made = operations.appeal(by=shop.boss, measure_id=measure.pk, because="误会", at=clock.now())
        url = reverse("admin:warnings_measure_appeal", args=[made.pk])
        assert first.post(url, {"upheld": "yes", "reasons": "是误会"}).status_code == 403
        assert second.post(url, {"upheld": "yes", "reasons": "是误会"}).status_code == 302
        measure.refresh_from_db()
        assert measure.state == MeasureState.ENDED

    def test_an_operator_looks_and_adds_rules_for_later_days(self):
        operator = complaints.operator()
        client = self.client(operator)
        assert client.get(reverse("admin:warnings_measure_changelist")).status_code == 200
        assert client.get(reverse("admin:warnings_measurerule_changelist")).status_code == 200
        url = reverse("admin:warnings_measurerule_add")
        row = {
            "kind": "hold", "is_applied": "on", "from_grade": "D", "evenings": 3, "needs_person": "on", "term_days": 5,
            "calm_points": "25", "calm_days": 14, "again_days": 28, "source": "试行一年后", "mark": "A",
        }  # fmt: skip
        assert client.post(url, row | {"valid_from": str(clock.today())}).status_code == 400
        assert client.post(url, row | {"valid_from": str(clock.today() + A_DAY)}).status_code == 302
        again = client.post(url, row | {"valid_from": str(clock.today() + A_DAY)})
        assert again.status_code == 400
        assert "从那天起已有该类规则" in again.content.decode()
        endless = client.post(url, row | {"valid_from": str(clock.today() + 2 * A_DAY), "calm_points": ""})
        assert "持续性措施须写明" in endless.content.decode()
