"""Top-ups as lots: every payment is an agreement of its own, with its price, its gift and its refund, and tops up the first.

What is charged to the card is drawn from the oldest lot that has something left, each lot giving its own exact share, so the
arithmetic of one agreement is that of all (docs/ledger.md, "Lots").
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from escrow import queries
from escrow.errors import (
    AgreementFrozen,
    AgreementNotHeld,
    CannotTopUp,
    DomainError,
    InvalidUnits,
    KeyReused,
    LessonCharged,
    NotEnoughLeft,
)
from escrow.models import Agreement, Use
from escrow.operations.agreements import locked_agreement, open_agreement
from escrow.operations.uses import Charge, charge_many, resolve_many
from escrow.states import OPEN_USES, AgreementState, Plan, UseState
from escrow.transactions import call, transaction

#: Between a key and the number of a further part; nobody's key has one.
PART = "\x1f"


def open_top_up(
    *, card_id: int, price_fen: int, bonus_fen: int = 0, units_total: int, pay_until: datetime, at: datetime, actor: str
) -> Agreement:
    """A further payment for the card that agreement ``card_id`` began: used where it is used, and after it.

    Raises:
        CannotTopUp: the card counts days, is a top-up itself, or is not held any more.
        InvalidAmount, InvalidUnits: as ``open_agreement``. NotFound: no such agreement.
    """
    with transaction():
        card = locked_agreement(card_id)
        if card.plan == Plan.PERIOD or card.tops_up_id is not None or card.state != AgreementState.HELD:
            raise CannotTopUp()
        return open_agreement(
            beneficiary_id=card.beneficiary_id,
            funder=card.funder,
            plan=Plan(card.plan),
            price_fen=price_fen,
            bonus_fen=bonus_fen,
            units_total=units_total,
            places=card.places,
            payable_after=card.payable_after,
            free_percent=card.free_percent,
            tops_up=card,
            pay_until=pay_until,
            at=at,
            actor=actor,
        )


def charge_card(*, card_id: int, at: datetime, actor: str, **command: Any) -> list[Use]:
    """Charge a card over all its lots, the oldest first: one use per lot that gives something, all or none of them. ``command``
    as ``Charge``, without the agreement; the same key and body give the same uses again.

    Raises:
        NotEnoughLeft: more than all lots have left, reservations counted. AgreementFrozen, AgreementNotHeld, NotFound,
        KeyReused, InvalidUnits, LessonCharged: as ``charge``.
    """
    wanted = Charge(agreement_id=card_id, **command)
    with transaction():
        lots = queries.lots(card_id)
        call("escrow_lock_agreements", [lot.agreement_id for lot in lots] or [card_id], False)
        earlier = list(_parts(wanted))
        if earlier:
            if any(use.body_sha256 != wanted.body_sha256() for use in earlier):
                raise KeyReused()
            return earlier
        if wanted.lesson is not None:
            if wanted.units != 1:
                raise InvalidUnits()
            charged = Use.objects.filter(lesson=wanted.lesson, state__in=[*OPEN_USES, UseState.FINAL])
            if charged.filter(agreement_id__in=[lot.agreement_id for lot in lots]).exists():
                raise LessonCharged()
        parts: list[Charge] = []
        missing = wanted.units
        for lot in queries.lots(card_id):  # as they are now that nobody else changes them
            if lot.state == AgreementState.FROZEN:
                raise AgreementFrozen()
            units = min(missing, lot.units_left)
            if lot.state == AgreementState.HELD and units:
                key = wanted.key if not parts else f"{wanted.key}{PART}{len(parts)}"
                facts = {**command, "units": units, "key": key, "part_of": (card_id, wanted.units)}
                parts.append(Charge(agreement_id=lot.agreement_id, **facts))
                missing -= units
        if missing:
            raise NotEnoughLeft() if lots else AgreementNotHeld()
        done = charge_many(parts, at=at, actor=actor)
        for outcome in done:
            if isinstance(outcome, DomainError):
                raise outcome
        return [use for use in done if isinstance(use, Use)]


def resolve_card(
    *, use_ids: Sequence[int], to: UseState, because: str, units: int | None = None, at: datetime, actor: str
) -> None:
    """Decide the parts of one charge together, all or none; ``units``: only so many of them are charged, the oldest lot's
    first, the rest returns. Raises what ``confirm_use`` and its relatives raise."""
    with transaction():
        decisions: list[tuple[int, UseState, str, int | None]] = []
        left = units
        for use in Use.objects.filter(pk__in=use_ids).order_by("pk"):
            if left is None:
                decisions.append((use.pk, to, because, None))
            elif left > 0:
                decisions.append((use.pk, to, because, min(left, use.units)))
                left -= min(left, use.units)
            else:
                decisions.append((use.pk, UseState.VOIDED, because, None))
        if left:
            raise InvalidUnits()
        for error in resolve_many(decisions, at=at, actor=actor):
            if error is not None:
                raise error


def _parts(wanted: Charge) -> QuerySet[Use]:
    """The uses that were made under the key, the first before its further parts."""
    mine = Use.objects.filter(beneficiary_id=wanted.beneficiary_id)
    return (mine.filter(command_key=wanted.key) | mine.filter(command_key__startswith=f"{wanted.key}{PART}")).order_by(
        "pk"
    )
