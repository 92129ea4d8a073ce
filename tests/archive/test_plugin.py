"""The archive in a real Datasette, with nothing but the installed plugin."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from archive.plugin import registered
from archive.plugin.cells import beginning, cell
from archive.plugin.configuration import configuration, descriptions, queries
from archive.schema import TABLES

Get = Callable[..., Any]


def getter(*paths: Path, **settings: Any) -> Get:
    """Requests to a Datasette on these files, each with its own event loop."""
    datasette = Datasette([str(path) for path in paths], **settings)

    def get(path: str, **options: Any) -> Any:
        async def ask() -> Any:
            return await datasette.client.get(path, **options)

        return asyncio.run(ask())

    return get


@pytest.fixture
def get(folder: Path) -> Get:
    return getter(folder / "archive.db")


def rows(get: Get, path: str) -> list[dict[str, Any]]:
    response = get(path)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


@pytest.mark.parametrize("path", ["/", "/archive"])
def test_the_front_shows_the_newest_articles_as_cards(get: Get, path: str) -> None:
    page = get(path).text
    cards = re.findall(r'<h2><a href="/archive/articles/(\d+)">', page)
    assert cards == ["3", "1", "5", "6", "4"]  # the undated last
    assert "Search 6 articles of 5 outlets" in page
    assert 'lang="ar" dir="rtl"' in page


def test_an_article_reads_as_a_page(get: Get) -> None:
    page = get("/archive/articles/1").text
    for words in ("<h1>Ferry crews strike</h1>", "<p>The union asks for shorter shifts.</p>", "The island is cut off.",
                  'href="/archive/articles/2">ridge.example</a>', "Thu, 15 Feb 2024 10:30 GMT", "2024-02-15 10:30 UTC",
                  'href="https://harbour.example/news/1"', "harbour.example/amp/1"):  # fmt: skip
        assert words in page, words


def test_an_article_page_says_language_and_direction(get: Get) -> None:
    assert '<article class="dateline-reading" dir="rtl" lang="ar">' in get("/archive/articles/5").text
    assert '<article class="dateline-reading" dir="ltr" lang="ja">' in get("/archive/articles/3").text


@pytest.mark.parametrize(
    "path", ["/archive/articles/6", "/archive/articles", "/archive/coverage", "/archive", "/archive/search?words=alert"]
)
def test_what_a_page_says_is_shown_and_never_run(get: Get, path: str) -> None:
    page = get(path).text
    assert "&lt;script&gt;alert(" in page
    assert "<script>alert(" not in page
    assert 'href="javascript:' not in page


@pytest.mark.parametrize("path", ["/archive/articles/999", "/archive/articles/x"])
def test_an_article_that_is_not_there_is_not_found(get: Get, path: str) -> None:
    assert get(path).status_code == 404


PARAMETERS = {"search": "words=strike", "by_outlet": "outlet=ridge.example", "coverage_by_day": "words="}

EXPECTED = {
    "newest": [3, 1, 5, 6, 4],  # 2 is a copy of 1
    "search": [1],  # 2 is a copy of 1
    "by_outlet": [2, 6],
    "outlets": ["harbour.example", "ridge.example", "mahatta.example", "minato.example", "silent.example"],
    "coverage_by_day": ["2024-02-16", "2024-02-15", "2024-02-14", "2024-02-13"],
    "copies": [1],
    "revised": [1],
    "undated": [4],
    "failed": ["ridge.example"] * 4,
    "not_articles": ["ridge.example"] * 2,
}


@pytest.mark.parametrize("name", list(queries()))
def test_each_canned_query_answers_its_question(get: Get, name: str) -> None:
    found = rows(get, f"/archive/{name}.json?_shape=array&{PARAMETERS.get(name, '')}")
    assert [next(iter(row.values())) for row in found] == EXPECTED[name]
    assert get(f"/archive/{name}").status_code == 200  # also before anything is asked for


def test_the_canned_search_understands_what_people_type(get: Get) -> None:
    for words, ids in {
        "首相": [3],
        '"shorter shifts"': [1],
        "strike -cut": [],
        "zurich": [4],
        '" OR 1': [],
        "": [],
    }.items():
        response = get("/archive/search.json", params={"words": words, "_shape": "array"})
        assert {row["article"] for row in response.json()} == set(ids), words


def test_found_words_are_marked(get: Get) -> None:
    assert "asks for <mark>shorter</mark> <mark>shifts</mark>" in get("/archive/search?words=shorter+shifts").text


@pytest.mark.parametrize("table", ["articles", "coverage"])
@pytest.mark.parametrize(
    ("words", "ids"), [("首相", {3}), ("strike -cut", set()), ('"', set()), ("NEAR(", set()), ("zurich", {4})]
)
def test_the_search_boxes_of_datasette_understand_it_too(get: Get, table: str, words: str, ids: set[int]) -> None:
    response = get(f"/archive/{table}.json", params={"_search": words, "_shape": "array"})
    assert {row["id"] for row in response.json()} == ids


def test_tables_are_described_and_the_crawlers_are_hidden(get: Get) -> None:
    page = get("/archive").text
    assert "/archive/urls" not in page
    assert "/archive/_sqlite_migrations" not in page
    for name in ("articles", "outlets", "checks", "crawls", "relations", "coverage"):
        assert f'href="/archive/{name}"' in page
    assert "nothing is dropped as a duplicate" in get("/archive/articles").text


def test_tables_come_sorted_and_with_facets(get: Get) -> None:
    page = get("/archive/articles").text
    assert "sorted by published_at descending" in page
    assert 'data-facet-value="1"' in page or "harbour.example</a> 2" in page


def test_headlines_lead_to_articles_and_addresses_out(get: Get) -> None:
    page = get("/archive/coverage").text
    assert re.search(r'<a class="dateline-article"[^>]* href="/archive/articles/1">Ferry crews strike</a>', page)
    assert re.search(r'href="https://harbour\.example/news/1" title="[^"]+" rel="noopener noreferrer nofollow"', page)


@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", "data:text/html,x", "//a.example", "https://a.example/ x", 'https://a.example/"x', "http:"],
)
def test_only_web_addresses_become_links(value: str) -> None:
    assert cell("url", value, None) is None


def test_a_long_cell_is_cut_at_a_word() -> None:
    assert beginning("one two three", 9) == "one two…"
    assert beginning("字" * 20, 9) == "字" * 9 + "…"


@pytest.mark.parametrize(
    "path", ["/", "/archive/articles/1", "/archive/articles.json", "/nothing", "/-/static/app.css"]
)
def test_every_answer_carries_the_security_headers(get: Get, path: str) -> None:
    headers = get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/\\a.example/", "/%5Ca.example/", "//a.example/"])
def test_no_address_leads_to_another_host(get: Get, path: str) -> None:
    response = get(path, follow_redirects=False)
    assert response.status_code in (400, 404)
    assert "location" not in response.headers


GROWING = "recursive s(x) as (select 'aaaaaaaaaa' union all select x || x from s limit 40)"


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("select randomblob(1000000000)", "not authorized to use function"),
        ("select zeroblob(1000000000)", "not authorized to use function"),
        ("select printf('%.*c', 100000000, 'x')", "not authorized to use function"),
        ("select format('%d', 1)", "not authorized to use function"),
        ("select load_extension('x')", "not authorized"),
        ("select 'a' like '" + "%a" * 500 + "'", "pattern too complex"),
        (f"with {GROWING} select max(length(x)) from s", "too big"),
    ],
)
def test_one_address_cannot_take_the_machine(get: Get, sql: str, refusal: str) -> None:
    response = get("/archive.json", params={"sql": sql})
    assert response.status_code == 400
    assert refusal in response.json()["error"]


def test_other_databases_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, headline TEXT, text TEXT)")
        connection.execute("INSERT INTO articles VALUES (1, 'A', 'b')")
    get = getter(tmp_path / "other.db")
    for path in ("/", "/other", "/other/articles", "/other/articles/1"):
        response = get(path)
        assert response.status_code == 200
        assert "dateline" not in response.text.lower()
    assert "content-security-policy" not in get("/").headers
    assert get("/other.json", params={"sql": "select printf('x')"}).status_code == 200


def test_an_archive_may_be_called_anything(folder: Path) -> None:
    (folder / "archive.db").rename(folder / "spring 2024.db")
    get = getter(folder / "spring 2024.db")
    pages = re.findall(r'<h2><a href="([^"]+)">', get("/").text)
    assert "<h1>Ferry crews strike</h1>" in get(pages[1]).text


def test_what_a_users_own_metadata_says_wins(folder: Path) -> None:
    get = getter(
        folder / "archive.db",
        metadata={"title": "Our desk", "databases": {"archive": {"tables": {"articles": {"description": "Mine."}}}}},
    )
    assert "Our desk" in get("/").text
    assert "Mine." in get("/archive/articles").text
    assert "Our desk" not in str(configuration("0.65.5"))


def test_every_table_of_the_schema_is_described() -> None:
    tables = set(re.findall(r"^CREATE TABLE (\w+)", TABLES, re.MULTILINE)) | {"revisions"}
    assert set(descriptions()) >= tables
    assert "UTC" in descriptions()["articles"]["columns"]["published_at"]


def test_the_configuration_of_1_0_parts_descriptions_from_settings() -> None:
    given = configuration("1.0a41", ("news",))
    assert given["databases"]["news"]["tables"]["articles"]["sort_desc"] == "published_at"
    assert "sort_desc" not in given["metadata"]["databases"]["news"]["tables"]["articles"]
    assert given["databases"]["news"]["queries"]["search"]["params"] == ["words", "outlet"]
    assert given["metadata"]["databases"]["news"]["tables"]["articles"]["description"]


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://news.ridge.co.uk/1", "ridge.co.uk"),
        ("www.harbour.example", "harbour.example"),
        ("", None),
        (None, None),
    ],
)
def test_the_registered_domain_of_an_address(address: str | None, domain: str | None) -> None:
    assert registered(address) == domain
