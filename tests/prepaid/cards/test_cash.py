"""Paid in cash at the shop: a receipt at once, a card once the bank's statement shows the money, no sales while it is late."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import gettext

from escrow import channels, clock, invariants
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import NotFound, RefundNotReturned
from escrow.models import Approval, AuditEntry, Instruction, Payment
from escrow.models import StatementLine as Kept
from escrow.states import AgreementState, ApprovalState, InstructionState, Plan
from prepaid.backoffice import operations as backoffice
from prepaid.cards import errors, operations, queries, tasks
from prepaid.cards.models import Card, CashSale
from prepaid.cards.queries import where_it_goes
from prepaid.cards.states import RefundCause
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import StaffMember, StaffRole, Store
from prepaid.merchants.models.closing import ClosingKind
from prepaid.merchants.queries import sales_stops
from prepaid.notices.models import Message
from prepaid.products.errors import SalesStopped
from tests.complaints import factories as people
from tests.escrow.test_statements import Statement
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused
from tests.prepaid.cards.test_pages import MOST_QUERIES, order_form, signed_in, text_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def bank(monkeypatch) -> Statement:
    made = Statement()
    monkeypatch.setattr(channels, "channel", lambda _code: made)
    return made


@pytest.fixture
def shop():
    return factories.shop()


def asked_in_cash(card: Card) -> CashSale:
    return operations.ask_to_pay_cash(
        holder_id=card.holder_id, number=card.number, at=clock.now(), actor=card.holder.actor
    )


@pytest.fixture
def sale(shop) -> CashSale:
    """An order whose holder stands at the counter."""
    return asked_in_cash(factories.order(factories.on_sale(shop)))


def taken(sale: CashSale, shop) -> CashSale:
    return operations.take_cash(staff=shop.boss, sale_id=sale.pk, at=clock.now(), actor=shop.owner.actor)


def deposit_of(sale: CashSale) -> Payment:
    return Payment.objects.get(agreement=sale.card.agreement)


def brought(sale: CashSale, bank: Statement) -> None:
    deposit = deposit_of(sale)
    account = sale.card.issuer.beneficiary.custody_no
    bank.add(account, "in", "payment", deposit.order_no, deposit.amount_fen)
    escrow.import_statement(channel="sandbox", at=clock.now())


def state(sale: CashSale) -> str:
    return Card.objects.get(pk=sale.card_id).agreement.state


def broken() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_from_the_phone_over_the_counter_to_the_bank(shop, bank, django_assert_max_num_queries) -> None:
    version, buyer = factories.on_sale(shop), factories.person()
    phone, desk = signed_in(buyer), signed_in(shop.owner)
    form = {**order_form(phone, version), "channel": "deposit"}
    for _time in range(2):  # one form, one order
        answer = phone.post(reverse("buy", args=[version.pk]), form)
    card = Card.objects.get()
    assert answer.url == reverse("card_detail", args=[card.number])
    with django_assert_max_num_queries(MOST_QUERIES):
        page = phone.get(answer.url)
    assert "at the shop's counter by" in text_of(page)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = desk.get(reverse("shop_cash"))
    sale = CashSale.objects.get()
    take = reverse("shop_cash_take", args=[sale.pk])
    assert take in page.content.decode()
    for _time in range(2):  # a double click
        answer = desk.post(take, follow=True)
    deposit = deposit_of(sale)
    assert AuditEntry.objects.filter(action="cards.take_cash").count() == 1
    assert deposit.deposit_due_on == escrow_queries.add_working_days(clock.today(), 2)
    slip = text_of(answer)
    assert deposit.order_no in slip
    assert card.issuer.beneficiary.custody_no in slip
    assert Message.objects.filter(recipient=buyer, kind="cards.cash_taken", channel="in_app").count() == 1
    page = phone.get(reverse("card_detail", args=[card.number]))
    assert "Not in custody yet" in text_of(page)
    assert "It lapses" not in text_of(page)
    assert "paid in cash, not in custody yet" in text_of(phone.get(reverse("wallet")))
    assert reverse("card_pay", args=[card.number]) not in page.content.decode()
    home = text_of(desk.get(reverse("shop_home")))
    assert "Bring ¥2,000.00 to custody" in home
    assert state(sale) == AgreementState.OPEN
    public = text_of(phone.get(reverse("merchant_detail", args=[card.issuer_id])))
    assert "Not in it: ¥2,000.00 that the merchant took in cash" in public
    assert "Nobody has prepaid anything" not in public
    refused(
        errors.CashTaken,
        lambda: operations.cancel_order(holder_id=buyer.pk, number=card.number, at=clock.now(), actor=buyer.actor),
    )
    brought(sale, bank)
    assert state(sale) == AgreementState.HELD
    assert factories.charge(Card.objects.get(), shop.boss).units == 1
    assert "in custody" in text_of(desk.get(reverse("shop_cash")))
    refused(
        errors.CashNotTaken,
        lambda: operations.give_cash_back(staff=shop.boss, sale_id=sale.pk, at=clock.now(), actor="user:1"),
    )
    assert not broken()


def test_late_money_stops_sales_and_its_holder_is_told_once(shop, sale, bank, django_assert_max_num_queries) -> None:
    taken(sale, shop)
    due_on = deposit_of(sale).deposit_due_on
    clock.advance((due_on - clock.today()) * 1)
    tasks.sweep()
    assert not sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk]
    clock.advance(DAY)
    for _time in range(2):
        tasks.sweep()
    [stop] = sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk]
    official = signed_in(
        people.officer(department=shop.merchant.sector.lead_department_id, district=shop.merchant.district_id)
    )
    with django_assert_max_num_queries(MOST_QUERIES):
        page = official.get(reverse("admin:merchants_merchant_change", args=[shop.merchant.pk]))
    assert "¥2,000.00 taken in cash was" in text_of(page)
    assert "2,000.00" in stop.reason
    assert Message.objects.filter(kind="cards.cash_overdue", channel="in_app").count() == 1
    refused(SalesStopped, lambda: factories.order(sale.card.version))
    desk, phone = signed_in(shop.owner), signed_in(sale.card.holder)
    assert "taken in cash was to be in custody" in text_of(desk.get(reverse("shop_home")))
    assert "sales are stopped" in text_of(desk.get(reverse("shop_cash")))
    assert "call 12345" in text_of(phone.get(reverse("card_detail", args=[sale.card.number])))
    brought(sale, bank)
    assert not sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk]
    assert state(sale) == AgreementState.HELD


def test_when_the_shop_closes_its_holder_is_not_told_that_custody_pays(shop, sale) -> None:
    other = factories.order(factories.on_sale(shop))
    taken(sale, shop)
    merchants.announce_closing(
        by=shop.boss,
        store_id=None,
        kind=ClosingKind.CLOSE,
        last_day=clock.today() + 40 * DAY,
        at=clock.now(),
        actor="user:1",
        because="retires",
    )
    tasks.sweep()
    told = {
        holder: Message.objects.get(recipient=holder, kind="cards.closing", channel="in_app").body
        for holder in (sale.card.holder, other.holder)
    }
    assert "12345" in told[sale.card.holder]
    assert "12345" not in told[other.holder]


def test_nobody_but_the_holder_ends_it_and_what_comes_afterwards_is_unexplained(shop, sale, bank) -> None:
    phone, url = signed_in(sale.card.holder), reverse("card_cash_end", args=[sale.card.number])
    assert phone.post(url, {"sure": "on"}).status_code == 409, "nothing was taken"
    taken(sale, shop)
    signed_in(shop.owner).post(reverse("shop_cash_back", args=[sale.pk]))
    assert Message.objects.filter(kind="cards.cash_given_back", channel="in_app").count() == 1
    assert state(sale) == AgreementState.OPEN
    assert "says that you have your money back" in text_of(phone.get(reverse("card_detail", args=[sale.card.number])))
    assert signed_in(factories.person("别人")).post(url, {"sure": "on"}).status_code == 404
    assert phone.post(url, {}).status_code == 400
    for _time in range(2):
        assert phone.post(url, {"sure": "on"}).status_code == 302
    assert state(sale) == AgreementState.CANCELLED
    assert AuditEntry.objects.filter(action="cards.end_cash_sale").count() == 1
    brought(sale, bank)
    assert state(sale) == AgreementState.CANCELLED
    assert Kept.objects.get().matched_at is None
    assert not broken()


def test_what_lapsed_is_not_taken_and_what_was_taken_does_not_lapse(shop, sale) -> None:
    other = factories.order(factories.on_sale(shop))
    other = operations.ask_to_pay_cash(holder_id=other.holder_id, number=other.number, at=clock.now(), actor="user:1")
    taken(sale, shop)
    clock.advance(timedelta(hours=1))
    refused(errors.OrderNotOpen, lambda: taken(other, shop))
    for one in (sale, other):
        escrow.expire_agreement(agreement_id=one.card.agreement_id, at=clock.now(), actor="system:test")
    assert (state(sale), state(other)) == (AgreementState.OPEN, AgreementState.EXPIRED)


def test_only_where_it_belongs(shop, sale) -> None:
    elsewhere = factories.shop()
    refused(
        NotFound, lambda: operations.take_cash(staff=elsewhere.boss, sale_id=sale.pk, at=clock.now(), actor="user:1")
    )
    assert signed_in(elsewhere.owner).get(reverse("shop_cash_sale", args=[sale.pk])).status_code == 404
    away = Store.objects.create(
        merchant=shop.merchant,
        name="别处",
        address="北京市",
        district=shop.stores[0].district,
        subdistrict=shop.stores[0].subdistrict,
        opened_at=clock.now(),
    )
    cashier = StaffMember.objects.create(
        merchant=shop.merchant, user=factories.person("钱七"), role=StaffRole.CASHIER, store=away, added_at=clock.now()
    )
    assert not queries.cash_sales_at(staff=cashier).exists(), "a cashier of a store that does not redeem it"
    card = factories.card(shop, Plan.STORED_VALUE)
    further = factories.order(card.version, card.holder, tops_up_id=card.pk)
    factories.payment_order(other := factories.order(factories.on_sale(shop)))
    for one in (further, other):
        refused(
            errors.CashNotHere,
            lambda one=one: operations.ask_to_pay_cash(
                holder_id=one.holder_id, number=one.number, at=clock.now(), actor="user:1"
            ),
        )


def test_its_refund_goes_to_the_holders_own_account(shop, sale, bank) -> None:
    taken(sale, shop)
    brought(sale, bank)
    holder = sale.card.holder
    asked = operations.request_refund(
        card_id=sale.card_id, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=holder.actor
    )
    phone, url = signed_in(holder), reverse("refund_account", args=[sale.card.number])
    assert url in phone.get(reverse("refund_detail", args=[asked.pk])).content.decode()
    typed = {"account_no": "6222020200112230", "account_name": "别人"}
    answer = phone.post(url, typed)
    assert (answer.status_code, "Name an account of your own" in text_of(answer)) == (400, True)
    assert signed_in(factories.person("别人")).post(url, typed).status_code == 404
    answer = phone.post(url, {**typed, "account_name": holder.name})
    assert answer.status_code == 302, text_of(answer)
    approval = Approval.objects.get(state=ApprovalState.OPEN)
    assert "Granted, not sent yet" in text_of(phone.get(reverse("refund_detail", args=[asked.pk])))
    assert "A person looks at the account" in text_of(phone.get(reverse("refund_detail", args=[asked.pk])))
    assert phone.get(url).status_code == 302
    operator = people.operator()
    backoffice.decide(approval_id=approval.pk, approved=False, because="a name like it", by=operator, at=clock.now())
    refusal = Message.objects.get(recipient=holder, kind="backoffice.refund_account", channel="in_app")
    assert "a name like it" in refusal.body
    assert phone.post(url, {**typed, "account_name": holder.name}).status_code == 302
    approval = Approval.objects.get(state=ApprovalState.OPEN)
    backoffice.decide(approval_id=approval.pk, approved=True, because="", by=operator, at=clock.now())
    said = where_it_goes(Card.objects.get(pk=sale.card_id))
    assert str(said) == gettext("to the bank account that you named, since you paid in cash")
    order = Instruction.objects.get(payment=deposit_of(sale), state=InstructionState.DUE)
    assert (order.payee_account, order.amount_fen) == (typed["account_no"], 200_000)
    assert url not in phone.get(reverse("refund_detail", args=[asked.pk])).content.decode()
    online = factories.card(shop, holder=holder)
    operations.request_refund(
        card_id=online.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=holder.actor
    )
    refused(
        RefundNotReturned,
        lambda: operations.name_refund_account(
            holder_id=holder.pk,
            number=online.number,
            at=clock.now(),
            actor=holder.actor,
            account_no=typed["account_no"],
            account_name=holder.name,
        ),
    )
    assert not broken()
