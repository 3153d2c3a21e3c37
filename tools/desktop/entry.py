"""One ``.desktop`` file: its keys, its words in the person's language, its command (Desktop Entry Specification 1.5).

Anybody may put such a file there, and many are broken, so nothing is believed: what does not fit is no entry. Pure
functions.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_BYTES = 1 << 20
_LONGEST_NAME = 200
_MOST_WORDS = 64
_GROUP = "[Desktop Entry]"
_KEY = re.compile(r"([A-Za-z0-9-]+(?:\[[^\]=]+\])?)\s*=\s*(.*)")
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\", ";": ";"}
_FILE_CODES = frozenset("fFuU")
_OTHER_CODES = frozenset("dDnNvmick")
FILE = "%f"
"""Stands for the file in a command."""

Entry = Mapping[str, str]
"""The keys of the main group as they stand, escapes and all; ``Name[de]`` is a key of its own."""


@dataclass(frozen=True, slots=True)
class Command:
    """``words`` starts the application; in ``opening`` :data:`FILE` stands where a file goes (empty: it takes none)."""

    words: tuple[str, ...]
    opening: tuple[str, ...]


def entry_of(data: bytes) -> Entry | None:
    """None when it is none. The first of two keys of the same name counts."""
    if len(data) > MOST_BYTES:
        return None
    found: dict[str, str] | None = None
    for line in data.decode("utf-8", "replace").removeprefix("\ufeff").split("\n"):
        line = line.strip()
        if line.startswith("["):
            if found is not None:
                break
            if line == _GROUP:
                found = {}
        elif found is not None and (match := _KEY.fullmatch(line)):
            found.setdefault(match[1], match[2])
    return found


def languages(environment: Mapping[str, str]) -> tuple[str, ...]:
    """What may stand in the brackets of a localised key, the best first: ``de_AT@euro``, ``de_AT``, ``de``."""
    set_by = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((value for value in set_by if value), "")
    if chosen.partition(".")[0] in ("", "C", "POSIX"):
        return ()
    found: list[str] = []
    for wanted in (*environment.get("LANGUAGE", "").split(":"), chosen):
        plain, _, modifier = wanted.partition("@")
        country = plain.partition(".")[0]
        language = country.partition("_")[0]
        for name in (country, language) if not modifier else (
            f"{country}@{modifier}", country, f"{language}@{modifier}", language,
        ):  # fmt: skip
            if name and name not in found:
                found.append(name)
    return tuple(found)


def localised(entry: Entry, key: str, wanted: Sequence[str]) -> str:
    """The raw value of ``key`` in the best of the languages ``wanted``, else in that of the file."""
    return next((entry[found] for name in wanted if (found := f"{key}[{name}]") in entry), entry.get(key, ""))


def text_of(raw: str) -> str:
    """A name for a person: escapes resolved, one line, no control or format characters, not too long."""
    plain = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), raw)
    shown = "".join(" " if sign.isspace() else sign for sign in plain if sign.isspace() or _visible(sign))
    return " ".join(shown.split())[:_LONGEST_NAME]


def texts_of(raw: str) -> tuple[str, ...]:
    """A list: parts that end with ``;``."""
    parts = (text_of(part.replace("\0", "\\;")) for part in raw.replace("\\;", "\0").split(";"))
    return tuple(part for part in parts if part)


def command_of(raw: str) -> Command | None:
    """What ``Exec`` means; None when it is empty, not quoted right, or holds what no command can."""
    try:
        # Two layers of escapes: that of every value, and inside quotes one that shlex does not wholly know.
        words = shlex.split(re.sub(r"\\([$`])", r"\1", raw.replace(r"\\", "\\")))
    except ValueError:
        return None
    if not words or len(words) > _MOST_WORDS or any("\0" in word for word in words):
        return None
    starting = _filled(words, "")
    if not starting or not starting[0]:
        return None
    takes_files = any(sign in _FILE_CODES for word in words for sign in _codes(word))
    return Command(starting, _filled(words, FILE) if takes_files else ())


def _filled(words: Sequence[str], file: str) -> tuple[str, ...]:
    """``words`` with ``file`` in the place of its codes; without one, a word that is about a file is left out."""
    filled = []
    for word in words:
        codes = _codes(word)
        if (not file and any(code in _FILE_CODES for code in codes)) or (
            codes and codes[0] in _OTHER_CODES and len(word) == 2
        ):
            continue
        filled.append(
            re.sub(
                "%(.)", lambda code: "%" if code[1] == "%" else file if code[1] in _FILE_CODES else "", word
            )
        )
    return tuple(filled)


def _codes(word: str) -> str:
    return "".join(re.findall("%(.)", word)).replace("%", "")


def _visible(sign: str) -> bool:
    return sign in "\u200c\u200d" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Cn", "Co")
