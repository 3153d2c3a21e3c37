"""What a step of the loop costs without the model: broker, journal, database and events, with a tool that does nothing.

Prints one JSON line. A step of a real model takes hundreds of milliseconds at least, so the budget of one percent is
a few milliseconds.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from agent.broker import Broker, Grants, Policy
from agent.context import Profile
from agent.conversation import Conversation
from agent.engine.scripted import ScriptedEngine
from agent.events import Event, StepStarted
from agent.journal import Journal
from agent.loop import Errand, Ports, Task
from agent.messages import Request, ToolCall
from agent.session import Sessions
from agent.storage import Storage
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult

STEPS = 200


class Number(Arguments):
    n: int


def measure(journalled: bool) -> float:
    """Median milliseconds from one step's start to the next."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        storage = Storage(root / "bench.db")
        sessions = Sessions(storage)
        starts: list[float] = []

        def emit(event: Event) -> None:
            if isinstance(event, StepStarted):
                starts.append(time.perf_counter())

        def effect(arguments: Number) -> Effect:
            path = root / f"{arguments.n}.txt"
            return (
                Effect("write", (Target("path", "File", str(path)),), (path,), "removes it")
                if journalled
                else Effect("compute")
            )

        def run(arguments: Number, context: ToolContext) -> ToolResult:
            return ToolResult("confirmed", str(arguments.n))

        tool = Tool("step", "", Number, effect, run, lambda arguments: f"Step {arguments.n}")
        task = Task(
            errand=Errand(Request(text="go"), Conversation(sessions, sessions.create())),
            ports=Ports(
                engine=ScriptedEngine(
                    [ToolCall(id=str(n), name="step", arguments={"n": n}) for n in range(STEPS)] + ["Done."]
                ),
                tools={"step": tool},
                broker=Broker(Policy("full", root, root), Grants(storage)),
                journal=Journal(storage, root / "journal"),
                ask=lambda question, cancel: "deny",
                emit=emit,
            ),
            profile=Profile(observation_chars=1000, max_steps=STEPS + 1, max_seconds=600),
            system="",
            context_tokens=1_000_000,
        )
        task.run()
        storage.close()
    return statistics.median(b - a for a, b in pairwise(starts)) * 1000


def main() -> None:
    print(
        json.dumps(
            {
                "bench": "loop",
                "steps": STEPS,
                "ms_per_step": round(measure(journalled=False), 3),
                "ms_per_step_journalled": round(measure(journalled=True), 3),
            }
        )
    )


if __name__ == "__main__":
    main()
