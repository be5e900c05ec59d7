"""The kernel's Celery tasks: each carries ids and calls one verb. PostgreSQL is the queue; ``sweep`` finds what no bell announced."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from escrow import blocks, clock, operations, queries, totals
from escrow.errors import DomainError
from escrow.models import Agreement, Approval, Beneficiary, Claim, Instruction, LegalHold, Payment
from escrow.states import DEPOSIT, AgreementState, ApprovalState, InstructionKind, InstructionState, PaymentState

logger = logging.getLogger(__name__)
#: Rows one sweep takes of each kind, in an order of chance: what fails every time does not stand before the rest.
BATCH = 500


def _some(due: QuerySet[Any]) -> list[int]:
    return list(due.order_by("?").values_list("pk", flat=True)[:BATCH])


def _each(what: str, ids: Iterable[int], verb: Callable[[int], object]) -> int:
    """Run the verb for each row; one row's refusal or fault does not keep the others waiting."""
    done = 0
    for pk in ids:
        try:
            verb(pk)
            done += 1
        except DomainError as error:
            logger.info("%s %s: %s", what, pk, error.code)
        except Exception:  # one bad row must not stop the queue behind it
            logger.exception("%s %s failed", what, pk)
    return done


@shared_task
def send_instruction(instruction_id: int) -> None:
    """Send one refund or payout, or ask what became of it."""
    operations.send_instruction(instruction_id=instruction_id, at=clock.now())


@shared_task
def send_refunds() -> int:
    """Every refund that goes back the way it came, is due and was never sent, many in one call; how many were answered."""
    channels, sent = settings.PAYMENT_CHANNELS, 0

    def send_all(index: int) -> None:
        nonlocal sent
        while answered := operations.send_refunds(channel=channels[index], at=clock.now()):
            sent += answered

    _each("refunds", range(len(channels)), send_all)
    return sent


@shared_task
def sweep() -> dict[str, int]:
    """Everything due, by kind. Idempotent; two sweeps at once do nothing twice."""
    return {
        "reservations": operations.pass_silence(at=clock.now(), actor="system:sweep"),
        "payments": ask_payments(),
        "orders": expire_agreements(),
        "legal_holds": expire_holds(),
        "payouts": run_payouts(),
        "refunds": send_refunds(),
        "instructions": send_instructions(),
        "statements": import_statements(),
        "approvals": expire_approvals(),
    }


def ask_payments() -> int:
    """Ask the channel about payments it has said nothing of."""
    due = Payment.objects.filter(state=PaymentState.CREATED, ask_at__lte=timezone.now())
    return _each("payment", _some(due), lambda pk: operations.ask_payment(payment_id=pk, at=clock.now()))


def expire_agreements() -> int:
    """Give up unpaid orders whose time has passed."""
    at = clock.now()
    due = Agreement.objects.filter(state=AgreementState.OPEN, pay_until__lte=at).exclude(payments__channel=DEPOSIT)
    return _each(
        "agreement", _some(due), lambda pk: operations.expire_agreement(agreement_id=pk, at=at, actor="system:sweep")
    )


def expire_holds() -> int:
    """Lift every order of a court or authority whose last day has passed."""
    at = clock.now()
    over = LegalHold.objects.filter(lifted_at=None, expires_on__lt=clock.beijing_date(at))
    return _each(
        "legal hold",
        _some(over),
        lambda pk: operations.lift_hold(hold_id=pk, because="expired", at=at, actor="system:sweep"),
    )


def expire_approvals() -> int:
    """End the requests that no second person decided in their time."""
    at = clock.now()
    over = Approval.objects.filter(state=ApprovalState.OPEN, expires_at__lte=at)
    return _each(
        "approval", _some(over), lambda pk: operations.expire_approval(approval_id=pk, at=at, actor="system:sweep")
    )


