"""Numbers of rows, as people and forms write them."""

from __future__ import annotations

MAX_ROW_NUMBER_DIGITS = 18
"""Digits that always fit into SQLite's integers of 64 bits."""


def parse_row_number(text: str) -> int | None:
    """Return the number of a row, or None for any other text and for too many digits."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_ROW_NUMBER_DIGITS
    return int(text) if is_number else None
