"""What must follow in a call: characters that the grammar leaves no choice about, and the tokens that spell them.

After ``<|tool_call>`` that is ``call:``, after the first letters of a tool's name the rest of it and of its first
key. Such a span is decoded as one batch and nothing in it is chosen.

The *characters* are exactly those that choosing token by token under the grammar would give. The *tokens* are the
tokenizer's own for the whole span, as the model has seen them in training; choosing might have cut the same
characters otherwise. The last token before a free choice is left to the model, which may prefer a longer one that
begins with it.
"""

from __future__ import annotations

import numpy as np

from agent.engine.decoding.sampling import CallAttempt, CallGrammar, Tokens
from agent.engine.vocabulary import Vocabulary

LONGEST = 256
"""Characters at most: a schema that requires itself would go on for ever, and a span must fit into one decode."""

COMMON = 'a0 ,}"_-'
"""Asked first: where two of these may stand there is a choice, which settles most places cheaply."""

ASCII = [chr(code) for code in range(1, 128)]


class ForcedSpans:
    """Finds forced spans of one grammar. A place has no choice when, of all single characters and control tokens
    that the grammar could ask for, it takes one.

    Characters beyond ASCII are asked about when the grammar spells them. Where a grammar takes any others, it takes
    a class of characters, and some of ASCII too. Vocabularies without a token for each ASCII character (those that
    put a space before every text) get no forced spans.
    """

    def __init__(self, vocabulary: Vocabulary, grammar: CallGrammar) -> None:
        self._vocabulary = vocabulary
        self._marks = grammar.marks
        self._first: Tokens = np.array([], dtype=np.int64)
        self._all = self._first
        if all(self._spelt(letter) == [letter.encode()] for letter in ASCII):
            letters = [*COMMON, *ASCII, *grammar.letters]
            firsts = [vocabulary.plain(letter)[0] for letter in letters]
            probes = list(dict.fromkeys([*firsts[: len(COMMON)], *self._marks, *firsts]))
            self._all = np.array(probes, dtype=np.int64)
            self._first = self._all[: len(COMMON) + len(self._marks)]

    def after(self, attempt: CallAttempt) -> list[int]:
        """The tokens that must follow where ``attempt`` stands; none where there is a choice."""
        if not len(self._all) or np.count_nonzero(attempt.allowed(self._first)) > 1:
            return []
        trial = attempt.copy()
        span: list[int] = []
        while len(span) < LONGEST:
            allowed = self._all[trial.allowed(self._all)]
            if len(allowed) != 1:
                break
            span.append(int(allowed[0]))
            trial.accept(span[-1])
        return self._tokens(span)

    def _tokens(self, span: list[int]) -> list[int]:
        """``span``, one token a character, as the tokenizer would have it."""
        tokens: list[int] = []
        begun = b""
        for token in span:
            if token in self._marks:
                spelt = self._segmented(begun)
                if spelt is None:
                    return tokens
                tokens += [*spelt, token]
                begun = b""
            else:
                begun += self._vocabulary.piece(token)
        return tokens + (self._segmented(begun) or [])[:-1]

    def _segmented(self, text: bytes) -> list[int] | None:
        """None for what does not come back the same (half a character, a tokenizer that changes text)."""
        tokens = list(self._vocabulary.plain(text.decode("utf-8", "replace")))
        return tokens if b"".join(map(self._vocabulary.piece, tokens)) == text else None

    def _spelt(self, text: str) -> list[bytes]:
        return [self._vocabulary.piece(token) for token in self._vocabulary.plain(text)]
