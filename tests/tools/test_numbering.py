from hypothesis import given
from hypothesis import strategies as st

from tools.numbering import REMEMBERED_LOOKS, Numbers


def test_controls_are_numbered_from_one_in_their_order() -> None:
    assert Numbers().of(["menu", "text", "button"]) == (1, 2, 3)


def test_what_is_there_keeps_its_number_and_what_is_new_gets_a_free_one() -> None:
    numbers = Numbers()
    numbers.keep(["menu", "text"], numbers.of(["menu", "text"]))
    assert numbers.of(["menu", "item", "text"]) == (1, 3, 2)


def test_what_comes_back_soon_has_its_number_again() -> None:
    numbers = Numbers()
    numbers.keep(["menu", "item"], (1, 2))
    numbers.keep(["menu"], (1,))
    assert numbers.of(["new", "item", "menu"]) == (3, 2, 1)


def test_a_number_is_given_again_when_its_control_has_been_away_for_some_looks() -> None:
    numbers = Numbers()
    numbers.keep(["menu", "item"], (1, 2))
    for _ in range(REMEMBERED_LOOKS):
        assert numbers.of(["menu", "new"]) == (1, 3)
        numbers.keep(["menu"], (1,))
    assert numbers.of(["menu", "new"]) == (1, 2)


def test_controls_that_an_application_gives_one_key_are_told_apart() -> None:
    numbers = Numbers()
    numbers.keep(["same", "same"], numbers.of(["same", "same"]))
    assert numbers.of(["new", "same", "same"]) == (3, 1, 2)


@given(st.lists(st.lists(st.sampled_from("abcdefghij"), unique=True), max_size=12))
def test_no_two_controls_of_a_look_share_a_number_and_none_changes_it(looks: list[list[str]]) -> None:
    numbers = Numbers()
    before: dict[str, int] = {}
    for keys in looks:
        given_now = dict(zip(keys, numbers.of(keys), strict=True))
        assert len(set(given_now.values())) == len(keys)
        assert all(given_now[key] == number for key, number in before.items() if key in given_now)
        numbers.keep(keys, list(given_now.values()))
        before = given_now
