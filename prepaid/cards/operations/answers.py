"""What becomes of a charge: the holder, or somebody on the card who may, confirms or contests it, the merchant undoes it or
insists, a regulator decides."""

from datetime import datetime
from typing import Any

from escrow import audit, clock
from escrow import operations as escrow
from escrow.errors import InvalidUnits, NotFound, ReasonRequired
from escrow.states import UseState
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.errors import (
    AlreadyInsisted,
    CheckInUndone,
    ComplaintNeeded,
    NoIsEnough,
    NothingToInsistOn,
    NothingToUndo,
    UndoOnlyToday,
)
from prepaid.cards.models import Redemption
from prepaid.cards.operations import letters
from prepaid.cards.operations.after_use import pay_back_visit
from prepaid.cards.operations.locking import locked_card
from prepaid.cards.states import Deed
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.models import StaffMember

REASON_LENGTH = 200


def undo_redemption(*, staff: StaffMember, redemption_id: int, at: datetime, actor: str) -> Redemption:
    """Take a charge back: one that waits or is disputed at any time, a final one on its own day while its money is still
    here, a check-in on its own day.

    Raises:
        NotFound: not this merchant's, or another store's for a cashier.
        UndoOnlyToday, TooLateToUndo, AlreadyUndone, CheckInUndone, ReservationResolved.
    """
    with transaction():
        redemption = _locked(redemption_id, card__issuer_id=staff.merchant_id)
        if staff.store_id not in {None, redemption.store_id}:
            raise NotFound()
        if redemption.use is None:
            _undo_check_in(redemption, at)
        elif redemption.use.state == UseState.RESERVED:
            escrow.void_use(use_id=redemption.use.pk, at=at, actor=actor)
        elif redemption.use.state == UseState.DISPUTED:
            escrow.withdraw_use(use_id=redemption.use.pk, at=at, actor=actor)
        else:
            _check_same_day(redemption, at)
            escrow.undo_use(use_id=redemption.use.pk, at=at, actor=actor)
        undone = _answered(redemption, "cards.undo", at, actor)
        if redemption.card.version.after_use:
            pay_back_visit(card=locked_card(redemption.card_id), at=at, actor=actor)
    return undone


def _undo_check_in(redemption: Redemption, at: datetime) -> None:
    _check_same_day(redemption, at)
    if not Redemption.objects.filter(pk=redemption.pk, undone_at=None).update(undone_at=at):
        raise CheckInUndone()
    redemption.undone_at = at


def _check_same_day(redemption: Redemption, at: datetime) -> None:
    if clock.beijing_date(redemption.at) != clock.beijing_date(at):
        raise UndoOnlyToday()


def insist_on_redemption(
    *, staff: StaffMember, redemption_id: int, because: str, at: datetime, actor: str
) -> Redemption:
    """The merchant stands by a charge that waits: the holder's no will be a complaint instead of its end. What silence means
    stays as it was.

    Raises:
        NotYourRole: a cashier. NotFound: not this merchant's. ReasonRequired, NothingToInsistOn, AlreadyInsisted.
    """
    if not staff.manages:
        raise NotYourRole()
    because = because.strip()
    if not 1 <= len(because) <= REASON_LENGTH:
        raise ReasonRequired()
    with transaction():
        redemption = _locked(redemption_id, card__issuer_id=staff.merchant_id)
        if not redemption.is_waiting:
            raise NothingToInsistOn()
        if redemption.insisted_at is not None:
            raise AlreadyInsisted()
        redemption.insisted_at, redemption.insisted_because = at, because
        redemption.save(update_fields=["insisted_at", "insisted_because"])
        letters.charge_insisted(redemption, at=at)
        return _answered(redemption, "cards.insist", at, actor)


def confirm_redemption(
    *, person_id: int, redemption_id: int, units: int | None = None, at: datetime, actor: str
) -> Redemption:
    """The holder's tap, or a guardian's, on the named figure, or on ``units`` of it (sessions, or fen of face value): the rest returns.

    Raises:
        NotFound, ReservationResolved. InvalidUnits: not a whole number from 1 to what was claimed.
    """
    if units is not None and (isinstance(units, bool) or units < 1):
        raise InvalidUnits()
    with transaction():
        redemption = _waiting(redemption_id, person_id, Deed.CONFIRM)
        escrow.confirm_use(use_id=redemption.use_id or 0, units=units, at=at, actor=actor)
        return _answered(redemption, "cards.confirm", at, actor)


def dispute_redemption(*, person_id: int, redemption_id: int, at: datetime, actor: str) -> Redemption:
    """The holder, or somebody on the card, says the figure is wrong, and that ends it: nothing is charged.

    Raises:
        NotFound, ReservationResolved. ComplaintNeeded: silence would confirm it, or the merchant insists.
    """
    with transaction():
        redemption = _waiting(redemption_id, person_id, Deed.DISPUTE)
        if redemption.is_waiting and not redemption.no_ends_it:
            raise ComplaintNeeded()
        escrow.void_use(use_id=redemption.use_id or 0, at=at, actor=actor)
        return _answered(redemption, "cards.dispute", at, actor)


def contest_redemption(*, person_id: int, redemption_id: int, at: datetime, actor: str) -> Redemption:
    """The holder, or somebody on the card, says the figure is wrong where that alone does not end it: it stays
    reserved, whatever the term of silence, until the merchant withdraws it or the complaint is decided. Called by whoever takes the
    complaint.

    Raises:
        NotFound, ReservationResolved. NoIsEnough: ``dispute_redemption`` ends it at once.
    """
    with transaction():
        redemption = _waiting(redemption_id, person_id, Deed.DISPUTE)
        if redemption.no_ends_it:
            raise NoIsEnough()
        escrow.dispute_use(use_id=redemption.use_id or 0, at=at, actor=actor)
        return _answered(redemption, "cards.contest", at, actor)


def decide_redemption(*, redemption_id: int, units: int, at: datetime, actor: str) -> Redemption:
    """The end of a dispute: ``units`` of what was claimed were used, the rest returns (0: all of it).

    Raises:
        NotFound, WrongState: not disputed (any more). InvalidUnits, AgreementFrozen, AgreementNotHeld.
    """
    if isinstance(units, bool) or units < 0:
        raise InvalidUnits()
    with transaction():
        redemption = _locked(redemption_id)
        escrow.decide_dispute(use_id=redemption.use_id or 0, units=units, at=at, actor=actor)
        return _answered(redemption, "cards.decide", at, actor)


def _waiting(redemption_id: int, person_id: int, deed: Deed) -> Redemption:
    redemption = _locked(redemption_id, card__in=queries.cards_with(user_id=person_id, deed=deed))
    # Whoever was taken off the card while we waited for its row may nothing any more.
    card = redemption.card
    if card.holder_id != person_id and not queries.may(user_id=person_id, card=card, deed=deed):
        raise NotFound()
    if redemption.use_id is None:
        raise NothingToUndo()
    return redemption


def _locked(redemption_id: int, **owner: Any) -> Redemption:
    """The redemption with its card locked: answers to one card's charges come one after the other."""
    redemption = (
        Redemption.objects.select_for_update(of=("card",), no_key=True)
        .select_related("card", "store")
        .filter(pk=redemption_id, **owner)
        .first()
    )
    if redemption is None:
        raise NotFound()
    return redemption


def _answered(redemption: Redemption, action: str, at: datetime, actor: str) -> Redemption:
    if redemption.use is not None:
        redemption.use.refresh_from_db()
    audit.record(
        actor=actor, action=action, target=f"card:{redemption.card_id}", after={"redemption": redemption.pk}, at=at
    )
    return redemption
