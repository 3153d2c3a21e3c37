"""Score the exported file through real llama.cpp, greedy, on requests it has never seen.

``.venv/bin/python packaging/pocket/evaluate.py`` (the repository's own environment: no torch). Three sets:

* *phrasings*: tasks of every family, in held-out phrasings with held-out values;
* *by hand*: requests written by hand (``handwritten.jsonl``) with the first step or the answer they should get;
* *with grammar*: a part of the first set again through ``agent.engine``, grammar and all.

A call counts when it is right to the letter; a task counts when every call and the last sentence do.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import data
from conversation import Call, Result, Say, Task, Turn, User, call_text, render
from families.talk import LARGER_MODEL
import llama_cpp
import numpy as np
from llama_cpp import Llama
from tokenizer import Tokenizer

HERE = Path(__file__).parent
TARGET = Path("assets/builtin/deskhand-pocket.gguf")
RESPONSE = "<|tool_response>"


class Model:
    """The exported file behind three lines of llama.cpp."""

    def __init__(self, path: Path) -> None:
        self.llama = Llama(str(path), n_ctx=4096, n_batch=512, n_threads=2, verbose=False)
        texts = [self.piece(token) for token in range(self.llama.n_vocab())]
        self.tokenizer = Tokenizer.from_gguf(path)
        self.ends = {texts.index("<turn|>"), texts.index(RESPONSE), texts.index("<eos>")}
        self.decoded, self.seconds = 0, 0.0

    def piece(self, token: int) -> str:
        return self.llama.detokenize([token], special=True).decode(errors="replace")

    def best(self) -> int:
        """The likeliest next token."""
        logits = llama_cpp.llama_get_logits_ith(self.llama.ctx, -1)
        return int(np.ctypeslib.as_array(logits, (self.llama.n_vocab(),)).argmax())

    def go_on(self, ids: Sequence[int], limit: int = 400) -> str:
        """What the model says after ``ids``, control tokens written out, the ending token included."""
        out: list[int] = []
        self.llama.reset()
        self.llama.eval(list(ids))
        began = time.perf_counter()
        while len(out) < limit:
            token = self.best()
            out.append(token)
            if token in self.ends:
                break
            self.llama.eval([token])
        self.decoded += len(out)
        self.seconds += time.perf_counter() - began
        return self.tokenizer.decode(out)


@dataclass(slots=True)
class Score:
    """Right ones of all, for calls, closing words and whole tasks; and what went wrong."""

    calls: list[bool] = field(default_factory=list)
    words: list[bool] = field(default_factory=list)
    tasks: list[bool] = field(default_factory=list)
    uncalled_for: int = 0
    """Calls where only words were due: the worst mistake."""

    def add(self, other: Score) -> None:
        self.calls += other.calls
        self.words += other.words
        self.tasks += other.tasks
        self.uncalled_for += other.uncalled_for

    def summary(self) -> dict[str, str | int]:
        def of(results: list[bool]) -> str:
            return f"{sum(results)}/{len(results)}"

        return {
            "calls": of(self.calls),
            "words": of(self.words),
            "tasks": of(self.tasks),
            "uncalled_for": self.uncalled_for,
        }


def turns_of(task: Task) -> Iterator[tuple[Sequence[Turn], str]]:
    """Each of the model's turns in ``task``: what stands before it, and what it should say."""
    for index, turn in enumerate(task):
        if isinstance(turn, Call):
            yield task[:index], call_text(turn) + RESPONSE
        elif isinstance(turn, Say):
            yield task[:index], turn.text + "<turn|>"


def prompt_of(before: Sequence[Turn], tokenizer: Tokenizer) -> list[int]:
    ids, _ = render(before, tokenizer)
    if not isinstance(before[-1], Result):
        ids += tokenizer.encode("<|turn>model\n")
    return ids


def score_task(model: Model, task: Task, mistakes: list[str]) -> Score:
    score = Score()
    for before, wanted in turns_of(task):
        said = model.go_on(prompt_of(before, model.tokenizer))
        right = said == wanted
        is_call = wanted.startswith("<|tool_call>")
        (score.calls if is_call else score.words).append(right)
        if not is_call and said.startswith("<|tool_call>"):
            score.uncalled_for += 1
        if not right:
            last = before[-1]
            mistakes.append(f"{last!r}\n  wanted {wanted!r}\n  said   {said!r}")
    score.tasks.append(all(score.calls) and all(score.words))
    return score


def phrasings(model: Model, per_family: int, seed: int, mistakes: list[str]) -> dict[str, Score]:
    scores: dict[str, Score] = defaultdict(Score)
    for name in data.FAMILIES:
        rng = random.Random(f"{seed} {name}")
        for _ in range(per_family):
            scores[name].add(score_task(model, data.a_task(rng, name, new=True), mistakes))
    return scores


def by_hand(model: Model, mistakes: list[str]) -> Score:
    """Only the first turn: the call (``""`` for none: then the words must be as given, or name the larger model)."""
    score = Score()
    for line in (HERE / "handwritten.jsonl").read_text().splitlines():
        case = json.loads(line)
        said = model.go_on(prompt_of((User(case["text"], case.get("context", "")),), model.tokenizer))
        if "call" in case:
            wanted = call_text(Call(case["call"], case["arguments"])) + RESPONSE
        else:
            wanted = case.get("say", LARGER_MODEL) + "<turn|>"
        right = said == wanted
        (score.calls if "call" in case else score.words).append(right)
        score.tasks.append(right)
        score.uncalled_for += "call" not in case and said.startswith("<|tool_call>")
        if not right:
            mistakes.append(f"{case['text']!r}\n  wanted {wanted!r}\n  said   {said!r}")
    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=TARGET)
    parser.add_argument("--per-family", type=int, default=8)
    parser.add_argument("--seed", type=int, default=90_001)
    options = parser.parse_args()
    model, mistakes = Model(options.model), []
    families = phrasings(model, options.per_family, options.seed, mistakes)
    total = Score()
    for name, score in families.items():
        total.add(score)
        print(f"{name:28} {score.summary()}")
    hand_mistakes: list[str] = []
    hand = by_hand(model, hand_mistakes)
    report = {
        "held-out phrasings and values": total.summary(),
        "written by hand, first step": hand.summary(),
        "tokens per second": round(model.decoded / model.seconds),
    }
    Path("build/pocket/mistakes.txt").write_text(
        "\n".join(mistakes) + "\n\nBY HAND\n" + "\n".join(hand_mistakes)
    )
    Path("build/pocket/scores.json").write_text(json.dumps(report, indent=1))
    json.dump(report, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
