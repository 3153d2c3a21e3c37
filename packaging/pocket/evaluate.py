"""Score the exported file through real llama.cpp, greedy, on requests it has never seen.

``./dev pocket eval``; or ``packaging/pocket/evaluate.py`` with the Python of the repository's environment. Three sets:

* *phrasings*: tasks of every family, in held-out phrasings with held-out values;
* *by hand*: requests written by hand (``handwritten.jsonl``) with the first step or the answer they should get;
* *with grammar*: a part of the first set again through ``agent.engine``, grammar and all.

A call counts when it is right to the letter; a task counts when every call and the last sentence do.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import data
import llama_cpp
import numpy as np
from conversation import Call, Result, Say, Task, Turn, User, call_text, render
from families.talk import LARGER_MODEL
from llama_cpp import Llama
from through_engine import Assistant
from tokenizer import Tokenizer

HERE = Path(__file__).parent
TARGET = Path("assets/builtin/deskhand-pocket.gguf")
SCORES = Path("assets/builtin/scores.json")
BUILD = Path("build/pocket")
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


def with_grammar(path: Path, per_family: int, seed: int) -> Score:
    """The tasks of :func:`phrasings` again, through the engine, whose grammar knows every tool's arguments."""
    assistant, score = Assistant(path), Score()
    for name in data.FAMILIES:
        rng = random.Random(f"{seed} {name}")
        for _ in range(per_family):
            task = data.a_task(rng, name, new=True)
            results: list[bool] = []
            for index, turn in enumerate(task):
                if not isinstance(turn, Call | Say):
                    continue
                did = assistant.next_turn(task[:index])
                results.append(did == turn)
                (score.calls if isinstance(turn, Call) else score.words).append(did == turn)
                score.uncalled_for += isinstance(turn, Say) and isinstance(did, Call)
            score.tasks.append(all(results))
    assistant.close()
    return score


def made_by() -> object:
    """How the file was trained and what the comparison with torch found: from the last export here, or as recorded."""
    if (BUILD / "training.json").exists():
        parts = (json.loads((BUILD / name).read_text()) for name in ("training.json", "check-report.json"))
        return dict(zip(("run", "checked against torch"), parts, strict=True))
    return json.loads(SCORES.read_text())["training"] if SCORES.exists() else None


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
    through_engine = with_grammar(options.model, max(1, options.per_family // 4), options.seed)
    report: dict[str, object] = {
        "file": options.model.name,
        "bytes": options.model.stat().st_size,
        "sha256": hashlib.sha256(options.model.read_bytes()).hexdigest(),
        "training": made_by(),
        "held-out phrasings and values": total.summary(),
        "written by hand, first step": hand.summary(),
        "the same through the engine, with grammar (a quarter)": through_engine.summary(),
        "tokens per second": round(model.decoded / model.seconds),
    }
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "mistakes.txt").write_text("\n".join(mistakes) + "\n\nBY HAND\n" + "\n".join(hand_mistakes))
    SCORES.write_text(json.dumps(report, indent=2) + "\n")
    json.dump(report, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
