"""An archive of invented articles for `bench.stories_cost`, built in bulk.

The articles are synthetic, but distributed like news. Of ten, six are English, two Spanish, one each
French and German; they have 80 to 1,200 words (log-normal, median 320). Words follow Zipf's law
within a language, a quarter of them comes from the article's topic, and every third word has the
same root in all languages. Each day has some forty events, of 1 to 30 articles within a day and a
half. An event has its own names, places and words, which are frequent at the beginning of each
report. Three events of ten belong to one of twelve stories that run at the same time, for six weeks
each, with their own names and words.

The rows are computed in bulk with the formulas of the product, which would take hours article by
article; `check_sample` compares a sample with what the ordinary functions compute. Left out are
copies, boilerplate lines, leads and captures.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import sqrt
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from archive.articles import language_keys as archive_keys
from archive.articles.events import INDEXED_EVENT_TERMS, MAX_ARTICLE_TERMS, MAX_EVENT_TERMS
from archive.articles.stored_vectors import OPENING_TERM_PREFIX, term_hash
from archive.articles.vocabulary import MAX_VECTOR_TERMS
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from bench.figures import Figure
from pipelines.dedup import copies
from pipelines.text.terms import text_terms
from pipelines.text.vectors import HEADLINE_TERM_WEIGHT, term_counts
from pipelines.topics import events, language_keys
from pipelines.topics.stories import (
    MAX_OPENING_TERMS,
    OPENING_SHARE,
    STORY_OPENING_CHARS,
    STORY_POLICY,
    TERM_DAMPING,
)

__all__ = ["Figure", "Made", "World", "built_archive"]

LANGUAGES = ("en",) * 6 + ("es", "es", "fr", "de")
OUTLETS, WORDS, NAMES, AN_HOUR = 300, 30_000, 40_000, 6
"""Outlets; words of each language, names of all; articles an hour."""
BLOCK = 200
"""Articles among which the events begin and end: those of 33 hours."""
EVENT_SIZES = (30, 18, 12, 10, 8, 8, 6, 6, *(5,) * 4, *(4,) * 4, *(3,) * 6, *(2,) * 8, *(1,) * 32)
"""Articles of the events of a block."""
STORY_BLOCKS, STORIES_AT_ONCE, STORY_CHANCE = 30, 12, 0.3
TOPICS, TOPIC_WORDS, TOPIC_SHARE = 40, 400, 0.25
MEDIAN_WORDS, LEAST_WORDS, MOST_WORDS = 320, 80, 1_200
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
FIRST_NAME, FIRST_PLACE = WORDS, WORDS + NAMES
"""The first number of a name, and of a place, among all words."""
BEGUN = datetime(2024, 1, 1)
ARCHIVE_VERSION = 2
"""Version of the built archive; raise it when the articles or their rows change."""
ParsedWord = tuple[str | None, tuple[tuple[str, float], ...]]
"""The term and the language keys of a word."""
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Made:
    """An invented article."""

    number: int
    event: tuple[int, int]
    language: str
    headline_ids: Sequence[int]
    ids: Sequence[int]
    """Numbers of the words of the headline, and of the text."""
    headline: str
    text: str

    @property
    def moment(self) -> str:
        return f"{BEGUN + timedelta(minutes=60 / AN_HOUR * self.number):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def day(self) -> int:
        moment = BEGUN + timedelta(minutes=60 / AN_HOUR * self.number)
        return (moment - datetime(1970, 1, 1)).days

    @property
    def outlet(self) -> int:
        return self.number * 7919 % OUTLETS + 1


class World:
    """Invented words and names, and articles of them."""

    def __init__(self) -> None:
        chance = Random(17)
        parts = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
        words = ["".join(chance.choices(parts, k=2 + number % 3)) for number in range(WORDS)]
        names = [
            "".join(chance.choices(parts, k=3 + number % 2)).title() for number in range(NAMES)
        ]
        # every third word is one of many languages; the others are one's own
        self.surfaces = {
            language: [
                *(
                    word if zlib.crc32(word.encode()) % 3 == 0 else f"{word}{language}"
                    for word in words
                ),
                *names,
                *PLACES,
            ]
            for language in set(LANGUAGES)
        }
        weights = 1 / (np.arange(WORDS) + 8)
        self.chances = np.cumsum(weights) / weights.sum()
        self.topics = [
            np.array(chance.sample(range(50, WORDS), TOPIC_WORDS)) for _ in range(TOPICS)
        ]
        self._slots: dict[int, list[int]] = {}

    def event_of(self, number: int) -> tuple[int, int]:
        """The event of an article: its block, and its number in it."""
        block = number // BLOCK
        if block not in self._slots:
            slots = [slot for slot, size in enumerate(EVENT_SIZES) for _ in range(size)]
            Random(block).shuffle(slots)
            self._slots[block] = slots
        return block, self._slots[block][number % BLOCK]

    def subject(self, event: tuple[int, int]) -> tuple[list[int], list[int], list[int], int]:
        """Names, places and words of an event, and its topic."""
        chance = Random(event[0] * 1_000 + event[1])
        names = chance.sample(range(FIRST_NAME, FIRST_PLACE), 4)
        places = chance.sample(range(FIRST_PLACE, FIRST_PLACE + len(PLACES)), 2)
        words, topic = chance.choices(range(WORDS), k=10), chance.randrange(TOPICS)
        if chance.random() < STORY_CHANCE:
            story = Random(f"{event[0] // STORY_BLOCKS} {chance.randrange(STORIES_AT_ONCE)}")
            theirs = story.sample(range(FIRST_NAME, FIRST_PLACE), 6)
            where = story.sample(range(FIRST_PLACE, FIRST_PLACE + len(PLACES)), 1)
            of_story, topic = story.choices(range(WORDS), k=30), story.randrange(TOPICS)
            names = [*chance.sample(theirs, 2), *names[:2]]
            places = [*where, places[0]]
            words = [*chance.sample(of_story, 4), *words[:6]]
        return names, places, words, topic

    def article(self, number: int) -> Made:
        """The article of a number: always the same."""
        draw = np.random.default_rng([17, number])
        event = self.event_of(number)
        names, places, own, topic = self.subject(event)
        language = LANGUAGES[int(draw.integers(len(LANGUAGES)))]
        length = int(
            np.clip(MEDIAN_WORDS * np.exp(0.5 * draw.standard_normal()), LEAST_WORDS, MOST_WORDS)
        )
        drawn = np.minimum(np.searchsorted(self.chances, draw.random(length)), WORDS - 1)
        of_topic = draw.random(length) < TOPIC_SHARE
        ranks = (TOPIC_WORDS * draw.random(int(of_topic.sum())) ** 2).astype(int)
        drawn[of_topic] = self.topics[topic][ranks]
        told = np.array([*names, *names, *places, places[0], *own])
        # the subject is in the first paragraphs, and again in between
        first = draw.permutation(np.concatenate([told, drawn[:40]]))
        later = draw.permutation(np.concatenate([names, places, own[:5], drawn[40:]]))
        ids = [*first.tolist(), *later.tolist()]
        headline_ids = [*names[:2], places[0], *own[:3], *drawn[:3].tolist()]
        said = self.surfaces[language]
        lines = (ids[start : start + 40] for start in range(0, len(ids), 40))
        text = "\n".join(f"{' '.join([said[each] for each in line])}." for line in lines)
        headline = " ".join([said[each] for each in headline_ids])
        return Made(number, event, language, headline_ids, ids, headline, text)


# -- words as the archive counts them --------------------------------------------------------------


NO_TERM = -1
"""The number of a stop word's term."""


