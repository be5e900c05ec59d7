"""``manage.py rebuild_measures``: the rollups from nothing, to the same figures."""

from typing import Any

from django.core.management.base import BaseCommand

from complaints.measures.operations import rebuild


class Command(BaseCommand):
    help = "Throw the rollups of the complaints away and reckon them from the complaints. Safe to run at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say of how many complaints."""
        self.stdout.write(f"complaints: {rebuild()}")
