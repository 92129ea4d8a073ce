"""Search across languages: `python -m bench.languages --half tune` to choose numbers.

Each article is compared with all articles of other languages: by words alone, and by words and keys
(`pipelines.topics.language_keys`), as an archive with all of them does. Numbers were chosen on one
half of the stories, by a hash of their name; the other half is reported.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive.articles import language_keys
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.timestamps import days_since_epoch
from bench.events import Text, by_date, in_archive, score
from bench.events import keep as keep_article
from bench.figures import SHARED, Figure, show
from bench.following import is_of
from pipelines.text.terms import text_terms
from pipelines.topics.events import EVENT_POLICY as EVENTS
from pipelines.topics.language_keys import (
    CLEAR_PROMINENCE,
    CROWD_NEIGHBOURS,
    FOREIGN_DECAY_DAYS,
    KEY_POLICY,
    MIN_CROWD,
    UNTIMED_SHARE,
    WORD_LIKENESS_SHARE,
)
from pipelines.topics.stories import story_vector

Row = dict[str, Any]
Matrix = NDArray[Any]
ONE_SENTENCE, FULL = "itn", "sts22"
LISTED_BEFORE = 0.22
"""The cosine of words from which on an article was listed before there were keys."""
SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "CJK", "HANGUL", "GREEK", "THAI", "GEORGIAN", "TAMIL")
CANDIDATES = 60
TIMED = 1_000
"""Length of the timed texts in characters."""


def figures(shared: Path, half: str = "report") -> Iterator[Figure]:
    """Yield the figures of the reported half."""
    sentences = Pool(shared, ONE_SENTENCE)
    wanted = sentences.of(half)
    ours, words = sentences.prominence(), sentences.by_words
    yield Figure(
        "one sentence, average precision", sentences.precision(ours, wanted), "",
        sentences.precision(words, wanted), "words alone", "≥ .72",
    )  # fmt: skip
    yield Figure(
        "the first is right",
        sentences.first(ours, wanted),
        "",
        sentences.first(words, wanted),
        "words alone",
    )
    for script in SCRIPTS:
        right, trials = sentences.first_of_script(ours, wanted, script)
        beside, _ = sentences.first_of_script(words, wanted, script)
        if trials >= 20:
            name = f"first among all in its language, {script.title()} ({trials} trials)"
            yield Figure(name, right, "", beside, "words alone")
    yield Figure(
        "among the candidates that keys find", sentences.found(wanted, CANDIDATES), "", 1.0, "all"
    )
    yield from events_of(sentences, half)
    texts = Pool(shared, FULL)
    wanted = texts.of(half)
    by_keys = texts.listed(texts.prominence(), CLEAR_PROMINENCE, wanted)
    by_words = texts.listed(texts.by_words, LISTED_BEFORE, wanted)
    yield Figure(
        "full texts, listed: precision", by_keys[0], "", by_words[0], "words alone", "≥ .80"
    )
    yield Figure("full texts, listed: recall", by_keys[1], "", by_words[1], "words alone", "≥ .55")
    yield Figure(
        "CPU for the keys of an article of 1,000 characters",
        milliseconds(texts.rows),
        "ms",
        3,
        "bound",
        "≤ 3",
    )


def events_of(pool: Pool, half: str) -> Iterator[Figure]:
    """Yield the figures of event detection on the sentences as a stream in all languages."""
    stream = by_date(
        [
            Text(row["id"], row["story"], row["title"], row["text"], row["lang"], row["date"])
            for row in pool.rows
            if is_of(row["story"] or "", half)
        ]
    )
    ours = score(stream, in_archive(stream))
    words = score(stream, in_archive(stream, replace(EVENTS, abroad=lambda *_: None)))
    yield Figure(
        "events across languages, pairs of articles (F1)",
        ours.pairs,
        "",
        words.pairs,
        "words alone",
    )
    yield Figure(
        "the same, precision", ours.pairs_precision, "", words.pairs_precision, "words alone"
    )
    yield Figure("events across languages, B³ (F1)", ours.b3, "", words.b3, "words alone")


class Pool:
    """Articles with known relations, and matrices of their similarities."""

    def __init__(self, shared: Path, name: str) -> None:
        self.rows: list[Row] = [
            json.loads(line)
            for line in (shared / f"corpus/stories-long/{name}.jsonl").open(encoding="utf-8")
        ]
        languages = np.array([row["lang"] for row in self.rows])
        self.languages = languages
        self.scripts = [_script(row["text"]) for row in self.rows]
        self.right = _together(self.rows, ("stories",))
        self.asked = (languages[:, None] != languages[None, :]) & (
            self.right | ~_together(self.rows, ("stories", "perhaps"))
        )
        near = _nearness(self.rows)
        self.by_words = _likeness(_word_vectors(self.rows)) * near
        with _archive(self.rows) as db:
            told = language_keys.key_vectors(db, range(1, len(self.rows) + 1))
            self.vectors = [told.get(number, {}) for number in range(1, len(self.rows) + 1)]
            self.candidates = [
                language_keys.key_candidates(db, vector, None, None, CANDIDATES, row["lang"])
                for vector, row in zip(self.vectors, self.rows, strict=True)
            ]
        self.links = (_likeness(self.vectors) * near + WORD_LIKENESS_SHARE * self.by_words) / (
            1 + WORD_LIKENESS_SHARE
        )

    def of(self, half: str) -> Sequence[int]:
        """Return the articles of the half's stories that have a report in another language."""
        able = (self.right & self.asked).any(1)
        return [n for n, row in enumerate(self.rows) if able[n] and is_of(row["story"] or "", half)]

    def prominence(self) -> Matrix:
        """Return the matrix of `pipelines.topics.language_keys.link_prominence`."""
        crowds = np.sort(np.where(self.asked, self.links, 0), 1)[:, -CROWD_NEIGHBOURS:].mean(1)
        return self.links / (MIN_CROWD + (crowds[:, None] + crowds[None, :]) / 2)  # type: ignore[no-any-return]

    def precision(self, scores: Matrix, wanted: Sequence[int]) -> float:
        """Return the mean average precision of the articles' rankings."""
        found = []
        for number in wanted:
            asked = self.asked[number]
            ranked = self.right[number][asked][np.argsort(-scores[number][asked], kind="stable")]
            places = np.nonzero(ranked)[0]
            found.append(np.mean((np.arange(len(places)) + 1) / (places + 1)))
        return float(np.mean(found))

    def first(self, scores: Matrix, wanted: Sequence[int]) -> float:
        """Return how often the most similar article is relevant."""
        best = [np.argmax(np.where(self.asked[number], scores[number], -1)) for number in wanted]
        return float(
            np.mean([self.right[number, one] for number, one in zip(wanted, best, strict=True)])
        )

    def first_of_script(
        self, scores: Matrix, wanted: Sequence[int], script: str
    ) -> tuple[float, int]:
        """Return how often the first article of its language is relevant, for articles in Latin
        script, and the number of trials."""
        trials = []
        for number in (number for number in wanted if self.scripts[number] == "LATIN"):
            others = np.nonzero(self.right[number] & self.asked[number])[0]
            for language in sorted(
                {str(self.languages[one]) for one in others if self.scripts[one] == script}
            ):
                rivals = np.nonzero((self.languages == language) & self.asked[number])[0]
                best = rivals[np.argmax(scores[number][rivals])]
                trials.append(bool(self.right[number, best] and scores[number, best] > 0))
        return (float(np.mean(trials)) if trials else 0.0), len(trials)

    def found(self, wanted: Sequence[int], most: int) -> float:
        """Return the share of relevant reports that an archive finds by their strongest keys."""
        there = [
            one + 1 in self.candidates[number][:most]
            for number in wanted
            for one in np.nonzero(self.right[number] & self.asked[number])[0]
        ]
        return float(np.mean(there))

    def listed(self, scores: Matrix, least: float, wanted: Sequence[int]) -> tuple[float, float]:
        """Return precision and recall of all pairs with that score or more."""
        asked, right = self.asked[wanted], self.right[wanted]
        hits = (scores[wanted] >= least) & asked
        return float((hits & right).sum() / max(1, hits.sum())), float(
            (hits & right).sum() / (asked & right).sum()
        )


