"""What others keep of a merchant's money, on its own pages: in words, with sums that add up."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.channels import TransferAnswer
from escrow.models import Claim, LegalHold, ReserveRule
from escrow.operations.instructions import record_answer
from escrow.states import RefundBasis
from prepaid.merchants.models import Merchant
from tests.escrow.factories import AT, held_agreement
from tests.prepaid.merchants.factories import make_merchant, make_store, owner_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ACTOR = "system:test"


@pytest.fixture
def merchant(client) -> Merchant:
    """A merchant whose owner is signed in, with 2,000 yuan earned, paid out, and 500 of it owed again."""
    merchant = make_merchant()
    client.force_login(owner_of(merchant).user)
    card = held_agreement(merchant.beneficiary)
    used(card, 10)
    left = escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + DAY, actor=ACTOR).instruction
    answer = TransferAnswer(number=left.number, state="accepted", amount_fen=left.amount_fen)
    record_answer(channel=left.channel, answer=answer, at=AT + DAY)
    owed = {"amount_fen": 50_000, "basis": RefundBasis.JUDGMENT, "reference": "case 1", "at": AT + DAY, "actor": ACTOR}
    escrow.refund(agreement_id=card.pk, **owed)
    return merchant


def used(agreement, units: int, *, at=AT, **more) -> None:
    escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=True,
        key=f"k{agreement.pk}-{units}-{at}",
        reference="卡",
        at=at,
        actor=ACTOR,
        **more,
    )


def blocked(of: Merchant, sum_fen: int, *, at=AT + DAY, until: date = date(2026, 12, 31)) -> None:
    order = {"order_no": "(2026)京01执1号", "issued_by": "北京一中院", "sum_fen": sum_fen, "expires_on": until}
    escrow.order_hold(beneficiary_id=of.beneficiary_id, **order, at=at, actor=ACTOR)


def reserve(basis_points: int, up_to_fen: int) -> None:
    ReserveRule.objects.create(
        valid_from=date(2026, 1, 1), basis_points=basis_points, up_to_fen=up_to_fen, source="x", mark="A"
    )


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(("ordered_fen", "top_fen"), [(30_000, 6_000), (150_000, 100_000), (1_000_000, 100_000)])
def test_the_next_payout_is_foretold_as_it_comes(client, merchant, monkeypatch, ordered_fen, top_fen, held) -> None:
    """Claims, then orders, then the reserve: the page says what the run then does."""
    blocked(merchant, ordered_fen)
    reserve(1_000, top_fen)
    used(held_agreement(merchant.beneficiary), 10, at=AT + DAY)
    if held:
        escrow.hold_payouts(beneficiary_id=merchant.beneficiary_id, because="watch", at=AT, actor=ACTOR)
    monkeypatch.setattr("escrow.clock.now", lambda: AT + DAY)
    aside = client.get(reverse("shop_money")).context["aside"]
    payout = escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 2 * DAY, actor=ACTOR)
    assert aside.payout_fen == (payout.amount_fen if payout else 0)
    assert aside.to_orders_fen == LegalHold.objects.get().blocked_fen
    assert aside.to_claims_fen == sum(Claim.objects.values_list("paid_fen", flat=True)) == 50_000


def test_what_is_kept_is_said_in_words_and_gone_when_it_is_over(
    client, merchant, monkeypatch, django_assert_max_num_queries
) -> None:
    blocked(merchant, 30_000)
    reserve(1_250, 1_000_000)
    used(held_agreement(merchant.beneficiary), 10, at=AT + DAY)
    monkeypatch.setattr("escrow.clock.now", lambda: AT + DAY)
    with django_assert_max_num_queries(20):
        page = client.get(reverse("shop_money"), headers={"accept-language": "en"}).content.decode()
    claim = Claim.objects.get()
    for expected in (
        claim.number, "¥500.00", "(2026)京01执1号", "北京一中院", "2026-12-31", "¥300.00", "12.5% of every payout",
        "−¥500.00", "−¥300.00", "−¥150.00", "¥1,050.00",
    ):  # fmt: skip
        assert expected in page, expected
    escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 2 * DAY, actor=ACTOR)
    page = client.get(reverse("shop_money")).content.decode()
    assert claim.number not in page
    assert "¥150.00" in page  # the reserve stays
    client.force_login(owner_of(make_merchant()).user)
    other = client.get(reverse("shop_money")).content.decode()
    assert "京01执1号" not in other


def test_the_lines_of_the_next_payout_come_to_what_it_pays(
    client, merchant, monkeypatch, django_assert_max_num_queries
) -> None:
    """Its lines add up to what is due, the page says what is taken off, and the run pays the rest; what is held has a reason."""
    blocked(merchant, 30_000)
    reserve(1_000, 1_000_000)
    store, card = make_store(merchant), held_agreement(merchant.beneficiary)
    used(card, 3, at=AT + DAY, place=str(store.pk))
    used(card, 2, at=AT + 2 * DAY)
    monkeypatch.setattr("escrow.clock.now", lambda: AT + DAY)
    monkeypatch.setattr("prepaid.merchants.views.money.LINES_A_PAGE", 1)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("shop_next_payout"), headers={"accept-language": "en"})
    [line] = page.context["page"]
    figures, aside, held = (page.context[name] for name in ("figures", "aside", "held"))
    body = page.content.decode()
    for expected in (store.name, "−¥500.00", "−¥100.00", "¥600.00", "2026-"):
        assert expected in body, expected
    assert line.line_fen == figures.next_payout_fen == 60_000
    assert (aside.to_claims_fen, aside.to_orders_fen, aside.to_reserve_fen, aside.payout_fen) == (50_000, 10_000, 0, 0)
    assert (held.unused_fen, held.waiting_fen, held.frozen_fen) == (100_000, 0, 0)
    assert page.context["held_fen"] == 100_000
    everything = escrow_queries.next_lines(merchant.beneficiary_id, figures)
    assert page.context["page"].paginator.count == everything.count() == 1
    client.force_login(owner_of(make_merchant()).user)
    other = client.get(reverse("shop_next_payout"), headers={"accept-language": "en"})
    assert "Nothing is earned that was not paid out" in other.content.decode()


def test_a_payouts_sums_by_reason_and_its_lines_come_to_its_amount(client, merchant) -> None:
    blocked(merchant, 30_000)
    reserve(1_000, 1_000_000)
    used(held_agreement(merchant.beneficiary), 10, at=AT + DAY)
    payout = escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 2 * DAY, actor=ACTOR)
    page = client.get(reverse("shop_payout", args=[payout.pk]), headers={"accept-language": "en"})
    sums = page.context["sums"]
    assert [(reason, fen) for reason, _count, fen in sums] == [
        ("use", 200_000),
        ("share kept as reserve", -12_000),
        ("blocked by order", -30_000),
        ("claim served", -50_000),
    ]
    assert sum(fen for _reason, _count, fen in sums) == payout.amount_fen == 108_000
    assert sum(count for _reason, count, _fen in sums) == page.context["page"].paginator.count
    body = page.content.decode()
    for expected in ("-¥500.00", "-¥300.00", "-¥120.00", Claim.objects.get().number, "(2026)京01执1号"):
        assert expected in body, expected


def test_many_claims_are_counted_and_the_oldest_listed(client, merchant, monkeypatch) -> None:
    monkeypatch.setattr("prepaid.merchants.views.money.CLAIMS_SHOWN", 1)
    used_up = held_agreement(merchant.beneficiary)
    used(used_up, 2, at=AT + DAY)  # 400 of the 500 that are owed
    escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 2 * DAY, actor=ACTOR)
    owed = {"amount_fen": 200_000, "basis": RefundBasis.JUDGMENT, "reference": "2", "at": AT + 2 * DAY, "actor": ACTOR}
    escrow.refund(agreement_id=used_up.pk, **owed)
    older, newer = Claim.objects.order_by("id")
    page = client.get(reverse("shop_money"), headers={"accept-language": "en"}).content.decode()
    assert older.number in page
    assert newer.number not in page
    assert "The oldest 1 of 2." in page
    assert "2 refunds could not be paid in full: ¥500.00 are still open." in page


def test_what_comes_back_from_the_reserve_is_foretold(client, merchant, monkeypatch) -> None:
    reserve(1_000, 1_000_000)
    card = held_agreement(merchant.beneficiary)
    used(card, 8, at=AT + DAY)
    escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 2 * DAY, actor=ACTOR)
    ReserveRule.objects.create(
        valid_from=(AT + 3 * DAY).date(), basis_points=1_000, up_to_fen=1_000, source="x", mark="A"
    )
    used(card, 2, at=AT + 3 * DAY)
    monkeypatch.setattr("escrow.clock.now", lambda: AT + 3 * DAY)
    page = client.get(reverse("shop_money"), headers={"accept-language": "en"})
    aside = page.context["aside"]
    assert aside.from_reserve_fen == 10_000
    assert "+¥100.00" in page.content.decode()
    payout = escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 4 * DAY, actor=ACTOR)
    assert aside.payout_fen == payout.amount_fen == 40_000 + 10_000


def test_what_came_back_and_waits_for_a_later_payout_bears_no_share_in_what_is_foretold(
    client, merchant, monkeypatch
) -> None:
    reserve(1_000, 1_000_000)
    card = held_agreement(merchant.beneficiary)
    used(card, 10, at=AT + DAY)
    escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 2 * DAY, actor=ACTOR)
    figures = {"basis_points": 1_000, "up_to_fen": 1_000_000, "keep_days": 0}
    ReserveRule.objects.create(valid_from=(AT + 3 * DAY).date(), **figures, source="x", mark="A")
    used(held_agreement(merchant.beneficiary), 5, at=AT + 3 * DAY)
    owed = {"amount_fen": 20_000, "basis": RefundBasis.JUDGMENT, "reference": "case 2"}
    escrow.refund(agreement_id=card.pk, **owed, at=AT + 3 * DAY, actor=ACTOR)
    assert escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 3 * DAY, actor=ACTOR) is None
    monkeypatch.setattr("escrow.clock.now", lambda: AT + 4 * DAY)
    aside = client.get(reverse("shop_money")).context["aside"]
    assert (aside.from_reserve_fen, aside.to_reserve_fen) == (0, 8_000)
    payout = escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + 4 * DAY, actor=ACTOR)
    assert aside.payout_fen == payout.amount_fen == 100_000 - 20_000 + 15_000 - 8_000
