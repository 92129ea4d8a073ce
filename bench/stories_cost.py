"""The cost of stories in an archive of 100,000 articles: `python -m bench.stories_cost`.

`--articles 10000` sets another size. Measured are the CPU times of an article that is written while
20 stories are followed, and of a renewed listing; both are also measured on a tenth as many
articles, as neither may grow with the archive. The articles are synthetic: four languages, words
with a Zipf distribution, events of five articles with unique names, countries that many share. The
rows of each article are inserted directly; what is measured uses the ordinary functions.

A built archive is kept in the temporary folder, as it takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import tempfile
import time
import zlib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate
from math import log
from pathlib import Path

from archive.archive import Archive
from archive.articles import language_keys as archive_keys
from archive.articles import stories
from archive.articles.vocabulary import strongest_terms, unit_vector
from archive.check_writer import write_checks
from archive.records import Article, Check
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from bench.figures import SHARED, Figure, show
from pipelines.dedup import copies
from pipelines.identity import identify_check
from pipelines.policies import archive_policies
from pipelines.text.terms import text_terms
from pipelines.text.vectors import HEADLINE_TERM_WEIGHT
from pipelines.topics import events, language_keys

ARTICLES, STORIES = 100_000, 20
LANGUAGES = ("en",) * 6 + ("es", "es", "fr", "de")
OUTLETS, WORDS, NAMES, OF_EVENT, AN_HOUR = 300, 30_000, 40_000, 5, 6
"""Outlets; words of each language and names of all; articles of a happening; articles an hour."""
WRITTEN, RELISTED = 300, 3
"""Articles that are written, and listings of each story."""
PLACES = (
    "Cuba",
    "Chile",
    "Canada",
    "Honduras",
    "Nigeria",
    "Ghana",
    "Kenya",
    "Angola",
    "Venezuela",
    "Colombia",
    "Argentina",
    "Uruguay",
    "Paraguay",
    "Guatemala",
    "Panama",
    "Nicaragua",
    "Indonesia",
    "India",
    "China",
    "Portugal",
    "Iran",
    "Israel",
    "Senegal",
    "Uganda",
)
BEGUN = datetime(2024, 1, 1)
VERSION = 1
"""Version of the built archive."""


@dataclass(frozen=True, slots=True)
class Made:
    """An invented article."""

    number: int
    language: str
    headline: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def moment(self) -> str:
        return f"{BEGUN + timedelta(minutes=60 / AN_HOUR * self.number):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def text(self) -> str:
        return "\n".join(
            f"{' '.join(self.words[start : start + 40])}."
            for start in range(0, len(self.words), 40)
        )

    @property
    def outlet(self) -> int:
        return self.number * 7919 % OUTLETS + 1


class World:
    """Invented words and names, and articles of them."""

    def __init__(self) -> None:
        chance = random.Random(17)
        parts = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
        self.words = ["".join(chance.choices(parts, k=2 + number % 3)) for number in range(WORDS)]
        self.names = [
            "".join(chance.choices(parts, k=3 + number % 2)).title() for number in range(NAMES)
        ]
        self.chances = list(accumulate(1 / (rank + 8) for rank in range(WORDS)))

    def article(self, number: int) -> Made:
        """The article of a number: always the same."""
        chance = random.Random(number * 2654435761 % 2**32)
        happening = random.Random(number // (OF_EVENT * 40) * 40 + number % 40)
        language = chance.choice(LANGUAGES)
        names = happening.sample(self.names, 4)
        places = happening.sample(PLACES, 2)
        own = happening.choices(self.words, k=8)
        drawn = [self._word(chance, language) for _ in range(90)]
        told = [
            *(3 * names),
            *places,
            places[0],
            *(self._of(word, language) for word in own),
            *drawn,
        ]
        chance.shuffle(told)
        headline = (
            *names[:2],
            places[0],
            *(self._of(word, language) for word in own[:3]),
            *drawn[:2],
        )
        return Made(number, language, headline, (*names[2:], *told))

    def _word(self, chance: random.Random, language: str) -> str:
        rank = bisect_left(self.chances, chance.random() * self.chances[-1])
        return self._of(self.words[min(rank, WORDS - 1)], language)

    @staticmethod
    def _of(word: str, language: str) -> str:
        """Every third word is one of many languages; the others are one's own."""
        return word if zlib.crc32(word.encode()) % 3 == 0 else f"{word}{language}"


