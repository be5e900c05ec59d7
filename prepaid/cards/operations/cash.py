"""Paid in cash at the shop: the holder asks for it, the shop takes it, and its deposit at the custody bank makes the card.

Cash sales are lawful. What the shop took is not in custody, so nothing is held and nothing can be used until the bank's statement
shows exactly this sum under the order's code; one that is late stops the merchant's sales (``merchants.queries.sales_stops``).
"""

from datetime import datetime

from escrow import audit, clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import NotFound
from escrow.models import Approval
from escrow.states import AgreementState
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.errors import CashNotHere, CashNotTaken, OrderNotOpen, RefundAlreadyAsked
from prepaid.cards.models import Card, CardRule, CashSale
from prepaid.cards.operations import letters
from prepaid.cards.operations.locking import locked_card
from prepaid.merchants.bank_accounts import checked
from prepaid.merchants.models import StaffMember
from prepaid.products import caps
from prepaid.products.queries import premises_now, sellable_version


def ask_to_pay_cash(*, holder_id: int, number: str, at: datetime, actor: str) -> CashSale:
    """The holder of an order pays at the shop's counter, within the order's time. Asking again changes nothing.

    Raises:
        NotFound. OrderNotOpen: paid, cancelled or lapsed. CashNotHere: a top-up, a further month, or the cashier's page of the
        bank was opened for it.
    """
    with transaction():
        card = _own(holder_id, number)
        sale = CashSale.objects.filter(card=card).first()
        if sale is not None:
            return sale
        if card.agreement.state != AgreementState.OPEN or card.agreement.pay_until <= at:
            raise OrderNotOpen()
        if (
            card.tops_up_id is not None
            or card.version.after_use
            or escrow_queries.payment_of(card.agreement_id) is not None
        ):
            raise CashNotHere()
        sale = CashSale.objects.create(card=card, asked_at=at)
        audit.record(actor=actor, action="cards.ask_to_pay_cash", target=f"card:{card.pk}", at=at)
    return sale


def take_cash(*, staff: StaffMember, sale_id: int, at: datetime, actor: str) -> CashSale:
    """The shop has the money. The holder gets a receipt; the merchant brings the sum to its custody account under the order's
    code within ``CardRule.deposit_working_days``. Taking it again changes nothing.

    Raises:
        NotFound: not at this person's counter. OrderNotOpen: lapsed, cancelled or paid otherwise. SalesStopped, NotOnSale,
        NoStoreOpen, StoreCloses, FilingNeeded: nothing may be prepaid to the merchant now. LeaseTooShort: for a card that begins with
        the deposit. CalendarMissing.
    """
    today = clock.beijing_date(at)
    with transaction():
        sale = _locked(staff, sale_id)
        if sale.taken_at is not None:
            return sale
        card = sale.card
        if card.agreement.state != AgreementState.OPEN or card.agreement.pay_until <= at:
            raise OrderNotOpen()
        if escrow_queries.payment_of(card.agreement_id) is not None:
            raise CashNotHere()
        version = sellable_version(card.version_id, on=today, ordered_fen=card.agreement.price_fen)
        due_on = escrow_queries.add_working_days(today, CardRule.objects.current(today).deposit_working_days)
        caps.check_leases(caps.last_day(due_on, version.terms.days_in_all), premises_now(version))
        deposit = escrow.await_deposit(
            agreement_id=card.agreement_id,
            subject=f"{card.issuer.name} {card.version.product.name}"[:120],
            due_on=due_on,
            at=at,
            actor=actor,
        )
        sale.taken_by, sale.taken_at, sale.payer = staff, at, card.holder
        _note(sale, "cards.take_cash", ["taken_by", "taken_at", "payer"], at=at, actor=actor)
        letters.cash_taken(sale, deposit, at=at)
    return sale


def give_cash_back(*, staff: StaffMember, sale_id: int, at: datetime, actor: str) -> CashSale:
    """The shop says that the holder has her money back; the order is over when she says so too (``end_cash_sale``), for it is her
    claim. Raises ``NotFound``, ``CashNotTaken``: nothing was taken, or it is in custody."""
    with transaction():
        sale = _locked(staff, sale_id)
        if not queries.is_cash_outside(sale.card):
            raise CashNotTaken()
        if sale.back_at is None:
            sale.back_by, sale.back_at = staff, at
            _note(sale, "cards.give_cash_back", ["back_by", "back_at"], at=at, actor=actor)
            letters.cash_given_back(sale, at=at)
    return sale


def end_cash_sale(*, holder_id: int, number: str, at: datetime, actor: str) -> CashSale:
    """The holder has the money back, or never paid: the order is over. What is brought to custody for it afterwards is a receipt
    that nobody has explained. Raises ``NotFound``, ``CashNotTaken``: nothing was taken, or it is in custody. ``RefundAlreadyAsked``,
    ``DepositPartlyUsed``: of one whose deposit the bank has undone."""
    with transaction():
        card = _own(holder_id, number)
        sale = CashSale.objects.filter(card=card).first()
        if sale is None or sale.taken_at is None:
            raise CashNotTaken()
        if sale.ended_at is None:
            if card.agreement.state == AgreementState.OPEN:
                escrow.cancel_agreement(agreement_id=card.agreement_id, at=at, actor=actor)
            elif sale.out_at is None:
                raise CashNotTaken()
            elif card.refund_requests.filter(state__in=queries.UNSETTLED_STATES).exists():
                raise RefundAlreadyAsked()
            else:
                escrow.give_up_deposit(agreement_id=card.agreement_id, at=at, actor=actor)
            sale.ended_at, sale.out_at = at, None
            _note(sale, "cards.end_cash_sale", ["ended_at", "out_at"], at=at, actor=actor)
    return sale


