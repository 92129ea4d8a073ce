"""Quality and cost of event detection: `python -m bench.events` (`--scale 100000` for the load).

Real articles with known events, from beside the checkout (../shared), are added one by one. Numbers
were chosen on one half of the events, by a hash (`--half tune`); the other half is reported. The
baseline is that of feed readers: headlines that share half of their words (Jaccard) within the same
days.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sqlite3
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import NamedTuple

from archive.articles.copies import relate_article
from archive.articles.events import EventPolicy, join_event, tidy_events
from archive.articles.language_keys import save_keys as keep_keys
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.timestamps import days_since_epoch
from bench.copies import babble, real_texts, script
from bench.figures import SHARED, Figure
from pipelines.dedup.copies import COPY_POLICY as TEXTS
from pipelines.text.fingerprint import text_fingerprint
from pipelines.text.terms import text_terms
from pipelines.topics.events import EVENT_POLICY, MAX_EVENT_DAYS
from pipelines.topics.language_keys import KEY_POLICY as KEYS

MOMENT = "2024-03-01T06:00:00Z"
DATED, FULL = ("allsides21",), ("g5w1h", "wikinews", "basil")
ORDERS = ("a", "b", "c")
"""Seeds of the random orders in which undated texts are added; the mean is reported."""


class Text(NamedTuple):
    """An article, and the event that it reports."""

    id: str
    story: str
    headline: str
    text: str
    language: str | None
    published_at: str | None


class Score(NamedTuple):
    """F1 of pairs of articles, and B³ (Bagga and Baldwin, 1998), with precision and recall."""

    pairs: float
    pairs_precision: float
    pairs_recall: float
    b3: float
    b3_precision: float
    b3_recall: float

    def __str__(self) -> str:
        pairs = f"pairs {self.pairs:.3f} ({self.pairs_precision:.3f}/{self.pairs_recall:.3f})"
        return f"{pairs}  B³ {self.b3:.3f} ({self.b3_precision:.3f}/{self.b3_recall:.3f})"


# -- articles in order of arrival ------------------------------------------------------------------


def texts(names: Sequence[str], half: str, shared: Path = SHARED) -> list[Text]:
    """Return the articles of the half (`tune`, `report` or `all`), split by event."""
    rows = [
        json.loads(line)
        for name in names
        for line in (shared / f"corpus/text-stories/{name}.jsonl").open()
    ]
    wanted = {"tune": (0,), "report": (1,), "all": (0, 1)}[half]
    return [
        Text(
            row["id"],
            row["story"],
            row["title"] or "",
            row["text"] or "",
            row["lang"] or None,
            _moment(row["date"]),
        )
        for row in rows
        if zlib.crc32(row["story"].encode()) % 2 in wanted
    ]


def _moment(raw: str | None) -> str | None:
    """Return the date in the archive's form; a year alone is not a date."""
    return (
        raw[:19] + "Z" * (len(raw) > 10) if raw and days_since_epoch(raw[:10]) is not None else None
    )


def by_date(articles: Sequence[Text]) -> list[Text]:
    """Return the articles ordered by date."""
    return sorted(articles, key=lambda article: (article.published_at or "", article.id))


def by_chance(articles: Sequence[Text], order: str) -> list[Text]:
    """Return the articles in a random order."""
    return sorted(articles, key=lambda article: md5((order + article.id).encode()).hexdigest())


def undated(articles: Sequence[Text]) -> list[Text]:
    """Return the articles without their dates."""
    return [article._replace(published_at=None) for article in articles]


# -- event detection -------------------------------------------------------------------------------

Put = Callable[[Sequence[Text]], list[int]]
"""Articles in the order of their arrival → the event number of each."""