def _together(rows: Sequence[Row], fields: Sequence[str]) -> Matrix:
    """Return the matrix of articles that share one of the fields."""
    members: dict[str, set[int]] = defaultdict(set)
    for number, row in enumerate(rows):
        for story in (story for field in fields for story in row[field]):
            members[story].add(number)
    together = np.zeros((len(rows), len(rows)), bool)
    for numbers in map(sorted, members.values()):
        together[np.ix_(numbers, numbers)] = True
    return together


def _nearness(rows: Sequence[Row]) -> Matrix:
    """Return the matrix of similarities in time."""
    moments = np.array([days_since_epoch(row["date"]) or np.nan for row in rows])
    apart = np.abs(moments[:, None] - moments[None, :])
    return np.where(
        np.isnan(apart),
        1.0,
        UNTIMED_SHARE + (1 - UNTIMED_SHARE) * np.exp(-apart / FOREIGN_DECAY_DAYS),
    )


def _script(text: str) -> str:
    """Return the script of most letters of a text."""
    names = Counter(
        unicodedata.name(letter, "?").split(" ")[0].split("-")[0]
        for letter in text
        if letter.isalpha()
    )
    return names.most_common(1)[0][0] if names else "?"


def _word_vectors(rows: Sequence[Row]) -> list[Mapping[str, float]]:
    """Return the vectors of stories, with term frequencies per language."""
    held: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        held[row["lang"]].update(
            set(text_terms(f"{row['title'] or ''}\n{row['text'][:6000]}", row["lang"]))
        )
    many = Counter(row["lang"] for row in rows)

    def vector(row: Row) -> Mapping[str, float]:
        language = row["lang"]
        frequencies = held[language], max(many[language], 1_000)
        return story_vector(row["title"], None, row["text"], language, lambda _: frequencies)

    return [vector(row) for row in rows]


