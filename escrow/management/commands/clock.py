"""``manage.py clock`` shows the business time; ``manage.py clock +1d`` moves it forward (demo and tests only)."""

import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from escrow import clock
from escrow.errors import DomainError


class Command(BaseCommand):
    help = "Show the business clock, or move it forward: +1d, +3h, +30m. Production refuses."
    requires_system_checks: list[str] = []  # needs no pages: starts a second sooner

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("by", nargs="?", help="+<number><d|h|m>")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if options["by"]:
            match = re.fullmatch(r"\+(\d{1,4})([dhm])", options["by"])
            if not match:
                raise CommandError("Say how far: +1d, +3h or +30m.")
            unit = {"d": "days", "h": "hours", "m": "minutes"}[match[2]]
            try:
                now = clock.advance(timedelta(**{unit: int(match[1])}))
            except DomainError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"{now.astimezone(clock.BEIJING):%Y-%m-%d %A %H:%M} Beijing")
