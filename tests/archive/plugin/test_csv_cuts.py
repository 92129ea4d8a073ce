"""CSV files of the site say in their headers, and pages in a line, where they were cut."""

from __future__ import annotations

from contextlib import closing
from urllib.parse import quote

import pytest

from archive.plugin.guards.csv_safety import csv_count_headers, limits_of_request
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.plugin.test_plugin import Get, getter

COUNT_SQL = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {}) SELECT n, 'a\nb' FROM c"


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Get:
    """Requests to a site on an archive with sixty outlets."""
    path = tmp_path_factory.mktemp("cuts") / "archive.db"
    with closing(open_database(path, ARCHIVE_SCHEMA)) as db, transaction(db):
        for number in range(60):
            db.execute(
                "INSERT INTO outlets (host, added_at) VALUES (?, '2024-03-01')",
                (f"o{number}.example",),
            )
    settings = {"sql_time_limit_ms": 10_000, "max_returned_rows": 1_000, "default_page_size": 50}
    return getter(path, settings=settings)


def asked(count: int, form: str) -> str:
    return f"/archive{form}?sql={quote(COUNT_SQL.format(count))}"


def test_a_table_that_ends_with_its_page_says_so_and_a_streamed_one_is_whole(get: Get) -> None:
    page = get("/archive/outlets.csv")
    assert page.headers["x-dateline-rows"] == "50"
    assert page.headers["x-dateline-cut"].startswith("after 50 rows")
    assert page.text.splitlines()[0].startswith("id,host,")
    assert len(page.text.splitlines()) == 51
    streamed = get("/archive/outlets.csv?_stream=on")
    assert len(streamed.text.splitlines()) == 61
    assert "x-dateline-cut" not in streamed.headers
    assert get("/archive/outlets.csv?_size=7").headers["x-dateline-cut"].startswith("after 7 rows")
    whole = get("/archive/outlets.csv?_size=max")
    assert whole.headers["x-dateline-rows"] == "60"
    assert "x-dateline-cut" not in whole.headers


def test_an_answer_that_is_cut_says_so_in_its_headers_and_on_its_page(get: Get) -> None:
    place = "" if get(asked(3, ".csv")).status_code == 200 else "/-/query"
    short, long = get(asked(3, f"{place}.csv")), get(asked(1_500, f"{place}.csv"))
    assert short.headers["x-dateline-rows"] == "3"
    assert "x-dateline-cut" not in short.headers
    assert long.headers["x-dateline-rows"] == "1000"
    assert "dateline sql" in long.headers["x-dateline-cut"]
    page = get(asked(1_500, place)).text
    assert "The answer is cut after 1,000 rows" in page
    assert "The answer is cut" not in get(asked(3, place)).text


@pytest.mark.parametrize("size", ["7", "9" * 5_000])
def test_a_size_that_only_tables_know_hides_no_cut_of_a_query(get: Get, size: str) -> None:
    place = "" if get(asked(3, ".csv")).status_code == 200 else "/-/query"
    answer = get(f"{asked(1_500, f'{place}.csv')}&_size={size}")
    assert answer.status_code == 200
    assert answer.headers["x-dateline-cut"].startswith("after 1000 rows")


def test_lines_within_a_cell_are_no_rows() -> None:
    text = 'a,b\r\n1,"x\r\ny ""z"""\r\n2,\r\n'
    assert csv_count_headers(text, {2}) == [
        (b"x-dateline-rows", b"2"),
        (b"x-dateline-cut", csv_count_headers(text, {2})[1][1]),
    ]
    assert csv_count_headers(text, {3}) == [(b"x-dateline-rows", b"2")]
    assert csv_count_headers("", {0})[0] == (b"x-dateline-rows", b"0")


def test_the_limit_is_the_size_that_was_asked_for() -> None:
    assert limits_of_request("_size=7", {50, 1000}) == {7, 1000}
    assert limits_of_request("_size=max", {50}) == limits_of_request("", {50}) == {50}
