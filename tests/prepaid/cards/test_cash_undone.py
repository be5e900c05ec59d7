"""What can still go wrong with cash after it was taken: the bank undoes its deposit, the shop has closed, it comes weeks late, it has no
way back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from escrow import channels, clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow import tasks as escrow_tasks
from escrow.channels import TransferAnswer
from escrow.errors import AgreementFrozen, DepositPartlyUsed, DepositTakenBack, NothingFits, WrongState
from escrow.models import Approval, Beneficiary, Instruction, StatementLine
from escrow.operations.instructions import record_answer
from escrow.states import AgreementState, ApprovalState, InstructionKind, InstructionState, RefundBasis
from prepaid.backoffice import operations as backoffice
from prepaid.cards import operations, queries, tasks
from prepaid.cards.models import Card, CashSale
from prepaid.cards.queries.cash import AccountStep
from prepaid.cards.states import RefundCause
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Closing, SectorRule, Store
from prepaid.merchants.models.closing import ClosingKind
from prepaid.merchants.queries import sales_stops
from prepaid.notices.models import Message
from prepaid.products.errors import LeaseTooShort
from tests.complaints import factories as people
from tests.escrow.test_statements import Statement
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_cash import asked_in_cash, broken, brought, deposit_of, state, taken
from tests.prepaid.cards.test_pages import signed_in, text_of
from tests.prepaid.cards.test_transfers import offered, taking
from tests.prepaid.people.factories import pass_second_factor

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


@pytest.fixture
def sale(shop, bank) -> CashSale:
    """Cash that was taken and is in custody."""
    made = taken(asked_in_cash(factories.order(factories.on_sale(shop))), shop)
    brought(made, bank)
    return made


def undone(sale: CashSale, bank: Statement, kind: str = "reversal") -> None:
    account = sale.card.issuer.beneficiary.custody_no
    bank.add(account, "out", kind, deposit_of(sale).order_no, deposit_of(sale).amount_fen)
    escrow.import_statement(channel="sandbox", at=clock.now())


def closed(shop) -> None:
    """Announced, over, and everybody paid back."""
    merchants.announce_closing(
        by=shop.boss,
        store_id=None,
        kind=ClosingKind.CLOSE,
        last_day=clock.today() + 40 * DAY,
        because="retires",
        at=clock.now(),
        actor=shop.owner.actor,
    )
    clock.advance(41 * DAY)
    tasks.sweep()
    tasks.sweep()
    assert Closing.objects.get().refunded_at is not None


def told(sale: CashSale, kind: str) -> int:
    return Message.objects.filter(recipient=sale.card.holder, kind=f"cards.cash_{kind}", channel="in_app").count()


class TestTheBankUndoesTheDeposit:
    @pytest.mark.parametrize("kind", ["reversal", "other"])
    def test_the_card_rests_sales_stop_payouts_wait_and_the_holder_is_told_once(self, shop, sale, bank, kind):
        undone(sale, bank, kind)
        escrow.match_open_lines(at=clock.now())
        tasks.sweep()
        card = Card.objects.get(pk=sale.card_id)
        assert card.agreement.state == AgreementState.FROZEN
        [stop] = sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk]
        assert deposit_of(sale).taken_back_at is not None
        assert stop.since == clock.today()
        payee = Beneficiary.objects.get(pk=shop.merchant.beneficiary_id)
        assert payee.payouts_held
        with override("zh-hans"):
            assert payee.payouts_held_in_words == f"银行冲正了现金存入 {deposit_of(sale).order_no}"
        assert escrow_queries.backing(payee.pk).covered_fen == 0
        assert "2,000.00 in custody" not in text_of(signed_in(card.holder).get(reverse("wallet")))
        assert told(sale, "undone") == 1
        page = text_of(signed_in(card.holder).get(reverse("card_detail", args=[card.number])))
        assert "The bank undid the shop's deposit" in page
        assert "rests: the bank has undone its deposit" in text_of(signed_in(card.holder).get(reverse("wallet")))
        assert broken() == []

    def test_nothing_of_it_is_used_or_paid_back_meanwhile(self, shop, sale, bank):
        undone(sale, bank)
        card = Card.objects.get(pk=sale.card_id)
        with pytest.raises(WrongState):
            factories.charge(card, shop.boss)
        with pytest.raises(DepositTakenBack):
            operations.request_refund(
                card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=card.holder.actor
            )
        with pytest.raises(DepositTakenBack):
            escrow.refund(
                agreement_id=card.agreement_id,
                amount_fen=100,
                basis=RefundBasis.CONSENT,
                reference="x",
                at=clock.now(),
                actor="user:test",
            )
        with pytest.raises(AgreementFrozen):
            escrow.request_manual_refund(
                agreement_id=card.agreement_id,
                amount_fen=100,
                basis=RefundBasis.CONSENT,
                because="x",
                at=clock.now(),
                actor="user:test",
            )
        assert broken() == []

    def test_brought_again_it_can_be_used_again(self, shop, sale, bank):
        for _time in range(2):
            undone(sale, bank)
            assert state(sale) == AgreementState.FROZEN
            tasks.sweep()
            brought(sale, bank)
            assert state(sale) == AgreementState.HELD
            tasks.sweep()
        assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk] == []
        assert (told(sale, "undone"), told(sale, "there_again")) == (2, 2)
        factories.charge(Card.objects.get(pk=sale.card_id), shop.boss)
        assert broken() == []

    def test_it_is_told_with_the_commit_and_made_up_by_the_sweep(self, sale, bank, django_capture_on_commit_callbacks):
        tasks.sweep()
        with django_capture_on_commit_callbacks(execute=True):
            undone(sale, bank)
        assert told(sale, "undone") == 1
        tasks.sweep()
        assert told(sale, "undone") == 1

    def test_a_refund_request_of_before_keeps_the_card_frozen_and_withdrawn_it_stays_so(self, sale, bank):
        clock.advance(9 * DAY)  # past the cooling-off, where it would be paid at once
        card = Card.objects.get(pk=sale.card_id)
        actor = card.holder.actor
        asked = operations.request_refund(
            card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=actor
        )
        undone(sale, bank)
        operations.withdraw_request(holder_id=card.holder_id, request_id=asked.pk, at=clock.now(), actor=actor)
        assert state(sale) == AgreementState.FROZEN
        brought(sale, bank)
        assert state(sale) == AgreementState.HELD
        assert broken() == []

    def test_an_open_request_keeps_it_frozen_when_the_money_is_there_again(self, sale, bank):
        clock.advance(9 * DAY)
        card = Card.objects.get(pk=sale.card_id)
        operations.request_refund(
            card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=card.holder.actor
        )
        undone(sale, bank)
        brought(sale, bank)
        assert state(sale) == AgreementState.FROZEN
        assert broken() == []

    def test_both_lines_in_one_statement(self, shop, bank):
        sale = taken(asked_in_cash(factories.order(factories.on_sale(shop))), shop)
        deposit, account = deposit_of(sale), sale.card.issuer.beneficiary.custody_no
        for direction, kind in (("in", "payment"), ("out", "reversal")):
            bank.add(account, direction, kind, deposit.order_no, deposit.amount_fen)
        escrow.import_statement(channel="sandbox", at=clock.now())
        assert state(sale) == AgreementState.FROZEN
        assert broken() == []

    def test_a_reversal_of_what_never_came_is_a_line_that_nobody_can_explain(self, shop, bank):
        brought(taken(asked_in_cash(factories.order(factories.on_sale(shop))), shop), bank)  # there is other money
        sale = taken(asked_in_cash(factories.order(factories.on_sale(shop))), shop)
        undone(sale, bank)
        line = StatementLine.objects.get(direction="out")
        assert (line.matched_at, state(sale)) == (None, AgreementState.OPEN)
        assert broken() == []

    def test_a_line_without_the_code_is_said_to_be_its_reversal_by_a_person(self, sale, bank):
        bank.add(sale.card.issuer.beneficiary.custody_no, "out", "other", "", deposit_of(sale).amount_fen)
        escrow.import_statement(channel="sandbox", at=clock.now())
        line = StatementLine.objects.get(direction="out")
        assert state(sale) == AgreementState.HELD
        escrow.assign_line(
            line_id=line.pk, to=deposit_of(sale).order_no, because="the teller said so", at=clock.now(), actor="user:op"
        )
        assert state(sale) == AgreementState.FROZEN
        assert broken() == []

    def test_a_line_that_cannot_be_booked_yet_stops_everything_all_the_same(self, sale, bank, monkeypatch):
        with monkeypatch.context() as patched:
            patched.setattr("escrow.operations.statements.post", None)  # not callable: fails after the freezing
            undone(sale, bank)
        assert state(sale) == AgreementState.FROZEN
        assert broken() == ["statement_lines_booked"]
        escrow.match_open_lines(at=clock.now())
        assert state(sale) == AgreementState.FROZEN
        assert broken() == []

    def test_also_when_the_money_has_left_custody_already(self, shop, sale, bank):
        card, payee = Card.objects.get(pk=sale.card_id), shop.merchant.beneficiary
        factories.charge(card, shop.boss)
        clock.advance(4 * DAY)
        escrow.pay_out(beneficiary_id=payee.pk, at=clock.now(), actor="system:test")
        order = Instruction.objects.get(kind=InstructionKind.PAYOUT)
        bank.add(payee.custody_no, "out", "payout", order.number, order.amount_fen)
        escrow.import_statement(channel="sandbox", at=clock.now())
        undone(sale, bank)
        assert state(sale) == AgreementState.FROZEN
        assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk]
        assert broken() == ["statement_lines_booked"], "custody has less than the bank has taken"
        brought(sale, bank)
        for _run in range(2):
            escrow.match_open_lines(at=clock.now())
        assert state(sale) == AgreementState.HELD
        assert broken() == []

    def test_a_refund_that_was_granted_before_waits_and_goes_once_the_money_is_there_again(self, sale, bank):
        card = Card.objects.get(pk=sale.card_id)
        operations.request_refund(
            card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=card.holder.actor
        )
        undone(sale, bank)
        approval = operations.name_refund_account(
            holder_id=card.holder_id,
            number=card.number,
            account_no="6222020200112230",
            account_name=card.holder.name,
            at=clock.now(),
            actor=card.holder.actor,
        )
        escrow.approve(approval_id=approval.pk, at=clock.now(), actor="user:op")
        order = Instruction.objects.get(kind=InstructionKind.REFUND, state=InstructionState.DUE)
        assert order.payee_account
        escrow_tasks.sweep()
        order.refresh_from_db()
        assert (order.state, order.attempts) == (InstructionState.DUE, 0)
        assert "the refund waits" in text_of(
            signed_in(card.holder).get(reverse("refund_detail", args=[card.refund_requests.get().pk]))
        )
        brought(sale, bank)
        assert not escrow_queries.not_in_custody().exists()

    def test_no_person_brings_it_back_with_any_receipt_of_the_same_sum(self, sale, bank):
        undone(sale, bank)
        bank.add(sale.card.issuer.beneficiary.custody_no, "in", "other", "rent", deposit_of(sale).amount_fen)
        escrow.import_statement(channel="sandbox", at=clock.now())
        line = StatementLine.objects.get(matched_at=None)
        with pytest.raises(NothingFits):
            escrow.assign_line(
                line_id=line.pk, to=deposit_of(sale).order_no, because="fits", at=clock.now(), actor="user:op"
            )
        assert state(sale) == AgreementState.FROZEN

    def test_a_correction_from_before_does_not_undo_the_good_one(self, shop, bank):
        sale = taken(asked_in_cash(factories.order(factories.on_sale(shop))), shop)
        deposit, account = deposit_of(sale), sale.card.issuer.beneficiary.custody_no
        bank.add(account, "in", "other", "", deposit.amount_fen)
        bank.add(account, "out", "reversal", deposit.order_no, deposit.amount_fen)
        escrow.import_statement(channel="sandbox", at=clock.now())
        brought(sale, bank)
        for _run in range(2):
            escrow.match_open_lines(at=clock.now())
        assert state(sale) == AgreementState.HELD
        assert broken() == []

    def test_brought_again_after_the_shop_closed_it_is_paid_back(self, shop, sale, bank):
        tasks.sweep()
        undone(sale, bank)
        closed(shop)
        brought(sale, bank)
        for _run in range(2):
            tasks.sweep()
        assert Card.objects.get(pk=sale.card_id).agreement.state == AgreementState.CLOSED
        assert broken() == []

    def test_who_has_her_cash_back_from_the_shop_says_so_and_nothing_is_left_of_it(self, shop, sale, bank):
        undone(sale, bank)
        tasks.sweep()
        card = Card.objects.get(pk=sale.card_id)
        phone, page = signed_in(card.holder), reverse("card_cash_end", args=[card.number])
        assert page in phone.get(reverse("card_detail", args=[card.number])).content.decode()
        operations.give_cash_back(staff=shop.boss, sale_id=sale.pk, at=clock.now(), actor=shop.owner.actor)
        operations.end_cash_sale(holder_id=card.holder_id, number=card.number, at=clock.now(), actor=card.holder.actor)
        assert state(sale) == AgreementState.CANCELLED
        assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk] == []
        backing = escrow_queries.backing(shop.merchant.beneficiary_id)
        assert (backing.held_fen, backing.clearing_fen, backing.undone_fen) == (0, 0, 0)
        assert broken() == []
        brought(sale, bank)  # it is nobody's order any more
        tasks.sweep()
        assert state(sale) == AgreementState.CANCELLED
        assert StatementLine.objects.filter(matched_at=None).count() == 1
        assert broken() == []

    def test_two_people_may_say_it_for_her(self, sale, bank):
        undone(sale, bank)
        operator = people.operator()
        desk = signed_in(operator)
        pass_second_factor(desk, operator)
        page = reverse("admin:backoffice_end_deposit", args=[deposit_of(sale).pk])
        assert "Undone by the bank" in text_of(desk.get(page))
        assert desk.post(page, {"because": "her receipt of the cash"}).status_code == 302
        approval = Approval.objects.get(state=ApprovalState.OPEN)
        backoffice.decide(approval_id=approval.pk, approved=True, because="", by=people.operator(), at=clock.now())
        assert state(sale) == AgreementState.CANCELLED
        assert told(sale, "closed") == 1
        assert broken() == []

    def test_what_was_used_in_part_is_not_over_as_if_nothing_had_been(self, shop, sale, bank):
        factories.charge(Card.objects.get(pk=sale.card_id), shop.boss)
        undone(sale, bank)
        tasks.sweep()
        card = Card.objects.get(pk=sale.card_id)
        with pytest.raises(DepositPartlyUsed):
            operations.end_cash_sale(
                holder_id=card.holder_id, number=card.number, at=clock.now(), actor=card.holder.actor
            )
        assert state(sale) == AgreementState.FROZEN
        assert broken() == []


def test_no_person_makes_a_card_of_any_receipt_of_the_same_sum(shop, bank):
    sale = taken(asked_in_cash(factories.order(factories.on_sale(shop))), shop)
    bank.add(sale.card.issuer.beneficiary.custody_no, "in", "other", "rent", deposit_of(sale).amount_fen)
    escrow.import_statement(channel="sandbox", at=clock.now())
    with pytest.raises(NothingFits):
        escrow.assign_line(
            line_id=StatementLine.objects.get().pk,
            to=deposit_of(sale).order_no,
            because="fits",
            at=clock.now(),
            actor="user:op",
        )
    assert state(sale) == AgreementState.OPEN


def test_what_comes_after_the_shop_closed_is_paid_back_without_asking(shop, bank):
    sale = taken(asked_in_cash(factories.order(factories.on_sale(shop))), shop)
    closed(shop)
    brought(sale, bank)
    tasks.sweep()
    tasks.sweep()
    card = Card.objects.get(pk=sale.card_id)
    assert card.agreement.state == AgreementState.CLOSED
    assert card.refund_requests.get().granted_fen == card.agreement.price_fen
    assert broken() == []


def test_the_days_count_from_the_deposit(shop, bank):
    sale = taken(asked_in_cash(factories.order(factories.on_sale(shop, days=60))), shop)
    clock.advance(61 * DAY)
    brought(sale, bank)
    tasks.sweep()
    face = queries.face_of(card=Card.objects.get(pk=sale.card_id), today=clock.today())
    assert face.last_day == clock.today() + 60 * DAY
    assert not face.has_expired


def test_a_card_that_begins_with_the_deposit_must_end_before_the_lease(shop):
    version = factories.on_sale(shop, days=60)
    sale = asked_in_cash(factories.order(version))
    Store.objects.filter(merchant=shop.merchant).update(lease_ends_on=clock.today() + 60 * DAY)
    with pytest.raises(LeaseTooShort):
        taken(sale, shop)
    assert state(sale) == AgreementState.OPEN


def test_the_order_is_not_counted_twice_when_the_cash_is_taken(shop):
    """Two of these cards reach the sum from which filing is asked for, one does not."""
    sale = asked_in_cash(factories.order(factories.on_sale(shop)))
    SectorRule.objects.filter(sector=shop.merchant.sector).update(filing_balance_fen=300_000)
    assert taken(sale, shop).taken_at is not None


def test_the_receipt_names_who_paid_also_after_the_card_was_taken_over(shop, sale):
    clock.advance(9 * DAY)
    card, taker = Card.objects.get(pk=sale.card_id), factories.person("欧阳雪")
    payer = card.holder
    taking(offered(card, taker), taker)()
    page = text_of(signed_in(shop.owner).get(reverse("shop_cash_sale", args=[sale.pk])))
    assert payer.display_name in page
    assert taker.display_name not in page


class TestTheRefundHasNoWayBack:
    @pytest.fixture
    def granted(self, sale) -> Card:
        card = Card.objects.get(pk=sale.card_id)
        operations.request_refund(
            card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor=card.holder.actor
        )
        return Card.objects.get(pk=sale.card_id)

    def named(self, card: Card) -> Approval:
        return operations.name_refund_account(
            holder_id=card.holder_id,
            number=card.number,
            account_no="6222020200112230",
            account_name=card.holder.name,
            at=clock.now(),
            actor=card.holder.actor,
        )

    def test_an_account_that_the_bank_does_not_know_can_be_named_again(self, granted):
        approval = self.named(granted)
        assert queries.account_step(granted) is AccountStep.CHECK
        escrow.approve(approval_id=approval.pk, at=clock.now(), actor="user:op")
        assert queries.account_step(granted) is None
        order = Instruction.objects.get(state=InstructionState.DUE)
        Instruction.objects.filter(pk=order.pk).update(state=InstructionState.UNKNOWN)
        answer = TransferAnswer(
            number=order.number, state="failed", amount_fen=order.amount_fen, reason="no such account"
        )
        record_answer(channel=order.channel, answer=answer, at=clock.now())
        assert queries.account_step(granted) is AccountStep.NAME
        assert self.named(granted).state == ApprovalState.OPEN

    def test_that_nobody_looked_at_it_in_time_is_told(self, granted, django_capture_on_commit_callbacks):
        self.named(granted)
        clock.advance(60 * DAY)
        with django_capture_on_commit_callbacks(execute=True):
            escrow_tasks.expire_approvals()
        assert queries.account_step(granted) is AccountStep.NAME
        [letter] = Message.objects.filter(recipient=granted.holder, kind="backoffice.refund_account", channel="in_app")
        assert reverse("card_detail", args=[granted.number]) in letter.url

    def test_after_a_refund_by_hand_the_card_asks_for_the_account(self, sale):
        card = Card.objects.get(pk=sale.card_id)
        asked = escrow.request_manual_refund(
            agreement_id=card.agreement_id,
            amount_fen=200_000,
            basis=RefundBasis.JUDGMENT,
            because="x",
            at=clock.now(),
            actor=people.operator().actor,
        )
        backoffice.decide(approval_id=asked.pk, approved=True, because="", by=people.operator(), at=clock.now())
        phone = signed_in(card.holder)
        page = phone.get(reverse("card_detail", args=[card.number])).content.decode()
        account = reverse("refund_account", args=[card.number])
        assert account in page
        assert (
            Message.objects.filter(recipient=card.holder, kind="backoffice.settled_by_hand", channel="in_app").count()
            == 1
        )
        assert "¥2,000.00" in text_of(phone.get(account))


class TestTheOrderThatNobodyEnds:
    @pytest.fixture
    def late(self, shop) -> CashSale:
        made = taken(asked_in_cash(factories.order(factories.on_sale(shop))), shop)
        clock.advance(9 * DAY)
        return made

    def test_two_people_may_end_it_with_a_reason_and_the_holder_is_told(self, shop, late):
        deposit, operator = deposit_of(late), people.operator()
        first = signed_in(operator)
        pass_second_factor(first, operator)
        page = reverse("admin:backoffice_end_deposit", args=[deposit.pk])
        assert page in first.get(reverse("admin:backoffice_assignment_changelist")).content.decode()
        assert late.card.holder.display_name in text_of(first.get(page))
        assert first.post(page, {"because": ""}).status_code == 400
        assert first.post(page, {"because": "the till's film shows no money"}).status_code == 302
        approval = Approval.objects.get(state=ApprovalState.OPEN)
        assert state(late) == AgreementState.OPEN
        backoffice.decide(approval_id=approval.pk, approved=True, because="", by=people.operator(), at=clock.now())
        assert state(late) == AgreementState.CANCELLED
        assert sales_stops([shop.merchant], on=clock.today())[shop.merchant.pk] == []
        [letter] = Message.objects.filter(recipient=late.card.holder, kind="cards.cash_closed", channel="in_app")
        assert "the till's film shows no money" in letter.body
        assert broken() == []

    def test_a_deposit_that_comes_first_keeps_it(self, shop, late, bank):
        approval = escrow.request_deposit_end(
            payment_id=deposit_of(late).pk, because="x", at=clock.now(), actor=people.operator().actor
        )
        brought(late, bank)
        with pytest.raises(WrongState):
            backoffice.decide(approval_id=approval.pk, approved=True, because="", by=people.operator(), at=clock.now())
        assert state(late) == AgreementState.HELD
        with pytest.raises(WrongState):
            escrow.request_deposit_end(
                payment_id=deposit_of(late).pk, because="x", at=clock.now(), actor=people.operator().actor
            )

    def test_who_wants_to_close_the_account_reads_what_stands_in_the_way(self, late):
        with override("en"):
            [stands] = queries.in_the_way(late.card.holder)
            assert "that is not in custody" in str(stands.sentence)
