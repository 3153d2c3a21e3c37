"""Where a value came from: the person's own words, their settings, or something else.

A value counts as said only when it stands in the person's words as whole tokens: ``notes.txt`` is not in
"notes.txt.bak", ``Ed`` is not in "edit". What the model claims about the origin of a value is never looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
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
_POSSESSIVE = re.compile("(?<=[^\\W\\d_]{2})['’]s$")
_NUMBER = re.compile(
    r"(?<![\w.,-])[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,]|\.\d)|(?<![\w.,-])[-+]?\d+(?:\.\d+)?(?![\w,]|\.\d|,\d)"
)
_HOST = re.compile(r"\w[\w-]*(\.[\w-]+)*\.[^\W\d_]{2,}", re.IGNORECASE)
_SPOKEN_SIGNS = re.compile(r"\s+(dot|slash)\s+")


@lru_cache(maxsize=512)  # the person's sentences are compared with every value of every call
def tokens(text: str) -> tuple[str, ...]:
    """The words of ``text`` without the punctuation around them, capitals folded; a spoken "dot" is a dot."""
    plain = unicodedata.normalize("NFC", text).casefold()
    plain = _SPOKEN_SIGNS.sub(lambda sign: "." if sign[1] == "dot" else "/", plain)
    words = (word.lstrip(_OPENING).rstrip(_CLOSING) for word in plain.split())
    return tuple(_POSSESSIVE.sub("", word) for word in words if word)


def mentions(sentence: str, value: str) -> bool:
    """Whether ``value`` stands in ``sentence`` as whole tokens in their order. An empty value does not."""
    said, wanted = tokens(sentence), tokens(value)
    spans = range(len(said) - len(wanted) + 1)
    return bool(wanted) and any(said[start : start + len(wanted)] == wanted for start in spans)


def said(value: str, sentences: Iterable[str]) -> bool:
    return any(mentions(sentence, value) for sentence in sentences)


def command_said(command: str, sentences: Iterable[str]) -> bool:
    """Whether ``command`` stands in a sentence to the letter, as whole words: in a command every sign, capital and line
    break counts."""
    wanted = unicodedata.normalize("NFC", command)
    if not wanted.strip() or any(unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") for sign in wanted):
        return False
    spoken = (unicodedata.normalize("NFC", sentence) for sentence in sentences)
    holding = [sentence for sentence in spoken if wanted.strip() in sentence]
    if not holding:  # mostly; the pattern below is as long as the command
        return False
    whole = re.compile(
        rf"(?:^|(?<=[\s\"'`“‘«:])){re.escape(wanted.strip())}(?=$|[\s\"'`”’»]|[.,;:!?](?:\s|$))"
    )
    return any(whole.search(sentence) for sentence in holding)


def number_said(value: str, sentences: Iterable[str]) -> bool:
    """Whether ``value`` is a number that stands in a sentence, however it is written there: "$1,000" names 1000."""
    wanted = _decimal(value)
    if wanted is None:
        return False
    return any(_decimal(found[0]) == wanted for sentence in sentences for found in _NUMBER.finditer(sentence))


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def addresses_in(text: str) -> tuple[str, ...]:
    """The words of ``text`` that somebody could follow, write to or pay to: links, hosts, mail addresses, account and
    telephone numbers. In doubt a word is one."""
    return tuple(word for word in tokens(text) if _is_address(word))


def _is_address(word: str) -> bool:
    if "@" in word or "://" in word or word.startswith("www.") or sum(map(str.isdigit, word)) >= 8:
        return True
    host = _HOST.search(word)
    return host is not None and Path(host[0]).suffix not in DOCUMENTS


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
