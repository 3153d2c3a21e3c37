"""What a file is, by its first bytes; names lie. Pure comparisons: both sides may call this."""

from __future__ import annotations

import re

HEAD = 2048
"""How many bytes are looked at."""

_SIGNS: tuple[tuple[str, bytes, int], ...] = (
    ("zip", b"PK\x03\x04", 0),
    ("zip", b"PK\x05\x06", 0),  # an empty one
    ("old office", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0),
    ("picture", b"\x89PNG\r\n\x1a\n", 0),
    ("picture", b"\xff\xd8\xff", 0),
    ("picture", b"GIF87a", 0),
    ("picture", b"GIF89a", 0),
    ("picture", b"II*\0", 0),
    ("picture", b"MM\0*", 0),
    ("picture", b"WEBP", 8),
    ("wave", b"WAVE", 8),
    ("flac", b"fLaC", 0),
    ("ogg", b"OggS\0", 0),
    ("mp3", b"\xff\xfb", 0),
    ("mp3", b"\xff\xf3", 0),
    ("mp3", b"\xff\xf2", 0),
    ("film", b"ftyp", 4),
    ("film", b"\x1a\x45\xdf\xa3", 0),
    ("film", b"AVI LIST", 8),
    ("tar", b"ustar", 257),
    ("tar", b"\x1f\x8b", 0),
    ("tar", b"\xfd7zXZ\0", 0),
    ("other archive", b"7z\xbc\xaf\x27\x1c", 0),
    ("other archive", b"Rar!\x1a\x07", 0),
    ("other archive", b"\x28\xb5\x2f\xfd", 0),  # Zstandard
    ("rich text", b"{\\rtf", 0),
)
"""From the formats' own specifications: kind, bytes, where they stand."""

_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,1000}?-->\s*)*<(?:!doctype\s+html|html)\b",
    re.I | re.S,
)


def kind_of(head: bytes) -> str:
    """The kind of a file that begins with ``head``; empty when it is text, or nothing that is known."""
    for kind, sign, place in _SIGNS:
        if head.startswith(sign, place):
            return kind
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return "picture"
    if head.startswith(b"ID3") and head[3:4] in (b"\2", b"\3", b"\4"):
        return "mp3"
    if re.match(rb"BZh[1-9]1AY&SY", head):
        return "tar"
    return "html" if _HTML.match(head) else ""
