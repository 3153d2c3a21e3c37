"""A table with more cells than can be named (LibreOffice Calc claims 2³¹-1 of them): those in view, and of them those
that hold something."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tools.desktop.atspi.bus import AccessibilityBus, Reference
from tools.desktop.port import Bounds, Node

MANY = 2_000
"""Children of a table that are not asked for one by one."""
_LONGEST_TEXT = 2_000
_MOST_CELLS = 6_000
_INSET = 4
"""Pixels from a corner of the table to a point that is in its first or last cell."""


@dataclass(frozen=True, slots=True)
class View:
    """The rows and columns that can be seen, from 0, the last ones included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


async def rows(bus: AccessibilityBus, table: Reference, shift: tuple[int, int]) -> tuple[Node, ...]:
    """The rows in view that hold something, and the cell that is the current one."""
    bounds = await extents(bus, table)
    view = await _view(bus, table, bounds) if bounds else None
    if view is None:
        return ()
    places = [
        (row, column)
        for row in range(view.first_row, view.last_row + 1)
        for column in range(view.first_column, view.last_column + 1)
    ][:_MOST_CELLS]
    selected = await _selected(bus, table)
    found = await asyncio.gather(*(_cell(bus, table, *place, shift, selected) for place in places))
    by_row: dict[int, list[Node]] = {}
    for cell in found:
        if cell is not None:
            by_row.setdefault(cell.row, []).append(cell)
    return tuple(
        Node(f"{table.name}{table.path}/row/{row}", "row", "", "", frozenset(), None, tuple(cells), row=row)
        for row, cells in sorted(by_row.items())
    )


async def reference_of(bus: AccessibilityBus, table: Reference, row: int, column: int) -> Reference | None:
    """The cell at ``row`` and ``column``, from 0. Such a cell's own name on the bus lives for a moment only."""
    found = await bus.call(table, "Table", "GetAccessibleAt", "ii", row, column)
    return Reference(*found[0]) if found and isinstance(found[0], list | tuple) else None


async def extents(bus: AccessibilityBus, reference: Reference) -> Bounds | None:
    found = await bus.call(reference, "Component", "GetExtents", "u", 0)
    return Bounds(*found[0]) if found and isinstance(found[0], list | tuple) else None


async def _view(bus: AccessibilityBus, table: Reference, bounds: Bounds) -> View | None:
    first, last = await asyncio.gather(
        _place_at(bus, table, bounds.x + _INSET, bounds.y + _INSET),
        _place_at(bus, table, bounds.x + bounds.width - _INSET, bounds.y + bounds.height - _INSET),
    )
    return View(*first, *last) if first and last else None


async def _place_at(bus: AccessibilityBus, table: Reference, x: int, y: int) -> tuple[int, int] | None:
    found = await bus.call(table, "Component", "GetAccessibleAtPoint", "iiu", x, y, 0)
    if not found or not isinstance(found[0], list | tuple):
        return None
    return await _place_of(bus, table, Reference(*found[0]))


async def _place_of(bus: AccessibilityBus, table: Reference, cell: Reference) -> tuple[int, int] | None:
    index = await bus.call(cell, "Accessible", "GetIndexInParent")
    if not index:
        return None
    row, column = await asyncio.gather(
        bus.call(table, "Table", "GetRowAtIndex", "i", index[0]),
        bus.call(table, "Table", "GetColumnAtIndex", "i", index[0]),
    )
    return (int(str(row[0])), int(str(column[0]))) if row and column else None


async def _selected(bus: AccessibilityBus, table: Reference) -> tuple[int, int] | None:
    found = await bus.call(table, "Selection", "GetSelectedChild", "i", 0)
    if not found or not isinstance(found[0], list | tuple):
        return None
    return await _place_of(bus, table, Reference(*found[0]))


async def _cell(
    bus: AccessibilityBus,
    table: Reference,
    row: int,
    column: int,
    shift: tuple[int, int],
    selected: tuple[int, int] | None,
) -> Node | None:
    reference = await reference_of(bus, table, row, column)
    if reference is None:
        return None
    found = await bus.call(reference, "Text", "GetText", "ii", 0, -1)
    text = str(found[0])[:_LONGEST_TEXT] if found else ""
    if not text and (row, column) != selected:
        return None
    bounds = await extents(bus, reference)
    return Node(
        key=f"{table.name}{table.path}/cell/{row}/{column}",
        role="cell",
        name=text,
        value="",
        states=frozenset({"editable", "selected"} if (row, column) == selected else {"editable"}),
        bounds=bounds.moved(*shift) if bounds else None,
        row=row + 1,
        column=column + 1,
    )
