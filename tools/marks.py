"""A picture of a window with the numbers of its outline drawn on it, for a model that sees.

Each number stands in its control or beside it, where it hides least of what is drawn there; a thin frame of its colour
says which control is meant. Black on a bright colour is readable on light and dark windows alike. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from agent.coordinates import pixels_of
from agent.messages import Picture, Place
from tools.desktop.port import Node, Role
from tools.outline import Control, from_pixels

_INK = (0, 0, 0)
PAPERS = ((255, 200, 0), (0, 190, 255), (255, 125, 60), (95, 215, 60), (255, 115, 185), (175, 145, 255))
"""One after another: neighbours have different ones."""
_SIZE = 12
"""Of the numbers, in pixels: 3 digits take 24x13."""
_DRAWN = 24
"""Of 255: a larger step from one pixel to the next is something drawn."""
_UNMARKED: frozenset[Role] = frozenset({"label", "heading", "image", "group", "bar", "dialog"})
"""Nothing can be done with them."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, the last two not included."""
_Sums = NDArray[np.int64]


def marked(picture: Picture, controls: Sequence[Control]) -> Picture:
    """``picture``, which shows the desktop, with the numbers of those ``controls`` that can be acted on."""
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=_SIZE)
    boxes = [(control, box) for control in controls if (box := _box(picture, control.node))]
    sums = _drawn(image)
    labels: list[Box] = []
    for (control, box), paper in zip(boxes, cycle(PAPERS), strict=False):
        if not from_pixels(control.node):  # a frame around a text hides its edges
            draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=paper)
        left, top, right, bottom = draw.textbbox((0, 0), str(control.number), font=font)
        size = (round(right - left) + 4, round(bottom - top) + 4)
        others = [other for _, other in boxes if other != box and not _holds(other, box)]
        labels.append(_best(_places(box, size, image.size), sums, labels, others))
    for (control, _), label, paper in zip(boxes, labels, cycle(PAPERS), strict=False):
        draw.rectangle((label[0], label[1], label[2] - 1, label[3] - 1), fill=paper)
        middle = ((label[0] + label[2]) / 2, (label[1] + label[3]) / 2)
        draw.text(middle, str(control.number), fill=_INK, font=font, anchor="mm")
    return Picture(
        width=image.width,
        height=image.height,
        rgb=image.tobytes(),
        shows="detail",
        place=picture.place,
        label=picture.label,
    )


def _box(picture: Picture, node: Node) -> Box | None:
    """The pixels of ``node``, if it is marked and there are any."""
    if node.bounds is None or (node.role in _UNMARKED and not from_pixels(node)):
        return None
    bounds = node.bounds
    box = pixels_of(picture, Place(bounds.x, bounds.y, bounds.width, bounds.height))
    return box if box[2] - box[0] > 1 and box[3] - box[1] > 1 else None


def _places(box: Box, size: tuple[int, int], within: tuple[int, int]) -> Iterator[Box]:
    """Where a label of ``size`` may stand, all inside the picture: in the control, beside it, on its corners."""
    left, top, right, bottom = box
    width, height = size
    middle_x, middle_y = (left + right - width) // 2, (top + bottom - height) // 2
    outside_x, outside_y = (left - width, right), (top - height, bottom)
    inside_x, inside_y = (left, right - width), (top, bottom - height)
    for x, y in (
        *((x, y) for y in inside_y for x in inside_x),
        *((x, middle_y) for x in inside_x),
        *((middle_x, y) for y in inside_y),
        *((x, middle_y) for x in outside_x),
        *((x, y) for x in outside_x for y in inside_y),
        *((x, y) for y in outside_y for x in (*inside_x, middle_x)),
    ):
        x = max(0, min(x, within[0] - width))
        y = max(0, min(y, within[1] - height))
        yield x, y, x + width, y + height


def _best(places: Iterable[Box], sums: _Sums, labels: Sequence[Box], others: Sequence[Box]) -> Box:
    """That which hides no other label, and else least of what is drawn and least of the ``others``, other controls."""
    return min(
        places, key=lambda each: (_overlap(each, labels), _sum(sums, each) + _overlap(each, others) // 4)
    )


def _holds(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _overlap(label: Box, others: Sequence[Box]) -> int:
    """In pixels."""
    return sum(
        max(0, min(label[2], other[2]) - max(label[0], other[0]))
        * max(0, min(label[3], other[3]) - max(label[1], other[1]))
        for other in others
    )


def _drawn(image: Image.Image) -> _Sums:
    """How many pixels above and left of each are not like the pixel before them: text and lines, not areas."""
    levels = np.asarray(image.convert("L"), np.int16)
    steps = np.zeros(levels.shape, np.bool_)
    steps[:, 1:] |= np.abs(np.diff(levels, axis=1)) > _DRAWN
    steps[1:, :] |= np.abs(np.diff(levels, axis=0)) > _DRAWN
    sums = np.zeros((levels.shape[0] + 1, levels.shape[1] + 1), np.int64)
    sums[1:, 1:] = steps.cumsum(axis=0).cumsum(axis=1)
    return sums


def _sum(sums: _Sums, box: Box) -> int:
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(sums.shape[1] - 1, box[2]), min(sums.shape[0] - 1, box[3])
    return int(sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left])
