"""Whatever is guessed or forced, the words are those that choosing one token after the other gives.

llama.cpp's logits for a token differ in the last bits between a decode of its own and a batch. Where that could decide
(two tokens nearly as likely; where in a heap of chances a draw falls), the tests use logits made up from the tokens
before, which differ as soon as anything is out of place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.engine.bindings import NativeContext
from agent.engine.cache.ledger import Ledger, common_prefix
from agent.engine.decoding.forced import ForcedSpans
from agent.engine.decoding.loop import Decoding, Forbidden, Guesses
from agent.engine.decoding.reading import Reading
from agent.engine.decoding.sampling import CallGrammar, Chooser
from agent.engine.decoding.speculation import Drafter, Payoff
from agent.engine.port import Prefill, Prompt, Sampling, ToolSpec
from agent.engine.script import Entry, Script
from agent.messages import ToolMessage, UserMessage
from agent.tool import Arguments
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.test_turn import last
from tests.agent.engine.tiny_model import CONTEXT


class ReadFile(Arguments):
    path: str
    lines: int = 0


TOOLS = (
    ToolSpec("read_file", "Reads a file.", ReadFile.model_json_schema()),
    ToolSpec("now", "The time.", Arguments.model_json_schema()),
)
FAMILIES = ("gemma", "caller", "llama")

NOISE = 0.05
"""More than logits of the same token were seen to differ by (0.005), on a scale of 30."""


@dataclass(slots=True)
class Clock:
    """A second passes each time it is looked at: a decode takes one, whatever is in it, so that drafts pay."""

    now: float = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class MadeUp(NativeContext):
    """A real cache, whose logits depend on the tokens in it and on nothing else."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded.model, CONTEXT, threads=1)
        self._vocabulary = loaded.vocabulary
        self._said: list[int] = []

    def decode(self, tokens: Sequence[int], position: int, scored: int = 1) -> None:
        super().decode(tokens, position, scored)
        self._said[position:] = tokens
        self._scored = scored

    def logits(self, back: int = 0) -> NDArray[np.float32]:
        assert back < self._scored
        assert self.last_position() == len(self._said) - 1
        before = tuple(self._said[: len(self._said) - back])
        logits = np.random.default_rng(abs(hash(before))).normal(size=self._vocabulary.size) * 3
        eager = [self._vocabulary.mark(mark) for mark in ('<|"|>', "<|tool_call>")]
        logits[[token for token in eager if token is not None]] += 6
        return logits.astype(np.float32)


@dataclass(slots=True)
class Turn:
    """One turn on a context of its own, driven as the runner does it, with any drafter."""

    loaded: Loaded
    sampling: Sampling
    drafter: Drafter | None = None
    forces: bool = True
    stops_after: int = 120
    context: NativeContext | None = None
    tokens: list[int] = field(default_factory=list)
    prompt: tuple[Entry, ...] = ()
    held: tuple[Entry, ...] = ()
    guessed: int = 0

    def run(self, words: str) -> Turn:
        loaded = self.loaded
        script = loaded.dialect.prompt(Prompt("Be kind.", TOOLS, (UserMessage(text=words),)))
        grammar = CallGrammar(loaded.vocabulary, loaded.dialect.grammar(TOOLS))
        context = self.context or MadeUp(loaded)
        ledger = Ledger(context, loaded.model.sliding_window)
        ledger.prefill(script, lambda: False)
        reading = Reading(loaded.dialect, loaded.vocabulary, False, grammar)
        guesses = Guesses([(self.drafter, Payoff())], loaded.vocabulary.ends) if self.drafter else None
        decoding = Decoding(
            context,
            ledger,
            Chooser(self.sampling),
            reading,
            Forbidden(loaded.vocabulary, loaded.dialect),
            ForcedSpans(loaded.vocabulary, grammar) if self.forces else None,
            guesses,
            Clock(),
        )
        for token in decoding.tokens(lambda: len(self.tokens) >= self.stops_after):
            self.tokens.append(token)
            list(reading.take(token))
            if reading.call or token in loaded.vocabulary.ends or len(self.tokens) >= 120:
                break
        self.prompt, self.held = tuple(script.entries), ledger.entries
        self.guessed = guesses.right if guesses else 0
        return self


@dataclass(slots=True)
class Prophet:
    """Drafts what will be said, but for the places in ``wrong``."""

    future: list[int]
    wrong: frozenset[int]
    said: int = 0

    def take(self, token: int) -> None:
        self.said += 1

    def draft(self, most: int, row: int | None) -> list[int]:
        places = range(self.said, min(self.said + most, len(self.future)))
        return [abs(self.future[place] - (place in self.wrong)) for place in places]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.text("abc ", max_size=8),
    temperature=st.sampled_from([0.0, 0.8]),
    seed=st.integers(0, 1000),
    wrong=st.frozensets(st.integers(0, 120), max_size=40),
)
@pytest.mark.parametrize("family", FAMILIES)
def test_drafts_change_no_token_whether_they_are_right_or_wrong(
    family: str,
    words: str,
    temperature: float,
    seed: int,
    wrong: frozenset[int],
    request: pytest.FixtureRequest,
):
    loaded: Loaded = request.getfixturevalue(family)
    sampling = Sampling(temperature=temperature, seed=seed)
    plain = Turn(loaded, sampling).run(words)
    guessed = Turn(loaded, sampling, Prophet(plain.tokens, wrong)).run(words)
    assert guessed.tokens == plain.tokens