class Lexicon:
    """The terms of one language's words, and the keys of all, as numbers."""

    def __init__(self, surfaces: Sequence[str], language: str, keys: dict[str, int]) -> None:
        self.surfaces, self.language, self.keys = surfaces, language, keys
        self.terms: dict[str, int] = {}
        self._of_word: dict[int, tuple[int, tuple[tuple[int, float], ...]]] = {}

    def word(self, number: int) -> tuple[int, tuple[tuple[int, float], ...]]:
        """The number of a word's term, and the numbers of its keys with their counts."""
        known = self._of_word.get(number)
        if known is None:
            word = self.surfaces[number]
            term = next(iter(text_terms(word, self.language)), None)
            counted = language_keys.article_key_counts(word, self.language)
            known = self._of_word[number] = (
                NO_TERM if term is None else self.terms.setdefault(term, len(self.terms)),
                tuple((self.keys.setdefault(key, len(self.keys)), held) for key, held in counted),
            )
        return known

    @cached_property
    def names(self) -> list[str]:
        return list(self.terms)

    @cached_property
    def hashes(self) -> NDArray[np.uint32]:
        """Hashes of all terms, and of all as terms of an opening."""
        named = [*self.names, *(OPENING_TERM_PREFIX + name for name in self.names)]
        return np.array([term_hash(name) for name in named], dtype=np.uint32)


@dataclass(slots=True)
class Counted:
    """The words and keys of an article, by numbers."""

    number: int
    language: str
    event: tuple[int, int]
    day: int
    whole: tuple[Ids, NDArray[np.float64]]
    opening: tuple[Ids, NDArray[np.float64]]
    keys: tuple[Ids, NDArray[np.float64]]


