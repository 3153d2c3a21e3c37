"""The catalogue is complete, and what it recommends fits the machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.errors import ModelFileError
from app.models import catalogue
from app.models.catalogue import GB, Machine, choose, entries
from app.models.locate import locate


def test_the_five_sizes_of_gemma_4_and_the_built_in_model_are_offered() -> None:
    assert [entry.id for entry in entries()] == [
        "pocket",
        "gemma-4-e2b",
        "gemma-4-e4b",
        "gemma-4-12b",
        "gemma-4-26b-a4b",
        "gemma-4-31b",
    ]


def test_every_download_names_its_revision_size_and_hash() -> None:
    for entry in entries()[1:]:
        assert re.fullmatch("[0-9a-f]{40}", entry.revision), entry.id
        assert entry.projector is not None, entry.id
        for file in entry.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256), file.name
            assert file.bytes > 100_000_000, file.name


def test_a_model_needs_more_memory_than_its_files_take() -> None:
    for entry in entries():
        assert entry.memory_gb > entry.bytes / GB, entry.id


@pytest.mark.parametrize(
    ("memory", "best"),
    [
        (2, "pocket"),
        (6, "pocket"),
        (8, "gemma-4-e2b"),
        (16, "gemma-4-e4b"),
        (24, "gemma-4-e4b"),
        (32, "gemma-4-26b-a4b"),
        (128, "gemma-4-26b-a4b"),
    ],
)
def test_the_recommendation_fits_into_memory_and_is_quick_without_a_graphics_card(
    memory: int, best: str
) -> None:
    choice = choose(Machine(memory_bytes=memory * GB))
    assert choice.entry.id == best
    assert str(memory) in choice.why


def test_a_model_is_found_by_its_id_or_title_however_it_is_written() -> None:
    assert catalogue.entry("Gemma-4-E4B") == catalogue.entry("gemma 4 e4b")
    assert catalogue.entry("gpt") is None


def test_any_gguf_can_be_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF....")
    assert locate(str(path), tmp_path).path == path


def test_a_model_in_the_data_folder_can_be_named_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/mine.gguf").write_bytes(b"GGUF....")
    assert locate("mine", tmp_path).path == tmp_path / "models/mine.gguf"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no-such-model", "There is no model called"),
        ("hf:nobody/nothing/x.gguf", "not on this disk yet"),
        ("gemma-4-31b", "not on this disk yet"),
    ],
)
def test_a_model_that_is_not_here_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelFileError, match=says) as raised:
        locate(name, tmp_path)
    assert raised.value.remedy


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "holiday.gguf"
    path.write_text("dear diary")
    with pytest.raises(ModelFileError, match="not a GGUF"):
        locate(str(path), tmp_path)
