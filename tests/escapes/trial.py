"""All attempts in one run, in the sandbox or without it, and which of them reached something.

python -m tests.escapes.trial [sandbox|control|nobody]
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from agent.broker import Policy
from agent.broker.places import Places as Floors
from agent.cancel import Cancel
from tests.escapes.attempts import ATTEMPTS, DID, SECONDS
from tests.escapes.stage import PYTHON, RUN_ALL, Stage, stage
from tools.commands import Commands

NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Trial:
    """``reached`` are the attempts that succeeded. ``said`` is what each printed."""

    reached: tuple[str, ...]
    said: dict[str, str]


def in_sandbox() -> Trial:
    """By the very way in which the assistant runs a command, with the broker's protected places."""
    with stage() as here:
        floors = Floors(
            Policy("workspace", here.work, here.home, protected=(here.home / ".config/deskhand",))
        )
        commands = Commands(
            here.work, here.home, here.root / "scratch", floors.kept_from_commands, floors.hidden_in
        )
        assert commands.contained, commands.no_sandbox
        attempts = shlex.join([PYTHON, "-I", "-c", RUN_ALL, json.dumps(here.told)])
        ran = commands.run(f"{attempts} > results.json", Cancel(), lambda paths: None)
        assert ran.output.ended == "by itself", ran.output
        return _judged(here)


def as_nobody() -> Trial:
    """The same by a user without privileges. Call it as root, in a process of its own: there is no way back."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    sys.executable = PYTHON  # ours may lie where nobody can enter
    return in_sandbox()


def without() -> Trial:
    """The control: what the attempts reach when nothing holds them back."""
    with stage() as here:
        command = [PYTHON, "-I", "-c", RUN_ALL, json.dumps(here.told)]
        if os.getuid() == 0:  # so that what is mounted is gone afterwards
            command = ["unshare", "--mount", "--propagation", "private", *command]
        with open(here.work / "results.json", "wb") as results:
            subprocess.run(
                command, cwd=here.work, stdout=results, timeout=len(ATTEMPTS) * SECONDS, check=True
            )
        return _judged(here)


def _judged(here: Stage) -> Trial:
    time.sleep(0.8)  # for what was to happen when everything seemed over
    _look_for_survivors(here)
    said: dict[str, str] = json.loads((here.work / "results.json").read_text())
    return Trial(tuple(name for name in ATTEMPTS if _reached(here, name, said[name])), said)


def _reached(here: Stage, name: str, said: str) -> bool:
    proof, _ = ATTEMPTS[name]
    places = here.places(name)
    match proof:
        case "mark":
            return os.path.lexists(places.mark)
        case "token":
            return here.token in said or "token-port-" in said
        case "heard":
            return name in here.heard
        case "did":
            return said == DID
        case _:
            with contextlib.suppress(OSError):
                return proof(places)
            return False


def _look_for_survivors(here: Stage) -> None:
    name = f"escape-{here.told['abstract']}"
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [""])[0] == name:
            Path(here.root, "outside", "marks", "survived").touch()
            process.kill()


def main() -> None:
    which = {"sandbox": in_sandbox, "control": without, "nobody": as_nobody}[sys.argv[1]]
    trial = which()
    for name in ATTEMPTS:
        mark = "REACHED" if name in trial.reached else "-"
        print(f"{mark:8} {name:60} {trial.said[name][:100]!r}", file=sys.stderr)
    print(json.dumps({"attempts": len(ATTEMPTS), "reached": list(trial.reached)}))


if __name__ == "__main__":
    main()
