"""The keys of articles: what they have in common with reports in other languages, and how they are
found by it.

What keys are made of is decided elsewhere (`pipelines.topics.language_keys`); here they are strings
with weights. How many articles hold a key is counted over all languages. By its strongest keys an
article is found again; nothing is loaded at the start, and an article costs the same however many
there are.

All functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from math import floor, log

from archive.articles.copies import articles_with_versions
from archive.articles.vocabulary import WeightedTerms, strongest_terms, unit_vector
from archive.timestamps import UNDATED_DAY, days_since_epoch

MAX_STRONG_KEYS, MAX_ASKED_KEYS = 16, 24
"""Keys by which an article is found, and by which it asks for others."""
MAX_KEY_FINDS = {"@": 2.0, "=": 0.5}
"""By a key's first sign, how much it counts there beside its weight: of the rarest roots most are a
language's own."""
MIN_KEY_ARTICLES = 1_000
"""Articles below which an archive does not know what is rare: it counts as one of so many. Else
what the first reports of a happening have in common would say the least."""
MAX_NEWEST_HOLDERS = 200
"""Articles that are looked at for one key, those of the newest dates."""
KEYS_OF_ARTICLE = 300
"""Keys of a vector."""
COMMON_KEY_SHARE = 0.2
"""The share of articles above which a key says nothing."""
ALL_LANGUAGES = ""
"""Under this key stands the number of all articles."""


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """What the archive asks about keys and does not know itself
    (`pipelines.topics.language_keys.KEY_POLICY`)."""

    version: int
    """Of the way in which keys are made."""
    keys: Callable[[str | None, str | None, str, str | None], Mapping[str, float]]
    """Headline, standfirst, text, language → key and weighted count."""


def save_keys(connection: sqlite3.Connection, article_id: int, judge: KeyPolicy) -> None:
    """Keep the keys of an article, and make it findable by the strongest; what was kept of an older
    text goes.

    A version of a text whose keys are kept counts for nothing, and is found through that one: call
    it after `postings.relate`.
    """
    article = connection.execute(
        "SELECT headline, standfirst, text, language, published_at FROM articles WHERE id = ?",
        (article_id,),
    ).fetchone()
    if article is None:
        raise ValueError(f"no article {article_id}")
    counted = not _is_key_version(connection, article_id)
    delete_keys(connection, article_id)
    held = judge.keys(
        article["headline"], article["standfirst"], article["text"], article["language"]
    )
    day = days_since_epoch(article["published_at"])
    day = UNDATED_DAY if day is None else floor(day)
    connection.execute(
        "INSERT INTO article_keys (article_id, language, day, counted, keys) VALUES (?, ?, ?, ?, ?)",
        (article_id, article["language"] or "", day, counted, _keys_as_json(held)),
    )
    if counted:
        _count_keys(connection, held, 1)
        connection.executemany(
            "INSERT INTO strong_keys (key, day, article_id, language) VALUES (?, ?, ?, ?)",
            [
                (key, day, article_id, article["language"] or "")
                for key in _strongest_keys(
                    _weighed_keys(held, *_key_frequencies(connection, held)), MAX_STRONG_KEYS
                )
            ],
        )


def delete_keys(connection: sqlite3.Connection, article_id: int) -> None:
    """Leave nothing of an article's keys, if there are any."""
    row = connection.execute(
        "SELECT * FROM article_keys WHERE article_id = ?", (article_id,)
    ).fetchone()
    if row is None:
        return
    held = json.loads(row["keys"])
    if row["counted"]:
        _count_keys(connection, held, -1)
        connection.executemany(
            "DELETE FROM strong_keys WHERE key = ? AND day = ? AND article_id = ?",
            [(key, row["day"], article_id) for key in held],
        )
    connection.execute("DELETE FROM article_keys WHERE article_id = ?", (article_id,))


def key_vectors(
    connection: sqlite3.Connection, article_ids: Iterable[int]
) -> dict[int, WeightedTerms]:
    """What articles are known by, as vectors of unit length, by how common their keys are today.

    Articles that have no keys are left out.
    """
    rows = connection.execute(
        """SELECT k.article_id, k.keys FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.article_id = asked.value""",
        (json.dumps(sorted(set(article_ids))),),
    ).fetchall()
    held = {int(row["article_id"]): json.loads(row["keys"]) for row in rows}
    known, articles = _key_frequencies(connection, {key for keys in held.values() for key in keys})
    told = {
        article_id: unit_vector(_weighed_keys(keys, known, articles), KEYS_OF_ARTICLE)
        for article_id, keys in held.items()
    }
    return {article_id: vector for article_id, vector in told.items() if vector}


