"""Events: each new article joins the event that it reports, or starts one.

An article is compared by its most informative terms (`archive.articles.vocabulary`), which are
indexed with its date; an event is represented by the sum of its articles' vectors. Nothing is
loaded at the start, and the cost for an article does not depend on the size of the archive. The
terms, and the similarity that an article needs, are decided in `pipelines.topics.events`.

All functions run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import nsmallest
from math import floor, inf, log
from typing import Literal

from archive.articles import language_keys as keys
from archive.articles.copies import with_versions
from archive.articles.vocabulary import Vector, frequencies, learn, length, strongest, unit, vector
from archive.records import clock, now, utc
from archive.timestamps import UNDATED, days

STRONG = 12
"""Terms under which an article is indexed, and by which it searches for others."""
NEWEST = 200
"""Articles to consider for one term, those with the newest dates."""
NEAR = 60
"""Articles whose events are considered, those with the most terms in common first."""
WEIGHED = 12
"""Events to compare."""
OF_EVENT = 128
"""Terms stored for an event."""
OF_ARTICLE = 128
"""Terms stored for an article; which are best changes while the archive learns what is rare."""
TOLD = 8
"""Terms stored as the reason why an article joined."""
SMALL = 2
"""Largest number of texts in an event that the tidy compares again."""
MOST_TIDIED = 5_000
"""Events of one tidy, the newest first."""
TIDY_HOURS = 20
"""Minimum time between two tidies."""

ABROAD = 12
"""Articles in other languages to compare with one whose terms match no event."""

Joined = Literal["first", "words", "keys", "copy", "tidy"]
"""The way in which an article joined its event.

`first`: it started the event · `words`: by terms and date · `keys`: by features shared with a
report in another language · `copy`: as a version of a text in the event · `tidy`: a tidy merged its
small event.
"""


@dataclass(frozen=True, slots=True)
class Judge:
    """The decisions about events that the archive leaves to `pipelines.topics.events.JUDGE`."""

    version: int
    """The version of the method that computes the terms."""
    weights: Callable[[str | None, str | None, str, str | None], dict[str, float]]
    """Headline, standfirst, text, language → term → weighted frequency."""
    score: Callable[[float, float | None, int], float]
    """Cosine similarity, days between (None: a date is missing), texts of the event → the score."""
    abroad: Callable[[Sequence[float], Sequence[float | None]], float | None]
    """Decide whether an article joins the first of several events in other languages.

    Similarities of the keys, the most similar first, and differences in days → the score of the
    first event, or None if it is too low.
    """
    joins: float
    """Minimum score to join an event."""
    tidies: float
    """Minimum score to merge a small event into another."""
    days: float
    """Maximum difference in days between an article and its event."""


@dataclass(frozen=True, slots=True)
class Place:
    """An event that an article or a small event matches, with the score and the shared terms."""

    event_id: int
    score: float
    terms: tuple[str, ...]


def join(connection: sqlite3.Connection, article_id: int, policy: Judge) -> int:
    """Assign an article to an event, a new one if it matches none; return the event's id.

    The id of an event is that of its first article. A version of a text joins the event of that
    text, but does not count for its vector nor in the vocabulary. Call it after `copies.relate`. An
    article with an event keeps it.
    """
    article = _article(connection, article_id)
    if article["event_id"] is not None:
        return int(article["event_id"])
    there = _event_of_versions(connection, article_id)
    weights = _keep_words(connection, article, policy, counts=there is None)
    if there is not None:
        _enter(connection, article, there, "copy")
        return there
    terms, day = unit(weights), days(article["published_at"])
    place = _best(connection, terms, day, policy)
    _post(connection, article_id, terms, day)
    how: Joined = "words"
    if place is None or place.score < policy.joins:
        how, place = "keys", _abroad(connection, article, day, policy)
    if place is None:
        return _start(connection, article, terms, day)
    _add(connection, place.event_id, terms, day, 1)
    _enter(connection, article, place.event_id, how, place)
    return place.event_id


def reword(connection: sqlite3.Connection, article_id: int, policy: Judge) -> None:
    """Replace the terms of an article whose text changed. It stays in its event."""
    article = _article(connection, article_id)
    connection.execute("DELETE FROM article_words WHERE article_id = ?", (article_id,))
    _keep_words(connection, article, policy, counts=False)


def vector_of(connection: sqlite3.Connection, article_id: int) -> Vector | None:
    """Return an article's vector with today's frequencies, or None if it is unknown."""
    query = "SELECT language, weights FROM article_words WHERE article_id = ?"
    row = connection.execute(query, (article_id,)).fetchone()
    if row is None:
        return None
    weights = json.loads(row["weights"])
    return vector(weights, *frequencies(connection, row["language"], weights))


def candidates(
    connection: sqlite3.Connection,
    terms: Sequence[str],
    since: str | None,
    until: str | None,
    most: int,
) -> list[int]:
    """Return at most `most` articles that have some of these strong terms, best first.

    `since` and `until` are timestamps, compared by day; articles without a date are always
    included. Each article is followed by the other versions of its text.
    """
    first, last = days(since), days(until)
    found = _holders(
        connection, terms, -inf if first is None else first, inf if last is None else last, most
    )
    return with_versions(connection, found)[:most]


# -- all of them -----------------------------------------------------------------------------------


def is_current(connection: sqlite3.Connection, policy: Judge) -> bool:
    """Return whether the policy's version of terms built all events; if not, `rebuild` is due."""
    return bool(
        connection.execute("SELECT max(version) FROM term_versions").fetchone()[0] == policy.version
    )


