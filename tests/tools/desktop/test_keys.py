import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.desktop.keys import Chord, keysym, parse

CTRL, SHIFT, ALT = 0xFFE3, 0xFFE1, 0xFFE9


def test_combinations_are_read_as_people_write_them() -> None:
    assert parse("ctrl+s") == (Chord((CTRL,), ord("s")),)
    assert parse("Ctrl+Shift+S") == (Chord((CTRL, SHIFT), ord("s")),)
    assert parse("alt+f4") == (Chord((ALT,), 0xFFC1),)
    assert parse("enter") == parse("Return") == (Chord((), 0xFF0D),)
    assert parse("page_down") == parse("PageDown") == (Chord((), 0xFF56),)


def test_several_combinations_stand_with_spaces_between() -> None:
    assert parse("ctrl+a delete") == (Chord((CTRL,), ord("a")), Chord((), 0xFFFF))


def test_plus_is_a_key_too() -> None:
    assert parse("+") == (Chord((), ord("+")),)
    assert parse("ctrl++") == (Chord((CTRL,), ord("+")),)


@pytest.mark.parametrize("unknown", ["", "  ", "hyper+x", "ctrl+banana", "banana"])
def test_what_is_not_a_key_is_an_error(unknown: str) -> None:
    with pytest.raises(ValueError, match="key"):
        parse(unknown)


def test_characters_beyond_latin_1_have_unicode_key_symbols() -> None:
    assert keysym("a") == 0x61
    assert keysym("ü") == 0xFC
    assert keysym("你") == 0x01004F60
    assert keysym("🎉") == 0x0101F389


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse(text)
