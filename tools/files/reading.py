"""Reading: a file's text, names in a folder, finding by name, opening a document with its application."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from pydantic import Field

from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.documents import reader
from tools.documents.heard import HearRecording, hearing
from tools.files import handle
from tools.files.text import MAX_CHARACTERS, count, decode, excerpt, lines, shortened
from tools.files.workspace import Decided, PathError, PathRefused, Workspace, told

_MAX_ENTRIES = 50_000
_MAX_BYTES = 4 << 20
"""How much of a file is looked at; what the model gets of it is far less."""

_PROGRAMS = frozenset(
    (".desktop", ".sh", ".bash", ".zsh", ".py", ".pl", ".rb", ".js", ".jar", ".run", ".appimage", ".bin", ".exe",
     ".bat", ".cmd", ".ps1", ".msi", ".deb", ".rpm", ".flatpakref", ".snap", ".service", ".url", ".webloc", ".lnk")
)  # fmt: skip


OpenPath = Callable[[Path, ToolContext], ToolResult]


class ReadFile(Arguments):
    path: str = Field(description="the file")


class FindFiles(Arguments):
    name: str = Field(description="part of a name, or a pattern like *.pdf")


class ListFolder(Arguments):
    path: str = Field(default=".", description="the folder; . is the workspace")


class OpenFile(Arguments):
    path: str = Field(description="the document")


class _Reading:
    def __init__(self, workspace: Workspace, open_path: OpenPath, hear: HearRecording | None) -> None:
        self._workspace = workspace
        self._hear = hear
        self._open_path = open_path
        self._decided = Decided()

    def effect_of_path(self, arguments: ReadFile | ListFolder) -> Effect:
        said = arguments.path
        if isinstance(arguments, ReadFile):
            said, _ = self._workspace.place(said)
        path = self._workspace.resolve(said)
        self._decided.declare(arguments, path)
        label = "File" if isinstance(arguments, ReadFile) else "Folder"
        target = Target("path", label, str(path), said=said)
        return Effect("read", (target,), question=f"Read this {label.lower()}?")

    def read_file(self, arguments: ReadFile, context: ToolContext) -> ToolResult:
        (path,) = self._decided.paths(arguments, self.effect_of_path)
        name = self._workspace.name(path)
        _, place = self._workspace.place(arguments.path)
        with handle.plain_words(name), handle.reading(path) as file:
            if place or reader.is_document(file):
                return self._document(file, path, place, context)
            size = os.fstat(file.fileno()).st_size
            data, unread = file.read(_MAX_BYTES), _count_lines(file, context)
        if unread and b"\n" in data:  # the line that was cut in two is counted among the unread
            data = data[: data.rindex(b"\n") + 1]
        text = decode(data)
        if text is None:
            raise PathError(f'"{name}" is not a text file')
        details = {"path": str(path), "bytes": size}
        return ToolResult("confirmed", shortened(text, unread), f"{size} bytes, {excerpt(text)}", details)

    def _document(self, file: BinaryIO, path: Path, place: str, context: ToolContext) -> ToolResult:
        name = self._workspace.name(path)
        try:
            seen = reader.read(
                file, name, MAX_CHARACTERS, context.cancel, place, hearing(self._hear, context.progress)
            )
        except reader.DocumentError as trouble:
            raise PathError(trouble.what) from trouble
        details = {"path": str(path), "bytes": os.fstat(file.fileno()).st_size}
        return ToolResult("confirmed", seen.told(name), seen.about, details)

    def list_folder(self, arguments: ListFolder, context: ToolContext) -> ToolResult:
        (path,) = self._decided.paths(arguments, self.effect_of_path)
        name = self._workspace.name(path)
        with (
            handle.plain_words(name),
            handle.folder(path) as place,
            os.scandir(f"/proc/self/fd/{place}") as entries,
        ):
            names = [entry.name + "/" * entry.is_dir() for entry in entries if not entry.name.startswith(".")]
        names.sort(key=str.casefold)
        details = {"path": str(path), "names": names}
        return ToolResult("confirmed", lines(names) or "(empty)", count(names, "entry", "entries"), details)

    def find_effect(self, arguments: FindFiles) -> Effect:
        target = Target("path", "Folder", str(self._workspace.root), said=".")
        return Effect("read", (target,), question="Look through the names of your files?")

    def find_files(self, arguments: FindFiles, context: ToolContext) -> ToolResult:
        wanted = arguments.name.strip().casefold()
        if not wanted:
            raise PathError("the name is empty")
        pattern = wanted if any(sign in wanted for sign in "*?[") else f"*{wanted}*"
        found = []
        for path in self._walk(context):
            relative = str(path.relative_to(self._workspace.root)).casefold()
            if fnmatch.fnmatchcase(relative if "/" in pattern else path.name.casefold(), pattern):
                found.append(self._workspace.name(path))
        found.sort(key=lambda name: (name.count("/"), name.casefold()))
        if not found:
            return ToolResult("confirmed", f'no file matches "{arguments.name.strip()}"', "0 matches")
        details = {"names": found}
        return ToolResult("confirmed", lines(found), count(found, "match", "matches"), details)

    def _walk(self, context: ToolContext) -> Iterator[Path]:
        """Files and folders of the workspace, hidden ones left out, links not followed, up to a bound."""
        seen = 0
        for folder, folders, files in os.walk(self._workspace.root):
            context.cancel.check()
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in folders + [name for name in files if not name.startswith(".")]:
                yield Path(folder, name)
                seen += 1
            if seen > _MAX_ENTRIES:
                return

    def open_effect(self, arguments: OpenFile) -> Effect:
        path = self._workspace.resolve(arguments.path)
        self._decided.declare(arguments, path)
        target = Target("path", "File", str(path), said=arguments.path)
        return Effect("run", (target,), question="Open this file with its application?")

    def open_file(self, arguments: OpenFile, context: ToolContext) -> ToolResult:
        (path,) = self._decided.paths(arguments, self.open_effect)
        name = self._workspace.name(path)
        with handle.plain_words(name):
            if path.is_dir():
                with handle.folder(path):
                    return self._open_path(path, context)
            with handle.reading(path) as file:
                runs = file.read(4)[:2] == b"#!" or os.fstat(file.fileno()).st_mode & 0o111
        if runs or path.suffix.casefold() in _PROGRAMS:
            raise PathRefused(f'"{name}" is a program, not a document')
        return self._open_path(path, context)


def reading_tools(
    workspace: Workspace, open_path: OpenPath, hear: HearRecording | None = None
) -> tuple[Tool, ...]:
    files = _Reading(workspace, open_path, hear)
    return (
        Tool(
            "read_file", "Read a file: text, PDF, Office, pictures, sound, archives.", ReadFile, files.effect_of_path,
            told(files.read_file), lambda a: f"Read **{a.path}**",
        ),
        Tool(
            "find_files", "Find files by name.", FindFiles, files.find_effect,
            told(files.find_files), lambda a: f"Look for **{a.name}**",
        ),
        Tool(
            "list_folder", "List a folder.", ListFolder, files.effect_of_path,
            told(files.list_folder), lambda a: f"List **{workspace.root.name if a.path == '.' else a.path}**",
        ),
        Tool(
            "open_file", "Open a document with its application.", OpenFile, files.open_effect,
            told(files.open_file), lambda a: f"Open **{a.path}**",
        ),
    )  # fmt: skip


def _count_lines(file: BinaryIO, context: ToolContext) -> int:
    """How many lines the rest of ``file`` has."""
    newlines, last = 0, b"\n"
    while chunk := file.read(_MAX_BYTES):
        context.cancel.check()
        newlines, last = newlines + chunk.count(b"\n"), chunk[-1:]
    return newlines + (last != b"\n")
