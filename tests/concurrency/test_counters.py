"""One card at two counters, and its holder answering twice: one deed wins, the ledger adds up."""

from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from escrow import clock, invariants, queries
from escrow.errors import AgreementFrozen, NotFound, ReservationResolved
from escrow.models import Use
from escrow.states import AgreementState, Plan, UseState
from prepaid.cards import operations
from prepaid.cards.errors import CardSettled, CodeUsed, QuoteChanged
from prepaid.cards.models import Card, Redemption
from prepaid.cards.operations import counter
from prepaid.cards.states import PersonRole, RefundCause
from tests.concurrency.threads import at_once, refusals
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_people import on_card
from tests.prepaid.cards.test_sms_codes import sent_digits


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def charging(card: Card, staff, **facts):
    """A charge to be made later, with the code of this moment."""
    now = timezone.now()
    code = factories.shown(card, at_real=now)
    return lambda: factories.charge(card, staff, code=code, at_real=now, **facts)


def test_one_code_at_two_counters_charges_once(committed_db):
    shop = factories.shop()
    card = factories.card(shop)
    results = at_once(charging(card, shop.boss), charging(card, factories.cashier(shop)))
    assert refusals(results) == [CodeUsed]
    assert (Redemption.objects.count(), Use.objects.count()) == (1, 1)
    assert not proven()


def test_without_the_look_at_used_codes_the_constraint_refuses(committed_db, monkeypatch):
    """The second net: whoever comes second finds the code taken, and the charge goes back with everything else."""
    shop = factories.shop()
    card = factories.card(shop)
    both = charging(card, shop.boss), charging(card, factories.cashier(shop))
    monkeypatch.setattr(QuerySet, "exists", lambda rows: False)
    results = at_once(*both)
    monkeypatch.undo()
    assert refusals(results) == [CodeUsed]
    assert (Redemption.objects.count(), Use.objects.count()) == (1, 1)
    assert not proven()


def test_one_key_sent_many_times_at_once_is_one_charge(committed_db):
    shop = factories.shop()
    card = factories.card(shop)
    again = charging(card, shop.boss, key="the-same-key")
    assert len({made.pk for made in at_once(*[again] * 6)}) == 1
    assert Use.objects.get().units == 1
    assert not proven()


@pytest.mark.parametrize("_turn", range(3))
def test_a_refund_and_a_charge_at_once(committed_db, _turn):
    """The sum confirmed is the sum paid: either the charge comes too late, or the refund is quoted anew."""
    shop = factories.shop()
    card = factories.card(shop)

    def ask_back():
        return operations.request_refund(
            card_id=card.pk,
            cause=RefundCause.CONSUMER,
            reason="",
            expected_fen=200_000,
            at=clock.now(),
            actor=card.holder.actor,
        )

    refused = refusals(at_once(ask_back, charging(card, shop.boss)))
    assert len(refused) == 1
    assert refused[0] in {QuoteChanged, CardSettled, AgreementFrozen}
    holding = queries.holding(card.agreement_id)
    if refused == [QuoteChanged]:
        assert (holding.state, holding.units_used, holding.held_fen) == (AgreementState.HELD, 1, 180_000)
    else:
        assert (holding.state, holding.held_fen, Use.objects.count()) == (AgreementState.CLOSED, 0, 0)
    assert not proven()


@pytest.mark.parametrize("_turn", range(3))
def test_confirmed_and_disputed_at_once_is_one_of_them(committed_db, _turn):
    shop = factories.shop()
    card = factories.card(shop, Plan.STORED_VALUE)
    charge = charging(card, shop.boss, amount_fen=50_000)()
    assert charge.use.state == UseState.RESERVED
    answer = {"person_id": card.holder_id, "redemption_id": charge.pk, "at": clock.now(), "actor": card.holder.actor}
    results = at_once(
        lambda: operations.confirm_redemption(**answer),
        lambda: operations.dispute_redemption(**answer),
        lambda: operations.undo_redemption(
            staff=shop.boss, redemption_id=charge.pk, at=answer["at"], actor=shop.owner.actor
        ),
    )
    assert all(issubclass(kind, ReservationResolved) for kind in refusals(results))
    # Undoing what was confirmed a moment ago is right, disputing it is not.
    charge.use.refresh_from_db()
    holding = queries.holding(card.agreement_id)
    assert (holding.units_reserved, holding.reserved_fen) == (0, 0)
    assert holding.units_used == (50_000 if charge.use.state == UseState.FINAL else 0)
    assert charge.use.state in {UseState.FINAL, UseState.VOIDED, UseState.UNDONE}
    assert len(refusals(results)) >= 1
    assert not proven()


def test_two_guardians_confirm_at_once_and_one_is_taken_off_meanwhile(committed_db):
    """One yes counts; whoever is off the card says none."""
    shop = factories.shop()
    card = factories.card(shop)
    guardian = on_card(card, PersonRole.GUARDIAN)
    charge = charging(card, shop.boss, units=2)()

    def confirming(user):
        facts = {"redemption_id": charge.pk, "at": clock.now(), "actor": user.actor}
        return lambda: operations.confirm_redemption(person_id=user.pk, **facts)

    results = at_once(
        confirming(card.holder),
        confirming(guardian),
        lambda: operations.leave_card(by=guardian, number=card.number, at=clock.now(), actor=guardian.actor),
    )
    assert len(refusals(results)) == 1
    assert issubclass(refusals(results)[0], (ReservationResolved, NotFound))
    holding = queries.holding(card.agreement_id)
    assert (holding.units_used, holding.units_reserved) == (2, 0)
    assert not proven()


def test_one_code_by_sms_read_out_at_two_tills_charges_once(committed_db):
    shop = factories.shop()
    card, cashier = factories.card(shop), factories.cashier(shop)
    asked = operations.Asked(units=3, store_id=shop.stores[0].pk)
    facts = {"at": clock.now(), "actor": shop.owner.actor}
    code = operations.send_sms_code(staff=shop.boss, number=card.number, asked=asked, **facts)
    digits = sent_digits()
    at_till = [
        lambda staff=staff: operations.charge_by_sms(staff=staff, code_id=code.pk, digits=digits, **facts)
        for staff in (shop.boss, cashier)
    ]
    assert len({made.pk for made in at_once(*at_till, *at_till)}) == 1
    assert (Use.objects.get().units, queries.holding(card.agreement_id).units_left) == (3, 7)
    assert not proven()


def test_the_term_ends_while_the_holder_confirms(committed_db):
    shop = factories.shop()
    card = factories.card(shop)
    charge = charging(card, shop.boss, units=2)()
    until = charge.use.confirm_until
    results = at_once(
        lambda: operations.confirm_redemption(
            person_id=card.holder_id,
            redemption_id=charge.pk,
            at=until - timedelta(seconds=1),
            actor=card.holder.actor,
        ),
        lambda: counter.escrow.expire_use(use_id=charge.use_id, at=until, actor="system:sweep"),
    )
    assert len(refusals(results)) == 1
    charge.use.refresh_from_db()
    assert queries.holding(card.agreement_id).units_used == (2 if charge.use.state == UseState.FINAL else 0)
    assert not proven()
