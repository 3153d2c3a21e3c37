from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.context import Context
from tools import calculator
from tools.calculator import CannotWorkOut, evaluate
from tools.numbers import with_digits


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("12.5*8", "100"),
        ("15% of 80", "12"),
        ("sqrt(2)", "1.41421356237"),
        ("sqrt(16)", "4"),
        ("0.1 + 0.2", "0.3"),
        ("10/4", "2.5"),
        ("10 / 3", "3.33333333333"),
        ("7 x 8", "56"),
        ("7x8", "56"),
        ("7 × 8 ÷ 2", "28"),
        ("2^10", "1024"),
        ("2**10", "1024"),
        ("-2^2", "-4"),
        ("2^-2", "0.25"),
        ("(1+2)(3+4)", "21"),
        ("2(3)", "6"),
        ("80 + 15%", "92"),
        ("80 - 25%", "60"),
        ("50%", "0.5"),
        ("1,000 + 2,500.50", "3500.5"),
        ("12,5 * 2", "25"),
        ("5!", "120"),
        ("17 mod 5", "2"),
        ("what is 12 times 12?", "144"),
        ("twelve times eight", "96"),
        ("fifteen percent of eighty", "12"),
        ("twenty five plus one hundred and seventeen", "142"),
        ("three point five times two", "7"),
        ("half of 90", "45"),
        ("the square root of 81", "9"),
        ("7 squared", "49"),
        ("3²", "9"),
        ("2 * pi", "6.28318530718"),
        ("round(2.5)", "3"),
        ("100 - 58 =", "42"),
        ("$19.99 * 3", "59.97"),
        ("0^0", "1"),
        ("(-1)^999999999", "-1"),
        ("1/3*3", "1"),
        ("2^100", "1.26765060023e30"),
        ("10^20", "100000000000000000000"),
        ("1/10^9", "1e-9"),
    ],
)  # fmt: skip
def test_sums_are_worked_out_as_people_write_and_say_them(expression: str, value: str) -> None:
    assert evaluate(expression) == value


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("9**9**9", "too large"),
        ("9^9^9^9", "too large"),
        ("99999999!", "factorial"),
        ("1/0", "divides by zero"),
        ("5 mod 0", "divides by zero"),
        ("0^-1", "divides by zero"),
        ("sqrt(-1)", "negative"),
        ("ln(0)", "no value"),
        ("exp(1000)", "no value"),
        ("(" * 100 + "1" + ")" * 100, "too deep|too many"),
        ("-" * 100 + "1", "too deep"),
        ("1" * 500, "too long"),
        ("2 3", "not expected"),
        ("2 +", "ends too early"),
        ("(2", "not closed"),
        ("", "nothing"),
        ("__import__('os').system('true')", "not part of a sum"),
        ("the sum of it", "not expected"),
    ],
)  # fmt: skip
def test_what_cannot_be_worked_out_is_refused_at_once_and_says_why(expression: str, why: str) -> None:
    with pytest.raises(CannotWorkOut, match=why):
        evaluate(expression)


@given(st.text(alphabet="0123456789.,+-*/^%!()x =esqrtpiofmd", max_size=80) | st.text(max_size=80))
def test_nothing_upsets_it(expression: str) -> None:
    (tool,) = calculator.tools()

    result = tool.run(tool.arguments(expression=expression), Context())

    assert result.status in ("confirmed", "failed")
    assert result.content


@given(a=st.integers(-9999, 9999), b=st.integers(1, 9999), operation=st.sampled_from("+-*/"))
def test_it_agrees_with_exact_arithmetic(a: int, b: int, operation: str) -> None:
    exact = {"+": Fraction(a + b), "-": Fraction(a - b), "*": Fraction(a * b), "/": Fraction(a, b)}[operation]

    assert abs(Fraction(evaluate(f"{a} {operation} {b}")) - exact) <= abs(exact) * Fraction(1, 10**11)


def test_the_tool_shows_the_sum_it_did() -> None:
    (tool,) = calculator.tools()

    result = tool.run(tool.arguments(expression="12.5*8"), Context())
    failed = tool.run(tool.arguments(expression="1/0"), Context())

    assert (result.status, result.content, result.evidence) == ("confirmed", "100", "12.5*8 = 100")
    assert failed.content == "error: this cannot be worked out: it divides by zero"


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("twenty five", "25"), ("twenty-five", "25"), ("one hundred and twenty", "120"),
        ("two thousand and six", "2006"), ("three point one four", "3.14"), ("five and three", "5 and 3"),
        ("nineteen", "19"), ("a million", "a 1000000"),
        ("three hundred thousand", "300000"), ("one two", "1 2"), ("often someone", "often someone"),
    ],
)  # fmt: skip
def test_spelled_numbers_become_digits(words: str, digits: str) -> None:
    assert with_digits(words) == digits
