"""Values of real fields, lists and cells: set whatever way the application takes, read back, and told as they are."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.pages import open_in_chromium, open_in_firefox
from tests.e2e.test_desktop_tools import Hands, eventually
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.port import Desktop

pytestmark = pytest.mark.e2e

START_SECONDS = 60.0
BROWSERS = {"chromium": open_in_chromium, "firefox": open_in_firefox}
TEXT = 'Ada "Grace" 你好 🎉'


@pytest.fixture
def hands(clear_desktop: Desktop, desktop: VirtualDesktop, tmp_path: Path) -> Hands:
    return Hands(clear_desktop, tmp_path)


@pytest.fixture(params=BROWSERS)
def page(request: pytest.FixtureRequest, hands: Hands, desktop: VirtualDesktop, tmp_path: Path) -> Hands:
    BROWSERS[request.param](desktop, tmp_path)
    eventually(lambda: hands.ports.windows.front(), START_SECONDS)
    eventually(lambda: 'button "Send"' in hands.say("look"), START_SECONDS)
    return hands


def test_a_form_in_a_browser_is_filled_in_and_what_could_not_be_set_is_said(page: Hands) -> None:
    name = page.do("set_value", name="Full name", value=TEXT)
    assert (name.status, name.content) == ("confirmed", f'"Full name" is now "{TEXT}"')
    assert page.say("set_value", name="Pieces", value="42") == '"Pieces" is now "42"'
    assert page.say("set_value", name="Volume", value="7") == '"Volume" is now "7"'
    assert page.say("set_value", name="Colour", value="Blue") == '"Colour" is now "Blue"'
    assert page.say("set_value", name="Newsletter", value="on") == '"Newsletter" is now checked'
    assert page.do("set_value", name="Notes", value="one\ntwo").status == "confirmed"

    fixed = page.do("set_value", name="Fixed", value="theirs")
    assert fixed.content in ('error: "Fixed" still reads "ours"', 'error: "Fixed" is disabled')
    assert page.say("press", name="Delete") == 'error: "Delete" is disabled'

    assert page.do("press", name="Send").status == "confirmed"
    eventually(lambda: f'window "Sent {TEXT}' in page.say("look"))


def test_a_control_far_down_a_page_is_scrolled_to_and_pressed(page: Hands) -> None:
    assert page.do("scroll", to="Far away").status == "confirmed"
    assert page.do("press", name="Far away").status == "confirmed"
    eventually(lambda: 'window "Far pressed' in page.say("look"))


def test_a_page_is_saved_through_the_browsers_own_dialog(page: Hands) -> None:
    saved = page.do("save_as", path="order copy.html")
    assert saved.status == "confirmed", saved
    assert "Newsletter" in (page.workspace / "order copy.html").read_text()


@pytest.fixture
def qt(hands: Hands, desktop: VirtualDesktop) -> Hands:
    desktop.start(sys.executable, "-m", "tests.e2e.qt_form", cwd=Path.cwd())
    eventually(lambda: hands.ports.windows.front(), START_SECONDS)
    eventually(lambda: '"News"' in hands.say("look"), START_SECONDS)
    return hands


def test_a_form_of_qts_is_filled_in_and_an_option_that_is_not_there_changes_nothing(qt: Hands) -> None:
    assert qt.say("set_value", name="Name", value=TEXT) == f'"Name" is now "{TEXT}"'
    assert qt.say("set_value", name="Colour", value="Light blue") == '"Colour" is now "Light blue"'
    assert qt.say("set_value", name="Colour", value="Purple") == (
        'error: "Colour" has no "Purple"; there are: "Red", "Green", "Blue", "Light blue"'
    )
    assert qt.say("set_value", name="Pieces", value="42") == '"Pieces" is now "42"'
    assert qt.say("set_value", name="Volume", value="7") == '"Volume" is now "7"'
    assert qt.say("set_value", name="News", value="on") == '"News" is now checked'
    assert 'combo "Colour" = "Light blue" collapsed' in qt.say("look")


def test_an_item_is_dragged_to_another_place_in_its_list(qt: Hands) -> None:
    dragged = qt.do("drag", name="one", to="three")
    assert (dragged.status, dragged.content) == ("confirmed", 'dragged "one" to "three"')
    items = [line.split('"')[1] for line in qt.say("look").split("\n") if " item " in line]
    assert sorted(items) == ["four", "one", "three", "two"]
    assert items.index("one") > items.index("two")


@pytest.fixture
def calc(hands: Hands, desktop: VirtualDesktop) -> Hands:
    desktop.start("env", "SAL_USE_VCLPLUGIN=gtk3", "localc", "--norestore", "--nologo")
    eventually(lambda: hands.ports.windows.front(), START_SECONDS)
    eventually(lambda: "A1" in hands.say("look"), START_SECONDS)
    return hands


def test_cells_are_filled_in_by_their_address_and_saved_as_csv(calc: Hands) -> None:
    for address, value in (("A1", "Tea"), ("B1", "3.5"), ("A2", "茶"), ("B2", "4")):
        filled = calc.do("set_value", name=address, value=value)
        assert (filled.status, filled.content) == ("confirmed", f'"{address}" is now "{value}"')
    assert calc.say("set_value", name="B3", value="=SUM(B1:B2)") == '"B3" is now "7.5"'

    saved = calc.do("save_as", path="prices.csv")
    assert saved.status == "confirmed", saved
    assert (calc.workspace / "prices.csv").read_text() == "Tea,3.5\n茶,4\n,7.5\n"


def test_a_letter_is_saved_in_the_format_that_its_name_says(hands: Hands, desktop: VirtualDesktop) -> None:
    desktop.start("env", "SAL_USE_VCLPLUGIN=gtk3", "lowriter", "--norestore", "--nologo")
    eventually(lambda: hands.ports.windows.front(), START_SECONDS)
    eventually(lambda: 'text ""' in hands.say("look"), START_SECONDS)
    assert hands.do("type_text", text="Dear Ada, 你好").status == "confirmed"

    assert hands.do("save_as", path="letter.odt").status == "confirmed"
    with zipfile.ZipFile(hands.workspace / "letter.odt") as letter:
        assert "Dear Ada, 你好" in letter.read("content.xml").decode()
    assert hands.do("save_as", path="letter.txt").status == "confirmed"
    assert (hands.workspace / "letter.txt").read_text("utf-8-sig").strip() == "Dear Ada, 你好"
