"""The numbers of an outline drawn on a picture: which controls get one, and where it stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.messages import Picture, Place
from tools.desktop.port import Bounds, Node, Role
from tools.marks import PAPERS, marked
from tools.outline import Control

PLACE = Place(300, 200, 320, 240)


def picture(shade: int) -> Picture:
    return Picture(width=320, height=240, rgb=bytes([shade]) * (320 * 240 * 3), place=PLACE)


def control(number: int, bounds: Bounds | None, role: Role = "button") -> Control:
    return Control(number, Node(f"key-{number}", role, "", "", frozenset(), bounds))


def pixels(of: Picture) -> NDArray[np.uint8]:
    return np.frombuffer(of.rgb, np.uint8).reshape(of.height, of.width, 3)


def paper(of: Picture) -> NDArray[np.bool_]:
    """Where the labels are."""
    return np.logical_or.reduce([(pixels(of) == colour).all(axis=2) for colour in PAPERS])


@pytest.mark.parametrize("shade", [0, 255])
def test_a_number_stands_beside_its_control_and_nothing_else_of_the_picture_changes(shade: int) -> None:
    before = picture(shade)
    after = marked(before, [control(12, Bounds(400, 300, 80, 24))])
    assert (after.shows, after.place) == ("detail", PLACE)
    rows, columns = np.nonzero((pixels(after) != pixels(before)).any(axis=2))
    assert columns.min() >= 100 - 40
    assert columns.max() < 100 + 80 + 40
    assert rows.min() >= 100 - 30
    assert rows.max() < 100 + 24 + 30


def test_only_what_can_be_acted_on_is_numbered() -> None:
    before = picture(255)
    controls = [
        control(1, Bounds(400, 300, 80, 24), "label"),
        control(2, None),
        control(3, Bounds(10, 10, 80, 24)),
    ]
    assert pixels(marked(before, controls)).tolist() == pixels(before).tolist()


def test_a_number_hides_no_text_where_there_is_room_beside_it() -> None:
    before = pixels(picture(255)).copy()
    before[104:120, 104:176:2] = 0  # what stands on the button
    texted = picture(0).model_copy(update={"rgb": before.tobytes()})
    after = marked(texted, [control(1, Bounds(400, 300, 80, 24))])
    assert (pixels(after)[104:120, 104:176] == before[104:120, 104:176]).all()


@settings(max_examples=30, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1))
def test_the_numbers_of_neighbours_do_not_lie_over_each_other(cells: set[tuple[int, int]]) -> None:
    places = [Bounds(300 + 80 * column, 200 + 40 * row, 80, 40) for column, row in sorted(cells)]
    alone = pixels(marked(picture(0), [control(8, places[0])]))
    ink = int((alone[_inside(places[0])] == 0).all(axis=2).sum())
    together = pixels(marked(picture(0), [control(8, place) for place in places]))
    for place in places:  # each has as much of its own picture left as one that is alone
        assert int((together[_inside(place)] == 0).all(axis=2).sum()) == ink


def _inside(place: Bounds) -> tuple[slice, slice]:
    left, top = place.x - PLACE.x, place.y - PLACE.y
    return slice(top, top + place.height), slice(left, left + place.width)
