"""Sums, worked out exactly: fractions inside, a decimal number at the end.

A parser of our own, because nothing that a model wrote is ever handed to ``eval``. It knows numbers (``1,000``,
``12.5``, ``12,5``), ``+ - * / ^``, the signs and words people use for them, percentages (``15% of 80``,
``80 + 15%``), brackets and a few functions. Everything is bounded: length, depth, the size of every number on the way.

    sum     = product (("+" | "-") product)*        a product that ends in "%" is that share of what stands before
    product = sign (("*" | "/" | "mod" | "of") sign)*      "*" may be left out before a bracket or a name
    sign    = ("-" | "+") sign | power
    power   = postfix ["^" sign]
    postfix = atom ("%" | "!" | "squared" | "cubed")*
    atom    = number | constant | function postfix | "(" sum ")"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from fractions import Fraction

from pydantic import Field

from agent.tool import Arguments, Effect, Tool, ToolContext, ToolResult
from tools.numbers import with_digits

_MAX_LENGTH = 400
_MAX_DEPTH = 40
_MAX_BITS = 16_384
_DIGITS = 12
_LONGEST_INTEGER = 30

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(words), meaning)
    for words, meaning in (
        (
            r"\b(?:what's|what is|how much is|calculate|compute)\b|[€$£¥?]|\b(?:dollars?|euros?|pounds?)\b",
            " ",
        ),
        (r"\bmultiplied by\b|\btimes\b|[×·⋅]", "*"),
        (r"\bdivided by\b|\bover\b|[÷:]", "/"),
        (r"\bto the power of\b|\*\*", "^"),
        (r"\b(?:the )?(?:square )?root of\b|√", " sqrt "),
        (r"\bplus\b", "+"),
        (r"\bminus\b|[−–]", "-"),
        (r"\bper ?cent\b", "%"),
        (r"\bmodulo\b", " mod "),
        (r"\bhalf of\b", "0.5*"),
        (r"π", " pi "),
        (r"²", "^2"),
        (r"³", "^3"),
        (r"(?<=[\d)%\s])x(?=[\s\d(.])", "*"),
    )
)

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:[.,]\d+)?|\.\d+)|(?P<word>[a-z]+\d*)|(?P<sign>[-+*/^%!()]))"
)


class CannotWorkOut(Exception):
    """The expression cannot be worked out; the message says why."""


class Calculate(Arguments):
    expression: str = Field(description="12.5*8, 15% of 80, sqrt(2)")


def evaluate(expression: str) -> str:
    """The value of ``expression`` as a number in plain digits. Raises CannotWorkOut."""
    if len(expression) > _MAX_LENGTH:
        raise CannotWorkOut("it is too long")
    return _written(_Parser(_tokens(expression)).value())


def _tokens(expression: str) -> list[str]:
    text = with_digits(expression.casefold()).strip().rstrip("=.? ")
    for words, meaning in _WORDS:
        text = words.sub(meaning, text)
    found, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise CannotWorkOut(f"“{text[position:].strip()[:20]}” is not part of a sum")
        found.append(_number(match["number"]) if match["number"] else match["word"] or match["sign"])
        position = match.end()
    return found


def _number(digits: str) -> str:
    """``1,000`` is a thousand, ``12,5`` is twelve and a half."""
    return (
        digits.replace(",", "")
        if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits)
        else digits.replace(",", ".")
    )


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    def value(self) -> Fraction:
        if not self._tokens:
            raise CannotWorkOut("there is nothing to work out")
        value = self._sum()
        if self._next():
            raise CannotWorkOut(f"“{self._next()}” was not expected there")
        return value

    def _next(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._next()
        if token and token in wanted:
            self._position += 1
            return token
        return ""

    def _sum(self) -> Fraction:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise CannotWorkOut("it has too many brackets")
        value = self._product()
        while sign := self._take("+", "-"):
            start = self._position
            right = self._product()
            if self._is_share(start):
                right = _bounded(value * right)
            value = _bounded(value + right if sign == "+" else value - right)
        self._depth -= 1
        return value

    def _is_share(self, start: int) -> bool:
        """Whether the product since ``start`` was a bare percentage, as in ``80 + 15%``."""
        return self._position == start + 2 and self._tokens[self._position - 1] == "%"

    def _product(self) -> Fraction:
        value = self._signed()
        while True:
            if self._take("/"):
                value = _bounded(value / _divisor(self._signed()))
            elif self._take("mod"):
                value %= _divisor(self._signed())
            elif self._take("*", "of") or self._next() == "(" or self._next().isalpha():
                value = _bounded(value * self._signed())
            else:
                return value

    def _signed(self) -> Fraction:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise CannotWorkOut("it is too deep")
        sign = self._take("+", "-")
        value = self._signed() if sign else self._power()
        self._depth -= 1
        return -value if sign == "-" else value

    def _power(self) -> Fraction:
        base = self._postfix()
        return _raised(base, self._signed()) if self._take("^") else base

    def _postfix(self) -> Fraction:
        value = self._atom()
        while sign := self._take("%", "!", "squared", "cubed"):
            match sign:
                case "%":
                    value /= 100
                case "!":
                    value = _factorial(value)
                case _:
                    value = _raised(value, Fraction(2 if sign == "squared" else 3))
        return value

    def _atom(self) -> Fraction:
        token = self._next()
        self._position += 1
        if token[:1].isdigit() or token[:1] == ".":
            return _bounded(Fraction(token))
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        if token in _EXACT or token in _INEXACT:
            self._take("of")
            argument = self._postfix()
            return _EXACT[token](argument) if token in _EXACT else _applied(_INEXACT[token], argument)
        if token == "(":
            value = self._sum()
            if not self._take(")"):
                raise CannotWorkOut("a bracket is not closed")
            return value
        raise CannotWorkOut(f"“{token}” was not expected there" if token else "it ends too early")


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
        raise CannotWorkOut("the numbers are too large")
    return value


def _divisor(value: Fraction) -> Fraction:
    if value == 0:
        raise CannotWorkOut("it divides by zero")
    return value


def _raised(base: Fraction, exponent: Fraction) -> Fraction:
    if base == 0 and exponent < 0:
        raise CannotWorkOut("it divides by zero")
    if exponent.denominator == 1:
        # The size of the result is known before it is computed: 9^9^9 would have 370 million digits.
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if bits * abs(exponent.numerator) > _MAX_BITS and abs(base) not in (0, 1):
            raise CannotWorkOut("the numbers are too large")
        return base**exponent.numerator
    if base < 0:
        raise CannotWorkOut("a root of a negative number is not a number")
    return _root(base) if exponent == Fraction(1, 2) else _applied(lambda x: x ** float(exponent), base)


def _root(value: Fraction) -> Fraction:
    """The square root: exact where it is a fraction, else to 30 digits."""
    if value < 0:
        raise CannotWorkOut("a root of a negative number is not a number")
    exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    if exact * exact == value:
        return exact
    with localcontext(Context(prec=_LONGEST_INTEGER)):
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or not 0 <= value <= 1000:
        raise CannotWorkOut("a factorial needs a whole number up to 1000")
    return Fraction(math.factorial(value.numerator))


def _rounded(value: Fraction) -> Fraction:
    """To the nearest whole number, a half away from zero, as people learn it at school."""
    nearest = math.floor(abs(value) + Fraction(1, 2))
    return Fraction(nearest if value >= 0 else -nearest)


def _applied(function: Callable[[float], float], value: Fraction) -> Fraction:
    try:
        result = function(float(value))
    except (ValueError, OverflowError) as error:
        raise CannotWorkOut("it has no value there, or one that is too large") from error
    return Fraction(repr(result))


_EXACT: dict[str, Callable[[Fraction], Fraction]] = {
    "sqrt": _root,
    "abs": abs,
    "round": _rounded,
    "floor": lambda value: Fraction(math.floor(value)),
    "ceil": lambda value: Fraction(math.ceil(value)),
}
_INEXACT: dict[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "ln": math.log, "log": math.log10, "exp": math.exp,
}  # fmt: skip
_CONSTANTS = {
    "pi": Fraction("3.14159265358979323846264338327950288"),
    "e": Fraction("2.71828182845904523536028747135266250"),
}


def _written(value: Fraction) -> str:
    """Whole numbers as they are, others to 12 digits without trailing zeros, huge and tiny ones with an exponent."""
    if value.denominator == 1 and abs(value.numerator) < 10**_LONGEST_INTEGER:
        return str(value.numerator)
    with localcontext(Context(prec=_DIGITS)):
        number = (Decimal(value.numerator) / Decimal(value.denominator)).normalize()
    return f"{number:f}" if -7 <= number.adjusted() < _LONGEST_INTEGER else f"{number:e}".replace("e+", "e")


def _effect(arguments: Calculate) -> Effect:
    return Effect("compute")


def _run(arguments: Calculate, context: ToolContext) -> ToolResult:
    try:
        value = evaluate(arguments.expression)
    except CannotWorkOut as why:
        return ToolResult.failed(f"this cannot be worked out: {why}")
    return ToolResult("confirmed", value, f"{arguments.expression.strip()} = {value}", {"value": value})


def tools() -> tuple[Tool, ...]:
    title = "Work out **{}**".format
    return (
        Tool(
            "calculate",
            "Work out a sum.",
            Calculate,
            _effect,
            _run,
            lambda a: title(a.expression.replace("*", "×")),
        ),
    )
