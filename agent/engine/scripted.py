"""An engine whose answers are written beforehand. For unit tests of what stands around the engine, and nothing
else: it loads no model and understands nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.cancel import Cancel
from agent.engine.port import (
    GREEDY,
    EngineEvent,
    Finished,
    ModelInfo,
    ModelSpec,
    Piece,
    Prefill,
    Prompt,
    Restarted,
    Sampling,
)
from agent.errors import ModelError
from agent.messages import ModelMessage, ToolCall


@dataclass(frozen=True, slots=True)
class Dies:
    """A reply in whose middle the child "dies": ``then`` is what it says when it is back."""

    cause: str
    then: str | ToolCall


Reply = str | ToolCall | Dies | ModelError


class ScriptedEngine:
    """Gives ``replies`` one after another: words are streamed word by word, a call ends its turn with *call*,
    an error is raised. Each is taken when it is asked for, so a generator may first read in ``prompts``, which keeps
    what was asked, what came of the one before. A turn beyond the script fails the test."""

    def __init__(self, replies: Iterable[Reply], context_tokens: int = 8192) -> None:
        self._replies = iter(replies)
        self._context_tokens = context_tokens
        self.prompts: list[Prompt] = []
        self.prepared: list[Prompt] = []
        self.questions: list[str] = []
        self.closed = False

    def load(self, spec: ModelSpec, on_progress: Callable[[float], None]) -> ModelInfo:
        on_progress(0.0)
        on_progress(1.0)
        return ModelInfo(
            name="scripted",
            path=Path(spec.path),
            architecture="scripted",
            file_bytes=0,
            parameters=0,
            context_tokens=self._context_tokens,
            trained_context_tokens=self._context_tokens,
            vocabulary_size=0,
            fingerprint="scripted",
            dialect="gemma4",
            sees=False,
            hears=False,
        )

    def generate(self, prompt: Prompt, cancel: Cancel, sampling: Sampling = GREEDY) -> Iterator[EngineEvent]:
        self.prompts.append(prompt)
        reply = next(self._replies, None)
        if reply is None:
            raise AssertionError("the script is over, and the engine was asked once more")
        if isinstance(reply, ModelError):
            raise reply
        used = self.count_tokens(prompt)
        yield Prefill(tokens=used, reused=0, seconds=0.0)
        if isinstance(reply, Dies):
            yield Piece("void")
            yield Restarted(reply.cause, attempt=1)
            yield Prefill(tokens=used, reused=0, seconds=0.0)
            reply = reply.then
        yield from self._say(reply, cancel, used)

    def _say(self, reply: str | ToolCall, cancel: Cancel, used: int) -> Iterator[EngineEvent]:
        if isinstance(reply, ToolCall):
            reason = "cancelled" if cancel.requested else "call"
            message = ModelMessage(text="", call=None if cancel.requested else reply)
            yield Finished(message, reason, decoded=1, seconds=0.0, context_used=used + 1)
            return
        said: list[str] = []
        for word in re.findall(r"\s*\S+|\s+", reply):
            if cancel.requested:
                break
            said.append(word)
            yield Piece(word)
        reason = "cancelled" if cancel.requested else "stop"
        message = ModelMessage(text="".join(said))
        yield Finished(message, reason, decoded=len(said), seconds=0.0, context_used=used + len(said))

    def prepare(self, prompt: Prompt, cancel: Cancel) -> None:
        self.prepared.append(prompt)

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        """The next reply, which must be words."""
        self.questions.append(question)
        reply = next(self._replies, "")
        assert isinstance(reply, str), "a side question is answered in words"
        return reply

    def save(self, file: Path) -> None:
        file.write_bytes(b"scripted")

    def restore(self, file: Path) -> bool:
        return file.exists()

    def count_tokens(self, prompt: Prompt) -> int:
        """One token a word, near enough for tests of budgets."""
        words = [prompt.system, *(f"{t.name} {t.description} {t.parameters}" for t in prompt.tools)]
        for message in prompt.messages:
            words.append(message.content if message.role == "tool" else message.text)
            if message.role == "user":
                words.append(message.context)
        return sum(len(text.split()) for text in words)

    def close(self) -> None:
        self.closed = True
