"""Settings: everything that differs between machines comes from the environment (table in README.md)."""

import sys
from datetime import time
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from whitenoise.compress import Compressor

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

TESTING = "pytest" in sys.modules
DEMO = env.bool("DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)

# Data that the application writes: database, uploads, issued PDFs, heads of the evidence chain.
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)


def _secret_key() -> str:
    """The key from the environment; otherwise one made once and kept in the data folder, readable by its owner only."""
    if key := env.str("SECRET_KEY", default=""):
        return key
    path = DATA_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Address printed into QR codes and notices; the public face of the system.
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
FIRM_NAME = env.str("FIRM_NAME", default="华衡工程造价咨询有限公司")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "staff",
    "printing",
    "uploads",
    "ledger",
    "notices",
    "deadlines",
    "scoring",
    "projects",
    "reviews",
    "feedback",
    "inspections",
    "rankings",
    "lessons",
    "meetings",
    "dashboards",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "staff.middleware.SessionLimitsMiddleware",
    "staff.middleware.LoginMiddleware",
    "staff.middleware.PasswordChangeRequiredMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "notices.middleware.ActedMiddleware",
    "staff.middleware.WrongMethodMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
                "dashboards.context_processors.shell",
            ],
        },
    },
]

FORM_RENDERER = "staff.widgets.QuickRenderer"

# ── Database ────────────────────────────────────────────────────────────────
# SQLite without set-up; PostgreSQL by DATABASE_URL alone.
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a writer queues at BEGIN instead of failing with "database is locked" in mid-transaction.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    # Shared by the web server's processes; a per-process cache would let each of them count its own attempts.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(DATA_DIR / "cache"),
        }
    }

# ── The clockwork (worker and beat, config/celery.py) ───────────────────────
# How often the clocks are looked through.
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=60)
# How often the managers' dashboard is reckoned before somebody looks, where it takes long: twice while it is kept.
BOARD_SECONDS = 150
# The worker touches it when it takes up a sweep; scripts/run_all.py restarts one that no longer does.
SWEEP_TOUCH_FILE = DATA_DIR / "sweep.touch"
# The broker is only a bell: what is due stands in the database, and a lost message costs one interval.
BROKER_DIR = DATA_DIR / "broker"
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
else:
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever
CELERY_TASK_DEFAULT_QUEUE = "zaojia"
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_LOG_FORMAT = CELERY_WORKER_TASK_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# The schedule lives in beat's memory, nothing is read from the database or a file.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "deadlines.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "award_notices": {
        "task": "rankings.tasks.issue_award_notices",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "boards": {
        "task": "dashboards.tasks.keep_boards",
        "schedule": BOARD_SECONDS,
        "options": {"expires": BOARD_SECONDS},
    },
}

# ── People and sessions ─────────────────────────────────────────────────────
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "staff:login"
LOGIN_REDIRECT_URL = "dashboards:home"
LOGOUT_REDIRECT_URL = "staff:login"
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=30 * 60)
SESSION_ABSOLUTE_SECONDS = env.int("SESSION_ABSOLUTE_SECONDS", default=10 * 60 * 60)
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# 等保 (djbh) wants composition and rotation of passwords, ASVS forbids both: the firm chooses.
SECURITY_PROFILE = env.str("SECURITY_PROFILE", default="djbh")
# The passwords of the demonstration stand on its login page: changing them would only lock visitors out.
PASSWORD_MAX_AGE_DAYS = 90 if SECURITY_PROFILE == "djbh" and not DEMO else None
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("employee_number", "name", "email", "phone")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8 if SECURITY_PROFILE == "djbh" else 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if SECURITY_PROFILE == "djbh":
    AUTH_PASSWORD_VALIDATORS.append({"NAME": "staff.passwords.CompositionValidator"})

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_TEMPLATE = "staff/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_IPWARE_PROXY_COUNT = env.int("PROXY_COUNT", default=0)
AXES_CLIENT_IP_CALLABLE = "staff.addresses.client_address"

# ── Language and time ───────────────────────────────────────────────────────
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# ── Files ───────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
TABLER_DIST = BASE_DIR / "node_modules" / "@tabler" / "core" / "dist"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("tabler/css", TABLER_DIST / "css"),
    ("tabler/js", TABLER_DIST / "js"),
    ("echarts", BASE_DIR / "node_modules" / "echarts" / "dist"),
]
STATICFILES_FINDERS = ["config.finders.LeanFinder", "django.contrib.staticfiles.finders.AppDirectoriesFinder"]
# Source maps are for developers, who wait for nothing smaller; compressing them takes longer than all the rest.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# Uploads are never served by the web server: each download passes an authorised view.
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_MB", default=200) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "uploads.handlers.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
LEDGER_HEADS_FILE = Path(env.str("LEDGER_HEADS_FILE", default=str(DATA_DIR / "ledger_heads.jsonl")))

