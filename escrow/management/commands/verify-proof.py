"""``manage.py verify-proof FILE [REFERENCE]``: the standalone verifier, which knows the published totals besides."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error

from escrow import totals, verifier


class Command(BaseCommand):
    help = (
        "Check a consumer's proof, a block export or the list of published totals. Exit 0 true, 1 false, 2 unreadable."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument(
            "reference",
            nargs="?",
            help="for a proof the list of published totals instead of the database, for blocks the proof that names them",
        )
        parser.add_argument("--lang", choices=sorted(verifier.TEXTS), default=verifier.spoken_here())

    def handle(self, *args: Any, **options: Any) -> None:
        published = None if options["reference"] else totals.published_hash
        try:
            code = verifier.run(options["file"], options["reference"], options["lang"], published, self.stdout)
        except Error as error:
            self.stderr.write(f"could not run: {' '.join(str(error).split())}")
            sys.exit(2)
        if code:
            sys.exit(code)
