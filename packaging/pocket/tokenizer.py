"""The tokenizer: byte-pair merges over short pieces, exactly as llama.cpp's ``gemma4`` tokenizer runs them.

Small on purpose. Pieces are at most six letters long, digits and punctuation stand alone, and a space is a piece of
its own, so that a word reads the same wherever it stands: copying a name is then copying its pieces.
"""

from __future__ import annotations

import heapq
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from gguf import GGUFReader

SPACE = "▁"
BOS, EOS, PAD, UNKNOWN = "<bos>", "<eos>", "<pad>", "<unk>"
CONTROL = (PAD, EOS, BOS, UNKNOWN, "<mask>", "<|turn>", "<turn|>", "<|tool>", "<tool|>", "<|think|>",
           "<|image>", "<image|>", "<|audio>", "<audio|>", "<|image|>", "<|audio|>")  # fmt: skip
USER_DEFINED = ("<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>",
                "<tool_response|>", '<|"|>')  # fmt: skip
LONGEST_PIECE = 6

Kind = Literal["control", "user_defined", "byte", "normal"]


@dataclass(frozen=True)
class Tokenizer:
    """Pieces and merges; both in the order of their ids and ranks."""

    pieces: tuple[str, ...]
    merges: tuple[tuple[str, str], ...]
    _cache: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def ids(self) -> dict[str, int]:
        return {piece: index for index, piece in enumerate(self.pieces)}

    @cached_property
    def ranks(self) -> dict[tuple[str, str], int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _tags(self) -> re.Pattern[str]:
        tags = sorted((*CONTROL, *USER_DEFINED), key=len, reverse=True)
        return re.compile("(" + "|".join(map(re.escape, tags)) + ")")

    @property
    def bos(self) -> int:
        return self.ids[BOS]

    def kind(self, token: int) -> Kind:
        piece = self.pieces[token]
        if piece in CONTROL:
            return "control"
        if piece in USER_DEFINED:
            return "user_defined"
        return "byte" if re.fullmatch(r"<0x[0-9A-F]{2}>", piece) else "normal"

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text``; control tokens written in it are taken as such."""
        out: list[int] = []
        for part in self._tags.split(text):
            if part in self.ids and (part in CONTROL or part in USER_DEFINED):
                out.append(self.ids[part])
            else:
                # Merges never cross a word's edge (no piece mixes letters with anything else), so words can be
                # cached; this is what makes generating millions of tokens cheap.
                for word in re.findall(r"[^\W\d_]+|[\W\d_]", part.replace(" ", SPACE)):
                    out.extend(self._word(word))
        return out

    def decode(self, ids: Iterable[int]) -> str:
        data = bytearray()
        for token in ids:
            piece = self.pieces[token]
            data += bytes([int(piece[3:5], 16)]) if self.kind(token) == "byte" else piece.encode()
        return data.decode(errors="replace").replace(SPACE, " ")

    def _word(self, word: str) -> tuple[int, ...]:
        found = self._cache.get(word)
        if found is None:
            found = self._cache[word] = tuple(self._merge(word))
        return found

    def _merge(self, word: str) -> list[int]:
        symbols = list(word)
        while len(symbols) > 1:
            candidates = [
                (self.ranks[pair], index)
                for index, pair in enumerate(itertools.pairwise(symbols))
                if pair in self.ranks
            ]
            if not candidates:
                break
            _, index = min(candidates)
            symbols[index : index + 2] = [symbols[index] + symbols[index + 1]]
        out: list[int] = []
        for symbol in symbols:
            if symbol in self.ids:
                out.append(self.ids[symbol])
            else:
                out.extend(self.ids[f"<0x{byte:02X}>"] for byte in symbol.encode())
        return out

    def save(self, path: Path) -> None:
        data = {"pieces": self.pieces, "merges": [" ".join(pair) for pair in self.merges]}
        path.write_text(json.dumps(data, ensure_ascii=False))

    @staticmethod
    def load(path: Path) -> Tokenizer:
        data = json.loads(path.read_text())
        merges = tuple((pair.split(" ")[0], pair.split(" ")[1]) for pair in data["merges"])
        return Tokenizer(tuple(data["pieces"]), merges)

    @staticmethod
    def from_gguf(path: Path) -> Tokenizer:
        """The tokenizer of an exported file."""
        fields = GGUFReader(path).fields
        merges = (pair.split(" ") for pair in fields["tokenizer.ggml.merges"].contents())
        return Tokenizer(tuple(fields["tokenizer.ggml.tokens"].contents()), tuple((a, b) for a, b in merges))


def build(texts: Iterable[str], merges: int) -> Tokenizer:
    """Learn ``merges`` byte-pair merges from the words of ``texts``, most frequent first."""
    counts = Counter(word for text in texts for word in re.findall(r"[A-Za-z]{2,}", text))
    words = {word: list(word) for word in counts}
    learnt: list[tuple[str, str]] = []
    pairs: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], set[str]] = {}
    for word, symbols in words.items():
        _count_pairs(word, symbols, counts[word], pairs, where)
    queue = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(queue)
    while queue and len(learnt) < merges:
        count, pair = heapq.heappop(queue)
        if pairs.get(pair, 0) != -count:
            continue
        if len(pair[0] + pair[1]) > LONGEST_PIECE or -count < 2:
            pairs.pop(pair)
            continue
        learnt.append(pair)
        touched: set[tuple[str, str]] = set()
        for word in list(where[pair]):
            touched |= set(zip(words[word], words[word][1:], strict=False))
            _count_pairs(word, words[word], -counts[word], pairs, where)
            words[word] = _merged(words[word], pair)
            _count_pairs(word, words[word], counts[word], pairs, where)
            touched |= set(zip(words[word], words[word][1:], strict=False))
        for other in touched:
            if pairs[other] > 0:
                heapq.heappush(queue, (-pairs[other], other))
    singles = [chr(code) for code in range(33, 127)] + [
        SPACE,
        "\n",
        "…",
        "×",
        "÷",
        "−",
        "–",
        "—",
        "’",
        "é",
        "ü",
        "ö",
        "ä",
        "ß",
    ]
    pieces = [*CONTROL, *USER_DEFINED, *(f"<0x{byte:02X}>" for byte in range(256)), *singles]
    pieces += list(dict.fromkeys(a + b for a, b in learnt))
    return Tokenizer(tuple(pieces), tuple(learnt))


def _count_pairs(
    word: str,
    symbols: list[str],
    count: int,
    pairs: Counter[tuple[str, str]],
    where: dict[tuple[str, str], set[str]],
) -> None:
    for pair in itertools.pairwise(symbols):
        pairs[pair] += count
        where.setdefault(pair, set()).add(word)


def _merged(symbols: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    index = 0
    while index < len(symbols):
        if symbols[index : index + 2] == list(pair):
            out.append(symbols[index] + symbols[index + 1])
            index += 2
        else:
            out.append(symbols[index])
            index += 1
    return out
