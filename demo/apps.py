"""The demo city as a Django app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "demo"
