"""Merchants as an app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantsConfig(AppConfig):
    name = "prepaid.merchants"
    label = "merchants"
    verbose_name = _("Merchants")

    def ready(self) -> None:
        """Answer for what is kept of staff."""
        from prepaid.merchants import receivers  # noqa: F401  # connects the signals
