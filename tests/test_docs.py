"""What the documents promise is what the code has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from agent.context import PROMPT_BUDGET_TOKENS
from tests.virtual_desktop import virtual_desktop

ROOT = Path(__file__).parent.parent
_ROW = re.compile(r"^\| `(?P<name>\w+)` \|(?P<arguments>[^|]*)\|", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:)(?P<target>[^)#]+)")


def documented_tools() -> dict[str, tuple[set[str], set[str]]]:
    """Every tool of docs/tools.md: its arguments, and those of them that may be left out."""
    rows = _ROW.finditer((ROOT / "docs/tools.md").read_text("utf-8"))
    tools = {}
    for row in rows:
        # What stands in brackets explains; arguments are the code spans outside.
        outside = re.sub(r"\([^)]*\)|\{[^}]*\}|:.*", "", row["arguments"])
        names = re.findall(r"`(\w+)(\??)`", outside)
        tools[row["name"]] = ({name for name, _ in names}, {name for name, mark in names if mark})
    return tools


def test_the_page_names_the_tools_it_is_about() -> None:
    tools = documented_tools()
    assert tools["look"] == ({"window"}, {"window"})
    assert tools["write_file"] == ({"path", "text"}, set())
    assert tools["plan"] == ({"steps"}, set())
    assert len(tools) >= 36


REAL_TOOLS = """
import json, pathlib, sys
from app import compose
from app.settings import Places, Settings
from agent.context import tool_spec
from agent.engine.declaration import declaration
folder = pathlib.Path(sys.argv[1])
(folder / "any.gguf").write_bytes(b"GGUF....")  # never loaded: the assistant is not started
places = Places(folder / "config", folder / "data", folder / "state", folder / "cache")
assistant = compose.build(Settings(model=str(folder / "any.gguf"), workspace=folder / "work"), places)
told = {name: declaration(tool_spec(tool))["function"] for name, tool in assistant.parts.tools.items()}
print(json.dumps(told))
assistant.close()
"""


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """The real tools on a real desktop, as chat templates are told of them: name → function object."""
    with virtual_desktop() as desktop:
        result = subprocess.run(
            [sys.executable, "-c", REAL_TOOLS, tmp_path_factory.mktemp("tools")],
            env=dict(desktop.env),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.e2e
def test_the_tools_and_their_arguments_are_those_of_the_page(schemas: dict[str, dict]) -> None:
    real = {
        name: (set(schema["properties"]), set(schema["properties"]) - set(schema.get("required", [])))
        for name, schema in (
            (name, {"properties": {}} | told["parameters"]) for name, told in schemas.items()
        )
    }
    assert real == documented_tools()


@pytest.mark.e2e
def test_system_text_and_tools_stay_within_their_budget_of_tokens(schemas: dict[str, dict]) -> None:
    system = (ROOT / "assets" / "prompts" / "system.md").read_text()
    characters = len(system) + sum(len(json.dumps(told)) for told in schemas.values())
    # Gemma 4's vocabulary takes 4.3 characters of this text for a token (python -m tests.bench.prompt); its own
    # form of a declaration is shorter than JSON.
    assert characters / 4.0 <= PROMPT_BUDGET_TOKENS


def locked_packages() -> set[str]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    return {package["name"] for package in lock["package"]} - {"deskhand"}


def test_every_locked_dependency_is_listed_with_its_licence() -> None:
    listed = dict(
        re.findall(
            r"^    ([a-z0-9-]+) {2,}(\S.*)$", (ROOT / "THIRD_PARTY_LICENSES").read_text("utf-8"), re.MULTILINE
        )
    )
    assert locked_packages() - set(listed) == set()
    strict = [
        name for name, licence in listed.items() if name in locked_packages() and must_not_be_linked(licence)
    ]
    assert strict == []


def must_not_be_linked(licence: str) -> bool:
    """The GPL or AGPL is the only choice."""
    choices = [choice.strip() for choice in licence.split(" OR ")]
    return all(re.match(r"A?GPL", choice) for choice in choices)


@pytest.mark.parametrize(
    ("licence", "forbidden"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-only OR GPL-2.0-only", True),
        ("LGPL-3.0-only OR GPL-2.0-only", False),
        ("MIT", False),
    ],
)
def test_a_licence_that_offers_a_choice_is_judged_by_its_best(licence: str, forbidden: bool) -> None:
    assert must_not_be_linked(licence) is forbidden


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]), ids=str
)
def test_links_between_the_pages_lead_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text("utf-8")
    missing = [
        link["target"]
        for link in _LINK.finditer(text)
        if not (ROOT / page).parent.joinpath(link["target"]).exists()
    ]
    assert missing == []
