"""Choosing the next token: what the model finds likely, cut down to what may stand there.

The grammar is asked about the one token that was chosen; only when it says no is the whole vocabulary masked
(a mask of 262,144 tokens at every step is what makes constrained decoding slow elsewhere).
"""

from __future__ import annotations

import weakref

import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from agent.engine.port import Sampling
from agent.engine.vocabulary import Vocabulary

Logits = NDArray[np.float32]

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)
"""``llama_token_data`` of llama.h."""


class NothingAllowed(Exception):
    """No token at all may stand here."""


class BadGrammar(ValueError):
    """llama.cpp could not read the GBNF; a fault of ours or an impossible schema."""


class CallGrammar:
    """A compiled grammar. Each call that is begun gets a :class:`CallAttempt` of its own."""

    def __init__(self, vocabulary: Vocabulary, gbnf: str) -> None:
        pointer = llama.llama_sampler_init_grammar(vocabulary.pointer, gbnf.encode(), b"root")
        if not pointer:
            raise BadGrammar(gbnf)
        self._pointer = pointer
        weakref.finalize(self, llama.llama_sampler_free, pointer)

    def begin(self) -> CallAttempt:
        return CallAttempt(llama.llama_sampler_clone(self._pointer))


class CallAttempt:
    """One call in the making. A token must be allowed before it is accepted: llama.cpp ends the process otherwise."""

    def __init__(self, pointer: llama.llama_sampler_p) -> None:
        self._pointer = pointer
        weakref.finalize(self, llama.llama_sampler_free, pointer)

    def allows(self, token: int) -> bool:
        candidate = np.array([(token, 0.0, 0.0)], dtype=CANDIDATE)
        self._apply(candidate)
        return bool(np.isfinite(candidate["logit"][0]))

    def accept(self, token: int) -> None:
        llama.llama_sampler_accept(self._pointer, token)

    def mask(self, logits: Logits) -> None:
        """Set to minus infinity whatever the grammar does not allow here."""
        live = np.flatnonzero(np.isfinite(logits))
        candidates = np.zeros(len(live), dtype=CANDIDATE)
        candidates["id"], candidates["logit"] = live, logits[live]
        self._apply(candidates)
        logits[live] = candidates["logit"]

    def _apply(self, candidates: NDArray[np.void]) -> None:
        array = (llama.llama_token_data_array * 1)()
        array[0].data = candidates.ctypes.data_as(llama.llama_token_data_p)
        array[0].size = len(candidates)
        array[0].selected = -1
        llama.llama_sampler_apply(self._pointer, array)


class Chooser:
    """Picks tokens by ``sampling``: the likeliest at temperature 0, else top-k, then top-p, then by chance."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._chance = np.random.default_rng(sampling.seed)

    def choose(self, logits: Logits, never: NDArray[np.int64], attempt: CallAttempt | None) -> int:
        """The next token, none of ``never``, and one that ``attempt`` allows. Overwrites ``logits``.

        Raises NothingAllowed.
        """
        logits[never] = -np.inf
        token = self._pick(logits)
        if attempt is None or attempt.allows(token):
            return token
        attempt.mask(logits)
        return self._pick(logits)

    def _pick(self, logits: Logits) -> int:
        likeliest = int(np.argmax(logits))
        if not np.isfinite(logits[likeliest]):
            raise NothingAllowed
        if self._sampling.temperature <= 0:
            return likeliest
        top = np.argpartition(logits, -min(self._sampling.top_k, len(logits)))[-self._sampling.top_k :]
        top = top[np.argsort(-logits[top])]
        shares = _softmax(logits[top])
        kept = int(np.searchsorted(np.cumsum(shares), self._sampling.top_p)) + 1
        top = top[:kept]
        shares = _softmax(logits[top] / self._sampling.temperature)
        return int(self._chance.choice(top, p=shares))


def _softmax(logits: Logits) -> NDArray[np.float64]:
    powers = np.exp((logits - logits.max()).astype(np.float64))
    return powers / powers.sum()
