"""The way to an item of a menu, as people and models write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.pressing import way_to


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("Save", ("Save",)),
        ("File > Save As…", ("File", "Save As…")),
        ("File>Save As...", ("File", "Save As...")),
        ("File → Export → PDF", ("File", "Export", "PDF")),
        ("Next >", ("Next >",)),
        ("> 5", ("> 5",)),
        (">", (">",)),
        ("", ("",)),
    ],
)
def test_a_way_is_its_steps_and_a_name_with_an_arrow_at_its_end_is_a_name(
    name: str, way: tuple[str, ...]
) -> None:
    assert way_to(name) == way


@given(
    st.lists(
        st.text(st.characters(exclude_characters=">›»→", exclude_categories=["Z", "C"]), min_size=1),
        min_size=1,
    )
)
def test_what_is_joined_is_parted_again(steps: list[str]) -> None:
    assert way_to(" > ".join(steps)) == tuple(steps)


@given(st.text())
def test_any_name_has_a_way_with_at_least_one_step(name: str) -> None:
    assert way_to(name)
