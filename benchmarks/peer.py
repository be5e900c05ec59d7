"""django-hordak, whose ``transfer_to`` a use is compared with: two legs, no key, no guard, no audit.

Runs in a virtual environment of its own (requirements/bench.txt): ``prepare DATABASE`` makes its tables and accounts,
``work DATABASE NUMBER OF`` is one process of a crew.
"""

import os
import random
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

MERCHANTS, CARDS_EACH = 1_000, 10


def main() -> None:
    """Set Django up with hordak alone, then prepare or work."""
    verb, database = sys.argv[1:3]
    served = os.environ["DATABASE_URL"]
    connect(os.environ.get("DATABASE_OWNER_URL", served) if verb == "prepare" else served, database)
    prepare() if verb == "prepare" else work()


def connect(url: str, database: str) -> None:
    """The settings that hordak's installation page asks for, nothing else."""
    import django
    from django.conf import settings

    parts = urlsplit(url)
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": database,
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": parts.hostname,
                "PORT": parts.port or "",
            }
        },
        DEFAULT_CURRENCY="CNY",
        CURRENCIES=["CNY"],
        USE_TZ=True,
    )
    django.setup()


def prepare() -> None:
    """Its tables, and an account per card and per merchant; written in bulk, each the root of a tree of its own."""
    from django.core.management import call_command
    from django.db import connection
    from hordak.models import Account

    call_command("migrate", verbosity=0)
    Account.objects.bulk_create(
        Account(id=n, name=str(n), code=None, type="LI", currencies=["CNY"], tree_id=n, lft=1, rght=2, level=0)
        for n in range(1, MERCHANTS * (CARDS_EACH + 1) + 1)
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def work() -> None:
    """``transfer_to`` from a card to its merchant. The accounts are read beforehand: only the transfer is measured."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from hordak.models import Account
    from moneyed import Money

    from benchmarks.crew import serve

    accounts = Account.objects.in_bulk()
    cards = MERCHANTS * CARDS_EACH
    draw, fen = random.Random(), Money(1, "CNY")

    def deed() -> int:
        card = draw.randint(1, cards)
        accounts[card].transfer_to(accounts[cards + 1 + (card - 1) // CARDS_EACH], fen)
        return 1

    serve(deed)


if __name__ == "__main__":
    main()
