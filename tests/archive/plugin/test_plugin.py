"""The archive in a real Datasette, with nothing but the installed plugin."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from markupsafe import escape

from archive.plugin.cells import CellPlace, cell_html
from archive.plugin.metadata import canned_queries, configuration, table_descriptions
from archive.plugin.page_requests import ArchivePaths
from archive.queries.sql_functions import registered_domain_of
from archive.storage.schema import FIRST_TABLES
from archive.text.html import text_excerpt
from tests.archive.room import PAGES, STORY, furnish
from tests.archive.served import VERSION_0, Get, getter, reader_of


@pytest.fixture
def get(request: pytest.FixtureRequest, filled_archive: Path) -> Get:
    """Requests to the small archive; to the test's own where it asks for a folder."""
    if "folder" in request.fixturenames:
        return getter(request.getfixturevalue("folder") / "archive.db")
    return reader_of(filled_archive)


@pytest.fixture
def reading(furnished_archive: Path) -> Get:
    """Requests to the archive with a story, an event, copies and changes in it."""
    return reader_of(furnished_archive)


def rows(get: Get, path: str) -> list[dict[str, Any]]:
    response = get(path)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


@pytest.mark.parametrize("path", ["/", "/archive/-/home"])
def test_the_front_lists_the_newest_articles_by_day(get: Get, path: str) -> None:
    page = get(path).text
    newest = page[page.index('<div class="newest">') :]
    listed = re.findall(r'<a href="/archive/articles/(\d+)"', newest)
    assert listed == ["3", "1", "5", "6", "4"]  # the undated last
    assert re.findall(r"<h3>(.+?)</h3>", newest)[::4] == ["Friday, 16 Feb 2024", "Undated"]
    assert "Search 6 articles of 5 outlets" in page
    assert 'lang="ar" dir="rtl"' in page


def test_an_article_reads_as_a_page(get: Get) -> None:
    page = get("/archive/articles/1").text
    for words in ("<h1>Ferry crews strike</h1>", "<p>The union asks for shorter shifts.</p>", "The island is cut off.",
                  'href="/archive/articles/2"><bdi>ridge.example</bdi></a>', "Thu, 15 Feb 2024 10:30 GMT",
                  '<time datetime="2024-02-15T10:30:00Z">15 Feb 2024, 10:30 UTC</time>',
                  'href="https://harbour.example/news/1"', "harbour.example/amp/1"):  # fmt: skip
        assert words in page, words


def test_an_article_page_says_language_and_direction(get: Get) -> None:
    assert '<article class="reading" lang="ar" dir="rtl">' in get("/archive/articles/5").text
    assert '<article class="reading" lang="ja" dir="ltr">' in get("/archive/articles/3").text


@pytest.mark.parametrize(
    "path",
    ["/", "/archive/articles/6", "/archive/articles/6/beside/8", "/archive/-/outlet/ridge.example",
     "/archive/-/search?words=alert", "/archive/-/stories", f"/archive/-/story/{STORY}",
     "/archive/articles", "/archive/coverage", "/archive/search?words=alert"],
)  # fmt: skip
def test_what_a_page_says_is_shown_and_never_run(reading: Get, path: str) -> None:
    page = reading(path).text
    assert "&lt;script&gt;alert(" in page
    assert "<script>alert(" not in page
    assert 'href="javascript:' not in page


def test_texts_with_little_in_common_stand_side_by_side_and_near_copies_as_changes(
    reading: Get,
) -> None:
    apart, copied = "/archive/articles/1/beside/8", "/archive/articles/1/beside/7"
    assert '<table class="reading side-by-side">' in reading(apart).text
    assert '<article class="reading changes"' in reading(copied).text
    asked = reading(f"{copied}?view=columns").text
    assert '<th scope="col"' in asked
    assert 'beside/7?view=inline">as changes</a>' in asked
    assert "side-by-side" not in reading(f"{apart}?view=inline").text