def rebuild(connection: sqlite3.Connection, policy: Judge) -> int:
    """Rebuild all events in the order of dates, and return their number.

    It takes about five seconds for 1,000 articles. Stories and the verdicts of people are in other
    tables and remain.
    """
    for table in ("event_articles", "events", "strong_terms", "article_words", "vocabulary", "languages",
                  "term_versions"):  # fmt: skip
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
    connection.execute("INSERT INTO term_versions (version) VALUES (?)", (policy.version,))
    by_date = "SELECT id FROM articles ORDER BY coalesce(published_at, fetched_at), id"
    for (article_id,) in connection.execute(by_date).fetchall():
        join(connection, article_id, policy)
    return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def tidy(connection: sqlite3.Connection, policy: Judge) -> int:
    """Compare small events again since more is known now; return the number of merged events.

    An article that arrived before the others of its event found nothing to join.
    """
    small = connection.execute(
        "SELECT id FROM events WHERE texts <= ? AND tidied = 0 ORDER BY id DESC LIMIT ?",
        (SMALL, MOST_TIDIED),
    ).fetchall()
    moved = sum(_tidy(connection, event_id, policy) for (event_id,) in small)
    connection.execute(
        "INSERT INTO tidies (tidied_at, events, moved) VALUES (?, ?, ?)", (now(), len(small), moved)
    )
    return moved


def tidy_is_due(connection: sqlite3.Connection) -> bool:
    """Return whether the last tidy was more than TIDY_HOURS ago."""
    before = utc(clock() - timedelta(hours=TIDY_HOURS))
    last = connection.execute("SELECT max(tidied_at) FROM tidies").fetchone()[0]
    return last is None or str(last) <= before


