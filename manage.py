#!/usr/bin/env python
"""Django's command line. Starts the embedded database for the length of one command when no server is configured."""
import os
import sys

from embedded.services import database_for_this_process


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    with database_for_this_process():
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