def test_the_bars_of_an_outlet_say_how_high_they_are(get: Get) -> None:
    page = get("/archive/-/outlet/ridge.example").text
    assert re.search(r"by weekday: at most \d+, \w+day", page)
    assert re.search(r"over time: at most \d+, \d{4}-\d\d-\d\d", page)


@pytest.mark.parametrize("path", ["/archive/articles/999", "/archive/articles/x"])
def test_an_article_that_is_not_there_is_not_found(get: Get, path: str) -> None:
    assert get(path).status_code == 404


PARAMETERS = {
    "search": "words=strike",
    "by_outlet": "outlet=ridge.example",
    "coverage_by_day": "words=",
    "largest_events": "since=2024-02-01",
    "wire_share": "since=",
    "bylines": "outlet=",
}

EXPECTED = {
    "newest": [8, 3, 1, 5, 6, 4],  # 2 and 7 are copies of 1
    "search": [1],
    "by_outlet": [8, 7, 2, 6],
    "all_outlets": [
        "ridge.example",
        "harbour.example",
        "mahatta.example",
        "minato.example",
        "silent.example",
    ],
    "coverage_by_day": ["2024-02-17", "2024-02-16", "2024-02-15", "2024-02-14", "2024-02-13"],
    "copies": [1],
    "revised": [1, 8, 8],
    "undated": [4],
    "failed": ["ridge.example"] * 4,
    "not_articles": ["ridge.example"] * 2,
    "first_to_report": [],  # an event of two texts is no race
    "fastest_outlets": ["harbour.example", "ridge.example"],
    "largest_events": [1],
    "most_revised": [8, 1],
    "stealth_headlines": [8],
    "corrections": [8],
    "gone": [],  # the page that is gone was never an article
    "wire_share": ["ridge.example", "harbour.example", "mahatta.example", "minato.example"],
    "who_follows_whom": ["harbour.example"],
    "agencies": ["AP"],
    "bylines": ["Jo Reed", "Mara Lind"],
    "stories_by_day": [STORY] * 2,
    "weak_matches": [8],
    "perhaps": [4],
    "silent_outlets": ["mahatta.example", "harbour.example", "minato.example", "ridge.example"],
}


@pytest.mark.parametrize("name", list(canned_queries()))
def test_each_canned_query_answers_its_question(reading: Get, name: str) -> None:
    found = rows(reading, f"/archive/{name}.json?_shape=array&{PARAMETERS.get(name, '')}")
    assert [next(iter(row.values())) for row in found] == EXPECTED[name]
    assert reading(f"/archive/{name}").status_code == 200  # also before anything is asked for


def test_the_fastest_outlet_is_told_with_the_hours_of_the_others(reading: Get) -> None:
    first, second = rows(reading, "/archive/fastest_outlets.json?_shape=array")
    assert (first["first_percent"], first["hours_behind"]) == (100, 0)
    assert (second["first"], second["hours_behind"]) == (0, 2.3)


def test_an_event_of_many_texts_has_a_first(folder: Path) -> None:
    with sqlite3.connect(furnish(folder) / "archive.db") as connection:
        connection.execute("UPDATE events SET texts = 3")
    [row] = rows(getter(folder / "archive.db"), "/archive/first_to_report.json?_shape=array")
    assert (row["article"], row["outlet"], row["outlets_that_followed"]) == (
        1,
        "harbour.example",
        1,
    )


def test_an_article_whose_page_is_gone_is_told(folder: Path) -> None:
    with sqlite3.connect(furnish(folder) / "archive.db") as connection:
        connection.execute(
            "UPDATE urls SET outcome = 'gone', reason = 'HTTP 410' WHERE article_id = 8"
        )
    [row] = rows(getter(folder / "archive.db"), "/archive/gone.json?_shape=array")
    assert (row["article"], row["reason"]) == (8, "HTTP 410")


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
    assert (
        "asks for <mark>shorter</mark> <mark>shifts</mark>"
        in get("/archive/search?words=shorter+shifts").text
    )


