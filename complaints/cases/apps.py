"""The complaints app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "complaints.cases"
    verbose_name = _("Complaints")

    def ready(self) -> None:
        from complaints.cases import receivers  # noqa: F401  # connects the signals
