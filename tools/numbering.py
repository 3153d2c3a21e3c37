"""Short numbers for the controls of a window, that stay theirs from one look to the next."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

REMEMBERED_LOOKS = 4
"""A control that was not there in so many looks has lost its number: only then may another have it."""


class Numbers:
    """Of one window; controls are told apart by :attr:`tools.desktop.port.Node.key`. Not locked."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._looks = 0
        self._seen: dict[str, int] = {}

    def of(self, keys: Sequence[str]) -> tuple[int, ...]:
        """A number for each key: that which it has, or a free one. Nothing is remembered."""
        taken = set(self._numbers.values())
        free = (number for number in itertools.count(1) if number not in taken)
        return tuple(self._numbers[key] if key in self._numbers else next(free) for key in _apart(keys))

    def keep(self, keys: Sequence[str], numbers: Sequence[int]) -> None:
        """The model was shown these."""
        self._looks += 1
        for key, number in zip(_apart(keys), numbers, strict=True):
            self._numbers[key] = number
            self._seen[key] = self._looks
        for key, look in list(self._seen.items()):
            if look <= self._looks - REMEMBERED_LOOKS:
                del self._seen[key], self._numbers[key]


def _apart(keys: Sequence[str]) -> Iterator[str]:
    """``keys``, told apart where an application gives one to several controls."""
    met: dict[str, int] = {}
    for key in keys:
        met[key] = met.get(key, 0) + 1
        yield key if met[key] == 1 else f"{key} {met[key]}"
