"""Cells of a spreadsheet, written through its file: the narrower way than through the window of an application.

A file that is open in LibreOffice or Excel is left alone: what is written beside its back would be lost, or would undo
what the person is doing there.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pydantic import Field

from agent.cancel import Cancel
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.documents.cells import Change, changed
from tools.documents.reader import DocumentError
from tools.files import handle
from tools.files.workspace import Decided, PathError, PathRefused, Workspace, told

_LOCKS = (".~lock.{}#", "~${}")
"""What LibreOffice and Excel put beside a file that they have open."""


class SetCells(Arguments):
    path: str = Field(description="a spreadsheet and a place: prices.xlsx#Sheet1!B2")
    values: str = Field(description="a line a row, cells parted by |")


class _Cells:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._decided = Decided()

    def effect(self, arguments: SetCells) -> Effect:
        said, _ = self._workspace.place(arguments.path)
        path = self._workspace.resolve(said)
        exists = path.exists()
        path = path if exists else self._workspace.resolve(said, new=True)
        self._decided.declare(arguments, path)
        return Effect(
            "write",
            (Target("path", "File", str(path), said), Target("text", "Cells", arguments.values)),
            changes=handle.missing(path) or (path,),
            undo="restores the old cells" if exists else "removes the new file",
            question="Change cells of this spreadsheet?" if exists else "Save a new spreadsheet?",
        )

    def set_cells(self, arguments: SetCells, context: ToolContext) -> ToolResult:
        (path,) = self._decided.paths(arguments, self.effect)
        name = self._workspace.name(path)
        _, place = self._workspace.place(arguments.path)
        self._refuse_open(path, name)
        with handle.plain_words(name):
            try:
                change, before = self._changed(path, name, place, arguments.values, context.cancel)
            except DocumentError as trouble:
                raise PathError(trouble.what) from trouble
            self._refuse_open(path, name)
            if before is not None and handle.digest(path) != before:
                raise PathError(f'"{name}" was changed by another program meanwhile; nothing was written')
            handle.make_folders(path.parent)
            handle.write(path, [change.data])
            same = handle.digest(path) == hashlib.sha256(change.data).hexdigest()
        if not same:
            raise PathError(f'"{name}" does not hold what was written: another program changed it at once')
        content = f'wrote {change.where} of "{name}": {change.now}'
        if change.outdated:
            content += f" ({change.outdated} other formulas are computed when it is opened)"
        details = {"path": str(path), "cells": change.cells}
        return ToolResult("confirmed", content, f"{change.where} now reads {change.now}", details)

    def _changed(
        self, path: Path, name: str, place: str, values: str, cancel: Cancel
    ) -> tuple[Change, str | None]:
        """The new file, and the SHA-256 of the old one."""
        ending = path.suffix.casefold()
        if not os.path.lexists(path):
            return changed(None, name, ending, place, values, cancel), None
        before = handle.digest(path)
        with handle.reading(path) as file:
            return changed(file, name, ending, place, values, cancel), before

    def _refuse_open(self, path: Path, name: str) -> None:
        if any(os.path.lexists(path.parent / lock.format(path.name)) for lock in _LOCKS):
            raise PathRefused(
                f'"{name}" is open in an application; change the cells in its window, or close it first'
            )


def cell_tools(workspace: Workspace) -> tuple[Tool, ...]:
    cells = _Cells(workspace)
    return (
        Tool(
            "set_cells", "Write cells of a spreadsheet file, or add rows.", SetCells, cells.effect,
            told(cells.set_cells), lambda a: f"Write cells of **{a.path}**",
        ),
    )  # fmt: skip
