"""``manage.py load_workdays``: the working-day calendar from the published Chinese holidays."""

from typing import Any

from django.core.management.base import BaseCommand

from escrow import clock, operations


class Command(BaseCommand):
    help = "Load the working-day calendar; years not yet published are marked unconfirmed."

    def handle(self, *args: Any, **options: Any) -> None:
        year = clock.today().year
        days = operations.load_working_days(first_year=year - 3, last_year=year + 2, confirmed_until=year)
        self.stdout.write(f"{days} days")
