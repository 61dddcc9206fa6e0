"""Pictures of signatures: the name in ink, a little slanted and uneven, from the firm's own CJK font."""

import shutil
import subprocess
from functools import lru_cache
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONT = "Noto Serif CJK SC:bold"
GLYPH = 150  # px; the stored picture is at most 720 × 300
INK = (24, 28, 52)
SLANT = -0.22


@lru_cache
def font() -> ImageFont.FreeTypeFont | None:
    """The font that printing needs as well; None where it is missing, of which `printing.checks` has warned."""
    command = shutil.which("fc-match")
    if command is None:
        return None
    answer = subprocess.run(  # noqa: S603 — no argument from outside
        [command, "-f", "%{file}\n%{index}", FONT], capture_output=True, text=True, check=True
    ).stdout
    path, index = answer.split("\n")
    return ImageFont.truetype(path, GLYPH, index=int(index)) if "Noto" in path else None


def can_draw() -> bool:
    """Whether there is a font to draw with."""
    return font() is not None


def draw(name: str) -> bytes:
    """A PNG of `name` written by hand, as far as a font goes; the same name gives the same bytes."""
    dice = Random(name)  # noqa: S311 — the swing of a pen, not a secret
    characters = name.replace("·", "")[:4]
    step = int(GLYPH * 0.78)
    canvas = Image.new("L", (step * len(characters) + GLYPH, int(GLYPH * 1.9)), 0)
    for position, character in enumerate(characters):
        glyph = _stroke(character, dice)
        top = int(GLYPH * 0.12) + dice.randrange(-10, 16) + (8 if position else 0)
        canvas.paste(255, (position * step + dice.randrange(-6, 7), top), glyph)
    _flourish(canvas, dice)
    ink = canvas.filter(ImageFilter.GaussianBlur(2.2)).point(lambda value: min(255, max(0, (value - 84) * 4)))
    picture = Image.new("RGBA", ink.size, (*INK, 0))
    picture.putalpha(ink)
    buffer = BytesIO()
    picture.crop(ink.getbbox()).save(buffer, "PNG")
    return buffer.getvalue()


def _stroke(character: str, dice: Random) -> Image.Image:
    """One character, slanted and turned a little, as a mask."""
    side = int(GLYPH * 1.5)
    glyph = Image.new("L", (side, side), 0)
    size = GLYPH * dice.uniform(0.86, 1.04)
    letters = font().font_variant(size=int(size))
    ImageDraw.Draw(glyph).text((side * 0.2, side * 0.02), character, font=letters, fill=255)
    slanted = glyph.transform(
        glyph.size, Image.Transform.AFFINE, (1, -SLANT, SLANT * side * 0.5, 0, 1, 0), Image.Resampling.BICUBIC
    )
    return slanted.rotate(dice.uniform(-7, 5), Image.Resampling.BICUBIC)


def _flourish(canvas: Image.Image, dice: Random) -> None:
    """The quick line under the name that thins out to its end."""
    width, height = canvas.size
    start, end, level = width * 0.12, width * dice.uniform(0.66, 0.86), height * dice.uniform(0.8, 0.86)
    rise = dice.uniform(-0.14, -0.05) * height
    pen = ImageDraw.Draw(canvas)
    for part in range(120):
        along = part / 119
        x = start + (end - start) * along
        y = level + rise * along * along
        thickness = 4.6 * (1 - along) + 1.2
        pen.ellipse((x - thickness, y - thickness, x + thickness, y + thickness), fill=255)
