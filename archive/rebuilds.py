"""Rebuild copies, language keys and events that an earlier version of a method made.

The functions open the transactions that they need.
"""

from __future__ import annotations

import sqlite3

from archive.articles import events, language_keys, stories
from archive.articles.copies import are_copies_current, rebuild_copies
from archive.articles.store import Decisions
from archive.progress import ProgressReport, ignore_progress
from archive.records import current_timestamp
from archive.storage.database import transaction


def prepare_archive(connection: sqlite3.Connection, decisions: Decisions) -> None:
    """Rebuild copies, language keys or events if an earlier version of a method made them."""
    if not are_copies_current(connection, decisions.texts):
        with transaction(connection) as db:
            rebuild_copies(db, decisions.texts, current_timestamp())
    if not language_keys.are_keys_current(connection, decisions.keys):
        with transaction(connection) as db:
            language_keys.rebuild_keys(db, decisions.keys)
    if not events.are_events_current(connection, decisions.events):
        rebuild_events(connection, decisions)


def rebuild_events(
    connection: sqlite3.Connection, decisions: Decisions, report: ProgressReport = ignore_progress
) -> tuple[int, int]:
    """Rebuild the events; return the number of articles in events and the number of events."""
    with transaction(connection) as db:
        if not language_keys.are_keys_current(db, decisions.keys):
            language_keys.rebuild_keys(db, decisions.keys)
        made = events.rebuild_all_events(db, decisions.events, report)
        stories.refresh_stories(db, decisions.stories, everything=True)
        return int(db.execute("SELECT count(*) FROM event_articles").fetchone()[0]), made


def tidy_events_if_due(connection: sqlite3.Connection, decisions: Decisions) -> None:
    """Tidy the events if that was not done in the last MIN_TIDY_INTERVAL_HOURS (`events`)."""
    if events.is_tidy_due(connection):
        with transaction(connection) as db:
            events.tidy_events(db, decisions.events)
