"""Questions to the ledger. They write nothing; every one is scoped by the ids it is given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from escrow import clock, workdays
from escrow.errors import NotFound
from escrow.models import (
    Account,
    AccrualRule,
    Agreement,
    Beneficiary,
    EarlyRelease,
    EarlyReleaseRule,
    Instruction,
    Pause,
    Payment,
    Payout,
    PayoutLine,
    ReserveRule,
    StatementLine,
    Stoppage,
    Transfer,
    Use,
    WorkingDay,
)
from escrow.states import (
    COUNTED_PLANS,
    DEPOSIT,
    OPEN_ORDERS,
    OPEN_USES,
    AccountCode,
    AgreementState,
    Asset,
    EarlyRefusal,
    InstructionKind,
    InstructionState,
    LineKind,
    PauseState,
    PaymentState,
    Plan,
    Reason,
    Silence,
    TransferKind,
    UseState,
)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What one agreement holds now: fen, and units of its plan (visits, fen of face value, or days)."""

    agreement_id: int
    beneficiary_id: int
    state: str
    plan: str
    price_fen: int
    bonus_fen: int
    units_total: int
    units_used: int
    units_reserved: int
    held_fen: int
    bonus_held: int
    reserved_fen: int
    bonus_reserved: int
    #: Released early and not earned, and what of it reservations keep.
    advanced_fen: int = 0
    early_reserved: int = 0

    @property
    def units_left(self) -> int:
        """What can still be charged, reservations taken off; nothing while unpaid or once settled."""
        if self.state not in (AgreementState.HELD, AgreementState.FROZEN):
            return 0
        return self.units_total - self.units_used - self.units_reserved

    @property
    def available_fen(self) -> int:
        """Held, less what reservations keep."""
        return self.held_fen - self.reserved_fen

    @property
    def unearned_fen(self) -> int:
        """What was paid and is not earned, in custody or released early: what a refund may come to."""
        return self.held_fen + self.advanced_fen


def holding(agreement_id: int) -> Holding:
    """Raises ``NotFound``."""
    found = holdings([agreement_id])
    if agreement_id not in found:
        raise NotFound()
    return found[agreement_id]


def lots(card_id: int) -> list[Holding]:
    """What the card that agreement ``card_id`` began holds, one row a payment that was made, the oldest first."""
    paid = Agreement.objects.filter(Q(pk=card_id) | Q(tops_up=card_id), funded_at__isnull=False).order_by(
        "funded_at", "pk"
    )
    ids = list(paid.values_list("pk", flat=True))  # asked once: another may be paid meanwhile
    found = holdings(ids)
    return [found[pk] for pk in ids]


def holdings(agreement_ids: Iterable[int]) -> dict[int, Holding]:
    """What each agreement holds, in three queries whatever their number. Unknown ids are left out."""
    agreements = Agreement.objects.select_related("accrual").in_bulk(list(agreement_ids))
    accounts: dict[int, dict[str, Account]] = {pk: {} for pk in agreements}
    for account in Account.objects.filter(agreement_id__in=agreements, code=AccountCode.HELD):
        accounts[account.agreement_id or 0][account.asset] = account
    # What is used shows in the accounts until they are emptied by the settlement; then the uses tell.
    settled = Q(state=UseState.FINAL, agreement__state=AgreementState.CLOSED)
    settled &= ~Q(agreement__plan=Plan.PERIOD)
    uses = {
        pk: (reserved or 0, used or 0)
        for pk, reserved, used in Use.objects.filter(Q(state__in=OPEN_USES) | settled, agreement_id__in=agreements)
        .values_list("agreement_id")
        .annotate(
            reserved=Sum("units", filter=Q(state__in=OPEN_USES)), used=Sum("units", filter=Q(state=UseState.FINAL))
        )
    }
    return {pk: _holding(agreement, accounts[pk], *uses.get(pk, (0, 0))) for pk, agreement in agreements.items()}


