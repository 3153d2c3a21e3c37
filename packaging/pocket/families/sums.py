"""Sums: written ("12.5*8"), half written ("12.5 times 8") and spoken ("twelve point five times eight")."""

from __future__ import annotations

import re

from conversation import Task
from families.base import Script
from numerals import decimal_words
from phrases import load
from worlds import World

SAY = load("sums")


SIGNS = {
    "+": ("plus", "plus"),
    "-": ("minus", "minus", "less", "take away"),
    "*": ("times", "times", "multiplied by", "x"),
    "/": ("divided by", "divided by", "over"),
}


def operand(world: World) -> str:
    rng = world.rng
    kind = rng.random()
    if kind < 0.55:
        return str(rng.randint(1, 99))
    if kind < 0.67:
        return str(rng.randint(100, 999))
    if kind < 0.75:
        return str(
            rng.choice([rng.randint(1000, 99999), 100 * rng.randint(1, 99), 1000 * rng.randint(1, 90)])
        )
    return f"{rng.randint(0, 200)}.{rng.choice([5, 5, 25, 75, rng.randint(1, 9), rng.randint(1, 99)])}"


def said(world: World, number: str) -> str:
    """A number as this person says it."""
    if world.chance(0.65 if world.spoken else 0.18):
        return decimal_words(number, world.rng)
    if len(number) > 3 and number.isdigit() and world.chance(0.15):
        return f"{int(number):,}"
    return number


def worded(world: World, kind: str) -> tuple[str, str, str]:
    """A sum put into words by a pattern ``words = expression``: "a third of ninety", "subtract 3 from 10"."""
    rng = world.rng
    numbers = {
        **{slot: operand(world) for slot in "abc"},
        "p": str(rng.choice([5, 7, 10, 12.5, 15, 18, 19, 20, 25, 30, 33, 40, 50, 75, rng.randint(1, 99)])),
        "q": str(rng.choice([2, 4, 9, 16, 25, 49, 64, 81, 100, 121, 144, 400, rng.randint(1, 999)])),
        "s": str(rng.randint(2, 20)),
        "t": str(rng.randint(2, 6)),
    }
    words, expression = world.one_of(SAY[kind]).split(" = ")
    for slot, value in numbers.items():
        plain = f"{{{slot}}}%" in words or f"${{{slot}}}" in words or f"{{{slot}}}th" in words or "(" in words
        words = words.replace(f"{{{slot}}}", value if plain else said(world, value))
        expression = expression.replace(f"{{{slot}}}", value)
    return words, expression, worked_out(expression)


def worked_out(expression: str) -> str:
    """The value of an expression made here, of digits and signs only, as the tool would tell it."""
    code = re.sub(r"([\d.]+)% of ([\d.]+)", r"\1/100*\2", expression).replace("^", "**")
    code = re.sub(r"([\d.]+)([+-])([\d.]+)%", r"\1*(1\g<2>\3/100)", code)
    code = re.sub(r"sqrt\(([\d.]+)\)", r"\1**0.5", code)
    return number(eval(code))


def a_sum(world: World) -> tuple[str, str, str]:
    """(as said, the expression, its value)."""
    rng = world.rng
    if world.chance(0.3):
        return worded(world, "nominal")
    count = rng.choices((2, 3), (85, 15))[0]
    numbers = [operand(world) for _ in range(count)]
    signs = [rng.choice("+-**/") for _ in range(count - 1)]
    expression = numbers[0] + "".join(sign + value for sign, value in zip(signs, numbers[1:], strict=True))
    value = worked_out(expression)
    if not world.spoken and world.chance(0.5):
        gap = rng.choice(["", " "])
        words = numbers[0] + "".join(
            f"{gap}{rng.choice(['x', '×']) if s == '*' and world.chance(0.3) else s}{gap}{v}"
            for s, v in zip(signs, numbers[1:], strict=True)
        )
    else:
        words = said(world, numbers[0]) + "".join(
            f" {rng.choice(SIGNS[s])} {said(world, v)}" for s, v in zip(signs, numbers[1:], strict=True)
        )
    return words, expression, value


def number(value: float) -> str:
    return f"{value:.10g}"


def calculate(world: World) -> Task:
    patterns = SAY["ask"]
    if world.chance(0.15):
        patterns = SAY["order_ask"]
        words, expression, value = worded(world, "order")
    else:
        words, expression, value = a_sum(world)
    script = Script(world, trouble=0.03).ask(world.ask(patterns, question=world.chance(0.5), sum=words))
    return script.do("calculate", value, "sum", expression=expression).say(f"{expression} is {value}.").task()
