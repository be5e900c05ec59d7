"""The app of early warning: signs that a shop is about to vanish."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WarningsConfig(AppConfig):
    name = "complaints.warnings"
    verbose_name = _("Early warning")

    def ready(self) -> None:
        from complaints.warnings import receivers  # noqa: F401  # connects the signals
