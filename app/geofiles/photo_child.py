"""The child's half of `photos`: a picture in, a plain JPEG out. Runs with limits and may die; imports no Flask.

The header is looked at before anything is decoded. What leaves holds pixels and nothing else: no EXIF, no position, no
profile, no thumbnail, no comment.
"""

import base64
import io
import warnings
from typing import Any

from PIL import Image, ImageOps

from app.geofiles.child import serve

FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 82


def main(options: dict[str, Any]) -> None:
    """Answer the parent until it closes."""
    Image.init()
    Image.MAX_IMAGE_PIXELS = options["max_pixels"]
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    serve(lambda frame: redraw(frame, options["max_pixels"], options["longest_px"]), options["cpu_s"])


def redraw(data: bytes, max_pixels: int, longest_px: int) -> dict[str, Any]:
    """{"jpeg", "width", "height"}, or {"code"} with why it is not taken."""
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {"code": "photo_too_many_pixels"}
    except Exception:  # whatever a crafted header makes of the reader
        return {"code": "photo_no_picture"}
    if picture.width * picture.height > max_pixels:
        return {"code": "photo_too_many_pixels"}
    try:
        return _drawn(picture, longest_px)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {"code": "photo_too_many_pixels"}
    except Exception:  # cut off, broken, or more than the memory allows
        return {"code": "photo_unreadable"}


def _drawn(picture: Image.Image, longest_px: int) -> dict[str, Any]:
    if picture.format in ("JPEG", "MPO"):
        picture.draft("RGB", (longest_px, longest_px))
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    plain = Image.new("RGB", upright.size, (255, 255, 255))
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        plain.paste(layer, mask=layer.getchannel("A"))
    else:
        plain.paste(upright.convert("RGB"))
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return {"jpeg": base64.b64encode(out.getvalue()).decode(), "width": plain.width, "height": plain.height}
