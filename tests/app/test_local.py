"""The assistant on this machine: requests in, events out, with written answers in place of a model."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from agent import events
from agent.cancel import Cancel
from agent.engine.port import ModelSpec, Prompt, ServerSpec
from agent.engine.scripted import Reply, ScriptedEngine
from agent.errors import DeskhandError, DesktopError, ModelFileError, ModelLoadError, StorageError
from agent.events import Event
from agent.messages import SAMPLE_RATE, Moment, Request, Sound, ToolCall, UserMessage
from agent.tool import Effect, Target
from app import compose, local, saved_caches
from app.local import LocalAssistant
from app.models.catalogue import ModelFiles
from app.settings import Places, Settings
from tools.clock import local_now

E = TypeVar("E")
PATIENCE_SECONDS = 20


class Seat:
    """Somebody who sits in front of the assistant and reads its events."""

    def __init__(self, assistant: LocalAssistant) -> None:
        self.assistant = assistant
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.leave = assistant.subscribe(self.events.put)

    def wait(self, kind: type[E]) -> E:
        while True:
            event = self.events.get(timeout=PATIENCE_SECONDS)
            if isinstance(event, kind):
                return event

    def ask(self, text: str) -> events.Outcome:
        self.assistant.submit(Request(text=text))
        return self.wait(events.TaskFinished).outcome


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Seat]]:
    """Makes an assistant with everything real but the engine, on a machine without a desktop."""
    monkeypatch.delenv("DISPLAY", raising=False)
    model = tmp_path / "any.gguf"
    model.write_bytes(b"GGUF")
    monkeypatch.setattr(compose, "locate", lambda name, data: ModelFiles(model))
    places = Places(*(tmp_path / name for name in ("config", "data", "state", "cache")))
    settings = Settings(workspace=tmp_path / "Documents", speak_answers=False)
    made: list[LocalAssistant] = []

    def make(*replies: Reply, start: bool = True, context_tokens: int = 2048) -> Seat:
        """With so small a context nothing is asked beside the requests."""
        monkeypatch.setattr(compose, "ChosenEngine", lambda: ScriptedEngine(replies, context_tokens))
        assistant = compose.build(settings, places)
        made.append(assistant)
        seat = Seat(assistant)
        if start:
            assistant.start()
            seat.wait(events.ModelReady)
        return seat

    yield make
    for assistant in made:
        assistant.close()


def wait_for_the_end(assistant: LocalAssistant) -> events.TaskFinished:
    """Read the session's log until its task is over, as somebody who does not listen must."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        past = assistant.parts.sessions.events(assistant.session)
        if past and isinstance(past[-1], events.TaskFinished):
            return past[-1]
        time.sleep(0.02)
    raise AssertionError("the task did not end")


def write(path: str, text: str) -> ToolCall:
    return ToolCall(id=path, name="write_file", arguments={"path": path, "text": text})


def test_a_request_is_answered(made: Callable[..., Seat]) -> None:
    assert made("Hello.").ask("hello").answer == "Hello."


def test_an_approved_change_is_made_and_undone(made: Callable[..., Seat], tmp_path: Path) -> None:
    seat = made(write("a.txt", "milk"), "Done.")
    seat.assistant.submit(Request(text="write milk into a.txt"))
    question = seat.wait(events.QuestionAsked).question
    seat.assistant.answer(question.id, "allow", "terminal")
    assert seat.wait(events.TaskFinished).outcome.status == "confirmed"
    written = tmp_path / "Documents" / "a.txt"
    assert written.read_text() == "milk"
    assert len(seat.assistant.undo()) == 1
    assert not written.exists()


def test_a_stop_answers_an_open_question_with_no(made: Callable[..., Seat], tmp_path: Path) -> None:
    seat = made(write("a.txt", "milk"))
    seat.assistant.submit(Request(text="write a.txt"))
    seat.wait(events.QuestionAsked)
    seat.assistant.stop()
    assert seat.wait(events.QuestionAnswered).by == "stop"
    assert seat.wait(events.TaskFinished).outcome.status == "stopped"
    assert not (tmp_path / "Documents" / "a.txt").exists()


def test_a_stop_lets_go_of_what_is_held(made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch) -> None:
    seat, released = made(write("a.txt", "milk")), []
    monkeypatch.setattr(seat.assistant.parts.senses, "let_go", lambda: released.append(True))
    seat.assistant.submit(Request(text="write a.txt"))
    seat.wait(events.QuestionAsked)
    seat.assistant.stop()
    assert released == [True]


