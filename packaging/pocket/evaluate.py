"""Score the exported file through real llama.cpp, greedy, on requests it has never seen: ``./dev pocket eval``.

Three sets:

* *held out*: tasks of every family, in held-out phrasings with held-out values;
* *by hand*: the frozen requests of ``frozen.py``, through ``agent.engine``, grammar and all;
* *with grammar*: a part of the first set again through ``agent.engine``.

A call counts when it is right to the letter; a task (a sequence) counts when every call and all words do. Prints
``held_out_calls``, ``held_out_sequences``, ``handwritten_right``, ``out_of_scope_quiet`` (shares), ``invented_quotes``
(a count) and a table by capability; what went wrong stands in ``mistakes.txt`` of the build folder. ``--json`` prints
one JSON object instead. The shipped file's scores are written beside it.
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
import frozen
import llama_cpp
import numpy as np
from conversation import Call, Result, Say, Task, Turn, call_text, render
from llama_cpp import Llama
from places import BUILD, SCORES, TARGET
from through_engine import Assistant
from tokenizer import Tokenizer

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
    invented: list[str] = field(default_factory=list)
    """Quotations that stand nowhere in what the model has read."""

    def add(self, other: Score) -> None:
        self.calls += other.calls
        self.words += other.words
        self.tasks += other.tasks
        self.uncalled_for += other.uncalled_for
        self.invented += other.invented

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
        if not said.startswith("<|tool_call>"):
            score.invented += frozen.invented_quotes(said, before)
        if not right:
            last = before[-1]
            mistakes.append(f"{last!r}\n  wanted {wanted!r}\n  said   {said!r}")
    score.tasks.append(all(score.calls) and all(score.words))
    return score


def held_out(model: Model, per_family: int, seed: int, mistakes: list[str]) -> dict[str, Score]:
    scores: dict[str, Score] = defaultdict(Score)
    for name in data.FAMILIES:
        rng = random.Random(f"{seed} {name}")
        for _ in range(per_family):
            scores[name].add(score_task(model, data.a_task(rng, name, new=True), mistakes))
    return scores


def with_grammar(assistant: Assistant, per_family: int, seed: int) -> Score:
    """The tasks of :func:`held_out` again, through the engine, whose grammar knows every tool's arguments."""
    score = Score()
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
    return score


def made_by() -> object:
    """How the file was trained and what the comparison with torch found: from the last export here, or as recorded."""
    if (BUILD / "training.json").exists():
        parts = (json.loads((BUILD / name).read_text()) for name in ("training.json", "check-report.json"))
        return dict(zip(("run", "checked against torch"), parts, strict=True))
    return json.loads(SCORES.read_text())["training"] if SCORES.exists() else None


def share(results: Sequence[bool]) -> float:
    return round(sum(results) / max(1, len(results)), 4)


def summary(total: Score, families: dict[str, Score], hand: frozen.Frozen) -> dict[str, object]:
    """The numbers that count, and the table by capability."""
    return {
        "held_out_calls": share(total.calls),
        "held_out_sequences": share(total.tasks),
        "handwritten_right": round(hand.right_of.total() / hand.all_of.total(), 4),
        "out_of_scope_quiet": round(hand.quiet / max(1, hand.declined), 4),
        "invented_quotes": len(total.invented) + len(hand.invented),
        "held out": {name: score.summary() for name, score in families.items()},
        "by hand": {kind: f"{hand.right_of[kind]}/{count}" for kind, count in sorted(hand.all_of.items())},
    }


def show(numbers: dict[str, object]) -> None:
    for name, value in numbers.items():
        if isinstance(value, dict):
            print(f"\n{name}")
            for row, cells in value.items():
                print(f"  {row:28} {cells}")
        else:
            print(f"{name:24} {value}")


def record(
    options: argparse.Namespace, model: Model, numbers: dict[str, object], grammar: Score
) -> dict[str, object]:
    return {
        "file": options.model.name,
        "bytes": options.model.stat().st_size,
        "sha256": hashlib.sha256(options.model.read_bytes()).hexdigest(),
        "training": made_by(),
        **numbers,
        "a part through the engine, with grammar": grammar.summary(),
        "tokens per second": round(model.decoded / model.seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=TARGET)
    parser.add_argument("--per-family", type=int, default=8)
    parser.add_argument("--seed", type=int, default=90_001)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model, mistakes, total = Model(options.model), [], Score()
    families = held_out(model, options.per_family, options.seed, mistakes)
    for score in families.values():
        total.add(score)
    assistant = Assistant(options.model)
    hand = frozen.score(assistant)
    grammar = with_grammar(assistant, max(1, options.per_family // 8), options.seed)
    assistant.close()
    numbers = summary(total, families, hand)
    report = record(options, model, numbers, grammar)
    BUILD.mkdir(parents=True, exist_ok=True)
    invented = "\n".join([*total.invented, *hand.invented])
    parts = {"HELD OUT": "\n".join(mistakes), "BY HAND": "\n".join(hand.mistakes), "INVENTED": invented}
    (BUILD / "mistakes.txt").write_text("\n\n".join(f"{name}\n{text}" for name, text in parts.items()))
    if options.model == TARGET:
        SCORES.write_text(json.dumps(report, indent=2) + "\n")
    if options.json:
        json.dump(report, sys.stdout, indent=2)
    else:
        show(numbers)


if __name__ == "__main__":
    main()