def key_candidates(
    connection: sqlite3.Connection,
    keys: Mapping[str, float],
    since: str | None,
    until: str | None,
    most: int,
    not_language: str | None = None,
) -> list[int]:
    """At most so many articles that have some of a vector's strongest keys among theirs, best
    first.

    `since` and `until` are moments, to the day; articles without a date are never left out.
    Articles of `not_language` are. The versions of a text follow the one that was found.
    """
    first, last = days_since_epoch(since), days_since_epoch(until)
    span = (
        UNDATED_DAY + 1 if first is None else floor(first),
        -UNDATED_DAY if last is None else floor(last),
    )
    limit, votes = max(MAX_NEWEST_HOLDERS, most), dict[int, float]()
    for key in _strongest_keys(keys, MAX_ASKED_KEYS):
        rows = connection.execute(
            _KEY_HOLDERS, (key, *span, not_language, limit, key, UNDATED_DAY, not_language, limit)
        )
        for (article_id,) in rows.fetchall():
            votes[article_id] = votes.get(article_id, 0.0) + keys[key]
    found = nsmallest(most, votes, key=lambda id: (-votes[id], -id))
    return articles_with_versions(connection, found)[:most]


_KEY_HOLDERS = """SELECT * FROM (SELECT article_id FROM strong_keys WHERE key = ? AND day BETWEEN ? AND ?
  AND language IS NOT ? ORDER BY day DESC, article_id DESC LIMIT ?)
UNION ALL SELECT * FROM (SELECT article_id FROM strong_keys WHERE key = ? AND day = ?
  AND language IS NOT ? ORDER BY article_id DESC LIMIT ?)"""


def has_readable_keys(keys: Iterable[str]) -> list[str]:
    """Keys as people read them: places, numbers and beginnings of words, not sounds. What is no key
    stays as it is."""
    signs = "@#="
    return [key.lstrip(signs) for key in keys if not key.startswith("~")]


def are_keys_current(connection: sqlite3.Connection, judge: KeyPolicy) -> bool:
    """Whether all articles have keys, made in the judge's way; if not, `rebuild_keys` is due."""
    return bool(
        connection.execute("SELECT max(version) FROM key_versions").fetchone()[0] == judge.version
    )


def rebuild_keys(connection: sqlite3.Connection, judge: KeyPolicy) -> None:
    """Make the keys of all articles anew, in the order of their dates: about three seconds for a
    thousand."""
    for table in ("article_keys", "strong_keys", "key_counts", "key_versions"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
    connection.execute("INSERT INTO key_versions (version) VALUES (?)", (judge.version,))
    by_date = "SELECT id FROM articles ORDER BY coalesce(published_at, fetched_at), id"
    for (article_id,) in connection.execute(by_date).fetchall():
        save_keys(connection, article_id, judge)


# -- how common keys are ---------------------------------------------------------------------------


def _count_keys(connection: sqlite3.Connection, keys: Collection[str], more: int) -> None:
    connection.execute(
        """INSERT INTO key_counts (key, articles) SELECT value, ? FROM json_each(?) WHERE true
        ON CONFLICT (key) DO UPDATE SET articles = articles + excluded.articles""",
        (more, _keys_as_json(sorted({ALL_LANGUAGES, *keys}))),
    )
    if more < 0:
        connection.executemany(
            "DELETE FROM key_counts WHERE key = ? AND articles <= 0", [(key,) for key in keys]
        )


def _key_frequencies(
    connection: sqlite3.Connection, keys: Collection[str]
) -> tuple[dict[str, int], int]:
    """How many articles hold each key, and how many there are."""
    rows = connection.execute(
        "SELECT c.key, c.articles FROM json_each(?) AS asked CROSS JOIN key_counts AS c ON c.key = asked.value",
        (_keys_as_json([ALL_LANGUAGES, *keys]),),
    )
    known = {str(key): int(articles) for key, articles in rows}
    return known, known.pop(ALL_LANGUAGES, 0)


def _weighed_keys(
    keys: Mapping[str, float], known: Mapping[str, int], articles: int
) -> WeightedTerms:
    """(1 + ln count) · ln((articles + 1) / (frequency + ½)) of the keys that are not too common."""
    articles = max(articles, MIN_KEY_ARTICLES)
    all_articles, most = log(articles + 1), articles * COMMON_KEY_SHARE
    return {
        key: (1 + log(count) if count > 1 else count) * (all_articles - log(held + 0.5))
        for key, count in keys.items()
        if (held := known.get(key, 0)) <= most
    }


def _strongest_keys(vector: Mapping[str, float], most: int) -> list[str]:
    """The keys by which an article is likeliest found."""
    return strongest_terms(
        {key: weight * MAX_KEY_FINDS.get(key[:1], 1.0) for key, weight in vector.items()}, most
    )


# -- versions of one text --------------------------------------------------------------------------


def _is_key_version(connection: sqlite3.Connection, article_id: int) -> bool:
    """Does another version of the article's text stand for it?"""
    row = connection.execute(
        """SELECT 1 FROM versions AS v JOIN versions AS w ON w.text_id = v.text_id AND w.article_id <> v.article_id
        JOIN article_keys AS k ON k.article_id = w.article_id AND k.counted WHERE v.article_id = ? LIMIT 1""",
        (article_id,),
    ).fetchone()
    return row is not None


def _keys_as_json(value: Mapping[str, float] | Collection[str]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
