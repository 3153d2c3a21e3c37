"""Reading text from pixels, for windows that have no accessibility tree.

tesseract runs as a child process of its own, so that a picture made to crash it takes nothing else down. About
0.3 s for a terminal, 2 s for a full screen: crop first.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterator

from PIL import Image

from agent.cancel import Cancel
from agent.messages import Picture

TIMEOUT_SECONDS = 20.0
_ENLARGE = 2
"""Screen fonts are half the size that tesseract was trained on."""
_LEAST_CONFIDENCE = 30


def read_text(picture: Picture, cancel: Cancel) -> tuple[str, ...]:
    """The lines of text in ``picture``, top to bottom. Empty when tesseract is not installed, takes too long, is
    stopped by ``cancel`` or finds nothing."""
    program = shutil.which("tesseract")
    if program is None:
        return ()
    command = [program, "stdin", "stdout", "--psm", "6", "tsv"]
    child = subprocess.Popen(
        command,
        # Its threads wait for one another more than they work; one is as fast and leaves the rest to others.
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with cancel.calling(child.kill):
        try:
            table, _ = child.communicate(_prepared(picture), timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return ()
    return tuple(_lines(table.decode("utf-8", "replace")))


def _prepared(picture: Picture) -> bytes:
    """Grey, enlarged, dark on light: tesseract reads light text on dark badly."""
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb).convert("L")
    histogram = image.histogram()
    if sum(histogram[:128]) > sum(histogram[128:]):
        image = image.point(lambda level: 255 - level)
    image = image.resize((image.width * _ENLARGE, image.height * _ENLARGE), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    image.save(encoded, "BMP")
    return encoded.getvalue()


def _lines(table: str) -> Iterator[str]:
    """The words of tesseract's TSV (12 columns: block 3, paragraph 4, line 5, confidence 11, text 12), by line."""
    words: dict[tuple[str, ...], list[str]] = {}
    for row in table.splitlines()[1:]:
        columns = row.split("\t")
        if len(columns) == 12 and columns[11].strip() and float(columns[10]) >= _LEAST_CONFIDENCE:
            words.setdefault(tuple(columns[1:5]), []).append(columns[11])
    yield from (" ".join(line) for line in words.values())