def _tidy(connection: sqlite3.Connection, event_id: int, policy: Judge) -> bool:
    """Merge a small event into another if one matches; return whether it did."""
    event = connection.execute("SELECT * FROM events WHERE id = ?", (event_id,)).fetchone()
    if event is None or event["texts"] > SMALL:
        return False  # this tidy has merged another event into it
    mine = json.loads(event["terms"])
    place = _best(connection, unit(mine, OF_EVENT), event["day"], policy, but=event_id)
    if place is None or place.score < policy.tidies:
        connection.execute("UPDATE events SET tidied = 1 WHERE id = ?", (event_id,))
        return False
    _add(connection, place.event_id, mine, event["day"], event["texts"])
    connection.execute(
        """UPDATE event_articles SET event_id = ?, joined = 'tidy', score = ?, terms = ?
        WHERE event_id = ?""",
        (place.event_id, round(place.score, 3), _as_json(place.terms), event_id),
    )
    connection.execute("DELETE FROM events WHERE id = ?", (event_id,))
    _count(connection, place.event_id, event["articles"], event["first_at"], event["last_at"])
    return True


# -- an article ------------------------------------------------------------------------------------


def _article(connection: sqlite3.Connection, article_id: int) -> sqlite3.Row:
    """Return the columns needed of an article, and its event.

    Raises ValueError if the article does not exist.
    """
    row = connection.execute(
        """SELECT a.id, a.headline, a.standfirst, a.text, a.language, a.published_at, a.fetched_at,
          m.event_id
        FROM articles AS a LEFT JOIN event_articles AS m ON m.article_id = a.id WHERE a.id = ?""",
        (article_id,),
    ).fetchone()
    if row is None:
        raise ValueError(f"no article {article_id}")
    return row  # type: ignore[no-any-return]


def _event_of_versions(connection: sqlite3.Connection, article_id: int) -> int | None:
    """Return the event of the other versions of an article's text, that of the original first."""
    row = connection.execute(
        """SELECT m.event_id FROM versions AS v JOIN texts AS t ON t.id = v.text_id
        JOIN versions AS w ON w.text_id = v.text_id
        JOIN event_articles AS m ON m.article_id = w.article_id
        WHERE v.article_id = ? ORDER BY w.article_id = t.original_id DESC, w.article_id LIMIT 1""",
        (article_id,),
    ).fetchone()
    return int(row[0]) if row else None


def _keep_words(
    connection: sqlite3.Connection, article: sqlite3.Row, policy: Judge, counts: bool
) -> Vector:
    """Store an article's best terms with their frequencies; return its vector.

    With `counts` the terms are added to the vocabulary.
    """
    language = article["language"]
    weights = policy.weights(
        article["headline"], article["standfirst"], article["text"], article["language"]
    )
    known = (learn if counts else frequencies)(connection, language, weights)
    best = vector(weights, *known, OF_ARTICLE)
    rounded = {term: round(weights[term], 2) for term in best}
    connection.execute(
        "INSERT INTO article_words (article_id, language, weights) VALUES (?, ?, ?)",
        (article["id"], language, _as_json(rounded)),
    )
    return best


def _post(connection: sqlite3.Connection, article_id: int, mine: Vector, day: float | None) -> None:
    """Index an article under its strongest terms and its day."""
    whole_day = UNDATED if day is None else floor(day)
    connection.executemany(
        "INSERT INTO strong_terms (term, day, article_id) VALUES (?, ?, ?)",
        [(term, whole_day, article_id) for term in strongest(mine, STRONG)],
    )


# -- the events near it ----------------------------------------------------------------------------


def _best(
    connection: sqlite3.Connection,
    mine: Vector,
    day: float | None,
    policy: Judge,
    but: int | None = None,
) -> Place | None:
    """Return the best matching event nearby, of equal ones the first, or None."""
    first, last = (-inf, inf) if day is None else (day - policy.days, day + policy.days)
    found = _holders(connection, strongest(mine, STRONG), first, last, NEAR)
    events = [event for event in _events_of(connection, found) if event["id"] != but]
    scores = [(-_score(event, mine, day, policy), event["id"], event) for event in events[:WEIGHED]]
    if not scores:
        return None
    negative, event_id, event = min(scores)
    return Place(event_id, -negative, _in_common(event, mine))


