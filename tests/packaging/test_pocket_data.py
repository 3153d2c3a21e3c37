"""What the built-in model learns from agrees with the tools it is for: names, arguments, times, sums, quotations."""

from __future__ import annotations

import random
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tools.calculator import CannotWorkOut, evaluate
from tools.numbers import with_digits
from tools.when import NotATime, moment_of

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "packaging/pocket"))

import numerals  # noqa: E402
from conversation import Call, Say, Task, User  # noqa: E402
from data import FAMILIES, FIRST_ONLY, a_task, chat_row  # noqa: E402
from families import lacking, sums  # noqa: E402
from frozen import invented_quotes  # noqa: E402
from through_engine import tool_specs  # noqa: E402
from tokenizer import Tokenizer  # noqa: E402
from worlds import World  # noqa: E402

MANY = 40
NOW = datetime(2026, 11, 21, 14, 5).astimezone()


def tasks(family: str) -> list[Task]:
    """Some for training, some held out."""
    return [a_task(random.Random(f"{seed} {family}"), family, new=bool(seed % 2)) for seed in range(MANY)]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_call_names_a_tool_of_the_page_with_its_arguments(family: str):
    tools = {tool.name: tool.parameters for tool in tool_specs(ROOT / "docs/tools.md")}
    calls = [turn for task in tasks(family) for turn in task if isinstance(turn, Call)]
    for call in calls:
        assert set(call.arguments) <= set(tools[call.name]["properties"])
        assert set(call.arguments) >= set(tools[call.name]["required"])
    assert calls or family in ("small talk", "undo", "beyond", "attached file")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_no_slot_is_left_open_and_every_request_is_answered(family: str):
    for task in tasks(family):
        assert isinstance(task[0], User)
        assert isinstance(task[-1], Say)
        assert not [turn.text for turn in task if isinstance(turn, User) and "{" in turn.text]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_what_is_quoted_was_read(family: str):
    for task in tasks(family):
        for index, turn in enumerate(task):
            if isinstance(turn, Say):
                assert not invented_quotes(turn.text, task[:index])


def understood(when: str) -> bool:
    try:
        return moment_of(when, NOW) > NOW
    except NotATime as why:
        return "it is past" in str(why)


def test_the_reminder_understands_every_time():
    rng = random.Random(3)
    times = [numerals.when(rng, rng.choice(["proper", "lazy", "heard", "raw"])) for _ in range(800)]
    assert not [(said, meant) for said, meant in times if not understood(meant)]


def test_numbers_in_words_are_the_numbers():
    rng = random.Random(4)
    for _ in range(500):
        number = rng.choice([rng.randint(0, 999), rng.randint(0, 99_999)])
        assert with_digits(numerals.number_words(number, rng)).removeprefix("a ") == str(number)


def test_the_calculator_agrees_with_every_sum():
    world = World(random.Random(5))
    for _ in range(400):
        world.fresh_style()
        words, expression, value = sums.a_sum(world)
        try:
            found = evaluate(expression)
        except CannotWorkOut as why:
            pytest.fail(f"{words}: {expression}: {why}")
        assert float(found) == pytest.approx(float(value), rel=1e-8)


def test_what_lacks_something_is_asked_back_only_at_the_beginning_of_a_chat():
    tokenizer = Tokenizer.from_gguf(ROOT / "assets/builtin/deskhand-pocket.gguf")
    questions = {question for _, question, _ in lacking.KINDS}
    rng, begun = random.Random(6), 0
    for _ in range(60):
        chat = tokenizer.decode(chat_row(rng, tokenizer, 512)[0])
        first = chat.split("<turn|>")[1] if chat.count("<turn|>") > 1 else ""
        begun += any(question in first for question in questions)
        later = chat.split("<|turn>user")[4:]
        assert not [
            turn for turn in later if turn.split("<|turn>model\n")[-1].startswith("Which file do you mean?")
        ]
    assert FIRST_ONLY == ("lacking",)
    assert begun
