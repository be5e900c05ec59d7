"""Beijing's divisions and departments, from the files beside this module into the database."""

import csv
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from django.db import models

from escrow import audit
from escrow.transactions import transaction
from prepaid.people.errors import BadReferenceData
from prepaid.people.models import Department, Division, DivisionLevel

DATA = Path(__file__).parent / "data"
#: Nothing on the platform is older than 北京市单用途预付卡管理条例, in force from this day.
VALID_FROM = date(2022, 6, 1)
Row = TypeVar("Row", Department, Division)


def load_places(*, at: datetime, actor: str) -> dict[str, int]:
    """Make the tables say what the files say; how many rows were changed, by table. A second run changes nothing.

    A division or department that is no longer in its file ends yesterday: what was decided there keeps its place.

    Raises:
        BadReferenceData: a file does not fit together; nothing is changed.
    """
    with transaction():
        changed = {
            "departments": _load(
                Department, [Department(valid_from=VALID_FROM, **row) for row in _rows("departments.csv")], at
            ),
            "divisions": _load(Division, _divisions(), at),
        }
        if any(changed.values()):
            audit.record(actor=actor, action="people.load_places", target="reference:places", at=at, after=changed)
    return changed


def put(model: type[models.Model], key: dict[str, Any], values: dict[str, Any]) -> bool:
    """Make the row of that key say these values (by the names of their columns); whether anything was written."""
    row = model._default_manager.filter(**key).first()
    if row is None:
        model._default_manager.create(**key, **values)
        return True
    different = [name for name, value in values.items() if getattr(row, name) != value]
    for name in different:
        setattr(row, name, values[name])
    if different:
        row.save(update_fields=different)
    return bool(different)


def _divisions() -> list[Division]:
    english = {row["code"]: row["name_en"] for row in _rows("districts_en.csv")}
    divisions = []
    for row in _rows("beijing_divisions.csv"):
        is_district = row["level"] == DivisionLevel.DISTRICT
        if not is_district and not row["code"].startswith(row["parent_code"]):
            raise BadReferenceData(problem=f"{row['code']} is not part of {row['parent_code']}")
        divisions.append(
            Division(
                code=row["code"],
                level=DivisionLevel(row["level"]),
                name_zh=row["name"],
                # Streets and communities have no official English names.
                name_en=english.get(row["code"], row["name"]),
                parent_id=None if is_district else row["parent_code"],
                valid_from=VALID_FROM,
            )
        )
    known = {division.code for division in divisions}
    lost = [division.code for division in divisions if division.parent_id and division.parent_id not in known]
    if lost:
        raise BadReferenceData(problem=f"no parent for {', '.join(lost[:3])}")
    return divisions


def _load(model: type[Row], rows: Iterable[Row], at: datetime) -> int:
    """Insert what is new, update what differs, end what is gone; the number of rows touched."""
    columns = [field.attname for field in model._meta.concrete_fields if not field.primary_key]

    def content(row: Row) -> list[Any]:
        return [getattr(row, column) for column in columns]

    wanted = {row.code: row for row in rows}
    present = model._default_manager.in_bulk()
    new = [row for code, row in wanted.items() if code not in present]
    different = [row for code, row in wanted.items() if code in present and content(row) != content(present[code])]
    gone = [row for code, row in present.items() if code not in wanted and row.valid_until is None]
    for row in gone:
        row.valid_until = max(row.valid_from, at.date() - timedelta(days=1))
    model._default_manager.bulk_create(new, batch_size=2000)
    model._default_manager.bulk_update(different, [c.removesuffix("_id") for c in columns], batch_size=500)
    model._default_manager.bulk_update(gone, ["valid_until"], batch_size=500)
    return len(new) + len(different) + len(gone)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
