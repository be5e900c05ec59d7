"""``manage.py load_rates``: the interest rates."""

from typing import Any

from django.core.management.base import BaseCommand

from escrow import clock
from prepaid.products.reference import load_rates


class Command(BaseCommand):
    help = "Load the interest rates from the data file. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = load_rates(at=clock.now(), actor="system:load_rates")
        self.stdout.write(f"rates: {rows} rows")
