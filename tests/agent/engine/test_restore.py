"""A conversation goes on after a restart without being read again, or starts cleanly."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.engine.cache.persistence import DIGEST_BYTES, HEAD, LENGTH
from agent.engine.port import Finished, ModelSpec, Prefill, Prompt, Sampling
from agent.engine.supervisor import LlamaEngine
from agent.errors import EngineDied, ModelError
from agent.messages import UserMessage
from tests.agent.engine.tiny_model import write_gemma

LONG = "The window holds thirty two tokens, and this is longer than that by far. " * 8
ASK = Prompt("Be kind.", (), (UserMessage(text=f"{LONG} hello"),))
SHORT = Sampling(max_tokens=20)


def loaded(file: Path, context_tokens: int = 0) -> LlamaEngine:
    engine = LlamaEngine()
    engine.load(ModelSpec(file, threads=1, context_tokens=context_tokens), lambda _: None)
    return engine


def turn(engine: LlamaEngine, prompt: Prompt) -> tuple[Prefill, Finished]:
    prefill, *_, finished = engine.generate(prompt, Cancel(), SHORT)
    assert isinstance(prefill, Prefill)
    assert isinstance(finished, Finished)
    return prefill, finished


@pytest.fixture
def another(endless_file: Path) -> Iterator[LlamaEngine]:
    engine = loaded(endless_file)
    yield engine
    engine.close()


def test_after_a_restart_only_what_is_new_is_read_and_the_answer_is_the_same(
    engine: LlamaEngine, another: LlamaEngine, tmp_path: Path
):
    file = tmp_path / "conversation.kv"
    _, said = turn(engine, ASK)
    engine.save(file)
    further = Prompt(ASK.system, (), (*ASK.messages, said.message, UserMessage(text="go on")))
    _, expected = turn(engine, further)

    assert another.restore(file)
    prefill, answer = turn(another, further)
    assert prefill.reused == said.context_used
    assert answer.message.tokens == expected.message.tokens


def test_what_another_model_or_another_context_wrote_is_refused(
    engine: LlamaEngine, endless_file: Path, tmp_path: Path
):
    file = tmp_path / "conversation.kv"
    turn(engine, ASK)
    engine.save(file)
    other_weights = write_gemma(tmp_path / "other.gguf", seed=5)
    for refusing in (loaded(endless_file, context_tokens=512), loaded(other_weights)):
        assert not refusing.restore(file)
        prefill, _ = turn(refusing, Prompt("", (), (UserMessage(text="hi"),)))
        assert prefill.reused == 0
        refusing.close()


def test_a_damaged_file_means_a_clean_start_even_in_mid_conversation(engine: LlamaEngine, tmp_path: Path):
    file = tmp_path / "conversation.kv"
    turn(engine, ASK)
    engine.save(file)
    file.write_bytes(file.read_bytes()[:-1])
    pid = engine.pid
    assert not engine.restore(file)
    assert not engine.restore(tmp_path / "none.kv")
    prefill, _ = turn(engine, ASK)
    assert prefill.reused == 0
    assert engine.pid == pid


def test_a_forged_state_is_refused_or_kills_the_child_alone(engine: LlamaEngine, tmp_path: Path):
    """The digest tells damage, not malice: whoever can write the file can compute it."""
    file = tmp_path / "conversation.kv"
    turn(engine, ASK)
    engine.save(file)
    whole = file.read_bytes()
    (header_bytes,) = struct.unpack_from("<Q", whole, 8)
    state = HEAD.size + header_bytes + LENGTH.size
    for place in (0, 4, 8, 12, 16, 24, 100, 2000):  # magic, sequence, streams, cells, positions, layers
        forged = bytearray(whole[:-DIGEST_BYTES])
        forged[state + place : state + place + 8] = b"\xff\xff\xff\x7f\x01\0\0\0"
        file.write_bytes(bytes(forged) + blake2b(forged, digest_size=DIGEST_BYTES).digest())
        engine.restore(file)
        _, finished = turn(engine, ASK)
        assert finished.reason == "length"


def test_a_folder_that_cannot_be_written_to_is_a_kind_error(engine: LlamaEngine, tmp_path: Path):
    turn(engine, ASK)
    with pytest.raises(ModelError, match=r"not saved.*conversation is kept") as error:
        engine.save(tmp_path / "nowhere" / "conversation.kv")
    assert not isinstance(error.value, EngineDied)
    assert turn(engine, ASK)[1].reason == "length"