@pytest.mark.parametrize("table", ["articles", "coverage"])
@pytest.mark.parametrize(
    ("words", "ids"),
    [("首相", {3}), ("strike -cut", set()), ('"', set()), ("NEAR(", set()), ("zurich", {4})],
)
def test_the_search_boxes_of_datasette_understand_it_too(
    get: Get, table: str, words: str, ids: set[int]
) -> None:
    response = get(f"/archive/{table}.json", params={"_search": words, "_shape": "array"})
    assert {row["id"] for row in response.json()} == ids


def test_tables_are_described_and_the_crawlers_are_hidden(get: Get) -> None:
    page = get("/archive").text
    assert "/archive/urls" not in page
    assert "/archive/_sqlite_migrations" not in page
    for name in ("articles", "outlets", "fetches", "crawls", "relations", "coverage"):
        assert f'href="/archive/{name}"' in page
    assert "Duplicates are kept too" in get("/archive/articles").text


def test_tables_come_sorted_and_with_facets(get: Get) -> None:
    page = get("/archive/articles").text
    assert "sorted by published_at descending" in page
    assert re.search(r"harbour\.example</bdi></a> <span[^>]*>2<", page)


def test_headlines_lead_to_articles_and_addresses_out(get: Get) -> None:
    page = get("/archive/coverage").text
    assert re.search(
        r'<a class="dateline-article"[^>]* href="/archive/articles/1">Ferry crews strike</a>', page
    )
    assert re.search(
        r'href="https://harbour\.example/news/1" title="[^"]+" rel="noopener noreferrer nofollow"',
        page,
    )


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//a.example",
        "https://a.example/ x",
        'https://a.example/"x',
        "http:",
    ],
)
def test_only_web_addresses_become_links(value: str) -> None:
    place = CellPlace("url", None, {}, ArchivePaths(None, "archive"))
    assert cell_html(place, value) == escape(value)


def test_a_long_cell_is_cut_at_a_word() -> None:
    assert text_excerpt("one two three", 9) == "one two…"
    assert text_excerpt("字" * 20, 9) == "字" * 9 + "…"


@pytest.mark.parametrize(
    "path", ["/", "/archive/articles/1", "/archive/articles.json", "/nothing", "/-/static/app.css"]
)
def test_every_answer_carries_the_security_headers(get: Get, path: str) -> None:
    headers = get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


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
    response = get("/archive.json", params={"sql": sql}, follow_redirects=True)
    assert response.status_code == 400
    assert refusal in response.json()["error"]


def test_other_databases_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute(
            "CREATE TABLE articles (id INTEGER PRIMARY KEY, headline TEXT, text TEXT)"
        )
        connection.execute("INSERT INTO articles VALUES (1, 'A', 'b')")
    get = getter(tmp_path / "other.db")
    for path in ("/", "/other", "/other/articles", "/other/articles/1"):
        response = get(path)
        assert response.status_code == 200
        assert "dateline" not in response.text.lower()
    assert "content-security-policy" not in get("/").headers
    assert (
        get("/other.json", params={"sql": "select printf('x')"}, follow_redirects=True).status_code
        == 200
    )


def test_an_archive_may_be_called_anything(folder: Path) -> None:
    (folder / "archive.db").rename(folder / "spring 2024.db")
    get = getter(folder / "spring 2024.db")
    pages = re.findall(r'<a href="([^"]+/articles/1)"', get("/").text)
    assert "<h1>Ferry crews strike</h1>" in get(pages[0]).text


def test_what_a_users_own_metadata_says_wins(folder: Path) -> None:
    get = getter(
        folder / "archive.db",
        metadata={
            "title": "Our desk",
            "databases": {"archive": {"tables": {"articles": {"description": "Mine."}}}},
        },
    )
    assert "Our desk" in get("/").text
    assert "Mine." in get("/archive/articles").text
    assert "Our desk" not in str(configuration("0.65.5"))


