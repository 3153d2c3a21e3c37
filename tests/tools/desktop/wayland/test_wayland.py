"""Wayland: pictures through a stand-in that speaks the portal's real protocol; a sentence for what nobody can do."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from jeepney.io.blocking import open_dbus_connection
from PIL import Image

from agent.errors import DesktopError
from tests.tools.context import Context
from tests.tools.desktop.wayland.portal_stand_in import VERSION, Answer, PortalStandIn, message_bus_of_its_own
from tests.tools.stub_desktop import StubAccessibility, StubDesktop, window
from tools.desktop.platforms import EVERYWHERE, LIMITS
from tools.desktop.port import Bounds, Node, Window
from tools.desktop.portable.windows import Listed
from tools.desktop.wayland.capture import FRESH_SECONDS, PortalCapture
from tools.desktop.wayland.clipboard import WaylandClipboard
from tools.desktop.wayland.hands import NoKeyboard, NoPointer
from tools.desktop.wayland.portal import screenshot, version
from tools.desktop.wayland.tree import PlacelessAccessibility
from tools.desktop.wayland.windows import WaylandWindows
from tools.screen import Screen
from tools.windows import tools as windows_tools

HAND_OVER = b"\x89PNG"


@pytest.fixture
def bus() -> Iterator[str]:
    with message_bus_of_its_own() as address, mock.patch.dict(os.environ, DBUS_SESSION_BUS_ADDRESS=address):
        yield address


@pytest.fixture
def portal(bus: str, tmp_path: Path) -> Iterator[PortalStandIn]:
    standing = PortalStandIn(bus, tmp_path)
    yield standing
    standing.stop()


# -- the portal


@pytest.mark.parametrize("answer", ["allow", "another handle"])
def test_a_picture_comes_from_the_portal_and_its_file_is_removed(
    portal: PortalStandIn, answer: Answer
) -> None:
    portal.answer = answer
    with Image.open(io.BytesIO(screenshot())) as picture:
        assert (picture.size, picture.getpixel((5, 5))) == ((64, 48), (200, 100, 50))
    assert portal.options["interactive"] is False
    assert [path.exists() for path in portal.written] == [False]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("deny", "was not allowed"),
        ("fail", "could not take a picture"),
        ("no file", "not where it says"),
        ("refuse the call", "no service that takes pictures"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(portal: PortalStandIn, answer: Answer, said: str) -> None:
    portal.answer = answer
    with pytest.raises(DesktopError, match=said) as trouble:
        screenshot()
    assert trouble.value.remedy


def test_a_portal_that_does_not_answer_is_given_up_and_told_so(portal: PortalStandIn) -> None:
    portal.answer = "hang"
    with pytest.raises(DesktopError, match="did not answer"):
        screenshot(seconds=0.2)
    portal.answer = "allow"
    assert screenshot().startswith(HAND_OVER)  # the stand-in has heard the end of the first by now
    assert [handle.rpartition("/")[2][:9] for handle in portal.closed] == ["deskhand_"]


def test_an_answer_that_is_not_the_portals_is_not_believed(
    portal: PortalStandIn, bus: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("keep me")
    with open_dbus_connection(bus) as forger:
        portal.forger = forger
        assert screenshot().startswith(HAND_OVER)
    assert secret.read_text() == "keep me"


def test_a_desktop_without_a_portal_or_a_bus_is_said(bus: str, tmp_path: Path) -> None:
    assert version() == 0
    with pytest.raises(DesktopError, match="no service that takes pictures"):
        screenshot()
    with (
        mock.patch.dict(os.environ, DBUS_SESSION_BUS_ADDRESS=f"unix:path={tmp_path}/none"),
        pytest.raises(DesktopError, match="message bus does not answer"),
    ):
        screenshot()


def test_whether_there_is_a_portal_is_known_without_a_picture(portal: PortalStandIn) -> None:
    assert version() == VERSION
    assert portal.options == {}


# -- parts of the picture


class Camera:
    """Counts the pictures that were taken of a screen of 8x4 red pixels."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self) -> bytes:
        self.taken += 1
        encoded = io.BytesIO()
        Image.new("RGB", (8, 4), (255, 0, 0)).save(encoded, "PNG")
        return encoded.getvalue()


def test_a_part_is_cut_out_and_what_is_hidden_is_black() -> None:
    capture = PortalCapture(Camera())
    assert capture.monitor(100, 100) == Bounds(0, 0, 8, 4)
    picture = capture.grab(Bounds(2, 1, 3, 2), (Bounds(0, 0, 3, 10),))
    assert (picture.width, picture.height) == (3, 2)
    red, black = b"\xff\0\0", bytes(3)
    assert picture.rgb == (black + red + red) * 2


def test_one_picture_is_enough_for_a_moment_and_no_longer() -> None:
    camera, now = Camera(), [0.0]
    capture = PortalCapture(camera, clock=lambda: now[0])
    monitor = capture.monitor(0, 0)
    capture.grab(monitor)
    assert camera.taken == 1
    now[0] = FRESH_SECONDS + 0.1
    capture.grab(monitor)
    assert camera.taken == 2


