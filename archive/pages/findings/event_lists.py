"""Lists of events: the largest of some days, with outlets, languages and who was first."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archive.pages.charts import ChartBar, chart_bars
from archive.pages.filters import page_of_rows
from archive.pages.findings.day_groups import PeriodFilters, newest_coverage_at, period_bounds
from archive.queries.lookup import PlainRow
from archive.records import format_utc
from archive.text.formatting import direction, moment, parse_timestamp_as_utc

EVENT_LIST_SIZE = 20
"""Events per page."""
MAX_LISTED_EVENTS = 300
"""Events that are compared and listed, those of most articles first."""
MAX_EVENT_OUTLETS = 4
"""Outlets named in a list, those that reported first."""
MIN_DRAWN_ARTICLES = 5
"""Articles from which an event has a spark line; fewer do not make a curve."""
MIN_EVENT_BARS, MAX_EVENT_BARS = 12, 36
"""Bars of an event's spark line, an hour each if that gives no more."""

EVENTS_OF_PERIOD_SQL = """
WITH largest AS MATERIALIZED (
  SELECT id FROM events WHERE articles > 1 AND last_at BETWEEN :since AND :until
  ORDER BY articles DESC, id DESC LIMIT :most
)"""

EVENTS_OF_ALL_TIME_SQL = """
WITH largest AS MATERIALIZED (
  SELECT id FROM events WHERE articles > 1 ORDER BY articles DESC, id DESC LIMIT :most
)"""

COUNTED_EVENTS_SQL = """
SELECT e.id, e.articles, e.texts, e.first_at, e.last_at, count(DISTINCT a.outlet_id) AS outlets,
       count(DISTINCT CASE WHEN coalesce(a.published_at, a.fetched_at) >= :since
                      THEN a.outlet_id END) AS recent_outlets,
       sum(a.language IS :language) AS in_language
FROM largest c CROSS JOIN events e ON e.id = c.id CROSS JOIN event_articles m ON m.event_id = c.id
CROSS JOIN articles a ON a.id = m.article_id
GROUP BY c.id HAVING outlets >= :least AND (:language = '' OR in_language > 0)
ORDER BY recent_outlets DESC, outlets DESC, e.articles DESC, e.id DESC"""

LISTED_EVENT_ARTICLES_SQL = """
SELECT m.event_id, a.id, a.headline, a.url, a.language,
       a.published_at, a.published_day, a.published_offset, a.fetched_at, a.outlet_id,
       o.host AS outlet, coalesce(o.name, o.host) AS outlet_name
FROM json_each(?) j CROSS JOIN event_articles m ON m.event_id = j.value
CROSS JOIN articles a ON a.id = m.article_id CROSS JOIN outlets o ON o.id = a.outlet_id
ORDER BY j.key, coalesce(a.published_at, a.fetched_at), a.id"""

EVENT_LANGUAGES_SQL = (
    "SELECT language FROM language_counts WHERE language <> '' ORDER BY articles DESC"
)


@dataclass(frozen=True, slots=True)
class EventFilters(PeriodFilters):
    """The events to list: `days` before the newest coverage or `all`, a language, and the least
    number of outlets."""

    days: str = ""
    language: str = ""
    outlets: str = ""


def event_list_data(
    connection: sqlite3.Connection, filters: EventFilters, page: int = 1
) -> PlainRow:
    """Return what the list of events shows: one page of `events`, and the choices of its filters.

    `newest` is the moment from which the days are counted back.
    """
    newest = newest_coverage_at(connection)
    found = counted_events(connection, filters, newest)
    shown = event_list_page(
        filters, page, found, newest, lambda part: event_rows(connection, part, filters)
    )
    return shown | {"languages": event_languages(connection)}


def event_languages(connection: sqlite3.Connection) -> list[str]:
    """Return the languages of an archive's articles, the most frequent first."""
    return [row[0] for row in connection.execute(EVENT_LANGUAGES_SQL)]


def event_list_page(
    filters: EventFilters,
    page: int,
    found: Sequence[Any],
    newest: datetime,
    rows_of: Callable[[Sequence[Any]], list[PlainRow]],
) -> PlainRow:
    """Return one page of a list of events; `rows_of` returns those found as lists show them."""
    part, page, pages = page_of_rows(found, page, EVENT_LIST_SIZE)
    return {
        "events": rows_of(part),
        "total": len(found),
        "filters": filters.given,
        "days": str(filters.period_days or "all"),
        "least": filters.least_outlets,
        "newest": format_utc(newest),
        "page": page,
        "pages": pages,
    }


def largest_events(
    connection: sqlite3.Connection,
    filters: EventFilters,
    limit: int,
    newest: datetime | None = None,
) -> list[PlainRow]:
    """Return the events that most outlets covered within the filters' period, as `event_rows`."""
    counted = counted_events(connection, filters, newest or newest_coverage_at(connection))
    return event_rows(connection, counted[:limit], filters)


