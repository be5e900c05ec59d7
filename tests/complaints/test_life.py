"""From the complaint to the money: who may do what, what each refusal leaves untouched, how it ends."""

from datetime import timedelta

import pytest

from complaints.cases import operations
from complaints.cases.errors import (
    AlreadyDecided,
    CaseExists,
    HasALead,
    NothingToComplainAbout,
    NotTheLead,
    OfficerElsewhere,
    ReasonRequired,
    RefundUnpaid,
    TextMissing,
)
from complaints.cases.models import Case, CaseEvent, Outcome, Statement
from complaints.cases.queries.file import figures_of
from complaints.cases.states import CallResult, CaseState, EventKind, Result, Side, Wanted
from escrow import clock
from escrow import queries as escrow
from escrow.errors import BasisRequired, InvalidAmount, NotFound
from escrow.models import AuditEntry, Refund
from escrow.states import AgreementState, RefundBasis
from prepaid.cards import operations as cards
from prepaid.cards.errors import AboveBasis, OfferTooHigh
from prepaid.cards.states import RefundCause
from prepaid.people import operations as people
from prepaid.people.errors import ReasonMissing
from prepaid.products.reference import load_rates
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, CHAOYANG, FENGTAI

pytestmark = pytest.mark.django_db


def snapshot(case: Case) -> tuple:
    """Everything a refused action must leave as it was."""
    row = Case.objects.values().get(pk=case.pk)
    return (
        row,
        escrow.holding(case.card.agreement_id),
        CaseEvent.objects.count(),
        Statement.objects.count(),
        Outcome.objects.count(),
        Refund.objects.count(),
        AuditEntry.objects.count(),
        type(case.refund_request).objects.values().get(pk=case.refund_request_id),
    )


def uphold(case: Case, officer, *, amount_fen=100_000, basis=RefundBasis.JUDGMENT, reasons="判决书", at=AT) -> Case:
    return operations.decide(
        number=case.number,
        officer=officer,
        result=Result.UPHELD,
        amount_fen=amount_fen,
        basis=basis,
        reasons=reasons,
        at=at,
    )


def reject(case: Case, officer, *, reasons="证据不足", at=AT) -> Case:
    return operations.decide(
        number=case.number,
        officer=officer,
        result=Result.NOT_UPHELD,
        amount_fen=None,
        basis="",
        reasons=reasons,
        at=at,
    )


# Opening


def test_a_refused_request_becomes_a_case_with_a_number_an_owner_and_a_clock():
    case = make.complaint()
    assert case.number == f"BJ20261123-{case.pk:06d}"
    assert (case.state, case.lead_department_id) == (CaseState.DISPATCHED, "commerce")
    assert escrow.holding(case.card.agreement_id).state == AgreementState.FROZEN
    case.refund_request.refresh_from_db()
    assert case.refund_request.state == "complained"


def test_silence_opens_the_way_too():
    shop = make.shop()
    card = make.card(shop)
    request = cards.request_refund(card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=AT, actor=ACTOR)
    later = AT + timedelta(days=30)
    cards.pass_silence(request_id=request.pk, at=later, actor=ACTOR)
    case = operations.open_case(
        refund_request_id=request.pk, complainant=card.holder, text="不理人", wanted=Wanted.REFUND, at=later
    )
    assert case.state == CaseState.RECEIVED


def test_one_request_one_complaint():
    case = make.complaint()
    before = snapshot(case)
    with pytest.raises(CaseExists) as refusal:
        operations.open_case(
            refund_request_id=case.refund_request_id,
            complainant=case.complainant,
            text="又来",
            wanted=Wanted.REFUND,
            at=AT,
        )
    assert refusal.value.details["number"] == case.number
    assert snapshot(case) == before


@pytest.mark.parametrize("text", ["", "  \n ", "长" * 2001])
def test_a_complaint_says_something(text):
    shop = make.shop()
    request = make.refused(make.card(shop), shop)
    with pytest.raises(TextMissing):
        operations.open_case(
            refund_request_id=request.pk, complainant=request.card.holder, text=text, wanted=Wanted.REFUND, at=AT
        )
    assert not Case.objects.exists()


