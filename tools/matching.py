"""Finding the thing a person or a model means by a name: exactly first, then loosely, and never by guessing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rapidfuzz import fuzz, process, utils

T = TypeVar("T")

CLOSE = 85
"""Out of 100: a typing error or two, or another word order."""
SIMILAR = 60
"""Worth naming as "did you mean"."""


def matching(wanted: str, things: Sequence[T], name: Callable[[T], str]) -> list[T]:
    """Those of ``things`` that ``wanted`` may mean, in their order: all with exactly that name; else all that differ
    in case, in a mnemonic or in trailing punctuation only; else all that contain it; else the closest ones."""
    plain = _plain(wanted)
    exact = [thing for thing in things if name(thing) == wanted]
    if exact or not plain:
        return exact
    for same in (lambda found: _plain(found) == plain, lambda found: plain in _plain(found)):
        if found := [thing for thing in things if same(name(thing))]:
            return found
    scores = [fuzz.WRatio(plain, _plain(name(thing))) if name(thing) else 0 for thing in things]
    best = max(scores, default=0)
    return [thing for thing, score in zip(things, scores, strict=True) if score == best >= CLOSE]


def similar(wanted: str, names: Sequence[str], most: int = 3) -> list[str]:
    """Names that look like ``wanted``, closest first, to offer instead."""
    found = process.extract(
        wanted, names, scorer=fuzz.ratio, processor=utils.default_process, limit=most, score_cutoff=SIMILAR
    )
    return [name for name, _, _ in found]


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("…", "").casefold().split()).strip(" .:")
