"""What stands in the KV cache, token by token, and the cheapest way to make it equal to a prompt.

A prompt is matched from the front; only what differs is decoded. At least one token is always decoded again,
because a cache holds no logits. A rewind on a sliding-window model is direct only while the window before the new
position is still held; otherwise the sequence starts afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from agent.engine.bindings import SLICE, DecodeAborted, DecodeFailed
from agent.engine.script import Script


class Cache(Protocol):
    """The part of a context that the ledger drives (:class:`agent.engine.bindings.NativeContext`)."""

    def decode(self, tokens: Sequence[int], position: int, scored: int = 1) -> None: ...
    def first_position(self) -> int: ...
    def last_position(self) -> int: ...
    def forget_from(self, position: int) -> bool: ...
    def clear(self) -> None: ...


def common_prefix(held: Sequence[int], wanted: Sequence[int]) -> int:
    """How many leading tokens the two share."""
    shortest = min(len(held), len(wanted))
    if held[:shortest] == wanted[:shortest]:
        return shortest
    return next(i for i in range(shortest) if held[i] != wanted[i])


class Ledger:
    """The tokens in ``cache``, in order. ``window`` is the model's sliding window, 0 for none."""

    def __init__(self, cache: Cache, window: int) -> None:
        self._cache = cache
        self._window = window
        self._held: list[int] = []

    @property
    def tokens(self) -> tuple[int, ...]:
        return tuple(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def prefill(self, script: Script, stopped: Callable[[], bool]) -> int:
        """Make the cache hold exactly ``script`` and return how many of its tokens were there already.

        Raises DecodeAborted on a stop; what was decoded until then stays and is found again next time.
        """
        prompt = [entry for entry in script.entries if isinstance(entry, int)]
        reused = self._rewind(min(common_prefix(self._held, prompt), len(prompt) - 1))
        for start in range(reused, len(prompt), SLICE):
            if stopped():
                raise DecodeAborted
            self.append(prompt[start : start + SLICE])
        return reused

    def append(self, tokens: Sequence[int], scored: int = 1) -> None:
        """Decode ``tokens`` after what is held; the logits of the last ``scored`` can be read then."""
        try:
            self._cache.decode(tokens, len(self._held), scored)
        except DecodeAborted:
            finished = self._cache.last_position() + 1 - len(self._held)
            self._held.extend(tokens[: max(0, finished)])
            raise
        except DecodeFailed:  # what is in the cache now is anybody's guess
            self._cache.clear()
            self._held.clear()
            raise
        self._held.extend(tokens)

    def drop_last(self, count: int) -> None:
        """Forget the last ``count`` tokens, all of them text of the last :meth:`append` and fewer than that took.

        Such a rewind is exact on a sliding-window model too: a decode overwrites only what its own first token no
        longer sees, so whatever a token of it sees is still there.
        """
        del self._held[len(self._held) - count :]
        self._cache.forget_from(len(self._held))

    def _rewind(self, position: int) -> int:
        """Hold only the tokens before ``position``, or none if that cannot be had; returns how many are held."""
        if position == len(self._held):
            return position
        held_from = self._cache.first_position()
        direct = position > 0 and held_from <= max(0, position - self._window)
        if not (direct and self._cache.forget_from(position)):
            self._cache.clear()
            position = 0
        del self._held[position:]
        return position
