"""What is written, as it should sound: sentences without Markdown, with signs and file names said as words.

Written for English. espeak-ng reads numbers, times and dates itself.
"""

from __future__ import annotations

import re

LONGEST_SENTENCE = 300
"""A sentence longer than this many characters is said in pieces, so that a stop or a first word never waits."""

_FENCE = re.compile(r"^\s*(```|~~~)")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]*_`]*(?=\s)|\n")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|approx|Mr|Mrs|Ms|Dr|Prof|No|vs|St)\.$|(?:^|\s)\d{1,3}\.$")
_PAUSE = re.compile(r"[,;:—]\s")

_MARKDOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"!\[([^\]]*)\]\([^)]*\)", r"\1"),  # an image: its description
        (r"\[([^\]]+)\]\([^)]*\)", r"\1"),  # a link: its text
        (r"https?://\S+", "a link"),
        (r"^\s*(?:#{1,6}|>|[-*+•](?=\s)|\d+[.)](?=\s))\s*", ""),  # headings, quotes, list items
        (r"^\s*\|?[\s:|-]*-{3,}[\s:|-]*$", ""),  # rules, and the line under a table's head
        (r"\s*\|\s*", ", "),  # a table's cells
        (r"(\*\*|__|~~|`+)", ""),
        (r"(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)", ""),  # emphasis, but not snake_case
    )
)
_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?<=\d)\s*[×*]\s*(?=\d)", " times "),
        (r"(?<=\d)\s*÷\s*(?=\d)", " divided by "),
        (r"(?<=\d)\s*[−–]\s*(?=\d)", " minus "),
        (r"(?<=\d)\s*\+\s*(?=\d)", " plus "),
        (r"(?<!\w)−(?=\d)", "minus "),
        (r"\s*(?<![=<>!])=(?!=)\s*", " equals "),
        (r"\s*[→➜]\s*", ", then "),
        (r"(?:~|(?<![\w/]))/(?:[\w.~+-]+/)+(?=[\w.])", ""),  # of a path, only the name
        (r"(?<=\w)\.(?=(?:txt|pdf|csv|png|jpg|html|md|py)\b)", " dot "),
        (r"\btxt\b", "t x t"),
        (r"(?<=[a-z])_(?=[a-z])", " "),
        (r"[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F]", ""),  # pictures
    )
)


def speakable(line: str) -> str:
    """``line`` of Markdown as plain words, on one line; empty when there is nothing to say."""
    for pattern, replacement in _MARKDOWN + _SIGNS:
        line = pattern.sub(replacement, line)
    line = " ".join(line.split()).strip(" ,|")
    return line if re.search(r"\w", line) else ""


class SentenceStream:
    """Cuts Markdown that arrives in pieces into sentences to be said, each as soon as it is complete.

    A block of code is not read out: it is said once that it is in the window.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._in_code = False

    def add(self, delta: str) -> list[str]:
        """The sentences that ``delta`` completes."""
        self._rest += delta
        said: list[str] = []
        while (cut := self._next_cut()) is not None:
            piece, self._rest = self._rest[:cut], self._rest[cut:]
            said += self._say(piece)
        return said

    def end(self) -> list[str]:
        """What is left: the last sentence, when there is one."""
        piece, self._rest = self._rest, ""
        return self._say(piece)

    def _next_cut(self) -> int | None:
        if self._in_code or _FENCE.match(self._rest) or self._may_become_fence():
            newline = self._rest.find("\n")
            return None if newline < 0 else newline + 1
        for end in _SENTENCE_END.finditer(self._rest):
            if not _ABBREVIATION.search(self._rest[: end.end()].rstrip("\n")):
                return end.end()
            if end.group() == "\n":
                return end.end()
        return self._cut_of_overlong()

    def _may_become_fence(self) -> bool:
        start = self._rest.lstrip(" ")
        return bool(start) and ("```".startswith(start) or "~~~".startswith(start))

    def _cut_of_overlong(self) -> int | None:
        if len(self._rest) < LONGEST_SENTENCE:
            return None
        start = self._rest[:LONGEST_SENTENCE]
        pauses = [match.end() for match in _PAUSE.finditer(start)]
        return pauses[-1] if pauses else start.rfind(" ") + 1 or LONGEST_SENTENCE

    def _say(self, piece: str) -> list[str]:
        if _FENCE.match(piece):
            self._in_code = not self._in_code
            return ["The code is in the window."] if self._in_code else []
        sentence = "" if self._in_code else speakable(piece)
        return [sentence] if sentence else []


def sentences(text: str) -> list[str]:
    """All of ``text``, cut into sentences to be said."""
    stream = SentenceStream()
    return stream.add(text) + stream.end()
