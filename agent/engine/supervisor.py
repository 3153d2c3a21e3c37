"""The Engine port over llama.cpp in a child process of ours.

A failed assertion, a lack of memory or a malicious model file kills the child, never the application: the child is
started again with back-off, the model loaded, the prompt replayed, and the turn goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from agent.cancel import Cancel, Cancelled
from agent.engine.child import Child, ChildGone
from agent.engine.exchange import await_loaded, call, turn_events
from agent.engine.gguf.header import GgufHeader, read_header
from agent.engine.port import (
    GREEDY,
    EngineEvent,
    Finished,
    ModelInfo,
    ModelSpec,
    Piece,
    Prompt,
    Restarted,
    Sampling,
)
from agent.engine.wire import (
    Answered,
    Ask,
    Count,
    Counted,
    Generate,
    Load,
    Loaded,
    Prepare,
    Prepared,
    Restore,
    Restored,
    Save,
    Saved,
)
from agent.errors import EngineDied, ModelError, ModelLoadError
from agent.messages import ModelMessage

BACK_OFF = (0.1, 0.5, 2.0)
"""Seconds before each attempt to restart; as many attempts as there are numbers."""

RESTART = "Start Deskhand again, or choose a smaller model. The conversation is kept."

Result = TypeVar("Result")


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

    def prepare(self, prompt: Prompt, cancel: Cancel) -> None:
        def read(child: Child) -> None:
            call(child, Prepare(prompt=child.give(prompt)), Prepared, cancel)

        with suppress(Cancelled):
            self._persistently(read, cancel)

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        def answer(child: Child) -> str:
            command = Ask(prompt=child.give(prompt), question=question, max_tokens=max_tokens)
            return call(child, command, Answered, cancel).text

        try:
            return self._persistently(answer, cancel)
        except Cancelled:
            return ""

    def save(self, file: Path) -> None:
        child = self._child
        try:
            call(_living(child), Save(file=file.absolute()), Saved, Cancel())
        except ChildGone:
            cause = _cause(child)
            self._revive(cause, 0, Cancel())
            raise ModelError(
                f"What the model has read was not saved. {cause} The conversation is kept.",
                "It is read again when it goes on.",
            ) from None

    def restore(self, file: Path) -> bool:
        child = self._child
        try:
            return call(_living(child), Restore(file=file.absolute()), Restored, Cancel()).whole
        except ChildGone:
            self._revive(_cause(child), 0, Cancel())
            return False

    def count_tokens(self, prompt: Prompt) -> int:
        def count(child: Child) -> int:
            return call(child, Count(prompt=child.give(prompt)), Counted, Cancel()).tokens

        return self._persistently(count, Cancel())

    def close(self) -> None:
        self._closed = True
        self._end_child()

    def _turn(self, prompt: Prompt, cancel: Cancel, sampling: Sampling) -> Iterator[EngineEvent]:
        """One attempt at the turn. Raises _TurnLost when the child dies, ModelError when it refuses."""
        child = self._child
        said: list[str] = []
        try:
            command = Generate(prompt=_living(child).give(prompt), sampling=sampling)
            _living(child).given.forget_all_but(prompt)
            for event in turn_events(_living(child), command, cancel):
                if isinstance(event, Piece) and not event.thought:
                    said.append(event.text)
                yield event
        except ChildGone as gone:
            raise _TurnLost(_cause(child), "".join(said)) from gone

    def _persistently(self, do: Callable[[Child], Result], cancel: Cancel) -> Result:
        """What ``do`` returns, with a new child if need be. Raises Cancelled when the child dies after a stop."""
        attempts = 0
        while True:
            child = self._child
            try:
                return do(_living(child))
            except ChildGone:
                cancel.check()
                attempts = self._revive(_cause(child), attempts, cancel)

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
        try:
            child = Child()
        except OSError as error:
            raise ModelLoadError(
                f"No process could be started for the model {header.name} ({error.strerror}).",
                "Close other applications and try again. The conversation is kept.",
            ) from error
        with self._lock:
            self._child = child
        if self._closed:
            self._end_child()
        try:
            child.send(Load(spec=spec, fingerprint=header.fingerprint))
            return await_loaded(child, on_progress)
        except ChildGone as gone:
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


def _living(child: Child | None) -> Child:
    if child is None:
        raise ChildGone
    return child


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
        plan=loaded.plan,
    )
