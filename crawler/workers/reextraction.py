"""Pages that are kept, read again by today's extractor.

A change that comes of it is none of the outlet's: it takes the place of the old reading, and makes
no revision. So do the texts without the lines that proved to be an outlet's habits
(`archive.articles.boilerplate`), since the first articles that had them were kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.articles.boilerplate import Repeated, repeated
from archive.articles.revisions import Version, version
from archive.articles.store import Decisions, catch_up, learn
from archive.errors import ReadingError
from archive.records import Capture, Check
from archive.storage.database import transaction
from crawler.network.exchange import read_look
from crawler.workers.pool import PAGE_SECONDS, Worker
from pipelines.policies import decisions
from pipelines.stages import through_stages

Row = dict[str, Any]

AT_ONCE = 200
"""Articles of one transaction, when what was learnt is left out of them."""


def rereader(archive: Archive, worker: Worker) -> Callable[[str], Version | None]:
    """How today's extractor reads the page with a digest; None where it is not kept or can no
    longer be read."""

    def reread(digest: str) -> Version | None:
        try:
            capture = archive.captures.newest(digest)
            check = read_again(capture, worker) if capture else None
        except ReadingError:
            return None
        return version(check.article, check.fingerprint) if check and check.article else None

    return reread


def read_again(capture: Capture, worker: Worker) -> Check:
    """The check that a kept page comes to today; without an article where it is none. Raises
    ReadingError."""
    article = worker.read(capture, PAGE_SECONDS)
    check = Check(
        capture.url, "new", capture.fetched_at, digest=capture.digest, final_url=capture.final_url
    )
    return through_stages(read_look(check, article))


KINDS: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "headline": ("headline", "page_title"),
    "standfirst": ("standfirst",),
    "byline": ("byline", "authors", "agency"),
    "dates": ("published_at", "published_raw", "modified_at", "modified_raw"),
    "dateline or section": ("dateline", "section"),
    "language": ("language",),
    "addresses": ("canonical_url", "image_url"),
    "paywall": ("free",),
}
"""What a new reading can change, and the columns in which it shows."""


@dataclass
class Reread:
    """What came of reading an archive's pages anew."""

    pages: int = 0
    changed: dict[str, set[int]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    """Articles that came out otherwise, by what changed."""
    not_read: Counter[str] = field(default_factory=Counter)
    """Articles that were not read anew, by the reason."""
    repeated: Repeated = field(default_factory=Repeated)
    """What outlets repeat, as it is known now."""
    repeated_before: Repeated = field(default_factory=Repeated)

    @property
    def articles(self) -> int:
        """How many came out otherwise."""
        return len(set().union(*self.changed.values()))

    def note(self, before: Row, after: Row) -> None:
        """Count what became of an article."""
        for kind, names in KINDS.items():
            if any(before[name] != after[name] for name in names):
                self.changed[kind].add(int(after["id"]))


def reread_all(folder: Path, tick: Callable[[int, int], None]) -> Reread:
    """Read every article's page anew; then leave out of all of them what they teach of their
    outlets.

    `tick` is told how many are done, of how many.
    """
    told = Reread()
    with Archive(folder) as archive, closing(Worker()) as worker:
        ours = decisions()
        archive.prepare(ours)
        told.repeated_before = repeated(archive.db)
        rows = archive.db.execute("SELECT id, digest FROM articles ORDER BY id").fetchall()
        for number, row in enumerate(rows, 1):
            why = _reread_one(archive, row["id"], row["digest"], worker, ours, told)
            if why:
                told.not_read[why] += 1
                with transaction(archive.db) as db:
                    learn(db, row["id"], ours)
            tick(number, len(rows))
        for at in range(0, len(rows), AT_ONCE):
            with transaction(archive.db) as db:
                ids = [row["id"] for row in rows[at : at + AT_ONCE]]
                told.changed["text"].update(
                    article_id for article_id in ids if catch_up(db, article_id, ours)
                )
        told.repeated = repeated(archive.db)
    return told


def _reread_one(
    archive: Archive,
    article_id: int,
    digest: str | None,
    worker: Worker,
    ours: Decisions,
    told: Reread,
) -> str | None:
    """None, or why an article stays as it was."""
    try:
        capture = archive.captures.newest(digest) if digest else None
        if capture is None:
            return "the page is not kept"
        told.pages += 1
        check = read_again(capture, worker)
    except ReadingError:
        return "the page can no longer be read"
    if check.article is None:
        return "the page is no article any more"
    before = _row(archive, article_id)
    archive.replace_reading(check, ours)
    told.note(before, _row(archive, article_id))
    return None


def _row(archive: Archive, article_id: int) -> Row:
    return dict(archive.db.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone())