def test_every_table_of_the_schema_is_described() -> None:
    tables = set(re.findall(r"^CREATE TABLE (\w+)", FIRST_TABLES, re.MULTILINE)) - {"checks"}
    assert set(table_descriptions()) >= tables | {"fetches", "revisions"}
    assert "UTC" in table_descriptions()["articles"]["columns"]["published_at"]


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
    assert registered_domain_of(address) == domain


# -- the pages that are made to be read ------------------------------------------------------------


def foreign_scripts(page: str) -> list[str]:
    """The scripts of a page but our own files, and data for reference managers, which no browser
    runs."""
    own = re.compile(r'type="application/ld\+json"|src="/-/static-plugins/dateline/\w+\.js\?\w+"')
    return [script for script in re.findall("<script[^>]*>", page) if not own.search(script)]


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_landmarks_a_heading_and_a_strict_policy(reading: Get, path: str) -> None:
    response = reading(path)
    assert response.status_code == 200
    for part in (
        '<html lang="en">',
        '<main id="main"',
        "<nav",
        'role="search"',
        'href="#main"',
        "<footer",
    ):
        assert part in response.text, part
    assert len(re.findall("<h1", response.text)) == 1
    assert foreign_scripts(response.text) == []
    assert "style=" not in response.text
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")


@pytest.mark.parametrize(
    ("path", "table"),
    [
        *((path, "articles") for path in PAGES),
        ("/archive/articles/1", "stories"),
        ("/archive/-/search", "stories"),
    ],
)
def test_no_page_is_made_for_who_may_not_see_what_it_is_made_of(
    folder: Path, path: str, table: str
) -> None:
    closed = {"databases": {"archive": {"tables": {table: {"allow": False}}}}}
    option = {"metadata": closed} if VERSION_0 else {"config": closed}
    assert getter(furnish(folder) / "archive.db", **option)(path).status_code == 403


def test_the_list_of_outlets_says_its_order_and_links_to_the_others(reading: Get) -> None:
    page = reading("/archive/-/outlets?sort=newest").text
    assert '<th scope="col" aria-sort="descending">Newest' in page
    assert '<a href="?sort=name">Outlet</a>' in page
    assert "aria-sort" in reading("/archive/-/outlets?sort=%27%3B--").text


def test_the_page_of_an_outlet_links_to_its_feeds_and_says_where_nothing_was_changed(
    reading: Get,
) -> None:
    page = reading("/archive/-/outlet/ridge.example").text
    source = page[page.index('id="failures"') :]
    assert '<span class="address"><a class="dateline-out" href="https://ridge.' in source
    silent = reading("/archive/-/outlet/silent.example").text
    assert "None of its articles was changed after publication" in silent


@pytest.mark.parametrize(
    "path",
    [
        "/archive/-/story/other",
        "/archive/-/story/other.atom",
        f"/archive/-/story/{STORY}.pdf",
        "/archive/-/outlet/no.example",
        "/archive/articles/1/beside/99",
        "/archive/articles/1/beside/1",
        "/other/-/home",
    ],
)
def test_a_page_that_there_is_not_is_not_found(reading: Get, path: str) -> None:
    assert reading(path).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "99999999", "x", "٣"])
def test_a_page_number_that_is_none_shows_a_page_there_is(reading: Get, page: str) -> None:
    assert "Talks on Thursday fail" in reading(f"/archive/-/story/{STORY}?page={page}").text


def test_only_web_addresses_become_links_on_an_articles_page(reading: Get) -> None:
    assert "javascript:alert(1)" in reading("/archive/articles/6").text
    assert 'href="javascript:' not in reading("/archive/articles/6").text


def test_a_story_comes_as_a_feed_a_table_and_a_dossier(reading: Get) -> None:
    kinds = {"atom": "application/atom+xml", "csv": "text/csv", "txt": "text/plain", "md": "text/markdown",
             "json": "application/json", "html": "text/html"}  # fmt: skip
    for form, kind in kinds.items():
        response = reading(f"/archive/-/story/{STORY}.{form}")
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(kind)
        saved = "attachment" in response.headers.get("content-disposition", "")
        assert saved == (form not in ("atom", "json")), form
        assert "<script>alert(" not in response.text or form in ("txt", "json", "csv"), form


