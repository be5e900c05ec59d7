"""Using what is held: reserve or charge at once, confirm, refuse, expire, dispute, undo.

The deeds on uses are SQL functions (escrow/sql/use.sql): key, guard, use, transfers and audit row in one call, for one
command or thousands. After ``k`` units ``floor(price·k/units_total)`` has been released, whatever the order of confirming
and refusing (docs/ledger.md, "Shares and reservations").
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from escrow import audit, errors, queries
from escrow.clock import beijing_date
from escrow.errors import (
    AgreementFrozen,
    AgreementNotHeld,
    AlreadyUndone,
    DomainError,
    InvalidUnits,
    NotFound,
    ReservationDisputed,
    ReservationExpired,
    ReservationVoided,
    TooLateToUndo,
    WrongState,
)
from escrow.ledger import Chart, Movement, post
from escrow.models import Agreement, PayoutLine, Transfer, Use
from escrow.money import share
from escrow.operations.agreements import locked_agreement
from escrow.signals import use_recorded
from escrow.states import (
    COUNTED_PLANS,
    OPEN_USES,
    USE_TRANSITIONS,
    AccountCode,
    AgreementState,
    Asset,
    Reason,
    Silence,
    UseState,
    check_transition,
)
from escrow.transactions import after_commit, call, transaction

_WHY_NOT_CHARGED: dict[str, type[DomainError]] = {
    UseState.RESERVED: WrongState,
    UseState.DISPUTED: ReservationDisputed,
    UseState.VOIDED: ReservationVoided,
    UseState.EXPIRED: ReservationExpired,
}


USE_FIELDS = [field.attname for field in Use._meta.concrete_fields]


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """One command: use ``units`` (visits, or fen of face value) of an agreement, once for its ``key``.

    A reservation says what silence means: it returns at ``confirm_until``, or ``silence_days`` working days after its notice
    was delivered (``notice_delivered``) it counts as confirmed. ``lesson``: the opaque id of the lesson of a course, which is
    charged once, whatever the key. ``part_of``: the card and the units of which this is a part (``operations/lots.py``).
    """

    beneficiary_id: int
    agreement_id: int
    units: int
    final: bool
    key: str
    reference: str
    place: str = ""
    confirm_until: datetime | None = None
    silence: Silence = Silence.EXPIRES
    silence_days: int | None = None
    lesson: str | None = None
    part_of: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.units, bool) or not isinstance(self.units, int) or not 1 <= self.units < 2**62:
            raise InvalidUnits()

    def body_sha256(self) -> str:
        """What the key stands for: another body under the same key is refused."""
        card, units = self.part_of or (self.agreement_id, self.units)
        body = [card, units, self.final, self.reference, self.place, *([self.lesson] if self.lesson else [])]
        return sha256(json.dumps(body).encode()).hexdigest()


def charge(*, at: datetime, actor: str, **command: Any) -> Use:
    """Carry out one ``Charge``: final at once, or reserved until ``confirm_until``. The same key and body give the same
    use again. Tells nobody: the caller knows whom the use concerns.

    Raises:
        InvalidUnits: not a whole number of at least 1, or a plan that is not used by the unit.
        AgreementFrozen, AgreementNotHeld: nothing can be charged now. NotFound: no such agreement of the beneficiary.
        NotEnoughLeft: more than what is left, reservations counted. KeyReused: the key was used for something else.
        LessonCharged: this lesson is charged already, under another key.
    """
    c = Charge(**command)
    body = c.body_sha256()
    facts = (c.beneficiary_id, c.agreement_id, c.units, c.final, c.key, body, c.reference, c.place, c.lesson)
    silence = (c.confirm_until, c.silence, c.silence_days)
    [outcome] = call("escrow_charge", 0, *facts, *silence, at, actor, audit.request_id())
    if outcome[1] == "Replayed":
        return Use.objects.get(pk=outcome[2])
    if outcome[1]:
        raise getattr(errors, outcome[1])()
    return _used(c, body, outcome, at)


def charge_many(commands: Sequence[Charge], *, at: datetime, actor: str) -> list[Use | DomainError]:
    """Carry out a set of commands in one call. Per command, in order: its use, or the error that kept it from being done;
    the others are done all the same."""
    rows = [
        {
            "n": n,
            "beneficiary": c.beneficiary_id,
            "agreement": c.agreement_id,
            "units": c.units,
            "final": c.final,
            "key": c.key,
            "body": c.body_sha256(),
            "reference": c.reference,
            "place": c.place,
            "lesson": c.lesson,
            "confirm_until": c.confirm_until.isoformat() if c.confirm_until else None,
            "silence": c.silence,
            "silence_days": c.silence_days,
        }
        for n, c in enumerate(commands)
    ]
    done: list[Use | DomainError] = [NotFound()] * len(commands)
    replayed: dict[int, int] = {}
    for outcome in call("escrow_charge_set", json.dumps(rows), at, actor, audit.request_id()):
        n, error, use_id = outcome[:3]
        if error == "Replayed":
            replayed[n] = use_id
        else:
            done[n] = getattr(errors, error)() if error else _used(commands[n], rows[n]["body"], outcome, at)
    if replayed:
        uses = Use.objects.in_bulk(replayed.values())
        done = [uses[replayed[n]] if n in replayed else outcome for n, outcome in enumerate(done)]
    return done


def _used(c: Charge, body: str, outcome: tuple[Any, ...], at: datetime) -> Use:
    """The row that ``escrow_charge`` wrote, without asking for it again. The order is the table's: a use is made often."""
    _n, _error, use_id, amount_fen, bonus_fen = outcome
    state, resolved_at = (UseState.FINAL, at) if c.final else (UseState.RESERVED, None)
    waits = ("", None, None, None) if c.final else (c.silence, c.silence_days, None, c.confirm_until)
    return Use.from_db(
        None,
        USE_FIELDS,
        (
            *(use_id, c.beneficiary_id, c.agreement_id, c.key, body, c.units, amount_fen, bonus_fen, state),
            *(c.reference, c.place, *waits, None, c.lesson, at, resolved_at),
        ),
    )