def test_no_complaint_while_the_merchant_may_still_answer_nor_about_anothers_request():
    shop = make.shop()
    card = make.card(shop)
    request = cards.request_refund(card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=AT, actor=ACTOR)
    for complainant, error in ((card.holder, NothingToComplainAbout), (make.person(), NotFound)):
        with pytest.raises(error):
            operations.open_case(
                refund_request_id=request.pk, complainant=complainant, text="急", wanted=Wanted.REFUND, at=AT
            )
    assert not Case.objects.exists()


# Who leads


def test_the_first_to_accept_leads_to_the_end():
    case = make.complaint()
    first, second = make.officer(), make.officer()
    assert make.led(case, first).lead_officer == first
    before = snapshot(case)
    with pytest.raises(HasALead):
        make.led(case, second)
    with pytest.raises(HasALead):
        operations.assign(number=case.number, lead_id=second.pk, officer=first, at=AT)
    with pytest.raises(NotTheLead):
        uphold(case, second)
    assert snapshot(case) == before


def test_a_lead_who_left_the_post_is_replaced_by_a_colleague():
    case = make.complaint()
    gone, next_one = make.officer(), make.officer()
    make.led(case, gone)
    people.end_post(post_id=gone.post.pk, last_day=AT.date() - timedelta(days=1), at=AT, actor=ACTOR)
    case = operations.assign(number=case.number, lead_id=next_one.pk, officer=next_one, at=AT)
    assert (case.lead_officer, case.state) == (next_one, CaseState.IN_HAND)


def test_only_an_officer_of_the_queue_can_be_put_in_charge():
    case = make.complaint()
    mine, colleague = make.officer(), make.officer()
    before = snapshot(case)
    strangers = (make.officer("commerce", FENGTAI), make.officer("sports"), make.person())
    before = snapshot(case)
    for stranger in strangers:
        with pytest.raises(OfficerElsewhere):
            operations.assign(number=case.number, lead_id=stranger.pk, officer=mine, at=AT)
    assert snapshot(case) == before
    assert operations.assign(number=case.number, lead_id=colleague.pk, officer=mine, at=AT).lead_officer == colleague


@pytest.mark.parametrize(
    ("department", "district", "sees"),
    [
        ("commerce", CHAOYANG, True),
        ("commerce", None, True),
        ("commerce", FENGTAI, False),
        ("sports", CHAOYANG, False),
        ("market_regulation", CHAOYANG, False),
        ("market_regulation", None, False),
    ],
)
def test_only_the_department_of_that_district_or_of_the_city_acts(department, district, sees):
    shop = make.shop()
    make.officer()  # the district has a post, so the case lies in its queue
    case = make.complaint(shop)
    officer = make.officer(department, district)
    before = snapshot(case)
    if sees:
        assert make.led(case, officer).lead_officer == officer
    else:
        with pytest.raises(NotFound):
            make.led(case, officer)
        assert snapshot(case) == before


def test_the_platforms_operator_reads_and_never_acts():
    case = make.complaint()
    operator = make.operator()
    before = snapshot(case)
    with pytest.raises(NotFound):
        make.led(case, operator)
    assert snapshot(case) == before


# Hearing


def test_both_sides_are_heard_and_calls_logged():
    shop = make.shop()
    case = make.complaint(shop)
    officer = make.officer()
    make.led(case, officer)
    operations.add_statement(number=case.number, complainant=case.complainant, text="补充", at=AT)
    operations.answer(number=case.number, staff=shop.boss, text="愿意退一半", offer_fen=70_000, at=AT)
    operations.record_statement(number=case.number, officer=officer, side=Side.MERCHANT, text="电话中确认", at=AT)
    operations.log_call(number=case.number, officer=officer, side=Side.CONSUMER, result=CallResult.NOT_REACHED, at=AT)
    kinds = list(case.events.values_list("kind", flat=True))
    assert kinds == ["received", "dispatched", "accepted", "statement", "statement", "statement", "call"]
    assert case.statements.get(offer_fen__isnull=False).offer_fen == 70_000


