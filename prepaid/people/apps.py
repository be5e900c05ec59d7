"""The Django apps: people, and the administration's site."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    default = True
    name = "prepaid.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        """Listen to what allauth reports."""
        from prepaid.people import receivers  # noqa: F401  # connects the signals


class PrepaidAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site."""

    default = False
    default_site = "prepaid.people.admin_site.PrepaidAdminSite"