def _holding(agreement: Agreement, accounts: dict[str, Account], reserved: int, used: int) -> Holding:
    money, bonus, visits, early = (
        accounts.get(asset) for asset in (Asset.CNY, Asset.BONUS, Asset.VISIT, Asset.ADVANCE)
    )
    if agreement.plan == Plan.PERIOD:
        used = agreement.accrual.days_final if hasattr(agreement, "accrual") else 0
    elif agreement.state in (AgreementState.HELD, AgreementState.FROZEN):
        if agreement.plan in COUNTED_PLANS:
            used = agreement.units_total - (visits.balance if visits else 0)
        else:
            used = agreement.units_total - sum(a.balance for a in accounts.values())
    return Holding(
        agreement_id=agreement.pk,
        beneficiary_id=agreement.beneficiary_id,
        state=agreement.state,
        plan=agreement.plan,
        price_fen=agreement.price_fen,
        bonus_fen=agreement.bonus_fen,
        units_total=agreement.units_total,
        units_used=used,
        units_reserved=reserved,
        held_fen=money.balance if money else 0,
        bonus_held=bonus.balance if bonus else 0,
        reserved_fen=money.pending if money else 0,
        bonus_reserved=bonus.pending if bonus else 0,
        advanced_fen=early.balance if early else 0,
        early_reserved=early.pending if early else 0,
    )


@dataclass(frozen=True, kw_only=True)
class StatementEntry:
    """One line of a card's statement. ``amount_fen`` and ``bonus_fen`` are signed: what the card gained or lost."""

    at: datetime
    reason: str
    use_id: int | None
    units: int
    amount_fen: int
    bonus_fen: int
    held_after_fen: int

    @property
    def reason_label(self) -> str:
        return str(Reason(self.reason).label)


def statement_of(agreement_id: int) -> list[StatementEntry]:
    """Every posted movement of what the agreement holds, oldest first, with the money in custody after it. Reservations are not
    in it, nor what others' money pays of its refund. What is released early leaves custody, and the card is worth no less."""
    rows = (
        Transfer.objects.filter(agreement_id=agreement_id)
        .filter(Q(debit_account__code=AccountCode.HELD) | Q(credit_account__code=AccountCode.HELD))
        .filter(Q(kind=TransferKind.POSTED) | Q(kind=TransferKind.RESOLVED, amount__gt=0))
        .select_related("debit_account", "use")
        .order_by("id")
    )
    lines: dict[tuple[str, int | None, datetime], dict[str, int]] = {}
    held = 0
    for row in rows:
        served = row.use is not None and row.use.day is not None  # days become final together: one line a run
        key = (row.reason, None if served else row.use_id, row.at)
        line = lines.setdefault(key, {"amount": 0, "bonus": 0, "units": 0, "held": 0})
        out = row.debit_account.code == AccountCode.HELD
        signed = -row.amount if out else row.amount
        if row.asset == Asset.ADVANCE:  # released early and now earned: the card is worth less, custody holds no less
            line["amount"] += signed
        elif row.asset == Asset.CNY:
            line["amount"] += signed
            line["units"] -= served
            held = (row.debit_balance_after if out else row.credit_balance_after) or 0
        elif row.asset == Asset.BONUS:
            line["bonus"] += signed
        else:
            line["units"] += signed
        line["held"] = held
    return [
        StatementEntry(
            at=at,
            reason=reason,
            use_id=use_id,
            units=line["units"],
            amount_fen=line["amount"],
            bonus_fen=line["bonus"],
            held_after_fen=line["held"],
        )
        for (reason, use_id, at), line in lines.items()
    ]


@dataclass(frozen=True, kw_only=True)
class Backing:
    """One beneficiary's money by where it stands (fen). What it owes equals what is in custody plus what is in transit."""

    held_fen: int = 0
    payable_fen: int = 0
    payout_fen: int = 0
    refund_fen: int = 0
    reserve_fen: int = 0
    blocked_fen: int = 0
    suspense_fen: int = 0
    interest_fen: int = 0
    custody_fen: int = 0
    clearing_fen: int = 0
    fees_fen: int = 0
    unexplained_fen: int = 0
    #: Released early and not earned yet: stands nowhere, for it has left.
    advanced_fen: int = 0
    #: Taken in cash by the beneficiary and not in custody yet: neither held nor owed here.
    cash_fen: int = 0
    #: Brought to custody and undone by the bank: owed here, and not there.
    undone_fen: int = 0
    agreements_held: int = 0
    #: Of what is held, reserved by charges that wait for a consumer's confirmation.
    waiting_fen: int = 0

    @property
    def owed_fen(self) -> int:
        return (
            self.held_fen
            + self.payable_fen
            + self.payout_fen
            + self.refund_fen
            + self.reserve_fen
            + self.blocked_fen
            + self.suspense_fen
            + self.interest_fen
        )

    @property
    def covered_fen(self) -> int:
        return self.custody_fen + self.clearing_fen - self.undone_fen + self.fees_fen + self.unexplained_fen


