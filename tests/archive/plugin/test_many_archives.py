"""Several archives in one Datasette: one site, whose pages lead to those of each archive."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from datasette.app import Datasette
from datasette.views.base import DatasetteError

from archive.plugin.guards.permissions import archive_file
from archive.plugin.guards.read_pool import PageReaders
from tests.archive.room import STORY
from tests.archive.served import VERSION_0, Get, configured, getter, reader_of
from tests.archive.several import MARCH_STORY, NAMES, linked_files, make_several
from tests.patience import patient

COMBINED_PAGES = (
    "/",
    "/-/all/search",
    "/-/all/search?words=ferry",
    "/-/all/search?words=union+shifts",
    "/-/all/stories",
    "/-/all/outlets",
    "/-/all/outlets?sort=name",
    "/-/all/events?days=all",
    "/-/all/changes",
    "/-/all/copies?days=all",
    "/-/all/attention?since=2024-02-01&until=2024-03-31",
    "/-/all/attention?words=ferry&since=2024-02-01&until=2024-03-31&show=share",
    "/-/all/questions",
    "/-/all/question/by_outlet",
)
COMBINED_FILES = (
    "/-/all/search.csv?words=ferry",
    "/-/all/search.json?words=ferry",
    "/-/all/search.atom?words=ferry",
    "/-/all/events.csv?days=all",
    "/-/all/events.atom?days=all",
    "/-/all/changes.json",
    "/-/all/changes.atom",
    "/-/all/copies.csv?days=all",
    "/-/all/copies.atom?days=all",
    "/-/all/question/newest.csv",
    "/-/all/question/newest.json",
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The archives under the names of their folders."""
    folders = make_several(tmp_path_factory.mktemp("several"))
    return linked_files(folders, tmp_path_factory.mktemp("links"))


@pytest.fixture(scope="module")
def get(files: list[Path]) -> Get:
    return getter(*files)


def links_of(text: str) -> set[str]:
    found = re.findall(r'href="(/[^"#]*)', text)
    return {link.replace("&amp;", "&") for link in found}


def header_of(text: str) -> str:
    return text[text.index("<header") : text.index("<main")]


def test_the_front_page_is_about_all_archives(get: Get) -> None:
    text = get("/").text
    for headline in ("Ferry crews strike", "Ferry wages rise"):
        assert headline in text
    for name in NAMES:
        assert f"<bdi>{name}</bdi>" in text
    assert "Search 17 articles of 5 outlets" in text


@pytest.mark.slow
def test_every_link_of_the_combined_pages_leads_to_a_page(get: Get) -> None:
    links: set[str] = set()
    for path in COMBINED_PAGES:
        page = get(path)
        assert page.status_code == 200, path
        links |= links_of(page.text)
    assert len(links) > 50
    assert {link.split("/")[1] for link in links} >= set(NAMES)
    answers = {link: get(link, follow_redirects=True).status_code for link in sorted(links)}
    assert {link: status for link, status in answers.items() if status != 200} == {}


def test_a_hit_leads_to_the_article_in_its_own_archive_and_to_the_other_copy(get: Get) -> None:
    text = get("/-/all/search?words=union+shifts").text
    assert 'href="/2024-02/articles/1"' in text
    assert re.search(r'also in archive <a href="/desk/articles/1">', text)
    assert "Ferry crews strike" in get("/desk/articles/1").text


def test_a_facet_leads_to_the_same_search_in_one_archive(get: Get) -> None:
    text = get("/-/all/search?words=ferry&since=2024").text
    (link,) = [link for link in links_of(text) if link.startswith("/2024-03/-/search?")]
    assert "words=ferry" in link
    assert "since=2024" in link
    assert "Ferry wages rise" in get(link).text


def test_the_page_of_an_article_links_all_archives_and_the_pages_of_its_own(get: Get) -> None:
    header = header_of(get("/2024-03/articles/11").text)
    for link in ("/", "/-/all/events", "/-/all/stories", "/2024-03/-/events", "/2024-03/-/home"):
        assert f'href="{link}"' in header
    assert 'action="/-/all/search"' in header
    assert 'aria-label="Archive 2024-03"' in header


def test_a_page_of_datasette_has_the_same_two_lines_of_links(get: Get) -> None:
    header = header_of(get("/2024-02/articles").text)
    assert 'href="/-/all/events"' in header
    assert 'href="/2024-02"' in header
    about_none = header_of(get("/-/versions").text)
    assert 'href="/-/all/events"' in about_none
    assert "one-archive" not in about_none


