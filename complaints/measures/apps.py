"""The measures app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeasuresConfig(AppConfig):
    name = "complaints.measures"
    verbose_name = _("Measures")
