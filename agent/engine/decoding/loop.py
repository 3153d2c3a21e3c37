"""The loop that decodes: choose a token from the logits there are, tell it, put it into the cache, guess ahead.

A decode takes the tokens that were chosen since the last one, those that the grammar forces after them, and a draft of
what may come next. The tokens of a draft are in the cache before they are chosen; the first one chosen otherwise has
the rest of them dropped.

    chosen   read_file   {path:<|"|>        notes.txt               <|"|>}<tool_call|>
    how      from logits forced             drafted, each confirmed forced
                                            from its own logits
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence

import numpy as np

from agent.engine.bindings import DecodeAborted, NativeContext
from agent.engine.cache.ledger import Ledger
from agent.engine.decoding.forced import ForcedSpans
from agent.engine.decoding.reading import Reading
from agent.engine.decoding.sampling import CallAttempt, Chooser, NothingAllowed, Tokens
from agent.engine.decoding.speculation import Drafter, Payoff
from agent.engine.dialects.contract import Dialect
from agent.engine.vocabulary import Vocabulary


class Forbidden:
    """The tokens that must not be chosen, as an index into logits; there are only a handful of such sets.

    ``always`` are some more.
    """

    def __init__(
        self, vocabulary: Vocabulary, dialect: Dialect, always: frozenset[int] = frozenset()
    ) -> None:
        self._dialect = dialect
        self._always = always
        self._starts_of_calls = frozenset(
            token for token in vocabulary.marks if dialect.may_start_call(token, False, False)
        )
        self._arrays: dict[tuple[frozenset[int], bool], Tokens] = {}

    def here(self, reading: Reading) -> Tokens:
        """With no tools there is nothing to call, and the mark that would begin a call is one of them."""
        call = reading.held if reading.certain_call else ()
        key = (self._dialect.never(call), reading.grammar is not None)
        if key not in self._arrays:
            never, may_call = key
            tokens = never | self._always if may_call else never | self._always | self._starts_of_calls
            self._arrays[key] = np.array(sorted(tokens), dtype=np.int64)
        return self._arrays[key]


class Guesses:
    """Drafts for one turn: of several drafters the first that has an idea, and whether each of them pays."""

    def __init__(self, drafters: Sequence[tuple[Drafter, Payoff]], ends: frozenset[int]) -> None:
        self._drafters = drafters
        self._ends = ends
        self._used: Payoff | None = None
        self.right = 0
        """Drafted tokens that were chosen."""

    def take(self, token: int) -> None:
        for drafter, _ in self._drafters:
            drafter.take(token)

    def draft(self, attempt: CallAttempt | None, room: int, row: int | None) -> list[int]:
        """At most ``room`` tokens, all before the turn's end; within a call those that its grammar takes."""
        for drafter, payoff in self._drafters:
            if payoff.wants_draft():
                draft = self._legal(drafter.draft(min(payoff.length, room), row), attempt)
                if draft:
                    self._used = payoff
                    return draft
        return []

    def _legal(self, draft: list[int], attempt: CallAttempt | None) -> list[int]:
        legal = attempt.copy() if attempt and draft else None
        for index, token in enumerate(draft):
            if token in self._ends or (legal and not legal.allows(token)):
                return draft[:index]
            if legal:
                legal.accept(token)
        return draft

    def measured(self, seconds: float, drafted: int, right: int) -> None:
        """As :meth:`Payoff.measured`. What a plain decode takes is told to all, a draft's success to whose it was."""
        self.right += right
        for _, payoff in self._drafters:
            if not drafted or payoff is self._used:
                payoff.measured(seconds, drafted, right)


class Decoding:
    """The tokens of one turn. ``reading`` is told them by whoever asks for them, before asking for the next one.

    ``forced`` is there when the model may call, ``guesses`` when drafts may be made. ``clock`` gives seconds.
    """

    def __init__(
        self,
        context: NativeContext,
        ledger: Ledger,
        chooser: Chooser,
        reading: Reading,
        forbidden: Forbidden,
        forced: ForcedSpans | None,
        guesses: Guesses | None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._context = context
        self._ledger = ledger
        self._chooser = chooser
        self._reading = reading
        self._forbidden = forbidden
        self._forced = forced
        self._guesses = guesses
        self._clock = clock
        self._pending: list[int] = []
        self._draft: list[int] = []
        self._confirmed = 0
        self._row: int | None = None
        self._seconds = 0.0

    def tokens(self, stopped: Callable[[], bool]) -> Generator[int, None, None]:
        """Tokens as they are chosen; ends on a stop, or where none may stand. Close it: what was drafted and not
        chosen is dropped then."""
        try:
            while not stopped():
                yield self._take(self._choose())
                for token in self._forced_here():
                    self._row = None
                    yield self._take(token)
                if self._pending:
                    self._decode()
        except (DecodeAborted, NothingAllowed):
            return
        finally:
            self._settle()

    def _choose(self) -> int:
        """From the logits of the last token that was taken; those of what was drafted come after."""
        self._row = len(self._draft) - self._confirmed
        reading = self._reading
        return self._chooser.choose(
            self._context.logits(self._row), self._forbidden.here(reading), reading.certain_call
        )

    def _take(self, token: int) -> int:
        if not self._pending and self._draft[self._confirmed : self._confirmed + 1] == [token]:
            self._confirmed += 1
        else:
            self._settle()
            self._pending.append(token)
        if self._guesses:
            self._guesses.take(token)
        return token

    def _forced_here(self) -> list[int]:
        attempt = self._reading.certain_call
        return self._forced.after(attempt) if self._forced and attempt else []

    def _decode(self) -> None:
        """Put into the cache what was taken, with a draft after it."""
        began = self._clock()
        draft: list[int] = []
        if self._guesses:
            room = self._context.size - len(self._ledger) - len(self._pending)
            draft = self._guesses.draft(self._reading.certain_call, max(0, room), self._row)
        batch, self._pending = [*self._pending, *draft], []
        self._ledger.append(batch, scored=len(draft) + 1)
        self._context.logits()  # waits for the device
        self._seconds = self._clock() - began
        self._draft, self._confirmed = draft, 0
        if self._guesses and len(batch) == 1:
            self._guesses.measured(self._seconds, 0, 0)

    def _settle(self) -> None:
        """Drop what was drafted and not chosen."""
        wrong = len(self._draft) - self._confirmed
        if wrong:
            self._ledger.drop_last(wrong)
        if self._draft and self._guesses:
            self._guesses.measured(self._seconds, len(self._draft), self._confirmed)
        self._draft, self._confirmed = [], 0
