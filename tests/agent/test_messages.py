"""Pictures and sounds: their bounds, and the names that stand for their data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.messages import SOUND_BLOCK, SOUND_PIECE, Picture, Sound, block_ends


def sound(samples: int, growing: bool = False) -> Sound:
    return Sound.of(bytes(index * 7 % 251 for index in range(4 * samples)), growing)


@pytest.mark.parametrize(
    ("width", "height", "data"),
    [
        (0, 10, b""),
        (10, -1, b""),
        (20_000, 10, b""),
        (16_000, 16_000, b""),
        (2, 2, b"x" * 11),
        (2, 2, b"x" * 13),
    ],
)
def test_a_picture_of_absurd_size_is_refused(width: int, height: int, data: bytes):
    with pytest.raises(ValidationError):
        Picture(width=width, height=height, rgb=data)


@pytest.mark.parametrize(("samples", "data"), [(1, b"abc"), (0, b"abcd"), (1 << 40, b"")])
def test_a_sound_of_absurd_size_is_refused(samples: int, data: bytes):
    with pytest.raises(ValidationError):
        Sound(samples=samples, pcm=data)


def test_a_picture_is_named_by_its_pixels_and_its_size():
    wide, tall = Picture(width=2, height=1, rgb=b"abcdef"), Picture(width=1, height=2, rgb=b"abcdef")
    assert wide.key != tall.key
    assert wide.key == Picture(width=2, height=1, rgb=b"abcdef", budget=70).key


def test_data_can_go_and_the_names_stay():
    shown, heard = Picture(width=2, height=1, rgb=b"abcdef"), sound(SOUND_BLOCK + 5)
    assert shown.without_data().rgb == b""
    assert shown.without_data().key == shown.key
    assert heard.without_data().pcm == b""
    assert (heard.without_data().key, heard.without_data().block_keys) == (heard.key, heard.block_keys)


def test_a_longer_sound_names_the_blocks_it_begins_with_as_the_shorter_did():
    shorter, longer = sound(2 * SOUND_BLOCK + 9, growing=True), sound(3 * SOUND_BLOCK + 1)
    assert longer.block_keys[:2] == shorter.block_keys
    assert len(longer.block_keys) == 3
    assert shorter.key != longer.key


def test_blocks_that_differ_in_one_sample_have_other_names_from_there_on():
    data = bytearray(sound(3 * SOUND_BLOCK + 1).pcm)
    data[4 * SOUND_BLOCK + 400] ^= 1
    changed = Sound.of(bytes(data))
    same = [a == b for a, b in zip(changed.block_keys, sound(3 * SOUND_BLOCK + 1).block_keys, strict=True)]
    assert same == [True, False, False]


@given(st.integers(0, 3 * SOUND_PIECE))
def test_a_whole_block_looks_one_sample_ahead_but_never_into_the_next_piece(samples: int):
    for number, end in enumerate(block_ends(samples), start=1):
        last = number * SOUND_BLOCK
        assert end == (last if last % SOUND_PIECE == 0 else last + 1)
        assert end <= samples
