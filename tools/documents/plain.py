"""Plain text from a certain line on, or the cells of a CSV."""

from __future__ import annotations

import re
from typing import BinaryIO

from tools.documents.parts import Document, Trouble, numbered
from tools.documents.position import Position
from tools.documents.table import read_csv

MAX_BYTES = 32 << 20
_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_-]{2,20})""", re.I
)


def read(file: BinaryIO, position: Position) -> Document:
    text = decoded(file)
    if position.cells or position.sheet:
        return read_csv(text, position)
    lines = text.splitlines()
    return Document("text", f"{len(lines)} lines", numbered([text], position.line))


def decoded(file: BinaryIO) -> str:
    """The text of ``file``. Raises Trouble when it is none."""
    data = file.read(MAX_BYTES + 1)
    return data.decode(encoding_of(data), errors="replace")


def encoding_of(data: bytes) -> str:
    """The encoding of a text: what its mark or its own words say, UTF-8 if it fits, else the Western one-byte code.
    Raises Trouble when it is no text."""
    if len(data) > MAX_BYTES:
        raise Trouble("is a text of more than 32 MB; only its beginning can be read")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in data:
        raise Trouble("is not a text file")
    declared = _CHARSET.search(data[:2048])
    utf_8 = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    for encoding in (utf_8, declared[1].decode() if declared else ""):
        try:
            data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        return encoding
    return "cp1252"
