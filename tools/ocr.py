"""Reading text from pixels, for windows that have no accessibility tree: words, and where they stand.

tesseract runs as a child process of its own, so that a picture made to crash it takes nothing else down. About
0.4 s for a terminal, 2 s for a full screen: crop first. What was read once is remembered by its pixels.
"""

from __future__ import annotations

import io
import math
import os
import shutil
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.messages import Picture
from tools.desktop.port import Bounds, TextLine, Word
from tools.ocr_languages import languages

TIMEOUT_SECONDS = 20.0
_ENLARGE, _ENLARGE_SMALL = 3, 4
_THICK = 8.0
"""Pixels of a stroke's width: text with thicker ones is made smaller, for tesseract reads it worse (4711 became
47171). On screens strokes are one or two."""
"""Screen fonts are a third of the size that tesseract was trained on. Of 150 words in terminals and an editor 145 were
right three times as large, 137 twice as large; of those in a terminal's smallest font most at four times."""
_SMALL = 11
"""Pixels: the height of a line of that font."""
_MOST_PIXELS = 40_000_000
"""Of an enlarged picture: beyond, more takes longer and does not read better."""
_LEAST_CONFIDENCE = 30
_COLUMN_GAP = 2.5
"""Heights of a line; words further apart are not of one line."""
_MARGIN = 12
"""Pixels that stay around what there is to read: tesseract misses what touches the edge."""
_FAINT = 16
"""Of 255: what differs less from the background is background."""
MOST_REMEMBERED = 16
"""Pictures of which the text is remembered."""

ReadText = Callable[[Picture, Cancel], tuple[TextLine, ...]]
"""See :attr:`tools.desktop.port.Desktop.read_text`."""


class RememberedText:
    """``read``, but the same pixels are read only once. Any thread."""

    def __init__(self, read: ReadText) -> None:
        self._read = read
        self._known: OrderedDict[str, tuple[TextLine, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, picture: Picture, cancel: Cancel) -> tuple[TextLine, ...]:
        """The lines of text in ``picture``. Raises DesktopError."""
        with self._lock:
            if (known := self._known.get(picture.key)) is not None:
                self._known.move_to_end(picture.key)
                return known
        lines = self._read(picture, cancel)
        if not cancel.requested:
            with self._lock:
                self._known[picture.key] = lines
                while len(self._known) > MOST_REMEMBERED:
                    self._known.popitem(last=False)
        return lines


def read_text(picture: Picture, cancel: Cancel) -> tuple[TextLine, ...]:
    """The lines of text in ``picture``, top to bottom. Empty when it is stopped by ``cancel`` or finds nothing.

    Raises DesktopError when tesseract is not installed or takes too long."""
    program = shutil.which("tesseract")
    if program is None:
        raise DesktopError(
            "Text in pictures cannot be read here: tesseract is not installed.",
            "Install tesseract-ocr; everything else works without.",
        )
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb).convert("L")
    content = _content(image)
    if content is None:
        return ()
    table = _table(program, _prepared(image, content), cancel)
    return tuple(line for words in _lines(table) for line in _columns(words, content))


