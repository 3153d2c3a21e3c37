"""Cells written through the file, as the parent does it: a child makes the new file, and another one reads it back
before it may take the place of the old one. Nothing is parsed on this side. Any thread."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.cancel import Cancel
from tools.documents import position, reader
from tools.documents.cell_values import Format, Value, block_of, filled
from tools.documents.parts import DAMAGED, Trouble
from tools.documents.position import Cells
from tools.documents.reader import trouble_with
from tools.documents.table import table_lines
from tools.documents.written import Order, address

START = reader.CONFINED + "from tools.documents.cell_worker import main; main()"
MOST_BYTES = 64 << 20
"""Of the new file."""
_MOST_READ_BACK = 4 << 20
"""Characters."""
_SHOWN_CELLS = 6
FORMATS: dict[str, Format] = {".xlsx": "xlsx", ".xlsm": "xlsx", ".ods": "ods", ".csv": "csv", ".tsv": "csv"}
"""By the ending of a name."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    sheet: str = Field(default="", max_length=300)
    outdated: int = Field(default=0, ge=0)
    target: list[int] = Field(default=[1, 1, 1, 1], min_length=4, max_length=4)
    trouble: str = Field(default="", max_length=4000)


@dataclass(frozen=True, slots=True)
class Change:
    """A new file that has not been put in its place yet. ``now`` are its cells as they were read back."""

    data: bytes
    where: str
    """``Prices!B2:C9``."""
    cells: int
    outdated: int
    now: str


def changed(file: BinaryIO | None, name: str, ending: str, place: str, values: str, cancel: Cancel) -> Change:
    """The spreadsheet ``file`` (None: a new one) with ``values`` at ``place``. ``ending`` is that of its name, in lower
    case. Raises DocumentError when it cannot be written without losing something, or does not read back as it should;
    Cancelled soon after a stop."""
    format = FORMATS.get(ending)
    if format is None:
        raise trouble_with(name, "has no cells that could be written: it is no .xlsx, .ods or .csv")
    try:
        order = _order(format, ending, place, values, fresh=file is None)
    except Trouble as trouble:
        raise trouble_with(name, str(trouble)) from trouble
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as new:
        given.write(order.model_dump_json().encode())
        given.flush()
        answer, data = _answer(file or given, given, name, cancel)
        target = Cells(*answer.target)
        new.write(data)
        new.flush()
        now = _read_back(new, name, answer.sheet, target, cancel)
    expected = filled(order.rows, target)
    if not _same(now, _as_read(order, expected, answer.sheet, target)):
        raise trouble_with(
            name,
            "would not hold what was to be written, so nothing was changed; change it in its application",
        )
    count = sum(map(len, expected))
    shown = [f'"{value.shown(format)}"' for value in chain(*expected)]
    told = ", ".join(shown[:_SHOWN_CELLS]) + (", …" if count > _SHOWN_CELLS else "")
    return Change(data, address(target, answer.sheet), count, answer.outdated, told)


def _order(format: Format, ending: str, place: str, values: str, fresh: bool) -> Order:
    """Raises Trouble."""
    where = position.parse(place)
    if where.source or where.line != 1 or where.unit != 1:
        raise Trouble(f"has no cells {place!r}; cells are A1, or Sheet1!A1:C9")
    cells = where.cells or (Cells(1, 1, 1, 1) if fresh else None)
    edges = (cells.first_column, cells.first_row, cells.last_column, cells.last_row) if cells else None
    return Order(
        format=format,
        rows=block_of(values, format),
        sheet=where.sheet,
        place=edges,
        fresh=fresh,
        delimiter="\t" if ending == ".tsv" else ",",
    )


def _answer(file: BinaryIO, given: BinaryIO, name: str, cancel: Cancel) -> tuple[_Answer, bytes]:
    arguments = (str(file.fileno()), str(given.fileno()))
    said = reader.said_by_child(START, arguments, (file, given), name, cancel, MOST_BYTES)
    line, _, data = said.partition(b"\n")
    try:
        answer = _Answer.model_validate_json(line)
    except ValidationError as error:
        raise trouble_with(name, DAMAGED) from error
    if answer.trouble:
        raise trouble_with(name, answer.trouble)
    return answer, data


def _read_back(new: BinaryIO, name: str, sheet: str, target: Cells, cancel: Cancel) -> list[str]:
    seen = reader.read(new, name, _MOST_READ_BACK, cancel, address(target, sheet))
    lines = seen.text.splitlines()
    return lines[1:] if sheet else lines  # the sheet's name stands above


def _same(now: list[str], expected: list[str]) -> bool:
    """Capitals do not count: the names of functions and columns are written in them."""
    return [line.casefold() for line in now] == [line.casefold() for line in expected]


def _as_read(order: Order, rows: tuple[tuple[Value, ...], ...], sheet: str, target: Cells) -> list[str]:
    """The lines that reading should show."""
    before = [""] * (target.first_column - 1)
    texts = ([*before, *(value.shown(order.format) for value in row)] for row in rows)
    numbered = enumerate(texts, target.first_row)
    return [line.text for line in table_lines(sheet, 1, numbered, target)]