def backings(beneficiary_ids: Iterable[int]) -> dict[int, Backing]:
    """Where each beneficiary's money stands, in one query; what is earned and not yet folded is counted in."""
    ids = list(beneficiary_ids)
    sums: dict[int, dict[str, int]] = {pk: {} for pk in ids}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.beneficiary_id, a.code, abs(sum(a.net))::bigint, count(*) FILTER (WHERE a.net < 0), sum(a.pending)::bigint
            FROM (SELECT beneficiary_id, CASE asset WHEN 'CNY' THEN code ELSE 'advanced' END AS code,
                         debits_posted - credits_posted AS net, debits_pending AS pending
                  FROM escrow_account WHERE asset = 'CNY' OR (asset = 'ADVANCE' AND code = 'held')
                  UNION ALL SELECT beneficiary_id, code, -amount, 0 FROM escrow_unfolded WHERE asset = 'CNY'
                  UNION ALL SELECT beneficiary_id, 'cash', amount_fen, 0 FROM escrow_payment
                            WHERE channel = 'deposit' AND state = 'created'
                  UNION ALL SELECT beneficiary_id, 'undone', amount_fen, 0 FROM escrow_payment
                            WHERE taken_back_at IS NOT NULL) AS a
            WHERE a.beneficiary_id = ANY (%s)
            GROUP BY a.beneficiary_id, a.code
            """,
            [ids],
        )
        for beneficiary_id, code, amount, agreements, waiting in cursor.fetchall():
            sums[beneficiary_id][f"{code}_fen"] = amount
            if code == AccountCode.HELD:
                sums[beneficiary_id] |= {"agreements_held": agreements, "waiting_fen": waiting}
    return {pk: Backing(**fields) for pk, fields in sums.items()}


def backing(beneficiary_id: int) -> Backing:
    """Where one beneficiary's money stands."""
    return backings([beneficiary_id])[beneficiary_id]


def ordered_fen(beneficiary_id: int) -> int:
    """What the beneficiary's customers have agreed on and may still pay (fen)."""
    orders = Agreement.objects.filter(beneficiary_id=beneficiary_id, state=AgreementState.OPEN)
    total: int | None = orders.aggregate(Sum("price_fen"))["price_fen__sum"]
    return total or 0


@dataclass(frozen=True, kw_only=True)
class MerchantMoney:
    """A merchant's money at a glance (fen). ``next_payout_on`` is None when nothing is earned and unpaid; then ``unpaid_count``
    lines wait for something to be set against, else so many make up the next payout."""

    today_fen: int
    payable_fen: int
    next_payout_fen: int
    next_payout_on: date | None
    unpaid_count: int


def unpaid_lines(beneficiary_id: int) -> QuerySet[Any]:
    """Transfers into and out of the payable account that no payout has paid yet, each with its signed ``line_fen``."""
    payable = Account.objects.filter(beneficiary_id=beneficiary_id, code=AccountCode.PAYABLE)
    return (
        Transfer.objects.filter(
            beneficiary_id=beneficiary_id,
            id__gt=Subquery(payable.values("paid_to")),
            asset=Asset.CNY,
            payable_on__isnull=False,
        )
        .exclude(kind=TransferKind.PENDING)
        .filter(~Exists(PayoutLine.objects.filter(transfer_id=OuterRef("pk"))))
        .annotate(
            line_fen=Case(
                When(credit_account_id=Subquery(payable.values("id")), then=F("amount")), default=-F("amount")
            )
        )
    )


