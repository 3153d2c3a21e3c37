"""A model file is looked at before llama.cpp sees it, and a bad one is refused kindly."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.engine.gguf_header import read_header
from agent.errors import ModelFileError
from tests.agent.engine.tiny_model import CONTEXT


def test_a_whole_file_tells_its_name_kind_size_and_template(gemma_file: Path):
    header = read_header(gemma_file)
    assert (header.name, header.architecture) == ("Tiny Gemma", "gemma4")
    assert header.trained_context_tokens == CONTEXT
    assert "<|turn>model" in header.chat_template
    assert 100_000 < header.parameters < 1_000_000
    assert header.file_bytes == gemma_file.stat().st_size


def test_the_fingerprint_names_the_vocabulary_and_not_the_weights(
    gemma_file: Path, calling_file: Path, llama_file: Path
):
    assert read_header(gemma_file).fingerprint == read_header(calling_file).fingerprint
    assert read_header(gemma_file).fingerprint != read_header(llama_file).fingerprint


def test_a_file_cut_short_is_refused_with_what_is_missing(gemma_file: Path, tmp_path: Path):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(gemma_file.read_bytes()[:-5000])
    with pytest.raises(ModelFileError, match="cut short, 4 KB are missing") as refusal:
        read_header(cut)
    assert "Download it again" in refusal.value.remedy


def test_another_kind_of_file_is_refused(tmp_path: Path):
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelFileError, match="not a GGUF file"):
        read_header(picture)


def test_an_absurd_length_is_refused_before_it_is_believed(gemma_file: Path, tmp_path: Path):
    data = bytearray(gemma_file.read_bytes())
    data[24:32] = struct.pack("<Q", 1 << 60)  # the length of the first key
    absurd = tmp_path / "absurd.gguf"
    absurd.write_bytes(data)
    with pytest.raises(ModelFileError, match="header is damaged"):
        read_header(absurd)


def test_an_absurd_number_of_tensors_is_refused(gemma_file: Path, tmp_path: Path):
    data = bytearray(gemma_file.read_bytes())
    data[8:16] = struct.pack("<Q", 1 << 40)
    absurd = tmp_path / "absurd.gguf"
    absurd.write_bytes(data)
    with pytest.raises(ModelFileError, match="claims to have 1099511627776 tensors"):
        read_header(absurd)


@pytest.mark.parametrize("content", [b"", b"GG", b"GGUF", b"GGUF\x03\0\0\0"])
def test_a_file_that_ends_at_once_is_refused(content: bytes, tmp_path: Path):
    short = tmp_path / "short.gguf"
    short.write_bytes(content)
    with pytest.raises(ModelFileError, match="was not loaded"):
        read_header(short)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    with pytest.raises(ModelFileError, match="there is no such file"):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(ModelFileError, match="it is a folder"):
        read_header(tmp_path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 20_000), value=st.binary(min_size=1, max_size=8), length=st.integers(0, 40_000))
def test_no_damage_makes_the_reader_fail_in_any_other_way(
    gemma_file: Path, tmp_path: Path, at: int, value: bytes, length: int
):
    data = bytearray(gemma_file.read_bytes())
    data[at : at + len(value)] = value
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(data if length > 30_000 else data[:length])
    try:
        read_file_bytes = read_header(damaged).file_bytes
    except ModelFileError:
        return
    assert read_file_bytes == damaged.stat().st_size
