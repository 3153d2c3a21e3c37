"""Numbers for windows whose system gives them none: they stay theirs although titles and places change. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.desktop.port import Bounds


@dataclass(frozen=True, slots=True)
class Trait:
    """What is known of a window that may tell it from others: it is the same one as before when these agree."""

    pid: int
    native: str
    """The toolkit's own name for it: unique in its process on Linux, often missing on macOS."""
    title: str
    bounds: Bounds


class Identities:
    """Gives windows numbers that stay theirs, although titles and places change. Not thread-safe.

    Where the toolkit has no name for its windows, one that takes the place of another of the same process between two
    looks is held for the same."""

    def __init__(self) -> None:
        self._known: dict[int, Trait] = {}
        self._last = 0

    def number(self, traits: Sequence[Trait]) -> list[int]:
        """A number for each of ``traits``, which are all the windows there are now."""
        numbers: dict[int, int] = {}
        free = dict(self._known)
        for alike in _ALIKE:
            for index, trait in enumerate(traits):
                fitting = [number for number, known in free.items() if alike(known, trait)]
                if index not in numbers and len(fitting) == 1:
                    numbers[index] = fitting[0]
                    del free[fitting[0]]
        for index in range(len(traits)):
            if index not in numbers:
                self._last += 1
                numbers[index] = self._last
        self._known = {numbers[index]: trait for index, trait in enumerate(traits)}
        return [numbers[index] for index in range(len(traits))]


def _same_native(one: Trait, other: Trait) -> bool:
    return one.pid == other.pid and one.native == other.native != ""


def _unnamed(one: Trait, other: Trait) -> bool:
    return one.pid == other.pid and not (one.native and other.native)


_ALIKE: tuple[Callable[[Trait, Trait], bool], ...] = (
    _same_native,
    lambda one, other: _unnamed(one, other) and (one.title, one.bounds) == (other.title, other.bounds),
    lambda one, other: _unnamed(one, other) and one.bounds == other.bounds,
    lambda one, other: _unnamed(one, other) and one.title == other.title,
)
"""From certain to likely."""
