"""PDF, by pdfium: the text of its pages. No script runs and nothing is filled in. When the first page that is asked
for has no text, as after a scan, it is drawn for whoever reads pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pypdfium2
from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDFBitmap_BGR

from tools.documents.parts import DAMAGED, PASSWORD, Document, Line, Pixels, Trouble, counted, unit_lines
from tools.documents.position import Position

_SHARPNESS = 200 / 72
"""Pixels for a point: 200 to the inch."""
_LONGEST_SIDE = 2048


def read(file: BinaryIO, position: Position) -> Document:
    try:
        pdf = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise Trouble(PASSWORD if error.err_code == FPDF_ERR_PASSWORD else DAMAGED) from error
    pages = len(pdf)
    if position.unit > pages:
        raise Trouble(f"has no page {position.unit}: it has {counted(pages, 'page')}")
    pixels = None if _text(pdf, position.unit - 1) else _drawn(pdf, position.unit)
    lines = _lines(pdf, position)
    return Document("PDF", counted(pages, "page"), lines, "page", pages, pixels=pixels)


def _lines(pdf: pypdfium2.PdfDocument, position: Position) -> Iterator[Line]:
    for number in range(position.unit, len(pdf) + 1):
        start = position.line if number == position.unit else 1
        how = "" if number == position.unit else f'; "#page={number}" looks at it as a picture'
        words = _text(pdf, number - 1) or f"(no text here{how})"
        yield from unit_lines("page", number, words, start=start)


def _text(pdf: pypdfium2.PdfDocument, index: int) -> str:
    """What stands inside the page's bounds; empty when there is nothing."""
    try:
        page = pdf[index]
        text = page.get_textpage()
        words = text.get_text_bounded()
        text.close()
        page.close()
    except pypdfium2.PdfiumError:
        return "(this page cannot be read)"
    return words if words.strip() else ""


def _drawn(pdf: pypdfium2.PdfDocument, number: int) -> Pixels:
    """A page that was scanned, as large as its longer side may be, and as sharp as text recognition needs."""
    page = pdf[number - 1]
    scale = min(_SHARPNESS, _LONGEST_SIDE / max(1.0, *page.get_size()))
    bitmap = page.render(
        scale=scale,  # pyright: ignore[reportArgumentType]  # a float, whatever its default suggests
        rev_byteorder=True,
        force_bitmap_format=FPDFBitmap_BGR,
    )
    rows = memoryview(bitmap.buffer).cast("B")
    width = 3 * bitmap.width
    rgb = b"".join(
        rows[start : start + width] for start in range(0, bitmap.stride * bitmap.height, bitmap.stride)
    )
    return Pixels(bitmap.width, bitmap.height, rgb, f"page {number}")
