"""``mcp.json``: what is wrong in it is told in sentences, and the rest is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.mcp.entries import read_entries


def test_without_the_file_there_are_no_servers_and_no_problems(tmp_path: Path) -> None:
    entries = read_entries(tmp_path / "mcp.json")

    assert (entries.servers, entries.problems) == ({}, ())


def test_the_form_that_other_programs_use_is_understood(tmp_path: Path) -> None:
    servers = {
        "files": {"command": "npx", "args": ["-y", "server-files"], "env": {"A": "b"}, "autoApprove": ["x"]},
        "far": {"url": "https://example.org/mcp", "type": "streamable-http"},
    }
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": servers, "other": 1}))

    entries = read_entries(tmp_path / "mcp.json")

    assert entries.problems == ()
    assert entries.servers["files"].args == ("-y", "server-files")
    assert (entries.servers["files"].sandbox, entries.servers["files"].network) == (True, False)
    assert entries.servers["far"].url == "https://example.org/mcp"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({}, "x: needs either a command or a url."),
        ({"command": "a", "url": "https://b"}, "x: needs either a command or a url."),
        ({"url": "file:///etc/passwd"}, "x: the url must begin with https:// or http://."),
        ({"command": "a", "args": "b"}, "x: args: Input should be a valid tuple."),
        (
            {"command": "a", "effects": {"b": "nothing"}},
            "x: effects.b: Input should be 'read', 'write', 'run', 'send' or 'erase'.",
        ),
        ([], "x: Input should be"),
    ],
)
def test_one_wrong_server_is_told_of_and_the_others_are_used(
    tmp_path: Path, entry: object, told: str
) -> None:
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"x": entry, "good": {"command": "a"}}}))

    entries = read_entries(tmp_path / "mcp.json")

    assert list(entries.servers) == ["good"]
    (problem,) = entries.problems
    assert problem.startswith(told)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"mcpServers": []}', "[" * 100_000, '{"servers": {}}', "\xff"]
)
def test_a_file_that_is_none_is_told_of(tmp_path: Path, text: str) -> None:
    (tmp_path / "mcp.json").write_bytes(text.encode("latin-1"))

    entries = read_entries(tmp_path / "mcp.json")

    assert entries.servers == {}
    assert len(entries.problems) == 1


def test_an_odd_name_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "mcp.json").write_text(
        json.dumps({"mcpServers": {"../x": {"command": "a"}, "a b": {"command": "a"}}})
    )

    assert len(read_entries(tmp_path / "mcp.json").problems) == 2
