"""Refund requests: cooling off, the merchant's answer or silence, offers, complaints' settlements, the money."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from escrow import clock, invariants
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import AgreementFrozen, DomainError, NotFound, WrongState
from escrow.models import Use
from escrow.states import AgreementState, Plan, RefundBasis, StoppageKind, UseState
from prepaid.cards import errors, operations, queries, tasks
from prepaid.cards.models import Card, RefundRequest
from prepaid.cards.states import REFUND_TRANSITIONS, RefundCause, RefundState
from prepaid.merchants import operations as merchants
from prepaid.merchants.errors import NotYourRole
from prepaid.notices.models import Message
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
LATER = timedelta(days=30)


def ask(card: Card, *, cause: RefundCause = RefundCause.NEITHER, at: datetime | None = None, **facts) -> RefundRequest:
    return operations.request_refund(
        card_id=card.pk, cause=cause, reason="搬家", at=at or clock.now(), actor=card.holder.actor, **facts
    )


def old_card(at_shop=None, kind: str = Plan.SESSIONS, *, used: int = 0, **figures) -> Card:
    """A card bought thirty days ago, beyond cooling off."""
    at_shop = at_shop or factories.shop()
    at = clock.now()
    card = factories.card(at_shop, kind, at=at, **figures)
    clock.advance(LATER)
    for number in range(used):
        factories.charge(card, at_shop.boss, at_real=at + timedelta(minutes=number))
    return card


def refused(error: type[DomainError], deed: Callable[[], object]) -> DomainError:
    before = factories.everything()
    with pytest.raises(error) as caught:
        deed()
    assert factories.everything() == before
    return caught.value


def quotes(card: Card) -> dict:
    return queries.refund_quotes(card=card, at=clock.now())


def state(request: RefundRequest) -> str:
    return RefundRequest.objects.get(pk=request.pk).state


def agreement_state(card: Card) -> str:
    return escrow_queries.holding(card.agreement_id).state


def agree(shop, request: RefundRequest, amount_fen: int | None = None) -> RefundRequest:
    return operations.agree_refund(
        staff=shop.boss, request_id=request.pk, amount_fen=amount_fen, at=clock.now(), actor=shop.owner.actor
    )


@pytest.mark.parametrize(
    ("kind", "sector", "used", "back_fen"),
    [
        (
            Plan.DISCOUNT,
            "beauty",
            {"amount_fen": 6_000},
            50_000 - 6_000,
        ),  # the list price, of which 48 yuan were charged
        (Plan.COURSE, "arts", {"lesson_class": "周三素描班"}, 300_000 - 20_000),  # the list price of a lesson
    ],
)
def test_a_discount_card_and_a_course_that_were_used_are_paid_back_to_the_bank(kind, sector, used, back_fen):
    shop = factories.shop(sector=sector)
    card = old_card(shop, kind)
    charge = factories.charge(card, shop.boss, **used)
    if charge.is_waiting:
        refused(errors.ChargesPending, lambda: ask(card))
        operations.confirm_redemption(
            person_id=card.holder_id, redemption_id=charge.pk, at=clock.now(), actor=card.holder.actor
        )
    request = ask(card, cause=RefundCause.CONSUMER)
    assert request.asked_fen == back_fen
    request = agree(shop, request)
    factories.bank_pays_back(request)
    assert tasks.sweep()["record_paid"] == 1
    assert (state(request), agreement_state(card)) == (RefundState.PAID, AgreementState.CLOSED)
    assert all(finding.ok for finding in invariants.prove())


def refuse(shop, request: RefundRequest, text: str = "概不退款") -> RefundRequest:
    return operations.refuse_refund(
        staff=shop.boss, request_id=request.pk, text=text, at=clock.now(), actor=shop.owner.actor
    )


# Cooling off


@pytest.mark.parametrize("cause", list(RefundCause))
def test_within_seven_days_and_unused_all_of_it_comes_back_at_once_whatever_the_cause(cause: RefundCause) -> None:
    bought = clock.now()
    card = factories.card(at=bought)
    last = bought + timedelta(days=7)
    assert queries.cooling_off_until(card=card, today=clock.beijing_date(last)) == clock.beijing_date(last)
    request = ask(card, cause=cause, at=last)
    assert (request.state, request.basis, request.granted_fen) == (RefundState.GRANTED, "cooling_off", 200_000)
    assert agreement_state(card) == AgreementState.CLOSED


def test_the_day_after_the_merchant_is_asked() -> None:
    bought = clock.now()
    card = factories.card(at=bought)
    request = ask(card, at=bought + timedelta(days=8))
    assert request.state == RefundState.REQUESTED
    assert agreement_state(card) == AgreementState.FROZEN


def test_used_within_cooling_off_the_rest_comes_back_at_the_price_paid() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    factories.charge(card, shop.boss)
    request = ask(card, cause=RefundCause.CONSUMER)
    assert (request.state, request.granted_fen) == (RefundState.GRANTED, 180_000)


def test_who_knew_the_service_and_used_it_has_no_cooling_off() -> None:
    shop, holder = factories.shop(), factories.person()
    version = factories.on_sale(shop, price_fen=100_000)
    factories.charge(factories.pay(factories.order(version, holder)), shop.boss)
    card = factories.pay(factories.order(version, holder))
    factories.charge(card, shop.boss)
    assert ask(card).state == RefundState.REQUESTED


# The sum


@pytest.mark.parametrize(
    ("cause", "sum_fen"),
    [(RefundCause.NEITHER, 140_000), (RefundCause.OPERATOR, 140_000), (RefundCause.CONSUMER, 110_000)],
)
def test_the_sum_follows_the_cause(cause: RefundCause, sum_fen: int) -> None:
    """P=2000 N=10 L=300, three used: 1400, or 1100 when the consumer gives up (rules.md)."""
    card = old_card(used=3)
    assert quotes(card)[cause].refund_fen == sum_fen
    assert ask(card, cause=cause).asked_fen == sum_fen


def test_a_stored_value_card_gives_back_principal_in_proportion() -> None:
    """P=1000 G=200 F=600: 500, or 400 (rules.md)."""
    shop = factories.shop()
    card = old_card(shop, Plan.STORED_VALUE)
    charge = factories.charge(card, shop.boss, amount_fen=60_000)
    operations.confirm_redemption(
        person_id=card.holder_id, redemption_id=charge.pk, at=clock.now(), actor=card.holder.actor
    )
    assert quotes(card)[RefundCause.NEITHER].refund_fen == 50_000
    assert quotes(card)[RefundCause.CONSUMER].refund_fen == 40_000


def test_a_period_card_counts_days_until_the_service_stopped() -> None:
    """3,650 over 365 days, stopped after day 100, asked after day 130: 2,650 (rules.md)."""
    shop = factories.shop()
    bought = clock.now()
    card = factories.card(shop, Plan.PERIOD, at=bought, price_fen=365_000)
    stopped, asked = clock.beijing_date(bought) + timedelta(days=100), bought + timedelta(days=130)

    def quote(cause: RefundCause, stopped_on=None) -> int:
        return queries.refund_quote(card=card, cause=cause, stopped_on=stopped_on, at=asked).refund_fen

    assert quote(RefundCause.OPERATOR, stopped) == 265_000
    assert quote(RefundCause.OPERATOR) == 235_000
    assert quote(RefundCause.CONSUMER, stopped) == 235_000


def test_a_check_in_that_was_undone_leaves_the_whole_sum_within_the_cooling_off() -> None:
    shop = factories.shop()
    bought = clock.now()
    card = factories.card(shop, Plan.PERIOD, at=bought, price_fen=365_000)
    asked = bought + timedelta(days=3)

    def quote() -> int:
        return queries.refund_quote(card=card, cause=RefundCause.CONSUMER, at=asked).refund_fen

    assert quote() == 365_000
    mistaken = factories.charge(card, shop.boss)
    assert quote() < 365_000
    operations.undo_redemption(staff=shop.boss, redemption_id=mistaken.pk, at=clock.now(), actor="system:test")
    assert quote() == 365_000


def test_the_year_card_of_the_rules_is_paid_out_of_escrow_though_the_stop_was_found_late() -> None:
    """3,650 over 365 days, stopped after day 100, rescinded after day 130: 2,650 in full, through the verbs that people use."""
    shop = factories.shop()
    bought = clock.now()
    card = factories.card(shop, Plan.PERIOD, at=bought, price_fen=365_000)
    paid_on = clock.beijing_date(bought)
    for day in range(1, 131):
        at = bought + timedelta(days=day)
        if day == 105:
            escrow.begin_stoppage(
                beneficiary_id=card.agreement.beneficiary_id,
                kind=StoppageKind.DARK,
                because="门店无人",
                since=paid_on + timedelta(days=101),
                at=at,
                actor="system:test",
            )
        escrow.accrue(at=at, actor="system:test")
    at = bought + timedelta(days=130)
    for cause in RefundCause:  # SPC 22: whatever the cause
        assert queries.refund_quote(card=card, cause=cause, at=at).refund_fen == 265_000
    request = ask(card, cause=RefundCause.OPERATOR, at=at)
    assert request.asked_fen == 265_000
    request = operations.agree_refund(staff=shop.boss, request_id=request.pk, at=at, actor=shop.boss.user.actor)
    refund = card.agreement.refund
    assert (request.granted_fen, refund.amount_fen, refund.settled_fen) == (265_000, 265_000, 4_000)
    assert escrow_queries.holding(card.agreement_id).held_fen == 0
    assert not [f.name for f in invariants.prove() if not f.ok]


def late_stop(shop, bought: datetime) -> Card:
    """The year card of the rules, whose stop after day 100 is found on day 130: by then 23 days too many are final, and
    the merchant has been paid for most of them."""
    card = factories.card(shop, Plan.PERIOD, at=bought, price_fen=365_000)
    for day in range(1, 131):
        at = bought + timedelta(days=day)
        escrow.accrue(at=at, actor="system:test")
        escrow.pay_out(beneficiary_id=card.agreement.beneficiary_id, at=at, actor="system:test")
    merchants.begin_stoppage(
        merchant_id=shop.merchant.pk,
        store_id=None,
        kind=StoppageKind.DARK,
        because="门店无人",
        since=clock.beijing_date(bought) + timedelta(days=101),
        at=bought + timedelta(days=130),
        actor="user:x",
    )
    return card


def test_a_stop_found_after_days_were_paid_out_is_paid_in_full_or_with_a_numbered_claim() -> None:
    """3,650 over 365 days, stopped after day 100, found on day 130: the merchant agrees to the 2,650 that were asked for,
    though custody holds less by the days it was paid for."""
    shop = factories.shop()
    bought = clock.now()
    card = late_stop(shop, bought)
    at = bought + timedelta(days=130)
    held_fen = escrow_queries.holding(card.agreement_id).held_fen
    assert held_fen < 265_000
    request = ask(card, cause=RefundCause.OPERATOR, at=at)
    assert request.asked_fen == 265_000
    request = operations.agree_refund(staff=shop.boss, request_id=request.pk, at=at, actor=shop.boss.user.actor)
    refund = card.agreement.refund
    assert (request.granted_fen, refund.owed_fen, refund.settled_fen) == (265_000, 265_000, 0)
    assert refund.amount_fen >= held_fen
    assert refund.amount_fen + refund.claim.amount_fen == 265_000
    assert refund.claim.number.startswith("C")
    assert not [f.name for f in invariants.prove() if not f.ok and f.name != "statement_lines_matched"]


def test_days_of_a_pause_and_of_a_stop_that_is_over_do_not_count_as_used() -> None:
    shop = factories.shop()
    bought = clock.now()
    card = factories.card(shop, Plan.PERIOD, at=bought, price_fen=365_000)
    paid_on, dark = clock.beijing_date(bought), {"kind": StoppageKind.DARK, "because": "装修", "actor": "system:test"}
    pause = operations.ask_pause(
        by=card.holder,
        number=card.number,
        since=paid_on + timedelta(days=11),
        until=paid_on + timedelta(days=20),
        because="出差",
        at=bought,
        actor=card.holder.actor,
    )
    operations.answer_pause(by=shop.boss, pause_id=pause.pk, agrees=True, at=bought, actor=shop.boss.user.actor)
    escrow.begin_stoppage(beneficiary_id=card.agreement.beneficiary_id, at=bought + timedelta(days=31), **dark)
    escrow.end_stoppage(beneficiary_id=card.agreement.beneficiary_id, at=bought + timedelta(days=35), **dark)
    quote = queries.refund_quote(card=card, cause=RefundCause.CONSUMER, at=bought + timedelta(days=50))
    assert quote.refund_fen == 365_000 - 35_000


def test_a_period_card_nobody_visited_cools_off_whole_a_visited_one_by_its_days() -> None:
    shop = factories.shop()
    bought = clock.now()
    for visited, sum_fen in ((False, 365_000), (True, 362_000)):
        card = factories.card(shop, Plan.PERIOD, at=bought, price_fen=365_000, days=365)
        if visited:
            factories.charge(card, shop.boss)
        quote = queries.refund_quote(card=card, cause=RefundCause.NEITHER, at=bought + timedelta(days=3))
        assert (quote.is_cooling_off, quote.refund_fen) == (True, sum_fen)


def test_the_sum_that_was_confirmed_is_the_sum_that_is_asked() -> None:
    card = old_card(used=1)
    refused(errors.QuoteChanged, lambda: ask(card, expected_fen=200_000))
    assert ask(card, expected_fen=180_000).asked_fen == 180_000


# Who may ask, when


def test_no_request_without_money_twice_or_with_charges_open() -> None:
    shop = factories.shop()
    unpaid = factories.order(factories.on_sale(shop))
    refused(errors.NotRefundable, lambda: ask(unpaid))
    card = old_card(shop)
    charge = factories.charge(card, shop.boss, units=2)
    refused(errors.ChargesPending, lambda: ask(card))
    operations.dispute_redemption(
        person_id=card.holder_id, redemption_id=charge.pk, at=clock.now(), actor=card.holder.actor
    )
    ask(card)
    refused(errors.RefundAlreadyAsked, lambda: ask(card))
    spent = old_card(shop, price_fen=10_000, list_price_fen=10_000, used=5)
    refused(errors.NothingToRefund, lambda: ask(spent, cause=RefundCause.CONSUMER))


def test_open_charges_do_not_hold_up_the_right_to_cool_off_and_their_money_comes_back_with_it(
    django_capture_on_commit_callbacks,
) -> None:
    """BJ 16: paid within five days of the request, whatever the merchant has reserved."""
    shop = factories.shop()
    card = factories.card(shop)
    waiting = factories.charge(card, shop.boss, units=2)
    disputed = factories.charge(card, shop.boss, units=3, age=1)
    operations.insist_on_redemption(
        staff=shop.boss, redemption_id=disputed.pk, because="来过", at=clock.now(), actor=shop.owner.actor
    )
    operations.contest_redemption(
        person_id=card.holder_id, redemption_id=disputed.pk, at=clock.now(), actor=card.holder.actor
    )
    with django_capture_on_commit_callbacks(execute=True):
        request = ask(card, cause=RefundCause.CONSUMER)
    assert (request.state, request.granted_fen, card.agreement.refund.amount_fen) == (
        RefundState.GRANTED,
        200_000,
        200_000,
    )
    assert set(Use.objects.filter(pk__in=[waiting.use_id, disputed.use_id]).values_list("state", flat=True)) == {
        UseState.VOIDED
    }
    assert Message.objects.filter(recipient=shop.owner, kind="cards.charge_returned").count() == 2
    assert Message.objects.filter(recipient=card.holder, kind="cards.charge_voided").count() == 2
    assert not [f.name for f in invariants.prove() if not f.ok and f.name != "statement_lines_matched"]


def test_while_a_request_is_open_nothing_can_be_charged_and_withdrawing_ends_that() -> None:
    shop = factories.shop()
    card = old_card(shop)
    request = ask(card)
    refused(AgreementFrozen, lambda: factories.charge(card, shop.boss))
    stranger = factories.person()
    facts = {"request_id": request.pk, "at": clock.now(), "actor": "x"}
    refused(NotFound, lambda: operations.withdraw_request(holder_id=stranger.pk, **facts))
    operations.withdraw_request(holder_id=card.holder_id, **facts)
    assert (state(request), agreement_state(card)) == (RefundState.WITHDRAWN, AgreementState.HELD)
    factories.charge(card, shop.boss)
    ask(card)


# The merchant answers


def test_the_merchant_agrees_and_the_money_leaves_on_its_consent() -> None:
    shop = factories.shop()
    card = old_card(shop, used=3)
    request = agree(shop, ask(card))
    assert (request.state, request.basis, request.granted_fen) == (RefundState.GRANTED, "consent", 140_000)
    assert request.refund is not None
    assert (request.refund.amount_fen, request.refund.settled_fen) == (140_000, 0)


def test_more_than_asked_is_paid_less_is_an_offer_and_neither_below_the_law_nor_above_what_was_paid() -> None:
    shop = factories.shop()
    card = old_card(shop, used=3)
    request = ask(card)  # 1,400; 1,100 if the consumer gave up
    refused(errors.OfferTooHigh, lambda: agree(shop, request, 200_001))
    refused(errors.OfferTooLow, lambda: agree(shop, request, 109_999))
    assert agree(shop, request, 110_000).state == RefundState.OFFERED
    assert agreement_state(card) == AgreementState.FROZEN
    refused(errors.RequestNotYours, lambda: agree(shop, request))
    accept = {"request_id": request.pk, "at": clock.now(), "actor": card.holder.actor}
    stranger = factories.person()
    refused(NotFound, lambda: operations.accept_offer(holder_id=stranger.pk, **accept))
    taken = operations.accept_offer(holder_id=card.holder_id, **accept)
    assert (taken.state, taken.basis, taken.granted_fen) == (RefundState.GRANTED, "consent", 110_000)
    generous = ask(old_card(shop, used=3), cause=RefundCause.CONSUMER)
    assert agree(shop, generous, 140_000).granted_fen == 140_000


def test_only_the_merchants_managers_answer() -> None:
    shop, elsewhere = factories.shop(), factories.shop()
    request = ask(old_card(shop))
    till = factories.cashier(shop)
    facts = {"request_id": request.pk, "at": clock.now(), "actor": "x"}
    refused(NotFound, lambda: operations.agree_refund(staff=elsewhere.boss, **facts))
    refused(NotFound, lambda: operations.refuse_refund(staff=elsewhere.boss, text="不", **facts))
    refused(NotYourRole, lambda: operations.agree_refund(staff=till, **facts))
    refused(errors.ReasonNeeded, lambda: operations.refuse_refund(staff=shop.boss, text="  ", **facts))


def test_a_refusal_keeps_the_money_frozen_and_opens_the_way_to_complain() -> None:
    shop = factories.shop()
    card = old_card(shop)
    request = refuse(shop, ask(card))
    assert request.may_complain
    assert agreement_state(card) == AgreementState.FROZEN
    refused(errors.RequestNotYours, lambda: refuse(shop, request))
    assert agree(shop, request).state == RefundState.GRANTED


def test_silence_opens_the_way_to_complain_after_five_working_days() -> None:
    shop = factories.shop()
    request = ask(old_card(shop))
    assert request.answer_due_on == escrow_queries.add_working_days(clock.beijing_date(request.requested_at), 5)
    assert request.answer_due_on is not None
    due = request.requested_at + (request.answer_due_on - clock.beijing_date(request.requested_at))
    operations.pass_silence(request_id=request.pk, at=due, actor="system:test")
    assert state(request) == RefundState.REQUESTED
    clock.advance(due + timedelta(days=1) - request.requested_at)
    assert tasks.sweep()["pass_silence"] == 1
    assert state(request) == RefundState.SILENT
    assert tasks.sweep()["pass_silence"] == 0
    late = refuse(shop, request)
    assert (late.state, late.answer_text) == (RefundState.SILENT, "概不退款")
    assert agree(shop, request).state == RefundState.GRANTED


def test_in_training_silence_is_consent_and_the_sweep_pays() -> None:
    shop = factories.shop(sector="arts")
    card = old_card(shop, days=90)
    request = ask(card)
    assert request.silence_agrees
    clock.advance(timedelta(days=20))
    tasks.sweep()
    request.refresh_from_db()
    assert (request.state, request.basis, request.granted_fen) == (RefundState.GRANTED, "silence", request.asked_fen)
    assert agreement_state(card) == AgreementState.CLOSED


# With the regulator, and the money


def complained(shop, card: Card) -> RefundRequest:
    request = refuse(shop, ask(card))
    return operations.mark_complained(request_id=request.pk, at=clock.now(), actor=card.holder.actor)


def test_a_complaint_is_settled_on_its_basis_once() -> None:
    shop = factories.shop()
    card = old_card(shop, used=3)
    request = complained(shop, card)
    refused(errors.RequestNotYours, lambda: agree(shop, request))
    refused(
        WrongState,
        lambda: operations.withdraw_request(holder_id=card.holder_id, request_id=request.pk, at=clock.now(), actor="x"),
    )
    facts = {"request_id": request.pk, "reference": "BJ-1", "at": clock.now(), "actor": "x"}
    above = card.agreement.price_fen + 1
    for basis, error in ((RefundBasis.MEDIATION, errors.AboveBasis), (RefundBasis.CONSENT, errors.AboveBasis)):
        refused(error, lambda basis=basis: operations.settle_request(amount_fen=above, basis=basis, **facts))
    refund = operations.settle_request(amount_fen=120_000, basis=RefundBasis.MEDIATION, **facts)
    assert (refund.amount_fen, refund.settled_fen, refund.basis, refund.reference) == (
        120_000,
        20_000,
        RefundBasis.MEDIATION,
        "BJ-1",
    )
    assert operations.settle_request(amount_fen=120_000, basis=RefundBasis.MEDIATION, **facts) == refund
    refused(WrongState, lambda: operations.settle_request(amount_fen=1, basis=RefundBasis.MEDIATION, **facts))


def test_a_dismissed_complaint_gives_the_card_back() -> None:
    shop = factories.shop()
    card = old_card(shop)
    request = complained(shop, card)
    operations.dismiss_request(request_id=request.pk, at=clock.now(), actor="x")
    assert (state(request), agreement_state(card)) == (RefundState.DISMISSED, AgreementState.HELD)


def test_paid_is_what_the_bank_says_not_what_was_granted() -> None:
    shop = factories.shop()
    request = agree(shop, ask(old_card(shop)))
    assert tasks.sweep()["record_paid"] == 0
    assert state(request) == RefundState.GRANTED
    factories.bank_pays_back(request)
    assert tasks.sweep()["record_paid"] == 1
    assert state(request) == RefundState.PAID
    assert tasks.sweep()["record_paid"] == 0


def test_one_bad_row_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = factories.shop()
    first, second = ask(old_card(shop)), ask(old_card(shop))
    monkeypatch.setattr(queries, "requests_unanswered", lambda on: [10**9, first.pk, second.pk])
    clock.advance(timedelta(days=30))
    assert tasks.sweep()["pass_silence"] == 2
    assert {state(first), state(second)} == {RefundState.SILENT}


def test_everybody_is_told_what_they_have_to_know(django_capture_on_commit_callbacks) -> None:
    shop = factories.shop()
    card = old_card(shop)
    with django_capture_on_commit_callbacks(execute=True):
        request = ask(card)
        refuse(shop, request)
        agree(shop, request)
        factories.bank_pays_back(request)
    assert list(Message.objects.filter(recipient=shop.owner).values_list("kind", flat=True)) == [
        "cards.refund_requested"
    ]
    told = set(Message.objects.filter(recipient=card.holder).values_list("kind", flat=True))
    assert {"cards.refund_refused", "cards.refund_granted", "cards.refund_paid"} <= told


@pytest.mark.parametrize("ended", [state for state, after in REFUND_TRANSITIONS.items() if not after])
def test_an_ended_request_is_ended(ended: RefundState) -> None:
    shop = factories.shop()
    request = ask(old_card(shop))
    granted = {"granted_fen": 1, "basis": "consent"} if ended == RefundState.PAID else {}
    RefundRequest.objects.filter(pk=request.pk).update(state=ended, **granted)
    facts = {"request_id": request.pk, "at": clock.now(), "actor": "x"}
    refused(WrongState, lambda: agree(shop, request))
    refused(WrongState, lambda: refuse(shop, request))
    refused(WrongState, lambda: operations.withdraw_request(holder_id=request.card.holder_id, **facts))
    refused(WrongState, lambda: operations.accept_offer(holder_id=request.card.holder_id, **facts))
    refused(WrongState, lambda: operations.mark_complained(**facts))
    refused(WrongState, lambda: operations.dismiss_request(**facts))


def test_steps_are_dated_and_end_where_the_request_stands() -> None:
    shop = factories.shop()
    request = ask(old_card(shop))
    assert [step.state for step in queries.steps_of(request)] == ["done", "current", "todo"]
    assert queries.steps_of(refuse(shop, request))[1].note == "概不退款"
    request = agree(shop, request)
    assert [step.state for step in queries.steps_of(request)] == ["done", "done", "done", "current"]
    factories.bank_pays_back(request)
    request = queries.request_of(user=request.card.holder, request_id=request.pk)
    steps = queries.steps_of(request)
    assert {step.state for step in steps} == {"done"}
    assert all(step.at for step in steps)
