"""The ring, the choice of a part of the screen, and the compact bar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from agent import events
from agent.errors import DesktopError
from agent.messages import Moment, Request
from app.qt import ring as ring_module
from app.qt.bar import Bar
from app.qt.over import Over
from app.qt.places import everything, pixels_of, to_pixels, to_units
from tests.app.qt import scenes
from tests.app.qt.conftest import Stage
from tests.app.qt.scripted_assistant import MOMENT
from tools.desktop.port import Bounds

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
POINTED = events.PointedAt(name="Save", label="Press this", bounds=(100, 120, 80, 30), window=7)


@pytest.fixture
def over(stage: Stage) -> Over:
    return stage.window.over


@pytest.fixture
def bar(stage: Stage, over: Over) -> Bar:
    """The bar, called over other applications."""
    stage.window.hide()
    over.call()
    stage.bot.waitUntil(over.bar.isVisible)
    stage.bot.waitUntil(lambda: over.bar.moment is not None)
    stage.bot.waitUntil(over.bar.edit.hasFocus)
    return over.bar


def choosing(stage: Stage) -> QWidget:
    """The overlay over the only monitor, the choice begun in the window."""
    stage.press(Qt.Key.Key_S, CONTROL | SHIFT)
    stage.bot.waitUntil(lambda: stage.window.over.picker is not None)
    picker = stage.window.over.picker
    assert picker is not None
    (veil,) = picker.veils
    stage.bot.waitUntil(veil.isVisible)
    return veil


def drag(stage: Stage, veil: QWidget, start: QPoint, end: QPoint) -> None:
    left = Qt.MouseButton.LeftButton
    stage.bot.mousePress(veil, left, pos=start)
    QTest.mouseMove(veil, (start + end) / 2)
    QTest.mouseMove(veil, end)
    stage.bot.mouseRelease(veil, left, pos=end)


# -- where things are -------------------------------------------------------------------------------------------------


def test_pixels_and_units_are_turned_into_each_other(stage: Stage) -> None:
    screen = stage.window.screen()
    assert everything() == pixels_of(screen)
    rect = QRect(10, 20, 300, 40)
    assert to_units(screen, to_pixels(screen, rect)).toRect() == rect


# -- a part of the screen ---------------------------------------------------------------------------------------------


def test_a_dragged_region_becomes_a_chip_that_can_be_taken_off(
    stage: Stage, find: Callable[[str], QWidget]
) -> None:
    stage.assistant.screen.moment = Moment(
        window="n", application="Mousepad", outline="", thumbnail=scenes.thumbnail(), part="region"
    )
    veil = choosing(stage)
    assert not stage.window.isVisible()  # it is not in the picture

    drag(stage, veil, QPoint(400, 500), QPoint(520, 560))

    stage.bot.waitUntil(lambda: stage.window.composer.moment is not None)
    (part,) = stage.assistant.screen.chosen
    assert (part.region.x, part.region.y, part.window) == (400, 500, 0)
    assert (part.region.width, part.region.height) == (121, 61)
    assert stage.window.isVisible()
    assert find("attachment").accessibleName() == "Part of Mousepad"
    find("remove-attachment").click()
    assert stage.window.composer.moment is None


def test_a_click_takes_the_front_window_beneath(stage: Stage) -> None:
    veil = choosing(stage)
    stage.bot.mouseClick(veil, Qt.MouseButton.LeftButton, pos=QPoint(250, 200))  # two are there
    stage.bot.waitUntil(lambda: bool(stage.assistant.screen.chosen))
    assert stage.assistant.screen.chosen[0].window == 7


def test_a_click_where_no_window_is_takes_the_monitor(stage: Stage) -> None:
    veil = choosing(stage)
    QTest.mouseMove(veil, QPoint(10, 700))
    stage.bot.mouseClick(veil, Qt.MouseButton.LeftButton, pos=QPoint(10, 700))
    stage.bot.waitUntil(lambda: bool(stage.assistant.screen.chosen))
    region = stage.assistant.screen.chosen[0].region
    assert (region.x, region.y, region.width, region.height) == pixels_of(stage.window.screen())


def test_windows_are_chosen_with_the_keyboard_too(stage: Stage) -> None:
    veil = choosing(stage)
    QTest.mouseMove(veil, QPoint(10, 700))
    stage.bot.keyClick(veil, Qt.Key.Key_Tab)
    stage.bot.keyClick(veil, Qt.Key.Key_Tab)
    stage.bot.keyClick(veil, Qt.Key.Key_Space)
    stage.bot.waitUntil(lambda: bool(stage.assistant.screen.chosen))
    assert stage.assistant.screen.chosen[0].window == 8


@pytest.mark.parametrize("how", ["escape", "right button"])
def test_leaving_takes_nothing_and_brings_the_window_back(stage: Stage, how: str) -> None:
    veil = choosing(stage)
    if how == "escape":
        stage.bot.keyClick(veil, Qt.Key.Key_Escape)
    else:
        stage.bot.mouseClick(veil, Qt.MouseButton.RightButton, pos=QPoint(5, 5))
    stage.bot.waitUntil(stage.window.isVisible)
    assert stage.assistant.screen.chosen == []
    assert stage.window.over.picker is None


def test_a_slip_of_the_pointer_is_a_click(stage: Stage) -> None:
    veil = choosing(stage)
    drag(stage, veil, QPoint(100, 100), QPoint(102, 101))
    stage.bot.waitUntil(lambda: bool(stage.assistant.screen.chosen))
    assert stage.assistant.screen.chosen[0].window == 7


def test_the_last_part_is_taken_again_by_one_key(stage: Stage) -> None:
    veil = choosing(stage)
    drag(stage, veil, QPoint(400, 500), QPoint(520, 560))
    stage.bot.waitUntil(lambda: stage.window.composer.moment is not None)
    stage.window.composer.clear()

    stage.press(Qt.Key.Key_R, CONTROL | SHIFT)

    stage.bot.waitUntil(lambda: stage.window.composer.moment is not None)
    first, again = stage.assistant.screen.chosen
    assert first == again


def test_a_window_that_moved_is_taken_where_it_is(stage: Stage) -> None:
    veil = choosing(stage)
    stage.bot.mouseClick(veil, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    stage.bot.waitUntil(lambda: stage.window.composer.moment is not None)
    sight = stage.assistant.screen
    moved = replace(sight.windows[0], bounds=Bounds(300, 300, 300, 200))
    sight.windows = (moved, *sight.windows[1:])
    stage.press(Qt.Key.Key_R, CONTROL | SHIFT)
    stage.bot.waitUntil(lambda: len(sight.chosen) == 2)
    assert sight.chosen[1].region == moved.bounds


def test_a_screen_that_cannot_be_read_is_a_row(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def freeze(region: object) -> None:
        raise DesktopError("The screen could not be read. Nothing was sent.", "Log in to a desktop.")

    monkeypatch.setattr(stage.assistant.screen, "freeze", freeze)
    stage.window.choose_part()
    stage.bot.waitUntil(lambda: stage.window.conversation.findChild(QWidget, "notice") is not None)
    assert stage.window.isVisible()


def test_a_ring_that_cannot_be_looked_after_does_not_end_a_choice(
    stage: Stage, over: Over, monkeypatch: pytest.MonkeyPatch
) -> None:
    veil = choosing(stage)

    def whereabouts(window: int, x: int, y: int) -> None:
        raise DesktopError("The screen went away.")

    monkeypatch.setattr(stage.assistant.screen, "whereabouts", whereabouts)
    with stage.bot.waitSignal(over.trouble):
        stage.play(POINTED)

    assert veil.isVisible()
    assert not stage.window.isVisible()
    stage.bot.keyClick(veil, Qt.Key.Key_Escape)
    stage.bot.waitUntil(stage.window.isVisible)


# -- the ring ---------------------------------------------------------------------------------------------------------


def test_what_is_pointed_at_gets_a_ring_that_takes_no_input(stage: Stage, over: Over) -> None:
    stage.play(POINTED)
    stage.bot.waitUntil(over.ring.isVisible)
    flags = over.ring.windowFlags()
    assert flags & Qt.WindowType.WindowTransparentForInput
    assert flags & Qt.WindowType.WindowDoesNotAcceptFocus
    around = over.ring.shape.translated(over.ring.pos())
    assert around.contains(QRect(100, 120, 80, 30))


def test_the_ring_goes_by_itself(stage: Stage, over: Over) -> None:
    over.ring._shown.setInterval(40)
    stage.play(POINTED)
    stage.bot.waitUntil(over.ring.isVisible)
    with stage.bot.waitSignal(over.ring.gone):
        pass
    assert not over.ring.isVisible()


def test_who_wants_no_motion_sees_no_fading(
    stage: Stage, over: Over, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring_module, "_still", lambda: True)
    stage.play(POINTED)
    stage.bot.waitUntil(over.ring.isVisible)
    over.ring._fade_out()
    assert not over.ring.isVisible()


@pytest.mark.parametrize("now", [None, (200, 60, 300, 200)], ids=["closed", "moved"])
def test_the_ring_goes_with_its_window(
    stage: Stage, over: Over, now: tuple[int, int, int, int] | None
) -> None:
    stage.assistant.screen.places = [(60, 60, 300, 200), now]
    stage.play(POINTED)
    stage.bot.waitUntil(over.ring.isVisible)
    stage.bot.waitUntil(lambda: not over.ring.isVisible())


def test_nothing_is_drawn_over_what_is_covered(stage: Stage, over: Over) -> None:
    stage.assistant.screen.places = [None]
    stage.play(POINTED)
    stage.bot.wait(100)
    assert not over.ring.isVisible()


@pytest.mark.parametrize("reason", ["escape", "task", "capture"])
def test_the_ring_gives_way(stage: Stage, over: Over, reason: str) -> None:
    stage.play(POINTED)
    stage.bot.waitUntil(over.ring.isVisible)
    if reason == "escape":
        stage.press(Qt.Key.Key_Escape)
    elif reason == "task":
        stage.play(events.TaskStarted(task="t", session="s1", request=Request(text="and now?")))
    else:
        taking = threading.Thread(target=stage.assistant.screen.put_away)
        taking.start()
        stage.bot.waitUntil(lambda: not taking.is_alive())
    assert not over.ring.isVisible()


def test_the_ring_is_drawn_again_on_demand(stage: Stage, over: Over, find: Callable[[str], QWidget]) -> None:
    started, said, _usage, finished = scenes.question()[:4]
    stage.play(started, said, POINTED, finished)
    stage.bot.waitUntil(over.ring.isVisible)
    over.ring.hide()
    find("show-again").click()
    stage.bot.waitUntil(over.ring.isVisible)


def test_words_of_a_model_beside_the_ring_are_plain(stage: Stage, over: Over) -> None:
    stage.play(POINTED.model_copy(update={"label": "<b>tax</b>\u202egnp\nsecond"}))
    stage.bot.waitUntil(over.ring.isVisible)
    assert over.ring._words == "<b>tax</b>‹U+202E›gnp second"


def test_without_a_compositor_the_ring_is_cut_out(stage: Stage, over: Over) -> None:
    stage.assistant.screen.soft = False
    stage.play(POINTED)
    stage.bot.waitUntil(over.ring.isVisible)
    middle = over.ring.shape.center()
    assert not over.ring.mask().contains(middle)
    assert over.ring.mask().contains(QPoint(middle.x(), over.ring.shape.top() + 1))


# -- the bar ----------------------------------------------------------------------------------------------------------


def test_the_shortcut_brings_the_bar_with_the_screen_of_that_moment(stage: Stage, over: Over) -> None:
    stage.bot.waitUntil(lambda: "call" in stage.keys.acts)
    stage.window.hide()
    threading.Thread(target=stage.keys.acts["call"]).start()
    stage.bot.waitUntil(over.bar.isVisible)
    stage.bot.waitUntil(lambda: over.bar.moment is MOMENT)
    stage.bot.waitUntil(over.bar.edit.hasFocus)


def test_over_the_window_itself_the_shortcut_brings_no_bar(stage: Stage, over: Over) -> None:
    over.call()
    stage.bot.wait(50)
    assert not over.bar.isVisible()
    assert stage.calls("look") == []


def test_return_sends_from_the_bar_with_the_screen(stage: Stage, bar: Bar) -> None:
    stage.bot.keyClicks(bar.edit, "what is this?")
    stage.bot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert stage.calls("submit") == [("submit", Request(text="what is this?", moment=MOMENT))]
    assert bar.edit.text() == ""
    assert bar.moment is None


def test_the_screen_can_be_left_out(stage: Stage, bar: Bar) -> None:
    bar.findChild(QWidget, "remove-attachment").click()
    stage.bot.keyClicks(bar.edit, "open the calculator")
    stage.bot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert stage.calls("submit") == [("submit", Request(text="open the calculator"))]


def test_the_bar_tells_how_it_stands_in_words(stage: Stage, bar: Bar) -> None:
    stage.play(*scenes.working()[:-1])
    assert bar.state.full_text == "Type the list and the total…"
    assert bar.send_button.accessibleName() == "Stop"
    bar.send_button.click()
    assert stage.calls("stop") == [("stop",)]


def test_the_answer_stands_in_two_lines_without_marks(stage: Stage, bar: Bar) -> None:
    stage.play(*scenes.question()[:4])
    assert bar.words.text.startswith("Calc cannot save budget.xlsx because another program has it open:")
    assert len(bar.words._lines(bar.words.width())) == 2
    assert bar.words.isVisible()
    assert bar.words._lines(bar.words.width())[1].endswith("…")


def test_an_approval_opens_the_window(stage: Stage, bar: Bar) -> None:
    stage.play(*scenes.working())
    assert stage.window.isVisible()
    assert not bar.isVisible()


@pytest.mark.parametrize("how", ["escape", "button"])
def test_the_bar_is_put_away_and_forgets_the_screen(stage: Stage, bar: Bar, how: str) -> None:
    if how == "escape":
        stage.bot.keyClick(bar.edit, Qt.Key.Key_Escape)
    else:
        bar.close_button.click()
    assert not bar.isVisible()
    assert bar.moment is None


def test_the_whole_window_is_one_button_away(stage: Stage, bar: Bar) -> None:
    bar.open_button.click()
    assert stage.window.isVisible()
    assert not bar.isVisible()


def test_the_microphone_of_the_bar_is_held_to_talk(stage: Stage, bar: Bar) -> None:
    stage.bot.mousePress(bar.microphone, Qt.MouseButton.LeftButton)
    stage.play(events.ListeningChanged(on=True), events.Heard(text="what should I press", final=False))
    assert bar.state.full_text == "“what should I press”"
    stage.bot.mouseRelease(bar.microphone, Qt.MouseButton.LeftButton)
    assert (stage.calls("listen"), stage.calls("listen_done")) == ([("listen",)], [("listen_done",)])


def test_a_voice_that_calls_while_the_window_is_away_gets_the_bar(stage: Stage, over: Over) -> None:
    stage.window.hide()
    stage.play(events.ListeningChanged(on=True))
    stage.bot.waitUntil(over.bar.isVisible)
    assert over.bar.moment is None


def test_another_part_of_the_screen_is_chosen_from_the_bar(stage: Stage, bar: Bar, over: Over) -> None:
    stage.assistant.screen.moment = Moment(window="w", application="Files", outline="", part="window")
    stage.bot.keyClick(bar.edit, Qt.Key.Key_S, CONTROL | SHIFT)
    stage.bot.waitUntil(lambda: over.picker is not None)
    assert over.picker is not None
    assert not bar.isVisible()
    stage.bot.mouseClick(over.picker.veils[0], Qt.MouseButton.LeftButton, pos=QPoint(250, 400))
    stage.bot.waitUntil(lambda: bar.moment is stage.assistant.screen.moment)
    assert bar.isVisible()


def test_the_bar_does_not_cover_what_is_pointed_at(stage: Stage, bar: Bar, over: Over) -> None:
    at = bar.geometry().center()
    place = (at.x() - 20, at.y() - 10, 40, 20)
    stage.assistant.screen.places = [place]
    stage.play(events.PointedAt(name="Save", bounds=place, window=7))
    stage.bot.waitUntil(over.ring.isVisible)
    assert not bar.geometry().contains(at)


def test_every_control_of_the_bar_has_a_name_and_is_reached_with_tab(stage: Stage, bar: Bar) -> None:
    names = []
    stage.bot.keyClicks(bar.edit, "x")  # the button that sends can be pressed now
    for _ in range(12):
        focused = bar.focusWidget()
        assert focused is not None
        assert focused.accessibleName()
        names.append(focused.objectName())
        stage.bot.keyClick(focused, Qt.Key.Key_Tab)
    assert {"bar-message", "microphone", "bar-send", "bar-open", "bar-close", "remove-attachment"} <= set(
        names
    )


# -- settings ---------------------------------------------------------------------------------------------------------


def test_keys_that_are_taken_are_told_of_in_the_settings(stage: Stage) -> None:
    line = stage.window.settings.keys["call"]
    stage.keys.taken = ("super+space",)
    line.edit.setKeySequence("Meta+Space")
    line.edit.editingFinished.emit()
    stage.bot.waitUntil(lambda: "already uses" in line.about.text())
    assert stage.kept.settings.call_keys == "super+space"

    line.edit.setKeySequence("Ctrl+Alt+K")
    line.edit.editingFinished.emit()
    stage.bot.waitUntil(lambda: "Brings a small bar" in line.about.text())
    assert stage.keys.keys["call"] == "ctrl+alt+k"


@pytest.mark.parametrize(
    ("shown", "kept"), [("Ctrl+Alt+Esc", "ctrl+alt+escape"), ("Ctrl++", "ctrl+plus"), ("", "")]
)
def test_keys_are_kept_in_words_that_the_tools_know(stage: Stage, shown: str, kept: str) -> None:
    line = stage.window.settings.keys["call"]
    line.edit.setKeySequence(shown)
    line.edit.editingFinished.emit()
    assert stage.kept.settings.call_keys == kept


def test_the_keys_of_the_settings_are_shown(stage: Stage, qtbot: QtBot) -> None:
    assert stage.window.settings.keys["stop"].edit.keySequence().toString() == "Ctrl+Alt+Esc"
