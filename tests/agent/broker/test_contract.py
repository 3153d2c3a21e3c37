"""One approval for a plan: what is inside it, and what asks again."""

from pathlib import Path

import pytest

from agent.broker import Broker, Scope
from agent.events import PlanStep
from agent.tool import Arguments, Effect, Target, ToolResult
from tests.agent.broker.conftest import application, driving, file, opening, reading, tool, writing

NOTHING = Arguments()
OK = ToolResult("confirmed", "done")
IN_MOUSEPAD = ToolResult("confirmed", "opened", details={"application": "Mousepad"})


def step(tool: str, about: str = "") -> PlanStep:
    return PlanStep(tool=tool, about=about, title=f"{tool} **{about}**")


def choice(broker: Broker, name: str, effect: Effect, scope: Scope) -> str:
    return broker.decide(tool(name), NOTHING, effect, scope).choice


@pytest.fixture
def scope(broker: Broker) -> Scope:
    """Read a file, open an editor, type, save: approved."""
    plan = (
        step("read_file", "shopping.txt"),
        step("open_app", "Text Editor"),
        step("type_text"),
        step("save_as", "list.txt"),
    )
    scope = Scope(said=("put the shopping list into the editor",))
    scope.approve(broker.contract_of(plan, Scope(said=())))
    return scope


def test_the_question_lists_each_step_with_its_exact_path_and_origin(broker: Broker, docs: Path) -> None:
    plan = (step("open_app", "Text Editor"), step("save_as", "list.txt"), step("press"))

    question = broker.contract_question(plan, Scope(said=("open the text editor",)))

    assert question is not None
    assert question.title == "Do these 3 steps?"
    assert [(line.label, line.value, line.origin) for line in question.lines] == [
        ("open_app Text Editor", "Text Editor", "you said it"),
        ("save_as list.txt", "~/Documents/list.txt", "proposed by the model"),
        ("press ", "", ""),
    ]


def test_the_steps_of_an_approved_plan_do_not_ask_again(broker: Broker, scope: Scope, docs: Path) -> None:
    def run(name: str, effect: Effect, result: ToolResult = OK) -> None:
        assert choice(broker, name, effect, scope) == "allow", name
        scope.ran(tool(name), effect, result)

    run("read_file", reading(docs / "shopping.txt", "shopping.txt"))
    run("open_app", opening("Mousepad", "Text Editor"), IN_MOUSEPAD)
    run("type_text", driving("Mousepad"))
    run("press_keys", Effect("drive", (application("Mousepad"), Target("keys", "Keys", "enter"))))
    save = Effect(
        "write",
        (file(docs / "list.txt", "list.txt"), application("Mousepad")),
        (docs / "list.txt",),
        "removes it",
    )
    run("save_as", save)


def test_hands_stay_in_the_applications_of_the_plan(broker: Broker, scope: Scope) -> None:
    assert choice(broker, "type_text", driving("Mousepad"), scope) == "ask"
    scope.ran(tool("open_app"), opening("Mousepad", "Text Editor"), IN_MOUSEPAD)

    assert choice(broker, "type_text", driving("Mousepad"), scope) == "allow"
    assert choice(broker, "type_text", driving("Calculator"), scope) == "ask"
    assert choice(broker, "type_text", driving("Firefox"), scope) == "ask"
    assert choice(broker, "type_text", Effect("drive", (Target("text", "Text", "x"),)), scope) == "ask"


def test_a_terminal_is_never_inside_a_plan(broker: Broker) -> None:
    scope = Scope(said=("open the xterm and type ls",))
    scope.approve(broker.contract_of((step("open_app", "xterm"), step("type_text", "ls")), scope))
    scope.ran(
        tool("open_app"), opening("xterm"), ToolResult("confirmed", "", details={"application": "xterm"})
    )

    assert choice(broker, "type_text", driving("xterm", "ls"), scope) == "ask"


def test_a_step_is_good_for_one_call(broker: Broker, scope: Scope) -> None:
    again = opening("Mousepad", "Text Editor")
    assert choice(broker, "open_app", again, scope) == "allow"
    scope.ran(tool("open_app"), again, IN_MOUSEPAD)

    assert choice(broker, "open_app", again, scope) == "ask"


def test_a_step_that_failed_may_be_tried_again(broker: Broker, scope: Scope) -> None:
    again = opening("Mousepad", "Text Editor")
    scope.ran(tool("open_app"), again, ToolResult.failed("it did not start"))

    assert choice(broker, "open_app", again, scope) == "allow"
    assert scope.applications == set()