def _abroad(
    connection: sqlite3.Connection, article: sqlite3.Row, day: float | None, policy: Judge
) -> Place | None:
    """Return the event whose reports in other languages match the article; None without a date."""
    own_keys = keys.vectors(connection, [article["id"]]).get(article["id"])
    if day is None or own_keys is None:
        return None
    since, until = (
        utc(datetime.fromtimestamp((day + offset) * 86_400, UTC))
        for offset in (-policy.days, policy.days)
    )
    found = keys.candidates(connection, own_keys, since, until, ABROAD, article["language"] or "")
    near = _nearest_abroad(connection, own_keys, day, found)
    score = policy.abroad([each.likeness for each in near], [each.days for each in near])
    if score is None:
        return None
    return Place(near[0].event_id, score, near[0].keys)


@dataclass(frozen=True, slots=True)
class _Abroad:
    """An event in other languages, with its most similar article."""

    event_id: int
    likeness: float
    days: float | None
    keys: tuple[str, ...]


def _nearest_abroad(
    connection: sqlite3.Connection, mine: Vector, day: float, article_ids: Sequence[int]
) -> list[_Abroad]:
    """Return the events of these articles with their most similar one, best event first."""
    vectors = keys.vectors(connection, article_ids)
    rows = connection.execute(
        """SELECT m.article_id, m.event_id, k.day FROM json_each(?) AS asked
        CROSS JOIN event_articles AS m ON m.article_id = asked.value
        CROSS JOIN article_keys AS k ON k.article_id = asked.value""",
        (json.dumps(article_ids),),
    ).fetchall()
    best: dict[int, _Abroad] = {}
    for article_id, event_id, their_day in rows:
        theirs = vectors.get(article_id, {})
        shared = {key: weight * theirs[key] for key, weight in mine.items() if key in theirs}
        total, most = sum(shared.values()), max(shared.values(), default=0.0)
        likeness = min(total, 2 * (total - most))  # a single shared key does not make an event
        if event_id not in best or likeness > best[event_id].likeness:
            days_apart = (
                None if their_day == UNDATED else max(0.0, abs(day - their_day - 0.5) - 0.5)
            )
            best[event_id] = _Abroad(event_id, likeness, days_apart, tuple(strongest(shared, TOLD)))
    return sorted(best.values(), key=lambda each: (-each.likeness, each.event_id))


def _holders(
    connection: sqlite3.Connection, terms: Sequence[str], first: float, last: float, most: int
) -> list[int]:
    """Return the articles with the most of the terms, rare terms weighing more, best first.

    Articles of the days from `first` to `last` and those without a date are considered.
    """
    period = floor(max(first, UNDATED + 1)), floor(min(last, -UNDATED))
    limit, votes = max(NEWEST, most), dict[int, float]()
    for term in terms:
        rows = connection.execute(_HOLDERS, (term, *period, limit, term, UNDATED, limit)).fetchall()
        weight = log(4 * limit / len(rows)) if rows else 0.0
        for (article_id,) in rows:
            votes[article_id] = votes.get(article_id, 0.0) + weight
    return nsmallest(most, votes, key=lambda id: (-votes[id], -id))


_HOLDERS = """SELECT * FROM (
  SELECT article_id FROM strong_terms WHERE term = ? AND day BETWEEN ? AND ?
  ORDER BY day DESC, article_id DESC LIMIT ?)
UNION ALL SELECT * FROM (SELECT article_id FROM strong_terms WHERE term = ? AND day = ?
  ORDER BY article_id DESC LIMIT ?)"""