def test_a_picture_of_which_nothing_may_be_seen_is_not_taken_at_all() -> None:
    camera = Camera()
    picture = PortalCapture(camera).grab(Bounds(0, 0, 8, 4), (EVERYWHERE,))
    assert (camera.taken, picture.rgb) == (0, bytes(96))


def test_what_is_no_picture_is_said() -> None:
    with pytest.raises(DesktopError, match="cannot be read"):
        PortalCapture(lambda: b"not a picture").grab(Bounds(0, 0, 1, 1))


# -- windows, keys, the tree


class Seen:
    """A window system as AT-SPI shows it: places are made up."""

    def __init__(self, *windows: Listed) -> None:
        self.windows = windows

    def listed(self) -> Sequence[Listed]:
        return self.windows

    def activate(self, id: int) -> None:
        raise AssertionError

    def close(self, id: int) -> None:
        raise AssertionError

    def above(self, x: int, y: int, pid: int) -> int | None:
        return None


EDITOR = Listed(1, "notes.txt", "gedit", "gedit", 70, Bounds(26, 23, 800, 600), False, False, True)
FILES = replace(EDITOR, id=2, title="Home", application="nautilus", program="nautilus", active=False)
VAULT = replace(FILES, id=3, title="Vault", application="vault", program="vault")


def windows_of(*listed: Listed, running: Sequence[str] = ()) -> WaylandWindows:
    return WaylandWindows(Seen(*listed), str.title, ("Vault",), lambda: running)


def test_windows_are_told_without_places() -> None:
    windows = windows_of(EDITOR, FILES)
    editor, files = windows.list()
    assert (editor.application, editor.bounds) == ("Gedit", Bounds(0, 0, 800, 600))
    assert windows.active() == windows.front() == editor
    assert windows.find(2) == files
    assert not windows.reaches(editor, 5, 5)


def test_the_window_in_front_has_the_keys_already_and_another_cannot_be_brought_there() -> None:
    windows = windows_of(EDITOR, FILES)
    editor, files = windows.list()
    assert windows.focus(editor)
    assert not windows.focus(files)
    with pytest.raises(DesktopError, match="close another's window"):
        windows.close(files)
    gone = replace(files, id=9)
    assert not windows.focus(gone)
    windows.close(gone)


@pytest.mark.parametrize(
    "windows",
    [windows_of(EDITOR, VAULT), windows_of(EDITOR, running=("vault", "gedit"))],
    ids=["seen", "only runs"],
)
def test_while_a_private_application_runs_nothing_of_the_screen_is_seen(windows: WaylandWindows) -> None:
    assert windows.hidden() == (EVERYWHERE,)
    assert [window.title for window in windows.list()] == ["notes.txt"]
    assert windows_of(EDITOR, running=("gedit",)).hidden() == ()


@pytest.mark.parametrize(
    "act",
    [
        lambda: NoKeyboard().type("x"),
        lambda: NoKeyboard().press("ctrl+s"),
        lambda: NoPointer().click(1, 1),
        lambda: NoPointer().scroll(1, 1, "down", 1),
        lambda: NoPointer().drag((1, 1), (2, 2)),
    ],
)
def test_keys_and_clicks_are_not_faked(act: Callable[[], object]) -> None:
    with pytest.raises(DesktopError) as trouble:
        act()
    assert trouble.value.what == LIMITS["wayland"]["keys"]


class Form(StubAccessibility):
    def read(self, window: Window) -> Node | None:
        name = Node("a", "field", "Name", "Ada", frozenset({"editable"}), Bounds(1, 2, 3, 4))
        password = Node("b", "field", "Password", "", frozenset({"secret"}), Bounds(1, 9, 3, 4))
        return Node("top", "dialog", "Log in", "", frozenset(), Bounds(0, 0, 9, 9), (name, password))


def test_controls_have_no_place_and_a_password_may_be_anywhere() -> None:
    tree = PlacelessAccessibility(Form()).read(window(7, "Form", "Log in"))
    assert tree is not None
    name, password = tree.children
    assert (name.value, name.bounds, password.bounds) == ("Ada", None, EVERYWHERE)


def test_a_missing_clipboard_program_is_named(tmp_path: Path) -> None:
    with (
        mock.patch.dict(os.environ, PATH=str(tmp_path)),
        pytest.raises(DesktopError, match="two small programs") as trouble,
    ):
        WaylandClipboard().read()
    assert trouble.value.remedy == "Install wl-clipboard."


def test_where_no_window_can_be_brought_to_the_front_the_tool_says_why() -> None:
    pad, other = window(1, "Pad"), window(2, "Other")
    stub = StubDesktop(pad, other)
    stub.windows.stubborn = True
    ports = replace(stub.ports, cannot_focus=LIMITS["wayland"]["focus"])
    (focus,) = (tool for tool in windows_tools(ports, Screen(ports)) if tool.name == "focus_window")
    result = focus.run(focus.arguments(title="Other"), Context())
    assert result.content == f"error: {LIMITS['wayland']['focus']}"