def as_arrays(held: dict[int, float]) -> tuple[Ids, NDArray[np.float64]]:
    return np.array(list(held), dtype=np.int64), np.array(list(held.values()))


def count_article(made: Made, lexicon: Lexicon) -> Counted:
    """Count the terms and the keys of an article, as the ordinary functions do from its text."""
    opened = len(made.text[:STORY_OPENING_CHARS].split())
    # where a limit cuts a word, its beginning is another word, which is ignored
    whole_words, keyed, first_keyed = (
        len(made.text[:limit].rsplit(None, 1)[0].split())
        for limit in (6_000, language_keys.MAX_KEYED_CHARS, language_keys.KEYS_OPENING_CHARS)
    )
    read = [lexicon.word(each) for each in made.ids]
    headline = [lexicon.word(each) for each in made.headline_ids]
    keys: dict[int, float] = {}
    parts = (
        (headline, language_keys.HEADLINE_KEY_WEIGHT),
        (read[:first_keyed], 1.0),
        (read[first_keyed:keyed], language_keys.LATER_KEY_WEIGHT),
    )
    for words, weight in parts:
        for _, held in words:
            for key, times in held:
                keys[key] = keys.get(key, 0.0) + weight * times
    views = []
    for words in (read[: max(whole_words, 1)], read[:opened]):
        counted: dict[int, float] = dict(Counter([term for term, _ in words]))
        for term, _ in headline:
            counted[term] = counted.get(term, 0.0) + HEADLINE_TERM_WEIGHT
        counted.pop(NO_TERM, None)
        views.append(as_arrays(counted))
    return Counted(
        made.number, made.language, made.event, made.day, views[0], views[1], as_arrays(keys)
    )


# -- an archive ------------------------------------------------------------------------------------


def built_archive(articles: int) -> Path:
    """Return the folder of an archive with this number of articles, built once."""
    versions = f"{ARCHIVE_VERSION}-{events.EVENT_POLICY.version}-{language_keys.KEY_POLICY.version}"
    kept = Path(tempfile.gettempdir()) / f"dateline-bench-stories-{articles}-{versions}"
    if not kept.is_dir():
        made = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
        build(made, articles)
        made.rename(kept)
    return kept


def build(folder: Path, articles: int) -> None:
    """Build an archive: the texts while they are counted, then what depends on the counts."""
    world, db = World(), open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    db.execute("PRAGMA synchronous = OFF")
    keys: dict[str, int] = {}
    lexicons = {
        language: Lexicon(surfaces, language, keys) for language, surfaces in world.surfaces.items()
    }
    with transaction(db):
        put_basics(db)
    counted: list[Counted] = []
    for start in range(1, articles + 1, 5_000):
        with transaction(db):
            for number in range(start, min(start + 5_000, articles + 1)):
                made = world.article(number)
                put_article(db, made)
                counted.append(count_article(made, lexicons[made.language]))
    frequencies = Frequencies(counted, lexicons, len(keys))
    with transaction(db):
        frequencies.put(db, lexicons, keys)
        put_derived(db, counted, lexicons, list(keys), frequencies)
    check_sample(db, articles)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def put_basics(db: sqlite3.Connection) -> None:
    moment = BEGUN.isoformat() + "Z"
    db.executemany(
        "INSERT INTO outlets (host, name, added_at) VALUES (?, ?, ?)",
        [(f"outlet{one}.example", f"Outlet {one}", moment) for one in range(1, OUTLETS + 1)],
    )
    db.execute("INSERT INTO term_versions (version) VALUES (?)", (events.EVENT_POLICY.version,))
    db.execute("INSERT INTO key_versions (version) VALUES (?)", (language_keys.KEY_POLICY.version,))
    db.execute("INSERT INTO shingle_versions (version) VALUES (?)", (copies.COPY_POLICY.version,))


def put_article(db: sqlite3.Connection, made: Made) -> None:
    """An article with its address and the hashes of its passages."""
    url = f"https://outlet{made.outlet}.example/news/{made.number}"
    db.execute(
        """INSERT INTO articles (id, outlet_id, url, headline, published_at, text, language, fetched_at,
          word_count, fingerprint) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, ?8, ?9)""",
        (made.number, made.outlet, url, made.headline, made.moment, made.text, made.language,
         len(made.ids), f"0:{made.number}"),
    )  # fmt: skip
    db.execute(
        """INSERT INTO urls (url, url_key, outlet_id, article_id, found_at, state, fetched_at, outcome)
        VALUES (?1, ?1, ?2, ?3, ?4, 'done', ?4, 'new')""",
        (url, made.outlet, made.number, made.moment),
    )
    db.executemany(
        "INSERT OR IGNORE INTO shingles (hash, article_id) VALUES (?, ?)",
        [(number, made.number) for number in copies.COPY_POLICY.sketch(made.text)],
    )


