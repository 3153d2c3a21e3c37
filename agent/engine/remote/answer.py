"""What a server streams back, put together: words, thoughts, and at most one call.

Calls come as deltas, by index; only the first one counts. A server without a parser for Gemma's calls hands them on as
text, and they are read from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal, NoReturn

from pydantic import BaseModel, ValidationError

from agent.engine.gemma4_text import QUOTE, STRING_MARK, CallSyntaxError, parse_call
from agent.engine.port import Piece
from agent.engine.remote.link import TRY_AGAIN, Lost, complaint
from agent.errors import ModelError
from agent.messages import ModelMessage, ToolCall

CALL_OPEN, CALL_CLOSE = "<|tool_call>", "<tool_call|>"
DONE = "[DONE]"
"""The last event of a stream."""


class Unreadable(Exception):
    """A call whose arguments are not a JSON object, or that has no name; the sentence says which."""


class _FunctionDelta(BaseModel):
    name: str | None = None
    arguments: str | dict[str, object] | None = None


class _CallDelta(BaseModel):
    index: int | None = None
    function: _FunctionDelta | None = None


class _Delta(BaseModel):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[_CallDelta] | None = None

    @property
    def thought(self) -> str:
        """llama-server and SGLang have one name for it, Ollama and vLLM the other; some send both."""
        return self.reasoning_content or self.reasoning or ""


class _Choice(BaseModel):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _CachedTokens(BaseModel):
    cached_tokens: int | None = None


class Usage(BaseModel):
    """How many tokens were read and written. ``cached_tokens`` of those read were in the server's cache."""

    prompt_tokens: int = 0
    completion_tokens: int | None = 0
    prompt_tokens_details: _CachedTokens | None = None

    @property
    def cached(self) -> int:
        return (self.prompt_tokens_details and self.prompt_tokens_details.cached_tokens) or 0


class _Progress(BaseModel):
    """llama-server's, while it reads the prompt."""

    total: int
    cache: int


class _Chunk(BaseModel):
    choices: list[_Choice] | None = None
    usage: Usage | None = None
    prompt_progress: _Progress | None = None
    error: object = None