def test_one_archive_has_neither_the_combined_pages_nor_a_second_line_of_links(
    furnished_archive: Path,
) -> None:
    alone = reader_of(furnished_archive)
    for path in (*COMBINED_PAGES[1:], *COMBINED_FILES):
        assert alone(path).status_code == 404, path
    text = alone("/").text
    assert "/-/all" not in text
    assert "one-archive" not in text


def test_a_missing_page_is_told_of_in_the_frame_of_all_archives(get: Get) -> None:
    page = get("/-/all/nothing")
    assert page.status_code == 404
    assert 'href="/-/all/events"' in page.text


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", COMBINED_FILES)
def test_a_list_as_a_file_names_the_archives(get: Get, path: str) -> None:
    answer = get(path)
    assert answer.status_code == 200
    if ".csv" in path:
        rows: Any = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    elif ".json" in path:
        (rows,) = json.loads(answer.text).values()
    else:
        feed = ET.fromstring(answer.text)
        links = feed.findall(".//{*}entry/{*}link[@rel='alternate']")
        rows = [{"archive": link.attrib["href"].split("/")[3]} for link in links]
    assert rows
    assert {row["archive"] for row in rows} <= set(NAMES)


def test_articles_of_all_archives_are_counted_by_day_as_a_file(get: Get) -> None:
    answer = get("/-/all/attention.csv?words=ferry&since=2024-02-01&until=2024-03-31")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    days = {row["day"]: int(row["articles"]) for row in rows}
    assert days["2024-03-07"] > 0
    assert any(count for day, count in days.items() if day < "2024-03")


# -- questions -------------------------------------------------------------------------------------


def test_a_question_about_all_archives_is_answered_with_links_into_each(get: Get) -> None:
    assert 'href="/-/all/question/newest"' in get("/-/all/questions").text
    links = links_of(get("/-/all/question/newest").text)
    assert {"/2024-03/articles/11", "/2024-02/articles/1", "/2024-02/newest"} <= links


def test_the_newest_articles_of_all_archives_come_in_one_order(get: Get) -> None:
    (rows,) = json.loads(get("/-/all/question/newest.json").text).values()
    assert next(iter(rows[0])) == "archive"
    assert {row["archive"] for row in rows} == set(NAMES)
    days = [row["published_at"] or "" for row in rows]
    assert days == sorted(days, reverse=True)


def test_the_value_of_a_field_holds_for_all_archives(get: Get) -> None:
    path = "/-/all/question/by_outlet"
    (rows,) = json.loads(get(f"{path}.json?outlet=ridge.example").text).values()
    assert rows
    text = get(f"{path}?outlet=ridge.example").text
    assert 'value="ridge.example"' in text
    assert "/2024-03/by_outlet?outlet=ridge.example" in text


def test_an_unknown_question_is_not_found_and_an_impossible_one_says_why(get: Get) -> None:
    assert get("/-/all/question/nothing").status_code == 404
    page = get("/-/all/question/search?words=-x")
    assert page.status_code == 200
    assert 'role="alert"' in page.text


def test_a_question_that_a_visitor_may_not_ask_of_one_archive_is_put_to_the_others(
    files: list[Path],
) -> None:
    queries = {"queries": {"newest": {"sql": "select 1 as n", "allow": False}}}
    closed = configured({"databases": {"2024-03": queries}})
    stranger = getter(*files, **closed)
    (rows,) = json.loads(stranger("/-/all/question/newest.json").text).values()
    assert rows
    assert "2024-03" not in {row["archive"] for row in rows}


