"""``manage.py scan_terms``: void clauses for other programs. Reads no database."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand

from prepaid.products.void_clauses.lines import answer


class Command(BaseCommand):
    help = "Read one clause per line from standard input; print for each whether it is void, by which article and why."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in sys.stdin.buffer:
                sys.stdout.buffer.write(answer(line))
                sys.stdout.buffer.flush()  # whoever asks line by line is answered line by line
        except BrokenPipeError:  # nobody reads on; Python would complain once more when it closes the pipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
