"""Whatever the order of uses, early releases and refunds: what was paid is in custody, out early, earned or settled, to the
fen at every moment, and ``prove`` finds nothing."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.errors import DomainError
from escrow.models import EarlyRelease, EarlyReleaseRule, Refund, Transfer, Use
from escrow.states import COUNTED_PLANS, AgreementState, Asset, Plan, Reason, RefundBasis, UseState
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.soak import SOAK

pytestmark = pytest.mark.django_db
EXAMPLES = 1_000 if SOAK else 40
DAY = timedelta(days=1)

cards = st.tuples(
    st.sampled_from([Plan.SESSIONS, Plan.COURSE, Plan.STORED_VALUE, Plan.DISCOUNT]),
    st.integers(1, 5_000),
    st.integers(0, 900),
    st.integers(1, 17),
    st.integers(0, 90),
)
which = st.integers(0, 2)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("use"), which, st.integers(1, 100)),
        st.tuples(st.just("use"), which, st.integers(1, 100)),
        st.tuples(st.just("reserve"), which, st.integers(1, 60)),
        st.tuples(st.just("use up"), which),
        st.tuples(st.just("confirm"), st.integers(0, 5), st.integers(1, 100)),
        st.tuples(st.just("void"), st.integers(0, 5)),
        st.tuples(st.just("undo"), st.integers(0, 5)),
        st.tuples(st.just("release")),
        st.tuples(st.just("release")),
        st.tuples(st.just("pay out")),
        st.tuples(st.just("refund"), which, st.integers(0, 100)),
    ),
    min_size=4,
    max_size=30,
)


class Life:
    def __init__(self, facts, cap_days):
        self.to = beneficiary()
        self.at = AT + DAY
        EarlyReleaseRule.objects.get_or_create(
            valid_from=AT.date(),
            defaults={"cooling_off_days": 0, "proven_days": 1, "window_days": 30, "cap_days": cap_days, "basis": "", "mark": "A"},
        )  # fmt: skip
        self.cards = [
            held_agreement(
                self.to,
                plan=plan,
                price_fen=max(price, units),
                bonus_fen=gift if plan == Plan.STORED_VALUE else 0,
                units_total=units if plan in COUNTED_PLANS else max(price, units) + (gift if plan == Plan.STORED_VALUE else 0),
                free_percent=percent,
            )
            for plan, price, gift, units, percent in facts
        ]  # fmt: skip
        self.made = 0

    def charge(self, card, percent, *, final):
        self.made += 1
        left = queries.holding(card.pk).units_left
        escrow.charge(
            beneficiary_id=self.to.pk,
            agreement_id=card.pk,
            units=max(1, left * percent // 100),
            final=final,
            key=f"k{self.made}",
            reference="visit",
            confirm_until=None if final else self.at + 900 * DAY,
            at=self.at,
            actor=ACTOR,
        )

    def nth(self, n, *states):
        uses = Use.objects.filter(beneficiary_id=self.to.pk, state__in=states).order_by("-id")
        return uses[n % len(uses)] if uses else None

    def do(self, action, *facts):
        by = {"at": self.at, "actor": ACTOR}
        if action in ("use", "reserve"):
            self.charge(self.cards[facts[0]], facts[1], final=action == "use")
        elif action == "use up":
            self.charge(self.cards[facts[0]], 100, final=True)
        elif action == "confirm" and (use := self.nth(facts[0], UseState.RESERVED)):
            escrow.confirm_use(use_id=use.pk, units=max(1, use.units * facts[1] // 100), **by)
        elif action == "void" and (use := self.nth(facts[0], UseState.RESERVED)):
            escrow.void_use(use_id=use.pk, **by)
        elif action == "undo" and (use := self.nth(facts[0], UseState.FINAL)):
            escrow.undo_use(use_id=use.pk, **by)
        elif action == "release":
            self.at += DAY
            if escrow.release_early(at=self.at, actor=ACTOR).amount_fen:
                event("released early")
                self.check_release()
        elif action == "pay out":
            self.at += DAY
            escrow.pay_out(beneficiary_id=self.to.pk, at=self.at, actor=ACTOR)
        elif action == "refund":
            card = self.cards[facts[0]]
            owed = card.price_fen * facts[1] // 100
            if owed > queries.holding(card.pk).held_fen:
                event("more is owed than is held")
            facts = {"basis": RefundBasis.MEDIATION, "reference": "x", **by}
            escrow.refund(agreement_id=card.pk, amount_fen=owed, **facts)

    def check_release(self):
        release = EarlyRelease.objects.get(beneficiary=self.to, day=beijing_date(self.at))
        out = 0
        for card in self.cards:
            held = queries.holding(card.pk)
            out += held.advanced_fen
            if Transfer.objects.filter(agreement=card, reference=f"early:{release.pk}").exists():
                assert held.advanced_fen <= held.unearned_fen * card.free_percent // 100
        assert out == release.outstanding_fen + release.amount_fen <= release.cap_fen

    def check(self):
        for card in self.cards:
            held = queries.holding(card.pk)
            used = sum(Use.objects.filter(agreement=card, state=UseState.FINAL).values_list("units", flat=True))
            earned = card.price_fen * used // card.units_total
            if held.state == AgreementState.HELD:
                assert held.held_fen + held.advanced_fen + earned == card.price_fen
                assert held.units_used == used
                if used == card.units_total:
                    assert (held.held_fen, held.advanced_fen) == (0, 0)
                if not card.free_percent:
                    assert held.advanced_fen == 0
            else:
                refund = Refund.objects.get(agreement=card)
                moved = dict.fromkeys((Reason.REFUND, Reason.SETTLE, Reason.FORFEIT), 0)
                rows = Transfer.objects.filter(
                    agreement=card, reason__in=list(moved), asset__in=[Asset.CNY, Asset.ADVANCE]
                )
                for row in rows:
                    moved[row.reason] += row.amount
                assert (held.held_fen, held.advanced_fen) == (0, 0)
                assert sum(moved.values()) + earned == card.price_fen
                assert moved[Reason.SETTLE] == refund.settled_fen
                claim = refund.claim.amount_fen if hasattr(refund, "claim") else 0
                assert refund.owed_fen == refund.amount_fen + claim


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)  # fmt: skip
@given(facts=st.tuples(cards, cards, cards), cap_days=st.sampled_from([0, 3, 30, 3_000]), steps=actions)
def test_what_was_paid_is_accounted_for_to_the_fen(facts, cap_days, steps):
    from django.db import transaction

    with transaction.atomic():
        life = Life(facts, cap_days)
        for step in steps:
            with suppress(DomainError), transaction.atomic():
                life.do(*step)
            life.check()
        found = [f for f in invariants.prove() if not f.ok and f.name != "statement_lines_matched"]
        assert not found, found
        transaction.set_rollback(True)
