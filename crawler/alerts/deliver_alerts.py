"""Delivery of alerts: news is queued from what the archive holds, and sent to each target.

Queueing is one transaction, from the mark that the last one left. A crawl that is killed before
it leaves its news to the next; one that is killed later leaves it in the queue. News leaves the
queue of a target once the target has taken it, so it is sent twice only if the process ends
between the two.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from archive.alerts import alert_news, alert_store
from archive.alerts.alert_store import AlertTarget, NewsItem, StoredAlert
from archive.alerts.target_file import read_target_urls
from archive.errors import ArchiveError, BusyError, DatelineError
from archive.records import current_time, format_utc
from archive.storage.database import open_database, open_read_only, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.formatting import many, parse_json_texts
from crawler.alerts.apprise_sender import SendFunction, send_message
from crawler.alerts.named_targets import send_to_target
from pipelines.alerts.alert_messages import AlertMessage, NewsRow, alert_message
from pipelines.alerts.alert_requests import is_change_wanted
from pipelines.alerts.alert_times import is_item_due, is_quiet_time, retry_delay

DELIVERY_LOCK_TIMEOUT_SECONDS = 20.0
"""Time to wait for another process that delivers."""
NO_ADDRESS = (
    "its address is not in notify.json; remove the alert with `dateline notify remove` and add "
    "it again"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of a message to one target."""

    alert_id: int
    label: str
    items: int
    """Number of items in the message; 0 for a test message."""
    error: str | None = None

    def outcome_line(self) -> str:
        """Return the outcome in one line."""
        what = many(self.items, "item") if self.items else "test message"
        if self.error:
            return f"alert {self.alert_id}: {self.label}: {what} not sent: {self.error}"
        return f"alert {self.alert_id}: {what} sent to {self.label}"


def deliver_after_crawl(folder: Path, tell: Callable[[str], None]) -> None:
    """Deliver what is due; `tell` gets a line for each target that failed.

    It raises nothing, since the crawl itself has succeeded.
    """
    try:
        for delivery in deliver_alerts(folder):
            if delivery.error:
                tell(delivery.outcome_line())
    except (DatelineError, sqlite3.Error, OSError) as error:
        tell(f"alerts were not sent: {error}; the next crawl sends them")


def deliver_alerts(
    folder: Path,
    *,
    everything: bool = False,
    send: SendFunction = send_message,
    clock: Callable[[], datetime] = current_time,
) -> list[Delivery]:
    """Queue the news of all alerts and send what is due; return what happened at each target.

    With `everything` digests, quiet hours and pauses after failures are not waited for. Raises
    BusyError while another process delivers.
    """
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        if not alert_store.has_alerts(connection):
            return []
    lock = FileLock(folder / "notify.lock")
    try:
        lock.acquire(timeout=DELIVERY_LOCK_TIMEOUT_SECONDS)
    except Timeout:
        raise BusyError(f"{folder}: another process is sending alerts; wait for it") from None
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
            with transaction(connection):
                queue_all_news(connection, format_utc(clock()))
            return _send_waiting_news(connection, folder, everything, send, clock)
    finally:
        lock.release()


# -- queueing --------------------------------------------------------------------------------------


def queue_all_news(connection: sqlite3.Connection, now: str) -> int:
    """Queue what is new for each alert; return the number of items."""
    newest = alert_news.newest_ids(connection)
    alerts = alert_store.stored_alerts(connection)
    return sum(_queue_alert_news(connection, alert, newest, now) for alert in alerts)


