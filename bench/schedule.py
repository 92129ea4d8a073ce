"""Two weeks of scheduled crawls, an hour at a time: `make bench ARGS=schedule`, about ten minutes.

The web of `worlds/coverage` and the crawler share a simulated clock. Every simulated hour `dateline
crawl --due` runs once, as a timer would start it. Measured are the delay until an article is found,
the share of useless requests, and the cost of an hour without news.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

from archive.articles.revisions import FetchHistory
from archive.records import format_utc
from bench.crawl import add_outlets, newsweb, run
from bench.figures import Figure
from pipelines.scheduling.recheck import next_recheck

BEGINNING = datetime(2021, 9, 6, tzinfo=UTC)
DAYS, HOUR = 14, timedelta(hours=1)


@dataclass
class Hours:
    """Measurements of the simulated hours."""

    idle_cpu: list[float] = field(default_factory=list)
    """CPU seconds of each run that found nothing new."""
    nothing_due: list[float] = field(default_factory=list)
    """CPU seconds of each run without due URLs: the start-up."""
    intervals: dict[str, float] = field(default_factory=dict)
    """Host → longest interval of its sources so far, in seconds."""
    late: list[str] = field(default_factory=list)


def figures(shared: Path) -> Iterator[Figure]:
    """Simulate and measure; the archive is deleted."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-schedule-"))
    try:
        log = folder / "asked.jsonl"
        with newsweb(shared, "coverage", "--log", log) as address:
            published = pages(shared)
            set_clock(address, BEGINNING)
            add_outlets(address, folder)
            run(address, folder, "crawl", "--due", "--since", "1d", "--delay", "0")
            known = log.stat().st_size
            hours = simulate(address, folder)
            feeds = feed_answers(log, known)
        yield from told(folder, hours, feeds, published)
    finally:
        shutil.rmtree(folder)


def pages(shared: Path) -> dict[str, datetime]:
    """Return URL → publication time of all pages of the world."""
    rows = (
        (shared / "newsweb" / "worlds" / "coverage" / "world.jsonl").read_text("utf-8").splitlines()
    )
    return {row["url"]: datetime.fromisoformat(row["published"]) for row in map(json.loads, rows)}


def set_clock(address: str, moment: datetime) -> None:
    """Set the clock of the web and of the following runs."""
    urlopen(f"{address}/clock?now={quote(format_utc(moment))}").close()
    os.environ["DATELINE_NOW"] = format_utc(moment)


def simulate(address: str, folder: Path) -> Hours:
    """Run one crawl an hour for all days."""
    hours = Hours()
    for hour in range(1, DAYS * 24 + 1):
        set_clock(address, BEGINNING + hour * HOUR)
        with closing(sqlite3.connect(folder / "archive.db")) as db:
            due = db.execute(
                "SELECT count(*) FROM urls WHERE role = 'source' AND (due_at IS NULL OR due_at <= ?)",
                (os.environ["DATELINE_NOW"],),
            ).fetchone()[0]
            before = db.execute("SELECT count(*) FROM articles").fetchone()[0]
        cost = run(address, folder, "crawl", "--due", "--since", "1d", "--delay", "0")["cpu"]
        with closing(sqlite3.connect(folder / "archive.db")) as db:
            if db.execute("SELECT count(*) FROM articles").fetchone()[0] == before:
                (hours.idle_cpu if due else hours.nothing_due).append(cost)
            for host, longest in db.execute(
                """SELECT o.host, max(u.interval_seconds) FROM urls u JOIN outlets o ON o.id = u.outlet_id
                WHERE u.role = 'source' GROUP BY 1"""
            ):
                hours.intervals[host] = max(hours.intervals.get(host, 0), longest or 0)
    del os.environ["DATELINE_NOW"]
    return hours


def feed_answers(log: Path, start: int) -> Counter[int]:
    """Count the statuses of conditional feed requests in the web's log, from an offset on."""
    with log.open("rb") as lines:
        lines.seek(start)
        asked = [row for row in map(json.loads, lines) if row["path"] == "/feed.xml"]
    with_validators = {row["host"] for row in asked if row["conditional"]}
    return Counter(row["status"] for row in asked if row["host"] in with_validators)


def told(
    folder: Path, hours: Hours, feeds: Counter[int], published: dict[str, datetime]
) -> Iterator[Figure]:
    """Yield the figures of the simulation."""
    end = BEGINNING + DAYS * timedelta(days=1)
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        found = found_at(db)
        often = sum(
            many > allowed(first, published[url], end)
            for url, first, many in looks(db)
            if url in published
        )
        sources = db.execute("SELECT count(*) FROM urls WHERE role = 'source'").fetchone()[0]
    wanted = {
        url: moment
        for url, moment in published.items()
        if BEGINNING < moment <= end - timedelta(hours=27)
    }
    late = [
        url
        for url, moment in wanted.items()
        if url not in found
        or found[url] - moment > timedelta(seconds=1.1 * hours.intervals[host_of(url)]) + HOUR
    ]
    delays = [
        (found[url] - moment).total_seconds() / 3600
        for url, moment in wanted.items()
        if url in found
    ]
    start_up = statistics.median(hours.nothing_due) if hours.nothing_due else min(hours.idle_cpu)
    idle = statistics.mean(hours.idle_cpu) - start_up
    yield Figure("articles of the two weeks", len(wanted))
    yield Figure("found later than their source's interval", len(late), "", None, "", "0")
    yield Figure("found after, median", statistics.median(delays), "h")
    yield Figure("articles looked at more often than the schedule says", often, "", None, "", "0")
    yield Figure(
        "feeds with validators that answered 304",
        100 * feeds[304] / max(1, feeds.total()),
        "%",
        90,
        "bound",
        "≥ 90 %",
    )
    yield Figure(
        "CPU of an hour with nothing new, a hundred sources",
        idle * 100 / sources,
        "s",
        1,
        "bound",
        "< 1 s",
    )
    yield Figure("start-up of a run for which nothing is due", start_up, "s")


def found_at(db: sqlite3.Connection) -> dict[str, datetime]:
    """Return URL → time at which the article was first stored."""
    rows = db.execute(
        """SELECT a.url, min(c.fetched_at) FROM articles a JOIN urls u ON u.article_id = a.id
        JOIN fetches c ON c.url_id = u.id GROUP BY 1"""
    )
    return {url: datetime.fromisoformat(moment) for url, moment in rows}


def looks(db: sqlite3.Connection) -> Iterator[tuple[str, datetime, int]]:
    """Return URL, time of the first fetch and number of fetches of each article."""
    rows = db.execute(
        """SELECT u.url, min(c.fetched_at), count(*) FROM urls u JOIN fetches c ON c.url_id = u.id
        WHERE u.article_id IS NOT NULL AND u.kind = 'page' GROUP BY 1"""
    )
    return ((url, datetime.fromisoformat(first), many) for url, first, many in rows)


def allowed(first: datetime, published: datetime, end: datetime) -> int:
    """Return the number of fetches that the schedule allows for an article that never changes."""
    known = FetchHistory(first_seen=format_utc(first), published_at=format_utc(published))
    many, moment, due = 1, first, next_recheck(known, first)
    while due and (moment := moment + HOUR) <= end:
        if due <= moment:
            many, due = many + 1, next_recheck(known, moment)
    return many


def host_of(url: str) -> str:
    """Return the host of a URL."""
    return url.split("/")[2]
