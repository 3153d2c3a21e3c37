"""Whether a control still looks as it did: on drawn pictures, with what focus, selection and a theme do to them."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from agent.messages import Picture
from tools.desktop.port import Bounds, Node, Window
from tools.outline import Control, Outline
from tools.region import Region, Sighting

AT = Bounds(40, 30, 120, 34)
WINDOW = Window(7, "Letter", "Pad", "pad", 7, Bounds(100, 200, 200, 100))


def button(
    text: str,
    *,
    ink: int = 40,
    paper: int = 230,
    ring: bool = False,
    corner: tuple[int, int] = (AT.x, AT.y),
) -> Image.Image:
    image = Image.new("RGB", (WINDOW.bounds.width, WINDOW.bounds.height), (200, 200, 200))
    draw = ImageDraw.Draw(image)
    box = (*corner, corner[0] + AT.width - 1, corner[1] + AT.height - 1)
    draw.rectangle(box, fill=(paper,) * 3, outline=(150,) * 3)
    if ring:
        draw.rectangle(box, outline=(30, 90, 220), width=2)
    draw.text((corner[0] + 30, corner[1] + 9), text, fill=(ink,) * 3, font=ImageFont.load_default(16))
    return image


def sighting(image: Image.Image, corner: tuple[int, int] = (AT.x, AT.y), window: Window = WINDOW) -> Sighting:
    at = Bounds(window.bounds.x + corner[0], window.bounds.y + corner[1], AT.width, AT.height)
    save = Node("save", "button", "Save", "", frozenset(), at)
    picture = Picture(width=image.width, height=image.height, rgb=image.tobytes())
    return Sighting(Outline(window, (Control(1, save),)), picture)


def look(image: Image.Image, corner: tuple[int, int] = (AT.x, AT.y)) -> Region:
    region = sighting(image, corner).region(Node("save", "button", "Save", "", frozenset(), None))
    assert region is not None
    return region


@pytest.mark.parametrize(
    "now",
    [
        button("Save"),
        button("Save", ring=True),
        button("Save", ink=140, paper=240),
        button("Save", ink=255, paper=60),
    ],
    ids=["as it was", "with a focus ring", "in a window without the keys", "selected"],
)
def test_the_same_control_looks_alike(now: Image.Image) -> None:
    assert look(button("Save")).alike(look(now))


@pytest.mark.parametrize("text", ["Send", "Delete", "Safe", "Cancel", ""])
def test_another_text_in_the_same_place_does_not(text: str) -> None:
    assert not look(button("Save")).alike(look(button(text)))
    assert not look(button(text)).alike(look(button("Save")))


def test_a_control_that_moved_within_its_window_looks_alike() -> None:
    assert look(button("Save")).alike(look(button("Save", corner=(10, 60)), corner=(10, 60)))


def test_two_empty_areas_look_alike_and_one_with_text_does_not_look_empty() -> None:
    assert look(button("")).alike(look(button("", paper=90)))
    assert not look(button("")).alike(look(button("x" * 8)))


def test_what_reaches_beyond_the_window_was_not_wholly_seen() -> None:
    seen = sighting(button("Save"))
    assert seen.part(Bounds(WINDOW.bounds.x + 150, WINDOW.bounds.y, 120, 20)) is None
    assert seen.part(Bounds(WINDOW.bounds.x - 5, WINDOW.bounds.y, 20, 20)) is None


def test_a_control_is_known_by_its_key_its_role_its_name_and_its_window() -> None:
    seen = sighting(button("Save"))
    same = Node("save", "button", "Save", "", frozenset({"focused"}), None)
    assert seen.knows(WINDOW, same)
    assert not seen.knows(WINDOW, Node("save", "button", "Delete", "", frozenset(), None))
    assert not seen.knows(WINDOW, Node("other", "button", "Save", "", frozenset(), None))
    assert not seen.knows(Window(8, "Letter", "Pad", "pad", 7, WINDOW.bounds), same)
