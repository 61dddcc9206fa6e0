"""The one door to WeasyPrint: a template and its values become a PDF, the same bytes for the same values.

WeasyPrint is imported where it is used: it takes 0.8 s to load, which every `manage.py` command would pay, and without
its system libraries it cannot be imported at all, which `printing.checks` reports instead of a dead site.
"""

import gc
import logging
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone
from PIL import ImageFile

BASE_CSS = "css/print_base.css"

# It warns of each property for screens in a style sheet that pages and PDFs share; errors still come through.
logging.getLogger("weasyprint").setLevel(logging.ERROR)


def render(
    template: str,
    context: dict,
    *,
    title: str,
    created_at: datetime,
    draft: bool = False,
    stylesheets: Iterable[str] = (),
    images: Iterable[str] = (),
) -> bytes:
    """Render `template`, which extends printing/base.html, to a PDF.

    `title` and `created_at` go into the document's properties. `draft` lays 草稿 over every page. `stylesheets` are names
    of static files, after the common one. `images` are the data: URIs that the page may show; nothing else is fetched,
    whatever the page asks for: no file, no network, no other data: URI."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    # Loading WeasyPrint makes Pillow take cut-off pictures, in the whole process: an upload that is one stays refused.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    frame = {
        "title": title,
        "created": timezone.localtime(created_at).isoformat(timespec="seconds"),
        "firm": settings.FIRM_NAME,
        "draft": draft,
    }
    html = render_to_string(template, {**context, **frame})
    fetcher = _closed_fetcher(frozenset(images))
    fonts = FontConfiguration()  # one for each rendering: shared between threads it corrupts the heap
    sheets = [
        CSS(string=_css(name), url_fetcher=fetcher, font_config=fonts, base_url=None)
        for name in (BASE_CSS, *stylesheets)
    ]
    with no_garbage_collection():
        return HTML(string=html, url_fetcher=fetcher).write_pdf(
            stylesheets=sheets, font_config=fonts, pdf_identifier=True
        )


def _closed_fetcher(images: frozenset[str]):
    """A fetcher that knows the given data: URIs and nothing else. WeasyPrint's own embeds local files on request."""
    from weasyprint.urls import URLFetcher

    class ClosedFetcher(URLFetcher):
        def fetch(self, url, headers=None):
            if url not in images:
                raise ValueError("nothing but the document's own images may be fetched")
            return super().fetch(url, headers)

    return ClosedFetcher(allowed_protocols=["data"], allow_redirects=False)


@lru_cache(maxsize=32)
def _css(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"no static file {name}")
    return Path(path).read_text(encoding="utf-8")


@contextmanager
def no_garbage_collection():
    """For work that makes very many objects which all live to its end: looking through them in between takes 8 % of a rendering,
    a third of the ranking of a large year."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
