"""Cells as they are written: text as a model says it, and what it becomes in a spreadsheet. Both sides; standard
library only.

A line is a row. Cells are parted by tabs, or by ``|`` where there is no tab, as reading shows them. A number becomes a
number, ``2026-11-21`` a date, ``14:05`` a time, ``TRUE`` a truth value, ``=SUM(B2:B4)`` a formula; an apostrophe in
front keeps anything a text, as in every spreadsheet. What a conversion would spoil stays a text too: "007", "+49 30",
numbers of more than 15 digits. What could be two numbers or two days ("1,500", "3/4/2026") is asked back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tools.documents.parts import Trouble, printable
from tools.documents.position import Cells
from tools.documents.table import moment_text, time_text

Format = Literal["xlsx", "ods", "csv"]

MOST_CELLS = 10_000
LONGEST_CELL = 32_767
"""Characters; Excel's own bound."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
_EITHER_WAY = re.compile(r"-?[1-9]\d{0,2},\d{3}")
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"-?(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+),\d+")
_MOST_DIGITS = 15
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DAY = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4})( \d\d:\d\d(?::\d\d)?)?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)")
_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
_FIRST_DATE = date(1900, 3, 1)
"""Before it Excel counts a day that never was."""

Kind = Literal["empty", "text", "number", "percent", "date", "moment", "time", "truth", "formula"]


class Value(BaseModel):
    """What one cell is to hold. ``text`` is canonical: digits for numbers and shares (15% is 0.15), ISO 8601 for dates,
    ``TRUE`` or ``FALSE``, a formula with its ``=``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    kind: Kind
    text: str = ""

    def shown(self, format: Format) -> str:
        """As reading shows it in a file of that format."""
        if self.kind == "percent" and format == "ods":
            return f"{(Decimal(self.text) * 100).normalize():f}%"
        return self.text


def block_of(values: str, format: Format) -> tuple[tuple[Value, ...], ...]:
    """The rows of ``values``, all of one length. Raises Trouble when it is too much, or holds what no cell can."""
    lines = re.split("\r\n|\r|\n", values.strip("\r\n"))
    rows = [_cells(line) for line in lines]
    width = max(len(row) for row in rows)
    if width * len(rows) > MOST_CELLS:
        raise Trouble(f"takes at most {MOST_CELLS} cells at once")
    if any(len(cell) > LONGEST_CELL for row in rows for cell in row):
        raise Trouble(f"takes no cell of more than {LONGEST_CELL} characters")
    padded = (row + [""] * (width - len(row)) for row in rows)
    return tuple(tuple(value_of(cell, format) for cell in row) for row in padded)


def target_of(place: Cells, rows: int, columns: int) -> Cells:
    """Where a block of that size goes when ``place`` is asked for: there, or from that cell on. Raises Trouble when it
    does not fit; a single value fills the whole place."""
    first, down = (place.first_column, place.first_row), place.last_row or place.first_row + rows - 1
    size = (down - place.first_row + 1, place.last_column - place.first_column + 1)
    if size == (1, 1):
        return Cells(*first, first[0] + columns - 1, first[1] + rows - 1)
    if size != (rows, columns) and (rows, columns) != (1, 1):
        raise Trouble(f"was asked for {size[0]} x {size[1]} cells, but {rows} x {columns} values were given")
    if size[0] * size[1] > MOST_CELLS:
        raise Trouble(f"takes at most {MOST_CELLS} cells at once")
    return Cells(*first, place.last_column, down)


def filled(rows: Sequence[Sequence[Value]], target: Cells) -> tuple[tuple[Value, ...], ...]:
    """``rows``, or their single value as often as ``target`` has cells."""
    if len(rows) == len(rows[0]) == 1:
        width = target.last_column - target.first_column + 1
        return ((rows[0][0],) * width,) * (target.last_row - target.first_row + 1)
    return tuple(tuple(row) for row in rows)


def _cells(line: str) -> list[str]:
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")]
    line = line.strip()
    if len(line) > 1 and line.startswith("|") and line.endswith("|"):  # as a table in Markdown
        line = line[1:-1]
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)]


def value_of(said: str, format: Format) -> Value:
    """What ``said`` is in a cell. In a CSV, everything is a text."""
    text = " ".join(printable(said).split())
    if not text:
        return Value(kind="empty")
    if format == "csv":
        return Value(kind="text", text=text)
    if text.startswith("'"):
        return Value(kind="text", text=text[1:].strip()) if text[1:].strip() else Value(kind="empty")
    if text.startswith("=") and len(text) > 1:
        return Value(kind="formula", text=text)
    if text.casefold() in ("true", "false"):
        return Value(kind="truth", text=text.upper())
    return _number(text) or _moment(text) or Value(kind="text", text=text)


def _number(text: str) -> Value | None:
    """Raises Trouble when it could be two."""
    share = text.endswith("%")
    digits = _without_commas(text.removesuffix("%").rstrip())
    if not _NUMBER.fullmatch(digits) or sum(sign.isdigit() for sign in digits) > _MOST_DIGITS:
        return None
    number = Decimal(digits) / 100 if share else Decimal(digits)
    return Value(kind="percent" if share else "number", text=canonical(float(number)))


def _without_commas(digits: str) -> str:
    """A number with its thousands apart or with a comma before its decimals, as digits and a point. Raises Trouble."""
    if _EITHER_WAY.fullmatch(digits):
        one, other = digits.replace(",", ""), digits.replace(",", ".")
        raise Trouble(
            f'does not take "{digits}", which could be {one} or {other}: write it without the comma'
        )
    if _THOUSANDS.fullmatch(digits):
        return digits.replace(",", "")
    if _DECIMAL_COMMA.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".")
    return digits


def canonical(number: float) -> str:
    return f"{number:.15g}" if number else "0"


def _iso(text: str) -> str:
    """A day as ``21.11.2026`` or ``21/11/2026``, perhaps with a time, as ISO 8601. Raises Trouble when it could be two
    days."""
    match = _DAY.fullmatch(text)
    if match is None:
        return text
    day, month, sign = int(match[1]), int(match[3]), match[2]
    if sign == "/" and day <= 12 and month <= 12 and day != month:
        raise Trouble(f'does not take "{text}", which could be two days: write it as 2026-12-31')
    if sign == "/" and day <= 12:
        day, month = month, day
    return f"{match[4]}-{month:02d}-{day:02d}{match[5] or ''}"


def _moment(text: str) -> Value | None:
    text = _iso(text)
    try:
        if _DATE.fullmatch(text) and date.fromisoformat(text) >= _FIRST_DATE:
            return Value(kind="date", text=text)
        if (found := _MOMENT.fullmatch(text)) and date.fromisoformat(found[1]) >= _FIRST_DATE:
            moment = datetime.fromisoformat(f"{found[1]} {found[2]}")
            return Value(kind="moment", text=moment_text(moment))
        if _TIME.fullmatch(text):
            return Value(
                kind="time",
                text=time_text(time.fromisoformat(text.rjust(8 if text.count(":") == 2 else 5, "0"))),
            )
    except ValueError:
        return None
    return None
