"""Score requests that were written by hand, from the list of capabilities alone, and then frozen.

``frozen.jsonl`` holds a case a line: the words, what stands before them (``before``, ``context``), and what is right:
one of the calls in ``accept`` (an argument that is not named may be anything, one with several values may be any of
them), words that quote (``quotes``), or words alone (``say``: *decline* names the larger model, *ask* and *words* are
any words without a call). It is never used for training or for writing templates.

``packaging/pocket/frozen.py``, with the Python of the repository's environment.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conversation import Call, Result, Say, Turn, User
from families.talk import LARGER_MODEL
from through_engine import Assistant

HERE = Path(__file__).parent
MODEL = Path("assets/builtin/deskhand-pocket.gguf")


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


def main() -> None:
    assistant = Assistant(MODEL)
    all_of, right_of, called = Counter[str](), Counter[str](), 0
    for line in (HERE / "frozen.jsonl").read_text().splitlines():
        case = json.loads(line)
        did = assistant.next_turn((*before(case), User(case["text"], case.get("context", ""))))
        all_of[case["kind"]] += 1
        if right(case, did):
            right_of[case["kind"]] += 1
        else:
            print(f"{case['kind']:12} {case['text']!r}: {did}")
        called += case.get("say") == "decline" and isinstance(did, Call)
    assistant.close()
    for kind, count in all_of.items():
        print(f"{kind:12} {right_of[kind]:3}/{count}")
    print(f"right {right_of.total()}/{all_of.total()}; out of scope and yet called: {called}/{all_of['out']}")


if __name__ == "__main__":
    main()
