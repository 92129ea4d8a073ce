"""Alerts and their targets as stored, and the queue of news that waits for each target.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from archive.errors import UsageError
from archive.queries.lookup import PlainRow

AlertKind = Literal["story", "search", "changes", "outlets"]
"""`story` and `search`: new articles · `changes`: of articles after publication · `outlets`: that
fell silent."""

NewsKind = Literal["article", "revision", "outlet"]


@dataclass(frozen=True, slots=True)
class AlertRequest:
    """The news that an alert reports, and its times."""

    kind: AlertKind
    subject: str = ""
    """Name of the story, words of the search, or kind of change."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """`outlet`, `language` or `story` to which it is limited."""
    digest_at: str | None = None
    """Time of day of a daily message, `08:00`; None: at once."""
    quiet: str | None = None
    """Hours without messages, `22:00-07:00`."""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert of the archive."""

    id: int
    request: AlertRequest
    created_at: str
    after_article_id: int
    after_revision_id: int


@dataclass(frozen=True, slots=True)
class AlertTarget:
    """A place to which the news of an alert goes."""

    id: int
    alert_id: int
    label: str
    failures: int
    error: str | None
    retry_at: str | None
    sent_at: str | None
    waiting: int
    """Number of items that wait for it."""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """News of an alert, by the ID of what it is about."""

    kind: NewsKind
    subject_id: int
    since: str = ""
    """For an outlet, when its last article was found."""
    found_at: str = ""
    id: int = 0


ALERT_TARGETS_SQL = """
SELECT id, alert_id, label, failures, error, retry_at, sent_at,
       (SELECT count(*) FROM alert_deliveries WHERE target_id = t.id) AS waiting
FROM alert_targets t ORDER BY alert_id, id"""

WAITING_ITEMS_SQL = """
SELECT i.id, i.kind, i.subject_id, i.since, i.found_at
FROM alert_deliveries d CROSS JOIN alert_items i ON i.id = d.item_id
WHERE d.target_id = ? ORDER BY i.id"""


# -- alerts ----------------------------------------------------------------------------------------


def insert_alert(
    connection: sqlite3.Connection, request: AlertRequest, labels: Sequence[str], now: str
) -> tuple[int, list[int]]:
    """Store an alert; return its ID and those of its targets. What is archived by now is not news."""
    done = connection.execute(
        """INSERT INTO alerts (kind, subject, filters, digest_at, quiet, timezone, created_at,
             after_article_id, after_revision_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM articles),
             (SELECT coalesce(max(id), 0) FROM revisions))""",
        (
            request.kind,
            request.subject,
            json.dumps(dict(request.filters), ensure_ascii=False, sort_keys=True),
            request.digest_at,
            request.quiet,
            request.timezone,
            now,
        ),
    )
    alert_id = int(done.lastrowid or 0)
    insert = "INSERT INTO alert_targets (alert_id, label) VALUES (?, ?)"
    targets = [
        int(connection.execute(insert, (alert_id, label)).lastrowid or 0) for label in labels
    ]
    return alert_id, targets


def delete_alert(connection: sqlite3.Connection, id: int) -> None:
    """Delete an alert with its targets and what waits for them."""
    connection.execute("DELETE FROM alerts WHERE id = ?", (id,))


def has_alerts(connection: sqlite3.Connection) -> bool:
    """Return True if there is at least one alert."""
    return connection.execute("SELECT 1 FROM alerts LIMIT 1").fetchone() is not None


def stored_alerts(connection: sqlite3.Connection) -> list[StoredAlert]:
    """Return all alerts by ID."""
    return [_alert_of_row(row) for row in connection.execute("SELECT * FROM alerts ORDER BY id")]


