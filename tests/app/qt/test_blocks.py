from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.qt.blocks import Block, split

LINES = st.lists(
    st.sampled_from(
        [
            "",
            " ",
            "words",
            "# Heading",
            "- item",
            "  more",
            "1. one",
            "> said",
            "```python",
            "```",
            "~~~",
            "    x",
            "|a|b|",
        ]
    ),
    max_size=14,
).map("\n".join)


@given(LINES, LINES)
def test_more_lines_change_no_block_but_the_last(first: str, more: str) -> None:
    before, after = split(first + "\n"), split(f"{first}\n{more}")
    assert after[: max(0, len(before) - 1)] == before[:-1]


@given(LINES, LINES)
def test_more_of_a_line_changes_no_block_but_the_last_two(first: str, more: str) -> None:
    before, after = split(first), split(first + more)
    assert after[: max(0, len(before) - 2)] == before[:-2]


@given(LINES)
def test_no_word_is_lost(text: str) -> None:
    shown = "\n".join(block.source + block.language for block in split(text))
    assert shown.count("words") == text.count("words")
    assert shown.count("item") == text.count("item")


def test_paragraphs_lists_quotes_and_code_stand_alone() -> None:
    text = "Hello\n\n- a\n\n- b\n\n> quoted\n\n```python\nx = 1\n\ny = 2\n```\nend"
    assert split(text) == (
        Block("text", "Hello"),
        Block("list", "- a\n\n- b"),
        Block("quote", "quoted"),
        Block("code", "x = 1\n\ny = 2", "python"),
        Block("text", "end"),
    )


def test_code_that_is_still_coming_is_code_already() -> None:
    assert split("```sh\nls -") == (Block("code", "ls -", "sh"),)
