"""How rates and durations are written."""

from django.utils.translation import gettext as _

from complaints.measures.formulas import DAY, HOUR, MINUTE


def rate(value: int | None, decimals: int = 1) -> str:
    """Hundredths of a per cent: 9730 → ``97.3 %``; with no figure a dash."""
    return "–" if value is None else f"{value / 100:.{decimals}f} %"


def points(value: int | None) -> str:
    """A difference of two of them, with its sign: 130 → ``+1.30``; with no figure a dash."""
    return "–" if value is None else f"{value / 100:+.2f}".replace("-", "−")


def took(seconds: int | None) -> str:
    """A duration in one unit: 222 → ``3.7 min``; a dash for none, and for what a template did not find."""
    if not isinstance(seconds, int):
        return "–"
    if seconds < MINUTE:
        return _("%(n)s s") % {"n": seconds}
    if seconds < HOUR:
        return _("%(n)s min") % {"n": _short(seconds, MINUTE)}
    if seconds < DAY:
        return _("%(n)s h") % {"n": _short(seconds, HOUR)}
    return _("%(n)s d") % {"n": _short(seconds, DAY)}


def _short(seconds: int, unit: int) -> str:
    return f"{seconds / unit:.1f}".removesuffix(".0")
