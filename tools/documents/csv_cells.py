"""Cells of a table in plain text (.csv, .tsv): the rows that are written change, every other stays byte for byte. Child
side; standard library only."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from tools.documents.cell_values import Value
from tools.documents.parts import Trouble
from tools.documents.plain import MAX_BYTES, encoding_of
from tools.documents.position import Cells
from tools.documents.table import UNENDING, Parting, parting_of, rows_of
from tools.documents.written import Order, Written, written_to


def write(file: BinaryIO, order: Order) -> Written:
    """Raises Trouble when there is a sheet in the place, or the text cannot hold what is written."""
    if order.sheet:
        raise Trouble(f'has no sheet "{order.sheet}": it is plain text')
    data = file.read(MAX_BYTES + 1)
    encoding, mark = _encoding(data)
    text = _decoded(data[len(mark) :], encoding)
    parting = Parting(order.delimiter) if order.fresh else parting_of(text)
    records = _records(text, parting)
    filled = max((number for number, (cells, _) in enumerate(records, 1) if any(cells)), default=0)
    target = written_to(order, filled)
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        changed = _changed(records, order.values_for(target), target, parting.delimiter, quoting)
        if _reads_back(changed, order, target):
            return Written(mark + _encoded(changed, encoding), "", target)
    raise Trouble("would no longer be read as the same table with these cells in it; nothing was changed")


def _encoding(data: bytes) -> tuple[str, bytes]:
    """The encoding, and the mark in front that says so."""
    encoding = encoding_of(data)
    if encoding == "utf-16":
        return ("utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"), data[:2]
    return ("utf-8", codecs.BOM_UTF8) if encoding == "utf-8-sig" else (encoding, b"")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Trouble("is no text that could be written back as it is; save it as UTF-8 first") from error


def _records(text: str, parting: Parting) -> list[tuple[list[str], str]]:
    """The rows of ``text``: their cells, and the text they came from."""
    lines = io.StringIO(text, newline="").readlines()
    used: list[str] = []

    def handed_on() -> Iterator[str]:
        for line in lines:
            used.append(line)
            yield line

    records = []
    try:
        for cells in parting.rows(handed_on()):  # takes no more lines than the row has
            records.append((cells, "".join(used)))
            used.clear()
    except csv.Error as error:
        raise Trouble(UNENDING) from error
    return records


def _changed(
    records: list[tuple[list[str], str]],
    rows: tuple[tuple[Value, ...], ...],
    target: Cells,
    delimiter: str,
    quoting: int,
) -> str:
    ending = "\r\n" if records and records[0][1].endswith("\r\n") else "\n"
    texts = [source for _, source in records]
    for number, values in enumerate(rows, target.first_row):
        while len(texts) < number:
            if texts and not texts[-1].endswith(("\n", "\r")):
                texts[-1] += ending
            texts.append(ending)
        old = records[number - 1][0] if number <= len(records) else []
        last = number == len(records) and not records[-1][1].endswith(("\n", "\r"))
        cells = old + [""] * (target.first_column - 1 + len(values) - len(old))
        cells[target.first_column - 1 : target.first_column - 1 + len(values)] = [v.text for v in values]
        texts[number - 1] = _line(cells, delimiter, quoting) + ("" if last else ending)
    return "".join(texts)


def _line(cells: list[str], delimiter: str, quoting: int) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, quoting=quoting, lineterminator="").writerow(cells)  # type: ignore[arg-type]
    return line.getvalue()


def _reads_back(text: str, order: Order, target: Cells) -> bool:
    rows = rows_of(text)
    for number, values in enumerate(order.values_for(target), target.first_row):
        cells = rows[number - 1] if number <= len(rows) else []
        cells = cells[target.first_column - 1 : target.last_column]
        cells += [""] * (len(values) - len(cells))
        if cells != [value.text for value in values]:
            return False
    return True


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        sign = text[error.start : error.start + 1]
        raise Trouble(f'is written in an older code that has no "{sign}"; save it as UTF-8 first') from error
