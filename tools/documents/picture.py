"""Pictures: what they are, and their pixels for whoever can read the text in them."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image, ImageOps, TiffImagePlugin, WebPImagePlugin  # noqa: F401  # two that preinit leaves out

from tools.documents.parts import DAMAGED, Document, Pixels, Trouble
from tools.documents.position import Position

_LARGEST = 64_000_000
"""Pixels that are unpacked; beyond, a picture is only named."""
_SHOWN = (2048, 2048)
"""Enough to read a page of text."""
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
Image.preinit()  # now: nothing can be imported once the child has given up opening files


def read(file: BinaryIO, position: Position) -> Document:
    Image.MAX_IMAGE_PIXELS = None  # our own bound is below
    try:
        image = Image.open(file, formats=_FORMATS)
        width, height = image.size
        frames = getattr(image, "n_frames", 1)
        pixels = _pixels(image) if width * height <= _LARGEST else None
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises about a broken file
        raise Trouble(DAMAGED) from error
    summary = f"{width} x {height} pixels" + (f", {frames} frames" if frames > 1 else "")
    too_large = "" if pixels else ", too large to be looked at"
    return Document(f"{image.format} picture", summary + too_large, (), pixels=pixels)


def _pixels(image: Image.Image) -> Pixels:
    """Upright, on white, no larger than it has to be."""
    image.draft("RGB", _SHOWN)
    image.thumbnail(_SHOWN)
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        seen = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
    rgb = upright.convert("RGB")
    return Pixels(rgb.width, rgb.height, rgb.tobytes())
