"""The Engine port over llama.cpp in a child process of ours.

A failed assertion, a lack of memory or a malicious model file kills the child, never the application: the child is
started again with back-off, the model loaded, the prompt replayed, and the turn goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from agent.cancel import Cancel
from agent.engine.child import Child, ChildGone
from agent.engine.gguf_header import GgufHeader, read_header
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
from agent.engine.wire import Count, Counted, Generate, Happened, Load, Loaded, Loading, Refused
from agent.errors import EngineDied, ModelError, ModelLoadError
from agent.messages import ModelMessage

BACK_OFF = (0.1, 0.5, 2.0)
"""Seconds before each attempt to restart; as many attempts as there are numbers."""

SILENCE = 600.0
"""Seconds without a word from the child before it counts as hung: a slice of prompt on a slow machine takes less."""

STOP_PATIENCE = 10.0
"""Seconds that a stopped child may take to say so (a device without abort finishes its slice)."""

POLL = 0.25
"""Seconds between two looks at the deadlines while the child is silent."""

RESTART = "Start Deskhand again, or choose a smaller model. The conversation is kept."


class LlamaEngine:
    """One child, one model. See :class:`agent.engine.port.Engine` for the contract of the methods."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._closed = False
        self._spec: ModelSpec | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        child = self._child
        return child.pid if child and child.alive else None

    def load(self, spec: ModelSpec, on_progress: Callable[[float], None]) -> ModelInfo:
        header = read_header(spec.path)
        self._end_child()
        loaded = self._start(spec, header, on_progress)
        self._spec = spec
        return _info(spec, header, loaded)

    def generate(self, prompt: Prompt, cancel: Cancel, sampling: Sampling = GREEDY) -> Iterator[EngineEvent]:
        attempts = 0
        while True:
            try:
                yield from self._turn(prompt, cancel, sampling)
                return
            except _TurnLost as lost:
                if self._closed or cancel.requested:
                    yield _cut_short(lost.said)
                    return
                attempts = self._revive(lost.cause, attempts, cancel)
                yield Restarted(lost.cause, attempts)

    def count_tokens(self, prompt: Prompt) -> int:
        attempts = 0
        while True:
            child = self._child
            try:
                if child is None:
                    raise ChildGone
                child.send(Count(prompt=child.give(prompt)))
                reply = child.receive(SILENCE)
            except (ChildGone, TimeoutError):
                attempts = self._revive(_cause(child), attempts, Cancel())
                continue
            if isinstance(reply, Counted):
                return reply.tokens
            raise _error(reply)

    def close(self) -> None:
        self._closed = True
        self._end_child()

    def _turn(self, prompt: Prompt, cancel: Cancel, sampling: Sampling) -> Iterator[EngineEvent]:
        """One attempt at the turn. Raises _TurnLost when the child dies, ModelError when it refuses."""
        child = self._child
        said: list[str] = []
        try:
            if child is None:
                raise ChildGone
            child.clear_stop()
            with cancel.calling(child.stop):
                child.send(Generate(prompt=child.give(prompt), sampling=sampling))
                child.given.forget_all_but(prompt)
                for event in _turn_events(child, cancel):
                    if isinstance(event, Piece) and not event.thought:
                        said.append(event.text)
                    yield event
        except (ChildGone, TimeoutError) as gone:
            raise _TurnLost(_cause(child), "".join(said)) from gone

    def _revive(self, cause: str, attempts: int, cancel: Cancel) -> int:
        """Bring the child back with the model loaded, after ``attempts`` of doing so for the same turn; returns
        how many it are now. Raises EngineDied when there were too many."""
        for attempt in range(attempts + 1, len(BACK_OFF) + 1):
            cancel.wait(BACK_OFF[attempt - 1])
            if self._spec is None or self._closed:
                break
            self._end_child()
            try:
                self._start(self._spec, read_header(self._spec.path), lambda _: None)
            except ModelLoadError:
                continue
            return attempt
        if self._spec is None or self._closed:
            raise EngineDied("No model is loaded.", "Choose a model first.")
        raise EngineDied(f"{cause} It was restarted {len(BACK_OFF)} times.", RESTART)

    def _start(self, spec: ModelSpec, header: GgufHeader, on_progress: Callable[[float], None]) -> Loaded:
        """A new child with the model loaded. Raises ModelLoadError; no child is left behind then."""
        child = Child()
        with self._lock:
            self._child = child
        if self._closed:
            self._end_child()
        try:
            child.send(Load(spec=spec, fingerprint=header.fingerprint))
            return _await_loaded(child, on_progress)
        except (ChildGone, TimeoutError) as gone:
            cause = _cause(child)
            self._end_child()
            raise ModelLoadError(
                f"The model {header.name} could not be loaded. {cause}",
                "Choose another model; nothing else was changed.",
            ) from gone
        except ModelError:
            self._end_child()
            raise

    def _end_child(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child:
            child.kill()


class _TurnLost(Exception):
    """The child died in a turn, or before it. ``said`` is the text that was streamed."""

    def __init__(self, cause: str, said: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.said = said


def _turn_events(child: Child, cancel: Cancel) -> Iterator[Prefill | Piece | Finished]:
    """The events of the running turn, the last one Finished. Given up half-way by whoever listens, the turn is
    stopped and the rest of it thrown away, so that the next command finds a child that waits for it."""
    replies = _replies(child, cancel)
    over = False
    try:
        for reply in replies:
            over = not isinstance(reply, Happened) or isinstance(reply.event, Finished)
            if not isinstance(reply, Happened):
                raise _error(reply)
            yield reply.event
            if over:
                return
    finally:
        if not over and child.alive:
            child.stop()
            _drain(child)


def _drain(child: Child) -> None:
    try:
        while True:
            reply = child.receive(STOP_PATIENCE)
            if not isinstance(reply, Happened) or isinstance(reply.event, Finished):
                return
    except (ChildGone, TimeoutError):
        child.kill()


def _replies(child: Child, cancel: Cancel) -> Iterator[Loaded | Loading | Happened | Counted | Refused]:
    """Replies as they come. Raises TimeoutError when the child is silent too long, sooner after a stop."""
    heard = time.monotonic()
    stopped: float | None = None
    while True:
        try:
            reply = child.receive(POLL)
        except TimeoutError:
            now = time.monotonic()
            if cancel.requested and stopped is None:
                stopped = now
            if now - heard > SILENCE or (stopped is not None and now - stopped > STOP_PATIENCE):
                child.kill()
                raise
            continue
        heard = time.monotonic()
        yield reply


def _await_loaded(child: Child, on_progress: Callable[[float], None]) -> Loaded:
    on_progress(0.0)
    while True:
        reply = child.receive(SILENCE)
        match reply:
            case Loading():
                on_progress(reply.fraction)
            case Loaded():
                return reply
            case Refused():
                time.sleep(0.05)  # let the log reader see what llama.cpp said just before
                said = child.last_words()
                raise ModelLoadError(f"{reply.what} {said}".strip(), reply.remedy)
            case _:
                raise ChildGone


def _error(reply: object) -> ModelError:
    if isinstance(reply, Refused):
        return ModelError(reply.what, reply.remedy)
    return ModelError("The engine answered out of turn.", RESTART)


def _cause(child: Child | None) -> str:
    return child.cause_of_death() if child else "The engine was not running."


def _cut_short(said: str) -> Finished:
    """The end of a turn that was stopped and whose child did not live to tell."""
    return Finished(ModelMessage(text=said), "cancelled", decoded=0, seconds=0.0, context_used=0)


def _info(spec: ModelSpec, header: GgufHeader, loaded: Loaded) -> ModelInfo:
    return ModelInfo(
        name=header.name,
        path=spec.path,
        architecture=header.architecture,
        file_bytes=header.file_bytes,
        parameters=header.parameters,
        context_tokens=loaded.context_tokens,
        trained_context_tokens=loaded.trained_context_tokens,
        vocabulary_size=loaded.vocabulary_size,
        fingerprint=header.fingerprint,
        dialect=loaded.dialect,
        sees=loaded.sees,
        hears=loaded.hears,
        plan=loaded.trouble,
    )
