"""The routing app: it has no tables, only the command ``route``."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "complaints.routing"