def in_archive(
    articles: Sequence[Text], judge: EventPolicy = EVENT_POLICY, tidied: bool = True
) -> list[int]:
    """Return the event of each article in a new archive.

    The archive is tidied after each day, or after 500 articles.
    """
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Path(folder) / "archive.db", ARCHIVE_SCHEMA)
        db.execute("BEGIN IMMEDIATE")
        last = ""
        for number, article in enumerate(articles, 1):
            today = (article.published_at or str(number // 500))[:10]
            if tidied and today != last:
                tidy_events(db, judge)
            last = today
            keep(db, number, article)
            relate_article(db, number, TEXTS, MOMENT)
            keep_keys(db, number, KEYS)
            join_event(db, number, judge)
        if tidied:
            tidy_events(db, judge)
        events = dict(db.execute("SELECT article_id, event_id FROM event_articles").fetchall())
        db.close()
    return [events[number] for number in range(1, len(articles) + 1)]


def keep(db: sqlite3.Connection, number: int, article: Text) -> None:
    """Insert a row for an article of a new outlet."""
    db.execute(
        "INSERT INTO outlets (id, host, added_at) VALUES (?, ?, ?)",
        (number, f"{number}.example", MOMENT),
    )
    db.execute(
        """INSERT INTO articles (id, outlet_id, url, headline, language, published_at, fetched_at, text, word_count,
        fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            number,
            number,
            f"https://{number}.example/1",
            article.headline,
            article.language,
            article.published_at,
            article.published_at or MOMENT,
            article.text,
            len(article.text.split()),
            text_fingerprint(article.text),
        ),
    )


def by_headline(articles: Sequence[Text], least: float) -> list[int]:
    """Return the event of each article by the baseline: that of the most similar earlier
    headline."""
    events: list[int] = []
    words = [set(text_terms(article.headline, article.language)) for article in articles]
    moments = [days_since_epoch(article.published_at) for article in articles]
    for here, mine in enumerate(words):
        best, likest = here, least
        for there in range(here):
            apart = abs((moments[here] or 0.0) - (moments[there] or 0.0))
            likeness = len(mine & words[there]) / max(1, len(mine | words[there]))
            if (
                apart <= MAX_EVENT_DAYS
                and likeness >= likest
                and (likeness > likest or best == here)
            ):
                best, likest = there, likeness
        events.append(here if best == here else events[best])
    return events


def score(articles: Sequence[Text], events: Sequence[int]) -> Score:
    """Compare the events found with the known ones."""
    groups: dict[int, Counter[str]] = defaultdict(Counter)
    for article, event in zip(articles, events, strict=True):
        groups[event][article.story] += 1
    stories = Counter(article.story for article in articles)

    def pairs(many: int) -> float:
        return many * (many - 1) / 2

    right = sum(pairs(many) for group in groups.values() for many in group.values())
    precision = right / (sum(pairs(sum(group.values())) for group in groups.values()) or 1)
    recall = right / (sum(map(pairs, stories.values())) or 1)
    purity = sum(
        many**2 / sum(group.values()) for group in groups.values() for many in group.values()
    )
    whole = sum(
        many**2 / stories[story] for group in groups.values() for story, many in group.items()
    )
    b3 = purity / len(articles), whole / len(articles)
    return Score(harmonic(precision, recall), precision, recall, harmonic(*b3), *b3)


def harmonic(a: float, b: float) -> float:
    """Return the harmonic mean of two numbers."""
    return 2 * a * b / (a + b) if a + b else 0.0


def mean(scores: Sequence[Score]) -> Score:
    """Return the mean of each score."""
    return Score(*(sum(values) / len(scores) for values in zip(*scores, strict=True)))


def dated(half: str, put: Put, shared: Path = SHARED) -> Score:
    """Score a stream of dated articles."""
    articles = by_date(texts(DATED, half, shared))
    return score(articles, put(articles))


def full(
    half: str,
    put: Callable[[Sequence[Text]], list[int]],
    with_dates: bool = False,
    shared: Path = SHARED,
) -> Score:
    """Score full texts: without any dates, or without only where they have none."""
    articles = texts(FULL, half, shared)
    articles = articles if with_dates else undated(articles)
    orders = [by_chance(articles, order) for order in ORDERS]
    return mean([score(order, put(order)) for order in orders])


# -- speed -----------------------------------------------------------------------------------------


class Grown(NamedTuple):
    """Measurements of one tenth of the load."""

    articles: int
    milliseconds: float
    """Mean CPU per article."""
    p95: float
    bytes: float
    """Bytes per article, in all tables of events."""


A_DAY = 1_000
"""Articles of the load per simulated day."""
BATCH = 100
"""Articles per transaction."""
TABLES = ("article_terms", "strong_terms", "term_counts", "events", "event_articles")


def load(size: int) -> list[Grown]:
    """Return CPU and table size of `join_event` as an archive grows to `size` articles without
    copies."""
    chance = random.Random(29)
    english = [text for text in real_texts("report") if script(text) == "LATIN" and " the " in text]
    source = babble([text for text in english if 100 <= len(text.split()) <= 1000], chance)
    told: list[Grown] = []
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Path(folder) / "archive.db", ARCHIVE_SCHEMA)
        db.execute("DROP TRIGGER articles_fts_insert")  # the search's cost, not this one's
        spent: list[float] = []
        for number in range(1, size + 1):
            if number % BATCH == 1:
                db.execute("BEGIN IMMEDIATE")
            text = next(source)
            moment = (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number / A_DAY)).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            )
            keep(db, number, Text("", "", text[:70], text, "en", moment))
            start = time.process_time()
            join_event(db, number, EVENT_POLICY)
            spent.append(1000 * (time.process_time() - start))
            if number % BATCH == 0:
                db.execute("COMMIT")
            if number % (size // 10) == 0:
                told.append(
                    Grown(
                        number,
                        sum(spent) / len(spent),
                        sorted(spent)[len(spent) * 95 // 100],
                        _bytes(db),
                    )
                )
                line = "{:8,} articles: {:.2f} ms of CPU, p95 {:.2f} ms, {:.0f} bytes each".format(
                    *told[-1]
                )
                print(
                    line,
                    db.execute("SELECT count(*) FROM events").fetchone()[0],
                    "events",
                    flush=True,
                )
                spent = []
        db.close()
    return told


def _bytes(db: sqlite3.Connection) -> float:
    """Return the bytes of all tables of events."""
    marks = ", ".join("?" * len(TABLES))
    size = db.execute(f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({marks})", TABLES).fetchone()[
        0
    ]
    return float(size / db.execute("SELECT count(*) FROM articles").fetchone()[0])


# -- figures ---------------------------------------------------------------------------------------


def figures(shared: Path, scale: int = 100_000) -> Iterator[Figure]:
    """Yield the figures for `make bench`: the reported half, and a load of 100,000 articles."""
    headlines = partial(by_headline, least=0.5)
    ours, theirs = dated("report", in_archive, shared), dated("report", headlines, shared)
    yield Figure(
        "dated stream, pairs of articles (F1)", ours.pairs, "", theirs.pairs, "headlines", "≥ .86"
    )
    yield Figure("dated stream, B³ (F1)", ours.b3, "", theirs.b3, "headlines", "≥ .93")
    ours, theirs = (
        full("report", in_archive, shared=shared),
        full("report", headlines, shared=shared),
    )
    yield Figure("full texts without dates, pairs (F1)", ours.pairs, "", theirs.pairs, "headlines")
    yield Figure("full texts without dates, B³ (F1)", ours.b3, "", theirs.b3, "headlines", "≥ .90")
    with redirect_stdout(io.StringIO()):
        grown = load(scale)
    yield Figure(f"CPU an article at {scale:,}, p95", grown[-1].p95, "ms", 8, "bound", "≤ 8 ms")
    yield Figure(
        "the same, beside that at a tenth",
        grown[-1].p95,
        "ms",
        grown[0].p95,
        "at a tenth",
        "≤ 1.5 ×",
    )
    yield Figure("tables of events, an article", grown[-1].bytes, "bytes")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--scale", type=int, default=0, help="articles of the load; 0: no load")
    given = parser.parse_args()
    if not (SHARED / "corpus").is_dir():
        print("events: nothing to measure on, ../shared is not here")
        return
    ways: dict[str, Put] = {
        "ours": in_archive,
        "ours, never tidied": partial(in_archive, tidied=False),
        "headlines, half in common": partial(by_headline, least=0.5),
        "headlines, a fifth in common": partial(by_headline, least=0.2),
    }
    for name, put in ways.items():
        print(f"{name:30} dated stream              {dated(given.half, put)}")
        print(f"{'':30} full texts without dates  {full(given.half, put)}")
        print(
            f"{'':30} full texts, some dated    {full(given.half, put, with_dates=True)}",
            flush=True,
        )
    if given.scale:
        load(given.scale)


if __name__ == "__main__":
    main()