def merchant_money(beneficiary_id: int, at: datetime) -> MerchantMoney:
    """What was earned today (Beijing) and what the next payout will carry, in one query."""
    today = clock.beijing_date(at)
    since = datetime.combine(today, datetime.min.time(), clock.BEIJING)
    days = (
        unpaid_lines(beneficiary_id)
        .values("payable_on")
        .annotate(sum=Sum("line_fen"), today=Sum("line_fen", filter=Q(at__gte=since)), count=Count("id"))
    )
    rows = list(days.order_by())
    sums = {row["payable_on"]: row["sum"] for row in rows}
    next_on = min((day for day in sums if day >= today), default=today)
    due = sum(fen for day, fen in sums.items() if day <= next_on)
    return MerchantMoney(
        today_fen=sum(row["today"] or 0 for row in rows),
        payable_fen=sum(sums.values()),
        next_payout_fen=max(0, due),
        next_payout_on=next_on if due > 0 else None,
        unpaid_count=sum(row["count"] for row in rows if due <= 0 or row["payable_on"] <= next_on),
    )


def next_lines(beneficiary_id: int, figures: MerchantMoney) -> QuerySet[Any]:
    """The lines that the next payout pays (``unpaid_lines``), the oldest first; all that are unpaid when none comes."""
    lines = unpaid_lines(beneficiary_id).order_by("id")
    return lines.filter(payable_on__lte=figures.next_payout_on) if figures.next_payout_on else lines


@dataclass(frozen=True, kw_only=True)
class HeldMoney:
    """Why what is held for a merchant's customers is held (fen): it is not used, its charges wait for an answer or are
    disputed, or a refund is open and the card is frozen."""

    unused_fen: int
    waiting_fen: int
    frozen_fen: int


def held_money(beneficiary_id: int) -> HeldMoney:
    """What is in custody for a beneficiary's agreements, by the reason it is still there, in one query."""
    net, frozen = F("credits_posted") - F("debits_posted"), Q(agreement__state=AgreementState.FROZEN)
    sums = Account.objects.filter(
        beneficiary_id=beneficiary_id, code=AccountCode.HELD, asset=Asset.CNY, agreement__isnull=False
    ).aggregate(
        held=Sum(net, default=0),
        frozen=Sum(net, filter=frozen, default=0),
        waiting=Sum("debits_pending", filter=~frozen, default=0),
    )
    return HeldMoney(
        unused_fen=sums["held"] - sums["frozen"] - sums["waiting"],
        waiting_fen=sums["waiting"],
        frozen_fen=sums["frozen"],
    )


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What one reason brought to an account or took from it (below zero) in a time, in how many transfers."""

    reason: str
    count: int
    amount_fen: int

    @property
    def label(self) -> str:
        return str(Reason(self.reason).label)


@dataclass(frozen=True, kw_only=True)
class AccountStatement:
    """One kind of a beneficiary's accounts over a time: what stood there before, what moved, what stood there after (fen)."""

    code: str
    opening_fen: int
    moved: list[Moved]
    closing_fen: int


#: What a merchant's statement tells of: what it has earned, what is held for its customers, what others keep.
STATEMENT_ACCOUNTS = (AccountCode.PAYABLE, AccountCode.HELD, AccountCode.RESERVE, AccountCode.BLOCKED)


