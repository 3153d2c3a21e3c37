"""Events as a person reads them in a terminal, and as a program reads them (one JSON object a line).

The model's words go to standard output, so they can be piped; steps, questions and notices go to standard error.
What models and files say is shown with its control characters made visible: no escape sequence of theirs reaches the
terminal. Called from the command line's main thread only.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TextIO

from agent.events import (
    Choice,
    Compacted,
    EngineRestarted,
    Event,
    Heard,
    ModelLoading,
    ModelReady,
    Notice,
    Outcome,
    PlanMade,
    PointedAt,
    Question,
    ReminderDue,
    StepFinished,
    StepProgress,
    StepStarted,
    TaskFinished,
    TaskStarted,
    TextDelta,
    TurnRestarted,
    told_of,
)

MARKS: Mapping[str, str] = {
    "confirmed": "✓",
    "partial": "~",
    "unverifiable": "?",
    "suspected_noop": "!",
    "refused": "–",
    "failed": "✗",
}
ENDINGS: Mapping[str, str] = {
    "partial": "Only part of it was done.",
    "unverifiable": "It was done, but I could not confirm it.",
    "suspected_noop": "I acted, but nothing changed.",
    "refused": "It was not done, because it was not allowed.",
    "failed": "It did not work.",
    "stopped": "Stopped.",
}
Colour = Literal["bold", "dim", "green", "yellow", "red", "plain"]
_CODES: Mapping[Colour, str] = {
    "bold": "1", "dim": "2", "green": "32", "yellow": "33", "red": "31", "plain": "0",
}  # fmt: skip
_STATUS_COLOURS: Mapping[str, Colour] = {"confirmed": "green", "failed": "red", "refused": "yellow"}

_HARMLESS = "\n\t\u200c\u200d"
"""Line breaks and tabs, and the two joiners that many scripts and emoji are written with."""


def visible(text: str) -> str:
    """``text`` with every control and direction-changing character shown as its escape."""
    return "".join(
        character
        if character in _HARMLESS or unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs")
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def plain(title: str) -> str:
    """A step's title without the ``**`` around its object."""
    return title.replace("**", "")


@dataclass(frozen=True, slots=True)
class Style:
    """Colours, where they are wanted: not in a pipe, and never when ``NO_COLOR`` is set (no-color.org)."""

    on: bool

    @staticmethod
    def of(stream: TextIO, environment: Mapping[str, str]) -> Style:
        wanted = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
        return Style(wanted and stream.isatty())

    def __call__(self, colour: Colour, text: str) -> str:
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.on and text else text


class Printer(Protocol):
    """Shows events, in whatever form."""

    def show(self, event: Event) -> None: ...


@dataclass(slots=True)
class JsonPrinter:
    """One event, one line."""

    out: TextIO = field(default_factory=lambda: sys.stdout)

    def show(self, event: Event) -> None:
        self.out.write(event.model_dump_json() + "\n")
        self.out.flush()


