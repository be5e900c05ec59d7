"""``manage.py create_operator PHONE NAME``: the first platform operator of a new installation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from escrow import clock
from escrow.errors import DomainError
from prepaid.people import operations


class Command(BaseCommand):
    help = "Make the account with this phone number a platform operator; the account is made if it is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("phone")
        parser.add_argument("name")

    def handle(self, *args: Any, phone: str, name: str, **options: Any) -> None:
        try:
            user = operations.make_operator(phone=phone, name=name, at=clock.now(), actor="system:create_operator")
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{user.phone_masked} is a platform operator and signs in by SMS code; the first time, "
            "the platform asks them to set up a second factor."
        )
