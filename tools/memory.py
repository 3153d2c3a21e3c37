"""Remember, recall, forget: the model's side of :class:`agent.memory.Memory`."""

from __future__ import annotations

from pydantic import Field

from agent.memory import Memory
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult


class Remember(Arguments):
    text: str = Field(description="what to keep, as a sentence")


class Recall(Arguments):
    query: str = Field(description="words to look for")


class Forget(Arguments):
    query: str = Field(description="words of what to forget")


def tools(memory: Memory) -> tuple[Tool, ...]:
    def remember(arguments: Remember, context: ToolContext) -> ToolResult:
        text = arguments.text.strip()
        if not text:
            return ToolResult.failed("there is nothing to remember")
        memory.remember(text)
        kept = text in memory.recall(text, limit=50)
        return ToolResult(
            "confirmed" if kept else "unverifiable", f"remembered: {text}", "it was found again"
        )

    def recall(arguments: Recall, context: ToolContext) -> ToolResult:
        found = memory.recall(arguments.query)
        if not found:
            return ToolResult("confirmed", f'nothing remembered about "{arguments.query}"', "0 matches")
        return ToolResult("confirmed", "\n".join(found), f"{len(found)} found", {"texts": list(found)})

    def forget(arguments: Forget, context: ToolContext) -> ToolResult:
        erased = memory.forget(arguments.query)
        if not erased:
            return ToolResult("suspected_noop", f'nothing remembered about "{arguments.query}"', "0 matches")
        return ToolResult("confirmed", f"forgot: {erased[0]}", "it was erased")

    return (
        Tool("remember", "Keep something for later.", Remember,
             lambda a: Effect("write", (_text(a.text),), question="Remember this?"),
             remember, lambda a: f"Remember **{a.text}**"),
        Tool("recall", "What was remembered.", Recall, lambda a: Effect("read"),
             recall, lambda a: f"Recall **{a.query}**"),
        Tool("forget", "Erase what was remembered.", Forget,
             lambda a: Effect("erase", (_text(a.query),), question="Forget this for good?"),
             forget, lambda a: f"Forget **{a.query}**"),
    )  # fmt: skip


def _text(value: str) -> Target:
    return Target("text", "Text", value)
