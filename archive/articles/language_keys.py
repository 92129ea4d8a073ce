"""The index of language keys, by which articles find reports in other languages.

`pipelines.topics.language_keys` extracts the keys; here they are strings with weights. Document
frequencies are counted over all languages. Postings of its strongest keys make an article findable.
Nothing is loaded in advance, and the cost of an article does not depend on the size of the archive.

All functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from math import floor, log

from archive.articles.copies import articles_with_versions
from archive.articles.vocabulary import (
    MIN_FREQUENCY_ARTICLES,
    MIN_LASTING_ARTICLES,
    CountedTerms,
    WeightedTerms,
    may_keep_frequencies,
    strongest_terms,
    unit_vector,
    vector_length,
)
from archive.storage.counted_keys import (
    CountedTable,
    add_to_counts,
    forget_counts,
    read_counts,
    subtract_from_counts,
)
from archive.timestamps import UNDATED_DAY, days_since_epoch

MAX_STRONG_KEYS, MAX_ASKED_KEYS = 16, 24
"""Maximum number of keys indexed for an article, and of keys in a query."""
KEY_KIND_FACTORS = {"@": 2.0, "=": 0.5}
"""Kind of a key (its first character) → factor on its weight in the index and in queries; most rare
roots occur in one language only."""
MAX_NEWEST_HOLDERS = 200
"""Maximum number of postings read for a key, the newest first."""
MAX_VECTOR_KEYS = 300
"""Maximum number of keys in a vector."""
COMMON_KEY_SHARE = 0.2
"""Maximum share of the articles that may hold a key; more frequent keys are ignored."""
ALL_ARTICLES_KEY = ""
"""The key whose count is the number of all articles."""


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """The extraction of keys, which the archive does not know itself.

    It is `pipelines.topics.language_keys.KEY_POLICY`.
    """

    version: int
    """Version of the extraction."""
    keys: Callable[[str | None, str | None, str, str | None], Mapping[str, float]]
    """Headline, standfirst, text, language → key → weighted count."""


def save_keys(connection: sqlite3.Connection, article_id: int, judge: KeyPolicy) -> WeightedTerms:
    """Save the keys of an article in place of older ones, index the strongest, return the vector.

    Another version of a text that has keys is neither counted nor indexed, and is found through
    that version; call this function after `copies.relate_article`. Raises ValueError for an unknown
    article.
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
    known, articles = (_add_to_key_counts if counted else _key_frequencies)(connection, held)
    weights = _weighed_keys(held, known, articles)
    connection.execute(
        """INSERT INTO article_keys (article_id, language, day, counted, keys, length, counted_among)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (article_id, article["language"] or "", day, counted, keys_as_json(held),
         _length_of_keys(weights), articles),
    )  # fmt: skip
    if counted:
        strongest = _strongest_keys(weights, MAX_STRONG_KEYS)
        connection.executemany(
            "INSERT INTO strong_keys (key, day, article_id, language) VALUES (?, ?, ?, ?)",
            [(key, day, article_id, article["language"] or "") for key in strongest],
        )
    return unit_vector(weights, MAX_VECTOR_KEYS)


def delete_keys(connection: sqlite3.Connection, article_id: int) -> None:
    """Delete the keys of an article, with their counts and postings."""
    row = connection.execute(
        "SELECT * FROM article_keys WHERE article_id = ?", (article_id,)
    ).fetchone()
    if row is None:
        return
    held = json.loads(row["keys"])
    if row["counted"]:
        _subtract_from_key_counts(connection, held)
        connection.executemany(
            "DELETE FROM strong_keys WHERE key = ? AND day = ? AND article_id = ?",
            [(key, row["day"], article_id) for key in held],
        )
    connection.execute("DELETE FROM article_keys WHERE article_id = ?", (article_id,))


def key_vectors(
    connection: sqlite3.Connection, article_ids: Iterable[int]
) -> dict[int, WeightedTerms]:
    """Return article id → key vector of unit length, by today's document frequencies.

    Articles without keys are left out.
    """
    rows = connection.execute(
        """SELECT k.article_id, k.keys FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.article_id = asked.value""",
        (json.dumps(sorted(set(article_ids))),),
    ).fetchall()
    held = {int(row["article_id"]): json.loads(row["keys"]) for row in rows}
    known, articles = _key_frequencies(connection, {key for keys in held.values() for key in keys})
    vectors = {
        article_id: unit_vector(_weighed_keys(keys, known, articles), MAX_VECTOR_KEYS)
        for article_id, keys in held.items()
    }
    return {article_id: vector for article_id, vector in vectors.items() if vector}


def key_vectors_among(
    connection: sqlite3.Connection, article_ids: Iterable[int], among: Set[str]
) -> dict[int, WeightedTerms]:
    """Return article id → its key vector as `key_vectors`, but only the given keys of it.

    The lengths of the vectors are stored, so that the frequencies of all other keys are not needed.
    Articles without keys are left out.
    """
    rows = connection.execute(
        """SELECT k.article_id, k.keys, k.length, k.counted_among FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.article_id = asked.value""",
        (json.dumps(sorted(set(article_ids))),),
    ).fetchall()
    held = {int(row["article_id"]): _parsed_keys(row["keys"]) for row in rows}
    shared = {
        article_id: {key: count for key, count in keys.items() if key in among}
        for article_id, keys in held.items()
    }
    known, articles = _key_frequencies(connection, set().union(*shared.values()))
    lengths = {
        int(row["article_id"]): row["length"]
        for row in rows
        if may_keep_frequencies(row["counted_among"], articles)
    }
    outdated = {article_id: keys for article_id, keys in held.items() if article_id not in lengths}
    lengths |= _renewed_lengths(connection, outdated)
    vectors = {}
    for article_id, keys in shared.items():
        weighed, length = _weighed_keys(keys, known, articles), lengths[article_id]
        if length:
            vectors[article_id] = {key: weight / length for key, weight in weighed.items()}
    return vectors


def _renewed_lengths(
    connection: sqlite3.Connection, held: Mapping[int, Mapping[str, float]]
) -> dict[int, float]:
    """Compute the lengths of key vectors by today's document frequencies, and store those that
    last."""
    if not held:
        return {}
    known, articles = _key_frequencies(connection, {key for keys in held.values() for key in keys})
    lengths = {
        article_id: _length_of_keys(_weighed_keys(keys, known, articles))
        for article_id, keys in held.items()
    }
    if articles >= MIN_LASTING_ARTICLES:
        connection.executemany(
            "UPDATE article_keys SET length = ?, counted_among = ? WHERE article_id = ?",
            [(length, articles, article_id) for article_id, length in lengths.items()],
        )
    return lengths


def _length_of_keys(weighed: Mapping[str, float]) -> float:
    """Return the length of a key vector, from its strongest keys as in `key_vectors`."""
    strongest = strongest_terms(weighed, MAX_VECTOR_KEYS)
    return vector_length([weighed[key] for key in strongest])


def key_candidates(
    connection: sqlite3.Connection,
    keys: Mapping[str, float],
    since: str | None,
    until: str | None,
    most: int,
    not_language: str | None = None,
) -> list[int]:
    """Return at most `most` articles that share strong keys with a vector, the best first.

    Each shared key adds its weight in the vector. `since` and `until` are timestamps, compared by
    day; undated articles always pass. Articles in `not_language` are left out. The other versions
    of a text follow the one in the index.
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


_KEY_HOLDERS = """SELECT * FROM (SELECT article_id FROM strong_keys
  WHERE key = ? AND day BETWEEN ? AND ?
  AND language IS NOT ? ORDER BY day DESC, article_id DESC LIMIT ?)
UNION ALL SELECT * FROM (SELECT article_id FROM strong_keys WHERE key = ? AND day = ?
  AND language IS NOT ? ORDER BY article_id DESC LIMIT ?)"""


def readable_keys(keys: Iterable[str]) -> list[str]:
    """Return keys in readable form: places, numbers and roots without their mark, no sounds.

    Other strings remain unchanged.
    """
    signs = "@#="
    return [key.lstrip(signs) for key in keys if not key.startswith("~")]


def are_keys_current(connection: sqlite3.Connection, judge: KeyPolicy) -> bool:
    """Return True if all keys have the policy's version; otherwise call `rebuild_keys`."""
    return bool(
        connection.execute("SELECT max(version) FROM key_versions").fetchone()[0] == judge.version
    )


def rebuild_keys(connection: sqlite3.Connection, judge: KeyPolicy) -> None:
    """Rebuild the keys of all articles by date, at about three seconds per thousand articles."""
    for table in ("article_keys", "strong_keys", "key_counts", "key_versions"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
    forget_counts(connection)
    connection.execute("INSERT INTO key_versions (version) VALUES (?)", (judge.version,))
    by_date = "SELECT id FROM articles ORDER BY coalesce(published_at, fetched_at), id"
    for (article_id,) in connection.execute(by_date).fetchall():
        save_keys(connection, article_id, judge)


# -- document frequencies --------------------------------------------------------------------------


KEY_COUNTS = CountedTable(
    read="""SELECT c.key, c.articles FROM json_each(?) AS asked
    CROSS JOIN key_counts AS c ON c.key = asked.value""",
    write="""INSERT INTO key_counts (key, articles) SELECT key, value FROM json_each(?) WHERE true
    ON CONFLICT (key) DO UPDATE SET articles = excluded.articles""",
    delete="DELETE FROM key_counts WHERE key IN (SELECT value FROM json_each(?))",
)


def _add_to_key_counts(
    connection: sqlite3.Connection, keys: Collection[str]
) -> tuple[dict[str, int], int]:
    """Count one more article with these keys; return the new `_key_frequencies`."""
    known = add_to_counts(connection, KEY_COUNTS, (), {ALL_ARTICLES_KEY, *keys})
    return known, known.pop(ALL_ARTICLES_KEY)


def _subtract_from_key_counts(connection: sqlite3.Connection, keys: Collection[str]) -> None:
    """Count one article with these keys less."""
    subtract_from_counts(connection, KEY_COUNTS, (), {ALL_ARTICLES_KEY, *keys})


def _key_frequencies(
    connection: sqlite3.Connection, keys: Collection[str]
) -> tuple[dict[str, int], int]:
    """Return the document frequencies of keys, and the number of articles."""
    known = read_counts(connection, KEY_COUNTS, (), [ALL_ARTICLES_KEY, *keys])
    return known, known.pop(ALL_ARTICLES_KEY, 0)


def _weighed_keys(
    keys: Mapping[str, float], known: Mapping[str, int], articles: int
) -> WeightedTerms:
    """Return tf-idf weights: (1 + ln count) · ln((articles + 1) / (frequency + ½)).

    Keys above `COMMON_KEY_SHARE` are left out.
    """
    articles = max(articles, MIN_FREQUENCY_ARTICLES)
    all_articles, most = log(articles + 1), articles * COMMON_KEY_SHARE
    return {
        key: (1 + log(count) if count > 1 else count) * (all_articles - log(held + 0.5))
        for key, count in keys.items()
        if (held := known.get(key, 0)) <= most
    }


def _strongest_keys(vector: Mapping[str, float], most: int) -> list[str]:
    """Return at most `most` keys with the largest weights, corrected by kind."""
    corrected = {key: weight * KEY_KIND_FACTORS.get(key[:1], 1.0) for key, weight in vector.items()}
    return strongest_terms(corrected, most)


# -- versions of one text --------------------------------------------------------------------------


def _is_key_version(connection: sqlite3.Connection, article_id: int) -> bool:
    """Return True if another version of the article's text is counted in its place."""
    row = connection.execute(
        """SELECT 1 FROM shared_text_articles AS v
        JOIN shared_text_articles AS w ON w.text_id = v.text_id AND w.article_id <> v.article_id
        JOIN article_keys AS k ON k.article_id = w.article_id AND k.counted
        WHERE v.article_id = ? LIMIT 1""",
        (article_id,),
    ).fetchone()
    return row is not None


def keys_as_json(keys: Mapping[str, float]) -> str:
    """Return the keys of an article as they are stored."""
    if isinstance(keys, CountedTerms):
        return keys.stored
    return json.dumps(keys, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=512)  # new articles are compared with the same ones of their days
def _parsed_keys(stored: str) -> Mapping[str, float]:
    """Return the keys of an article from their stored form; the result is not to be changed."""
    return json.loads(stored)  # type: ignore[no-any-return]
