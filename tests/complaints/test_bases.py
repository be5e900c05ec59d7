"""Escrow pays out on nothing else than a basis: each carries what it says, and everything else is refused."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.errors import AboveAgreement
from complaints.cases.models import Case
from complaints.cases.queries.bases import grounds_of, sums_of
from complaints.cases.states import Result
from escrow import clock, invariants
from escrow.errors import DomainError
from escrow.states import RefundBasis, StoppageKind
from prepaid.cards import errors
from prepaid.merchants import operations as merchants
from prepaid.products.reference import load_rates
from tests.complaints import factories as make
from tests.complaints import mediating
from tests.complaints.factories import ACTOR, AT
from tests.complaints.test_life import snapshot, uphold
from tests.prepaid.cards import factories as cards
from tests.prepaid.cards.test_refunds import late_stop

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def case() -> Case:
    """Asked for 30 days after the purchase: 2,000 yuan held, nothing used."""
    return make.complaint()


@pytest.fixture
def officer(case: Case):
    lead = make.officer()
    make.led(case, lead)
    return lead


def refused(case: Case, officer, error: type[DomainError], *, at=AT, **facts) -> str:
    before = snapshot(case)
    with pytest.raises(error) as refusal:
        uphold(case, officer, at=at, **facts)
    assert type(refusal.value) is error
    assert snapshot(case) == before
    return str(refusal.value)


def closed(case: Case, *, store=None, until: bool = False) -> None:
    facts = {"merchant_id": case.merchant_id, "because": "现场无人", "at": AT, "actor": ACTOR}
    made = merchants.begin_stoppage(store_id=store.pk if store else None, kind=StoppageKind.DARK, **facts)
    if until:
        merchants.end_stoppage(stoppage_id=made.pk, **facts)


def test_a_right_to_cool_off_that_is_over_carries_nothing(case, officer):
    sentence = refused(case, officer, errors.NoCoolingOff, basis=RefundBasis.COOLING_OFF, amount_fen=1)
    assert "冷静期" in sentence


def test_a_right_to_cool_off_carries_the_sum_kept_for_it(case, officer):
    case.figures["operator"] |= {"rule": "cooling_off", "refund_fen": 180_000}
    case.save(update_fields=["figures"])
    assert "1,800.00" in refused(
        case, officer, errors.AboveCoolingOff, basis=RefundBasis.COOLING_OFF, amount_fen=180_001
    )
    assert uphold(case, officer, basis=RefundBasis.COOLING_OFF, amount_fen=180_000).outcome.refund.owed_fen == 180_000


def test_silence_carries_what_was_asked_where_the_rule_says_so_and_the_term_has_passed(case, officer):
    request = case.refund_request
    refused(case, officer, errors.NoSilence, basis=RefundBasis.SILENCE, amount_fen=1)
    request.lapsed_at = AT
    request.save()  # late, where silence is no consent
    refused(Case.objects.get(pk=case.pk), officer, errors.NoSilence, basis=RefundBasis.SILENCE, amount_fen=1)
    request.silence_agrees, request.asked_fen = True, 150_000
    request.save()
    case = Case.objects.get(pk=case.pk)
    refused(case, officer, errors.AboveSilence, basis=RefundBasis.SILENCE, amount_fen=150_001)
    assert uphold(case, officer, basis=RefundBasis.SILENCE, amount_fen=150_000).outcome.basis == "silence"


def test_consent_carries_the_newest_sum_the_merchant_agreed_to(case, officer):
    boss = case.merchant.staff.get()
    refused(case, officer, errors.NoConsent, basis=RefundBasis.CONSENT, amount_fen=1)
    for offer in (120_000, 70_000):
        operations.answer(number=case.number, staff=boss, text="愿意", offer_fen=offer, at=AT)
    operations.answer(number=case.number, staff=boss, text="不再多", offer_fen=None, at=AT)
    assert "700.00" in refused(case, officer, errors.AboveConsent, basis=RefundBasis.CONSENT, amount_fen=70_001)
    assert uphold(case, officer, basis=RefundBasis.CONSENT, amount_fen=70_000).outcome.refund.owed_fen == 70_000


def test_an_offer_made_before_the_complaint_is_consent_too(case, officer):
    request = case.refund_request
    request.offered_fen = 90_000
    request.save()
    case = Case.objects.get(pk=case.pk)
    refused(case, officer, errors.AboveConsent, basis=RefundBasis.CONSENT, amount_fen=90_001)
    assert uphold(case, officer, basis=RefundBasis.CONSENT, amount_fen=90_000).outcome.amount_fen == 90_000


def test_a_closure_is_confirmed_by_a_record_that_is_still_open(case, officer):
    refused(case, officer, errors.NoClosure, basis=RefundBasis.CLOSURE, amount_fen=1)
    facts = {"merchant_id": case.merchant_id, "because": "换东家", "at": AT, "actor": ACTOR}
    merchants.begin_stoppage(store_id=None, kind=StoppageKind.CHANGED_HANDS, **facts)
    closed(case, until=True)
    refused(case, officer, errors.NoClosure, basis=RefundBasis.CLOSURE, amount_fen=1)
    closed(case)
    refused(case, officer, errors.AboveBasis, basis=RefundBasis.CLOSURE, amount_fen=200_001)
    assert uphold(case, officer, basis=RefundBasis.CLOSURE, amount_fen=200_000).outcome.basis == "closure"


def test_a_closure_of_every_store_that_takes_the_card_is_one_and_of_some_is_none():
    shop = make.shop(stores=(make.CHAOYANG, make.FENGTAI))
    make.officer()
    case, lead = make.complaint(shop), make.officer()
    make.led(case, lead)
    closed(case, store=shop.stores[0])
    refused(case, lead, errors.NoClosure, basis=RefundBasis.CLOSURE, amount_fen=1)
    closed(case, store=shop.stores[1])
    assert uphold(case, lead, basis=RefundBasis.CLOSURE, amount_fen=1).outcome.basis == "closure"


@pytest.mark.parametrize("basis", [RefundBasis.MEDIATION, RefundBasis.JUDGMENT])
def test_an_agreement_or_a_judgment_names_the_whole_sum_up_to_the_price_and_its_interest(case, officer, basis):
    load_rates(at=AT, actor=ACTOR)
    later = AT + 365 * DAY  # 0.35 % of 2,000 yuan: 7 yuan
    if basis == RefundBasis.MEDIATION:
        mediating.agreed(case, at=later, custody_fen=200_700)
    above = AboveAgreement if basis == RefundBasis.MEDIATION else errors.AboveBasis
    assert "2,007.00" in refused(case, officer, above, basis=basis, amount_fen=200_701, at=later)
    refund = uphold(case, officer, basis=basis, amount_fen=200_700, at=later).outcome.refund
    assert (refund.owed_fen, refund.interest_fen, refund.amount_fen) == (200_000, 700, 200_000)
    assert refund.claim.amount_fen == 700  # the merchant has earned nothing
    assert not [f.name for f in invariants.prove() if not f.ok and f.name != "statement_lines_matched"]


def test_on_another_basis_the_interest_of_the_law_comes_on_top_and_everybody_reads_it(case, officer):
    load_rates(at=AT, actor=ACTOR)
    boss = case.merchant.staff.get()
    operations.answer(number=case.number, staff=boss, text="愿意", offer_fen=100_000, at=AT)
    later = AT + 365 * DAY
    sums = sums_of(case, amount_fen=100_000, basis=RefundBasis.CONSENT, at=later)
    assert (sums.refund_fen, sums.interest_fen, sums.total_fen, sums.missing_fen) == (100_000, 350, 100_350, 0)
    refund = uphold(case, officer, basis=RefundBasis.CONSENT, amount_fen=100_000, at=later).outcome.refund
    # The rest of the card is the merchant's, so its interest comes out of that at once.
    assert (refund.owed_fen, refund.interest_fen, refund.amount_fen) == (100_000, 350, 100_350)
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(case.complainant)
    assert "3.50" in client.get(reverse("refund_detail", args=[case.refund_request_id])).content.decode()


def test_the_page_says_what_each_basis_carries_and_offers_no_other(case, officer):
    grounds = grounds_of(case, at=AT)
    assert set(grounds) == set(RefundBasis)
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(officer)
    url = reverse("admin:cases_case_decide", args=[case.pk])
    page = client.get(url).content.decode()
    for ground in grounds.values():
        assert (f'<option value="{ground.basis}" disabled>' in page) == (ground.refusal is not None)
        assert ground.refusal is None or str(ground.refusal).split("'")[0] in page
    before = snapshot(case)
    sent = {"result": Result.UPHELD, "amount": "1", "basis": RefundBasis.CLOSURE, "reasons": "关门"}
    answer = client.post(url, sent)
    assert answer.status_code == 400
    assert "basis" in answer.context["form"].errors
    answer = client.post(url, sent | {"basis": RefundBasis.JUDGMENT, "amount": "2000.01"})
    assert answer.status_code == 400
    assert "amount" in answer.context["form"].errors
    assert snapshot(case) == before


def test_a_refund_that_custody_does_not_hold_any_more_is_decided_and_its_rest_is_a_claim():
    """The year card whose stop was found late (rules.md): the decision is paid in full, or with a numbered claim."""
    shop = cards.shop()
    bought = clock.now()
    card = late_stop(shop, bought)
    at = bought + 130 * DAY
    make.officer()
    case, lead = make.complaint(shop, of=card, at=at), make.officer()
    make.led(case, lead, at=at)
    case = uphold(case, lead, basis=RefundBasis.CLOSURE, amount_fen=265_000, at=at)
    refund = case.outcome.refund
    assert (refund.owed_fen, refund.amount_fen + refund.claim.amount_fen) == (265_000, 265_000)
    assert not [f.name for f in invariants.prove() if not f.ok and f.name != "statement_lines_matched"]
