"""Pages that are kept, read again by today's extractor.

A change that comes of it is none of the outlet's: it takes the place of the old reading, and makes no revision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from archive.archive import Archive
from archive.articles import COLUMNS, Decisions
from archive.errors import ReadingError
from archive.records import Capture, Check
from archive.revisions import Version, version
from crawler.fetching import read_look
from crawler.workers import PAGE_SECONDS, Worker
from pipelines.decisions import decisions
from pipelines.stages import through_stages


def rereader(archive: Archive, worker: Worker) -> Callable[[str], Version | None]:
    """How today's extractor reads the page with a digest; None where it is not kept or can no longer be read."""

    def reread(digest: str) -> Version | None:
        capture = archive.captures.newest(digest)
        try:
            check = read_again(capture, worker) if capture else None
        except ReadingError:
            return None
        return version(check.article, check.fingerprint) if check and check.article else None

    return reread


def read_again(capture: Capture, worker: Worker) -> Check:
    """The check that a kept page comes to today; without an article where it is none. Raises ReadingError."""
    article = worker.read(capture, PAGE_SECONDS)
    check = Check(capture.url, "new", capture.fetched_at, digest=capture.digest, final_url=capture.final_url)
    return through_stages(read_look(check, article))


def reread_all(folder: Path, tick: Callable[[int, int], None]) -> Counter[str]:
    """Read every article's page anew; how many there are, and how many came out otherwise, by column.

    `tick` is told how many are done, of how many.
    """
    told: Counter[str] = Counter()
    with Archive(folder) as archive, closing(Worker()) as worker:
        ours = decisions()
        archive.prepare(ours)
        rows = archive.db.execute("SELECT id, digest FROM articles WHERE digest IS NOT NULL ORDER BY id").fetchall()
        for number, row in enumerate(rows, 1):
            told["pages"] += 1
            told.update(_reread_one(archive, row["id"], row["digest"], worker, ours))
            tick(number, len(rows))
    return told


def _reread_one(archive: Archive, article_id: int, digest: str, worker: Worker, ours: Decisions) -> Iterator[str]:
    capture = archive.captures.newest(digest)
    if capture is None:
        yield "page not kept"
        return
    try:
        check = read_again(capture, worker)
    except ReadingError:
        yield "page not readable"
        return
    if check.article is None:
        yield "no article any more, left as it was"
        return
    before = _row(archive, article_id)
    archive.replace_reading(check, ours)
    after = _row(archive, article_id)
    changed = [name for name in COLUMNS if before[name] != after[name]]
    yield from changed
    if changed:
        yield "articles changed"


def _row(archive: Archive, article_id: int) -> dict[str, object]:
    return dict(archive.db.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone())
