"""Rows of cells as lines: the columns' letters on top, each row with its number. And CSV, the plainest of tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from tools.documents.parts import Document, Line, Trouble, counted, pieces
from tools.documents.position import Cells, Position, column_letters

_LOOK_AHEAD = 100
"""Rows whose widest one says how many letters stand on top."""
_DELIMITERS = ",;\t|"
_NAMES_SHOWN = 20
_EVERYTHING = Cells(1, 1, 0, 0)

Row = tuple[int, Sequence[str]]
"""Its number, counted from 1, and its cells from column A on."""


def sheet_names(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"{'sheet' if len(names) == 1 else 'sheets'} {shown}{more}"


def sheets_asked_for(names: Sequence[str], position: Position) -> range:
    """The indices of the one sheet that ``position`` names, or of all. Raises Trouble when there is no such sheet."""
    if not names:
        raise Trouble("has no sheets with cells")
    if not position.sheet:
        return range(1) if position.cells else range(len(names))
    for index, name in enumerate(names):
        if name.casefold() == position.sheet.casefold():
            return range(index, index + 1)
    raise Trouble(f'has no sheet "{position.sheet}": it has {sheet_names(names)}')


def table_lines(sheet: str, unit: int, rows: Iterable[Row], cells: Cells | None) -> Iterator[Line]:
    """What ``cells`` asks for of ``rows``, of the sheet of that name (empty for a CSV). Rows with nothing in them are
    left out."""
    asked = cells or _EVERYTHING
    wanted = _filled(rows, asked)
    ahead = list(islice(wanted, _LOOK_AHEAD))
    if not ahead:
        yield Line("(empty)", sheet, unit)
        return
    width = max(len(row) for _, row in ahead)
    letters = [column_letters(asked.first_column + index) for index in range(width)]
    # Reading may go on in any row, with the columns that it had here.
    last = column_letters(asked.last_column) or letters[-1]
    until = f"{last}{asked.last_row or ''}"
    prefix = f"{sheet}!{letters[0]}" if sheet else letters[0]
    yield Line(" | ".join(["row", *letters])[:1000], f"{prefix}{ahead[0][0]}:{until}", unit)
    for number, row in chain(ahead, wanted):
        for piece in pieces(" | ".join([str(number), *(" ".join(cell.split()) for cell in row)])):
            yield Line(piece, f"{prefix}{number}:{until}", unit)


def _filled(rows: Iterable[Row], asked: Cells) -> Iterator[Row]:
    for number, row in rows:
        if number < asked.first_row:
            continue
        if asked.last_row and number > asked.last_row:
            return
        kept = list(row[asked.first_column - 1 : asked.last_column or None])
        while kept and not kept[-1]:
            kept.pop()
        if kept:
            yield number, kept


def read_csv(text: str, position: Position) -> Document:
    """The cells of ``text`` that ``position`` asks for. Raises Trouble when there is another sheet in it."""
    if position.sheet:
        raise Trouble(f'has no sheet "{position.sheet}": it is plain text')
    try:
        dialect = csv.Sniffer().sniff(text[:8192], _DELIMITERS)
    except csv.Error:
        dialect = csv.excel
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), dialect))
    except csv.Error as error:
        raise Trouble("is no table: it has a cell that does not end") from error
    lines = table_lines("", 1, enumerate(rows, 1), position.cells)
    return Document("table", counted(len(rows), "row"), lines)
