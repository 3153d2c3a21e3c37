"""Changing files: write, append, move, copy, rename, trash, make a folder. Nothing is ever overwritten but by
write_file, and every change can be undone: the effect names each path that the journal has to keep."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import send2trash
from pydantic import Field

from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.files import handle
from tools.files.text import decode, excerpt
from tools.files.workspace import Decided, PathError, PathRefused, Workspace, told

_MAX_APPENDED_TO = 16 << 20

T = TypeVar("T")
P = ParamSpec("P")


class _Named(Protocol):
    @property
    def path(self) -> str: ...


N = TypeVar("N", bound=_Named)


class WriteFile(Arguments):
    path: str = Field(description="the file")
    text: str = Field(description="its whole new text")


class AppendFile(Arguments):
    path: str = Field(description="the file")
    text: str = Field(description="what to add at its end")


class MoveFile(Arguments):
    path: str = Field(description="the file or folder")
    to: str = Field(description="a folder or a new path")


class CopyFile(Arguments):
    path: str = Field(description="the file or folder")
    to: str = Field(description="a folder or a new path")


class RenameFile(Arguments):
    path: str = Field(description="the file or folder")
    to: str = Field(description="the new name")


class TrashFile(Arguments):
    path: str = Field(description="the file or folder")


class MakeFolder(Arguments):
    path: str = Field(description="the folder")


def send_to_trash(path: Path) -> None:
    """The desktop's trash. Raises OSError."""
    send2trash.send2trash(path)


