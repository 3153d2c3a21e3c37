"""What a tool is: a schema for its arguments, a declaration of its effect, and a function.

A call goes through three small functions of the loop: *prepare* (parse the arguments, declare the effect, ask the
broker), *execute* (write the journal, run), *finalise* (read back, tell). An unknown tool, bad arguments, a denial
and a failure are results that the model reads, never exceptions.

A result has two faces: ``content`` is what the model reads, ``evidence`` and ``details`` are what the person sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from agent.cancel import Cancel
from agent.messages import Picture


class Arguments(BaseModel):
    """Base of every tool's arguments. Field descriptions are what the model reads: keep them to a few words."""

    model_config = ConfigDict(frozen=True, extra="forbid")


A = TypeVar("A", bound=Arguments)


class Risk(IntEnum):
    """What a call could do at worst, lowest first. The broker computes it from the effect; nobody else decides."""

    INERT = 0  # nothing is read or changed: a sum, the time
    READ = 1  # reads inside the workspace
    PRIVATE_READ = 2  # reads outside the workspace: the screen, the clipboard, other folders
    REVERSIBLE_WRITE = 3  # writes inside the workspace, and can be undone
    DRIVE = 4  # runs a program, or acts on another application's window
    LEAVE = 5  # leaves the machine: network, messages, payment
    IRREVERSIBLE = 6  # cannot be undone, or touches credentials, start-up files, our own settings


Status = Literal["confirmed", "partial", "unverifiable", "suspected_noop", "refused", "failed"]
"""How an action or a task ended, as far as *we* could read back.

confirmed       what should be true afterwards was read back and is true
partial         some of it is
unverifiable    it was done, but nothing could be read back to prove it
suspected_noop  it was done, and nothing changed
refused         the broker, the person or a guard said no; nothing was done
failed          it was tried and did not work
"""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing a call reads or changes, named so that a person can recognise it.

    ``label`` is the word an approval shows for it ("File", "Folder", "Application", "Text", "Keys").
    ``value`` is the exact value: an absolute path, an application's name, the text itself. A target of the kind
    "value" decides where something goes or how much of it: a recipient, an amount, the number of a record. A "command"
    is run by a shell: every sign of it counts.
    """

    kind: Literal["path", "application", "window", "text", "keys", "url", "value", "command"]
    label: str
    value: str
    said: str = ""
    """The argument as the model wrote it, when ``value`` was resolved from it (a relative path, say)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a call would do, declared by the tool from its arguments, before anything happens."""

    verb: Literal["compute", "read", "look", "write", "drive", "run", "send", "erase"]
    """compute: nothing outside us. read: files or our own store. look: screen, clipboard. write: files or our own
    store. drive: another application's window. run: start a program. send: leaves the machine. erase: for good."""
    targets: tuple[Target, ...] = ()
    changes: tuple[Path, ...] = ()
    """Absolute paths whose content, existence or name changes: the journal keeps their before-images."""
    undo: str = ""
    """In a few words, what undo will do ("moves it back", "restores the old text"); empty: it cannot be undone."""
    question: str = ""
    """The approval's headline, as a question: "Save a new file?"."""
    contained: bool = False
    """A program that runs in the sandbox, which was shown to hold: no network, no home, and what it changes in the
    workspace can be undone."""


class Line(NamedTuple):
    """A line of what was read (with the line breaks that are in it). ``key`` stays the same while it is about the
    same thing, also when its text changes."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call. ``content`` starts with ``error:`` or ``refused:`` when it did not work."""

    status: Status
    content: str
    evidence: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    lines: tuple[Line, ...] = ()
    """``content`` by lines, where a second look need not say again what has not changed."""

    @staticmethod
    def failed(why: str, **details: Any) -> ToolResult:
        """It was tried and did not work; ``why`` is one sentence for the model and the person alike."""
        return ToolResult("failed", f"error: {why}", evidence=why, details=details)

    @staticmethod
    def refused(why: str, **details: Any) -> ToolResult:
        """Nothing was done, because somebody or something said no."""
        return ToolResult("refused", f"refused: {why}", evidence=why, details=details)


class ToolContext(Protocol):
    """What a running tool may use besides its own ports. Called from the agent thread only."""

    @property
    def cancel(self) -> Cancel:
        """Poll it in anything that may take longer than a tenth of a second."""
        ...

    def progress(self, text: str) -> None:
        """Tell the person what is going on, in a few words. Must not raise."""
        ...

    def keep(self, paths: tuple[Path, ...], /) -> None:
        """Put the before-images of ``paths`` into the journal, for what a tool could not name in its effect: call it
        before anything is changed. Raises StorageError: then nothing may be."""
        ...


@dataclass(frozen=True, slots=True)
class Tool(Generic[A]):
    """One tool. ``effect`` and ``title`` are pure and quick: they look at the arguments, not at the world, except
    to resolve a path or to name the front window.
    ``run`` may block and must look at ``context.cancel``; it returns failures as results and lets
    only programming errors out."""

    name: str
    description: str
    arguments: type[A]
    effect: Callable[[A], Effect]
    run: Callable[[A, ToolContext], ToolResult]
    title: Callable[[A], str]
    """The step in a few words, present tense, the object in ``**``: "Read **shopping.txt**"."""
    repeatable: bool = False
    """Doing the same again at once is ordinary (a key, a scroll); otherwise the loop refuses it."""
    for_sight: bool = False
    """Of use only to a model that sees pictures; others are not told of it."""
    waits: bool = False
    """It waits for something outside, as the person asked: that time is not taken from the task's."""
