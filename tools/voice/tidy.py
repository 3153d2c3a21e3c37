"""Transcripts as people would have typed them: file names said as "shopping dot t x t" become "shopping.txt"."""

from __future__ import annotations

import re

# The second row is what the transcriber makes of a "t x t" that it did not hear well.
_SPELLED = {
    "text": "txt",
    "t x t": "txt",
    "t-x-t": "txt",
    "p d f": "pdf",
    "c s v": "csv",
    "p n g": "png",
    "m d": "md",
    "dxt": "txt",
    "d x t": "txt",
    "dxd": "txt",
    "d x d": "txt",
    "dx d": "txt",
    "txd": "txt",
}
_EXTENSIONS = [
    "txt",
    "md",
    "pdf",
    "csv",
    "png",
    "jpg",
    "html",
    "json",
    "doc",
    "docx",
    "xls",
    "xlsx",
    "ods",
    "odt",
    "py",
]
_FILE_NAME = re.compile(
    rf"(?<=\w)(?:\s+dot\s+|\s*\.)(?P<extension>{'|'.join([*_SPELLED, *_EXTENSIONS])})\b", re.IGNORECASE
)


def tidy(transcript: str) -> str:
    """``transcript`` on one line, with file names joined: ``total dot txt`` and ``total .TXT`` give ``total.txt``."""
    line = " ".join(transcript.split())
    return _FILE_NAME.sub(_joined, line)


def _joined(match: re.Match[str]) -> str:
    extension = match["extension"].lower()
    return "." + _SPELLED.get(extension, extension)
