"""Attention over time: articles a day of a search, a story or an event, or their share of all."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from archive.articles.stories import LISTED_MEMBER_SQL
from archive.errors import UsageError
from archive.pages.charts import chart_bars
from archive.pages.filters import PageFilters
from archive.pages.findings.day_groups import newest_coverage_of_all
from archive.pages.findings.series_chart import SeriesStep, build_series_chart, group_into_steps
from archive.queries.lookup import PlainRow
from archive.queries.search import match_query
from archive.text.formatting import direction

DEFAULT_ATTENTION_DAYS = 90
"""Days up to the newest coverage that a search covers unless the reader asks for others."""
MAX_ATTENTION_DAYS = 20_000
"""Days that one chart covers, up to the last."""
MAX_COMPARED_OUTLETS = 12
"""Outlets that are compared, those with most articles first."""

SEARCHED_DAYS_SQL = """
SELECT a.outlet_id, a.published_day AS day, count(*) AS articles
FROM outlets o CROSS JOIN articles a INDEXED BY articles_by_outlet_day ON a.outlet_id = o.id
WHERE a.published_day BETWEEN :since AND :until
  AND +a.id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :match
                AND rowid BETWEEN :first_id AND :last_id)
GROUP BY 1, 2"""
"""Read from the index of outlets and dates alone: the rows of articles hold whole texts."""

ID_RANGE_SQL = """
SELECT coalesce(min(id), 0) AS first_id, coalesce(max(id), 0) AS last_id FROM articles
WHERE published_day BETWEEN :since AND :until"""
"""The IDs of a period: they narrow the full-text search, which knows no dates."""

STORY_TIMES_SQL = f"""
SELECT a.outlet_id, a.published_day AS day
FROM stories s CROSS JOIN story_articles m ON m.story_id = s.id
CROSS JOIN articles a ON a.id = m.article_id
WHERE s.name = ? AND a.published_day IS NOT NULL AND {LISTED_MEMBER_SQL}"""  # noqa: S608

EVENT_TIMES_SQL = """
SELECT a.outlet_id, a.published_day AS day
FROM event_articles m CROSS JOIN articles a ON a.id = m.article_id
WHERE m.event_id = ? AND a.published_day IS NOT NULL"""

ALL_DAYS_SQL = """
SELECT j.value AS day, (SELECT count(*) FROM articles
                        WHERE published_day = j.value) AS articles
FROM json_each(:days) j"""
"""Counted day by day in the index, which is several times as fast as grouping the articles."""

OUTLET_DAYS_SQL = """
SELECT published_day AS day, count(*) AS articles FROM articles
WHERE outlet_id = :outlet AND published_day BETWEEN :since AND :until GROUP BY 1"""

OUTLET_HOSTS_SQL = "SELECT id, host FROM outlets WHERE id IN (SELECT value FROM json_each(?))"

COMPARED_OUTLETS_SQL = """
SELECT o.host, o.name, (SELECT count(*) FROM articles WHERE outlet_id = o.id
                        AND published_day BETWEEN :since AND :until) AS articles
