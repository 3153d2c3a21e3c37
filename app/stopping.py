"""``deskhand stop``: a Deskhand that runs listens for it on a socket of its own, in the person's runtime folder.

The listening thread does not need the window's: it stops what runs while the window hangs. A socket is named after its
process; one that was left behind by a process that died is taken away by whoever finds it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import platformdirs

from agent.errors import StorageError

WAIT_SECONDS = 5.0
"""How long one Deskhand may take to answer."""
_STOP, _STOPPING = b"stop\n", b"stopping\n"
_LONGEST = 100
"""Bytes of a socket's path: sun_path holds 108 on Linux, 104 on macOS (unix(7))."""


def runtime_folder() -> Path:
    """Where the sockets are. It belongs to this user alone; whoever can write there can stop us."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    return Path(given) / "deskhand" if given else platformdirs.user_state_path("deskhand") / "run"


class StopListener:
    """Calls ``stop`` when somebody asks this process to. Where it cannot listen it does nothing: the other ways to stop
    remain. ``stop`` is called on a thread of ours; it must return at once and not raise."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._path = runtime_folder() / f"{os.getpid()}.stop"
        self._socket: socket.socket | None = None
        with contextlib.suppress(OSError, StorageError):
            self._socket = self._open()
            threading.Thread(target=self._serve, args=(self._socket,), name="stop", daemon=True).start()

    def _open(self) -> socket.socket:
        """Raises OSError, StorageError."""
        _own(self._path.parent)
        if len(os.fsencode(self._path)) > _LONGEST:
            raise StorageError(f"The path {self._path} is too long for a socket.")
        self._path.unlink(missing_ok=True)  # of a process that had this number before
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(self._path))
            listening.listen(4)
        except OSError:
            listening.close()
            raise
        return listening

    def _serve(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed: nobody listens any more
            while True:
                asking, _ = listening.accept()
                with asking, contextlib.suppress(OSError):
                    asking.settimeout(WAIT_SECONDS)
                    if asking.recv(len(_STOP)) == _STOP:
                        self._stop()
                        asking.sendall(_STOPPING)

    def close(self) -> None:
        """Listen no longer. Safe to call twice."""
        if self._socket is not None:
            self._path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which close() alone does not
            self._socket.close()
            self._socket = None


def stop_all() -> int:
    """Ask every Deskhand of this user to stop what it does; how many have. Blocks, at most five seconds for each."""
    return sum(map(_stop_one, _sockets()))


def running() -> bool:
    """Whether a Deskhand of this user listens, this process apart."""
    ours = f"{os.getpid()}.stop"
    return any(_listens(path) for path in _sockets() if path.name != ours)


def _sockets() -> list[Path]:
    """Of the Deskhands that listen; none where that cannot be looked at: nobody could listen there."""
    try:
        return sorted(runtime_folder().glob("*.stop"))
    except OSError:
        return []


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking, contextlib.suppress(OSError):
        asking.settimeout(WAIT_SECONDS)
        asking.connect(str(path))
        return True
    return False


def _stop_one(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(WAIT_SECONDS)
        try:
            asking.connect(str(path))
            asking.sendall(_STOP)
            return asking.recv(len(_STOPPING)) == _STOPPING
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)  # its process is gone
        except OSError:
            return False
    return False


def _own(folder: Path) -> None:
    """Make ``folder``, for this user alone. Raises OSError, and StorageError when it is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise StorageError(f"{folder} is not yours alone.")
