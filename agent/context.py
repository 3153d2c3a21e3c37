"""What goes into the prompt: how much a model can take, the tools as it is told of them, requests and results as it
reads them. What leaves the prompt again when it is full is for :mod:`agent.compaction`.

Whatever was read for the person (the screen, a file) follows their words in a marked block. It is untrusted: the
marks keep it apart for the model, the broker's taint keeps it apart for us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from agent.coordinates import PIXELS, Convention, convention_of
from agent.engine.port import ModelInfo, ToolSpec
from agent.messages import Moment, Picture, Request, UserMessage
from agent.tool import Tool, ToolResult
from agent.view import enclosed

PROMPT_BUDGET_TOKENS = 3000
"""System text and tool declarations together; checked by a test and shown in the window."""

PICTURE_TOKENS = 280
"""About what a picture of the screen takes; a fifth of the context is for those that stay."""

SUMMARISES_FROM_TOKENS = 4096
"""A context that holds a conversation worth a summary, and the summary."""

SUMMARISES_FROM_PARAMETERS = 500_000_000
"""Fewer were trained for something narrower than summing up (the built-in model has five million)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What this model can take. Characters, because tools trim text before anything is tokenised."""

    observation_chars: int
    max_steps: int
    max_seconds: float
    sees: bool = False
    points: Convention = PIXELS
    """How it names places in a picture."""
    hears: bool = False
    """It is given the sound of spoken words beside them."""
    pictures: int = 4
    """How many pictures of the screen it is shown when old ones give way to new; up to twice as many in between."""
    in_place: bool = False
    """Old pictures are taken out of its cache where they stand."""
    narrow: bool = False
    """A tiny model, trained on plain outlines: what the cursor is on and what is selected confuses it."""
    summarises: bool = False
    """It can sum up and name a conversation. A tiny model cannot: it forgets what is old."""
    differences: bool = False
    """It understands "as before": of a window that it has looked at before it reads what has changed."""

    @staticmethod
    def of(model: ModelInfo) -> Profile:
        """Small contexts get short observations: an outline may take a tenth of the context."""
        chars = max(900, min(8000, model.context_tokens // 10 * 3))
        tiny = 0 < model.parameters < SUMMARISES_FROM_PARAMETERS
        return Profile(
            observation_chars=chars,
            max_steps=25,
            max_seconds=600.0,
            sees=model.sees,
            points=convention_of(model.architecture, model.name),
            hears=model.hears and not model.away,  # a voice stays on this machine
            pictures=max(1, min(8, model.context_tokens // (5 * PICTURE_TOKENS))),
            narrow=tiny,
            summarises=model.context_tokens >= SUMMARISES_FROM_TOKENS and not tiny,
            differences=not tiny,
        )


class Attachment(NamedTuple):
    """A file of a request. ``picture`` is what a model that sees is shown of it, beside the text."""

    name: str
    text: str
    picture: Picture | None = None


def offered(tools: Mapping[str, Tool], profile: Profile) -> dict[str, Tool]:
    """Those of ``tools`` that are of use to the model."""
    return {name: tool for name, tool in tools.items() if profile.sees or not tool.for_sight}


def tool_spec(tool: Tool) -> ToolSpec:
    """The tool as the model is told of it."""
    return ToolSpec(tool.name, tool.description, tool.arguments.model_json_schema())


def user_message(
    request: Request,
    attachments: tuple[Attachment, ...] = (),
    sees: bool = False,
    hears: bool = False,
    narrow: bool = False,
) -> UserMessage:
    """The request as a message. The text of ``attachments`` is already trimmed to the profile; pixels go
    only to a model that ``sees``, sound to one that ``hears``; one that is ``narrow`` gets the bare outline."""
    blocks = [f'<file name="{_attribute(name)}">\n{enclosed(text)}\n</file>' for name, text, _ in attachments]
    pictures = ()
    if request.moment is not None:
        # Nothing to be seen is nothing that a tiny model was trained on: it looks itself, and is told so.
        if not (narrow and _is_bare(request.moment)):
            screen = "\n".join(filter(None, (request.moment.outline, "" if narrow else request.moment.here)))
            blocks.append(f"<screen>\n{enclosed(screen)}\n</screen>")
        if sees and request.moment.picture is not None:
            pictures = (request.moment.picture,)
    if sees:
        pictures += tuple(each.picture for each in attachments if each.picture is not None)
    sounds = (request.sound,) if hears and request.sound is not None else ()
    return UserMessage(text=request.text.strip(), context="\n".join(blocks), pictures=pictures, sounds=sounds)


def fitting(result: ToolResult, longest: int, narrow: bool = False) -> ToolResult:
    """``result`` with at most about ``longest`` characters for the model, cut at a line where there is one. One that is
    ``narrow`` is told what did not work and not what there is instead: it loses itself in a list of names."""
    if narrow and result.status == "failed":
        result = replace(result, content=result.content.split("; ", 1)[0])
    if len(result.content) <= longest:
        return result
    kept = result.content[:longest]
    kept = kept[: kept.rfind("\n")] if "\n" in kept[longest // 2 :] else kept
    left_out = len(result.content) - len(kept)
    return replace(result, content=f"{kept}\n(+{left_out} more characters)")


def _is_bare(moment: Moment) -> bool:
    """Whether no window is on the screen, and no part of it was chosen."""
    return moment.part == "screen" and not (moment.window or moment.application)


def _attribute(text: str) -> str:
    return text.replace('"', "'").replace("\n", " ")
