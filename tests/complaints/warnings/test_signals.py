"""Each sign of a shop about to vanish: what it sees, what it does not, and what nobody can make it see or hide from it."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints.warnings.facts import Day, History, Movement, Standing, movement, together
from complaints.warnings.grading import Steps, published_points, score, strengths
from complaints.warnings.signals import SIGNALS
from tests.complaints.warnings.factories import STEADY, lived, steady

CODES = list(SIGNALS)


def seen(history: History, standing: Standing | None = None, sector: Movement | None = None) -> dict[str, float]:
    return strengths(history.facts(standing or Standing(), sector or Movement()))


def points(signs: dict[str, float]) -> float:
    return score(signs, published_points()).points


def test_every_sign_has_points_and_words_in_whole_sentences():
    assert set(published_points()) == set(CODES)
    facts = lived((120, STEADY)).facts(Standing(), Movement())
    for sign in SIGNALS.values():
        assert sign.words(facts).endswith((".", "。")), sign.code
        assert str(sign.title), sign.code


def test_nothing_is_seen_of_a_steady_shop():
    assert seen(lived((200, STEADY))) == {}


@pytest.mark.parametrize(
    ("code", "lately", "standing"),
    [
        ("redemptions_fall", steady(uses=2, use_fen=20_000), {}),
        ("sales_outrun_redemptions", steady(sales=4, sales_fen=380_000, list_fen=400_000), {}),
        ("dearer_and_longer", steady(sales_fen=190_000, list_fen=200_000), {}),
        ("dearer_and_longer", steady(term_days=365), {}),
        ("deep_promotion", steady(sales_fen=50_000), {}),
        ("refunds_late", steady(refunds_late=3), {}),
        ("disputes", steady(disputes=1), {}),
        ("complaints_accelerate", steady(complaints=1), {}),
        ("redeems_to_itself", steady(doubtful=2), {}),
        ("doors_shut", steady(uses=0, use_fen=0), {}),
        ("said_to_be_shut", steady(uses=0, use_fen=0), {"closed_reporters": 3}),
        ("hands_changed", STEADY, {"hands_changed": 10}),
        ("account_changed", STEADY, {"account_changed": 10}),
        ("lease_ends", STEADY, {"lease_left": 10, "beyond_lease": 0.8}),
        ("cover_short", STEADY, {"held_fen": 20, "owed_fen": 100, "required_percent": 40}),
        ("filing_lapsed", STEADY, {"filing_lapsed": 30}),
        ("listed", STEADY, {"listed": True}),
        ("asks_elsewhere", STEADY, {"asks_elsewhere": True}),
        ("inspected_badly", STEADY, {"inspected_badly": True}),
    ],
)
def test_each_sign_is_seen(code, lately, standing):
    assert seen(lived((120, STEADY), (20, lately)), Standing(**standing)).get(code, 0) > 0.4


# ---------------------------------------------------------------------------------------------- who is not to be accused


def test_ten_cards_are_too_few_to_say_anything():
    """By chance a tiny shop has three sales in a month, or no use in a week."""
    draw = Random(7)
    for _ in range(200):
        history = History()
        for _day in range(150):
            sold = int(draw.random() < 0.03)
            history.add(
                Day(
                    cards=10,
                    uses=(used := int(draw.random() < 0.5)),
                    use_fen=used * 9_000,
                    sales=sold,
                    sales_fen=sold * 90_000,
                    list_fen=sold * 95_000,
                    term_days=sold * 180,
                    complaints=int(draw.random() < 0.004),
                )
            )
        assert points(seen(history)) < Steps().d


def beside(one: History, others: History) -> dict[str, float]:
    """The signs of a shop in a sector of itself and fifty others."""
    sector = History()
    for n in range(len(one)):
        sector.add(together([one.day(n)] + [others.day(n)] * 50))
    sector = movement(sector, one.windows(), silent_days=one.silent_days, silent_cards=one.silent_cards)
    return seen(one, sector=sector)


@pytest.mark.parametrize("uses", [2, 0])
def test_what_a_whole_sector_does_is_no_sign(uses):
    """Spring festival: nobody comes, to no barber. The same days of one shop alone are a sign (the control)."""
    quiet = lived((120, STEADY), (10, steady(uses=uses, use_fen=10_000 * uses)))
    assert seen(quiet).keys() & {"redemptions_fall", "doors_shut"}
    assert not beside(quiet, quiet).keys() & {"redemptions_fall", "doors_shut"}
    assert beside(quiet, lived((130, STEADY))).keys() & {"redemptions_fall", "doors_shut"}


def test_the_only_shop_of_a_sector_does_not_hide_behind_itself():
    quiet = lived((120, STEADY), (14, steady(uses=2, use_fen=20_000)))
    alone = movement(quiet, quiet.windows(), silent_days=quiet.silent_days, silent_cards=quiet.silent_cards)
    assert "redemptions_fall" in seen(quiet, sector=alone)


def test_two_visitors_who_stay_away_are_chance():
    few = Day(cards=5, uses=0, use_fen=0)
    history = History()
    for n in range(140):
        history.add(steady(cards=5, uses=int(n % 5 == 0), use_fen=0, sales=0, sales_fen=0, list_fen=0, term_days=0))
    for _ in range(14):
        history.add(few)
    assert "redemptions_fall" not in seen(history)


def test_a_gym_that_was_always_open_at_night_redeems_to_nobody():
    always = lived((120, steady(doubtful=3)))
    lately = lived((120, STEADY), (20, steady(doubtful=3)))
    assert "redeems_to_itself" not in seen(always)
    assert seen(lately)["redeems_to_itself"] == 1.0


def test_a_shop_that_told_its_holders_is_not_shut():
    """Renovation, a move, a summer pause: announced, they are no sign."""
    shut = lived((150, STEADY), (14, steady(uses=0, use_fen=0, sales=0, sales_fen=0, list_fen=0, term_days=0)))
    assert points(seen(shut, Standing(paused=True))) < Steps().c
    assert seen(shut)["doors_shut"] == 1.0


def test_a_wave_of_refunds_that_are_paid_is_no_sign():
    """After a rumour everybody asks; a healthy merchant pays."""
    wave = lived((150, STEADY), (10, steady(refunds_asked=15, refunds_late=1)))
    assert points(seen(wave)) < Steps().b


def test_days_without_data_are_no_silence():
    gone = lived((150, STEADY), (6, Day(known=0)))
    assert seen(gone) == {}


# --------------------------------------------------------------------------------------------------- who tries to cheat it


def test_uses_made_up_hide_nothing():
    """Its own people's cards, at night, from one telephone: uses so marked are no custom, and a sign of their own."""
    empty = lived((120, STEADY), (20, steady(uses=1, use_fen=10_000)))
    padded = lived((120, STEADY), (20, steady(uses=1, use_fen=10_000, doubtful=5)))
    assert seen(padded)["redemptions_fall"] == seen(empty)["redemptions_fall"]
    assert points(seen(padded)) > points(seen(empty)) + 20


