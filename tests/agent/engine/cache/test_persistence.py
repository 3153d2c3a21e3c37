"""A saved cache comes back whole, and anything else comes back as nothing."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.engine.cache import persistence
from agent.engine.cache.ledger import Ledger, Snapshot
from agent.engine.cache.persistence import HEAD, SPARE_BYTES, Fingerprint, name_of, read, write
from agent.engine.script import Media, Script
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.parity import assert_as_fresh, ledger, never, words

FINGERPRINT = Fingerprint(
    model="model", projector="projector", llama="version", context_tokens=2048, kv_type="f16"
)
PICTURE = Media("picture", "some pixels", tokens=70, positions=70)
SNAPSHOT = Snapshot((5, 6, PICTURE, 7), (0, 1, 2, 80), np.arange(200, dtype=np.uint8))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "conversation.kv"
    write(file, FINGERPRINT, SNAPSHOT)
    return file


def test_what_was_written_is_read(saved: Path):
    found = read(saved, FINGERPRINT)
    assert found is not None
    assert (found.entries, found.starts) == (SNAPSHOT.entries, SNAPSHOT.starts)
    np.testing.assert_array_equal(found.state, SNAPSHOT.state)


def test_only_its_owner_can_read_it_and_nothing_else_is_left_in_the_folder(saved: Path):
    assert saved.stat().st_mode & 0o777 == 0o600
    assert os.listdir(saved.parent) == [saved.name]


@pytest.mark.parametrize(
    "other",
    [
        {"model": "another"},
        {"projector": "another"},
        {"llama": "newer"},
        {"context_tokens": 4096},
        {"kv_type": "q8_0"},
    ],
)
def test_what_another_model_or_context_wrote_is_refused(saved: Path, other: dict[str, object]):
    assert read(saved, FINGERPRINT.model_copy(update=other)) is None


def test_no_file_a_folder_and_a_pipe_are_refused(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for file in (tmp_path / "none", tmp_path, tmp_path / "pipe"):
        assert read(file, FINGERPRINT) is None


def test_a_file_cut_anywhere_is_refused(saved: Path):
    whole = saved.read_bytes()
    for length in range(len(whole)):
        saved.write_bytes(whole[:length])
        assert read(saved, FINGERPRINT) is None


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_with_flipped_bits_or_more_at_its_end_is_refused(saved: Path, data: st.DataObject):
    whole = saved.read_bytes()
    damaged = bytearray(whole)
    for place in data.draw(st.sets(st.integers(0, len(whole) - 1), max_size=4)):
        damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    damaged += data.draw(st.binary(max_size=9))
    other = saved.with_name("damaged")
    other.write_bytes(damaged)
    assert (read(other, FINGERPRINT) is None) == (bytes(damaged) != whole)


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes):
    file = tmp_path_factory.mktemp("noise") / "noise"
    for content in (noise, HEAD.pack(persistence.MAGIC, persistence.VERSION, len(noise)) + noise):
        file.write_bytes(content)
        assert read(file, FINGERPRINT) is None


@pytest.mark.parametrize("length", [1 << 31, 1 << 62, (1 << 64) - 1])
def test_absurd_lengths_are_refused_before_memory_is_taken_for_them(saved: Path, length: int):
    whole = saved.read_bytes()
    saved.write_bytes(HEAD.pack(persistence.MAGIC, persistence.VERSION, length) + whole[HEAD.size :])
    assert read(saved, FINGERPRINT) is None
    (header,) = struct.unpack_from("<Q", whole, 8)
    at = HEAD.size + header
    saved.write_bytes(whole[:at] + struct.pack("<Q", length) + whole[at + 8 :])
    assert read(saved, FINGERPRINT) is None


def test_a_disk_that_takes_no_more_leaves_the_old_file_as_it_was(
    saved: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(persistence.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(saved, FINGERPRINT, replace(SNAPSHOT, state=np.zeros(9, np.uint8)))
    monkeypatch.undo()
    found = read(saved, FINGERPRINT)
    assert found is not None
    assert found.state.size == SNAPSHOT.state.size
    assert os.listdir(saved.parent) == [saved.name]


def test_a_disk_that_is_nearly_full_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    usage = persistence.disk_usage(tmp_path)._replace(free=SPARE_BYTES)
    monkeypatch.setattr(persistence, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "conversation.kv", FINGERPRINT, SNAPSHOT)
    assert os.listdir(tmp_path) == []


def test_a_model_file_is_named_by_its_content(tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    content = bytearray(os.urandom(3_000_000))
    first.write_bytes(content)
    second.write_bytes(content)
    assert name_of(first) == name_of(second) != name_of(None) == ""
    content[1_000_000:1_200_000] = bytes(200_000)
    second.write_bytes(content)
    assert name_of(first) != name_of(second)


@pytest.mark.parametrize("which", ["gemma", "llama"])
def test_what_was_held_goes_on_in_another_context_where_it_was_left(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
):
    loaded: Loaded = request.getfixturevalue(which)
    prompt = words(60, 900)
    book = ledger(loaded, loaded.context())
    book.prefill(Script(prompt[:800]), never)
    for token in words(61, 20):
        book.append([token])
    write(tmp_path / "kv", FINGERPRINT, book.snapshot())

    context = loaded.context()
    again: Ledger = ledger(loaded, context)
    found = read(tmp_path / "kv", FINGERPRINT)
    assert found is not None
    assert again.revert(found)
    longer = [*prompt[:800], *words(61, 20), *prompt[800:]]
    assert again.prefill(Script(longer), never) == 820
    assert_as_fresh(loaded, again, context)
