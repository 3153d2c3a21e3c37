"""One model turn in the engine process: prefill the prompt, decode until the turn is over, tell what is decoded."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from typing import Literal

from agent.engine.bindings import DecodeAborted, NativeContext
from agent.engine.cache.ledger import Ledger, common_prefix
from agent.engine.decoding.forced import ForcedSpans
from agent.engine.decoding.loop import Decoding, Forbidden, Guesses
from agent.engine.decoding.reading import Reading
from agent.engine.decoding.sampling import CallGrammar, Chooser
from agent.engine.decoding.speculation import ASSISTED_DRAFT, Drafter, Payoff, PromptLookup
from agent.engine.dialects.contract import Dialect
from agent.engine.media.senses import MediaLost
from agent.engine.port import Finished, Piece, Prefill, Prompt, Sampling
from agent.engine.script import Script
from agent.engine.vocabulary import Vocabulary
from agent.messages import ModelMessage, ToolCall, UserMessage

Reason = Literal["call", "stop", "length", "cancelled"]


class PromptTooLong(Exception):
    """The prompt alone fills the context."""


class TurnRunner:
    """Runs turns on one context, one after another, on the thread that owns it.

    ``speculate`` allows drafts, which a ``recurrent`` model cannot have: its cache drops no single tokens.
    ``assistant`` drafts where the prompt has nothing to copy.
    """

    def __init__(
        self,
        context: NativeContext,
        window: int,
        vocabulary: Vocabulary,
        dialect: Dialect,
        fingerprint: str,
        stopped: Callable[[], bool],
        recurrent: bool = False,
        speculate: bool = False,
        assistant: Drafter | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._dialect = dialect
        self._fingerprint = fingerprint
        self._stopped = stopped
        self._speculate = speculate and not recurrent
        self._clock = clock
        self._assistant = assistant
        self._lookup_payoff, self._assistant_payoff = Payoff(), Payoff(ASSISTED_DRAFT)
        self._forbidden = Forbidden(vocabulary, dialect)
        thoughts = frozenset() if dialect.thought_open is None else frozenset({dialect.thought_open})
        self._forbidden_aside = Forbidden(vocabulary, dialect, thoughts)
        self._grammars: dict[str, tuple[CallGrammar, ForcedSpans]] = {}
        self.ledger = Ledger(context, window, recurrent)

    def run(self, prompt: Prompt, sampling: Sampling) -> Iterator[Prefill | Piece | Finished]:
        """Raises PromptTooLong, UnusableTemplate, BadGrammar and DecodeFailed."""
        began = time.monotonic()
        script = self._script(prompt)
        length = script.cells
        grammar, forced = self._grammar(prompt)
        in_thought = self._dialect.begins_in_thought(prompt)
        reading = Reading(self._dialect, self._vocabulary, in_thought, grammar)
        try:
            script, reused = self._prefill(prompt, script)
        except DecodeAborted:
            yield Prefill(length, 0, time.monotonic() - began)
            yield self._finished(reading, "cancelled", began)
            return
        yield Prefill(length, reused, time.monotonic() - began)
        began = time.monotonic()
        guesses = self._guesses(script)
        reason, decoded = yield from self._decode(reading, forced, guesses, sampling, self._forbidden)
        yield from reading.end()
        guessed = guesses.right if guesses else 0
        yield self._finished(reading, reason, began, decoded, guessed)

    def ask(self, prompt: Prompt, question: str, max_tokens: int) -> str:
        """The answer to ``question`` after ``prompt``, greedy, without thoughts and calls; on a stop, what there is of
        it. The cache holds afterwards what it held before. Raises as :meth:`run` does."""
        asked = replace(prompt, messages=(*prompt.messages, UserMessage(text=question)))
        reading = Reading(self._dialect, self._vocabulary, self._dialect.begins_in_thought(asked), None)
        while True:
            script = self._script(asked)
            conversation = self._dialect.prompt(prompt).entries[
                :-1
            ]  # an answer to it reads its last token again
            common = common_prefix(conversation, script.entries)
            try:
                with self.ledger.aside(script, common, self._stopped):
                    sampling = Sampling(max_tokens=max_tokens)
                    for _ in self._decode(reading, None, None, sampling, self._forbidden_aside):
                        pass
            except MediaLost:
                continue
            except DecodeAborted:
                return ""
            for _ in reading.end():
                pass
            return reading.text.strip()

    def prepare(self, prompt: Prompt) -> None:
        """Have the cache hold what of ``prompt`` is settled although its last message is not: no turn of the model's is
        opened, and after a sound that still grows nothing is read.

        A stop ends it early. Raises PromptTooLong, UnusableTemplate and DecodeFailed.
        """
        with suppress(DecodeAborted):
            self._prefill(prompt, self._script(prompt), whole=False)

    def _script(self, prompt: Prompt) -> Script:
        script = self._dialect.prompt(prompt)
        if script.cells >= self._context.size:
            raise PromptTooLong(script.cells)
        return script

    def _prefill(self, prompt: Prompt, script: Script, whole: bool = True) -> tuple[Script, int]:
        """Have the cache hold ``script``, or what of it is settled; returns what it is now, if media turned out to be
        gone, and how much was there."""
        while True:
            try:
                if whole:
                    return script, self.ledger.prefill(script, self._stopped)
                settled = self._settled(prompt, script)
                return script, self.ledger.prefill(settled, self._stopped, again=0)
            except MediaLost:
                script = self._script(prompt)

    def _settled(self, prompt: Prompt, script: Script) -> Script:
        """What of ``script`` stays when the last message of ``prompt`` goes on."""
        end = script.marks[-1]
        last = prompt.messages[-1] if prompt.messages else None
        if isinstance(last, UserMessage) and any(sound.growing for sound in last.sounds):
            bare = last.model_copy(update={"text": "", "context": ""})
            wordless = self._dialect.prompt(replace(prompt, messages=(*prompt.messages[:-1], bare)))
            end = min(end, common_prefix(script.entries, wordless.entries))
        marks = [mark for mark in script.marks if mark < end]
        return replace(script, entries=script.entries[:end], marks=marks)

    def _decode(
        self,
        reading: Reading,
        forced: ForcedSpans | None,
        guesses: Guesses | None,
        sampling: Sampling,
        forbidden: Forbidden,
    ) -> Generator[Piece, None, tuple[Reason, int]]:
        """Decode into ``reading`` and return why that ended, and how many tokens were chosen."""
        most = min(sampling.max_tokens, self._context.size - len(self.ledger))
        decoding = Decoding(
            self._context,
            self.ledger,
            Chooser(sampling),
            reading,
            forbidden,
            forced,
            guesses,
            self._clock,
        )
        decoded = 0
        with closing(decoding.tokens(self._stopped)) as tokens:
            for token in tokens:
                decoded += 1
                if token in self._vocabulary.ends:
                    return "stop", decoded
                yield from reading.take(token)
                if reading.call:
                    return "call", decoded
                if decoded >= most:
                    return "length", decoded
        return "cancelled" if self._stopped() else "length", decoded

    def _guesses(self, script: Script) -> Guesses | None:
        if not self._speculate:
            return None
        drafters: list[tuple[Drafter, Payoff]] = [(PromptLookup(script.entries), self._lookup_payoff)]
        if self._assistant:
            drafters.append((self._assistant, self._assistant_payoff))
        return Guesses(drafters, self._vocabulary.ends)

    def _grammar(self, prompt: Prompt) -> tuple[CallGrammar, ForcedSpans] | tuple[None, None]:
        """For calls of the prompt's tools; that of the last prompt is kept."""
        if not prompt.tools:
            return None, None
        gbnf = self._dialect.grammar(prompt.tools)
        if gbnf not in self._grammars:
            grammar = CallGrammar(self._vocabulary, gbnf)
            self._grammars = {gbnf: (grammar, ForcedSpans(self._vocabulary, grammar))}
        return self._grammars[gbnf]

    def _finished(
        self,
        reading: Reading,
        reason: Reason,
        began: float,
        decoded: int = 0,
        guessed: int = 0,
    ) -> Finished:
        message = ModelMessage(
            text=reading.text,
            thought=reading.thought,
            call=ToolCall(name=reading.call[0], arguments=reading.call[1]) if reading.call else None,
            tokens=tuple(reading.tokens),
            vocabulary=self._fingerprint,
        )
        return Finished(
            message,
            reason,
            decoded=decoded,
            seconds=time.monotonic() - began,
            context_used=len(self.ledger),
            guessed=guessed,
        )
