"""Settings, all of them from the environment; docs/operations.md lists the variables.

Nothing here is secret: secrets come from variables, or from files under PREPAID_VAR that are made on first use.
"""

import base64
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from embedded.secrets import secret, var
from prepaid.people import logs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = var()  # what this machine keeps: secrets, logs, demo logins


def flag(name: str, default: bool = False) -> bool:
    """An environment variable that says yes (1, true, yes) or no."""
    return os.environ.get(name, str(int(default))).lower() in {"1", "true", "yes"}


DEMO = flag("PREPAID_DEMO", default=True)
DEBUG = flag("PREPAID_DEBUG")
SECRET_KEY = os.environ.get("SECRET_KEY") or secret("secret-key")
# First key encrypts, all keys decrypt; 32 bytes each, base64.
PERSONAL_DATA_KEYS = [
    base64.b64decode(key) for key in (os.environ.get("PERSONAL_DATA_KEYS") or secret("personal-data-key")).split(",")
]
# Keys the blind index that finds an encrypted value (HMAC-SHA256).
BLIND_INDEX_KEY = base64.b64decode(os.environ.get("BLIND_INDEX_KEY") or secret("blind-index-key"))

PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Production refuses to move the business clock.
CLOCK_MAY_ADVANCE = DEMO

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "prepaid.people.apps.PrepaidAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_htmx",
    "csp",
    "django_structlog",
    "escrow",
    "prepaid.notices",
    "prepaid.people",
    "prepaid.merchants",
    "prepaid.products",
    "prepaid.cards",
    "prepaid.backoffice",
    "complaints.cases",
    "complaints.measures",
    "complaints.evidence",
    "complaints.off_custody",
    "complaints.hotline",
    "complaints.warnings",
    "complaints.routing",
    "demo",
]

MIDDLEWARE = [
    "prepaid.people.access.one_clock",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "prepaid.people.access.few_features",
    "prepaid.people.access.in_words",
    "prepaid.merchants.access.OnlyTheCounter",
]

ROOT_URLCONF = "prepaid.urls"
WSGI_APPLICATION = "prepaid.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "prepaid.people.context.surface",
            ],
        },
    }
]


#: What every connection asks of the server. A page's joins follow its foreign keys in the order in which they are written: to
#: weigh every other order took the planner up to 50 ms for a case and its parties, running the plan half of one. Compiling
#: never pays for short questions.
CONNECTION = {
    "timezone": "UTC",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "join_collapse_limit": "4",
    "from_collapse_limit": "4",
    "jit": "off",
}


