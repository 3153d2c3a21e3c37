"""Commands: silent only in the sandbox, and, once something was read, only to the letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.broker import Broker, Mode, Policy, Scope
from agent.broker.places import Places
from agent.events import PlanStep
from agent.tool import Effect, Risk, Target, ToolResult
from tests.agent.broker.conftest import tool
from tests.agent.broker.test_gate import NOTHING, choice, choices

RUN = tool("run_command")


def command(text: str, contained: bool = True) -> Effect:
    return Effect("run", (Target("command", "Command", text),), undo="restores it", contained=contained)


def test_in_the_sandbox_it_is_silent_where_changes_to_files_are(broker_in: Callable[[Mode], Broker]) -> None:
    scope = Scope(said=("count the lines",))

    assert choices(broker_in, command("wc -l *"), scope) == ("deny", "ask", "allow", "allow")
    assert choices(broker_in, command("wc -l *", contained=False), scope) == ("deny", "ask", "ask", "ask")


@pytest.mark.parametrize(
    ("words", "text", "asked"),
    [
        ("run wc -l a.txt", "wc -l a.txt", "allow"),
        ("run `wc -l a.txt`.", "wc -l a.txt", "allow"),
        ("run wc -l a.txt", "wc -l A.txt", "ask"),
        ("run wc -l a.txt", "wc  -l a.txt", "ask"),
        ("run wc -l a.txt", 'wc -l "a.txt"', "ask"),
        ("run wc -l a.txt", "wc -l a.txt; rm a.txt", "ask"),
        ("run wc -l a.txt", "rm a.txt", "ask"),
        ("run wc -l a.txt", "wc -l a.txt\nrm a.txt", "ask"),
        ("count the lines", "wc -l a.txt", "ask"),
    ],
)
@pytest.mark.parametrize("mode", ["workspace", "full"])
def test_after_something_was_read_it_must_be_the_persons_to_the_letter(
    broker_in: Callable[[Mode], Broker], words: str, text: str, asked: str, mode: Mode
) -> None:
    scope = Scope(said=(words,), tainted=True, private_read=True)

    assert choice(broker_in(mode), "run_command", command(text), scope) == asked


def test_outside_of_the_sandbox_every_command_asks_whoever_said_it(
    broker_in: Callable[[Mode], Broker],
) -> None:
    scope = Scope(said=("run ls",))
    broker = broker_in("full")
    scope.approve(broker.contract_of((PlanStep(tool="run_command", about="ls", title="Run ls"),), scope))
    effect = command("ls", contained=False)

    decision = broker.decide(RUN, NOTHING, effect, scope)
    scope.allow(effect)

    assert decision.choice == "ask"
    assert "outside of the sandbox" in decision.reason
    assert decision.risk is Risk.DRIVE
    assert decision.standing is None
    assert broker.decide(RUN, NOTHING, effect, scope).choice == "ask"


def test_a_plan_covers_a_command_in_the_sandbox_to_the_letter_and_once(broker: Broker) -> None:
    scope = Scope(said=("tidy up",), tainted=True)
    scope.approve(
        broker.contract_of((PlanStep(tool="run_command", about="sort -o a a", title="Run"),), scope)
    )
    planned = command("sort -o a a")

    assert choice(broker, "run_command", command("sort -o A a"), scope) == "ask"
    assert choice(broker, "run_command", planned, scope) == "allow"
    scope.ran(RUN, planned, ToolResult("confirmed", "exit code 0"))
    assert choice(broker, "run_command", planned, scope) == "ask"


def test_a_plan_that_does_not_say_the_command_covers_none(broker: Broker) -> None:
    scope = Scope(said=("tidy up",))
    scope.approve(broker.contract_of((PlanStep(tool="run_command", about="", title="Run"),), scope))

    assert choice(broker, "run_command", command("ls"), scope) == "ask"


def test_there_is_no_always_for_commands(broker: Broker) -> None:
    decision = broker.decide(RUN, NOTHING, command("ls"), Scope(said=("x",)))

    assert decision.question is not None
    assert (decision.standing, decision.question.always) == (None, "")


def test_the_question_shows_it_exactly_with_its_line_breaks_and_hidden_signs(broker: Broker) -> None:
    decision = broker.decide(RUN, NOTHING, command("ls\nrm\u202e \x1b[2K"), Scope(said=("x",)))

    assert decision.question is not None
    (line,) = decision.question.lines
    assert line.value == "ls\nrm‹U+202E› ‹U+001B›[2K"
    assert line.origin == "proposed by the model"


def test_what_it_printed_taints_and_counts_as_private(broker: Broker) -> None:
    scope = Scope(said=("x",))

    scope.ran(RUN, command("cat letter.txt"), ToolResult("confirmed", "exit code 0\ndear Ada"))

    assert scope.tainted
    assert scope.private_read


def test_places_that_a_command_may_not_change(home: Path, docs: Path, policy: Policy) -> None:
    places = Places(policy)
    (docs / "repository" / ".git").mkdir(parents=True)
    (docs / "plain").mkdir()

    refused = [
        docs / ".git/hooks/x",
        docs / "a/.vscode/tasks.json",
        home / ".bashrc",
        home / ".config/deskhand/config.toml",
    ]
    assert all(places.kept_from_commands(path, gone=False) for path in refused)
    assert places.kept_from_commands(docs / "repository", gone=True)
    assert not places.kept_from_commands(docs / "plain", gone=True)
    assert not places.kept_from_commands(docs / "a.txt", gone=False)


def test_places_that_a_command_may_not_read(home: Path, docs: Path, policy: Policy) -> None:
    for name in (
        ".ssh/id_rsa",
        ".ssh/id_rsa.pub",
        ".config/deskhand/config.toml",
        "Documents/a/id_rsa",
        "Documents/mcp.json",
        "Documents/.git/config",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    places = Places(policy)

    assert places.hidden_in(docs) == (docs / "a" / "id_rsa", docs / "mcp.json")
    assert set(places.hidden_in(home)) == {
        home / ".ssh",
        home / ".config/deskhand",
        docs / "a/id_rsa",
        docs / "mcp.json",
    }
