"""What a refund cannot pay at once, as the consumer learns it: on the page, in the steps, in every message."""

from datetime import timedelta

import pytest
from django.urls import reverse

from escrow import clock
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.models import Claim, Instruction
from escrow.operations.instructions import record_answer
from escrow.states import RefundBasis
from prepaid.cards import operations, queries, tasks
from prepaid.cards.models import RefundRequest
from prepaid.cards.states import RefundState
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, signed_in, text_of
from tests.prepaid.cards.test_refunds import ask, old_card, refuse

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def earn_and_pay_out(shop) -> None:
    clock.advance(12 * DAY)  # beyond the next working day, whatever holiday is on
    escrow.pay_out(beneficiary_id=shop.merchant.beneficiary_id, at=clock.now(), actor="system:test")


def complaint(shop, card, *, amount_fen: int) -> RefundRequest:
    """A refused request that a complaint brings to ``amount_fen``."""
    request = ask(card)
    refuse(shop, request)
    facts = {"request_id": request.pk, "at": clock.now(), "actor": "system:test"}
    operations.mark_complained(**facts)
    operations.settle_request(amount_fen=amount_fen, basis=RefundBasis.JUDGMENT, reference="case 1", **facts)
    return queries.request_of(user=card.holder, request_id=request.pk)


def bank_pays(instruction: Instruction) -> None:
    answer = TransferAnswer(number=instruction.number, state="succeeded", amount_fen=instruction.amount_fen)
    record_answer(channel=instruction.channel, answer=answer, at=clock.now())


def told(card, kind: str) -> Message:
    return Message.objects.filter(recipient=card.holder, kind=kind).latest("id")


def used_card(shop, *, used: int, holder=None):
    card = old_card(shop, used=used)
    card.holder.language = "en"
    card.holder.save()
    earn_and_pay_out(shop)
    return card


def test_the_part_that_is_a_claim_is_said_everywhere_until_it_is_paid(
    django_capture_on_commit_callbacks, django_assert_max_num_queries
) -> None:
    shop = factories.shop()
    card = used_card(shop, used=5)  # 1,000 yuan held, 1,000 earned and paid out
    with django_capture_on_commit_callbacks(execute=True):
        request = complaint(shop, card, amount_fen=150_000)
    claim = Claim.objects.get()
    granted = told(card, "cards.refund_granted")
    assert granted.title == "Refund granted: ¥1,500.00"
    for expected in ("¥1,000.00", "¥500.00", claim.number):
        assert expected in granted.body

    with django_capture_on_commit_callbacks(execute=True):
        factories.bank_pays_back(request)
    tasks.sweep()
    paid = told(card, "cards.refund_paid")
    assert paid.title == "¥1,000.00 paid back"
    for expected in ("¥1,500.00", "¥500.00", claim.number):
        assert expected in paid.body
    client, url = signed_in(card.holder), reverse("refund_detail", args=[request.pk])
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(url)
    for expected in (
        "Paid back in part",
        f"Claim {claim.number}",
        "¥500.00 still open as claim",
        "¥1,000.00 paid back",
    ):
        assert expected in text_of(page), expected
    assert claim.number in text_of(client.get(reverse("card_detail", args=[card.number])))
    assert signed_in(factories.person()).get(url).status_code == 404

    other = factories.card(shop)
    factories.charge(other, shop.boss)  # 200 yuan earned: all of it the claim's
    with django_capture_on_commit_callbacks(execute=True):
        earn_and_pay_out(shop)
        bank_pays(claim.payments.get().instruction)
    part = told(card, "cards.claim_paid")
    assert part.title == f"¥200.00 paid back on claim {claim.number}"
    assert "¥300.00 are still open" in part.body
    assert part.url == url
    assert "¥300.00 still open as claim" in text_of(client.get(url))

    factories.charge(other, shop.boss, units=1, age=1)
    factories.charge(factories.card(shop), shop.boss)
    with django_capture_on_commit_callbacks(execute=True):
        earn_and_pay_out(shop)
        bank_pays(claim.payments.latest("id").instruction)
    last = told(card, "cards.claim_paid")
    assert last.title == f"¥300.00 paid back on claim {claim.number}"
    assert "still open" not in last.body
    page = text_of(client.get(url))
    assert f"Claim {claim.number} paid by the merchant's payouts" in page.replace("&#x27;", "'")
    assert "Paid back in part" not in page


def test_a_refund_of_which_nothing_can_be_paid_now_is_paid_when_its_claim_is(
    django_capture_on_commit_callbacks,
) -> None:
    shop = factories.shop()
    card = used_card(shop, used=9)
    spent = factories.charge(card, shop.boss, age=1)
    assert spent.units == 1
    earn_and_pay_out(shop)
    refund = escrow.refund(
        agreement_id=card.agreement_id,
        amount_fen=40_000,
        basis=RefundBasis.JUDGMENT,
        reference="case 2",
        at=clock.now(),
        actor="system:test",
    )
    assert refund.amount_fen == 0
    client = signed_in(card.holder)
    page = text_of(client.get(reverse("card_detail", args=[card.number])))
    assert Claim.objects.get().number in page
    assert "¥400.00" in page
    other = factories.card(shop)
    for age in (0, 1):
        factories.charge(other, shop.boss, age=age)
        refund.refresh_from_db()
        assert refund.paid_at is None
        with django_capture_on_commit_callbacks(execute=True):
            earn_and_pay_out(shop)
            bank_pays(refund.claim.payments.latest("id").instruction)
    refund.refresh_from_db()
    assert refund.paid_at is not None
    assert told(card, "cards.claim_paid").url == reverse("card_detail", args=[card.number])


def test_a_refund_that_is_paid_whole_speaks_of_no_claim(django_capture_on_commit_callbacks) -> None:
    shop = factories.shop()
    card = used_card(shop, used=5)
    with django_capture_on_commit_callbacks(execute=True):
        request = complaint(shop, card, amount_fen=100_000)
        factories.bank_pays_back(request)
    tasks.sweep()
    assert RefundRequest.objects.get(pk=request.pk).state == RefundState.PAID
    page = text_of(signed_in(card.holder).get(reverse("refund_detail", args=[request.pk])))
    messages = [told(card, "cards.refund_granted").body, told(card, "cards.refund_paid").body]
    for text in (page, *messages):
        assert "claim" not in text.lower()
