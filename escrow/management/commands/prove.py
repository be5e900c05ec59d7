"""``manage.py prove [--json]``: exits 0 clean, 1 with findings, 2 when it could not run."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error

from escrow import invariants


class Command(BaseCommand):
    help = "Check every invariant of the ledger over the whole database."
    requires_system_checks: list[str] = []  # needs no pages: starts a second sooner

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="machine-readable result")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            findings = invariants.prove()
        except Error as error:
            self.stderr.write(f"could not run: {' '.join(str(error).split())}")
            sys.exit(2)
        ok = all(finding.ok for finding in findings)
        if options["json"]:
            checks = [{"name": f.name, "ok": f.ok, "found": f.found} for f in findings]
            self.stdout.write(json.dumps({"ok": ok, "checks": checks}))
        else:
            for finding in findings:
                mark = "ok  " if finding.ok else "FAIL"
                self.stdout.write(f"{mark}  {finding.name}" + ("" if finding.ok else f"  ({finding.found} rows)"))
            self.stdout.write("every fen is accounted for" if ok else "the ledger does not add up")
        if not ok:
            sys.exit(1)
