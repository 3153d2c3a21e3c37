"""What stands after ``#`` in a path: ``page=3``, ``slide=3``, ``line=200``, ``minute=11``,
``page=3&line=20``, ``source``, or a spreadsheet's ``Prices``, ``Prices!B2``, ``Prices!B2:D9``, ``B2:D`` (down to the
last row). Pages and lines are where reading begins, as in RFC 8118. In an archive it is a file's name (``archive``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.documents.parts import Trouble

_CELLS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})(?::\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})?)?")
_NUMBER = re.compile(r"(page|slide|line|minute)=([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Cells:
    """A rectangle of cells, counted from 1, its edges inside; ``last_row`` 0 means all the way down."""

    first_column: int
    first_row: int
    last_column: int
    last_row: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where to begin; without anything, at the beginning."""

    unit: int = 1
    """The page, slide or minute."""
    line: int = 1
    source: bool = False
    sheet: str = ""
    cells: Cells | None = None


def parse(text: str) -> Position:
    """Raises Trouble when ``text`` is none."""
    if text in ("", "source"):
        return Position(source=bool(text))
    numbers = [_NUMBER.fullmatch(part) for part in text.casefold().split("&")]
    if all(numbers):
        found = {match[1]: int(match[2]) for match in numbers if match}
        return Position(
            unit=found.get("page") or found.get("slide") or found.get("minute") or 1,
            line=found.get("line", 1),
        )
    if "=" in text and "!" not in text:
        raise Trouble(f"has no place {text!r}; places are page=3, slide=3, line=20, or Sheet1!A1:C9")
    sheet, mark, cells = text.rpartition("!")
    match = _CELLS.fullmatch(cells)
    if match is None:
        if mark:
            raise Trouble(f"has no cells {cells!r}; cells are A1, or A1:C9")
        return Position(sheet=text)
    return Position(sheet=sheet.strip("'"), cells=_rectangle(match))


def _rectangle(match: re.Match[str]) -> Cells:
    column, row = column_number(match[1]), int(match[2])
    if match[3] is None:
        return Cells(column, row, column, row)
    other, last = column_number(match[3]), int(match[4] or 0)
    low, high = (min(row, last), max(row, last)) if last else (row, 0)
    return Cells(min(column, other), low, max(column, other), high)


def column_number(letters: str) -> int:
    """1 for ``A``, 27 for ``AA``."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """``A`` for 1, ``AA`` for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