def account_statements(beneficiary_id: int, *, since: datetime, until: datetime) -> dict[str, AccountStatement]:
    """The beneficiary's money by account from ``since`` up to ``until``, in one query and so on one snapshot: the balance of
    now, less what moved afterwards, is the closing; less what moved meanwhile, the opening."""
    codes = [str(code) for code in STATEMENT_ACCOUNTS]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH moved AS (
                SELECT credit_account_id, debit_account_id, reason, amount, at >= %(until)s AS later FROM escrow_transfer
                WHERE beneficiary_id = %(of)s AND asset = 'CNY' AND kind <> 'pending' AND amount > 0 AND at >= %(since)s
            ), sides AS (
                SELECT credit_account_id AS account_id, reason, later, amount FROM moved
                UNION ALL SELECT debit_account_id, reason, later, -amount FROM moved
            )
            SELECT code, '' AS reason, false AS later, 0 AS count, sum(net)::bigint
            FROM (SELECT code, credits_posted - debits_posted AS net FROM escrow_account
                  WHERE beneficiary_id = %(of)s AND asset = 'CNY' AND code = ANY (%(codes)s)
                  UNION ALL SELECT code, amount FROM escrow_unfolded
                  WHERE beneficiary_id = %(of)s AND asset = 'CNY' AND code = ANY (%(codes)s)) AS now
            GROUP BY code
            UNION ALL
            SELECT a.code, s.reason, s.later, count(*), sum(s.amount)::bigint
            FROM sides s JOIN escrow_account a ON a.id = s.account_id
            WHERE a.code = ANY (%(codes)s) GROUP BY a.code, s.reason, s.later
            """,
            {"of": beneficiary_id, "since": since, "until": until, "codes": codes},
        )
        rows = cursor.fetchall()
    found = {}
    for code in codes:
        mine = [row[1:] for row in rows if row[0] == code]
        moved = [Moved(reason=row[0], count=row[2], amount_fen=row[3]) for row in mine if row[0] and not row[1]]
        closing = sum(row[3] for row in mine if not row[0]) - sum(row[3] for row in mine if row[1])
        found[code] = AccountStatement(
            code=code,
            opening_fen=closing - sum(line.amount_fen for line in moved),
            moved=sorted(moved, key=lambda line: (-line.amount_fen, line.reason)),
            closing_fen=closing,
        )
    return found


def payable_lines(beneficiary_id: int, *, since: datetime, until: datetime) -> QuerySet[Any]:
    """Each transfer into and out of what the beneficiary has earned, in their order, with its signed ``line_fen`` and the number
    of the payout that paid it."""
    payable = Account.objects.filter(beneficiary_id=beneficiary_id, code=AccountCode.PAYABLE, asset=Asset.CNY)
    mine = Subquery(payable.values("id"))
    paid = PayoutLine.objects.filter(transfer_id=OuterRef("pk"))
    return (
        Transfer.objects.filter(
            beneficiary_id=beneficiary_id, asset=Asset.CNY, at__gte=since, at__lt=until, amount__gt=0
        )
        .filter(Q(credit_account_id=mine) | Q(debit_account_id=mine))
        .exclude(kind=TransferKind.PENDING)
        .annotate(
            line_fen=Case(When(credit_account_id=mine, then=F("amount")), default=-F("amount")),
            payout_no=Subquery(paid.values("payout__instruction__number")[:1]),
        )
        .order_by("at", "id")
    )


@dataclass(frozen=True, kw_only=True)
class TradingWeek:
    """One week (its Monday in Beijing): what customers paid, what uses earned, what was paid back (fen)."""

    since: date
    sold_fen: int = 0
    used_fen: int = 0
    refunded_fen: int = 0


def trading_weeks(beneficiary_id: int, *, until: date, weeks: int) -> list[TradingWeek]:
    """The last weeks up to the one of ``until``, the oldest first, in one query."""
    this = until - timedelta(days=until.weekday())
    mondays = [this - timedelta(weeks=ago) for ago in reversed(range(weeks))]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT date_trunc('week', at AT TIME ZONE 'Asia/Shanghai')::date,
                   coalesce(sum(amount) FILTER (WHERE reason = 'fund' AND asset = 'CNY'), 0)::bigint,
                   coalesce(sum(CASE reason WHEN 'release' THEN amount WHEN 'undo' THEN -amount ELSE 0 END), 0)::bigint,
                   coalesce(sum(amount) FILTER (WHERE reason IN ('refund', 'make_good', 'refund_interest', 'claim')), 0)::bigint
            FROM escrow_transfer
            WHERE beneficiary_id = %s AND asset IN ('CNY', 'ADVANCE') AND kind <> 'pending'
              AND reason IN ('fund', 'release', 'undo', 'refund', 'make_good', 'refund_interest', 'claim')
              AND at >= %s::timestamp AT TIME ZONE 'Asia/Shanghai'
            GROUP BY 1
            """,
            [beneficiary_id, mondays[0]],
        )
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    return [
        TradingWeek(since=monday, sold_fen=sold, used_fen=used, refunded_fen=refunded)
        for monday in mondays
        for sold, used, refunded in [found.get(monday, (0, 0, 0))]
    ]


