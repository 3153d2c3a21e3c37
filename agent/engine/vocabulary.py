"""The tokens of a loaded model: text to ids and back, and which ids are control tokens.

Two ways of tokenising, and the difference is what keeps untrusted text harmless: :meth:`Vocabulary.frame` reads
control tokens in the text (for our own frames alone), :meth:`Vocabulary.plain` never yields one. llama.cpp's
``parse_special=False`` is not enough for that: it still matches user-defined tokens such as ``<|tool_call>``.
"""

from __future__ import annotations

import ctypes
import re
from functools import cached_property, lru_cache
from typing import cast

import llama_cpp.llama_cpp as llama
import numpy as np

CONTROL = llama.LLAMA_TOKEN_ATTR_CONTROL | llama.LLAMA_TOKEN_ATTR_UNKNOWN | llama.LLAMA_TOKEN_ATTR_UNUSED
MARKS = CONTROL | llama.LLAMA_TOKEN_ATTR_USER_DEFINED


class FirstBytes:
    """Tokens by the first byte of what they spell. Reading them all takes a quarter of a second for 262,144."""

    def __init__(self, pointer: llama.llama_vocab_p, size: int) -> None:
        buffer, room = ctypes.create_string_buffer(256), 256
        first = np.full(size, -1, dtype=np.int16)  # what spells nothing is in no group
        single: dict[int, int] = {}
        for token in range(size):
            length = llama.llama_token_to_piece(pointer, token, buffer, room, 0, True)
            if length < 0:
                buffer, room = ctypes.create_string_buffer(-length), -length
                length = llama.llama_token_to_piece(pointer, token, buffer, room, 0, True)
            if length:
                first[token] = buffer[0][0]
            if length == 1:
                single.setdefault(buffer[0][0], token)
        self.groups = [np.flatnonzero(first == byte) for byte in range(256)]
        """The tokens of each byte."""
        self.single = single
        """A token that spells just this byte, where there is one."""


class Vocabulary:
    """The vocabulary behind a ``llama_vocab`` pointer, which must outlive it."""

    def __init__(self, pointer: llama.llama_vocab_p) -> None:
        self.pointer = pointer
        self.size = llama.llama_vocab_n_tokens(pointer)
        attributes = [llama.llama_vocab_get_attr(pointer, token) for token in range(self.size)]
        self.control = frozenset(token for token, bits in enumerate(attributes) if bits & CONTROL)
        self.ends = frozenset(token for token in range(self.size) if llama.llama_vocab_is_eog(pointer, token))
        self._marks = {
            self.text(token): token
            for token, bits in enumerate(attributes)
            if bits & MARKS and self.text(token).strip("▁ \n\t")
        }
        self.marks = frozenset(self._marks.values())
        """Control and user-defined tokens: what :meth:`plain` never yields."""
        longest_first = sorted((mark for mark in self._marks if len(mark) > 1), key=len, reverse=True)
        self._literal = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        first = self._tokens("a", parse_special=False)[:1]
        self._begins_with_space = any(self.text(token).startswith("▁") for token in first)
        self.plain = lru_cache(maxsize=1024)(self._plain)
        self.frame = lru_cache(maxsize=256)(self._frame)
        self.piece = lru_cache(maxsize=65536)(self._piece)

    @cached_property
    def first_bytes(self) -> FirstBytes:
        return FirstBytes(self.pointer, self.size)

    def mark(self, text: str) -> int | None:
        """The id of the control or user-defined token written ``text``."""
        return self._marks.get(text)

    def text(self, token: int) -> str:
        """The token as the vocabulary spells it."""
        return (llama.llama_vocab_get_text(self.pointer, token) or b"").decode("utf-8", "replace")

    @property
    def bos(self) -> int | None:
        """The token that begins a sequence; None when there is none."""
        token = cast(int, llama.llama_vocab_bos(self.pointer))
        return token if token >= 0 else None

    @property
    def eos(self) -> int | None:
        token = cast(int, llama.llama_vocab_eos(self.pointer))
        return token if token >= 0 else None

    @property
    def adds_bos(self) -> bool:
        return llama.llama_vocab_get_add_bos(self.pointer)

    def _frame(self, text: str) -> tuple[int, ...]:
        return self._tokenize(text, parse_special=True)

    def _plain(self, text: str) -> tuple[int, ...]:
        tokens: list[int] = []
        for part in self._cut(text):
            tokens.extend(self._tokenize(part, parse_special=False))
        return tuple(tokens)

    def defused(self, text: str) -> str:
        """``text`` with a space inside everything that is spelt like a control token, for text that must pass
        through a template."""
        return " ".join(self._cut(text))

    def runs(self, text: str) -> list[int | str]:
        """``text`` of ours taken apart into control tokens and what stands between them."""
        runs: list[int | str] = []
        start = 0
        for found in self._literal.finditer(text):
            runs += [text[start : found.start()], self._marks[found[0]]]
            start = found.end()
        return [run for run in (*runs, text[start:]) if run != ""]

    def _cut(self, text: str) -> list[str]:
        """``text`` cut after the first character of everything that is spelt like a control token."""
        parts: list[str] = []
        start = 0
        while found := self._literal.search(text, start):
            parts.append(text[start : found.start() + 1])
            start = found.start() + 1
        parts.append(text[start:])
        return parts

    def _tokenize(self, text: str, parse_special: bool) -> tuple[int, ...]:
        """Some vocabularies put a space before the first word of a text. A prompt is tokenised in parts, and a part
        is no text of its own: there, it follows a line's end that is taken away again."""
        if self._begins_with_space:
            line_end = self._tokens("\n", parse_special)
            tokens = self._tokens(f"\n{text}", parse_special)
            if tokens[: len(line_end)] == line_end:
                return tokens[len(line_end) :]
        return self._tokens(text, parse_special)

    def _tokens(self, text: str, parse_special: bool) -> tuple[int, ...]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        buffer = (llama.llama_token * room)()
        count = llama.llama_tokenize(self.pointer, data, len(data), buffer, room, False, parse_special)
        if count < 0:
            buffer = (llama.llama_token * -count)()
            count = llama.llama_tokenize(self.pointer, data, len(data), buffer, -count, False, parse_special)
        return tuple(buffer[:count])

    def _piece(self, token: int) -> bytes:
        """What the token stands for, as bytes; control tokens spell themselves."""
        buffer = ctypes.create_string_buffer(128)
        count = llama.llama_token_to_piece(self.pointer, token, buffer, len(buffer), 0, True)
        if count < 0:
            buffer = ctypes.create_string_buffer(-count)
            count = llama.llama_token_to_piece(self.pointer, token, buffer, len(buffer), 0, True)
        return buffer.raw[:count]