def test_the_word_stop_during_a_task_stops_it(made: Callable[..., Seat]) -> None:
    seat = made(write("a.txt", "milk"))
    seat.assistant.submit(Request(text="write a.txt"))
    seat.wait(events.QuestionAsked)
    seat.assistant.submit(Request(text="Stop!", source="spoken"))
    assert seat.wait(events.TaskFinished).outcome.status == "stopped"


def test_nobody_there_means_no(made: Callable[..., Seat], tmp_path: Path) -> None:
    seat = made(write("a.txt", "milk"), "I could not ask you.", start=False)
    seat.leave()
    seat.assistant.start()
    seat.assistant.submit(Request(text="write a.txt"))
    last = wait_for_the_end(seat.assistant)
    assert last.outcome.status == "refused"
    assert not (tmp_path / "Documents" / "a.txt").exists()


def test_a_session_can_be_opened_again_and_goes_on(made: Callable[..., Seat]) -> None:
    first = made("My name is Deskhand.")
    first.ask("who are you")
    session = first.assistant.session
    first.assistant.close()
    second = made("I said it before.", start=False)
    past = second.assistant.open_session(session)
    assert isinstance(past[0], events.TaskStarted)
    assert isinstance(past[-1], events.TaskFinished)
    second.assistant.start()
    second.wait(events.ModelReady)
    second.ask("and again?")
    engine = second.assistant.parts.engine
    assert isinstance(engine, ScriptedEngine)
    assert [message.text for message in engine.prompts[0].messages] == [
        "who are you",
        "My name is Deskhand.",
        "and again?",
    ]
    assert [summary.title for summary in second.assistant.sessions()] == ["who are you"]


