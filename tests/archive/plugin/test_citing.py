"""Citing from the pages: metadata, files, permanent links; and where a verdict leads back to."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import closing
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from datasette.app import Datasette
from lxml import html

from archive.plugin.actions.verdict_routes import view_of_query
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import PAGE, fill
from tests.archive.room import FIRST_DIGEST, STORY, furnish
from tests.archive.served import Get, configured, shared_getter

DIGEST = sha256(PAGE).hexdigest()
ARTICLE = "/archive/articles/1"


@pytest.fixture
def archive(furnished_archive: Path) -> Path:
    return furnished_archive / "archive.db"


@cache
def server_of(archive: Path, public: bool) -> Get:
    return shared_getter(archive, **configured({"plugins": {"dateline": {"public": public}}}))


def respond(archive: Path, path: str, public: bool = False) -> Any:
    """The response to a request; redirects are not followed."""
    return server_of(archive, public)(path)


@pytest.mark.parametrize("public", [False, True])
def test_an_article_holds_what_reference_managers_look_for(archive: Path, public: bool) -> None:
    page = html.fromstring(respond(archive, ARTICLE, public).text)
    meta = [(each.get("name"), each.get("content")) for each in page.xpath("//head/meta[@name]")]
    assert ("citation_title", "Ferry crews strike") in meta
    assert ("citation_author", "Reed, Jo") in meta
    assert ("citation_public_url", "https://harbour.example/news/1") in meta
    [coins] = page.xpath("//span[@class='Z3988']/@title")
    assert parse_qs(coins)["rft.source"] == ["The Harbour Post"]
    [data] = page.xpath("//script[@type='application/ld+json']/text()")
    assert json.loads(data)["archivedAt"].endswith(f"{ARTICLE}/capture/{DIGEST}")
    assert "Mara Lind and Jo Reed (AP), “Ferry crews strike”" in page.text_content()


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize(
    ("path", "content_type", "part"),
    [
        (f"{ARTICLE}/cite.bib", "application/x-bibtex", "author = {Lind, Mara and Reed, Jo}"),
        (f"{ARTICLE}/cite.ris", "application/x-research-info-systems", "AU  - Lind, Mara"),
        (f"{ARTICLE}/cite.csl.json", "application/vnd.citationstyles.csl+json", '"family": "Lind"'),
        (f"{ARTICLE}/cite.txt", "text/plain", "Mara Lind and Jo Reed (AP)"),
        (f"/archive/-/story/{STORY}.bib", "application/x-bibtex", "@article{lind2024-1"),
        (f"/archive/-/story/{STORY}.ris", "application/x-research-info-systems", "TY  - NEWS"),
        (f"/archive/-/story/{STORY}.csl.json", "application/vnd.citationstyles.csl+json", "Talks"),
    ],
)
def test_citations_are_files_that_hold_the_permanent_link(
    archive: Path, path: str, content_type: str, part: str, public: bool
) -> None:
    response = respond(archive, path, public)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(content_type)
    assert "sandbox" in response.headers["content-security-policy"]
    assert f"{ARTICLE}/capture/{DIGEST}" in response.text
    assert part in response.text


@pytest.mark.parametrize(
    "path",
    ["/archive/articles/99/cite.bib", "/archive/-/story/nothing.bib", f"{ARTICLE}/cite.doc",
     f"/archive/-/capture/{'0' * 64}", f"{ARTICLE}/capture/{'0' * 64}"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(archive: Path, path: str) -> None:
    assert respond(archive, path).status_code == 404


@pytest.mark.parametrize("public", [False, True])
def test_a_digest_alone_leads_to_the_article_as_archived_then(archive: Path, public: bool) -> None:
    response = respond(archive, f"/archive/-/capture/{FIRST_DIGEST.upper()}", public)
    path = f"/archive/articles/8/capture/{FIRST_DIGEST}"
    assert (response.status_code, response.headers["location"]) == (302, path)
    text = " ".join(html.fromstring(respond(archive, path, public).text).text_content().split())
    assert "It was changed since: 2 changes, the last with a correction" in text
    assert "meet again on Monday" in text
    unchanged = respond(archive, f"{ARTICLE}/capture/{DIGEST}", public).text
    assert ("download</a>" in unchanged) is not public


def test_a_verdict_leads_back_to_the_filters_and_nothing_else() -> None:
    view = "?outlet=ridge.example&page=3&judged=4&was=not&next=https://x.example/&only=changed"
    assert view_of_query(view) == {"outlet": "ridge.example", "page": "3", "only": "changed"}
    assert view_of_query("") == {}


def test_a_verdict_keeps_the_readers_filters_and_place(folder: Path) -> None:
    file = furnish(folder) / "archive.db"
    datasette = Datasette([str(file)])
    if hasattr(datasette, "root_enabled"):
        datasette.root_enabled = True

    async def judge(place: str) -> Any:
        cookies = {"ds_actor": datasette.sign({"a": {"id": "root"}}, "actor")}
        path = f"/archive/-/story/{STORY}"
        page = await datasette.client.get(f"{path}?outlet=ridge.example", cookies=cookies)
        token = re.search(r'name="csrftoken" value="([^"]*)"', page.text)
        if "ds_csrftoken" in page.cookies:
            cookies["ds_csrftoken"] = page.cookies["ds_csrftoken"]
        [view] = {
            each.get("value") for each in html.fromstring(page.text).xpath("//input[@name='view']")
        }
        form = {"article": "4", "word": "belongs", "view": view, "place": place}
        form |= {"csrftoken": token[1]} if token else {}
        headers = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
        response = await datasette.client.post(
            f"{path}/verdict", data=form, cookies=cookies, headers=headers
        )
        return await datasette.client.get(response.headers["location"], cookies=cookies), response

    page, response = asyncio.run(judge("perhaps-4"))
    where = urlsplit(response.headers["location"])
    assert where.fragment == "perhaps-4"
    assert parse_qs(where.query) == {
        "outlet": ["ridge.example"],
        "judged": ["4"],
        "was": ["unsaid"],
        "waits": ["1"],
    }
    said = " ".join(html.fromstring(page.text).xpath("//*[@id='judged']")[0].text_content().split())
    assert said.startswith("Saved: Bread dearer in Zürich belongs. The next crawl updates")
    _, elsewhere = asyncio.run(judge("//x.example"))
    assert urlsplit(elsewhere.headers["location"]).fragment == "article-4"


@pytest.mark.parametrize("public", [False, True])
def test_an_article_says_to_which_file_its_page_was_moved_but_not_to_the_public(
    tmp_path: Path, public: bool
) -> None:
    with closing(open_database(fill(tmp_path) / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute("INSERT INTO warc_files VALUES (1, '/cold/pages.warc.gz', '', 1, 1, '')")
        db.execute("INSERT INTO moved_pages VALUES (?, 1)", [DIGEST])
    page = html.fromstring(respond(tmp_path / "archive.db", ARTICLE, public).text).text_content()
    assert ("moved to the file /cold/pages.warc.gz" in page) is not public
    assert ("/cold" in page) is not public


@pytest.mark.parametrize("public", [False, True])
def test_an_article_links_its_snapshot_at_another_archive_and_says_in_private_what_failed(
    tmp_path: Path, public: bool
) -> None:
    snapshot = "https://keeper.example/web/20240301120501/https://harbour.example/news/1"
    with closing(open_database(fill(tmp_path) / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute(
            """INSERT INTO deposits (article_id, service, url, state, snapshot_url, snapshot_at)
            VALUES (1, 'wayback', '', 'done', ?, '2024-03-01T12:05:01Z')""",
            [snapshot],
        )
        db.execute(
            """INSERT INTO deposits (article_id, service, url, state, error, retry_at)
            VALUES (1, 'other', '', 'waiting', 'said: <b>Timeout', '2024-03-02T12:00:00Z')"""
        )
    page = html.fromstring(respond(tmp_path / "archive.db", ARTICLE, public).text)
    assert snapshot in page.xpath("//dd/a/@href")
    text = " ".join(page.text_content().split())
    assert "1 Mar 2024, 12:05 UTC: keeper.example/web/" in text
    waits = "at other: waits said: <b>Timeout; tried again from 2 Mar 2024, 12:00 UTC on"
    assert (waits in text) is not public
