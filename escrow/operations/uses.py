"""Using what is held: reserve or charge at once, confirm, refuse, expire, undo.

After ``k`` units ``floor(price·k/units_total)`` has been released, whatever the order of confirming and refusing: a
reservation keeps its own share rounded down, and what moves when it is confirmed is the cumulative difference. The odd
fen that this may need on top of the reservation is always there (docs/ledger.md, "Shares and reservations").
"""

from datetime import datetime

from escrow import audit, queries
from escrow.clock import beijing_date
from escrow.errors import (
    AgreementFrozen,
    AgreementNotHeld,
    AlreadyUndone,
    InvalidUnits,
    NotEnoughLeft,
    NotFound,
    ReservationConfirmed,
    ReservationExpired,
    ReservationResolved,
    ReservationVoided,
    TooLateToUndo,
    WrongState,
)
from escrow.ledger import Chart, Movement, post, reservations_of
from escrow.models import Agreement, PayoutLine, Transfer, Use
from escrow.money import share
from escrow.operations import commands
from escrow.operations.agreements import locked_agreement
from escrow.operations.beneficiaries import locked_beneficiary
from escrow.signals import use_recorded
from escrow.states import (
    USE_TRANSITIONS,
    AccountCode,
    AgreementState,
    Asset,
    Plan,
    Reason,
    TransferKind,
    UseState,
    check_transition,
)
from escrow.transactions import after_commit, transaction

_WHY_RESOLVED: dict[str, type[ReservationResolved]] = {
    UseState.FINAL: ReservationConfirmed,
    UseState.UNDONE: ReservationConfirmed,
    UseState.VOIDED: ReservationVoided,
    UseState.EXPIRED: ReservationExpired,
}


def _parts(agreement: Agreement, before: int, after: int) -> dict[Asset, int]:
    """What moving from ``before`` to ``after`` used units takes of each asset the plan has."""
    money = share(agreement.price_fen, after, agreement.units_total) - share(
        agreement.price_fen, before, agreement.units_total
    )
    if agreement.plan == Plan.SESSIONS:
        return {Asset.CNY: money, Asset.VISIT: after - before}
    if agreement.bonus_fen:
        return {Asset.CNY: money, Asset.BONUS: after - before - money}
    return {Asset.CNY: money}


def _reserved_parts(agreement: Agreement, units: int) -> dict[Asset, int]:
    """What a reservation of ``units`` keeps: each asset's own share, rounded down."""
    money = share(agreement.price_fen, units, agreement.units_total)
    if agreement.plan == Plan.SESSIONS:
        return {Asset.CNY: money, Asset.VISIT: units}
    if agreement.bonus_fen:
        return {Asset.CNY: money, Asset.BONUS: share(agreement.bonus_fen, units, agreement.units_total)}
    return {Asset.CNY: money}


def _movements(
    chart: Chart, use: Use, parts: dict[Asset, int], *, reason: Reason, kind: TransferKind, at: datetime
) -> list[Movement]:
    """Held → earned for money, held → consumed for gifts and visits."""
    pays = reason == Reason.RELEASE
    payable_on = queries.add_working_days(beijing_date(at), 1) if pays else None
    pending = reservations_of(use.pk) if kind is TransferKind.RESOLVED else {}
    return [
        Movement(
            debit=chart.id(AccountCode.HELD, asset),
            credit=chart.id(AccountCode.PAYABLE if asset is Asset.CNY else AccountCode.CONSUMED, asset),
            amount=amount,
            reason=reason,
            kind=kind,
            pending=pending[asset].pk if pending else None,
            agreement=use.agreement_id,
            use=use.pk,
            reference=use.reference,
            payable_on=payable_on if asset is Asset.CNY and amount else None,
        )
        for asset, amount in parts.items()
    ]


