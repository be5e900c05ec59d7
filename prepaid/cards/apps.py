"""The card business."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CardsConfig(AppConfig):
    name = "prepaid.cards"
    label = "cards"
    verbose_name = _("Cards")

    def ready(self) -> None:
        """Listen to what the kernel reports, to tell people."""
        from prepaid.cards import receivers  # noqa: F401  # connects the signals
