"""Sums: written ("12.5*8"), half written ("12.5 times 8") and spoken ("twelve point five times eight")."""

from __future__ import annotations

from conversation import Task
from families.base import Script
from phrases import load
from worlds import World, decimal_words

SAY = load("sums")


SIGNS = {
    "+": ("plus", "plus", "and"),
    "-": ("minus", "minus", "less"),
    "*": ("times", "times", "multiplied by", "x"),
    "/": ("divided by", "divided by", "over"),
}


def operand(world: World) -> str:
    rng = world.rng
    kind = rng.random()
    if kind < 0.6:
        return str(rng.randint(1, 99))
    if kind < 0.72:
        return str(rng.randint(100, 9999))
    return f"{rng.randint(0, 200)}.{rng.choice([5, 25, 75, rng.randint(1, 9), rng.randint(1, 99)])}"


def said(world: World, number: str) -> str:
    """A number as this person says it."""
    if world.chance(0.6 if world.spoken else 0.1):
        return decimal_words(number)
    return number


def a_sum(world: World) -> tuple[str, str, str]:
    """(as said, the expression, its value)."""
    rng = world.rng
    kind = rng.random()
    if kind < 0.08:
        a, b = str(rng.randint(1, 60)), operand(world)
        words = f"{said(world, a)} percent of {said(world, b)}" if world.chance(0.7) else f"{a}% of {b}"
        return words, f"{a}% of {b}", number(float(a) * float(b) / 100)
    if kind < 0.13:
        a = str(rng.choice([2, 4, 9, 16, 25, 49, 81, 100, 144, rng.randint(1, 999)]))
        return (
            f"{rng.choice(['the ', ''])}square root of {said(world, a)}",
            f"sqrt({a})",
            number(float(a) ** 0.5),
        )
    if kind < 0.16:
        a = str(rng.randint(2, 99))
        return f"{said(world, a)} squared", f"{a}^2", str(int(a) ** 2)
    count = rng.choices((2, 3), (85, 15))[0]
    numbers = [operand(world) for _ in range(count)]
    signs = [rng.choice("+-**/") for _ in range(count - 1)]
    expression = numbers[0] + "".join(sign + value for sign, value in zip(signs, numbers[1:], strict=True))
    value = number(eval(expression))  # made two lines above, of digits and signs only
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
    words, expression, value = a_sum(world)
    script = Script(world, trouble=0.03).ask(world.ask(SAY["ask"], question=world.chance(0.5), sum=words))
    return script.do("calculate", value, "sum", expression=expression).say(f"{expression} is {value}.").task()
