"""Every setting of the server, with its reason beside it. Values come from the environment.

An installation is one data folder (`CHAT_DATA_DIR`) and, where SQLite in one process is not
enough, `DATABASE_URL` and `REDIS_URL`. A file `.env` in the data folder is read as well; the
environment wins over it.
"""

import os
import secrets
import socket
import sys
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

# The SQLite file, uploaded media and the installation's keys. `bin/run --data` sets it.
DATA_DIR = Path(os.environ.get("CHAT_DATA_DIR") or BASE_DIR / "var").resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

env = environ.Env()
environ.Env.read_env(DATA_DIR / ".env")


def _installation_secret() -> str:
    """Return the key of this installation, made on first use and readable by its owner only."""
    path = DATA_DIR / "secret_key"
    try:
        fresh = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(fresh, "w") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text().strip()


# --- Who we are on the network ---------------------------------------------------------------

SECRET_KEY = env("SECRET_KEY", default="") or _installation_secret()
DEBUG = env.bool("DEBUG", default=False)
# The address to listen on; `bin/run --host` sets it.
HOST = env("CHAT_HOST", default="127.0.0.1")


def _own_names() -> list[str]:
    """Return the names under which others may reach an address that is not only this machine's."""
    if HOST not in ("0.0.0.0", "::"):  # noqa: S104 (a comparison, not a bind)
        return [f"[{HOST}]" if ":" in HOST else HOST]
    name = socket.gethostname()
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except OSError:
        addresses = set()
    return [name, f"{name}.local", *(f"[{each}]" if ":" in str(each) else str(each) for each in addresses)]


# Exact host names in production; the default serves a laptop, its network and the tests. A
# wildcard would let a stranger choose the host in links that are mailed out.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver", *_own_names()])
# Behind a TLS proxy: the public origins, e.g. https://chat.example.org. Forms and the socket's
# handshake accept these beside the request's own host.
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# How many reverse proxies of ours stand in front. Each appends the address that called it to
# X-Forwarded-For, and whatever else is in that header was written by the client: rate limits and
# the audit record would believe any address. 0: the header is ignored.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
# HTTPS=1 behind a proxy that sets X-Forwarded-Proto: cookies become Secure, HSTS is sent.
HTTPS = env.bool("HTTPS", default=False)
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_SAMESITE = "Lax"  # a link from elsewhere opens the chat signed in; a form does not
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The longest request. A picture has 10 MB, and what is longer is refused while it comes, whoever sends it.
REQUEST_MAX_BYTES = env.int("REQUEST_MAX_MB", default=25) * 1024 * 1024

# --- Parts -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    # First, as it takes over `runserver`; it brings Twisted, which no other process should pay for.
    *(["daphne"] if "runserver" in sys.argv else []),
    "chat_project.apps.ChatAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "realtime",
    "jobs",
    "audit",
    "accounts",
    "rooms",
    "messaging",
    "presence",
    "integrations",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "chat_project.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "audit.middleware.RequestOriginMiddleware",
    "accounts.middleware.Gate",
]
ROOT_URLCONF = "chat_project.urls"
ASGI_APPLICATION = "chat_project.asgi.application"
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
                "chat_project.notices.kept_for_later",  # after it
            ],
        },
    },
]

# --- Data ------------------------------------------------------------------------------------

DATABASE_URL = env("DATABASE_URL", default="")
if DATABASE_URL:
    DATABASES = {"default": env.db_url("DATABASE_URL")}
    # Connections that were cut while they lay in the pool (a restart, a failover) are noticed when
    # they are borrowed, and fail nobody's request. The socket's writer has a connection of its own.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        # Requests borrow a connection and give it back: under ASGI a thread of its own serves
        # each request, so CONN_MAX_AGE would keep one connection for every thread ever made.
        "pool": {"min_size": 2, "max_size": env.int("DATABASE_POOL_SIZE", default=16), "timeout": 10},
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "chat_project.sqlite",
            "NAME": DATA_DIR / "chat.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,  # seconds that another process (a command) may hold the database
                # FULL: a power cut loses nothing that was acknowledged; group commit pays for it.
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
                    "PRAGMA cache_size=-32000;PRAGMA journal_size_limit=67108864;"
                ),
            },
            "TEST": {"NAME": os.environ.get("CHAT_TEST_SQLITE") or DATA_DIR / "test.sqlite3"},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Counters of rate limits that a process keeps in its memory (those of a Redis that is down, too). At
