"""``manage.py load_demo``: reference data and the demo city, and the logins ``make run`` shows. Repeatable."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import translation

from demo import city
from escrow import clock


class Command(BaseCommand):
    help = "Load the demo city (once) and write its logins down."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo installation: set PREPAID_DEMO=1 to load the demo city.")
        with translation.override("zh-hans"):
            made = city.load(at=clock.now())
        lines = [f"  {login.role}\t{login.phone}\t{login.name}\t{login.page}" for login in city.LOGINS]
        inbox = f"{settings.PUBLIC_URL}{reverse('demo_inbox')}"
        lines.append(f"  短信验证码和身份验证器动态码 SMS and authenticator codes\t{inbox}")
        target = settings.VAR / "demo-logins.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.stdout.write("the demo city is made" if made else "the demo city was there")
