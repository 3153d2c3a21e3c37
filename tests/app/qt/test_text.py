from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from app.qt import text


@given(st.text())
def test_nothing_that_hides_or_reorders_survives_in_visible_text(words: str) -> None:
    shown = text.visible(words)
    for character in shown.replace("\n", ""):
        assert character == " " or unicodedata.category(character) not in (
            "Cc",
            "Cf",
            "Co",
            "Cs",
            "Zl",
            "Zp",
            "Zs",
        )


def test_a_right_to_left_override_is_spelled_out() -> None:
    assert text.visible("tax\u202egnp.exe") == "tax‹U+202E›gnp.exe"


def test_an_escape_and_a_delete_become_their_pictures() -> None:
    assert text.visible("a\x1b[2Jb\x7f") == "a␛[2Jb␡"


def test_ordinary_words_of_any_language_are_left_alone() -> None:
    assert text.visible("Grüße, 你好, שלום\nnaïve") == "Grüße, 你好, שלום\nnaïve"


def test_a_title_is_plain_except_for_its_object() -> None:
    assert text.title_html("Open **<b>x</b>**") == "Open <b>&lt;b&gt;x&lt;/b&gt;</b>"
    assert text.title_plain("Read **shopping.txt**") == "Read shopping.txt"


def test_sizes_and_times_are_short() -> None:
    assert [text.size(n) for n in (412, 6_200_000, 4_900_000_000)] == ["412 bytes", "6 MB", "4.9 GB"]
    assert [text.seconds(s) for s in (0.0, 0.14, 12.3, 125.0)] == ["", "0.1 s", "12 s", "2 min"]
    assert [text.left(s) for s in (3, 41, 200, 9000)] == [
        "a few seconds left",
        "40 s left",
        "3 min left",
        "2 h left",
    ]
