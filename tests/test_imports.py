"""The rooms keep their walls: app → tools → agent, PySide6 only in app.qt, llama_cpp only in agent.engine."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "agent", "tools", "assets")


def test_the_import_contracts_hold() -> None:
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def imports_of(path: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


ONE_ROOM = [("PySide6", "app/qt"), ("llama_cpp", "agent/engine")]
ONE_ROOM += [("mcp", "tools/mcp"), ("mcp_types", "tools/mcp")]
ONE_ROOM += [(parser, "tools/documents") for parser in ("pypdfium2", "docx", "openpyxl", "pptx", "lxml")]


@pytest.mark.parametrize(("library", "room"), ONE_ROOM)
def test_a_library_is_imported_in_one_room_only(library: str, room: str) -> None:
    strangers = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if library in imports_of(path) and not path.is_relative_to(ROOT / room)
    ]
    assert strangers == []


def test_parsers_of_documents_are_imported_in_their_child_only() -> None:
    told = (
        "import sys, tools.files; print({'pypdfium2', 'docx', 'openpyxl', 'pptx', 'lxml'} & set(sys.modules))"
    )

    result = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert result.stdout == "set()\n"


def test_what_is_slow_to_import_is_imported_when_it_is_needed() -> None:
    told = "import sys, app.compose; print({'mcp', 'mcp_types'} & set(sys.modules))"

    result = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert result.stdout == "set()\n"


def test_no_other_distribution_owns_our_package_names() -> None:
    owners = importlib.metadata.packages_distributions()
    assert {name: set(owners.get(name, [])) - {"deskhand"} for name in PACKAGES} == {
        name: set() for name in PACKAGES
    }
