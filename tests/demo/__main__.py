"""``python -m tests.demo [--json] [--virtual]``: run the demo and say how it went. See the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.virtual_desktop import VirtualDesktopError, entered, virtual_desktop
from tests.virtual_sound import VirtualSound

BUILD = Path(__file__).resolve().parents[2] / "build" / "demo"


@dataclass(slots=True)
class Step:
    """One step of the demo and how it went; ``facts`` are what was checked, in words."""

    name: str
    ok: bool = False
    seconds: float = 0.0
    facts: list[str] = field(default_factory=list)
    picture: str = ""
    error: str = ""


class Account:
    """Runs steps one after another and tells of each as it ends. After a failed step the rest is not tried."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.steps: list[Step] = []

    @property
    def ok(self) -> bool:
        return all(step.ok for step in self.steps)

    def run(self, name: str, do: Callable[[Step], None]) -> None:
        from tests.demo.person import Gone

        if not self.ok:
            return
        step = Step(name)
        self.steps.append(step)
        self._say(f"… {name}")
        began = time.monotonic()
        try:
            do(step)
            step.ok = True
        except (Gone, AssertionError) as trouble:
            step.error = str(trouble) or "a check failed"
        step.seconds = round(time.monotonic() - began, 2)
        self._tell(step)

    def _tell(self, step: Step) -> None:
        if self._as_json:
            print(json.dumps({"type": "step", **asdict(step)}, ensure_ascii=False), flush=True)
            return
        self._say(f"{'✓' if step.ok else '✗'} {step.name}  ({step.seconds:.1f} s)")
        for fact in step.facts:
            self._say(f"    {fact}")
        if step.error:
            self._say(f"    {step.error}")
        if step.picture:
            self._say(f"    picture: {step.picture}")

    def _say(self, line: str) -> None:
        if not self._as_json:
            print(line, flush=True)

    def end(self) -> int:
        if self._as_json:
            short = [{"name": s.name, "ok": s.ok, "seconds": s.seconds} for s in self.steps]
            print(json.dumps({"type": "demo", "ok": self.ok, "steps": short}, ensure_ascii=False), flush=True)
        else:
            total = sum(step.seconds for step in self.steps)
            self._say(
                f"\n{'Everything worked' if self.ok else 'Not everything worked'}, in {total:.0f} seconds."
            )
        return 0 if self.ok else 1


@contextmanager
def surroundings(force_virtual: bool) -> Iterator[tuple[VirtualSound, bool]]:
    """The screen there is, or a virtual one; a virtual microphone; places of our own for everything we keep."""
    with ExitStack() as stack:
        virtual = force_virtual or not os.environ.get("DISPLAY")
        if virtual:
            stack.enter_context(entered(stack.enter_context(virtual_desktop(1920, 1080))))
        yield stack.enter_context(VirtualSound()), virtual


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a step, and a last one for the whole"
    )
    parser.add_argument(
        "--virtual", action="store_true", help="use a virtual screen even when there is a real one"
    )
    options = parser.parse_args()
    account = Account(options.json)
    try:
        with surroundings(options.virtual) as (sound, virtual):
            # Only now: the accessibility library reads the environment when it is first used.
            from tests.demo.story import tell

            tell(account, sound, virtual, BUILD)
    except VirtualDesktopError as trouble:
        print(
            f"The demo could not start: {trouble}. `./dev setup` installs what is missing.", file=sys.stderr
        )
        return 1
    return account.end()


if __name__ == "__main__":
    sys.exit(main())
