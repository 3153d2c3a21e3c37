"""Tokens read as they come: words, thoughts and at most one call, told to the person as soon as they are certain.

What began like a call is held back until it is one, or turns out to be text. Nothing here chooses or decodes.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agent.engine.decoding.sampling import CallAttempt, CallGrammar
from agent.engine.dialects.contract import Dialect
from agent.engine.port import Piece
from agent.engine.vocabulary import Vocabulary


@dataclass(slots=True)
class Reading:
    """What was decoded so far in a turn. ``grammar`` is there when the model may call."""

    dialect: Dialect
    vocabulary: Vocabulary
    thinking: bool
    grammar: CallGrammar | None = None
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

    @property
    def certain_call(self) -> CallAttempt | None:
        """The call in the making, once nothing but a call can come of it."""
        return self.attempt if self.committed else None

    def take(self, token: int) -> Iterator[Piece]:
        """Read one more token."""
        self.tokens.append(token)
        if self.attempt is not None:
            if self.attempt.allows(token):
                self._take_into_call(token, self.attempt)
                return
            yield from self._release()
        nothing_said = not self.text.strip()
        if self.grammar and self.dialect.may_start_call(token, nothing_said, self.thinking):
            attempt = self.grammar.begin()
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
