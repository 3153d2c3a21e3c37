"""The Assistant that runs on this machine: one agent thread, one engine, one database.

See :class:`app.assistant.Assistant` for the contract of each method. What is asked while nothing runs goes into the
agent thread's queue; what is said while a task runs goes to that task.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from agent.broker import Broker, Mode
from agent.context import Profile
from agent.conversation import Conversation
from agent.engine.port import Engine, ModelInfo, ModelSpec
from agent.errors import DeskhandError, DesktopError, ModelLoadError
from agent.events import (
    Choice,
    Event,
    ModelLoading,
    ModelReady,
    Notice,
    Outcome,
    PlanMade,
    QuestionAnswered,
    QuestionAsked,
    ReminderDue,
    StepFinished,
    StepStarted,
    TaskFinished,
    TaskStarted,
)
from agent.journal import Journal
from agent.loop import Ports, Task, new_task_id
from agent.messages import Moment, Request
from agent.session import Sessions, SessionSummary
from agent.storage import Storage
from agent.tool import Tool
from app.hub import EventHub
from app.questions import Questions
from app.spoken import SpokenAnswer
from tools.clock import local_now
from tools.reminders import Reminders
from tools.voice.voice import Voice

REMINDER_SECONDS = 2.0
KEPT = (
    TaskStarted,
    PlanMade,
    StepStarted,
    StepFinished,
    QuestionAsked,
    QuestionAnswered,
    Notice,
    TaskFinished,
)
"""The events that show a session again; what streams (words, levels) is in the outcome as a whole."""
STOP_WORDS = frozenset({"stop", "stop it", "stop that", "halt", "cancel"})


def desktop_expected() -> bool:
    """Whether there is a graphical session: on a machine without one nobody expects us to see it."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


Region = tuple[int, int, int, int]
"""x, y, width, height in screen pixels."""


