"""What there is to reach: a home with secrets in it, a workspace, files outside, sockets that answer, a process.

Everything is thrown away, and nothing in it is anybody's. One thread listens on the sockets.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import secrets
import selectors
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.escapes.attempts import ATTEMPTS, Places

PYTHON = "/usr/bin/python3"
"""Of the system: another would not be seen in the sandbox."""
RUN_ALL = "import sys, runpy; sys.path.insert(0, '.'); runpy.run_module('attempts', run_name='__main__')"
"""For ``python -I -c``, which would not look into the folder it is started in."""
_SOCKETS = ("dbus", "system_bus", "wayland", "pulse", "ssh_agent", "docker", "deskhand")
_SECRETS = (
    ".ssh/id_rsa", ".gnupg/private-keys-v1.d/key", ".mozilla/firefox/p/cookies.sqlite", ".bash_history", ".netrc",
    ".config/deskhand/key", ".local/share/keyrings/login.keyring", "Downloads/letter.txt",
)  # fmt: skip
_IN_WORKSPACE = {
    ".git/config": "", ".git/HEAD": "", ".git/hooks/sample": "", "repository/.git/config": "", "repository/a.txt": "",
    "backup/id_rsa": "{token}", "backup2/id_rsa": "{token}", "project/.mcp.json": "{token}", "keys/id_ed25519": "old",
    "notes.txt": "notes",
}  # fmt: skip
_VICTIM = """
import os, signal, sys, time
marks, kept = sys.argv[1], os.environ["SECRET"] + sys.argv[2]
def mark(number, frame):
    open(os.path.join(marks, f"signal-{int(number)}"), "w").close()
for number in (signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, mark)
held = open(os.path.join(marks, "..", "secret"))
print("ready", flush=True)
while os.getppid() == int(sys.argv[3]):
    time.sleep(0.05)
"""


@dataclass(slots=True)
class Stage:
    """``told`` are the numbers and paths for :class:`Places`, without a name."""

    root: Path
    token: str
    told: dict[str, object]
    heard: set[str] = field(default_factory=set)

    @property
    def work(self) -> Path:
        return self.root / "home" / "Documents"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def places(self, name: str) -> Places:
        return Places(**self.told, name=name)  # type: ignore[arg-type]


@contextmanager
def stage() -> Iterator[Stage]:
    """One stage, set up and taken down."""
    root = Path(tempfile.mkdtemp(prefix="deskhand-escapes-"))
    token = f"token-{secrets.token_hex(8)}"
    former = {name: os.environ.get(name) for name in ("SECRET", "DBUS_SESSION_BUS_ADDRESS")}
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        _furnish(root, token)
        found = Stage(root, token, {})
        os.environ["SECRET"] = token
        stack.callback(_restore, former)
        found.told |= stack.enter_context(_sockets(root, found.heard))
        sockets = found.told["sockets"]
        assert isinstance(sockets, dict)
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={sockets['dbus']}"
        found.told["victim"] = stack.enter_context(_victim(root, token))
        found.told["shared_memory"] = stack.enter_context(_shared_memory(token))
        yield found
        for place in ("/tmp", "/var/tmp", "/dev/shm", "/run"):
            for left in Path(place).glob(f"{found.told['abstract']}-*"):
                left.unlink()


def _furnish(root: Path, token: str) -> None:
    outside, home, work = root / "outside", root / "home", root / "home" / "Documents"
    (outside / "marks").mkdir(parents=True)
    (outside / "secret").write_text(token)
    for name in ATTEMPTS:
        (outside / f"victim-{name.replace('/', '_')}").write_text("as it was")
    for place in _SECRETS:
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_text(token)
    for place, text in _IN_WORKSPACE.items():
        (work / place).parent.mkdir(parents=True, exist_ok=True)
        (work / place).write_text(text.format(token=token))
    (work / "persons-link").symlink_to(home / ".ssh" / "id_rsa")
    shutil.copytree(
        Path(__file__).with_name("attempts"), work / "attempts", ignore=lambda *_: {"__pycache__"}
    )


@contextmanager
def _sockets(root: Path, heard: set[str]) -> Iterator[dict[str, object]]:
    folder = root / "outside" / "sockets"
    folder.mkdir()
    paths = {name: str(folder / name) for name in _SOCKETS}
    x11 = Path(f"/tmp/.X11-unix/X{random.randrange(20_000, 60_000)}")
    abstract = f"deskhand-escapes-{root.name}"
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(PermissionError):
            x11.parent.mkdir(exist_ok=True)
        tcp = _bound(stack, socket.AF_INET, ("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        listening = [tcp, _bound(stack, socket.AF_INET, ("127.0.0.2", port))]
        with contextlib.suppress(OSError):
            listening.append(_bound(stack, socket.AF_INET6, ("::1", port)))
        for address in (*paths.values(), "\0" + abstract, str(x11), f"\0{x11}"):
            with contextlib.suppress(PermissionError):
                listening.append(_bound(stack, socket.AF_UNIX, address))
        stack.callback(x11.unlink, missing_ok=True)
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        stack.enter_context(_listening(listening, udp, heard))
        yield {
            "outside": str(root / "outside"),
            "marks": str(root / "outside" / "marks"),
            "home": str(root / "home"),
            "work": str(root / "home" / "Documents"),
            "port": port,
            "udp": udp.getsockname()[1],
            "abstract": abstract,
            "sockets": {**paths, "x11": str(x11)},
        }


def _bound(stack: contextlib.ExitStack, family: int, address: object) -> socket.socket:
    listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
    listener.bind(address)  # type: ignore[arg-type]
    listener.listen()
    return listener


@contextmanager
def _listening(listeners: list[socket.socket], udp: socket.socket, heard: set[str]) -> Iterator[None]:
    over = threading.Event()

    def listen() -> None:
        with selectors.DefaultSelector() as selector:
            for listener in (*listeners, udp):
                selector.register(listener, selectors.EVENT_READ)
            while not over.is_set():
                for key, _ in selector.select(0.05):
                    heard.add(_said(key.fileobj, udp))  # type: ignore[arg-type]

    thread = threading.Thread(target=listen, name="listening")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _said(ready: socket.socket, udp: socket.socket) -> str:
    if ready is udp:
        return udp.recv(200).decode(errors="replace")
    connection, _ = ready.accept()
    with connection, contextlib.suppress(OSError):
        connection.settimeout(2)
        return connection.recv(200).decode(errors="replace")
    return ""


@contextmanager
def _victim(root: Path, token: str) -> Iterator[int]:
    arguments = (str(root / "outside" / "marks"), token, str(os.getpid()))
    process = subprocess.Popen([PYTHON, "-I", "-c", _VICTIM, *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def _shared_memory(token: str) -> Iterator[int]:
    libc = ctypes.CDLL(None)
    libc.shmat.restype = ctypes.c_void_p
    segment = libc.shmget(0, 4096, 0o1600)
    address = libc.shmat(segment, None, 0)
    ctypes.memmove(address, token.encode(), len(token))
    named = Path(f"/dev/shm/escape-{secrets.token_hex(4)}")
    named.write_text(token)
    try:
        yield segment
    finally:
        named.unlink(missing_ok=True)
        libc.shmdt(ctypes.c_void_p(address))
        libc.shmctl(segment, 0, None)


def _restore(former: dict[str, str | None]) -> None:
    for name, value in former.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
