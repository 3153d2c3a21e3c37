"""What the training data is like, in numbers: ``python packaging/pocket/survey.py [--count 20000]``.

Prints how many requests are distinct, how long tasks are in tokens, the share of each family, how often the answer is
a call, an ask-back or a no, and how much of the vocabulary is used. The tokenizer is that of the build folder, or of
the shipped file.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import data
from conversation import Call, Say, Task, User, render
from families import lacking
from families.talk import LARGER_MODEL
from phrases import load
from places import BUILD, TARGET
from tokenizer import Tokenizer

WINDOW, LONG_ROW = 512, 1280
BACK = {question for _, question, _ in lacking.KINDS}


@dataclass(slots=True)
class Seen:
    """What was counted."""

    tasks: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    lengths: list[int] = field(default_factory=list)
    tokens: Counter[int] = field(default_factory=Counter)
    """How often each token was used."""
    families: Counter[str] = field(default_factory=Counter)
    """Tokens by family."""
    answers: Counter[str] = field(default_factory=Counter)
    first_calls: Counter[str] = field(default_factory=Counter)

    def add(self, family: str, task: Task, tokenizer: Tokenizer) -> None:
        ids, _ = render(task, tokenizer)
        self.tasks += 1
        self.lengths.append(len(ids))
        self.tokens.update(ids)
        self.families[family] += len(ids)
        for turn, answer in itertools.pairwise(task):
            if isinstance(turn, User):
                self.requests[turn.text] += 1
                self.answers[kind_of(answer)] += 1
                if isinstance(answer, Call):
                    self.first_calls[answer.name] += 1


def kind_of(answer: object) -> str:
    match answer:
        case Say(text=text) if text == LARGER_MODEL:
            return "a no"
        case Say(text=text) if text in BACK:
            return "a question back"
        case Say():
            return "words"
    return "a call"


def survey(count: int, seed: int, tokenizer: Tokenizer) -> Seen:
    rng, seen = random.Random(seed), Seen()
    names, weights = zip(*((name, weight) for name, (_, weight) in data.FAMILIES.items()), strict=True)
    for _ in range(count):
        family = rng.choices(names, weights)[0]
        seen.add(family, data.a_task(rng, family), tokenizer)
    return seen


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %"


def report(seen: Seen, tokenizer: Tokenizer) -> None:
    asked = seen.requests.total()
    print(f"tasks {seen.tasks:,}, requests {asked:,}, distinct {len(seen.requests):,}", end=" ")
    print(f"({share(len(seen.requests), asked).strip()})")
    print(f"phrasings {sum(map(count_of, PHRASINGS)):,}")
    lengths = sorted(seen.lengths)
    at = {part: lengths[int(part * (len(lengths) - 1))] for part in (0.5, 0.9, 0.99, 1.0)}
    print("tokens a task:", ", ".join(f"{part:.0%} up to {length}" for part, length in at.items()))
    for limit in (WINDOW, LONG_ROW):
        print(f"  longer than {limit}: {share(sum(length > limit for length in lengths), len(lengths))}")
    used = sum(1 for count in seen.tokens.values() if count >= 20)
    normal = [token for token in range(len(tokenizer.pieces)) if tokenizer.kind(token) == "normal"]
    rare = [tokenizer.pieces[token] for token in normal if seen.tokens[token] < 20]
    print(f"tokens of the vocabulary used at least 20 times: {used} of {len(tokenizer.pieces)}")
    print(f"  ordinary pieces used less: {len(rare)}: {' '.join(rare[:30])}")
    print_shares("answers", seen.answers)
    print_shares("first calls", seen.first_calls)
    print_shares("tokens by family", seen.families)


PHRASINGS = "files followups lacking memory pairs questions screen sequences sums talk windows".split()  # noqa: SIM905


def count_of(name: str) -> int:
    return sum(map(len, load(name).values()))


def print_shares(title: str, counts: Counter[str]) -> None:
    print(f"{title}:")
    rows: Sequence[tuple[str, int]] = counts.most_common()
    for name, count in rows:
        print(f"  {share(count, counts.total())}  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    saved = BUILD / "tokenizer.json"
    tokenizer = Tokenizer.load(saved) if saved.exists() else Tokenizer.from_gguf(TARGET)
    report(survey(options.count, options.seed, tokenizer), tokenizer)


if __name__ == "__main__":
    main()
