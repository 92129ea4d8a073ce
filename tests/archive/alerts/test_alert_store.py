"""Alerts in the archive: an older archive gets their tables, and what is removed takes its own
along."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from archive.alerts import alert_store
from archive.alerts.alert_news import newest_ids, search_news
from archive.alerts.alert_store import AlertRequest, NewsItem
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import MOMENT, add_article

TABLES = ("alert_deliveries", "alert_items", "alert_targets", "alerts")


def steps_before(name: str) -> tuple[tuple[str, str], ...]:
    names = [each for each, _ in ARCHIVE_SCHEMA.steps]
    return ARCHIVE_SCHEMA.steps[: names.index(name)]


def archive(folder: Path) -> sqlite3.Connection:
    """An archive of four articles that was made before there were alerts, and is migrated."""
    path = folder / "archive.db"
    with closing(
        open_database(path, replace(ARCHIVE_SCHEMA, steps=steps_before("m020_notifications")))
    ) as db:
        db.execute("INSERT INTO outlets (host, added_at) VALUES ('ridge.example', ?)", [MOMENT])
        db.execute("INSERT INTO crawls (started_at) VALUES (?)", [MOMENT])
        for id in range(1, 5):
            add_article(db, id, {"outlet_id": 1, "headline": f"Ferry {id}", "text": f"Words {id}."})
    return open_database(path, ARCHIVE_SCHEMA)


def remove_article(db: sqlite3.Connection, id: int) -> None:
    db.execute(
        "DELETE FROM fetches WHERE url_id IN (SELECT id FROM urls WHERE article_id = ?)", [id]
    )
    db.execute("DELETE FROM urls WHERE article_id = ?", [id])
    db.execute("DELETE FROM articles WHERE id = ?", [id])


def rows_left(db: sqlite3.Connection) -> list[int]:
    return [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]


def test_an_older_archive_gets_the_tables_and_its_articles_are_no_news(tmp_path: Path) -> None:
    with closing(archive(tmp_path)) as db:
        assert not alert_store.has_alerts(db)
        request = AlertRequest("search", "ferry", {"language": "en"}, quiet="22:00-07:00")
        with transaction(db):
            id, targets = alert_store.insert_alert(db, request, ["json://a.example"], MOMENT)
        stored = alert_store.find_alert(db, id)
        assert (stored.request, stored.after_article_id) == (request, 4)
        assert len(targets) == 1
        assert search_news(db, id, AlertRequest("search", "ferry"), stored.after_article_id) == []


def test_an_alert_that_is_removed_takes_its_queue_along(tmp_path: Path) -> None:
    with closing(archive(tmp_path)) as db:
        labels = ["json://a.example", "json://b.example"]
        id, _ = alert_store.insert_alert(db, AlertRequest("search", "ferry"), labels, MOMENT)
        items = [NewsItem("article", 1), NewsItem("article", 2), NewsItem("article", 1)]
        assert alert_store.queue_news(db, id, items, MOMENT) == 2
        assert rows_left(db) == [4, 2, 2, 1]
        alert_store.delete_alert(db, id)
        assert rows_left(db) == [0, 0, 0, 0]


def test_an_article_that_takes_the_number_of_a_removed_one_is_news(tmp_path: Path) -> None:
    request = AlertRequest("search", "ferry")
    with closing(archive(tmp_path)) as db:
        id, [target] = alert_store.insert_alert(db, request, ["json://a.example"], MOMENT)
        alert_store.queue_news(db, id, [NewsItem("article", 4)], MOMENT)
        remove_article(db, 4)
        assert alert_store.waiting_items(db, target) == []
        assert newest_ids(db)[0] == alert_store.find_alert(db, id).after_article_id == 3
        add_article(db, 4, {"outlet_id": 1, "headline": "Ferry again", "text": "Other words."})
        after = alert_store.find_alert(db, id).after_article_id
        assert search_news(db, id, request, after) == [NewsItem("article", 4)]
        remove_article(db, 2)
        assert alert_store.find_alert(db, id).after_article_id == 3