@pytest.mark.parametrize("family", FAMILIES)
def test_right_drafts_take_fewer_decodes_and_wrong_ones_leave_nothing_behind(
    family: str, request: pytest.FixtureRequest
):
    loaded: Loaded = request.getfixturevalue(family)
    for seed in range(4):
        sampling = Sampling(temperature=1.0, seed=seed)
        plain = Turn(loaded, sampling).run("go on")
        prophet = Prophet(plain.tokens, frozenset(range(5, 120, 7)))
        turn = Turn(loaded, sampling, prophet).run("go on")
        said = (*turn.prompt, *turn.tokens)
        assert turn.held == said[: len(turn.held)]
        assert len(turn.tokens) < 12 or turn.guessed > 0


@pytest.mark.parametrize("after", range(1, 9))
def test_a_stop_in_the_middle_of_a_draft_leaves_only_what_was_said(llama: Loaded, after: int):
    plain = Turn(llama, Sampling()).run("go on")
    turn = Turn(llama, Sampling(), Prophet(plain.tokens, frozenset()), stops_after=after).run("go on")
    assert turn.tokens == plain.tokens[:after]
    assert turn.held == (*turn.prompt, *turn.tokens)


@pytest.mark.parametrize("family", FAMILIES)
def test_with_real_logits_greedy_decoding_says_the_same_up_to_the_first_near_tie(
    family: str, request: pytest.FixtureRequest
):
    loaded: Loaded = request.getfixturevalue(family)
    for words in ("go on", "notes.txt notes.txt notes.txt", "a b c"):
        plain = Turn(loaded, Sampling(), context=loaded.context()).run(words)
        prophet = Prophet(plain.tokens, frozenset(range(3, 120, 5)))
        turn = Turn(loaded, Sampling(), prophet, context=loaded.context()).run(words)
        same = common_prefix(plain.tokens, turn.tokens)
        if same < len(plain.tokens):
            assert margin(loaded, plain, plain.tokens[same], turn.tokens[same], same) < NOISE


def test_dropped_drafts_leave_the_logits_alone_when_cells_beyond_the_window_are_taken_again(gemma: Loaded):
    """The cells of the sliding-window layers (768 here) have all been used once when the first draft is dropped."""
    chance = np.random.default_rng(3)
    words = [int(token) for token in chance.integers(20, 100, 1000)]
    plain, fast = gemma.context(), gemma.context()
    ledgers = [Ledger(context, gemma.model.sliding_window) for context in (plain, fast)]
    for ledger in ledgers:
        ledger.prefill(Script(words[:900]), lambda: False)
    for token in words[900:]:
        ledgers[0].append([token])
        ledgers[1].append([token, *map(int, chance.integers(20, 100, 16))], scored=17)
        assert np.abs(plain.logits() - fast.logits(16)).max() < NOISE
        ledgers[1].drop_last(16)
    assert ledgers[1].entries == ledgers[0].entries == tuple(words)


def margin(loaded: Loaded, turn: Turn, one: int, other: int, after: int) -> float:
    """How far apart the logits of two tokens are after so many of the turn's."""
    context = loaded.context()
    script = Script((*turn.prompt, *turn.tokens[:after]))
    Ledger(context, loaded.model.sliding_window).prefill(script, lambda: False)
    return abs(float(context.logits()[one] - context.logits()[other]))


def test_prompt_lookup_guesses_what_was_said_before(llama: Loaded):
    ask = Prompt("Be kind.", (), (UserMessage(text="notes.txt notes.txt notes.txt"),))
    turn = last(list(llama.runner(speculate=True, clock=Clock()).run(ask, Sampling(max_tokens=150))))
    assert 0 < turn.guessed < turn.decoded


def test_the_step_after_a_turn_with_drafts_decodes_only_the_result(caller: Loaded):
    ask = Prompt("Be kind.", TOOLS, (UserMessage(text="read notes.txt"),))
    runner = caller.runner(speculate=True, clock=Clock())
    turn = last(list(runner.run(ask, Sampling(temperature=1.0, seed=2, max_tokens=80))))
    assert turn.message.call
    before = len(runner.ledger)
    result = ToolMessage(call_id=turn.message.call.id, name=turn.message.call.name, content="Buy milk")
    again = Prompt(ask.system, TOOLS, (*ask.messages, turn.message, result))
    prefill = next(iter(runner.run(again, Sampling())))
    assert isinstance(prefill, Prefill)
    assert prefill.reused == before == turn.context_used
