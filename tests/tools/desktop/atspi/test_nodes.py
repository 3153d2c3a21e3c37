"""What AT-SPI says of a control, in our words. The facts are those of real applications."""

from __future__ import annotations

from tools.desktop.atspi.bus import Reference
from tools.desktop.atspi.facts import Facts
from tools.desktop.atspi.nodes import EMBEDDED, UNREADABLE_FILES, Content, nodes_of
from tools.desktop.atspi.terms import AtspiRole, AtspiState
from tools.desktop.port import Bounds, Node

HERE = Bounds(10, 10, 100, 20)
SHOWS = AtspiState.SHOWING | AtspiState.VISIBLE | AtspiState.ENABLED | AtspiState.SENSITIVE


def facts(role: AtspiRole, name: str = "", states: int = 0, description: str = "") -> Facts:
    return Facts(Reference(":1.7", f"/{role.name}/{name or 'x'}"), role, name, SHOWS | states, description)


def only(of: Facts, content: Content, *inside: Node) -> Node:
    (node,) = nodes_of(of, content, inside)
    return node


def test_a_paragraph_is_read_with_the_links_that_are_in_it() -> None:
    link = only(facts(AtspiRole.LINK, "help page"), Content(HERE))
    node = only(facts(AtspiRole.PARAGRAPH), Content(HERE, f"A {EMBEDDED} explains them."), link)
    assert (node.role, node.name, node.children) == ("label", "A help page explains them.", (link,))


def test_a_label_that_repeats_the_name_of_its_field_is_none() -> None:
    field = only(facts(AtspiRole.ENTRY, "E-mail", AtspiState.EDITABLE), Content(HERE, "ada@example.org"))
    label = facts(AtspiRole.LABEL, "E-mail ada@example.org")
    assert nodes_of(label, Content(HERE, f"E-mail {EMBEDDED}"), (field,)) == (field,)


def test_a_password_has_no_value_whatever_the_application_tells() -> None:
    node = only(facts(AtspiRole.PASSWORD_TEXT, "Password"), Content(HERE, "hunter2"))
    assert node.value == ""
    assert "secret" in node.states


def test_the_name_of_a_class_is_no_name_and_what_is_said_twice_is_said_once() -> None:
    content = Content(HERE, description="Pi [Ctrl+P]")
    assert only(facts(AtspiRole.PUSH_BUTTON, "GtkButton"), content).name == "Pi"
    assert only(facts(AtspiRole.PUSH_BUTTON, "7 7"), Content(HERE)).name == "7"


def test_a_cell_that_is_called_by_its_address_is_called_by_what_is_in_it() -> None:
    paragraph = only(facts(AtspiRole.PARAGRAPH, states=AtspiState.EDITABLE), Content(HERE, "Apples"))
    assert only(facts(AtspiRole.TABLE_CELL, "A1"), Content(HERE), paragraph).name == "Apples"


def test_a_field_without_a_name_takes_that_of_what_holds_it_and_its_arrow_is_left_out() -> None:
    field = only(facts(AtspiRole.TEXT, states=AtspiState.EDITABLE), Content(HERE, "Sans"))
    arrow = only(facts(AtspiRole.TOGGLE_BUTTON), Content(HERE))
    panel = Facts(Reference(":1.7", "/panel"), 39, "Font Name", SHOWS)
    node = only(panel, Content(HERE), field, arrow)
    assert (node.role, node.name, node.value) == ("field", "Font Name", "Sans")


def test_what_chromium_adds_to_the_name_of_a_tab_is_taken_away() -> None:
    tab = facts(AtspiRole.PAGE_TAB, "Prices - Memory usage - 23.1 MB")
    assert only(tab, Content(HERE)).name == "Prices"


def test_characters_that_only_say_how_others_are_laid_out_are_left_out() -> None:
    assert only(facts(AtspiRole.TABLE_CELL, "16\u200e:14"), Content(HERE)).name == "16:14"


def test_a_view_that_does_not_tell_its_files_says_so() -> None:
    node = only(facts(AtspiRole.DIRECTORY_PANE, "Icon view"), Content(HERE))
    assert [child.name for child in node.children] == [UNREADABLE_FILES]


def test_what_is_nowhere_and_holds_nothing_is_left_out() -> None:
    assert nodes_of(facts(AtspiRole.PUSH_BUTTON, "Save"), Content(None), ()) == ()
