"""Reference rows for tests: the loaders write them once in a process; after that they are put in as they were."""

from collections.abc import Callable

from django.db import models


class ReferenceRows:
    """What ``load`` writes into ``tables``, given in the order in which rows can be written."""

    def __init__(self, load: Callable[[], None], *tables: type[models.Model]) -> None:
        self._load, self._tables = load, tables
        self._kept: list[list[models.Model]] = []

    def put(self) -> None:
        """Into this test's database. Beside other rows the loaders do it, and nothing is kept of that."""
        empty = not any(table._default_manager.exists() for table in self._tables)
        if not empty or not self._kept:
            self._load()
            if empty:
                self._kept = [list(table._default_manager.order_by("pk")) for table in self._tables]
            return
        for rows in self._kept:
            for row in rows:
                if isinstance(row._meta.pk, models.AutoField):
                    row.pk = None
            type(rows[0])._default_manager.bulk_create(rows)
