"""``manage.py load_reference``: divisions and departments."""

from typing import Any

from django.core.management.base import BaseCommand

from escrow import clock
from prepaid.people.reference import load_reference


class Command(BaseCommand):
    help = "Load Beijing's divisions and the departments from the data files. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = load_reference(at=clock.now(), actor="system:load_reference")
        self.stdout.write(", ".join(f"{table}: {count} changed" for table, count in changed.items()))
