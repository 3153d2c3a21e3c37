"""One command to the child and what comes back, within deadlines. Parent side.

A child that says nothing for too long, or not soon enough that it has stopped, is ended: :class:`ChildGone`, as if it
had died by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from agent.cancel import Cancel
from agent.engine.child import Child, ChildGone
from agent.engine.port import Finished, Piece, Prefill
from agent.engine.wire import AnyCommand, AnyReply, Happened, Loaded, Loading, Refused
from agent.errors import ModelError, ModelLoadError

SILENCE = 600.0
"""Seconds without a word from the child before it counts as hung: a slice of prompt on a slow machine takes less."""

STOP_PATIENCE = 10.0
"""Seconds that a stopped child may take to say so (a device without abort finishes its slice)."""

POLL = 0.25
"""Seconds between two looks at the deadlines while the child is silent."""

Reply = TypeVar("Reply", bound=AnyReply)


def call(child: Child, command: AnyCommand, expected: type[Reply], cancel: Cancel) -> Reply:
    """The one reply to ``command``. Raises ChildGone, and ModelError when it is refused."""
    with cancel.calling(child.begin()):
        child.send(command)
        reply = next(_replies(child, cancel))
    if isinstance(reply, expected):
        return reply
    raise refusal(reply)


def turn_events(child: Child, command: AnyCommand, cancel: Cancel) -> Iterator[Prefill | Piece | Finished]:
    """The events of the turn that ``command`` asks for, the last one Finished. Raises as :func:`call` does.

    Given up half-way by whoever listens, the turn is stopped and the rest of it thrown away, so that the next command
    finds a child that waits for it.
    """
    over, stop = False, child.begin()
    with cancel.calling(stop):
        child.send(command)
        try:
            for reply in _replies(child, cancel):
                over = not isinstance(reply, Happened) or isinstance(reply.event, Finished)
                if not isinstance(reply, Happened):
                    raise refusal(reply)
                yield reply.event
                if over:
                    return
        finally:
            if not over and child.alive:
                stop()
                _drain(child)


def await_loaded(child: Child, on_progress: Callable[[float], None]) -> Loaded:
    """What was loaded. Raises ChildGone and ModelLoadError."""
    on_progress(0.0)
    for reply in _replies(child, Cancel()):
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
                raise refusal(reply)
    raise ChildGone


def refusal(reply: AnyReply) -> ModelError:
    if isinstance(reply, Refused):
        return ModelError(reply.what, reply.remedy)
    return ModelError("The engine answered out of turn. The conversation is kept.", "Start Deskhand again.")


def _replies(child: Child, cancel: Cancel) -> Iterator[AnyReply]:
    """Replies as they come. Raises ChildGone."""
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
                child.give_up()
                raise ChildGone from None
            continue
        heard = time.monotonic()
        yield reply


def _drain(child: Child) -> None:
    try:
        while True:
            reply = child.receive(STOP_PATIENCE)
            if not isinstance(reply, Happened) or isinstance(reply.event, Finished):
                return
    except (ChildGone, TimeoutError):
        child.kill()
