"""Actions with everything around them: the target looked for twice and compared with how it looked, the action, and
what came of it read back. Beside each the bare call, which proves nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from agent.tool import Tool
from tests.tools.context import Context
from tools import act
from tools.desktop.port import Desktop, Node, Window
from tools.screen import Screen

Measure = Callable[..., None]
"""``measure(name, call, runs)`` of :mod:`tests.bench.desktop`."""


def measure(measure: Measure, ports: Desktop, screen: Screen, windows: Mapping[str, Window]) -> None:
    """Rows for `press` in the calculator and `type_text` in the editor."""
    tools = {tool.name: tool for tool in act.tools(ports, screen)}
    calculator, editor = windows["galculator"], windows["mousepad"]
    ports.windows.focus(calculator)
    key = _key(screen, calculator, "7")
    measure("press, the bare call", lambda: ports.accessibility.press(key), runs=5)
    digits = itertools.cycle("123456789")
    measure("press with read-back", lambda: _do(tools["press"], name=next(digits)), runs=9)
    ports.windows.focus(editor)
    measure(
        "type 24 characters with read-back",
        lambda: _do(tools["type_text"], text=f"typed {next(digits)} and read back\n"),
        runs=5,
    )


def _do(tool: Tool, **arguments: str) -> None:
    parsed = tool.arguments(**arguments)
    tool.effect(parsed)
    result = tool.run(parsed, Context())
    assert result.status == "confirmed", result


def _key(screen: Screen, window: Window, name: str) -> str:
    seen = screen.read(window)
    nodes: list[Node] = [each.node for each in seen.controls] if seen else []
    return next(node.key for node in nodes if node.name == name)