def test_a_rival_cannot_shut_a_shop_by_saying_so():
    """Reports do not count while uses go on; and never alone hold payouts."""
    assert "said_to_be_shut" not in seen(lived((150, STEADY)), Standing(closed_reporters=50))
    monday = lived((150, STEADY), (1, steady(uses=0, use_fen=0)))
    assert points(seen(monday, Standing(closed_reporters=50))) < Steps().c


def test_no_sign_alone_holds_payouts_but_those_by_which_somebody_has_spoken():
    alone = {code for code, weight in published_points().items() if weight >= Steps().d}
    assert alone == {"listed", "redeems_to_itself"}


# ----------------------------------------------------------------------------------------------------------- for any facts

counts = st.integers(0, 50)
days = st.builds(
    Day,
    cards=st.integers(0, 500),
    uses=counts,
    use_fen=st.integers(0, 10**7),
    doubtful=counts,
    sales=counts,
    sales_fen=st.integers(0, 10**8),
    list_fen=st.integers(0, 10**8),
    term_days=st.integers(0, 10**5),
    refunds_asked=counts,
    refunds_late=counts,
    disputes=counts,
    complaints=counts,
    known=st.integers(0, 1),
)
ages = st.none() | st.integers(0, 2_000)
standings = st.builds(
    Standing,
    hands_changed=ages,
    account_changed=ages,
    lease_left=st.none() | st.integers(-400, 4_000),
    beyond_lease=st.floats(0, 1),
    filing_lapsed=ages,
    listed=st.booleans(),
    closed_reporters=counts,
    asks_elsewhere=st.booleans(),
    inspected_badly=st.booleans(),
    paused=st.booleans(),
    held_fen=st.integers(0, 10**12),
    owed_fen=st.integers(0, 10**12),
    required_percent=st.integers(0, 100),
)
ratios = st.floats(0, 100)
moves = st.builds(Movement, now=ratios, lately=ratios, silence=ratios, sales=ratios)


#: The first example draws slowly on a busy machine.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(st.lists(st.tuples(st.integers(1, 60), days), max_size=6), standings, moves)
def test_a_strength_lies_between_nothing_and_one_and_can_be_said(parts, standing, sector):
    facts = lived(*parts).facts(standing, sector)
    signs = strengths(facts)
    assert all(0 < strength <= 1 for strength in signs.values())
    assert all(SIGNALS[code].words(facts) for code in CODES)
    told = score(signs, published_points())
    assert told.points == pytest.approx(sum(part.points for part in told.parts))
    assert told.grade(Steps()) in "ABCD"


@PATIENT
@given(st.lists(days, min_size=1, max_size=60), st.integers(-10, 70), st.integers(-10, 70))
def test_a_sum_over_a_window_is_the_sum_of_its_days(some, begin, end):
    history = History()
    for day in some:
        history.add(day)
    begin, end = sorted((begin, end))
    window = [day for day in some[max(0, begin) : max(0, end)] if day.known]
    sums = history.sums(begin, end)
    assert sums.days == len(window)
    assert sums.sales_fen == sum(day.sales_fen for day in window)
    assert sums.cards == sum(day.cards for day in window)