def confirm_use(*, use_id: int, units: int | None = None, at: datetime, actor: str) -> Use:
    """The consumer says yes, to all of it or to ``units`` of it: the cumulative share is released, the rest returns.

    Raises:
        ReservationConfirmed, ReservationVoided, ReservationExpired, ReservationDisputed: decided already.
        AgreementFrozen, AgreementNotHeld; InvalidUnits: more than was reserved.
    """
    return _resolve(use_id, UseState.FINAL, because="holder", units=units, at=at, actor=actor)


def void_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """Refused by the consumer or withdrawn by the merchant: the reservation returns to the card.

    Raises:
        ReservationConfirmed, ReservationVoided, ReservationExpired, ReservationDisputed: decided already.
    """
    return _resolve(use_id, UseState.VOIDED, because="holder", at=at, actor=actor)


def expire_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """Nobody confirmed in time: the reservation returns to the card. Raises ``WrongState`` before its time."""
    return _resolve(use_id, UseState.EXPIRED, because="silence", at=at, actor=actor)


def withdraw_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """The merchant gives up a charge that waits or is disputed: it returns to the card.

    Raises:
        ReservationConfirmed, ReservationVoided, ReservationExpired: decided already.
    """
    return _resolve(use_id, UseState.VOIDED, because="withdrawal", at=at, actor=actor)


def dispute_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """The consumer contests it: the money stays reserved, beyond any term of silence, until ``decide_dispute``.

    Raises:
        ReservationConfirmed, ReservationVoided, ReservationExpired, ReservationDisputed: decided already.
    """
    return _resolve(use_id, UseState.DISPUTED, because="holder", at=at, actor=actor)


def decide_dispute(*, use_id: int, units: int, at: datetime, actor: str) -> Use:
    """End a dispute: ``units`` of the reservation were used (0: none), the rest returns to the card.

    Raises:
        WrongState: not disputed. InvalidUnits: more than was reserved. AgreementFrozen, AgreementNotHeld.
    """
    if units == 0:
        return _resolve(use_id, UseState.VOIDED, because="decision", at=at, actor=actor)
    return _resolve(use_id, UseState.FINAL, because="decision", units=units, at=at, actor=actor)


def _resolve(use_id: int, to: UseState, *, because: str, units: int | None = None, at: datetime, actor: str) -> Use:
    [error] = resolve_many([(use_id, to, because, units)], at=at, actor=actor)
    if error is not None:
        raise error
    return Use.objects.get(pk=use_id)


