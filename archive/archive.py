"""The archive: one folder with `archive.db` and `captures.db`, and what a crawl asks of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from archive.articles import events, identity, language_keys, outlet_evidence, stories
from archive.articles.copies import is_current, rebuild
from archive.articles.fresh_readings import UnreadError, written
from archive.articles.revisions import keep_gone, looks
from archive.articles.store import Decisions, Filed, keep_article
from archive.errors import ArchiveError
from archive.frontier import outlet_lookups
from archive.frontier import urls as frontier
from archive.frontier.outlet_lookups import Lookup
from archive.frontier.pauses import forget_wrong_clock, leave_alone, pauses
from archive.frontier.sources import set_due, sources
from archive.frontier.urls import Listing, Waiting
from archive.records import Check, Lead, Outcome, Outlet, Source, SourceKind, now
from archive.storage.captures import Captures
from archive.storage.database import connect, part, transaction
from archive.storage.schema import ARCHIVE

RECHECKS = 50
"""Articles of one outlet that a crawl looks at again, those that waited longest first."""


@dataclass(frozen=True, slots=True)
class OutletReport:
    """What a crawl did at one outlet, in numbers of pages; `reasons` with how often each."""

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
    """An archive open for writing. Used as a context manager it is closed at the end.

    Raises ArchiveError or NewerArchiveError where the folder cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = connect(folder / "archive.db", ARCHIVE)
        self._file = _file(folder)
        self.captures = Captures(folder / "captures.db")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.db.close()
        self.captures.close()

    # -- outlets -----------------------------------------------------------------------------------

    def add_outlet(self, outlet: Outlet, sources: Iterable[Source] = ()) -> int:
        """Keep an outlet and its sources; the number of sources that were not known."""
        with transaction(self.db) as db:
            frontier.add_outlet(db, outlet)
            return sum(frontier.add_source(db, source) for source in sources)

    def host_known_as(self, host: str) -> str:
        """The host under which the archive has an outlet, with or without `www.`; the host itself,
        if it has none."""
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
        """See `sources.sources`."""
        return sources(self.db, kinds, hosts, due)

    def sitemaps_of(self, index_url: str) -> dict[str, Listing]:
        """See `frontier.sitemaps_of`."""
        return frontier.sitemaps_of(self.db, index_url)

    # -- a crawl -----------------------------------------------------------------------------------

    def start_crawl(self, command: str, recheck: bool = False) -> int:
        """Begin a crawl; one that never ended is marked interrupted, and what it had leased waits
        again.

        With `recheck` the articles whose turn it is wait too. The caller holds the archive's lock:
        no other crawl runs.
        """
        with transaction(self.db) as db:
            db.execute("UPDATE crawls SET state = 'interrupted' WHERE state = 'running'")
            frontier.return_leases(db)
            frontier.retry_failed(db)
            forget_wrong_clock(db)
            if recheck:
                frontier.recheck_due(db, RECHECKS)
            done = db.execute(
                "INSERT INTO crawls (started_at, command) VALUES (?, ?)", (now(), command)
            )
            return int(done.lastrowid or 0)

    def finish_crawl(self, crawl_id: int, reason: str | None = None) -> None:
        """End a crawl: `finished`, or with a reason `stopped`; what it still held waits for the
        next."""
        frontier.end_crawl(self.db, crawl_id, reason)

    def lease(
        self,
        most: int,
        per_outlet: int,
        hosts: Sequence[str] = (),
        but: Sequence[str] = (),
        in_turn: int = 1,
    ) -> list[Waiting]:
        """See `frontier.lease`."""
        self._check_place()
        if not self.db.execute("SELECT 1 FROM urls WHERE state = 'pending' LIMIT 1").fetchone():
            return []  # no write lock for nothing
        with transaction(self.db) as db:
            return frontier.lease(db, most, per_outlet, hosts, but, in_turn)

    def give_back(self, urls: Sequence[str]) -> None:
        """What was leased and is not asked for goes on waiting."""
        if urls:
            with transaction(self.db) as db:
                frontier.give_back(db, urls)

    def lease_these(self, urls: Sequence[str]) -> list[Waiting]:
        """See `frontier.lease_these`."""
        with transaction(self.db) as db:
            return frontier.lease_these(db, urls)

    def pauses(self) -> dict[str, tuple[str, str]]:
        """See `pauses.pauses`."""
        return pauses(self.db)

    def leave_alone(self, site: str, until: str, reason: str) -> None:
        """See `pauses.leave_alone`."""
        with transaction(self.db) as db:
            leave_alone(db, site, until, reason)

    def add_leads(self, leads: Iterable[Lead]) -> int:
        """See `frontier.add_leads`."""
        with transaction(self.db) as db:
            return frontier.add_leads(db, leads)

    def note_named(self, story_id: int, service: str, hosts: Sequence[str]) -> None:
        """See `signs.note_named`."""
        with transaction(self.db) as db:
            outlet_evidence.note_named(db, story_id, service, hosts)

    def note_lookup(self, lookup: Lookup) -> None:
        """See `lookups.note`."""
        with transaction(self.db) as db:
            outlet_lookups.note(db, lookup)

    def prepare(self, decisions: Decisions) -> None:
        """Relate all articles anew, make their keys anew or put them in events anew, if that was
        done in another way than today's."""
        if not is_current(self.db, decisions.texts):
            with transaction(self.db) as db:
                rebuild(db, decisions.texts, now())
        if not language_keys.is_current(self.db, decisions.keys):
            with transaction(self.db) as db:
                language_keys.rebuild(db, decisions.keys)
        if not events.is_current(self.db, decisions.events):
            self.rebuild_events(decisions)

    def rebuild_events(self, decisions: Decisions) -> tuple[int, int]:
        """See `events.rebuild`; how many articles there are, in how many events."""
        with transaction(self.db) as db:
            if not language_keys.is_current(db, decisions.keys):
                language_keys.rebuild(db, decisions.keys)
            made = events.rebuild(db, decisions.events)
            stories.refresh(db, decisions.stories, everything=True)
            return int(db.execute("SELECT count(*) FROM event_articles").fetchone()[0]), made

    def tidy(self, decisions: Decisions) -> int:
        """See `events.tidy`."""
        with transaction(self.db) as db:
            return events.tidy(db, decisions.events)

    def tidy_if_due(self, decisions: Decisions) -> None:
        """Once a day."""
        if events.tidy_is_due(self.db):
            self.tidy(decisions)

    def refresh_stories(self, decisions: Decisions) -> None:
        """See `stories.refresh`."""
        with transaction(self.db) as db:
            stories.refresh(db, decisions.stories)

    def replace_reading(self, check: Check, decisions: Decisions) -> Filed:
        """Keep a new reading of a page that was kept before; no look was taken, so none is written
        down."""
        return written(
            self.db, [check], decisions, lambda db, ready: keep_article(db, check, ready)
        )

    def write(
        self, checks: Sequence[Check], decisions: Decisions, crawl_id: int | None = None
    ) -> list[Outcome]:
        """Keep a batch of looks in one transaction; what each came to.

        Captures first, in their own file: what is read is kept before what was read from it. A run
        killed between the two leaves a capture without an article, and never an article without its
        capture. A look that cannot be kept, for what it holds, is noted as `failed` with the
        reason, and costs no other; an archive that cannot be written raises sqlite3.Error or
        ArchiveError, and nothing of the batch is kept. No page is read within the transaction.
        """
        self._check_place()
        captures = [check.capture for check in checks if check.capture]
        if captures:
            self.captures.keep(captures)
        return written(
            self.db,
            checks,
            decisions,
            lambda db, ready: [_write_or_refuse(db, check, ready, crawl_id) for check in checks],
        )

    def _check_place(self) -> None:
        """SQLite goes on writing into a file that was removed, and nobody would ever read what it
        writes."""
        if _file(self.folder) != self._file:
            raise ArchiveError(
                f"{self.folder}: the archive was removed or replaced while it was in use"
            )

    def report(self, crawl_id: int) -> list[OutletReport]:
        """What a crawl did, an outlet a line, by host."""
        rows = self.db.execute(
            """SELECT o.host, c.outcome, u.kind, c.reason, count(*) AS many, count(c.status) AS answered
            FROM checks c JOIN urls u ON u.id = c.url_id JOIN outlets o ON o.id = u.outlet_id
            WHERE c.crawl_id = ? GROUP BY 1, 2, 3, 4 ORDER BY o.host""",
            (crawl_id,),
        ).fetchall()
        hosts = dict.fromkeys(row["host"] for row in rows)
        return [
            _outlet_report(host, [row for row in rows if row["host"] == host]) for host in hosts
        ]


