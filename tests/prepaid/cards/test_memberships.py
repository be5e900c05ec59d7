"""Cards paid month by month: one month prepaid at most, due by the clock, resting without debt, ended with one tap."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from escrow import clock, invariants
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow import terms as escrow_terms
from escrow.errors import NotFound
from escrow.models import AuditEntry, Payment, Use
from escrow.states import AgreementState, PaymentState, Plan, RefundBasis, StoppageKind, UseState
from prepaid.cards import errors, operations, queries, tasks
from prepaid.cards.models import Card, CardRule, ExpiryNotice
from prepaid.cards.queries import memberships
from prepaid.cards.states import RefundCause, RefundState
from prepaid.merchants.models import SectorRule, Store
from prepaid.notices.models import Message
from prepaid.products import operations as products
from prepaid.products.errors import LeaseTooShort, NoStoreOpen, PriceCapExceeded
from prepaid.products.models import ProductVersion
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused
from tests.prepaid.cards.test_pages import MOST_QUERIES, fields_of, order_form, signed_in, text_of
from tests.prepaid.cards.test_transfers import offered, taking

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MONTH = {"price_fen": 31_000, "months": 3, "days": None}


@pytest.fixture
def shop():
    return factories.shop()


@pytest.fixture
def card(shop) -> Card:
    return factories.card(shop, Plan.PERIOD, **MONTH)


def pass_days(days: int) -> None:
    """Time goes on, and the days served with it."""
    clock.advance(days * DAY)
    escrow.accrue(at=clock.now(), actor="system:test")


def pay_next(card: Card) -> Card:
    holder = card.holder
    return factories.pay(
        operations.order_next_month(holder=holder, number=card.number, at=clock.now(), actor=holder.actor)
    )


def membership(card: Card) -> queries.Membership:
    return queries.membership_of(card=Card.objects.get(pk=card.pk), today=clock.today())


def found_shut(shop, *, days: int) -> None:
    """It becomes known now that nobody served on the last so many days."""
    stop = {"beneficiary_id": shop.merchant.beneficiary_id, "place": "", "kind": StoppageKind.DARK, "actor": "user:1"}
    escrow.begin_stoppage(**stop, because="shut", since=clock.today() - days * DAY, at=clock.now())
    escrow.end_stoppage(**stop, because="shut", at=clock.now())


def broken() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_a_merchant_makes_it_and_a_customer_buys_its_first_month(shop) -> None:
    desk, url = signed_in(shop.owner), reverse("shop_product_add", args=["monthly"])
    assert url in desk.get(reverse("shop_product_new")).content.decode()
    form = fields_of(desk.get(url))
    assert "days" not in form
    clauses = {field.name: field.value() for field in desk.get(url).context["form"].clause_fields}
    typed = {**clauses, "name": "健身月付", "price_fen": "310", "service": "不限次", "stores": [shop.stores[0].pk]}
    assert desk.post(url, {**typed, "months": "1"}).status_code == 400
    assert not ProductVersion.objects.exists()
    page = desk.post(url, {**typed, "months": "3"}, follow=True)
    assert "so the caps count one month of the 3" in text_of(page)
    version = ProductVersion.objects.get()
    assert (version.months, version.days, version.price_fen, version.units_total) == (3, 31, 31_000, 31)
    desk.post(reverse("shop_version_submit", args=[version.pk]))
    buyer = factories.person()
    client = signed_in(buyer)
    public = text_of(client.get(reverse("product_detail", args=[version.pk])))
    assert "month by month, at most 3 months" in public
    shown = text_of(client.get(reverse("buy", args=[version.pk])))
    assert "never more than one month is prepaid" in shown
    client.post(reverse("buy", args=[version.pk]), order_form(client, version))
    first = factories.pay(Card.objects.get())
    assert (first.agreement.price_fen, first.agreement.units_total) == (31_000, 31)
    contract = first.contract.content["en"]
    assert len(contract["items"]) == 12
    said = str(contract)
    for words in ("¥310.00 a month", "Nothing is debited", "there is no penalty", "owes nothing", "I prepay ¥310.00"):
        assert words in said
    assert operations.printed(contract=first.contract, at=clock.now(), actor="user:1").startswith(b"%PDF")
    assert not any(queries.check_contracts().values())


def test_the_next_month_is_paid_from_the_last_day_on_once_and_only_one(shop, card) -> None:
    client, url = signed_in(card.holder), reverse("card_next_month", args=[card.number])
    refused(errors.MonthNotDue, lambda: pay_next(card))
    answer = client.post(url)
    assert answer.status_code == 409
    assert "Wait until that day" in text_of(answer)
    pass_days(31)
    assert factories.charge(card, shop.boss).units == 0, "its last day"
    for _time in range(2):  # a double click: the channel is not there; the order stands, once
        client.post(url)
    month = Card.objects.get(tops_up=card)
    assert month.agreement.state == AgreementState.OPEN
    factories.pay(month)
    refused(errors.MonthNotDue, lambda: pay_next(card))
    assert client.post(url).status_code == 409, "the back button after paying"
    last_day = clock.today() + 31 * DAY
    assert membership(card).paid_until == last_day
    pass_days(1)
    checked_in = factories.charge(card, shop.boss, age=1)
    assert checked_in.card == month, "one code for all months"
    assert client.get(reverse("card_detail", args=[month.number])).url == reverse("card_detail", args=[card.number])
    assert signed_in(factories.person("别人")).post(url).status_code == 404
    assert signed_in(factories.person("别人")).post(reverse("card_end", args=[card.number])).status_code == 404
    pass_days(30)
    pay_next(card)
    pass_days(31)
    refused(errors.NoNextMonth, lambda: pay_next(card))
    pass_days(8)
    held = [escrow_queries.holding(c.agreement_id).held_fen for c in Card.objects.order_by("pk")]
    assert held[:2] == [0, 0]
    assert not broken()
    refused(errors.CardExpired, lambda: factories.charge(card, shop.boss, age=2))


def test_unpaid_it_rests_without_debt_and_begins_when_it_is_paid(shop, card, django_assert_max_num_queries) -> None:
    client = signed_in(card.holder)
    pass_days(40)
    error = refused(errors.MonthUnpaid, lambda: factories.charge(card, shop.boss))
    assert str(card.expires_on) in str(error)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("card_detail", args=[card.number]))
    assert "The card rests" in text_of(page)
    assert "Show the code" not in text_of(page)
    assert client.get(reverse("card_code", args=[card.number])).status_code == 302
    assert "rests until the next month is paid" in text_of(client.get(reverse("wallet")))
    assert not Payment.objects.filter(state=PaymentState.CREATED).exists()
    pay_next(card)
    assert membership(card).paid_until == clock.today() + 31 * DAY
    assert factories.charge(card, shop.boss, age=1).units == 0, "as soon as it is paid"
    with CaptureQueriesContext(connection) as wallet:
        page = client.get(reverse("wallet"))
    assert len(wallet) <= MOST_QUERIES
    assert page.content.decode().count("card-face-name") == 1, "one card, however many months"


def test_its_holder_ends_it_with_one_tap_and_owes_nothing(shop, card) -> None:
    client, url = signed_in(card.holder), reverse("card_end", args=[card.number])
    pass_days(31)
    month = operations.order_next_month(holder=card.holder, number=card.number, at=clock.now(), actor=card.holder.actor)
    for _time in range(2):
        page = client.post(url, follow=True)
        assert "nothing is owed" in text_of(page)
    assert AuditEntry.objects.filter(action="cards.end_membership").count() == 1
    month.agreement.refresh_from_db()
    assert month.agreement.state == AgreementState.CANCELLED
    factories.pay(month)
    assert Payment.objects.get(agreement=month.agreement).state == PaymentState.LATE, "the money goes back"
    assert factories.charge(card, shop.boss).units == 0, "what is paid is used to its last day"
    refused(errors.NoNextMonth, lambda: pay_next(card))
    pass_days(1)
    refused(errors.CardExpired, lambda: factories.charge(card, shop.boss, age=1))
    assert "membership over" in text_of(client.get(reverse("wallet")))
    assert not broken()


def test_the_running_month_alone_is_refunded_and_no_further_one_follows(card) -> None:
    client = signed_in(card.holder)
    pass_days(31)
    month = pay_next(card)
    pass_days(11)
    page = client.get(reverse("card_detail", args=[card.number]))
    assert reverse("refund_start", args=[month.number]) in page.content.decode()
    quote = queries.refund_quote(card=month, cause=RefundCause.OPERATOR, at=clock.now())
    assert quote.refund_fen == 20_000, "eleven days of a month of 310 yuan were served"
    asked = operations.request_refund(
        card_id=month.pk, cause=RefundCause.OPERATOR, reason="", at=clock.now(), actor=card.holder.actor
    )
    assert asked.state == RefundState.REQUESTED
    assert "no further month is paid" in text_of(client.get(reverse("card_detail", args=[card.number])))
    boss = card.issuer.staff.get(role="owner")
    operations.agree_refund(staff=boss, request_id=asked.pk, at=clock.now(), actor=boss.user.actor)
    assert not membership(card).goes_on
    refused(errors.NoNextMonth, lambda: pay_next(card))
    assert "was paid back" in text_of(client.get(reverse("card_detail", args=[card.number])))
    assert not broken()


def test_who_takes_it_over_goes_on_paying_and_the_one_before_does_not(shop, card) -> None:
    pass_days(31)
    pay_next(card)
    pass_days(8)  # the cooling-off of the second month is over
    taker = factories.person("王芳")
    taking(offered(card, taker), taker)()
    pass_days(23)
    taken = Card.objects.get(pk=card.pk)
    refused(NotFound, lambda: pay_next(card))
    assert pay_next(taken).holder == taker
    assert len(membership(card).months) == 3
    assert not broken()


def test_the_gate_caps_and_leases_of_the_day_count_and_a_withdrawn_version_goes_on(shop, card) -> None:
    pass_days(31)
    products.withdraw_version(merchant_id=shop.merchant.pk, version_id=card.version_id, at=clock.now(), actor="user:1")
    rule = SectorRule.objects.filter(sector=card.issuer.sector)
    rule.update(max_price_fen=30_999)
    refused(PriceCapExceeded, lambda: pay_next(card))
    rule.update(max_price_fen=31_000, max_months=1)
    Store.objects.filter(merchant=shop.merchant).update(lease_ends_on=clock.today() + 30 * DAY)
    refused(LeaseTooShort, lambda: pay_next(card))
    Store.objects.filter(merchant=shop.merchant).update(lease_ends_on=None)
    Store.objects.filter(merchant=shop.merchant).update(is_open=False)
    refused(NoStoreOpen, lambda: pay_next(card))
    Store.objects.filter(merchant=shop.merchant).update(is_open=True)
    assert pay_next(card).agreement.state == AgreementState.HELD, "the merchant keeps the price for all its months"


def test_its_holder_is_told_before_the_month_ends_and_on_its_last_day(card) -> None:
    CardRule.objects.update(month_notice_days=4)
    said = []
    for days in (26, 1, 1, 3):
        pass_days(days)
        for _run in range(2):
            tasks.tell_of_expiries()
        said.append(list(ExpiryNotice.objects.order_by("pk").values_list("days_before", flat=True)))
    assert said == [[], [4], [4], [4, 0]]
    letters = Message.objects.filter(recipient=card.holder, kind="cards.month_ends", channel="in_app")
    assert letters.count() == 2
    assert not Message.objects.filter(kind="cards.expires").exists()
    month = pay_next(card)
    operations.end_membership(holder_id=card.holder_id, number=card.number, at=clock.now(), actor=card.holder.actor)
    pass_days(27)
    tasks.tell_of_expiries()
    pass_days(4)
    tasks.tell_of_expiries()
    assert ExpiryNotice.objects.filter(card=month).count() == 1, "an end is told once"


def test_days_that_a_stop_gives_back_when_the_next_month_is_paid_are_paid_back_without_asking(shop, card) -> None:
    pass_days(31)
    month = pay_next(card)
    pass_days(2)
    stop = {
        "beneficiary_id": shop.merchant.beneficiary_id,
        "place": "",
        "kind": StoppageKind.DARK,
        "because": "the door was shut",
        "actor": "user:1",
    }
    since = clock.today() - 4 * DAY
    escrow.begin_stoppage(**stop, since=since, at=clock.now())  # two days of the first month, two of the second
    escrow.end_stoppage(**stop, at=clock.now())
    tasks.sweep()
    assert not card.refund_requests.exists(), "days of it wait yet"
    for _day in range(9):
        pass_days(1)
        tasks.sweep()
    asked = card.refund_requests.get()
    left = escrow_terms.terms([card.agreement_id], today=clock.today())[card.agreement_id].left
    assert left > 0
    assert asked.granted_fen == left * 1_000
    assert asked.basis == RefundBasis.CONSENT
    letter = Message.objects.get(recipient=card.holder, kind="cards.days_returned", channel="in_app")
    assert f" {left} " in letter.body
    days = Use.objects.filter(agreement__in=[card.agreement, month.agreement]).exclude(state=UseState.VOIDED)
    counted = list(days.values_list("day", flat=True))
    assert len(counted) == len(set(counted)), "no day counts in both months"
    refused(errors.MonthNotDue, lambda: pay_next(card))
    assert membership(card).goes_on
    assert not broken()


def test_what_is_ordered_next_is_given_up_with_the_month_that_is_paid_back(shop):
    card = factories.card(shop, Plan.PERIOD, **MONTH)
    pass_days(31)
    holder, boss = card.holder, card.issuer.staff.get(role="owner")
    month = operations.order_next_month(holder=holder, number=card.number, at=clock.now(), actor=holder.actor)
    found_shut(shop, days=3)
    asked = operations.request_refund(
        card_id=card.pk, cause=RefundCause.OPERATOR, reason="", at=clock.now(), actor=holder.actor
    )
    month.agreement.refresh_from_db()
    assert month.agreement.state == AgreementState.CANCELLED
    operations.agree_refund(staff=boss, request_id=asked.pk, at=clock.now(), actor=boss.user.actor)
    factories.pay(month)  # the bank was quicker: the money goes back
    month.agreement.refresh_from_db()
    assert month.agreement.state == AgreementState.CANCELLED
    assert Payment.objects.get(agreement=month.agreement).state == PaymentState.LATE


def test_a_month_is_not_paid_after_one_that_is_being_paid_back(shop):
    """Frozen while the cashier's page was open, by somebody who did not know of the order."""
    card = factories.card(shop, Plan.PERIOD, **MONTH)
    pass_days(31)
    month = operations.order_next_month(holder=card.holder, number=card.number, at=clock.now(), actor=card.holder.actor)
    escrow.freeze_agreement(agreement_id=card.agreement_id, because="x", at=clock.now(), actor="user:x")
    factories.pay(month)
    assert Payment.objects.get(agreement=month.agreement).state == PaymentState.LATE
    assert broken() == []


