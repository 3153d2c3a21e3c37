"""The engine process: started by :mod:`agent.engine.child`, ended when its parent is.

The main thread owns the model and its context and does one command after another; a reader thread takes commands
off the socket, so that the parent's death is noticed even in the middle of a decode. No network, no Qt. A stop
is not a command: the parent sets a byte of shared memory that llama.cpp itself looks at.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import assert_never

from agent.engine import fit
from agent.engine.bindings import DecodeFailed, LoadRefused, NativeContext, NativeModel, quieten
from agent.engine.dialects import choose_dialect
from agent.engine.dialects.contract import Dialect
from agent.engine.dialects.frame import UnusableTemplate
from agent.engine.sampling import BadGrammar
from agent.engine.turn import PromptTooLong, TurnRunner
from agent.engine.vocabulary import Vocabulary
from agent.engine.wire import (
    COMMAND,
    Count,
    Counted,
    Generate,
    Happened,
    Load,
    Loaded,
    Loading,
    Refused,
    receive,
    send,
)
from agent.messages import Value

FLAG_BYTES = 2
"""The stop flag and the zero after it: a C string that is empty until somebody asks for a stop."""

PROGRESS_EVERY = 0.05
"""Seconds between two reports of loading."""


def main() -> None:
    """Started as ``… SOCKET_FD FLAG_FD``."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    flag = mmap.mmap(int(sys.argv[2]), FLAG_BYTES)
    keep = quieten(lambda text: print(text, end="", file=sys.stderr, flush=True))
    commands: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(connection, commands), daemon=True).start()
    worker = Worker(lambda reply: send(connection, reply), flag)
    while keep:
        worker.do(commands.get())


def _read(connection: socket.socket, commands: queue.Queue[bytes]) -> None:
    """Hand frames on. When the parent is gone so are we, whatever the main thread is doing."""
    while (frame := receive(connection)) is not None:
        commands.put(frame)
    os._exit(0)


class Worker:
    """One model, or none yet, and what is done with it. ``reply`` sends to the parent."""

    def __init__(self, reply: Callable[[Value], None], flag: mmap.mmap) -> None:
        self._reply = reply
        self._flag = flag
        self._dialect: Dialect | None = None
        self._runner: TurnRunner | None = None

    def do(self, frame: bytes) -> None:
        """Carry out one command; whatever can be told ends in a reply."""
        command = COMMAND.validate_json(frame)
        try:
            match command:
                case Load():
                    self._load(command)
                case Generate():
                    self._generate(command)
                case Count():
                    self._count(command)
                case _:
                    assert_never(command)
        except LoadRefused:
            self._reply(NOT_LOADED)
        except UnusableTemplate as error:
            self._reply(_unreadable_template(error))
        except PromptTooLong:
            self._reply(TOO_LONG)
        except (DecodeFailed, BadGrammar) as error:
            self._reply(_failed(error))

    def _load(self, command: Load) -> None:
        spec = command.spec
        model = NativeModel(str(spec.path), spec.gpu_layers, self._report_progress())
        vocabulary = Vocabulary(model.vocabulary_pointer)
        dialect = choose_dialect(vocabulary, model.chat_template, spec.thinking, command.fingerprint)
        trained = model.trained_context
        context = NativeContext(
            model,
            fit.context_tokens(spec.context_tokens, trained),
            fit.threads(spec.threads, model.parameters),
        )
        flag = ctypes.c_char.from_buffer(self._flag)
        context.abort_when_set(ctypes.addressof(flag))
        self._model = model  # keeps the memory behind the pointers
        self._dialect = dialect
        self._runner = TurnRunner(
            context,
            model.sliding_window,
            vocabulary,
            dialect,
            command.fingerprint,
            self._stopped,
            speculate=spec.speculate and not model.recurrent,
        )
        self._reply(
            Loaded(
                context_tokens=context.size,
                trained_context_tokens=trained,
                vocabulary_size=vocabulary.size,
                dialect=dialect.name,
            )
        )

    def _generate(self, command: Generate) -> None:
        if self._runner is None:
            raise LoadRefused
        for event in self._runner.run(command.prompt, command.sampling):
            self._reply(Happened(event=event))

    def _count(self, command: Count) -> None:
        if self._dialect is None:
            raise LoadRefused
        self._reply(Counted(tokens=self._dialect.prompt(command.prompt).positions))

    def _stopped(self) -> bool:
        return self._flag[0] != 0

    def _report_progress(self) -> Callable[[float], bool]:
        last = 0.0

        def report(fraction: float) -> bool:
            nonlocal last
            now = time.monotonic()
            if now - last >= PROGRESS_EVERY or fraction >= 1:
                last = now
                self._reply(Loading(fraction=fraction))
            return True

        return report


TOO_LONG = Refused(
    kind="too long",
    what="This conversation no longer fits into the model's context. It is kept as it is.",
    remedy="Start a new conversation, or choose a model with a larger context.",
)


NOT_LOADED = Refused(
    kind="load",
    what="llama.cpp could not load this model.",
    remedy="Choose another model, or download this one again.",
)


def _unreadable_template(error: UnusableTemplate) -> Refused:
    return Refused(
        kind="load",
        what=f"The model's chat template cannot be used ({error}).",
        remedy="Choose a model file made for chat.",
    )


def _failed(error: Exception) -> Refused:
    return Refused(
        kind="other",
        what=f"The model could not go on ({str(error)[:200]}). The conversation is kept.",
        remedy="Try again; if it happens again, choose another model.",
    )
