from __future__ import annotations

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from agent import events
from agent.events import Evidence, Outcome
from agent.journal import UndoneLine
from agent.messages import Request
from app.qt.approval import ApprovalCard
from app.qt.bubbles import Answer, HeardBubble, NoticeRow, UserBubble
from app.qt.markdown import MarkdownText
from app.qt.task_card import StepRow, TaskCard
from tests.app.qt import scenes
from tests.app.qt.conftest import Stage


def on_page(stage: Stage, kind: type) -> list:
    return [w for w in stage.window.conversation.findChildren(kind) if w.isVisible()]


def text_of(widget: QWidget, name: str) -> str:
    return "\n".join(part.toPlainText() for part in widget.findChildren(object, name) if not part.isHidden())


def started(task: str = "t", text: str = "Hello") -> events.TaskStarted:
    return events.TaskStarted(task=task, session="s1", request=Request(text=text))


def finished(task: str = "t", **outcome: object) -> events.TaskFinished:
    return events.TaskFinished(task=task, seconds=1.0, outcome=Outcome(**{"status": "answered", **outcome}))


def test_an_answer_stands_on_the_page_once_although_it_was_streamed_and_is_in_the_outcome(
    stage: Stage,
) -> None:
    stage.play(
        started(),
        events.TextDelta(text="It is "),
        events.TextDelta(text="**12**."),
        finished(answer="It is **12**."),
    )
    assert [a.view.text for a in on_page(stage, Answer)] == ["It is **12**."]
    assert [t.document().toPlainText() for t in on_page(stage, MarkdownText)] == ["It is 12."]
    assert on_page(stage, TaskCard) == []


def test_words_of_a_turn_that_was_restarted_are_taken_back(stage: Stage) -> None:
    stage.play(
        started(),
        events.TextDelta(text="half an ans"),
        events.TurnRestarted(),
        events.TextDelta(text="All."),
        finished(),
    )
    assert [a.view.text for a in on_page(stage, Answer)] == ["All."]


def test_each_step_shows_its_state_its_proof_and_its_time(stage: Stage) -> None:
    stage.play(*scenes.working())
    rows = on_page(stage, StepRow)
    assert [row.state for row in rows] == ["confirmed", "confirmed", "confirmed", "working", "pending"]
    assert "milk 1.20" in text_of(rows[0], "step-proof")
    assert rows[0].findChild(QLabel, "step-time").text() == "0.1 s"
    assert rows[4].accessibleName().startswith("Save as shopping-total.txt, to do")


def test_a_step_that_proves_nothing_says_so_in_words(stage: Stage) -> None:
    stage.play(*scenes.troubles()[:11])
    rows = on_page(stage, StepRow)
    assert [row.state for row in rows] == ["suspected_noop", "unverifiable", "refused", "failed", "partial"]
    assert text_of(rows[0], "step-proof").startswith("Nothing changed: ")
    assert text_of(rows[1], "step-proof").startswith("Could not be confirmed: ")
    assert "‹U+202E›" in text_of(rows[3], "step-title")


def test_a_click_on_a_step_opens_what_was_asked_and_what_came_back(stage: Stage) -> None:
    stage.play(*scenes.working())
    row = on_page(stage, StepRow)[0]
    assert row.findChild(QWidget, "details") is None
    row.toggle()
    details = row.findChild(QWidget, "details")
    shown = "\n".join(view.toPlainText() for view in details.findChildren(type(row._words).__mro__[1]))
    assert "shopping.txt" in shown
    assert "eggs 2.80" in shown


def test_a_task_that_is_done_says_what_was_read_back_and_offers_undo(stage: Stage) -> None:
    stage.assistant.undo_lines = (UndoneLine("Moved shopping-total.txt to the trash", restored=True),)
    stage.play(*scenes.finished())
    card = on_page(stage, TaskCard)[0]
    assert card.heading == "Done"
    words = [
        view.toPlainText()
        for view in card.findChild(QWidget, "task-end").findChildren(object)
        if hasattr(view, "toPlainText")
    ]
    assert "Save as shopping-total.txt — 41 bytes, as typed" in words
    assert "New file ~/Documents/shopping-total.txt" in words
    card.findChild(QPushButton, "undo-task").click()
    stage.bot.waitUntil(lambda: stage.calls("undo") == [("undo", "t1")])
    stage.bot.waitUntil(
        lambda: any(
            "Moved" in v.toPlainText() for v in card.findChildren(object) if hasattr(v, "toPlainText")
        )
    )


def test_a_task_without_proof_is_not_called_done(stage: Stage) -> None:
    evidence = (Evidence(claim="Type into **Terminal**", proof="its text cannot be read", holds=False),)
    stage.play(
        started(),
        scenes.step(1, "type_text", "Type into **Terminal**"),
        scenes.done(1, "its text cannot be read", 0.2, status="unverifiable"),
        finished(status="unverifiable", evidence=evidence),
    )
    assert on_page(stage, TaskCard)[0].heading == "I could not confirm"


