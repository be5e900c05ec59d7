"""The functions and views of the database, one file a subject, installed whenever the database is migrated.

They are written with ``CREATE OR REPLACE``: the database always has the text of the checkout that migrated it.
"""

from datetime import date, timedelta
from pathlib import Path

#: In the order of installation: what a view or a plain SQL function names must exist.
SUBJECTS = ("post", "partitions", "silence", "use", "accrue", "early", "settle", "rights")


def text(subject: str) -> str:
    """The SQL of one subject."""
    return (Path(__file__).parent / f"{subject}.sql").read_text()


def partition_days(today: date) -> tuple[date, date]:
    """From when to when the months of transfers must have their partitions."""
    return today - timedelta(days=31), today + timedelta(days=400)
