"""The loop, from request to outcome, with written answers in place of a model and everything else real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent import budget, events
from agent.broker import Broker, Grants, Policy
from agent.cancel import Cancel
from agent.context import Profile
from agent.conversation import Conversation
from agent.engine.port import Prompt
from agent.engine.scripted import Dies, Reply, ScriptedEngine
from agent.errors import EngineDied
from agent.events import Choice, Event, Outcome, Question
from agent.journal import Journal
from agent.loop import Errand, Ports, Task
from agent.messages import Picture, Request, ToolCall, ToolMessage, UserMessage
from agent.plan import PLAN
from agent.session import Sessions
from agent.sight import AS_BEFORE
from agent.storage import Storage
from agent.tool import Arguments, Effect, Line, Target, Tool, ToolContext, ToolResult
from agent.view import View


class PathText(Arguments):
    path: str
    text: str = ""


@dataclass
class World:
    """A workspace with two real file tools, a person who answers in a fixed way, and a record of every event."""

    root: Path
    storage: Storage
    choice: Choice = "allow"
    asked: list[Question] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    during_write: Callable[[Errand], None] = lambda errand: None
    on_event: Callable[[Event], object] = lambda event: None
    profile: Profile = field(
        default_factory=lambda: Profile(observation_chars=1000, max_steps=8, max_seconds=60)
    )

    waits: bool = False
    """Writing waits for something outside."""
    context_tokens: int = 8192
    pictures: tuple[Picture, ...] = ()
    """What reading shows of the screen."""
    by_lines: bool = False
    """What is read comes by lines, each beginning with its key."""

    def run(self, *replies: Reply, text: str = "write a.txt") -> Outcome:
        sessions = Sessions(self.storage)
        self.conversation = Conversation(sessions, sessions.create())
        return self.go_on(*replies, text=text)

    def go_on(self, *replies: Reply, text: str, engine: type[ScriptedEngine] = ScriptedEngine) -> Outcome:
        """Another task in the same conversation."""
        self.engine = engine(replies)
        self.journal = Journal(self.storage, self.root / "journal")
        tools = {tool.name: tool for tool in (PLAN, self._write_tool(), self._read_tool())}
        self.errand = Errand(Request(text=text), self.conversation)
        self.task = Task(
            errand=self.errand,
            ports=Ports(
                engine=self.engine,
                tools=tools,
                broker=Broker(Policy("ask", self.workspace, self.root), Grants(self.storage)),
                journal=self.journal,
                ask=self._ask,
                emit=self._emit,
            ),
            profile=self.profile,
            system="You are a test.",
            context_tokens=self.context_tokens,
        )
        return self.task.run()

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    def results(self) -> list[str]:
        return [message.content for message in self.conversation.messages if isinstance(message, ToolMessage)]

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)

    def _ask(self, question: Question, cancel: Cancel) -> Choice:
        self.asked.append(question)
        return self.choice

    def _effect(self, arguments: PathText, verb: str) -> Effect:
        path = self.workspace / arguments.path
        changes = (path,) if verb == "write" else ()
        return Effect(
            verb, (Target("path", "File", str(path), arguments.path),), changes, "restores it", "Write?"
        )

    def _write_tool(self) -> Tool:
        def write(arguments: PathText, context: ToolContext) -> ToolResult:
            self.during_write(self.errand)
            (self.workspace / arguments.path).write_text(arguments.text)
            return ToolResult(
                "confirmed", f'wrote "{arguments.path}"', evidence=f"{len(arguments.text)} bytes"
            )

        return Tool(
            "write_file",
            "",
            PathText,
            lambda a: self._effect(a, "write"),
            write,
            lambda a: f"Write **{a.path}**",
            waits=self.waits,
        )

    def _read_tool(self) -> Tool:
        def read(arguments: PathText, context: ToolContext) -> ToolResult:
            path = self.workspace / arguments.path
            if not path.exists():
                return ToolResult.failed(f'there is no file "{arguments.path}"')
            text = path.read_text()
            lines = tuple(Line(line.split()[0], line) for line in text.split("\n")) if self.by_lines else ()
            return ToolResult("confirmed", text, evidence="read", pictures=self.pictures, lines=lines)

        return Tool(
            "read_file", "", PathText, lambda a: self._effect(a, "read"), read, lambda a: f"Read **{a.path}**"
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    storage = Storage(tmp_path / "deskhand.db")
    world = World(tmp_path, storage)
    world.workspace.mkdir()
    yield world
    storage.close()


def call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(id=f"{name}-{len(arguments)}-{id(arguments)}", name=name, arguments=arguments)


def plan(*steps: tuple[str, str]) -> ToolCall:
    return call("plan", steps=[{"do": do, "with": about} for do, about in steps])


def test_an_answer_without_a_call_is_streamed_and_ends_the_task(world: World) -> None:
    outcome = world.run("Hello there.", text="hello")
    assert (outcome.status, outcome.answer) == ("answered", "Hello there.")
    assert "".join(event.text for event in world.of(events.TextDelta)) == "Hello there."
    assert isinstance(world.events[0], events.TaskStarted)
    assert isinstance(world.events[-1], events.TaskFinished)


def test_a_call_is_asked_for_journalled_run_and_proved(world: World) -> None:
    outcome = world.run(call("write_file", path="a.txt", text="milk"), "Done.")
    assert (world.workspace / "a.txt").read_text() == "milk"
    assert outcome.status == "confirmed"
    assert [(proof.claim, proof.proof, proof.holds) for proof in outcome.evidence] == [
        ("Write **a.txt**", "4 bytes", True)
    ]
    assert len(world.asked) == 1
    assert len(outcome.changed) == 1
    world.journal.undo(world.task.id)
    assert not (world.workspace / "a.txt").exists()


def test_a_no_is_a_result_and_nothing_happens(world: World) -> None:
    world.choice = "deny"
    outcome = world.run(call("write_file", path="a.txt", text="milk"), "I left it alone.")
    assert not (world.workspace / "a.txt").exists()
    assert outcome.status == "refused"
    assert world.results() == ["refused: the person said no"]


def test_an_unknown_tool_and_bad_arguments_are_results_that_the_model_reads(world: World) -> None:
    outcome = world.run(call("teleport"), call("write_file", text="no path"), "Sorry.")
    assert world.results() == ["error: there is no tool called teleport", "error: path: Field required"]
    assert outcome.status == "failed"


def test_the_same_call_on_an_unchanged_world_is_refused_and_three_refusals_end_the_task(world: World) -> None:
    (world.workspace / "a.txt").write_text("milk")
    outcome = world.run(*[call("read_file", path="a.txt") for _ in range(9)])
    assert world.results()[0] == "milk"
    assert world.results()[1:] == ["refused: this was just done, and nothing has changed since"] * 3
    assert "nothing changed" in outcome.answer


def test_an_approved_plan_is_asked_for_once_and_ticked_off(world: World) -> None:
    outcome = world.run(
        plan(("write_file", "a.txt"), ("write_file", "b.txt")),
        call("write_file", path="a.txt", text="1"),
        call("write_file", path="b.txt", text="2"),
        "Both are there.",
        text="write a.txt and b.txt",
    )
    assert len(world.asked) == 1
    assert outcome.status == "confirmed"
    assert [event.plan_index for event in world.of(events.StepStarted)] == [0, 1]
    assert [step.title for step in world.of(events.PlanMade)[0].steps] == [
        "Write **a.txt**",
        "Write **b.txt**",
    ]


def test_what_goes_beyond_the_plan_asks_again(world: World) -> None:
    world.run(
        plan(("write_file", "a.txt"), ("write_file", "b.txt")),
        call("write_file", path="a.txt", text="1"),
        call("write_file", path="c.txt", text="3"),
        "Done.",
    )
    assert len(world.asked) == 2


def test_a_plan_that_is_turned_down_changes_nothing(world: World) -> None:
    world.choice = "deny"
    outcome = world.run(plan(("write_file", "a.txt")), "I did nothing.")
    assert world.results() == ["refused: the person said no to the plan"]
    assert outcome.status == "refused"


def test_a_plan_that_was_not_finished_is_partial(world: World) -> None:
    outcome = world.run(
        plan(("write_file", "a.txt"), ("write_file", "b.txt")),
        call("write_file", path="a.txt", text="1"),
        "Done!",
    )
    assert outcome.status == "partial"


def test_a_stop_during_a_step_ends_the_task_after_it(world: World) -> None:
    world.during_write = lambda errand: errand.cancel.request()
    outcome = world.run(call("write_file", path="a.txt", text="milk"), "never said")
    assert outcome.status == "stopped"
    assert len(outcome.changed) == 1


def test_a_conversation_that_was_stopped_does_not_end_in_a_call_without_a_result(world: World) -> None:
    world.during_write = lambda errand: errand.cancel.request()
    world.run(call("write_file", path="a.txt", text="milk"), "never said")
    assert isinstance(world.conversation.messages[-1], ToolMessage)


def test_what_is_said_during_a_task_is_read_before_the_next_turn(world: World) -> None:
    world.during_write = lambda errand: errand.said.put("and be quick")
    world.run(call("write_file", path="a.txt", text="milk"), "Done.")
    assert [m.text for m in world.engine.prompts[1].messages if m.role == "user"] == [
        "write a.txt",
        "and be quick",
    ]


def test_a_death_of_the_engine_in_mid_answer_voids_what_was_streamed(world: World) -> None:
    outcome = world.run(Dies("it was killed", then="All of it."), text="hello")
    assert outcome.answer == "All of it."
    kinds = [type(event) for event in world.events]
    assert (
        kinds.index(events.TextDelta)
        < kinds.index(events.EngineRestarted)
        < kinds.index(events.TurnRestarted)
    )


def test_an_engine_that_cannot_be_brought_back_ends_the_task_with_words_for_the_person(world: World) -> None:
    outcome = world.run(EngineDied("The model stopped working.", "Choose another one."), text="hello")
    assert (outcome.status, outcome.error, outcome.remedy) == (
        "failed", "The model stopped working.", "Choose another one."
    )  # fmt: skip


def test_a_task_ends_at_its_limit_of_steps_with_a_warning_before(world: World) -> None:
    world.profile = Profile(observation_chars=1000, max_steps=4, max_seconds=60)
    outcome = world.run(*[call("write_file", path=f"{n}.txt", text="x") for n in range(9)])
    assert "4 steps" in outcome.answer
    assert [event.level for event in world.of(events.Notice)] == ["warning"]


@pytest.mark.parametrize("waits", [True, False])
def test_what_a_tool_waits_for_is_not_taken_from_the_tasks_time(
    world: World, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    now = [0.0]
    monkeypatch.setattr(budget, "time", SimpleNamespace(monotonic=lambda: now[0]))
    world.waits = waits
    world.during_write = lambda errand: now.__setitem__(0, now[0] + 3600)
    outcome = world.run(call("write_file", path="a.txt", text="x"), "Done.")
    assert ("which is the limit for one task" in outcome.answer) is not waits


def test_an_unusable_plan_said_again_is_refused_and_ends_the_task(world: World) -> None:
    outcome = world.run(*[plan(("teleport", "")) for _ in range(9)])
    assert "nothing changed" in outcome.answer
    assert len(world.asked) == 0


def test_a_plan_of_which_nothing_was_done_is_not_called_done(world: World) -> None:
    outcome = world.run(plan(("write_file", "a.txt")), "All done!")
    assert outcome.status == "suspected_noop"


def test_a_change_that_failed_before_it_began_is_a_failure(world: World) -> None:
    (world.workspace / "b.txt").write_text("x")
    outcome = world.run(call("read_file", path="b.txt"), call("write_file", text="no path"), "Done.")
    assert outcome.status == "failed"


def test_what_is_said_while_the_last_words_are_spoken_is_answered_too(world: World) -> None:
    replies: list[Reply] = ["One.", "Two."]
    world.on_event = lambda event: (
        world.errand.said.put("and two?")
        if isinstance(event, events.TextDelta) and event.text == "One."
        else None
    )
    assert world.run(*replies, text="one?").answer == "One.\n\nTwo."


def test_a_long_result_is_cut_to_what_the_model_can_take(world: World) -> None:
    (world.workspace / "b.txt").write_text("\n".join(["a line of text"] * 500))
    world.run(call("read_file", path="b.txt"), "Long.")
    (content,) = world.results()
    assert len(content) < world.profile.observation_chars + 50
    assert content.endswith("more characters)")


def read(name: str) -> ToolCall:
    return ToolCall(id=f"read-{name}", name="read_file", arguments={"path": name})


def fill(world: World, files: int, words: int) -> list[ToolCall]:
    """So many files to read, each of so many words."""
    for number in range(files):
        (world.workspace / f"{number}.txt").write_text(f"file {number} " + "word " * words)
    return [read(f"{number}.txt") for number in range(files)]


def test_a_full_context_is_summed_up_in_the_middle_of_a_task_and_the_task_goes_on(world: World) -> None:
    world.profile = Profile(observation_chars=9000, max_steps=20, max_seconds=60, summarises=True)
    world.context_tokens = 2500
    steps = fill(world, files=5, words=500)
    outcome = world.run(*steps[:4], "NOTES", steps[4], "All read.", text="read them")
    assert outcome.status == "answered"
    (compacted,) = world.of(events.Compacted)
    assert isinstance(compacted, events.Compacted)
    assert compacted.summary == "NOTES"
    first, *rest = world.engine.prompts[-1].messages
    assert isinstance(first, UserMessage)
    assert (first.text, first.context) == ("read them", "<summary>\nNOTES\n</summary>")
    assert compacted.messages == len(world.conversation.messages) - 1 - (1 + len(rest))
    assert len([m for m in world.conversation.messages if isinstance(m, ToolMessage)]) == 5


def test_the_next_task_begins_where_the_last_one_was_summed_up(world: World) -> None:
    world.profile = Profile(observation_chars=9000, max_steps=20, max_seconds=60, summarises=True)
    world.context_tokens = 2500
    world.run(*fill(world, files=4, words=500), "NOTES", "All read.", text="read them")
    assert world.go_on("Yes.", text="sure?").answer == "Yes."
    (prompt,) = world.engine.prompts
    assert "NOTES" in prompt.messages[0].model_dump()["context"]
    assert len(world.of(events.Compacted)) == 1
    assert world.conversation.tainted
    assert world.conversation.said == ("read them", "sure?")


def test_a_stop_while_it_is_summed_up_ends_the_task_and_leaves_the_conversation(world: World) -> None:
    world.profile = Profile(observation_chars=9000, max_steps=20, max_seconds=60, summarises=True)
    world.context_tokens = 2500
    steps = fill(world, files=4, words=500)

    class Stopped(ScriptedEngine):
        def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
            cancel.request()
            return "NOT"

    sessions = Sessions(world.storage)
    world.conversation = Conversation(sessions, sessions.create())
    outcome = world.go_on(*steps, text="read them", engine=Stopped)
    assert outcome.status == "stopped"
    assert world.of(events.Compacted) == []
    assert world.conversation.view == View()


def test_a_screen_that_did_not_change_is_shown_once(world: World) -> None:
    world.profile = Profile(observation_chars=1000, max_steps=8, max_seconds=60, sees=True)
    screen = Picture(width=640, height=480, rgb=bytes(640 * 480 * 3))
    world.pictures = (screen,)
    world.run(*fill(world, files=2, words=1), "Black.", text="look twice")
    first, second = [m for m in world.conversation.messages if isinstance(m, ToolMessage)]
    assert (first.content, first.pictures) == ("file 0 word ", (screen,))
    assert (second.content, second.pictures) == (f"file 1 word \n{AS_BEFORE}", ())


def test_only_the_newest_pictures_stay_and_the_person_is_told(world: World) -> None:
    world.profile = Profile(observation_chars=1000, max_steps=8, max_seconds=60, sees=True, pictures=1)
    steps = fill(world, files=4, words=1)
    shades = iter(range(0, 250, 60))
    world.on_event = lambda event: (
        setattr(world, "pictures", (Picture(width=64, height=64, rgb=bytes([next(shades)]) * (64 * 64 * 3)),))
        if isinstance(event, events.StepStarted)
        else None
    )
    world.run(*steps, "Seen.", text="look")
    numbers = [
        sum(len(m.pictures) for m in prompt.messages if isinstance(m, ToolMessage))
        for prompt in world.engine.prompts
    ]
    assert numbers == [0, 1, 2, 1, 2]
    assert [
        event.pictures for event in world.of(events.Compacted) if isinstance(event, events.Compacted)
    ] == [2]


@pytest.mark.parametrize("differences", [True, False])
def test_what_was_read_before_is_told_by_its_differences_to_models_that_understand_that(
    world: World, differences: bool
) -> None:
    world.by_lines = True
    world.profile = Profile(observation_chars=1000, max_steps=8, max_seconds=60, differences=differences)
    lines = ["window", *(f"{number} button" for number in range(1, 30))]
    (world.workspace / "a.txt").write_text("\n".join(lines))
    (world.workspace / "b.txt").write_text("\n".join([*lines[:-1], "29 button disabled"]))
    world.run(call("read_file", path="a.txt"), call("read_file", path="b.txt"), "Done.", text="look twice")
    first, second = world.results()
    assert first == "\n".join(lines)
    if differences:
        assert second == "window (as before, except:)\n29 button disabled"
    else:
        assert second == "\n".join([*lines[:-1], "29 button disabled"])
