"""What a text becomes in a cell."""

from __future__ import annotations

import pytest

from tools.documents.cell_values import block_of, target_of, value_of
from tools.documents.parts import Trouble
from tools.documents.position import Cells


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        ("5", "number", "5"),
        ("-1.50", "number", "-1.5"),
        ("-0", "number", "0"),
        ("1e3", "number", "1000"),
        ("12,50", "number", "12.5"),
        ("1,234,567", "number", "1234567"),
        ("1,234.5", "number", "1234.5"),
        ("1.234,56", "number", "1234.56"),
        ("15%", "percent", "0.15"),
        ("12,5 %", "percent", "0.125"),
        ("2026-11-21", "date", "2026-11-21"),
        ("21.11.2026", "date", "2026-11-21"),
        ("21/11/2026", "date", "2026-11-21"),
        ("11/21/2026", "date", "2026-11-21"),
        ("2026-11-21 14:05", "moment", "2026-11-21 14:05"),
        ("2026-11-21T14:05:09", "moment", "2026-11-21 14:05:09"),
        ("21.11.2026 14:05", "moment", "2026-11-21 14:05"),
        ("9:05", "time", "09:05"),
        ("23:59:59", "time", "23:59:59"),
        ("true", "truth", "TRUE"),
        ("=a1+1", "formula", "=a1+1"),
        ("=", "text", "="),
        ("'=1", "text", "=1"),
        ("'5", "text", "5"),
        ("'", "empty", ""),
        ("", "empty", ""),
        ("007", "text", "007"),
        ("+49 30", "text", "+49 30"),
        ("1234567890123456", "text", "1234567890123456"),
        ("31.2.2026", "text", "31.2.2026"),
        ("2026-13-01", "text", "2026-13-01"),
        ("25:00", "text", "25:00"),
        ("1899-12-31", "text", "1899-12-31"),
        ("three", "text", "three"),
        ("a\u202eb", "text", "ab"),
        ("٣", "text", "٣"),
    ],
)
def test_a_text_becomes_what_a_person_means_by_it(said: str, kind: str, text: str) -> None:
    value = value_of(said, "xlsx")

    assert (value.kind, value.text) == (kind, text)


@pytest.mark.parametrize("said", ["1,500", "-2,000", "3/4/2026"])
def test_what_could_be_two_things_is_asked_back(said: str) -> None:
    with pytest.raises(Trouble, match="could be"):
        value_of(said, "ods")


@pytest.mark.parametrize("said", ["1,500", "=1", "true", "15%", "'5"])
def test_in_a_table_of_text_everything_is_text(said: str) -> None:
    assert (value_of(said, "csv").kind, value_of(said, "csv").text) == ("text", said)


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ("a | b\nc", [["a", "b"], ["c", ""]]),
        ("a\tb | c\r\nd", [["a", "b | c"], ["d", ""]]),
        ("| a |  |\n| b | c |", [["a", ""], ["b", "c"]]),
        ("a \\| b", [["a | b"]]),
        ("", [[""]]),
        ("\n\n5\n", [["5"]]),
    ],
)
def test_a_line_is_a_row(values: str, rows: list[list[str]]) -> None:
    assert [[value.text for value in row] for row in block_of(values, "csv")] == rows


def test_too_much_at_once_is_refused() -> None:
    with pytest.raises(Trouble, match="10000 cells"):
        block_of("x\n" * 10_001, "csv")
    with pytest.raises(Trouble, match="32767 characters"):
        block_of("x" * 40_000, "xlsx")


def test_one_value_fills_a_place_and_a_block_must_fit_it() -> None:
    assert target_of(Cells(2, 2, 2, 2), 3, 2) == Cells(2, 2, 3, 4)
    assert target_of(Cells(2, 2, 4, 9), 1, 1) == Cells(2, 2, 4, 9)
    assert target_of(Cells(2, 2, 3, 0), 3, 2) == Cells(2, 2, 3, 4)
    with pytest.raises(Trouble, match="was asked for 8 x 3 cells"):
        target_of(Cells(2, 2, 4, 9), 2, 2)