FROM outlets o WHERE o.host IN (SELECT value FROM json_each(:hosts))"""


@dataclass(frozen=True, slots=True)
class AttentionRequest(PageFilters):
    """A subject (words, a story's name or an event's ID; all articles without one), an outlet, the
    first and the last day, and whether to `show` a `share` instead of a number."""

    words: str = ""
    story: str = ""
    event: str = ""
    outlet: str = ""
    since: str = ""
    until: str = ""
    show: str = ""

    @property
    def as_share(self) -> bool:
        """True if the chart shows shares."""
        return self.show == "share"


def attention_page_data(connection: sqlite3.Connection, wanted: AttentionRequest) -> PlainRow:
    """Return what the page of an archive shows, as `attention_of_archives` does of several."""
    return attention_of_archives([connection], wanted)


def attention_of_archives(
    connections: Sequence[sqlite3.Connection], wanted: AttentionRequest
) -> PlainRow:
    """Return what the page shows: a `chart`, its `steps` as a table, and the outlets compared.

    `error` says in words why nothing could be counted.
    """
    series = days_of_archives(connections, wanted)
    if series["error"]:
        return series
    steps = group_into_steps(series["days"], date.fromisoformat(series["until"]))
    total = sum(step.count for step in steps)
    total_of_all = sum(step.total for step in steps)
    return series | {
        "steps": steps[::-1],
        "unit": steps[0].unit if steps else "day",
        "first": steps[0].day if steps else series["since"],
        "chart": build_series_chart(steps, wanted.as_share) if total else None,
        "total": total,
        "share": total / total_of_all if total_of_all else None,
        "compared": _compared_outlets(connections, series["by_outlet"], steps, series),
    }


def attention_days(connection: sqlite3.Connection, wanted: AttentionRequest) -> PlainRow:
    """Return the articles of an archive by day, as `days_of_archives` does of several."""
    return days_of_archives([connection], wanted)


def days_of_archives(
    connections: Sequence[sqlite3.Connection], wanted: AttentionRequest
) -> PlainRow:
    """Return the subject's articles and all articles of each day, with `title` and period.

    `days` are tuples of a day, the subject's articles, and all articles of that day (of the
    outlet, if one is given); days without any article are left out. An article that several
    archives have counts for each of them.
    """
    subjects = [_subject_articles(each, wanted) for each in connections]
    dated = [row for members in subjects for row in members or ()]
    since, until = _attention_period(connections, wanted, dated)
    frame: PlainRow = {
        "wanted": wanted, "filters": wanted.given, "since": since, "until": until, "days": [],
        "by_outlet": {}, "error": None, "steps": [], "chart": None, "total": 0, "share": None,
        "compared": [], "unit": "day", "first": since, **_subject_of_request(connections, wanted),
    }  # fmt: skip
    outlets = [_outlet_id(each, wanted.outlet) for each in connections]
    if wanted.outlet and not any(outlets):
        is_one = len(connections) == 1
        lack = "this archive has no such outlet" if is_one else "no archive has such an outlet"
        return frame | {"error": f"{wanted.outlet}: {lack}."}
    if frame["kind"] == "words":
        try:
            subjects = [_searched_days(each, wanted.words, since, until) for each in connections]
        except UsageError as error:
            return frame | {"error": str(error)}
    all_days = Counter[str]()
    by_outlet: dict[str, Counter[str]] = {}
    for connection, members, outlet in zip(connections, subjects, outlets, strict=True):
        if outlet or not wanted.outlet:
            all_days.update(_all_days(connection, outlet, since, until))
        for host, counts in _counted_by_outlet(connection, members or [], since, until).items():
            by_outlet.setdefault(host, Counter()).update(counts)
    mine = all_days if frame["kind"] == "all" else _subject_days(by_outlet, wanted.outlet)
    days = [(day, mine[day], all_days[day]) for day in sorted(all_days)]
    return frame | {"days": days, "by_outlet": by_outlet}


def _outlet_id(connection: sqlite3.Connection, host: str) -> int | None:
    """Return the ID of an outlet; None if the archive does not have it."""
    row = connection.execute("SELECT id FROM outlets WHERE host = ?", (host,)).fetchone()
    return int(row[0]) if row else None


def _subject_days(by_outlet: Mapping[str, Counter[str]], host: str) -> Counter[str]:
    """Return the subject's articles by day, of one outlet if given."""
    mine = Counter[str]()
    for each in [host] if host else by_outlet:
        mine.update(by_outlet.get(each, {}))
    return mine


OutletDay = tuple[int, str, int]
"""An outlet's ID, a day, and its articles of that day."""


def _subject_articles(
    connection: sqlite3.Connection, wanted: AttentionRequest
) -> list[OutletDay] | None:
    """Return the dated articles of a story or an event; None for other subjects."""
    if wanted.story:
        rows = connection.execute(STORY_TIMES_SQL, (wanted.story,))
    elif wanted.event:
        rows = connection.execute(EVENT_TIMES_SQL, (wanted.event,))
    else:
        return None
    return [(row["outlet_id"], row["day"], 1) for row in rows]


def _searched_days(
    connection: sqlite3.Connection, words: str, since: str, until: str
) -> list[OutletDay]:
    """Return the articles with these words by outlet and day. Raises UsageError without a word."""
    period = {"since": since, "until": until}
    ids = connection.execute(ID_RANGE_SQL, period).fetchone()
    values = {**period, "match": match_query(words), "first_id": ids[0], "last_id": ids[1]}
    return [tuple(row) for row in connection.execute(SEARCHED_DAYS_SQL, values)]


def _counted_by_outlet(
    connection: sqlite3.Connection, rows: Iterable[OutletDay], since: str, until: str
) -> dict[str, Counter[str]]:
    """Return the articles of a period by the host of the outlet and by day."""
    found = defaultdict[int, Counter[str]](Counter)
    for outlet_id, day, count in rows:
        if since <= day <= until:
            found[outlet_id][day] += count
    hosts = connection.execute(OUTLET_HOSTS_SQL, (json.dumps(list(found)),))
    return {host: found[outlet_id] for outlet_id, host in hosts}


def _first_row(
    connections: Iterable[sqlite3.Connection], sql: str, values: Sequence[object]
) -> sqlite3.Row | None:
    """Return the first row of a query in the first archive that has one."""
    rows = (each.execute(sql, values).fetchone() for each in connections)
    return next((row for row in rows if row), None)