class Frequencies:
    """Document frequencies of terms and keys, and the numbers of articles."""

    def __init__(self, counted: Sequence[Counted], lexicons: dict[str, Lexicon], keys: int) -> None:
        self.articles = Counter(each.language for each in counted)
        self.keys = np.zeros(keys, dtype=np.int64)
        self.terms = {
            language: np.zeros(len(lexicon.terms), dtype=np.int64)
            for language, lexicon in lexicons.items()
        }
        for each in counted:
            self.terms[each.language][each.whole[0]] += 1
            self.keys[each.keys[0]] += 1

    def rarity(self, language: str, terms: Ids) -> NDArray[np.float64]:
        known = self.terms[language][terms]
        rarity: NDArray[np.float64] = np.log(self.articles[language] + 1) - np.log(known + 0.5)
        return np.maximum(rarity, 0.0)

    def put(
        self, db: sqlite3.Connection, lexicons: dict[str, Lexicon], keys: dict[str, int]
    ) -> None:
        db.executemany("INSERT INTO language_counts VALUES (?, ?)", self.articles.items())
        for language, lexicon in sorted(lexicons.items()):
            held = zip(lexicon.names, self.terms[language].tolist(), strict=True)
            rows = [(language, term, many) for term, many in sorted(held) if many]
            db.executemany(
                "INSERT INTO term_counts (language, term, articles) VALUES (?, ?, ?)", rows
            )
        both = dict(zip(keys, self.keys.tolist(), strict=True))
        both[archive_keys.ALL_ARTICLES_KEY] = self.articles.total()
        db.executemany(
            "INSERT INTO key_counts (key, articles) VALUES (?, ?)",
            [row for row in sorted(both.items()) if row[1]],
        )


