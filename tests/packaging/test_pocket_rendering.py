"""What the built-in model was trained on is, token for token, what the engine writes."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.engine.bindings import NativeModel, quieten
from agent.engine.dialects import choose_dialect
from agent.engine.dialects.contract import Dialect
from agent.engine.port import Finished, ModelSpec, Prompt, ToolSpec
from agent.engine.supervisor import LlamaEngine
from agent.engine.vocabulary import Vocabulary
from agent.messages import Message, ModelMessage, ToolMessage, UserMessage

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "assets/builtin/deskhand-pocket.gguf"
sys.path.insert(0, str(ROOT / "packaging/pocket"))

from conversation import Call, Result, Say, User, render  # noqa: E402
from data import FAMILIES, a_task  # noqa: E402
from through_engine import messages_of  # noqa: E402
from tokenizer import Tokenizer  # noqa: E402

SYSTEM = "You are Deskhand. Use the tools."
LOOK = ToolSpec("look", "describe a window", {"type": "object", "properties": {"window": {"type": "string"}}})


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_gguf(MODEL)


@pytest.fixture(scope="module")
def dialect() -> Iterator[Dialect]:
    keep = quieten(lambda text: None)
    model = NativeModel(str(MODEL), gpu_layers=0, on_progress=lambda _: True)
    yield choose_dialect(Vocabulary(model.vocabulary_pointer), model.chat_template, False, "pocket")
    del keep


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_training_and_the_engine_write_a_conversation_with_the_same_tokens(
    family: str, tokenizer: Tokenizer, dialect: Dialect
):
    turns = [turn for seed in range(3) for turn in a_task(random.Random(f"{seed} {family}"), family)]
    follow_up = User("thanks")
    ours, _ = render([*turns, follow_up], tokenizer)
    ours += tokenizer.encode("<|turn>model\n")
    theirs = dialect.prompt(
        Prompt(system=SYSTEM, tools=(LOOK,), messages=messages_of([*turns, follow_up]))
    ).entries
    assert tokenizer.decode(theirs) == tokenizer.decode(ours)
    assert theirs == ours


def test_what_the_model_really_says_through_the_engine_is_in_the_form_it_was_trained_on(
    tokenizer: Tokenizer, dialect: Dialect
):
    engine = LlamaEngine()
    engine.load(ModelSpec(MODEL, threads=1), lambda _: None)
    outline = 'window "notes.txt - Mousepad" in Mousepad\n1 text "" = "Buy milk\nCall Ada" focused'
    messages: list[Message] = [UserMessage(text="what is on my screen?")]
    said: list[ModelMessage] = []
    for _ in range(2):
        *_, last = engine.generate(Prompt(SYSTEM, (LOOK,), tuple(messages)), Cancel())
        assert isinstance(last, Finished)
        said.append(last.message)
        messages.append(last.message)
        if last.message.call:
            messages.append(ToolMessage(call_id=last.message.call.id, name="look", content=outline))
    engine.close()
    call, answer = said
    assert call.call is not None
    turns = (
        User("what is on my screen?"),
        Call(call.call.name, call.call.arguments),
        Result(outline),
        Say(answer.text),
    )
    prompt = Prompt(SYSTEM, (LOOK,), (*messages, UserMessage(text="thanks")))
    ours, _ = render([*turns, User("thanks")], tokenizer)
    assert dialect.prompt(prompt).entries == [*ours, *tokenizer.encode("<|turn>model\n")]
