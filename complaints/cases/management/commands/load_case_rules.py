"""``manage.py load_case_rules``: the time limits of complaints, with their sources."""

from typing import Any

from django.core.management.base import BaseCommand

from complaints.cases import operations


class Command(BaseCommand):
    help = "Load the time limits of complaints (complaints/cases/data/time_limits.csv). Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say how many."""
        self.stdout.write(f"{operations.load_case_rules()} time limits")