# ── What went wrong ─────────────────────────────────────────────────────────
# The page of an error 500 asks people for the time: the traceback stands under that time in the output of the web server.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"timed": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"in_production": {"()": "django.utils.log.RequireDebugFalse"}},
    "handlers": {
        "output": {
            "class": "logging.StreamHandler",
            "level": "ERROR",
            "filters": ["in_production"],
            "formatter": "timed",
        }
    },
    "loggers": {"django.request": {"handlers": ["output"]}},
}

# ── Messages that leave the house (notices) ─────────────────────────────────
# Without EMAIL_URL there is no e-mail, and nothing waits for it.
EMAIL_IS_CONFIGURED = bool(env.str("EMAIL_URL", default=""))
if EMAIL_IS_CONFIGURED:
    vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="quality@localhost")
# When the morning's digest is written, in TIME_ZONE.
DIGEST_AT = time.fromisoformat(env.str("DIGEST_AT", default="08:30"))
# Where bots may live. An entry that is this machine's own address (127.0.0.1) may be spoken to without TLS.
BOT_HOSTS = env.list("BOT_HOSTS", default=["qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn"])
# Seconds to wait for the connection and for the answer.
BOT_TIMEOUTS = (5, 10)

# ── Security of the transport ───────────────────────────────────────────────
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
HTTPS = env.bool("HTTPS", default=False)
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# ── API ─────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    # Basic first: who is nobody is asked for a password (401), not sent away (403).
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "staff.api.PasswordAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["staff.api.Admission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["staff.api.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "staff.api.Pages",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "staff.api.StableOrdering",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "staff.api.answer_error",
    # What may be sent stands in the schema; DRF's own guess at it would be wrong.
    "DEFAULT_METADATA_CLASS": None,
    "PAGE_SIZE": 25,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "造价咨询质量管理系统 API",
    "DESCRIPTION": """项目、委托人资料、时限、成果文件、审签轮次、校审意见、签署、待办与消息。与网页使用相同的服务、权限和可见范围；
提交自校须重新输入密码，各级签署和签发、时限的审批只在浏览器中进行。

金额以字符串表示（元，两位小数），时间带时区。出错时：400 按字段说明原因（不属于某一字段的在 non_field_errors 中），401 未登录，
403 没有权限，404 不存在或不可见，409 已被他人处理，429 密码连续输错而锁定；除 400 外，原因在 detail 中。
""",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["staff.api.Admission"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_SUFFIX": "",
    "TAGS": [
        {"name": "projects", "description": "项目与项目组"},
        {"name": "clients", "description": "委托人"},
        {"name": "units", "description": "单位"},
        {"name": "disciplines", "description": "专业"},
        {"name": "handovers", "description": "资料交接清单"},
        {"name": "deadlines", "description": "时限"},
        {"name": "time-rules", "description": "时限规则"},
        {"name": "deliverables", "description": "成果文件"},
        {"name": "versions", "description": "成果版本与文件"},
        {"name": "attachments", "description": "成果附件"},
        {"name": "rounds", "description": "审签轮次"},
        {"name": "remarks", "description": "校审意见"},
        {"name": "signatures", "description": "签署"},
        {"name": "inbox", "description": "待办、已办、我发起"},
        {"name": "notices", "description": "消息"},
    ],
    # A body may leave out what an answer always has.
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "BusinessLine": "projects.choices.BusinessLine",
        "Confidentiality": "projects.choices.Confidentiality",
        "ContractKind": "projects.choices.ContractKind",
        "DeadlineDecision": "deadlines.choices.Decision",
        "DeadlineState": "deadlines.choices.State",
        "DeliverableKind": "projects.choices.DeliverableKind",
        "HandoverKind": "projects.choices.HandoverKind",
        "MaterialCategory": "projects.choices.MaterialCategory",
        "NoticeKind": "notices.choices.Kind",
        "Role": "staff.choices.Role",
        "TimeRequestKind": "deadlines.choices.RequestKind",
        "Importance": "projects.choices.Importance",
        "Stage": "projects.choices.Stage",
        "Act": "reviews.choices.Act",
        "ChecklistResult": "reviews.choices.ChecklistResult",
        "Disposition": "reviews.choices.Disposition",
        "Duty": "reviews.choices.Duty",
        "LevelKind": "reviews.choices.LevelKind",
        "RemarkCategory": "reviews.choices.RemarkCategory",
        "RemarkEventKind": "reviews.choices.RemarkEventKind",
        "RemarkState": "reviews.choices.RemarkState",
        "RoundState": "reviews.choices.State",
        "Severity": "reviews.choices.Severity",
        "StatementKind": "reviews.choices.StatementKind",
    },
}

if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
