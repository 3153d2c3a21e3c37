"""The lines of a document, how many of them are shown, and where reading would go on. Standard library only."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_LINE = 1_000
"""Characters; a longer line becomes several, so that every part of it has a place of its own."""

DAMAGED = "seems to be damaged and cannot be read"
PASSWORD = "is protected by a password; open it with its application"
TOO_LARGE = "is too large inside to be read"
TOO_SLOW = "takes too long to read"


class Trouble(Exception):
    """Why a document cannot be read, as the end of a sentence that begins with its name."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text. ``at`` is the position at which reading would go on with it (what stands after ``#``);
    ``unit`` the number of the page, slide or sheet that it belongs to, ``first`` whether it begins that."""

    text: str
    at: str
    unit: int = 1
    first: bool = False


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture in a document, for whoever can read or see it: RGB, row by row."""

    width: int
    height: int
    rgb: bytes
    label: str = ""
    """Says which picture it is, where there are several: "page 3"."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive, and the place in it that was asked for."""

    name: str
    data: bytes
    place: str


@dataclass(frozen=True, slots=True)
class Speech:
    """What is to be heard in a sound: 16-bit mono at 16 kHz. ``at`` is the place where what was left out begins."""

    samples: bytes
    left: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """``kind`` and ``summary`` name it in a few words ("PDF", "30 pages"). ``unit`` is what it is made of ("page"),
    empty when it is one run of lines, and ``units`` how many of them there are."""

    kind: str
    summary: str
    lines: Iterable[Line]
    unit: str = ""
    units: int = 1
    countable: bool = True
    """Whether the lines that are not shown may be gone through to count them: not so where each costs time."""
    pixels: Pixels | None = None
    member: Member | None = None
    speech: Speech | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """``text`` has at most so many characters; ``left`` says what is missing and ``at`` where that begins, or both are
    empty."""

    text: str
    left: str = ""
    at: str = ""


def shown(document: Document, longest: int) -> Shown:
    """The beginning of ``document``."""
    kept: list[Line] = []
    room = longest
    lines = iter(document.lines)
    for line in lines:
        if len(line.text) + 1 > room and kept:
            if kept[-1].first and len(kept) > 1:  # the name of a page with nothing below it
                line = kept.pop()
            return Shown(_text(kept, longest), _left(document, line, lines), line.at)
        kept.append(line)
        room -= len(line.text) + 1
    return Shown(_text(kept, longest))


def _text(lines: list[Line], longest: int) -> str:
    text = "\n".join(line.text for line in lines)
    return text if len(text) <= longest else text[:longest].rstrip() + "…"


def _left(document: Document, line: Line, rest: Iterator[Line]) -> str:
    if not document.unit:
        return f"+{counted(1 + sum(1 for _ in rest), 'more line')}" if document.countable else "and more"
    beyond = document.units - line.unit + line.first
    more = f"{counted(beyond, f'more {document.unit}')}" if beyond else ""
    if line.first:
        return f"+{more}"
    return f"+the rest of {document.unit} {line.unit}{f' and {more}' if more else ''}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def pieces(text: str) -> Iterator[str]:
    """``text`` as lines without control characters, none longer than :data:`LONGEST_LINE`, empty lines never two in a
    row."""
    empty = True
    for line in text.splitlines():
        clean = printable(line).rstrip()
        if clean or not empty:
            yield clean[:LONGEST_LINE]
        for start in range(LONGEST_LINE, len(clean), LONGEST_LINE):
            yield clean[start : start + LONGEST_LINE]
        empty = not clean


def numbered(texts: Iterable[str], start: int = 1) -> Iterator[Line]:
    """The lines of ``texts`` from number ``start`` on, each of them with its number as its position."""
    number = 0
    for text in texts:
        for piece in pieces(text):
            number += 1
            if number >= start:
                yield Line(piece, f"line={number}")


def unit_lines(unit: str, number: int, text: str, start: int = 1) -> Iterator[Line]:
    """The lines of page or slide ``number`` from line ``start`` on, below the line ``page 3:``."""
    yield Line(f"{unit} {number}:", f"{unit}={number}", number, first=True)
    for index, piece in enumerate(pieces(text), 1):
        if index >= start:
            yield Line(piece, f"{unit}={number}&line={index}", number)


def printable(line: str) -> str:
    """Without what no text needs: control and format characters (they can hide words), halves of characters."""
    if line.isascii() and line.isprintable():
        return line
    line = line.replace("\t", " ").replace("\xa0", " ")
    return "".join(sign for sign in line if not _invisible(sign))


def _invisible(sign: str) -> bool:
    if sign in "\u200c\u200d":  # joiners: Persian, Indic scripts and emoji need them
        return False
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Cn")
