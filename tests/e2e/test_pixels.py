"""What can only be seen, on a real (virtual) display: covered windows, text without a tree, points of a picture."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from Xlib.display import Display

from agent.cancel import Cancel
from agent.messages import Picture
from agent.tool import Tool, ToolResult
from tests.tools.context import Context
from tests.virtual_desktop import VirtualDesktop
from tools import act
from tools.desktop.capture import AS_ON_SCREEN, MssCapture
from tools.desktop.port import Bounds, Desktop, Window
from tools.desktop.waiting import until
from tools.screen import Screen

pytestmark = pytest.mark.e2e

LISTING = "Order 4711 coffee\nPlease confirm Yes No\n"


def opened(desktop: VirtualDesktop, ports: Desktop, program: str, *command: str) -> Window:
    """The window of ``program``, once it is there."""
    before = {window.id for window in ports.windows.list()}
    desktop.start(*command)
    found = until(
        lambda: next((w for w in ports.windows.list() if w.id not in before and w.program == program), None),
        20,
        Cancel(),
    )
    assert found, f"{program} did not open"
    return found


def terminal(desktop: VirtualDesktop, ports: Desktop, text: str, at: str = "+40+60") -> Window:
    """An xterm that shows ``text``, with the cursor switched off."""
    (desktop.home / "shown.txt").write_text(text)
    show = "printf '\\033[?25l'; cat \"$HOME/shown.txt\"; sleep 600"
    window = opened(desktop, ports, "xterm", "xterm", "-geometry", f"60x16{at}", "-e", "sh", "-c", show)
    drawn = until(lambda: still(ports, window.bounds), 10, Cancel())
    assert drawn
    return window


def still(ports: Desktop, bounds: Bounds) -> Picture | None:
    """The pixels of ``bounds``, if there are any and they do not change for a moment."""
    before = ports.capture.grab(bounds)
    Cancel().wait(0.15)
    now = ports.capture.grab(bounds)
    return now if now == before and len(set(now.rgb)) > 1 else None


def move(window: Window, x: int, y: int) -> None:
    display = Display()
    display.create_resource_object("window", window.id).configure(x=x, y=y)
    display.sync()
    display.close()


@pytest.fixture
def ports(clear_desktop: Desktop) -> Desktop:
    return clear_desktop


def test_a_covered_window_is_pictured_as_if_nothing_covered_it(
    desktop: VirtualDesktop, ports: Desktop
) -> None:
    below = terminal(desktop, ports, LISTING)
    over = terminal(desktop, ports, "something else\n", at="+900+600")
    alone = ports.capture.window(below)
    move(over, below.bounds.x + 10, below.bounds.y + 10)
    assert until(lambda: ports.capture.grab(below.bounds) != alone or None, 5, Cancel())
    assert ports.capture.window(below) == alone
    assert (alone.width, alone.height) == (below.bounds.width, below.bounds.height)


def test_a_window_that_reaches_beyond_the_screen_is_pictured_whole(
    desktop: VirtualDesktop, ports: Desktop
) -> None:
    window = terminal(desktop, ports, LISTING)
    whole = ports.capture.window(window)
    move(window, desktop.width - 100, 100)
    outside = until(
        lambda: ((now := ports.windows.find(window.id)) and now.bounds.x > 1000 and now) or None, 5, Cancel()
    )
    assert outside
    assert ports.capture.window(outside) == whole


def test_a_grab_that_may_show_what_covers_a_window_says_so_and_hides_what_is_private(
    desktop: VirtualDesktop, ports: Desktop
) -> None:
    window = terminal(desktop, ports, LISTING)
    private = Bounds(window.bounds.x, window.bounds.y, 20, 10)
    picture = MssCapture().window(window, above=[private])
    assert picture.label == AS_ON_SCREEN
    assert picture.rgb[: 20 * 3] == bytes(20 * 3)
    assert ports.capture.window(window, above=[private]).label == ""


def test_text_without_a_tree_is_read_with_its_place_also_where_it_is_covered(
    desktop: VirtualDesktop, ports: Desktop, tmp_path: Path
) -> None:
    window = terminal(desktop, ports, LISTING)
    over = terminal(desktop, ports, "something else\n", at="+900+600")
    move(over, window.bounds.x, window.bounds.y)
    seen = Screen(ports).look(window, Cancel())
    assert [each.node.name for each in seen.controls] == ["Order 4711 coffee", "Please confirm Yes No"]
    first, second = (each.node.bounds for each in seen.controls)
    assert first
    assert second
    assert window.bounds.x <= first.x < window.bounds.x + 20
    assert window.bounds.y <= first.y < second.y < window.bounds.y + 60


ASKING = """
import pathlib, sys, termios, tty
tty.setraw(sys.stdin)
sys.stdout.write("\\033[?25l\\033[?1000h\\033[?1006hDelete 4711?\\r\\n\\r\\nPlease confirm Yes or No\\r\\n")
sys.stdout.flush()
said = ""
while not said.endswith("M"):
    said += sys.stdin.read(1)
pathlib.Path(sys.argv[1]).write_text(said)
sys.stdout.write("\\r\\nThank you.\\r\\n")
sys.stdout.flush()
sys.stdin.read()
"""
"""A program of a terminal that waits for a click and writes down where it was: ``ESC [ < button ; column ; row M``."""


def asking(desktop: VirtualDesktop, ports: Desktop, answer: Path) -> Window:
    command = (sys.executable, "-c", ASKING, str(answer))
    window = opened(desktop, ports, "xterm", "xterm", "-geometry", "60x16+200+160", "-e", *command)
    assert until(lambda: still(ports, window.bounds), 10, Cancel())
    return window


def tool_named(family: tuple[Tool, ...], name: str) -> Tool:
    return next(tool for tool in family if tool.name == name)


def done(tool: Tool, **arguments: str) -> ToolResult:
    parsed = tool.arguments(**arguments)
    tool.effect(parsed)
    return tool.run(parsed, Context())


@pytest.mark.parametrize(
    ("said", "columns"), [("Yes", range(16, 19)), ("no", range(23, 25)), ("2", range(1, 25))]
)
def test_text_in_a_terminal_is_pressed_by_its_words_or_its_number(
    desktop: VirtualDesktop, ports: Desktop, tmp_path: Path, said: str, columns: range
) -> None:
    answer = tmp_path / "answer"
    window = asking(desktop, ports, answer)
    screen = Screen(ports)
    assert '2 label "Please confirm Yes or No"' in screen.look(window, Cancel()).text()
    pressed = done(tool_named(act.tools(ports, screen), "press"), name=said)
    assert (pressed.status, pressed.evidence) == ("confirmed", "the picture of the window changed")
    button, column, row = answer.read_text().removeprefix("\033[<").removesuffix("M").split(";")
    assert (button, row) == ("0", "3")
    assert int(column) in columns


def test_words_that_are_not_there_are_not_pressed(
    desktop: VirtualDesktop, ports: Desktop, tmp_path: Path
) -> None:
    answer = tmp_path / "answer"
    asking(desktop, ports, answer)
    failed = done(tool_named(act.tools(ports, Screen(ports)), "press"), name="Maybe")
    assert failed.status == "failed"
    assert 'there is no control called "Maybe"' in failed.content
    assert not answer.exists()
