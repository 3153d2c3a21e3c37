"""The child that runs a command where there is no sandbox, and leaves nothing of it behind: not even a process that
made itself a daemon. Run by its path, with ``-I -S``; its arguments are the command's.

Standard library only: this file is run before anything else of ours can be imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main() -> int:
    """The command's exit code; 143 when it was ended by SIGTERM, to us or with the one who started us."""
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        _kill_children()

    signal.signal(signal.SIGTERM, stop)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    command = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, setpgroup=0)
    code = 128 + signal.SIGTERM
    ended = False
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return 128 + signal.SIGTERM if stopped else code
        if pid == command:
            ended = True
            code = os.waitstatus_to_exitcode(status)
            code = 128 - code if code < 0 else code
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(command, signal.SIGKILL)
        if ended or stopped:
            _kill_children()  # theirs come to us as they die, until there are none


def _kill_children() -> None:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            parent = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
            if parent == os.getpid():
                os.kill(int(entry.parent.name), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
