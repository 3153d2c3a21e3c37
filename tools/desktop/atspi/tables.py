"""Tables by rows, whatever way a toolkit has of showing them: rows that hold cells, or cells one after another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from tools.desktop.port import Node, State


def arranged(table: Node) -> Node:
    """``table`` with its cells in rows, each with its row and column; a table of one column stays a list of cells."""
    rows = [node for node in table.children if node.role == "row"]
    cells = [node for node in table.children if node.role == "cell"]
    others = tuple(node for node in table.children if node.role not in ("row", "cell"))
    if not rows:
        grouped = _by_place(cells)
        rows = [_row(table, number, group) for number, group in enumerate(grouped, 1)]
    numbers = [row.row for row in rows]
    if any(after <= before for before, after in itertools.pairwise(numbers)):
        numbers = list(range(1, len(rows) + 1))
    placed = [_placed(row, number) for row, number in zip(rows, numbers, strict=True)]
    if all(len([cell for cell in row.children if cell.name]) <= 1 for row in placed):
        return table
    return replace(table, children=(*others, *placed))


def _by_place(cells: Sequence[Node]) -> list[list[Node]]:
    """Cells that stand beside each other, as they follow each other from left to right."""
    rows: list[list[Node]] = []
    for cell in cells:
        before = rows[-1][-1] if rows else None
        if before is None or _below(cell, before):
            rows.append([])
        rows[-1].append(cell)
    return rows


def _below(cell: Node, before: Node) -> bool:
    if cell.bounds is None or before.bounds is None:
        return True
    return cell.bounds.x <= before.bounds.x or cell.bounds.y >= before.bounds.y + before.bounds.height


def _row(table: Node, number: int, cells: Sequence[Node]) -> Node:
    selected = all("selected" in cell.states for cell in cells)
    states: frozenset[State] = frozenset({"selected"} if selected else ())
    return Node(f"{table.key}/row/{number}", "row", "", "", states, None, tuple(cells), row=number)


def _placed(row: Node, number: int) -> Node:
    cells = [child for child in row.children if child.role == "cell"]
    # A sheet's cells know their column: those that hold nothing are not here to be counted.
    numbered = tuple(
        replace(cell, row=number, column=cell.column or column) for column, cell in enumerate(cells, 1)
    )
    return replace(row, row=number, children=numbered)
