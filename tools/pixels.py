"""Text that was read from pixels, as something to press: a line, or words in it.

Pure functions over an outline whose nodes have a text and a place and nothing else (:func:`tools.outline.from_pixels`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rapidfuzz import fuzz

from tools.desktop.port import Bounds, Node
from tools.matching import CLOSE
from tools.outline import Control, Outline

_DRIFT = 3
"""Pixels by which the same text may lie elsewhere when it is read again beside something that changed."""


def texts_called(seen: Outline, name: str) -> list[Control]:
    """What ``name`` may mean: all lines that are just that; else the same words within lines; else what is so like it
    that the reading may have been wrong. The number is that of the line."""
    wanted = _plain(name)
    if not wanted:
        return []
    if found := [line for line in seen.controls if _plain(line.node.name) == wanted]:
        return found
    parts = [*seen.controls, *(part for line in seen.controls for part in _runs(line, len(name.split())))]
    scores = [fuzz.ratio(_plain(part.node.name), wanted) for part in parts]
    best = max(scores, default=0)
    return [part for part, score in zip(parts, scores, strict=True) if score == best >= CLOSE]


def same_text(meant: Node, was: Outline, now: Outline) -> Node | None:
    """``meant``, a line of the outline ``was``, in the outline ``now`` of the same window; ``None`` when it is not
    there any more, or lies elsewhere in the window."""
    place = _within(meant, was)
    for each in now.controls:
        there = _within(each.node, now)
        if each.node.name == meant.name and place and there and _near(place, there):
            return each.node
    return None


def _runs(line: Control, length: int) -> Iterator[Control]:
    """All parts of ``line`` that have ``length`` words, but not the whole of it."""
    words = line.node.children
    for start in range(len(words) - length + 1 if length < len(words) else 0):
        run = words[start : start + length]
        name = " ".join(word.name for word in run)
        bounds = Bounds.around([word.bounds for word in run if word.bounds])
        yield replace(line, node=replace(line.node, name=name, bounds=bounds, children=run))


def _within(node: Node, seen: Outline) -> Bounds | None:
    corner = seen.window.bounds
    return node.bounds.moved(-corner.x, -corner.y) if node.bounds else None


def _near(one: Bounds, other: Bounds) -> bool:
    return abs(one.x - other.x) <= _DRIFT and abs(one.y - other.y) <= _DRIFT


def _plain(text: str) -> str:
    """Without case and the punctuation around each word; a text of nothing else stays as it is."""
    words = [word.strip(".,:;!?()[]{}<>\"'|_…") or word for word in text.casefold().split()]
    return " ".join(words)
