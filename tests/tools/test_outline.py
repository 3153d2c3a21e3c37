from hypothesis import given
from hypothesis import strategies as st

from tools.desktop.port import Bounds, Node, Role, State, TextLine, Window, Word
from tools.outline import outline, outline_of_text

WINDOW = Window(1, "Save As", "Mousepad", "mousepad", 1, Bounds(0, 0, 800, 600), dialog=True)


def node(
    role: Role,
    name: str = "",
    value: str = "",
    *children: Node,
    states: tuple[State, ...] = (),
    at: tuple[int, int] | None = None,
) -> Node:
    bounds = Bounds(*at, 100, 20) if at else None
    return Node(f"{role}-{name}-{value}-{at}", role, name, value, frozenset(states), bounds, children)


def text_of(*nodes: Node, budget: int = 2_000) -> str:
    return outline(WINDOW, node("dialog", "", "", *nodes)).text(budget)


def test_a_line_has_number_role_name_value_and_states() -> None:
    assert text_of(
        node("field", "Name", "total.txt", states=("focused", "editable")),
        node("list", "Places"),
        node("button", "Save", states=("disabled",)),
    ) == (
        'window "Save As" in Mousepad\n'
        '1 field "Name" = "total.txt" focused\n'
        '2 list "Places"\n'
        '3 button "Save" disabled'
    )


def test_a_field_takes_its_name_from_the_label_in_front_of_it() -> None:
    assert text_of(node("field", at=(120, 0), states=("editable",)), node("label", "Name:", at=(10, 0))) == (
        'window "Save As" in Mousepad\n1 field "Name" = ""'
    )


def test_a_password_is_hidden() -> None:
    assert '1 field "Password" = (hidden)' in text_of(node("field", "Password", "", states=("secret",)))


def test_an_item_without_a_name_is_called_by_its_texts_which_are_not_said_again() -> None:
    item = node("item", "", "", node("label", "12.5×8"), node("label", "="), node("label", "100"))
    assert text_of(item) == 'window "Save As" in Mousepad\n1 item "12.5×8 = 100"'


def test_containers_and_pictures_without_a_name_are_left_out_and_their_content_stays() -> None:
    assert text_of(node("list", "", "", node("image"), node("cell"), node("item", "Home"))) == (
        'window "Save As" in Mousepad\n1 item "Home"'
    )


def test_the_page_of_a_tab_is_not_its_name() -> None:
    tab = node("tab", "notes.txt", "", node("label", "Hello"), states=("selected",))
    assert text_of(tab) == 'window "Save As" in Mousepad\n1 tab "notes.txt" selected\n2 label "Hello"'


def test_a_used_up_budget_says_how_much_more_there_is() -> None:
    lines = text_of(*(node("button", f"Button {index}") for index in range(100)), budget=120).split("\n")
    assert lines[-1] == f"(+{100 - (len(lines) - 2)} more)"


def test_a_long_text_ends_with_an_ellipsis() -> None:
    assert text_of(node("text", "", "x" * 5_000, states=("editable",)), budget=1_000).endswith('x…"')


def line_of(text: str, y: int) -> TextLine:
    return TextLine(tuple(Word(word, Bounds(50 * at, y, 40, 12)) for at, word in enumerate(text.split())))


def test_text_from_pixels_stands_as_labels_with_bounds() -> None:
    lines = [line_of("root@host", 10), line_of("total 4", 30)]
    assert outline_of_text(WINDOW, lines).text() == (
        'window "Save As" in Mousepad\n1 label "root@host"\n2 label "total 4"'
    )
    assert [each.node.bounds for each in outline_of_text(WINDOW, lines).controls] == [
        Bounds(0, 10, 40, 12),
        Bounds(0, 30, 90, 12),
    ]


def test_why_no_pixels_could_be_read_is_said() -> None:
    assert outline_of_text(WINDOW, (), "tesseract is not installed").text() == (
        'window "Save As" in Mousepad\n(tesseract is not installed)'
    )


names = st.text(max_size=20)
roles = st.sampled_from(["button", "label", "item", "list", "field", "text", "cell", "tab", "image"])
trees = st.recursive(
    st.builds(lambda role, name: node(role, name), roles, names),
    lambda inner: st.builds(
        lambda role, name, inside: node(role, name, "", *inside), roles, names, st.lists(inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.lists(trees, max_size=5), st.integers(min_value=100, max_value=3_000))
def test_numbers_count_up_from_one_whatever_the_tree_and_the_budget_is_kept(
    nodes: list[Node], budget: int
) -> None:
    seen = outline(WINDOW, node("dialog", "", "", *nodes))
    assert [control.number for control in seen.controls] == list(range(1, len(seen.controls) + 1))
    assert len(seen.text(budget)) <= budget + len("\n(+999 more)")
