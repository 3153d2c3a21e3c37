"""What a prompt is to the KV cache: token ids and media, in order, and where a checkpoint is worth keeping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or a piece of sound as it stands in the cache: ``tokens`` embeddings that nothing can split.

    Equal media are the same embeddings: ``key`` names the pixels or samples and what was done with them.
    """

    kind: Literal["picture", "sound"]
    key: str
    tokens: int
    positions: int
    """How far the position moves; ``tokens`` for all but models with two-dimensional positions."""


Entry = int | Media
"""A token id, or media."""


@dataclass(frozen=True, slots=True)
class Script:
    """A prompt, ready for the cache. ``marks`` are indexes into ``entries``, rising: a conversation is likely to be
    taken up again there (after system and tools, before each observation, where a model turn begins)."""

    entries: Sequence[Entry]
    marks: Sequence[int] = ()
    in_place: bool = False
    """Media missing from what is held are taken out where they stand: what follows keeps what it saw of them and is
    not decoded again. Otherwise the prompt is decoded anew from the first of them on, and the result is exact."""

    @property
    def cells(self) -> int:
        """How much of the context it takes."""
        return cells(self.entries)


def cells(entries: Sequence[Entry]) -> int:
    return sum(entry.tokens if isinstance(entry, Media) else 1 for entry in entries)
