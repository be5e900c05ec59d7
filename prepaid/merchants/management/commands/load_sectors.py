"""``manage.py load_sectors``: the sectors and their dated numbers."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from escrow import clock
from prepaid.merchants.reference import DepartmentsMissing, load_sectors


class Command(BaseCommand):
    help = "Load the sectors and their rules from the data file. Safe to run again. Needs load_reference first."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = load_sectors(at=clock.now(), actor="system:load_sectors")
        except DepartmentsMissing as error:
            raise CommandError(f"Departments are missing ({error}): run manage.py load_reference first.") from error
        self.stdout.write(f"sectors: {rows} rows")
