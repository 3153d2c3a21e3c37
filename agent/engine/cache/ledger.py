"""What stands in the KV cache, entry by entry, and the cheapest way to make it equal to a prompt.

A prompt is matched from the front, text by id and media by key; only what differs is decoded. Media are decoded
whole or not at all. At least one token is always decoded again, because a cache holds no logits.

A rewind drops what comes after it. On a sliding-window model it is direct while the window before the new end is still
held; else the window comes from a checkpoint, and what follows that is decoded again. The state of a recurrent layer
always does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agent.engine.bindings import SLICE, DecodeAborted, DecodeFailed
from agent.engine.cache.checkpoints import Checkpoint, Checkpoints, places
from agent.engine.script import Entry, Media, Script, cells

AROUND_MEDIA = 2
"""How many tokens may stand around a picture as its opening and its end, and go with it."""


class Cache(Protocol):
    """The part of a context that the ledger drives (:class:`agent.engine.bindings.NativeContext`)."""

    def decode(self, tokens: Sequence[int], position: int, scored: int = 1) -> None: ...
    def decode_media(self, media: Media, position: int) -> None: ...
    def first_position(self) -> int: ...
    def last_position(self) -> int: ...
    def forget_from(self, position: int) -> bool: ...
    def forget_span(self, start: int, end: int) -> bool: ...
    def clear(self) -> None: ...
    def state(self, window_only: bool) -> NDArray[np.uint8]: ...
    def restore(self, state: NDArray[np.uint8], window_only: bool) -> bool: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is held. ``starts`` are the entries' positions; between two of them a picture may be missing."""

    entries: tuple[Entry, ...]
    starts: tuple[int, ...]
    state: NDArray[np.uint8]


def common_prefix(held: Sequence[Entry], wanted: Sequence[Entry]) -> int:
    """How many leading entries the two share."""
    shortest = min(len(held), len(wanted))
    if held[:shortest] == wanted[:shortest]:
        return shortest
    return next((i for i in range(shortest) if held[i] != wanted[i]), shortest)


