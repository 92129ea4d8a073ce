"""What a crawl tells at its end, as a table."""

from __future__ import annotations

from crawler.jobs.crawl import as_lines

ROWS = [
    ("outlet", "new", "failed", "why"),
    ("harbour.example", "12", "·", ""),
    ("新聞.example", "3", "1", "2 × HTTP 500, timed out, connection refused"),
    ("2 outlets", "15", "1", ""),
]


def test_columns_stand_below_one_another_and_the_last_is_folded_to_the_width():
    assert list(as_lines(ROWS, 55)) == [
        "outlet           new  failed  why",
        "harbour.example   12       ·",
        "新聞.example       3       1  2 × HTTP 500, timed out,",
        "                              connection refused",
        "2 outlets         15       1",
    ]


def test_a_narrow_terminal_gets_a_table_that_is_wider_than_itself():
    assert all(len(line) <= 30 + 20 for line in as_lines(ROWS, 10))