# the default of 300, whoever tries a few hundred names would push out the count of the one they guess at.
LOCAL_COUNTERS_MAX = 100_000
# Absent: one process, everything in its memory. Present: many processes, one layer and cache.
REDIS_URL = env("REDIS_URL", default="")
REDIS_PREFIX = env("REDIS_PREFIX", default="chat")  # several installations may share a server
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "realtime.layers.PipelinedRedisLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_PREFIX},
        }
    }
    _REDIS_CACHE = {
        "BACKEND": "chat_project.cache.FallbackRedisCache",
        "LOCATION": REDIS_URL,
        # A cache that does not answer must not hold a request up.
        "OPTIONS": {"socket_timeout": 1.0, "socket_connect_timeout": 1.0},
    }
    CACHES = {
        "default": {**_REDIS_CACHE, "KEY_PREFIX": REDIS_PREFIX, "LOCAL_MAX_ENTRIES": LOCAL_COUNTERS_MAX},
        "pages": {**_REDIS_CACHE, "KEY_PREFIX": f"{REDIS_PREFIX}:pages"},
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": LOCAL_COUNTERS_MAX},
        },
        "pages": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "pages",
            "OPTIONS": {"MAX_ENTRIES": 200},  # of some 50 KiB each
        },
    }
# History pages (messaging/pages.py), apart from the counters of rate limits, which they would push out.
CACHES["pages"]["TIMEOUT"] = 600

# --- The socket and the room log -------------------------------------------------------------

REALTIME = {
    # What the hub reads of rooms and their log; `realtime` itself knows no chat rule.
    "SOURCE": "messaging.journal.Journal",
    # Asked in this order who a handshake belongs to.
    "AUTHENTICATORS": [
        "integrations.authentication.authenticate_socket",
        "accounts.authentication.authenticate_socket",
    ],
    # Which of the open sockets' credentials still stand.
    "CREDENTIALS": [
        "integrations.authentication.still_valid",
        "accounts.authentication.still_valid",
    ],
    # Threads (and so database connections) that serve what sockets ask of the database.
    "POOL_THREADS": env.int("REALTIME_POOL_THREADS", default=4),
}
# The longest message, in characters.
MESSAGE_MAX_LENGTH = env.int("MESSAGE_MAX_LENGTH", default=10_000)
# In rooms of more members only moderators call everybody (@room, @here); from so many on, the
# client asks the writer whether they mean it.
MENTION_ROOM_MAX_MEMBERS = env.int("MENTION_ROOM_MAX_MEMBERS", default=1_000)
MENTION_WARN_MEMBERS = env.int("MENTION_WARN_MEMBERS", default=30)
# Most members of a room, by kind (0: no limit). Seed systems cap groups at 300.
ROOM_SIZE_LIMITS = {"public": 0, "channel": 0, "private": env.int("PRIVATE_ROOM_SIZE", default=300), "direct": 9}
# How many people somebody may ask within an hour to become their contacts.
CONTACT_REQUESTS_AN_HOUR = env.int("CONTACT_REQUESTS_AN_HOUR", default=30)
# In rooms of more members it is not recorded who has received a message, only who has read it:
# each message would be a row for everybody who is online.
RECEIVED_MAX_MEMBERS = env.int("RECEIVED_MAX_MEMBERS", default=100)
# In rooms of more members nobody is told who is typing: in a crowd somebody always is.
TYPING_MAX_MEMBERS = env.int("TYPING_MAX_MEMBERS", default=500)

# --- Background work -------------------------------------------------------------------------

TASKS = {"default": {"BACKEND": "jobs.tasks.JobBackend", "QUEUES": ["default", "network"]}}
JOBS = {
    # Threads of a worker, by queue: what waits for other servers does not hold up the rest.
    "THREADS": {"default": 2, "network": 2},
    # Seconds after which the jobs of a worker that was killed are given to another.
    "LEASE_S": env.float("JOBS_LEASE_S", default=30.0),
    # Off where `manage.py work` runs beside the servers.
    "IN_SERVER": env.bool("JOBS_IN_SERVER", default=True),
}
# Whether the server fetches pages that messages link to and shows what they are about.
LINK_PREVIEWS = env.bool("LINK_PREVIEWS", default=True)

