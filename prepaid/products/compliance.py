"""The compliance check of one card product, line by line, each with its article. Pure: terms, caps and a date in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils.translation import gettext as _

from escrow.money import yuan
from escrow.states import COUNTED_PLANS, FACE_VALUE_PLANS, Plan
from prepaid.products import caps, void_clauses
from prepaid.products.contract import twelve_items
from prepaid.products.terms import CLAUSES, Terms

Level = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report. ``bad`` blocks the submission; ``field`` is the input it belongs to."""

    level: Level
    code: str
    text: str
    article: str = ""
    field: str = ""
    excerpt: str = ""


def check(terms: Terms, rule: caps.Caps, *, visit_percent: int, on: date) -> list[Finding]:
    """All lines, what blocks first, good ones too, so that the reader sees what was looked at. ``on``: the day the
    sale could begin; ``visit_percent``: how much of what a card holds one visit may be (``VisitRule``)."""
    lines = [
        *_caps(terms, rule),
        *_figures(terms, visit_percent),
        *_leases(terms, on),
        *_clauses(terms),
        *_items(terms),
    ]
    return sorted(lines, key=lambda finding: ("bad", "warn", "ok").index(finding.level))


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """The lines that must be put right."""
    return [finding for finding in findings if finding.level == "bad"]


def _caps(terms: Terms, rule: caps.Caps) -> list[Finding]:
    article = _("the sector's caps")
    lines = []
    if rule.max_price_fen is not None and terms.price_fen > rule.max_price_fen:
        text = _("The price of ¥%(price)s is above the sector's cap of ¥%(most)s.")
        figures = {"price": yuan(terms.price_fen), "most": yuan(rule.max_price_fen)}
        lines.append(Finding(level="bad", code="price_cap", text=text % figures, article=article, field="price_fen"))
    if rule.max_sessions is not None and (terms.sessions or 0) > rule.max_sessions:
        text = (
            _("%(count)s lessons are more than the sector's cap of %(most)s.")
            if terms.kind == Plan.COURSE
            else _("%(count)s sessions are more than the sector's cap of %(most)s.")
        )
        figures = {"count": str(terms.sessions), "most": str(rule.max_sessions)}
        lines.append(Finding(level="bad", code="sessions_cap", text=text % figures, article=article, field="sessions"))
    if rule.max_months is not None and (terms.days or 0) > caps.longest_days(rule.max_months):
        text = _("%(days)s days are longer than the sector's cap of %(months)s months (%(most)s days).")
        figures = {
            "days": str(terms.days),
            "months": str(rule.max_months),
            "most": str(caps.longest_days(rule.max_months)),
        }
        lines.append(Finding(level="bad", code="months_cap", text=text % figures, article=article, field="days"))
    if rule.max_months is not None and terms.days is None:
        text = _("This sector limits the term to %(months)s months: state how many days the card is valid.")
        lines.append(
            Finding(
                level="bad", code="term_missing", text=text % {"months": rule.max_months}, article=article, field="days"
            )
        )
    if not lines:
        named = [
            *([_("at most ¥%(sum)s") % {"sum": yuan(rule.max_price_fen)}] if rule.max_price_fen else []),
            *([_("at most %(months)s months") % {"months": rule.max_months}] if rule.max_months else []),
            *([_("at most %(count)s sessions") % {"count": rule.max_sessions}] if rule.max_sessions else []),
        ]
        text = _("Within the caps of the sector: %(caps)s.") % {"caps": ", ".join(named) or _("none are set")}
        lines.append(Finding(level="ok", code="caps", text=text, article=article))
    if terms.months:
        text = _(
            "Paid month by month: at most ¥%(price)s for %(days)s days is prepaid at a time, so the caps count one month of "
            "the %(months)s."
        )
        figures = {"price": yuan(terms.price_fen), "days": str(terms.days), "months": str(terms.months)}
        lines.append(Finding(level="ok", code="monthly", text=text % figures, article=article))
    return lines


