#!/usr/bin/env python
"""Django's command line. Starts the embedded servers for the length of one command when none are configured."""

import os
import sys
import traceback

from embedded.problems import told
from embedded.services import database_for_this_process

NEED_NO_SERVER = {"help", "--help", "-h", "version", "--version", "collectstatic", "spectacular", "quote", "scan_terms"}
CHECKS = {
    "prove",
    "check_database",
    "check_contracts",
    "reconcile",
    "verify-proof",
}  # 1 is what they found, so what stops them must be 2
FOR_THE_OWNER = {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "squashmigrations", "dbshell"}


def main() -> None:
    """Run one command; what a person can mend is one sentence and exit code 2, and nothing stops a check with a 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        with told():
            run(command)
    except Exception:  # whatever it is, it is no finding
        if command not in CHECKS:
            raise
        traceback.print_exc()
        sys.exit(2)


def run(command: str) -> None:
    """Those that look at or change the shape of the database run as its owner."""
    with database_for_this_process(needed=command not in NEED_NO_SERVER):
        if command in FOR_THE_OWNER:
            os.environ["DATABASE_URL"] = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]

        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
