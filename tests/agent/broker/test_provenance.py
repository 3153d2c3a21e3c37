from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.broker.provenance import mentions, path_said
from agent.broker.question import visible

HOME, WORKSPACE = Path("/home/ada"), Path("/home/ada/Documents")


@pytest.mark.parametrize(
    ("sentence", "value", "found"),
    [
        ("save it as notes.txt.", "notes.txt", True),
        ("save it as “Notes.txt”, please", "notes.txt", True),
        ("save it as notes dot txt", "notes.txt", True),
        ("open the Text Editor", "text editor", True),
        ("save it as notes.txt.bak", "notes.txt", False),
        ("edit the file", "Ed", False),
        ("text my editor", "Text Editor", False),
        ("anything", "", False),
        ("anything", "...", False),
    ],
)
def test_a_value_is_said_only_as_whole_words(sentence: str, value: str, found: bool) -> None:
    assert mentions(sentence, value) is found


@pytest.mark.parametrize(
    ("sentence", "path", "found"),
    [
        ("read the shopping list", "/home/ada/Documents/shopping.txt", True),
        ("run the shopping thing", "/home/ada/Documents/shopping.sh", False),
        ("move a.txt to Archive", "/home/ada/Documents/Archive/a.txt", True),
        ("move a.txt", "/home/ada/Documents/Archive/a.txt", False),
        ("read a.txt", "/tmp/a.txt", False),
        ("read /tmp/a.txt", "/tmp/a.txt", True),
        ("read a.txt in Downloads", "/home/ada/Downloads/a.txt", True),
        ("clean up", "/home/ada", False),
    ],
)
def test_a_path_is_said_when_all_of_it_is(sentence: str, path: str, found: bool) -> None:
    assert path_said(Path(path), (sentence,), WORKSPACE, HOME) is found


@given(text=st.text(max_size=60))
def test_what_is_shown_hides_nothing(text: str) -> None:
    shown = visible(text)

    assert visible(shown) == shown
    assert all(sign.isprintable() or sign == "\n" or sign.isspace() for sign in shown)


@given(
    before=st.text(max_size=20),
    value=st.text(alphabet="abc.", min_size=1, max_size=6),
    after=st.text(max_size=20),
)
def test_a_value_between_spaces_is_found_and_inside_a_word_is_not(
    before: str, value: str, after: str
) -> None:
    if value.strip("."):
        assert mentions(f"{before} {value} {after}", value)
        assert not mentions(f"x{value}x", value)