class Ledger:
    """The entries in ``cache``, in order. ``window`` is the model's sliding window, 0 for none. A ``recurrent`` model
    has layers with a state that can be copied, but not taken back by a few tokens.
    """

    def __init__(self, cache: Cache, window: int, recurrent: bool = False) -> None:
        self._cache = cache
        self._window = window
        self._recurrent = recurrent
        self._held: list[Entry] = []
        self._starts: list[int] = []
        self._cells = 0
        self.checkpoints = Checkpoints()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._held)

    @property
    def end(self) -> int:
        """The position after the last entry."""
        return self._end_of(len(self._held))

    def __len__(self) -> int:
        """How many cells of the context are taken: a position whose picture was taken out takes none."""
        return self._cells

    def prefill(self, script: Script, stopped: Callable[[], bool], again: int = 1) -> int:
        """Make the cache hold exactly ``script``, which ends in a token; returns how many cells were there.

        That token is decoded ``again`` for its logits; with 0, for a script that is to go on, it need not be one.
        Raises DecodeAborted on a stop; what was decoded until then stays and is found again next time. Raises
        DecodeFailed with nothing held.
        """
        if script.in_place:
            for first, last in reversed(missing_media(self._held, script.entries)):
                self.take_out(first, last)
        shared = common_prefix(self._held, script.entries)
        self.checkpoints.drop_after(shared)
        self.rewind(min(shared, len(script.entries) - again))
        reused = len(self)
        self._read_on(script, stopped)
        return reused

    def append(self, tokens: Sequence[int], scored: int = 1) -> None:
        """Decode ``tokens`` after what is held; the logits of the last ``scored`` can be read then. Raises as
        :meth:`prefill` does."""
        start = self.end
        try:
            self._cache.decode(tokens, start, scored)
        except DecodeAborted:
            if self._recurrent:  # the state has read on, nobody knows how far
                self._drop_unfinished()
            else:
                finished = max(0, self._cache.last_position() + 1 - start)
                self._hold(tokens[:finished], start)
            raise
        except DecodeFailed:  # what is in the cache now is anybody's guess
            self.clear()
            raise
        self._hold(tokens, start)

    @contextmanager
    def aside(self, script: Script, common: int, stopped: Callable[[], bool]) -> Iterator[None]:
        """Have ``script`` in the cache for the block, and afterwards what was there before it. If that was its
        beginning, its first ``common`` entries stay as well: they are the conversation, the rest is the aside.

        This is a rewind with a checkpoint of its own and not a second sequence, which would cost the sliding layers
        another window of cells for good, and would not fit beside a full context. Raises as :meth:`prefill` does.
        """
        if common_prefix(self._held, script.entries) < len(self._held):
            with self._set_aside():
                self.prefill(script, stopped)
                yield
            return
        self._read_on(Script(script.entries[:common], script.marks), stopped)
        held, copy = len(self._held), self._copy()
        try:
            self.prefill(Script(script.entries), stopped)
            yield
        finally:
            self.rewind(held, copy)

    @contextmanager
    def _set_aside(self) -> Iterator[None]:
        """Bring back everything that is held now after the block."""
        snapshot, checkpoints = self.snapshot(), self.checkpoints
        self.checkpoints = checkpoints.copy()
        try:
            yield
        finally:
            if self.revert(snapshot):
                self.checkpoints = checkpoints

    def rewind(self, entries: int, copy: Checkpoint | None = None) -> None:
        """Hold only the first ``entries``, or fewer when those cannot be had. ``copy`` is one that was made there."""
        if entries < len(self._held):
            self._drop(self._rewound(entries, copy or self.checkpoints.newest(entries)))

    def drop_last(self, tokens: int) -> None:
        """Forget that many ``tokens``, of those that the last :meth:`append` took but not all of them.

        On a sliding-window model too that is direct: a decode overwrites only what its own first token no longer
        sees, so all that any later one of it may look at is still held.
        """
        self.rewind(len(self._held) - tokens)

    def checkpoint(self) -> None:
        """Make sure that a rewind to here will be possible without decoding anything again."""
        if copy := self._copy():
            self.checkpoints.keep(copy)

    def take_out(self, first: int, last: int) -> None:
        """Drop the entries from ``first`` up to ``last`` where they stand. What follows keeps its positions and is not
        decoded again, though it was computed with them in sight. A cache that cannot do it (a recurrent model's) is
        left as it is."""
        if not self._cache.forget_span(self._end_of(first), self._end_of(last)):
            return
        self.checkpoints.take_out(first, last)
        self._cells -= cells(self._held[first:last])
        del self._held[first:last]
        del self._starts[first:last]

    def clear(self) -> None:
        self._cache.clear()
        self._drop(0)

    def snapshot(self) -> Snapshot:
        """A copy of everything but the checkpoints. Raises DecodeFailed when llama.cpp cannot make one."""
        return Snapshot(tuple(self._held), tuple(self._starts), self._cache.state(window_only=False))

    def revert(self, snapshot: Snapshot) -> bool:
        """Hold exactly what ``snapshot`` does; when false, nothing."""
        self.clear()
        if not snapshot.entries:
            return True
        end = snapshot.starts[-1] + _size(snapshot.entries[-1])
        if (
            not self._cache.restore(snapshot.state, window_only=False)
            or self._cache.last_position() != end - 1
        ):
            self.clear()
            return False
        self._held = list(snapshot.entries)
        self._starts = list(snapshot.starts)
        self._cells = cells(self._held)
        return True

    def _copy(self) -> Checkpoint | None:
        """None where a rewind needs none."""
        if not self._held or not (self._window or self._recurrent):
            return None
        return Checkpoint(len(self._held), self.end, self._cache.state(window_only=True))

    def _read_on(self, script: Script, stopped: Callable[[], bool]) -> None:
        """Decode what of ``script`` comes after what is held, which is its beginning."""
        stops = self._checkpoint_places(script)
        for piece in _pieces(script.entries, len(self._held), stops):
            if stopped():
                raise DecodeAborted
            if piece.start in stops:
                self.checkpoint()
            self._decode(script.entries[piece])

    def _decode(self, piece: Sequence[Entry]) -> None:
        media = piece[0]
        if not isinstance(media, Media):
            self.append([entry for entry in piece if isinstance(entry, int)])
            return
        start = self.end
        try:
            self._cache.decode_media(media, start)
        except DecodeAborted:  # half a picture is none, and it may have taken cells of the window before it
            self._drop_unfinished()
            raise
        except DecodeFailed:
            self.clear()
            raise
        self._hold(piece, start)

    def _hold(self, entries: Sequence[Entry], start: int) -> None:
        for entry in entries:
            self._held.append(entry)
            self._starts.append(start)
            start += _size(entry)
        self._cells += cells(entries)

    def _drop(self, entries: int) -> None:
        """Cross out all but the first ``entries``; the cache has dropped them already."""
        self._cells -= cells(self._held[entries:])
        del self._held[entries:]
        del self._starts[entries:]
        self.checkpoints.drop_after(entries)

    def _drop_unfinished(self) -> None:
        """Have the cache hold again what is held, or less, after a decode that was stopped."""
        held = len(self._held)
        self._drop(self._rewound(held, self.checkpoints.newest(held)))

    def _end_of(self, entries: int) -> int:
        """The position after the first ``entries``."""
        return self._starts[entries - 1] + _size(self._held[entries - 1]) if entries else 0

    def _rewound(self, entries: int, checkpoint: Checkpoint | None) -> int:
        """Have the cache hold the first ``entries``, or as many of them as can be had; returns how many."""
        end = self._end_of(entries)
        if entries and self._window_reaches(end) and self._cache.forget_from(end):
            return entries
        if checkpoint and self._cache.restore(checkpoint.state, window_only=True):
            self._cache.forget_from(checkpoint.end)
            for start, stop in self._holes(checkpoint.entries):
                self._cache.forget_span(start, stop)
            return checkpoint.entries
        self._cache.clear()
        return 0

    def _holes(self, entries: int) -> Iterator[tuple[int, int]]:
        """The positions, among the first ``entries``, whose media were taken out."""
        for after in range(1, entries):
            if self._end_of(after) != self._starts[after]:
                yield self._end_of(after), self._starts[after]

    def _window_reaches(self, end: int) -> bool:
        """Whether all that a token at position ``end`` may look at is still held: llama.cpp masks what is
        ``window`` or more positions back (``llama_hparams::is_masked_swa``)."""
        oldest = max(0, end - self._window + 1)
        after = bisect_right(self._starts, oldest)
        if self._end_of(after) <= oldest and after < len(
            self._starts
        ):  # in the place of a medium that was taken out
            oldest = self._starts[after]
        return self._cache.first_position() <= oldest

    def _checkpoint_places(self, script: Script) -> list[int]:
        """The indexes into the script's entries, from what is held on, at which a checkpoint should be made."""
        start = len(self._held)
        if start == len(script.entries) or not (self._window or self._recurrent):
            return []
        at = list(accumulate(map(_size, script.entries[start:]), initial=self.end))
        marks = [mark for mark in script.marks if mark <= len(script.entries)]
        newest = self.checkpoints.newest(start)
        return places(marks, start, at, newest.end if newest else 0)


