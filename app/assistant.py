"""The assistant as the window, the command line and the demo meet it: requests in, events out.

One agent thread runs one request at a time. Every method may be called from any thread and returns at once, except
where it says *blocks*. Subscribers are called from whichever thread the event was made on; they must not raise and
must return at once (the window's posts one Qt signal).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from agent.broker import Mode
from agent.engine.port import ModelInfo
from agent.events import Choice, Event
from agent.journal import UndoneLine
from agent.messages import Moment, Request
from agent.session import SessionSummary

if TYPE_CHECKING:
    from app.parts import Region
    from tools.moment import Frozen, Part


class Sight(Protocol):
    """The screen as the window shows it to the person, and shows them things on it."""

    def freeze(self, region: Region) -> Frozen:
        """The pixels of ``region`` now, and the windows there, to choose from. Blocks for some hundredths of a second.
        Raises DesktopError."""
        ...

    def look_at(self, frozen: Frozen, part: Part) -> Moment:
        """The part of a frozen screen that the person chose. Blocks for some tenths of a second, for seconds where
        there is only OCR. Raises DesktopError."""
        ...

    def whereabouts(self, window: int, x: int, y: int) -> Region | None:
        """Where the window with this id is, if it is what shows at this point; ``None`` when it is closed, minimised or
        covered there. Blocks for some milliseconds. Raises DesktopError."""
        ...

    def composited(self) -> bool:
        """Whether half transparent windows can be shown here. Blocks for some milliseconds. Raises DesktopError."""
        ...

    def uncover(self, put_away: Callable[[], None]) -> None:
        """Have ``put_away`` called before pixels of the screen are taken, from any thread: it takes away what we draw
        over the screen and waits, for a moment, until it is gone. It must not raise."""
        ...


class Assistant(Protocol):
    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have ``listener`` called with every event; returns the function that ends it."""
        ...

    def start(self) -> None:
        """Start the agent thread and load the model behind it (ModelLoading … ModelReady, or a Notice)."""
        ...

    def attend(self) -> None:
        """Be there for longer, as a window is: emit ReminderDue for what is due, have the ears ready."""
        ...

    def submit(self, request: Request) -> str:
        """Run ``request`` in the current session and return its task id. While a task runs, it is taken as
        something said about it (steer, or stop when it is the word), at the next step; with a file or a screen it is a
        task of its own, after that one."""
        ...

    def stop(self) -> None:
        """Stop whatever runs: decoding, a tool, the voice. Open questions are answered with deny, and keys and buttons
        that are held down are released."""
        ...

    def answer(self, question: str, choice: Choice, by: Literal["window", "voice", "terminal"]) -> None:
        """Answer an open question by its id; an answer to a question that is no longer open is dropped."""
        ...

    def undo(self, task: str | None = None) -> tuple[UndoneLine, ...]:
        """Undo what ``task`` (or the last task that changed something) changed; one line each, also for what could
        not be restored. Blocks (file moves). Raises DeskhandError while a task runs."""
        ...

    def look(self, region: tuple[int, int, int, int] | None = None) -> Moment:
        """The screen of this moment, for a request or for the thumbnail; ``region`` (x, y, width, height in pixels)
        narrows it to a part of the screen. Blocks for some tenths of a second. Raises DesktopError."""
        ...

    @property
    def sight(self) -> Sight: ...

    @property
    def model(self) -> ModelInfo | None: ...

    @property
    def mode(self) -> Mode: ...

    def set_mode(self, mode: Mode) -> None: ...

    def use_model(self, path: Path) -> None:
        """Load another model file; the conversation goes on with it. On failure the old one stays."""
        ...

    @property
    def session(self) -> str: ...

    def new_session(self) -> str:
        """Begin another session and make it the current one; a running task is stopped."""
        ...

    def open_session(self, session: str) -> tuple[Event, ...]:
        """Make ``session`` the current one (a task of another one is stopped) and return its events, oldest first,
        to show it again."""
        ...

    def sessions(self, search: str = "") -> tuple[SessionSummary, ...]:
        """Past sessions, newest first."""
        ...

    def listen(self) -> None:
        """Open the microphone (push-to-talk pressed): ListeningChanged, SoundLevel and Heard follow."""
        ...

    def listen_done(self) -> None:
        """Push-to-talk let go: the last words are transcribed and, if there are any, submitted as a request."""
        ...

    def speak(self, text: str) -> None:
        """Say ``text`` aloud, replacing what is being said."""
        ...

    def hush(self) -> None:
        """Stop speaking."""
        ...

    def close(self) -> None:
        """Stop everything, end the engine process, close the database. Blocks for at most a few seconds."""
        ...