def test_nobody_promises_more_than_was_paid_for_the_card():
    shop = make.shop()
    case = make.complaint(shop)
    officer = make.officer()
    make.led(case, officer)
    paid = case.card.agreement.price_fen
    with pytest.raises(OfferTooHigh):
        operations.answer(number=case.number, staff=shop.boss, text="全退", offer_fen=paid + 1, at=AT)
    with pytest.raises(OfferTooHigh):
        operations.record_statement(
            number=case.number, officer=officer, side=Side.MERCHANT, text="全退", offer_fen=paid + 1, at=AT
        )
    assert not case.statements.filter(offer_fen__isnull=False).exists()
    operations.answer(number=case.number, staff=shop.boss, text="全退", offer_fen=paid, at=AT)
    assert case.statements.get(offer_fen__isnull=False).offer_fen == paid


def test_a_merchant_answers_only_about_itself_and_a_cashier_not_at_all():
    case = make.complaint()
    other = make.shop()
    before = snapshot(case)
    with pytest.raises(NotFound):
        operations.answer(number=case.number, staff=other.boss, text="…", offer_fen=None, at=AT)
    with pytest.raises(NotFound):
        operations.add_statement(number=case.number, complainant=other.owner, text="…", at=AT)
    boss = case.merchant.staff.get()
    boss.role = "cashier"
    with pytest.raises(NotFound):
        operations.answer(number=case.number, staff=boss, text="…", offer_fen=None, at=AT)
    assert snapshot(case) == before


def test_the_telephone_number_is_shown_to_the_lead_only_and_the_look_is_kept():
    case = make.complaint()
    officer, colleague = make.officer(), make.officer()
    make.led(case, officer)
    with pytest.raises(NotTheLead):
        operations.reveal_phone(number=case.number, reason="to call back", officer=colleague, at=AT)
    with pytest.raises(ReasonMissing):
        operations.reveal_phone(number=case.number, reason="why", officer=officer, at=AT)
    assert not AuditEntry.objects.filter(action="cases.reveal_phone").exists()
    shown = operations.reveal_phone(number=case.number, reason="to call back", officer=officer, at=AT)
    assert shown == case.complainant.phone
    entry = AuditEntry.objects.filter(action="cases.reveal_phone").get()
    assert (entry.actor, entry.target) == (officer.actor, f"case:{case.pk}")
    assert entry.after == {"reason": "to call back"}


# Deciding


def test_upheld_is_money_and_closes_when_the_bank_says_so():
    case = make.complaint()
    officer = make.officer()
    make.led(case, officer)
    case = uphold(case, officer, amount_fen=123_456)
    refund = case.outcome.refund
    assert (refund.amount_fen, refund.settled_fen, refund.basis) == (123_456, 76_544, RefundBasis.JUDGMENT)
    assert (refund.reference, case.state) == (case.number, CaseState.EXECUTING)
    assert escrow.holding(case.card.agreement_id).state == AgreementState.CLOSED
    with pytest.raises(RefundUnpaid):
        operations.close_paid(case_id=case.pk, at=AT, actor=ACTOR)
    operations.sweep(at=AT, actor=ACTOR)
    case.refresh_from_db()
    assert case.state == CaseState.EXECUTING

    Refund.objects.filter(pk=refund.pk).update(paid_at=AT)
    operations.sweep(at=AT, actor=ACTOR)
    operations.sweep(at=AT, actor=ACTOR)
    case.refresh_from_db()
    assert (case.state, case.closed_at, case.lead_officer) == (CaseState.CLOSED, AT, officer)
    assert case.events.filter(kind=EventKind.PAID).count() == 1
    told = case.complainant.messages.filter(kind="cases.step").latest("id")
    assert "1,234.56" in told.title


def test_the_figures_stay_as_they_were_when_the_refund_was_asked_for():
    case = make.complaint()
    officer = make.officer()
    make.led(case, officer)
    before = figures_of(case, today=AT.date())
    assert {figure.cause: figure.quote.refund_fen for figure in before} == dict.fromkeys(RefundCause, 200_000)
    uphold(case, officer)
    assert figures_of(Case.objects.get(pk=case.pk), today=AT.date()) == before


