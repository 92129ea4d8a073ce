"""Jobs behind `dateline notify add`, `list`, `remove` and `test`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from archive.alerts import alert_news, alert_store
from archive.alerts.alert_store import AlertRequest, AlertTarget, StoredAlert
from archive.alerts.target_file import forget_target_urls, read_target_urls, write_target_urls
from archive.articles.stories import find_story
from archive.errors import UsageError
from archive.records import current_timestamp
from archive.storage.database import open_database, open_read_only, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.alerts.apprise_sender import (
    SendFunction,
    check_target_url,
    send_message,
)
from crawler.alerts.deliver_alerts import NO_ADDRESS, Delivery
from crawler.alerts.named_targets import send_to_target, shown_target, target_url
from pipelines.alerts.alert_messages import trial_message


def add_alert(folder: Path, request: AlertRequest, urls: Sequence[str]) -> StoredAlert:
    """Store an alert that reports what is archived from now on, and return it.

    The targets are given by URL, or by their names in the configuration.

    Raises UsageError for an unknown story, a target that Apprise does not know, and an alert that
    exists; DatelineError without Apprise.
    """
    urls = list(dict.fromkeys(urls))
    for url in urls:
        check_target_url(target_url(folder, url))
    open_read_only(folder / "archive.db", ARCHIVE_SCHEMA).close()  # it must exist
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        request = _with_known_stories(connection, request)
        known = read_target_urls(folder)
        _check_new_alert(connection, request, urls, known)
        now = current_timestamp()
        with transaction(connection):
            labels = [shown_target(url) for url in urls]
            alert_id, ids = alert_store.insert_alert(connection, request, labels, now)
            if request.kind == "outlets":
                silent = alert_news.silent_outlet_news(connection, request)
                alert_store.queue_news(connection, alert_id, silent, now, is_sent=False)
            # before the commit: a target without an address would fail, an address of none is unused
            write_target_urls(folder, known | dict(zip(ids, urls, strict=True)))
        return alert_store.find_alert(connection, alert_id)


def _with_known_stories(connection: sqlite3.Connection, request: AlertRequest) -> AlertRequest:
    """Return the request with its stories by their names. Raises UsageError for an unknown one."""
    if "story" in request.filters:
        name = find_story(connection, request.filters["story"]).name
        request = replace(request, filters={**request.filters, "story": name})
    if request.kind == "story":
        request = replace(request, subject=find_story(connection, request.subject).name)
    return request


def _check_new_alert(
    connection: sqlite3.Connection,
    request: AlertRequest,
    urls: Sequence[str],
    known: dict[int, str],
) -> None:
    """Raise UsageError if another alert sends the same to one of the URLs."""
    alerts = {alert.id: alert for alert in alert_store.stored_alerts(connection)}
    for target in alert_store.alert_targets(connection):
        other = alerts[target.alert_id].request
        is_same = (other.kind, other.subject, dict(other.filters)) == (
            request.kind,
            request.subject,
            dict(request.filters),
        )
        if is_same and known.get(target.id) in urls:
            raise UsageError(f"alert {target.alert_id} sends this to {target.label} already")


def listed_alerts(folder: Path) -> tuple[list[StoredAlert], list[AlertTarget]]:
    """Return all alerts and all targets of an archive."""
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        return alert_store.stored_alerts(connection), alert_store.alert_targets(connection)


def remove_alerts(folder: Path, ids: Sequence[int]) -> int:
    """Remove alerts; return how many items were still waiting. Raises UsageError for an unknown ID."""
    open_read_only(folder / "archive.db", ARCHIVE_SCHEMA).close()
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        with transaction(connection):
            for id in ids:
                alert_store.find_alert(connection, id)
            targets = alert_store.alert_targets(connection)
            for id in ids:
                alert_store.delete_alert(connection, id)
        forget_target_urls(folder, {each.id for each in targets if each.alert_id not in ids})
    return sum(target.waiting for target in targets if target.alert_id in ids)


def try_alert(folder: Path, id: int, send: SendFunction = send_message) -> list[Delivery]:
    """Send a test message to each target of an alert. Raises UsageError for an unknown ID."""
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        alert = alert_store.find_alert(connection, id)
        targets = [each for each in alert_store.alert_targets(connection) if each.alert_id == id]
    urls, message = read_target_urls(folder), trial_message(alert.request)
    return [
        Delivery(
            id,
            target.label,
            0,
            send_to_target(folder, urls[target.id], message, send)
            if target.id in urls
            else NO_ADDRESS,
        )
        for target in targets
    ]
