"""Real documents, made by the writing side of the libraries, with nothing on them that changes from day to day."""

from __future__ import annotations

import io
import struct
import tarfile
import wave
import zipfile
import zlib
from ctypes import c_ushort
from datetime import datetime

import docx
import openpyxl
import pptx
import pypdfium2
from openpyxl.workbook.workbook import Workbook
from PIL import Image
from pypdfium2 import raw


def pdf(*pages: str) -> bytes:
    """One page for each text, its lines below one another."""
    document = pypdfium2.PdfDocument.new()
    for text in pages:
        page = document.new_page(595, 842)
        for row, line in enumerate(text.splitlines()):
            words = raw.FPDFPageObj_NewTextObj(document, b"Helvetica", 12)
            written = (c_ushort * (len(line) + 1))(*map(ord, line), 0)
            raw.FPDFText_SetText(words, written)
            raw.FPDFPageObj_Transform(words, 1, 0, 0, 1, 72, 770 - 14 * row)
            raw.FPDFPage_InsertObject(page, words)
        page.gen_content()
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def word() -> bytes:
    document = docx.Document()
    document.add_heading("Minutes", level=1)
    document.add_paragraph("Present were Ada and Grace.")
    document.add_paragraph("Order paper", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Who", "What", "Ada", "报告"), strict=True):
        cell.text = text
    document.add_paragraph("The end.")
    return saved_by(document)


def long_word(paragraphs: int) -> bytes:
    document = docx.Document()
    for number in range(1, paragraphs + 1):
        document.add_paragraph(f"paragraph {number}")
    return saved_by(document)


def slides() -> bytes:
    presentation = pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Plans"
    first.placeholders[1].text = "More tests\nLess code"
    first.notes_slide.notes_text_frame.text = "Speak slowly"
    second = presentation.slides.add_slide(presentation.slide_layouts[5])
    second.shapes.title.text = "Numbers"
    table = second.shapes.add_table(1, 2, 0, 0, 100, 100).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Tests", "42"
    return saved_by(presentation)


def spreadsheet() -> bytes:
    book = openpyxl.Workbook()
    prices = book.worksheets[0]
    prices.title = "Prices"
    prices.append(["Item", "Price", "Since", "Sold"])
    prices.append(["Milk", 1.2, datetime(2026, 11, 21), True])
    prices.append([])
    prices.append(["Bread", 0.1 + 0.2, datetime(2026, 11, 21, 14, 5), False])
    prices["B6"] = "=SUM(B2:B4)"
    orders = book.create_sheet("My Orders")
    orders["C3"] = "far away"
    return saved_by(book)


def long_spreadsheet(rows: int) -> bytes:
    book: Workbook = openpyxl.Workbook()
    for number in range(1, rows + 1):
        book.worksheets[0].append([f"item {number}", number, number * 2])
    return saved_by(book)


def saved_by(document: object) -> bytes:
    saved = io.BytesIO()
    document.save(saved)  # type: ignore[attr-defined]
    return saved.getvalue()


def picture(format: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    saved = io.BytesIO()
    Image.new("RGB", size, "white").save(saved, format)
    return saved.getvalue()


def sound(seconds: float = 2.0) -> bytes:
    saved = io.BytesIO()
    with wave.open(saved, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(seconds * 8000) * 2))
    return saved.getvalue()


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 21, 0, 0, 0)), data, compress_type=compression)
    return saved.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    saved = io.BytesIO()
    with tarfile.open(fileobj=saved, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return saved.getvalue()


def endless_tar() -> bytes:
    """8 GiB of nothing in 8 MB: a block of compressed zeros that stands by itself, over and over."""
    entry = tarfile.TarInfo("nothing")
    entry.size = 8 << 30
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = packer.compress(entry.tobuf()) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(10 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + head + block * 800


def huge_png(side: int) -> bytes:
    """A picture that says it has ``side`` by ``side`` pixels, and has none."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def locked_pdf() -> bytes:
    """A PDF that no password that we have opens: what it was encrypted with is made up."""
    key = b"<" + b"41" * 32 + b">"
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Filter/Standard/V 1/R 2/O " + key + b"/U " + key + b"/P -4>>endobj\n"
        b"trailer<</Size 4/Root 1 0 R/Encrypt 3 0 R/ID[<41><41>]>>\nstartxref\n0\n%%EOF\n"
    )


def rezipped(document: bytes, **changed: bytes) -> bytes:
    """``document``, a ZIP file, with the parts whose names end so (``_`` for ``.``) replaced."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for ending, data in changed.items():
        for name in parts:
            if name.rpartition("/")[2] == ending.replace("_", "."):
                parts[name] = data
    return zipped(parts)


_OASIS = 'xmlns:%s="urn:oasis:names:tc:opendocument:xmlns:%s:1.0"'
_NAMES = " ".join(
    _OASIS % (short, long)
    for short, long in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
)


def opendocument(kind: str, body: str, manifest: bytes = b"<manifest/>") -> bytes:
    """``kind`` is ``text``, ``spreadsheet`` or ``presentation``; ``body`` stands inside ``office:body``."""
    content = f"<office:document-content {_NAMES}><office:body>{body}</office:body></office:document-content>"
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(),
            "META-INF/manifest.xml": manifest,
            "content.xml": content.encode(),
        }
    )
