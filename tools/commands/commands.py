"""Running a command: in the sandbox with its changes laid apart, weighed and then put in place; or, where there is no
sandbox, as it is.

In the sandbox, what a command writes reaches the workspace only when it has ended by itself: a stop, a time-out or a
full disk leaves everything as it was. Before anything is put in place its before-images are in the journal.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from agent.cancel import Cancel
from agent.errors import DeskhandError
from tools.files.workspace import PathError
from tools.sandbox import changes, reaper
from tools.sandbox.changes import Changes, Refuse
from tools.sandbox.demonstration import shown_to_hold
from tools.sandbox.output import Output, collect
from tools.sandbox.sandbox import View, laid_apart, started

SECONDS = 120.0
CPU_SECONDS = 300
BASH = "/usr/bin/bash"
_GENTLE_SECONDS = 5.0


class CommandError(DeskhandError):
    """A command whose work could not be kept; a sentence for the model and the person alike."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended. ``code`` is meaningless unless it ended by itself. ``changed`` and ``left_out`` name what it
    changed in the workspace; both empty outside of the sandbox, where nobody knows."""

    code: int
    output: Output
    changed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    as_said: bool = True
    """What it changed was read back and is there."""


class Shell(Protocol):
    """What runs commands: :class:`Commands`, and in an audit of the policy nobody."""

    @property
    def contained(self) -> bool:
        """Whether they run in a sandbox that was shown to hold."""
        ...

    def run(self, command: str, cancel: Cancel, keep: Callable[[tuple[Path, ...]], None]) -> Ran: ...


@dataclass(frozen=True)
class Commands:
    """Runs commands in the workspace. ``scratch`` is a folder of ours, ``refuse`` and ``hidden`` are the broker's
    protected places. Agent thread only."""

    workspace: Path
    home: Path
    scratch: Path
    refuse: Refuse = field(default=lambda path, gone: "")
    hidden: Callable[[Path], tuple[Path, ...]] = field(default=lambda folder: ())

    @cached_property
    def no_sandbox(self) -> str:
        """Why there is no sandbox, in a few words; empty: there is one, and it was shown to hold. The first look takes
        about half a second."""
        return shown_to_hold(self._scratch, self.workspace)

    @property
    def contained(self) -> bool:
        return not self.no_sandbox

    def run(self, command: str, cancel: Cancel, keep: Callable[[tuple[Path, ...]], None]) -> Ran:
        """Run ``command``, and put in place what it changed once ``keep`` has its before-images.

        Raises DeskhandError: nothing was changed then.
        """
        return self._contained(command, cancel, keep) if self.contained else self._plain(command, cancel)

    @cached_property
    def _scratch(self) -> Path:
        """A folder that is not in the workspace: an overlay cannot lie above itself."""
        if not self.scratch.is_relative_to(self.workspace):
            return self.scratch
        return Path(tempfile.gettempdir(), f"deskhand-{os.getuid()}")

    def _contained(self, command: str, cancel: Cancel, keep: Callable[[tuple[Path, ...]], None]) -> Ran:
        with laid_apart(self._scratch) as apart:
            view = View(
                home=self.home,
                work=self.workspace,
                apart=apart,
                hidden=self.hidden(self.workspace),
                cpu_seconds=CPU_SECONDS,
            )
            begun = time.time_ns()
            with started((BASH, "-c", command), view) as program, cancel.calling(program.kill):
                process = program.process
                assert process.stdout is not None
                output = collect(process.stdout, lambda: process.poll() is None, cancel, SECONDS, apart)
                code = process.wait() if output.ended == "by itself" else 0
            if cancel.requested:  # perhaps the kill was seen before the stop
                return Ran(code, replace(output, ended="stopped"))
            if output.ended != "by itself":
                return Ran(code, output)
            return self._keep(code, output, self._found(apart / "upper", begun), keep)

    def _found(self, upper: Path, begun: int) -> Changes:
        try:
            return changes.find(upper, self.workspace, begun, self.refuse)
        except changes.TooManyChanges as much:
            raise CommandError("the command changed more than could be undone, so nothing was kept") from much
        except OSError as error:
            raise CommandError(f"what the command changed could not be read ({error.strerror})") from error

    def _keep(
        self, code: int, output: Output, found: Changes, keep: Callable[[tuple[Path, ...]], None]
    ) -> Ran:
        if found.taken:
            keep(found.roots)
        left_out = list(found.left_out)
        done = []
        for change in found.taken:
            try:
                changes.put_in_place(change)
                done.append(change)
            except (OSError, PathError) as error:
                why = error.what if isinstance(error, PathError) else error.strerror
                left_out.append(f"{change.path.relative_to(self.workspace)}: {why}")
        # A file that was removed and made again within one command is two changes of one path.
        last = {change.path: change for change in done}
        return Ran(
            code,
            output,
            changed=tuple(str(path.relative_to(self.workspace)) for path in last),
            left_out=tuple(left_out),
            as_said=all(changes.holds(change) for change in last.values()),
        )

    def _plain(self, command: str, cancel: Cancel) -> Ran:
        bash = shutil.which("bash") or shutil.which("sh")
        if bash is None:
            raise CommandError("there is no shell here to run a command with")
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", reaper.__file__, bash, "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.workspace,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            with cancel.calling(process.terminate):
                output = collect(
                    process.stdout, lambda: process.poll() is None, cancel, SECONDS, self.workspace
                )
        finally:
            process.terminate()
            process.stdout.close()
            try:
                code = process.wait(_GENTLE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        return Ran(code, replace(output, ended="stopped") if cancel.requested else output)
