"""Tables, rows, SQL, questions and errors in the frame of the archive's own pages."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from archive.plugin.answer_pages import MAX_SHOWN_ROWS
from archive.plugin.error_pages import problem_of
from archive.plugin.metadata import QUESTION_GROUPS, canned_queries
from tests.archive.room import STORY
from tests.archive.served import PATIENT_SETTINGS, VERSION_0, Get, configured, getter_of

SQL_PAGE = "/archive" if VERSION_0 else "/archive/-/query"
FRAMED = (
    "/archive",
    "/archive/coverage",
    "/archive/articles?_facet=language&_sort=id",
    "/archive/outlets/1",
    "/archive/stories/1",
    "/archive/newest",
    "/archive/coverage_by_day?words=ferry",
    f"{SQL_PAGE}?sql=select+1+as+one",
    f"{SQL_PAGE}?sql=selec",
    "/archive/nothing",
    "/archive/articles/999",
    "/archive/-/events-of-another-world",
    "/nothing",
    "/-/allow-debug",
    "/-/logout",
)


def opened_archive_server(folder: Path, **told: Any) -> Datasette:
    """A Datasette on the furnished archive of a folder."""
    return Datasette([str(folder / "archive.db")], settings=PATIENT_SETTINGS, **configured(told))


@pytest.fixture(scope="module")
def framed(furnished_archive: Path) -> Path:
    return furnished_archive


@pytest.fixture(scope="module")
def server(framed: Path) -> Datasette:
    return opened_archive_server(framed)


@pytest.fixture(scope="module")
def get(server: Datasette) -> Get:
    return getter_of(server)


@pytest.mark.parametrize("path", FRAMED)
def test_every_page_has_the_navigation_the_search_and_one_heading(
    server: Datasette, path: str
) -> None:
    cookies = {"ds_actor": server.sign({"a": {"id": "root"}}, "actor")}
    page = getter_of(server)(path, cookies=cookies, follow_redirects=True).text
    assert '<nav aria-label="Archive">' in page
    assert 'role="search"' in page
    assert len(re.findall("<h1", page)) == 1
    assert 'href="#main"' in page
    assert '<meta name="color-scheme" content="light dark">' in page


def test_every_link_of_the_header_leads_to_a_page(get: Get) -> None:
    header = get("/").text.partition('<nav aria-label="Archive">')[2].partition("</nav>")[0]
    links = re.findall(r'href="([^"]+)"', header)
    assert len(links) >= 4
    assert [get(link).status_code for link in links] == [200] * len(links)


# -- questions -------------------------------------------------------------------------------------


def test_each_question_is_listed_once_under_one_of_the_groups(get: Get) -> None:
    page = get("/archive/-/questions").text
    for heading in QUESTION_GROUPS.values():
        assert f">{heading}</h2>" in page
    for name in canned_queries():
        assert page.count(f'href="/archive/{name}"') == 1, name


def test_the_page_of_sql_lists_tables_with_their_sentences_and_no_question_twice(get: Get) -> None:
    page = get("/archive").text
    assert "Duplicates are kept too" in page
    assert 'href="/archive/newest"' not in page


def test_a_question_has_fields_of_the_kind_of_its_parameters(get: Get) -> None:
    assert (
        '<input type="date" name="since" value="2024-02-01">'
        in get("/archive/largest_events?since=2024-02-01").text
    )
    by_outlet = get("/archive/by_outlet?outlet=ridge.example").text
    assert re.search(r'name="outlet" value="ridge.example" list="options-1"', by_outlet)
    assert '<option value="harbour.example">' in by_outlet


def test_an_answer_has_headings_in_words_links_and_dates_in_words(get: Get) -> None:
    page = get("/archive/newest").text
    assert '<th scope="col">Published</th>' in page
    assert re.search(r'<a class="dateline-article"[^>]* href="/archive/articles/1">', page)
    assert '<a href="/archive/-/outlet/harbour.example"><bdi>harbour.example</bdi></a>' in page
    assert ">15 Feb 2024, 10:30 UTC</time>" in page
    assert "Article</th>" not in page


def test_an_answer_that_is_a_series_or_a_ranking_has_a_chart(get: Get) -> None:
    assert '<figure class="answer-chart">' in get("/archive/coverage_by_day").text
    assert '<ol class="ranking">' in get("/archive/all_outlets").text
    assert '<figure class="answer-chart">' not in get("/archive/newest").text


def test_an_answer_comes_as_csv_and_json_too(get: Get) -> None:
    exports = get("/archive/coverage_by_day?words=ferry").text.partition('class="inline exports"')[
        2
    ]
    links = re.findall(r'href="([^"]+)">(CSV|JSON)<', exports)
    assert [name for _, name in links] == ["CSV", "JSON"]
    for link, _ in links:
        assert get(link.replace("&amp;", "&")).status_code == 200


# -- SQL -------------------------------------------------------------------------------------------


def test_sql_that_fails_stays_in_its_editor_below_one_line_that_says_why(get: Get) -> None:
    for sql, reason in (
        ("select nope from articles", "no such column: nope"),
        ("drop table articles", "Statement must be a SELECT"),
        ("select load_extension('x')", "not authorized to use function: load_extension"),
    ):
        answer = get(SQL_PAGE, params={"sql": sql})
        assert re.search(rf'role="alert">[^<]*{re.escape(reason)}', answer.text), sql
        editor = answer.text.partition('id="sql-editor"')[2].partition("</textarea>")[0]
        assert sql.replace("'", "&#39;") in editor, sql


def test_sql_that_takes_too_long_says_so_in_one_line_and_stays_in_the_editor(framed: Path) -> None:
    datasette = Datasette([str(framed / "archive.db")], settings={"sql_time_limit_ms": 400})
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select sum(x) from n"
    answer = getter_of(datasette)(SQL_PAGE, params={"sql": endless})
    assert answer.status_code == 400
    assert "longer than the 400 ms" in answer.text
    assert endless in answer.text


def test_the_names_of_tables_and_columns_stand_beside_the_editor(get: Get) -> None:
    names = get("/archive").text.partition('class="sql-names"')[2].partition("</aside>")[0]
    assert "<code>articles</code>" in names
    assert "<code>published_at</code>" in names


def test_parameters_of_a_visitors_sql_are_fields(get: Get) -> None:
    page = get(
        SQL_PAGE, params={"sql": "select :since as since, :other as other", "since": "x"}
    ).text
    assert '<input type="date" name="since" value="x">' in page
    assert '<input type="text" name="other" value="">' in page


def test_a_long_answer_shows_its_first_rows_and_a_link_to_all(get: Get) -> None:
    numbers = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 150) select x from n"
    page = get(SQL_PAGE, params={"sql": numbers}).text
    assert page.count("<tr>") == MAX_SHOWN_ROWS + 1
    (link,) = re.findall(r'href="([^"]+_rows=all)"', page)
    assert get(link.replace("&amp;", "&")).text.count("<tr>") == 151


# -- tables and rows -------------------------------------------------------------------------------


def test_a_table_has_filters_exports_and_the_long_columns_only_on_demand(get: Get) -> None:
    page = get("/archive/articles").text
    assert 'class="of-headline"' in page
    assert 'class="of-bigrams"' not in page
    assert 'class="of-digest"' in get("/archive/articles?_col=digest").text
    for part in ('name="_filter_column"', ">CSV</a>", ">JSON</a>", 'name="_sort"'):
        assert part in page, part


def test_a_filter_of_a_table_is_shown_and_can_be_removed(get: Get) -> None:
    page = get("/archive/coverage?outlet__exact=ridge.example").text
    assert 'name="_filter_value_1" value="ridge.example"' in page
    assert re.search(r'role="status">\d+ rows? where outlet = ', page)


def test_rows_of_outlets_and_stories_lead_to_their_pages(get: Get) -> None:
    assert 'href="/archive/-/outlet/harbour.example"' in get("/archive/outlets/1").text
    assert f'href="/archive/-/story/{STORY}"' in get("/archive/stories/1").text
    assert '<a href="/archive/-/outlet/harbour.example">' in get("/archive/articles").text


def test_the_number_of_an_event_leads_to_its_page_wherever_it_stands(get: Get) -> None:
    link = '<a href="/archive/-/event/1"><bdi>1</bdi></a>'
    tables = ("events", "events/1", "event_articles", "event_coverage")
    missing = [path for path in tables if link not in get(f"/archive/{path}").text]
    assert missing == []


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/archive/articles/999", "There is no article 999 in this archive"),
        ("/archive/-/story/none", "There is no story none in this archive"),
        ("/archive/-/outlet/no.example", "There is no outlet no.example in this archive"),
        ("/archive/nothing", "Nothing is at /archive/nothing"),
        ("/archive/-/%3Cscript%3E", "Nothing is at /archive/-/&lt;script&gt;"),
    ],
)
def test_a_missing_page_says_what_is_missing_and_offers_the_newest(
    get: Get, path: str, sentence: str
) -> None:
    answer = get(path, follow_redirects=True)
    assert answer.status_code == 404
    assert sentence in answer.text
    assert "Newest coverage</h2>" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_an_error_is_json_for_whoever_asks_for_json(get: Get) -> None:
    for path, status in (("/archive/nothing.json", 404), ("/archive/articles.json?_sort=no", 400)):
        answer = get(path)
        assert answer.status_code == status
        assert answer.json()["ok"] is False
        assert answer.json()["status"] == status


def test_a_failure_of_the_server_tells_nothing_of_the_machine() -> None:
    problem = problem_of(RuntimeError("/home/mara/archive.db"), "/", 1000)
    assert problem.status == 500
    assert "mara" not in problem.heading + problem.message


def test_a_failing_page_still_has_its_navigation(
    framed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("archive.plugin.routes.home_page_data", fail)
    answer = getter_of(opened_archive_server(framed))("/")
    assert answer.status_code == 500
    assert '<nav aria-label="Archive">' in answer.text
    assert "secret" not in answer.text
    assert "x-dateline-cleared" not in answer.headers


def test_who_may_not_see_a_page_is_told_so_in_the_frame(framed: Path) -> None:
    datasette = opened_archive_server(
        framed, databases={"archive": {"tables": {"outlets": {"allow": {"id": "mara"}}}}}
    )
    answer = getter_of(datasette)("/archive/outlets")
    assert answer.status_code == 403
    assert "You may not see this page" in answer.text


# -- who publishes ---------------------------------------------------------------------------------


def test_the_foot_of_each_page_names_who_publishes_and_where_to_ask(framed: Path) -> None:
    settings = {"publisher": "Harbour Watch", "about": "Ferries only.", "contact": "desk@a.example"}
    get = getter_of(
        opened_archive_server(framed, plugins={"dateline": {"public": True} | settings})
    )
    for path in ("/", "/archive/newest", "/nothing"):
        page = get(path).text
        for part in ("Harbour Watch", "Ferries only.", 'href="mailto:desk@a.example"'):
            assert part in page, (path, part)
        assert ">SQL<" not in page, path


def test_a_contact_that_is_no_address_is_shown_as_text(framed: Path) -> None:
    settings = {"contact": "javascript:alert(1)"}
    page = getter_of(opened_archive_server(framed, plugins={"dateline": settings}))("/").text
    assert "javascript:alert(1)" in page
    assert 'href="javascript:' not in page


def test_links_to_debugging_tools_are_behind_admin_and_for_root_alone(framed: Path) -> None:
    datasette = opened_archive_server(framed)
    assert 'class="admin"' not in getter_of(datasette)("/archive/coverage").text
    if hasattr(datasette, "root_enabled"):
        datasette.root_enabled = True
    cookies = {"ds_actor": datasette.sign({"a": {"id": "root"}}, "actor")}
    page = getter_of(datasette)("/archive/coverage", cookies=cookies).text
    assert page.partition('<details class="admin">')[2].count('href="/-/') > 3
    before = page.partition('<details class="admin">')[0]
    assert not re.search(r'<a [^>]*href="/-/', before)
