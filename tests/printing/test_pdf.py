"""The one door to WeasyPrint: fetches nothing, repeats itself to the byte, draws every name."""

import gc
import io
import re
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pikepdf
import pytest
from PIL import Image, ImageFile

from printing import checks, pdf
from printing.images import png_data_uri, qr_data_uri

AT = datetime(2026, 11, 22, 2, 31, tzinfo=UTC)
RARE_NAMES = "䶮𠮷㛃𬭎"


def poppler(command: str, content: bytes, tmp_path, *arguments: str) -> str:
    path = tmp_path / "sheet.pdf"
    path.write_bytes(content)
    arguments = [*arguments, path] if command != "pdftotext" else [*arguments, path, "-"]
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def paper(settings, tmp_path):
    """Writes a template with the given content into the common frame, and renders it."""
    folder = tmp_path / "templates"
    folder.mkdir()
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder, *settings.TEMPLATES[0]["DIRS"]]}]

    def rendered(content: str, context: dict | None = None, **options) -> bytes:
        # Django keeps a template that it has read: each content has a name of its own.
        name = f"{zlib.crc32(content.encode())}.html"
        (folder / name).write_text(
            '{% extends "printing/base.html" %}{% block content %}' + content + "{% endblock %}", encoding="utf-8"
        )
        return pdf.render(name, context or {}, title="试卷", created_at=AT, **options)

    return rendered


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "black").save(buffer, "PNG")
    return buffer.getvalue()


def test_same_values_give_the_same_bytes(paper):
    assert paper("<p>甲</p>") == paper("<p>甲</p>")
    assert paper("<p>甲</p>") != paper("<p>乙</p>")


def test_document_tells_title_and_date_of_creation(paper):
    with pikepdf.open(io.BytesIO(paper("<p>甲</p>"))) as document:
        assert document.docinfo["/Title"] == "试卷"
        assert str(document.docinfo["/CreationDate"]).startswith("D:20261122103100+08")


@pytest.mark.parametrize(
    "wanted",
    [
        '<img src="file:///etc/hostname">',
        '<img src="http://127.0.0.1:1/x.png">',
        '<object data="file:///etc/hostname"></object>',
        '<link rel="stylesheet" href="file:///etc/hostname">',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<style>@import "file:///etc/hostname"; p { background: url(file:///etc/hostname) }</style><p>甲</p>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/hostname" width="9" height="9"/></svg>',
    ],
)
def test_nothing_is_fetched_whatever_the_page_asks_for(paper, monkeypatch, wanted):
    opened = []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *args, **kwargs: opened.append(args))
    content = paper(wanted)
    assert opened == []
    assert b"/EmbeddedFile" not in content


def test_only_images_that_were_handed_in_are_drawn(paper, tmp_path):
    own = png_data_uri(png())
    tag = f'<img src="{own}" width="40" height="20">'
    assert "image" in poppler("pdfimages", paper(tag, images=[own]), tmp_path, "-list")
    assert "image" not in poppler("pdfimages", paper(tag), tmp_path, "-list").splitlines()[2:]


def test_only_a_png_becomes_an_image():
    assert png_data_uri(png()).startswith("data:image/png;base64,")
    assert png_data_uri(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None
    assert png_data_uri(b"") is None


def test_qr_code_is_the_same_each_time_and_differs_by_text():
    assert qr_data_uri("https://example.com/a") == qr_data_uri("https://example.com/a")
    assert qr_data_uri("https://example.com/a") != qr_data_uri("https://example.com/b")


def test_rare_characters_are_drawn_by_the_one_font_in_both_weights(paper, tmp_path):
    content = paper(f"<p>{RARE_NAMES}</p><p><strong>{RARE_NAMES}</strong></p>")
    assert poppler("pdftotext", content, tmp_path).count(RARE_NAMES) == 2
    fonts = poppler("pdffonts", content, tmp_path).splitlines()[2:]
    assert sorted(font.split()[0].partition("+")[2] for font in fonts) == ["Noto-Sans-CJK-SC", "Noto-Sans-CJK-SC-Bold"]


def test_fonts_are_embedded_as_subsets(paper, tmp_path):
    fonts = poppler("pdffonts", paper("<p>工程造价 86.5</p>"), tmp_path).splitlines()[2:]
    assert fonts
    assert all(re.search(r"\byes yes yes\b", font) for font in fonts)


def test_draft_bears_its_mark_on_every_page_and_the_final_paper_on_none(paper, tmp_path):
    pages = '<p>甲</p><p style="break-before: page">乙</p><p style="break-before: page">丙</p>'
    drafts = poppler("pdftotext", paper(pages, draft=True), tmp_path, "-raw").split("\f")[:-1]
    assert len(drafts) == 3
    assert all("草" in text and "稿" in text for text in drafts)
    assert "草" not in poppler("pdftotext", paper(pages), tmp_path)


def test_every_page_is_numbered(paper, tmp_path):
    text = poppler("pdftotext", paper('<p>甲</p><p style="break-before: page">乙</p>'), tmp_path)
    assert re.findall(r"第\d+页共\d+页", re.sub(r"\s", "", text)) == ["第1页共2页", "第2页共2页"]


@pytest.mark.parametrize("text", ["工" * 5000, "a" * 5000, "https://example.com/" + "x" * 4000, "　" * 3000 + "完"])
def test_long_text_without_a_space_stays_inside_the_page(paper, tmp_path, text):
    content = paper("<table><tr><td>序号</td><td>{{ text }}</td></tr></table>", {"text": text})
    boxes = poppler("pdftotext", content, tmp_path, "-bbox")
    right = [float(edge) for edge in re.findall(r'xMax="([\d.]+)"', boxes)]
    assert max(right) <= 595.3 - 14 / 25.4 * 72 + 1
    found = re.sub(r"\s", "", poppler("pdftotext", content, tmp_path))
    assert found.count(text[-1]) >= text.count(text[-1])


def test_values_are_escaped(paper, tmp_path):
    hostile = "<img src=file:///etc/hostname><script>alert(1)</script>"
    text = poppler("pdftotext", paper("<p>{{ text }}</p>", {"text": hostile}), tmp_path)
    assert re.sub(r"\s", "", hostile) in re.sub(r"\s", "", text)


def test_garbage_collection_is_on_again_after_a_failed_rendering(paper):
    assert gc.isenabled()
    with pytest.raises(FileNotFoundError):
        paper("<p>甲</p>", stylesheets=["css/no_such.css"])
    assert gc.isenabled()


def test_renderings_side_by_side_do_not_disturb_each_other(paper):
    single = paper("<p>工程造价咨询</p>")
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: paper("<p>工程造价咨询</p>"), range(8)))
    assert results == [single] * 8
    assert gc.isenabled()


def test_check_is_silent_where_everything_is_installed():
    assert checks.check_printing(None) == []


def test_check_names_what_is_missing(monkeypatch):
    monkeypatch.setattr(checks, "has_library", lambda names: not names[0].startswith("libharfbuzz"))
    monkeypatch.setattr(checks, "has_font", lambda family: False)
    library, font = checks.check_printing(None)
    assert "libharfbuzz-subset" in library.msg
    assert "libharfbuzz-subset0" in library.hint
    assert "Noto Sans CJK SC" in font.msg


def test_font_is_looked_for_in_earnest():
    assert checks.has_font("Noto Sans CJK SC") is True
    assert checks.has_font("No Such Font At All") is False
    assert checks.has_library(("libnosuch.so.0",)) is False


def test_cut_off_pictures_stay_refused_by_pillow_after_a_rendering(paper):
    paper("字")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
