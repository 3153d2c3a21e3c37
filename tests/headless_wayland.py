"""A Wayland desktop without a screen: sway on wlroots' headless backend, a message bus, accessibility.

sway refuses to run as root; there it runs as ``nobody``, and applications as whoever runs the tests. No seat has a
keyboard, so no window ever has the focus. Debian packages: sway xwayland wl-clipboard dbus-daemon at-spi2-core.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.tools.desktop.wayland.portal_stand_in import message_bus_of_its_own

T = TypeVar("T")

START_SECONDS = 20.0
_CONFIG = """
output HEADLESS-1 resolution 1280x800
xwayland force
exec echo "$DISPLAY" > display
"""
AS_NOBODY = (
    "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)  # fmt: skip
"""Somebody else who may read everything, so that a Python in root's home runs."""


class NoWaylandError(RuntimeError):
    """Something is missing here; the message says what."""


@dataclass(frozen=True, slots=True)
class WaylandDesktop:
    """Programs started with ``env`` appear on it. ``display`` is its XWayland's, which only its owner may use."""

    env: Mapping[str, str]
    display: str
    as_owner: tuple[str, ...]
    """Put before a command, it runs as whoever owns the desktop."""


@contextmanager
def headless_wayland() -> Iterator[WaylandDesktop]:
    """Raises NoWaylandError."""
    for program in ("sway", "Xwayland", "dbus-daemon", "setpriv"):
        if shutil.which(program) is None:
            raise NoWaylandError(f"{program} is not installed")
    as_owner = AS_NOBODY if os.geteuid() == 0 else ()
    with (
        tempfile.TemporaryDirectory(prefix="deskhand-wayland-", ignore_cleanup_errors=True) as folder,
        message_bus_of_its_own() as bus,
    ):
        runtime = Path(folder)
        (runtime / "config").write_text(_CONFIG)
        if as_owner:
            shutil.chown(runtime, "nobody", "nogroup")
        home = runtime / "ada"
        home.mkdir()
        env = {
            "PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": folder, "XDG_SESSION_TYPE": "wayland",
            "LANG": "C.UTF-8", "GSETTINGS_BACKEND": "memory", "GDK_BACKEND": "wayland", "NO_AT_BRIDGE": "0",
            "GSK_RENDERER": "cairo", "DBUS_SESSION_BUS_ADDRESS": bus,
        }  # fmt: skip
        headless = {"WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman"}
        with _running((*as_owner, "sway", "--config", str(runtime / "config")), env | headless, runtime):
            socket = _eventually(lambda: next((p for p in runtime.glob("wayland-?") if p.is_socket()), None))
            display = _eventually(lambda: _line(runtime / "display"))
            yield WaylandDesktop(env | {"WAYLAND_DISPLAY": str(socket)}, display, as_owner)


@contextmanager
def _running(command: Sequence[str], env: Mapping[str, str], folder: Path) -> Iterator[None]:
    with subprocess.Popen(
        command, env=dict(env), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def _line(path: Path) -> str | None:
    return path.read_text().strip() or None if path.exists() else None


def _eventually(check: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + START_SECONDS
    while not (found := check()):
        if time.monotonic() > deadline:
            raise NoWaylandError("sway did not start")
        time.sleep(0.05)
    return found