def resolve_many(
    decisions: Sequence[tuple[int, UseState, str, int | None]], *, at: datetime, actor: str
) -> list[DomainError | None]:
    """Decide a set of reservations in one call: ``(use id, new state, because, units or all)``. Per decision the error that
    kept it from being done, or None; whoever listens is told after commit."""
    rows = [
        {"n": n, "use": use_id, "to": to, "because": because, "units": units}
        for n, (use_id, to, because, units) in enumerate(decisions)
    ]
    found: list[DomainError | None] = [None] * len(decisions)
    for n, error, use_id, _amount, _bonus in call("escrow_resolve", json.dumps(rows), at, actor, audit.request_id()):
        if error:
            found[n] = getattr(errors, error)()
        else:
            after_commit(partial(use_recorded.send, sender=Use, use_id=use_id))
    return found


def _given_back(agreement: Agreement, before: int, after: int, early: int) -> dict[Asset, int]:
    """What going back from ``before`` to ``after`` used units returns of each asset; ``early``: what the use took of the money
    that had been released early."""
    money = share(agreement.price_fen, before, agreement.units_total) - share(
        agreement.price_fen, after, agreement.units_total
    )
    advance = min(early, money)
    parts = {Asset.CNY: money - advance, Asset.ADVANCE: advance}
    if agreement.plan in COUNTED_PLANS:
        parts[Asset.VISIT] = before - after
    elif agreement.bonus_fen:
        parts[Asset.BONUS] = before - after - money
    return {asset: amount for asset, amount in parts.items() if amount}


def undo_use(*, use_id: int, at: datetime, actor: str) -> Use:
    """Take a final charge back by transfers the other way, as long as its money has not left for the merchant.

    Raises:
        AlreadyUndone, TooLateToUndo, AgreementFrozen, AgreementNotHeld; ReservationResolved when it was never charged.
    """
    with transaction():
        use = Use.objects.filter(pk=use_id).first()
        if use is None:
            raise NotFound()
        agreement = locked_agreement(use.agreement_id, alone=True)  # no payout takes the use meanwhile
        use.refresh_from_db()
        if use.state == UseState.UNDONE:
            raise AlreadyUndone()
        if use.day is not None:
            raise WrongState()
        if use.state != UseState.FINAL:
            raise _WHY_NOT_CHARGED[use.state]()
        if agreement.state == AgreementState.FROZEN:
            raise AgreementFrozen()
        if agreement.state != AgreementState.HELD:
            raise AgreementNotHeld()
        transfers = Transfer.objects.filter(agreement=agreement, use=use, reason=Reason.RELEASE).order_by("id")
        released = {Asset(t.asset): t for t in transfers}
        if PayoutLine.objects.filter(transfer__in=released.values()).exists():
            raise TooLateToUndo()
        used = queries.holding(agreement.pk).units_used
        early = released[Asset.ADVANCE].amount if Asset.ADVANCE in released else 0
        parts = _given_back(agreement, used, used - use.units, early)
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
                    # Balances the line it takes back, so it counts from the same day; from today where the use had released
                    # nothing. Only money is a line of a payout.
                    payable_on=(asset in released and released[asset].payable_on) or beijing_date(at)
                    if asset is Asset.CNY
                    else None,
                )
                for asset, amount in parts.items()
            ],
            at=at,
        )
        check_transition(USE_TRANSITIONS, use.state, UseState.UNDONE)
        use.state, use.resolved_at = UseState.UNDONE, at
        use.save(update_fields=["state", "resolved_at"])
        audit.record(
            actor=actor,
            action="escrow.undo_use",
            target=f"use:{use.pk}",
            before={"state": UseState.FINAL},
            after={"state": use.state, "units": use.units, "amount_fen": use.amount_fen, "agreement": agreement.pk},
            at=at,
        )
        after_commit(lambda: use_recorded.send(sender=Use, use_id=use_id))
    return use


def _locked_use(use_id: int) -> tuple[Use, Agreement]:
    """The use and its agreement, agreement locked first as everywhere. Raises ``NotFound``."""
    agreement_id = Use.objects.filter(pk=use_id).values_list("agreement_id", flat=True).first()
    if agreement_id is None:
        raise NotFound()
    agreement = locked_agreement(agreement_id)
    return Use.objects.get(pk=use_id), agreement


def unresolved(agreement_id: int) -> list[int]:
    """The ids of the agreement's open reservations, disputed ones included."""
    return list(
        Use.objects.filter(agreement_id=agreement_id, state__in=OPEN_USES).order_by("id").values_list("id", flat=True)
    )
