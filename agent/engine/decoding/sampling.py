"""Choosing the next token: what the model finds likely, cut down to what may stand there.

The grammar is asked about the one token that was chosen; when it says no, about the likeliest few; then about all that
begin with a byte that may stand there. To ask it about all 262,144 tokens takes tens of milliseconds, which is what
makes constrained decoding slow elsewhere.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable

import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from agent.engine.decoding.grammar import BadGrammar
from agent.engine.port import Sampling
from agent.engine.vocabulary import Vocabulary

Logits = NDArray[np.float32]
Tokens = NDArray[np.int64]

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)
"""``llama_token_data`` of llama.h."""

FEW = 64
"""How many of the likeliest tokens are tried first after a rejection; with a trained model nearly always enough."""

BLOCK = 64
"""Logits a block when the likeliest few are looked for: about the square root of what is looked through after it."""


class NothingAllowed(Exception):
    """No token at all may stand here."""


class CallGrammar:
    """A compiled grammar. Each call that is begun gets a :class:`CallAttempt` of its own."""

    def __init__(self, vocabulary: Vocabulary, gbnf: str) -> None:
        pointer = llama.llama_sampler_init_grammar(vocabulary.pointer, gbnf.encode(), b"root")
        if not pointer:
            raise BadGrammar(gbnf)
        self._pointer = pointer
        self.vocabulary = vocabulary
        self.marks = frozenset(map(int, re.findall(r"<\[(\d+)\]>", gbnf)))
        """The control tokens that the grammar asks for by their ids."""
        self.letters = frozenset(letter for letter in gbnf if not letter.isascii())
        """The characters beyond ASCII that it spells."""
        weakref.finalize(self, llama.llama_sampler_free, pointer)

    def begin(self) -> CallAttempt:
        return CallAttempt(self, llama.llama_sampler_clone(self._pointer))


class CallAttempt:
    """One call in the making. A token must be allowed before it is accepted: llama.cpp ends the process otherwise."""

    def __init__(self, grammar: CallGrammar, pointer: llama.llama_sampler_p) -> None:
        self._grammar = grammar
        self._pointer = pointer
        self._taken: int | None = None
        weakref.finalize(self, llama.llama_sampler_free, pointer)

    def copy(self) -> CallAttempt:
        """Another that stands at the same place, for trying things out."""
        return CallAttempt(self._grammar, llama.llama_sampler_clone(self._pointer))

    def allows(self, token: int) -> bool:
        if token != self._taken:  # asked twice of most tokens: when they are chosen and when they are read
            if not self.allowed([token])[0]:
                return False
            self._taken = token
        return True

    def allowed(self, tokens: Iterable[int] | Tokens) -> NDArray[np.bool_]:
        """Which of ``tokens`` may stand here."""
        ids = np.asarray(tokens, dtype=np.int32)
        candidates = np.zeros(len(ids), dtype=CANDIDATE)
        candidates["id"] = ids
        array = (llama.llama_token_data_array * 1)()
        array[0].data = candidates.ctypes.data_as(llama.llama_token_data_p)
        array[0].size = len(candidates)
        array[0].selected = -1
        llama.llama_sampler_apply(self._pointer, array)
        return candidates["logit"] == 0

    def everything_allowed(self) -> Tokens:
        """All tokens that may stand here, by their ids. A token can stand only where its first byte can, so that not
        all need be asked about; those that the grammar asks for by their ids, and the ends, need not spell anything."""
        vocabulary = self._grammar.vocabulary
        bytes_ = vocabulary.first_bytes
        probes = np.array(list(bytes_.single.values()), dtype=np.int64)
        refused = {byte for byte, taken in zip(bytes_.single, self.allowed(probes), strict=True) if not taken}
        groups = [group for byte, group in enumerate(bytes_.groups) if byte not in refused]
        others = np.array(sorted(self._grammar.marks | vocabulary.ends), dtype=np.int64)
        tokens = np.unique(np.concatenate([others, *groups]))
        return tokens[self.allowed(tokens)]

    def accept(self, token: int) -> None:
        self._taken = None
        llama.llama_sampler_accept(self._pointer, token)


class Chooser:
    """Picks tokens by ``sampling``: the likeliest at temperature 0; else one of the ``top_k`` likeliest, of these the
    fewest that together have ``top_p``, by chance.

    Under a grammar that is the likeliest token it allows; else the same chances among those it allows (to choose, and
    to choose again among the allowed when the first choice is not, is the same as to choose among the allowed), and
    where that leaves none, the likeliest that it allows anywhere in the vocabulary.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._chance = np.random.default_rng(sampling.seed)

    def choose(self, logits: Logits, never: Tokens, attempt: CallAttempt | None) -> int:
        """The next token, none of ``never``, and one that ``attempt`` allows. Overwrites ``logits``.

        Raises NothingAllowed.
        """
        logits[never] = -np.inf
        if self._sampling.temperature <= 0:
            return self._likeliest(logits, attempt)
        tokens, shares = self._shares(logits)
        token = int(self._chance.choice(tokens, p=shares))
        if attempt is None or attempt.allows(token):
            return token
        shares = shares * attempt.allowed(tokens)
        if not shares.any():
            return self._likeliest(logits, attempt)
        return int(self._chance.choice(tokens, p=shares / shares.sum()))

    def _likeliest(self, logits: Logits, attempt: CallAttempt | None) -> int:
        token = int(logits.argmax())
        if not logits[token] > -np.inf:  # or not a number: weights that are broken
            raise NothingAllowed
        if attempt is None or attempt.allows(token):
            return token
        few = likeliest(logits, FEW)
        allowed = few[attempt.allowed(few)]
        if not len(allowed):
            allowed = attempt.everything_allowed()
        if not len(allowed) or logits[allowed].max() == -np.inf:
            raise NothingAllowed
        return int(allowed[logits[allowed].argmax()])

    def _shares(self, logits: Logits) -> tuple[Tokens, NDArray[np.float64]]:
        """The tokens to choose from and each one's chance. Raises NothingAllowed."""
        top = likeliest(logits, self._sampling.top_k)
        if not len(top):
            raise NothingAllowed
        kept = int(np.searchsorted(np.cumsum(_softmax(logits[top])), self._sampling.top_p)) + 1
        top = top[:kept]
        return top, _softmax(logits[top] / self._sampling.temperature)


