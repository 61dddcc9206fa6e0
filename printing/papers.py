"""Papers that were issued: kept once and for all with their SHA-256, never rendered again, given out only as they were."""

import hashlib

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.crypto import get_random_string


def keep_paper(folder: str, pdf: bytes) -> tuple[str, str]:
    """Store an issued PDF under a random name in `folder`; returns its path and SHA-256."""
    name = f"{folder}/{timezone.now():%Y}/{get_random_string(40)}.pdf"
    return default_storage.save(name, ContentFile(pdf)), hashlib.sha256(pdf).hexdigest()


def stored_pdf(name: str, sha256: str) -> bytes | None:
    """The bytes of an issued PDF; None when they are missing or no longer those that were issued."""
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
