"""Text as files hold it and as results show it."""

from __future__ import annotations

from collections.abc import Sequence

MAX_LINES = 200
MAX_CHARACTERS = 8_000
MAX_NAMES = 200
"""What one result may hold; a small model's context is 8,192 tokens."""

_EXCERPT = 40


def decode(data: bytes) -> str | None:
    """The text in ``data``; none when it is not text. UTF-8, UTF-16 with its mark, or the Western one-byte code."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in data)
        return None if controls else data.decode("cp1252", errors="replace")


def shortened(text: str, unread: int = 0) -> str:
    """``text`` as the model reads it: ``(empty)``, or its beginning and how many lines were left out, ``unread``
    ones among them."""
    if not text:
        return "(empty)"
    all_lines = text.splitlines()
    kept, characters = 0, 0
    while kept < min(len(all_lines), MAX_LINES) and characters + len(all_lines[kept]) <= MAX_CHARACTERS:
        characters += len(all_lines[kept]) + 1
        kept += 1
    left_out = len(all_lines) - kept + unread
    if not left_out:
        return text
    if not kept:  # one line longer than everything that may be shown
        all_lines[0], kept, left_out = all_lines[0][:MAX_CHARACTERS] + "…", 1, left_out - 1
    return "\n".join([*all_lines[:kept], *([f"(+{left_out} more lines)"] if left_out else [])])


def lines(names: Sequence[str]) -> str:
    """One name a line, up to :data:`MAX_NAMES`. A name with a line break in it cannot pass for two."""
    shown = [" ".join(name.splitlines()) for name in names[:MAX_NAMES]]
    left_out = len(names) - len(shown)
    return "\n".join([*shown, *([f"(+{left_out} more)"] if left_out else [])])


def excerpt(text: str) -> str:
    """The beginning of ``text`` in quotes, for a line of evidence."""
    words = " ".join(text[: _EXCERPT * 4].split())
    return (
        f'"{words[:_EXCERPT].rstrip()}…"'
        if len(words) > _EXCERPT or len(text) > _EXCERPT * 4
        else f'"{words}"'
    )


def count(things: Sequence[object], one: str, many: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else many}"
