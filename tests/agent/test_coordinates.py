"""A point of a picture and of the desktop: there and back, and never outside."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.coordinates import (
    GEMMA,
    PIXELS,
    QWEN3,
    Convention,
    Mapper,
    OutsideError,
    convention_of,
    cropped,
    pixels_of,
    place_of,
)
from agent.messages import Picture, Place

sides = st.integers(1, 4000)
corners = st.integers(-4000, 8000)
"""A monitor left of the first one has negative coordinates."""
places = st.builds(Place, corners, corners, sides, sides)
scales = st.sampled_from([1.0, 1.25, 1.5, 1.75, 2.0, 3.0])
conventions = st.sampled_from([GEMMA, QWEN3, PIXELS])


@st.composite
def mappers(draw: st.DrawFn) -> Mapper:
    place, scale = draw(places), draw(scales)
    width, height = math.ceil(place.width * scale), math.ceil(place.height * scale)
    return Mapper(place, width, height, draw(conventions))


def inside(place: Place, x: int, y: int) -> bool:
    return place.x <= x < place.x + place.width and place.y <= y < place.y + place.height


@given(mappers(), st.data())
def test_a_point_of_the_desktop_comes_back_as_exactly_as_the_convention_can_name_it(
    mapper: Mapper, data: st.DataObject
) -> None:
    place = mapper.place
    x = data.draw(st.integers(place.x, place.x + place.width - 1))
    y = data.draw(st.integers(place.y, place.y + place.height - 1))
    across, down = (1000, 1000) if mapper.convention.thousandths else (mapper.width, mapper.height)
    back_x, back_y = mapper.point(*mapper.named(x, y))
    assert abs(back_x - x) <= (0 if place.width <= across else math.ceil(place.width / across))
    assert abs(back_y - y) <= (0 if place.height <= down else math.ceil(place.height / down))


@given(mappers(), st.floats(0, 1), st.floats(0, 1))
def test_a_point_is_never_outside_what_the_picture_shows(mapper: Mapper, across: float, down: float) -> None:
    width, height = (1000, 1000) if mapper.convention.thousandths else (mapper.width, mapper.height)
    assert inside(mapper.place, *mapper.point(across * width, down * height))


@given(mappers(), st.floats(), st.floats())
def test_any_numbers_give_a_point_inside_or_are_refused(mapper: Mapper, x: float, y: float) -> None:
    try:
        point = mapper.point(x, y)
    except OutsideError:
        return
    assert inside(mapper.place, *point)


@given(mappers(), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_box_is_inside_what_the_picture_shows_and_not_empty(mapper: Mapper, shares: list[float]) -> None:
    width, height = (1000, 1000) if mapper.convention.thousandths else (mapper.width, mapper.height)
    lengths = (height, width, height, width) if mapper.convention.y_first else (width, height, width, height)
    box = mapper.box([share * length for share, length in zip(shares, lengths, strict=True)])
    assert inside(mapper.place, box.x, box.y)
    assert inside(mapper.place, box.x + box.width - 1, box.y + box.height - 1)


@pytest.mark.parametrize(
    ("convention", "box"),
    [
        (GEMMA, (250, 500, 750, 1000)),
        (QWEN3, (500, 250, 1000, 750)),
        (PIXELS, (960, 270, 1920, 810)),
    ],
)
def test_each_convention_says_the_same_box_in_its_own_numbers(
    convention: Convention, box: tuple[int, ...]
) -> None:
    mapper = Mapper(Place(1920, 100, 1920, 1080), 1920, 1080, convention)
    assert mapper.box(box) == Place(2880, 370, 959, 540)


def test_a_box_has_four_numbers() -> None:
    with pytest.raises(OutsideError):
        Mapper(Place(0, 0, 10, 10), 10, 10, GEMMA).box([1, 2, 3])


@pytest.mark.parametrize(
    ("names", "convention"),
    [
        (("gemma4", "anything"), GEMMA),
        (("vLLM", "google/gemma-4-E4B-it"), GEMMA),
        (("llama-server", "Qwen3-VL-8B-Instruct"), QWEN3),
        (("qwen2vl", "Qwen2.5-VL-7B"), PIXELS),
    ],
)
def test_the_convention_is_told_by_the_models_name(names: tuple[str, str], convention: Convention) -> None:
    assert convention_of(*names) == convention


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    place = Place(draw(corners), draw(corners), draw(st.integers(1, 40)), draw(st.integers(1, 40)))
    scale = draw(scales)
    width, height = math.ceil(place.width * scale), math.ceil(place.height * scale)
    pixels = bytes(value for y in range(height) for x in range(width) for value in (x, y, 0))
    return Picture(width=width, height=height, rgb=pixels, place=place)


@given(pictures(), st.data())
def test_a_crop_has_the_pixels_and_the_place_of_its_part(whole: Picture, data: st.DataObject) -> None:
    left = data.draw(st.integers(0, whole.width - 1))
    top = data.draw(st.integers(0, whole.height - 1))
    right = data.draw(st.integers(left + 1, whole.width))
    bottom = data.draw(st.integers(top + 1, whole.height))
    part = cropped(whole, left, top, right, bottom)
    assert part.rgb[:3] == bytes((left, top, 0))
    assert part.rgb[-3:] == bytes((right - 1, bottom - 1, 0))
    assert part.place is not None
    assert whole.place is not None
    assert inside(whole.place, part.place.x, part.place.y)
    assert inside(whole.place, part.place.x + part.place.width - 1, part.place.y + part.place.height - 1)


@given(pictures(), st.data())
def test_the_pixels_of_a_place_show_all_of_it(whole: Picture, data: st.DataObject) -> None:
    place = whole.place
    assert place is not None
    x = data.draw(st.integers(place.x, place.x + place.width - 1))
    y = data.draw(st.integers(place.y, place.y + place.height - 1))
    width = data.draw(st.integers(1, place.x + place.width - x))
    height = data.draw(st.integers(1, place.y + place.height - y))
    shown = place_of(whole, *pixels_of(whole, Place(x, y, width, height)))
    assert shown is not None
    assert inside(shown, x, y)
    assert inside(shown, x + width - 1, y + height - 1)


def test_what_is_not_of_the_desktop_has_no_points() -> None:
    assert Mapper.of(Picture(width=2, height=2, rgb=bytes(12)), GEMMA) is None
    assert cropped(Picture(width=2, height=2, rgb=bytes(12)), 0, 0, 1, 1).place is None