def test_a_feed_that_a_reader_has_already_is_not_sent_again(get: Get) -> None:
    path = "/-/all/search.atom?words=ferry"
    tag = get(path).headers["etag"]
    assert get(path, headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize("form", ["csv", "json", "atom"])
def test_an_impossible_search_as_a_file_is_the_readers_mistake(get: Get, form: str) -> None:
    assert get(f"/-/all/search.{form}?words=-x").status_code == 400


# -- who may see and change what -------------------------------------------------------------------


@pytest.fixture(scope="module")
def public(files: list[Path]) -> Get:
    options = configured({"plugins": {"dateline": {"public": True}}})
    immutables = [str(file) for file in files]
    return getter(immutables=immutables, settings={"default_allow_sql": False}, **options)


@pytest.mark.parametrize("path", [*COMBINED_PAGES, *COMBINED_FILES])
def test_strangers_see_what_is_about_all_archives_in_public_mode(public: Get, path: str) -> None:
    assert public(path).status_code == 200


def test_strangers_see_no_table_of_any_archive_in_public_mode(public: Get) -> None:
    for name in NAMES:
        assert public(f"/{name}/articles/1").status_code in (200, 404)
        assert public(f"/{name}/articles").status_code == 404
        assert public(f"/{name}?sql=select+1").status_code in (302, 404)
    assert "SQL" not in header_of(public("/2024-02/articles/1").text)


def test_an_archive_that_a_visitor_may_not_see_is_in_no_combined_page(files: list[Path]) -> None:
    closed = configured({"databases": {"2024-03": {"allow": {"id": "root"}}}})
    stranger = getter(*files, **closed)
    for path in (*COMBINED_PAGES, *COMBINED_FILES):
        answer = stranger(path)
        assert answer.status_code == 200
        assert "Ferry wages rise" not in answer.text
        assert MARCH_STORY not in answer.text
    assert STORY in stranger("/-/all/stories").text


def test_a_visitor_who_may_see_no_archive_gets_no_page(files: list[Path]) -> None:
    closed = configured({"databases": {name: {"allow": False} for name in NAMES}})
    assert getter(*files, **closed)("/-/all/search").status_code == 403


@pytest.fixture
def changeable(tmp_path: Path) -> list[Path]:
    folders = make_several(tmp_path)
    aside = tmp_path / "links"
    aside.mkdir()
    return linked_files(folders, aside)


@pytest.mark.slow
def test_a_note_goes_into_the_archive_of_its_page_alone(changeable: list[Path]) -> None:
    datasette = Datasette(
        [str(file) for file in changeable], settings={"sql_time_limit_ms": 10_000}
    )
    if not VERSION_0:
        datasette.root_enabled = True
    cookies = {"ds_actor": datasette.sign({"a": {"id": "root"}}, "actor")}

    def request(method: str, path: str, **options: Any) -> Any:
        async def ask() -> Any:
            return await getattr(datasette.client, method)(path, cookies=cookies, **options)

        answer = asyncio.run(ask())
        cookies.update(dict(answer.cookies))
        return answer

    for path in COMBINED_PAGES:
        text = request("get", path).text
        forms = re.findall(r'<form action="([^"]*)" method="post"', text)
        assert forms in ([], ["/-/logout"]), path
    page = request("get", "/desk/articles/1").text
    assert '<form action="/desk/-/note" method="post">' in page
    token = re.search(r'name="csrftoken" value="([^"]*)"', page)
    form = {"about": "article:1", "text": "Call them.", "csrftoken": token[1] if token else ""}
    headers = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
    assert request("post", "/desk/-/note", data=form, headers=headers).status_code == 302
    assert notes_by_archive(changeable) == {"2024-02": [], "2024-03": [], "desk": ["Call them."]}


def notes_by_archive(files: list[Path]) -> dict[str, list[str]]:
    found = {}
    for file in files:
        with sqlite3.connect(file) as connection:
            found[file.stem] = [row[0] for row in connection.execute("SELECT text FROM notes")]
    return found


# -- limits ----------------------------------------------------------------------------------------

ENDLESS_SQL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.mark.parametrize("slow", NAMES)
def test_a_page_about_all_archives_has_the_time_of_one_page_whichever_takes_it(
    files: list[Path], slow: str
) -> None:
    datasette = Datasette([str(file) for file in files], settings={"sql_time_limit_ms": 20})

    async def read() -> Any:
        def endless(connections: dict[str, sqlite3.Connection]) -> Any:
            return connections[slow].execute(ENDLESS_SQL).fetchone()

        readers = PageReaders().read_together(datasette, list(NAMES), endless)
        return await asyncio.wait_for(readers, patient(20))

    with pytest.raises(DatasetteError) as raised:
        asyncio.run(read())
    assert raised.value.status == 503


def test_the_time_of_a_page_is_for_all_archives_together(files: list[Path]) -> None:
    datasette = Datasette([str(file) for file in files], settings={"sql_time_limit_ms": 20})
    asked: list[str] = []

    async def read() -> Any:
        def work(connections: dict[str, sqlite3.Connection]) -> None:
            for name, connection in connections.items():
                asked.append(name)
                try:
                    connection.execute(ENDLESS_SQL).fetchone()
                except sqlite3.OperationalError:
                    if name == NAMES[-1]:
                        raise
                    with pytest.raises(sqlite3.OperationalError):  # the others have none left
                        connection.execute(ENDLESS_SQL).fetchone()

        return await PageReaders().read_together(datasette, list(NAMES), work)

    with pytest.raises(DatasetteError):
        asyncio.run(read())
    assert asked == list(NAMES)


def test_a_link_to_an_archive_leads_to_the_folder_with_its_captures(files: list[Path]) -> None:
    datasette = Datasette([str(file) for file in files])
    for name in NAMES:
        file = archive_file(datasette, name)
        assert (file.name, file.parent.name) == ("archive.db", name)
