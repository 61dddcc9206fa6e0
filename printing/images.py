"""Pictures for a page that fetches nothing: they travel inside it, as data: URIs."""

import base64

import segno

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def qr_data_uri(text: str) -> str:
    """A QR code of `text` as an SVG data: URI; medium error correction, so that a stamp over a corner does no harm."""
    return segno.make(text, error="m", micro=False).svg_data_uri(scale=4, border=2, dark="#111", light="#fff")


def png_data_uri(content: bytes) -> str | None:
    """A PNG as a data: URI; None for anything else."""
    if not content.startswith(PNG_MAGIC):
        return None
    return "data:image/png;base64," + base64.b64encode(content).decode()