def run_payouts() -> int:
    """Once a day per beneficiary: every line that is due by today. While payouts are held, for those with claims to serve
    or orders to fill."""
    at = clock.now()
    today = clock.beijing_date(at)
    not_yet = Q(payouts_run_on=None) | Q(payouts_run_on__lt=today)
    claims = Claim.objects.filter(beneficiary_id=OuterRef("pk"), closed_at=None)
    orders = LegalHold.objects.filter(
        beneficiary_id=OuterRef("pk"), lifted_at=None, expires_on__gte=today, blocked_fen__lt=F("sum_fen")
    )
    due = Beneficiary.objects.filter(not_yet & (Q(payouts_held=False) | Exists(claims) | Exists(orders)))
    return _each("payout", _some(due), lambda pk: operations.pay_out(beneficiary_id=pk, at=at, actor="system:payouts"))


def send_instructions() -> int:
    """Refunds and payouts not yet sent, not yet answered, or answered with no end."""
    due = Instruction.objects.filter(
        state__in=(InstructionState.DUE, InstructionState.UNKNOWN, InstructionState.ACCEPTED),
        due_at__lte=timezone.now(),
        batch_line__isnull=True,  # what is in a file is answered by a file
    ).exclude(kind=InstructionKind.PAYOUT, state=InstructionState.DUE, beneficiary__payouts_held=True)
    due = due.exclude(pk__in=queries.nowhere_to_go()).exclude(pk__in=queries.not_in_custody())
    return _each(
        "instruction",
        _some(due),
        lambda pk: operations.send_instruction(instruction_id=pk, at=clock.now()),
    )


def import_statements() -> int:
    """New lines of the custody bank's statement."""
    channels = settings.PAYMENT_CHANNELS
    return _each(
        "statement",
        range(len(channels)),
        lambda index: operations.import_statement(channel=channels[index], at=clock.now()),
    )


@shared_task
def seal() -> dict[str, int]:
    """Seal what has been written since, then publish the totals of the days that are over. Idempotent."""
    return {"blocks": seal_blocks(), "totals": publish_totals()}


def seal_blocks() -> int:
    """One block or more for each beneficiary with unsealed transfers."""
    at, made = clock.now(), 0

    def seal_one(pk: int) -> None:
        nonlocal made
        made += operations.seal(beneficiary_id=pk, at=at, actor="system:seal")

    _each("seal", blocks.unsealed(), seal_one)
    return made


def publish_totals() -> int:
    """The totals of days that are over, in order: more than one after an outage."""
    at, published = clock.now(), 0
    while day := totals.next_day(at):
        try:
            if operations.publish_total(day=day, at=at, actor="system:seal") is None:
                break  # another process is at it
        except DomainError as error:
            logger.info("total of %s: %s", day, error.code)
            break
        published += 1
    return published


@shared_task
def accrue() -> dict[str, int]:
    """Every day served since the last run, of all agreements earned by the day. Idempotent."""
    return asdict(operations.accrue(at=clock.now(), actor="system:accrue"))


@shared_task
def release_early() -> dict[str, int]:
    """What agreements leave free, to whoever has earned it, once a day. Idempotent."""
    return asdict(operations.release_early(at=clock.now(), actor="system:release_early"))


@shared_task
def reconcile() -> dict[str, int]:
    """Lines that found no order before, how the last days tie out, which accounts do not return to zero, and uploads
    nobody decided on."""
    at = clock.now()
    return {
        "matched": operations.match_open_lines(at=at),
        "tie_outs": operations.tie_out_lately(at=at),
        "alarms": operations.watch_clearing(at=at),
        "forgotten": operations.discard_forgotten(at=at),
    }


@shared_task
def match_file(file_id: int) -> None:
    """The lines of a long statement; what a lost bell leaves ``reconcile`` finds."""
    operations.match_file(file_id=file_id, at=clock.now())


@shared_task
def fetch_bills() -> int:
    """Yesterday's bill of every channel; channels have them ready by ten in the morning."""
    channels = settings.PAYMENT_CHANNELS
    day = clock.beijing_date(timezone.now()) - timedelta(days=1)  # the channel's calendar, not the demo's
    return _each(
        "bill",
        range(len(channels)),
        lambda index: operations.fetch_bill(channel=channels[index], day=day, at=clock.now()),
    )
