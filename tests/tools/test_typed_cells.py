"""Text typed into a table is found again in its cells."""

from __future__ import annotations

import pytest

from tools.desktop.port import Node, Role
from tools.typed_cells import typed_cells

TYPED = "Town\tMinutes\nLisbon\t165\n"


def nodes(*values: str, role: Role = "cell") -> list[Node]:
    return [Node(f"cell-{at}", role, "", value, frozenset(), None) for at, value in enumerate(values)]


def test_every_piece_is_found_in_a_cell_of_its_own() -> None:
    found = typed_cells(nodes("", "", "", "", "old"), nodes("Town", "Minutes", "Lisbon", "165", "old"), TYPED)
    assert [node.value for node in found] == ["Town", "Minutes", "Lisbon", "165"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("", "", "", ""), ("Town", "Minutes", "Lisbon", "")),
        (("Town", "Minutes", "Lisbon", "165"), ("Town", "Minutes", "Lisbon", "165")),
        (("", "", "", ""), ("165", "Lisbon", "Minutes", "Town")),
    ],
    ids=["one is missing", "all were there before", "another order"],
)
def test_what_does_not_stand_there_anew_was_not_typed(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    assert typed_cells(nodes(*before), nodes(*after), TYPED) == ()


def test_other_controls_and_single_pieces_are_left_to_others() -> None:
    assert typed_cells([], nodes("Town", "Minutes", "Lisbon", "165", role="label"), TYPED) == ()
    assert typed_cells([], nodes("Town"), "Town\n") == ()