# -- an archive ------------------------------------------------------------------------------------


def archive(articles: int) -> Path:
    """Return the folder of an archive with this number of articles, built once."""
    ours = zlib.crc32(Path(__file__).read_bytes())
    versions = f"{events.EVENT_POLICY.version}-{language_keys.KEY_POLICY.version}"
    marks = f"{len(ARCHIVE_SCHEMA.steps)}-{versions}-{ours}"
    kept = Path(tempfile.gettempdir()) / f"dateline-bench-stories-{articles}-{marks}"
    if not kept.is_dir():
        made = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
        build(made, articles)
        made.rename(kept)
    return kept


def build(folder: Path, articles: int) -> None:
    world, db = World(), open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    moment = BEGUN.isoformat() + "Z"
    with transaction(db):
        db.executemany(
            "INSERT INTO outlets (host, name, added_at) VALUES (?, ?, ?)",
            [
                (f"outlet{number}.example", f"Outlet {number}", moment)
                for number in range(1, OUTLETS + 1)
            ],
        )
        db.execute("INSERT INTO term_versions (version) VALUES (?)", (events.EVENT_POLICY.version,))
        db.execute(
            "INSERT INTO key_versions (version) VALUES (?)", (language_keys.KEY_POLICY.version,)
        )
        db.execute(
            "INSERT INTO shingle_versions (version) VALUES (?)", (copies.COPY_POLICY.version,)
        )
    counts = Counts()
    for start in range(1, articles + 1, 5_000):
        made = [world.article(number) for number in range(start, min(start + 5_000, articles + 1))]
        with transaction(db):
            put(db, made, counts)
    with transaction(db):
        counts.put(db)
        post(db, counts)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


class Counts:
    """Document frequencies of terms and keys."""

    def __init__(self) -> None:
        self.terms: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.keys: Counter[str] = Counter()
        self.articles: Counter[str] = Counter()

    def put(self, db: sqlite3.Connection) -> None:
        db.executemany("INSERT INTO language_counts VALUES (?, ?)", self.articles.items())
        for language, counted in self.terms.items():
            rows = [(language, term, many) for term, many in sorted(counted.items())]
            db.executemany(
                "INSERT INTO term_counts (language, term, articles) VALUES (?, ?, ?)", rows
            )
        both = {**self.keys, archive_keys.ALL_ARTICLES_KEY: self.articles.total()}
        db.executemany("INSERT INTO key_counts (key, articles) VALUES (?, ?)", sorted(both.items()))


@cache
def terms_of(word: str, language: str) -> tuple[str, ...]:
    return tuple(text_terms(word, language))


@cache
def keys_of(word: str, language: str) -> tuple[tuple[str, float], ...]:
    return tuple(language_keys.article_key_counts(word, language))


def weights(made: Made) -> dict[str, float]:
    """As `pipelines.text.vectors.term_counts` has it, from words whose terms are remembered."""
    counted: dict[str, float] = {}
    for words, weight in ((made.words, 1.0), (made.headline, HEADLINE_TERM_WEIGHT)):
        for word in words:
            for term in terms_of(word, made.language):
                counted[term] = counted.get(term, 0.0) + weight
    return counted


