"""Colours for code, from Pygments' lexers and two small palettes of our own."""

from __future__ import annotations

from collections.abc import Iterator

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

_LIGHT = {
    Comment: "#716B63",
    Keyword: "#8A3B8F",
    String: "#2A7A4C",
    Number: "#935600",
    Name.Function: "#1F5FA8",
    Name.Class: "#1F5FA8",
    Name.Builtin: "#0A736E",
    Operator.Word: "#8A3B8F",
    Name.Tag: "#8A3B8F",
}
_DARK = {
    Comment: "#948E84",
    Keyword: "#D6A1DC",
    String: "#8FCFA6",
    Number: "#E6B35C",
    Name.Function: "#8FBCEB",
    Name.Class: "#8FBCEB",
    Name.Builtin: "#58C7BE",
    Operator.Word: "#D6A1DC",
    Name.Tag: "#D6A1DC",
}
MAX_CHARACTERS = 50_000
"""Longer code is shown in one colour."""


def highlight(source: str, language: str, *, dark: bool) -> Iterator[tuple[int, int, str]]:
    """Start, length and colour of everything that is not plain; positions count UTF-16 units, as Qt does."""
    if not language or len(source) > MAX_CHARACTERS:
        return
    palette = _DARK if dark else _LIGHT
    position = 0
    for token, text in _lexer(language).get_tokens(source):
        length = len(text.encode("utf-16-le")) // 2
        color = _color(token, palette)
        if color:
            yield position, length, color
        position += length


def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return TextLexer()


def _color(token: _TokenType, palette: dict[_TokenType, str]) -> str:
    kind: _TokenType | None = token
    while kind is not None:
        if kind in palette:
            return palette[kind]
        kind = kind.parent
    return ""
