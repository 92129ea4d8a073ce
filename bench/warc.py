"""Round trip of the captures of 571 outlets through one WARC file into an empty archive.

Every page must return byte for byte, with the URLs, time and status of its capture, and yield the
same article, including dates and headlines that only a feed or sitemap supplied.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from archive.archive import Archive
from bench.crawl import add_outlets, newsweb, run
from bench.figures import Figure

ARTICLES = (
    "SELECT url, digest, headline, text, authors, published_at, agency, language FROM articles"
)


def figures(shared: Path) -> Iterator[Figure]:
    """Crawl, export, import and compare; the archives are deleted."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-warc-"))
    try:
        with newsweb(shared, "pages") as address:
            add_outlets(address, folder / "one")
            run(address, folder / "one", "crawl", "--since", "2000-01-01")
        out = run("", folder / "one", "export", "--warc", "-o", str(folder / "pages.warc.gz"))
        back = run("", folder / "two", "import", str(folder / "pages.warc.gz"))
        yield from told(folder, out["seconds"], back["seconds"])
    finally:
        shutil.rmtree(folder)


def told(folder: Path, out: float, back: float) -> Iterator[Figure]:
    """Yield the figures of the two archives; `out` and `back` are seconds."""
    one, two = pages(folder / "one"), pages(folder / "two")
    before, after = articles(folder / "one"), articles(folder / "two")
    digests = {row.digest for row in one.values()}
    captured = {url: row for url, row in before.items() if row[0] in digests}
    yield Figure("captures", len(one))
    yield Figure(
        "captures that came back byte for byte", 100 * same(one, two), "%", 100, "bound", "100 %"
    )
    yield Figure("articles whose page was captured", len(captured))
    yield Figure(
        "articles that came back the same", 100 * same(captured, after), "%", 100, "bound", "100 %"
    )
    yield Figure(
        "articles that were not there before", len(after.keys() - before.keys()), "", None, "", "0"
    )
    yield Figure("pages exported a second", len(one) / out, "/s")
    yield Figure("pages imported a second", len(two) / back, "/s")


def same(before: dict[Any, Any], after: dict[Any, Any]) -> float:
    """Return the share of the earlier entries that exist unchanged in the later ones."""
    unchanged = sum(1 for key, row in before.items() if after.get(key) == row)
    return unchanged / len(before)


def pages(folder: Path) -> dict[tuple[str, str], Page]:
    """Return the captures of an archive by URL and time."""
    with Archive(folder) as archive:
        rows = archive.captures.connection.execute(
            "SELECT url, fetched_at, status, final_url, digest FROM captures"
        )
        return {
            (row["url"], row["fetched_at"]): Page(
                row["status"],
                row["final_url"],
                row["digest"],
                archive.captures.body(row["digest"]) or b"",
            )
            for row in rows
        }


class Page(NamedTuple):
    """A capture: its final URL and its bytes."""

    status: int
    final_url: str
    digest: str
    body: bytes


def articles(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return URL → digest of the page and extracted fields of each article."""
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        return {url: tuple(read) for url, *read in db.execute(ARTICLES)}
