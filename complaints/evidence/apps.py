"""The app of photos and documents."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvidenceConfig(AppConfig):
    name = "complaints.evidence"
    verbose_name = _("Photos and documents")

    def ready(self) -> None:
        from complaints.evidence import receivers  # noqa: F401  # connects the signals