def close_cash_sale(*, agreement_id: int, because: str, at: datetime, actor: str) -> CashSale | None:
    """Two people of the platform have ended the order, in their transaction; the holder is told why, and what she can do. None: no
    such sale, or it was ended."""
    sale = CashSale.objects.filter(card__agreement=agreement_id, ended_at=None).select_related("card__holder").first()
    if sale is not None:
        sale.ended_at, sale.out_at = at, None
        _note(sale, "cards.close_cash_sale", ["ended_at", "out_at"], at=at, actor=actor)
        letters.cash_closed(sale, because, at=at)
    return sale


def follow_deposit(*, sale_id: int, at: datetime) -> CashSale | None:
    """What became of the deposit since it was last looked at: with its arrival the card begins, and its days count from there; one that
    the bank has undone, or that is there again, is told to the holder. None: nothing new."""
    with transaction():
        found = CashSale.objects.filter(pk=sale_id).values_list("card_id", flat=True).first()
        if found is None:
            raise NotFound()
        card = locked_card(found)
        sale, deposit = CashSale.objects.get(pk=sale_id), escrow_queries.payment_of(card.agreement_id)
        sale.card = card
        if deposit is None or card.agreement.funded_at is None or sale.ended_at is not None:
            return None
        if sale.in_custody_at is None:
            sale.in_custody_at = card.agreement.funded_at
            card.expires_on = caps.last_day(clock.beijing_date(sale.in_custody_at), card.version.days)
            card.save(update_fields=["expires_on"])
        elif sale.out_at == deposit.taken_back_at:
            return None
        if sale.out_at != deposit.taken_back_at:
            if deposit.taken_back_at is None:
                sale.in_custody_at = at
            sale.out_at = deposit.taken_back_at
            letters.cash_undone(sale, at=at) if sale.out_at else letters.cash_there_again(sale, at=at)
        _note(sale, "cards.follow_deposit", ["in_custody_at", "out_at"], at=at, actor="system:cards")
    return sale


def tell_overdue_cash(*, sale_id: int, at: datetime) -> CashSale | None:
    """Tell the holder, once, that what she paid in cash did not reach custody in time. None: it is not overdue, or was told."""
    with transaction():
        found = CashSale.objects.filter(pk=sale_id).values_list("card_id", flat=True).first()
        if found is None:
            raise NotFound()
        card = locked_card(found)
        sale = CashSale.objects.get(pk=sale_id)
        deposit = escrow_queries.payment_of(card.agreement_id)
        awaited = card.agreement.state == AgreementState.OPEN and deposit is not None and deposit.deposit_due_on
        if sale.told_overdue_at is not None or not awaited or awaited >= clock.beijing_date(at):
            return None
        sale.card, sale.told_overdue_at = card, at
        sale.save(update_fields=["told_overdue_at"])
        letters.cash_overdue(sale, awaited, at=at)
    return sale


def name_refund_account(
    *, holder_id: int, number: str, account_no: str, account_name: str, at: datetime, actor: str
) -> Approval:
    """Of a card paid in cash: where what is paid back of it goes, an account in the holder's own name. A person of the platform looks
    at it before the money leaves.

    Raises:
        NotFound: no such card of theirs. BadAccountNo, AccountChecksum. RefundNotReturned: it goes back where it came from.
        NameDiffers, ApprovalOpen.
    """
    with transaction():
        card = _own(holder_id, number)
        payment = escrow_queries.payment_of(card.agreement_id)
        if payment is None:
            raise NotFound()
        return escrow.request_refund_account(
            payment_id=payment.pk,
            account_no=checked(account_no),
            account_name=account_name.strip(),
            person_name=card.holder.name,
            because=queries.PAID_IN_CASH,
            at=at,
            actor=actor,
        )


def _own(holder_id: int, number: str) -> Card:
    """Under its row lock. Raises ``NotFound``, also for another's."""
    found = Card.objects.filter(holder_id=holder_id, number=number).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound()
    return locked_card(found)


def _locked(staff: StaffMember, sale_id: int) -> CashSale:
    """The sale with its card under the card's lock. Raises ``NotFound``, also for what is not at this person's counter."""
    found = queries.cash_sales_at(staff=staff).filter(pk=sale_id).values_list("card_id", flat=True).first()
    if found is None:
        raise NotFound()
    card = locked_card(found)
    sale = CashSale.objects.get(pk=sale_id)
    sale.card = card
    return sale


def _note(sale: CashSale, action: str, fields: list[str], *, at: datetime, actor: str) -> None:
    sale.save(update_fields=fields)
    audit.record(
        actor=actor,
        action=action,
        target=f"card:{sale.card_id}",
        after={"price_fen": sale.card.agreement.price_fen},
        at=at,
    )
