"""How an application is started so that it shows its accessibility tree, and how its windows are told from others.

Chromium and everything made with it (Electron) shows the controls of pages only when asked at the start; LibreOffice
shows its own with GTK 3; GTK 2 needs two modules, Qt a variable. What a sandboxed application (Flatpak, Snap) is told
goes through its launcher.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tools.desktop.port import Window

CHROMIUM_SWITCH = "--force-renderer-accessibility"
_CHROMIUM = frozenset(
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "brave-browser", "microsoft-edge",
     "microsoft-edge-stable", "vivaldi", "vivaldi-stable", "opera", "code", "code-oss", "codium", "slack", "discord",
     "signal-desktop", "element-desktop", "obsidian", "spotify", "teams-for-linux", "skypeforlinux", "whatsdesk")
)  # fmt: skip
_CHROMIUM_IDS = ("chrome", "chromium", "brave", "edge", "vivaldi", "opera", "vscode", "vscodium", "visualstudio.code",
                 "slack", "discord", "signal", "element", "obsidian", "spotify", "teams")  # fmt: skip
"""What the ids of such applications have in them."""
_BESIDE_CHROMIUM = ("v8_context_snapshot.bin", "chrome-sandbox", "resources.pak")
"""Files that lie beside the program, whatever it is called."""
_LIBREOFFICE = re.compile(r"(?:libre|s|o)office(?:\d+\.\d+)?|org\.libreoffice\..*", re.I)
_GTK_2 = b"libgtk-x11-2.0.so"
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*")
_ELF_BYTES = 4 << 20
ID = "DESKTOP_STARTUP_ID"


@dataclass(frozen=True, slots=True)
class Launch:
    """A program that was started. ``id`` stands in the environment of all processes that come from it."""

    id: str
    pid: int
    status: Callable[[], int | None] = lambda: None
    """What it ended with; ``None`` while it runs."""

    def owns(self, window: Window) -> bool:
        """Whether the window is of this program or of one that it started."""
        if not window.pid:
            return False
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(window.pid)
            if process.environ().get(ID) == self.id:
                return True
            return any(parent.pid == self.pid for parent in [process, *process.parents()])
        return False

    def failed(self) -> bool:
        """See :meth:`tools.desktop.port.Launch.failed`."""
        return bool(self.status())


def new_id() -> str:
    return f"deskhand-{uuid.uuid4().hex}_TIME0"


def program_of(command: Sequence[str]) -> str:
    """The name of what a command really runs: behind ``env``, and the application's id of a Flatpak or Snap."""
    index = _program_index(command)
    name = Path(command[index]).name
    if name in ("flatpak", "snap") and (inner := _inner_index(command, index)) is not None:
        return Path(command[inner]).name
    return name


def exists(command: Sequence[str]) -> bool:
    """Whether there is such a program."""
    return shutil.which(command[_program_index(command)]) is not None


def accessible(command: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command with the switches that it needs, and what is added to its environment."""
    index = _program_index(command)
    launcher = Path(command[index]).name
    inner = _inner_index(command, index) if launcher in ("flatpak", "snap") else None
    after = index if inner is None else inner
    program = program_of(command)
    words = list(command)
    if _is_chromium(command[index], program, inner is not None) and CHROMIUM_SWITCH not in words:
        words.insert(after + 1, CHROMIUM_SWITCH)
    added = {"QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "QT_ACCESSIBILITY": "1"}
    if _LIBREOFFICE.fullmatch(program):
        added["SAL_USE_VCLPLUGIN"] = "gtk3"
    if _is_gtk_2(command[index]):
        added["GTK_MODULES"] = ":".join(_with_modules(os.environ.get("GTK_MODULES", "")))
    if launcher == "flatpak" and inner is not None and "SAL_USE_VCLPLUGIN" in added:
        words.insert(inner, f"--env=SAL_USE_VCLPLUGIN={added['SAL_USE_VCLPLUGIN']}")
    return tuple(words), added


def _program_index(command: Sequence[str]) -> int:
    """Behind ``env`` and what it sets."""
    index = 0
    if Path(command[0]).name == "env":
        index = 1
        while index < len(command) - 1 and (
            _ASSIGNMENT.fullmatch(command[index]) or command[index].startswith("-")
        ):
            index += 2 if command[index] in ("-u", "-C") else 1
    return min(index, len(command) - 1)


def _inner_index(command: Sequence[str], launcher: int) -> int | None:
    """Where the application's id stands: ``flatpak run --branch=stable org.example.App``."""
    rest = range(launcher + 1, len(command))
    if not rest or command[rest[0]] != "run":
        return None
    return next((index for index in rest[1:] if not command[index].startswith("-")), None)


def _is_chromium(path: str, program: str, sandboxed: bool) -> bool:
    if sandboxed:
        words = re.split(r"[.\-_]", program.casefold())
        return any(name in words or f".{name}" in program.casefold() for name in _CHROMIUM_IDS)
    if program in _CHROMIUM:
        return True
    found = shutil.which(path)
    if found is None:
        return False
    real = Path(os.path.realpath(found))
    return any((folder / name).exists() for folder in _around(real) for name in _BESIDE_CHROMIUM)


def _around(program: Path) -> Iterator[Path]:
    """Its folder, and the one above when that is a ``bin`` of its own: /usr/share/code/bin/code."""
    yield program.parent
    if program.parent.name == "bin" and program.parent.parent != Path("/usr") and len(program.parts) > 4:
        yield program.parent.parent


def _is_gtk_2(path: str) -> bool:
    found = shutil.which(path)
    if found is None:
        return False
    with contextlib.suppress(OSError), open(found, "rb") as file:
        head = file.read(_ELF_BYTES)
        return head.startswith(b"\x7fELF") and _GTK_2 in head
    return False


def _with_modules(present: str) -> list[str]:
    modules = [name for name in present.split(":") if name]
    return modules + [name for name in ("gail", "atk-bridge") if name not in modules]
