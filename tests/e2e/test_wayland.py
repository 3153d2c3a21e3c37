"""A real Wayland desktop: what can be done there is done, and what cannot is said."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from agent.cancel import Cancel
from agent.errors import DesktopError
from tests.headless_wayland import NoWaylandError, WaylandDesktop, headless_wayland
from tools.desktop import connect
from tools.desktop.platforms import EVERYWHERE, LIMITS, session
from tools.desktop.port import Desktop, Node, Window, walk
from tools.desktop.waiting import until

pytestmark = pytest.mark.e2e

PRIVATE = "vault-of-ada"


@pytest.fixture(scope="module")
def wayland() -> Iterator[WaylandDesktop]:
    try:
        with headless_wayland() as desktop, mock.patch.dict("os.environ", desktop.env, clear=True):
            yield desktop
    except NoWaylandError as missing:
        pytest.skip(f"no Wayland desktop: {missing}")


@pytest.fixture(scope="module")
def ports(wayland: WaylandDesktop) -> Desktop:
    assert session() == "wayland"
    return connect(private_applications=(PRIVATE.title(),))


@contextmanager
def started(wayland: WaylandDesktop, *command: str) -> Iterator[None]:
    with subprocess.Popen(
        command, env=dict(wayland.env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.kill()


def shown(ports: Desktop, title: str, role: str, name: str = "") -> tuple[Window, Node]:
    def look() -> tuple[Window, Node] | None:
        window = next((each for each in ports.windows.list() if title in each.title), None)
        tree = ports.accessibility.read(window) if window else None
        nodes = walk(tree) if tree else ()
        node = next((each for each in nodes if each.role == role and name in ("", each.name)), None)
        return (window, node) if window and node else None

    found = until(look, 30, Cancel())
    assert found is not None
    return found


def test_controls_are_read_and_texts_are_set_although_nobody_knows_where_they_are(
    wayland: WaylandDesktop, ports: Desktop
) -> None:
    with started(wayland, "mousepad", "--disable-server"):
        window, text = shown(ports, "Mousepad", "text")
        assert (window.application, window.bounds.x, window.bounds.y) == ("Mousepad", 0, 0)
        assert text.bounds is None
        assert ports.accessibility.set_text(text.key, "Grüße 你好")
        now = ports.accessibility.find(window, text.key)
        assert now is not None
        assert now.value == "Grüße 你好"


def test_a_button_is_pressed_through_its_tree(wayland: WaylandDesktop, ports: Desktop) -> None:
    with started(wayland, "gnome-calculator"):
        _, seven = shown(ports, "Calculator", "button", "7")
        assert ports.accessibility.press(seven.key)
        assert until(lambda: shown(ports, "Calculator", "text")[1].value == "7", 10, Cancel())


def test_what_wayland_does_not_let_us_do_is_said(wayland: WaylandDesktop, ports: Desktop) -> None:
    with started(wayland, "mousepad", "--disable-server"):
        window, _ = shown(ports, "Mousepad", "text")
        assert not ports.windows.focus(window)
        assert not ports.windows.reaches(window, 10, 10)
        for tried, ability in (
            (lambda: ports.keyboard.type("x"), "keys"),
            (lambda: ports.pointer.click(1, 1), "pointer"),
            (lambda: ports.windows.close(window), "close"),
            (lambda: ports.capture.window(window), "covered"),
        ):
            with pytest.raises(DesktopError) as trouble:
                tried()
            assert trouble.value.what == LIMITS["wayland"][ability]
        with pytest.raises(DesktopError, match="xdg-desktop-portal"):
            ports.capture.monitor(0, 0)


def test_a_private_application_is_not_listed_and_hides_the_screen(
    wayland: WaylandDesktop, ports: Desktop, tmp_path: Path
) -> None:
    program = shutil.which("galculator")
    assert program is not None
    assert ports.windows.hidden() == ()
    with started(wayland, shutil.copy(program, tmp_path / PRIVATE)):
        assert until(ports.windows.hidden, 20, Cancel()) == (EVERYWHERE,)
        assert ports.windows.list() == ()


@pytest.mark.parametrize("text", ["milk", "two\nlines 你好 🎉", ""])
def test_what_is_copied_is_read_back(wayland: WaylandDesktop, ports: Desktop, text: str) -> None:
    ports.clipboard.write(text)
    assert ports.clipboard.read() == text


def test_an_x_server_that_stands_in_for_wayland_is_known_whatever_the_environment_says(
    wayland: WaylandDesktop,
) -> None:
    code = "from tools.desktop.on_x11 import stands_in_for_wayland as answer; print(answer())"
    result = subprocess.run(
        (*wayland.as_owner, sys.executable, "-B", "-c", code),
        env={"PATH": wayland.env["PATH"], "XDG_SESSION_TYPE": "x11", "DISPLAY": wayland.display},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("True\n", "")
