"""Reading a PDF in tests, by poppler: what a reader sees and searches."""

import re
import subprocess
import tempfile
from pathlib import Path


def poppler(command: str, content: bytes, *arguments: str) -> str:
    """The output of a poppler tool for a PDF."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.pdf"
        path.write_bytes(content)
        output = ["-"] if command == "pdftotext" else []
        run = subprocess.run([command, *arguments, path, *output], capture_output=True, text=True, check=True)
    return run.stdout


def squeezed(text: str) -> str:
    """Without any white space: a line break in a narrow cell is not a difference."""
    return re.sub(r"\s", "", text)


def text_of(content: bytes) -> str:
    """All text of a PDF, squeezed; cell by cell (-raw), where reading order would mix the lines of neighbouring cells."""
    return squeezed(poppler("pdftotext", content, "-raw"))


def pages_of(content: bytes) -> list[str]:
    """The text of each page, squeezed."""
    return [squeezed(page) for page in poppler("pdftotext", content, "-raw").split("\f")[:-1]]


def is_inside(content: bytes, width: float, margin_mm: float = 13) -> bool:
    """Whether no letter stands beyond the right margin of pages `width` points wide."""
    edges = [float(edge) for edge in re.findall(r'xMax="([\d.]+)"', poppler("pdftotext", content, "-bbox"))]
    return max(edges) <= width - margin_mm / 25.4 * 72 + 1
