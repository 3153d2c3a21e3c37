from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.voice.tidy import tidy


@pytest.mark.parametrize(
    ("heard", "typed"),
    [
        ("Save the result as total dot txt", "Save the result as total.txt"),
        ("Save the result in total .txt", "Save the result in total.txt"),
        ("Open shopping dot t x t.", "Open shopping.txt."),
        ("Copy Report.dxd to the backup folder", "Copy Report.txt to the backup folder"),
        ("Read shopping dot text and type it.", "Read shopping.txt and type it."),
        ("Save the result as total dot d_x_t_", "Save the result as total.txt"),
        ("What is in shopping dot d, x d?", "What is in shopping.txt?"),
        ("Read report dot p d f", "Read report.pdf"),
        ("Save it as screen dot PNG", "Save it as screen.png"),
        ("What is on\n my screen?", "What is on my screen?"),
    ],
)
def test_a_spoken_file_name_is_written_as_a_file_name(heard: str, typed: str) -> None:
    assert tidy(heard) == typed


@pytest.mark.parametrize(
    "sentence",
    ["Buy milk. Text me when done.", "Work out 12.5 times 8.", "Put a dot on the map.", "Text my sister."],
)
def test_other_sentences_are_left_alone(sentence: str) -> None:
    assert tidy(sentence) == sentence


@given(st.text(max_size=80))
def test_tidying_twice_is_tidying_once_and_leaves_one_line(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert "\n" not in once
