"""All settings, each from the environment; the defaults run a checkout and its tests.

Production differs by environment only: docs/operations.md lists what to set.
"""

from __future__ import annotations

from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from console import env, local

BASE_DIR = Path(__file__).resolve().parent.parent

# Core ---------------------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG")
# Where a checkout keeps its data: generated keys, embedded databases, the practice cluster.
VAR_DIR = Path(env.text("PORTOLAN_VAR", str(BASE_DIR / "var")))
SECRET_KEY = env.text("SECRET_KEY") or local.generated(VAR_DIR / "secret_key", local.django_key)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost 127.0.0.1 [::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "console.ui.apps.SiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "console.ui.apps.StaticConfig",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "console",
    "registries",
    "applications",
    "gateways",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "console.middleware.TimeZoneMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "console.middleware.ContentSecurityPolicyMiddleware",
    "console.middleware.PartsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.context.control_plane",
                "console.context.look",
                "gateways.context.gateway_url",
            ],
            "builtins": ["console.templatetags.console"],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
# For whose browser says none (console/ui/zones.py), and for what nobody's browser asks.
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    # Only what pages load, so that collecting stays quick.
    ("tabler", BASE_DIR / "node_modules/@tabler/core/dist"),
    ("icons", BASE_DIR / "node_modules/@tabler/icons-webfont/dist"),
    ("idiomorph", BASE_DIR / "node_modules/idiomorph/dist"),
]
# Serve files from their places in a checkout; in production from STATIC_ROOT, where they are packed
# and have names of their content, so that browsers ask for each of them once.
WHITENOISE_USE_FINDERS = env.flag("STATIC_FROM_SOURCE", default=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if WHITENOISE_USE_FINDERS
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = DEBUG

# Database -----------------------------------------------------------------------------------------

# Without DATABASE_URL: the embedded server that `manage.py up` has started for this checkout.
DATABASE_URL = env.text("DATABASE_URL") or local.running(VAR_DIR, "database_url")
DATABASES = (
    {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=60)} if DATABASE_URL else {}
)
if DATABASES:
    # A server that is gone without a word is noticed after this long, not after the kernel's hours.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        connect_timeout=5,  # seconds; so for idle and interval
        tcp_user_timeout=10_000,  # milliseconds
        keepalives_idle=15,
        keepalives_interval=5,
        keepalives_count=3,
    )
if DATABASES and DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database")

# Redis --------------------------------------------------------------------------------------------

# Feeds, leases and status. A gateway's own tree lives in a database of its own (its settings).
REDIS_URL = env.text("REDIS_URL") or local.running(VAR_DIR, "redis_url") or "redis://127.0.0.1/0"
# Celery's broker never shares a database with what gateways read.
REDIS_BROKER_URL = env.text("REDIS_BROKER_URL") or local.with_database(REDIS_URL, 1)

# Celery -------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Long tasks are acknowledged when they start; that they go on is the lease's business.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A full worker leaves messages to the others instead of keeping them until a loop ends.
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0  # seconds for loops to end and hand their work over
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # watching needs no broker
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_keepalive": True,
    "health_check_interval": 15,
    # Seconds for one answer. A broker that swallows everything must not hold up who queues work.
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
}

# A worker is missed this many seconds after its last sign of life. A third of it is the renewal
# interval; shorter means faster takeover and more traffic, longer rides out longer pauses.
LEASE_TTL = env.number("LEASE_TTL", 15)
# Seconds between two looks for owners that nobody works for.
ENSURE_EVERY = env.number("ENSURE_EVERY", 5)
# The most loops that one worker process takes; 0: as many as its pool has threads (-c).
WORKER_MAX_LOOPS = env.integer("WORKER_MAX_LOOPS", 0)
# Seconds after which a loop that has not asked whether it is to go on counts as stuck and its lease
# is let go. Loops ask twice a second; a large first commit or a slow gateway takes some seconds.
WORKER_STUCK_AFTER = env.number("WORKER_STUCK_AFTER", 60)

# Registries ---------------------------------------------------------------------------------------

# Loopback, link-local and unspecified addresses in endpoints would make the gateway call itself or
# its host: refused. On for the demo only, whose replicas live on loopback.
REGISTRIES_ALLOW_LOOPBACK_NODES = env.flag("REGISTRIES_ALLOW_LOOPBACK_NODES")
# The same for the address of an API server that a user types in.
REGISTRIES_ALLOW_LOOPBACK_SERVERS = env.flag("REGISTRIES_ALLOW_LOOPBACK_SERVERS")
# The same for the address of a gateway to which the console sends a try.
GATEWAYS_ALLOW_LOOPBACK = env.flag("GATEWAYS_ALLOW_LOOPBACK")
# Folders whose files may be named as a registry's token file. What is read there is sent to an
# address that the same person may choose, so nothing but such tokens belongs into them.
REGISTRIES_TOKEN_FOLDERS = env.words("REGISTRIES_TOKEN_FOLDERS", "/var/run/secrets /run/secrets")
# Seconds between two rounds of comparing some services of each feed with their cluster.
COMPARE_EVERY = env.number("COMPARE_EVERY", 60)

# Security -----------------------------------------------------------------------------------------

# Keys that encrypt stored secrets; the first encrypts, all decrypt. Losing them loses the secrets.
SECRET_KEYS = env.words("SECRET_KEYS") or [
    local.generated(VAR_DIR / "secrets.key", local.encryption_key)
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "console:login"
LOGIN_REDIRECT_URL = "console:overview"
LOGOUT_REDIRECT_URL = "console:login"

HTTPS = env.flag("HTTPS")  # the console is reached by HTTPS, through a proxy that says so
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# /metrics without a token, for networks in which whoever reaches the console may read them.
METRICS_OPEN = env.flag("METRICS_OPEN")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# REST ---------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "console.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["console.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["console.api.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "console.api.pagination.PageNumberPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "console.api.errors.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Portolan",
    "DESCRIPTION": "The control plane's REST API. Authenticate with `Authorization: Bearer ptl_…`.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "console.api.schema.describe_errors",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "SchemeEnum": "applications.models.Upstream.Scheme",
        "GatewayKindEnum": "gateways.drivers.choices",
        "GatewayPhaseEnum": "gateways.health.Phase",
        "PhaseEnum": "registries.health.Phase",
    },
}

# Logging ------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "console.redaction.RedactingFilter"}},
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["redact"],
        }
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    # A line for each tick that came and went says nothing; a tick that failed still speaks.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("celery.beat", "celery.app.trace", "celery.worker.strategy")
    },
}
