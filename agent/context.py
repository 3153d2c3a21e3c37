"""What the model sees: the system text, the tools, and as much of the conversation as fits.

Whatever was read for the person (the screen, a file) follows their words in a marked block. It is untrusted: the
marks keep it apart for the model, the broker's taint keeps it apart for us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from agent.engine.port import Engine, ModelInfo, Prompt, ToolSpec
from agent.messages import Request, UserMessage
from agent.tool import Tool, ToolResult

PROMPT_BUDGET_TOKENS = 3000
"""System text and tool declarations together; checked by a test and shown in the window."""

ANSWER_RESERVE_TOKENS = 512
"""Kept free in the context for what the model will say."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What this model can take. Characters, because tools trim text before anything is tokenised."""

    observation_chars: int
    max_steps: int
    max_seconds: float
    sees: bool = False

    @staticmethod
    def of(model: ModelInfo) -> Profile:
        """Small contexts get short observations: an outline may take a tenth of the context."""
        chars = max(900, min(8000, model.context_tokens // 10 * 3))
        return Profile(observation_chars=chars, max_steps=25, max_seconds=600.0, sees=model.sees)


def tool_spec(tool: Tool) -> ToolSpec:
    """The tool as the model is told of it."""
    return ToolSpec(tool.name, tool.description, tool.arguments.model_json_schema())


def user_message(
    request: Request, attachments: tuple[tuple[str, str], ...] = (), sees: bool = False
) -> UserMessage:
    """The request as a message. ``attachments`` are (name, text) pairs already trimmed to the profile; pixels go
    only to a model that ``sees``."""
    blocks = [f'<file name="{_attribute(name)}">\n{_enclosed(text)}\n</file>' for name, text in attachments]
    pictures = ()
    if request.moment is not None:
        blocks.append(f"<screen>\n{_enclosed(request.moment.outline)}\n</screen>")
        if sees and request.moment.picture is not None:
            pictures = (request.moment.picture,)
    return UserMessage(text=request.text.strip(), context="\n".join(blocks), pictures=pictures)


def fitting(result: ToolResult, longest: int) -> ToolResult:
    """``result`` with at most about ``longest`` characters for the model, cut at a line where there is one."""
    if len(result.content) <= longest:
        return result
    kept = result.content[:longest]
    kept = kept[: kept.rfind("\n")] if "\n" in kept[longest // 2 :] else kept
    left_out = len(result.content) - len(kept)
    return replace(result, content=f"{kept}\n(+{left_out} more characters)")


def _enclosed(text: str) -> str:
    """Text that cannot close its own block."""
    return re.sub(r"</(?=\s*(screen|file)\b)", "< /", text, flags=re.IGNORECASE).strip("\n")


def _attribute(text: str) -> str:
    return text.replace('"', "'").replace("\n", " ")


def fit(
    engine: Engine, prompt: Prompt, context_tokens: int, max_tokens: int = ANSWER_RESERVE_TOKENS
) -> tuple[Prompt, int]:
    """``prompt`` without its oldest exchanges, if it is too long, and how many messages were left out.

    Half of the room is freed at once: every cut makes the engine read the rest again, so cuts should be rare.
    The latest request and what follows it always stay; when even they are too long the engine says so.
    """
    room = context_tokens - max_tokens
    if engine.count_tokens(prompt) <= room:
        return prompt, 0
    starts = [index for index, message in enumerate(prompt.messages) if isinstance(message, UserMessage)]
    for start in starts[1:]:
        shorter = Prompt(prompt.system, prompt.tools, prompt.messages[start:])
        if engine.count_tokens(shorter) <= room // 2 or start == starts[-1]:
            return shorter, start
    return prompt, 0
