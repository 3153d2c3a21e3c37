"""Installed applications, from their ``.desktop`` files (freedesktop.org: Desktop Entry 1.5, MIME Applications 1.0)."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from agent.errors import DesktopError
from tools.desktop.entry import (
    FILE,
    Command,
    Entry,
    command_of,
    entry_of,
    languages,
    localised,
    text_of,
    texts_of,
)
from tools.desktop.launching import ID, Launch, accessible, exists, new_id, program_of
from tools.desktop.port import TERMINAL, Application

_MOST_FILES = 5_000
_TERMINAL = ("x-terminal-emulator", "-e")
_BROWSER_TYPES = ("x-scheme-handler/https", "x-scheme-handler/http", "text/html")


class DesktopEntries:
    """See :class:`tools.desktop.port.Applications`. The files are read again when a folder has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at: tuple[tuple[Path, float], ...] = ()
        self._applications: tuple[Application, ...] = ()
        self._silent: dict[str, Application] = {}
        """Those that no menu shows, by id: they may still be what opens a file."""

    def list(self) -> tuple[Application, ...]:
        with self._lock:
            stamps = tuple((folder, _stamp(folder)) for folder in _folders("applications"))
            if stamps != self._read_at or not self._applications:
                shown, self._silent = [], {}
                for application, in_menu in _installed():
                    if in_menu:
                        shown.append(application)
                    else:
                        self._silent[application.id] = application
                self._applications = tuple(sorted(shown, key=lambda each: each.name.casefold()))
                self._read_at = stamps
            return self._applications

    def default_for(self, mime: str) -> Application | None:
        listed = self.list()
        known = self._silent | {application.id: application for application in listed}
        chosen, added, removed = _associations(mime)
        if mime == TERMINAL:
            chosen = [*_chosen_terminals(), *chosen]
        for id in chosen:
            if id in known:
                return known[id]
        if alternative := _alternative(mime, listed):
            return alternative
        if found := next((known[id] for id in added if id in known), None):
            return found
        able = [each for each in listed if mime in each.types and each.id not in removed]
        # Without a choice, what opens little else is made for it: an editor rather than an office for plain text.
        return min(able, key=lambda each: len(each.types), default=None)

    def name_of(self, program: str) -> str:
        """The application whose windows have this class (lower case), or the class made readable."""
        own = [application for application in self.list() if program in application.programs]
        if own:  # of several with one program, the one that is called after it
            return max(own, key=lambda each: each.id.lower().removesuffix(".desktop") == program).name
        return program.rpartition(".")[2].replace("-", " ").title()

    def start(self, application: Application, path: Path | None = None) -> Launch:
        command, added = accessible(_with(application, path))
        launch_id = new_id()
        try:
            child = subprocess.Popen(
                command,
                env=os.environ | added | {ID: launch_id},
                cwd=Path.home(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # it stays when we end
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "its command is broken"
            raise DesktopError(f"{application.name} could not be started ({why}).") from error
        threading.Thread(target=child.wait, name=f"wait for {command[0]}", daemon=True).start()
        return Launch(launch_id, child.pid, lambda: child.returncode)


def _with(application: Application, path: Path | None) -> tuple[str, ...]:
    if path is None:
        return application.command
    if FILE in "".join(application.opening):
        return tuple(word.replace(FILE, str(path)) for word in application.opening)
    return (*application.command, str(path))


def _stamp(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _folders(name: str) -> tuple[Path, ...]:
    """The folders of that name where applications and their settings are kept, the person's own first. Those of Flatpak
    and Snap are looked at even when the session does not name them."""
    home = Path.home()
    data = os.environ.get("XDG_DATA_HOME") or str(home / ".local/share")
    shared = (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    sandboxed = (f"{data}/flatpak/exports/share", "/var/lib/flatpak/exports/share", "/var/lib/snapd/desktop")
    places = dict.fromkeys(Path(base) / name for base in (data, *shared, *sandboxed) if base)
    return tuple(folder for folder in places if folder.is_dir())


def _installed() -> Iterator[tuple[Application, bool]]:
    """Every application once, and whether a menu shows it. The first file of an id counts, also when it says that the
    application is not there."""
    seen: set[str] = set()
    for folder in _folders("applications"):
        for file in sorted(folder.rglob("*.desktop"))[:_MOST_FILES]:
            id = "-".join(file.relative_to(folder).parts)
            if id in seen:
                continue
            seen.add(id)
            entry = _read(file)
            if entry is not None and (application := _application(id, entry)):
                yield application, _in_menu(entry)


def _read(file: Path) -> Entry | None:
    try:
        return entry_of(file.read_bytes()) if file.is_file() else None  # a pipe would have us wait
    except OSError:
        return None


def _in_menu(entry: Entry) -> bool:
    here = {name for name in os.environ.get("XDG_CURRENT_DESKTOP", "").split(":") if name}
    only, never = set(texts_of(entry.get("OnlyShowIn", ""))), set(texts_of(entry.get("NotShowIn", "")))
    elsewhere = bool(here) and ((bool(only) and not only & here) or bool(never & here))
    return entry.get("NoDisplay") != "true" and not elsewhere


def _application(id: str, entry: Entry) -> Application | None:
    """None when it is hidden, no application, or its program is not there."""
    command = _command(entry)
    required = entry.get("TryExec", "")
    if (
        entry.get("Type") != "Application"
        or entry.get("Hidden") == "true"
        or command is None
        or (required and not shutil.which(required))
    ):
        return None
    wanted = languages(os.environ)
    program = program_of(command.words)
    name = text_of(localised(entry, "Name", wanted)) or program
    names = {text_of(raw) for key, raw in entry.items() if key.partition("[")[0] in ("Name", "GenericName")}
    keywords = {*texts_of(localised(entry, "Keywords", wanted)), *texts_of(entry.get("Keywords", ""))}
    stem = id.removesuffix(".desktop")
    classes = {
        program,
        stem,
        *(each.rpartition(".")[2] for each in (stem, program)),
        entry.get("StartupWMClass", ""),
    }
    if entry.get("Terminal") == "true":
        command = _in_terminal(command)
    return Application(
        id=id,
        name=name,
        names=tuple(sorted((names | keywords | {program}) - {name, ""})),
        command=command.words,
        categories=texts_of(entry.get("Categories", "")),
        types=texts_of(entry.get("MimeType", "")),
        programs=tuple(sorted(each.lower() for each in classes - {""})),
        opening=command.opening,
    )


def _command(entry: Entry) -> Command | None:
    """None without one that can be run."""
    command = command_of(entry.get("Exec", ""))
    if command is None or not exists(command.words):
        return None
    return command if entry.get("Terminal") != "true" or shutil.which(_TERMINAL[0]) else None


def _in_terminal(command: Command) -> Command:
    opening = (*_TERMINAL, *command.opening) if command.opening else ()
    return Command((*_TERMINAL, *command.words), opening)


def _associations(mime: str) -> tuple[list[str], list[str], set[str]]:
    """The ids that ``mimeapps.list`` names for a type, the person's choice first: default ones, added ones, and those
    that were taken away."""
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    shared = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    places = [Path(base) for base in (config, *shared) if base] + list(_folders("applications"))
    desktops = [name.lower() for name in os.environ.get("XDG_CURRENT_DESKTOP", "").split(":") if name]
    chosen: list[str] = []
    added: list[str] = []
    removed: set[str] = set()
    for place in places:
        for file in (*(f"{name}-mimeapps.list" for name in desktops), "mimeapps.list"):
            parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
            try:
                parser.read_string((place / file).read_text(encoding="utf-8", errors="replace"))
            except (OSError, configparser.Error):
                continue
            chosen += texts_of(parser.get("Default Applications", mime, fallback=""))
            added += texts_of(parser.get("Added Associations", mime, fallback=""))
            removed |= set(texts_of(parser.get("Removed Associations", mime, fallback="")))
    return chosen, [id for id in added if id not in removed], removed


def _chosen_terminals() -> list[str]:
    """``xdg-terminals.list``: an id a line."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    try:
        lines = (config / "xdg-terminals.list").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip().endswith(".desktop")]


def _alternative(mime: str, applications: tuple[Application, ...]) -> Application | None:
    """What Debian's alternatives say, for those types that they are about."""
    if mime == TERMINAL:
        found = shutil.which("x-terminal-emulator")
    else:
        found = shutil.which("x-www-browser") if mime in _BROWSER_TYPES else None
    if found is None:
        return None
    program = Path(os.path.realpath(found)).name.removesuffix(".wrapper")
    entry = next((each for each in applications if program in each.programs), None)
    if entry is None and mime == TERMINAL:  # lxterm, say, which no menu has
        return Application(program, program, (), (found,), ("TerminalEmulator",), (), (program,))
    return entry
