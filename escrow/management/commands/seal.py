"""``manage.py seal [--json]``: what beat does every few minutes, now."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from escrow import tasks


class Command(BaseCommand):
    help = "Seal transfers into blocks and publish the totals of days that are over."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="machine-readable result")

    def handle(self, *args: Any, **options: Any) -> None:
        done = tasks.seal()
        if options["json"]:
            self.stdout.write(json.dumps(done))
        else:
            self.stdout.write(f"{done['blocks']} blocks sealed, {done['totals']} totals published")
