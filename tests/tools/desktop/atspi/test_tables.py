from hypothesis import given
from hypothesis import strategies as st

from tools.desktop.atspi.tables import arranged
from tools.desktop.port import Bounds, Node


def cell(text: str, x: int = 0, y: int = 0) -> Node:
    return Node(f"{x},{y}", "cell", text, "", frozenset(), Bounds(x, y, 90, 20))


def table(*children: Node) -> Node:
    return Node("t", "table", "", "", frozenset(), None, children)


def addresses(arranged: Node) -> dict[str, str]:
    return {cell.address: cell.name for row in arranged.children for cell in row.children}


def test_cells_one_after_another_become_rows_by_where_they_stand() -> None:
    names = [
        cell("report.txt", 0, 0),
        cell("2 bytes", 100, 0),
        cell("notes.txt", 0, 25),
        cell("9 bytes", 100, 25),
    ]
    assert addresses(arranged(table(*names))) == {
        "A1": "report.txt",
        "B1": "2 bytes",
        "A2": "notes.txt",
        "B2": "9 bytes",
    }


def test_rows_keep_the_numbers_that_they_have_in_the_whole_table() -> None:
    rows = [
        Node(f"r{number}", "row", "", "", frozenset(), None, (cell("x"), cell("y")), row=number)
        for number in (7, 8)
    ]
    assert list(addresses(arranged(table(*rows)))) == ["A7", "B7", "A8", "B8"]


def test_a_table_of_one_column_stays_a_list() -> None:
    places = table(cell("Home", 0, 0), cell("Documents", 0, 25))
    assert arranged(places) == places


@given(st.integers(1, 12), st.integers(2, 8))
def test_every_cell_of_a_grid_has_the_address_of_its_place(rows: int, columns: int) -> None:
    cells = [
        cell(f"{row} {column}", column * 100, row * 25) for row in range(rows) for column in range(columns)
    ]
    placed = [each for row in arranged(table(*cells)).children for each in row.children]
    assert [f"{each.row - 1} {each.column - 1}" for each in placed] == [each.name for each in cells]