@dataclass(slots=True)
class TextPrinter:
    """Events for a person."""

    environment: Mapping[str, str]
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    with_requests: bool = False
    """Also show what was asked: for a session of the past."""
    _titles: dict[str, str] = field(default_factory=dict)
    _told: set[tuple[str, str]] = field(default_factory=set)
    """Steps of this task that stand above already, with their proof."""
    _streamed: str = ""

    @property
    def _style(self) -> Style:
        return Style.of(self.err, self.environment)

    def show(self, event: Event) -> None:
        match event:
            case TextDelta():
                self._streamed += event.text
                self.out.write(visible(event.text))
                self.out.flush()
            case TaskStarted():
                self._told.clear()
                if self.with_requests:
                    self.out.write(f"> {visible(event.request.text)}\n")
            case TurnRestarted():
                self._end_line()
                self._say(self._style("dim", "(starting that answer again)"))
            case PlanMade():
                self._plan(event)
            case StepStarted():
                self._titles[event.step] = plain(event.title)
            case StepProgress():
                self._passing(f"  {visible(event.text)}")
            case StepFinished():
                self._step(event)
            case ModelLoading():
                self._passing(f"Loading {visible(event.model)} … {event.fraction:.0%}")
            case ModelReady():
                self._passing("")
            case EngineRestarted():
                self._say(self._style("yellow", f"The answer begins again: {visible(event.cause)}"))
            case Notice():
                self._notice(event)
            case Compacted():
                self._end_line()
                for line in told_of(event):
                    self._say(self._style("dim", visible(line)))
            case Heard():
                self._passing(f"  {visible(event.text)}")
                if event.final:
                    self._say(f"“{visible(event.text)}”")
            case ReminderDue():
                self._say(self._style("bold", f"Reminder: {visible(event.text)}"))
            case PointedAt():
                self._end_line()
                x, y, width, height = event.bounds
                place = f"in {visible(event.application)}, at {x + width // 2}, {y + height // 2}"
                self._say(self._style("dim", f"“{visible(event.name)}” is {place}"))
            case TaskFinished():
                self._outcome(event.outcome)
            case _:
                pass

    def _plan(self, event: PlanMade) -> None:
        self._end_line()
        self._say(self._style("bold", "Plan"))
        for number, step in enumerate(event.steps, start=1):
            self._say(f"  {number}. {visible(plain(step.title))}")

    def _step(self, event: StepFinished) -> None:
        self._end_line()
        colour = _STATUS_COLOURS.get(event.status, "yellow")
        title = visible(self._titles.pop(event.step, ""))
        self._told.add((title, visible(event.evidence)))
        proof = visible(event.evidence).replace("\n", " ")
        mark = self._style(colour, MARKS[event.status])
        self._say(f"{mark} {title}  {self._style('dim', f'{proof}  {event.seconds:.1f} s')}")

    def _notice(self, event: Notice) -> None:
        self._end_line()
        colour: Colour = {"info": "plain", "warning": "yellow", "error": "red"}[event.level]  # type: ignore[assignment]
        self._say(self._style(colour, visible(event.text)))
        if event.remedy:
            self._say(visible(event.remedy))

    def _outcome(self, outcome: Outcome) -> None:
        if outcome.answer and outcome.answer.strip() != self._streamed.strip():
            self._end_line()
            self.out.write(visible(outcome.answer))
            self._streamed = outcome.answer
        self._end_line()
        ending = ENDINGS.get(outcome.status, "")
        if outcome.error:
            ending = visible(outcome.error)
        if ending:
            self._say(self._style("red" if outcome.status == "failed" else "yellow", ending))
        if outcome.remedy:
            self._say(visible(outcome.remedy))
        for proof in outcome.evidence:
            claim, seen = visible(plain(proof.claim)), visible(proof.proof)
            if (claim, seen) not in self._told:
                mark = self._style("green", "✓") if proof.holds else self._style("red", "✗")
                self._say(f"{mark} {claim}  {self._style('dim', seen)}")
        if outcome.changed:
            self._say("Changed (deskhand undo takes it back):")
            for line in outcome.changed:
                self._say(f"  {visible(line)}")

    def _say(self, line: str) -> None:
        self._passing("")
        self.err.write(line + "\n")
        self.err.flush()

    def _passing(self, line: str) -> None:
        """A line that the next one overwrites; only where there is a terminal to overwrite."""
        if self._style.on:
            self.err.write(f"\r\x1b[K{line}")
            self.err.flush()

    def _end_line(self) -> None:
        """The answer streamed so far gets its line break."""
        if self._streamed and not self._streamed.endswith("\n"):
            self.out.write("\n")
            self.out.flush()
        self._streamed = ""


def ask(question: Question, read: Callable[[str], str], err: TextIO, style: Style) -> Choice:
    """Put ``question`` to the person at the terminal. Anything but a clear yes is a no."""
    err.write(f"\n{style('bold', visible(question.title))}\n")
    for line in question.lines:
        origin = f"  ({visible(line.origin)})" if line.origin else ""
        err.write(f"  {visible(line.label)}: {visible(line.value)}{style('dim', origin)}\n")
    if question.reason:
        err.write(f"  {visible(question.reason)}\n")
    err.write(f"  Undo: {visible(question.undo) if question.undo else 'cannot be undone'}\n")
    options = "[y/N/a]" if question.always else "[y/N]"
    err.write(f"  y allow, N don't{f', a always {visible(question.always)}' if question.always else ''}\n")
    err.flush()
    try:
        answer = read(f"Allow? {options} ").strip().casefold()
    except EOFError:
        err.write("Nobody is here to ask, so the answer is no.\n")
        return "deny"
    if question.always and answer in ("a", "always"):
        return "always"
    return "allow" if answer in ("y", "yes") else "deny"
