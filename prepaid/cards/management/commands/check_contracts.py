"""``manage.py check_contracts``: exits 0 clean, 1 with findings, 2 when it could not run."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error

from prepaid.cards import queries


class Command(BaseCommand):
    help = "Compare every stored contract, text and PDF, with its fingerprint and its card."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checks = queries.check_contracts()
        except Error as error:
            self.stderr.write(f"could not run: {' '.join(str(error).split())}")
            sys.exit(2)
        for name, found in checks.items():
            self.stdout.write(f"{'FAIL' if found else 'ok  '}  no {name}" + (f"  ({found} rows)" if found else ""))
        if any(checks.values()):
            sys.exit(1)
