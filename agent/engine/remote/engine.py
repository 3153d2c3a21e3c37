"""The Engine port over a server. What is lost on the way is asked for again, with back-off; nothing is kept here but
the way to the server and how many tokens it last read.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

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
    ServerSpec,
)
from agent.engine.remote.address import Address, address_of
from agent.engine.remote.answer import Answer, Reason, Unreadable, reason_of
from agent.engine.remote.counting import Counter
from agent.engine.remote.facts import Facts, find_out
from agent.engine.remote.link import Exchange, Json, Link, Lost
from agent.engine.remote.messages import Media, asked, chat_messages, declared
from agent.errors import EngineDied, ModelError, ModelLoadError
from agent.messages import ModelMessage

BACK_OFF = (0.3, 1.0, 3.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds before each new attempt: together long enough for a server that starts again with its model."""
LONGEST_WAIT = 120.0
"""Seconds that a server may ask us to wait between two attempts."""
STUBBORN_ATTEMPTS = 2
"""How often a server's own error is tried again."""
LEAST_ANSWER = 16
"""Tokens that are asked for in any case; a prompt that leaves no room for them is the server's to refuse."""
SILENCE = 900.0
"""Seconds without a byte before an answer counts as lost: a long prompt on a slow server says nothing for minutes."""