def may_get_early_release(at: datetime) -> list[int]:
    """Beneficiaries with an agreement that leaves something free and no release yet today; whether they have earned it is
    asked when it is their turn."""
    free = Agreement.objects.filter(beneficiary_id=OuterRef("pk"), state=AgreementState.HELD, free_percent__gt=0)
    today = EarlyRelease.objects.filter(beneficiary_id=OuterRef("pk"), day=clock.beijing_date(at))
    return list(Beneficiary.objects.filter(Exists(free), ~Exists(today)).order_by("pk").values_list("pk", flat=True))


def leaves_something_free(beneficiary_id: int) -> bool:
    """Whether any living agreement lets something be released early."""
    living = (AgreementState.HELD, AgreementState.FROZEN)
    return Agreement.objects.filter(beneficiary_id=beneficiary_id, state__in=living, free_percent__gt=0).exists()


@dataclass(frozen=True, kw_only=True)
class EarlyMoney:
    """Where a beneficiary stands with early release (fen): what it has had and not earned, how much that may be by what it
    earned lately, the last release, and why nothing is released today (``EarlyRefusal``; blank: nothing speaks against it)."""

    outstanding_fen: int
    cap_fen: int
    refused: str
    rule: EarlyReleaseRule | None
    last: EarlyRelease | None

    @property
    def refused_label(self) -> str:
        return str(EarlyRefusal(self.refused).label) if self.refused else ""


def early_money(beneficiary_id: int, at: datetime) -> EarlyMoney:
    """Where early release stands for a beneficiary, by the rule of today."""
    today = clock.beijing_date(at)
    rule = EarlyReleaseRule.objects.current(today)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(escrow_early_refused(%(to)s, %(today)s), ''),
                   escrow_early_earned(%(to)s, %(today)s, %(window)s, 9223372036854775807),
                   (SELECT coalesce(sum(credits_posted - debits_posted), 0)::bigint FROM escrow_account
                    WHERE beneficiary_id = %(to)s AND code = 'held' AND asset = 'ADVANCE')
            """,
            {"to": beneficiary_id, "today": today, "window": rule.window_days if rule else 0},
        )
        refused, earned, outstanding = cursor.fetchone()
    return EarlyMoney(
        outstanding_fen=outstanding,
        cap_fen=earned * rule.cap_days // rule.window_days if rule else 0,
        refused=refused,
        rule=rule,
        last=EarlyRelease.objects.filter(beneficiary_id=beneficiary_id).first(),
    )


def last_early_release(agreement_id: int) -> EarlyRelease | None:
    """The last time that something of the agreement was released early, with its rule."""
    last = Transfer.objects.filter(agreement_id=agreement_id, reason=Reason.ADVANCE).order_by("-id").first()
    if last is None:
        return None
    return EarlyRelease.objects.select_related("rule").get(pk=int(last.reference.removeprefix("early:")))


def payouts_of(beneficiary_id: int) -> QuerySet[Payout]:
    """The beneficiary's payouts, newest first, each with its instruction."""
    return Payout.objects.filter(beneficiary_id=beneficiary_id).select_related("instruction").order_by("-id")


def payment_of(agreement_id: int) -> Payment | None:
    """The payment order of an agreement, if one was started."""
    return Payment.objects.filter(agreement_id=agreement_id).first()


def sent_back_fen(payment_id: int) -> int:
    """What is on its way back to the payer of a payment, or there (fen)."""
    sent = Instruction.objects.filter(payment_id=payment_id, kind=InstructionKind.REFUND)
    return sent.exclude(state=InstructionState.FAILED).aggregate(sum=Sum("amount_fen"))["sum"] or 0


def above_payments() -> QuerySet[Instruction]:
    """Orders of interest above what their payment brought, of the refund itself or of its claim."""
    return Instruction.objects.filter(Q(interest_of__isnull=False) | Q(claim_payment__above=True))


def too_early() -> QuerySet[Instruction]:
    """Those of them that something within their payment goes before: sent first they would take its place at the channel."""
    within = Instruction.objects.filter(payment_id=OuterRef("payment_id"), interest_of=None, state__in=OPEN_ORDERS)
    return above_payments().filter(Exists(within.exclude(claim_payment__above=True)))


