"""``manage.py live_demo``: cards sold and used in the demo city, once, while everything runs (``make run`` does it)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from demo import life
from demo.visitor import PageError


class Command(BaseCommand):
    help = "Sell and use a few cards in the demo city (once); the whole system must be running."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo installation: set PREPAID_DEMO=1 to give the demo city a life.")
        try:
            with translation.override("zh-hans"):
                sold = life.live()
        except (life.BankSilent, PageError) as error:
            raise CommandError(f"The city has a part of its life only: {error}") from error
        self.stdout.write(f"{sold} cards were sold" if sold else "cards were sold before")
