from dataclasses import replace

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


def row(number: int, *texts: str, states: tuple[State, ...] = ()) -> Node:
    cells = [
        Node(f"cell-{number}-{column}", "cell", text, "", frozenset(), None, row=number, column=column)
        for column, text in enumerate(texts, 1)
    ]
    return Node(f"row-{number}", "row", "", "", frozenset(states), None, tuple(cells), row=number)


def test_a_table_is_told_by_rows_and_its_cells_by_their_addresses() -> None:
    table = node("table", "Prices", "", row(1, "Item", "Price"), row(3, "Ada", "", states=("selected",)))
    seen = outline(WINDOW, node("dialog", "", "", table, node("button", "Close")))
    assert seen.text() == (
        'window "Save As" in Mousepad\n'
        '1 table "Prices"\n'
        'row 1: A1 "Item" B1 "Price"\n'
        'row 3: A3 "Ada" selected\n'
        '2 button "Close"'
    )
    ada = seen.cell("a3")
    assert ada is not None
    assert ada.name == "Ada"
    assert seen.cell("C9") is None


def test_cells_of_another_table_are_called_with_its_number() -> None:
    tables = [node("table", name, "", row(1, "x", name)) for name in ("One", "Two")]
    seen = outline(WINDOW, node("dialog", "", "", *tables))
    assert seen.text().split("\n")[3:] == ['2 table "Two"', 'row 1: 2!A1 "x" 2!B1 "Two"']
    found = [seen.cell("B1"), seen.cell("2!B1")]
    assert [cell.name for cell in found if cell] == ["One", "Two"]


def test_what_is_in_a_cell_and_more_than_its_text_stands_beside_it() -> None:
    done = Node("c", "cell", "", "", frozenset(), None, (node("checkbox", "done"),), row=1, column=3)
    told = replace(row(1, "Ada", "12"), children=(*row(1, "Ada", "12").children, done))
    assert text_of(node("table", "", "", told)).endswith('row 1: A1 "Ada" B1 "12" 5 checkbox "done"')


def test_a_document_comes_first_and_what_is_around_it_is_short() -> None:
    bar = node("bar", "Navigation", "", *(node("button", name) for name in ("Back", "Forward", "Reload")))
    page = node("document", "Prices", "", node("heading", "Prices"), node("link", "Home"))
    menus = [node("menu", name) for name in ("File", "Edit", "View")]
    assert text_of(*menus, bar, node("field", "Address", "example.org"), page) == (
        'window "Save As" in Mousepad\n'
        '1 heading "Prices"\n'
        '2 link "Home"\n'
        'menus: "File", "Edit", "View"\n'
        'buttons: "Back", "Forward", "Reload"\n'
        '3 field "Address" = "example.org"'
    )


def test_an_open_menu_comes_before_the_document() -> None:
    menu = node("menu", "File", "", node("item", "Save"), node("item", "Close"))
    page = node("document", "Prices", "", node("heading", "Prices"))
    assert text_of(node("menu", "Edit"), menu, page).split("\n")[1:] == [
        '1 menu "File"',
        '2 item "Save"',
        '3 item "Close"',
        '4 heading "Prices"',
        '5 menu "Edit"',
    ]


def test_a_bar_of_many_buttons_is_one_line_also_without_a_document() -> None:
    buttons = [
        node("button", f"Tool {number}", states=("checked",) if number == 3 else ())
        for number in range(1, 10)
    ]
    font = node("field", "Font", "Sans", states=("editable",))
    assert text_of(node("bar", "Standard", "", *buttons, font)).split("\n")[1:] == [
        'bar "Standard": "Tool 1", "Tool 2", "Tool 3" checked, "Tool 4", "Tool 5", "Tool 6", "Tool 7", "Tool 8", '
        '"Tool 9", 10 field "Font" = "Sans"'
    ]
    few = text_of(node("bar", "Standard", "", *buttons[:8]))
    assert few.split("\n")[1:3] == ['1 bar "Standard"', '2 button "Tool 1"']


def test_a_long_document_does_not_push_out_what_is_around_it() -> None:
    page = node(
        "document", "", "", *(node("label", f"A paragraph with the number {number}") for number in range(99))
    )
    text = text_of(page, node("field", "Address", "example.org"), budget=600)
    assert text.endswith('more)\n100 field "Address" = "example.org"')
    assert len(text) <= 620


names = st.text(max_size=20)
roles: st.SearchStrategy[Role] = st.sampled_from(
    [
        "button",
        "label",
        "item",
        "list",
        "field",
        "text",
        "cell",
        "tab",
        "image",
        "bar",
        "table",
        "document",
        "menu",
    ]
)
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
    assert sorted(control.number for control in seen.controls) == list(range(1, len(seen.controls) + 1))
    assert len(seen.text(budget)) <= budget + 2 * len("\n(+999 more)")


@given(st.lists(trees, max_size=5), st.integers(min_value=100, max_value=3_000))
def test_every_line_of_an_outline_has_a_key_of_its_own(nodes: list[Node], budget: int) -> None:
    lines = outline(WINDOW, node("dialog", "", "", *nodes)).lines(budget)
    numbered = [line.key for line in lines if line.key.isdigit()]
    assert len(numbered) == len(set(numbered))
    assert all(line.text.startswith(f"{line.key} ") for line in lines if line.key.isdigit())
