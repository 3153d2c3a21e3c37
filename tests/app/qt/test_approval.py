from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QLabel

from agent import events
from agent.events import Question, QuestionLine
from agent.messages import Request
from app.qt.approval import ApprovalCard
from tests.app.qt import scenes
from tests.app.qt.conftest import Stage


@pytest.fixture
def card(stage: Stage) -> ApprovalCard:
    stage.play(*scenes.working())
    return stage.window.conversation.findChild(ApprovalCard)


def armed(stage: Stage, card: ApprovalCard) -> None:
    stage.bot.waitUntil(lambda: card.armed)


def test_the_buttons_are_off_until_they_arm(stage: Stage, card: ApprovalCard) -> None:
    assert not card.armed
    assert card.deny.isEnabled()
    stage.bot.mouseClick(card.allow, Qt.MouseButton.LeftButton)
    assert stage.calls("answer") == []
    armed(stage, card)
    stage.bot.mouseClick(card.allow, Qt.MouseButton.LeftButton)
    assert stage.calls("answer") == [("answer", "q1", "allow", "window")]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_return_never_allows_not_even_with_the_focus_on_allow(
    stage: Stage, card: ApprovalCard, key: Qt.Key
) -> None:
    armed(stage, card)
    card.allow.setFocus()
    for target in (card.allow, card, stage.window, stage.window.composer.edit):
        stage.bot.keyClick(target, key)
    assert stage.calls("answer") == []


def test_a_question_does_not_take_the_focus_from_someone_who_types(stage: Stage, card: ApprovalCard) -> None:
    armed(stage, card)
    assert not card.isAncestorOf(QApplication.focusWidget())


def test_the_keyboard_can_allow_and_deny_on_purpose(stage: Stage, card: ApprovalCard) -> None:
    armed(stage, card)
    card.always.setFocus()
    stage.bot.keyClick(card.always, Qt.Key.Key_Space)
    assert stage.calls("answer") == [("answer", "q1", "always", "window")]


def test_it_arms_anew_when_the_window_comes_to_the_front(stage: Stage, card: ApprovalCard) -> None:
    armed(stage, card)
    QApplication.sendEvent(stage.window, QEvent(QEvent.Type.WindowActivate))
    assert not card.armed
    armed(stage, card)


def test_one_question_is_answered_once(stage: Stage, card: ApprovalCard) -> None:
    card.deny.click()
    stage.bot.wait(600)
    card.allow.click()
    assert stage.calls("answer") == [("answer", "q1", "deny", "window")]


def test_escape_stops_the_task(stage: Stage, card: ApprovalCard) -> None:
    stage.press(Qt.Key.Key_Escape)
    assert stage.calls("stop") == [("stop",)]


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("voice", "Not allowed by voice · Save a new file?"),
        ("nobody", "Not allowed, nobody was there · Save a new file?"),
    ],
)
def test_an_answer_folds_the_card_and_says_who_gave_it(
    stage: Stage, card: ApprovalCard, by: str, words: str
) -> None:
    stage.play(events.QuestionAnswered(id="q1", choice="deny", by=by))
    assert card.findChild(QLabel, "approval-answer").text() == words
    stage.bot.wait(10)
    assert not any(b.isVisible() for b in (card.findChildren(type(stage.window.sidebar.new_button))))


def test_every_value_is_shown_with_what_hides_in_it(stage: Stage) -> None:
    question = Question(
        id="q2",
        title="Run <b>this</b>?",
        lines=(
            QuestionLine(label="Command", value="rm\u00a0-rf\u200b /\x1b[8m", origin="from what was read"),
            QuestionLine(label="Name", value="invoice\u202efdp.exe"),
        ),
    )
    started = events.TaskStarted(task="t2", session="s1", request=Request(text="run it"))
    stage.play(started, events.QuestionAsked(question=question))
    card = stage.window.conversation.findChild(ApprovalCard)
    values = [view.toPlainText() for view in card.findChildren(object, "approval-value")]
    assert values == ["rm‹U+00A0›-rf‹U+200B› /␛[8m", "invoice‹U+202E›fdp.exe"]
    labels = [label.text() for label in card.findChildren(QLabel)]
    assert "Run <b>this</b>?" in labels
    assert "from what was read" in labels
    assert not card.always.isVisible()
    assert "this cannot be undone" in [
        v.toPlainText() for v in card.findChildren(object) if hasattr(v, "toPlainText")
    ]