def missing_media(held: Sequence[Entry], wanted: Sequence[Entry]) -> list[tuple[int, int]]:
    """The spans of ``held``, each of media and the tokens around them, without which more of it begins ``wanted``."""
    spans: list[tuple[int, int]] = []
    at, ahead = 0, 0
    while at < len(held):
        same = common_prefix(held[at:], wanted[ahead:])
        at, ahead = at + same, ahead + same
        last = _end_of_missing(held, at, wanted, ahead)
        if last is None:
            break
        spans.append((at, last))
        at = last
    return spans


def _end_of_missing(held: Sequence[Entry], first: int, wanted: Sequence[Entry], ahead: int) -> int | None:
    """Where ``held`` goes on like ``wanted`` from ``ahead`` on, if only media stand between there and ``first``."""
    media = tokens = 0
    for last in range(first + 1, len(held)):
        if isinstance(held[last - 1], Media):
            media += 1
        else:
            tokens += 1
        if tokens > AROUND_MEDIA * (media + 1) or ahead == len(wanted):
            return None
        if media and tokens <= AROUND_MEDIA * media and held[last] == wanted[ahead]:
            return last
    return None


def _size(entry: Entry) -> int:
    return entry.positions if isinstance(entry, Media) else 1


def _pieces(entries: Sequence[Entry], start: int, stops: Sequence[int]) -> Iterator[slice]:
    """What to decode at once, from ``start`` on: one medium, or text up to a medium, a stop or a slice's end."""
    while start < len(entries):
        end = start + 1
        if not isinstance(entries[start], Media):
            limit = min([start + SLICE, len(entries), *(stop for stop in stops if stop > start)])
            while end < limit and not isinstance(entries[end], Media):
                end += 1
        yield slice(start, end)
        start = end
