"""Windows of real applications, read as outlines: what a person needs is there, what nobody needs is not."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.errors import DesktopError
from tests.virtual_desktop import VirtualDesktop, own_desktop
from tests.windows import Opened, open_window
from tools.desktop import connect
from tools.desktop.atspi.adapter import AtspiAccessibility
from tools.desktop.port import Desktop, Node
from tools.desktop.waiting import until
from tools.numbering import Numbers
from tools.outline import Outline, outline

pytestmark = pytest.mark.e2e

MOST_CHARACTERS = 2_600
"""About 800 tokens."""


@pytest.fixture(scope="module")
def desktop() -> Iterator[VirtualDesktop]:
    """One for all of this module, where windows stay open once they are."""
    with own_desktop() as started:
        yield started


@pytest.fixture(scope="module")
def ports(desktop: VirtualDesktop) -> Desktop:
    return connect()


class Reader:
    """Opens each application once, and reads its window."""

    def __init__(self, desktop: VirtualDesktop, ports: Desktop, folder: Path) -> None:
        self.ports = ports
        self._desktop, self._folder = desktop, folder
        self._opened: dict[str, Opened] = {}

    def open(self, name: str) -> Opened:
        if name not in self._opened:
            self._opened[name] = open_window(self._desktop, self.ports.accessibility, name, self._folder)
        return self._opened[name]

    def read(self, name: str, numbers: Numbers | None = None) -> Outline:
        opened = self.open(name)
        window = opened.now()
        tree = self.ports.accessibility.read(window)
        assert tree is not None
        return outline(window, tree, numbers)

    def wait(self, name: str, found: Callable[[Outline], bool]) -> Outline:
        """The outline as soon as it holds what is looked for; or as it is at last."""
        until(lambda: found(self.read(name)) or None, 20, Cancel(), every=0.2)
        return self.read(name)

    def lines(self, name: str, *expected: str) -> list[str]:
        """The outline's lines, without numbers and without telling where the focus is, once they hold ``expected``."""
        seen = self.wait(name, lambda seen: all(text in seen.text(MOST_CHARACTERS) for text in expected))
        text = seen.text(MOST_CHARACTERS)
        assert "more)" not in text
        return [line.lstrip("0123456789 ").replace(" focused", "") for line in text.split("\n")]


