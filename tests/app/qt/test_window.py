from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage, QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from agent import events
from agent.messages import Request
from app.qt.bubbles import UserBubble
from app.qt.shortcuts import ShortcutSheet
from app.qt.task_card import TaskCard
from tests.app.qt import scenes
from tests.app.qt.conftest import Stage

CONTROL = Qt.KeyboardModifier.ControlModifier
CONTROLS = (QAbstractButton, QLineEdit, QPlainTextEdit, QAbstractItemView)


def test_return_sends_and_shift_return_breaks_the_line(stage: Stage) -> None:
    edit = stage.window.composer.edit
    stage.bot.keyClicks(edit, "Hello")
    stage.bot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    stage.bot.keyClicks(edit, "there")
    stage.bot.keyClick(edit, Qt.Key.Key_Return)
    assert [call[1].text for call in stage.calls("submit")] == ["Hello\nthere"]
    assert edit.toPlainText() == ""


def test_what_was_sent_is_shown_at_once_and_only_once(stage: Stage) -> None:
    stage.window.send(Request(text="Hello"))
    assert len(stage.window.conversation.findChildren(UserBubble)) == 1
    task = f"task-{len(stage.assistant.calls)}"
    stage.play(events.TaskStarted(task=task, session="s1", request=Request(text="Hello")))
    assert len(stage.window.conversation.findChildren(UserBubble)) == 1


def test_what_is_said_during_a_task_is_shown_too(stage: Stage) -> None:
    stage.play(events.TaskStarted(task="t", session="s1", request=Request(text="Do it")))
    stage.assistant.running = "t"
    stage.window.send(Request(text="but slowly"))
    assert len(stage.window.conversation.findChildren(UserBubble)) == 2


def test_the_send_button_stops_a_running_task_unless_something_was_typed(stage: Stage) -> None:
    stage.play(*scenes.working())
    button = stage.window.composer.send_button
    assert button.accessibleName() == "Stop"
    stage.window.composer.edit.setPlainText("not that one")
    assert button.accessibleName() == "Send"
    stage.window.composer.edit.clear()
    button.click()
    assert stage.calls("stop") == [("stop",)]


def test_the_stop_button_of_the_task_stops_it(stage: Stage) -> None:
    stage.play(*scenes.working())
    stage.window.conversation.findChild(TaskCard).stop_button.click()
    assert stage.calls("stop") == [("stop",)]


def test_holding_the_microphone_listens_until_it_is_let_go(stage: Stage) -> None:
    microphone = stage.window.composer.microphone
    stage.bot.mousePress(microphone, Qt.MouseButton.LeftButton)
    assert stage.calls("listen") == [("listen",)]
    assert stage.calls("listen_done") == []
    stage.bot.mouseRelease(microphone, Qt.MouseButton.LeftButton)
    assert stage.calls("listen_done") == [("listen_done",)]


def test_ctrl_m_is_held_to_talk_from_anywhere(stage: Stage) -> None:
    edit = stage.window.composer.edit
    stage.bot.keyPress(edit, Qt.Key.Key_M, CONTROL)
    stage.bot.keyPress(edit, Qt.Key.Key_M, CONTROL)
    assert stage.calls("listen") == [("listen",)]
    stage.bot.keyRelease(edit, Qt.Key.Key_Control)
    assert stage.calls("listen_done") == [("listen_done",)]
    assert edit.toPlainText() == ""


def test_the_screen_is_taken_shown_and_sent(stage: Stage, find: Callable[[str], QWidget]) -> None:
    stage.assistant.screen.moment = scenes.Moment(
        window="n", application="Mousepad", outline="", thumbnail=scenes.thumbnail()
    )
    find("screen").click()
    stage.bot.waitUntil(lambda: stage.window.over.picker is not None)
    stage.bot.keyClick(stage.window.over.picker.veils[0], Qt.Key.Key_Return)
    stage.bot.waitUntil(lambda: stage.window.composer.moment is not None)
    assert find("thumbnail").isVisible()
    stage.window.composer.send_button.click()
    request = stage.calls("submit")[0][1]
    assert isinstance(request, Request)
    assert request.moment is stage.assistant.screen.moment
    assert stage.window.composer.moment is None


