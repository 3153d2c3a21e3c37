"""A virtual desktop: an X server without a screen, a message bus, accessibility, a window manager.

Used by the end-to-end tests, by ``./dev demo`` where there is no screen, and from a shell:

    python -m tests.virtual_desktop -- mousepad notes.txt

Everything started here ends here, also when the process that started it is killed. It has its own home and
runtime folders, so nothing of the person's desktop is read or changed. Sound is in :mod:`tests.virtual_sound`.
Debian packages: xvfb openbox dbus-daemon at-spi2-core.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from jeepney import DBusAddress, Properties
from jeepney.io.blocking import open_dbus_connection
from Xlib import X
from Xlib.display import Display
from Xlib.error import DisplayConnectionError

START_SECONDS = 15.0
"""Starting takes about half a second; a busy machine gets this long."""

_INHERITED = ("PATH", "LANGUAGE", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "SSL_CERT_FILE", "DESKHAND_TEST_MODEL")


class VirtualDesktopError(RuntimeError):
    """Something the virtual desktop needs is missing, or did not start; the message says which."""


@dataclass(frozen=True, slots=True)
class VirtualDesktop:
    """A running virtual desktop. Programs started with ``env`` appear on it."""

    display: str
    home: Path
    env: Mapping[str, str]
    width: int
    height: int
    _started: list[subprocess.Popen[bytes]] = field(repr=False)

    def start(self, *command: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a program on this desktop; it is ended with it."""
        process = _spawn(command, dict(self.env), cwd=cwd)
        self._started.append(process)
        return process

    def screenshot(self, path: Path) -> None:
        """Save what is on the screen now as a PNG, for people to look at."""
        import mss
        import mss.tools

        with mss.MSS(display=self.display) as grabber:
            shot = grabber.grab(grabber.monitors[0])
            path.parent.mkdir(parents=True, exist_ok=True)
            mss.tools.to_png(shot.rgb, shot.size, output=str(path))


@contextmanager
def virtual_desktop(
    width: int = 1920, height: int = 1080, *, language: str = "C.UTF-8"
) -> Iterator[VirtualDesktop]:
    """Start a virtual desktop and take it down afterwards. Raises VirtualDesktopError."""
    for program in ("Xvfb", "dbus-daemon", "openbox", "setpriv"):
        if shutil.which(program) is None:
            raise VirtualDesktopError(f"{program} is not installed")
    with ExitStack() as stack:
        # Applications that end with the screen may still write something there.
        folder = tempfile.TemporaryDirectory(prefix="deskhand-", ignore_cleanup_errors=True)
        home = Path(stack.enter_context(folder)) / "ada"
        env = _environment(home, language)
        started: list[subprocess.Popen[bytes]] = []
        stack.callback(_end, started)
        env["DISPLAY"] = _start_x(started, env, width, height)
        env["DBUS_SESSION_BUS_ADDRESS"] = _start_bus(started, env)
        _switch_accessibility_on(env["DBUS_SESSION_BUS_ADDRESS"])
        started.append(_spawn(("openbox", "--sm-disable"), env))
        _wait_for_window_manager(env["DISPLAY"])
        yield VirtualDesktop(env["DISPLAY"], home, env, width, height, started)


@contextmanager
def entered(desktop: VirtualDesktop) -> Iterator[VirtualDesktop]:
    """Make ``desktop`` the desktop of this very process, for code that reads ``os.environ``."""
    with mock.patch.dict(os.environ, desktop.env, clear=True):
        yield desktop


@contextmanager
def own_desktop() -> Iterator[VirtualDesktop]:
    """A virtual desktop that this process is on, for fixtures; what is missing for one fails the test in a sentence."""
    import pytest  # the demo comes here as well, and needs none

    try:
        with virtual_desktop() as started, entered(started):
            yield started
    except VirtualDesktopError as missing:
        pytest.fail(f"no virtual desktop: {missing}; ./dev setup installs what is missing")


def _environment(home: Path, language: str) -> dict[str, str]:
    runtime = home / ".runtime"
    runtime.mkdir(mode=0o700, parents=True)
    (home / "Documents").mkdir()
    env = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return env | {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_SESSION_TYPE": "x11",
        "LANG": language,
        # Settings are kept in memory; the dconf service would outlive the desktop.
        "GSETTINGS_BACKEND": "memory",
        "GTK_USE_PORTAL": "0",
        # GTK 4 would draw with OpenGL, which is emulated here and takes a core of its own.
        "GSK_RENDERER": "cairo",
        "NO_AT_BRIDGE": "0",
    }


def _start_x(started: list[subprocess.Popen[bytes]], env: Mapping[str, str], width: int, height: int) -> str:
    reading, writing = os.pipe()
    command = ("Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp")
    started.append(_spawn((*command, "-noreset"), env, pass_fds=(writing,)))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    if not number:
        raise VirtualDesktopError("Xvfb did not start")
    return f":{number}"


def _start_bus(started: list[subprocess.Popen[bytes]], env: Mapping[str, str]) -> str:
    reading, writing = os.pipe()
    command = ("dbus-daemon", "--session", "--nofork", "--nopidfile", f"--print-address={writing}")
    started.append(_spawn(command, env, pass_fds=(writing,)))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        address = pipe.readline().strip()
    if not address:
        raise VirtualDesktopError("the message bus did not start")
    return address


def _switch_accessibility_on(bus: str) -> None:
    status = Properties(DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Status"))
    with open_dbus_connection(bus) as connection:
        for switch in ("IsEnabled", "ScreenReaderEnabled"):
            connection.send_and_get_reply(status.set(switch, "b", True), timeout=START_SECONDS)


def _wait_for_window_manager(name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            display = Display(name)
        except DisplayConnectionError:
            time.sleep(0.02)
            continue
        try:
            work_area = display.get_atom("_NET_WORKAREA")
            if display.screen().root.get_full_property(work_area, X.AnyPropertyType) is not None:
                return
        finally:
            display.close()
        time.sleep(0.02)
    raise VirtualDesktopError("the window manager did not start")


def _spawn(
    command: Sequence[str], env: Mapping[str, str], *, cwd: Path | None = None, pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    # A parent that is killed takes its desktop with it.
    return subprocess.Popen(
        ("setpriv", "--pdeathsig", "TERM", *command),
        env=dict(env),
        cwd=cwd or env["HOME"],
        pass_fds=pass_fds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    # Last in, first out: applications, the window manager, the bus, the screen.
    for process in reversed(started):
        process.terminate()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(arguments: Sequence[str]) -> int:
    """Run a command on a virtual desktop of its own; its exit status is ours."""
    command = [argument for argument in arguments if argument != "--"]
    if not command:
        print("usage: python -m tests.virtual_desktop -- COMMAND [ARGUMENT]...", file=sys.stderr)
        return 2
    with virtual_desktop() as desktop:
        return subprocess.run(command, env=dict(desktop.env), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