_CALLED_BADLY = "Your call could not be read: {why} Make the call again, with valid arguments."


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A server that was asked about its model."""

    link: Link
    facts: Facts
    media: Media
    counter: Counter
    context_tokens: int
    thinking: bool


class RemoteEngine:
    """One server, one of its models. See :class:`agent.engine.port.Engine` for the contract of the methods.

    ``Prefill`` comes before the pieces where the server tells early what it read, else just before ``Finished``.
    """

    def __init__(self, back_off: Sequence[float] = BACK_OFF, silence: float = SILENCE) -> None:
        self._back_off, self._silence = tuple(back_off), silence
        self._loaded: _Loaded | None = None
        self._exchange: Exchange | None = None
        self._closed = False

    def load(self, spec: ModelSpec, on_progress: Callable[[float], None]) -> ModelInfo:
        """Ask ``spec.server`` about its model. Raises ModelLoadError, ModelError when it refuses."""
        if spec.server is None:
            raise ModelLoadError("No server was chosen.", "Give its address: deskhand --server URL")
        on_progress(0.0)
        link, facts = _connected(spec.server, self._silence)
        if self._loaded is not None:
            self._loaded.link.close()
        media = Media(facts.sees, facts.hears and link.address.here)  # a voice stays on this machine
        counter = Counter(link, facts.kind, facts.model)
        context = spec.context_tokens or facts.context_tokens
        self._loaded = _Loaded(link, facts, media, counter, context, spec.thinking)
        on_progress(1.0)
        return _info(link.address, facts, context)

    def generate(self, prompt: Prompt, cancel: Cancel, sampling: Sampling = GREEDY) -> Iterator[EngineEvent]:
        server = self._server()
        messages = chat_messages(prompt, server.media)
        tools = declared(prompt.tools)
        read = 0
        sampling = replace(sampling, max_tokens=_room(server, prompt, messages, tools, sampling.max_tokens))
        for event in self._run(_body(server, messages, tools, "auto", sampling), cancel):
            match event:
                case Prefill(0):  # the server does not say
                    read = self.count_tokens(prompt)
                    yield replace(event, tokens=read)
                case Prefill(read):
                    server.counter.learn(prompt, read)
                    yield event
                case Finished():
                    yield replace(event, context_used=read + event.decoded)
                case _:
                    yield event

    def prepare(self, prompt: Prompt, cancel: Cancel) -> None:
        """Nothing: a server reads a prompt when it is to answer it."""

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        server = self._server()
        messages = asked(chat_messages(prompt, server.media), question)
        # The tools stay declared: without them, nothing of what the server has read would fit any more.
        body = _body(server, messages, declared(prompt.tools), "none", Sampling(max_tokens=max_tokens))
        said: list[str] = []
        for event in self._run(body, cancel):
            match event:
                case Piece(text, thought=False):
                    said.append(text)
                case Restarted():
                    said.clear()
                case _:
                    pass
        return "".join(said).strip()

    def save(self, file: Path) -> None:
        """Nothing: the cache is the server's."""

    def restore(self, file: Path) -> bool:
        return False

    def count_tokens(self, prompt: Prompt) -> int:
        server = self._server()
        return server.counter.count(prompt, chat_messages(prompt, server.media), declared(prompt.tools))

    def close(self) -> None:
        self._closed = True
        exchange, loaded = self._exchange, self._loaded
        if exchange is not None:
            exchange.hang_up()
        if loaded is not None:
            loaded.link.close()

    def _server(self) -> _Loaded:
        if self._loaded is None or self._closed:
            raise EngineDied("No model is loaded.", "Choose a model or a server first.")
        return self._loaded

    def _run(self, body: Json, cancel: Cancel) -> Iterator[EngineEvent]:
        """The turn that ``body`` asks for, again and again until it is whole."""
        attempts, repaired = 0, False
        while True:
            turn = _Turn(self._server(), body)
            try:
                yield from self._attempt(turn, cancel)
                return
            except Lost as lost:
                if self._closed or cancel.requested:
                    yield turn.cut_short()
                    return
                attempts += 1
                self._give_up_after(attempts, lost)
                if turn.told or attempts > 1:
                    yield Restarted(lost.cause, attempts)
                cancel.wait(self._pause(attempts, lost))
            except Unreadable as unreadable:
                if repaired:
                    raise ModelError(
                        f"{unreadable} The model was asked again and did no better; nothing was done.",
                        "Say it in other words, or use a larger model.",
                    ) from None
                repaired = True
                body = _repairing(body, str(unreadable))
                attempts += 1
                yield Restarted(str(unreadable), attempts)

    def _attempt(self, turn: _Turn, cancel: Cancel) -> Iterator[EngineEvent]:
        if cancel.requested or self._closed:
            yield turn.cut_short()
            return
        exchange = self._exchange = turn.server.link.stream("/v1/chat/completions", turn.body)
        try:
            with cancel.calling(exchange.hang_up):
                for data in exchange:
                    yield from turn.take(data)
                    if cancel.requested:
                        break
            if cancel.requested or self._closed:
                yield turn.cut_short()
            else:
                yield from turn.end()
        finally:
            exchange.hang_up()

    def _give_up_after(self, attempts: int, lost: Lost) -> None:
        """Raises EngineDied when that was one attempt too many."""
        most = min(STUBBORN_ATTEMPTS, len(self._back_off)) if lost.stubborn else len(self._back_off)
        if attempts > most:
            raise EngineDied(
                f"{lost.cause} It was tried {attempts} times; nothing is lost.",
                "When the server is back, ask to go on: the conversation continues where it was.",
            ) from lost
        if lost.wait > LONGEST_WAIT:
            raise EngineDied(
                f"{lost.cause} It wants to be left alone for {lost.wait:.0f} seconds; nothing is lost.",
                "Ask to go on then, or use another server.",
            ) from lost

    def _pause(self, attempts: int, lost: Lost) -> float:
        """Seconds until the next attempt: not all clients of a server that comes back shall come at the same time."""
        return max(lost.wait, self._back_off[attempts - 1] * random.uniform(0.75, 1.25))


class _Turn:
    """One attempt at a turn: what came of it so far, as events."""

    def __init__(self, server: _Loaded, body: Json) -> None:
        self.server, self.body = server, body
        self.told = False
        """Something was yielded that another attempt makes void."""
        self._answer = Answer(tools=body.get("tool_choice") == "auto")
        self._began = time.monotonic()
        self._first: float | None = None
        self._prefilled = False

    def take(self, data: str) -> Iterator[EngineEvent]:
        """One event of the stream."""
        for piece in self._answer.take(data):
            if not self._prefilled and self._answer.usage is not None:
                yield self._prefill()
            self.told = True
            yield piece
        if self._first is None and self._answer.deltas:
            self._first = time.monotonic()

    def end(self) -> Iterator[EngineEvent]:
        """The rest of a turn that came to its end. Raises Lost when it did not, Unreadable for a call that is none."""
        if not self._answer.reason:
            raise Lost(f"The server {self.server.link.address.host} broke off in mid-answer.")
        yield from self._answer.end()
        message = self._answer.message()
        if not self._prefilled:
            yield self._prefill()
        yield self._finished(message, reason_of(self._answer, message))

    def cut_short(self) -> Finished:
        """The end of a turn that was stopped."""
        return self._finished(self._answer.cut_short(), "cancelled")

    def _prefill(self) -> Prefill:
        """What was read, 0 where the server does not say."""
        self._prefilled = True
        usage = self._answer.usage
        seconds = (self._first or time.monotonic()) - self._began
        return Prefill(usage.prompt_tokens, usage.cached, seconds) if usage else Prefill(0, 0, seconds)

    def _finished(self, message: ModelMessage, reason: Reason | Literal["cancelled"]) -> Finished:
        usage = self._answer.usage
        decoded = (usage and usage.completion_tokens) or self._answer.deltas
        return Finished(
            message,
            reason,
            decoded=decoded,
            seconds=time.monotonic() - self._first if self._first else 0.0,
            context_used=decoded,
        )