def test_each_figure_says_what_interest_it_has_borne_since_the_request():
    load_rates(at=AT, actor=ACTOR)
    case = make.complaint()
    asked_on = clock.beijing_date(case.refund_request.requested_at)
    assert {figure.interest for figure in figures_of(case, today=asked_on)} == {None}
    later = figures_of(case, today=asked_on + timedelta(days=365))
    # All of it lies in custody, which earns 0.35 % whoever has the cause.
    assert [figure.interest.interest_fen for figure in later if figure.interest] == [700] * 3


def test_not_upheld_gives_the_card_back():
    case = make.complaint()
    officer = make.officer()
    make.led(case, officer)
    case = reject(case, officer)
    assert (case.state, case.outcome.result, case.closed_at) == (CaseState.CLOSED, Result.NOT_UPHELD, AT)
    assert escrow.holding(case.card.agreement_id).state == AgreementState.HELD
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"amount_fen": 200_001}, AboveBasis),
        ({"amount_fen": 10**18}, InvalidAmount),
        ({"amount_fen": 0}, InvalidAmount),
        ({"amount_fen": -1}, InvalidAmount),
        ({"amount_fen": 0.001}, InvalidAmount),
        ({"amount_fen": None}, InvalidAmount),
        ({"basis": ""}, BasisRequired),
        ({"basis": "because"}, BasisRequired),
        ({"reasons": " "}, ReasonRequired),
        ({"reasons": "长" * 2001}, ReasonRequired),
    ],
)
def test_a_bad_decision_changes_nothing(facts, error):
    case = make.complaint()
    officer = make.officer()
    make.led(case, officer)
    before = snapshot(case)
    with pytest.raises(error):
        uphold(case, officer, **facts)
    decision = {"amount_fen": 100_000, "basis": "judgment", "reasons": "判决书", **facts}
    with pytest.raises(error):
        operations.check_decision(number=case.number, officer=officer, result=Result.UPHELD, at=AT, **decision)
    assert snapshot(case) == before


def test_all_that_was_paid_may_be_refunded_to_the_fen():
    case = make.complaint()
    officer = make.officer()
    make.led(case, officer)
    assert uphold(case, officer, amount_fen=200_000).outcome.refund.settled_fen == 0


def test_nobody_decides_before_taking_charge_nor_twice():
    case = make.complaint()
    officer = make.officer()
    before = snapshot(case)
    with pytest.raises(NotTheLead):
        uphold(case, officer)
    assert snapshot(case) == before
    make.led(case, officer)
    uphold(case, officer)
    before = snapshot(case)
    for again in (uphold, reject):
        with pytest.raises(AlreadyDecided):
            again(case, officer)
    assert snapshot(case) == before


# Withdrawing, and what is late


def test_the_consumer_withdraws_until_it_is_decided():
    case = make.complaint()
    officer = make.officer()
    make.led(case, officer)
    with pytest.raises(NotFound):
        operations.withdraw(number=case.number, complainant=make.person(), at=AT)
    case = operations.withdraw(number=case.number, complainant=case.complainant, at=AT)
    assert (case.state, case.lead_officer) == (CaseState.WITHDRAWN, officer)
    assert escrow.holding(case.card.agreement_id).state == AgreementState.HELD
    before = snapshot(case)
    with pytest.raises(AlreadyDecided):
        operations.withdraw(number=case.number, complainant=case.complainant, at=AT)
    with pytest.raises(AlreadyDecided):
        uphold(case, officer)
    with pytest.raises(AlreadyDecided):
        operations.add_statement(number=case.number, complainant=case.complainant, text="等等", at=AT)
    assert snapshot(case) == before


def test_every_deed_stands_in_the_audit_trail():
    case = make.complaint()
    officer = make.officer()
    make.led(case, officer)
    reject(case, officer)
    actions = AuditEntry.objects.filter(target=f"case:{case.pk}").order_by("id").values_list("action", "actor")
    assert list(actions) == [
        ("cases.received", case.complainant.actor),
        ("cases.dispatched", ACTOR),
        ("cases.accepted", officer.actor),
        ("cases.not_upheld", officer.actor),
    ]
