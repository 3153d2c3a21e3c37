from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.voice.spoken import LONGEST_SENTENCE, SentenceStream, sentences, speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("The answer is **100**.", "The answer is 100."),
        ("## What is open", "What is open"),
        ("- a note in `notes`", "a note in notes"),
        ("2. second", "second"),
        ("See [the manual](https://example.org/x).", "See the manual."),
        ("Look at https://example.org/a?b=c today", "Look at a link today"),
        ("12.5 × 8 = 100", "12.5 times 8 equals 100"),
        ("7 − 2", "7 minus 2"),
        ("it was −3 degrees", "it was minus 3 degrees"),
        ("Saved /home/ada/Documents/total.txt.", "Saved total dot t x t."),
        ("| Name | Size |", "Name, Size"),
        ("|------|------|", ""),
        ("Done ✅", "Done"),
        ("a snake_case_name", "a snake case name"),
        ("*really* _new_", "really new"),
        ("***", ""),
        ("This is 50% of 1,234 at 10:05", "This is 50% of 1,234 at 10:05"),
    ],
)
def test_markdown_signs_and_paths_become_words(written: str, said: str) -> None:
    assert speakable(written) == said


def test_an_answer_is_cut_into_its_sentences() -> None:
    answer = "It is 12.5. Mr. Smith has it, e.g. today! Is that **all?** Yes"
    assert sentences(answer) == ["It is 12.5.", "Mr. Smith has it, e.g. today!", "Is that all?", "Yes"]


def test_a_list_is_said_item_by_item() -> None:
    assert sentences("Open:\n1. Text Editor\n2. Calculator\n") == ["Open:", "Text Editor", "Calculator"]


def test_code_is_not_read_out() -> None:
    answer = "Here it is:\n```python\nprint('hello. world')\n```\nThat is all."
    assert sentences(answer) == ["Here it is:", "The code is in the window.", "That is all."]


def test_a_sentence_is_said_as_soon_as_the_next_begins() -> None:
    stream = SentenceStream()
    assert stream.add("The window is call") == []
    assert stream.add("ed Notes. It") == ["The window is called Notes."]
    assert stream.end() == ["It"]


def test_a_sentence_without_an_end_is_said_in_pieces() -> None:
    pieces = sentences("one thing, " * 200)
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= LONGEST_SENTENCE


@given(st.text(alphabet="ab. !?\n`*#|-_12,", max_size=120), st.integers(1, 7))
def test_the_sentences_do_not_depend_on_how_the_text_arrives(text: str, size: int) -> None:
    stream = SentenceStream()
    pieces = [sentence for at in range(0, len(text), size) for sentence in stream.add(text[at : at + size])]
    assert " ".join(pieces + stream.end()) == " ".join(sentences(text))
