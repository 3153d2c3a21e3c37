"""Workflows asked for in plain sentences, decided by the built-in model: those it can do today, in its words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.workflows.senses import (
    TRAIN,
    asked_until_understood,
    move,
    point_at,
    says_56,
    two_monitors,
    virtual_sound,
)
from tests.e2e.workflows.stage import Stage, eventually, stage
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.port import Desktop

pytestmark = pytest.mark.e2e


@pytest.fixture
def on_stage(desktop: VirtualDesktop, connected: Desktop) -> Iterator[Stage]:
    with stage(desktop, connected) as made:
        yield made


def test_a_result_goes_from_the_calculator_through_the_editor_into_a_file(on_stage: Stage) -> None:
    words = "work out 12.5 times 8 in the calculator, write the result in the text editor and save it as total.txt"
    on_stage.asks(words).ended("confirmed").approved_once()
    assert (on_stage.workspace / "total.txt").read_text().strip() == "100"


@pytest.mark.sound
def test_a_sum_asked_for_aloud_is_worked_out_in_the_calculator_and_answered_aloud(on_stage: Stage) -> None:
    with virtual_sound() as sound:
        words = "open the calculator and work out seven times eight"
        told, spoken = asked_until_understood(on_stage, words, None, sound)
    told.ended("confirmed")
    assert told.tools[:2] == ("open_app", "type_text")
    assert says_56(spoken)


def test_a_file_is_opened_in_the_editor_changed_and_saved(on_stage: Stage) -> None:
    notes = on_stage.workspace / "meeting.txt"
    notes.write_text("with Ada, Tuesday at ten")
    for words in ("open meeting.txt", "type Meeting", "press ctrl+s"):
        on_stage.asks(words).ended("confirmed")
    eventually(
        "the saved text", lambda: notes.read_text().strip() == "Meetingwith Ada, Tuesday at ten" or None
    )


def test_a_question_about_one_of_two_monitors_is_answered_from_that_one(on_stage: Stage) -> None:
    with two_monitors(on_stage) as (left, right):
        note = on_stage.opens("Mousepad")
        on_stage.ports.keyboard.type(TRAIN)
        move(on_stage, note, right)
        move(on_stage, on_stage.opens("Calculator"), left)
        point_at(on_stage, right)
        told = on_stage.asks("what is on my screen?", about_the_screen=True).ended("answered")
    assert TRAIN in told.outcome.answer
    assert "Calculator" not in told.outcome.answer


def test_a_save_button_that_is_disabled_is_told_of_and_no_file_appears(on_stage: Stage) -> None:
    on_stage.opens("Mousepad")
    on_stage.ports.keyboard.press("ctrl+shift+s")
    on_stage.window("the dialog", lambda window: window.title == "Save As")
    before = set(on_stage.desktop.home.rglob("*.txt"))
    told = on_stage.asks("press Save").ended("failed")
    assert told.outcome.answer == 'That did not work: "Save" is disabled.'
    assert set(on_stage.desktop.home.rglob("*.txt")) == before
