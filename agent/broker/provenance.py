"""Where a value came from: the person's own words, their settings, or something else.

A value counts as said only when it stands in the person's words as whole tokens: ``notes.txt`` is not in
"notes.txt.bak", ``Ed`` is not in "edit". What the model claims about the origin of a value is never looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

DOCUMENTS = frozenset(
    (".txt", ".md", ".csv", ".tsv", ".log", ".rtf", ".pdf", ".odt", ".ods", ".odp", ".docx", ".xlsx", ".pptx",
     ".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".wav", ".mp3", ".ogg", ".flac", ".mp4",
     ".json", ".yaml", ".yml", ".toml", ".xml")
)  # fmt: skip
"""Endings that need not be said: "read the shopping list" fits ``shopping.txt``, never ``shopping.sh``."""

_OPENING = "\"'`“”‘’«»‹›([{<"
_CLOSING = _OPENING + ")]}>.,;:!?…"
_SPOKEN_SIGNS = re.compile(r"\s+(dot|slash)\s+")


@lru_cache(maxsize=512)  # the person's sentences are compared with every value of every call
def tokens(text: str) -> tuple[str, ...]:
    """The words of ``text`` without the punctuation around them, capitals folded; a spoken "dot" is a dot."""
    plain = unicodedata.normalize("NFC", text).casefold()
    plain = _SPOKEN_SIGNS.sub(lambda sign: "." if sign[1] == "dot" else "/", plain)
    words = (word.lstrip(_OPENING).rstrip(_CLOSING) for word in plain.split())
    return tuple(word for word in words if word)


def mentions(sentence: str, value: str) -> bool:
    """Whether ``value`` stands in ``sentence`` as whole tokens in their order. An empty value does not."""
    said, wanted = tokens(sentence), tokens(value)
    spans = range(len(said) - len(wanted) + 1)
    return bool(wanted) and any(said[start : start + len(wanted)] == wanted for start in spans)


def said(value: str, sentences: Iterable[str]) -> bool:
    return any(mentions(sentence, value) for sentence in sentences)


def path_said(path: Path, sentences: tuple[str, ...], workspace: Path, home: Path) -> bool:
    """Whether the person named ``path``: written out, or every part of it below the workspace or the home folder.

    "move a.txt to the Archive folder" names ``<workspace>/Archive/a.txt``. The home folder itself must be called so.
    """
    if said(str(path), sentences):
        return True
    if path == home:
        return said("home", sentences) or said("~", sentences)
    for base in (workspace, home):
        if path.is_relative_to(base) and path != base:
            below = path.relative_to(base)
            written = said(str(below), sentences) or said(f"~/{below}", sentences)
            return written or all(_part_said(part, sentences) for part in below.parts)
    return False


def _part_said(part: str, sentences: tuple[str, ...]) -> bool:
    stem = Path(part).stem if Path(part).suffix.casefold() in DOCUMENTS else ""
    return said(part, sentences) or said(stem, sentences)
