"""Gemma 4's own drafters guess from the model's hidden states, and change nothing but the speed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.engine.bindings import NativeContext
from agent.engine.cache.ledger import Ledger
from agent.engine.decoding.assistant import Assistant, usable_drafter
from agent.engine.port import Finished, ModelSpec, Prompt, Sampling
from agent.engine.script import Script
from agent.engine.supervisor import LlamaEngine
from agent.messages import UserMessage
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.decoding.test_loop import MadeUp, Turn
from tests.agent.engine.tiny_model import write_drafter


@pytest.fixture(scope="module")
def drafter_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_drafter(tmp_path_factory.mktemp("drafters") / "drafter.gguf")


@dataclass(slots=True)
class Recorder:
    """A drafter that notes what was guessed after how many tokens of the answer."""

    drafter: Assistant
    said: int = 0
    drafts: dict[int, list[int]] = field(default_factory=dict)
    rows: set[int | None] = field(default_factory=set)

    def take(self, token: int) -> None:
        self.said += 1
        self.drafter.take(token)

    def draft(self, most: int, row: int | None) -> list[int]:
        self.rows.add(row)
        draft = self.drafter.draft(min(most, 2), row)
        self.drafts[self.said] = draft
        return draft


def assistant(path: Path, loaded: Loaded, context: NativeContext) -> Assistant:
    return Assistant(path, loaded.model, context, threads=1, gpu_layers=0)


@pytest.mark.parametrize("seed", range(3))
def test_its_drafts_change_no_token_and_leave_nothing_behind(gemma: Loaded, drafter_file: Path, seed: int):
    sampling = Sampling(temperature=0.7, seed=seed)
    plain = Turn(gemma, sampling).run("go on")
    context = MadeUp(gemma)
    recorder = Recorder(assistant(drafter_file, gemma, context))
    turn = Turn(gemma, sampling, recorder, context=context).run("go on")
    assert turn.tokens == plain.tokens
    assert any(recorder.drafts.values())
    assert turn.held == (*turn.prompt, *turn.tokens)[: len(turn.held)]


def test_it_guesses_from_the_hidden_state_of_the_last_chosen_token(gemma: Loaded, drafter_file: Path):
    """Also where that token came before guesses that were wrong: as a drafter does that has just read everything."""
    context = MadeUp(gemma)
    recorder = Recorder(assistant(drafter_file, gemma, context))
    sampling = Sampling(temperature=0.7, seed=1)
    turn = Turn(gemma, sampling, recorder, forces=False, context=context).run("go on")
    assert 2 in recorder.rows
    for said, draft in list(recorder.drafts.items())[:20]:
        fresh = gemma.context()
        reader = assistant(drafter_file, gemma, fresh)
        read = Script((*turn.prompt, *turn.tokens[: said - 1]))
        Ledger(fresh, gemma.model.sliding_window).prefill(read, lambda: False)
        reader.take(turn.tokens[said - 1])
        assert reader.draft(2, row=0) == draft


def test_after_a_forced_token_it_has_nothing_to_go_by(gemma: Loaded, drafter_file: Path):
    drafter = assistant(drafter_file, gemma, gemma.context())
    drafter.take(30)
    assert drafter.draft(2, row=None) == []


def test_a_drafter_for_another_model_is_refused_before_it_is_loaded(
    gemma_file: Path, llama_file: Path, drafter_file: Path, tmp_path: Path
):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    wide = write_drafter(tmp_path / "wide.gguf", backbone=96)
    assert usable_drafter(drafter_file, gemma_file) == (drafter_file, "")
    assert usable_drafter(None, gemma_file) == (None, "")
    for path, model in (
        (drafter_file, llama_file),
        (gemma_file, gemma_file),
        (wide, gemma_file),
        (broken, gemma_file),
    ):
        usable, why = usable_drafter(path, model)
        assert usable is None
        assert why.startswith("The model does not guess ahead")


def test_the_engine_runs_with_a_drafter_and_says_when_it_cannot(
    gemma_file: Path, llama_file: Path, drafter_file: Path
):
    engine = LlamaEngine()
    ask = Prompt("Be kind.", (), (UserMessage(text="go on"),))
    try:
        assert engine.load(ModelSpec(gemma_file, drafter=llama_file, threads=1), lambda _: None).plan
        plain = list(engine.generate(ask, Cancel()))[-1]
        info = engine.load(ModelSpec(gemma_file, drafter=drafter_file, threads=1), lambda _: None)
        drafted = list(engine.generate(ask, Cancel()))[-1]
    finally:
        engine.close()
    assert "guess ahead" not in info.plan
    assert isinstance(plain, Finished)
    assert isinstance(drafted, Finished)
    assert drafted.reason == plain.reason
