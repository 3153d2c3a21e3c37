"""Formulas: which of them may be written, what they refer to, and OpenDocument's way of writing them.

A formula can fetch an address, start a program or read another file as soon as its spreadsheet is opened. So only
functions that are listed here and references to cells of the same file are let through; what is not known is refused.
Child side.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError
from openpyxl.utils import FORMULAE

from tools.documents.parts import Trouble
from tools.documents.position import column_number

_REACH_OUT = frozenset({"CELL", "HYPERLINK", "INDIRECT", "INFO", "RTD"}) | {
    name for name in FORMULAE if name.startswith("CUBE")
}
_LATER = frozenset(
    ("CONCAT", "IFNA", "IFS", "MAXIFS", "MINIFS", "STDEV.P", "STDEV.S", "SWITCH", "TEXTJOIN", "VAR.P", "VAR.S",
     "XLOOKUP")
)  # fmt: skip
"""Functions that came after the format, so that its files name them with a prefix ([MS-XLSX] 2.2.2.2)."""
_PREFIX = "_xlfn."
_OPEN_PREFIX = "COM.MICROSOFT."
_ONLY_EXCELS = (_LATER - {"IFNA"}) | {"CEILING", "FLOOR", "ISO.CEILING", "NETWORKDAYS.INTL", "WORKDAY.INTL"}
"""Functions that OpenFormula lacks or computes otherwise; LibreOffice has them with a prefix."""
KNOWN = (frozenset(FORMULAE) | _LATER) - _REACH_OUT

_SHEET = r"(?:(?P<sheet>[A-Za-z_\u0080-\uffff][\w.]*|'(?:[^'\[\]]|'')+')!)?"
_AREA = re.compile(
    _SHEET
    + r"\$?(?:(?P<c1>[A-Za-z]{1,3})\$?(?P<r1>[1-9]\d{0,6})(?::\$?(?P<c2>[A-Za-z]{1,3})\$?(?P<r2>[1-9]\d{0,6}))?"
    r"|(?P<c3>[A-Za-z]{1,3}):\$?(?P<c4>[A-Za-z]{1,3})|(?P<r3>[1-9]\d{0,6}):\$?(?P<r4>[1-9]\d{0,6}))"
)
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576
_CELL_OR_LINE = r"\$?[A-Z]{1,3}\$?\d+|\$?[A-Z]{1,3}|\$?\d+"
_IN_SHEET = r"(?:\$?'(?:[^']|'')+'|\$?[^\].'#]+)?"
_OPEN_REFERENCE = re.compile(
    rf"\[(?P<sheet>{_IN_SHEET})\.(?P<first>{_CELL_OR_LINE})(?::{_IN_SHEET}\.(?P<last>{_CELL_OR_LINE}))?\]"
)
_TEXT_OR_REST = re.compile(r'"(?:[^"]|"")*"|[^"]+')
_MOST_FOLLOWED = 2_000
"""Formulas; with more of them, all count as depending on what was changed."""


@dataclass(frozen=True, slots=True)
class Area:
    """Cells of one sheet (its name in lower case), counted from 1, edges inside."""

    sheet: str
    first_column: int
    first_row: int
    last_column: int
    last_row: int

    def meets(self, other: Area) -> bool:
        return (
            self.sheet == other.sheet
            and self.first_column <= other.last_column
            and other.first_column <= self.last_column
            and self.first_row <= other.last_row
            and other.first_row <= self.last_row
        )


def checked(formula: str, sheets: Collection[str], names: Collection[str]) -> str:
    """``formula`` with the names of its functions in capitals, when every one of them is known and every cell it
    refers to is in ``sheets``. Raises Trouble otherwise."""
    known_sheets, known_names = _folded(sheets), _folded(names)
    items = _tokens(formula)
    if items is None or _open_brackets(items):
        raise Trouble(f"does not take the formula {formula}, which is not complete or not spelled right")
    for item in items:
        if item.type == Token.FUNC and item.subtype == Token.OPEN:
            item.value = item.value.upper()
            if item.value[:-1].removeprefix(_PREFIX.upper()) not in KNOWN:
                raise Trouble(
                    f"does not take the formula {formula}: {item.value[:-1]}() is no function that may be written"
                )
        elif item.type == Token.OPERAND and item.subtype == Token.RANGE:
            area = _AREA.fullmatch(item.value)
            fits = item.value.casefold() in known_names if area is None else _exists(area, known_sheets)
            if not fits:
                raise Trouble(f"does not take the formula {formula}: {item.value} is no cell of this file")
    return "=" + "".join(item.value.replace(_PREFIX.upper(), "") for item in items)


def in_excel(formula: str) -> str:
    """A checked formula as an XLSX file holds it: without its ``=``."""
    items = _tokens(formula) or []
    later = {f"{name}(" for name in _LATER}
    return "".join(_PREFIX * (item.value in later and item.type == Token.FUNC) + item.value for item in items)


def in_opendocument(formula: str) -> str:
    """A checked formula as OpenFormula spells it, with its ``=`` (OpenDocument 1.3, part 4)."""
    return "=" + "".join(_open_spelling(item) for item in _tokens(formula) or [])


def from_opendocument(formula: str) -> str:
    """OpenFormula as people write formulas: ``=SUM([.B2:.B4];1)`` is ``=SUM(B2:B4,1)``."""
    return "".join(
        piece
        if piece.startswith('"')
        else _OPEN_REFERENCE.sub(_plain_reference, piece).replace(";", ",").replace(_OPEN_PREFIX, "")
        for piece in _TEXT_OR_REST.findall(formula)
    )


def from_excel(formula: str) -> str:
    return formula.replace(_PREFIX, "")


def areas(formula: str, sheet: str) -> tuple[Area, ...] | None:
    """What ``formula``, which stands in ``sheet``, refers to; None when that cannot be told."""
    items = _tokens(formula)
    if items is None:
        return None
    found = []
    for item in items:
        if item.type == Token.FUNC and item.value.upper() in ("INDIRECT(", "OFFSET("):
            return None
        if item.type == Token.OPERAND and item.subtype == Token.RANGE:
            match = _AREA.fullmatch(item.value)
            if match is None:
                return None
            found.append(_area(match, sheet))
    return tuple(found)


def stale(formulas: Sequence[tuple[Area, tuple[Area, ...] | None]], changed: Iterable[Area]) -> set[int]:
    """The indices of those of ``formulas`` (where each stands, what it refers to) whose value is no longer right."""
    if len(formulas) > _MOST_FOLLOWED:
        return set(range(len(formulas)))
    found = {index for index, (_, refers) in enumerate(formulas) if refers is None}
    fresh = [*changed, *(formulas[index][0] for index in found)]
    while fresh:
        newly = {
            index
            for index, (_, refers) in enumerate(formulas)
            if index not in found and any(area.meets(each) for area in refers or () for each in fresh)
        }
        found |= newly
        fresh = [formulas[index][0] for index in newly]
    return found


def _tokens(formula: str) -> list[Token] | None:
    try:
        return Tokenizer(formula).items
    except (TokenizerError, IndexError, ValueError):
        return None


def _open_brackets(items: Sequence[Token]) -> bool:
    opened = sum((item.subtype == Token.OPEN) - (item.subtype == Token.CLOSE) for item in items)
    return opened != 0 or not items


def _folded(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def _sheet_named(match: re.Match[str]) -> str:
    name = match["sheet"] or ""
    return name[1:-1].replace("''", "'").casefold() if name.startswith("'") else name.casefold()


def _exists(match: re.Match[str], sheets: Collection[str]) -> bool:
    sheet, area = _sheet_named(match), _area(match, "")
    return (not sheet or sheet in sheets) and area.last_column <= _LAST_COLUMN and area.last_row <= _LAST_ROW


def _area(match: re.Match[str], sheet: str) -> Area:
    where = _sheet_named(match) or sheet.casefold()
    if match["c1"]:
        columns = sorted((column_number(match["c1"]), column_number(match["c2"] or match["c1"])))
        rows = sorted((int(match["r1"]), int(match["r2"] or match["r1"])))
    elif match["c3"]:
        columns, rows = sorted((column_number(match["c3"]), column_number(match["c4"]))), [1, _LAST_ROW]
    else:
        columns, rows = [1, _LAST_COLUMN], sorted((int(match["r3"]), int(match["r4"])))
    return Area(where, columns[0], rows[0], columns[1], rows[1])


def _open_spelling(item: Token) -> str:
    if item.type == Token.SEP:
        return ";" if item.subtype == Token.ARG else "|"
    if item.type == Token.FUNC and item.value.removesuffix("(") in _ONLY_EXCELS:
        return _OPEN_PREFIX + item.value
    match = _AREA.fullmatch(item.value) if item.subtype == Token.RANGE else None
    if match is None:
        return item.value
    _, _, cells = item.value.rpartition("!")
    sheet = match["sheet"] or ""
    return f"[{'$' * bool(sheet)}{sheet}.{cells.replace(':', ':.').upper()}]"


def _plain_reference(match: re.Match[str]) -> str:
    sheet = match["sheet"].removeprefix("$") + "!" * bool(match["sheet"])
    return sheet + match["first"] + (f":{match['last']}" if match["last"] else "")
