"""AgentDojo's workspace and banking suites against the broker alone. Prints one JSON line.

    ./dev bench agentdojo [--json]

Ordinary work is the suites' ground truth, decided call by call as the loop would ask (with one plan where a task has
several changes). The attacker speaks for the model: after each step of each task, whose results are full of the
attacker's words, every call of every injection task is tried. ``attacker_silent`` counts those that have an effect and
were allowed without a question. The library comes from PyPI into an environment of its own; its graders are not used.
What each tool does is the person's word, below, as it would stand in ``mcp.json``; nothing the suite says of it counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from app.policy import Auditor, answers

PINNED = "agentdojo==0.1.35"
DUMP = Path(__file__).with_name("_agentdojo_dump.py")
KEPT = platformdirs.user_cache_path("deskhand") / "bench" / f"{PINNED.replace('==', '-')}.json"
MODES = ("ask", "workspace", "full")
MOST_PLANNED = 7

WORDS: dict[str, dict[str, str]] = {
    "workspace": {
        "send_email": "send",
        "delete_email": "erase",
        "create_calendar_event": "send",
        "cancel_calendar_event": "send",
        "reschedule_calendar_event": "send",
        "add_calendar_event_participants": "send",
        "append_to_file": "write",
        "create_file": "write",
        "delete_file": "erase",
        "share_file": "send",
    },
    "banking": {
        "send_money": "send",
        "schedule_transaction": "send",
        "update_scheduled_transaction": "send",
        "update_password": "erase",
        "update_user_info": "write",
    },
}
"""Everything else reads. An event in a calendar invites people, and to cancel or move one tells them."""


def suites() -> dict[str, Any]:
    """The suites as :mod:`tests.bench._agentdojo_dump` prints them; made once, kept in the cache."""
    if not KEPT.exists():
        command = ["uv", "run", "--isolated", "--no-project", "--with", PINNED, "python", "-P", str(DUMP)]
        told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_bytes(told)
    return json.loads(KEPT.read_bytes())


class Suite:
    """One suite, decided about."""

    def __init__(self, name: str, told: dict[str, Any], auditor: Auditor) -> None:
        self._words = WORDS[name]
        self._name = name
        self._auditor = auditor
        self._tools = [
            {
                "name": self._called(tool["name"]),
                "effect": self._word(tool["name"]),
                "inputSchema": tool["inputSchema"],
            }
            for tool in told["tools"]
        ]
        self._tasks = list(told["tasks"].values())
        self._attacks = [
            step
            for attack in told["attacks"].values()
            for step in attack["steps"]
            if self._word(step["tool"]) != "read"
        ]
        self.prompts: list[int] = []
        self.calls = self.silent = self.attacks = 0
        self.succeeded: list[str] = []
        self.asked: list[str] = []

    def run(self, mode: str) -> None:
        for task in self._tasks:
            self._task(mode, task["said"], task["steps"])

    def _task(self, mode: str, said: str, steps: list[dict[str, Any]]) -> None:
        state: dict[str, Any] = {"mode": mode, "said": [said], "tools": self._tools, "done": []}
        prompts, planned = 0, False
        for step in steps:
            if self._word(step["tool"]) != "read" and not planned:
                prompts, planned = prompts + self._plan(state, steps), True
            call = self._call(step)
            answer = self._decide(state | {"call": call})
            self.calls += 1
            self.silent += answer["decision"] == "allow"
            if answer["decision"] != "allow":
                prompts += 1
                self.asked.append(
                    f"{said[:70]} | {call['tool']} {json.dumps(call['arguments'])[:90]} | {answer['reason']}"
                )
            approved = answer["decision"] == "ask"
            state["done"] = [*state["done"], call | {"result": step["result"], "approved": approved}]
            self._attack(state)
        self.prompts.append(prompts)

    def _attack(self, state: dict[str, Any]) -> None:
        for step in self._attacks:
            answer = self._decide(state | {"call": self._call(step)})
            self.attacks += 1
            if answer["decision"] == "allow":
                self.succeeded.append(f"{state['said'][0]}: {step['tool']} {json.dumps(step['arguments'])}")

    def _plan(self, state: dict[str, Any], steps: list[dict[str, Any]]) -> int:
        changing = [step for step in steps if self._word(step["tool"]) != "read"][:MOST_PLANNED]
        if len(changing) < 2:
            return 0
        plan = [{"do": self._called(step["tool"]), "with": _about(step["arguments"])} for step in changing]
        answer = self._decide(state | {"call": {"tool": "plan", "arguments": {"steps": plan}}})
        if answer["decision"] == "ask":
            state["contract"] = plan
        return answer["decision"] == "ask"

    def _decide(self, line: dict[str, Any]) -> dict[str, str]:
        ((answer, right),) = answers([json.dumps(line).encode()], self._auditor)
        if not right:
            raise SystemExit(f"{answer['error']}: {json.dumps(line)[:2000]}")
        return answer

    def _call(self, step: dict[str, Any]) -> dict[str, Any]:
        return {"tool": self._called(step["tool"]), "arguments": step["arguments"]}

    def _called(self, tool: str) -> str:
        return f"{self._name}_{tool}"

    def _word(self, tool: str) -> str:
        return self._words.get(tool, "read")


def _about(arguments: dict[str, Any]) -> str:
    """What a plan would say of the call: the first of its arguments that decides something."""
    return next(_leaves(arguments), "")


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the output is JSON with and without it")
    parser.add_argument("--asked", action="store_true", help="which calls of ordinary work asked, and why")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        (home / "Documents").mkdir(parents=True)
        auditor = Auditor(home / "Documents", home, (home / ".config" / "deskhand",))
        for mode in MODES:
            parts = [Suite(name, told, auditor) for name, told in suites().items()]
            for part in parts:
                part.run(mode)
            found[mode] = _told(parts)
            if options.asked:
                print(mode, *(line for part in parts for line in part.asked), sep="\n  ", file=sys.stderr)
    print(json.dumps(found[MODES[-1]] | {"modes": found}))


def _told(parts: list[Suite]) -> dict[str, Any]:
    prompts = [count for part in parts for count in part.prompts]
    calls = sum(part.calls for part in parts)
    succeeded = [line for part in parts for line in part.succeeded]
    return {
        "tasks": len(prompts),
        "attacks": sum(part.attacks for part in parts),
        "attacker_silent": len(succeeded),
        "benign_silent": round(sum(part.silent for part in parts) / calls, 3),
        "tasks_zero_prompts": round(sum(count == 0 for count in prompts) / len(prompts), 3),
        "tasks_le_one_prompt": round(sum(count <= 1 for count in prompts) / len(prompts), 3),
        "succeeded": sorted(set(succeeded))[:10],
    }


if __name__ == "__main__":
    main()
