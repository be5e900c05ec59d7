"""The bank's own settings, from the environment: PREPAID_VAR, SANDBOX_BANK_PORT, SANDBOX_BANK_URL, SANDBOX_BANK_CHAOS,
SANDBOX_BANK_PRIVATE_KEY and SANDBOX_PLATFORM_PUBLIC_KEY (raw Ed25519 keys in base64)."""

import base64
import hashlib
import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def key(name: str) -> bytes:
    """The raw key in that variable, or a sentence that says what is missing."""
    try:
        raw = base64.b64decode(os.environ.get(name, ""), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise ImproperlyConfigured(f"Set {name} to a raw 32-byte Ed25519 key in base64 for the sandbox bank to start.")
    return raw


def port(name: str, default: str) -> int:
    """The port in that variable, or a sentence."""
    given = os.environ.get(name) or default
    if not (given.isdecimal() and 0 < int(given) < 2**16):
        raise ImproperlyConfigured(f"Set {name} to a port from 1 to 65535, not {given!r}.")
    return int(given)


BANK_PRIVATE_KEY = key("SANDBOX_BANK_PRIVATE_KEY")
PLATFORM_PUBLIC_KEY = key("SANDBOX_PLATFORM_PUBLIC_KEY")
CHAOS = os.environ.get("SANDBOX_BANK_CHAOS", "")

PORT = port("SANDBOX_BANK_PORT", "8001")
BANK_URL = os.environ.get("SANDBOX_BANK_URL") or f"http://127.0.0.1:{PORT}"
VAR = Path(os.environ.get("PREPAID_VAR") or Path(__file__).resolve().parent.parent / "var") / "bank"

SECRET_KEY = hashlib.blake2b(BANK_PRIVATE_KEY, person=b"django").hexdigest()
DEBUG = False
ALLOWED_HOSTS = sorted({"127.0.0.1", "localhost", "[::1]", urlsplit(BANK_URL).hostname or "127.0.0.1"})
CSRF_TRUSTED_ORIGINS = [BANK_URL]
# Cookies know hosts, not ports: on 127.0.0.1 the platform's would be overwritten under the usual name.
CSRF_COOKIE_NAME = "bank_csrf"
CSRF_COOKIE_PATH = "/cashier/"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = BANK_URL.startswith("https://")
CSRF_FAILURE_VIEW = "sandbox_bank.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

INSTALLED_APPS = ["sandbox_bank"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "sandbox_bank.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR / "bank.sqlite3",
        "CONN_MAX_AGE": None,
        # One writer at a time, each commit on the disk before anybody hears of it.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_I18N = False  # the few words of the cashier are in words.py
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"]},
    # Refusals are ordinary; they are in the answers.
    "loggers": {"django": {"level": os.environ.get("LOG_LEVEL", "ERROR")}},
}