def awaited_deposits(beneficiary_ids: Iterable[int]) -> QuerySet[Payment]:
    """What these beneficiaries took in cash and have not brought to custody, or the bank has undone, the most urgent first."""
    deposits = Payment.objects.filter(channel=DEPOSIT, beneficiary__in=beneficiary_ids)
    awaited = Q(state=PaymentState.CREATED, agreement__state=AgreementState.OPEN) | Q(taken_back_at__isnull=False)
    return deposits.filter(awaited).order_by("deposit_due_on", "pk")


def nowhere_to_go() -> QuerySet[Instruction]:
    """Refunds of what was paid in cash, until two people have named a bank account for them."""
    return Instruction.objects.filter(
        payment__channel=DEPOSIT, payee_account="", kind=InstructionKind.REFUND, state=InstructionState.DUE
    )


def not_in_custody() -> QuerySet[Instruction]:
    """Refunds of cash whose deposit the bank has undone since they were granted: they would be paid out of other people's money."""
    return Instruction.objects.filter(
        payment__taken_back_at__isnull=False, kind=InstructionKind.REFUND, state=InstructionState.DUE
    )


def without_way_back(agreement_ids: Iterable[int]) -> set[int]:
    """Of these agreements those whose payment takes nothing back and for whose refunds no account is named: it was cash, or its
    channel is switched off."""
    live = [channel for channel in settings.PAYMENT_CHANNELS if channel != DEPOSIT]
    payments = Payment.objects.filter(agreement__in=list(agreement_ids)).exclude(channel__in=live)
    return {payment.agreement_id for payment in payments if not payment.refund_account}


def unearned_fen(agreements: QuerySet[Any, Any]) -> int:
    """What these agreements are worth (fen): what custody holds for them, and what was released early of them."""
    held = Account.objects.filter(agreement__in=agreements, code=AccountCode.HELD, asset__in=(Asset.CNY, Asset.ADVANCE))
    fen: int | None = held.aggregate(fen=Sum(F("credits_posted") - F("debits_posted")))["fen"]
    return fen or 0


def unearned(agreement: Any) -> QuerySet[Account]:
    """For a condition: the accounts of an agreement in which something of that is left."""
    held = Account.objects.filter(agreement=agreement, code=AccountCode.HELD, asset__in=(Asset.CNY, Asset.ADVANCE))
    return held.filter(credits_posted__gt=F("debits_posted"))


def unmatched_lines() -> QuerySet[StatementLine]:
    """Bank lines the ledger has no movement for."""
    return StatementLine.objects.filter(matched_at=None).order_by("channel", "line_no")


def unanswered_uses(*, at: datetime, after: int = 0, limit: int) -> list[tuple[int, str]]:
    """Reservations whose time has passed, in order of id from the one after ``after``: ``(id, what silence means)``. Without
    those that silence would confirm and cannot now: a stoppage in their term, or a frozen agreement; and
    without days served, which accruals decide."""
    stopped = Func(
        F("beneficiary_id"),
        F("place"),
        F("silence_from"),
        Value(clock.beijing_date(at)),
        function="escrow_silence_stopped",
        output_field=BooleanField(),
    )
    blocked = Q(silence=Silence.CONFIRMS) & (Q(stopped) | ~Q(agreement__state=AgreementState.HELD))
    due = Use.objects.filter(state=UseState.RESERVED, confirm_until__lte=at, day=None, pk__gt=after).exclude(blocked)
    return list(due.order_by("pk").values_list("pk", "silence")[:limit])


def last_stopped_day(use: Use) -> date | None:
    """The last day of the latest stoppage that has ended where the use was."""
    here = Stoppage.objects.filter(beneficiary_id=use.beneficiary_id, place__in=("", use.place))
    last: date | None = here.aggregate(Max("until"))["until__max"]
    return last


def way_back_closed(payment_id: int) -> bool:
    """Whether the bank has returned a refund of this payment, at once or after it was done, that is still owed; or there
    never was a way back, because it was paid in cash."""
    if nowhere_to_go().filter(payment_id=payment_id).exists():
        return True
    return returned_refunds(payment_id).exists() and refund_owed(payment_id) > 0


