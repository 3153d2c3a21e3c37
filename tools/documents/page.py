"""HTML: what a person would read of it, headings and lists and tables marked; scripts and styles are left out."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import BinaryIO

from tools.documents.parts import Document, numbered
from tools.documents.plain import decoded
from tools.documents.position import Position

_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "math", "object", "iframe"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form",
     "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table",
     "title", "tr", "ul"}
)  # fmt: skip
_MARKS = {"li": "- ", **{f"h{level}": "#" * level + " " for level in range(1, 7)}}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.title = ""
        self._line: list[str] = []
        self._silent = ""
        self._depth = 0
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent:
            self._depth += tag == self._silent
            return
        if tag in _SILENT:
            self._silent, self._depth = tag, 1
            return
        if tag in _BLOCKS:
            self.end_line()
            self._cells = 0
            self._line.append(_MARKS.get(tag, ""))
        elif tag in ("td", "th"):
            self._line.append(" | " if self._cells else "")
            self._cells += 1
        elif tag == "img" and (alternative := dict(attrs).get("alt")):
            self._line.append(f"[picture: {alternative}]")

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._depth -= tag == self._silent
            if not self._depth:
                self._silent = ""
            return
        if tag == "title":
            self.title = self.title or " ".join("".join(self._line).split())
            self._line = []
        elif tag in _BLOCKS:
            self.end_line()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._line.append(data)

    def end_line(self) -> None:
        line = " ".join("".join(self._line).split())
        if line.strip("-# |"):
            self.lines.append(line)
        self._line = []


def read(file: BinaryIO, position: Position) -> Document:
    text = decoded(file)
    if position.source:
        return Document("web page", "its source", numbered([text], position.line))
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_line()
    title = f'"{reader.title[:100]}", ' if reader.title else ""
    return Document("web page", f"{title}its text without the source", numbered(reader.lines, position.line))
