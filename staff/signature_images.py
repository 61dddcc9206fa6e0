"""A picture of a signature, taken from a stranger's bytes: checked, and drawn anew so that nothing else of the file survives."""

import hashlib
import struct
import zlib
from io import BytesIO

from django.core.exceptions import ValidationError
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 12_000_000
MIN_SIDE = 20
# As large as a signature is ever printed: 60 mm at 300 dpi.
STORED_SIZE = (720, 300)

# All that Pillow is known to raise over bytes made to hurt it.
UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    zlib.error,
)
NOT_A_PICTURE = "文件不是可读的 PNG 或 JPEG 图片，请重新选择。"


def clean_signature_image(upload) -> tuple[bytes, str]:
    """PNG bytes of the uploaded picture and their SHA-256. The size in pixels is checked before anything is decoded.

    Raises ValidationError, in Chinese, for what is no PNG or JPEG, too large or too small."""
    if upload.size > MAX_BYTES:
        raise ValidationError(f"图片不能超过 {MAX_BYTES // 1024 // 1024} MB，当前文件过大。")
    try:
        with Image.open(upload, formats=("PNG", "JPEG")) as picture:
            _check_size(*picture.size)
            drawn = ImageOps.exif_transpose(picture).convert("RGBA")
    except UNREADABLE as error:
        raise ValidationError(NOT_A_PICTURE) from error
    drawn.thumbnail(STORED_SIZE)
    clean = Image.new("RGBA", drawn.size)
    clean.paste(drawn)
    buffer = BytesIO()
    clean.save(buffer, "PNG", optimize=True)
    data = buffer.getvalue()
    return data, hashlib.sha256(data).hexdigest()


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ValidationError(f"图片尺寸为 {width}×{height} 像素，过大，请缩小后再上传。")
    if min(width, height) < MIN_SIDE:
        raise ValidationError(f"图片尺寸为 {width}×{height} 像素，过小，请上传清晰的签名图片。")
