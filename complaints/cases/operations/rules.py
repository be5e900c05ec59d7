"""Load the dated time limits from the table in ``data/``."""

import csv
from pathlib import Path

from complaints.cases.models import TimeLimit
from escrow.transactions import transaction

TABLE = Path(__file__).resolve().parent.parent / "data" / "time_limits.csv"


def load_case_rules() -> int:
    """Make the table's rows the database's; rows with other dates are left alone. Repeatable. How many rows there are."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with transaction():
        for row in rows:
            TimeLimit.objects.update_or_create(
                code=row["code"],
                valid_from=row["valid_from"],
                defaults={"working_days": int(row["working_days"]), "source": row["source"], "mark": row["mark"]},
            )
    return len(rows)
