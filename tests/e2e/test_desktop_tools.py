"""The senses and hands on a real (virtual) display, with real applications."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.tool import Tool, ToolResult
from tests.tools.context import Context
from tests.virtual_desktop import VirtualDesktop
from tools import act, applications, clipboard, save_as, screen, windows
from tools.desktop import connect
from tools.desktop.port import Desktop
from tools.desktop.waiting import until
from tools.files.workspace import Workspace
from tools.screen import Screen

pytestmark = pytest.mark.e2e

UNICODE = 'Hello (World)! 12.5*8 = "100"\nsecond line: äöü ñ € 你好，世界 🎉🚀'


class Hands:
    """The tools by name, as the loop calls them."""

    def __init__(self, ports: Desktop, workspace: Path) -> None:
        self.ports = ports
        self.workspace = workspace
        self.files = Workspace(workspace, workspace)
        self.screen = Screen(ports)
        family: tuple[Tool, ...] = (
            *screen.tools(ports, self.screen, self.files.resolve),
            *windows.tools(ports, self.screen),
            *applications.tools(ports),
            *act.tools(ports, self.screen),
            *save_as.tools(ports, self.screen, self.files.resolve),
            *clipboard.tools(ports.clipboard),
        )
        self.tools: Mapping[str, Tool] = {tool.name: tool for tool in family}

    def do(self, name: str, /, **arguments: str) -> ToolResult:
        tool = self.tools[name]
        parsed = tool.arguments(**arguments)
        assert tool.title(parsed)
        tool.effect(parsed)
        result = tool.run(parsed, Context())
        if name == "look" and result.status == "refused":  # the window was still coming up: look again
            tool.effect(parsed)
            result = tool.run(parsed, Context())
        return result

    def say(self, name: str, /, **arguments: str) -> str:
        return self.do(name, **arguments).content


@pytest.fixture
def hands(clear_desktop: Desktop, desktop: VirtualDesktop, tmp_path: Path) -> Hands:
    return Hands(clear_desktop, tmp_path)


def eventually(check, seconds: float = 10.0):
    found = until(check, seconds, Cancel())
    assert found
    return found


def test_text_of_any_script_is_typed_and_saved_through_the_applications_own_dialog(hands: Hands) -> None:
    opened = hands.do("open_app", name="the text editor")
    assert opened.status == "confirmed"
    assert opened.content == 'opened Mousepad, window "Untitled 1 - Mousepad"'

    typed = hands.do("type_text", text=UNICODE)
    assert (typed.status, typed.content) == (
        "confirmed",
        f'typed {len(UNICODE)} characters into "Untitled 1 - Mousepad"',
    )

    saved = hands.do("save_as", path="total.txt")
    size = len(UNICODE.encode())
    assert (saved.status, saved.content) == ("confirmed", f'saved "total.txt", {size} bytes')
    assert (hands.workspace / "total.txt").read_text() == UNICODE


def test_saving_over_a_file_replaces_it_and_the_effect_says_so(hands: Hands) -> None:
    (hands.workspace / "old.txt").write_text("old")
    hands.do("open_app", name="Mousepad")
    hands.do("type_text", text="new")
    tool = hands.tools["save_as"]
    effect = tool.effect(tool.arguments(path="old.txt"))
    assert effect.changes == (hands.workspace / "old.txt",)
    assert effect.question == "Replace a file?"

    saved = hands.do("save_as", path="old.txt")

    assert saved.status == "confirmed", saved
    assert (hands.workspace / "old.txt").read_text() == "new"


def test_typing_replaces_the_text_that_is_selected(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    hands.do("type_text", text="old text")
    hands.do("press_keys", keys="ctrl+a")
    assert hands.do("type_text", text="new 文 text").status == "confirmed"
    assert 'text "" = "new 文 text" focused' in hands.say("look")


def test_keys_type_exactly_what_the_layout_lacks(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    hands.ports.keyboard.type(UNICODE)
    eventually(lambda: UNICODE in hands.say("look") or None)


def test_an_outline_has_the_form_that_the_documentation_gives(hands: Hands) -> None:
    (hands.workspace / "notes.txt").write_text("Buy milk\nCall Ada")
    context = Context()
    opened = applications.open_path(hands.ports, hands.workspace / "notes.txt", "notes.txt", context)
    assert opened.status == "confirmed"
    assert opened.content.startswith('opened "notes.txt", window "')
    outline = hands.say("look")
    lines = outline.split("\n")
    assert lines[0].startswith('window "')
    assert lines[0].endswith('notes.txt - Mousepad" in Mousepad')
    assert lines[1] == '1 menu "File"'
    assert 'text "" = "Buy milk\nCall Ada"' in outline


def test_a_sum_typed_into_the_calculator_is_read_back(hands: Hands) -> None:
    assert hands.say("open_app", name="Galculator") == 'opened Galculator, window "galculator"'
    assert hands.do("type_text", text="12.5*8").status == "confirmed"
    assert hands.do("press_keys", keys="enter").status == "confirmed"
    eventually(lambda: 'text "" = "100" focused' in hands.say("look") or None)


def test_a_button_is_pressed_by_name_and_by_number(hands: Hands) -> None:
    hands.do("open_app", name="Galculator")
    assert hands.say("press", name="7") == 'pressed "7"'
    outline = hands.say("look").split("\n")
    number = next(line.split()[0] for line in outline if line.endswith('button "="'))
    hands.do("press", name="+")
    hands.do("press", name="2")
    assert hands.do("press", name=number).status == "confirmed"
    eventually(lambda: '= "9"' in hands.say("look") or None)


def test_a_control_that_does_not_exist_is_named_in_the_error(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    result = hands.do("press", name="Send invoice")
    assert result.status == "failed"
    assert result.content.startswith('error: there is no control called "Send invoice"')


def test_a_disabled_button_is_reported_and_nothing_is_saved(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    hands.do("press_keys", keys="ctrl+shift+s")
    eventually(lambda: 'button "Save" disabled' in hands.say("look") or None)
    result = hands.do("press", name="Save")
    assert (result.status, result.content) == ("failed", 'error: "Save" is disabled')


def test_a_field_is_set_by_its_label_and_read_back(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    hands.do("press_keys", keys="ctrl+shift+s")
    eventually(lambda: 'field "Name"' in hands.say("look") or None)
    result = hands.do("set_value", name="Name", value="报告.txt")
    assert (result.status, result.content) == ("confirmed", '"Name" is now "报告.txt"')


def test_a_menu_is_opened_and_its_items_can_be_pressed(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    assert hands.do("press", name="File").status == "confirmed"
    assert 'item "Save As..."' in hands.say("look")
    assert hands.do("press", name="Save As...").status == "confirmed"
    eventually(lambda: hands.say("look").startswith('window "Save As"') or None)


def test_an_application_that_does_not_exist_is_an_error(hands: Hands) -> None:
    result = hands.do("open_app", name="Fotoshop")
    assert result.status == "failed"
    assert result.content == 'error: no application called "Fotoshop"'


def test_windows_are_listed_front_first_focused_and_closed(hands: Hands) -> None:
    assert hands.say("list_windows") == "no windows are open"
    hands.do("open_app", name="Mousepad")
    hands.do("open_app", name="Galculator")
    assert hands.say("list_windows").split("\n") == [
        '"galculator" in Galculator',
        '"Untitled 1 - Mousepad" in Mousepad',
    ]
    assert hands.say("focus_window", title="mousepad") == 'in front: "Untitled 1 - Mousepad"'
    assert hands.say("close_window", title="Galculator") == 'closed "galculator"'
    assert hands.say("list_windows") == '"Untitled 1 - Mousepad" in Mousepad'


def test_windows_are_found_by_the_name_people_have_for_their_application(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    calculator = hands.do("open_app", name="the calculator").details["application"]
    assert hands.say("focus_window", title="the text editor") == 'in front: "Untitled 1 - Mousepad"'
    assert f" in {calculator}" in hands.say("look", window="calculator").split("\n")[0]
    assert hands.say("close_window", title="Text Editor") == 'closed "Untitled 1 - Mousepad"'
    assert hands.do("close_window", title="the calculator").status == "confirmed"


def test_keys_reach_the_window_they_were_approved_for_and_no_other(
    hands: Hands, desktop: VirtualDesktop
) -> None:
    hands.do("open_app", name="Mousepad")
    mousepad = hands.ports.windows.front()
    assert mousepad is not None
    tool = hands.tools["type_text"]
    typing = tool.arguments(text="for the editor")
    tool.effect(typing)
    desktop.start("xterm", "-T", "later", "-e", "cat")
    later = eventually(lambda: hands.screen.find("later"))
    assert hands.ports.windows.focus(later)

    assert tool.run(typing, Context()).status == "confirmed"
    assert '= "for the editor" focused' in hands.say("look", window="Mousepad")

    tool.effect(typing)
    os.kill(mousepad.pid, signal.SIGKILL)
    eventually(lambda: hands.ports.windows.find(mousepad.id) is None)
    assert tool.run(typing, Context()).content == "refused: the window changed since this was approved"


def test_an_approval_given_in_our_own_window_leaves_the_application_as_the_one_to_act_on(
    hands: Hands, desktop: VirtualDesktop
) -> None:
    hands.do("open_app", name="Mousepad")
    tool = hands.tools["type_text"]
    typing = tool.arguments(text="allowed")
    tool.effect(typing)
    ours = desktop.start("xterm", "-class", "deskhand", "-e", "cat")
    eventually(lambda: hands.ports.windows.active() is None)  # ours has the keys, and is not listed

    try:
        assert tool.run(typing, Context()).status == "confirmed"
        assert '= "allowed" focused' in hands.say("look")
    finally:
        ours.kill()


def test_closing_a_changed_document_reports_what_the_application_asks(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    hands.do("type_text", text="unsaved")
    result = hands.do("close_window", title="Mousepad")
    assert result.status == "partial"
    assert result.content == (
        'still open: "*Untitled 1 - Mousepad" asks "Do you want to save the changes before closing?"'
    )
    assert hands.do("press", name="Don't Save").status == "confirmed"
    assert hands.say("list_windows") == "no windows are open"


def test_a_window_that_is_not_there_is_an_error_that_names_those_that_are(hands: Hands) -> None:
    hands.do("open_app", name="Galculator")
    assert hands.say("focus_window", title="Invoice") == (
        'error: no window called "Invoice"; open: "galculator"'
    )


def test_a_window_without_a_tree_is_read_by_its_pixels(hands: Hands, desktop: VirtualDesktop) -> None:
    desktop.start("xterm", "-fa", "DejaVu Sans Mono", "-fs", "14", "-e", "echo INVOICE TOTAL 1234; sleep 60")
    eventually(lambda: hands.ports.windows.front())
    seen = eventually(lambda: look if "1234" in (look := hands.say("look")) else None, 20)
    assert 'label "INVOICE TOTAL 1234"' in seen


def test_typing_stops_when_another_window_takes_the_keys(hands: Hands, desktop: VirtualDesktop) -> None:
    desktop.start("xterm", "-T", "thief", "-e", "cat")
    thief = eventually(lambda: hands.screen.find("thief"))
    desktop.start("xterm", "-T", "target", "-e", "cat")
    target = eventually(lambda: hands.screen.find("target"))
    assert hands.ports.windows.focus(target)

    threading.Timer(0.3, hands.ports.windows.focus, (thief,)).start()
    result = hands.do("type_text", text="x" * 20_000)

    assert result.status == "failed"
    assert re.search(r"another window took the keys.* after \d+ of", result.content)
    assert "thief" in hands.say("list_windows").split("\n")[0]


def test_copied_text_reaches_another_program_and_comes_back(hands: Hands) -> None:
    text = "Zürich 你好 🎉"
    assert hands.say("set_clipboard", text=text) == "copied to the clipboard"
    hands.do("open_app", name="Mousepad")
    hands.do("press_keys", keys="ctrl+v")
    assert f'= "{text}" focused' in hands.say("look")

    hands.do("type_text", text=" and more")
    hands.do("press_keys", keys="ctrl+a")
    hands.do("press_keys", keys="ctrl+c")
    eventually(lambda: hands.say("read_clipboard") == f"{text} and more" or None)


@pytest.mark.parametrize("text", ["", "two\nlines", "ä" * 700_000], ids=["nothing", "lines", "a book"])
def test_what_is_copied_is_handed_out_whole(hands: Hands, text: str) -> None:
    assert hands.do("set_clipboard", text=text).status == "confirmed"
    assert hands.say("read_clipboard") == (text or "the clipboard is empty")


def test_a_screenshot_is_a_picture_of_the_whole_monitor(hands: Hands, desktop: VirtualDesktop) -> None:
    hands.do("open_app", name="Galculator")
    result = hands.do("screenshot", path="screen.png")
    assert (result.status, result.content) == ("confirmed", 'saved "screen.png", 1920x1080')
    with Image.open(hands.workspace / "screen.png") as picture:
        assert picture.size == (desktop.width, desktop.height)
        assert len(picture.convert("L").getcolors() or ()) > 10


def test_an_application_that_hangs_is_an_error_and_others_can_still_be_used(hands: Hands) -> None:
    hands.do("open_app", name="Galculator")
    hands.do("open_app", name="Mousepad")
    mousepad = hands.ports.windows.front()
    assert mousepad is not None
    os.kill(mousepad.pid, signal.SIGSTOP)
    with pytest.raises(DesktopError, match="does not answer"):
        hands.say("look")
    assert hands.say("look", window="Galculator").startswith('window "galculator"')
    os.kill(mousepad.pid, signal.SIGCONT)
    eventually(lambda: 'menu "File"' in hands.say("look", window="Mousepad") or None)


def test_without_a_display_there_is_a_kind_error(
    desktop: VirtualDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(DesktopError, match="no X display"):
        connect()


def test_a_private_application_is_neither_listed_nor_seen(hands: Hands, desktop: VirtualDesktop) -> None:
    desktop.start("xterm", "-class", "Vault", "-geometry", "40x10+400+400", "-e", "echo secret; sleep 60")
    bounds = eventually(lambda: next(iter(hands.ports.windows.hidden()), None))
    time.sleep(0.3)
    assert hands.say("list_windows") == "no windows are open"
    moment = hands.screen.moment()
    assert moment.picture is not None
    image = Image.frombytes("RGB", (moment.picture.width, moment.picture.height), moment.picture.rgb)
    inside = image.crop((bounds.x, bounds.y, bounds.x + bounds.width, bounds.y + bounds.height))
    assert inside.getcolors() == [(bounds.width * bounds.height, (0, 0, 0))]


def test_the_moment_of_a_question_names_the_window_and_quotes_its_text(hands: Hands) -> None:
    hands.do("open_app", name="Mousepad")
    hands.do("type_text", text="Call Ada")
    moment = hands.screen.moment()
    assert (moment.window, moment.application) == ("*Untitled 1 - Mousepad", "Mousepad")
    assert '= "Call Ada" focused' in moment.outline
    assert moment.thumbnail.startswith(b"\x89PNG")


def test_scrolling_moves_a_long_text_and_says_so_when_it_cannot(hands: Hands) -> None:
    (hands.workspace / "long.txt").write_text("\n".join(f"line {number}" for number in range(500)))
    applications.open_path(hands.ports, hands.workspace / "long.txt", "long.txt", Context())
    assert hands.say("scroll", direction="down") == "scrolled down"
    hands.do("press_keys", keys="ctrl+home")
    hands.do("scroll", direction="up")
    assert hands.say("scroll", direction="up") == "scrolled up and nothing changed"
