"""A tiny grammar for ways of saying something: ``(open|start) [up] {app}``.

``(a|b)`` is a choice, ``[x]`` may be left out, ``{name}`` is a slot, ``<name>`` is any line under that heading of
``phrasings/parts.txt``; they nest. A pattern is one *phrasing*: whole patterns are held out from training (see
:func:`held_out`), so that scores speak about sentences never seen.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

PLAINEST = 6

Node = str | tuple[str, tuple["Node", ...]]


def held_out(text: str, one_in: int = 9) -> bool:
    """Whether ``text`` belongs to the held-out part. Depends on the text alone: no list to keep, no leak by order."""
    return zlib.crc32(text.encode()) % one_in == 0


def split(items: Sequence[str], new: bool) -> list[str]:
    """The training part of ``items``, or with ``new`` the held-out part. The first few of a list are the plainest and
    always belong to training."""
    out = {item for item in items[PLAINEST:] if held_out(item)}
    part = [item for item in items if (item in out) == new]
    return part or list(items)


def expand(pattern: str, rng: random.Random, slots: Mapping[str, str]) -> str:
    """One random sentence of ``pattern``, its slots filled, spaces tidied."""
    text = " ".join(_expand(_parse(_whole(pattern)), rng).split())
    for name, value in slots.items():
        text = text.replace("{" + name + "}", value)
    return text


@cache
def _whole(pattern: str) -> str:
    """``pattern`` with its ``<parts>`` written out as choices."""
    while (match := re.search(r"<(\w+)>", pattern)) is not None:
        pattern = pattern.replace(match[0], f"({'|'.join(load('parts')[match[1]])})")
    return pattern


def _expand(node: Node, rng: random.Random) -> str:
    if isinstance(node, str):
        return node
    kind, children = node
    if kind == "all":
        return "".join(_expand(child, rng) for child in children)
    if kind == "maybe" and rng.random() < 0.6:
        return ""
    return _expand(rng.choice(children), rng)


@cache
def _parse(pattern: str) -> Node:
    node, end = _choice(pattern, 0)
    if end != len(pattern):
        raise ValueError(f"unbalanced {pattern[end]!r} in {pattern!r}")
    return node


def _choice(pattern: str, at: int) -> tuple[Node, int]:
    branches: list[Node] = []
    parts: list[Node] = []
    start = at
    while at < len(pattern) and pattern[at] not in ")]":
        if pattern[at] in "([":
            parts.append(pattern[start:at])
            kind = "one" if pattern[at] == "(" else "maybe"
            inner, at = _choice(pattern, at + 1)
            branches_of = inner[1] if isinstance(inner, tuple) and inner[0] == "one" else (inner,)
            parts.append((kind, branches_of))
            start = at = at + 1
        elif pattern[at] == "|":
            parts.append(pattern[start:at])
            branches.append(("all", tuple(parts)))
            parts = []
            start = at = at + 1
        else:
            at += 1
    parts.append(pattern[start:at])
    branches.append(("all", tuple(parts)))
    return ("one", tuple(branches)), at


@cache
def load(family: str) -> dict[str, list[str]]:
    """The phrasings of a family, by name: ``phrasings/FAMILY.txt``, a line each under ``# name`` headings."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (Path(__file__).parent / "phrasings" / f"{family}.txt").read_text().splitlines():
        if line.startswith("# "):
            lines = found.setdefault(line[2:], [])
        elif line:
            lines.append(line)
    return found