def charge(
    *,
    agreement_id: int,
    units: int,
    final: bool,
    key: str,
    reference: str,
    confirm_until: datetime | None = None,
    at: datetime,
    actor: str,
) -> Use:
    """Use ``units`` (visits, or fen of face value): final at once, or reserved until the consumer confirms.

    The same ``key`` with the same body gives the same use again.

    Raises:
        InvalidUnits: not a whole number of at least 1, or a plan that is not used by the unit.
        AgreementFrozen, AgreementNotHeld: nothing can be charged now.
        NotEnoughLeft: more than what is left, reservations counted.
        KeyReused: the key was used for something else.
    """
    if isinstance(units, bool) or not isinstance(units, int) or units < 1:
        raise InvalidUnits()
    with transaction():
        agreement = locked_agreement(agreement_id)
        command = commands.begin(
            beneficiary_id=agreement.beneficiary_id,
            key=key,
            body={"charge": agreement_id, "units": units, "final": final, "reference": reference},
        )
        if command.result is not None:
            return Use.objects.get(pk=command.result["use"])
        if agreement.state == AgreementState.FROZEN:
            raise AgreementFrozen()
        if agreement.state != AgreementState.HELD:
            raise AgreementNotHeld()
        if agreement.plan == Plan.PERIOD:
            raise InvalidUnits()
        holding = queries.holding(agreement_id)
        if units > holding.units_left:
            raise NotEnoughLeft()
        used = holding.units_used
        parts = _parts(agreement, used, used + units) if final else _reserved_parts(agreement, units)
        use = Use.objects.create(
            beneficiary_id=agreement.beneficiary_id,
            agreement=agreement,
            units=units,
            amount_fen=parts[Asset.CNY],
            bonus_fen=parts.get(Asset.BONUS, 0),
            state=UseState.FINAL if final else UseState.RESERVED,
            reference=reference,
            confirm_until=None if final else confirm_until,
            used_at=at,
            resolved_at=at if final else None,
        )
        post(
            _movements(
                Chart(beneficiary_id=agreement.beneficiary_id, agreement_id=agreement_id),
                use,
                parts,
                reason=Reason.RELEASE if final else Reason.RESERVE,
                kind=TransferKind.POSTED if final else TransferKind.PENDING,
                at=at,
            ),
            at=at,
        )
        _record(use, action="escrow.charge" if final else "escrow.reserve", before=None, at=at, actor=actor)
        commands.finish(command, {"use": use.pk})
    return use


def confirm_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """The consumer says yes: the cumulative share is released, the rest of the reservation returns.

    Raises:
        ReservationConfirmed, ReservationVoided, ReservationExpired: decided already; AgreementFrozen, AgreementNotHeld.
    """
    with transaction():
        use, agreement = _locked_use(use_id)
        _check_open(use, at)
        if agreement.state == AgreementState.FROZEN:
            raise AgreementFrozen()
        if agreement.state != AgreementState.HELD:
            raise AgreementNotHeld()
        holding = queries.holding(agreement.pk)
        parts = _parts(agreement, holding.units_used, holding.units_used + use.units)
        use.amount_fen, use.bonus_fen = parts[Asset.CNY], parts.get(Asset.BONUS, 0)
        _resolve(use, UseState.FINAL, parts, Reason.RELEASE, action="escrow.confirm_use", at=at, actor=actor)
    return use


def void_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """Refused by the consumer or withdrawn by the merchant: the reservation returns to the card.

    Raises:
        ReservationConfirmed, ReservationVoided, ReservationExpired: decided already.
    """
    with transaction():
        use, _agreement = _locked_use(use_id)
        _check_open(use, at)
        _resolve(use, UseState.VOIDED, {}, Reason.VOID, action="escrow.void_use", at=at, actor=actor)
    return use


def expire_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """Nobody confirmed in time: the reservation returns to the card. Raises ``WrongState`` before its time."""
    with transaction():
        use, _agreement = _locked_use(use_id)
        if use.state != UseState.RESERVED:
            raise _WHY_RESOLVED[use.state]()
        if use.confirm_until is None or use.confirm_until > at:
            raise WrongState()
        _resolve(use, UseState.EXPIRED, {}, Reason.EXPIRE, action="escrow.expire_use", at=at, actor=actor)
    return use


