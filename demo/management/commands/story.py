"""``manage.py story``: the main job through HTTP against the running system, with the ledger after each step."""

import sys
from typing import Any

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.story import Story, StoryFailed


class Command(BaseCommand):
    help = "Play the main job against the running system and end with prove."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="the running system (default: PUBLIC_URL)")
        parser.add_argument("--patience", type=float, default=60, help="seconds a step may take")
        parser.add_argument("--language", default="zh-hans", choices=["zh-hans", "en"])

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CLOCK_MAY_ADVANCE:
            raise CommandError("The story needs the demo: it signs in through the demo inbox and moves the clock.")
        try:
            httpx.get(f"{options['url']}/healthz", timeout=5).raise_for_status()
        except httpx.HTTPError as error:
            raise CommandError(f"Nothing answers at {options['url']}: start the system with: make run") from error
        story = Story(options["url"], patience=options["patience"], language=options["language"])
        try:
            for number, told in enumerate(story.play(), 1):
                self.stdout.write(f"{number:2}. {told.title}  ({told.seconds:.1f} s)\n      {told.balances}")
                self.stdout.flush()
        except StoryFailed as error:
            self.stderr.write(str(error))
            sys.exit(1)
        call_command("prove", stdout=self.stdout)
