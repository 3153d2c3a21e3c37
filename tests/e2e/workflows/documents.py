"""OpenDocument files, written and read without an office: what a workflow starts from and what it is checked by."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_NAMES = (
    " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    + ' xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"'
)
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SHEET = "application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True, slots=True)
class Formula:
    """In OpenFormula, ``=SUM([.B2:.B4])``, and what it comes to: offices write both and believe what was written."""

    text: str
    result: int


Cell = str | int | Formula


def write_sheet(path: Path, rows: Sequence[Sequence[Cell]]) -> None:
    """A spreadsheet with one sheet."""
    body = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES} office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="Sheet1">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_SHEET}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", _SHEET)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)


def _cell(value: Cell) -> str:
    match value:
        case str():
            kind, shown = 'office:value-type="string"', escape(value)
        case int():
            kind, shown = f'office:value-type="float" office:value="{value}"', str(value)
        case Formula(text, result):
            kind = f'office:value-type="float" office:value="{result}" table:formula="of:{escape(text)}"'
            shown = str(result)
    return f"<table:table-cell {kind}><text:p>{shown}</text:p></table:table-cell>"


def text_of_odt(path: Path) -> str:
    """The paragraphs of a text document, a line each."""
    with zipfile.ZipFile(path) as archive:
        content = ElementTree.fromstring(archive.read("content.xml"))
    return "\n".join("".join(paragraph.itertext()) for paragraph in content.iter(f"{_TEXT}p"))
