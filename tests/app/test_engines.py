"""The engine in use follows what was chosen; the server is the one of the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.engine.port import Finished, ModelInfo, ModelSpec, Prompt, ServerSpec
from agent.engine.scripted import ScriptedEngine
from agent.errors import ModelError, ModelLoadError
from app.engines import ChosenEngine, server_of
from app.settings import Settings

HERE = ModelSpec(Path("model.gguf"))
THERE = ModelSpec(Path("model"), server=ServerSpec("http://127.0.0.1:9"))
TALK = Prompt("", (), ())


class Pair:
    """A chosen engine over two scripted ones, which are kept as they are made."""

    def __init__(self) -> None:
        self.made: list[ScriptedEngine] = []
        self.engine = ChosenEngine(self._make("here"), self._make("there"))

    def _make(self, answer: str) -> Callable[[], ScriptedEngine]:
        def make() -> ScriptedEngine:
            self.made.append(ScriptedEngine([answer]))
            return self.made[-1]

        return make

    def answer(self) -> str:
        finished = list(self.engine.generate(TALK, Cancel()))[-1]
        assert isinstance(finished, Finished)
        return finished.message.text


def test_the_model_s_own_engine_answers_and_the_other_one_is_closed() -> None:
    pair = Pair()
    pair.engine.load(THERE, lambda _: None)
    assert pair.answer() == "there"
    assert [engine.closed for engine in pair.made] == [True, False]
    pair.engine.load(HERE, lambda _: None)
    assert pair.answer() == "here"
    assert [engine.closed for engine in pair.made] == [True, True, False]


def test_an_engine_that_cannot_be_had_leaves_the_old_one_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    pair.engine.load(HERE, lambda _: None)
    load = ScriptedEngine.load

    def refuse(engine: ScriptedEngine, spec: ModelSpec, on_progress: Callable[[float], None]) -> ModelInfo:
        if spec.server is not None:
            raise ModelError("The server does not accept the key.")
        return load(engine, spec, on_progress)

    monkeypatch.setattr(ScriptedEngine, "load", refuse)
    with pytest.raises(ModelError, match="key"):
        pair.engine.load(THERE, lambda _: None)
    assert [engine.closed for engine in pair.made] == [False, True]
    assert pair.answer() == "here"


def test_without_an_address_there_is_no_server() -> None:
    assert server_of(Settings()) is None


def test_the_key_is_read_from_the_variable_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS_KEY", " abc\n")
    settings = Settings(server="https://example.org", server_model="m", server_key_variable="MODELS_KEY")
    assert server_of(settings) == ServerSpec("https://example.org", "m", "abc")


def test_a_key_that_is_not_where_it_should_be_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELS_KEY", raising=False)
    with pytest.raises(ModelLoadError, match="MODELS_KEY, which is not set"):
        server_of(Settings(server="https://example.org", server_key_variable="MODELS_KEY"))
