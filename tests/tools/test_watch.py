"""Waiting: what ends it, what is told when nothing did, and that looking stays cheap."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cancel import Cancel, Cancelled
from agent.errors import DeskhandError, DesktopError
from agent.tool import ToolResult
from tests.tools.context import Context
from tests.tools.stub_desktop import StubAccessibility, StubDesktop, window
from tools import watch, watched
from tools.desktop.port import Bounds, Node, Window
from tools.files.workspace import Workspace
from tools.screen import Screen


class Page(StubAccessibility):
    """Every window shows these labels, and a progress bar when it has a number."""

    def __init__(self, *labels: str, progress: str = "") -> None:
        self.labels = list(labels)
        self.progress = progress
        self.busy = False

    def read(self, window: Window) -> Node | None:
        if self.busy:
            raise DesktopError("The application does not answer; nothing more was done in it.")
        nodes = [Node(label, "label", label, "", frozenset(), None) for label in self.labels]
        if self.progress:
            nodes.append(Node("bar", "progress", "Copying", self.progress, frozenset(), None))
        return Node("top", "dialog", window.title, "", frozenset(), Bounds(0, 0, 8, 8), tuple(nodes))


class Waiter:
    """`wait_for` on a stub desktop, with ``then`` done after its first look."""

    def __init__(self, folder: Path, *windows: Window) -> None:
        self.desktop = StubDesktop(*windows)
        self.page = Page("Loading")
        object.__setattr__(self.desktop.ports, "accessibility", self.page)
        self.context = Context()
        eyes = Screen(self.desktop.ports)
        (self.tool,) = watch.tools(self.desktop.ports, eyes, Workspace(folder, folder))

    def wait(
        self, *, then: Callable[[], object] = lambda: None, minutes: str = "1", **said: str
    ) -> ToolResult:
        arguments = self.tool.arguments(minutes=minutes, **said)
        assert self.tool.effect(arguments).verb in ("look", "read")
        assert self.tool.title(arguments).startswith("Wait ")
        with after_the_first_look(self.context, then):
            return self.tool.run(arguments, self.context)


@contextmanager
def after_the_first_look(context: Context, then: Callable[[], object]) -> Iterator[None]:
    def progress(text: str) -> None:
        context.told.append(text)
        if len(context.told) == 1:
            then()

    context.progress = progress  # type: ignore[method-assign]
    yield


@pytest.fixture
def waiter(tmp_path: Path) -> Waiter:
    return Waiter(tmp_path, window(1, "Pad", title="notes.txt"), window(2, "Files", title="Copying"))


def test_text_that_appears_in_the_front_window_ends_the_wait(waiter: Waiter) -> None:
    result = waiter.wait(
        event="text appears", what="all  DONE", then=lambda: waiter.page.labels.append("It is all done now")
    )
    assert result.status == "confirmed"
    assert result.content.startswith('text appears "all  DONE": after ')
    assert result.evidence == 'it reads "It is all done now"'
    assert waiter.context.told == ['waiting: text appears "all  DONE", 0 s']


def test_what_is_so_from_the_start_is_told_as_such(waiter: Waiter) -> None:
    assert 'text appears "loading": at once; ' in waiter.wait(event="text appears", what="loading").content


def test_text_that_vanishes_ends_the_wait_and_so_does_its_window(waiter: Waiter) -> None:
    assert (
        waiter.wait(event="text vanishes", what="Loading", then=waiter.page.labels.clear).status
        == "confirmed"
    )
    waiter.page.labels = ["Loading"]
    waiter.context.told.clear()
    gone = waiter.wait(event="text vanishes", what="Loading", then=waiter.desktop.windows.open.clear)
    assert (gone.status, gone.evidence) == ("confirmed", "the window closed")


def test_text_in_a_window_that_closes_never_comes(waiter: Waiter) -> None:
    result = waiter.wait(event="text appears", what="done", then=waiter.desktop.windows.open.clear)
    assert result.status == "failed"
    assert result.evidence.endswith("the window closed")


def test_an_application_that_is_busy_is_waited_for(waiter: Waiter) -> None:
    waiter.page.busy = True

    def answer() -> None:
        waiter.page.busy, waiter.page.labels = False, ["done"]

    assert waiter.wait(event="text appears", what="done", then=answer).status == "confirmed"


def test_time_that_is_up_is_an_ordinary_result_with_what_was_seen_last(waiter: Waiter) -> None:
    result = waiter.wait(event="text appears", what="done", minutes="0.3 seconds")
    assert result.status == "suspected_noop"
    assert result.content == 'text appears "done": not within 0 s; its text ends with "notes.txt Loading"'
    assert result.evidence == 'time is up: its text ends with "notes.txt Loading"'


def test_a_stop_ends_the_wait_at_once(waiter: Waiter) -> None:
    with pytest.raises(Cancelled):
        waiter.wait(event="text appears", what="done", then=waiter.context.cancel.request)
    assert len(waiter.context.told) == 1


def test_any_new_window_or_one_by_its_name_is_waited_for(waiter: Waiter) -> None:
    stack = waiter.desktop.windows.open
    new = waiter.wait(event="window opens", then=lambda: stack.insert(0, window(3, "Pad", title="Save As")))
    assert (new.status, new.evidence) == ("confirmed", '"Save As" in Pad is open')
    waiter.context.told.clear()
    named = waiter.wait(event="window opens", what="print", then=lambda: stack.append(window(4, "Print")))
    assert named.evidence == '"a window of Print" in Print is open'


def test_a_window_with_a_similar_name_is_not_the_one_that_is_waited_for(waiter: Waiter) -> None:
    result = waiter.wait(event="window opens", what="Copying finished", minutes="0.3 seconds")
    assert (result.status, result.evidence) == ("suspected_noop", "time is up: 2 windows are open")


def test_a_window_that_closes_ends_the_wait_and_one_that_is_not_there_is_said(waiter: Waiter) -> None:
    stack = waiter.desktop.windows.open
    closed = waiter.wait(event="window closes", what="copying", then=lambda: stack.pop())
    assert (closed.status, closed.evidence) == ("confirmed", '"Copying" is closed')
    none = waiter.wait(event="window closes", what="printing")
    assert none.content == 'error: no window called "printing"; open: "notes.txt"'


def test_progress_ends_when_it_is_full_or_gone(waiter: Waiter) -> None:
    def at(value: str) -> Callable[[], None]:
        return lambda: setattr(waiter.page, "progress", value)

    at("42%")()
    full = waiter.wait(event="progress ends", window="Copying", then=at("100%"))
    assert (full.status, full.evidence) == ("confirmed", "it was at 100%")
    at("42%")()
    waiter.context.told.clear()
    gone = waiter.wait(event="progress ends", what="copy", then=at(""))
    assert (gone.status, gone.evidence) == ("confirmed", "the progress bar is gone")
    none = waiter.wait(event="progress ends")
    assert (none.status, none.evidence) == (
        "failed",
        "progress ends: not after 0 s; there is no progress bar",
    )


def test_a_file_that_comes_or_changes_ends_the_wait(waiter: Waiter, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    came = waiter.wait(event="file appears", what="report.txt", then=lambda: file.write_text("hello"))
    assert (came.status, came.evidence) == ("confirmed", "it has 5 bytes")
    waiter.context.told.clear()
    changed = waiter.wait(event="file changes", what="report.txt", then=lambda: file.write_text("hello you"))
    assert (changed.status, changed.evidence) == ("confirmed", "it has 9 bytes")


def test_what_is_new_in_a_folder_is_named(waiter: Waiter, tmp_path: Path) -> None:
    folder = tmp_path / "Downloads"
    folder.mkdir()
    result = waiter.wait(event="file changes", what="downloads", then=(folder / "tax.pdf").touch)
    assert (result.status, result.evidence) == ("confirmed", '"tax.pdf" is new in it')


def test_a_file_is_finished_when_it_has_been_still_and_nothing_unfinished_lies_beside_it(
    tmp_path: Path,
) -> None:
    file, unfinished, now = tmp_path / "film.mp4", tmp_path / "film.mp4.part", [0.0]
    look = watched.for_finished(file, clock=lambda: now[0])

    def seen(at: float) -> watched.Glance:
        now[0] = at
        return look(Cancel())

    assert seen(10) == watched.Glance("it is not there")
    file.touch()
    unfinished.write_bytes(b"12345678")
    assert seen(20) == watched.Glance('"film.mp4.part" is still there')
    assert not seen(30).over
    unfinished.rename(file)
    assert not seen(31).over
    with file.open("ab") as more:
        more.write(b"9")
    assert not seen(33.9).over
    assert not seen(36.8).over
    assert seen(36.9) == watched.Glance("it has 9 bytes, unchanged for 3 s", over=True)


def test_the_effect_is_that_of_looking_at_the_same_thing(waiter: Waiter, tmp_path: Path) -> None:
    def effect(**said: str):
        return waiter.tool.effect(waiter.tool.arguments(**said))

    file = effect(event="file appears", what="a.txt")
    assert (file.verb, file.targets[0].value, file.changes) == ("read", str(tmp_path / "a.txt"), ())
    text = effect(event="text appears", what="done", window="Copying")
    assert (text.verb, [target.value for target in text.targets]) == ("look", ["Files"])
    assert effect(event="window opens").verb == "look"


@pytest.mark.parametrize(
    "said",
    [
        {"event": "text appears"},
        {"event": "file appears", "what": " "},
        {"event": "text appears", "what": "done", "minutes": "a long while"},
        {"event": "text appears", "what": "done", "minutes": "two days"},
    ],
)
def test_what_cannot_be_waited_for_is_said_before_it_begins(waiter: Waiter, said: dict[str, str]) -> None:
    with pytest.raises(DeskhandError):
        waiter.tool.effect(waiter.tool.arguments(**said))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("5", 300), ("2.5", 150), ("five minutes", 300), ("90 seconds", 90), ("half an hour", 1800),
     ("for an hour", 3600), ("1 hour and 20 minutes", 4800)],
)  # fmt: skip
def test_a_length_of_time_is_understood_as_people_say_it(said: str, seconds: float) -> None:
    assert watch.seconds_of(said) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (99, "99 s"), (300, "5 min"), (5999, "1 h 40 min"), (7200, "2 h 00 min")],
)
def test_a_length_of_time_is_told_as_people_say_it(seconds: float, said: str) -> None:
    assert watch.duration(seconds) == said


class Clock(Cancel):
    """Time passes only by waiting and by looking."""

    def __init__(self, costs: list[float]) -> None:
        super().__init__()
        self.now = self.busy = 0.0
        self._costs = iter(costs)

    def look(self, cancel: Cancel) -> watched.Glance:
        cost = next(self._costs, None)
        self.now += cost or 0.0
        self.busy += cost or 0.0
        return watched.Glance("", over=cost is None)

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


@given(st.lists(st.floats(min_value=0.0001, max_value=3), max_size=60))
def test_looking_takes_at_most_its_share_of_the_time_whatever_a_look_costs(costs: list[float]) -> None:
    clock = Clock(costs)
    waited = watched.watch(clock.look, 1e9, clock, lambda elapsed: None, lambda: clock.now)
    assert waited.looks == len(costs) + 1
    last = costs[-1] if costs else 0
    assert (
        clock.busy - last <= watched.BURST_SECONDS + watched.SHARE * clock.now + max(costs, default=0) + 1e-6
    )


def test_a_stop_during_a_long_pause_ends_it() -> None:
    cancel, paused = Cancel(), threading.Event()

    def look(_: Cancel) -> watched.Glance:
        return watched.Glance("nothing yet")

    def tell(_: float) -> None:
        paused.set()

    def stop() -> None:
        paused.wait()
        cancel.request()

    person = threading.Thread(target=stop)
    person.start()
    with pytest.raises(Cancelled):
        watched.watch(look, 3600, cancel, tell)
    person.join()


def test_a_stop_does_not_wait_for_a_look_that_hangs() -> None:
    cancel, answers = Cancel(), threading.Event()

    def look(_: Cancel) -> watched.Glance:
        cancel.request()
        answers.wait()
        return watched.Glance("at last", over=True)

    with pytest.raises(Cancelled):
        watched.watch(look, 3600, cancel, lambda elapsed: None)
    answers.set()


def test_what_goes_wrong_in_a_look_is_told() -> None:
    def look(_: Cancel) -> watched.Glance:
        raise DesktopError("The screen is gone.")

    with pytest.raises(DesktopError, match="The screen is gone"):
        watched.watch(look, 3600, Cancel(), lambda elapsed: None)
