"""The Assistant that runs on this machine: one agent thread, one engine, one database.

See :class:`app.assistant.Assistant` for the contract of each method. What is asked while nothing runs goes into the
agent thread's queue; what is said while a task runs goes to that task.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from agent.broker import Mode
from agent.cancel import Cancel
from agent.context import Attachment, Profile, offered
from agent.conversation import Conversation
from agent.engine.port import ModelInfo, ModelSpec
from agent.errors import DeskhandError, ModelLoadError
from agent.events import (
    Choice,
    Compacted,
    Emit,
    Event,
    Notice,
    PlanMade,
    QuestionAnswered,
    QuestionAsked,
    ReminderDue,
    SessionTitled,
    StepFinished,
    StepStarted,
    TaskFinished,
    TaskStarted,
)
from agent.journal import UndoneLine
from agent.loop import Errand, Ports, Task
from agent.messages import SOUND_PIECE, Moment, Request
from agent.session import SessionSummary
from app.asides import Asides
from app.ending import Ending
from app.hub import EventHub
from app.model_in_use import ModelInUse
from app.parts import Parts, Region
from app.pointing import Pointing
from app.retention import let_go
from app.saved_caches import SavedCaches
from app.sight import LocalSight
from app.spoken import SpokenAnswer
from tools.clock import local_now

_log = logging.getLogger(__name__)

REMINDER_SECONDS = 2.0
KEPT = (
    TaskStarted,
    PlanMade,
    StepStarted,
    StepFinished,
    QuestionAsked,
    QuestionAnswered,
    Notice,
    Compacted,
    TaskFinished,
    SessionTitled,
)
"""The events that show a session again; what streams (words, levels) is in the outcome as a whole."""
STOP_WORDS = frozenset({"stop", "stop it", "stop that", "halt", "cancel"})


def desktop_expected() -> bool:
    """Whether there is a graphical session: on a machine without one nobody expects us to see it."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


_OUR_MISTAKE = "Deskhand made a mistake, so this task ended. What was done before it can be undone."
_OUR_MISTAKE_ASIDE = "Deskhand made a mistake while it had nothing to do for you. Nothing is lost."
_NO_MODEL = "Choose another model, or ask again when this one can be reached."
_IN_THE_LOG = "The log has the details."

Aside = Callable[[Conversation, Profile, Cancel], None]
"""Work for the engine that nobody waits for."""


