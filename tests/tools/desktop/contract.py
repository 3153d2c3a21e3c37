"""What every adapter of :mod:`tools.desktop.port` keeps to, whatever is behind it: an X server, xa11y, a stub.

:class:`PortContract` is a suite without a desktop. ``test_contract.py`` runs it once for each adapter that this machine
can run; a new adapter subclasses it there and gives it a :class:`Rig`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar, get_args

import pytest

from agent.cancel import Cancel
from agent.errors import DesktopError
from tools.desktop.port import Application, Bounds, Desktop, Node, Role, State, Window, walk
from tools.desktop.waiting import until

T = TypeVar("T")


class Rig(Protocol):
    """A desktop to try an adapter on. It is empty before each test."""

    ports: Desktop

    def cannot(self, what: str) -> str:
        """Why the adapter cannot do this here; empty when it can."""
        ...

    def open(self, name: str) -> Window:
        """Open an editor whose title has ``name`` in it; it is in front, and typing reaches its text."""
        ...

    def private(self) -> Window:
        """Open a window of an application on the privacy list, and tell where it is."""
        ...

    def text(self, window: Window) -> str:
        """What has been typed into it."""
        ...


def eventually(check: Callable[[], T | None]) -> T:
    found = until(check, 20, Cancel())
    assert found
    return found


class PortContract:
    """Subclasses give the fixture ``rig``."""

    def able(self, rig: Rig, what: str) -> None:
        if why := rig.cannot(what):
            pytest.skip(why)

    # -- windows

    def test_an_empty_desktop_has_no_windows(self, rig: Rig) -> None:
        assert rig.ports.windows.list() == ()
        assert rig.ports.windows.front() is None
        assert rig.ports.windows.active() is None

    def test_windows_are_listed_front_first_each_once(self, rig: Rig) -> None:
        first, second = rig.open("first"), rig.open("second")
        listed = rig.ports.windows.list()
        assert [window.id for window in listed] == [second.id, first.id]
        front = rig.ports.windows.front()
        assert front is not None
        assert (front.id, rig.ports.windows.find(first.id)) == (second.id, listed[1])

    def test_a_window_is_told_with_what_a_person_knows_of_it(self, rig: Rig) -> None:
        window = rig.open("first")
        assert "first" in window.title
        assert window.application
        assert window.program == window.program.lower() != ""
        assert window.pid > 0
        assert window.bounds.width > 0
        assert window.bounds.height > 0
        assert not window.minimised

    def test_a_window_brought_to_the_front_is_the_front_and_active_one(self, rig: Rig) -> None:
        self.able(rig, "focus")
        first, second = rig.open("first"), rig.open("second")
        assert rig.ports.windows.focus(first)
        eventually(lambda: [window.id for window in rig.ports.windows.list()] == [first.id, second.id])
        active = rig.ports.windows.active()
        assert active is not None
        assert active.id == first.id

    def test_a_window_that_is_asked_to_close_goes_away_and_the_others_stay(self, rig: Rig) -> None:
        self.able(rig, "close")
        first, second = rig.open("first"), rig.open("second")
        rig.ports.windows.close(first)
        eventually(lambda: rig.ports.windows.find(first.id) is None)
        assert [window.id for window in rig.ports.windows.list()] == [second.id]

    def test_a_window_that_is_gone_is_an_ordinary_answer(self, rig: Rig) -> None:
        self.able(rig, "close")
        gone, there = rig.open("first"), rig.open("second")
        rig.ports.windows.close(gone)
        eventually(lambda: rig.ports.windows.find(gone.id) is None)
        assert not rig.ports.windows.focus(gone)
        rig.ports.windows.close(gone)
        assert not rig.ports.windows.reaches(gone, *there.bounds.centre)
        assert rig.ports.accessibility.read(gone) is None
        assert rig.ports.accessibility.find(gone, "anything") is None

    def test_what_a_click_would_reach_is_the_window_on_top(self, rig: Rig) -> None:
        self.able(rig, "reaches")
        below, above = rig.open("first"), rig.open("second")
        assert rig.ports.windows.reaches(above, *above.bounds.centre)
        assert not rig.ports.windows.reaches(below, *above.bounds.centre)
        assert not rig.ports.windows.reaches(above, -1, -1)

    def test_windows_of_private_applications_do_not_exist_but_are_hidden_from_captures(
        self, rig: Rig
    ) -> None:
        self.able(rig, "private")
        assert rig.ports.windows.hidden() == ()
        secret = rig.private()
        assert rig.ports.windows.list() == ()
        assert rig.ports.windows.find(secret.id) is None
        assert rig.ports.windows.front() is None
        assert rig.ports.windows.active() is None
        assert rig.ports.windows.hidden() == (secret.bounds,)

    def test_nothing_of_ours_is_listed(self, rig: Rig) -> None:
        rig.open("first")
        assert os.getpid() not in {window.pid for window in rig.ports.windows.list()}

    # -- the accessibility tree

    def test_a_tree_is_made_of_controls_with_keys_of_their_own(self, rig: Rig) -> None:
        self.able(rig, "trees")
        tree = eventually(lambda: rig.ports.accessibility.read(rig.open("first")))
        nodes = list(walk(tree))
        keys = [node.key for node in nodes]
        assert len(set(keys)) == len(keys) > 1
        assert {node.role for node in nodes} <= set(get_args(Role))
        assert {state for node in nodes for state in node.states} <= set(get_args(State))
        assert all(node.bounds is None or node.bounds.width > 0 < node.bounds.height for node in nodes)

    def test_a_control_keeps_its_key_and_is_found_by_it(self, rig: Rig) -> None:
        self.able(rig, "trees")
        window = rig.open("first")
        text = self._text(rig, window)
        again = self._text(rig, window)
        assert again.key == text.key
        found = rig.ports.accessibility.find(window, text.key)
        assert found is not None
        assert (found.key, found.role) == (text.key, text.role)

    def test_a_text_is_replaced(self, rig: Rig) -> None:
        self.able(rig, "trees")
        window = rig.open("first")
        text = self._text(rig, window)
        assert "editable" in text.states
        assert rig.ports.accessibility.set_text(text.key, "Grüße 你好")
        eventually(lambda: self._text(rig, window).value == "Grüße 你好")

    def test_a_text_is_inserted_at_the_caret(self, rig: Rig) -> None:
        self.able(rig, "trees")
        self.able(rig, "inserting")
        window = rig.open("first")
        text = self._text(rig, window)
        assert rig.ports.accessibility.focus(text.key)
        assert rig.ports.accessibility.insert_text(text.key, "Grüße 你好!")
        eventually(lambda: self._text(rig, window).value == "Grüße 你好!")

    def test_pressing_a_control_does_what_a_click_would(self, rig: Rig) -> None:
        self.able(rig, "trees")
        window = rig.open("first")
        menu = next(node for node in walk(self._tree(rig, window)) if node.role == "menu")
        before = len(list(walk(self._tree(rig, window))))
        assert rig.ports.accessibility.press(menu.key)
        eventually(lambda: len(list(walk(self._tree(rig, window)))) > before or None)

    def test_a_key_that_means_nothing_is_an_ordinary_answer(self, rig: Rig) -> None:
        window = rig.open("first")
        tree, no = rig.ports.accessibility, "no such control"
        assert tree.find(window, no) is None
        answers = [tree.press(no), tree.focus(no), tree.set_text(no, "x"), tree.insert_text(no, "x")]
        answers += [tree.set_number(no, 1), tree.select(no), tree.scroll_to(no)]
        assert not any(answers)
        assert rig.ports.selected_text(window, (no,)) == ""

    # -- keys

    def test_what_is_typed_reaches_the_active_window_and_all_of_it_is_counted(self, rig: Rig) -> None:
        self.able(rig, "keys")
        window = rig.open("first")
        assert rig.ports.keyboard.type("Buy milk 2.5 (x)", into=window) == 16
        eventually(lambda: rig.text(window) == "Buy milk 2.5 (x)")

    def test_characters_that_no_layout_has_are_typed_exactly(self, rig: Rig) -> None:
        self.able(rig, "unicode keys")
        window, said = rig.open("first"), "äöü ñ € 你好，世界 🎉"
        assert rig.ports.keyboard.type(said) == len(said)
        eventually(lambda: rig.text(window) == said)

    def test_keys_for_a_window_that_is_not_active_are_not_pressed(self, rig: Rig) -> None:
        self.able(rig, "keys")
        first, second = rig.open("first"), rig.open("second")
        assert rig.ports.keyboard.type("x", into=first) == 0
        assert not rig.ports.keyboard.press("a", into=first)
        assert rig.ports.keyboard.type("y", into=second) == 1
        eventually(lambda: rig.text(second) == "y")
        assert rig.text(first) == ""

    @pytest.mark.parametrize("keys", ["", "no+such", "ctrl+nothing"])
    def test_a_key_that_does_not_exist_is_refused_before_anything_is_pressed(
        self, rig: Rig, keys: str
    ) -> None:
        self.able(rig, "keys")
        window = rig.open("first")
        with pytest.raises(ValueError, match="key"):
            rig.ports.keyboard.press(f"a {keys}".strip() if keys else keys, into=window)
        assert rig.text(window) == ""

    # -- pointer, clipboard, pixels

    def test_the_pointer_is_where_it_clicked(self, rig: Rig) -> None:
        self.able(rig, "pointer")
        window = rig.open("first")
        assert rig.ports.pointer.click(*window.bounds.centre, on=window)
        assert rig.ports.pointer.position() == window.bounds.centre

    def test_nothing_is_clicked_where_the_window_is_not_reached(self, rig: Rig) -> None:
        self.able(rig, "pointer")
        below, above = rig.open("first"), rig.open("second")
        before = rig.ports.pointer.position()
        assert not rig.ports.pointer.click(*above.bounds.centre, on=below)
        assert not rig.ports.pointer.scroll(*above.bounds.centre, "down", 1, on=below)
        assert not rig.ports.pointer.drag(above.bounds.centre, (1, 1), on=below)
        assert rig.ports.pointer.position() == before

    @pytest.mark.parametrize("text", ["", "milk", "two\nlines\tand 你好 🎉", "x" * 300_000])
    def test_what_is_copied_is_read_back_exactly(self, rig: Rig, text: str) -> None:
        self.able(rig, "clipboard")
        rig.ports.clipboard.write(text)
        assert rig.ports.clipboard.read() == text

    def test_a_picture_has_the_size_that_was_asked_for_and_black_parts(self, rig: Rig) -> None:
        monitor = rig.ports.capture.monitor(1, 1)
        assert monitor.contains(1, 1)
        part = Bounds(monitor.x, monitor.y, 4, 3)
        picture = rig.ports.capture.grab(part, (Bounds(monitor.x, monitor.y, 2, 3),))
        assert (picture.width, picture.height, len(picture.rgb)) == (4, 3, 36)
        rows = [picture.rgb[row * 12 : row * 12 + 6] for row in range(3)]
        assert rows == [bytes(6)] * 3

    def test_a_window_is_pictured_in_its_own_size_and_its_black_parts_too(self, rig: Rig) -> None:
        window = rig.open("first")
        picture = rig.ports.capture.window(window, (window.bounds,))
        assert (picture.width, picture.height) == (window.bounds.width, window.bounds.height)
        assert not any(picture.rgb)

    def test_a_window_that_is_gone_has_no_picture(self, rig: Rig) -> None:
        self.able(rig, "close")
        window = rig.open("first")
        rig.ports.windows.close(window)
        eventually(lambda: rig.ports.windows.find(window.id) is None)
        with pytest.raises(DesktopError):
            rig.ports.capture.window(window)

    # -- applications

    def test_applications_are_listed_by_name_and_have_ids_of_their_own(self, rig: Rig) -> None:
        listed = rig.ports.applications.list()
        names = [application.name.casefold() for application in listed]
        assert names == sorted(names)
        assert len({application.id for application in listed}) == len(listed) > 0
        assert all(name == name.lower() for application in listed for name in application.programs)

    def test_a_file_of_a_known_type_has_an_application(self, rig: Rig) -> None:
        editor = rig.ports.applications.default_for("text/plain")
        assert editor is not None
        assert rig.ports.applications.default_for("x-nobody/ever-heard-of-it") is None

    def test_an_application_that_is_not_installed_cannot_be_started(self, rig: Rig, tmp_path: Path) -> None:
        program = str(tmp_path / "no such program")
        missing = Application("missing.desktop", "Missing", (), (program,), (), (), ("missing",))
        with pytest.raises(DesktopError):
            rig.ports.applications.start(missing)

    # -- help for subclasses and tests

    def _tree(self, rig: Rig, window: Window) -> Node:
        return eventually(lambda: rig.ports.accessibility.read(window))

    def _text(self, rig: Rig, window: Window) -> Node:
        return eventually(
            lambda: next((node for node in walk(self._tree(rig, window)) if node.role == "text"), None)
        )
