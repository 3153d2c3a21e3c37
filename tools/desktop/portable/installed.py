"""Installed applications: the Start menu on Windows, bundles on macOS. What opens a file is left to the system, which
knows; on Linux ``.desktop`` files tell (:mod:`tools.desktop.entries`)."""

from __future__ import annotations

import mimetypes
import os
import plistlib
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from agent.errors import DesktopError
from tools.desktop.port import Application

_SWITCHES = "--force-renderer-accessibility"
_NEED_SWITCHES = (
    "chrome",
    "chromium",
    "msedge",
    "microsoft edge",
    "google chrome",
    "brave",
    "brave browser",
    "code",
)
"""Programs made with Chromium that show their pages' controls only when asked at the start."""


class StartMenu:
    """See :class:`tools.desktop.port.Applications`. ``shell`` opens a file, a shortcut or a program with arguments, as
    ShellExecuteW does, and tells whether that worked."""

    def __init__(
        self, folders: Sequence[Path] | None = None, shell: Callable[[str, str], bool] | None = None
    ) -> None:
        self._folders = _start_menus() if folders is None else folders
        self._shell = shell or _shell_execute

    def list(self) -> tuple[Application, ...]:
        shortcuts = {file.stem: file for folder in self._folders for file in folder.rglob("*.lnk")}
        return _by_name(_application(name, str(file), (str(file),)) for name, file in shortcuts.items())

    def default_for(self, mime: str) -> Application | None:
        return _systems_choice(mime)

    def start(self, application: Application, path: Path | None = None) -> None:
        switch = _SWITCHES if _needs_switch(application) else ""
        if not application.command and path is not None:
            done = self._shell(str(path), "")
        else:
            said = " ".join(filter(None, (switch, f'"{path}"' if path else "")))
            done = self._shell(application.command[0], said)
        if not done:
            raise DesktopError(f"{application.name} could not be started.")


class Bundles:
    """See :class:`tools.desktop.port.Applications`."""

    def __init__(
        self, folders: Sequence[Path] | None = None, run: Callable[[Sequence[str]], int] | None = None
    ) -> None:
        home = (Path("/Applications"), Path("/System/Applications"), Path.home() / "Applications")
        self._folders = home if folders is None else folders
        self._run = run or _run

    def list(self) -> tuple[Application, ...]:
        bundles = [*self._in(self._folders), *self._in(folder / "Utilities" for folder in self._folders)]
        return _by_name(_bundle(path) for path in bundles)

    def default_for(self, mime: str) -> Application | None:
        return _systems_choice(mime)

    def start(self, application: Application, path: Path | None = None) -> None:
        command = ["open", *(("-a", *application.command) if application.command else ())]
        command += [str(path)] if path else []
        command += ["--args", _SWITCHES] if _needs_switch(application) else []
        if self._run(command) != 0:
            raise DesktopError(f"{application.name} could not be started.")

    @staticmethod
    def _in(folders: Iterable[Path]) -> list[Path]:
        return [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.app"))]


def _systems_choice(mime: str) -> Application | None:
    """Whatever the system opens files of this type with: it has no name until it is asked to."""
    known = (
        mimetypes.guess_all_extensions(mime)
        or mime.startswith("x-scheme-handler/")
        or mime == "inode/directory"
    )
    return Application("", "its application", (), (), (), (mime,), ()) if known else None


def _application(name: str, id: str, command: tuple[str, ...], more: tuple[str, ...] = ()) -> Application:
    return Application(id, name, more, command, (), (), (name.lower(),))


def _bundle(path: Path) -> Application:
    try:
        told = plistlib.loads((path / "Contents" / "Info.plist").read_bytes())
    except (OSError, plistlib.InvalidFileException, ValueError):
        told = {}
    names = {str(told.get(key, "")) for key in ("CFBundleName", "CFBundleDisplayName", "CFBundleExecutable")}
    id = str(told.get("CFBundleIdentifier", path))
    return _application(path.stem, id, (str(path),), tuple(sorted(names - {"", path.stem})))


def _by_name(applications: Iterable[Application]) -> tuple[Application, ...]:
    return tuple(sorted(applications, key=lambda each: each.name.casefold()))


def _needs_switch(application: Application) -> bool:
    return application.name.casefold() in _NEED_SWITCHES


def _start_menus() -> tuple[Path, ...]:
    bases = (os.environ.get(name, "") for name in ("PROGRAMDATA", "APPDATA"))
    return tuple(Path(base) / "Microsoft" / "Windows" / "Start Menu" / "Programs" for base in bases if base)


def _shell_execute(file: str, arguments: str) -> bool:
    import ctypes

    execute = ctypes.windll.shell32.ShellExecuteW  # type: ignore[attr-defined]
    execute.restype = ctypes.c_void_p
    return int(execute(None, "open", file, arguments or None, None, 1) or 0) > 32


def _run(command: Sequence[str]) -> int:
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=20).returncode
    except (OSError, subprocess.TimeoutExpired):
        return 1
