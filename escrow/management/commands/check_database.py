"""``manage.py check_database [--json]``: exits 0 when nothing is lacking, 1 with lacks, 2 when it could not run."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error

from escrow import database


class Command(BaseCommand):
    help = "Name what the database server, its settings or our rights in it lack, a sentence each."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="machine-readable result")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            faults = database.check()
        except Error as error:
            self.stderr.write(f"could not run: {' '.join(str(error).split())}")
            sys.exit(2)
        lacking = any(fault.grave for fault in faults)
        if options["json"]:
            listed = [{"name": f.name, "sentence": f.sentence, "grave": f.grave} for f in faults]
            self.stdout.write(json.dumps({"ok": not lacking, "faults": listed}))
        else:
            for fault in faults:
                self.stdout.write(f"{'LACKS' if fault.grave else 'note '}  {fault.name}: {fault.sentence}")
            self.stdout.write("the server lacks something" if lacking else "the server has all that is needed")
        if lacking:
            sys.exit(1)
