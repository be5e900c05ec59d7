"""The kernel as a Django app."""

from datetime import UTC, datetime
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from escrow import sql


class EscrowConfig(AppConfig):
    name = "escrow"
    verbose_name = _("Escrow")

    def ready(self) -> None:
        post_migrate.connect(install_functions, sender=self, dispatch_uid="escrow_functions")


def install_functions(using: str, plan: list[Any], **kwargs: Any) -> None:
    """Give the database the functions of this checkout; a database taken back to before them keeps none of ours."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regtype('escrow_movement') IS NOT NULL")
        if cursor.fetchone()[0]:
            for subject in sql.SUBJECTS:
                cursor.execute(sql.text(subject))
            cursor.execute("SELECT escrow_make_partitions(%s, %s)", sql.partition_days(datetime.now(UTC).date()))