def undo_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """Take a final charge back by transfers the other way, as long as its money has not left for the merchant.

    Raises:
        AlreadyUndone, TooLateToUndo, AgreementFrozen, AgreementNotHeld; ReservationResolved when it was never charged.
    """
    with transaction():
        use, agreement = _locked_use(use_id)
        if use.state == UseState.UNDONE:
            raise AlreadyUndone()
        if use.state != UseState.FINAL:
            raise WrongState() if use.state == UseState.RESERVED else _WHY_RESOLVED[use.state]()
        if agreement.state == AgreementState.FROZEN:
            raise AgreementFrozen()
        if agreement.state != AgreementState.HELD:
            raise AgreementNotHeld()
        locked_beneficiary(agreement.beneficiary_id)  # no payout takes the use meanwhile
        released = {Asset(t.asset): t for t in Transfer.objects.filter(use=use, reason=Reason.RELEASE).order_by("id")}
        if PayoutLine.objects.filter(transfer__in=released.values()).exists():
            raise TooLateToUndo()
        used = queries.holding(agreement.pk).units_used
        parts = _parts(agreement, used - use.units, used)
        chart = Chart(beneficiary_id=use.beneficiary_id, agreement_id=agreement.pk)
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.PAYABLE if asset is Asset.CNY else AccountCode.CONSUMED, asset),
                    credit=chart.id(AccountCode.HELD, asset),
                    amount=amount,
                    reason=Reason.UNDO,
                    corrects=released[asset].pk if asset in released else None,
                    agreement=agreement.pk,
                    use=use.pk,
                    reference=use.reference,
                    # Balances the line it takes back, so it counts from the same day.
                    payable_on=released[asset].payable_on if asset in released else beijing_date(at),
                )
                for asset, amount in parts.items()
            ],
            at=at,
        )
        _move(use, UseState.UNDONE, action="escrow.undo_use", at=at, actor=actor)
    return use


def _locked_use(use_id: int) -> tuple[Use, Agreement]:
    """The use and its agreement, agreement locked first as everywhere. Raises ``NotFound``."""
    agreement_id = Use.objects.filter(pk=use_id).values_list("agreement_id", flat=True).first()
    if agreement_id is None:
        raise NotFound()
    agreement = locked_agreement(agreement_id)
    return Use.objects.get(pk=use_id), agreement


def _check_open(use: Use, at: datetime) -> None:
    if use.state != UseState.RESERVED:
        raise _WHY_RESOLVED[use.state]()
    if use.confirm_until is not None and use.confirm_until <= at:
        raise ReservationExpired()


def _resolve(
    use: Use, state: UseState, parts: dict[Asset, int], reason: Reason, *, action: str, at: datetime, actor: str
) -> None:
    reserved = reservations_of(use.pk)
    chart = Chart(beneficiary_id=use.beneficiary_id, agreement_id=use.agreement_id)
    post(
        _movements(
            chart,
            use,
            {asset: parts.get(asset, 0) for asset in reserved},
            reason=reason,
            kind=TransferKind.RESOLVED,
            at=at,
        ),
        at=at,
    )
    _move(use, state, action=action, at=at, actor=actor)


def void_reservations(agreement: Agreement, *, at: datetime, actor: str) -> None:
    """Every open reservation returns to the card; part of a settlement, under the agreement's lock."""
    for use in Use.objects.filter(agreement=agreement, state=UseState.RESERVED).order_by("id"):
        _resolve(use, UseState.VOIDED, {}, Reason.VOID, action="escrow.void_use", at=at, actor=actor)


def _move(use: Use, new: UseState, *, action: str, at: datetime, actor: str) -> None:
    check_transition(USE_TRANSITIONS, use.state, new)
    before, use.state, use.resolved_at = use.state, new, at
    use.save(update_fields=["state", "resolved_at", "amount_fen", "bonus_fen"])
    _record(use, action=action, before={"state": before}, at=at, actor=actor)


def _record(use: Use, *, action: str, before: dict[str, str] | None, at: datetime, actor: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=f"use:{use.pk}",
        before=before,
        after={"state": use.state, "units": use.units, "amount_fen": use.amount_fen, "agreement": use.agreement_id},
        at=at,
    )
    after_commit(lambda: use_recorded.send(sender=Use, use_id=use.pk))
