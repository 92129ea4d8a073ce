"""The cost of pruning half of an archive: `python -m bench.pruning`.

`--articles 20000` sets another size. `bench.stories_archive` says what the articles are; each gets
a stored page of its text within a template of its outlet. Measured are the sizes of both files
before and after, the time that it takes, the longest time for which a crawl could not write, and
the time that the removal of one article takes.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from archive.archive import Archive
from archive.records import Capture
from archive.removal import erasure, prune_articles
from archive.removal.prune_articles import PruneOrder
from archive.removal.remove_articles import RemovalOrder
from archive.storage import captures, database
from bench.figures import SHARED, Figure, show
from bench.stories_archive import built_archive
from crawler.jobs.removal.removal_jobs import prune_folder, remove_from_archive

ARTICLES = 10_000
TEMPLATE_WORDS = 4_000
"""Words of an outlet's template, about 25 KB, of which a third differs from page to page."""


def archive_with_pages(articles: int, folder: Path) -> None:
    """Copy the archive of a size and store a page for each article."""
    shutil.copytree(built_archive(articles), folder)
    with Archive(folder) as archive:
        archive.captures.connection.execute("PRAGMA synchronous = OFF")
        rows = archive.db.execute("SELECT id, outlet_id, url, text, fetched_at FROM articles")
        pages: list[Capture] = []
        for row in rows:
            pages.append(page_of_article(row))
            if len(pages) == 500:
                archive.captures.store(pages)
                pages.clear()
        archive.captures.store(pages)
        erasure.write_back_log(archive.captures.connection)


def page_of_article(row: Any) -> Capture:
    """Return an article's page: its text within the template of its outlet."""
    outlet, own = Random(row["outlet_id"]), Random(row["id"])
    words = [
        f"<a href=/{outlet.randrange(9_999)}>{outlet.randrange(99_999)}"
        for _ in range(TEMPLATE_WORDS)
    ]
    for place in range(0, TEMPLATE_WORDS, 3):
        words[place] = f"<a href=/{own.randrange(9_999)}>{own.randrange(99_999)}"
    body = f"<html>{' '.join(words)}<p>{row['text']}</html>".encode()
    headers = (("content-type", "text/html; charset=utf-8"), ("server", "nginx"))
    return Capture(row["url"], body, headers=headers, fetched_at=row["fetched_at"])


@contextmanager
def timed_transactions(held: list[float]) -> Iterator[None]:
    """Note the seconds that each write transaction takes."""

    @contextmanager
    def timed(connection: Any) -> Iterator[Any]:
        began = time.monotonic()
        with original(connection) as db:
            yield db
        held.append(time.monotonic() - began)

    original: Callable[..., Any] = database.transaction
    modules = (prune_articles, erasure, captures)
    for module in modules:
        module.transaction = timed  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in modules:
            module.transaction = original  # type: ignore[attr-defined]


def file_figures(folder: Path, when: str) -> Iterator[Figure]:
    """Yield the sizes of both files."""
    for name in ("archive.db", "captures.db"):
        yield Figure(f"{name} {when}", (folder / name).stat().st_size / 1e6, "MB")


def figures(_: Path, articles: int = ARTICLES) -> Iterator[Figure]:
    """Yield the figures of removing an article, and of pruning half of an archive."""
    with tempfile.TemporaryDirectory(prefix="dateline-bench-") as temporary:
        folder = Path(temporary) / "archive"
        archive_with_pages(articles, folder)
        yield from file_figures(folder, "before")
        began = time.monotonic()
        remove_from_archive(folder, [articles // 3], RemovalOrder("bench", "command"))
        yield Figure("removing one article", time.monotonic() - began, "s")
        with Archive(folder) as archive:
            [middle] = archive.db.execute(
                "SELECT fetched_at FROM articles WHERE id = ?", (articles // 2,)
            ).fetchone()
        held: list[float] = []
        began, cpu_began = time.monotonic(), time.process_time()
        with timed_transactions(held):
            pruned = prune_folder(folder, PruneOrder(middle, ()))
        seconds = time.monotonic() - began
        yield Figure("articles pruned", pruned.result.articles)
        yield Figure("stored pages deleted", pruned.result.captures)
        yield Figure("pruning", seconds, "s")
        cpu_seconds = time.process_time() - cpu_began
        yield Figure("CPU of an article", 1_000 * cpu_seconds / pruned.result.articles, "ms")
        yield Figure("longest transaction", 1_000 * max(held), "ms", wanted="≤ 30,000 ms")
        yield from file_figures(folder, "after")


def main() -> None:
    """Measure, and print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, default=ARTICLES)
    show(("pruning", figure) for figure in figures(SHARED, options.parse_args().articles))


if __name__ == "__main__":
    main()