def test_going_back_to_an_application_of_the_plan_does_not_ask(broker: Broker, scope: Scope) -> None:
    def focus(name: str) -> Effect:
        return Effect("drive", (application(name), Target("window", "Window", f"x - {name}")))

    assert choice(broker, "focus_window", focus("Mousepad"), scope) == "ask"
    scope.ran(tool("open_app"), opening("Mousepad", "Text Editor"), IN_MOUSEPAD)

    assert choice(broker, "focus_window", focus("Mousepad"), scope) == "allow"
    assert choice(broker, "focus_window", focus("Calculator"), scope) == "ask"


def test_another_path_application_or_tool_asks(broker: Broker, docs: Path, home: Path) -> None:
    scope = Scope(said=("tidy up",))
    scope.approve(broker.contract_of((step("write_file", "a.txt"), step("open_app", "Mousepad")), scope))

    assert choice(broker, "write_file", writing(docs / "a.txt"), scope) == "allow"
    assert choice(broker, "write_file", writing(docs / "b.txt", "b.txt"), scope) == "ask"
    assert choice(broker, "write_file", writing(home / "a.txt", "../a.txt"), scope) == "ask"
    assert choice(broker, "append_file", writing(docs / "a.txt"), scope) == "ask"
    assert choice(broker, "open_app", opening("GIMP"), scope) == "ask"


def test_a_place_in_a_file_is_part_of_no_path(broker: Broker, docs: Path) -> None:
    (docs / "a#b.csv").touch()
    scope = Scope(said=("tidy up",))
    plan = (step("set_cells", "prices.xlsx#Prices!B2"), step("set_cells", "a#b.csv"))
    scope.approve(broker.contract_of(plan, scope))

    assert choice(broker, "set_cells", writing(docs / "prices.xlsx"), scope) == "allow"
    assert choice(broker, "set_cells", writing(docs / "a#b.csv"), scope) == "allow"
    assert choice(broker, "set_cells", writing(docs / "other.xlsx"), scope) == "ask"


def test_where_something_is_moved_must_be_in_the_plan_or_in_the_persons_words(
    broker: Broker, docs: Path
) -> None:
    def move(to: Path) -> Effect:
        return Effect(
            "write", (file(docs / "a.txt"), file(to, label="To")), (docs / "a.txt", to), "moves it back"
        )

    scope = Scope(said=("move a.txt to the Archive folder",))
    scope.approve(broker.contract_of((step("move_file", "a.txt"), step("trash_file", "b.txt")), scope))

    assert choice(broker, "move_file", move(docs / "Archive" / "a.txt"), scope) == "allow"
    assert choice(broker, "move_file", move(docs / "Public" / "a.txt"), scope) == "ask"


def test_what_a_plan_names_keeps_its_name_in_the_folder_the_person_named(broker: Broker, docs: Path) -> None:
    def move(to: str) -> Effect:
        paths = (docs / "a.txt", docs / to)
        return Effect("write", (file(paths[0]), file(paths[1], label="To")), paths, "moves it back")

    scope = Scope(said=("put all my texts into Archive",))
    scope.approve(broker.contract_of((step("move_file", "a.txt"),), scope))

    assert choice(broker, "move_file", move("Archive/a.txt"), scope) == "allow"
    assert choice(broker, "move_file", move("Archive/b.txt"), scope) == "ask"
    assert choice(broker, "move_file", move("Public/a.txt"), scope) == "ask"


def test_a_plan_does_not_open_the_floors_nor_cover_what_cannot_be_undone(
    broker: Broker, docs: Path, home: Path
) -> None:
    scope = Scope(said=("write ~/.bashrc",))
    scope.approve(broker.contract_of((step("write_file", "~/.bashrc"), step("erase", "a.txt")), scope))

    assert choice(broker, "write_file", writing(home / ".bashrc", "~/.bashrc"), scope) == "deny"
    assert choice(broker, "erase", Effect("erase", (file(docs / "a.txt", "a.txt"),)), scope) == "ask"


def test_a_mode_that_would_not_ask_takes_no_approval_from_a_plan(broker: Broker, docs: Path) -> None:
    plan = (step("write_file", "a.txt"),)
    broker.set_mode("full")
    assert broker.contract_question(plan, Scope(said=())) is None
    scope = Scope(said=("go",), tainted=True)

    scope.approve(broker.contract_of(plan, Scope(said=())))

    assert choice(broker, "write_file", writing(docs / "a.txt", "a.txt"), scope) == "ask"
