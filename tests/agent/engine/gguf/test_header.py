"""A model file is looked at before llama.cpp sees it, and a bad one is refused kindly."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from io import FileIO
from pathlib import Path

import pytest
from gguf.constants import GGML_QUANT_SIZES
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agent.engine import LlamaEngine, fit
from agent.engine.gguf.cursor import Cursor
from agent.engine.gguf.header import BLOCKS, read_header
from agent.engine.port import ModelSpec
from agent.errors import ModelFileError, ModelLoadError
from tests.agent.engine.shaped_model import Shape, write_shaped
from tests.agent.engine.tiny_model import CONTEXT

SMALL = Shape(layers=2, width=64, feed=128, heads=2, head=32, head_swa=32, vocabulary=600, period=2)


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


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path):
    pipe = tmp_path / "pipe.gguf"
    os.mkfifo(pipe)
    with pytest.raises(ModelFileError, match="not an ordinary file"):
        read_header(pipe)


def test_a_device_is_refused():
    with pytest.raises(ModelFileError, match="not an ordinary file"):
        read_header(Path("/dev/zero"))


def test_a_link_to_a_model_is_read_as_the_model(gemma_file: Path, tmp_path: Path):
    link = tmp_path / "link.gguf"
    link.symlink_to(gemma_file)
    assert read_header(link).fingerprint == read_header(gemma_file).fingerprint


def test_a_file_cut_short_while_it_is_read_is_refused(gemma_file: Path, tmp_path: Path):
    whole = gemma_file.read_bytes()
    shrinking = tmp_path / "shrinking.gguf"
    shrinking.write_bytes(whole[:1000])
    with FileIO(shrinking) as file:
        cursor = Cursor(shrinking, file, size=len(whole))
        with pytest.raises(ModelFileError, match="header is damaged"):
            cursor.skip(2000)


Pair = tuple[bytes, int, bytes]


def written(
    path: Path,
    pairs: list[Pair],
    tensors: list[tuple[bytes, tuple[int, ...], int, int]],
    data: int = 4096,
) -> Path:
    """A GGUF of exactly these keys (name, type, value) and tensors (name, dimensions, type, offset)."""
    parts = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(pairs))]
    for name, kind, value in pairs:
        parts += [struct.pack("<Q", len(name)), name, struct.pack("<I", kind), value]
    for name, dimensions, kind, offset in tensors:
        parts += [struct.pack("<Q", len(name)), name, struct.pack("<I", len(dimensions))]
        parts += [struct.pack(f"<{len(dimensions)}Q", *dimensions), struct.pack("<IQ", kind, offset)]
    path.write_bytes(b"".join(parts) + bytes(data))
    return path


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


KIND: Pair = (b"general.architecture", 8, text(b"llama"))
WEIGHT = (b"token_embd.weight", (32, 4), 0, 0)


def test_a_file_of_one_tensor_is_read(tmp_path: Path):
    header = read_header(written(tmp_path / "m.gguf", [KIND], [WEIGHT]))
    assert (header.architecture, header.parameters, header.name) == ("llama", 128, "m")
    assert header.tensors[0].bytes == 512


@pytest.mark.parametrize(
    ("pairs", "tensors"),
    [
        pytest.param([KIND, KIND], [WEIGHT], id="the same key twice"),
        pytest.param([KIND], [WEIGHT, WEIGHT], id="the same tensor twice"),
        pytest.param([KIND, (b"", 8, text(b""))], [WEIGHT], id="a key without a name"),
        pytest.param([KIND, (b"general.alignment", 4, bytes(4))], [WEIGHT], id="alignment of nothing"),
        pytest.param([KIND, (b"general.alignment", 4, b"\x21\0\0\0")], [WEIGHT], id="an odd alignment"),
        pytest.param([KIND, (b"general.alignment", 8, text(b"32"))], [WEIGHT], id="alignment in words"),
        pytest.param([KIND, (b"k", 13, b"")], [WEIGHT], id="a type of value that there is not"),
        pytest.param([KIND, (b"k", 9, struct.pack("<IQ", 9, 1))], [WEIGHT], id="an array of arrays"),
        pytest.param([KIND, (b"k", 9, struct.pack("<IQ", 4, 1 << 62))], [WEIGHT], id="an endless array"),
        pytest.param([KIND, (b"k", 9, struct.pack("<IQ", 8, 1 << 62))], [WEIGHT], id="endless strings"),
        pytest.param(
            [KIND, (b"k", 8, struct.pack("<Q", (1 << 64) - 1))], [WEIGHT], id="a length that overflows"
        ),
        pytest.param([KIND], [(b"w", (1, 1, 1, 1, 1), 0, 0)], id="five dimensions"),
        pytest.param([KIND], [(b"w", (1 << 63, 2), 0, 0)], id="more elements than a number can count"),
        pytest.param([KIND], [(b"w", (31, 4), 8, 0)], id="a row that ends within a block"),
        pytest.param([KIND], [(b"w", (32,), 0, 8)], id="data that are not aligned"),
        pytest.param([KIND], [(b"w" * 64, (32,), 0, 0)], id="a name that is too long"),
        pytest.param([KIND], [(b"w", (32,), 0, 1 << 60)], id="data far beyond the end"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(
    pairs: list[Pair], tensors: list[tuple[bytes, tuple[int, ...], int, int]], tmp_path: Path
):
    with pytest.raises(ModelFileError, match="header is damaged"):
        read_header(written(tmp_path / "m.gguf", pairs, tensors))


def test_weights_of_a_kind_from_the_future_are_refused(tmp_path: Path):
    with pytest.raises(ModelFileError, match="this version cannot read"):
        read_header(written(tmp_path / "m.gguf", [KIND], [(b"w", (32,), 77, 0)]))


def test_text_that_is_not_utf8_is_read_all_the_same(tmp_path: Path):
    name: Pair = (b"general.name", 8, text(b"caf\xe9"))
    assert read_header(written(tmp_path / "m.gguf", [KIND, name], [WEIGHT])).name == "caf\ufffd"


def test_numbers_for_each_layer_are_kept_and_those_for_each_token_are_counted(tmp_path: Path):
    per_layer: Pair = (b"llama.feed_forward_length", 9, struct.pack("<IQ3I", 4, 3, 8, 8, 16))
    per_token: Pair = (b"tokenizer.scores", 9, struct.pack("<IQ", 0, 5000) + bytes(5000))
    header = read_header(written(tmp_path / "m.gguf", [KIND, per_layer, per_token], [WEIGHT]))
    assert header.per_layer("feed_forward_length", 3) == (8, 8, 16)
    assert header.array_lengths["tokenizer.scores"] == 5000
    assert "tokenizer.scores" not in header.values


def test_the_sizes_of_blocks_are_ggmls():
    known = {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}
    assert known == {kind: BLOCKS[kind][1:] for kind in known}


def test_a_split_model_is_read_from_all_its_parts(tmp_path: Path):
    whole = read_header(write_shaped(tmp_path / "whole.gguf", SMALL))
    write_shaped(tmp_path / "split.gguf", replace(SMALL, split_after=12))
    first = min(tmp_path.glob("split-*.gguf"))
    header = read_header(first)
    assert {tensor.name for tensor in header.tensors} == {tensor.name for tensor in whole.tensors}
    assert header.file_bytes == sum(part.stat().st_size for part in tmp_path.glob("split-*.gguf"))


def test_a_split_model_without_one_of_its_parts_is_refused_by_name(tmp_path: Path):
    write_shaped(tmp_path / "split.gguf", replace(SMALL, split_after=12))
    first, second = sorted(tmp_path.glob("split-*.gguf"))[:2]
    second.unlink()
    with pytest.raises(ModelFileError, match=f"{second.name} is missing"):
        read_header(first)


def test_a_later_part_of_a_split_model_is_refused(tmp_path: Path):
    write_shaped(tmp_path / "split.gguf", replace(SMALL, split_after=12))
    last = max(tmp_path.glob("split-*.gguf"))
    with pytest.raises(ModelFileError, match="only a part of a model"):
        read_header(last)


def damaged(whole: Path, folder: Path, damage: list[tuple[int, bytes]], length: int) -> Path:
    """A copy of ``whole`` with bytes replaced, cut to ``length``."""
    data = bytearray(whole.read_bytes())
    for at, value in damage:
        data[at : at + len(value)] = value
    copy = folder / "damaged.gguf"
    copy.write_bytes(data[:length])
    return copy


HEADER_BYTES = 15_000
"""Of the tiny Gemma's file; what follows are its weights."""
VALUES = st.binary(min_size=1, max_size=8) | st.sampled_from(
    [b"\xff" * 4, b"\xff" * 8, bytes(8), b"\0\0\0\x80"]
)
DAMAGE = st.lists(st.tuples(st.integers(0, HEADER_BYTES), VALUES), min_size=1, max_size=4)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=DAMAGE, length=st.integers(0, 20_000) | st.just(1 << 30))
def test_no_damage_makes_reading_or_planning_fail_in_any_other_way(
    gemma_file: Path, tmp_path: Path, damage: list[tuple[int, bytes]], length: int
):
    file = damaged(gemma_file, tmp_path, damage, length)
    try:
        header = read_header(file)
        plan = fit.make_plan(fit.Shape.of(header), fit.Machine.this(), ModelSpec(file))
    except (ModelFileError, ModelLoadError):
        return
    assert header.file_bytes == file.stat().st_size
    assert plan.memory.needed > 0


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(damage=DAMAGE)
def test_a_damaged_file_that_is_not_seen_through_loads_or_is_refused_and_we_live(
    engine: LlamaEngine, gemma_file: Path, tmp_path: Path, damage: list[tuple[int, bytes]]
):
    file = damaged(gemma_file, tmp_path, damage, 1 << 30)
    try:
        read_header(file)
    except ModelFileError:
        assume(False)
    try:
        told = engine.load(ModelSpec(file), lambda _: None).plan
    except ModelLoadError as refusal:
        told = refusal.remedy
    assert told
