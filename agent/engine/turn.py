"""One model turn in the engine process: prefill the prompt, decode until the turn is over, tell what is decoded.

Text is told as soon as it is certain to be text; what began like a call is held back until it is one or is not.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from agent.engine.bindings import DecodeAborted, NativeContext
from agent.engine.dialects.contract import Dialect
from agent.engine.ledger import Ledger
from agent.engine.port import Finished, Piece, Prefill, Prompt, Sampling
from agent.engine.sampling import CallAttempt, CallGrammar, Chooser, NothingAllowed
from agent.engine.vocabulary import Vocabulary
from agent.messages import ModelMessage, ToolCall

Reason = Literal["call", "stop", "length", "cancelled"]


class PromptTooLong(Exception):
    """The prompt alone fills the context."""


@dataclass(slots=True)
class Reading:
    """What was decoded so far, read as text, thoughts and at most one call."""

    dialect: Dialect
    vocabulary: Vocabulary
    thinking: bool
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    thought: str = ""
    held: list[int] = field(default_factory=list)
    """The tokens of the call in the making."""
    attempt: CallAttempt | None = None
    committed: bool = False
    call: tuple[str, dict[str, Any]] | None = None
    _naming: bool = False
    _utf8: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    def take(self, token: int, grammar: CallGrammar | None) -> Iterator[Piece]:
        """Read one more token. ``grammar`` is there when the model may call."""
        self.tokens.append(token)
        if self.attempt is not None:
            if self.attempt.allows(token):
                self._take_into_call(token, self.attempt)
                return
            yield from self._release()
        nothing_said = not self.text.strip()
        if grammar and self.dialect.may_start_call(token, nothing_said, self.thinking):
            attempt = grammar.begin()
            if attempt.allows(token):
                self.attempt = attempt
                self._take_into_call(token, attempt)
                return
        yield from self._take_into_text(token)

    def end(self) -> Iterator[Piece]:
        """The turn is over: an unfinished call is dropped if it was one for certain, and told as text if not."""
        if self.attempt is not None and not self.call:
            if self.committed:
                del self.tokens[len(self.tokens) - len(self.held) :]
                self.attempt = None
            else:
                yield from self._release()
        yield from self._tell(self._utf8.decode(b"", final=True))

    def _take_into_call(self, token: int, attempt: CallAttempt) -> None:
        attempt.accept(token)
        self.held.append(token)
        state = self.dialect.call_state(self.held)
        self.committed = state != "maybe"
        if state == "complete":
            self.call = self.dialect.parse_call(self.held)

    def _release(self) -> Iterator[Piece]:
        held, self.held, self.attempt = self.held, [], None
        for token in held:
            yield from self._take_into_text(token)

    def _take_into_text(self, token: int) -> Iterator[Piece]:
        if token == self.dialect.thought_open:
            self.thinking, self._naming = True, self.dialect.thought_named
        elif token == self.dialect.thought_close:
            self.thinking = self._naming = False
        elif token not in self.vocabulary.control:
            yield from self._tell(self._utf8.decode(self.vocabulary.piece(token)))

    def _tell(self, text: str) -> Iterator[Piece]:
        if self._naming:
            _, newline, text = text.partition("\n")
            self._naming = not newline
        if not text:
            return
        if self.thinking:
            self.thought += text
        else:
            self.text += text
        yield Piece(text, self.thinking)


class TurnRunner:
    """Runs turns on one context, one after another, on the thread that owns it."""

    def __init__(
        self,
        context: NativeContext,
        window: int,
        vocabulary: Vocabulary,
        dialect: Dialect,
        fingerprint: str,
        stopped: Callable[[], bool],
    ) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._dialect = dialect
        self._fingerprint = fingerprint
        self._stopped = stopped
        self._arrays: dict[frozenset[int], NDArray[np.int64]] = {}
        self._grammars: dict[str, CallGrammar] = {}
        self.ledger = Ledger(context, window)

    def run(self, prompt: Prompt, sampling: Sampling) -> Iterator[Prefill | Piece | Finished]:
        """Raises PromptTooLong, UnusableTemplate, BadGrammar and DecodeFailed."""
        began = time.monotonic()
        script = self._dialect.prompt(prompt)
        length = script.positions
        if length >= self._context.size:
            raise PromptTooLong(length)
        grammar = self._grammar(prompt)
        reading = Reading(self._dialect, self._vocabulary, self._dialect.begins_in_thought(prompt))
        try:
            reused = self.ledger.prefill(script, self._stopped)
        except DecodeAborted:
            yield Prefill(length, 0, time.monotonic() - began)
            yield self._finished(reading, prompt, "cancelled", 0, began)
            return
        yield Prefill(length, reused, time.monotonic() - began)
        began = time.monotonic()
        reason: Reason | None = None
        decoded = 0
        for token in self._decode(reading, grammar, sampling):
            decoded += 1
            if token in self._vocabulary.ends:
                reason = "stop"
                break
            yield from reading.take(token, grammar)
            if reading.call:
                reason = "call"
                break
            if decoded >= sampling.max_tokens or len(self.ledger) + 1 >= self._context.size:
                reason = "length"
                break
        reason = reason or ("cancelled" if self._stopped() else "length")
        yield from reading.end()
        yield self._finished(reading, prompt, reason, decoded, began)

    def _decode(self, reading: Reading, grammar: CallGrammar | None, sampling: Sampling) -> Iterator[int]:
        """Tokens as they are chosen, each put into the cache when the next one is asked for; ends on a stop."""
        chooser = Chooser(sampling)
        never_called = frozenset[int]() if grammar else self._starts_of_calls()
        while not self._stopped():
            committed = reading.attempt is not None and reading.committed
            attempt = reading.attempt if committed else None
            never = self._dialect.never(reading.held if committed else ()) | never_called
            try:
                token = chooser.choose(self._context.logits(), self._array(never), attempt)
            except NothingAllowed:
                return
            yield token
            try:
                self.ledger.append([token])
            except DecodeAborted:
                return

    def _starts_of_calls(self) -> frozenset[int]:
        """With no tools there is nothing to call, and the mark that would begin a call must not be sampled."""
        marks = self._vocabulary.marks
        return frozenset(token for token in marks if self._dialect.may_start_call(token, False, False))

    def _array(self, tokens: frozenset[int]) -> NDArray[np.int64]:
        """``tokens`` as an index into logits; there are only a handful of such sets."""
        if tokens not in self._arrays:
            self._arrays[tokens] = np.array(sorted(tokens), dtype=np.int64)
        return self._arrays[tokens]

    def _grammar(self, prompt: Prompt) -> CallGrammar | None:
        if not prompt.tools:
            return None
        gbnf = self._dialect.grammar(prompt.tools)
        if gbnf not in self._grammars:
            self._grammars = {gbnf: CallGrammar(self._vocabulary, gbnf)}
        return self._grammars[gbnf]

    def _finished(
        self, reading: Reading, prompt: Prompt, reason: Reason, decoded: int, began: float
    ) -> Finished:
        call = None
        if reading.call:
            name, arguments = reading.call
            call = ToolCall(id=f"call-{len(prompt.messages)}", name=name, arguments=arguments)
        message = ModelMessage(
            text=reading.text,
            thought=reading.thought,
            call=call,
            tokens=tuple(reading.tokens),
            vocabulary=self._fingerprint,
        )
        seconds = time.monotonic() - began
        return Finished(message, reason, decoded, seconds, context_used=len(self.ledger))