def find_alert(connection: sqlite3.Connection, id: int) -> StoredAlert:
    """Return the alert of an ID. Raises UsageError for an unknown ID."""
    row = connection.execute("SELECT * FROM alerts WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise UsageError(f"there is no alert {id}; `dateline notify list` shows the alerts")
    return _alert_of_row(row)


def _alert_of_row(row: sqlite3.Row) -> StoredAlert:
    names = ("kind", "subject", "digest_at", "quiet", "timezone")
    request = AlertRequest(
        **{name: row[name] for name in names}, filters=json.loads(row["filters"])
    )
    marks = ("id", "created_at", "after_article_id", "after_revision_id")
    return StoredAlert(request=request, **{name: row[name] for name in marks})


def alert_targets(connection: sqlite3.Connection) -> list[AlertTarget]:
    """Return the targets of all alerts, by alert."""
    return [AlertTarget(**dict(row)) for row in connection.execute(ALERT_TARGETS_SQL)]


def advance_alert(
    connection: sqlite3.Connection, id: int, *, article_id: int, revision_id: int
) -> None:
    """Record up to which articles and revisions the news of an alert has been queued."""
    connection.execute(
        "UPDATE alerts SET after_article_id = ?, after_revision_id = ? WHERE id = ?",
        (article_id, revision_id, id),
    )


# -- the queue -------------------------------------------------------------------------------------


def queue_news(
    connection: sqlite3.Connection,
    alert_id: int,
    items: Iterable[NewsItem],
    now: str,
    *,
    is_sent: bool = True,
) -> int:
    """Queue news for all targets of an alert; return how much of it was not known yet.

    Without `is_sent` it is only remembered, as what was there before the alert.
    """
    queued = 0
    for item in items:
        done = connection.execute(
            """INSERT OR IGNORE INTO alert_items (alert_id, kind, subject_id, since, found_at)
               VALUES (?, ?, ?, ?, ?)""",
            (alert_id, item.kind, item.subject_id, item.since, now),
        )
        if done.rowcount and is_sent:
            queued += 1
            connection.execute(
                """INSERT INTO alert_deliveries (target_id, item_id)
                   SELECT id, ? FROM alert_targets WHERE alert_id = ?""",
                (done.lastrowid, alert_id),
            )
    return queued


def waiting_items(connection: sqlite3.Connection, target_id: int) -> list[NewsItem]:
    """Return the news that waits for a target, in the order in which it was found."""
    rows = connection.execute(WAITING_ITEMS_SQL, (target_id,))
    return [NewsItem(**dict(row)) for row in rows]


def record_arrival(
    connection: sqlite3.Connection, target_id: int, items: Iterable[NewsItem], now: str | None
) -> None:
    """Take news off the queue of a target, which has received it at `now`.

    Without a time, nothing was left to send, because the articles have been removed.
    """
    connection.executemany(
        "DELETE FROM alert_deliveries WHERE target_id = ? AND item_id = ?",
        [(target_id, item.id) for item in items],
    )
    if now:
        connection.execute(
            """UPDATE alert_targets SET failures = 0, error = NULL, retry_at = NULL, sent_at = ?
               WHERE id = ?""",
            (now, target_id),
        )


def record_failure(
    connection: sqlite3.Connection, target_id: int, error: str, retry_at: str
) -> None:
    """Record that a target failed; the news stays in its queue."""
    connection.execute(
        "UPDATE alert_targets SET failures = failures + 1, error = ?, retry_at = ? WHERE id = ?",
        (error, retry_at, target_id),
    )


def alert_as_record(alert: StoredAlert, targets: Iterable[AlertTarget]) -> PlainRow:
    """Return an alert with its targets, ready for JSON."""
    request = alert.request
    return {
        "id": alert.id,
        "kind": request.kind,
        "subject": request.subject,
        "filters": dict(request.filters),
        "digest_at": request.digest_at,
        "quiet": request.quiet,
        "timezone": request.timezone,
        "created_at": alert.created_at,
        "targets": [
            {
                "target": target.label,
                "waiting": target.waiting,
                "sent_at": target.sent_at,
                "failures": target.failures,
                "error": target.error,
                "retry_at": target.retry_at,
            }
            for target in targets
            if target.alert_id == alert.id
        ],
    }
