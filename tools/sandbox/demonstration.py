"""Showing that the sandbox holds: the forbidden is tried in it, each time with a mark outside that would show success.

Run once a process, before the first program that relies on it; takes about half a second. What must work (writing to
the workspace) is tried as well: a program that did not even start has proven nothing.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from agent.cancel import Cancel
from tools.sandbox.output import collect
from tools.sandbox.sandbox import SandboxError, View, bubblewrap, laid_apart, started

SECONDS = 20.0
_PROCESSES = 24
"""Fewer than usual, so that their end comes quickly."""
_TRIES = r"""
mark=$1 home=$2 port=$3 parent=$4
: > made && echo worked write
: 2>/dev/null > "$mark/made" && echo forbidden write outside
: 2>/dev/null >> "$mark/secret" && echo forbidden write outside
: 2>/dev/null > /usr/made && echo forbidden write to the system
read -r line 2>/dev/null < "$mark/secret" && echo forbidden read outside
read -r line 2>/dev/null < "$home/secret" && echo forbidden read the home folder
(: > "/dev/tcp/127.0.0.1/$port") 2>/dev/null && echo forbidden use the network
kill -0 "$parent" 2>/dev/null && [ "$parent" != 1 ] && [ "$parent" != 2 ] && echo forbidden signal others
[ -n "$DESKHAND_SECRET" ] && echo forbidden see our environment
for name in /run/user/* /tmp/.X11-unix/* /run/dbus/*; do [ -e "$name" ] && echo forbidden reach the desktop; done
{ while [ $((count += 1)) -lt 60 ]; do sleep 9 & done; echo all; } > forks 2>&1 &
while [ ! -s forks ] && [ $((waited += 1)) -lt 90 ]; do read -r -t 0.1; done
read -r line < forks
case $line in *fork*) echo worked cap ;; *) echo forbidden start programs without end ;; esac
echo done
"""


def shown_to_hold(scratch: Path, workspace: Path) -> str:
    """Why there is no sandbox here, as one sentence for the person; empty: everything forbidden failed.

    ``scratch`` is where changes would be laid apart, ``workspace`` the folder that they would be made in: its disk has
    to be one that this works on.
    """
    if bubblewrap() is None:
        return "bubblewrap is not installed"
    try:
        with _stage(scratch) as (marks, home, port):
            return _verdict(_tried(scratch, marks, home, port), marks) or _laid_apart_here(scratch, workspace)
    except SandboxError as trouble:
        return trouble.what
    except OSError as error:
        return f"it could not be tried ({error.strerror})"


@contextmanager
def _stage(scratch: Path) -> Iterator[tuple[Path, Path, int]]:
    """A folder and a home with secrets in them, and a port that answers."""
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="try-", dir=scratch) as folder, socket.socket() as listener:
        marks, home = Path(folder, "outside"), Path(folder, "home")
        for place in (marks, home, Path(folder, "work")):
            place.mkdir()
        for place in (marks, home):
            (place / "secret").write_text("a secret\n")
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        os.environ["DESKHAND_SECRET"] = "a secret"
        try:
            yield marks, home, listener.getsockname()[1]
        finally:
            del os.environ["DESKHAND_SECRET"]


def _tried(scratch: Path, marks: Path, home: Path, port: int) -> str:
    with laid_apart(scratch) as apart:
        view = View(home=home, work=marks.parent / "work", apart=apart, processes=_PROCESSES)
        argv = ("/usr/bin/bash", "-c", _TRIES, "try", str(marks), str(home), str(port), str(os.getpid()))
        with started(argv, view, stdin=subprocess.PIPE) as program:
            assert program.process.stdout is not None
            output = collect(
                program.process.stdout, lambda: program.process.poll() is None, Cancel(), SECONDS, scratch
            )
        if (apart / "upper" / "made").exists() and not (view.work / "made").exists():
            return output.text
        return f"{output.text}\nnot laid apart"


def _verdict(said: str, marks: Path) -> str:
    lines = said.splitlines()
    for line in lines:
        if line.startswith("forbidden"):
            return f"a program in it can {line.removeprefix('forbidden ')}"
    if (marks / "made").exists() or (marks / "secret").read_text() != "a secret\n":
        return "a program in it can write outside"
    if (
        "worked write" not in lines
        or "worked cap" not in lines
        or "done" not in lines
        or "not laid apart" in lines
    ):
        first = next((line for line in lines if line.strip()), "nothing was said")
        return f"programs do not run in it here ({first[:200]})"
    return ""


def _laid_apart_here(scratch: Path, workspace: Path) -> str:
    """The same for the real workspace, whose disk may be of another kind."""
    view = View(home=Path.home(), work=workspace)
    with laid_apart(scratch) as apart, started(("/usr/bin/true",), replace(view, apart=apart)) as program:
        assert program.process.stdout is not None
        said = collect(
            program.process.stdout, lambda: program.process.poll() is None, Cancel(), SECONDS, scratch
        )
        if program.process.wait() != 0:
            return f"the workspace cannot be used in it ({said.text.strip()[:200]})"
    return ""
