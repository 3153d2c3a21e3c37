"""A tiny model that sees and hears, in this process: the child's parts put together as the worker does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.engine.bindings import NativeContext, NativeModel, quieten
from agent.engine.dialects import choose_dialect
from agent.engine.media.mtmd import share_log
from agent.engine.media.projector import MOST_TOKENS, usable_projector
from agent.engine.media.senses import EmbeddingCache, Senses
from agent.engine.port import Finished, Prefill, Prompt, Sampling
from agent.engine.script import Media
from agent.engine.shared import media_of
from agent.engine.turn import TurnRunner
from agent.engine.vocabulary import Vocabulary
from agent.messages import Picture, Sound
from tests.agent.engine.tiny_model import CONTEXT, write_gemma
from tests.agent.engine.tiny_projector import write_projector

LOG = quieten(lambda _: None)
"""Kept for as long as the library may call it."""
share_log(LOG)

NEVER_ENDS = dict.fromkeys(["<eos>", "<turn|>", "<|tool_response>", "<|channel>"], 0.0)


@dataclass(frozen=True, slots=True)
class Files:
    model: Path
    projector: Path


def write_files(folder: Path, width: int) -> Files:
    """A Gemma of that width that never ends its turn, and its projector."""
    return Files(
        write_gemma(folder / f"sees-{width}.gguf", media=True, width=width, eager=NEVER_ENDS),
        write_projector(folder / f"mmproj-{width}.gguf", text_width=width),
    )


class Seeing:
    """The model of ``files`` and what its projector's header says."""

    def __init__(self, files: Files) -> None:
        self.model = NativeModel(str(files.model), gpu_layers=0, on_progress=lambda _: True)
        self.vocabulary = Vocabulary(self.model.vocabulary_pointer)
        facts, trouble = usable_projector(files.projector, self.model.width)
        assert facts, trouble
        self.facts = facts

    def conversation(self, stopped: Callable[[], bool] = lambda: False) -> Conversation:
        return Conversation(self, stopped)


@dataclass(frozen=True, slots=True)
class Turn:
    """``logits`` are those after the prompt."""

    prefill: Prefill
    logits: NDArray[np.float32]
    finished: Finished


class Conversation:
    """One cache, and senses of its own for it."""

    def __init__(self, seeing: Seeing, stopped: Callable[[], bool]) -> None:
        model, self._vocabulary = seeing.model, seeing.vocabulary
        both_ways = seeing.facts.reads_both_ways(model.width)
        self.context = NativeContext(model, CONTEXT, 1, MOST_TOKENS if both_ways else 0)
        self.embeddings = EmbeddingCache()
        self.senses = Senses(seeing.facts, model, self._vocabulary, 1, False, 0, stopped, self.embeddings)
        self.dialect = choose_dialect(self._vocabulary, model.chat_template, False, "tiny", self.senses.place)
        self.runner = TurnRunner(
            self.context, model.sliding_window, self._vocabulary, self.dialect, "tiny", stopped
        )
        self.senses.serve(self.context)
        self.senses.held = lambda media: media in self.runner.ledger.entries

    def give(self, prompt: Prompt) -> None:
        """Everything that ``prompt`` shows and has data of, as the parent would send it."""
        for media in media_of(prompt):
            if data := media.rgb if isinstance(media, Picture) else media.pcm:
                self.senses.give(media.without_data(), data)

    def turn(self, prompt: Prompt, tokens: int = 1) -> Turn:
        self.give(prompt)
        events = self.runner.run(prompt, Sampling(max_tokens=tokens))
        prefill = next(events)
        logits = self.context.logits().copy()
        finished = list(events)[-1]
        assert isinstance(prefill, Prefill)
        assert isinstance(finished, Finished)
        return Turn(prefill, logits, finished)

    def stopped_turn(self, prompt: Prompt) -> None:
        """A turn that must be stopped before its prompt is read."""
        self.give(prompt)
        *_, finished = self.runner.run(prompt, Sampling(max_tokens=1))
        assert isinstance(finished, Finished)
        assert finished.reason == "cancelled"

    def prepare(self, prompt: Prompt) -> None:
        self.give(prompt)
        self.runner.prepare(prompt)

    def media(self, prompt: Prompt) -> list[Media]:
        """What of ``prompt`` would stand in the cache as media."""
        return [entry for entry in self.dialect.prompt(prompt).entries if isinstance(entry, Media)]

    def spelt(self, prompt: Prompt) -> str:
        """The prompt's tokens as they are written, media as stars."""
        pieces = (
            b"*" if isinstance(entry, Media) else self._vocabulary.piece(entry)
            for entry in self.dialect.prompt(prompt).entries
        )
        return b"".join(pieces).decode("utf-8", "replace")


def picture(seed: int = 0, width: int = 480, height: int = 336, budget: int = 0) -> Picture:
    """Noise; 70 tokens unless the size says otherwise."""
    pixels = np.random.default_rng(seed).integers(0, 256, width * height * 3, dtype=np.uint8)
    return Picture(width=width, height=height, rgb=pixels.tobytes(), budget=budget)


def sound(seconds: float, seed: int = 0, growing: bool = False) -> Sound:
    """A hum with pauses; of two of the same seed the shorter begins the longer."""
    time = np.arange(round(seconds * 16_000)) / 16_000
    noise = np.random.default_rng(seed).standard_normal(len(time)) * 0.02
    hum = np.sin(2 * np.pi * (200 + 50 * np.sin(3 * time)) * time) * np.abs(np.sin(2.1 * time)) * 0.3
    return Sound.of((hum + noise).astype(np.float32).tobytes(), growing)