def test_an_attached_text_file_is_read_with_the_request(made: Callable[..., Seat], tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("milk and bread")
    seat = made("It is a list.")
    seat.assistant.submit(Request(text="what is this?", files=(note,)))
    seat.wait(events.TaskFinished)
    engine = seat.assistant.parts.engine
    assert isinstance(engine, ScriptedEngine)
    assert '<file name="note.txt">\nmilk and bread\n</file>' in engine.prompts[0].messages[0].context


def test_an_attached_file_that_cannot_be_read_is_told_and_the_task_is_not_started(
    made: Callable[..., Seat], tmp_path: Path
) -> None:
    seat = made()
    seat.assistant.submit(Request(text="what is this?", files=(tmp_path / "missing.txt",)))
    outcome = seat.wait(events.TaskFinished).outcome
    assert outcome.status == "failed"
    assert "missing.txt" in outcome.error


def test_a_step_that_was_interrupted_is_settled_and_told_at_the_next_start(
    made: Callable[..., Seat], tmp_path: Path
) -> None:
    first = made(start=False)
    path = tmp_path / "Documents" / "a.txt"
    effect = Effect("write", (Target("path", "File", str(path)),), (path,), "removes it")
    first.assistant.parts.journal.prepare("task", "step", "Write **a.txt**", effect)
    path.write_text("milk")
    first.assistant.close()
    second = made(start=False)
    second.assistant.start()
    assert "“Write a.txt”: it did happen" in second.wait(events.Notice).text
    second.wait(events.ModelReady)
    second.assistant.undo()
    assert not path.exists()


def test_a_damaged_database_is_set_aside_and_told(made: Callable[..., Seat], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "deskhand.db").write_bytes(b"noise" * 2000)
    seat = made(start=False)
    seat.assistant.start()
    assert "damaged" in seat.wait(events.Notice).text


def test_without_a_model_a_request_ends_as_failed_and_the_past_can_still_be_seen(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(name: str, data: Path) -> object:
        raise ModelFileError("There is no such model.", "Get one.")

    monkeypatch.setattr(compose, "locate", nowhere)
    seat = made(start=False)
    seat.assistant.start()
    assert seat.wait(events.Notice).text == "There is no such model."
    assert seat.ask("hello").status == "failed"
    assert seat.assistant.sessions() == ()


def test_a_desktop_it_cannot_work_in_is_told_and_the_rest_still_works(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made("Hello.", start=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    seat.assistant.start()
    assert seat.wait(events.Notice).level == "warning"
    assert seat.ask("hello").status == "answered"
    with pytest.raises(DesktopError):
        seat.assistant.look()


def test_a_model_that_does_not_load_leaves_the_old_one_in_place(
    made: Callable[..., Seat], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made("Still here.")
    engine = seat.assistant.parts.engine
    load = engine.load

    def refuse_the_new_one(spec: ModelSpec, on_progress: Callable[[float], None]) -> object:
        if spec.path.name == "broken.gguf":
            raise ModelLoadError("That model does not load.", "Choose another one.")
        return load(spec, on_progress)

    monkeypatch.setattr(engine, "load", refuse_the_new_one)
    seat.assistant.use_model(tmp_path / "broken.gguf")
    assert seat.wait(events.Notice).text == "That model does not load."
    assert seat.ask("hello").answer == "Still here."


def test_the_screen_of_a_request_is_what_the_model_reads(made: Callable[..., Seat]) -> None:
    seat = made("It says milk.")
    moment = Moment(window="a.txt", application="Mousepad", outline='window "a.txt" in Mousepad')
    seat.assistant.submit(Request(text="what is this?", moment=moment))
    seat.wait(events.TaskFinished)
    engine = seat.assistant.parts.engine
    assert isinstance(engine, ScriptedEngine)
    assert engine.prompts[0].messages[0].context.startswith("<screen>\nwindow")


def test_a_request_that_was_stopped_before_it_began_does_nothing(
    made: Callable[..., Seat], tmp_path: Path
) -> None:
    seat = made(write("a.txt", "milk"), start=False)
    seat.assistant.submit(Request(text="write a.txt"))
    seat.assistant.stop()
    seat.assistant.start()
    assert seat.wait(events.TaskFinished).outcome.status in ("stopped", "failed")
    assert not (tmp_path / "Documents" / "a.txt").exists()


def test_a_mistake_of_ours_ends_the_task_and_the_next_one_works(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made(ToolCall(id="1", name="now", arguments={}), "Noon.")
    tools = seat.assistant.parts.tools

    def broken(arguments: object, context: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setitem(tools, "now", replace(tools["now"], run=broken))
    outcome = seat.ask("what time is it")
    assert outcome.status == "failed"
    assert "mistake" in outcome.error
    assert seat.ask("and now?").answer == "Noon."


def test_a_log_that_cannot_be_written_does_not_end_the_task(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made("Hello.")

    def full(session: str, event: Event) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(seat.assistant.parts.sessions, "log", full)
    assert seat.ask("hello").answer == "Hello."


def test_a_new_session_stops_the_task_of_the_old_one_and_starts_clean(made: Callable[..., Seat]) -> None:
    seat = made(write("a.txt", "milk"), "Fresh.")
    seat.assistant.submit(Request(text="write a.txt"))
    seat.wait(events.QuestionAsked)
    seat.assistant.new_session()
    assert seat.wait(events.TaskFinished).outcome.status == "stopped"
    assert seat.ask("hello").answer == "Fresh."
    engine = seat.assistant.parts.engine
    assert isinstance(engine, ScriptedEngine)
    assert [message.text for message in engine.prompts[-1].messages] == ["hello"]


def test_undo_waits_for_the_end_of_a_task(made: Callable[..., Seat]) -> None:
    seat = made(write("a.txt", "milk"))
    seat.assistant.submit(Request(text="write a.txt"))
    seat.wait(events.QuestionAsked)
    with pytest.raises(DeskhandError):
        seat.assistant.undo()
    seat.assistant.stop()


def test_another_model_can_be_chosen_when_the_first_is_missing(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nowhere(name: str, data: Path) -> object:
        raise ModelFileError("There is no such model.", "Get one.")

    monkeypatch.setattr(compose, "locate", nowhere)
    seat = made("Here.", start=False)
    seat.assistant.start()
    seat.wait(events.Notice)
    seat.assistant.use_model(tmp_path / "other.gguf")
    seat.wait(events.ModelReady)
    assert seat.ask("hello").answer == "Here."


def test_reminders_that_are_due_are_told(made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "REMINDER_SECONDS", 0.01)
    seat = made()
    seat.assistant.parts.reminders.add("call Ada", local_now())
    seat.assistant.attend()
    assert seat.wait(events.ReminderDue).text == "call Ada"


def test_a_session_is_named_by_the_model_after_its_first_answer(made: Callable[..., Seat]) -> None:
    seat = made("Milk and bread.", '"Shopping list"', "Yes.", context_tokens=8192)
    seat.ask("what do I have to buy")
    assert seat.wait(events.SessionTitled).title == "Shopping list"
    seat.ask("is that all")
    assert [summary.title for summary in seat.assistant.sessions()] == ["Shopping list"]
    past = seat.assistant.parts.sessions.events(seat.assistant.session)
    assert [event.title for event in past if isinstance(event, events.SessionTitled)] == ["Shopping list"]


def test_a_session_that_is_left_is_saved_and_restored_when_it_is_opened_again(
    made: Callable[..., Seat], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_caches, "WORTH_TOKENS", 1)
    seat = made("One.", "Two.", "Three.")
    seat.ask("one?")
    first = seat.assistant.session
    seat.assistant.new_session()
    seat.ask("two?")
    saved = tmp_path / "cache" / "sessions" / f"{first}.kv"
    assert saved.exists()
    restored: list[Path] = []
    monkeypatch.setattr(seat.assistant.parts.engine, "restore", lambda file: restored.append(file) or True)
    seat.assistant.open_session(first)
    seat.ask("three?")
    assert restored == [saved]


def test_the_session_is_saved_when_the_application_closes(
    made: Callable[..., Seat], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_caches, "WORTH_TOKENS", 1)
    seat = made("One.")
    seat.ask("one?")
    session = seat.assistant.session
    seat.assistant.close()
    assert [file.name for file in (tmp_path / "cache" / "sessions").iterdir()] == [f"{session}.kv"]


def test_a_model_is_loaded_with_the_projector_that_lies_beside_it(
    made: Callable[..., Seat], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made()
    specs: list[ModelSpec] = []
    load = seat.assistant.parts.engine.load
    monkeypatch.setattr(
        seat.assistant.parts.engine, "load", lambda spec, tell: specs.append(spec) or load(spec, tell)
    )
    folder = tmp_path / "gemma"
    folder.mkdir()
    model, projector = folder / "gemma-4-e2b.gguf", folder / "mmproj-gemma-4-e2b.gguf"
    for file in (model, projector):
        file.write_bytes(b"GGUF" + bytes(20))
    seat.assistant.use_model(model)
    seat.wait(events.ModelReady)
    assert [(spec.path, spec.projector) for spec in specs] == [(model, projector)]


def test_a_loaded_model_reads_the_system_text_and_the_tools_ahead(made: Callable[..., Seat]) -> None:
    seat = made("Hello.")
    engine = seat.assistant.parts.engine
    assert isinstance(engine, ScriptedEngine)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not engine.prepared and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(prompt.system, prompt.messages) for prompt in engine.prepared] == [
        (seat.assistant.parts.system, ())
    ]
    assert seat.ask("hello").answer == "Hello."


def test_what_was_spoken_goes_to_a_model_that_hears(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made("Noon.", start=False)
    engine, voice = seat.assistant.parts.engine, seat.assistant.parts.voice
    load, spoken = engine.load, Sound.of(bytes(4 * SAMPLE_RATE))
    monkeypatch.setattr(engine, "load", lambda spec, tell: replace(load(spec, tell), hears=True))
    monkeypatch.setattr(voice, "finish", lambda: "what time is it")
    monkeypatch.setattr(voice, "sound", lambda: spoken)
    seat.assistant.start()
    seat.wait(events.ModelReady)
    seat.assistant.listen_done()
    started = seat.wait(events.TaskStarted)
    assert (started.request.source, started.request.sound) == ("spoken", None)
    seat.wait(events.TaskFinished)
    assert isinstance(engine, ScriptedEngine)
    (asked,) = engine.prompts[0].messages
    assert isinstance(asked, UserMessage)
    assert (asked.text, asked.sounds) == ("what time is it", (spoken,))


def test_the_person_is_told_when_the_words_go_to_another_machine(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made("Hello.", start=False)
    load = seat.assistant.parts.engine.load

    def away(spec: ModelSpec, on_progress: Callable[[float], None]) -> object:
        return replace(load(spec, on_progress), name="gemma-4-31b", server="gpu.lan:8080", away=True)

    monkeypatch.setattr(seat.assistant.parts.engine, "load", away)
    seat.assistant.start()
    told = seat.wait(events.Notice).text
    assert told.startswith("gemma-4-31b runs on gpu.lan:8080. What it is shown goes there")


def test_a_server_that_was_away_at_the_start_is_asked_again_with_the_next_request(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made("Here again.", start=False)
    engine = seat.assistant.parts.engine
    load, there = engine.load, [False]

    def sometimes(spec: ModelSpec, on_progress: Callable[[float], None]) -> object:
        if not there[0]:
            raise ModelLoadError("The server cannot be reached.", "Start it.")
        return load(spec, on_progress)

    server = ModelSpec(Path("server"), server=ServerSpec("http://127.0.0.1:9"))
    seat.assistant.parts = replace(seat.assistant.parts, spec=lambda path: server)
    monkeypatch.setattr(engine, "load", sometimes)
    seat.assistant.start()
    assert seat.wait(events.Notice).text == "The server cannot be reached."
    assert seat.ask("hello").error == "The server cannot be reached."
    there[0] = True
    assert seat.ask("hello").answer == "Here again."


def test_a_request_that_waited_while_the_server_was_away_is_not_told_the_same_again(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made(start=False)
    tried: list[ModelSpec] = []
    asked = threading.Event()

    def away(spec: ModelSpec, on_progress: Callable[[float], None]) -> object:
        tried.append(spec)
        asked.wait(PATIENCE_SECONDS)
        raise ModelLoadError("The server cannot be reached.", "Start it.")

    server = ModelSpec(Path("server"), server=ServerSpec("http://127.0.0.1:9"))
    seat.assistant.parts = replace(seat.assistant.parts, spec=lambda path: server)
    monkeypatch.setattr(seat.assistant.parts.engine, "load", away)
    seat.assistant.start()
    seat.assistant.submit(Request(text="hello"))
    asked.set()
    assert seat.wait(events.Notice).text == "The server cannot be reached."
    assert seat.wait(events.TaskFinished).outcome.error == "No model is loaded, so this was not started."
    assert tried == [server]


def test_a_request_that_waited_for_a_model_that_is_not_there_is_not_told_the_same_again(
    made: Callable[..., Seat],
) -> None:
    seat = made(start=False)
    asked = threading.Event()

    def nowhere(path: Path | None) -> ModelSpec:
        asked.wait(PATIENCE_SECONDS)
        raise ModelFileError("There is no such model.", "Get one.")

    seat.assistant.parts = replace(seat.assistant.parts, spec=nowhere)
    seat.assistant.start()
    seat.assistant.submit(Request(text="hello"))
    asked.set()
    assert seat.wait(events.Notice).text == "There is no such model."
    assert seat.wait(events.TaskFinished).outcome.error == "No model is loaded, so this was not started."


def test_a_mistake_of_ours_while_nobody_waits_is_told_and_the_next_request_is_answered(
    made: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = made("Hello.", start=False)

    def broken(prompt: Prompt, cancel: Cancel) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(seat.assistant.parts.engine, "prepare", broken)
    seat.assistant.start()
    assert "mistake" in seat.wait(events.Notice).text
    assert seat.ask("hello").answer == "Hello."


def test_what_is_attached_during_a_task_is_read_after_it(made: Callable[..., Seat], tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("milk and bread")
    seat = made(write("a.txt", "milk"), "Done.", "Bread too.")
    seat.assistant.submit(Request(text="write a.txt"))
    question = seat.wait(events.QuestionAsked).question
    seat.assistant.submit(Request(text="and what is in this?", files=(tmp_path / "list.txt",)))
    seat.assistant.answer(question.id, "allow", "terminal")
    assert seat.wait(events.TaskFinished).outcome.answer == "Done."
    assert seat.wait(events.TaskFinished).outcome.answer == "Bread too."
    engine = seat.assistant.parts.engine
    assert isinstance(engine, ScriptedEngine)
    assert "milk and bread" in engine.prompts[-1].messages[-1].model_dump()["context"]


def test_what_was_said_during_a_task_is_not_done_after_a_stop(made: Callable[..., Seat]) -> None:
    seat = made(write("a.txt", "milk"), "Hello.")
    seat.assistant.submit(Request(text="write a.txt"))
    seat.wait(events.QuestionAsked)
    seat.assistant.submit(Request(text="and b.txt"))
    seat.assistant.stop()
    assert seat.wait(events.TaskFinished).outcome.status == "stopped"
    seat.assistant.submit(Request(text="hello"))
    assert seat.wait(events.TaskStarted).request.text == "hello"
