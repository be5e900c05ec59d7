"""The dated facts that the platform stands on, each from the file that names its source, into the database."""

import csv
from datetime import datetime
from pathlib import Path

from complaints.cases.models import TimeLimit
from escrow.clock import beijing_date
from escrow.operations import load_working_days
from escrow.transactions import transaction
from prepaid.merchants.reference import load_custody_rules, load_sectors
from prepaid.people.reference import load_places, put
from prepaid.products.reference import load_rates

TABLE = Path(__file__).resolve().parent / "data" / "time_limits.csv"


def load_reference(*, at: datetime, actor: str) -> dict[str, int]:
    """Everything that must be there before the first merchant registers, all or nothing; the rows written, by subject.

    Repeatable: rows that say the same are left alone, and so is what people have added or confirmed since.

    Raises:
        BadReferenceData: a file does not fit together.
    """
    year = beijing_date(at).year
    with transaction():
        places = load_places(at=at, actor=actor)
        return {
            **places,
            "sectors": load_sectors(at=at, actor=actor),
            "rates": load_rates(at=at, actor=actor),
            "time limits": load_time_limits(),
            "custody rules": load_custody_rules(at=at, actor=actor),
            "working days": load_working_days(first_year=year - 3, last_year=year + 2, confirmed_until=year),
        }


def load_time_limits() -> int:
    """Make the rows of the table the database's; rows of other dates are left alone. Repeatable. How many were written."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with transaction():
        return sum(
            put(
                TimeLimit,
                {"code": row["code"], "valid_from": row["valid_from"]},
                {
                    "working_days": int(row["working_days"]) if row["working_days"] else None,
                    "days": int(row["days"]) if row["days"] else None,
                    "hours": int(row["hours"]) if row["hours"] else None,
                    "source": row["source"],
                    "mark": row["mark"],
                },
            )
            for row in rows
        )
