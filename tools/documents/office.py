"""What is inside a ZIP file: Word, Excel, PowerPoint, OpenDocument or simply files; and whether it is one that would
become too large when it is unpacked."""

from __future__ import annotations

from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from tools.documents.parts import DAMAGED, PASSWORD, TOO_LARGE, Trouble

_MOST_BYTES = 512 << 20
_MOST_ENTRIES = 20_000
_PARTS = {"word/document.xml": "word", "xl/workbook.xml": "spreadsheet", "ppt/presentation.xml": "slides"}
_OPEN = "application/vnd.oasis.opendocument."


def opened(file: BinaryIO) -> ZipFile:
    """Raises Trouble."""
    try:
        return ZipFile(file)
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Trouble(DAMAGED) from error


def kind_inside(archive: ZipFile) -> str:
    """``word``, ``spreadsheet``, ``slides``, ``opendocument`` or ``archive``. Raises Trouble when a document would
    unpack to more than may be: sizes that lie are found out by zipfile, which reads no further than they say."""
    entries = {entry.filename: entry for entry in archive.infolist()}
    if "xl/workbook.bin" in entries:
        raise Trouble("is a binary Excel file (.xlsb): save it as .xlsx")
    kind = next((kind for part, kind in _PARTS.items() if part in entries), "")
    mime = entries.get("mimetype")
    if not kind and mime is not None and mime.file_size < 200:
        with archive.open(mime) as file:
            kind = "opendocument" if file.read().decode("ascii", "replace").startswith(_OPEN) else ""
    if not kind:
        return "archive"
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries.values()) > _MOST_BYTES:
        raise Trouble(TOO_LARGE)
    if any(entry.flag_bits & 1 for entry in entries.values()):
        raise Trouble(PASSWORD)
    return kind