def test_dropped_files_become_attachments_that_can_be_taken_off(
    stage: Stage, find: Callable[[str], QWidget], tmp_path: Path
) -> None:
    path = tmp_path / "shopping.txt"
    path.write_text("milk")
    data = QMimeData()
    data.setUrls(
        [QUrl.fromLocalFile(str(path)), QUrl("https://example.org/x"), QUrl.fromLocalFile(str(tmp_path))]
    )
    drop = QDropEvent(
        QPointF(300, 300),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    stage.window.dropEvent(drop)
    assert stage.window.composer.files == (path,)
    find("remove-attachment").click()
    assert stage.window.composer.files == ()


def test_a_pasted_picture_becomes_an_attachment(stage: Stage) -> None:
    picture = QImage(40, 30, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.darkCyan)
    QApplication.clipboard().setImage(picture)
    stage.bot.keyClick(stage.window.composer.edit, Qt.Key.Key_V, CONTROL)
    (path,) = stage.window.composer.files
    assert path.suffix == ".png"
    assert QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32) == picture
    assert stage.window.composer.edit.toPlainText() == ""


def test_a_picture_that_comes_with_text_is_pasted_as_its_text(stage: Stage) -> None:
    data = QMimeData()
    data.setText("12\t13")
    data.setImageData(QImage(40, 30, QImage.Format.Format_RGB32))
    QApplication.clipboard().setMimeData(data)
    try:
        stage.bot.keyClick(stage.window.composer.edit, Qt.Key.Key_V, CONTROL)
        assert stage.window.composer.files == ()
        assert stage.window.composer.edit.toPlainText() == "12\t13"
    finally:
        QApplication.clipboard().clear()  # Qt would free it after Python is gone, and end with a segmentation fault


def test_ctrl_z_undoes_the_last_task_when_there_is_nothing_typed_to_undo(stage: Stage) -> None:
    stage.window.composer.edit.setFocus()
    stage.bot.keyClick(stage.window.composer.edit, Qt.Key.Key_Z, CONTROL)
    stage.bot.waitUntil(lambda: stage.calls("undo") == [("undo", None)])


def test_ctrl_z_takes_back_typing_first(stage: Stage) -> None:
    edit = stage.window.composer.edit
    edit.setFocus()
    stage.bot.keyClicks(edit, "abc")
    stage.bot.keyClick(edit, Qt.Key.Key_Z, CONTROL)
    assert edit.toPlainText() == ""
    assert stage.calls("undo") == []


def test_ctrl_n_begins_a_new_conversation(stage: Stage) -> None:
    stage.play(*scenes.finished())
    stage.press(Qt.Key.Key_N, CONTROL)
    stage.bot.waitUntil(lambda: stage.window.conversation.findChild(QWidget, "empty").isVisible())
    assert stage.calls("new_session") == [("new_session",)]
    assert stage.window.head.title.full_text == "New conversation"


def test_ctrl_k_searches_past_conversations(stage: Stage) -> None:
    stage.press(Qt.Key.Key_K, CONTROL)
    assert stage.window.sidebar.search.hasFocus()
    stage.bot.keyClicks(stage.window.sidebar.search, "invoice")
    stage.bot.waitUntil(lambda: stage.window.sidebar.list.count() == 2)
    assert stage.window.sidebar.list.item(1).text() == "Invoice totals, October"


def test_f1_shows_the_keys(stage: Stage) -> None:
    stage.press(Qt.Key.Key_F1)
    sheet = stage.window.findChild(ShortcutSheet)
    assert sheet.isVisible()
    sheet.close()


def test_a_session_that_was_named_is_called_so(stage: Stage) -> None:
    stage.play(*scenes.working(), events.SessionTitled(session="s1", title="Shopping list"))
    assert stage.window.windowTitle() == "Shopping list – Deskhand"


def test_what_a_model_wrote_is_no_markup_in_a_tool_tip(stage: Stage) -> None:
    title = '<img src="/home/ada/private.png"> <b>Approved</b>'
    stage.play(*scenes.working(), events.SessionTitled(session="s1", title=title))
    shown = QTextDocument()
    shown.setHtml(stage.window.head.title.toolTip())
    assert shown.toPlainText() == title


def test_the_late_name_of_a_session_that_was_left_does_not_stand_over_this_one(stage: Stage) -> None:
    stage.play(*scenes.working())
    before = stage.window.windowTitle()
    stage.play(events.SessionTitled(session="left", title="Shopping list"))
    assert stage.window.windowTitle() == before


def test_sessions_stand_under_their_days_and_open_with_a_click(stage: Stage) -> None:
    sessions = stage.window.sidebar.list
    words = [sessions.item(i).text() for i in range(sessions.count())]
    assert words[0] == "TODAY"
    assert "YESTERDAY" in words
    stage.assistant.kept = {"s2": tuple(scenes.question()[:1])}
    item = sessions.item(words.index("What does this error mean?"))
    stage.bot.mouseClick(
        sessions.viewport(), Qt.MouseButton.LeftButton, pos=sessions.visualItemRect(item).center()
    )
    stage.bot.waitUntil(lambda: stage.calls("open_session") == [("open_session", "s2")])
    stage.bot.waitUntil(lambda: stage.window.head.title.full_text.startswith("What does this mean"))


