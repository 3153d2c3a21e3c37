import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from agent.tool import Tool, ToolContext, ToolResult
from tests.tools.context import Context
from tools import files
from tools.files import Workspace


class Call(Protocol):
    """Calls a tool by name, as the loop does: the effect first, then the run."""

    def __call__(self, name: str, /, **arguments: str) -> ToolResult: ...


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "Documents").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def docs(home: Path) -> Path:
    return home / "Documents"


@pytest.fixture
def opened() -> list[Path]:
    return []


@pytest.fixture
def tools(home: Path, docs: Path, opened: list[Path]) -> dict[str, Tool]:
    def open_path(path: Path, context: ToolContext) -> ToolResult:
        opened.append(path)
        return ToolResult("confirmed", f'opened "{path.name}"')

    def trash(path: Path) -> None:
        path.rename(home / f"trashed-{path.name}")

    return {tool.name: tool for tool in files.tools(Workspace(docs, home), open_path, trash)}


@pytest.fixture
def call(tools: dict[str, Tool]) -> Call:
    def run(name: str, /, **arguments: str) -> ToolResult:
        values = tools[name].arguments(**arguments)
        tools[name].effect(values)
        return tools[name].run(values, Context())

    return run


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A real file system of 64 KiB."""
    place = Path(tempfile.mkdtemp(prefix="small-disk-"))
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True
    ).returncode:
        place.rmdir()
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", place], check=True)
    place.rmdir()
