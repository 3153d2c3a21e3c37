"""The assistant offers what was allowed of its servers, without starting one, and says what it left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.context import PROMPT_BUDGET_TOKENS
from agent.storage import Storage
from app import compose
from app.local import LocalAssistant
from app.settings import Places, Settings
from tools.mcp.declarations import Declared
from tools.mcp.pins import Pins
from tools.mcp.servers import tokens_of

NOTE = {"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    places = Places(tmp_path / "c", tmp_path / "d", tmp_path / "s", tmp_path / "k")
    for folder in (places.config, places.data):
        folder.mkdir()
    return places


def allowed(places: Places, count: int) -> None:
    servers = {
        "notes": {"command": "no-such-program"},
        "not allowed yet": {"command": "x"},
        "off": {"url": "ftp://x"},
    }
    (places.config / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    storage = Storage(places.data / "deskhand.db")
    pins = Pins(storage)
    tools = [
        Declared(name=f"find-{n}", description="Find a note by words.", schema_=NOTE) for n in range(count)
    ]
    pins.observe("notes", tuple(tools))
    pins.allow(pins.of("notes"))
    storage.close()


@pytest.fixture
def assistant(places: Places, tmp_path: Path) -> Iterator[LocalAssistant]:
    allowed(places, 60)
    made = compose.build(Settings(model=str(tmp_path / "any.gguf"), workspace=tmp_path / "work"), places)
    yield made
    made.close()


def test_allowed_tools_are_among_ours_within_the_budget_of_tokens(assistant: LocalAssistant) -> None:
    tools = assistant.parts.tools

    assert tools["notes_find_0"].description == "Find a note by words."
    assert sum(map(tokens_of, tools.values())) <= PROMPT_BUDGET_TOKENS
    assert "run_command" in tools


def test_what_was_left_out_and_what_is_wrong_is_told(assistant: LocalAssistant) -> None:
    remarks = "\n".join(assistant.parts.remarks)

    assert "There was no room for" in remarks
    assert "'not allowed yet' cannot be a server's name" in remarks
    assert "off: the url must begin with" in remarks