def test_a_step_that_a_stop_interrupted_is_not_left_spinning(stage: Stage) -> None:
    stage.play(started(), scenes.step(1, "look", "Look"), finished(status="stopped"))
    assert [row.state for row in on_page(stage, StepRow)] == ["stopped"]
    assert on_page(stage, TaskCard)[0].heading == "Stopped"


def test_what_was_said_between_two_steps_stays_inside_the_card(stage: Stage) -> None:
    stage.play(
        started(),
        scenes.step(1, "look", "Look"),
        scenes.done(1, "a window", 0.2),
        events.TextDelta(text="Now the file."),
        scenes.step(2, "read_file", "Read **a.txt**"),
    )
    card = on_page(stage, TaskCard)[0]
    assert text_of(card, "remark") == "Now the file."
    assert on_page(stage, Answer) == []


def test_an_error_is_a_row_with_what_to_do(stage: Stage) -> None:
    stage.play(
        events.Notice(
            level="error", text="The model file is truncated.", remedy="Choose another on the Models page."
        )
    )
    row = on_page(stage, NoticeRow)[0]
    assert row.accessibleName() == "The model file is truncated. Choose another on the Models page."
    row.findChild(QPushButton, "notice-models").click()
    assert stage.window.pages.currentWidget() is stage.window.models


def test_what_the_model_summed_up_can_be_read(stage: Stage) -> None:
    stage.play(
        events.TaskStarted(task="t", session="s", request=Request(text="and now?")),
        events.Compacted(messages=12, summary="They asked for <b>milk</b>."),
        events.Compacted(pictures=1),
    )
    summed_up, pictures = (row.accessibleName() for row in on_page(stage, NoticeRow))
    assert "12 older messages" in summed_up
    assert "They asked for <b>milk</b>." in summed_up
    assert "one older picture" in pictures


def test_words_are_shown_while_they_are_heard_and_become_the_request(stage: Stage) -> None:
    stage.play(
        events.ListeningChanged(on=True),
        events.SoundLevel(level=0.7, speech=True),
        events.Heard(text="what is on", final=False),
    )
    assert on_page(stage, HeardBubble)[0].text == "what is on"
    assert stage.window.composer.microphone.level > 0.5
    stage.play(
        events.Heard(text="what is on my screen", final=True),
        events.ListeningChanged(on=False),
        events.TaskStarted(
            task="t", session="s1", request=Request(text="what is on my screen", source="spoken")
        ),
    )
    assert on_page(stage, HeardBubble) == []
    assert len(on_page(stage, UserBubble)) == 1


def test_silence_leaves_a_word_and_no_bubble(stage: Stage) -> None:
    stage.play(
        events.ListeningChanged(on=True), events.Heard(text="", final=True), events.ListeningChanged(on=False)
    )
    assert on_page(stage, HeardBubble) == []
    assert "did not hear" in on_page(stage, NoticeRow)[0].accessibleName()


def test_a_reminder_is_a_row(stage: Stage) -> None:
    stage.play(events.ReminderDue(text="call Ada"))
    assert "call Ada" in on_page(stage, NoticeRow)[0].accessibleName()


def test_an_answer_can_be_said_and_hushed(stage: Stage) -> None:
    stage.play(started(), events.TextDelta(text="Twelve."), finished(answer="Twelve."))
    answer = on_page(stage, Answer)[0]
    answer.speak_button.click()
    assert stage.calls("speak") == [("speak", "Twelve.")]
    stage.play(events.SpeakingChanged(on=True))
    assert answer.speak_button.accessibleName() == "Stop speaking"
    answer.speak_button.click()
    assert stage.calls("hush") == [("hush",)]
    stage.play(events.SpeakingChanged(on=False))
    assert answer.speak_button.accessibleName() == "Say this answer aloud"


def test_a_kept_session_is_shown_as_it_was(stage: Stage) -> None:
    kept = [e for e in scenes.finished() if not isinstance(e, events.TextDelta | events.Usage)]
    stage.window.conversation.show_again(tuple(kept))
    stage.bot.waitUntil(lambda: on_page(stage, TaskCard) != [])
    assert on_page(stage, TaskCard)[0].heading == "Done"
    assert "7.10" in on_page(stage, Answer)[0].view.text
    assert [card.findChild(QLabel, "approval-answer").text() for card in on_page(stage, ApprovalCard)] == [
        "Allowed · Save a new file?"
    ]


def test_a_session_that_broke_off_in_the_middle_is_not_shown_as_working(stage: Stage) -> None:
    stage.window.conversation.show_again(tuple(scenes.working()))
    stage.bot.waitUntil(lambda: on_page(stage, TaskCard) != [])
    assert on_page(stage, TaskCard)[0].heading == "Stopped"
    assert not stage.window.conversation.busy


def test_the_rest_of_a_task_left_behind_is_not_shown_on_a_new_page(stage: Stage) -> None:
    stage.play(events.TaskStarted(task="t1", session="s1", request=Request(text="write a.txt")))
    stage.window.conversation.clear()
    stopped = Outcome(status="stopped")
    stage.play(events.TextDelta(text="late"), events.TaskFinished(task="t1", outcome=stopped, seconds=1))
    assert on_page(stage, NoticeRow) == []
    assert on_page(stage, TaskCard) == []