def key_weights(made: Made) -> dict[str, float]:
    """As `pipelines.topics.language_keys.count_keys` has it."""
    counted: dict[str, float] = {}
    parts = (
        (made.headline, language_keys.HEADLINE_KEY_WEIGHT),
        (made.words[:30], 1.0),
        (made.words[30:], language_keys.LATER_KEY_WEIGHT),
    )
    for words, weight in parts:
        for word in words:
            for key, counts in keys_of(word, made.language):
                counted[key] = counted.get(key, 0.0) + weight * counts
    return {key: round(count, 2) for key, count in counted.items()}


def put(db: sqlite3.Connection, made: Sequence[Made], counts: Counts) -> None:
    """Articles with their addresses, words and keys."""
    rows = [(m.number, m.outlet, f"https://outlet{m.outlet}.example/news/{m.number}", " ".join(m.headline), m.moment,
             m.text, m.language, f"0:{m.number}") for m in made]  # fmt: skip
    db.executemany(
        """INSERT INTO articles (id, outlet_id, url, headline, published_at, text, language, fetched_at, word_count,
        fingerprint) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, 120, ?8)""",
        rows,
    )
    db.executemany(
        """INSERT INTO urls (url, url_key, outlet_id, article_id, found_at, state, fetched_at, outcome)
        VALUES (?3, ?3, ?2, ?1, ?5, 'done', ?5, 'new')""",
        [row[:5] for row in rows],
    )
    for m in made:
        told, held, day = weights(m), key_weights(m), day_of(m)
        counts.articles[m.language] += 1
        counts.terms[m.language].update(told.keys())
        counts.keys.update(held.keys())
        db.execute("INSERT INTO article_terms (article_id, language, weights) VALUES (?, ?, ?)",
                   (m.number, m.language, as_json(told)))  # fmt: skip
        db.execute("INSERT INTO article_keys (article_id, language, day, counted, keys) VALUES (?, ?, ?, 1, ?)",
                   (m.number, m.language, day, as_json(held)))  # fmt: skip


def post(db: sqlite3.Connection, counts: Counts) -> None:
    """By what articles are found, and their events."""
    from archive.articles.events import INDEXED_EVENT_TERMS as TERMS
    from archive.articles.language_keys import KEY_KIND_FACTORS
    from archive.articles.language_keys import MAX_STRONG_KEYS as KEYS

    all_articles = counts.articles.total()
    rows = db.execute(
        """SELECT w.article_id, w.language, w.weights, k.keys, k.day FROM article_terms w
        JOIN article_keys k ON k.article_id = w.article_id ORDER BY w.article_id"""
    )
    begun: dict[int, int] = {}
    strong_terms, strong_keys, happenings, members = [], [], [], []
    for number, language, told, held, day in rows:
        known, many = counts.terms[language], counts.articles[language]
        rare = unit_vector(
            {
                t: (1 + log(w)) * (log(many + 1) - log(known[t] + 0.5))
                for t, w in json.loads(told).items()
            }
        )
        strong_terms += [(term, day, number) for term in strongest_terms(rare, TERMS)]
        found = {
            key: weight
            * log((all_articles + 1) / (counts.keys[key] + 0.5))
            * KEY_KIND_FACTORS.get(key[:1], 1.0)
            for key, weight in json.loads(held).items()
        }
        strong_keys += [(key, day, number, language) for key in strongest_terms(found, KEYS)]
        happening = number // (OF_EVENT * 40) * 40 + number % 40
        if happening not in begun:
            begun[happening] = number
            happenings.append((number, day + 0.5, as_json(rare)))
        members.append((number, begun[happening]))
    db.executemany("INSERT INTO strong_terms VALUES (?, ?, ?)", sorted(strong_terms))
    db.executemany(
        "INSERT INTO strong_keys (key, day, article_id, language) VALUES (?, ?, ?, ?)",
        sorted(strong_keys),
    )
    db.executemany(
        """INSERT INTO events (id, articles, texts, dated, day, first_at, last_at, length, terms)
        SELECT ?1, ?4, ?4, ?4, ?2, published_at, published_at, 1, ?3 FROM articles WHERE id = ?1""",
        [(*row, OF_EVENT) for row in happenings],
    )
    db.executemany(
        "INSERT INTO event_articles (article_id, event_id, joined, score, terms) VALUES (?, ?, 'words', .5, '[]')",
        members,
    )


