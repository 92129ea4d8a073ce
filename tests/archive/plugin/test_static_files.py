"""Style sheets and scripts: compressed, and kept by browsers."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest
from datasette.app import Datasette

from archive.plugin.static_files import accepts_gzip, read_static_file, static_file_version
from tests.archive.conftest import fill

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


@pytest.mark.parametrize(
    ("accepted", "can_read"),
    [("gzip", True), ("br;q=1.0, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.000", False),
     ("", False), ("identity", False)],
)  # fmt: skip
def test_a_browser_says_whether_it_can_read_compressed_files(accepted: str, can_read: bool) -> None:
    assert accepts_gzip(accepted) == can_read
