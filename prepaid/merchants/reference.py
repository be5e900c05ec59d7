"""The sectors and their dated numbers, from ``data/sectors.csv`` and ``data/custody.csv``."""

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.forms.models import model_to_dict

from escrow import audit
from escrow.clock import beijing_date
from escrow.models import EarlyReleaseRule
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.merchants.errors import RuleDayTaken, RuleNotFuture
from prepaid.merchants.models import CustodyRule, Sector, SectorRule
from prepaid.people.errors import BadReferenceData
from prepaid.people.models import Department
from prepaid.people.reference import put

CONSTRAINT_ERRORS.update(
    {
        "sector_rule_one_per_day": RuleDayTaken,
        "custody_rule_one_per_day": RuleDayTaken,
        "escrow_earlyreleaserule_valid_from_key": RuleDayTaken,
    }
)
SOURCE = Path(__file__).resolve().parent / "data" / "sectors.csv"
CUSTODY = SOURCE.with_name("custody.csv")
#: The file dates nothing; its rows hold from the day the Beijing regulations came into force. Later numbers are
#: later rows, added in the administration; loading again leaves those alone.
IN_FORCE = date(2022, 6, 1)


def load_sectors(*, at: datetime, actor: str) -> int:
    """Create or correct one sector and one rule per row of the file; how many rows were written. Safe to repeat.

    Raises:
        BadReferenceData: a department is not there, and nothing is changed.
    """
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    written = 0
    with transaction():
        departments = {department.name_zh: department for department in Department.objects.all()}
        missing = {row[column] for row in rows for column in ("lead_regulator", "enforcer")} - set(departments)
        if missing:
            raise BadReferenceData(problem=f"no department {', '.join(sorted(missing))}")
        for row in rows:
            sector = {
                "name_zh": row["name_zh"],
                "name_en": row["name_en"],
                "lead_department_id": departments[row["lead_regulator"]].pk,
                "enforcer_id": departments[row["enforcer"]].pk,
                "valid_from": IN_FORCE,
            }
            written += put(Sector, {"code": row["code"]}, sector)
            written += put(SectorRule, {"sector_id": row["code"], "valid_from": IN_FORCE}, _figures(row))
        if written:
            audit.record(
                actor=actor, action="merchants.load_sectors", target="reference:sectors", at=at, after={"rows": written}
            )
    return written


def load_custody_rules(*, at: datetime, actor: str) -> int:
    """Create or correct one row per row of ``data/custody.csv``; how many were written. Safe to repeat; the sectors come first."""
    with CUSTODY.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with transaction():
        written = 0
        for row in rows:
            key = {
                "sector_id": row["sector"],
                "rating": row["rating"],
                "valid_from": date.fromisoformat(row["valid_from"]),
            }
            figures = {"percent": int(row["percent"]), "basis": row["basis"], "mark": row["mark"]}
            written += put(CustodyRule, key, figures)
        if written:
            after = {"rows": written}
            target = "reference:custody_rules"
            audit.record(actor=actor, action="merchants.load_custody_rules", target=target, at=at, after=after)
    return written


def add_sector_rule(*, rule: SectorRule, at: datetime, actor: str) -> SectorRule:
    """New numbers of a sector from a later day on; the unsaved row says which.

    Raises:
        RuleNotFuture, RuleDayTaken.
    """
    taken = SectorRule.objects.filter(sector=rule.sector, valid_from=rule.valid_from)
    _add(rule, taken, action="merchants.add_sector_rule", target=f"sector:{rule.sector_id}", at=at, actor=actor)
    return rule


def add_custody_rule(*, rule: CustodyRule, at: datetime, actor: str) -> CustodyRule:
    """How much stays in custody of merchants with a rating, from a later day on; the unsaved row says which. Cards sold before
    keep what was agreed.

    Raises:
        RuleNotFuture, RuleDayTaken.
    """
    taken = CustodyRule.objects.filter(sector=rule.sector, rating=rule.rating, valid_from=rule.valid_from)
    _add(rule, taken, action="merchants.add_custody_rule", target=f"sector:{rule.sector_id}", at=at, actor=actor)
    return rule


def add_early_release_rule(*, rule: EarlyReleaseRule, at: datetime, actor: str) -> EarlyReleaseRule:
    """How early release is earned from a later day on; the unsaved row says which.

    Raises:
        RuleNotFuture, RuleDayTaken.
    """
    taken = EarlyReleaseRule.objects.filter(valid_from=rule.valid_from)
    _add(rule, taken, action="merchants.add_early_release_rule", target="rule:early_release", at=at, actor=actor)
    return rule


def _add(rule: Any, taken: QuerySet[Any], *, action: str, target: str, at: datetime, actor: str) -> None:
    """One later row. A row holds until the next one begins, so that two could only meet on one day."""
    if rule.valid_from <= beijing_date(at):
        raise RuleNotFuture()
    with transaction():
        if taken.exists():
            raise RuleDayTaken()
        rule.save(force_insert=True)
        figures = model_to_dict(rule, exclude=["id", "sector"]) | {"valid_from": rule.valid_from.isoformat()}
        audit.record(actor=actor, action=action, target=target, at=at, after=figures)


def _figures(row: dict[str, str]) -> dict[str, Any]:
    """The columns of a rule; an empty cell means that nothing is set."""

    def number(column: str) -> int | None:
        return int(row[column]) if row[column] else None

    return {
        "filing_balance_fen": number("filing_balance_fen"),
        "custody_percent": int(row["custody_percent"]),
        "max_price_fen": number("max_price_fen"),
        "max_months": number("max_months"),
        "max_sessions": number("max_sessions"),
        "either_cap_binds": row["max_months_or_sessions"] == "or",
        "cooling_off_days": int(row["cooling_off_days"]),
        "closing_notice_days": int(row["closing_notice_days"]),
        "auto_confirm_working_days": number("auto_confirm_working_days"),
        "refund_silence_agrees_working_days": number("refund_silence_agrees_working_days"),
        "payable_working_days": int(row["payable_working_days"] or 1),
        "basis": row["basis"],
        "mark": row["mark"],
    }
