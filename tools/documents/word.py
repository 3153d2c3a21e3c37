"""Word documents (.docx): paragraphs, headings, lists and tables in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from tools.documents.parts import Document, Trouble, counted, numbered
from tools.documents.position import Position

_HEADING = re.compile(r"heading ([1-9])", re.I)


def read(file: BinaryIO, position: Position) -> Document:
    try:
        document = docx.Document(file)
    except ValueError as error:  # its content type is another
        raise Trouble("is a Word file of a kind that cannot be read: save it as an ordinary .docx") from error
    blocks = list(document.iter_inner_content())
    tables = sum(isinstance(block, Table) for block in blocks)
    summary = counted(len(blocks) - tables, "paragraph") + (f", {counted(tables, 'table')}" if tables else "")
    # A paragraph's own way to its style goes through all styles each time.
    names = {style.style_id: style.name or "" for style in document.styles}
    return Document("Word document", summary, numbered(_texts(blocks, names), position.line))


def _texts(blocks: list[Paragraph | Table], names: dict[str, str]) -> Iterator[str]:
    tables = 0
    for block in blocks:
        if isinstance(block, Paragraph):
            text = block.text
            yield (_mark(names.get(block._p.style or "", "")) if text.strip() else "") + text
            continue
        tables += 1
        yield f"table {tables}:"
        for row in block.rows:
            # A merged cell comes once for each place it takes.
            cells = list({id(cell._tc): cell for cell in row.cells}.values())
            yield " | ".join(" ".join(cell.text.split()) for cell in cells)


def _mark(style: str) -> str:
    if heading := _HEADING.match(style):
        return "#" * int(heading[1]) + " "
    return "# " if style == "Title" else "- " if style.startswith("List") else ""
