"""Rows of cells as lines: the columns' letters on top, each row with its number. And CSV, the plainest of tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import chain, islice

from tools.documents.parts import Document, Line, Trouble, counted, pieces
from tools.documents.position import Cells, Position, column_letters

_LOOK_AHEAD = 100
"""Rows whose widest one says how many letters stand on top."""
_DELIMITERS = ",;\t|"
_NAMES_SHOWN = 20
UNENDING = "is no table: it has a cell that does not end"
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


def moment_text(moment: datetime) -> str:
    """``2026-11-21``; ``2026-11-21 14:05``; with seconds where there are some."""
    if moment.time() == time():
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%d} {time_text(moment.time())}"


def time_text(moment: time) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def read_csv(text: str, position: Position) -> Document:
    """The cells of ``text`` that ``position`` asks for. Raises Trouble when there is another sheet in it."""
    if position.sheet:
        raise Trouble(f'has no sheet "{position.sheet}": it is plain text')
    rows = rows_of(text)
    lines = table_lines("", 1, enumerate(rows, 1), position.cells)
    return Document("table", counted(len(rows), "row"), lines)


@dataclass(frozen=True, slots=True)
class Parting:
    """What parts the cells of a table in plain text."""

    delimiter: str = ","
    spaces: bool = False
    """A space follows each delimiter and belongs to it."""

    def rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Raises csv.Error."""
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.spaces)


def parting_of(text: str) -> Parting:
    """Commas, unless something else looks more like it."""
    try:
        found = csv.Sniffer().sniff(text[:8192], _DELIMITERS)
    except csv.Error:
        return Parting()
    return Parting(found.delimiter, found.skipinitialspace)


def rows_of(text: str) -> list[list[str]]:
    """Raises Trouble."""
    try:
        return list(parting_of(text).rows(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise Trouble(UNENDING) from error