def scaled(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 + np.log(np.maximum(counts, 1.0))


def strongest(weights: NDArray[np.float64], most: int) -> Ids:
    return np.argsort(-weights, kind="stable")[:most]


def unit(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights / max(sqrt(float(weights @ weights)), 1e-9)


def put_derived(
    db: sqlite3.Connection,
    counted: Sequence[Counted],
    lexicons: dict[str, Lexicon],
    keys: Sequence[str],
    frequencies: Frequencies,
) -> None:
    """The words, keys, index entries and events of all articles."""
    kinds = np.array([archive_keys.KEY_KIND_FACTORS.get(key[:1], 1.0) for key in keys])
    all_articles = frequencies.articles.total()
    key_rarity = np.log(all_articles + 1) - np.log(frequencies.keys + 0.5)
    key_rarity[frequencies.keys > all_articles * archive_keys.COMMON_KEY_SHARE] = 0.0
    strong_terms: list[tuple[str, int, int]] = []
    strong_keys: list[tuple[str, int, int, str]] = []
    of_event: defaultdict[tuple[int, int], list[Counted]] = defaultdict(list)
    totals: defaultdict[tuple[int, int], dict[str, float]] = defaultdict(dict)
    for each in counted:
        lexicon = lexicons[each.language]
        terms, counts = each.whole
        weights = scaled(counts) * frequencies.rarity(each.language, terms)
        best = strongest(weights, MAX_ARTICLE_TERMS)
        named = [lexicon.names[number] for number in terms[best]]
        put_words(db, each, lexicon, frequencies, named, counts[best])
        strong_terms += [(term, each.day, each.number) for term in named[:INDEXED_EVENT_TERMS]]
        total = totals[each.event]
        for term, weight in zip(
            named, unit(weights[best[:MAX_VECTOR_TERMS]]).tolist(), strict=False
        ):
            total[term] = total.get(term, 0.0) + weight
        of_event[each.event].append(each)
        numbers, times = each.keys
        keyed = np.where(times > 1, scaled(times), times) * key_rarity[numbers]
        put_keys(db, each, [keys[number] for number in numbers], keyed, all_articles)
        indexed = strongest(keyed * kinds[numbers], archive_keys.MAX_STRONG_KEYS)
        strong_keys += [
            (keys[number], each.day, each.number, each.language) for number in numbers[indexed]
        ]
    db.executemany("INSERT INTO strong_terms VALUES (?, ?, ?)", sorted(set(strong_terms)))
    db.executemany(
        "INSERT INTO strong_keys (key, day, article_id, language) VALUES (?, ?, ?, ?)",
        sorted(set(strong_keys)),
    )
    put_events(db, of_event, totals)


def put_words(
    db: sqlite3.Connection,
    each: Counted,
    lexicon: Lexicon,
    frequencies: Frequencies,
    named: Sequence[str],
    counts: NDArray[np.float64],
) -> None:
    """The best terms of an article, those of its opening, and its vector for stories."""
    places = np.array([lexicon.terms[term] for term in named])
    whole = scaled(counts) * frequencies.rarity(each.language, places) ** TERM_DAMPING
    opened, times = each.opening
    opening = scaled(times) * frequencies.rarity(each.language, opened) ** TERM_DAMPING
    kept = strongest(opening, MAX_OPENING_TERMS)
    hashes = lexicon.hashes[np.concatenate([places, opened[kept] + len(lexicon.terms)])]
    vector = np.concatenate(
        [sqrt(1 - OPENING_SHARE) * unit(whole), sqrt(OPENING_SHARE) * unit(opening[kept])]
    ).astype(np.float32)
    names = [lexicon.names[number] for number in opened]
    db.execute(
        """INSERT INTO article_terms (article_id, language, weights, opening, vector, counted_among)
        VALUES (?, ?, ?, ?, ?, ?)""",
        (each.number, each.language, as_json(dict(zip(named, counts.tolist(), strict=True))),
         as_json(dict(zip(names, times.tolist(), strict=True))),
         hashes.tobytes() + vector.tobytes(), frequencies.articles[each.language]),
    )  # fmt: skip


def put_keys(
    db: sqlite3.Connection,
    each: Counted,
    named: Sequence[str],
    keyed: NDArray[np.float64],
    articles: int,
) -> None:
    held = dict(zip(named, np.round(each.keys[1], 2).tolist(), strict=True))
    best = keyed[strongest(keyed, archive_keys.MAX_VECTOR_KEYS)]
    db.execute(
        """INSERT INTO article_keys (article_id, language, day, counted, keys, length, counted_among)
        VALUES (?, ?, ?, 1, ?, ?, ?)""",
        (each.number, each.language, each.day, as_json(held), sqrt(float(best @ best)), articles),
    )


def put_events(
    db: sqlite3.Connection,
    of_event: dict[tuple[int, int], list[Counted]],
    totals: dict[tuple[int, int], dict[str, float]],
) -> None:
    """The events, as if each article had been recognised."""
    for event, held in of_event.items():
        number = held[0].number
        best = sorted(totals[event].items(), key=lambda item: (-item[1], item[0]))[:MAX_EVENT_TERMS]
        length = sqrt(sum(weight * weight for _, weight in best))
        db.execute(
            """INSERT INTO events (id, articles, texts, dated, day, first_at, last_at, length, terms, tidied)
            SELECT ?1, ?2, ?2, ?2, ?3, published_at, (SELECT published_at FROM articles WHERE id = ?6), ?4, ?5, 1
            FROM articles WHERE id = ?1""",
            (number, len(held), sum(each.day for each in held) / len(held) + 0.5, length,
             as_json({term: round(weight, 3) for term, weight in best}), held[-1].number),
        )  # fmt: skip
        db.executemany(
            """INSERT INTO event_articles (article_id, event_id, joined, score, terms)
            VALUES (?, ?, 'words', .5, '[]')""",
            [(each.number, number) for each in held],
        )


def as_json(value: dict[str, float]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


SAMPLE = 40


def sample_of(articles: int) -> Iterator[int]:
    yield from range(1, articles + 1, max(1, articles // SAMPLE))


def check_sample(db: sqlite3.Connection, articles: int) -> None:
    """Raise ValueError if what is stored for some articles is not what the product computes."""
    for number in sample_of(articles):
        row = db.execute(
            """SELECT a.headline, a.text, a.language, w.weights, k.keys FROM articles a
            JOIN article_terms w ON w.article_id = a.id JOIN article_keys k ON k.article_id = a.id
            WHERE a.id = ?""",
            (number,),
        ).fetchone()
        said = (row["headline"], None, row["text"], row["language"])
        pairs = (
            (json.loads(row["weights"]), term_counts(*said)),
            (json.loads(row["keys"]), language_keys.count_keys(*said)),
        )
        for stored, computed in pairs:
            differing = [key for key in stored if abs(stored[key] - computed.get(key, 0.0)) > 0.02]
            # a limit of characters may cut a word
            if len(differing) > 4:
                raise ValueError(f"article {number}: {differing[:9]} differ")
        opening = STORY_POLICY.opening(*said)
        if not opening:
            raise ValueError(f"article {number} has no opening")