def test_once_the_next_month_is_paid_a_refund_and_a_pause_are_asked_for_it(shop):
    card = factories.card(shop, Plan.PERIOD, **MONTH)
    pass_days(31)
    month = pay_next(card)
    page = signed_in(card.holder).get(reverse("card_detail", args=[card.number])).content.decode()
    for route in ("refund_start", "card_pause"):
        assert reverse(route, args=[month.number]) in page
        assert reverse(route, args=[card.number]) not in page
    with pytest.raises(errors.PauseAfterTheEnd):
        operations.ask_pause(
            by=card.holder,
            number=card.number,
            since=clock.today() + timedelta(days=1),
            until=clock.today() + timedelta(days=9),
            because="trip",
            at=clock.now(),
            actor=card.holder.actor,
        )


def test_an_order_of_the_next_month_can_be_cancelled_alone(shop):
    card = factories.card(shop, Plan.PERIOD, **MONTH)
    pass_days(31)
    month = operations.order_next_month(holder=card.holder, number=card.number, at=clock.now(), actor=card.holder.actor)
    phone, cancel = signed_in(card.holder), reverse("card_cancel", args=[month.number])
    assert cancel in phone.get(reverse("card_detail", args=[card.number])).content.decode()
    assert phone.post(cancel).status_code == 302
    assert membership(card).order is None
    assert membership(card).goes_on


def test_months_that_need_nothing_are_not_looked_at(shop, monkeypatch):
    card = factories.card(shop, Plan.PERIOD, **{**MONTH, "months": 12})
    found_shut(shop, days=0)
    for _month in range(5):
        pass_days((membership(card).paid_until - clock.today()).days)
        card = Card.objects.get(pk=card.pk)
        pay_next(card)
    pass_days(20)
    seen, real = [], memberships.faces_of

    def counted(*, cards, today):
        seen.extend(cards)
        return real(cards=seen, today=today)

    monkeypatch.setattr(memberships, "faces_of", counted)
    assert memberships.months_to_return(today=clock.today()) == []
    assert len(seen) <= 2, "the first months' stop was months ago"