# --- People ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# Usernames are unique without regard to case, by a constraint that this check does not know.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
# A sign-in ends the person's other sessions: one device at a time.
SINGLE_SESSION = env.bool("SINGLE_SESSION", default=False)
# People may enter rooms that allow it with a name and no account.
GUESTS = env.bool("GUESTS", default=False)
# How long a guest stays at most; then the name they gave is nobody's any more.
GUEST_HOURS = env.int("GUEST_HOURS", default=12)
# Staff without a second factor set one up before they enter the administration. Off, because the
# first superuser of a new installation has none; turn it on where more than one person is staff.
ADMIN_REQUIRES_MFA = env.bool("ADMIN_REQUIRES_MFA", default=False)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",  # Argon2id; the others are upgraded to it
    "accounts.passwords.MigratedBCryptHasher",  # hashes of migrated users
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.EndsOtherSessions"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_USERNAME_MIN_LENGTH = 3
# By address (`ip`) generous enough for a school behind one; by login (`key`) a person's typing
# errors but no dictionary. `login_failed` counts what fails only.
ACCOUNT_RATE_LIMITS = {
    # Every page and call by which a credential is shown or changed, reading included; the others
    # are narrower and on top of it.
    "credentials": "600/m/ip",
    "login": "120/m/ip",
    "login_failed": "20/m/ip,200/h/ip,10/10m/key",
    "signup": "30/m/ip,200/h/ip",
    "reset_password": "20/m/ip,3/10m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
    "guest": "30/m/ip,200/h/ip",
}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
# `mandatory` where the server can send mail; an installation without mail must work too.
ACCOUNT_EMAIL_VERIFICATION = env("EMAIL_VERIFICATION", default="none")
# Also where nothing is verified: an address in use is taken like any other, and is nobody's sign-in
# before its owner has confirmed it.
ACCOUNT_PREVENT_ENUMERATION = "strict"
# Sensitive acts ask for the password, a code or a passkey again after these seconds.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a new password, address or second factor is told by mail
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USER_DISPLAY = "accounts.adapter.user_display"

# Second factors: a code of an app, a passkey (which also signs in alone), codes to print.
MFA_ADAPTER = "accounts.mfa.MFAAdapter"
MFA_FORMS = {"add_webauthn": "accounts.forms.AddPasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # steps of 30 s: clocks of phones are off by that much
# allauth would keep who has not verified an address from a second factor. Where verification is
# mandatory nobody gets so far without, and elsewhere everybody would go unprotected.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
# Browsers allow passkeys without HTTPS on localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# Signing in of programs with a name and password (/api/auth/): access tokens that live this long,
# and refresh tokens that are good once.
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.headless.TokenStrategy"  # noqa: S105 (a path)
ACCESS_TOKEN_S = env.int("ACCESS_TOKEN_S", default=600)

# Signing in with an account of another site that speaks OpenID Connect. Off unless OIDC_SERVER is
# set: the address under which `/.well-known/openid-configuration` lies.
OIDC_SERVER = env("OIDC_SERVER", default="")
OIDC_NAME = env("OIDC_NAME", default="single sign-on")
if OIDC_SERVER:
    INSTALLED_APPS += [
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ]
    MIDDLEWARE.append("accounts.social.OtherSite")
    SOCIALACCOUNT_ADAPTER = "accounts.social.SocialAdapter"
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": OIDC_NAME,
                    "client_id": env("OIDC_CLIENT_ID"),
                    "secret": env("OIDC_CLIENT_SECRET", default=""),
                    "settings": {"server_url": OIDC_SERVER},
                }
            ],
        }
    }
    # Whoever the other site says has this address is its owner here; see `SocialAdapter` for whom.
    SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    SOCIALACCOUNT_LOGIN_ON_GET = False
    SOCIALACCOUNT_STORE_TOKENS = False

# Closed communities: OPEN_SIGNUP=0, then only invitations and the admin make accounts.
OPEN_SIGNUP = env.bool("OPEN_SIGNUP", default=True)

# Without EMAIL_URL, mail is written to files in the data folder, where an operator finds it.
if env("EMAIL_URL", default=""):
    globals().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="chat@localhost")

# --- The API ---------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "integrations.authentication.TokenAuthentication",
        "accounts.authentication.AccessTokenAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["chat_project.api.encoding.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["chat_project.api.encoding.JsonParser"],
    "DEFAULT_THROTTLE_CLASSES": ["chat_project.api.throttling.UserThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env("API_RATE", default="1200/min")},
    "DEFAULT_SCHEMA_CLASS": "chat_project.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "chat_project.api.problems.problem_details",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Chat API",
    "DESCRIPTION": "Rooms, messages and the room log. Errors are RFC 9457 problem details.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "OAS_VERSION": "3.1.1",  # whose schemas are JSON Schema, so that msgspec's fit in as they are
    # Several fields have these choices, and none is its owner.
    "ENUM_NAME_OVERRIDES": {"Audience": "accounts.models.Audience"},
}

# --- Pages, words, files ---------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Those that the interface is written in: people choose among them.
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served from where they lie: no collect step between a checkout and a running server.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 300
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "media/"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # What people mistype is theirs to see, not the operator's; faults of ours are still logged.
    "loggers": {"django.request": {"level": "ERROR"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", default="WARNING")},
}
