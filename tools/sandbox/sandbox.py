"""What a program in the sandbox sees, and starting it there.

It sees ``/usr`` and a few public files of ``/etc``, all read-only; an empty home folder and an empty ``/tmp``; no other
process; no network unless it is given one; the folders it is given, at their own paths. Nothing of our environment.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.errors import DeskhandError
from tools.sandbox import launcher, limits, seccomp

_LAUNCHER = Path(launcher.__file__)
_ETC = (
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "passwd", "group", "nsswitch.conf",
    "mime.types", "magic", "fonts",
)  # fmt: skip
_ETC_FOR_NETWORK = (
    "resolv.conf",
    "hosts",
    "gai.conf",
    "services",
    "ssl",
    "ca-certificates",
    "pki",
    "crypto-policies",
)
_OLD_ROOTS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_START_SECONDS = 10.0
_END_SECONDS = 5.0
_STALE_SECONDS = 24 * 3600


class SandboxError(DeskhandError):
    """A program could not be started in the sandbox."""


@dataclass(frozen=True, slots=True)
class View:
    """What a program is given. ``work`` is where it starts; it and ``writable`` are the folders it may write to.

    ``apart`` is where changes to ``work`` are laid apart (:func:`laid_apart`). ``hidden`` are places in those folders
    that it must not read: empty for it. ``cpu_seconds`` 0: no limit (each process has its own count).
    """

    home: Path
    work: Path
    apart: Path | None = None
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    environment: Mapping[str, str] | None = None
    network: bool = False
    processes: int = limits.MOST_PROCESSES
    cpu_seconds: int = 0


def bubblewrap() -> str | None:
    """The path of bubblewrap, where it is installed."""
    return shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin") if sys.platform == "linux" else None


@contextmanager
def laid_apart(under: Path) -> Iterator[Path]:
    """A scratch folder for the changes of one program, below ``under``; gone with all that is in it afterwards."""
    under.mkdir(parents=True, exist_ok=True, mode=0o700)
    about = under.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise SandboxError(
            f"{under} is not yours alone."
        )  # others could put their changes in place of the program's
    _sweep(under)
    scratch = Path(tempfile.mkdtemp(prefix="changes-", dir=under))
    try:
        for name in ("lower", "upper", "work", "merged"):
            (scratch / name).mkdir()
        yield scratch
    finally:
        _remove(scratch)


class Contained:
    """A program that was started in a sandbox. ``process`` is bubblewrap; its pipes are the program's."""

    def __init__(self, process: subprocess.Popen[bytes], first: int | None) -> None:
        self.process = process
        self._first = first
        """A descriptor of the sandbox's first process: when that has ended, so has every other in there."""
        self._lock = threading.Lock()

    def kill(self) -> None:
        """End everything in the sandbox. Any thread, any number of times."""
        with self._lock:
            if self._first is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._first, signal.SIGKILL)
            self.process.kill()

    def close(self) -> int:
        """End it, wait until nothing of it runs any more, and return its exit code. Raises SandboxError."""
        self.kill()
        code = self.process.wait()
        with self._lock:
            first, self._first = self._first, None
        if first is None:
            return code
        try:
            if not select.select([first], [], [], _END_SECONDS)[0]:
                raise SandboxError("A program in the sandbox could not be ended.", "Nothing of it was kept.")
        finally:
            os.close(first)
        return code


@contextmanager
def started(
    argv: tuple[str, ...], view: View, stdin: int = subprocess.DEVNULL, stderr: int = subprocess.STDOUT
) -> Iterator[Contained]:
    """``argv`` (its program by its whole path) in a sandbox of its own, for the length of the block. Any thread, but
    one that lives as long: the kernel ends the program with it. Raises SandboxError."""
    bwrap = bubblewrap()
    if bwrap is None:
        raise SandboxError("There is no bubblewrap here.", "Install it: apt install bubblewrap")
    info, told = os.pipe()
    filter = seccomp.program()
    with limits.control_groups(view.processes) as groups:
        launch = launcher.Launch(
            bubblewrap=bwrap,
            arguments=tuple(arguments(view, told)),
            argv=argv,
            parent=os.getpid(),
            lower=str(view.work) if view.apart else "",
            scratch=str(view.apart or ""),
            limits=limits.resource_limits(view.processes, view.cpu_seconds),
            groups=groups,
            seccomp=base64.b64encode(filter).decode(),
        )
        letter = launcher.held(launch.told())
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCHER), str(letter)],
                stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, pass_fds=(told, letter), cwd="/", env={},
                start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(told)
            os.close(letter)
        contained = Contained(process, _first_process(info))
        try:
            yield contained
        finally:
            contained.close()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _sweep(under: Path) -> None:
    """Remove what a Deskhand that was killed left behind. Nothing that runs is a day old."""
    for left in under.glob("changes-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                _remove(left)


def _first_process(info: int) -> int | None:
    """A descriptor of the sandbox's first process, which bubblewrap names on ``info``; none when it did not start."""
    said = b""
    with open(info, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], _START_SECONDS)[0] and (part := pipe.read(4096)):
            said += part
    with contextlib.suppress(ValueError, KeyError, OSError):
        return os.pidfd_open(json.loads(said)["child-pid"])
    return None


def arguments(view: View, info: int) -> list[str]:
    """What bubblewrap is told. The order counts: later mounts lie above earlier ones."""
    told = [
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    ]
    told += ["--cap-drop", "ALL", "--hostname", "sandbox", "--info-fd", str(info)]
    told += ["--share-net"] if view.network else []
    told += ["--ro-bind", "/usr", "/usr"]
    for name in _OLD_ROOTS:
        place = Path("/", name)
        if place.is_symlink():
            told += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            told += ["--ro-bind", str(place), str(place)]
    for name in (*_ETC, *(_ETC_FOR_NETWORK if view.network else ())):
        told += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    shared = str(limits.SHARED_BYTES)
    told += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    for place in ("/dev/shm", "/tmp", str(view.home)):
        told += ["--size", shared, "--tmpfs", place]
    return told + _folders(view) + _environment(view)


def _folders(view: View) -> list[str]:
    told: list[str] = []
    for place in view.readable:
        told += ["--ro-bind", str(place), str(place)]
    work = view.apart / "merged" if view.apart else view.work
    for source, place in ((work, view.work), *((place, place) for place in view.writable)):
        told += ["--bind", str(source), str(place)]
    for place in view.hidden:
        told += (
            ["--tmpfs", str(place), "--remount-ro", str(place)]
            if place.is_dir()
            else ["--ro-bind", "/dev/null", str(place)]
        )
    return [*told, "--remount-ro", "/", "--chdir", str(view.work)]


def _environment(view: View) -> list[str]:
    plain = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(view.home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    told: list[str] = []
    for name, value in (plain | dict(view.environment or {})).items():
        told += ["--setenv", name, value]
    return told


def _remove(folder: Path) -> None:
    """Remove what a program made, as far as we may: folders deeper than a path can be long, and such as it (or the
    kernel) has shut. Each one is moved up before it is emptied."""
    waiting = [folder]
    for number in itertools.count():
        if not waiting:
            return
        place = waiting.pop()
        with contextlib.suppress(OSError):
            os.chmod(place, 0o700)
        for entry in _entries(place):
            with contextlib.suppress(OSError):
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)
                aside = folder.with_name(f"{folder.name}-{number}-{len(waiting)}")
                os.rename(entry.path, aside)
                waiting.append(aside)
        with contextlib.suppress(OSError):
            place.rmdir()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except OSError:
        return []
