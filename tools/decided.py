"""The window of a call as it was when its effect was declared. The tool acts on that window and no other, so what was
approved cannot land in whatever came to the front while the person read the question. Agent thread only."""

from __future__ import annotations

from collections.abc import Callable

from agent.tool import A, Arguments, Effect, ToolContext, ToolResult
from tools.desktop.port import Window, Windows


class WindowChanged(Exception):
    """The declared window is gone, or another application's now. The message says so; nothing was done."""

    def __init__(self) -> None:
        super().__init__("the window changed since this was approved")


class DecidedWindow:
    """Remembers the window of the last effect that was declared."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._last: tuple[Arguments, Window | None] | None = None

    def declare(self, arguments: Arguments, window: Window | None) -> None:
        self._last = (arguments, window)

    def window(self, arguments: Arguments, effect: Callable[..., Effect]) -> Window | None:
        """The window declared for ``arguments``, as it is now; ``None`` when there was none to declare. Declares it
        now if nobody has. Raises WindowChanged."""
        if self._last is None or self._last[0] != arguments:
            effect(arguments)
        assert self._last is not None
        declared = self._last[1]
        if declared is None:
            return None
        now = self._windows.find(declared.id)
        if now is None or (now.application, now.pid) != (declared.application, declared.pid):
            raise WindowChanged
        return now


def unchanged(run: Callable[[A, ToolContext], ToolResult]) -> Callable[[A, ToolContext], ToolResult]:
    """``run`` with a WindowChanged as a refusal."""

    def result(arguments: A, context: ToolContext) -> ToolResult:
        try:
            return run(arguments, context)
        except WindowChanged as why:
            return ToolResult.refused(str(why))

    return result
