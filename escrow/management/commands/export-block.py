"""``manage.py export-block BENEFICIARY [FIRST [LAST]]``: sealed blocks for somebody who wants to check the chain."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from escrow import blocks
from escrow.errors import NotFound


class Command(BaseCommand):
    help = "Print sealed blocks as JSON lines: each block's header, then its transfers. verify-proof checks them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("beneficiary", type=int)
        parser.add_argument("first", type=int, nargs="?", help="number of the first block; without it the whole chain")
        parser.add_argument("last", type=int, nargs="?", help="number of the last block; without it FIRST alone")

    def handle(self, *args: Any, **options: Any) -> None:
        first, last = options["first"], options["last"] or options["first"]
        try:
            for line in blocks.export(beneficiary_id=options["beneficiary"], first=first or 1, last=last):
                self.stdout.write(line.decode())
        except NotFound as error:
            raise CommandError("There is no such block.") from error
