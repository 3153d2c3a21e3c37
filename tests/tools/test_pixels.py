"""Which text of a window is meant by what was asked for."""

import pytest

from tools.desktop.port import Bounds, Node, TextLine, Window, Word
from tools.outline import Outline, outline_of_text
from tools.pixels import same_text, texts_called

WINDOW = Window(1, "sh", "XTerm", "xterm", 1, Bounds(100, 200, 800, 600))


def outline_at(window: Window, *lines: str, down: int = 0) -> Outline:
    """Words 50 pixels apart and 40 wide, lines 20 apart, from the window's own corner on."""
    corner = window.bounds
    return outline_of_text(
        window,
        [
            TextLine(
                tuple(
                    Word(word, Bounds(corner.x + 50 * at, corner.y + 20 * row + down, 40, 12))
                    for at, word in enumerate(line.split())
                )
            )
            for row, line in enumerate(lines)
        ],
    )


SEEN = outline_at(WINDOW, "Please confirm: [Yes] or [No]", "Yes", "Cancel order 4711", "No refunds")


def places(name: str) -> list[tuple[int, Bounds | None]]:
    return [(each.number, each.node.bounds) for each in texts_called(SEEN, name)]


def test_a_whole_line_comes_before_the_same_word_in_another() -> None:
    assert places("yes") == [(2, Bounds(100, 220, 40, 12))]


def test_words_within_a_line_have_their_own_place() -> None:
    assert places("order 4711") == [(3, Bounds(150, 240, 90, 12))]


def test_the_same_words_in_several_lines_are_all_found() -> None:
    assert [number for number, _ in places("No")] == [1, 4]


@pytest.mark.parametrize("said", ["Cancel order 471l", "cancel  order 4711."])
def test_a_letter_that_was_misread_does_not_matter(said: str) -> None:
    assert [number for number, _ in places(said)] == [3]


@pytest.mark.parametrize("said", ["confirmation", "orders please", ""])
def test_what_is_not_there_is_not_found(said: str) -> None:
    assert places(said) == []


def line(seen: Outline, number: int) -> Node:
    return seen.controls[number - 1].node


def test_a_line_is_known_again_where_it_was_in_the_window() -> None:
    moved = Window(1, "sh", "XTerm", "xterm", 1, Bounds(300, 10, 800, 600))
    now = outline_at(moved, "Other words", "Yes", down=1)
    assert same_text(line(SEEN, 2), SEEN, now) == line(now, 2)


def test_a_line_that_lies_elsewhere_in_the_window_is_another() -> None:
    assert same_text(line(SEEN, 2), SEEN, outline_at(WINDOW, "Yes")) is None
    assert same_text(line(SEEN, 2), SEEN, outline_at(WINDOW, "Please", "No")) is None