def _subject_of_request(
    connections: Sequence[sqlite3.Connection], wanted: AttentionRequest
) -> PlainRow:
    """Return the `kind` of subject and its `title`, with the title's direction."""
    if wanted.story:
        sql = "SELECT title FROM stories WHERE name = ?"
        row = _first_row(connections, sql, (wanted.story,))
        return {"kind": "story", "subject": row[0] if row else wanted.story, "direction": "auto"}
    if wanted.event:
        sql = "SELECT coalesce(headline, url), language FROM articles WHERE id = ?"
        row = _first_row(connections, sql, (wanted.event,))
        title = row[0] if row else f"event {wanted.event}"
        return {"kind": "event", "subject": title, "direction": direction(row[1] if row else None)}
    kind = "words" if wanted.words.strip() else "all"
    return {"kind": kind, "subject": wanted.words.strip(), "direction": "auto"}


def _attention_period(
    connections: Sequence[sqlite3.Connection],
    wanted: AttentionRequest,
    members: Sequence[OutletDay],
) -> tuple[str, str]:
    """Return the first and last day: as asked for, else those of the subject.

    A search and all articles have the last 90 days before the newest coverage.
    """
    newest = newest_coverage_of_all(connections).date()
    first, last = newest - timedelta(days=DEFAULT_ATTENTION_DAYS - 1), newest
    if members:
        days = [day for _, day, _ in members]
        first, last = _day_of(min(days)) or first, _day_of(max(days)) or last
    last = _day_of(wanted.until) or last
    first = _day_of(wanted.since) or min(first, last)
    earliest = max(first.toordinal(), last.toordinal() - MAX_ATTENTION_DAYS + 1)
    return date.fromordinal(min(earliest, last.toordinal())).isoformat(), last.isoformat()


def _day_of(written: str | None) -> date | None:
    """Return the day of a timestamp; None if it is missing or invalid."""
    try:
        return date.fromisoformat((written or "")[:10])
    except ValueError:
        return None


def _all_days(
    connection: sqlite3.Connection, outlet_id: int | None, since: str, until: str
) -> Counter[str]:
    """Return all articles of each day, of one outlet if given."""
    if outlet_id:
        values = {"outlet": outlet_id, "since": since, "until": until}
        rows = connection.execute(OUTLET_DAYS_SQL, values)
    else:
        dates = range(
            date.fromisoformat(since).toordinal(), date.fromisoformat(until).toordinal() + 1
        )
        days = json.dumps([date.fromordinal(number).isoformat() for number in dates])
        rows = connection.execute(ALL_DAYS_SQL, {"days": days})
    return Counter({row["day"]: row["articles"] for row in rows if row["articles"]})


def _compared_outlets(
    connections: Sequence[sqlite3.Connection],
    by_outlet: Mapping[str, Counter[str]],
    steps: Sequence[SeriesStep],
    period: PlainRow,
) -> list[PlainRow]:
    """Return the outlets with most of the subject's articles, on one scale.

    Each has `articles`, the `share` of all its articles of the period, and `bars`.
    """
    totals = Counter({host: counts.total() for host, counts in by_outlet.items()})
    largest = totals.most_common(MAX_COMPARED_OUTLETS)
    hosts = json.dumps([host for host, _ in largest])
    names: dict[str, str] = {}
    whole = Counter[str]()
    values = {"hosts": hosts, "since": period["since"], "until": period["until"]}
    for connection in connections:
        for host, name, articles in connection.execute(COMPARED_OUTLETS_SQL, values):
            names[host] = names.get(host) or name
            whole[host] += articles
    counted = {host: _counts_of_steps(by_outlet[host], steps) for host, _ in largest}
    most = max((max(counts, default=0) for counts in counted.values()), default=0)
    compared = []
    for host, articles in largest:
        labelled = [(step.label, count) for step, count in zip(steps, counted[host], strict=True)]
        compared.append(
            {
                "host": host,
                "name": names[host] or host,
                "articles": articles,
                "share": articles / max(1, whole[host]),
                "bars": chart_bars([*labelled, ("", most)])[:-1],
            }
        )
    return compared


def _counts_of_steps(days: Mapping[str, int], steps: Sequence[SeriesStep]) -> list[int]:
    """Return the number of articles of each step of the chart."""
    counts = Counter[int]()
    starts = [step.day for step in steps]
    for day, count in days.items():
        counts[bisect_right(starts, day) - 1] += count
    return [counts[number] for number in range(len(steps))]


def attention_file_row(day: tuple[str, int, int]) -> PlainRow:
    """Return a day of the series as one row of a file."""
    written, articles, total = day
    share = round(articles / total, 6) if total else 0.0
    return {"day": written, "articles": articles, "of": total, "share": share}
