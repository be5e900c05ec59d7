"""``manage.py quote``: refunds for other programs. Reads no database."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand

from prepaid.products.refund_rules.interest import published_rates
from prepaid.products.refund_rules.lines import answer


class Command(BaseCommand):
    help = "Read one card per line of JSON from standard input; print what is owed for each, with every step."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        rates = published_rates()
        try:
            for line in sys.stdin.buffer:
                sys.stdout.buffer.write(answer(line, rates))
                sys.stdout.buffer.flush()  # whoever asks line by line is answered line by line
        except BrokenPipeError:  # nobody reads on; Python would complain once more when it closes the pipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
