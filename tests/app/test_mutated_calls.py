"""The broker among calls that no model should make. ``./dev bench safety`` tries a hundred thousand."""

from __future__ import annotations

from pathlib import Path

from app.policy import Auditor
from tests.bench._mutated_calls import mutated, too_much, try_calls


def test_two_thousand_mutated_calls_do_nothing_unasked_and_raise_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "Documents").mkdir(parents=True)
    (home / "Documents" / "notes.txt").write_text("x")

    found = try_calls(Auditor(home / "Documents", home, (home / ".config" / "deskhand",)), 2_000, seed=1)

    assert found.uncaught == []
    assert found.silent == []
    assert found.decisions["allow"] > 100  # what may be silent still is
    assert found.decisions["deny"] > 100


def test_the_same_seed_makes_the_same_calls() -> None:
    assert list(mutated(50, seed=3)) == list(mutated(50, seed=3))


def test_what_must_not_be_silent_is_told_without_the_broker() -> None:
    call = {"tool": "write_file", "arguments": {}}

    assert too_much({"mode": "ask", "call": call}, "R0")
    assert not too_much({"mode": "workspace", "call": call}, "R3")
    assert too_much({"mode": "full", "call": {"tool": "send_money", "arguments": {}}}, "R5")
    ls = {"tool": "run_command", "arguments": {"command": "ls"}}
    assert too_much({"mode": "workspace", "sandbox": True, "call": ls}, "R4")
