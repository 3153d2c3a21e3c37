"""Score requests that were written by hand, from the list of capabilities alone, and then frozen.

``frozen.jsonl`` holds a case a line: the words, what stands before them (``before``, ``context``), and what is right:
one of the calls in ``accept`` (an argument that is not named may be anything, one with several values may be any of
them), words that quote (``quotes``), or words alone (``say``: *decline* names the larger model, *ask* and *words* are
any words without a call). It is never used for training or for writing templates.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conversation import Call, Result, Say, Turn, User, call_text, user_text
from families.talk import LARGER_MODEL
from through_engine import Assistant

CASES = Path(__file__).parent / "frozen.jsonl"


@dataclass(slots=True)
class Frozen:
    """What came of the cases."""

    all_of: Counter[str] = field(default_factory=Counter)
    right_of: Counter[str] = field(default_factory=Counter)
    declined: int = 0
    """Cases beyond the model's reach."""
    quiet: int = 0
    """Of these, how many led to no call."""
    invented: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


def before(case: dict[str, Any]) -> Iterator[Turn]:
    for turn in case.get("before", ()):
        match turn:
            case {"asked": text}:
                yield User(text)
            case {"call": call}:
                yield Call(call["tool"], call["arguments"])
            case {"result": text}:
                yield Result(text)
            case {"said": text}:
                yield Say(text)


def plain(text: object) -> str:
    return str(text).casefold().strip(" .!?,")


def accepted(call: Call, one: dict[str, Any]) -> bool:
    if call.name != one["tool"]:
        return False
    for key, wanted in one["arguments"].items():
        values = wanted if isinstance(wanted, list) else [wanted]
        if plain(call.arguments.get(key, "")) not in map(plain, values):
            return False
    return True


def right(case: dict[str, Any], did: Call | Say) -> bool:
    if "accept" in case:
        return isinstance(did, Call) and any(accepted(did, one) for one in case["accept"])
    if isinstance(did, Call):
        return False
    if "quotes" in case:
        return all(quote in did.text for quote in case["quotes"])
    return did.text == LARGER_MODEL or case["say"] != "decline"


def invented_quotes(said: str, read: Iterable[Turn]) -> list[str]:
    """The quotations in ``said`` that stand nowhere in what was ``read``."""
    texts: list[str] = []
    for turn in read:
        match turn:
            case User():
                texts.append(user_text(turn))
            case Call():
                texts.append(call_text(turn))
            case Result(text=text) | Say(text=text):
                texts.append(text)
    whole = "\n".join(texts)
    quotes = (quote.rstrip("…") for quote in re.findall(r'"([^"]*)"', said))
    return [quote for quote in quotes if quote not in whole]


def score(assistant: Assistant, cases: Sequence[str] | None = None) -> Frozen:
    """All cases through the engine, grammar and all; one step each."""
    found = Frozen()
    for line in cases or CASES.read_text().splitlines():
        case = json.loads(line)
        turns = (*before(case), User(case["text"], case.get("context", "")))
        did = assistant.next_turn(turns)
        kind, ok = case["kind"], right(case, did)
        found.all_of[kind] += 1
        found.right_of[kind] += ok
        if case.get("say") == "decline":
            found.declined += 1
            found.quiet += isinstance(did, Say)
        if isinstance(did, Say):
            found.invented += invented_quotes(did.text, turns)
        if not ok:
            found.mistakes.append(f"{kind}: {case['text']!r}\n  said {did}")
    return found