def _figures(terms: Terms, visit_percent: int) -> list[Finding]:
    if terms.kind in COUNTED_PLANS and terms.sessions:
        unit = terms.price_fen // terms.sessions
        if (terms.list_price_fen or 0) < unit:
            text = (
                _("The list price of one lesson is below what a lesson costs in this course (¥%(unit)s).")
                if terms.kind == Plan.COURSE
                else _("The list price of one visit is below what a visit costs on this card (¥%(unit)s).")
            )
            return [
                Finding(
                    level="bad",
                    code="list_price",
                    text=text % {"unit": yuan(unit)},
                    article=_("Supreme People's Court interpretation on prepaid consumption, art. 19"),
                    field="list_price_fen",
                )
            ]
    if terms.kind in FACE_VALUE_PLANS:
        most = (terms.price_fen + terms.bonus_fen) * visit_percent // 100
        if (terms.visit_price_fen or 0) > most:
            text = _(
                "A scan alone would take ¥%(visit)s. That is above %(percent)s%% of what the card holds, ¥%(most)s: more "
                "waits for the customer's yes."
            )
            figures = {"visit": yuan(terms.visit_price_fen or 0), "percent": visit_percent, "most": yuan(most)}
            return [
                Finding(
                    level="bad",
                    code="visit_price",
                    text=text % figures,
                    article=_("the platform's own cap on what a scan alone takes"),
                    field="list_price_fen" if terms.kind == Plan.DISCOUNT else "visit_price_fen",
                )
            ]
    return [Finding(level="ok", code="figures", text=_("Price, quantity and list price fit together."))]


def _leases(terms: Terms, on: date) -> list[Finding]:
    article = _("Beijing regulations on single-purpose prepaid cards, art. 13 (4)")
    if not terms.stores:
        return [
            Finding(level="bad", code="stores", text=_("No store redeems this card."), article=article, field="stores")
        ]
    until = caps.last_day(on, terms.days_in_all)
    lines = []
    for store in terms.stores:
        if store.lease_ends_on is None or caps.outlasted(until, [store]) is None:
            continue
        figures = {"store": store.name, "lease": store.lease_ends_on.isoformat()}
        if until is None:
            text = _(
                "The card does not expire, while the lease of %(store)s ends on %(lease)s: state how many days it is valid."
            )
        else:
            text = _("A card sold today runs until %(until)s, but the lease of %(store)s ends on %(lease)s.")
            figures["until"] = until.isoformat()
        field = "months" if terms.months else "days"
        lines.append(Finding(level="bad", code="lease", text=text % figures, article=article, field=field))
    return lines or [Finding(level="ok", code="lease", text=_("No lease ends before the card does."), article=article)]


def _items(terms: Terms) -> list[Finding]:
    missing = [item for item in twelve_items(terms) if not item.complete]
    text = _("Item %(number)s of the contract is not complete: %(title)s.")
    return [
        Finding(
            level="bad",
            code=f"item_{item.number}",
            text=text % {"number": item.number, "title": item.title},
            article=item.article,
        )
        for item in missing
    ] or [
        Finding(
            level="ok",
            code="items",
            text=_("The twelve items of the contract are complete."),
            article=_("Beijing regulations on single-purpose prepaid cards, art. 13"),
        )
    ]


def _clauses(terms: Terms) -> list[Finding]:
    lines = [
        Finding(
            level="bad",
            code="void_clause",
            text=str(found.because),
            article=str(found.article),
            field=field,
            excerpt=found.excerpt,
        )
        for field in ("name", *CLAUSES)
        for found in void_clauses.scan(getattr(terms, field))
    ]
    return lines or [
        Finding(
            level="ok",
            code="void_clauses",
            text=_("No void clause was found in the text."),
            article=_("Beijing regulations on single-purpose prepaid cards, art. 15"),
        )
    ]
