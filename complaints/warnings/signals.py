"""The signs that a shop is about to vanish. Each is a small pure function of ``Facts``: 0 nothing, 1 as strong as it gets.

The signs are those of Beijing cases (docs/warnings.md, "Signals"); where each begins and is full is a figure in the function,
what it weighs is a row (``data/points.csv``). A sign compares a merchant with its own habit and with how its whole sector moves,
so a holiday, a season or a small shop is no sign.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.warnings.facts import Facts, Sums

Strength = Callable[[Facts], float]


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign: its code, its title, how strong it is, and what of the facts says so (one sentence)."""

    code: str
    title: str | Promise
    strength: Strength
    words: Callable[[Facts], str]


#: All of them, by code.
SIGNALS: dict[str, Signal] = {}
#: Fewer days of habit than these tell no habit.
ENOUGH_DAYS = 28


def signal(title: str | Promise, words: Callable[[Facts], str]) -> Callable[[Strength], Strength]:
    """Register the function under its own name."""

    def register(strength: Strength) -> Strength:
        code = strength.__name__
        SIGNALS[code] = Signal(code=code, title=title, strength=strength, words=words)
        return strength

    return register


def ramp(value: float, begins: float, full: float) -> float:
    """0 up to ``begins``, 1 from ``full`` on, straight between."""
    return min(1.0, max(0.0, (value - begins) / (full - begins)))


def surprise(seen: int, expected: float) -> float:
    """By how many standard deviations of a count more was seen than expected (Poisson, with one added against small counts);
    below 0: less."""
    return (seen - expected) / sqrt(expected + 1)


def expected_uses(facts: Facts, window: Sums, *, sector: float) -> float:
    """What a window brings by the merchant's own habit, as its sector moves in it: by its card-days or by its days, whichever is
    less, since many new cards bring custom that was not there, and old ones lie in drawers."""
    habit = facts.habit
    if not habit.cards:
        return 0.0
    return min(window.cards / habit.cards, window.days / habit.days) * habit.uses * sector


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _percent(part: float, whole: float) -> int:
    return round(100 * _share(part, whole))


@signal(
    gettext_lazy("Redemptions fall"),
    lambda f: (
        _("%(uses)d uses in 28 days, where its habit and its sector let expect %(expected)d.")
        % {"uses": f.lately.uses, "expected": round(expected_uses(f, f.lately, sector=f.sector.lately))}
    ),
)
def redemptions_fall(facts: Facts) -> float:
    """Coaches and barbers leave before the shop does: cards are there, and fewer and fewer can be used. More than chance makes,
    and by days on which it was not announced to be shut."""
    if facts.habit.days < ENOUGH_DAYS or facts.standing.paused:
        return 0.0
    return max(_fall(facts, facts.now, facts.sector.now), _fall(facts, facts.lately, facts.sector.lately))


def _fall(facts: Facts, window: Sums, sector: float) -> float:
    expected = expected_uses(facts, window, sector=sector)
    if surprise(window.uses, expected) > -3:
        return 0.0
    return ramp(1 - window.uses / expected, 0.15, 0.6)


@signal(
    gettext_lazy("Sales outrun redemptions"),
    lambda f: (
        _("Sales of 28 days are %(times).1f × what its habit lets expect, beside its redemptions.")
        % {"times": outrun(f)}
    ),
)
def sales_outrun_redemptions(facts: Facts) -> float:
    """Money comes in for services that nobody will give: sales grow and custom does not. A shop that really grows has both."""
    if facts.habit.days < ENOUGH_DAYS or facts.lately.sales < 4:
        return 0.0
    usual = facts.habit.sales * lately_of_habit(facts)
    if surprise(facts.lately.sales, usual * max(0.2, facts.sector.sales)) < 2.5:
        return 0.0
    return ramp(outrun(facts), 1.5, 3.0)


def lately_of_habit(facts: Facts) -> float:
    """How many of the habit's days the last 28 are."""
    return facts.lately.days / facts.habit.days if facts.habit.days else 0.0


def outrun(facts: Facts) -> float:
    """Sales ÷ redemptions of 28 days, against the same of the habit and of the sector."""
    sales = _share(facts.lately.sales_fen, max(1, facts.lately.use_fen))
    usual = _share(max(1, facts.habit.sales_fen), max(1, facts.habit.use_fen))
    return sales / usual / max(0.2, facts.sector.sales)