class Answer:
    """One turn as it arrives. ``tools``: calls may be made."""

    def __init__(self, tools: bool) -> None:
        self._tools = tools
        self._said: list[str] = []
        self._thought: list[str] = []
        self._in_text = CallInText()
        self._first: int | None = None
        self._name = ""
        self._arguments = ""
        self.reason = ""
        """Why the server ended the turn; empty while it has not."""
        self.usage: Usage | None = None
        self.deltas = 0
        """How many pieces have come: about the number of tokens."""

    def take(self, data: str) -> Iterator[Piece]:
        """One event of the stream. Raises Lost when the server gives the turn up, ModelError when it refuses it or
        says what is no answer."""
        if data.strip() == DONE:
            self.reason = self.reason or "stop"
            return
        try:
            chunk = _Chunk.model_validate_json(data)
        except ValidationError:
            raise ModelError(
                f"The server's answer is not in the form of the API: {complaint(data.encode(), '')}",
                "Check that the address is that of an OpenAI-compatible server.",
            ) from None
        if chunk.error:
            raise _given_up(chunk.error)
        self._count(chunk)
        for choice in chunk.choices or ():
            if choice.delta is not None:
                yield from self._take_delta(choice.delta)
            self.reason = choice.finish_reason or self.reason
        if self.reason in ("abort", "error"):
            raise Lost("The server gave the answer up.")

    def end(self) -> Iterator[Piece]:
        """What was held back although no call came of it."""
        if self._in_text.raw is None and (rest := self._in_text.rest()):
            yield self._words(rest)

    @property
    def text(self) -> str:
        return "".join(self._said)

    def message(self) -> ModelMessage:
        """All of it as a message. Raises Unreadable for a call that is none."""
        return ModelMessage(text=self.text, thought="".join(self._thought), call=self._call())

    def cut_short(self) -> ModelMessage:
        """The words so far, without a call."""
        return ModelMessage(text=self.text, thought="".join(self._thought))

    def _count(self, chunk: _Chunk) -> None:
        if chunk.usage is not None:
            self.usage = chunk.usage
        elif chunk.prompt_progress is not None:
            progress = chunk.prompt_progress
            details = _CachedTokens(cached_tokens=progress.cache)
            self.usage = Usage(prompt_tokens=progress.total, prompt_tokens_details=details)

    def _take_delta(self, delta: _Delta) -> Iterator[Piece]:
        if delta.thought:
            self.deltas += 1
            self._thought.append(delta.thought)
            yield Piece(delta.thought, thought=True)
        if delta.content:
            self.deltas += 1
            said = self._in_text.take(delta.content) if self._tools else delta.content
            if said:
                yield self._words(said)
        for part in delta.tool_calls or ():
            self.deltas += 1
            self._take_call(part)

    def _words(self, text: str) -> Piece:
        self._said.append(text)
        return Piece(text)

    def _take_call(self, part: _CallDelta) -> None:
        index = part.index if part.index is not None else (self._first or 0)
        if self._first is None:
            self._first = index
        if index != self._first or part.function is None:
            return
        self._name = self._name or part.function.name or ""
        arguments = part.function.arguments
        self._arguments += (
            arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""
        )

    def _call(self) -> ToolCall | None:
        if not self._tools:
            return None
        if self._first is not None:
            return self._call_of_deltas()
        if self._in_text.raw is None:
            return None
        try:
            name, arguments = parse_call(self._in_text.raw)
        except (CallSyntaxError, RecursionError):
            if self.reason == "length":
                return None
            raise Unreadable("The model wrote a call that is not in its own form.") from None
        return ToolCall(name=name, arguments=arguments)

    def _call_of_deltas(self) -> ToolCall | None:
        try:
            arguments = json.loads(self._arguments or "{}", parse_constant=_no_number)
        except (ValueError, RecursionError):
            if self.reason == "length":
                return None
            raise Unreadable(f"The arguments of {self._name or 'a call'} are not valid JSON.") from None
        if not isinstance(arguments, dict):
            raise Unreadable(f"The arguments of {self._name or 'a call'} are not a JSON object.")
        if not self._name:
            raise Unreadable("A call came without the tool's name.")
        return ToolCall(name=self._name, arguments=arguments)


class CallInText:
    """Finds a call in Gemma's own form within streamed text."""

    def __init__(self) -> None:
        self._held = ""
        self._open = False

    def take(self, text: str) -> str:
        """``text`` comes; returned is what may be shown: what is certain to stand before any call."""
        self._held += text
        if self._open:
            return ""
        at = self._held.find(CALL_OPEN)
        self._open = at >= 0
        if not self._open:
            at = len(self._held) - _begun(self._held)
        said, self._held = self._held[:at], self._held[at:]
        return said

    @property
    def raw(self) -> str | None:
        """The call's raw text (see :mod:`~agent.engine.gemma4_text`), complete or not; None if none began."""
        if not self._open:
            return None
        inner = self._held.removeprefix(CALL_OPEN).partition(CALL_CLOSE)[0]
        return inner.replace(QUOTE, "").replace(STRING_MARK, QUOTE)

    def rest(self) -> str:
        return self._held


def _begun(text: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of a call."""
    for size in range(min(len(text), len(CALL_OPEN) - 1), 0, -1):
        if CALL_OPEN.startswith(text[-size:]):
            return size
    return 0


Reason = Literal["call", "stop", "length"]


def reason_of(answer: Answer, message: ModelMessage) -> Reason:
    """Why the turn ended. A call counts whatever the server calls its end."""
    if message.call is not None:
        return "call"
    return "length" if answer.reason == "length" else "stop"


def _given_up(error: object) -> Lost | ModelError:
    """An error instead of the rest of the answer: our mistake by its code, or the server's, which may be over soon."""
    code = error.get("code") if isinstance(error, dict) else None
    cause = f"The server could not go on with the answer: {complaint(json.dumps(error).encode(), '')}"
    if isinstance(code, int) and 400 <= code < 500 and code not in TRY_AGAIN:
        return ModelError(cause, "The conversation is kept. The server's own log says more.")
    return Lost(cause, stubborn=True)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
