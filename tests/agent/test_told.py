from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from agent.told import MOST_DIFFERENCES, Told
from agent.tool import Line

MENUS = tuple(Line(str(number), f'{number} menu "Menu {number}"') for number in range(10, 30))
TITLE = Line("window 7", 'window "notes.txt" in Mousepad')


def outline(*texts: str, title: Line = TITLE) -> tuple[Line, ...]:
    return (title, *MENUS, *(Line(text.split()[0], text) for text in texts))


def whole(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines)


def test_the_first_time_all_is_told() -> None:
    lines = outline('1 text "" = "Buy milk"')
    assert Told().tell(lines, at=1) == whole(lines)


def test_a_window_that_looks_the_same_is_told_in_a_line() -> None:
    told = Told()
    told.tell(outline(), at=1)
    assert told.tell(outline(), at=3) == 'window "notes.txt" in Mousepad (as before)'


def test_only_what_changed_came_or_went_is_told_under_the_new_title() -> None:
    told = Told()
    told.tell(outline('1 text "" = "Buy milk" focused', '2 button "Close"'), at=1)
    title = Line("window 7", 'window "*notes.txt" in Mousepad')
    assert told.tell(outline('1 text "" = "Buy bread" focused', '3 label "Saved"', title=title), at=3) == (
        'window "*notes.txt" in Mousepad (as before, except:)\n'
        '1 text "" = "Buy bread" focused\n'
        '3 label "Saved"\n'
        'gone: 2 button "Close"'
    )


def test_another_window_is_told_whole() -> None:
    told = Told()
    told.tell(outline(), at=1)
    other = outline(title=Line("window 8", 'window "notes.txt" in Mousepad'))
    assert told.tell(other, at=3) == whole(other)


def test_a_window_of_which_much_has_changed_is_told_whole() -> None:
    told = Told()
    told.tell(outline(), at=1)
    page = (TITLE, *(Line(str(number), f'{number} link "{number}"') for number in range(40, 70)))
    assert told.tell(page, at=3) == whole(page)


def test_what_left_the_prompt_is_told_again() -> None:
    told = Told()
    told.tell(outline(), at=1)
    told.tell(outline(), at=3)
    told.forget(lambda at: at < 2)
    assert told.tell(outline(), at=5) == whole(outline())


def test_after_some_differences_all_is_told_again() -> None:
    told = Told()
    texts = [told.tell(outline(f'1 text "" = "{look}"'), at=look) for look in range(MOST_DIFFERENCES + 2)]
    assert [text.count(" menu ") for text in texts] == [20, *[0] * MOST_DIFFERENCES, 20]


contents = st.dictionaries(
    st.sampled_from([str(number) for number in range(1, 30)]), st.text("ab =('", max_size=8)
)


@given(st.lists(contents, max_size=8))
def test_who_reads_along_knows_every_line_whatever_changes(looks: list[dict[str, str]]) -> None:
    told = Told()
    known: dict[str, str] = {}
    for at, content in enumerate(looks):
        now = (TITLE, *(Line(key, f"{key} {value!r}") for key, value in content.items()))
        text = told.tell(now, at)
        first, *rest = text.split("\n")
        if "(as before" not in first:
            known = {}
        for line in rest:
            if line.startswith("gone: "):
                for gone in line.removeprefix("gone: ").split(", "):
                    known.pop(gone.split()[0], None)
            else:
                known[line.split()[0]] = line
        assert known == {line.key: line.text for line in now[1:]}
