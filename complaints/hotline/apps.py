"""The hotline app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HotlineConfig(AppConfig):
    name = "complaints.hotline"
    label = "hotline"
    verbose_name = _("Hotline")
