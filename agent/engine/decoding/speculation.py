"""Guessing the next tokens, to have several checked in one decode; and whether that pays.

A guess is never trusted: every token is chosen from its own logits as it would be without a guess, and a draft only
decides which logits are there already. So the words are the same with and without, at any temperature, as far as
llama.cpp computes the same logits for a token on its own and in a batch (they differ in the last bits).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from agent.engine.script import Entry

SHORTEST_MATCH, LONGEST_MATCH = 2, 8
"""How many of the last tokens must have stood together before, and how many are compared at most."""

SHORTEST_DRAFT, LONGEST_DRAFT = 2, 16

ASSISTED_DRAFT = 2
"""At most, of a model that drafts: its guesses cost something, and each is less likely than the one before."""

MEDIA = -1
"""Stands for media among the token ids: it matches nothing, and no draft goes past it."""

TRIAL, SHORTEST_REST, LONGEST_REST = 6, 32, 1024
"""Drafts tried before judging them, and decodes without any when they lose (doubled each time they do)."""

WEIGHT = 0.1
"""Of the newest measurement in a running mean."""


class Drafter(Protocol):
    """Guesses what comes next."""

    def take(self, token: int) -> None:
        """``token`` was chosen."""
        ...

    def draft(self, most: int, row: int | None) -> list[int]:
        """At most ``most`` tokens that may come next; none without an idea. ``row`` tells from which logits of the last
        decode the last token was chosen: the last ones, or so many before; None when it was not chosen but forced."""
        ...


class PromptLookup:
    """Drafts by looking where the last tokens stood before, in the prompt or in what was said since, and taking what
    followed. Costs no weights, and is strong where the model copies: file names, the text on a screen, its own calls.

    ``entries`` is the whole prompt; each token of the answer must be told to :meth:`take`.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        known = [entry if isinstance(entry, int) else MEDIA for entry in entries]
        self._tokens = np.array(known + [MEDIA] * len(known), dtype=np.int32)
        self._count = len(known)

    def take(self, token: int) -> None:
        if self._count == len(self._tokens):
            self._tokens = np.concatenate([self._tokens, np.full(self._count + 64, MEDIA, dtype=np.int32)])
        self._tokens[self._count] = token
        self._count += 1

    def draft(self, most: int, row: int | None = None) -> list[int]:
        held = self._tokens[: self._count]
        ends = np.flatnonzero(held[:-1] == held[-1]) if self._count else held
        matched = min(1, len(ends))
        while 0 < matched < min(LONGEST_MATCH, self._count - 1) and held[-1 - matched] != MEDIA:
            longer = ends[ends >= matched]
            longer = longer[held[longer - matched] == held[-1 - matched]]
            if not len(longer):
                break
            ends, matched = longer, matched + 1
        if matched < SHORTEST_MATCH:
            return []
        return self._continued(int(ends[-1]) + 1, most)

    def _continued(self, start: int, most: int) -> list[int]:
        """What stands at ``start``; when that reaches the present, the repetition is taken to go on."""
        period = self._count - start
        draft = self._tokens[start + np.arange(most) % period]
        media = np.flatnonzero(draft == MEDIA)
        return draft[: media[0] if len(media) else most].tolist()


class Payoff:
    """Whether drafts save time, and how long they should be, from what was measured: seconds a token with a draft
    against seconds a token without. Lives as long as the model: the next turn starts from what the last one learnt.
    """

    def __init__(self, longest: int = LONGEST_DRAFT) -> None:
        self._longest = longest
        self.length = min(longest, 2 * SHORTEST_DRAFT)
        """How many tokens to guess: twice as many after a draft that was all right, half after one all wrong."""
        self._plain: float | None = None
        self._seconds = self._tokens = 0.0
        self._tried = 0
        self._rest, self._next_rest = 0, SHORTEST_REST

    def wants_draft(self) -> bool:
        """Asked before each decode."""
        if self._plain is None:
            return False
        self._rest = max(0, self._rest - 1)
        return self._rest == 0

    def measured(self, seconds: float, drafted: int, right: int) -> None:
        """One decode took ``seconds``; ``right`` of its ``drafted`` guesses were."""
        if not drafted:
            self._plain = seconds if self._plain is None else _mean(self._plain, seconds)
            return
        if right == drafted:
            self.length = min(self._longest, 2 * self.length)
        elif not right:
            self.length = max(min(SHORTEST_DRAFT, self._longest), self.length // 2)
        first = self._tried == 0
        self._seconds = seconds if first else _mean(self._seconds, seconds)
        self._tokens = right + 1 if first else _mean(self._tokens, right + 1)
        self._tried += 1
        if self._tried >= TRIAL:
            self._judge()

    def _judge(self) -> None:
        assert self._plain is not None
        if self._seconds / self._tokens <= self._plain:
            self._next_rest = SHORTEST_REST
            return
        self._rest, self._next_rest = self._next_rest, min(LONGEST_REST, 2 * self._next_rest)
        self._tried = 0


def _mean(old: float, new: float) -> float:
    return old + WEIGHT * (new - old)