def test_a_table_of_a_story_is_safe_in_a_spreadsheet(folder: Path) -> None:
    with sqlite3.connect(furnish(folder) / "archive.db") as connection:
        connection.execute("UPDATE articles SET headline = '=1+1' WHERE id = 8")
    text = getter(folder / "archive.db")(f"/archive/-/story/{STORY}.csv").text
    assert text.startswith("\ufeffpublished_at,outlet,headline")
    assert ",'=1+1," in text
    assert len(text.splitlines()) == 5


def test_a_feed_names_its_own_address(reading: Get) -> None:
    text = reading(f"/archive/-/story/{STORY}.atom").text
    assert (
        f'rel="self" type="application/atom+xml" href="http://localhost/archive/-/story/{STORY}.atom"'
        in text
    )


def test_a_story_whose_name_is_of_another_script_has_its_page(folder: Path) -> None:
    with sqlite3.connect(furnish(folder) / "archive.db") as connection:
        connection.execute("UPDATE stories SET name = '首相'")
    get = getter(folder / "archive.db")
    paths = set(re.findall(r'href="(/archive/-/story/[^"]+)"', get("/archive/-/stories").text))
    assert len(paths) == 4
    assert {get(path).status_code for path in paths} == {200}


# -- a person's word -------------------------------------------------------------------------------


def judged(folder: Path) -> list[tuple[int, str | None]]:
    with sqlite3.connect(folder / "archive.db") as connection:
        return connection.execute(
            "SELECT article_id, verdict FROM story_articles ORDER BY article_id"
        ).fetchall()


def say(
    folder: Path,
    word: str,
    actor: str | None,
    article: str = "8",
    root: bool = False,
    **settings: Any,
) -> Any:
    """Send the form of a verdict as a browser does."""
    datasette = Datasette([str(folder / "archive.db")], **settings)
    if root and hasattr(datasette, "root_enabled"):
        datasette.root_enabled = True

    async def ask() -> Any:
        cookies = {"ds_actor": datasette.sign({"a": {"id": actor}}, "actor")} if actor else {}
        path = f"/archive/-/story/{STORY}"
        page = await datasette.client.get(path, cookies=cookies)
        token = re.search(r'name="csrftoken" value="([^"]*)"', page.text)
        cookies |= (
            {"ds_csrftoken": page.cookies["ds_csrftoken"]} if "ds_csrftoken" in page.cookies else {}
        )
        form = {"article": article, "word": word, "csrftoken": token[1] if token else ""}
        headers = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
        return page, await datasette.client.post(
            f"{path}/verdict", data=form, cookies=cookies, headers=headers
        )

    return asyncio.run(ask())


def test_who_may_write_says_what_belongs(folder: Path) -> None:
    page, answer = say(furnish(folder), "not", "root", root=True)
    assert 'value="not"' in page.text
    assert (answer.status_code, answer.headers["location"]) == (
        302,
        f"/archive/-/story/{STORY}?judged=8&was=unsaid&waits=1#article-8",
    )
    assert (8, "not") in judged(folder)


def test_a_stranger_sees_no_button_and_writes_nothing(folder: Path) -> None:
    for actor in (None, "mara"):
        page, answer = say(furnish(folder) if actor is None else folder, "not", actor)
        assert '<button class="plain" name="word"' not in page.text
        assert answer.status_code == 403
    assert (8, None) in judged(folder)


def test_a_named_person_may_write_as_datasettes_configuration_says(folder: Path) -> None:
    if VERSION_0:
        settings: Any = {"metadata": {"plugins": {"dateline": {"verdict": {"id": "mara"}}}}}
    else:
        settings = {"config": {"permissions": {"dateline-verdict": {"id": "mara"}}}}
    _, answer = say(furnish(folder), "belongs", "mara", **settings)
    assert answer.status_code == 302
    assert (8, "belongs") in judged(folder)


