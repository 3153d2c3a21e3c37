"""One engine process as its parent sees it: start it, talk to it, know how it died.

Started as ``python -I`` (no folder of the user's on the import path), with a socket and the stop flag as its only
ties to us, and confined before it imports anything that reads a model. It ends itself when the socket closes; the
kernel closes it whichever way we die. (PR_SET_PDEATHSIG is not used: it fires when the *thread* that started the child
ends.)
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

import agent
from agent.engine.port import Prompt
from agent.engine.shared import Given, memory, without_data
from agent.engine.wire import FLAG_BYTES, REPLY, AnyReply, Give, receive, send
from agent.messages import Value

ROOT = Path(agent.__file__).resolve().parent.parent
START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); import agent; sys.path.append(sys.path.pop(0)); "
    "from agent.confinement import confine; confine(); "
    "from agent.engine.worker import main; main()"
)
"""Our own ``agent`` comes before any that is installed; what else is in its folder comes after the standard library."""
LOG_LINES = 60
OOM_COUNTER = Path("/sys/fs/cgroup/memory.events")


OUT_OF_MEMORY = (
    "MemoryError",
    "bad_alloc",
    "failed to allocate",
    "annot allocate memory",
    "failed to map segment",
)
"""How Python, C++, ggml, the system and the loader say that there is none left."""


TRANSFER = 30.0
"""Seconds that a frame may take: a thread of the child does nothing but read, so one that takes longer hangs."""


class ChildGone(Exception):
    """The process is dead or was closed; :meth:`Child.cause_of_death` knows how."""


class Child:
    """A running engine process. One thread talks to it; :meth:`kill` may come from any."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(TRANSFER)
        weakref.finalize(self, ours.close)
        self._connection = ours
        self._hung = False
        self._stopping = threading.Lock()
        self._command = 0
        self.given = Given()
        with tempfile.TemporaryFile() as shared:
            shared.truncate(FLAG_BYTES)
            self._flag = mmap.mmap(shared.fileno(), FLAG_BYTES)
            command = [
                sys.executable,
                "-I",
                "-c",
                START,
                str(ROOT),
                str(theirs.fileno()),
                str(shared.fileno()),
            ]
            self._ooms_before = _oom_kills()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(), shared.fileno()),
                cwd="/",
                env={
                    **os.environ,
                    "GGML_NO_BACKTRACE": "1",
                },  # else a failed assertion starts a debugger first
            )
        theirs.close()
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._log_reader = threading.Thread(target=self._read_log, name="engine-log", daemon=True)
        self._log_reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: Value, descriptor: int | None = None) -> None:
        """Raises ChildGone."""
        try:
            send(self._connection, message, descriptor)
        except TimeoutError as error:
            self.give_up()
            raise ChildGone from error
        except OSError as error:
            raise ChildGone from error

    def give(self, prompt: Prompt) -> Prompt:
        """Give the process what it does not have yet of the pixels and samples in ``prompt``, and return that as it
        travels. Raises ChildGone."""
        for media, data in self.given.missing(prompt):
            descriptor = memory(data)
            try:
                self.send(Give(media=media.without_data()), descriptor)
            finally:
                os.close(descriptor)
        return without_data(prompt)

    def receive(self, timeout: float) -> AnyReply:
        """The next reply. Raises ChildGone, and TimeoutError after ``timeout`` seconds of silence."""
        if not select.select([self._connection], [], [], timeout)[0]:
            raise TimeoutError
        try:
            frame = receive(self._connection)
        except TimeoutError as error:
            self.give_up()
            raise ChildGone from error
        except OSError as error:
            raise ChildGone from error
        if frame is None:
            raise ChildGone
        try:
            return REPLY.validate_json(frame)
        except ValidationError as error:  # it no longer speaks our language: not to be trusted any further
            self.kill()
            raise ChildGone from error

    def begin(self) -> Callable[[], None]:
        """Call it before a command is sent. What it returns has that command stopped, and never a later one: quick,
        never raises, from any thread, made for a Cancel callback."""
        with self._stopping:
            self._command += 1
            number = self._command
            self._flag[0] = 0

        def stop() -> None:
            with self._stopping:
                if number == self._command:
                    self._flag[0] = 1

        return stop

    def kill(self) -> None:
        """End it now. Safe to call twice, and while another thread waits in :meth:`receive`: that one then sees
        the end of the stream, which is why the socket is shut down and not closed."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def give_up(self) -> None:
        """End it because it hangs."""
        self._hung = True
        self.kill()

    def cause_of_death(self) -> str:
        """One sentence for a person: how the process ended. Ends it first if it only fell out with us."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        if self.alive:
            self.give_up()
        if self._hung:
            return "The engine stopped answering and was ended."
        self._log_reader.join(timeout=1)
        return _cause(self._process.wait(), list(self._log), out_of_memory=_oom_kills() > self._ooms_before)

    def last_words(self) -> str:
        """The last line of its log that says what went wrong, or an empty string."""
        return _telling_line(list(self._log))

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._log.append(line.decode("utf-8", "replace").rstrip())


def _cause(code: int, log: list[str], out_of_memory: bool) -> str:
    telling = _telling_line(log)
    because = f" ({telling})" if telling else ""
    if out_of_memory or any(sign in telling for sign in OUT_OF_MEMORY):
        return f"The engine ran out of memory{because}."
    if code == -signal.SIGABRT:
        return f"The engine gave up on an internal check{because}."
    if code < 0:
        name = signal.Signals(-code).name
        return f"The engine was ended by the signal {name}{because}."
    return f"The engine ended with exit code {code}{because}."


def _telling_line(log: list[str]) -> str:
    """The line that says most about what went wrong; the last one when none stands out."""
    lines = [line.strip() for line in log if line.strip()]
    for mark in ("GGML_ASSERT", "what():", "error loading", "failed to allocate", "Error", "error", "failed"):
        for line in reversed(lines):
            if mark in line:
                return line[:200]
    return lines[-1][:200] if lines else ""


def _oom_kills() -> int:
    """How often the kernel killed something in our control group for want of memory (cgroup v2)."""
    try:
        lines = OOM_COUNTER.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
