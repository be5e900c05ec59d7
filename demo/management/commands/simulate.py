"""``manage.py simulate``: a year of a simulated city, watched by the real warning signals, and what the watch was worth."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.simulated.calibration import calibrate, years
from demo.simulated.city import build, outcome, seen, watched
from demo.simulated.profile import BadProfile, profile


class Command(BaseCommand):
    help = (
        "Simulate a city of merchants and consumers day by day, let the warning signals watch it, and print how many closers were "
        "caught before they shut, with how many days of lead, how many honest merchants had their payouts held, and what "
        "card-holders lost. The same seed gives the same city. Reads no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--merchants", type=int, default=300, help="1 to 5,000")
        parser.add_argument("--days", type=int, default=365, help="30 to 1,095")
        parser.add_argument(
            "--profile", metavar="FILE.json", help="parameters in place of those of demo/simulated/profile.json"
        )
        parser.add_argument("--events-only", action="store_true", help="without the ledger")
        parser.add_argument("--json", action="store_true", help="one line of JSON")
        parser.add_argument(
            "--calibrate", action="store_true", help="look for better points, on seeds of their own; minutes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name, (least, most) in {"merchants": (1, 5_000), "days": (30, 1_095)}.items():
            if not least <= options[name] <= most:
                raise CommandError(f"--{name}: {least:,} to {most:,}")
        parameters = self._profile(options["profile"])
        if not options["events_only"]:
            self.stderr.write(
                "simulate: the run with the ledger is not built yet; these are the figures of the events."
            )
        if options["calibrate"]:
            self._calibrate(parameters, merchants=options["merchants"], days=options["days"])
            return
        city = build(parameters, seed=options["seed"], merchants=options["merchants"], days=options["days"])
        told = outcome(city, watched(city, seen(city), parameters), parameters)
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            for name, value in told.items():
                self.stdout.write(f"{name:36} {'–' if value is None else value}")

    def _calibrate(self, parameters: dict[str, Any], **size: int) -> None:
        """Each better set of points as it is found, the best last."""
        for points, found in calibrate(list(years(parameters, **size)), parameters):
            self.stdout.write(
                f"recall {found.recall:.3f}, lead {found.lead_days_median} days, "
                f"{found.false_holds_per_100_merchant_years:.2f} false holds: {json.dumps(points)}"
                if found.recall is not None
                else "no closer in these years"
            )
            self.stdout.flush()

    def _profile(self, path: str | None) -> dict[str, Any]:
        try:
            override = json.loads(Path(path).read_text(encoding="utf-8")) if path else None
            return profile(override)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: cannot be read: {error}") from error
        except json.JSONDecodeError as error:
            raise CommandError(f"{path}: no JSON: {error}") from error
        except BadProfile as error:
            raise CommandError(f"{path}: {error}") from error
