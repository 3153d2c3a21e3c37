from hypothesis import given
from hypothesis import strategies as st

from tools.matching import matching, similar


def found(wanted: str, *names: str) -> list[str]:
    return matching(wanted, names, lambda name: name)


def test_the_exact_name_wins_over_longer_ones() -> None:
    assert found("Save", "Save As...", "Save", "Save All") == ["Save"]


def test_case_mnemonics_and_trailing_signs_do_not_matter() -> None:
    assert found("save as", "Save", "Save As...") == ["Save As..."]
    assert found("name", "Name:") == ["Name:"]


def test_part_of_a_name_finds_all_that_have_it_in_their_order() -> None:
    assert found("notes", "old notes.txt", "x", "notes.txt") == ["old notes.txt", "notes.txt"]


def test_a_typing_error_is_forgiven() -> None:
    assert found("Calcualtor", "Mousepad", "Calculator") == ["Calculator"]


def test_something_else_is_not_guessed() -> None:
    assert found("Fotoshop", "Mousepad", "Calculator", "XTerm") == []
    assert similar("Fotoshop", ["Mousepad", "Calculator", "XTerm"]) == []


@given(st.text(), st.lists(st.text(), max_size=5))
def test_whatever_is_found_was_among_the_things(wanted: str, names: list[str]) -> None:
    assert set(found(wanted, *names)) <= set(names)


@given(st.text())
def test_every_name_finds_itself(name: str) -> None:
    assert found(name, name) == [name]