@pytest.fixture(scope="module")
def reader(desktop: VirtualDesktop, ports: Desktop, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(desktop, ports, tmp_path_factory.mktemp("documents"))


def named(seen: Outline, name: str, role: str = "") -> Node:
    return next(
        each.node for each in seen.controls if each.node.name == name and role in ("", each.node.role)
    )


def test_an_editor_is_its_menus_and_its_text(reader: Reader) -> None:
    lines = reader.lines("mousepad", "Buy milk")
    assert lines[1:7] == [f'menu "{name}"' for name in ("File", "Edit", "Search", "View", "Document", "Help")]
    assert 'text "" = "Buy milk' in lines
    assert len(lines) < 12


def test_a_calculator_is_its_display_and_its_buttons(reader: Reader) -> None:
    lines = reader.lines("galculator", 'button "7"')
    assert 'text "" = "0"' in lines
    assert {f'button "{key}"' for key in "0123456789+-*/="} <= set(lines)


def test_places_in_a_window_of_gtk_4_are_those_on_the_screen(reader: Reader) -> None:
    reader.lines("gnome-calculator", 'button "7"')
    opened = reader.open("gnome-calculator")
    opened.windows.focus(opened.window)
    seven = named(reader.read("gnome-calculator"), "7")
    assert seven.bounds is not None
    assert reader.ports.pointer.click(*seven.bounds.centre)
    assert 'text "" = "7"' in reader.lines("gnome-calculator", '= "7"')


def test_a_menu_of_gtk_4_has_its_items_which_can_be_pressed(reader: Reader) -> None:
    mode = named(reader.wait("gnome-calculator", lambda seen: bool(seen.controls)), "Basic")
    assert reader.ports.accessibility.press(mode.key)
    item = named(
        reader.wait("gnome-calculator", lambda seen: 'radio "Basic" focused checked' in seen.text()),
        "Basic",
        "radio",
    )
    assert item.bounds is None  # nobody knows where it is
    assert reader.ports.accessibility.press(item.key)


def test_a_file_manager_says_that_its_icons_cannot_be_read_and_its_list_is_a_table(reader: Reader) -> None:
    assert 'label "(this view does not tell its files; ctrl+2 lists them)"' in reader.lines(
        "thunar", "ctrl+2"
    )
    opened = reader.open("thunar")
    opened.windows.focus(opened.window)
    reader.ports.keyboard.press("ctrl+2")
    lines = reader.lines("thunar", "report3.txt")
    assert any(line.startswith('row 1: A1 "report1.txt" B1 "1 byte" C1 ') for line in lines)
    table = reader.read("thunar")
    assert [table.cell(f"A{row}") is not None for row in (1, 3, 4)] == [True, True, False]


def page_of(lines: list[str]) -> list[str]:
    return lines[1 : lines.index('item "• Second point"') + 1]


PAGE = [
    'link "Home"',
    'link "Contacts"',
    'heading "New contact"',
    'label "Please fill in all fields. A help page explains them."',
    'link "help page"',
    'progress "" = "40%"',
    'field "Name" = ""',
    'field "E-mail" = "ada@example.org"',
    'field "Password" = (hidden)',
    'combo "Country" = "Switzerland" collapsed',
    'checkbox "Send me news" checked',
    'radio "By post" checked',
    'radio "By mail" unchecked',
    'text "Notes" = "Line one',
    'Line two"',
    'button "Save contact"',
    'button "Delete" disabled',
    'heading "Prices"',
    'table ""',
    'row 1: A1 "Item" B1 "Price" C1 "Stock"',
    'row 2: A2 "Apples" B2 "1.20" C2 "12"',
    'row 3: A3 "Pears" B3 "2.40" C3 "7"',
    'item "• First point"',
    'item "• Second point"',
]


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_page_comes_before_the_browser_around_it(reader: Reader, browser: str) -> None:
    lines = reader.lines(browser, "Second point", 'tab "New contact" selected')
    assert page_of(lines) == PAGE
    around = "\n".join(lines[len(PAGE) + 1 :])
    assert "contact.html" in around
    assert '"Back" disabled' in around
    assert "Far below" not in "\n".join(lines)
    assert "hunter2" not in str(reader.read(browser))


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_page_that_other_windows_cover_is_still_read(reader: Reader, browser: str) -> None:
    reader.lines(browser, "Second point")
    cover = reader.open("mousepad")
    cover.windows.focus(cover.window)
    reader.ports.keyboard.press("alt+f10")
    assert page_of(reader.lines(browser, "Second point"))[2:5] == PAGE[2:5]


def test_a_spreadsheet_is_the_rows_that_hold_something(reader: Reader) -> None:
    lines = reader.lines("calc", 'B4 "3.6"')
    assert lines[1] == 'table "Sheet Prices"'
    assert lines[2:6] == [
        'row 1: A1 "Item" B1 "Price" C1 "Stock"',
        'row 2: A2 "Apples" B2 "1.2" C2 "12"',
        'row 3: A3 "Pears" B3 "2.4" C3 "7"',
        'row 4: A4 "Total" B4 "3.6" C4 "19"',
    ]
    assert 'tab "Prices" selected' in lines
    assert any(line.startswith('bar "Standard": "New", "Open", "Save"') for line in lines)


def test_the_place_of_a_cell_is_where_it_is_on_the_screen(reader: Reader) -> None:
    reader.lines("calc", 'B4 "3.6"')
    opened = reader.open("calc")
    opened.windows.focus(opened.window)
    cell = reader.read("calc").cell("B3")
    assert cell is not None
    assert cell.bounds is not None
    assert reader.ports.pointer.click(*cell.bounds.centre)
    assert 'field "" = "B3"' in reader.lines("calc", '= "B3"')


def test_a_text_document_is_its_paragraphs_and_tables(reader: Reader) -> None:
    lines = reader.lines("writer", "We sold many apples")
    assert lines[1:6] == [
        'text "Heading" = "Report of the year"',
        'text "" = "The year began well. We sold many apples."',
        'table "Table1-1"',
        'row 1: A1 "Apples" B1 "12"',
        'row 2: A2 "Pears" B2 "7"',
    ]


def test_our_own_window_is_read_like_any_other(reader: Reader) -> None:
    lines = reader.lines("deskhand", 'button "Send" disabled')
    assert 'text "Message to Deskhand" = ""' in lines
    assert 'field "Search conversations" = ""' in lines


@pytest.mark.parametrize(("application", "name"), [("deskhand", "Message to Deskhand"), ("mousepad", "")])
def test_text_of_any_script_goes_in_at_the_caret_exactly(reader: Reader, application: str, name: str) -> None:
    def editor(seen: Outline) -> Node:
        return named(seen, name, "text")

    accessibility = reader.ports.accessibility
    reader.wait(application, lambda seen: any(each.node.role == "text" for each in seen.controls))
    assert accessibility.set_text(editor(reader.read(application)).key, "")
    assert accessibility.insert_text(editor(reader.read(application)).key, "Zürich 你好 🎉")
    read = reader.wait(application, lambda seen: editor(seen).value.startswith("Zürich"))
    assert editor(read).value == "Zürich 你好 🎉"


def test_controls_keep_their_numbers_while_a_menu_comes_and_goes(reader: Reader) -> None:
    opened = reader.open("mousepad")
    opened.windows.focus(opened.window)
    numbers = Numbers()

    def look() -> dict[str, int]:
        seen = reader.read("mousepad", numbers)
        given = {each.node.key: each.number for each in seen.controls}
        numbers.keep(list(given), list(given.values()))
        return given

    before = look()
    edit = named(reader.read("mousepad"), "Edit")
    assert edit.bounds is not None
    reader.ports.pointer.click(*edit.bounds.centre)
    reader.wait("mousepad", lambda seen: 'item "Undo"' in seen.text())
    during = look()
    reader.ports.keyboard.press("escape")
    reader.wait("mousepad", lambda seen: 'item "Undo"' not in seen.text())
    assert len(during) > len(before)
    assert {key: during[key] for key in before} == before
    assert look() == before


def test_an_application_that_hangs_in_mid_reading_keeps_nobody_else_waiting(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.lines("galculator", 'button "7"')
    reader.lines("mousepad", 'menu "File"')
    monkeypatch.setattr("tools.desktop.atspi.adapter.ANSWER_SECONDS", 1.0)
    hanging = reader.open("galculator").now().pid
    os.kill(hanging, signal.SIGSTOP)
    try:
        for _ in range(3):
            with pytest.raises(DesktopError, match="does not answer"):
                reader.read("galculator")
        assert named(reader.read("mousepad"), "File").role == "menu"
    finally:
        os.kill(hanging, signal.SIGCONT)
    assert 'button "7"' in reader.lines("galculator", 'button "7"')


def test_an_application_that_did_not_answer_is_waited_for_less_until_it_does(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.lines("galculator", 'button "7"')
    accessibility = reader.ports.accessibility
    assert isinstance(accessibility, AtspiAccessibility)
    run, patience = accessibility.bus.run, list[float]()

    def noted(work: Coroutine[None, None, object], seconds: float) -> object:
        patience.append(seconds)
        return run(work, seconds)

    monkeypatch.setattr(accessibility.bus, "run", noted)
    monkeypatch.setattr("tools.desktop.atspi.adapter.ANSWER_SECONDS", 1.5)
    monkeypatch.setattr("tools.desktop.atspi.adapter.HUNG_SECONDS", 1.0)
    hanging = reader.open("galculator").now()
    os.kill(hanging.pid, signal.SIGSTOP)
    try:
        for _ in range(2):
            with pytest.raises(DesktopError, match="does not answer"):
                accessibility.read(hanging)
    finally:
        os.kill(hanging.pid, signal.SIGCONT)
    monkeypatch.setattr("tools.desktop.atspi.adapter.ANSWER_SECONDS", 21.0)
    monkeypatch.setattr("tools.desktop.atspi.adapter.HUNG_SECONDS", 20.0)
    for _ in range(2):
        assert accessibility.read(hanging) is not None

    assert patience == [1.5, 1.0, 20.0, 21.0]
