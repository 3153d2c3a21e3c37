"""OpenDocument (.odt, .ods, .odp), as LibreOffice writes it: its ``content.xml`` as a stream, never as a tree.

The elements are those of OpenDocument 1.3, part 3. Rows and cells that are "repeated" to the end of a sheet are empty
ones; of others a bounded number is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import ParseError, XMLParser
from zipfile import BadZipFile, ZipFile

from tools.documents.formulas import from_opendocument
from tools.documents.parts import DAMAGED, PASSWORD, Document, Line, Trouble, counted, numbered, unit_lines
from tools.documents.position import Position
from tools.documents.table import Row, sheet_names, sheets_asked_for, table_lines

_OASIS = "{urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE = f"{_OASIS}text:1.0}}", f"{_OASIS}table:1.0}}"
_SILENT = ("text:1.0}tracked-changes", "office:1.0}annotation", "presentation:1.0}notes")
_MOST_REPEATED = 100
_WIDEST = 16_384


class _Content:
    """Takes the stream apart, as a target of XMLParser: into one text, slides, or sheets with rows."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.slides: list[list[str]] = []
        self.sheets: list[tuple[str, list[Row]]] = []
        self._paragraphs: list[list[str]] = []
        """Those that are open: a note's stand inside another."""
        self._mark = ""
        self._lists = 0
        self._silent = 0
        self._row: list[str] | None = None
        self._gap = 0
        """Empty cells since the last one that holds something."""
        self._row_number = 0
        self._rows_repeated = 1
        self._cell: list[str] = []
        self._formula = ""
        self._cells_repeated = 1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.removeprefix(_OASIS)
        if self._silent or tag in _SILENT:
            self._silent += 1
            return
        match tag:
            case "text:1.0}p":
                self._open("- " if self._lists else "")
            case "text:1.0}h":
                self._open("#" * min(6, _number(attributes.get(f"{_TEXT}outline-level"))) + " ")
            case "text:1.0}tab" | "text:1.0}s" | "text:1.0}line-break":
                self.data(" ")
            case "text:1.0}list":
                self._lists += 1
            case "drawing:1.0}page":
                self.slides.append([])
            case "table:1.0}table":
                self.sheets.append((attributes.get(f"{_TABLE}name", ""), []))
                self._row_number = 0
            case "table:1.0}table-row" if self.sheets:
                self._row, self._gap = [], 0
                self._rows_repeated = _number(attributes.get(f"{_TABLE}number-rows-repeated"))
            case "table:1.0}table-cell" | "table:1.0}covered-table-cell":
                self._cell = []
                self._formula = _formula(attributes.get(f"{_TABLE}formula", ""))
                self._cells_repeated = _number(attributes.get(f"{_TABLE}number-columns-repeated"))

    def data(self, text: str) -> None:
        if self._paragraphs and not self._silent:
            self._paragraphs[-1].append(text)

    def end(self, tag: str) -> None:
        if self._silent:
            self._silent -= 1
            return
        match tag.removeprefix(_OASIS):
            case "text:1.0}p" | "text:1.0}h" if self._paragraphs:
                self._say("".join(self._paragraphs.pop()))
            case "text:1.0}list":
                self._lists -= 1
            case "table:1.0}table-cell" | "table:1.0}covered-table-cell" if self._row is not None:
                words = " ".join(self._cell)
                if self._formula:
                    words = f"{words} ({self._formula})" if words.strip() else self._formula
                if words:
                    self._row += [""] * self._gap + [words] * min(self._cells_repeated, _MOST_REPEATED)
                    del self._row[_WIDEST:]
                    self._gap = 0
                else:  # a row often ends with thousands of them
                    self._gap = min(self._gap + self._cells_repeated, _WIDEST)
            case "table:1.0}table-row" if self._row is not None:
                self._end_row(self._row)
                self._row = None

    def _open(self, mark: str) -> None:
        self._mark = mark
        self._paragraphs.append([])

    def _say(self, words: str) -> None:
        if self._row is not None:
            self._cell.append(words)
            return
        text = self._mark + words if words.strip() else ""
        (self.slides[-1] if self.slides else self.texts).append(text)

    def _end_row(self, row: list[str]) -> None:
        first, self._row_number = self._row_number + 1, self._row_number + self._rows_repeated
        if not any(row):
            return
        for number in range(first, first + min(self._rows_repeated, _MOST_REPEATED)):
            self.sheets[-1][1].append((number, row))
            (self.slides[-1] if self.slides else self.texts).append(" | ".join(row))


def read(file: BinaryIO, position: Position) -> Document:
    try:
        with ZipFile(file) as archive:
            kind = archive.read("mimetype").decode("ascii").rpartition(".")[2]
            if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise Trouble(PASSWORD)
            content = _parsed(archive)
    except (BadZipFile, KeyError, ParseError) as error:
        raise Trouble(DAMAGED) from error
    if kind.startswith("spreadsheet"):
        return _spreadsheet(content, position)
    if kind.startswith("presentation"):
        return _presentation(content, position)
    summary = counted(len(content.texts), "paragraph")
    return Document("OpenDocument text", summary, numbered(content.texts, position.line))


def _parsed(archive: ZipFile) -> _Content:
    content = _Content()
    parser = XMLParser(target=content)
    with archive.open("content.xml") as stream:
        while chunk := stream.read(1 << 16):
            parser.feed(chunk)
    return content


def _presentation(content: _Content, position: Position) -> Document:
    slides = len(content.slides)
    if position.unit > max(1, slides):
        raise Trouble(f"has no slide {position.unit}: it has {counted(slides, 'slide')}")

    def lines() -> Iterator[Line]:
        for number in range(position.unit, slides + 1):
            start = position.line if number == position.unit else 1
            yield from unit_lines("slide", number, "\n".join(content.slides[number - 1]), start=start)

    return Document("presentation", counted(slides, "slide"), lines(), "slide", slides)


def _spreadsheet(content: _Content, position: Position) -> Document:
    names = [name for name, _ in content.sheets]
    asked = sheets_asked_for(names, position)

    def lines() -> Iterator[Line]:
        for index in asked:
            name, rows = content.sheets[index]
            yield Line(f'sheet "{name}":', name, index + 1, first=True)
            yield from table_lines(name, index + 1, rows, position.cells)

    return Document("spreadsheet", sheet_names(names), lines(), "sheet", asked.stop)


def _formula(text: str) -> str:
    return from_opendocument(text.removeprefix("of:")) if text else ""


def _number(text: str | None) -> int:
    return min(int(text), 1 << 24) if text is not None and text.isdecimal() else 1
