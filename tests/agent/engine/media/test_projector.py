"""What a projector's header says, and the sizes that pictures are given."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engine.media.projector import LEAST_TOKENS, fitted, read_projector, usable_projector
from agent.errors import ModelFileError
from tests.agent.engine.tiny_projector import E2B_AUDIO, TINY_AUDIO, TINY_VISION, Tower, write_projector

TILE = 48
SIDES = st.integers(1, 16_384)


def tiles(width: int, height: int, budget: int) -> tuple[int, int]:
    across, down = fitted(width, height, budget, TILE)
    assert (across % TILE, down % TILE) == (0, 0)
    return across // TILE, down // TILE


@pytest.mark.parametrize(
    ("width", "height", "budget", "expected"),
    [
        (1920, 1080, 280, (22, 12)),
        (1920, 1080, 1120, (40, 22)),
        (1920, 1080, 70, (11, 6)),
        (2560, 1440, 1120, (44, 25)),
        (480, 336, 280, (10, 7)),
        (500, 350, 280, (10, 7)),
        (48, 48, 280, (8, 8)),
        (1080, 1920, 280, (12, 22)),
    ],
)
def test_a_picture_is_given_whole_tiles(width: int, height: int, budget: int, expected: tuple[int, int]):
    assert tiles(width, height, budget) == expected


@given(SIDES, SIDES, st.sampled_from([70, 140, 280, 560, 1120]))
def test_no_picture_exceeds_its_budget_or_vanishes(width: int, height: int, budget: int):
    across, down = tiles(width, height, budget)
    assert across >= 1
    assert down >= 1
    assert across * down <= budget


@given(st.integers(200, 8000), st.floats(0.4, 2.5), st.sampled_from([70, 140, 280, 560, 1120]))
def test_an_ordinary_picture_keeps_its_shape_and_uses_what_it_may(side: int, ratio: float, budget: int):
    width, height = side, round(side * ratio)
    across, down = tiles(width, height, budget)
    assert across * down >= 0.75 * min(budget, max(LEAST_TOKENS, width * height // TILE**2))
    assert 0.7 <= (across / down) / (width / height) <= 1.4


def test_what_the_header_says(tmp_path: Path):
    facts = read_projector(write_projector(tmp_path / "mmproj.gguf", text_width=1536))
    assert (facts.sees, facts.hears, facts.tile, facts.width) == (True, True, TILE, 1536)
    assert facts.lookback == 2 * 15 + 1


def test_e2bs_audio_tower_looks_back_seven_seconds(tmp_path: Path):
    audio = Tower(width=32, blocks=E2B_AUDIO.blocks, heads=2, feed=64)
    facts = read_projector(write_projector(tmp_path / "mmproj.gguf", vision=None, audio=audio))
    assert facts.lookback == 181


@pytest.mark.parametrize(("vision", "audio"), [(TINY_VISION, None), (None, TINY_AUDIO)])
def test_a_projector_may_have_one_sense_alone(tmp_path: Path, vision: Tower | None, audio: Tower | None):
    facts = read_projector(write_projector(tmp_path / "mmproj.gguf", vision=vision, audio=audio))
    assert (facts.sees, facts.hears) == (vision is not None, audio is not None)


@pytest.mark.parametrize(("width", "both_ways"), [(1536, False), (2560, False), (64, True), (3840, True)])
def test_pictures_are_read_in_both_directions_but_by_the_small_models(
    tmp_path: Path, width: int, both_ways: bool
):
    facts = read_projector(write_projector(tmp_path / "mmproj.gguf", text_width=width))
    assert facts.reads_both_ways(width) is both_ways


def test_no_projector_is_no_trouble():
    assert usable_projector(None, 64) == (None, "")


def test_a_file_that_is_none_is_refused(tmp_path: Path):
    file = tmp_path / "mmproj.gguf"
    file.write_bytes(b"a picture of a projector")
    with pytest.raises(ModelFileError):
        read_projector(file)
    facts, trouble = usable_projector(file, 64)
    assert facts is None
    assert "text only" in trouble
