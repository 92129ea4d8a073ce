"""Numbers of rows, as people and forms write them."""

from __future__ import annotations

import pytest

from archive.text.numbers import parse_row_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("0", 0), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("", None), ("-1", None), ("1.5", None),
     ("١٢", None), ("²", None), (" 1", None)],
)  # fmt: skip
def test_only_digits_that_sqlite_can_store_are_the_number_of_a_row(
    text: str, number: int | None
) -> None:
    assert parse_row_number(text) == number
