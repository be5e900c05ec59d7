"""Products as an app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProductsConfig(AppConfig):
    name = "prepaid.products"
    label = "products"
    verbose_name = _("Products and filing")
