"""What to tell a model of something it has read before: nothing, what has changed, or all of it.

An outline of a window costs hundreds of tokens, and most steps change a line or two of it. A result that comes by
lines (:class:`agent.tool.Line`) is compared with the one before, if that still stands in the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.tool import Line

AS_BEFORE = " (as before)"
EXCEPT = " (as before, except:)"
MOST_DIFFERENCES = 5
"""In a row; then all of it is told again, because nobody likes to put that many together."""
WORTH_IT = 0.5
"""Of the length of the whole: a difference that is longer is not told as one."""


class Told:
    """What one conversation has told by lines. Agent thread only."""

    def __init__(self) -> None:
        self._lines: tuple[Line, ...] = ()
        self._at: list[int] = []

    def tell(self, lines: Sequence[Line], at: int) -> str:
        """The text for the message that will be at index ``at``: the first line, which is the title, and of the others
        those that are new. All of them when it is about something else, or much has changed."""
        whole = "\n".join(line.text for line in lines)
        brief = self._difference(lines) if self._at and len(self._at) <= MOST_DIFFERENCES else None
        self._lines = tuple(lines)
        if brief is None or len(brief) > WORTH_IT * len(whole):
            self._at = [at]
            return whole
        self._at.append(at)
        return brief

    def forget(self, gone: Callable[[int], bool]) -> None:
        """The messages at the indexes of which ``gone`` is true are not in the prompt any more."""
        if any(gone(at) for at in self._at):
            self._lines, self._at = (), []

    def _difference(self, lines: Sequence[Line]) -> str | None:
        """``None`` when it is about something else: the first line, the title, has another key."""
        if not lines or not self._lines or lines[0].key != self._lines[0].key:
            return None
        before = dict(self._lines)
        changed = [line.text for line in lines[1:] if before.get(line.key) != line.text]
        now = {line.key for line in lines}
        gone = [line.text for line in self._lines if line.key not in now]
        if not changed and not gone:
            return lines[0].text + AS_BEFORE
        left = [f"gone: {', '.join(map(_beginning, gone))}"] if gone else []
        return "\n".join((lines[0].text + EXCEPT, *changed, *left))


def _beginning(text: str, longest: int = 60) -> str:
    """Enough of a line to know it again."""
    first = text.split("\n", 1)[0].split(" = ", 1)[0]
    return first if len(first) <= longest else first[:longest] + "…"