@signal(
    gettext_lazy("Dearer and longer cards"),
    lambda f: (
        _("A card sold lately costs %(price)d %% and runs %(term)d %% of what they used to.")
        % {"price": round(100 * _grown(f)[0]), "term": round(100 * _grown(f)[1])}
    ),
)
def dearer_and_longer(facts: Facts) -> float:
    """Who means to leave sells the dearest and longest cards last."""
    if facts.lately.sales < 4 or facts.habit.sales < 8:
        return 0.0
    price, term = _grown(facts)
    return max(ramp(price, 1.25, 1.8), ramp(term, 1.2, 1.7))


def _grown(facts: Facts) -> tuple[float, float]:
    def of(part: str) -> float:
        lately = _share(getattr(facts.lately, part), facts.lately.sales)
        usual = _share(getattr(facts.habit, part), facts.habit.sales)
        return lately / usual if usual else 1.0

    return of("list_fen"), of("term_days")


@signal(
    gettext_lazy("Deep promotion"),
    lambda f: (
        _("Cards of 28 days were sold %(percent)d %% below the filed price.")
        % {"percent": 100 - _percent(f.lately.sales_fen, f.lately.list_fen)}
    ),
)
def deep_promotion(facts: Facts) -> float:
    """The big promotion just before the end: cash now, whatever the service will cost. Honest shops rarely sell a month at half."""
    if facts.lately.sales < 4:
        return 0.0
    return ramp(1 - _share(facts.lately.sales_fen, facts.lately.list_fen), 0.2, 0.55)


@signal(
    gettext_lazy("Refunds late"),
    lambda f: (
        ngettext(
            "%(late)d refund is open beyond its day.", "%(late)d refunds are open beyond their day.", f.refunds_late
        )
        % {"late": f.refunds_late}
    ),
)
def refunds_late(facts: Facts) -> float:
    """Who has no cash, or means to keep it, stops answering requests first. Full from three on, when they are most of what was
    asked in 28 days."""
    return ramp(facts.refunds_late, 0.0, max(3.0, 0.6 * facts.lately.refunds_asked))


@signal(
    gettext_lazy("Disputed uses"),
    lambda f: _("%(count)d uses of 28 days are disputed by their consumers.") % {"count": f.lately.disputes},
)
def disputes(facts: Facts) -> float:
    """Uses that nobody had: money drawn from custody before the end."""
    usual = max(facts.habit.disputes * lately_of_habit(facts), 0.002 * facts.lately.uses)
    return ramp(surprise(facts.lately.disputes, usual), 2.0, 6.0)


@signal(
    gettext_lazy("Complaints accelerate"),
    lambda f: (
        _("%(count)d complaints in 28 days, %(before)d in the 84 days before.")
        % {"count": f.lately.complaints, "before": f.habit.complaints}
    ),
)
def complaints_accelerate(facts: Facts) -> float:
    """Consumers see it before the authority does: against its own habit, for the cards it has now."""
    grown = _share(facts.lately.cards, facts.habit.cards)
    usual = facts.habit.complaints * grown
    return ramp(surprise(facts.lately.complaints, usual), 1.5, 4.0)


@signal(
    gettext_lazy("Doors shut"),
    lambda f: (
        _("No use for %(days)d days, in which %(expected)d were to be expected.")
        % {"days": f.silent_days, "expected": round(_expected_in_silence(f))}
    ),
)
def doors_shut(facts: Facts) -> float:
    """No use for days, against its own rhythm: e⁻⁶ is how likely silence is where six were to be expected. Not while it has
    told its card-holders that it is shut."""
    if facts.standing.paused or facts.silent_days < 2:
        return 0.0
    return ramp(_expected_in_silence(facts), 6.0, 25.0)


def _expected_in_silence(facts: Facts) -> float:
    silence = Sums(days=facts.silent_days, cards=facts.silent_cards)
    return expected_uses(facts, silence, sector=facts.sector.silence)


@signal(
    gettext_lazy("In other hands"),
    lambda f: (
        _("Its representative or controller changed %(days)d days ago.") % {"days": f.standing.hands_changed or 0}
    ),
)
def hands_changed(facts: Facts) -> float:
    """Professional closers take a shop over first. It fades over four months: an honest buyer is known by then."""
    days = facts.standing.hands_changed
    return 0.0 if days is None else 1 - ramp(days, 60, 120)


