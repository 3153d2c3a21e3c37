"""A task's budget of steps and time."""

from __future__ import annotations

import pytest

from agent import budget
from agent.budget import Budget
from agent.context import Profile

PROFILE = Profile(observation_chars=1000, max_steps=4, max_seconds=100)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(budget.time, "monotonic", lambda: now[0])
    return now


def test_the_last_step_and_the_last_second_end_a_task_and_say_why(clock: list[float]) -> None:
    spent = Budget(PROFILE)
    assert spent.spent(3) == ""
    assert "4 steps" in spent.spent(4)
    clock[0] = 100
    assert "2 minutes" in spent.spent(1)


def test_waiting_for_the_person_costs_nothing(clock: list[float]) -> None:
    patient = Budget(PROFILE)
    with patient.waiting():
        clock[0] = 5000
    assert patient.spent(0) == ""
    assert not patient.warns(0)


def test_it_warns_once_when_three_quarters_are_used(clock: list[float]) -> None:
    nearly = Budget(PROFILE)
    assert [nearly.warns(steps) for steps in (2, 3, 3)] == [False, True, False]
