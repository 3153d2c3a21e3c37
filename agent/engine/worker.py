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
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from agent.engine import persistence
from agent.engine.assistant import Assistant, usable_drafter
from agent.engine.bindings import (
    DecodeFailed,
    LoadRefused,
    NativeContext,
    NativeModel,
    library_version,
    quieten,
)
from agent.engine.devices import devices
from agent.engine.dialects import choose_dialect
from agent.engine.dialects.contract import Dialect
from agent.engine.dialects.sandbox import UnusableTemplate
from agent.engine.fit import Machine, Plan, Shape, bandwidth, make_plan, towers_bytes
from agent.engine.gguf_header import GgufHeader, read_header
from agent.engine.mtmd import share_log
from agent.engine.persistence import Fingerprint
from agent.engine.port import ModelSpec
from agent.engine.projector import MOST_TOKENS, USUAL_TOKENS, ProjectorFacts, usable_projector
from agent.engine.sampling import BadGrammar
from agent.engine.senses import Senses
from agent.engine.shared import handles, mapped
from agent.engine.turn import PromptTooLong, TurnRunner
from agent.engine.vocabulary import Vocabulary
from agent.engine.wire import (
    COMMAND,
    Answered,
    Ask,
    Count,
    Counted,
    Generate,
    Give,
    Happened,
    Load,
    Loaded,
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

FLAG_BYTES = 2
"""The stop flag and the zero after it: a C string that is empty until somebody asks for a stop."""

MEASURED_BYTES = 256 << 20
"""Files of this size and more are read from memory as fast as memory is; smaller ones stay in the processor's caches,
and how fast memory is says nothing about them."""

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
        self._dialect: Dialect | None = None
        self._runner: TurnRunner | None = None
        self._senses: Senses | None = None

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
            self._reply(Refused(kind="load", what=error.what, remedy=error.remedy))
        except UnusableTemplate as error:
            self._reply(_unreadable_template(error))
        except PromptTooLong:
            self._reply(TOO_LONG)
        except (DecodeFailed, BadGrammar) as error:
            self._reply(_failed(error))

    def _load(self, command: Load) -> None:
        spec = command.spec
        header = read_header(spec.path)
        facts, trouble = usable_projector(spec.projector, header.number("embedding_length"))
        drafter, no_drafter = usable_drafter(spec.drafter, spec.path)
        picture_tokens = (
            MOST_TOKENS if facts and facts.reads_both_ways(header.number("embedding_length")) else 0
        )
        plan = _plan(header, spec, facts, drafter, picture_tokens)
        on_device = plan.settings.gpu_layers > 0
        model = NativeModel(
            str(spec.path),
            plan.settings.gpu_layers,
            self._report_progress(),
            plan.settings.mapped,
            plan.settings.lazy,
        )
        vocabulary = Vocabulary(model.vocabulary_pointer)
        self._senses = senses = facts and Senses(
            facts, model, vocabulary, plan.threads, on_device, plan.image_tokens, self._stopped
        )
        place = senses.place if senses else None
        dialect = choose_dialect(vocabulary, model.chat_template, spec.thinking, command.fingerprint, place)
        trained = model.trained_context
        context = NativeContext(
            model, plan.settings.context_tokens, plan.threads, picture_tokens, plan.settings.kv_type
        )
        flag = ctypes.c_char.from_buffer(self._flag)
        context.abort_when_set(ctypes.addressof(flag))
        self._model = model  # keeps the memory behind the pointers
        self._dialect = dialect
        self._fingerprint = Fingerprint(
            model=persistence.name_of(spec.path),
            projector=persistence.name_of(spec.projector),
            llama=library_version(),
            context_tokens=context.size,
            kv_type=plan.settings.kv_type,
        )
        self._runner = TurnRunner(
            context,
            model.sliding_window,
            vocabulary,
            dialect,
            command.fingerprint,
            self._stopped,
            speculate=spec.speculate and not model.recurrent,
            assistant=Assistant(drafter, model, context, plan.threads, plan.settings.gpu_layers)
            if drafter
            else None,
        )
        self._runner.ledger.checkpoints.budget = plan.checkpoint_bytes
        if senses:
            senses.serve(context)
            ledger = self._runner.ledger
            senses.held = lambda media: media in ledger.entries
        self._reply(
            Loaded(
                context_tokens=context.size,
                trained_context_tokens=trained,
                vocabulary_size=vocabulary.size,
                dialect=dialect.name,
                sees=facts is not None and facts.sees,
                hears=facts is not None and facts.hears,
                plan=f"{plan.says} {trouble} {no_drafter}".strip(),
            )
        )

    def _generate(self, command: Generate) -> None:
        runner = self._running()
        if self._senses:
            self._senses.forget_all_but(handles(command.prompt))
        for event in runner.run(command.prompt, command.sampling):
            self._reply(Happened(event=event))

    def _prepare(self, command: Prepare) -> None:
        self._running().prepare(command.prompt)
        self._reply(Prepared())

    def _ask(self, command: Ask) -> None:
        text = self._running().ask(command.prompt, command.question, command.max_tokens)
        self._reply(Answered(text=text))

    def _save(self, file: Path) -> None:
        snapshot = self._running().ledger.snapshot()
        try:
            persistence.write(file, self._fingerprint, snapshot)
        except OSError as error:
            self._reply(_not_saved(error))
        else:
            self._reply(Saved())

    def _restore(self, file: Path) -> None:
        ledger = self._running().ledger
        ledger.clear()
        snapshot = persistence.read(file, self._fingerprint)
        self._reply(Restored(whole=snapshot is not None and ledger.revert(snapshot)))

    def _running(self) -> TurnRunner:
        if self._runner is None:
            raise LoadRefused
        return self._runner

    def _take(self, command: Give, descriptor: int | None) -> None:
        """Without a word in answer: whatever is wrong with it shows when it is placed."""
        if descriptor is None:
            return
        data = mapped(descriptor)
        if self._senses:
            self._senses.give(command.media, data)

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


def _plan(
    header: GgufHeader,
    spec: ModelSpec,
    facts: ProjectorFacts | None,
    drafter: Path | None,
    picture_tokens: int,
) -> Plan:
    """How to load the model on this machine as it is now. Raises ModelLoadError when it does not fit."""
    machine = replace(Machine.this().for_this_process(), devices=devices())
    if header.file_bytes >= MEASURED_BYTES:
        machine = replace(machine, bandwidth=bandwidth(machine.cores))
    towers = towers_bytes(read_header(facts.path), spec.image_tokens or USUAL_TOKENS) if facts else 0
    companions = towers + (drafter.stat().st_size if drafter else 0)
    return make_plan(Shape.of(header), machine, spec, companions, picture_tokens)


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


def _not_saved(error: OSError) -> Refused:
    return Refused(
        kind="other",
        what=f"What the model has read was not saved ({error.strerror}). The conversation is kept.",
        remedy="Make room on the disk; until then it is read again after a restart.",
    )


def _failed(error: Exception) -> Refused:
    return Refused(
        kind="other",
        what=f"The model could not go on ({str(error)[:200]}). The conversation is kept.",
        remedy="Try again; if it happens again, choose another model.",
    )
