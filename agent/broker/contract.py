"""One approval for a whole plan: which tools, on which paths and in which applications, each step once.

The names of tools are those of docs/tools.md. A tool that is not listed here is treated as one that asks.
"""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.broker.policy import Policy, applications_of, resolved
from agent.broker.provenance import command_said, mentions, path_said, said, tokens
from agent.errors import DeskhandError
from agent.events import PlanStep
from agent.tool import Effect, Target

QUIET = frozenset(
    ("look", "look_closer", "list_windows", "list_apps", "read_file", "find_files", "list_folder", "calculate", "now",
     "read_clipboard", "set_clipboard", "set_reminder", "list_reminders", "cancel_reminder", "remember", "recall",
     "forget", "wait_for", "point_at")
)  # fmt: skip
"""Tools that a plan need not ask for; each call still passes the gate."""

FILES = frozenset(
    ("read_file", "write_file", "append_file", "list_folder", "move_file", "copy_file", "rename_file", "trash_file",
     "make_folder", "open_file", "save_as", "screenshot", "set_cells")
)  # fmt: skip
"""Tools whose step is about a path."""

OPENERS = frozenset(("open_app", "open_file", "focus_window", "close_window"))
"""Tools whose step is about an application or a window."""

HANDS = frozenset(("type_text", "press_keys", "set_value", "press", "drag", "click_at"))
"""Typing and pressing in the window in front. One of them in a plan brings the others and scrolling along, in the
applications of the plan: typing a text may need a key, and a button may be out of sight. Scrolling brings nothing
along, and saving a file is a step of its own."""

_NEVER_ABOUT_NOTHING = frozenset(
    ("save_as", "set_clipboard", "remember", "set_reminder", "cancel_reminder", "run_command")
)

_WITH_A_PLACE = frozenset(("read_file", "set_cells"))
"""Tools whose path may name a place in the file after ``#``."""

_AS_WRITTEN = frozenset(("write_file", "make_folder"))
"""Tools that take the last part of a path as it is written, because they may be about to make it."""


@dataclass(frozen=True, slots=True)
class ContractStep:
    """One approved step. ``about`` is what the plan said; ``path`` is where that leads, for tools about paths."""

    tool: str
    about: str
    title: str
    path: Path | None = None

    def concerns(self, target: Target) -> bool:
        """Whether the step was about ``target``."""
        if target.kind == "command":  # to the letter: a sign more or less is another command
            return self.about.strip() == target.value.strip()
        if target.kind == "path":  # what the model called it does not count: the person approved the place
            return self.path is not None and resolved(target.value) == self.path
        if self.path is not None:
            return False
        if target.kind in ("application", "window"):
            return mentions(target.value, self.about) or tokens(self.about) == tokens(target.said) != ()
        wanted = tokens(self.about)
        return wanted != () and wanted in (tokens(target.said), tokens(target.value))


@dataclass(frozen=True, slots=True)
class Contract:
    """An approved plan."""

    steps: tuple[ContractStep, ...]

    @staticmethod
    def from_steps(steps: tuple[PlanStep, ...], policy: Policy) -> Contract:
        """The contract that approving ``steps`` makes. Resolves paths."""
        return Contract(
            tuple(ContractStep(step.tool, step.about, step.title, _path(step, policy)) for step in steps)
        )

    def step_for(self, tool: str, effect: Effect, used: Set[int]) -> int | None:
        """The first step with ``tool`` that is still open and about one of the effect's targets (or about nothing,
        which is not enough for saving and keeping: then nobody approved the place, or the words)."""
        for index, step in enumerate(self.steps):
            if index in used or step.tool != tool:
                continue
            anything = not step.about and tool not in _NEVER_ABOUT_NOTHING
            if anything or any(step.concerns(target) for target in effect.targets):
                return index
        return None

    def covers(
        self,
        tool: str,
        effect: Effect,
        used: Set[int],
        applications: Set[str],
        words: tuple[str, ...],
        approved: Set[tuple[str, str]],
        policy: Policy,
    ) -> bool:
        """Whether the call is inside the plan: its step is open (or it is typing, pressing or scrolling that follows
        from one), and every path and application it names is one that the plan or the person's own ``words`` name,
        one they ``approved`` before (kind and value), or one that an approved step has brought to the front
        (``applications``)."""
        shown = applications_of(effect)
        if tool in HANDS:
            in_plan = any(step.tool in HANDS for step in self.steps) and bool(shown)
        elif tool == "scroll":
            in_plan = any(step.tool in HANDS or step.tool == tool for step in self.steps) and bool(shown)
        elif tool == "focus_window" and shown:  # back to what the plan has brought up before
            in_plan = set(shown) <= applications or self.step_for(tool, effect, used) is not None
        else:
            in_plan = self.step_for(tool, effect, used) is not None
        # A title changes with every key typed, so where the application is known the title does not count.
        named = [t for t in effect.targets if t.kind != "window" or not shown]
        return in_plan and all(
            (target.kind, target.value) in approved or self._names(target, applications, words, policy)
            for target in named
        )

    def _names(self, target: Target, applications: Set[str], words: tuple[str, ...], policy: Policy) -> bool:
        if target.kind in ("text", "keys"):
            return True
        if target.kind == "application" and target.value in applications:
            return True
        windows = target.kind in ("application", "window")
        fitting = [step for step in self.steps if step.about and (step.tool in OPENERS or not windows)]
        if any(step.concerns(target) for step in fitting):
            return True
        if target.kind == "path":
            path, workspace, home = (resolved(each) for each in (target.value, policy.workspace, policy.home))
            # What the plan names keeps its name in a folder that the person named: "put them into Archive".
            kept = any(step.path is not None and step.path.name == path.name for step in self.steps)
            return path_said(path, words, workspace, home) or (
                kept and path_said(path.parent, words, workspace, home)
            )
        return (command_said if target.kind == "command" else said)(target.value, words)


def _path(step: PlanStep, policy: Policy) -> Path | None:
    """Where the step leads, read as its tool will read it, so that what is shown is what is acted on."""
    about = step.about.strip()
    if step.tool not in FILES or not about or "\0" in about:
        return None
    before, _, _ = about.rpartition("#")
    if step.tool in _WITH_A_PLACE and before.strip() and not _forgiving(about, policy).exists():
        about = before
    folder, _, name = about.rstrip("/").rpartition("/")
    if step.tool in _AS_WRITTEN and name not in ("", ".", "..", "~"):
        above = _forgiving(folder or ("/" if about.startswith("/") else "."), policy)
        return resolved(above / name)
    path = _forgiving(about, policy)
    return path.with_suffix(".png") if step.tool == "screenshot" and not path.suffix and path.name else path


def _forgiving(text: str, policy: Policy) -> Path:
    if policy.resolve is not None:
        with suppress(DeskhandError):  # the tool will refuse it as well
            return resolved(policy.resolve(text))
    if text == "~" or text.startswith("~/"):
        return resolved(policy.home / text[2:])
    return resolved(policy.workspace / text)
