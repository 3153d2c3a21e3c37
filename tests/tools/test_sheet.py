"""Addresses of cells, as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.desktop.port import Node
from tools.sheet import address_of


@pytest.mark.parametrize(
    ("name", "address"),
    [("B3", "B3"), ("b3", "B3"), (" $AB$12 ", "AB12"), ("XFD1048576", "XFD1048576")],
)
def test_an_address_is_written_as_spreadsheets_do(name: str, address: str) -> None:
    assert address_of(name) == address


@pytest.mark.parametrize("name", ["", "B", "3", "B0", "Name", "B3:B9", "ABCD1", "B 3", "3B"])
def test_other_names_are_no_addresses(name: str) -> None:
    assert address_of(name) == ""


@given(row=st.integers(1, 1_048_576), column=st.integers(1, 16_384))
def test_the_address_that_a_cell_tells_leads_back_to_it(row: int, column: int) -> None:
    cell = Node("cell", "cell", "", "", frozenset(), None, row=row, column=column)
    assert address_of(cell.address) == cell.address