def likeliest(logits: Logits, count: int) -> Tokens:
    """The ``count`` tokens with the largest logits, largest first; fewer when there are not as many above minus
    infinity. Among equals the smallest id comes first, as with ``argmax``.

    The vocabulary is cut into blocks: the largest few lie in the blocks with the largest maxima, so that only these
    are looked through (a tenth of a millisecond for 262,144 logits; ``argpartition`` takes two and a half).
    """
    blocks = len(logits) // BLOCK
    if count < blocks:
        grid = logits[: blocks * BLOCK].reshape(
            BLOCK, blocks
        )  # a block is a column: numpy then works row by row
        columns = _at_least_nth(grid.max(axis=0), count)
        within = (np.arange(BLOCK)[:, None] * blocks + columns).ravel()
        found = np.concatenate([within, np.arange(blocks * BLOCK, len(logits))])
    else:
        found = np.arange(len(logits))
    found = np.sort(found[_at_least_nth(logits[found], count)])
    order = np.argsort(-logits[found], kind="stable")[:count]
    return found[order[logits[found[order]] > -np.inf]]


def _at_least_nth(values: Logits, count: int) -> Tokens:
    """Where ``values`` are at least as large as the largest but ``count - 1``."""
    if count >= len(values):
        return np.arange(len(values))
    return np.flatnonzero(values >= np.partition(values, len(values) - count)[len(values) - count])


def _softmax(logits: Logits) -> NDArray[np.float64]:
    powers = np.exp((logits - logits.max()).astype(np.float64))
    return powers / powers.sum()