@signal(
    gettext_lazy("Another payout account"),
    lambda f: _("Its payout account changed %(days)d days ago.") % {"days": f.standing.account_changed or 0},
)
def account_changed(facts: Facts) -> float:
    """Where the money goes has changed."""
    days = facts.standing.account_changed
    return 0.0 if days is None else 1 - ramp(days, 30, 90)


@signal(
    gettext_lazy("Lease ends before the cards do"),
    lambda f: (
        _("Its lease ends in %(days)d days; %(percent)d %% of what it owes is on cards that run longer.")
        % {"days": max(0, f.standing.lease_left or 0), "percent": round(100 * f.standing.beyond_lease)}
    ),
)
def lease_ends(facts: Facts) -> float:
    """Cards sold for a time in which there is no room: BJ 13 (4) asks for the lease's end in the contract."""
    left = facts.standing.lease_left
    return 0.0 if left is None else (1 - ramp(left, 15, 75)) * ramp(facts.standing.beyond_lease, 0.1, 0.5)


@signal(
    gettext_lazy("Custody does not cover"),
    lambda f: (
        _("Custody holds %(held)d %% of what is owed; %(required)d %% are asked for.")
        % {
            "held": _percent(f.standing.held_fen, f.standing.owed_fen),
            "required": f.standing.required_percent,
        }
    ),
)
def cover_short(facts: Facts) -> float:
    """Less in custody than the law asks for (BJ 22)."""
    standing = facts.standing
    if not standing.owed_fen:
        return 0.0
    return ramp(standing.required_percent - 100 * standing.held_fen / standing.owed_fen, 1.0, 20.0)


@signal(
    gettext_lazy("Filing lapsed"),
    lambda f: _("A filing lapsed %(days)d days ago; cards were sold since.") % {"days": f.standing.filing_lapsed or 0},
)
def filing_lapsed(facts: Facts) -> float:
    """It sells on without the filing it needs (BJ 20)."""
    days = facts.standing.filing_lapsed
    return 0.0 if days is None or not facts.now.sales else ramp(days, 3, 30)


@signal(
    gettext_lazy("On the standing register"),
    lambda _f: _("It is on the register of abnormal operation, dishonesty or major risk."),
)
def listed(facts: Facts) -> float:
    """BJ 11: who is listed may not sell at all."""
    return 1.0 if facts.standing.listed else 0.0


@signal(
    gettext_lazy("Holders say it is shut"),
    lambda f: (
        ngettext(
            "%(count)d holder nearby says that it is shut.",
            "%(count)d holders nearby say that it is shut.",
            f.standing.closed_reporters,
        )
        % {"count": f.standing.closed_reporters}
    ),
)
def said_to_be_shut(facts: Facts) -> float:
    """Reports of people who have used a card there; others are not counted, nor is a report while uses go on that day."""
    if facts.silent_days < 1:
        return 0.0
    return ramp(facts.standing.closed_reporters, 0.5, 3.0)


@signal(
    gettext_lazy("Takes money elsewhere"),
    lambda _f: _("An official has confirmed that it asked to be paid outside custody."),
)
def asks_elsewhere(facts: Facts) -> float:
    """Money that never reached custody is gone with the shop. Only what an official has confirmed counts."""
    return 1.0 if facts.standing.asks_elsewhere else 0.0


@signal(
    gettext_lazy("Inspection found it wanting"),
    lambda _f: _("The street's inspection found that it prepares to leave, or nobody to speak to."),
)
def inspected_badly(facts: Facts) -> float:
    """What a person saw who was sent there: no staff, the landlord's notice, an owner whom nobody reaches."""
    return 1.0 if facts.standing.inspected_badly else 0.0


@signal(
    gettext_lazy("It redeems to itself"),
    lambda f: (
        _("%(count)d of %(all)d uses of 28 days are doubtful: its own people's cards, at night, or one telephone.")
        % {"count": f.lately.doubtful, "all": f.lately.doubtful + f.lately.uses}
    ),
)
def redeems_to_itself(facts: Facts) -> float:
    """Who makes uses up, to look busy or to draw money, is hiding something. A worker's own card now and then is nothing, nor is a
    gym that has always been open at night: what counts is more than its habit."""
    if facts.lately.doubtful < 6:
        return 0.0
    lately, usual = (_share(window.doubtful, window.doubtful + window.uses) for window in (facts.lately, facts.habit))
    return ramp(lately - usual, 0.05, 0.2)
