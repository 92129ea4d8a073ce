"""The home page of several archives: what happens now in any of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from archive.pages.combined.combined_lists import largest_combined_events, most_copied_of_all
from archive.pages.combined.merged_rows import (
    ArchiveConnections,
    merged_rows,
    once_across_archives,
    rows_of_each,
)
from archive.pages.findings.change_lists import ChangeFilters, change_counts, notable_changes
from archive.pages.findings.copy_lists import CopyFilters
from archive.pages.findings.day_groups import (
    group_by_day,
    is_older_than_a_day,
    newest_change_of_all,
    newest_coverage_of_all,
)
from archive.pages.findings.event_lists import EventFilters
from archive.pages.home import (
    FEW_EVENTS,
    HOME_COUNTS_SQL,
    HOME_PERIODS,
    LAST_CRAWL_SQL,
    MAX_HOME_ARTICLES,
    MAX_HOME_CHANGES,
    MAX_HOME_COPIES,
    MAX_HOME_EVENTS,
    MAX_HOME_STORIES,
    followed_story_rows,
    lead_details,
)
from archive.queries.lookup import PlainRow, newest_articles
from archive.records import format_utc

HOSTS_SQL = "SELECT host FROM outlets"


def combined_home(connections: ArchiveConnections) -> PlainRow:
    """Return what the home page shows of all archives, as `home_page_data` does of one.

    Days are counted back from the newest coverage of any. `crawl` is the last one of any archive.
    """
    newest = newest_coverage_of_all(connections.values())
    articles = merged_rows(
        connections,
        lambda connection: newest_articles(connection, MAX_HOME_ARTICLES),
        lambda article: article["published_at"] or "",
    )
    stories = merged_rows(
        connections,
        lambda connection: followed_story_rows(connection, MAX_HOME_STORIES, newest),
        lambda story: story["found_at"] or "",
    )
    return {
        "counts": _combined_counts(connections),
        "newest": format_utc(newest),
        "is_old": is_older_than_a_day(newest),
        "now": _combined_events_now(connections, newest),
        "stories": stories[:MAX_HOME_STORIES],
        "changes": _combined_changes_of_day(connections),
        "copies": _combined_copies_of_day(connections, newest),
        "days": group_by_day(
            once_across_archives(articles)[:MAX_HOME_ARTICLES], lambda row: row["published_at"]
        ),
        "crawl": _last_crawl_of_all(connections),
    }


def _combined_counts(connections: ArchiveConnections) -> PlainRow:
    """Return the articles and stories of all archives added up, and the number of their outlets."""
    counted = rows_of_each(
        connections, lambda connection: [dict(connection.execute(HOME_COUNTS_SQL).fetchone())]
    )
    hosts: set[str] = set()
    for connection in connections.values():
        hosts.update(row["host"] for row in connection.execute(HOSTS_SQL))
    sums = {name: sum(row[name] for row in counted) for name in ("articles", "stories")}
    return sums | {"outlets": len(hosts)}


def _combined_events_now(connections: ArchiveConnections, newest: datetime) -> PlainRow:
    """Return the largest events of the last days in any archive: `lead`, `others`, `period`."""
    events: list[PlainRow] = []
    most = MAX_HOME_EVENTS * len(connections)
    for period in HOME_PERIODS:
        filters = EventFilters(days=period)
        largest = largest_combined_events(connections, filters, most, newest)
        events = once_across_archives(largest)[:MAX_HOME_EVENTS]
        if len(events) >= FEW_EVENTS:
            break
    lead = events[0] | lead_details(connections[events[0]["archive"]], events[0]) if events else {}
    for row in lead.get("headlines", ()):
        row["archive"] = lead["archive"]
    return {"lead": lead or None, "others": events[1:], "period": period}


def _combined_changes_of_day(connections: ArchiveConnections) -> PlainRow:
    """Return the notable changes of the last day with changes in any archive.

    The most notable ones of each archive come first.
    """
    newest = newest_change_of_all(connections.values())
    since = format_utc(newest - timedelta(days=1))
    counts = {"every": 0, "silently": 0}
    placed: list[tuple[int, PlainRow]] = []
    for name, connection in connections.items():
        changes = notable_changes(connection, since, MAX_HOME_CHANGES)
        placed += [(place, {**row, "archive": name}) for place, row in enumerate(changes)]
        counted = change_counts(connection, ChangeFilters(since=since))
        counts = {kind: count + counted[kind] for kind, count in counts.items()}
    placed.sort(key=lambda pair: pair[0])
    return {
        "rows": once_across_archives(row for _, row in placed)[:MAX_HOME_CHANGES],
        "counts": counts,
        "newest": format_utc(newest),
        "is_old": is_older_than_a_day(newest),
        "since": since,
    }


def _combined_copies_of_day(connections: ArchiveConnections, newest: datetime) -> PlainRow:
    """Return the texts that most outlets published in the first period that has any."""
    most = MAX_HOME_COPIES * len(connections)
    for period in HOME_PERIODS:
        found = most_copied_of_all(connections, CopyFilters(days=period), most, newest)
        texts = once_across_archives(found)[:MAX_HOME_COPIES]
        if texts:
            return {"texts": texts, "period": period}
    return {"texts": [], "period": HOME_PERIODS[-1]}


def _last_crawl_of_all(connections: ArchiveConnections) -> PlainRow | None:
    """Return the crawl that started last in any archive, or None."""
    crawls = merged_rows(
        connections,
        lambda connection: map(dict, connection.execute(LAST_CRAWL_SQL)),
        lambda crawl: crawl["started_at"],
    )
    return crawls[0] if crawls else None