class _Changing:
    def __init__(self, workspace: Workspace, trash: Callable[[Path], None]) -> None:
        self._workspace = workspace
        self._trash = trash
        self._decided = Decided()

    # -- write and append

    def write_effect(self, arguments: WriteFile) -> Effect:
        path = self._workspace.resolve(arguments.path, new=True)
        self._decided.declare(arguments, path)
        exists = path.exists()
        return self._effect(
            _target("File", path, arguments.path),
            Target("text", "Text", arguments.text),
            changes=handle.missing(path) or (path,),
            undo="restores the old text" if exists else "removes the new file",
            question="Replace the text of this file?" if exists else "Save a new file?",
        )

    def write_file(self, arguments: WriteFile, context: ToolContext) -> ToolResult:
        (path,) = self._decided.paths(arguments, self.write_effect)
        data = arguments.text.encode("utf-8", errors="replace")
        return self._written(path, data, data, f'wrote "{{name}}", {len(data)} bytes')

    def append_effect(self, arguments: AppendFile) -> Effect:
        path = self._workspace.resolve(arguments.path)
        self._decided.declare(arguments, path)
        exists = path.exists()
        return self._effect(
            _target("File", path, arguments.path),
            Target("text", "Text", arguments.text),
            changes=handle.missing(path) or (path,),
            undo="restores the old text" if exists else "removes the new file",
            question="Add to this file?",
        )

    def append_file(self, arguments: AppendFile, context: ToolContext) -> ToolResult:
        (path,) = self._decided.paths(arguments, self.append_effect)
        added = arguments.text.encode("utf-8", errors="replace")
        old = self._old_text(path)
        if old and not old.endswith(b"\n"):
            added = b"\n" + added  # a new line begins on a line of its own
        return self._written(path, old + added, added, f'added {len(added)} bytes to "{{name}}"')

    def _old_text(self, path: Path) -> bytes:
        name = self._workspace.name(path)
        if not path.exists():
            return b""
        with handle.plain_words(name), handle.reading(path) as file:
            old = file.read(_MAX_APPENDED_TO + 1)
        if len(old) > _MAX_APPENDED_TO or decode(old) is None:
            raise PathError(f'"{name}" is not a text file that can be added to')
        return old

    def _written(self, path: Path, data: bytes, new: bytes, told: str) -> ToolResult:
        name = self._workspace.name(path)
        with handle.plain_words(name):
            handle.make_folders(path.parent)
            handle.write(path, [data])
            same = handle.digest(path) == hashlib.sha256(data).hexdigest()
        if not same:
            raise PathError(f'"{name}" does not hold what was written: another program changed it at once')
        evidence = f"{len(data)} bytes, {excerpt(decode(new) or '')}"
        return ToolResult(
            "confirmed", told.format(name=name), evidence, {"path": str(path), "bytes": len(data)}
        )

    # -- move, rename, copy

    def move_effect(self, arguments: MoveFile) -> Effect:
        source = self._workspace.resolve(arguments.path)
        to = self._destination(source, arguments.to)
        self._decided.declare(arguments, source, to)
        return self._effect(
            _target("From", source, arguments.path),
            _target("To", to, arguments.to),
            changes=(source, *handle.missing(to)) if not to.exists() else (source, to),
            undo="moves it back",
            question="Move this?",
        )

    def rename_effect(self, arguments: RenameFile) -> Effect:
        source = self._workspace.resolve(arguments.path)
        new = arguments.to.strip()
        if not new or "/" in new or new in (".", ".."):
            raise PathError("a new name is one name, without a folder")
        if source.suffix and not Path(new).suffix and not source.is_dir():
            new += source.suffix
        to = source.parent / new
        self._decided.declare(arguments, source, to)
        return self._effect(
            _target("From", source, arguments.path),
            _target("To", to, arguments.to),
            changes=(source, to),
            undo="gives it its old name back",
            question="Rename this?",
        )

    def move_file(self, arguments: MoveFile, context: ToolContext) -> ToolResult:
        source, to = self._decided.paths(arguments, self.move_effect)
        return self._moved(source, to, "moved")

    def rename_file(self, arguments: RenameFile, context: ToolContext) -> ToolResult:
        source, to = self._decided.paths(arguments, self.rename_effect)
        return self._moved(source, to, "renamed")

    def _moved(self, source: Path, to: Path, verb: str) -> ToolResult:
        name, new_name = self._workspace.name(source), self._workspace.name(to)
        self._keep_roots(source)
        with handle.plain_words(name):
            before = os.lstat(source)
            handle.make_folders(to.parent)
            handle.move(source, to)
            after = os.lstat(to)
        holds = not os.path.lexists(source) and (before.st_ino, before.st_size) == (
            after.st_ino,
            after.st_size,
        )
        evidence = (
            f'it is at "{new_name}" now, and no longer at "{name}"' if holds else f'"{name}" is still there'
        )
        details = {"path": str(to), "from": str(source)}
        content = f'{verb} "{name}" to "{new_name}"'
        return ToolResult("confirmed" if holds else "partial", content, evidence, details)

    def copy_effect(self, arguments: CopyFile) -> Effect:
        source = self._workspace.resolve(arguments.path)
        to = self._destination(source, arguments.to)
        self._decided.declare(arguments, source, to)
        return self._effect(
            _target("From", source, arguments.path),
            _target("To", to, arguments.to),
            changes=handle.missing(to) or (to,),
            undo="removes the copy",
            question="Copy this?",
        )

    def copy_file(self, arguments: CopyFile, context: ToolContext) -> ToolResult:
        source, to = self._decided.paths(arguments, self.copy_effect)
        name, new_name = self._workspace.name(source), self._workspace.name(to)
        with handle.plain_words(name):
            if os.path.lexists(to):
                raise PathError(f'there is already something called "{new_name}"; nothing was changed')
            if source.is_dir():
                return self._copied_folder(source, to)
            handle.make_folders(to.parent)
            with handle.reading(source) as file:
                status = os.fstat(file.fileno())
                handle.write(to, handle.chunks(file), mode=status.st_mode & 0o777)
            holds = handle.digest(to) == handle.digest(source)
        if not holds:
            raise PathError(f'"{new_name}" does not hold the same bytes: another program changed it at once')
        details = {"path": str(to), "from": str(source)}
        return ToolResult(
            "confirmed",
            f'copied "{name}" to "{new_name}"',
            f"{status.st_size} bytes, the same in both",
            details,
        )

    def _copied_folder(self, source: Path, to: Path) -> ToolResult:
        name, new_name = self._workspace.name(source), self._workspace.name(to)
        if to.is_relative_to(source):
            raise PathError("a folder cannot be copied into itself")
        try:
            shutil.copytree(source, to, symlinks=True)
        except shutil.Error as error:
            shutil.rmtree(to, ignore_errors=True)
            raise PathError(f'"{name}" could not be copied whole, so nothing was kept of the copy') from error
        wanted, found = _names_below(source), _names_below(to)
        status = "confirmed" if wanted == found else "partial"
        details = {"path": str(to), "from": str(source)}
        evidence = f"{len(found)} of {len(wanted)} entries are in the copy"
        return ToolResult(status, f'copied "{name}" to "{new_name}"', evidence, details)

    def _destination(self, source: Path, text: str) -> Path:
        """Where a move or copy ends: inside ``text`` when it is a folder, or looks like one that is to be made."""
        to = self._workspace.resolve(text)
        if to.is_dir() and to != source:
            return to / source.name
        fresh = self._workspace.resolve(text, new=True)
        looks_like_folder = text.rstrip().endswith("/") or (
            source.suffix and not fresh.suffix and source.is_file()
        )
        return fresh / source.name if looks_like_folder and not fresh.exists() else fresh

    # -- trash and folders

    def trash_effect(self, arguments: TrashFile) -> Effect:
        path = self._workspace.resolve(arguments.path)
        self._decided.declare(arguments, path)
        what = "folder" if path.is_dir() else "file"
        return self._effect(
            _target(what.capitalize(), path, arguments.path),
            changes=(path,),
            undo="brings it back",
            question=f"Move this {what} to the trash?",
        )

    def trash_file(self, arguments: TrashFile, context: ToolContext) -> ToolResult:
        (path,) = self._decided.paths(arguments, self.trash_effect)
        name = self._workspace.name(path)
        self._keep_roots(path)
        with handle.plain_words(name), handle.folder(path.parent):
            os.lstat(path)
            self._trash(path)
        if os.path.lexists(path):
            raise PathError(f'"{name}" is still there')
        return ToolResult(
            "confirmed",
            f'moved "{name}" to the trash',
            f'"{name}" is gone from its folder',
            {"path": str(path)},
        )

    def folder_effect(self, arguments: MakeFolder) -> Effect:
        path = self._workspace.resolve(arguments.path, new=True)
        self._decided.declare(arguments, path)
        return self._effect(
            _target("Folder", path, arguments.path),
            changes=handle.missing(path) or (path,),
            undo="removes the empty folder",
            question="Make a new folder?",
        )

    def make_folder(self, arguments: MakeFolder, context: ToolContext) -> ToolResult:
        (path,) = self._decided.paths(arguments, self.folder_effect)
        name = self._workspace.name(path)
        if path.is_dir():
            return ToolResult("suspected_noop", f'there is already a folder "{name}"', "it was there before")
        with handle.plain_words(name):
            if path.exists():
                raise PathError(f'there is already a file called "{name}"; nothing was changed')
            handle.make_folders(path)
            with handle.folder(path):
                return ToolResult(
                    "confirmed", f'made the folder "{name}"', "it is there and empty", {"path": str(path)}
                )

    def _effect(self, *targets: Target, changes: tuple[Path, ...], undo: str, question: str) -> Effect:
        return Effect("write", targets, tuple(dict.fromkeys(changes)), undo, question)

    def _keep_roots(self, path: Path) -> None:
        if self._workspace.root.is_relative_to(path) or self._workspace.home.is_relative_to(path):
            raise PathRefused(f'"{self._workspace.name(path)}" holds all your files')