class Senses(Protocol):
    """The desktop as the assistant itself needs it."""

    missing: DesktopError | None
    """Why there is no desktop."""

    def look(self, budget: int, region: Region | None = None) -> Moment: ...

    def limit(self, budget: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The concrete parts, put together in ``app.compose``."""

    engine: Engine
    tools: Mapping[str, Tool]
    broker: Broker
    journal: Journal
    storage: Storage
    sessions: Sessions
    reminders: Reminders
    voice: Voice
    questions: Questions
    senses: Senses
    read_attachment: Callable[[Path, int], str]
    """An attached file's text, at most so many characters; raises DeskhandError."""
    system: str
    spec: Callable[[], ModelSpec]
    """Which model to load first. Raises ModelFileError when it is not on this disk."""
    speak_answers: bool


class LocalAssistant:
    """See :class:`app.assistant.Assistant`."""

    def __init__(self, parts: Parts, hub: EventHub) -> None:
        self.parts = parts
        self.hub = hub
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="agent", daemon=True)
        self._closing = threading.Event()
        self._task: Task | None = None
        self._model: ModelInfo | None = None
        self._spec: ModelSpec | None = None
        self._conversation: Conversation | None = None
        self._lock = threading.Lock()

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._jobs.put(self._settle)
        self._jobs.put(lambda: self._load(self.parts.spec()))
        self._thread.start()
        threading.Thread(target=self._watch_reminders, name="reminders", daemon=True).start()

    def close(self) -> None:
        self._closing.set()
        self.stop()
        self.parts.voice.close()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self.parts.engine.close()
        self.parts.storage.close()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        return self.hub.subscribe(listener)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except DeskhandError as trouble:
                self.hub.emit(Notice(level="error", text=trouble.what, remedy=trouble.remedy))

    def _settle(self) -> None:
        """Say what is missing here and what the last run left open. An uncertain step is never repeated."""
        if (trouble := self.parts.senses.missing) is not None and desktop_expected():
            self.hub.emit(Notice(level="warning", text=trouble.what, remedy=trouble.remedy))
        if (damaged := self.parts.storage.set_aside) is not None:
            text = f"The database was damaged, so a new one was begun. The old one is kept as {damaged}."
            self.hub.emit(Notice(level="warning", text=text))
        for step in self.parts.journal.uncertain():
            settle, what = (
                (self.parts.journal.done, "it did happen, and can be undone")
                if step.changed
                else (self.parts.journal.failed, "it did not happen")
            )
            settle(step.entry)
            title = step.entry.title.replace("**", "")
            text = f"Deskhand was interrupted during “{title}”: {what}."
            self.hub.emit(Notice(level="warning", text=text))

    def _watch_reminders(self) -> None:
        while not self._closing.wait(REMINDER_SECONDS):
            with contextlib.suppress(DeskhandError):
                for reminder in self.parts.reminders.due(local_now()):
                    self.hub.emit(ReminderDue(text=reminder.text))

    # -- the model ------------------------------------------------------------------------------------------------

    def _load(self, spec: ModelSpec) -> None:
        name = spec.path.stem
        self.hub.emit(ModelLoading(model=name, fraction=0.0))
        began = time.monotonic()
        try:
            model = self.parts.engine.load(
                spec, lambda fraction: self.hub.emit(ModelLoading(model=name, fraction=fraction))
            )
        except DeskhandError:
            if self._spec is not None:
                self.parts.engine.load(self._spec, lambda fraction: None)
            raise
        self._spec, self._model = spec, model
        self.parts.senses.limit(Profile.of(model).observation_chars)
        self.hub.emit(
            ModelReady(
                model=model.name, context_tokens=model.context_tokens, seconds=time.monotonic() - began
            )
        )

    @property
    def model(self) -> ModelInfo | None:
        return self._model

    def use_model(self, path: Path) -> None:
        self._jobs.put(lambda: self._load(replace(self._spec or self.parts.spec(), path=path)))

    @property
    def mode(self) -> Mode:
        return self.parts.broker.mode

    def set_mode(self, mode: Mode) -> None:
        self.parts.broker.set_mode(mode)

    # -- requests -------------------------------------------------------------------------------------------------

    def submit(self, request: Request) -> str:
        with self._lock:
            running = self._task
        if running is None:
            task = new_task_id()
            self._jobs.put(lambda: self._run(task, request))
            return task
        if request.text.strip(" .!").casefold() in STOP_WORDS:
            self.stop()
        else:
            running.said(request.text)
        return running.id

    def _run(self, task_id: str, request: Request) -> None:
        """One request from start to end, on the agent thread. It always ends with TaskFinished."""
        try:
            task = self._prepare(task_id, request)
        except DeskhandError as trouble:
            outcome = Outcome(status="failed", error=trouble.what, remedy=trouble.remedy)
            self.hub.emit(TaskStarted(task=task_id, session=self.session, request=request))
            self.hub.emit(TaskFinished(task=task_id, outcome=outcome, seconds=0.0))
            return
        with self._lock:
            self._task = task
        try:
            task.run()
        finally:
            with self._lock:
                self._task = None

    def _prepare(self, task_id: str, request: Request) -> Task:
        model = self._model
        if model is None:
            raise ModelLoadError("No model is loaded, so this was not started.", "Choose another model.")
        profile = Profile.of(model)
        conversation = self._current()
        aloud = self.parts.speak_answers and request.source == "spoken"
        spoken = SpokenAnswer(self.parts.voice) if aloud else None

        def emit(event: Event) -> None:
            self._task_event(conversation.session, event)
            if spoken is not None:
                spoken.follow(event)

        return Task(
            id=task_id,
            ports=Ports(
                engine=self.parts.engine,
                tools=self.parts.tools,
                broker=self.parts.broker,
                journal=self.parts.journal,
                ask=self.parts.questions.ask,
                emit=emit,
            ),
            conversation=conversation,
            profile=profile,
            system=self.parts.system,
            context_tokens=model.context_tokens,
            request=request,
            attachments=self._attachments(request, profile),
        )

    def _attachments(self, request: Request, profile: Profile) -> tuple[tuple[str, str], ...]:
        budget = profile.observation_chars // max(1, len(request.files))
        return tuple((path.name, self.parts.read_attachment(path, budget)) for path in request.files)

    def _task_event(self, session: str, event: Event) -> None:
        if isinstance(event, KEPT):
            self.parts.sessions.log(session, event)
        self.hub.emit(event)

    def stop(self) -> None:
        with self._lock:
            running = self._task
        if running is not None:
            running.cancel.request()
        self.parts.voice.hush()

    def answer(self, question: str, choice: Choice, by: Literal["window", "voice", "terminal"]) -> None:
        self.parts.questions.answer(question, choice, by)

    def undo(self, task: str | None = None) -> tuple[str, ...]:
        task = task or self.parts.journal.last_undoable()
        if task is None:
            return ()
        return tuple(line.text for line in self.parts.journal.undo(task))

    def look(self, region: Region | None = None) -> Moment:
        model = self._model
        return self.parts.senses.look(Profile.of(model).observation_chars if model else 2000, region)

    # -- sessions -------------------------------------------------------------------------------------------------

    def _current(self) -> Conversation:
        with self._lock:
            if self._conversation is None:
                self._conversation = Conversation(self.parts.sessions, self.parts.sessions.create())
            return self._conversation

    @property
    def session(self) -> str:
        return self._current().session

    def new_session(self) -> str:
        with self._lock:
            self._conversation = None
        return self._current().session

    def open_session(self, session: str) -> tuple[Event, ...]:
        conversation = Conversation(self.parts.sessions, session)
        with self._lock:
            self._conversation = conversation
        return self.parts.sessions.events(session)

    def sessions(self, search: str = "") -> tuple[SessionSummary, ...]:
        return tuple(self.parts.sessions.list(search))

    # -- voice ----------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        self.parts.voice.hush()
        self.parts.voice.listen()

    def listen_done(self) -> None:
        threading.Thread(target=self._finish_listening, name="listening", daemon=True).start()

    def _finish_listening(self) -> None:
        try:
            words = self.parts.voice.finish()
        except DeskhandError as trouble:
            self.hub.emit(Notice(level="error", text=trouble.what, remedy=trouble.remedy))
            return
        if words:
            self.submit(Request(text=words, source="spoken"))

    def speak(self, text: str) -> None:
        self.parts.voice.speak(text)

    def hush(self) -> None:
        self.parts.voice.hush()
