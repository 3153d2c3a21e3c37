"""What is to be written into a spreadsheet, and what came of it. Child side; standard library and pydantic only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from tools.documents.cell_values import Format, Value, filled, target_of
from tools.documents.parts import Trouble
from tools.documents.position import Cells, column_letters
from tools.documents.table import sheet_names

LAST_COLUMN, LAST_ROW = 16_384, 1_048_576


class Order(BaseModel):
    """Write ``rows`` at ``place`` (column, row, column, row; None: below the last row) of the sheet of that name (the
    first one without a name). ``fresh``: the file does not exist yet."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    format: Format
    rows: tuple[tuple[Value, ...], ...]
    sheet: str = ""
    place: tuple[int, int, int, int] | None = None
    fresh: bool = False
    delimiter: str = ","
    """Of a new table of text."""

    def values_for(self, target: Cells) -> tuple[tuple[Value, ...], ...]:
        return filled(self.rows, target)


@dataclass(frozen=True, slots=True)
class Written:
    """The new file; where the cells are now (``sheet`` is empty in a CSV); how many formulas have no value until they
    are computed again."""

    data: bytes
    sheet: str
    target: Cells
    outdated: int = 0


def written_to(order: Order, last_filled_row: int) -> Cells:
    """Where the values go. Raises Trouble when that is beyond the last column or row."""
    place = Cells(*order.place) if order.place else Cells(1, last_filled_row + 1, 1, last_filled_row + 1)
    target = target_of(place, len(order.rows), len(order.rows[0]))
    if target.last_column > LAST_COLUMN or target.last_row > LAST_ROW:
        raise Trouble("has no room there: it would be beyond the last column or row")
    return target


def sheet_asked_for(names: Sequence[str], wanted: str) -> int:
    """The index of a sheet; the first one without a name. Raises Trouble when there is none."""
    if not names:
        raise Trouble("has no sheets with cells")
    folded = [name.casefold() for name in names]
    if wanted and wanted.casefold() not in folded:
        raise Trouble(f'has no sheet "{wanted}": it has {sheet_names(names)}')
    return folded.index(wanted.casefold()) if wanted else 0


def refuse_overlap(target: Cells, area: Cells, what: str, but: tuple[int, int] | None = None) -> None:
    """Raises Trouble when a cell of ``target`` lies in ``area``, other than the one at ``but`` (row, column)."""
    columns = range(
        max(target.first_column, area.first_column), min(target.last_column, area.last_column) + 1
    )
    rows = range(max(target.first_row, area.first_row), min(target.last_row, area.last_row) + 1)
    if not columns or not rows or ((rows[0], columns[0]) == but and len(rows) == len(columns) == 1):
        return
    where = address(area)
    raise Trouble(f"has {what} at {where}, which would break; change that in its application")


def address(cells: Cells, sheet: str = "") -> str:
    """``B2``, ``B2:C9``, ``Prices!B2``."""
    first = f"{column_letters(cells.first_column)}{cells.first_row}"
    last = f"{column_letters(cells.last_column)}{cells.last_row}"
    return f"{sheet}!" * bool(sheet) + (first if first == last else f"{first}:{last}")