def _table(program: str, encoded: bytes, cancel: Cancel) -> str:
    child = subprocess.Popen(
        [program, "stdin", "stdout", "-l", languages(program), "--psm", "6", "tsv"],
        # Its threads wait for one another more than they work; one is as fast and leaves the rest to others.
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with cancel.calling(child.kill):
        try:
            table, _ = child.communicate(encoded, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise DesktopError(
                f"Reading the text in the picture took longer than {TIMEOUT_SECONDS:.0f} seconds, so it was stopped.",
                "Look at a smaller part.",
            ) from None
    return table.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Content:
    """The part of a picture in which something stands out, and how many times as large it is read."""

    bounds: Bounds
    enlarged: float
    """How many pixels tesseract gets for one of the picture's, across."""

    def original(self, bounds: Bounds) -> Bounds:
        """``bounds`` of the enlarged part, in the picture."""
        left, top = int(bounds.x / self.enlarged), int(bounds.y / self.enlarged)
        right = math.ceil((bounds.x + bounds.width) / self.enlarged)
        bottom = math.ceil((bounds.y + bounds.height) / self.enlarged)
        within = Bounds(left, top, max(1, right - left), max(1, bottom - top))
        return within.moved(self.bounds.x, self.bounds.y)


def _content(image: Image.Image) -> _Content | None:
    """``None`` when nothing stands out from the background."""
    levels = np.asarray(image, np.int16)
    background = int(np.bincount(levels.ravel(), minlength=256).argmax())
    there = np.abs(levels - background) > _FAINT
    by_row = np.asarray(there.any(axis=1), np.bool_)
    (columns,), (rows,) = np.nonzero(there.any(axis=0)), np.nonzero(by_row)
    if not len(columns):
        return None
    left, top = max(0, int(columns[0]) - _MARGIN), max(0, int(rows[0]) - _MARGIN)
    right = min(image.width, int(columns[-1]) + 1 + _MARGIN)
    bottom = min(image.height, int(rows[-1]) + 1 + _MARGIN)
    bounds = Bounds(left, top, right - left, bottom - top)
    height = _line_height(by_row)
    if (stroke := _stroke_width(there)) > _THICK:
        return _Content(bounds, _THICK / stroke)
    enlarged = _ENLARGE_SMALL if height <= _SMALL else _ENLARGE
    while enlarged > 1 and bounds.width * bounds.height * enlarged**2 > _MOST_PIXELS:
        enlarged -= 1
    return _Content(bounds, enlarged)


def _stroke_width(there: NDArray[np.bool_]) -> float:
    """The median length of what stands between gaps in a row of pixels; frames and lines are few among strokes."""
    steps = np.diff(there.astype(np.int8), prepend=0, append=0, axis=1)
    (_, starts), (_, ends) = np.nonzero(steps == 1), np.nonzero(steps == -1)
    return float(np.median(ends - starts))


def _line_height(rows: NDArray[np.bool_]) -> float:
    """The median height of what stands between empty rows."""
    edges = np.flatnonzero(np.diff(rows.astype(np.int8), prepend=0, append=0))
    return float(np.median(edges[1::2] - edges[::2]))


def _prepared(image: Image.Image, content: _Content) -> bytes:
    """Enlarged, dark on light: tesseract reads light text on dark badly."""
    part = content.bounds
    image = image.crop((part.x, part.y, part.x + part.width, part.y + part.height))
    histogram = image.histogram()
    if sum(histogram[:128]) > sum(histogram[128:]):
        image = image.point(lambda level: 255 - level)
    size = (round(image.width * content.enlarged), round(image.height * content.enlarged))
    encoded = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(encoded, "BMP")
    return encoded.getvalue()


def _lines(table: str) -> Iterator[list[Word]]:
    """The words of tesseract's TSV, by line: 12 columns, of which block 3, paragraph 4, line 5, left 7, top 8,
    width 9, height 10, confidence 11, text 12."""
    lines: dict[tuple[str, ...], list[Word]] = {}
    for row in table.splitlines()[1:]:
        columns = row.split("\t")
        if len(columns) == 12 and columns[11].strip() and float(columns[10]) >= _LEAST_CONFIDENCE:
            x, y, width, height = map(int, columns[6:10])
            lines.setdefault(tuple(columns[2:5]), []).append(Word(columns[11], Bounds(x, y, width, height)))
    yield from lines.values()


def _columns(words: Sequence[Word], content: _Content) -> Iterator[TextLine]:
    """``words``, which tesseract holds for one line of the enlarged ``content``, cut at wide gaps and in pixels of the
    picture."""
    gap = _COLUMN_GAP * sorted(word.bounds.height for word in words)[len(words) // 2]
    line: list[Word] = []
    for word in words:
        if line and word.bounds.x - (line[-1].bounds.x + line[-1].bounds.width) > gap:
            yield _placed(line, content)
            line = []
        line.append(word)
    yield _placed(line, content)


def _placed(words: Sequence[Word], content: _Content) -> TextLine:
    return TextLine(tuple(Word(word.text, content.original(word.bounds)) for word in words))
