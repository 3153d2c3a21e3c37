"""Transcripts as people would have typed them: file names said as "shopping dot t x t" become "shopping.txt"."""

from __future__ import annotations

import re

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
# How the transcriber writes a "t x t" that it did not hear well: "t x t", "dxt", "d_x_t_", "d, x d".
_TXT = r"[td][\s,._-]*x[\s,._-]*[td]_?"
_FILE_NAME = re.compile(
    rf"(?<=\w)(?:\s+dot\s+|\s*\.)(?:(?P<extension>text|p d f|c s v|p n g|m d|{'|'.join(_EXTENSIONS)})|{_TXT})(?!\w)",
    re.IGNORECASE,
)


def tidy(transcript: str) -> str:
    """``transcript`` on one line, with file names joined: ``total dot txt`` and ``total .TXT`` give ``total.txt``."""
    line = " ".join(transcript.split())
    return _FILE_NAME.sub(_joined, line)


def _joined(match: re.Match[str]) -> str:
    extension = (match["extension"] or "txt").lower().replace(" ", "")
    return "." + ("txt" if extension == "text" else extension)