def database(url: str) -> dict[str, object]:
    """Django's form of a ``postgres://`` address."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": " ".join(f"-c {name}={value}" for name, value in CONNECTION.items())},
    }


# DATABASE_URL serves; DATABASE_OWNER_URL migrates (the same where there is one role only).
# manage.py, the supervisor and the tests set both when the embedded server lends them.
DATABASE_URL = os.environ.get("DATABASE_URL", "")
DATABASE_OWNER_URL = os.environ.get("DATABASE_OWNER_URL", DATABASE_URL)
DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # Every page counts or looks something up here: one that waits without end for a server that hangs would be lost.
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# How long a stranger's public page may stand as it is (prepaid/people/kept_pages.py); 0 makes every one anew.
KEPT_SECONDS = int(os.environ.get("PREPAID_KEPT_SECONDS", "5"))

# From so many persons on who complain about one merchant within a month their complaints form a group [A].
GROUP_FROM = int(os.environ.get("PREPAID_GROUP_FROM", "3"))

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 0,  # of a connection to ring over; ``retry=False`` is about the message. Worker and beat connect anew by themselves.
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # a lost bell is found by the sweep; the request must not wait for it
CELERY_TIMEZONE = "UTC"
SWEEP_SECONDS = float(os.environ.get("PREPAID_SWEEP_SECONDS", "5" if DEMO else "30"))
#: A bank that has told nothing of an order it has accepted is asked after so long.
BANK_ASKED_AFTER_SECONDS = float(os.environ.get("PREPAID_BANK_ASKED_AFTER_SECONDS", "120"))
SEAL_SECONDS = float(os.environ.get("PREPAID_SEAL_SECONDS", "30" if DEMO else "600"))
CELERY_BEAT_SCHEDULE = {
    "escrow-seal": {"task": "escrow.tasks.seal", "schedule": SEAL_SECONDS, "options": {"expires": SEAL_SECONDS}},
    "escrow-sweep": {"task": "escrow.tasks.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    # Days are over at midnight in Beijing; what an outage missed is caught up by whichever run comes next.
    "escrow-accrue": {"task": "escrow.tasks.accrue", "schedule": 30.0 if DEMO else crontab(minute=10)},
    "escrow-reconcile": {"task": "escrow.tasks.reconcile", "schedule": 300.0 if DEMO else 3600.0},
    # Once a day, at 1:30 in Beijing.
    "escrow-early": {"task": "escrow.tasks.release_early", "schedule": 30.0 if DEMO else crontab(hour=17, minute=30)},
    "escrow-bills": {"task": "escrow.tasks.fetch_bills", "schedule": crontab(hour=2, minute=30)},  # 10:30 in Beijing
    "cards-sweep": {
        "task": "prepaid.cards.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    # By day, from 9:20 to 18:20 in Beijing; who was told is not told again.
    "cards-expiries": {
        "task": "prepaid.cards.tasks.tell_of_expiries",
        "schedule": 300.0 if DEMO else crontab(hour="1-10", minute=20),
    },
    # Once a day, at 9:40 in Beijing.
    "products-filings": {
        "task": "prepaid.products.tasks.watch_filings",
        "schedule": 300.0 if DEMO else crontab(hour="1", minute="40"),
    },
    # Every day at nine in Beijing, for the last whole week: on Mondays everybody's, later what was missed.
    "cards-digests": {
        "task": "prepaid.cards.tasks.send_digests",
        "schedule": 60.0 if DEMO else crontab(hour=1, minute=0),
    },
    # The day of the city's file ends at midnight in Beijing; in the demo its clock decides when that is.
    "backoffice-city": {
        "task": "prepaid.backoffice.tasks.write_custody_files",
        "schedule": 300.0 if DEMO else crontab(hour=16, minute=30),
    },
    "backoffice-owners": {"task": "prepaid.backoffice.tasks.assign_owners", "schedule": 15 * 60},
    "backoffice-alarm": {"task": "prepaid.backoffice.tasks.alarm", "schedule": crontab(hour="1", minute="0")},  # 9:00
    "notices-sweep": {
        "task": "prepaid.notices.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "cases-sweep": {
        "task": "complaints.cases.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "measures-advance": {
        "task": "complaints.measures.tasks.advance",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "off-custody-sweep": {
        "task": "complaints.off_custody.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "warnings-lapse": {
        "task": "complaints.warnings.tasks.lapse",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    # The day of a merchant ends at midnight in Beijing; in the demo its clock decides when that is.
    "warnings-assess": {
        "task": "complaints.warnings.tasks.assess",
        "schedule": 300.0 if DEMO else crontab(hour=19, minute=30),
        "options": {"expires": 300},
    },
    "hotline-sweep": {
        "task": "complaints.hotline.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
}

# How an SMS leaves the house (prepaid/notices/senders.py). In the demo the inbox page is the phone.
SMS_GATEWAY_URL = os.environ.get("SMS_GATEWAY_URL", "")
SMS_GATEWAY_KEY = os.environ.get("SMS_GATEWAY_KEY", "")
SMS_SENDER = os.environ.get("SMS_SENDER") or (
    "prepaid.notices.senders.Inbox" if DEMO else "prepaid.notices.senders.HttpGateway" if SMS_GATEWAY_URL else ""
)
# How an e-mail does: smtp://user:password@host:port (TLS asked for after connecting), smtps:// (TLS from the start). There need
# not be a mail server: everything is in the app.
EMAIL_URL = os.environ.get("EMAIL_URL", "")
_mail = urlsplit(EMAIL_URL)
if EMAIL_URL and not (_mail.scheme in {"smtp", "smtps"} and _mail.hostname):
    raise ImproperlyConfigured("EMAIL_URL names no mail server: write smtp://user:password@host:587 or smtps://…:465.")
EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or (465 if _mail.scheme == "smtps" else 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_SSL, EMAIL_USE_TLS, EMAIL_TIMEOUT = _mail.scheme == "smtps", _mail.scheme == "smtp", 10
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or f"no-reply@{urlsplit(PUBLIC_URL).hostname}"
EMAIL_SENDER = os.environ.get("EMAIL_SENDER") or (
    "prepaid.notices.senders.Mailbox" if DEMO else "prepaid.notices.senders.Smtp" if EMAIL_URL else ""
)

# The sandbox bank: payment channel and custody bank of the demo city.
SANDBOX_BANK_URL = os.environ.get("SANDBOX_BANK_URL", "http://127.0.0.1:8001")
SANDBOX_PLATFORM_PRIVATE_KEY = os.environ.get("SANDBOX_PLATFORM_PRIVATE_KEY") or (
    secret("sandbox-platform-private-key") if DEMO else ""
)
SANDBOX_BANK_PUBLIC_KEY = os.environ.get("SANDBOX_BANK_PUBLIC_KEY") or (
    secret("sandbox-bank-public-key") if DEMO else ""
)
PAYMENT_CHANNELS = ["sandbox"] if DEMO else []
PAYOUT_CHANNEL = "sandbox"  # the custody bank pays merchants out
CLEARING_ALARM_AFTER = timedelta(days=1)  # channels settle by the next day; what stands longer is looked into

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["prepaid.people.backends.RoleBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

# Sign-in by phone number and SMS code; there are no passwords to steal, and nobody signs in by an e-mail address.
ACCOUNT_ADAPTER = "prepaid.people.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"phone"}
ACCOUNT_SIGNUP_FIELDS = ["phone*"]
ACCOUNT_FORMS = {
    "login": "prepaid.people.forms.SignInForm",
    "signup": "prepaid.people.forms.SignUpForm",
    "confirm_login_code": "prepaid.people.forms.SignInCodeForm",
    "verify_phone": "prepaid.people.forms.PhoneCodeForm",
}
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 5 * 60
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
# A city shares few addresses behind its mobile carriers: the limit that protects is the one per number.
# 30 codes a day with 3 tries each leave a guesser a chance of 1 in 11,000 a day.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "signup": "120/m/ip",
    "request_login_code": "120/m/ip,3/m/key,30/d/key",
    "verify_phone": "120/m/ip,2/m/key,30/d/key",
    # Wrong codes of the second factor: 30 a day against 3 that count at a time are 1 in 11,000 again.
    "login_failed": "120/m/ip,5/5m/key,30/d/key",
    "reauthenticate": "30/m/user",
}
# Officials and operators: an authenticator app or a passkey beside the SMS code. It opens one session for a working day.
SECOND_FACTOR_SECONDS = 12 * 3600
MFA_ADAPTER = "prepaid.people.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "prepaid.people.forms.FactorCodeForm",
    "reauthenticate": "prepaid.people.forms.FactorCodeForm",
    "authenticate_webauthn": "prepaid.people.forms.PasskeyForm",
    "reauthenticate_webauthn": "prepaid.people.forms.PasskeyForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = int(flag("BEHIND_PROXY"))
# The session knows the number that a code was sent to: it is encrypted like every other personal data.
SESSION_SERIALIZER = "prepaid.people.sessions.EncryptedSerializer"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["prepaid.formats"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"  # what people read; the database keeps UTC

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "var" / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Files that people send. A body above UPLOAD_MAX_BYTES is refused unread, on every address (prepaid/people/uploads.py); one photo
# or PDF of a complaint may be EVIDENCE_MAX_BYTES, and each side adds EVIDENCE_MAX_FILES.
UPLOAD_MAX_BYTES = int(os.environ.get("UPLOAD_MAX_MB", "64")) << 20
EVIDENCE_MAX_BYTES = int(os.environ.get("EVIDENCE_MAX_MB", "10")) << 20
EVIDENCE_MAX_FILES = int(os.environ.get("EVIDENCE_MAX_FILES", "20"))
FILE_UPLOAD_HANDLERS = [
    "prepaid.people.uploads.BoundedBody",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = False  # the proxy in front redirects
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("BEHIND_PROXY") else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, SANDBOX_BANK_URL] if DEMO else [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["prepaid.people.rates.UserRate"],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min", "channel": "6000/min"},
    "EXCEPTION_HANDLER": "prepaid.people.api.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Prepaid card escrow",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Every line is data: JSON in production, readable in the demo; phone numbers never get into it in clear.
LOG_LEVEL = os.environ.get("LOG_LEVEL", "WARNING")
LOGGING = logs.configuration(level=LOG_LEVEL, as_json=not DEMO)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = "public_id"
