"""The real settings for servers that a test kills: broker, cache and bank are real; a task whose worker died comes again within
seconds, a bank that has told nothing is asked soon, and static files have the names they are stored under."""

from prepaid.settings import *  # noqa: F403  # every one of them, then what differs
from prepaid.settings import CELERY_BROKER_TRANSPORT_OPTIONS as REAL

CELERY_BROKER_TRANSPORT_OPTIONS = REAL | {"visibility_timeout": 5}
KEPT_SECONDS = 0
BANK_ASKED_AFTER_SECONDS = 5
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