def day_of(made: Made) -> int:
    return (BEGUN + timedelta(minutes=60 / AN_HOUR * made.number) - datetime(1970, 1, 1)).days


def as_json(value: dict[str, float]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- what is measured ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in milliseconds, in order."""

    written: list[float]
    relisted: list[float]
    judged: list[float]
    """Elapsed milliseconds of a person's verdict, with all that follows."""


def figures(_shared: Path, articles: int = ARTICLES) -> Iterator[Figure]:
    """On a tenth of the articles first: whether it is flat."""
    few, many = measured(articles // 10), measured(articles)
    beside = f"{articles // 10:,} articles"
    for kind, of, wanted in (
        ("CPU of an article that is written", "written", "≤ 10 ms, flat"),
        ("CPU of a renewed listing", "relisted", "≤ 200 ms"),
        ("a verdict with its listing, elapsed", "judged", "< 1 s"),
    ):
        here, there = getattr(many, of), getattr(few, of)
        for share, name in ((0.95, "p95"), (0.5, "median")):
            yield Figure(f"{kind}, {STORIES} stories, {articles:,} articles: {name}", at(here, share), "ms",
                         at(there, share), beside, wanted if share > 0.5 else "")  # fmt: skip


def at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def measured(articles: int) -> Cost:
    """On a copy of the built archive."""
    kept = archive(articles)
    with tempfile.TemporaryDirectory(prefix="dateline-bench-") as name:
        folder = Path(name) / "archive"
        shutil.copytree(kept, folder)
        os.sync()
        with Archive(folder) as opened:
            return cost(opened, articles)


def cost(opened: Archive, articles: int) -> Cost:
    judges, world, db = archive_policies(), World(), opened.db
    followed = [
        follow(db, number, articles - articles // 25 * number, judges.stories)
        for number in range(STORIES)
    ]
    relisted = []
    for story_id in followed * RELISTED:
        with transaction(db):
            began = time.thread_time()
            stories.relist_story(db, story_id, judges.stories)
            relisted.append(1000 * (time.thread_time() - began))
    judged = []
    for story_id in followed:
        (article_id,) = db.execute(
            "SELECT article_id FROM story_articles WHERE story_id = ? AND verdict IS NULL LIMIT 1",
            (story_id,),
        ).fetchone() or (1,)
        began = time.monotonic()
        with transaction(db):
            stories.record_verdict(db, story_id, [article_id], belongs=True, judge=judges.stories)
        judged.append(1000 * (time.monotonic() - began))
    written = []
    for number in range(articles + 1, articles + 1 + WRITTEN):
        check = check_of(world.article(number))
        began = time.thread_time()
        write_checks(opened, [check], judges)
        written.append(1000 * (time.thread_time() - began))
    return Cost(sorted(written), sorted(relisted), sorted(judged))


def follow(db: sqlite3.Connection, number: int, article_id: int, judge: stories.StoryPolicy) -> int:
    with transaction(db):
        return stories.save_story(db, f"story-{number}", [article_id], judge)


def check_of(made: Made) -> Check:
    url = f"https://outlet{made.outlet}.example/news/{made.number}"
    article = Article(
        url, headline=" ".join(made.headline), language=made.language, published_at=made.moment,
        fetched_at=made.moment, text=made.text, word_count=len(made.words),
    )  # fmt: skip
    return identify_check(Check(url, "new", made.moment, 200, article=article))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, default=ARTICLES)
    show(("stories_cost", figure) for figure in figures(SHARED, options.parse_args().articles))


if __name__ == "__main__":
    main()
