"""Copies of a sliding window, so that a rewind does not have to begin at the beginning.

A sliding-window layer forgets what has left its window; to go back further than that, its cells must come from a copy.
Full-attention layers forget nothing, so a checkpoint holds the sliding layers alone (Gemma 4 E2B: 6 MiB at f16); of
a model with recurrent layers, their state alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

BUDGET_BYTES = 512 << 20
"""What all checkpoints of a conversation may take: 85 of E2B's, 25 of E4B's, one of 12B's."""

SPACING = 32
"""Positions: replaying fewer costs about as little as one more call of ``llama_decode``, so no copy is worth it."""

FINENESS = 8
"""A checkpoint is worth keeping if it is an eighth of its distance from the end away from the one before."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The sliding layers as they were when ``entries`` entries were held, ``end`` positions in."""

    entries: int
    end: int
    state: NDArray[np.uint8]


class Checkpoints:
    """At most ``budget`` bytes of checkpoints, in order. The first one, after system text and tools, always stays."""

    def __init__(self, budget: int = BUDGET_BYTES) -> None:
        self.budget = budget
        self._kept: list[Checkpoint] = []

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(checkpoint.state.nbytes for checkpoint in self._kept)

    @property
    def entries(self) -> tuple[int, ...]:
        """Where they stand."""
        return tuple(checkpoint.entries for checkpoint in self._kept)

    def copy(self) -> Checkpoints:
        """The same checkpoints, to be kept and forgotten apart from these."""
        copy = Checkpoints(self.budget)
        copy._kept = list(self._kept)
        return copy

    def keep(self, checkpoint: Checkpoint) -> None:
        """Add ``checkpoint``, the furthest one yet; beyond the budget, drop those that matter least."""
        self.drop_after(checkpoint.entries - 1)
        self._kept.append(checkpoint)
        while self.size > self.budget and len(self._kept) > 1:
            del self._kept[self._least()]

    def newest(self, entries: int) -> Checkpoint | None:
        """The last one at or before ``entries``."""
        return next((one for one in reversed(self._kept) if one.entries <= entries), None)

    def drop_after(self, entries: int) -> None:
        """Forget those of what comes after ``entries``: it is about to be replaced."""
        while self._kept and self._kept[-1].entries > entries:
            self._kept.pop()

    def take_out(self, first: int, last: int) -> None:
        """The entries from ``first`` up to ``last`` are gone; the ledger removes their cells from what it restores."""
        gone = last - first
        self._kept = [
            one if one.entries <= first else replace(one, entries=one.entries - gone)
            for one in self._kept
            if not first < one.entries <= last
        ]

    def _least(self) -> int:
        """The index of the one without which least would be replayed, measured by how far back it is: a rewind
        usually goes back a little, and spacing that grows with the distance keeps the replay in proportion."""
        ends = [checkpoint.end for checkpoint in self._kept]
        inner = range(1, len(ends) - 1)
        return min(inner, key=lambda i: (ends[i + 1] - ends[i - 1]) / (ends[-1] - ends[i - 1]), default=1)


def places(marks: Sequence[int], start: int, at: Sequence[int], newest: int) -> list[int]:
    """Where to copy while the entries from ``start`` on are decoded: those ``marks`` at which it pays, moved to
    ``start`` when they are close to it. ``at`` holds the position of each entry from ``start`` on and the end of the
    last; ``newest`` is the position of the newest copy there is.

    Stopping at a mark costs a decode of its own, so none is made just before the end: a direct rewind reaches it.
    """
    chosen: list[int] = []
    for mark in marks:
        if mark < start or at[-1] - at[mark - start] < SPACING:
            continue
        index = mark if at[mark - start] - at[0] >= SPACING else start
        position = at[index - start]
        least = 1 if mark == marks[0] else max(SPACING, (at[-1] - position) // FINENESS)
        if position - newest >= least:
            chosen.append(index)
            newest = position
    return chosen
