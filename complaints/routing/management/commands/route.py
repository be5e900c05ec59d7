"""``manage.py route``: districts of addresses for other programs. Reads no database."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand

from complaints.routing.router import router
from complaints.routing.sheets import BadHeader, answers


class Command(BaseCommand):
    help = (
        "Read CSV with the columns address and optionally lng,lat (GCJ-02) and text from standard input; print for each row "
        "the district, the subdistrict where a name or the neighbours tell it, the confidence and the reason. "
        "An undecided row has no district."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in answers(sys.stdin.buffer, router):
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()  # whoever asks line by line is answered line by line
        except BadHeader as error:
            self.stderr.write(f"route: {error}")
            sys.exit(2)
        except BrokenPipeError:  # nobody reads on; Python would complain once more when it closes the pipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
