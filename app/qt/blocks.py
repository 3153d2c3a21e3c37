"""Markdown cut into its top-level blocks, so that a stream changes only the end of it. No widgets.

More lines change only the last block. More of an unfinished line may turn it into another kind of line and so change
the last two. Blocks are cut where a reader sees a gap: paragraphs, lists, quotes and fenced code each stand alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([^`]*)$")
_ITEM = re.compile(r"^\s*([-*+]|\d{1,9}[.)])\s+")
_QUOTE = re.compile(r"^ {0,3}>")


@dataclass(frozen=True, slots=True)
class Block:
    """``source`` is Markdown for "text" and "list", the quoted Markdown for "quote", the code itself for "code"."""

    kind: Literal["text", "list", "quote", "code"]
    source: str
    language: str = ""


def split(text: str) -> tuple[Block, ...]:
    """The blocks of ``text``, in order; none of them is empty, except code that has not begun."""
    blocks: list[Block] = []
    lines: list[str] = []
    fence, language = "", ""
    for line in text.split("\n"):
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                blocks.append(Block("code", "\n".join(lines), language))
                lines, fence = [], ""
            else:
                lines.append(line)
            continue
        if opened := _FENCE.match(line):
            _close(blocks, lines)
            fence, language = opened[1], opened[2].strip().split(" ")[0].lower()
            lines = []
        elif lines and not _goes_on(lines, line):
            _close(blocks, lines)
            lines = [line] if line.strip() else []
        elif lines or line.strip():
            lines.append(line)
    if fence:
        blocks.append(Block("code", "\n".join(lines), language))
    else:
        _close(blocks, lines)
    return tuple(blocks)


def _goes_on(lines: list[str], line: str) -> bool:
    """Whether ``line`` belongs to the block begun by ``lines``."""
    if _QUOTE.match(lines[0]):
        return bool(_QUOTE.match(line)) or (bool(line.strip()) and bool(lines[-1].strip()))
    if _QUOTE.match(line) and lines[-1].strip() == "":
        return False
    if _ITEM.match(lines[0]):
        if lines[-1].strip() == "" and line.strip():
            return bool(_ITEM.match(line)) or line.startswith(("  ", "\t"))
        return True
    return bool(line.strip())


def _close(blocks: list[Block], lines: list[str]) -> None:
    source = "\n".join(lines).rstrip()
    if not source:
        return
    if _QUOTE.match(source):
        inner = "\n".join(re.sub(r"^ {0,3}> ?", "", line) for line in source.split("\n"))
        blocks.append(Block("quote", inner))
    else:
        blocks.append(Block("list" if _ITEM.match(source) else "text", source))
