"""The platform operators' own work, as an app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackofficeConfig(AppConfig):
    name = "prepaid.backoffice"
    label = "backoffice"
    verbose_name = _("Operations")

    def ready(self) -> None:
        """Listen to the kernel."""
        from prepaid.backoffice import receivers  # noqa: F401  # connects the signals
