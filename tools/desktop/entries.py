"""Installed applications, from their ``.desktop`` files (freedesktop.org: Desktop Entry 1.5, MIME Applications 1.0)."""

from __future__ import annotations

import configparser
import locale
import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.errors import DesktopError
from tools.desktop.port import Application

_SECTION = "Desktop Entry"
_SWITCHES: Mapping[str, tuple[str, ...]] = {
    name: ("--force-renderer-accessibility",)
    for name in (
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "brave-browser",
        "code",
    )
}
_ENVIRONMENT: Mapping[str, Mapping[str, str]] = {
    "libreoffice": {"SAL_USE_VCLPLUGIN": "gtk3"},
    "soffice": {"SAL_USE_VCLPLUGIN": "gtk3"},
    "pcmanfm": {"GTK_MODULES": "gail:atk-bridge"},
}
"""What these programs need to show an accessibility tree."""


class DesktopEntries:
    """See :class:`tools.desktop.port.Applications`. The files are read again when a folder has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at: tuple[float, ...] = ()
        self._applications: tuple[Application, ...] = ()

    def list(self) -> tuple[Application, ...]:
        with self._lock:
            stamps = tuple(folder.stat().st_mtime for folder in _folders("applications"))
            if stamps != self._read_at or not self._applications:
                found = {application.id: application for application in _installed()}
                self._applications = tuple(sorted(found.values(), key=lambda each: each.name.casefold()))
                self._read_at = stamps
            return self._applications

    def default_for(self, mime: str) -> Application | None:
        applications = {application.id: application for application in self.list()}
        chosen = next((applications[id] for id in _chosen(mime) if id in applications), None)
        able = [application for application in applications.values() if mime in application.types]
        # Without a choice, what opens little else is made for it: an editor rather than an office for plain text.
        return chosen or min(able, key=lambda each: len(each.types), default=None)

    def name_of(self, program: str) -> str:
        """The application whose windows have this class (lower case), or the class made readable."""
        own = [application for application in self.list() if program in application.programs]
        if own:  # of several with one program, the one that is called after it
            return max(own, key=lambda each: each.id.lower().removesuffix(".desktop") == program).name
        return program.rpartition(".")[2].replace("-", " ").title()

    def start(self, application: Application, path: Path | None = None) -> None:
        program = Path(application.command[0]).name
        command = [*application.command, *_SWITCHES.get(program, ()), *([str(path)] if path else [])]
        try:
            child = subprocess.Popen(
                command,
                env=os.environ | _ENVIRONMENT.get(program, {}),
                cwd=Path.home(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # it stays when we end
            )
        except OSError as error:
            raise DesktopError(f"{application.name} could not be started ({error.strerror}).") from error
        threading.Thread(target=child.wait, name=f"wait for {program}", daemon=True).start()


def _folders(name: str) -> tuple[Path, ...]:
    """The folders of that name where applications and their settings are kept, the person's own first."""
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    folders = (Path(base) / name for base in (data, *shared.split(":")) if base)
    return tuple(folder for folder in folders if folder.is_dir())


def _installed() -> Iterator[Application]:
    # The person's own come last, so that they win over those of the system with the same id.
    for folder in reversed(_folders("applications")):
        for file in sorted(folder.rglob("*.desktop")):
            entry = _read(file)
            if entry is not None and (application := _application(file.relative_to(folder), entry)):
                yield application


def _read(file: Path) -> configparser.SectionProxy | None:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return None
    return parser[_SECTION] if parser.has_section(_SECTION) else None


def _application(relative: Path, entry: configparser.SectionProxy) -> Application | None:
    hidden = "true" in (entry.get("NoDisplay", ""), entry.get("Hidden", ""))
    required = entry.get("TryExec", "")
    command = _command(entry)
    if (
        entry.get("Type") != "Application"
        or hidden
        or not command
        or (required and not shutil.which(required))
    ):
        return None
    id = "-".join(relative.parts)
    program = Path(command[0]).name
    name = _localised(entry, "Name") or program
    names = {value for key, value in entry.items() if key.partition("[")[0] in ("Name", "GenericName")}
    keywords = {word for word in (_localised(entry, "Keywords") or "").split(";") if word}
    stem = id.removesuffix(".desktop")
    classes = {program, stem, stem.rpartition(".")[2], entry.get("StartupWMClass", "")} - {""}
    return Application(
        id=id,
        name=name,
        names=tuple(sorted((names | keywords | {program}) - {name})),
        command=command,
        categories=_list(entry, "Categories"),
        types=_list(entry, "MimeType"),
        programs=tuple(sorted(each.lower() for each in classes)),
    )


def _command(entry: configparser.SectionProxy) -> tuple[str, ...]:
    """``Exec`` without its field codes (%f, %U): a file, if any, comes last."""
    try:
        words = shlex.split(entry.get("Exec", ""))
    except ValueError:
        return ()
    words = [
        word.replace("%%", "%") for word in words if not (len(word) == 2 and word[0] == "%" and word != "%%")
    ]
    if words and entry.get("Terminal") == "true":
        return ("x-terminal-emulator", "-e", *words) if shutil.which("x-terminal-emulator") else ()
    return tuple(words)


def _localised(entry: configparser.SectionProxy, key: str) -> str:
    language = (locale.getlocale()[0] or "").partition(".")[0]
    for suffix in (f"[{language}]", f"[{language.partition('_')[0]}]", ""):
        if value := entry.get(key + suffix):
            return value
    return ""


def _list(entry: configparser.SectionProxy, key: str) -> tuple[str, ...]:
    return tuple(word for word in entry.get(key, "").split(";") if word)


def _chosen(mime: str) -> Iterator[str]:
    """The ids that ``mimeapps.list`` names for a type, the person's choice first."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for folder in (config, *_folders("applications")):
        parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
        try:
            parser.read_string((folder / "mimeapps.list").read_text(encoding="utf-8", errors="replace"))
        except (OSError, configparser.Error):
            continue
        yield from parser.get("Default Applications", mime, fallback="").split(";")
