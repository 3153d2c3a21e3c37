"""The clipboard: what the person copied, and what is copied for them."""

from __future__ import annotations

from pydantic import Field

from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.desktop.port import Clipboard


class ReadClipboardArguments(Arguments):
    pass


class SetClipboardArguments(Arguments):
    text: str = Field(description="text to copy")


def tools(clipboard: Clipboard) -> tuple[Tool, ...]:
    """`read_clipboard` and `set_clipboard`."""

    def read(arguments: ReadClipboardArguments, context: ToolContext) -> ToolResult:
        text = clipboard.read()
        return ToolResult(
            "confirmed", text or "the clipboard is empty", evidence=f"{len(text)} characters were read"
        )

    def write(arguments: SetClipboardArguments, context: ToolContext) -> ToolResult:
        clipboard.write(arguments.text)
        if clipboard.read() != arguments.text:
            return ToolResult.failed("the clipboard does not give it back; another program may have taken it")
        return ToolResult(
            "confirmed",
            "copied to the clipboard",
            evidence=f"asked as another program would, the clipboard gives {len(arguments.text)} characters",
        )

    return (
        Tool(
            name="read_clipboard",
            description="Read the text on the clipboard.",
            arguments=ReadClipboardArguments,
            effect=lambda arguments: Effect("look", question="Read the clipboard?"),
            run=read,
            title=lambda arguments: "Read the clipboard",
        ),
        Tool(
            name="set_clipboard",
            description="Copy text to the clipboard.",
            arguments=SetClipboardArguments,
            effect=lambda arguments: Effect(
                "write", (Target("text", "Text", arguments.text),), question="Copy this to the clipboard?"
            ),
            run=write,
            title=lambda arguments: "Copy to the clipboard",
        ),
    )