def look(server: ServerSpec) -> tuple[Address, Facts]:
    """Where ``server`` is and what it has, without using it further. Raises ModelLoadError, ModelError."""
    link, facts = _connected(server, SILENCE)
    link.close()
    return link.address, facts


def _connected(server: ServerSpec, silence: float) -> tuple[Link, Facts]:
    address = address_of(server)
    if not (server.key.isascii() and server.key.isprintable()):
        raise ModelLoadError(
            "The server's key holds characters that no key has.", "Copy it again, without spaces."
        )
    link = Link(address, server.key, silence)
    try:
        return link, find_out(link, server.model, server.sees)
    except Lost as lost:
        link.close()
        remedy = "Check that it runs and that the address is right, or choose a model on this machine."
        raise ModelLoadError(f"{lost.cause} Nothing was sent.", remedy) from lost
    except ModelError:
        link.close()
        raise


def _room(server: _Loaded, prompt: Prompt, messages: list[Json], tools: list[Json], wanted: int) -> int:
    """How many of the ``wanted`` tokens the answer may have: servers refuse what together with the prompt could become
    longer than the context. What is left is counted only where it may be too little."""
    if server.counter.at_most(prompt, tools) + wanted <= server.context_tokens:
        return wanted
    left = server.context_tokens - server.counter.count(prompt, messages, tools)
    return max(LEAST_ANSWER, min(wanted, left))


def _body(
    server: _Loaded,
    messages: list[Json],
    tools: list[Json],
    choice: Literal["auto", "none"],
    sampling: Sampling,
) -> Json:
    """A request. Fields beyond the API are for those servers alone that know them."""
    body: Json = {
        "model": server.facts.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
    }
    if sampling.temperature > 0:
        body |= {"top_p": sampling.top_p, "top_k": sampling.top_k, "seed": sampling.seed}
    if tools:
        body |= {"tools": tools, "tool_choice": choice, "parallel_tool_calls": False}
    if server.thinking:
        body["chat_template_kwargs"] = {"enable_thinking": True}
    if server.facts.kind == "llama-server":
        body["return_progress"] = True
    elif server.facts.kind == "vLLM":
        body["stream_options"] = {"include_usage": True, "continuous_usage_stats": True}
    return body


def _repairing(body: Json, why: str) -> Json:
    messages = cast(list[Json], body["messages"])
    return {**body, "messages": asked(messages, _CALLED_BADLY.format(why=why))}


def _info(address: Address, facts: Facts, context: int) -> ModelInfo:
    senses = "It sees pictures." if facts.sees else "It does not see pictures."
    goes = "nothing leaves this machine" if address.here else f"what it reads goes to {address.host}"
    return ModelInfo(
        name=facts.title,
        path=Path(facts.model),
        architecture=facts.kind,
        file_bytes=facts.file_bytes,
        parameters=facts.parameters,
        context_tokens=context,
        trained_context_tokens=facts.trained_context_tokens or context,
        vocabulary_size=facts.vocabulary_size,
        fingerprint=hashlib.sha256(f"{address.base} {facts.model}".encode()).hexdigest()[:16],
        dialect="generic",
        sees=facts.sees,
        hears=facts.hears and address.here,
        plan=f"It runs on a server ({facts.kind}) with {context:,} tokens of context: {goes}. {senses}",
        server=address.host,
        away=not address.here,
    )
