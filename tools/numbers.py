"""Numbers as people say them, turned into digits: "twenty five" is 25, "three point five" is 3.5."""

from __future__ import annotations

import re

_UNITS: tuple[str, ...] = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: tuple[str, ...] = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL: dict[str, int] = {word: number for number, word in enumerate(_UNITS)}
_SMALL |= {word: number for number, word in zip(range(20, 100, 10), _TENS, strict=True)}
_LARGE: dict[str, int] = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_NAME = rf"(?:{'|'.join((*_SMALL, *_LARGE))})\b"
_RUN = re.compile(
    rf"\b{_NAME}(?:(?:\s+|-)(?:and\s+(?={_NAME}))?{_NAME})*(?:\s+point(?:\s+{_NAME})+)?", re.IGNORECASE
)


def with_digits(text: str) -> str:
    """``text`` with every number that is spelled out written in digits. "five and three" stay two numbers."""
    return _RUN.sub(lambda run: _digits(run[0].casefold()), text)


def _digits(run: str) -> str:
    whole, _, decimals = run.partition(" point")
    numbers = [str(number) for number in _whole_numbers(re.split(r"[\s-]+", whole))]
    fraction = "".join(str(_SMALL.get(word, "")) for word in decimals.split())
    return " ".join(numbers) + ("." + fraction if fraction else "")


def _whole_numbers(words: list[str]) -> list[int | str]:
    """The numbers in a run of number words; words that cannot belong to one number begin the next."""
    found: list[int | str] = []
    total = group = 0
    open_number = after_and = False
    last = 1_000
    for word in words:
        if word == "and":
            after_and = True
            continue
        value = _LARGE[word] if word in _LARGE else _SMALL[word]
        joins = word in _LARGE or (last >= 100 if after_and else (last >= 20 and value < 10) or last >= 100)
        if open_number and not joins:
            found += [total + group, *(["and"] if after_and else [])]
            total = group = 0
        if word == "hundred":
            group = max(group, 1) * 100
        elif word in _LARGE:
            total, group = total + max(group, 1) * value, 0
        else:
            group += value
        open_number, after_and, last = True, False, value
    return [*found, total + group]