def _file(folder: Path) -> tuple[int, int] | None:
    """Which file `archive.db` is: its device and inode; None where it is gone."""
    try:
        stat = (folder / "archive.db").stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _write_or_refuse(
    db: sqlite3.Connection, check: Check, decisions: Decisions, crawl_id: int | None
) -> Outcome:
    try:
        with part(db):
            return _write(db, check, decisions, crawl_id)
    except UnreadError:
        raise
    except Exception as error:
        if _is_of_the_archive(error):
            raise
        reason = " ".join(f"it cannot be kept: {type(error).__name__}: {error}".split())[:200]
        refused = Check(
            check.url, "failed", check.checked_at, reason=_ascii(reason), url_key=check.url_key
        )
        return _write(db, refused, decisions, crawl_id)


def _is_of_the_archive(error: Exception) -> bool:
    """Is it the archive that cannot be written, and not the look that cannot be kept?

    SQLite's errors of one kind name what they were given (IntegrityError, DataError …), those of
    the other two a disk, a lock or a damaged file.
    """
    return isinstance(error, ArchiveError | OSError) or type(error) in (
        sqlite3.OperationalError,
        sqlite3.DatabaseError,
    )


def _ascii(text: str) -> str:
    """An error may repeat what could not be written."""
    return text.encode("ascii", "backslashreplace").decode()


