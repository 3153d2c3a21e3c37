"""Controls are found where they are on displays whose pixels the applications count otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from agent.cancel import Cancel
from tests.virtual_desktop import VirtualDesktop, entered, virtual_desktop
from tools.desktop import connect
from tools.desktop.port import Desktop, Node, Window, walk
from tools.desktop.waiting import until

pytestmark = pytest.mark.e2e

QT = """
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
app = QApplication([])
window = QWidget(windowTitle="Scaled")
edit, button = QLineEdit(accessibleName="Where"), QPushButton("Here")
button.clicked.connect(lambda: edit.setText("clicked"))
layout = QVBoxLayout(window)
layout.addWidget(edit)
layout.addWidget(button)
window.show()
window.move(200, 150)
app.exec()
"""


@pytest.fixture(scope="module")
def large() -> Iterator[VirtualDesktop]:
    with virtual_desktop(3840, 2160) as desktop, entered(desktop):
        yield desktop


@pytest.fixture(scope="module")
def ports(large: VirtualDesktop) -> Desktop:
    return connect()


def shown(ports: Desktop, title: str, role: str, name: str) -> tuple[Window, Node]:
    """A window and a control in it, once both are there."""

    def look() -> tuple[Window, Node] | None:
        window = next((each for each in ports.windows.list() if title in each.title), None)
        tree = ports.accessibility.read(window) if window else None
        node = (
            next((each for each in walk(tree) if (each.role, each.name) == (role, name)), None)
            if tree
            else None
        )
        return (window, node) if window and node else None

    found = until(look, 30, Cancel())
    assert found is not None
    return found


@pytest.mark.parametrize("factor", ["1.5", "2"])
def test_a_click_in_the_middle_of_a_scaled_button_presses_it(
    large: VirtualDesktop, ports: Desktop, factor: str
) -> None:
    process = large.start("env", f"QT_SCALE_FACTOR={factor}", sys.executable, "-c", QT)
    window, button = shown(ports, "Scaled", "button", "Here")
    assert button.bounds is not None
    assert ports.pointer.click(*button.bounds.centre, on=window)
    assert until(lambda: shown(ports, "Scaled", "field", "Where")[1].value == "clicked", 10, Cancel())
    process.kill()
    process.wait()
    assert until(lambda: not ports.windows.list(), 10, Cancel())


def test_a_click_on_a_scaled_gtk_menu_opens_it(large: VirtualDesktop, ports: Desktop) -> None:
    process = large.start("env", "GDK_SCALE=2", "mousepad", "--disable-server")
    window, menu = shown(ports, "Mousepad", "menu", "File")
    assert menu.bounds is not None
    before = len(list(walk(shown(ports, "Mousepad", "menu", "File")[1])))
    assert ports.pointer.click(*menu.bounds.centre, on=window)
    assert until(lambda: len(list(walk(shown(ports, "Mousepad", "menu", "File")[1]))) > before, 10, Cancel())
    process.kill()
    process.wait()
    assert until(lambda: not ports.windows.list(), 10, Cancel())