def test_the_mode_menu_changes_the_mode(stage: Stage) -> None:
    menu = stage.window.head.mode_button.menu()
    next(action for action in menu.actions() if action.text() == "Read only").trigger()
    assert stage.assistant.mode == "read-only"
    assert stage.window.head.mode_button.accessibleName() == "Mode: Read only"


def test_the_status_line_tells_model_context_and_speed(stage: Stage) -> None:
    stage.play(events.ModelLoading(model="Pocket", fraction=0.43))
    assert stage.window.status.model.full_text == "Loading Pocket · 43%"
    stage.play(
        events.ModelReady(model="Pocket", context_tokens=4096, seconds=0.2),
        events.Usage(context_used=1240, context_tokens=4096, decoded=9, tokens_per_second=211.7),
    )
    assert stage.window.status.model.full_text == "Pocket · 6 MB"
    assert stage.window.status.tokens.text() == "1,240 of 4,096"
    assert stage.window.status.speed.text() == "212 tok/s"


def test_requests_made_before_there_is_an_assistant_are_kept_and_sent(stage: Stage) -> None:
    stage.window._assistant = None
    stage.window.send(Request(text="early"))
    assert stage.calls("submit") == []
    stage.window.attach(stage.assistant)
    assert [call[1].text for call in stage.calls("submit")] == ["early"]


def controls(window: QWidget) -> list[QWidget]:
    internal = ("qt_", "ScrollLeftButton", "ScrollRightButton")
    found = [w for kind in CONTROLS for w in window.findChildren(kind)]
    return [
        w
        for w in found
        if not w.objectName().startswith(internal) and type(w).__name__ != "QToolBarExtension"
    ]


def test_every_control_has_an_accessible_name_and_an_object_name(stage: Stage) -> None:
    stage.play(*scenes.ready(), *scenes.finished(), *scenes.question(), *scenes.troubles(), *scenes.working())
    stage.window.models.refresh()
    stage.bot.waitUntil(lambda: stage.window.models.findChild(QWidget, "model") is not None)
    nameless = [
        f"{type(w).__name__} {w.objectName()!r} in {w.parentWidget().objectName()}"
        for w in controls(stage.window)
        if not (w.accessibleName() and w.objectName())
    ]
    assert nameless == []


def test_every_visible_control_is_reached_with_the_tab_key(stage: Stage) -> None:
    stage.play(*scenes.working())
    unreachable = [
        w.objectName()
        for w in controls(stage.window)
        if w.isVisible() and w.isEnabled() and not w.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert unreachable == []


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_cut_off_in_a_narrow_window(stage: Stage, scale: float) -> None:
    stage.window._theme.set(scale=scale)
    stage.window.resize(420, 760)
    stage.bot.wait(60)
    page = stage.window.conversation
    assert page.widget().width() <= page.viewport().width(), "empty"
    stage.play(*scenes.ready(), *scenes.question(), *scenes.troubles(), *scenes.working())
    for page in ("conversation", "models", "settings"):
        stage.window.show_page(page)
        stage.bot.wait(60)
        area = stage.window.pages.currentWidget()
        assert area.widget().width() <= area.viewport().width(), page
    assert stage.window.width() == 420
    assert not stage.window.sidebar.isVisible()
    stage.window.head.menu_button.click()
    assert stage.window.sidebar.isVisible()
    stage.press(Qt.Key.Key_Escape)
    assert not stage.window.sidebar.isVisible()


def test_the_page_follows_what_is_added_until_one_scrolls_up(stage: Stage) -> None:
    stage.play(*scenes.question(), *scenes.troubles())
    bar = stage.window.conversation.verticalScrollBar()
    stage.bot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    bar.setValue(0)
    stage.play(events.ReminderDue(text="call Ada"))
    assert bar.value() == 0


def test_nothing_heavy_is_imported_before_the_window_is_shown() -> None:
    heavy = {
        "numpy",
        "llama_cpp",
        "sounddevice",
        "huggingface_hub",
        "xa11y",
        "PIL",
        "moonshine_voice",
        "tomlkit",
    }
    code = f"import app.qt.main, sys; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_sidebar_list_is_beside_a_wide_page(stage: Stage) -> None:
    stage.window.resize(1120, 850)
    assert stage.window.sidebar.isVisible()
    assert stage.window.head.mapTo(stage.window, QPoint(0, 0)).x() == stage.window.sidebar.width()


def test_a_suggestion_about_the_screen_sends_the_screen_along(
    stage: Stage, find: Callable[[str], QWidget]
) -> None:
    find("try-0").click()
    stage.bot.waitUntil(lambda: stage.calls("submit") != [])
    request = stage.calls("submit")[0][1]
    assert isinstance(request, Request)
    assert request.moment is stage.assistant.moment
