"""The engine process: started by :mod:`agent.engine.child`, ended when its parent is.

The main thread owns the model and its context and does one command after another; a reader thread takes commands
off the socket, so that the parent's death is noticed even in the middle of a decode. No network, no Qt. A stop
is not a command: the parent sets a byte of shared memory that llama.cpp itself looks at.
"""

from __future__ import annotations

import mmap
import os
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from agent.engine import loading
from agent.engine.bindings import DecodeFailed, LoadRefused, quieten
from agent.engine.cache import persistence
from agent.engine.decoding.grammar import BadGrammar
from agent.engine.dialects.sandbox import UnusableTemplate
from agent.engine.loading import Ready
from agent.engine.media.mtmd import share_log
from agent.engine.shared import handles, mapped
from agent.engine.turn import PromptTooLong
from agent.engine.wire import (
    COMMAND,
    FLAG_BYTES,
    Answered,
    Ask,
    Count,
    Counted,
    Generate,
    Give,
    Happened,
    Load,
    Loading,
    Prepare,
    Prepared,
    Refused,
    Restore,
    Restored,
    Save,
    Saved,
    receive_with_descriptor,
    send,
)
from agent.errors import ModelError
from agent.messages import Value

PROGRESS_EVERY = 0.05
"""Seconds between two reports of loading."""


def main() -> None:
    """Started as ``… SOCKET_FD FLAG_FD``."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    flag = mmap.mmap(int(sys.argv[2]), FLAG_BYTES)
    threading.excepthook = _end_with_thread
    keep = quieten(lambda text: print(text, end="", file=sys.stderr, flush=True))
    share_log(keep)
    commands: queue.Queue[tuple[bytes, int | None]] = queue.Queue()
    threading.Thread(target=_read, args=(connection, commands), daemon=True).start()
    worker = Worker(lambda reply: send(connection, reply), flag)
    while keep:
        worker.do(*commands.get())


def _read(connection: socket.socket, commands: queue.Queue[tuple[bytes, int | None]]) -> None:
    """Hand frames on, and what came with them. When the parent is gone so are we, whatever the main thread is doing."""
    while (frame := receive_with_descriptor(connection)) is not None:
        commands.put(frame)
    os._exit(0)


def _end_with_thread(died: threading.ExceptHookArgs) -> None:
    """A process without its reader would never hear that it should end."""
    traceback.print_exception(died.exc_value)
    os._exit(1)


class Worker:
    """One model, or none yet, and what is done with it. ``reply`` sends to the parent."""

    def __init__(self, reply: Callable[[Value], None], flag: mmap.mmap) -> None:
        self._reply = reply
        self._flag = flag
        self._model: Ready | None = None

    def do(self, frame: bytes, descriptor: int | None = None) -> None:
        """Carry out one command; whatever can be told ends in a reply."""
        command = COMMAND.validate_json(frame)
        try:
            match command:
                case Load():
                    self._load(command)
                case Give():
                    self._take(command, descriptor)
                case Generate():
                    self._generate(command)
                case Count():
                    self._count(command)
                case Prepare():
                    self._prepare(command)
                case Ask():
                    self._ask(command)
                case Save():
                    self._save(command.file)
                case Restore():
                    self._restore(command.file)
                case _:
                    assert_never(command)
        except LoadRefused:
            self._reply(NOT_LOADED)
        except ModelError as error:
            self._reply(Refused(what=error.what, remedy=error.remedy))
        except UnusableTemplate as error:
            self._reply(_unreadable_template(error))
        except PromptTooLong:
            self._reply(TOO_LONG)
        except (DecodeFailed, BadGrammar) as error:
            self._reply(_failed(error))

    def _load(self, command: Load) -> None:
        self._model = loading.load(command, self._flag, self._report_progress())
        self._reply(self._model.told)

    def _generate(self, command: Generate) -> None:
        model = self._loaded()
        if model.senses:
            model.senses.forget_all_but(handles(command.prompt))
        for event in model.runner.run(command.prompt, command.sampling):
            self._reply(Happened(event=event))

    def _prepare(self, command: Prepare) -> None:
        self._loaded().runner.prepare(command.prompt)
        self._reply(Prepared())

    def _ask(self, command: Ask) -> None:
        text = self._loaded().runner.ask(command.prompt, command.question, command.max_tokens)
        self._reply(Answered(text=text))

    def _save(self, file: Path) -> None:
        model = self._loaded()
        snapshot = model.runner.ledger.snapshot()
        try:
            persistence.write(file, model.fingerprint, snapshot)
        except OSError as error:
            self._reply(_not_saved(error))
        else:
            self._reply(Saved())

    def _restore(self, file: Path) -> None:
        model = self._loaded()
        ledger = model.runner.ledger
        ledger.clear()
        snapshot = persistence.read(file, model.fingerprint)
        self._reply(Restored(whole=snapshot is not None and ledger.revert(snapshot)))

    def _loaded(self) -> Ready:
        if self._model is None:
            raise LoadRefused
        return self._model

    def _take(self, command: Give, descriptor: int | None) -> None:
        """Without a word in answer: whatever is wrong with it shows when it is placed."""
        if descriptor is None:
            return
        with mapped(descriptor) as data:
            if self._model and self._model.senses:
                self._model.senses.give(command.media, data)

    def _count(self, command: Count) -> None:
        self._reply(Counted(tokens=self._loaded().dialect.prompt(command.prompt).cells))

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
    what="This conversation no longer fits into the model's context. It is kept as it is.",
    remedy="Start a new conversation, or choose a model with a larger context.",
)


NOT_LOADED = Refused(
    what="llama.cpp could not load this model.",
    remedy="Choose another model, or download this one again.",
)


def _unreadable_template(error: UnusableTemplate) -> Refused:
    return Refused(
        what=f"The model's chat template cannot be used ({error}).",
        remedy="Choose a model file made for chat.",
    )


def _not_saved(error: OSError) -> Refused:
    return Refused(
        what=f"What the model has read was not saved ({error.strerror}). The conversation is kept.",
        remedy="Make room on the disk; until then it is read again after a restart.",
    )


def _failed(error: Exception) -> Refused:
    return Refused(
        what=f"The model could not go on ({str(error)[:200]}). The conversation is kept.",
        remedy="Try again; if it happens again, choose another model.",
    )
