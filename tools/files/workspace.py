"""What a path means: relative ones are inside the workspace, ``~`` is the home folder.

People and small models write names loosely, so a name that does not exist finds the one entry that differs in capitals
only, and "shopping" finds the one ``shopping.*``. What is returned is where the path really leads, links followed.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

from agent.errors import DeskhandError
from agent.tool import A, Arguments, Effect, ToolContext, ToolResult

_LONGEST = 4096
_LONGEST_NAME = 255
"""Bytes of one name, with every usual file system."""
_MOST_MARKS = 8


class PathError(DeskhandError):
    """A path that cannot be used; a sentence for the model and the person alike."""


class PathRefused(PathError):
    """A path that must not be used: a guard said no."""


class Workspace:
    """The person's folder. Any thread."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self.home = Path(os.path.realpath(home))

    def resolve(self, text: str, new: bool = False) -> Path:
        """The absolute path that ``text`` leads to. ``new``: it may be about to be made, so its last part is taken
        as it is written. Raises PathError (empty, too long, control characters, another's home)."""
        text = text.strip()
        if not text:
            raise PathError("the path is empty")
        if len(text) > _LONGEST or any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
            raise PathError("the path is too long or has characters that no path has")
        path = self._absolute(text)
        if any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts):
            raise PathError("the name is too long")
        parts = path.parts[1:]
        found = Path("/")
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            found = found / part if last and new else self._entry(found, part, last)
        try:
            return Path(os.path.realpath(found))
        except OSError as error:  # a link that only its owner may follow, as those of other processes
            raise PathError(f'you have no permission for "{text}"; nothing was changed') from error

    def place(self, text: str) -> tuple[str, str]:
        """A path and the place in it that stands after ``#``; empty when the ``#`` belongs to a name. In
        ``a.zip#b.ods#C3`` the place is all that follows the file that is there."""
        if self.resolve(text).exists():
            return text, ""
        before, place = text, ""
        for _ in range(_MOST_MARKS):
            before, mark, piece = before.rpartition("#")
            if not mark or not before.strip():
                break
            place = f"{piece}#{place}" if place else piece
            if self.resolve(before).exists():
                return before, place.strip()
        before, mark, place = text.rpartition("#")
        return (before, place.strip()) if mark and before.strip() else (text, "")

    def name(self, path: Path) -> str:
        """How ``path`` is told: inside the workspace without it, inside the home folder with ``~``."""
        if path == self.root:
            return self.root.name
        if path.is_relative_to(self.root):
            return str(path.relative_to(self.root))
        if path.is_relative_to(self.home):
            return str("~" / path.relative_to(self.home))
        return str(path)

    def _absolute(self, text: str) -> Path:
        if text == "~" or text.startswith("~/"):
            return self.home / text[2:].lstrip("/")
        if text.startswith("~"):
            raise PathError(f"{text} is somebody else's home folder")
        return self.root / text

    @staticmethod
    def _entry(folder: Path, part: str, last: bool) -> Path:
        """``part`` in ``folder``, or the one entry that it can only mean, or ``part`` as it is."""
        exact = folder / part
        if part == ".." or os.path.lexists(exact):
            return exact
        try:
            names = os.listdir(folder)
        except OSError:
            return exact
        for fits in (_same_letters(part), _same_stem(part) if last else None):
            matches = [name for name in names if fits is not None and fits(name)]
            if len(matches) == 1:
                return folder / matches[0]
        return exact


class Decided:
    """The paths of a call as they were when its effect was declared. The tool runs on these and no others, so what
    was approved cannot be swapped for something else by a link that appears in between. Agent thread only."""

    def __init__(self) -> None:
        self._last: tuple[Arguments, tuple[Path, ...]] | None = None

    def declare(self, arguments: Arguments, *paths: Path) -> None:
        self._last = (arguments, paths)

    def paths(self, arguments: Arguments, effect: Callable[..., Effect]) -> tuple[Path, ...]:
        """What was declared for ``arguments``; declares it now if nobody has."""
        if self._last is None or self._last[0] != arguments:
            effect(arguments)
        assert self._last is not None
        return self._last[1]


def told(run: Callable[[A, ToolContext], ToolResult]) -> Callable[[A, ToolContext], ToolResult]:
    """``run`` with its PathErrors as results."""

    def result(arguments: A, context: ToolContext) -> ToolResult:
        try:
            return run(arguments, context)
        except PathRefused as no:
            return ToolResult.refused(no.what)
        except PathError as trouble:
            return ToolResult.failed(trouble.what)

    return result


def _same_letters(wanted: str) -> Callable[[str], bool]:
    return lambda name: _folded(name) == _folded(wanted)


def _same_stem(wanted: str) -> Callable[[str], bool]:
    return lambda name: not name.startswith(".") and _folded(Path(name).stem) == _folded(wanted)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
