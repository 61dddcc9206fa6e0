"""Both in one process: the product, and under /bare/ a Django that knows nothing but sessions and users."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

_product = get_wsgi_application()
# A handler reads MIDDLEWARE once, when it is made.
with override_settings(
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
):
    _bare = WSGIHandler()


def application(environ, start_response):
    handler = _bare if environ["PATH_INFO"].startswith("/bare/") else _product
    return handler(environ, start_response)
