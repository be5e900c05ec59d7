"""The app of reports about money taken outside custody."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OffCustodyConfig(AppConfig):
    name = "complaints.off_custody"
    verbose_name = _("Money taken outside custody")
