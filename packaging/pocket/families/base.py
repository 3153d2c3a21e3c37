"""What every family of requests shares: writing down a task step by step, results that go wrong, closing words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from conversation import Call, Result, Say, Task, Turn, User
from phrases import expand
from worlds import World

LARGER_MODEL = "That needs a larger model than the built-in one; you can get one on the Models page."
UNDO = "I cannot undo things myself: press Undo, or run deskhand undo."

REFUSALS = [
    "you said no",
    "the person said no",
    "the person said no",
    "the person said no to the plan",
    "this was just done, and nothing has changed since",
    "not allowed",
    "nobody was there to ask",
    "this is outside the workspace",
    "read-only mode allows no changes",
    "the same call was made before and nothing has changed since",
    "that folder is protected",
    "it was not approved",
    "stopped by the person",
    "Deskhand never touches this file",
    "you said no. Nothing was changed.",
    "{word} {word2} is not allowed here",
    "it is outside {word}",
]
ERRORS = [
    'there is no {thing} "{about}"',
    'no {thing} "{about}"',
    '"{about}" was not found',
    '"{about}" does not exist',
    'no {thing} named "{about}" here. Nothing was changed.',
    '"{about}" could not be opened',
    "permission denied",
    'cannot find "{about}"',
    "the disk is full. Nothing was lost.",
    "the application does not answer",
    'there is no {thing} called "{about}" in Documents',
    '"{about}" is busy, try again later',
    'no {thing} matches "{about}". Look at the screen again.',
    "it took too long",
    "nothing happened after 5 seconds",
    'there is no file "{about}"',
    'no application here is called "{about}"',
    '"{about}" is disabled',
    '"{about}" did not close',
    '"{about}" did not open a window',
    '"{about}" is not a text file',
    "there is already something called that; nothing was changed",
    '"{about}" could not be brought to the front',
    '"{about}" was not saved: no file appeared',
    "this cannot be worked out: {word}",
    'I found no {thing} "{about}"; the nearest is "{word}"',
    "{word} {word2} {number}",
    '"{about}": {word} {word2}',
    'no window called "{about}"; open: "{word} {word2}", "{word}.txt"',
    'no application called "{about}"; there are {word} and {word2}',
    'there is no control called "{about}"; there are: "{word}", "{word2}"',
    '"{about}" could be several controls, use the number: 3 button "{about}", {number} item "{about}"',
    "more than one matches: {word} {word2}, {word2} {word}",
    '"{about}" is not a time I understand: it is past',
    'no reminder matches "{about}"',
    '"{about}" is a folder',
    'you have no permission for "{about}"; nothing was changed',
    'the disk is full, so "{about}" was not written; what was there before is intact',
]


@dataclass(slots=True)
class Script:
    """A task being written down. After a failed step the script is over and :attr:`going` is false."""

    world: World
    turns: list[Turn] = field(default_factory=list)
    going: bool = True
    trouble: float = 0.07
    """How likely each step is to come back as an error or a refusal."""

    def ask(self, user: User) -> Script:
        self.turns.append(user)
        return self

    def plan(self, *steps: tuple[str, str]) -> Script:
        """Announce the steps. Refused now and then, which ends the script."""
        if not self.going:
            return self
        arguments = {"steps": [{"do": do, "with": about} for do, about in steps]}
        self.turns.append(Call("plan", arguments))
        if self.world.chance(self.trouble / 2):
            return self._stop(
                "refused: " + expand(self.world.one_of(REFUSALS), self.world.rng, _words(self.world))
            )
        self.turns.append(Result("plan accepted"))
        return self

    def do(self, name: str, result: str, thing: str = "file", about: str = "", /, **arguments: Any) -> Script:
        """One call and its result; it may fail instead, naming ``about`` (a ``thing``)."""
        if not self.going:
            return self
        self.turns.append(Call(name, arguments))
        if self.world.chance(self.trouble):
            return self._stop(self._mishap(thing, about or _first(arguments)))
        self.turns.append(Result(result))
        return self

    def say(self, text: str) -> Script:
        if self.going:
            self.turns.append(Say(text))
        return self

    def tell(self) -> Script:
        """Close with the last result in words."""
        if self.going:
            last = self.turns[-1]
            assert isinstance(last, Result)
            self.turns.append(Say(in_words(last.text)))
        return self

    def task(self) -> Task:
        return tuple(self.turns)

    def _mishap(self, thing: str, about: str) -> str:
        world = self.world
        if world.chance(0.3):
            return "refused: " + expand(world.one_of(REFUSALS), world.rng, _words(world))
        slots = _words(world) | {"thing": thing, "about": about[:40]}
        return "error: " + expand(world.one_of(ERRORS), world.rng, slots)

    def _stop(self, result: str) -> Script:
        self.turns += [Result(result), Say(in_words(result))]
        self.going = False
        return self


def in_words(result: str) -> str:
    """The sentence that tells the person a result. One rule for all tools, so that a small model can learn it."""
    if result.startswith("error: "):
        return f"That did not work: {stopped(result[7:])}"
    if result.startswith("refused: "):
        return f"I stopped there: {stopped(result[9:])}"
    if match := re.fullmatch(r'still open: (".*") asks (".*")', result, re.DOTALL):
        return f"{match[1]} is still open and asks {match[2]} Which button should I press?"
    if match := re.fullmatch(r"in front: (.*)", result, re.DOTALL):
        return f"{match[1]} is in front now."
    if result.endswith(" and nothing changed"):
        return f"I {result.removesuffix(' and nothing changed')}, but nothing changed."
    if result.startswith("there is already"):
        return stopped("T" + result[1:])
    if result.startswith("nothing remembered about "):
        return f"I remember {result.replace('remembered ', '')}."
    if result == "copied to the clipboard":
        return "I copied it to the clipboard."
    if re.match(r'".*" is now (".*"|\(hidden\))$', result, re.DOTALL):
        return f"{result}."
    return stopped(result if result.startswith("I ") else f"I {result}")


def stopped(text: str) -> str:
    return text if text[-1:] in ".!?" else text + "."


def _first(arguments: dict[str, Any]) -> str:
    return next((value for value in arguments.values() if isinstance(value, str)), "")


def _words(world: World) -> dict[str, str]:
    return {"word": world.word(), "word2": world.word(), "number": str(world.rng.randint(1, 99))}
