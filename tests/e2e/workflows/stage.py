"""The stage of a workflow: an empty virtual desktop, a folder of its own, the person, and the assistant as it is put
together for them, with a scripted policy as its model."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from agent.cancel import Cancel
from agent.engine.port import ModelSpec
from agent.events import (
    Event,
    ListeningChanged,
    Outcome,
    Question,
    QuestionAsked,
    SpeakingChanged,
    StepFinished,
    StepStarted,
    TaskFinished,
)
from agent.messages import Request
from app import compose
from app.local import LocalAssistant
from app.settings import Places, Settings
from tests.e2e.workflows.applications import fresh_profiles
from tests.e2e.workflows.policy import Policy, ScriptedPolicy
from tests.virtual_desktop import VirtualDesktop
from tests.virtual_sound import VirtualSound
from tools.applications import application_for, find_application
from tools.desktop.port import Desktop, Window
from tools.desktop.waiting import until

TASK_SECONDS = 180.0
"""A task that takes longer hangs."""
READY_SECONDS = 60.0

MakePolicy = Callable[[str], Policy]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What the person was told of one task."""

    outcome: Outcome
    steps: tuple[tuple[str, str, str], ...]
    """Tool, status and what the model read, of each step."""
    questions: tuple[Question, ...]

    @property
    def tools(self) -> tuple[str, ...]:
        return tuple(tool for tool, _, _ in self.steps)

    def __str__(self) -> str:
        steps = "\n".join(f"{tool} [{status}] {content}" for tool, status, content in self.steps)
        return f"{self.outcome.status}: {self.outcome.answer}{self.outcome.error}\n{steps}"

    def approved_once(self) -> Told:
        """Itself, if the person had to allow one thing: the plan."""
        assert len(self.questions) == 1, f"{[question.title for question in self.questions]}\n{self}"
        return self

    def ended(self, *statuses: str) -> Told:
        """Itself, if the task ended so."""
        assert self.outcome.status in statuses, str(self)
        return self


class Stage:
    """See :func:`stage`."""

    def __init__(self, desktop: VirtualDesktop, ports: Desktop, folder: Path) -> None:
        self.desktop = desktop
        self.ports = ports
        self.folder = folder
        self.workspace = desktop.home / "Documents"

    # -- what the person does -------------------------------------------------------------------------------------

    def opens(self, name: str = "", path: Path | None = None) -> Window:
        """The person opens an application, or a document with the application it belongs to, and waits for it."""
        applications = self.ports.applications
        meant = (
            application_for(applications, path) if path and not name else find_application(applications, name)
        )
        assert meant is not None, f"{name or path} opens with nothing here"
        before = {window.id for window in self.ports.windows.list()}
        applications.start(meant, path)
        # An office's window is called after its part only when that has come up.
        return self.window(
            f"a window of {meant.name}",
            lambda each: each.id not in before and each.application == meant.name,
        )

    def terminal(self, *lines: str) -> None:
        """The person has a terminal open in which these lines stand."""
        text = "\\n".join(lines)
        command = ("xterm", "-T", "terminal", "-fa", "DejaVu Sans Mono", "-fs", "14", "-e")
        self.desktop.start(*command, f"printf '{text}\\n'; sleep 600")
        eventually("the terminal", lambda: self._titled("terminal"))

    def visits(self, browser: str, address: str, title: str) -> Window:
        """The person goes to a page with a browser, and waits for its title."""
        self.opens(browser)
        for _ in range(5):  # a browser that has just come up misses keys
            self.ports.keyboard.press("ctrl+l")
            self.ports.keyboard.type(address)
            self.ports.keyboard.press("enter")
            if until(lambda: self._titled(title), 4.0, Cancel()):
                break
        return self.window(f"the page {title}", lambda each: each.title.startswith(title))

    def _titled(self, title: str) -> Window | None:
        return next((each for each in self.ports.windows.list() if each.title.startswith(title)), None)

    def window(self, what: str, that: Callable[[Window], bool]) -> Window:
        """The window for which ``that`` holds, once it can be read, or has been there for two seconds."""

        def readable() -> Window | None:
            listed = (each for each in self.ports.windows.list() if each.title and that(each))
            found = next(listed, None)
            return found if found and self.ports.accessibility.read(found) else None

        found = eventually(what, readable, READY_SECONDS)
        assert self.ports.windows.focus(found), f"{what} did not come to the front"
        return found

    def asks(self, words: str, policy: MakePolicy | None = None, *, about_the_screen: bool = False) -> Told:
        """The person asks for something and allows what they are asked about, until the task has ended. Without a
        policy the built-in model decides what is done."""
        with self._assistant(policy) as (assistant, listener):
            moment = assistant.look() if about_the_screen else None
            assistant.submit(Request(text=words, moment=moment))
            return listener.wait()

    def asks_aloud(self, words: str, policy: MakePolicy | None, sound: VirtualSound) -> Told:
        """The person says it while they hold the key, and waits until the answer has been spoken."""
        with self._assistant(policy) as (assistant, listener):
            assistant.listen()
            listener.wait_for(ListeningChanged(on=True))
            sound.say(words)
            assistant.listen_done()
            told = listener.wait()
            listener.wait_for(SpeakingChanged(on=False))
            return told

    @contextmanager
    def _assistant(self, policy: MakePolicy | None) -> Iterator[tuple[LocalAssistant, Listener]]:
        """The assistant as ``app.compose`` puts it together; with a policy that is its model."""
        kept = self.folder / "deskhand"
        places = Places(kept / "config", kept / "data", kept / "state", kept / "cache")
        assistant = compose.build(Settings(workspace=self.workspace), places)
        engine = ScriptedPolicy(policy) if policy else None
        if engine is not None:
            parts = replace(assistant.parts, engine=engine, spec=lambda path: ModelSpec(Path("scripted")))
            assistant = LocalAssistant(parts, assistant.hub)
        listener = Listener(assistant)
        assistant.start()
        try:
            yield assistant, listener
        finally:
            assistant.close()
        if engine is not None and engine.trouble is not None:
            raise AssertionError(f"{engine.trouble}\n{listener.steps}")

    def clear(self) -> None:
        """End whatever has a window."""
        deadline = time.monotonic() + 10
        while (windows := self.ports.windows.list()) and time.monotonic() < deadline:
            for pid in {window.pid for window in windows if window.pid}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


