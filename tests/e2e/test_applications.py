"""Real applications, opened by what people call them, on a virtual desktop."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
import pytest

from agent.cancel import Cancel
from agent.tool import ToolResult
from tests.tools.context import Context
from tests.virtual_desktop import VirtualDesktop
from tools import applications
from tools.desktop.launching import CHROMIUM_SWITCH
from tools.desktop.port import Desktop, Window
from tools.desktop.waiting import until

pytestmark = pytest.mark.e2e

CHROMIUM = """[Desktop Entry]
Type=Application
Name=Chromium Web Browser
GenericName=Web Browser
Exec=/usr/bin/chromium --no-sandbox --no-first-run %U
Categories=Network;WebBrowser;
MimeType=text/html;x-scheme-handler/http;x-scheme-handler/https;
StartupWMClass=chromium
"""
"""Without its sandbox, because tests run as root here."""


FAILING = """[Desktop Entry]
Type=Application
Name=Failing
Exec=false
"""


class Menu:
    """Opens applications as the loop does."""

    def __init__(self, ports: Desktop) -> None:
        self.ports = ports
        self._tools = {tool.name: tool for tool in applications.tools(ports)}

    def open(self, name: str) -> ToolResult:
        tool = self._tools["open_app"]
        arguments = tool.arguments(name=name)
        tool.effect(arguments)
        return tool.run(arguments, Context())

    def front(self) -> Window:
        window = self.ports.windows.front()
        assert window is not None
        return window


@pytest.fixture
def menu(clear_desktop: Desktop) -> Menu:
    return Menu(clear_desktop)


@pytest.fixture
def chromium(desktop: VirtualDesktop) -> None:
    needed("chromium")
    folder = desktop.home / ".local/share/applications"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chromium.desktop").write_text(CHROMIUM)


def needed(program: str) -> None:
    if shutil.which(program) is None:
        pytest.fail(f"{program} is not installed; ./dev setup installs what is missing")


@pytest.fixture
def choice(desktop: VirtualDesktop):
    """Writes the person's choice of an application for a type."""
    file = desktop.home / ".config/mimeapps.list"

    def choose(mime: str, id: str) -> None:
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"[Default Applications]\n{mime}={id}\n")

    yield choose
    file.unlink(missing_ok=True)


def test_the_browser_is_the_one_the_person_chose_and_shows_its_pages(
    menu: Menu, chromium: None, choice
) -> None:
    choice("x-scheme-handler/https", "chromium.desktop")

    opened = menu.open("the browser")

    assert opened.status == "confirmed", opened
    assert menu.front().program == "chromium"
    assert CHROMIUM_SWITCH in psutil.Process(menu.front().pid).cmdline()


def test_the_browser_without_a_choice_is_that_of_the_system(menu: Menu) -> None:
    needed("firefox-esr")

    opened = menu.open("the browser")

    assert opened.status == "confirmed", opened
    assert "firefox" in menu.front().program


@pytest.mark.parametrize("name", ["libre office calc", "spreadsheet"])
def test_the_spreadsheet_is_found_by_what_people_call_it(menu: Menu, name: str) -> None:
    needed("libreoffice")

    opened = menu.open(name)

    assert opened.status == "confirmed", opened
    assert opened.content.startswith("opened LibreOffice Calc, window ")
    tree = until(lambda: menu.ports.accessibility.read(menu.front()), 10, Cancel(), every=0.2)
    assert tree is not None


def test_the_file_manager_opens_and_a_second_time_again(menu: Menu) -> None:
    needed("thunar")

    first, second = menu.open("the file manager"), menu.open("thunar")

    assert [first.status, second.status] == ["confirmed", "confirmed"]
    assert {window.program for window in menu.ports.windows.list()} == {"thunar"}


def test_an_application_is_called_as_in_the_persons_language(
    menu: Menu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needed("gnome-calculator")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv(
        "XDG_DATA_HOME", str(tmp_path)
    )  # a folder that was not read yet, so the names are read anew

    opened = menu.open("Rechner")

    assert opened.status == "confirmed", opened
    assert opened.content.startswith("opened Taschenrechner, window ")


def test_one_that_runs_already_comes_to_the_front(menu: Menu) -> None:
    needed("gnome-calculator")
    menu.open("Calculator")
    menu.open("Mousepad")

    again = menu.open("the calculator")

    assert again.status == "confirmed", again
    assert "calculator" in menu.front().program


def test_a_name_that_could_be_several_is_asked_back(menu: Menu) -> None:
    needed("xterm")

    assert menu.open("term").content == (
        'error: "term" could be several applications; say which one: "UXTerm" or "XTerm"'
    )
    assert menu.ports.windows.list() == ()


def test_one_that_ended_with_an_error_is_not_waited_for(
    menu: Menu, desktop: VirtualDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desktop.home / ".local/share/applications"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "failing.desktop").write_text(FAILING)
    monkeypatch.setattr(applications, "START_SECONDS", 3600.0)

    assert menu.open("failing").content == "error: Failing did not open a window"


def test_the_terminal_is_that_of_the_system(menu: Menu) -> None:
    needed("x-terminal-emulator")

    assert menu.open("the terminal").status == "confirmed"