def _events_of(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[sqlite3.Row]:
    """Return the events of articles, in the order of the articles."""
    rows = connection.execute(
        """SELECT m.event_id FROM json_each(?) AS asked
        CROSS JOIN event_articles AS m ON m.article_id = asked.value ORDER BY asked.key""",
        (json.dumps(article_ids),),
    )
    ids = list(dict.fromkeys(row[0] for row in rows))[: WEIGHED + 1]
    return connection.execute(
        """SELECT e.id, e.day, e.texts, e.length, e.terms FROM json_each(?) AS asked
        CROSS JOIN events AS e ON e.id = asked.value ORDER BY asked.key""",
        (json.dumps(ids),),
    ).fetchall()


def _score(event: sqlite3.Row, mine: Vector, day: float | None, policy: Judge) -> float:
    """Return the score of an event for a vector and its date."""
    total: dict[str, float] = json.loads(event["terms"])
    product = sum([weight * total.get(term, 0.0) for term, weight in mine.items()])
    similarity = product / event["length"]
    days_apart = None if day is None or event["day"] is None else abs(day - event["day"])
    return policy.score(similarity, days_apart, event["texts"])


def _in_common(event: sqlite3.Row, mine: Vector) -> tuple[str, ...]:
    """Return the terms that contribute most to the similarity."""
    total = json.loads(event["terms"])
    shared = {term: weight * total[term] for term, weight in mine.items() if term in total}
    return tuple(strongest(shared, TOLD))


# -- an event --------------------------------------------------------------------------------------


def _start(
    connection: sqlite3.Connection, article: sqlite3.Row, mine: Vector, day: float | None
) -> int:
    """Start an event with an article; return its id."""
    event_id = int(article["id"])
    timestamp = article["published_at"] or article["fetched_at"]
    connection.execute(
        """INSERT INTO events (id, articles, texts, dated, day, first_at, last_at, length, terms)
        VALUES (?, 0, 1, ?, ?, ?, ?, 1, ?)""",
        (event_id, day is not None, day, timestamp, timestamp, _as_json(_rounded(mine))),
    )
    _enter(connection, article, event_id, "first")
    return event_id


def _add(
    connection: sqlite3.Connection, event_id: int, mine: Vector, day: float | None, texts: int
) -> None:
    """Add the vector and the date of an article or a small event of `texts` texts to an event."""
    event = connection.execute(
        "SELECT dated, day, terms FROM events WHERE id = ?", (event_id,)
    ).fetchone()
    total: dict[str, float] = json.loads(event["terms"])
    for term, weight in mine.items():
        total[term] = total.get(term, 0.0) + weight
    best = _rounded({term: total[term] for term in strongest(total, OF_EVENT)})
    mean, dated = event["day"], event["dated"]
    if day is not None:
        mean, dated = ((mean or 0.0) * dated + day * texts) / (dated + texts), dated + texts
    connection.execute(
        """UPDATE events SET texts = texts + ?, dated = ?, day = ?, length = ?, terms = ?,
          tidied = 0 WHERE id = ?""",
        (texts, dated, mean, length(best.values()) or 1.0, _as_json(best), event_id),
    )


def _enter(
    connection: sqlite3.Connection,
    article: sqlite3.Row,
    event_id: int,
    joined: Joined,
    place: Place | None = None,
) -> None:
    """Record that an article is in an event, and why."""
    score = place and round(place.score, 3)
    terms = place.terms if place else ()
    connection.execute(
        """INSERT INTO event_articles (article_id, event_id, joined, score, terms)
        VALUES (?, ?, ?, ?, ?)""",
        (article["id"], event_id, joined, score, _as_json(terms)),
    )
    timestamp = article["published_at"] or article["fetched_at"]
    _count(connection, event_id, 1, timestamp, timestamp)


def _count(
    connection: sqlite3.Connection, event_id: int, articles: int, first_at: str, last_at: str
) -> None:
    """Add to an event's number of articles and extend its period."""
    connection.execute(
        """UPDATE events SET articles = articles + ?, first_at = min(first_at, ?),
          last_at = max(last_at, ?) WHERE id = ?""",
        (articles, first_at, last_at, event_id),
    )


def _rounded(weights: Mapping[str, float]) -> Vector:
    """Return the weights rounded for storage."""
    return {term: round(weight, 4) for term, weight in weights.items()}


def _as_json(value: Mapping[str, float] | Collection[str] | Iterable[str]) -> str:
    """Return compact JSON without escapes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
