"""Tiny models, made once a run; and the engine's child-side parts on one of them, for tests that look inside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.engine.bindings import NativeContext, NativeModel, quieten
from agent.engine.dialects import choose_dialect
from agent.engine.dialects.contract import Dialect
from agent.engine.port import ModelSpec
from agent.engine.script import Entry
from agent.engine.supervisor import LlamaEngine
from agent.engine.turn import TurnRunner
from agent.engine.vocabulary import Vocabulary
from tests.agent.engine.tiny_model import CONTEXT, write_gemma, write_lfm2, write_llama

FINGERPRINT = "tiny"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in this process."""

    model: NativeModel
    vocabulary: Vocabulary
    dialect: Dialect

    def context(self, size: int = CONTEXT) -> NativeContext:
        return NativeContext(self.model, size, threads=1)

    def runner(
        self,
        stopped: Callable[[], bool] = lambda: False,
        speculate: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> TurnRunner:
        return TurnRunner(
            self.context(),
            self.model.sliding_window,
            self.vocabulary,
            self.dialect,
            FINGERPRINT,
            stopped,
            recurrent=self.model.recurrent,
            speculate=speculate,
            clock=clock,
        )

    def spelt(self, entries: Sequence[Entry]) -> str:
        """What the tokens look like, control tokens included; media by their kind."""
        pieces = (
            self.vocabulary.piece(one) if isinstance(one, int) else f"({one.kind})".encode()
            for one in entries
        )
        return b"".join(pieces).decode("utf-8", "replace")


def loaded(path: Path, thinking: bool = False) -> Loaded:
    model = NativeModel(str(path), gpu_layers=0, on_progress=lambda _: True)
    vocabulary = Vocabulary(model.vocabulary_pointer)
    return Loaded(model, vocabulary, choose_dialect(vocabulary, model.chat_template, thinking, FINGERPRINT))


@pytest.fixture(scope="session", autouse=True)
def _quiet_llama() -> Iterator[None]:
    keep = quieten(lambda text: None)
    yield
    del keep


@pytest.fixture(scope="session")
def gemma_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gemma(tmp_path_factory.mktemp("models") / "tiny-gemma.gguf")


@pytest.fixture(scope="session")
def calling_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Gemma that calls a tool at nearly every turn, in short strings."""
    eager = {"<|tool_call>": 8.0, '<|"|>': 8.0}
    return write_gemma(tmp_path_factory.mktemp("models") / "tiny-caller.gguf", eager=eager)


@pytest.fixture(scope="session")
def endless_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Gemma that, decoded greedily, never ends its turn by itself."""
    silent = dict.fromkeys(["<eos>", "<turn|>", "<|tool_response>", "<|channel>"], 0.0)
    return write_gemma(tmp_path_factory.mktemp("models") / "tiny-endless.gguf", eager=silent)


@pytest.fixture(scope="session")
def llama_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("models") / "tiny-llama.gguf")


@pytest.fixture(scope="session")
def gemma(gemma_file: Path) -> Loaded:
    return loaded(gemma_file)


@pytest.fixture(scope="session")
def caller(calling_file: Path) -> Loaded:
    return loaded(calling_file)


@pytest.fixture(scope="session")
def llama(llama_file: Path) -> Loaded:
    return loaded(llama_file)


@pytest.fixture(scope="session")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """A model with recurrent layers."""
    return loaded(write_lfm2(tmp_path_factory.mktemp("models") / "tiny-lfm2.gguf"))


@pytest.fixture
def engine(endless_file: Path) -> Iterator[LlamaEngine]:
    """A real child process with a tiny Gemma loaded that goes on until it is told to stop."""
    engine = LlamaEngine()
    engine.load(ModelSpec(endless_file, threads=1), lambda _: None)
    yield engine
    engine.close()