def _queue_alert_news(
    connection: sqlite3.Connection, alert: StoredAlert, newest: tuple[int, int], now: str
) -> int:
    """Queue what is new for an alert, and move its marks.

    `newest` holds the newest IDs of articles and of revisions.
    """
    request, articles, revisions = alert.request, alert.after_article_id, alert.after_revision_id
    newest_article, newest_revision = newest
    items: Sequence[NewsItem]
    if request.kind == "story":
        # the mark stays: an article may turn out to belong long after it was archived
        items = alert_news.story_news(connection, alert.id, request, articles)
    elif request.kind == "search":
        items = alert_news.search_news(connection, alert.id, request, articles)
        articles = _next_mark([item.subject_id for item in items], newest_article)
    elif request.kind == "changes":
        rows = alert_news.new_revision_rows(connection, request, revisions)
        revisions = _next_mark([row["id"] for row in rows], newest_revision)
        items = [
            NewsItem("revision", row["id"])
            for row in rows
            if is_change_wanted(request.subject, parse_json_texts(row["kinds"]), row["stealth"])
        ]
    else:
        items = alert_news.silent_outlet_news(connection, request)
    alert_store.advance_alert(connection, alert.id, article_id=articles, revision_id=revisions)
    return alert_store.queue_news(connection, alert.id, items, now)


def _next_mark(ids: Sequence[int], newest: int) -> int:
    """Return up to which ID everything has been seen."""
    return ids[-1] if len(ids) >= alert_news.MAX_QUEUED_ITEMS else newest


# -- sending ---------------------------------------------------------------------------------------


def _send_waiting_news(
    connection: sqlite3.Connection,
    folder: Path,
    everything: bool,
    send: SendFunction,
    clock: Callable[[], datetime],
) -> list[Delivery]:
    """Send what is due to each target."""
    alerts = {alert.id: alert for alert in alert_store.stored_alerts(connection)}
    deliveries: list[Delivery] = []
    urls: dict[int, str] | None = None
    for target in alert_store.alert_targets(connection):
        if not target.waiting:
            continue
        alert = alerts[target.alert_id]
        items = due_items(connection, alert, target, clock(), everything)
        if not items:
            continue
        if urls is None:
            urls = read_target_urls(folder)
        address = urls.get(target.id)
        sender = partial(send_to_target, folder, address, send=send) if address else None
        delivery = _send_to_target(connection, alert, target, items, sender)
        if delivery is None:
            with transaction(connection):
                alert_store.record_arrival(connection, target.id, items, None)
            continue
        _record_delivery(connection, target, items, delivery, clock())
        deliveries.append(delivery)
    return deliveries


def due_items(
    connection: sqlite3.Connection,
    alert: StoredAlert,
    target: AlertTarget,
    now: datetime,
    everything: bool,
) -> list[NewsItem]:
    """Return the news that is to be sent to a target now."""
    items = alert_store.waiting_items(connection, target.id)
    if everything:
        return items
    is_paused = target.retry_at is not None and target.retry_at > format_utc(now)
    if is_paused or is_quiet_time(alert.request, now):
        return []
    return [
        item
        for item in items
        if is_item_due(alert.request, datetime.fromisoformat(item.found_at), now)
    ]


def _send_to_target(
    connection: sqlite3.Connection,
    alert: StoredAlert,
    target: AlertTarget,
    items: Sequence[NewsItem],
    send: Callable[[AlertMessage], str | None] | None,
) -> Delivery | None:
    """Send items to a target, None without its address; return None if all of them were removed."""
    news: list[NewsRow] = []
    for item in items:
        row = alert_news.news_details(connection, item)
        if row is not None:
            news.append((item.kind, dict(row) | {"since": item.since}))
    if not news:
        return None
    error = send(alert_message(alert.request, news)) if send else NO_ADDRESS
    return Delivery(alert.id, target.label, len(news), error)


def _record_delivery(
    connection: sqlite3.Connection,
    target: AlertTarget,
    items: Sequence[NewsItem],
    delivery: Delivery,
    now: datetime,
) -> None:
    """Record that a target took the items, or when it is tried again."""
    with transaction(connection):
        if delivery.error is None:
            alert_store.record_arrival(connection, target.id, items, format_utc(now))
        else:
            retry_at = format_utc(now + retry_delay(target.failures + 1))
            alert_store.record_failure(connection, target.id, delivery.error, retry_at)