def _worded(function: Callable[Concatenate[N, P], T]) -> Callable[Concatenate[N, P], T]:
    """``function`` with the system's errors as PathErrors about the path as it was written: a name that is too long
    or a folder that may not be entered is found out before anything is opened."""

    def worded(arguments: N, /, *rest: P.args, **more: P.kwargs) -> T:
        with handle.plain_words(arguments.path):
            return function(arguments, *rest, **more)

    return worded


def _target(label: str, path: Path, said: str) -> Target:
    return Target("path", label, str(path), said=said)


def _names_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def changing_tools(workspace: Workspace, trash: Callable[[Path], None]) -> tuple[Tool, ...]:
    files = _Changing(workspace, trash)
    return (
        Tool(
            "write_file", "Make a text file or replace its text.", WriteFile, _worded(files.write_effect),
            told(_worded(files.write_file)), lambda a: f"Write **{a.path}**",
        ),
        Tool(
            "append_file", "Add text to a file's end.", AppendFile, _worded(files.append_effect),
            told(_worded(files.append_file)), lambda a: f"Add to **{a.path}**",
        ),
        Tool(
            "move_file", "Move a file or folder.", MoveFile, _worded(files.move_effect),
            told(_worded(files.move_file)), lambda a: _title("Move", a.path, a.to),
        ),
        Tool(
            "copy_file", "Copy a file or folder.", CopyFile, _worded(files.copy_effect),
            told(_worded(files.copy_file)), lambda a: _title("Copy", a.path, a.to),
        ),
        Tool(
            "rename_file", "Rename a file or folder.", RenameFile, _worded(files.rename_effect),
            told(_worded(files.rename_file)), lambda a: _title("Rename", a.path, a.to),
        ),
        Tool(
            "trash_file", "Move a file or folder to the trash.", TrashFile, _worded(files.trash_effect),
            told(_worded(files.trash_file)), lambda a: f"Move **{a.path}** to the trash",
        ),
        Tool(
            "make_folder", "Make a folder.", MakeFolder, _worded(files.folder_effect),
            told(_worded(files.make_folder)), lambda a: f"Make the folder **{a.path}**",
        ),
    )  # fmt: skip


def _title(verb: str, path: str, to: str) -> str:
    """A plan names only what is moved, not where to."""
    return f"{verb} **{path}** to **{to}**" if to else f"{verb} **{path}**"
