"""The archive: one folder with `archive.db` and `captures.db`, and the operations of a crawl."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Self

from archive.articles import events, identity, language_keys, outlet_evidence, stories
from archive.articles.copies import are_copies_current, rebuild_copies
from archive.articles.fresh_readings import UnreadPageError, write_without_reading
from archive.articles.revisions import fetch_history, store_gone_revision
from archive.articles.store import Decisions, StoredArticle, store_article
from archive.errors import ArchiveError
from archive.frontier import outlet_lookups
from archive.frontier import urls as frontier
from archive.frontier.outlet_lookups import OutletLookup
from archive.frontier.pauses import end_wrong_clock_pauses, pause_site, paused_sites
from archive.frontier.sources import set_source_due, sources_of_outlets
from archive.frontier.urls import KnownSitemap, LeasedPage
from archive.records import Check, Lead, Outcome, Outlet, Source, SourceKind, current_timestamp
from archive.storage.captures import CaptureStore
from archive.storage.database import open_database, savepoint, transaction
from archive.storage.schema import ARCHIVE_SCHEMA

MAX_OUTLET_RECHECKS = 50
"""Articles of one outlet that a crawl fetches again, longest overdue first."""


@dataclass(frozen=True, slots=True)
class OutletReport:
    """The results of a crawl at one outlet, in pages; `reasons` are pairs of reason and number."""

    outlet: str
    fetched: int
    new: int
    changed: int
    unchanged: int
    other: int
    refused: int
    failed: int
    reasons: tuple[tuple[str, int], ...]


class Archive:
    """An archive open for writing. As a context manager it closes itself at the end.

    Raises ArchiveError or NewerArchiveError if the folder cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
        self._file = _archive_file_identity(folder)
        self.captures = CaptureStore(folder / "captures.db")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close both files."""
        self.db.close()
        self.captures.close()

    # -- outlets -----------------------------------------------------------------------------------

    def add_outlet(self, outlet: Outlet, sources: Iterable[Source] = ()) -> int:
        """Store an outlet and its sources; return the number of sources that were new."""
        with transaction(self.db) as db:
            frontier.add_outlet(db, outlet)
            return sum(frontier.add_source(db, source) for source in sources)

    def host_known_as(self, host: str) -> str:
        """Return the host under which the archive has an outlet, with or without `www.`.

        The host itself is returned if the archive does not have the outlet.
        """
        bare = host.removeprefix("www.")
        either = (host, bare, f"www.{bare}")
        found = self.db.execute(
            "SELECT host FROM outlets WHERE host IN (?, ?, ?) ORDER BY host = ? DESC",
            (*either, host),
        )
        row = found.fetchone()
        return str(row["host"]) if row else host

    def sources(
        self, kinds: Sequence[SourceKind], hosts: Sequence[str] = (), due: bool = False
    ) -> list[Source]:
        """See `sources_of_outlets.sources`."""
        return sources_of_outlets(self.db, kinds, hosts, due)

    def sitemaps_of(self, index_url: str) -> dict[str, KnownSitemap]:
        """See `frontier.sitemaps_of`."""
        return frontier.sitemaps_of_index(self.db, index_url)

    # -- a crawl -----------------------------------------------------------------------------------

    def start_crawl(self, command: str, recheck: bool = False) -> int:
        """Start a crawl and return its id. Earlier crawls without an end are marked as interrupted.

        URLs that they had leased are queued again, and with `recheck` also the articles that are
        due. The caller holds the archive's lock, so no other crawl is running.
        """
        with transaction(self.db) as db:
            db.execute("UPDATE crawls SET state = 'interrupted' WHERE state = 'running'")
            frontier.return_all_leases(db)
            frontier.queue_failed_pages(db)
            end_wrong_clock_pauses(db)
            if recheck:
                frontier.queue_due_rechecks(db, MAX_OUTLET_RECHECKS)
            done = db.execute(
                "INSERT INTO crawls (started_at, command) VALUES (?, ?)",
                (current_timestamp(), command),
            )
            return int(done.lastrowid or 0)

    def finish_crawl(self, crawl_id: int, reason: str | None = None) -> None:
        """End a crawl as `finished`, or `stopped` for a reason, and queue its leased URLs again."""
        frontier.record_crawl_end(self.db, crawl_id, reason)

    def lease(
        self,
        most: int,
        per_outlet: int,
        hosts: Sequence[str] = (),
        but: Sequence[str] = (),
        in_turn: int = 1,
    ) -> list[LeasedPage]:
        """See `frontier.lease`."""
        self._check_place()
        if not self.db.execute("SELECT 1 FROM urls WHERE state = 'pending' LIMIT 1").fetchone():
            return []  # without taking the write lock
        with transaction(self.db) as db:
            return frontier.lease_pages(db, most, per_outlet, hosts, but, in_turn)

    def give_back(self, urls: Sequence[str]) -> None:
        """Queue URLs again that were leased but not requested."""
        if urls:
            with transaction(self.db) as db:
                frontier.return_pages(db, urls)

    def lease_these(self, urls: Sequence[str]) -> list[LeasedPage]:
        """See `frontier.lease_these`."""
        with transaction(self.db) as db:
            return frontier.lease_pages_at(db, urls)

    def pauses(self) -> dict[str, tuple[str, str]]:
        """See `paused_sites.pauses`."""
        return paused_sites(self.db)

    def leave_alone(self, site: str, until: str, reason: str) -> None:
        """See `paused_sites.leave_alone`."""
        with transaction(self.db) as db:
            pause_site(db, site, until, reason)

    def add_leads(self, leads: Iterable[Lead]) -> int:
        """See `frontier.add_leads`."""
        with transaction(self.db) as db:
            return frontier.queue_leads(db, leads)

    def note_named(self, story_id: int, service: str, hosts: Sequence[str]) -> None:
        """See `outlet_evidence.note_named_outlets`."""
        with transaction(self.db) as db:
            outlet_evidence.note_named_outlets(db, story_id, service, hosts)

    def note_lookup(self, lookup: OutletLookup) -> None:
        """See `outlet_lookups.store_lookup`."""
        with transaction(self.db) as db:
            outlet_lookups.store_lookup(db, lookup)

    def prepare(self, decisions: Decisions) -> None:
        """Rebuild copies, language keys or events if an earlier version of a method made them."""
        if not are_copies_current(self.db, decisions.texts):
            with transaction(self.db) as db:
                rebuild_copies(db, decisions.texts, current_timestamp())
        if not language_keys.are_keys_current(self.db, decisions.keys):
            with transaction(self.db) as db:
                language_keys.rebuild_keys(db, decisions.keys)
        if not events.are_events_current(self.db, decisions.events):
            self.rebuild_events(decisions)

    def rebuild_events(self, decisions: Decisions) -> tuple[int, int]:
        """Rebuild the events; return the number of articles in events and the number of events."""
        with transaction(self.db) as db:
            if not language_keys.are_keys_current(db, decisions.keys):
                language_keys.rebuild_keys(db, decisions.keys)
            made = events.rebuild_all_events(db, decisions.events)
            stories.refresh_stories(db, decisions.stories, everything=True)
            return int(db.execute("SELECT count(*) FROM event_articles").fetchone()[0]), made

    def tidy(self, decisions: Decisions) -> int:
        """See `events.tidy_events`."""
        with transaction(self.db) as db:
            return events.tidy_events(db, decisions.events)

    def tidy_if_due(self, decisions: Decisions) -> None:
        """Tidy the events if that was not done today."""
        if events.is_tidy_due(self.db):
            self.tidy(decisions)

    def refresh_stories(self, decisions: Decisions) -> None:
        """See `stories.refresh_stories`."""
        with transaction(self.db) as db:
            stories.refresh_stories(db, decisions.stories)

    def replace_reading(self, check: Check, decisions: Decisions) -> StoredArticle:
        """Store a new extraction of a captured page; no check is recorded without a fetch."""
        return write_without_reading(
            self.db, [check], decisions, lambda db, ready: store_article(db, check, ready)
        )

    def write(
        self, checks: Sequence[Check], decisions: Decisions, crawl_id: int | None = None
    ) -> list[Outcome]:
        """Store a batch of checks in one transaction; return their outcomes.

        Captures are stored first, in their own file: a run killed in between leaves a capture
        without an article, and never an article without its capture. A check whose content cannot
        be stored is recorded as `failed` with the reason and does not affect the others. If the
        archive cannot be written, sqlite3.Error or ArchiveError is raised and nothing of the batch
        is stored. No page is extracted within the transaction.
        """
        self._check_place()
        captures = [check.capture for check in checks if check.capture]
        if captures:
            self.captures.store(captures)
        return write_without_reading(
            self.db,
            checks,
            decisions,
            lambda db, ready: [
                _write_check_or_failure(db, check, ready, crawl_id) for check in checks
            ],
        )

    def _check_place(self) -> None:
        """Raise ArchiveError if `archive.db` was removed or replaced.

        SQLite would go on writing to a removed file, and these writes would be lost.
        """
        if _archive_file_identity(self.folder) != self._file:
            raise ArchiveError(
                f"{self.folder}: the archive was removed or replaced while it was in use"
            )

    def report(self, crawl_id: int) -> list[OutletReport]:
        """Return the results of a crawl for each outlet, by host."""
        rows = self.db.execute(
            """SELECT o.host, c.outcome, u.kind, c.reason, count(*) AS number,
              count(c.status) AS answered
            FROM fetches c JOIN urls u ON u.id = c.url_id JOIN outlets o ON o.id = u.outlet_id
            WHERE c.crawl_id = ? GROUP BY 1, 2, 3, 4 ORDER BY o.host""",
            (crawl_id,),
        ).fetchall()
        by_host = groupby(rows, key=lambda row: str(row["host"]))
        return [_sum_outlet_rows(host, list(group)) for host, group in by_host]


def _archive_file_identity(folder: Path) -> tuple[int, int] | None:
    """Return device and inode of `archive.db`, or None if the file does not exist."""
    try:
        stat = (folder / "archive.db").stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _write_check_or_failure(
    db: sqlite3.Connection, check: Check, decisions: Decisions, crawl_id: int | None
) -> Outcome:
    """Store a check; if its content cannot be stored, record it as `failed` with the reason."""
    try:
        with savepoint(db):
            return _write_check(db, check, decisions, crawl_id)
    except UnreadPageError:
        raise
    except Exception as error:
        if _is_archive_error(error):
            raise
        reason = " ".join(f"cannot be stored: {type(error).__name__}: {error}".split())[:200]
        refused = Check(
            check.url,
            "failed",
            check.fetched_at,
            reason=_escaped_ascii(reason),
            url_key=check.url_key,
        )
        return _write_check(db, refused, decisions, crawl_id)


def _is_archive_error(error: Exception) -> bool:
    """Return whether the archive is at fault, and not the content of the check.

    SQLite reports invalid content by subclasses of DatabaseError (IntegrityError, DataError …).
    OperationalError and DatabaseError itself mean the disk, a lock or a damaged file.
    """
    return isinstance(error, ArchiveError | OSError) or type(error) in (
        sqlite3.OperationalError,
        sqlite3.DatabaseError,
    )


def _escaped_ascii(text: str) -> str:
    """Escape an error message, which may repeat the characters that could not be written."""
    return text.encode("ascii", "backslashreplace").decode()


def _write_check(
    db: sqlite3.Connection, check: Check, decisions: Decisions, crawl_id: int | None
) -> Outcome:
    """Store a check with its article, leads and next due dates; return its outcome."""
    article_id = None
    check = _check_or_gone(db, check, decisions)
    if check.outcome == "new" and check.article:
        filed = store_article(db, check, decisions)
        article_id = filed.article_id
        news = identity.note_leading_urls(db, check, article_id)
        check = replace(check, outcome=filed.outcome, reason=filed.reason or news or check.reason)
    elif check.outcome == "gone":
        store_gone_revision(db, check)
    frontier.record_check(db, check, crawl_id, article_id)
    frontier.queue_leads(db, check.leads)
    if check.article is None:
        set_source_due(db, check, decisions.source_due)
    if known := fetch_history(db, check.url):
        frontier.set_page_due(db, check.url, decisions.due_at(known, check.fetched_at))
    return check.outcome


def _check_or_gone(db: sqlite3.Connection, check: Check, decisions: Decisions) -> Check:
    """Return the check, as `gone` if a known article's URL shows a front page or "not found"."""
    how = decisions.identity.how_gone(check)
    if how is None or identity.article_id_of_key(db, check.url_key) is None:
        return check
    if check.article and identity.find_article(db, check, decisions.identity):
        return check
    return replace(check, outcome="gone", reason=how, article=None)


def _sum_outlet_rows(host: str, rows: list[sqlite3.Row]) -> OutletReport:
    """Sum the rows of one outlet."""

    def count_pages(*outcomes: str, kinds: tuple[str, ...] = ("page",)) -> int:
        return sum(
            row["number"] for row in rows if row["outcome"] in outcomes and row["kind"] in kinds
        )

    reasons: Counter[str] = Counter()
    for row in rows:
        if row["reason"]:
            reasons[row["reason"]] += row["number"]
    all_kinds = ("page", "feed", "sitemap")
    return OutletReport(
        outlet=host,
        fetched=sum(row["answered"] for row in rows if row["kind"] == "page"),
        new=count_pages("new"),
        changed=count_pages("changed"),
        unchanged=count_pages("unchanged"),
        other=count_pages("not article"),
        refused=count_pages("refused", kinds=all_kinds),
        failed=count_pages("failed", "gone", kinds=all_kinds),
        reasons=tuple(reasons.most_common()),
    )
