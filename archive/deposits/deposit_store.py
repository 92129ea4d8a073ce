"""Deposits as stored: what waits for another archive, what it keeps, and when it may be asked.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from archive.articles.stories import LISTED_MEMBER_SQL

DepositState = Literal["waiting", "asked", "done", "refused"]
"""`waiting`: to be asked for · `asked`: the other archive works on it · `done`: it keeps the page ·
`refused`: it is not tried again."""

NEW_STORY_ARTICLES_SQL = f"""
SELECT DISTINCT a.id AS article_id, a.url, EXISTS (
    SELECT 1 FROM urls u JOIN fetches f ON f.url_id = u.id
    WHERE u.article_id = a.id AND f.reason LIKE '%no copy is stored: noarchive%'
  ) AS is_opted_out
FROM articles a JOIN story_articles m ON m.article_id = a.id
WHERE a.fetched_at >= :since AND {LISTED_MEMBER_SQL}
  AND NOT EXISTS (SELECT 1 FROM revisions r WHERE r.article_id = a.id AND r.seen_at < :since)
  AND NOT EXISTS (SELECT 1 FROM deposits d WHERE d.article_id = a.id AND d.service = :service)
ORDER BY a.id"""  # noqa: S608  our own condition
"""Articles of followed stories that were first archived since a moment, and are not deposited."""

UNLISTED_DEPOSITS_SQL = f"""
DELETE FROM deposits WHERE service = ? AND state = 'waiting' AND NOT EXISTS (
  SELECT 1 FROM story_articles m WHERE m.article_id = deposits.article_id AND {LISTED_MEMBER_SQL}
)"""  # noqa: S608  our own condition

NEXT_DEPOSIT_SQL = """
SELECT id, article_id, url, state, job, asked_at, failures FROM deposits
WHERE service = :service AND (state = 'asked' OR (state = 'waiting' AND coalesce(retry_at, '') <= :now))
ORDER BY state, failures, article_id LIMIT 1"""
"""The other archive's present work comes first, then what was never tried."""


@dataclass(frozen=True, slots=True)
class NewStoryArticle:
    """A new article of a followed story."""

    article_id: int
    url: str
    is_opted_out: bool
    """True if its publisher asks for no copies, and that is honoured."""


@dataclass(frozen=True, slots=True)
class StoredDeposit:
    """A page that another archive is to keep."""

    id: int
    article_id: int
    url: str
    state: DepositState
    job: str | None
    asked_at: str | None
    failures: int


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """The requests to another archive on a day, and its refusals."""

    requests: int = 0
    failures: int = 0
    error: str | None = None
    paused_until: str | None = None


def new_story_articles(
    connection: sqlite3.Connection, service: str, since: str
) -> list[NewStoryArticle]:
    """Return the articles of followed stories that were archived since a moment and are not queued."""
    rows = connection.execute(NEW_STORY_ARTICLES_SQL, {"since": since, "service": service})
    return [NewStoryArticle(row[0], row[1], bool(row[2])) for row in rows]


def queue_deposit(
    connection: sqlite3.Connection, article: NewStoryArticle, service: str, refusal: str | None
) -> None:
    """Queue an article, or record why it is not deposited."""
    connection.execute(
        "INSERT INTO deposits (article_id, service, url, state, error) VALUES (?, ?, ?, ?, ?)",
        (article.article_id, service, article.url, "refused" if refusal else "waiting", refusal),
    )


def drop_unlisted_deposits(connection: sqlite3.Connection, service: str) -> None:
    """Take off the queue what belongs to no followed story any more."""
    connection.execute(UNLISTED_DEPOSITS_SQL, (service,))


def next_deposit(connection: sqlite3.Connection, service: str, now: str) -> StoredDeposit | None:
    """Return the page that is due next, or None."""
    row = connection.execute(NEXT_DEPOSIT_SQL, {"service": service, "now": now}).fetchone()
    return StoredDeposit(**dict(row)) if row else None


def count_deposits(connection: sqlite3.Connection, service: str) -> dict[str, int]:
    """Return the number of deposits by their states."""
    rows = connection.execute(
        "SELECT state, count(*) FROM deposits WHERE service = ? GROUP BY state", (service,)
    )
    return {str(state): int(number) for state, number in rows}


# -- what the other archive answered ---------------------------------------------------------------


def record_asked(connection: sqlite3.Connection, id: int, job: str, now: str) -> None:
    """Record that the other archive works on a page."""
    connection.execute(
        "UPDATE deposits SET state = 'asked', job = ?, asked_at = ? WHERE id = ?", (job, now, id)
    )


def record_snapshot(connection: sqlite3.Connection, id: int, url: str, at: str) -> None:
    """Record where the other archive keeps a page, and since when."""
    connection.execute(
        """UPDATE deposits SET state = 'done', job = NULL, snapshot_url = ?, snapshot_at = ?,
             failures = 0, error = NULL, retry_at = NULL WHERE id = ?""",
        (url, at, id),
    )


def record_failed_deposit(
    connection: sqlite3.Connection, id: int, error: str, retry_at: str | None
) -> None:
    """Record that a page could not be saved, and when it is tried again; None: never."""
    connection.execute(
        """UPDATE deposits SET state = ?, job = NULL, failures = failures + 1, error = ?, retry_at = ?
           WHERE id = ?""",
        ("waiting" if retry_at else "refused", error, retry_at, id),
    )


# -- the other archive -----------------------------------------------------------------------------


def service_record(connection: sqlite3.Connection, service: str, now: str) -> ServiceRecord:
    """Return how much another archive was asked on the day of `now`, and whether it rests."""
    row = connection.execute(
        """SELECT CASE WHEN day = substr(?, 1, 10) THEN requests ELSE 0 END, failures, error, paused_until
           FROM deposit_services WHERE name = ?""",
        (now, service),
    ).fetchone()
    return ServiceRecord(*row) if row else ServiceRecord()


def count_capture_request(connection: sqlite3.Connection, service: str, now: str) -> None:
    """Count a request for a capture."""
    connection.execute(
        """INSERT INTO deposit_services (name, day, requests) VALUES (:name, substr(:now, 1, 10), 1)
           ON CONFLICT (name) DO UPDATE SET
             requests = CASE WHEN day = excluded.day THEN requests + 1 ELSE 1 END, day = excluded.day""",
        {"name": service, "now": now},
    )


def pause_service(connection: sqlite3.Connection, service: str, error: str, until: str) -> None:
    """Record that another archive refuses, and until when it is not asked."""
    connection.execute(
        """UPDATE deposit_services SET failures = failures + 1, error = ?, paused_until = ?
           WHERE name = ?""",
        (error, until, service),
    )


def note_service_works(connection: sqlite3.Connection, service: str) -> None:
    """Forget the refusals of an archive that has taken a page."""
    connection.execute(
        """UPDATE deposit_services SET failures = 0, error = NULL, paused_until = NULL
           WHERE name = ? AND failures > 0""",
        (service,),
    )