def _write(
    db: sqlite3.Connection, check: Check, decisions: Decisions, crawl_id: int | None
) -> Outcome:
    article_id = None
    check = _or_gone(db, check, decisions)
    if check.outcome == "new" and check.article:
        filed = keep_article(db, check, decisions)
        article_id = filed.article_id
        news = identity.note_where_it_leads(db, check, article_id)
        check = replace(check, outcome=filed.outcome, reason=filed.reason or news or check.reason)
    elif check.outcome == "gone":
        keep_gone(db, check)
    frontier.note_check(db, check, crawl_id, article_id)
    frontier.add_leads(db, check.leads)
    if check.article is None:
        set_due(db, check, decisions.source_due)
    if known := looks(db, check.url):
        frontier.set_due(db, check.url, decisions.due_at(known, check.checked_at))
    return check.outcome


def _or_gone(db: sqlite3.Connection, check: Check, decisions: Decisions) -> Check:
    """A look at an article's address that met a front page or "not found" says that the article is
    gone."""
    how = decisions.identity.how_gone(check)
    if how is None or identity.owner(db, check.url_key) is None:
        return check
    if check.article and identity.find(db, check, decisions.identity):
        return check
    return replace(check, outcome="gone", reason=how, article=None)


def _outlet_report(host: str, rows: list[sqlite3.Row]) -> OutletReport:
    def many(*outcomes: str, kinds: tuple[str, ...] = ("page",)) -> int:
        return sum(
            row["many"] for row in rows if row["outcome"] in outcomes and row["kind"] in kinds
        )

    reasons: dict[str, int] = {}
    for row in rows:
        if row["reason"]:
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + row["many"]
    return OutletReport(
        outlet=host,
        fetched=sum(row["answered"] for row in rows if row["kind"] == "page"),
        new=many("new"),
        changed=many("changed"),
        unchanged=many("unchanged"),
        other=many("not article"),
        refused=many("refused", kinds=("page", "feed", "sitemap")),
        failed=many("failed", "gone", kinds=("page", "feed", "sitemap")),
        reasons=tuple(sorted(reasons.items(), key=lambda item: -item[1])),
    )