def _likeness(vectors: Sequence[Mapping[str, float]]) -> Matrix:
    """Return all cosines, accumulated key by key."""
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, each in enumerate(vectors):
        for key, weight in each.items():
            postings[key].append((number, weight))
    likeness = np.zeros((len(vectors), len(vectors)), np.float32)
    for held in postings.values():
        if len(held) > 1:
            numbers, weights = (
                np.array([one for one, _ in held]),
                np.array([weight for _, weight in held], np.float32),
            )
            likeness[np.ix_(numbers, numbers)] += np.outer(weights, weights)
    return likeness


@contextmanager
def _archive(rows: Sequence[Row]) -> Iterator[sqlite3.Connection]:
    """Yield an archive with all articles; the first has the id 1."""
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Path(folder) / "archive.db", ARCHIVE_SCHEMA)
        db.execute("DROP TRIGGER articles_fts_insert")
        db.execute("BEGIN IMMEDIATE")
        for number, row in enumerate(rows, 1):
            keep_article(
                db, number, Text(row["id"], "", row["title"], row["text"], row["lang"], row["date"])
            )
        language_keys.rebuild_keys(db, KEY_POLICY)
        db.execute("COMMIT")
        yield db
        db.close()


def milliseconds(rows: Sequence[Row]) -> float:
    """Return the CPU time for the keys of an article, with the cache of words filled."""
    texts = [
        (row["title"], row["text"][:TIMED], row["lang"])
        for row in rows
        if len(row["text"]) >= TIMED
    ]
    for title, text, language in texts[::2]:
        KEY_POLICY.keys(title, None, text, language)
    start = time.process_time()
    for title, text, language in texts[1::2]:
        KEY_POLICY.keys(title, None, text, language)
    return 1000 * (time.process_time() - start) / len(texts[1::2])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    half = parser.parse_args().half
    if not SHARED.is_dir():
        print("languages: nothing to measure on, ../shared is not here")
        return
    show(("languages", figure) for figure in figures(SHARED, half))


if __name__ == "__main__":
    main()