class LocalAssistant:
    """See :class:`app.assistant.Assistant`."""

    def __init__(self, parts: Parts, hub: EventHub) -> None:
        self.parts = parts
        self.hub = hub
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="agent", daemon=True)
        self._closing = threading.Event()
        self._errands: list[Errand] = []
        """Submitted and not over; the first is the one that runs."""
        self._in_vain: tuple[Errand, ...] = ()
        """They waited for a model while it could not be loaded, which was told."""
        self._in_use = ModelInUse(parts.engine, hub.emit, self._loaded)
        self._conversation: Conversation | None = None
        self._lock = threading.Lock()
        self._caches = SavedCaches(parts.engine, parts.saved, parts.sessions.ids)
        self.sight = LocalSight(parts.senses, lambda: self.model)
        self._asides = Asides(parts, self._tell_title)
        self._aside = Cancel()
        """Stops what the engine does while nobody waits for it."""

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._jobs.put(self._settle)
        parts = self.parts
        self._jobs.put(lambda: let_go(parts.sessions, parts.journal, parts.keep_days))
        self._jobs.put(self._caches.tidy)
        self._jobs.put(lambda: self._load_from(None))
        self._thread.start()

    def attend(self) -> None:
        self.parts.voice.warm()
        threading.Thread(target=self._watch_reminders, name="reminders", daemon=True).start()

    def close(self) -> None:
        self._closing.set()
        self.stop()
        self.parts.voice.close()
        self._jobs.put(self._caches.keep)
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self.parts.engine.close()
        self.parts.servers.close()
        self.parts.storage.close()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        return self.hub.subscribe(listener)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except DeskhandError as trouble:
                self.hub.emit(Notice(level="error", text=trouble.what, remedy=trouble.remedy))
            except Exception:
                # Here and in _run is the place for what nobody foresaw: the thread goes on, the log has the rest.
                _log.exception("something beside the tasks ended by an error of ours")
                self.hub.emit(Notice(level="error", text=_OUR_MISTAKE_ASIDE, remedy=_IN_THE_LOG))

    def _settle(self) -> None:
        """Say what is missing here and what the last run left open. An uncertain step is never repeated."""
        if (trouble := self.parts.senses.missing) is not None and desktop_expected():
            self.hub.emit(Notice(level="warning", text=trouble.what, remedy=trouble.remedy))
        for remark in self.parts.remarks:
            self.hub.emit(Notice(level="warning", text=remark))
        if (damaged := self.parts.storage.set_aside) is not None:
            text = f"The database was damaged, so a new one was begun. The old one is kept as {damaged}."
            self.hub.emit(Notice(level="warning", text=text))
        for step in self.parts.journal.uncertain():
            settle, what = (
                (self.parts.journal.done, "it did happen, at least in part, and can be undone")
                if step.changed
                else (self.parts.journal.failed, "it did not happen")
            )
            settle(step.entry)
            title = step.entry.title.replace("**", "")
            text = f"Deskhand was interrupted during “{title}”: {what}."
            self.hub.emit(Notice(level="warning", text=text))

    def _watch_reminders(self) -> None:
        while not self._closing.wait(REMINDER_SECONDS):
            if not self.hub.heard:
                continue
            with contextlib.suppress(DeskhandError):
                for reminder in self.parts.reminders.due(local_now()):
                    self.hub.emit(ReminderDue(text=reminder.text))

    # -- the model ------------------------------------------------------------------------------------------------

    def _load_from(self, path: Path | None) -> None:
        try:
            self._load(self.parts.spec(path))
        except DeskhandError:
            with self._lock:
                self._in_vain = tuple(self._errands)
            raise

    def _load(self, spec: ModelSpec) -> None:
        self._caches.lost()
        self._in_use.load(spec)

    def _loaded(self, model: ModelInfo) -> None:
        self.parts.senses.suit(Profile.of(model))
        self._when_idle(self._current(), self._asides.read_ahead)

    @property
    def model(self) -> ModelInfo | None:
        return self._in_use.info

    def use_model(self, path: Path) -> None:
        with self._lock:
            self._aside.request()
        self._jobs.put(lambda: self._load_from(path))

    @property
    def mode(self) -> Mode:
        return self.parts.broker.mode

    def set_mode(self, mode: Mode) -> None:
        self.parts.broker.set_mode(mode)

    # -- requests -------------------------------------------------------------------------------------------------

    def submit(self, request: Request) -> str:
        conversation = self._current()
        with self._lock:
            running = next((e for e in self._errands if e.conversation is conversation), None)
            if running is None or request.files or request.moment is not None:
                errand = Errand(request, conversation)
                self._errands.append(errand)
                self._aside.request()
                self._jobs.put(lambda: self._run(errand))
                return errand.id
        if request.text.strip(" .!").casefold() in STOP_WORDS:
            self.stop()
        else:
            running.said.put(request.text)
        return running.id

    def _run(self, errand: Errand) -> None:
        """One request from start to end, on the agent thread. It always ends with TaskFinished."""
        if self._closing.is_set():
            errand.cancel.request()
        ending = Ending(self.hub.emit)
        first = not errand.conversation.messages
        try:
            self._prepare(errand, ending.emit).run()
        except DeskhandError as trouble:
            ending.make_up(errand, trouble)
        except Exception:
            _log.exception("a task ended by an error of ours")
            ending.make_up(errand, DeskhandError(_OUR_MISTAKE, _IN_THE_LOG))
        with self._lock:
            self._errands.remove(errand)
            late = tuple(errand.take_said())
        if first and ending.answered:
            self._when_idle(errand.conversation, self._asides.entitle)
        for text in late:  # too late for this task: it is a request of its own
            self.submit(Request(text=text))

    def _prepare(self, errand: Errand, emit: Emit) -> Task:
        if self.model is None and errand not in self._in_vain:
            spec = self.parts.spec(None)
            if spec.server is not None:
                self._load(spec)  # it may have come back since
        model = self.model
        if model is None:
            raise ModelLoadError("No model is loaded, so this was not started.", _NO_MODEL)
        self._caches.turn_to(errand.conversation)
        profile = replace(Profile.of(model), in_place=self.parts.fast_pictures and not model.server)
        aloud = self.parts.speak_answers and errand.request.source == "spoken"
        spoken = SpokenAnswer(self.parts.voice) if aloud else None
        pointing = Pointing(errand.request, self.parts.senses)

        def tell(event: Event) -> None:
            for each in pointing.follow(event):
                self._log_event(errand.conversation.session, each)
                self._caches.follow(each)
                emit(each)
                if spoken is not None:
                    spoken.follow(each)

        return Task(
            errand=errand,
            ports=Ports(
                engine=self.parts.engine,
                tools=offered(self.parts.tools, profile),
                broker=self.parts.broker,
                journal=self.parts.journal,
                ask=self.parts.questions.ask,
                emit=tell,
                saw=self.parts.senses.saw,
            ),
            profile=profile,
            system=self.parts.system,
            context_tokens=model.context_tokens,
            attachments=self._attachments(errand, profile),
        )

    # -- while nobody waits ---------------------------------------------------------------------------------------

    def _when_idle(self, conversation: Conversation, do: Aside) -> None:
        """Have the engine hold ``conversation`` and do something with it, unless there is something else to do by
        then; what has begun gives way to the next request."""

        def job() -> None:
            model = self.model
            with self._lock:
                busy = bool(self._errands) or self._closing.is_set()
                if busy or conversation is not self._conversation or model is None:
                    return
                self._aside = cancel = Cancel()
            self._caches.turn_to(conversation)
            do(conversation, Profile.of(model), cancel)

        self._jobs.put(job)

    # -- what a request needs -------------------------------------------------------------------------------------

    def _attachments(self, errand: Errand, profile: Profile) -> tuple[Attachment, ...]:
        files, read = errand.request.files, self.parts.read_attachment
        budget = profile.observation_chars // max(1, len(files))
        return tuple(read(path, budget, errand.cancel) for path in files)

    def _log_event(self, session: str, event: Event) -> None:
        """Keep what shows a session again. A log that cannot be written loses the picture of a task, not the task."""
        if isinstance(event, KEPT):
            try:
                self.parts.sessions.log(session, event)
            except DeskhandError as trouble:
                self.hub.emit(Notice(level="warning", text=trouble.what, remedy=trouble.remedy))

    def stop(self) -> None:
        with self._lock:
            errands = list(self._errands)
            self._aside.request()
        for errand in errands:
            errand.stop()
        self.parts.voice.hush()
        if errands:
            with contextlib.suppress(DeskhandError):  # without a screen nothing is held
                self.parts.senses.let_go()

    def answer(self, question: str, choice: Choice, by: Literal["window", "voice", "terminal"]) -> None:
        self.parts.questions.answer(question, choice, by)

    def undo(self, task: str | None = None) -> tuple[UndoneLine, ...]:
        with self._lock:
            busy = bool(self._errands)
        if busy:
            raise DeskhandError("A task is still running, so nothing was undone.", "Stop it first.")
        task = task or self.parts.journal.last_undoable()
        if task is None:
            return ()
        return self.parts.journal.undo(task)

    def look(self, region: Region | None = None) -> Moment:
        return self.sight.look(region)

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
        self.stop()
        with self._lock:
            self._conversation = None
        conversation = self._current()
        self._when_idle(conversation, self._asides.take_up)
        return conversation.session

    def open_session(self, session: str) -> tuple[Event, ...]:
        if session != self.session:
            self.stop()
            conversation = Conversation(self.parts.sessions, session)
            with self._lock:
                self._conversation = conversation
            self._when_idle(conversation, self._asides.take_up)
        return self.parts.sessions.events(session)

    def _tell_title(self, event: Event) -> None:
        if isinstance(event, SessionTitled):
            self._log_event(event.session, event)
        self.hub.emit(event)

    def sessions(self, search: str = "") -> tuple[SessionSummary, ...]:
        return tuple(self.parts.sessions.list(search))

    # -- voice ----------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        self.parts.voice.listen()
        if self._hears:
            self._when_idle(self._current(), self._asides.listen_along)

    def listen_done(self) -> None:
        threading.Thread(target=self._finish_listening, name="listening", daemon=True).start()

    def _finish_listening(self) -> None:
        try:
            words = self.parts.voice.finish()
        except DeskhandError as trouble:
            self.hub.emit(Notice(level="error", text=trouble.what, remedy=trouble.remedy))
            return
        if words:
            sound = self.parts.voice.sound() if self._hears else None
            if sound is not None and sound.samples > SOUND_PIECE:
                sound = None  # the words alone take less of the context
            self.submit(Request(text=words, source="spoken", sound=sound))

    @property
    def _hears(self) -> bool:
        return self.model is not None and Profile.of(self.model).hears

    def speak(self, text: str) -> None:
        self.parts.voice.speak(text)

    def hush(self) -> None:
        self.parts.voice.hush()