def counted_events(
    connection: sqlite3.Connection, filters: EventFilters, newest: datetime
) -> list[sqlite3.Row]:
    """Return the events within the filters, those with most outlets in the period first."""
    since, until = period_bounds(newest, filters.period_days)
    chosen = EVENTS_OF_PERIOD_SQL if filters.period_days else EVENTS_OF_ALL_TIME_SQL
    values = {
        "since": since,
        "until": until,
        "language": filters.language,
        "least": filters.least_outlets,
        "most": MAX_LISTED_EVENTS,
    }
    return connection.execute(chosen + COUNTED_EVENTS_SQL, values).fetchall()


def event_rows(
    connection: sqlite3.Connection, counted: Sequence[Any], filters: EventFilters
) -> list[PlainRow]:
    """Return events as lists show them.

    Each has `id`, `headline` (in the language of the filter if possible), `articles`, `texts`,
    `outlets`, `recent_outlets`, `first_at`, `last_at`, `languages`, `first` (see
    `first_report`), `names` (the other outlets in the order of their reports) and `bars`.
    """
    ids = json.dumps([row["id"] for row in counted])
    articles: dict[int, list[sqlite3.Row]] = {row["id"]: [] for row in counted}
    for article in connection.execute(LISTED_EVENT_ARTICLES_SQL, (ids,)):
        articles[article["event_id"]].append(article)
    return [_event_row(row, articles[row["id"]], filters.language) for row in counted]


def _event_row(event: Any, articles: list[sqlite3.Row], language: str) -> PlainRow:
    head = naming_article(articles, language)
    first = first_report(articles)
    names = list(dict.fromkeys(row["outlet_name"] for row in articles))
    if first:
        names.remove(first["outlet_name"])
    counts = Counter(row["language"] for row in articles if row["language"])
    values = {name: event[name] for name in ("id", "articles", "texts", "first_at", "last_at")}
    return values | {
        "outlets": event["outlets"],
        "recent_outlets": event["recent_outlets"],
        "headline": head["headline"],
        "url": head["url"],
        "article_id": head["id"],
        "language": head["language"],
        "direction": direction(head["language"]),
        "languages": [code for code, _ in counts.most_common()],
        "is_drawn": len(articles) >= MIN_DRAWN_ARTICLES,
        "names": names[:MAX_EVENT_OUTLETS],
        "more_names": len(names[MAX_EVENT_OUTLETS:]),
        "first": first,
        "bars": event_bars(articles),
    }


def naming_article(articles: Sequence[Any], language: str = "") -> Any:
    """Return the article whose headline names the event: the earliest in its commonest language.

    With a `language` it is one in that language if there is one.
    """
    titled = [row for row in articles if row["headline"]] or list(articles)
    counts = Counter(row["language"] for row in titled)
    wanted = language if language in counts else counts.most_common(1)[0][0]
    return next(row for row in titled if row["language"] == wanted)


def first_report(articles: Iterable[Any]) -> PlainRow | None:
    """Return who was first with a known time of day, and the outlets of the same moment.

    None if fewer than two outlets have one, since a day alone does not say who was first.
    """
    timed = [
        (at, row)
        for row in articles
        if len(row["published_at"] or "") > len("2024-02-15")
        and (at := parse_timestamp_as_utc(row["published_at"]))
    ]
    if len({row["outlet"] for _, row in timed}) < 2:
        return None
    earliest, first = min(timed, key=lambda pair: (pair[0], pair[1]["id"]))
    together = {row["outlet_name"] for at, row in timed if at == earliest} - {first["outlet_name"]}
    return {
        "id": first["id"],
        "outlet": first["outlet"],
        "outlet_name": first["outlet_name"],
        "published_at": first["published_at"],
        "published_day": first["published_day"],
        "published_offset": first["published_offset"],
        "together": sorted(together),
    }


def event_bars(articles: Iterable[Any]) -> list[ChartBar]:
    """Return an event's articles over time as bars of equal length."""
    times = sorted(
        at
        for row in articles
        if (at := parse_timestamp_as_utc(row["published_at"] or row["fetched_at"]))
    )
    if not times:
        return []
    whole = times[-1] - times[0]
    bars = min(MAX_EVENT_BARS, max(MIN_EVENT_BARS, whole // timedelta(hours=1) + 1))
    length = max(timedelta(minutes=1), whole / (bars - 1))
    counts = Counter((at - times[0]) // length for at in times)
    starts = [times[0] + number * length for number in range(bars)]
    labels = [moment(f"{start:%Y-%m-%dT%H:%MZ}") for start in starts]
    return chart_bars([(label, counts[number]) for number, label in enumerate(labels)])


def event_file_row(event: PlainRow) -> PlainRow:
    """Return an event as one row of a file."""
    first = event["first"] or {}
    plain = ("id", "headline", "language", "articles", "texts", "outlets", "first_at", "last_at")
    return {name: event[name] for name in plain} | {
        "languages": event["languages"],
        "first_outlet": first.get("outlet"),
        "first_published_at": first.get("published_at"),
    }
