"""What can only be seen, on a real (virtual) display: covered windows, text without a tree, points of a picture."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image
from Xlib.display import Display

from agent.broker import Broker, Grants, Policy
from agent.cancel import Cancel
from agent.context import Profile
from agent.conversation import Conversation
from agent.coordinates import GEMMA, Mapper
from agent.engine.scripted import Reply, ScriptedEngine
from agent.events import Outcome
from agent.journal import Journal
from agent.loop import Errand, Ports, Task
from agent.messages import Picture, Request, ToolCall, ToolMessage
from agent.session import Sessions
from agent.sight import SEEN_BEFORE
from agent.storage import Storage
from agent.tool import Tool, ToolResult
from app.family import desktop_tools
from tests.tools.context import Context
from tests.virtual_desktop import VirtualDesktop
from tools import act
from tools.desktop import composite
from tools.desktop.capture import AS_ON_SCREEN, MssCapture
from tools.desktop.port import Bounds, Desktop, Window
from tools.desktop.waiting import until
from tools.desktop.x11 import Connection
from tools.files.workspace import Workspace
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


def test_the_server_draws_only_the_latest_windows_aside(
    desktop: VirtualDesktop, ports: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composite, "MOST_ASIDE", 1)
    capture = composite.CompositeCapture(Connection())
    below = [terminal(desktop, ports, text) for text in (LISTING, "two\n")]
    alone = [capture.window(below[1])]
    alone.insert(0, ports.capture.window(below[0]))
    over = terminal(desktop, ports, "something else\n", at="+900+600")
    move(over, below[0].bounds.x, below[0].bounds.y)
    assert until(lambda: ports.windows.find(over.id) != over or None, 5, Cancel())
    for _ in range(2):
        assert [capture.window(window).rgb for window in below] == [each.rgb for each in alone]


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
    assert ports.capture.window(outside).rgb == whole.rgb


def test_a_grab_that_may_show_what_covers_a_window_says_so_and_hides_what_is_private(
    desktop: VirtualDesktop, ports: Desktop
) -> None:
    window = terminal(desktop, ports, LISTING)
    private = Bounds(window.bounds.x, window.bounds.y, 20, 10)
    picture = MssCapture().window(window, above=[private])
    assert picture.label == AS_ON_SCREEN
    assert picture.rgb[: 20 * 3] == bytes(20 * 3)
    assert ports.capture.window(window, above=[private]).label == ""
    opened(desktop, ports, "galculator", "galculator")
    told = Screen(replace(ports, capture=MssCapture())).look(window, Cancel()).text().splitlines()[1]
    assert told == AS_ON_SCREEN


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


@dataclass
class Pointing:
    """The real tools and the real loop, and a script in place of a model that sees as Gemma does: it is asked for each
    step with the pictures it was shown."""

    ports: Desktop
    folder: Path

    def run(self, script: Callable[[Pointing], Iterator[Reply]]) -> Outcome:
        self.screen = Screen(self.ports)
        self.screen.pictured, self.screen.views.points = True, GEMMA
        family = desktop_tools(self.ports, self.screen, Workspace(self.folder, self.folder))
        storage = Storage(self.folder / "deskhand.db")
        sessions = Sessions(storage)
        self.conversation = Conversation(sessions, sessions.create())
        self.engine = ScriptedEngine(script(self))
        ports = Ports(
            engine=self.engine,
            tools={tool.name: tool for tool in family},
            broker=Broker(Policy("ask", self.folder, self.folder), Grants(storage)),
            journal=Journal(storage, self.folder / "journal"),
            ask=lambda question, cancel: "allow",
            emit=lambda event: None,
            saw=self._saw,
        )
        profile = Profile(observation_chars=4000, max_steps=9, max_seconds=60, sees=True, points=GEMMA)
        errand = Errand(Request(text="press the seven in Galculator"), self.conversation)
        try:
            return Task(errand=errand, ports=ports, profile=profile, system="", context_tokens=8192).run()
        finally:
            storage.close()

    def last_read(self, tool: str = "") -> ToolMessage:
        """The newest result, of ``tool`` if that is said."""
        results = [message for message in self.conversation.messages if isinstance(message, ToolMessage)]
        return next(message for message in reversed(results) if tool in ("", message.name))

    def _saw(self, pictures: tuple[Picture, ...]) -> None:
        self.screen.views.shown = pictures


def call(name: str, /, **arguments: str) -> ToolCall:
    return ToolCall(id=name, name=name, arguments=arguments)


def in_thousandths(picture: Picture, bounds: Bounds) -> dict[str, str]:
    """The middle of ``bounds`` as Gemma would name it in ``picture``."""
    mapper = Mapper.of(picture, GEMMA)
    assert mapper is not None
    x, y = mapper.named(*bounds.centre)
    return {"x": str(x), "y": str(y)}


def bounds_of(ports: Desktop, window: Window, name: str) -> Bounds:
    """Where the control called ``name`` is, once it is there."""

    def found() -> Bounds | None:
        seen = Screen(ports).read(window)
        controls = seen.controls if seen else ()
        return next((each.node.bounds for each in controls if each.node.name == name), None)

    bounds = until(found, 10, Cancel())
    assert bounds
    return bounds


def calculator(desktop: VirtualDesktop, ports: Desktop) -> Window:
    """Galculator, drawn and readable."""
    window = opened(desktop, ports, "galculator", "galculator")
    bounds_of(ports, window, "7")
    assert until(lambda: still(ports, window.bounds), 10, Cancel())
    return window


def test_a_model_that_sees_clicks_a_real_button_by_its_place_in_the_picture(
    desktop: VirtualDesktop, ports: Desktop, tmp_path: Path
) -> None:
    window = calculator(desktop, ports)

    def script(pointing: Pointing) -> Iterator[Reply]:
        yield call("look")
        (monitor,) = pointing.last_read().pictures
        assert (monitor.width, monitor.height) == (desktop.width, desktop.height)
        yield call("click_at", **in_thousandths(monitor, bounds_of(ports, window, "7")))
        yield call("look_closer", what="7")
        (closer,) = pointing.last_read().pictures
        yield call("click_at", **in_thousandths(closer, bounds_of(ports, window, "7")))
        yield "Done."

    pointing = Pointing(ports, tmp_path)
    outcome = pointing.run(script)

    clicks = [
        m for m in pointing.conversation.messages if isinstance(m, ToolMessage) and m.name == "click_at"
    ]
    assert [message.content for message in clicks] == ['clicked button "7"'] * 2
    assert outcome.status == "confirmed"
    assert 'text "" = "77"' in pointing.screen.look(window, Cancel()).text()


def test_a_click_is_refused_where_the_screen_is_not_what_the_model_saw(
    desktop: VirtualDesktop, ports: Desktop, tmp_path: Path
) -> None:
    window = calculator(desktop, ports)

    def script(pointing: Pointing) -> Iterator[Reply]:
        yield call("look")
        (monitor,) = pointing.last_read().pictures
        seven = in_thousandths(monitor, bounds_of(ports, window, "7"))
        move(window, window.bounds.x, window.bounds.y + 20)
        assert until(lambda: ports.windows.find(window.id) != window or None, 5, Cancel())
        yield call("click_at", **seven)
        yield "It moved."

    pointing = Pointing(ports, tmp_path)
    pointing.run(script)

    assert pointing.last_read("click_at").content.startswith("refused: it looks different there")
    assert 'text "" = "0"' in pointing.screen.look(window, Cancel()).text()


def test_a_closer_look_has_the_pixels_of_the_screen_and_is_shown_once(
    desktop: VirtualDesktop, ports: Desktop, tmp_path: Path
) -> None:
    calculator(desktop, ports)

    def script(pointing: Pointing) -> Iterator[Reply]:
        yield call("look")
        yield call("look_closer", what="7")
        (closer,) = pointing.last_read().pictures
        assert closer.place is not None
        assert closer.rgb == ports.capture.grab(Bounds(*closer.place)).rgb
        assert closer.budget >= closer.width * closer.height // 48**2
        yield call("look_closer", what=" 7 ")
        yield "It is a seven."

    pointing = Pointing(ports, tmp_path)
    pointing.run(script)

    assert pointing.last_read().pictures == ()
    assert pointing.last_read().content.endswith(SEEN_BEFORE)


def test_a_window_behind_others_is_looked_at_and_saved_by_itself(
    desktop: VirtualDesktop, ports: Desktop, tmp_path: Path
) -> None:
    below = terminal(desktop, ports, LISTING)
    over = calculator(desktop, ports)
    alone = ports.capture.window(below)
    move(over, below.bounds.x, below.bounds.y)
    assert until(lambda: ports.capture.grab(below.bounds).rgb != alone.rgb or None, 5, Cancel())
    screen = Screen(ports)
    screen.pictured = True
    screen.look(below, Cancel())
    assert [picture.rgb for picture in screen.pictures(below)] == [alone.rgb]
    family = desktop_tools(ports, screen, Workspace(tmp_path, tmp_path))
    assert done(tool_named(family, "screenshot"), path="below", window="xterm").status == "confirmed"
    with Image.open(tmp_path / "below.png") as saved:
        assert saved.convert("RGB").tobytes() == alone.rgb


@pytest.fixture
def two_monitors(desktop: VirtualDesktop) -> Iterator[None]:
    """The screen as two monitors beside each other, each 960 wide."""
    env = dict(desktop.env)
    for name, corner, output in (("left", "+0+0", "screen"), ("right", "+960+0", "none")):
        place = f"960/250x1080/280{corner}"
        subprocess.run(
            ["xrandr", "--setmonitor", name, place, output], env=env, check=True, capture_output=True
        )
    yield
    for name in ("left", "right"):
        subprocess.run(["xrandr", "--delmonitor", name], env=env, check=True, capture_output=True)


@pytest.mark.usefixtures("two_monitors")
def test_a_point_of_a_picture_of_the_second_monitor_is_on_the_second_monitor(
    desktop: VirtualDesktop, ports: Desktop, tmp_path: Path
) -> None:
    id = calculator(desktop, ports).id
    move(ports.windows.list()[0], 1300, 200)
    assert until(lambda: any(each.bounds.x > 1200 for each in ports.windows.list()) or None, 5, Cancel())
    window = ports.windows.find(id)
    assert window is not None

    def script(pointing: Pointing) -> Iterator[Reply]:
        yield call("look")
        (monitor,) = pointing.last_read().pictures
        assert monitor.place == (960, 0, 960, 1080)
        yield call("click_at", **in_thousandths(monitor, bounds_of(ports, window, "7")))
        yield "Done."

    pointing = Pointing(ports, tmp_path)
    assert pointing.run(script).status == "confirmed"
    assert 'text "" = "7"' in pointing.screen.look(window, Cancel()).text()
