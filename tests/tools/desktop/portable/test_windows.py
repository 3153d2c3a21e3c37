"""Windows on Windows and macOS, with a stand-in where the system's own interface begins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.desktop.contract import PortContract
from tests.tools.stub_desktop import StubDesktop
from tools.desktop.platforms import Monitor
from tools.desktop.port import Bounds, Window
from tools.desktop.portable.identities import Identities, Trait
from tools.desktop.portable.user32 import User32
from tools.desktop.portable.windows import PortableWindows

TOOL_WINDOW, APP_WINDOW = 0x80, 0x40000
USUAL = Bounds(0, 0, 800, 600)


@dataclass(frozen=True)
class Hwnd:
    title: str
    pid: int = 7
    kind: str = "Notepad"
    bounds: Bounds = USUAL
    style: int = 0
    visible: bool = True
    minimised: bool = False
    cloaked: bool = False


@dataclass
class FakeApi:
    """user32.dll as far as we call it. ``stack`` is front first."""

    stack: dict[int, Hwnd] = field(default_factory=dict)
    active: int = 0
    menu_at: int = 0
    programs: dict[int, str] = field(default_factory=dict)

    def windows(self) -> Sequence[int]:
        return tuple(self.stack)

    def visible(self, window: int) -> bool:
        return self.stack[window].visible

    def minimised(self, window: int) -> bool:
        return self.stack[window].minimised

    def cloaked(self, window: int) -> bool:
        return self.stack[window].cloaked

    def extended_style(self, window: int) -> int:
        return self.stack[window].style

    def title(self, window: int) -> str:
        return self.stack[window].title

    def class_name(self, window: int) -> str:
        return self.stack[window].kind if window in self.stack else ""

    def process(self, window: int) -> int:
        return self.stack[window].pid if window in self.stack else 0

    def frame(self, window: int) -> Bounds:
        return self.stack[window].bounds

    def foreground(self) -> int:
        return self.active

    def bring_forward(self, window: int) -> None:
        self.stack = {window: replace(self.stack[window], minimised=False)} | self.stack
        self.active = window

    def post_close(self, window: int) -> None:
        del self.stack[window]
        self.active = next(iter(self.stack), 0)

    def root_at(self, x: int, y: int) -> int:
        here = (id for id, each in self.stack.items() if not each.minimised and each.bounds.contains(x, y))
        return self.menu_at or next(here, 0)

    def pointer(self) -> tuple[int, int]:
        return 3, 4

    def monitors(self) -> Sequence[tuple[Bounds, int]]:
        return ((Bounds(0, 0, 1920, 1080), 96), (Bounds(1920, 0, 3840, 2160), 144))

    def program(self, pid: int) -> str:
        return self.programs.get(pid, rf"C:\Windows\System32\program{pid}.exe")


class User32Rig:
    """A stub desktop whose windows are listed through the stand-in, by what is used on Windows."""

    def __init__(self) -> None:
        self.api = FakeApi()
        stub = StubDesktop()
        self.ports = replace(stub.ports, windows=PortableWindows(User32(self.api), ("Vault",)))

    def cannot(self, what: str) -> str:
        here = ("focus", "close", "reaches", "private")
        return "" if what in here else "only the windows are those of Windows here"

    def open(self, name: str) -> Window:
        id = 100 + len(self.api.stack)
        self.api.stack = {id: Hwnd(f"{name} - Notepad")} | self.api.stack
        self.api.active = id
        return Window(id, f"{name} - Notepad", "Program7", "program7", 7, USUAL)

    def private(self) -> Window:
        self.api.programs[9] = r"C:\Program Files\Vault\vault.exe"
        self.api.stack = {5: Hwnd("Vault", pid=9, bounds=Bounds(1, 2, 30, 40))} | self.api.stack
        self.api.active = 5
        return Window(5, "Vault", "Vault", "vault", 9, Bounds(1, 2, 30, 40))

    def text(self, window: Window) -> str:
        return ""


class TestUser32(PortContract):
    @pytest.fixture
    def rig(self) -> User32Rig:
        return User32Rig()

    # What stubs stand for is tried with the stub itself.
    test_a_window_that_is_gone_has_no_picture = None
    test_a_window_is_pictured_in_its_own_size_and_its_black_parts_too = None


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def titles(api: FakeApi) -> list[str]:
    return [window.title for window in PortableWindows(User32(api)).list()]


def test_only_what_a_person_calls_a_window_is_listed(api: FakeApi) -> None:
    api.stack = {
        1: Hwnd("notes.txt - Notepad"),
        2: Hwnd("", pid=8),
        3: Hwnd("Program Manager", kind="Progman"),
        4: Hwnd("palette", style=TOOL_WINDOW),
        5: Hwnd("a palette that wants to be a window", style=TOOL_WINDOW | APP_WINDOW),
        6: Hwnd("asleep", cloaked=True),
        7: Hwnd("invisible", visible=False),
        8: Hwnd("Save As", kind="#32770", style=TOOL_WINDOW),
        9: Hwnd("ours", pid=os.getpid()),
        10: Hwnd("small", minimised=True),
    }
    assert titles(api) == ["notes.txt - Notepad", "a palette that wants to be a window", "Save As", "small"]
    windows = PortableWindows(User32(api)).list()
    assert [window.dialog for window in windows] == [False, False, True, False]


def test_a_program_has_the_name_of_its_file(api: FakeApi) -> None:
    api.stack = {1: Hwnd("Inbox", pid=8)}
    api.programs[8] = r"C:\Program Files\Mozilla Thunderbird\thunderbird.exe"
    (window,) = PortableWindows(User32(api)).list()
    assert (window.application, window.program) == ("Thunderbird", "thunderbird")


def test_a_menu_counts_as_the_active_window_of_its_own_process_only(api: FakeApi) -> None:
    api.stack = {9: Hwnd("", kind="#32768", pid=7), 1: Hwnd("notes.txt"), 2: Hwnd("other", pid=8)}
    api.active, api.menu_at = 1, 9
    windows = PortableWindows(User32(api))
    notes, other = windows.list()
    assert windows.reaches(notes, 5, 5)
    assert not windows.reaches(other, 5, 5)


def test_monitors_have_the_scale_of_their_dots(api: FakeApi) -> None:
    assert User32(api).monitors() == (
        Monitor(Bounds(0, 0, 1920, 1080), 1.0),
        Monitor(Bounds(1920, 0, 3840, 2160), 1.5),
    )


def trait(title: str, x: int = 0, pid: int = 7, native: str = "") -> Trait:
    return Trait(pid, native, title, Bounds(x, 0, 100, 100))


def test_a_window_keeps_its_number_when_its_title_or_its_place_changes() -> None:
    identities = Identities()
    first, second = identities.number([trait("a"), trait("b", x=500)])
    assert identities.number([trait("b", x=500), trait("*a")]) == [second, first]
    assert identities.number([trait("*a", x=50), trait("b", x=500)]) == [first, second]


def test_a_window_that_the_toolkit_names_is_told_by_that_alone() -> None:
    identities = Identities()
    (first,) = identities.number([trait("a", native="one")])
    assert identities.number([trait("a", native="two")]) == [first + 1]
    assert identities.number([trait("b", x=9, native="two")]) == [first + 1]


def test_numbers_are_never_given_again() -> None:
    identities = Identities()
    (first,) = identities.number([trait("a")])
    assert identities.number([]) == []
    assert identities.number([trait("a")]) != [first]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(1, 2)), max_size=6))
def test_no_two_windows_have_the_same_number(windows: list[tuple[str, int, int]]) -> None:
    identities = Identities()
    for _ in range(2):
        numbers = identities.number([trait(title, x, pid) for title, x, pid in windows])
        assert len(set(numbers)) == len(windows)
