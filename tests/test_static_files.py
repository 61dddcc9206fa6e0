"""Tests serve static files from their sources; a production server has only what `collectstatic` takes along."""

import re
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders

ROOT = Path(__file__).parent.parent


def test_every_file_that_a_template_asks_for_is_collected():
    pages = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templatetags/*.py")]
    asked = {name for page in pages for name in re.findall(r"""\bstatic[ (]['"]([^'"]+)""", page.read_text())}
    collected = {
        f"{storage.prefix}/{path}" if getattr(storage, "prefix", None) else path
        for finder in get_finders()
        for path, storage in finder.list([])
    }
    assert asked - collected == set()
    assert "tabler/css/tabler.min.css" in collected
