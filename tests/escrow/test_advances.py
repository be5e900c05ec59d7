"""Early release: earned by proven use, never above what an agreement leaves free, and paid back like everything owed."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from escrow import invariants, queries, tasks, totals
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.models import Account, AuditEntry, Claim, EarlyRelease, EarlyReleaseRule, Transfer
from escrow.operations.advances import Released
from escrow.states import AccountCode, Asset, EarlyRefusal, Plan, Reason, RefundBasis, StoppageKind
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
#: What the first rule says.
COOLING, PROVEN, WINDOW, CAP = 7, 90, 30, 30


def used(agreement, units, *, at, final=True):
    return escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=final,
        key=f"{agreement.pk}-{units}-{at}-{final}",
        reference="visit",
        confirm_until=None if final else at + DAY,
        at=at,
        actor=ACTOR,
    )


def released(at) -> int:
    return escrow.release_early(at=at, actor=ACTOR).amount_fen


def proven_beneficiary(*, a_day: int = 100_00):
    """Somebody who has served for long enough, and earned ``a_day`` fen a day in the last 30; the moment it may begin."""
    to = beneficiary()
    steady = held_agreement(to, price_fen=100 * a_day, units_total=100)
    used(steady, 1, at=AT)
    now = AT + PROVEN * DAY
    used(steady, WINDOW, at=now - DAY)
    return to, now


def card(to, *, free_percent=70, at, **facts):
    """A card that was paid long enough ago at ``at``."""
    agreement = held_agreement(to, free_percent=free_percent, **facts)
    assert beijing_date(agreement.funded_at) + COOLING * DAY < beijing_date(at)
    return agreement


def standing(agreement) -> tuple[int, int]:
    """In custody, and out early."""
    held = queries.holding(agreement.pk)
    return held.held_fen, held.advanced_fen


def proven() -> list[str]:
    return [f.name for f in invariants.prove() if not f.ok and f.name != "statement_lines_matched"]


def test_what_is_free_is_released_once_a_day_and_paid_the_next_working_day():
    to, now = proven_beneficiary()
    one = card(to, at=now)
    before = queries.backing(to.pk)
    assert escrow.release_early(at=now, actor=ACTOR) == Released(beneficiaries=1, agreements=1, amount_fen=140_000)
    assert standing(one) == (60_000, 140_000)
    after = queries.backing(to.pk)
    assert (before.held_fen - after.held_fen, after.payable_fen - before.payable_fen) == (140_000, 140_000)
    assert after.owed_fen == before.owed_fen
    line = Transfer.objects.get(reason=Reason.ADVANCE, asset=Asset.CNY)
    assert line.payable_on == queries.add_working_days(beijing_date(now), 1)
    assert released(now + DAY / 10) == 0  # the same day
    assert released(now + DAY) == 0  # nothing more is free
    assert EarlyRelease.objects.get().amount_fen == 140_000
    assert AuditEntry.objects.filter(action="escrow.release_early").count() == 1
    assert not proven()
    payout = escrow.pay_out(beneficiary_id=to.pk, at=now + 5 * DAY, actor=ACTOR)
    assert payout.amount_fen == before.payable_fen + 140_000
    assert not proven()


def test_uses_take_from_both_and_the_last_empties_both():
    to, now = proven_beneficiary()
    one = card(to, at=now, price_fen=99_997, units_total=7)
    assert released(now) == 99_997 * 70 // 100
    for k in range(1, 8):
        used(one, 1, at=now + k * DAY / 100)
        held, early = standing(one)
        assert held + early == 99_997 - 99_997 * k // 7
    assert standing(one) == (0, 0)
    assert not proven()


@pytest.mark.parametrize("plan", [Plan.STORED_VALUE, Plan.COURSE, Plan.DISCOUNT])
def test_other_plans_release_early_what_is_free_of_the_principal(plan):
    to, now = proven_beneficiary()
    gift = 30_000 if plan == Plan.STORED_VALUE else 0
    units = 20 if plan == Plan.COURSE else 100_000 + gift
    one = card(to, at=now, plan=plan, price_fen=100_000, bonus_fen=gift, units_total=units, free_percent=60)
    use = used(one, units // 4, at=now - DAY)
    left = 100_000 - use.amount_fen
    assert released(now) == left * 60 // 100
    assert queries.holding(one.pk).units_left == units - units // 4
    used(one, units - units // 4, at=now)
    assert standing(one) == (0, 0)
    assert not proven()


def test_an_undone_use_goes_back_to_both():
    to, now = proven_beneficiary()
    one = card(to, at=now)
    released(now)
    before = standing(one)
    use = used(one, 3, at=now)
    assert standing(one) != before
    escrow.undo_use(use_id=use.pk, at=now, actor=ACTOR)
    assert standing(one) == before
    assert not proven()


def test_nothing_is_released_by_default():
    to, now = proven_beneficiary()
    one = card(to, at=now, free_percent=0)
    assert released(now) == 0
    assert standing(one) == (200_000, 0)
    assert not EarlyRelease.objects.exists()


def test_nothing_leaves_in_the_days_of_cooling_off():
    to, now = proven_beneficiary()
    one = card(to, at=now)
    paid = one.funded_at
    type(one).objects.filter(pk=one.pk).update(funded_at=now - COOLING * DAY)
    assert released(now) == 0
    type(one).objects.filter(pk=one.pk).update(funded_at=paid)
    assert released(now) == 140_000


def test_nothing_leaves_while_a_use_waits_or_a_refund_was_asked_for_or_the_card_is_frozen():
    to, now = proven_beneficiary(a_day=1_000_00)
    waits, frozen, asked, free = (card(to, at=now) for _ in range(4))
    use = used(waits, 2, at=now, final=False)
    escrow.freeze_agreement(agreement_id=frozen.pk, because="asked for a refund", at=now, actor=ACTOR)
    escrow.request_manual_refund(
        agreement_id=asked.pk, amount_fen=1, basis=RefundBasis.JUDGMENT, because="x", at=now, actor="user:1"
    )
    assert released(now) == 140_000
    assert [standing(one)[1] for one in (waits, frozen, asked, free)] == [0, 0, 0, 140_000]
    escrow.void_use(use_id=use.pk, at=now, actor=ACTOR)
    assert released(now + DAY) == 140_000
    assert standing(waits)[1] == 140_000
    assert not proven()


def test_the_cap_is_days_of_average_use_and_the_oldest_come_first():
    to, now = proven_beneficiary(a_day=50_00)
    first, second = card(to, at=now), card(to, at=now)
    assert queries.early_money(to.pk, now).cap_fen == 50_00 * CAP
    assert released(now) == 150_000
    assert (standing(first)[1], standing(second)[1]) == (140_000, 10_000)
    assert released(now + DAY) == 0
    used(first, 5, at=now + DAY)  # 100,000 of it earned: 70,000 of that had been out
    out = queries.early_money(to.pk, now + 2 * DAY).outstanding_fen
    assert out == 80_000
    # The average has risen by what was used, and so has the cap.
    assert queries.early_money(to.pk, now + 2 * DAY).cap_fen == (50_00 * WINDOW + 100_000) * CAP // WINDOW
    assert released(now + 2 * DAY) == 130_000
    assert standing(second)[1] == 140_000
    assert not proven()


def _new(to, now):
    return now - 2 * DAY


def _held(to, now):
    escrow.hold_payouts(beneficiary_id=to.pk, because="returned", at=now, actor=ACTOR)


def _ordered(to, now):
    escrow.order_hold(
        beneficiary_id=to.pk, order_no="1", issued_by="court", sum_fen=1, expires_on=beijing_date(now), at=now, actor=ACTOR
    )  # fmt: skip


def _claimed(to, now):
    later = now + 3 * DAY
    gone = held_agreement(to)
    used(gone, 10, at=now)
    escrow.pay_out(beneficiary_id=to.pk, at=later, actor=ACTOR)
    refunded(gone, 200_000, at=later)
    assert Claim.objects.filter(closed_at=None).exists()
    return later


def _stopped(kind):
    def begin(to, now):
        escrow.begin_stoppage(beneficiary_id=to.pk, kind=kind, because="seen", place="s1", at=now, actor=ACTOR)

    return begin


def _changed_hands(to, now):
    facts = {"beneficiary_id": to.pk, "kind": StoppageKind.CHANGED_HANDS, "because": "sold", "actor": ACTOR}
    escrow.begin_stoppage(**facts, at=now - (PROVEN - 1) * DAY)
    escrow.end_stoppage(**facts, at=now - 60 * DAY)


@pytest.mark.parametrize(
    ("circumstance", "refused"),
    [
        (_new, EarlyRefusal.NEW),
        (_held, EarlyRefusal.PAYOUTS_HELD),
        (_ordered, EarlyRefusal.LEGAL_HOLD),
        (_claimed, EarlyRefusal.CLAIM),
        (_stopped(StoppageKind.DARK), EarlyRefusal.STOPPED),
        (_stopped(StoppageKind.WATCH), EarlyRefusal.STOPPED),
        (_stopped(StoppageKind.CHANGED_HANDS), EarlyRefusal.STOPPED),
        (_changed_hands, EarlyRefusal.CHANGED_HANDS),
    ],
)
def test_who_has_not_earned_it_gets_nothing(circumstance, refused):
    to, now = proven_beneficiary()
    one = card(to, at=now)
    assert queries.early_money(to.pk, now).refused == ""
    now = circumstance(to, now) or now
    money = queries.early_money(to.pk, now)
    assert (money.refused, money.refused_label) == (refused, refused.label)
    accounts = Account.objects.count()
    assert released(now) == 0
    assert standing(one) == (200_000, 0)
    assert Account.objects.count() == accounts
    assert not EarlyRelease.objects.exists()
    assert not proven()


def test_after_the_days_of_the_rule_a_new_owner_has_earned_it():
    to, now = proven_beneficiary()
    card(to, at=now)
    _changed_hands(to, now)
    assert released(now) == 0
    assert released(now + DAY) > 0


def test_without_a_rule_nothing_is_released():
    to, now = proven_beneficiary()
    card(to, at=now)
    first = EarlyReleaseRule.objects.earliest("valid_from").valid_from
    with connection.cursor() as cursor:
        cursor.execute("SELECT escrow_early_refused(%s, %s)", [to.pk, first - DAY])
        assert cursor.fetchone() == (EarlyRefusal.NO_RULE,)


def test_a_later_rule_holds_from_its_day():
    to, now = proven_beneficiary()
    card(to, at=now)
    figures = {"cooling_off_days": 7, "proven_days": 30, "window_days": 30, "basis": "test", "mark": "A"}
    EarlyReleaseRule.objects.create(valid_from=beijing_date(now), cap_days=0, **figures)
    EarlyReleaseRule.objects.create(valid_from=beijing_date(now) + DAY, cap_days=2, **figures)
    assert released(now) == 0
    assert released(now + DAY) == 20_000
    assert not proven()


def test_a_rule_and_a_release_are_written_once():
    to, now = proven_beneficiary()
    card(to, at=now)
    released(now)
    for sql in (
        "UPDATE escrow_earlyreleaserule SET cap_days = 1000",
        "DELETE FROM escrow_earlyreleaserule",
        "UPDATE escrow_earlyrelease SET cap_fen = cap_fen + 1",
        "DELETE FROM escrow_earlyrelease",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_the_serving_role_writes_no_release_itself():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = tableowner FROM pg_tables WHERE tablename = 'escrow_transfer'")
        (owner,) = cursor.fetchone()
        cursor.execute("SELECT has_table_privilege('escrow_earlyrelease', p) FROM unnest(ARRAY['INSERT', 'UPDATE']) p")
        assert {row[0] for row in cursor.fetchall()} == {owner}


def refunded(agreement, amount_fen, *, at):
    facts = {"basis": RefundBasis.CLOSURE, "reference": "closed", "at": at, "actor": ACTOR}
    return escrow.refund(agreement_id=agreement.pk, amount_fen=amount_fen, **facts)


def test_after_early_release_a_refund_above_what_is_held_is_paid_from_what_the_merchant_earned():
    to, now = proven_beneficiary()
    one = card(to, at=now)
    released(now)
    assert standing(one) == (60_000, 140_000)
    refund = refunded(one, 200_000, at=now)
    assert (refund.owed_fen, refund.amount_fen, refund.settled_fen) == (200_000, 200_000, 0)
    assert not Claim.objects.exists()
    assert standing(one) == (0, 0)
    assert not proven()


def test_what_the_merchant_no_longer_has_becomes_a_claim():
    to, now = proven_beneficiary()
    one = card(to, at=now)
    released(now)
    later = now + 10 * DAY
    escrow.pay_out(beneficiary_id=to.pk, at=later, actor=ACTOR)
    refund = refunded(one, 200_000, at=later)
    assert (refund.owed_fen, refund.amount_fen) == (200_000, 60_000)
    assert refund.claim.amount_fen == 140_000
    assert standing(one) == (0, 0)
    assert not proven()


def test_the_statement_says_what_custody_holds():
    to, now = proven_beneficiary()
    one = card(to, at=now)
    released(now)
    used(one, 1, at=now + DAY / 24)
    refunded(one, 180_000, at=now + DAY)
    entries = {entry.reason: entry for entry in queries.statement_of(one.pk)}
    assert (entries["advance"].amount_fen, entries["advance"].held_after_fen) == (0, 60_000)
    assert (entries["release"].amount_fen, entries["release"].held_after_fen) == (-20_000, 54_000)
    assert (entries["refund"].amount_fen, entries["refund"].held_after_fen) == (-54_000, 0)
    assert "make_good" not in entries  # nothing of it was in the card
    assert sum(entry.amount_fen for entry in queries.statement_of(one.pk)) == 0
    assert queries.statement_of(one.pk)[-1].held_after_fen == 0


def test_the_task_runs_for_everybody_and_again_for_nobody(monkeypatch):
    monkeypatch.setattr("escrow.clock.now", lambda: now)
    one, now = proven_beneficiary()
    two, now = proven_beneficiary()
    for to in (one, two):
        card(to, at=now)
    assert tasks.release_early() == {"beneficiaries": 2, "agreements": 2, "amount_fen": 280_000}
    assert tasks.release_early() == {"beneficiaries": 0, "agreements": 0, "amount_fen": 0}
    accounts = Account.objects.filter(beneficiary=one, asset=Asset.ADVANCE, agreement=None)
    assert {account.code for account in accounts} == {AccountCode.ISSUED, AccountCode.CONSUMED}


def test_the_day_is_beijings():
    to, now = proven_beneficiary()
    card(to, at=now)
    released(now)
    assert EarlyRelease.objects.get().day == beijing_date(now) == date(2027, 2, 21)


def test_a_published_total_and_the_proof_count_what_is_in_custody():
    to, now = proven_beneficiary()
    one = card(to, at=now)
    released(now)
    escrow.seal(beneficiary_id=to.pk, at=now, actor=ACTOR)
    while (day := totals.next_day(now + 2 * DAY)) is not None:
        escrow.publish_total(day=day, at=now + 2 * DAY, actor=ACTOR)
    share = totals.share_of(one)
    assert share.amount_fen == queries.holding(one.pk).held_fen == 60_000
    assert share.root.held_fen == queries.backing(to.pk).held_fen
    assert not proven()
