"""The tool ``run_command``."""

from __future__ import annotations

from pydantic import Field

from agent.tool import Arguments, Effect, Status, Target, Tool, ToolContext, ToolResult
from tools.commands.commands import SECONDS, Ran, Shell

_NAMED = 8
_ENDED = {
    "stopped": "it was stopped",
    "too slow": f"it took longer than {SECONDS:.0f} seconds",
    "disk full": "it filled the disk",
}


class RunCommand(Arguments):
    command: str = Field(min_length=1, max_length=8000, description="for bash")


def tools(shell: Shell) -> tuple[Tool, ...]:
    def effect(arguments: RunCommand) -> Effect:
        contained = shell.contained
        return Effect(
            "run",
            (Target("command", "Command", arguments.command),),
            undo="restores the files it changes" if contained else "",
            question="Run this command?" if contained else "Run this command, outside of a sandbox?",
            contained=contained,
        )

    def run(arguments: RunCommand, context: ToolContext) -> ToolResult:
        if "\0" in arguments.command:
            return ToolResult.failed("a command cannot hold a zero byte")
        # What the person was told counts, also when the sandbox is gone since: then it does not start.
        ran = shell.run(arguments.command, context.cancel, context.keep)
        return _told(ran, shell.contained)

    return (
        Tool(
            name="run_command",
            description="Run a command in the workspace, without network. Tells its exit code and output.",
            arguments=RunCommand,
            effect=effect,
            run=run,
            title=lambda arguments: f"Run **{_short(arguments.command)}**",
            waits=True,
        ),
    )


def _told(ran: Ran, contained: bool) -> ToolResult:
    details = {"changed": list(ran.changed), "not_kept": list(ran.left_out), "sandboxed": contained}
    if ran.output.ended != "by itself":
        kept = "; nothing it changed was kept" if contained else "; what it changed stays"
        why = f"{_ENDED[ran.output.ended]}{kept}"
        return ToolResult("failed", f"error: {why}\n{ran.output.text}".rstrip(), why, details)
    heading = "; ".join(filter(None, (f"exit code {ran.code}", _changed(ran), _not_kept(ran))))
    if ran.code != 0:
        return ToolResult("failed", f"error: {heading}\n{ran.output.text}".rstrip(), heading, details)
    return ToolResult(_status(ran, contained), f"{heading}\n{ran.output.text}".rstrip(), heading, details)


def _status(ran: Ran, contained: bool) -> Status:
    if ran.left_out or not ran.as_said:
        return "partial"
    return "confirmed" if contained else "unverifiable"


def _changed(ran: Ran) -> str:
    return f"changed {_named(ran.changed)}" if ran.changed else ""


def _not_kept(ran: Ran) -> str:
    return f"not kept: {_named(ran.left_out)}" if ran.left_out else ""


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _short(command: str) -> str:
    line = " ".join(command.replace("*", "∗").split())
    return line if len(line) <= 60 else f"{line[:57]}…"