def test_nobody_writes_into_an_archive_that_was_opened_as_immutable(folder: Path) -> None:
    furnish(folder)
    datasette = Datasette([], immutables=[str(folder / "archive.db")])

    async def ask() -> Any:
        cookies = {"ds_actor": datasette.sign({"a": {"id": "root"}}, "actor")}
        return await datasette.client.get(f"/archive/-/story/{STORY}", cookies=cookies)

    page = asyncio.run(ask())
    assert page.status_code == 200
    assert "/verdict" not in page.text


@pytest.mark.parametrize(
    ("word", "article"), [("maybe", "8"), ("not", "99"), ("not", "x"), ("not", "")]
)
def test_a_verdict_that_cannot_be_meant_is_refused_on_the_page_of_the_story(
    folder: Path, word: str, article: str
) -> None:
    _, answer = say(furnish(folder), word, "root", article, root=True)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"/archive/-/story/{STORY}"
    assert "ds_messages" in answer.cookies
    assert (8, None) in judged(folder)


# -- events, changes, copies, attention ------------------------------------------------------------


@pytest.fixture
def room_get(folder: Path) -> Get:
    return getter(furnish(folder) / "archive.db")


def test_lists_of_findings_are_had_as_csv_and_json(room_get: Get) -> None:
    for name, column, values in (
        ("events", "first_outlet", ["harbour.example"]),
        ("changes", "number", [2, 3, 2]),
        ("copies", "copied_by", [["ridge.example"]]),
    ):
        rows = room_get(f"/archive/-/{name}.json?days=all").json()[name]
        assert [row[column] for row in rows] == values
        written = room_get(f"/archive/-/{name}.csv?days=all")
        assert written.headers["content-type"] == "text/csv; charset=utf-8"
        header, *lines = written.text.lstrip("\ufeff").splitlines()
        assert column in header.split(",")
        assert len(lines) == len(values)


def test_an_event_and_attention_are_had_as_csv_and_json(room_get: Get) -> None:
    articles = room_get("/archive/-/event/1.json").json()["articles"]
    assert [row["id"] for row in articles] == [2, 1, 7, 8]
    days = room_get("/archive/-/attention.csv?words=ferry").text.splitlines()
    assert days[0].endswith("day,articles,of,share")
    assert "2024-02-15,3,3,1.0" in days


def test_a_list_without_rows_is_a_file_with_a_header(room_get: Get) -> None:
    for name in ("events.csv?outlets=9", "changes.csv?kind=gone", "copies.csv?outlets=9"):
        text = room_get(f"/archive/-/{name}").text
        assert len(text.splitlines()) == 1
        assert "," in text


def test_the_number_of_an_article_leads_to_its_event_and_an_unknown_one_nowhere(
    room_get: Get,
) -> None:
    moved = room_get("/archive/-/event/8")
    assert (moved.status_code, moved.headers["location"]) == (302, "/archive/-/event/1")
    for path in ("event/3", "event/99", "event/99.json", "event/x", "events.txt"):
        assert room_get(f"/archive/-/{path}").status_code == 404


def test_what_outlets_wrote_is_text_on_the_pages_of_findings(room_get: Get) -> None:
    for path in ("event/1", "changes", "copies?days=all", "attention?story=harbour-strike"):
        assert foreign_scripts(room_get(f"/archive/-/{path}").text) == []


def test_nonsense_in_a_filter_is_no_error(room_get: Get) -> None:
    for path in (
        "events?days=-1&outlets=x&language=%27",
        "changes?kind=all&day=soon&since=%27&outlet=nobody.example",
        "copies?days=99999&outlet=%27&outlets=1e9",
        "attention?since=x&until=9999-99-99&event=x",
        "attention?since=0001-01-01&until=9999-12-31",
        "attention?story=none",
        "event/1?outlet=x&page=99",
    ):
        assert room_get(f"/archive/-/{path}").status_code == 200, path