def returned_refunds(payment_id: int) -> QuerySet[Instruction]:
    """Refunds of a payment that the bank has returned, at once or after they were done."""
    came_back = StatementLine.objects.filter(
        beneficiary_id=OuterRef("beneficiary_id"),
        kind=LineKind.RETURNED,
        reference=OuterRef("number"),
        matched_at__isnull=False,
    )
    orders = Instruction.objects.filter(payment_id=payment_id, kind=InstructionKind.REFUND)
    return orders.filter(Q(state=InstructionState.FAILED) | Exists(came_back))


def reserve_over(beneficiary_id: int, *, on: date) -> int:
    """What a merchant's reserve holds on that day above what it need hold (fen): the shares of the rule's last days, and
    never more than its sum."""
    reserve = Account.objects.filter(beneficiary_id=beneficiary_id, agreement=None, code=AccountCode.RESERVE).first()
    if reserve is None or reserve.balance == 0:
        return 0
    rule = ReserveRule.objects.filter(valid_from__lte=on).order_by("-valid_from").first()
    if rule is None:
        return reserve.balance
    since = datetime.combine(on - timedelta(days=rule.keep_days), time(), clock.BEIJING)
    shares = Transfer.objects.filter(credit_account=reserve, reason=Reason.RESERVED_SHARE, at__gte=since)
    young = shares.aggregate(sum=Sum("amount"))["sum"] or 0
    return max(0, reserve.balance - min(rule.up_to_fen, young))


def returned_unpaid(beneficiary_id: int, *, by: date) -> int:
    """What has come back from a merchant's reserve, is due by that day and paid by no payout yet (fen)."""
    lines = unpaid_lines(beneficiary_id).filter(payable_on__lte=by, reason=Reason.RESERVE_RETURNED)
    return lines.aggregate(sum=Sum("line_fen"))["sum"] or 0


def unsent_payouts(beneficiary_id: int) -> QuerySet[Instruction]:
    """Payouts that have not left: an order of a court still reaches them."""
    return Instruction.objects.filter(
        beneficiary_id=beneficiary_id,
        kind=InstructionKind.PAYOUT,
        state__in=(InstructionState.HELD, InstructionState.DUE),
    )


def last_return(payment_id: int) -> str:
    """What the bank said when it last returned a refund of this payment."""
    orders = Instruction.objects.filter(payment_id=payment_id, state=InstructionState.FAILED).order_by(
        "-done_at", "-pk"
    )
    return orders.values_list("answer", flat=True).first() or ""


def refund_owed(payment_id: int) -> int:
    """What is on its way back to who paid, and not there yet (fen)."""
    orders = Instruction.objects.filter(payment_id=payment_id, kind=InstructionKind.REFUND, state__in=OPEN_ORDERS)
    return orders.aggregate(sum=Sum("amount_fen"))["sum"] or 0


def stoppages(beneficiary_ids: Iterable[int]) -> QuerySet[Stoppage]:
    """What is stopped now, the longest first."""
    return Stoppage.objects.filter(beneficiary_id__in=beneficiary_ids, until=None).order_by("since", "pk")


def add_working_days(day: date, count: int, *, or_weekdays: bool = False) -> date:
    """The ``count``-th working day in Beijing after ``day``; the first day does not count (Civil Code 201). ``or_weekdays``: on
    days that the calendar does not know, Monday to Friday are working days.

    Raises:
        CalendarMissing: the calendar ends before the answer.
    """
    # Holidays bunch: the longest run of days off is under two weeks.
    until = day + timedelta(days=2 * count + 14)
    calendar = dict(WorkingDay.objects.filter(day__gt=day, day__lte=until).values_list("day", "is_working"))
    if or_weekdays:
        calendar = workdays.weekdays(day, until) | calendar
    return workdays.add_working_days(day, count, calendar)


def pause_days(agreement_id: int, *, until: date) -> tuple[int, int]:
    """Days a year that an agreement may rest by the rule of that day, and how many of them no agreed pause took of the 365
    days that end with ``until``."""
    first = until - timedelta(days=364)
    most = AccrualRule.objects.current(until).pause_days_a_year
    pauses = Pause.objects.filter(
        agreement_id=agreement_id, state=PauseState.AGREED, until__gte=first, since__lte=until
    )
    taken = sum((min(pause.until, until) - max(pause.since, first)).days + 1 for pause in pauses)
    return most, max(0, most - taken)
