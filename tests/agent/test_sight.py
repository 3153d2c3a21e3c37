"""What a model is shown of a screen it has seen before."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.coordinates import place_of
from agent.messages import Picture, Place
from agent.sight import AS_BEFORE, FAINT, MOST_CARETS, MOST_TOKENS, SEEN_BEFORE, Glance, Sight

WIDTH, HEIGHT = 1366, 768
Screen = NDArray[np.uint8]
"""Height, width, channels."""


@cache
def screen(width: int = WIDTH, height: int = HEIGHT) -> Screen:
    """A busy one: no two tiles are alike."""
    return np.random.default_rng(7).integers(40, 200, (height, width, 3), dtype=np.uint8)


def picture(pixels: Screen) -> Picture:
    height, width, _ = pixels.shape
    return Picture(width=width, height=height, rgb=pixels.tobytes())


def painted(pixels: Screen, left: int, top: int, width: int, height: int, by: int = 60) -> Screen:
    """``pixels`` with a rectangle that is ``by`` brighter."""
    changed = pixels.copy()
    changed[top : top + height, left : left + width] += np.uint8(by)
    return changed


def told(known: Screen | None, new: Screen, glance: Glance) -> Screen:
    """What somebody knows of the screen who knew ``known`` and got ``glance``."""
    if not glance.corners:
        if not glance.pictures:
            assert known is not None
            return known
        assert glance.pictures == (picture(new),)
        return new
    assert known is not None
    known = known.copy()
    for part, (left, top) in zip(glance.pictures, glance.corners, strict=True):
        pixels = np.frombuffer(part.rgb, np.uint8).reshape(part.height, part.width, 3)
        known[top : top + part.height, left : left + part.width] = pixels
    return known


def glance(sight: Sight, pixels: Screen, at: int = 1) -> Glance:
    return sight.glance(picture(pixels), at, most_crops=100)


@pytest.fixture
def seen() -> Sight:
    sight = Sight()
    assert glance(sight, screen(), at=0) == Glance((picture(screen()),))
    return sight


def test_an_unchanged_screen_takes_no_picture_at_all(seen: Sight) -> None:
    assert glance(seen, screen()) == Glance(words=AS_BEFORE)


@pytest.mark.parametrize(("width", "height"), [(1, 16), (2, 24), (3, 48)])
def test_a_blinking_caret_is_no_change(seen: Sight, width: int, height: int) -> None:
    assert glance(seen, painted(screen(), 700, 300, width, height)) == Glance(words=AS_BEFORE)


def test_differences_too_faint_to_see_are_no_change(seen: Sight) -> None:
    assert glance(seen, painted(screen(), 100, 100, 300, 40, by=FAINT)) == Glance(words=AS_BEFORE)
    assert glance(seen, painted(screen(), 100, 100, 300, 40, by=FAINT + 1)).pictures


def test_a_typed_character_moves_the_caret_and_is_a_change(seen: Sight) -> None:
    assert glance(seen, painted(screen(), 700, 300, 9, 16)).pictures


def test_more_lines_than_there_are_carets_are_a_change(seen: Sight) -> None:
    changed = screen()
    for number in range(MOST_CARETS + 1):
        changed = painted(changed, 500, 100 + 100 * number, 1, 20)
    assert glance(seen, changed).pictures


def test_a_small_change_is_a_crop_at_its_own_resolution_with_its_place(seen: Sight) -> None:
    shown = glance(seen, painted(screen(), 700, 300, 120, 40))
    ((left, top),) = shown.corners
    (part,) = shown.pictures
    assert (part.width, part.height, part.budget) == (480, 336, 70)
    assert left <= 700
    assert top <= 300
    assert f"480x336 pixels at {left},{top}" in shown.words


def test_a_change_at_the_edge_is_cropped_inside_the_screen(seen: Sight) -> None:
    shown = glance(seen, painted(screen(), WIDTH - 12, HEIGHT - 9, 12, 9))
    assert shown.corners == ((WIDTH - 480, HEIGHT - 336),)


def test_two_changes_far_apart_are_two_crops(seen: Sight) -> None:
    shown = glance(seen, painted(painted(screen(), 20, 20, 60, 30), 1200, 700, 60, 30))
    assert len(shown.pictures) == 2
    assert sum(part.budget for part in shown.pictures) <= MOST_TOKENS


def test_a_large_change_is_the_whole_screen(seen: Sight) -> None:
    changed = painted(screen(), 100, 100, 900, 600)
    assert glance(seen, changed) == Glance((picture(changed),))


def test_after_so_many_crops_the_whole_screen_is_shown_again() -> None:
    sight, now = Sight(), screen()
    shown: list[bool] = []
    for number in range(7):
        shown.append(sight.glance(picture(now), number, most_crops=2).pictures == (picture(now),))
        now = painted(now, 100, 100, 50 + number, 50)
    assert shown == [True, False, False, True, False, False, True]


def test_a_screen_of_another_size_is_shown_whole_and_the_first_is_still_known(seen: Sight) -> None:
    assert glance(seen, screen(640, 480)).pictures == (picture(screen(640, 480)),)
    assert glance(seen, screen()).words == AS_BEFORE


def test_what_left_the_prompt_is_shown_again(seen: Sight) -> None:
    seen.forget(lambda at: at < 1)
    assert glance(seen, screen()).pictures == (picture(screen()),)


def test_a_picture_without_pixels_is_left_as_it_is(seen: Sight) -> None:
    stub = picture(screen()).without_data()
    assert seen.glance(stub, 1, most_crops=1) == Glance((stub,))


def test_faint_differences_do_not_add_up(seen: Sight) -> None:
    faint = [glance(seen, painted(screen(), 0, 0, 400, 40, by=step)) for step in range(1, 30)]
    assert any(shown.pictures for shown in faint[FAINT:])


RECTANGLES = st.tuples(
    st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, 400), st.integers(1, 300)
)


@given(st.lists(st.lists(RECTANGLES, max_size=3), max_size=4))
@settings(max_examples=15, deadline=None)
def test_who_only_reads_what_is_shown_knows_the_screen_but_for_carets(
    steps: list[list[tuple[int, int, int, int]]],
) -> None:
    sight, known, now = Sight(), None, screen()
    for at, rectangles in enumerate([[], *steps]):
        for left, top, width, height in rectangles:
            now = painted(now, left, top, width, height)
        shown = glance(sight, now, at)
        known = told(known, now, shown)
        differs = (np.maximum(known, now) - np.minimum(known, now) > FAINT).any(axis=2)
        assert np.count_nonzero(differs) <= MOST_CARETS * 3 * 48
        if shown.corners:
            assert sum(part.budget for part in shown.pictures) <= MOST_TOKENS
        if np.array_equal(known, now) and not shown.pictures:
            assert shown.words == AS_BEFORE


def detail(pixels: Screen, x: int = 0) -> Picture:
    height, width, _ = pixels.shape
    return picture(pixels).model_copy(update={"shows": "detail", "place": Place(x, 0, width, height)})


def test_a_detail_is_shown_once_as_long_as_it_looks_the_same(seen: Sight) -> None:
    part = detail(screen(480, 336))
    assert seen.glance(part, 1, 100) == Glance((part,))
    assert seen.glance(part, 2, 100) == Glance(words=SEEN_BEFORE)
    elsewhere = detail(screen(480, 336), x=5)
    assert seen.glance(elsewhere, 3, 100) == Glance((elsewhere,))
    changed = detail(painted(screen(480, 336), 9, 9, 30, 30))
    assert seen.glance(changed, 4, 100) == Glance((changed,))
    assert glance(seen, screen()) == Glance(words=AS_BEFORE)


def test_a_detail_that_is_not_shown_any_more_is_shown_again(seen: Sight) -> None:
    part = detail(screen(480, 336))
    seen.glance(part, 1, 100)
    seen.forget(lambda at: at == 1)
    assert seen.glance(part, 2, 100) == Glance((part,))


def test_a_file_is_always_shown_and_no_screen(seen: Sight) -> None:
    file = picture(screen()).model_copy(update={"shows": "file"})
    assert seen.glance(file, 1, 100) == seen.glance(file, 2, 100) == Glance((file,))
    assert glance(seen, screen()) == Glance(words=AS_BEFORE)


def test_two_monitors_of_one_size_are_two_screens() -> None:
    sight = Sight()
    left, right = (
        picture(screen()).model_copy(update={"place": Place(x, 0, WIDTH, HEIGHT)}) for x in (0, WIDTH)
    )
    assert sight.glance(left, 0, 100) == Glance((left,))
    assert sight.glance(right, 1, 100) == Glance((right,))
    assert sight.glance(left, 2, 100) == Glance(words=AS_BEFORE)


def test_what_changed_knows_where_it_is_on_a_scaled_monitor() -> None:
    sight = Sight()
    place = Place(2000, 50, WIDTH // 2, HEIGHT // 2)
    before, after = (
        picture(pixels).model_copy(update={"place": place})
        for pixels in (screen(), painted(screen(), 600, 400, 50, 50))
    )
    sight.glance(before, 0, 100)
    found = sight.glance(after, 1, 100)
    ((left, top),), (part,) = found.corners, found.pictures
    assert part.shows == "changed"
    assert part.place == place_of(after, left, top, left + part.width, top + part.height)
    assert part.place[:2] == (2000 + left // 2, 50 + top // 2)
