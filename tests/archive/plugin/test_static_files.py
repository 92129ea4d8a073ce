"""Style sheets and scripts: compressed, and kept by browsers."""

from __future__ import annotations

import asyncio
import gzip
import re
import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from archive.plugin.static_files import (
    accepts_gzip,
    compress_page,
    read_static_file,
    static_file_version,
)
from tests.archive.conftest import fill
from tests.archive.room import STORY, furnish

SHEET = "/-/static-plugins/dateline/dateline.css"


@pytest.fixture(scope="module")
def datasette(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return Datasette([str(fill(tmp_path_factory.mktemp("archive")) / "archive.db")])


def get(datasette: Datasette, path: str, encoding: str = "gzip, deflate, br") -> Any:
    return asyncio.run(datasette.client.get(path, headers={"accept-encoding": encoding}))


def test_a_style_sheet_is_compressed_for_browsers_that_can_read_it(datasette: Datasette) -> None:
    plain = read_static_file("dateline.css").plain
    compressed, whole = get(datasette, SHEET), get(datasette, SHEET, "identity")
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in whole.headers
    assert compressed.content == whole.content == plain
    assert compressed.headers["vary"] == "accept-encoding"
    assert compressed.headers["content-type"] == "text/css; charset=utf-8"
    assert len(gzip.compress(plain, mtime=0)) * 3 < len(plain)


def test_a_file_is_kept_under_the_url_of_its_version_alone(datasette: Datasette) -> None:
    version = static_file_version("dateline.css")
    assert f"{SHEET}?{version}" in get(datasette, "/").text
    assert "immutable" in get(datasette, f"{SHEET}?{version}").headers["cache-control"]
    for other in (SHEET, f"{SHEET}?12345678"):
        assert get(datasette, other).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["no.css", "..%2f__init__.css", "queries.toml", "../metadata.js"])
def test_nothing_but_style_sheets_and_scripts_is_had(datasette: Datasette, name: str) -> None:
    assert get(datasette, f"/-/static-plugins/dateline/{name}").status_code == 404


def test_a_page_is_compressed_for_browsers_that_can_read_it(datasette: Datasette) -> None:
    stranger = get(datasette, "/")
    assert stranger.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in stranger.headers["vary"]
    assert "<h1" in stranger.text
    assert "content-encoding" not in get(datasette, "/", "identity").headers
    for path in ("/archive/newest.json", "/archive/newest.csv"):
        assert "content-encoding" not in get(datasette, path).headers


def test_the_length_of_a_compressed_page_with_secrets_says_nothing_of_its_content() -> None:
    page = b"<h1>Ferry crews strike</h1><input name=csrftoken value=4be1>" * 20
    hidden = [compress_page(page, hide_length=True) for _ in range(60)]
    assert {gzip.decompress(each) for each in hidden} == {page}
    lengths = {len(each) for each in hidden}
    assert len(lengths) > 20
    assert max(lengths) - min(lengths) < 100
    assert len({compress_page(page, hide_length=False) for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("accepted", "can_read"),
    [("gzip", True), ("br;q=1.0, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.000", False),
     ("", False), ("identity", False)],
)  # fmt: skip
def test_a_browser_says_whether_it_can_read_compressed_files(accepted: str, can_read: bool) -> None:
    assert accepts_gzip(accepted) == can_read


def signed_in(datasette: Datasette, path: str) -> Any:
    cookies = {"ds_actor": datasette.sign({"a": {"id": "root"}}, "actor")}

    async def ask() -> Any:
        return await datasette.client.get(path, cookies=cookies)

    return asyncio.run(ask())


MAX_FIRST_VISIT_BYTES = 60_000


def lengthen(folder: Path) -> None:
    """Give the story of the room 3,000 articles of 60 outlets in four languages, and 15 changes."""
    with sqlite3.connect(folder / "archive.db") as connection:
        for number in range(60):
            connection.execute(
                "INSERT INTO outlets (id, host, name, added_at) VALUES (?, ?, ?, '2024')",
                [100 + number, f"the-{number}-post.example", f"The Harbour Post of Town {number}"],
            )
        for number in range(3000):
            id, day = 1000 + number, date(2024, 1, 1) + timedelta(days=number // 20)
            fields = {
                "outlet_id": 100 + number % 60,
                "url": f"https://the-{number % 60}-post.example/news/2024/ferry-strike-{number}.html",
                "headline": f"Ferry crews and the harbour office meet for the {number}th time in vain",
                "published_at": f"{day}T{number % 24:02}:30:00Z",
                "language": ("en", "en", "es", "fr", "de")[number % 5],
            }
            connection.execute(
                """INSERT INTO articles (id, outlet_id, url, headline, published_at, language, text,
                fetched_at, word_count, fingerprint)
                VALUES (?, ?, ?, ?, ?, ?, 'Ferry crews wait.', '2024', 3, ?)""",
                [id, *fields.values(), id],
            )
            tier, probability = ("perhaps", 0.4) if number % 250 == 0 else ("sure", 0.9)
            connection.execute(
                """INSERT INTO story_articles (story_id, article_id, probability, tier, terms, found_at)
                VALUES (1, ?, ?, ?, '["strike", "ferri", "crew", "harbour"]', '2024')""",
                [id, probability, tier],
            )
            if number % 200 == 1:
                connection.executemany(
                    """INSERT INTO revisions (article_id, number, seen_at, kinds, stealth, headline,
                    text, digest) VALUES (?, ?, ?, '["headline"]', 1, ?, 'text', ?)""",
                    [(id, turn, fields["published_at"], f"{turn}: {fields['headline']}", "ab" * 32)
                     for turn in (1, 2)],
                )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("ask", [get, signed_in], ids=["a stranger", "signed in"])
def test_the_first_visit_of_a_story_of_3000_articles_stays_below_60_kb(
    tmp_path: Path, ask: Callable[[Datasette, str], Any]
) -> None:
    lengthen(furnish(fill(tmp_path)))
    datasette = Datasette([str(tmp_path / "archive.db")])
    path = f"/archive/-/story/{STORY}"
    page = ask(datasette, path)
    assert page.headers["content-encoding"] == "gzip"
    assert "2,9" in page.text
    files = re.findall(r"/-/static-plugins/dateline/(\w+\.(?:css|js))", page.text)
    headers = 700 * (1 + len(files))
    sent = len(gzip.compress(page.content, 6)) + sum(
        len(read_static_file(name).compressed) for name in files
    )
    assert sent + headers < 0.9 * MAX_FIRST_VISIT_BYTES
