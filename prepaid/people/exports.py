"""Lists of the administration as files: the columns and rows that stand on the page, masked as they are there."""

import html
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.db.models import Field
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from escrow.bank_files.writing import Cell, csv_bytes, xlsx_bytes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(page: Any, rows: Iterable[Any], columns: list[str]) -> Iterator[list[Cell]]:
    """A line of headings, then one a row, as the list ``page`` shows them."""
    yield [str(label_for_field(name, page.model, page)) for name in columns]
    for row in rows:
        yield [_cell(page, row, name) for name in columns]


def written(kind: str, title: str, rows: Iterable[list[Cell]]) -> tuple[bytes, str]:
    """The file and its media type. What a person typed is never a formula in it."""
    if kind == "xlsx":
        return xlsx_bytes({title: rows}), XLSX
    return csv_bytes(rows), "text/csv; charset=utf-8"


def _cell(page: Any, row: Any, name: str) -> Cell:
    field, _attribute, value = lookup_field(name, row, page)
    if isinstance(field, Field):
        if field.is_relation:
            value = getattr(row, field.name)
        elif field.flatchoices:
            value = dict(field.flatchoices).get(value, value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or isinstance(value, (int, date, datetime)):
        return value
    return " ".join(html.unescape(strip_tags(str(value))).split())
