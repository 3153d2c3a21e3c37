"""When an answer points at the screen by itself."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest

from agent.errors import DesktopError
from agent.events import EVENT, Event, Outcome, PointedAt, StepFinished, StepStarted, TaskFinished
from agent.messages import Moment, Request
from app.pointing import Pointing
from app.terminal import JsonPrinter, TextPrinter

SAVE = PointedAt(name="Save", bounds=(1, 2, 30, 40), window=5)
SCREEN = Moment(window="notes", application="Pad", outline='window "notes" in Pad\n1 button "Save"')
ABOUT = Request(text="what do I press?", moment=SCREEN)


@dataclass
class Eyes:
    """Finds ``found`` in every answer."""

    found: PointedAt | None = SAVE
    asked: list[str] = field(default_factory=list)
    trouble: DesktopError | None = None

    def quoted(self, answer: str) -> PointedAt | None:
        self.asked.append(answer)
        if self.trouble is not None:
            raise self.trouble
        return self.found


def finished(status: str = "answered") -> TaskFinished:
    outcome = Outcome.model_validate({"status": status, "answer": "Press “Save”."})
    return TaskFinished(task="t", outcome=outcome, seconds=1.0)


def follow(request: Request, eyes: Eyes, *events: Event) -> list[Event]:
    pointing = Pointing(request, eyes)  # type: ignore[arg-type]
    return [told for event in events for told in pointing.follow(event)]


def step(tool: str) -> StepStarted:
    return StepStarted(step="s", tool=tool, title=tool, arguments={})


def test_an_answer_about_the_screen_points_before_the_task_ends() -> None:
    eyes = Eyes()
    assert follow(ABOUT, eyes, finished()) == [SAVE, finished()]
    assert eyes.asked == ["Press “Save”."]


def test_so_does_one_after_a_look() -> None:
    looked = follow(Request(text="what do I press?"), Eyes(), step("look"), finished())
    assert looked[1:] == [SAVE, finished()]


@pytest.mark.parametrize("status", ["confirmed", "stopped", "failed"])
def test_what_was_done_is_not_pointed_at(status: str) -> None:
    assert follow(ABOUT, Eyes(), finished(status)) == [finished(status)]


def test_an_answer_that_is_not_about_the_screen_points_at_nothing() -> None:
    eyes = Eyes()
    assert follow(Request(text="hello"), eyes, step("now"), finished()) == [step("now"), finished()]
    assert eyes.asked == []


def test_the_tool_points_when_its_step_is_done_and_the_answer_not_again() -> None:
    done = StepFinished(
        step="s",
        status="confirmed",
        evidence="",
        content="",
        seconds=0.1,
        details={"points": SAVE.model_dump(mode="json")},
    )
    assert follow(ABOUT, Eyes(), step("point_at"), done, finished()) == [
        step("point_at"),
        done,
        SAVE,
        finished(),
    ]


def test_a_screen_that_went_away_ends_the_task_as_always() -> None:
    eyes = Eyes(trouble=DesktopError("The connection to the screen was lost."))
    assert follow(ABOUT, eyes, finished()) == [finished()]


def test_the_terminal_says_in_words_where_it_is() -> None:
    err = io.StringIO()
    pointed = SAVE.model_copy(update={"name": "Save\x1b[2J", "application": "Pad"})
    TextPrinter({"NO_COLOR": "1"}, out=io.StringIO(), err=err).show(pointed)
    assert err.getvalue() == "“Save\\x1b[2J” is in Pad, at 16, 22\n"


def test_programs_get_it_as_a_line() -> None:
    out = io.StringIO()
    JsonPrinter(out).show(SAVE)
    assert EVENT.validate_json(out.getvalue()) == SAVE
