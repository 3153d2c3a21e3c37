"""Tables by rows: a cell of a sheet keeps the place it has, others are counted."""

from __future__ import annotations

from tools.desktop.atspi.tables import arranged
from tools.desktop.port import Bounds, Node


def cell(name: str, *, row: int = 0, column: int = 0) -> Node:
    return Node(name, "cell", name, "", frozenset(), Bounds(0, 0, 9, 9), row=row, column=column)


def row(number: int, *cells: Node) -> Node:
    return Node(f"row/{number}", "row", "", "", frozenset(), None, cells, row=number)


def table(*rows: Node) -> Node:
    return Node("table", "table", "Sheet", "", frozenset(), None, rows)


def addresses(made: Node) -> dict[str, str]:
    return {each.name: each.address for line in made.children for each in line.children}


def test_a_sheets_cell_keeps_its_column_when_those_before_it_are_empty() -> None:
    sheet = table(
        row(1, cell("Tea", row=1, column=1), cell("3.5", row=1, column=2)), row(3, cell("7", row=3, column=2))
    )
    assert addresses(arranged(sheet)) == {"Tea": "A1", "3.5": "B1", "7": "B3"}


def test_cells_without_a_place_are_counted_from_the_left() -> None:
    assert addresses(arranged(table(row(1, cell("a"), cell("b")), row(2, cell("c"), cell("d"))))) == {
        "a": "A1",
        "b": "B1",
        "c": "A2",
        "d": "B2",
    }
