"""Pictures that prove something: a sheet of paper on a desk, with a caption, as a photo of the site would show it."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from dashboards.demo.signatures import font

SIZE = (960, 720)


def photo(caption: str, seed: str = "") -> bytes:
    """A JPEG with `caption` on it; the same caption and seed give the same bytes."""
    dice = Random(f"{caption}|{seed}")  # noqa: S311 — where a sheet lies, not a secret
    desk = Image.new("RGB", SIZE, (118 + dice.randrange(20), 100 + dice.randrange(16), 84))
    sheet = Image.new("RGB", (620, 560), (246, 244, 238))
    pen = ImageDraw.Draw(sheet)
    letters = font()
    if letters is not None:
        pen.text((40, 30), caption[:12], font=letters.font_variant(size=38), fill=(40, 44, 60))
    for line in range(12):
        width = dice.randrange(300, 540)
        pen.line((40, 120 + line * 34, 40 + width, 120 + line * 34), fill=(150, 154, 166), width=3)
    pen.rectangle((430, 440, 560, 520), outline=(196, 58, 46), width=6)
    turned = sheet.rotate(dice.uniform(-4, 4), expand=True, fillcolor=desk.getpixel((0, 0)))
    desk.paste(turned, (dice.randrange(110, 190), dice.randrange(50, 100)))
    buffer = BytesIO()
    desk.filter(ImageFilter.GaussianBlur(0.6)).save(buffer, "JPEG", quality=72)
    return buffer.getvalue()
