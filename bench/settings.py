"""The product's settings; only the addresses of the bare views are added."""

from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import TEMPLATES

ROOT_URLCONF = "bench.urls"
WSGI_APPLICATION = "bench.wsgi.application"
TEMPLATES[0]["DIRS"].append(Path(__file__).parent / "templates")
