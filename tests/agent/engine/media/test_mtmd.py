"""The bindings are of this libmtmd, and its audio tower looks no further back than its header tells us."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from agent.engine.bindings import NativeModel
from agent.engine.media.mtmd import (
    Bitmap,
    Embeddings,
    EncodeFailed,
    Projector,
    ProjectorRefused,
    Span,
    WrongLibrary,
    check_library,
)
from agent.engine.media.projector import TOKEN_SAMPLES, read_projector
from tests.agent.engine.seeing import sound, write_files
from tests.agent.engine.tiny_projector import Tower, write_projector

FLOAT_NOISE = 1e-4
"""Of embeddings with a deviation of 1."""


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> NativeModel:
    files = write_files(tmp_path_factory.mktemp("mtmd"), width=64)
    return NativeModel(str(files.model), gpu_layers=0, on_progress=lambda _: True)


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory, model: NativeModel) -> Iterator[Projector]:
    """An audio tower of two blocks, which sees 31 tokens back."""
    file = write_projector(tmp_path_factory.mktemp("ears") / "mmproj.gguf", vision=None)
    assert read_projector(file).lookback == 31
    projector = Projector(file, model, 1, False, never)
    yield projector
    projector.close()


def heard(ears: Projector, start: int, end: int) -> Embeddings:
    """The tokens ``start`` to ``end`` of twelve seconds, encoded by themselves, with the sample that the last needs."""
    pcm = sound(12).pcm[4 * TOKEN_SAMPLES * start : 4 * (TOKEN_SAMPLES * end + 1)]
    return ears.encode(Bitmap("sound", len(pcm) // 4, 1, pcm), 0)


def test_the_library_is_the_one_these_bindings_are_for():
    check_library()


def test_another_version_is_told_apart(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(llama_cpp, "__version__", "0.4.0")
    with pytest.raises(WrongLibrary, match=r"0\.4\.0"):
        check_library()


def test_a_file_that_is_no_projector_is_refused(tmp_path: Path, model: NativeModel):
    with pytest.raises(ProjectorRefused):
        Projector(tmp_path / "missing.gguf", model, 1, False, never)


def test_a_tower_that_is_not_there_fails_alone(ears: Projector):
    assert (ears.sees, ears.hears) == (False, True)
    with pytest.raises(EncodeFailed):
        ears.parts(Bitmap("picture", 48, 48))


def test_a_size_is_enough_to_know_the_tokens(ears: Projector):
    before, span, after = ears.parts(Bitmap("sound", 48_000))
    assert span == Span(75, 75)
    assert not isinstance(before, Span)
    assert not isinstance(after, Span)
    assert (len(before), len(after)) == (1, 1)


@pytest.mark.parametrize("number", [0, 75, 150])
def test_a_token_is_what_it_is_whatever_follows(ears: Projector, number: int):
    whole = heard(ears, 0, 250)
    assert np.abs(heard(ears, 0, number + 50) - whole[: number + 50]).max() < FLOAT_NOISE


def test_with_all_that_a_tower_looks_back_on_a_block_is_as_in_the_whole(ears: Projector):
    whole = heard(ears, 0, 250)
    block = heard(ears, 150 - 31, 225)[31:]
    assert np.abs(block - whole[150:225]).max() < FLOAT_NOISE


def test_with_a_little_less_it_is_not(ears: Projector):
    whole = heard(ears, 0, 250)
    block = heard(ears, 150 - 24, 225)[24:]
    assert np.abs(block - whole[150:225]).max() > 10 * FLOAT_NOISE


def test_a_deeper_tower_looks_further_back(tmp_path: Path, model: NativeModel):
    file = write_projector(tmp_path / "mmproj.gguf", vision=None, audio=Tower(32, 4, 2, 64))
    back = read_projector(file).lookback
    assert back == 61
    deeper = Projector(file, model, 1, False, never)
    whole = heard(deeper, 0, 250)
    assert np.abs(heard(deeper, 150 - back, 225)[back:] - whole[150:225]).max() < FLOAT_NOISE
    deeper.close()
