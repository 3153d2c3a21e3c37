"""What the tests of commands share: running one, and how a folder looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.journal import Journal
from agent.tool import Effect, ToolResult
from tests.tools.context import Context
from tools.commands import Commands, tools
from tools.sandbox.sandbox import bubblewrap

needs_bubblewrap = pytest.mark.skipif(bubblewrap() is None, reason="needs bubblewrap")


class Kept(Context):
    """A context whose before-images are in a real journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal
        self.entries: list = []

    def keep(self, paths: tuple[Path, ...]) -> None:
        super().keep(paths)
        self.entries.append(
            self._journal.prepare("task", "step", "Run", Effect("run", changes=paths, undo="it"))
        )


def run(shell: Commands, command: str, context: Context | None = None) -> ToolResult:
    (tool,) = tools(shell)
    return tool.run(tool.arguments.model_validate({"command": command}), context or Context())


def tree(folder: Path) -> dict[str, tuple[int, str]]:
    """Everything below ``folder``: its mode, and its text, where it leads, or nothing."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        text = os.readlink(path) if path.is_symlink() else path.read_text() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (status.st_mode, text)
    return found
