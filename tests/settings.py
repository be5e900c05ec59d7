"""The settings of unit tests: the real ones, without a broker, every page made anew, with a cheap password hash and unhashed static
files that are looked for when asked for, not listed anew for each client."""

from prepaid.settings import *  # noqa: F403  # every one of them, then what differs

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
KEPT_SECONDS = 0
CELERY_BROKER_URL = "memory://"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
