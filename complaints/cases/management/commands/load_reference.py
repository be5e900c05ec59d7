"""``manage.py load_reference``: all dated reference data."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from complaints.cases.reference import load_reference
from escrow import clock
from escrow.errors import DomainError


class Command(BaseCommand):
    help = "Load divisions, departments, sectors, interest rates, time limits and working days. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say how many rows were written."""
        try:
            written = load_reference(at=clock.now(), actor="system:load_reference")
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(", ".join(f"{subject}: {count}" for subject, count in written.items()))