class Listener:
    """Follows one task of ``assistant`` and says yes to whatever it asks. Called on the agent thread."""

    def __init__(self, assistant: LocalAssistant) -> None:
        self._assistant = assistant
        self._tools: dict[str, str] = {}
        self.steps: list[tuple[str, str, str]] = []
        self._questions: list[Question] = []
        self._finished: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
        assistant.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        match event:
            case QuestionAsked(question=question):
                self._questions.append(question)
                self._assistant.answer(question.id, "allow", "window")
            case StepStarted():
                self._tools[event.step] = event.tool
            case StepFinished():
                self.steps.append((self._tools[event.step], event.status, event.content))
            case TaskFinished():
                self._finished.put(event.outcome)
            case ListeningChanged() | SpeakingChanged():
                self._heard.put(event)
            case _:
                pass

    def wait_for(self, event: Event) -> None:
        """Until this event of the voice has come."""
        try:
            while self._heard.get(timeout=READY_SECONDS) != event:
                pass
        except queue.Empty:
            raise AssertionError(f"there was no {event}") from None

    def wait(self) -> Told:
        """The task's end. Fails when it does not come."""
        try:
            outcome = self._finished.get(timeout=TASK_SECONDS)
        except queue.Empty:
            raise AssertionError(f"the task did not end; so far: {self.steps}") from None
        return Told(outcome, tuple(self.steps), tuple(self._questions))


@contextmanager
def stage(desktop: VirtualDesktop, ports: Desktop) -> Iterator[Stage]:
    """A stage on ``desktop``, which this process has entered. What was opened on it is ended afterwards."""
    folders = tempfile.TemporaryDirectory(dir=desktop.home, prefix="stage-", ignore_cleanup_errors=True)
    with folders as folder, fresh_profiles(desktop.home):
        made = Stage(desktop, ports, Path(folder))
        made.clear()
        try:
            yield made
        finally:
            made.clear()
            shutil.rmtree(made.workspace, ignore_errors=True)
            made.workspace.mkdir(exist_ok=True)


def eventually(what: str, check: Callable[[], T | None], seconds: float = 10.0) -> T:
    """The first true thing that ``check`` returns. Fails when it does not come."""
    found = until(check, seconds, Cancel())
    assert found, f"{what} did not come"
    return found
