#!/usr/bin/env python
"""Django's command line. Starts the embedded servers for the length of one command when none are configured."""

import os
import sys

from embedded.services import database_for_this_process

NEED_NO_SERVER = {"help", "--help", "-h", "version", "--version", "collectstatic", "spectacular", "quote"}
FOR_THE_OWNER = {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "squashmigrations", "dbshell"}


def main() -> None:
    """Run one command; those that look at or change the shape of the database run as its owner."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    with database_for_this_process(needed=command not in NEED_NO_SERVER):
        if command in FOR_THE_OWNER:
            os.environ["DATABASE_URL"] = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]

        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
