"""Events: articles of one happening. Each new article joins the event that it belongs to, or starts
one.

What an article is about are its telling terms (`archive.articles.vocabulary`). By the strongest it
is found again, near its date; an event is the middle of its articles. Nothing is loaded at the
start, and an article costs the same however many there are. What terms are, and how well an article
must fit, is decided elsewhere (`pipelines.topics.events`).

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
"""Terms by which an article is found, and asks for others."""
NEWEST = 200
"""Articles that are looked at for one term, those of the newest dates."""
NEAR = 60
"""Articles whose events are looked at, those first that share the most."""
WEIGHED = 12
"""Events that are weighed."""
OF_EVENT = 128
"""Terms that an event keeps."""
OF_ARTICLE = 128
"""Terms that an article keeps: which are its best changes as the archive learns what is rare."""
TOLD = 8
"""Terms that are kept as the reason for a place."""
SMALL = 2
"""Texts of an event that is looked at again by the tidy."""
MOST_TIDIED = 5_000
"""Events of one tidy, the newest first."""
TIDY_HOURS = 20

ABROAD = 12
"""Articles of other languages that are weighed for one that no event fits by its words."""

Joined = Literal["first", "words", "keys", "copy", "tidy"]
"""How an article came to its event: it started it · by words and date · by what it shares with a
report in another
language · as a version of a text that is there · with its small event, in a tidy."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What the archive asks about events and does not know itself
    (`pipelines.topics.events.JUDGE`)."""

    version: int
    """Of the terms."""
    weights: Callable[[str | None, str | None, str, str | None], dict[str, float]]
    """Headline, standfirst, text, language → term and weighted count."""
    score: Callable[[float, float | None, int], float]
    """Likeness of the words, days between (None: one of the two has no date), texts of the event →
    how well it fits."""
    abroad: Callable[[Sequence[float], Sequence[float | None]], float | None]
    """Of events in other languages, the likest first, the likeness of their keys and the days
    between → how well the first fits; None: not well enough."""
    joins: float
    """The score from which an article belongs."""
    tidies: float
    """The score from which a small event is one with another."""
    days: float
    """Farther apart nothing belongs together."""


@dataclass(frozen=True, slots=True)
class Place:
    """An event that an article or a small event fits, and why."""

    event_id: int
    score: float
    terms: tuple[str, ...]


def join(connection: sqlite3.Connection, article_id: int, judge: Judge) -> int:
    """Put a kept article in its event, which is new if it fits none; the event's id (its first
    article's).

    A version of a text that is in an event goes there too, and counts for nothing: neither for what
    the event is about nor for how common its words are. Call it after `postings.relate`; an article
    that has its event keeps it.
    """
    article = _article(connection, article_id)
    if article["event_id"] is not None:
        return int(article["event_id"])
    there = _event_of_versions(connection, article_id)
    told = _keep_words(connection, article, judge, counts=there is None)
    if there is not None:
        _enter(connection, article, there, "copy")
        return there
    mine, day = unit(told), days(article["published_at"])
    place = _best(connection, mine, day, judge)
    _post(connection, article_id, mine, day)
    how: Joined = "words"
    if place is None or place.score < judge.joins:
        how, place = "keys", _abroad(connection, article, day, judge)
    if place is None:
        return _start(connection, article, mine, day)
    _add(connection, place.event_id, mine, day, 1)
    _enter(connection, article, place.event_id, how, place)
    return place.event_id


def reword(connection: sqlite3.Connection, article_id: int, judge: Judge) -> None:
    """An article's text changed: keep its new words. It stays in its event, which is about what it
    reported first."""
    article = _article(connection, article_id)
    connection.execute("DELETE FROM article_words WHERE article_id = ?", (article_id,))
    _keep_words(connection, article, judge, counts=False)


def vector_of(connection: sqlite3.Connection, article_id: int) -> Vector | None:
    """What an article is about, by how common its words are today; None if there is no such
    article."""
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
    """At most so many articles that have some of these among their strongest terms, best first.

    `since` and `until` are moments, to the day; articles without a date are never left out. The
    versions of a text follow the one that was found.
    """
    first, last = days(since), days(until)
    found = _holders(
        connection, terms, -inf if first is None else first, inf if last is None else last, most
    )
    return with_versions(connection, found)[:most]


# -- all of them -----------------------------------------------------------------------------------


def is_current(connection: sqlite3.Connection, judge: Judge) -> bool:
    """Whether all articles are in events, by the judge's way of making terms; if not, `rebuild` is
    due."""
    return bool(
        connection.execute("SELECT max(version) FROM term_versions").fetchone()[0] == judge.version
    )


def rebuild(connection: sqlite3.Connection, judge: Judge) -> int:
    """Put all articles in events anew, in the order of their dates: about five seconds for a
    thousand; how many events.

    Stories and the verdicts of people are others' tables and stay as they are.
    """
    for table in ("event_articles", "events", "strong_terms", "article_words", "vocabulary", "languages",
                  "term_versions"):  # fmt: skip
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
    connection.execute("INSERT INTO term_versions (version) VALUES (?)", (judge.version,))
    by_date = "SELECT id FROM articles ORDER BY coalesce(published_at, fetched_at), id"
    for (article_id,) in connection.execute(by_date).fetchall():
        join(connection, article_id, judge)
    return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def tidy(connection: sqlite3.Connection, judge: Judge) -> int:
    """Look again at the small events since the last tidy, now that more is known; how many went
    into another.

    An article that came before those that it belongs to found nothing to join.
    """
    small = connection.execute(
        "SELECT id FROM events WHERE texts <= ? AND tidied = 0 ORDER BY id DESC LIMIT ?",
        (SMALL, MOST_TIDIED),
    ).fetchall()
    moved = sum(_tidy(connection, event_id, judge) for (event_id,) in small)
    connection.execute(
        "INSERT INTO tidies (tidied_at, events, moved) VALUES (?, ?, ?)", (now(), len(small), moved)
    )
    return moved


def tidy_is_due(connection: sqlite3.Connection) -> bool:
    """Whether the last one was more than TIDY_HOURS ago."""
    before = utc(clock() - timedelta(hours=TIDY_HOURS))
    last = connection.execute("SELECT max(tidied_at) FROM tidies").fetchone()[0]
    return last is None or str(last) <= before


def _tidy(connection: sqlite3.Connection, event_id: int, judge: Judge) -> bool:
    """Whether a small event went into another."""
    event = connection.execute("SELECT * FROM events WHERE id = ?", (event_id,)).fetchone()
    if event is None or event["texts"] > SMALL:
        return False  # another one joined it in this tidy
    mine = json.loads(event["terms"])
    place = _best(connection, unit(mine, OF_EVENT), event["day"], judge, but=event_id)
    if place is None or place.score < judge.tidies:
        connection.execute("UPDATE events SET tidied = 1 WHERE id = ?", (event_id,))
        return False
    _add(connection, place.event_id, mine, event["day"], event["texts"])
    connection.execute(
        "UPDATE event_articles SET event_id = ?, joined = 'tidy', score = ?, terms = ? WHERE event_id = ?",
        (place.event_id, round(place.score, 3), _as_json(place.terms), event_id),
    )
    connection.execute("DELETE FROM events WHERE id = ?", (event_id,))
    _count(connection, place.event_id, event["articles"], event["first_at"], event["last_at"])
    return True


# -- an article ------------------------------------------------------------------------------------


def _article(connection: sqlite3.Connection, article_id: int) -> sqlite3.Row:
    row = connection.execute(
        """SELECT a.id, a.headline, a.standfirst, a.text, a.language, a.published_at, a.fetched_at, m.event_id
        FROM articles AS a LEFT JOIN event_articles AS m ON m.article_id = a.id WHERE a.id = ?""",
        (article_id,),
    ).fetchone()
    if row is None:
        raise ValueError(f"no article {article_id}")
    return row  # type: ignore[no-any-return]


def _event_of_versions(connection: sqlite3.Connection, article_id: int) -> int | None:
    """Where the other versions of the article's text are, its original's event first."""
    row = connection.execute(
        """SELECT m.event_id FROM versions AS v JOIN texts AS t ON t.id = v.text_id
        JOIN versions AS w ON w.text_id = v.text_id JOIN event_articles AS m ON m.article_id = w.article_id
        WHERE v.article_id = ? ORDER BY w.article_id = t.original_id DESC, w.article_id LIMIT 1""",
        (article_id,),
    ).fetchone()
    return int(row[0]) if row else None


def _keep_words(
    connection: sqlite3.Connection, article: sqlite3.Row, judge: Judge, counts: bool
) -> Vector:
    """Keep the article's best terms, with their weighted counts; what they weigh now."""
    weights = judge.weights(
        *(article[name] for name in ("headline", "standfirst", "text", "language"))
    )
    known = (learn if counts else frequencies)(connection, article["language"], weights)
    told = vector(weights, *known, OF_ARTICLE)
    connection.execute(
        "INSERT INTO article_words (article_id, language, weights) VALUES (?, ?, ?)",
        (
            article["id"],
            article["language"],
            _as_json({term: round(weights[term], 2) for term in told}),
        ),
    )
    return told


def _post(connection: sqlite3.Connection, article_id: int, mine: Vector, day: float | None) -> None:
    connection.executemany(
        "INSERT INTO strong_terms (term, day, article_id) VALUES (?, ?, ?)",
        [
            (term, UNDATED if day is None else floor(day), article_id)
            for term in strongest(mine, STRONG)
        ],
    )


# -- the events near it ----------------------------------------------------------------------------


def _best(
    connection: sqlite3.Connection,
    mine: Vector,
    day: float | None,
    judge: Judge,
    but: int | None = None,
) -> Place | None:
    """The event that fits best, of equals the first; None if there is none near."""
    first, last = (-inf, inf) if day is None else (day - judge.days, day + judge.days)
    found = _holders(connection, strongest(mine, STRONG), first, last, NEAR)
    events = [event for event in _events_of(connection, found) if event["id"] != but]
    scores = [(-_score(event, mine, day, judge), event["id"], event) for event in events[:WEIGHED]]
    if not scores:
        return None
    negative, event_id, event = min(scores)
    return Place(event_id, -negative, _in_common(event, mine))


def _abroad(
    connection: sqlite3.Connection, article: sqlite3.Row, day: float | None, judge: Judge
) -> Place | None:
    """The event in whose reports of other languages the article is told; none for one without a
    date."""
    mine = keys.vectors(connection, [article["id"]]).get(article["id"])
    if day is None or mine is None:
        return None
    since, until = (
        utc(datetime.fromtimestamp((day + apart) * 86_400, UTC))
        for apart in (-judge.days, judge.days)
    )
    found = keys.candidates(connection, mine, since, until, ABROAD, article["language"] or "")
    near = _nearest_abroad(connection, mine, day, found)
    score = judge.abroad([each.likeness for each in near], [each.days for each in near])
    if score is None:
        return None
    return Place(near[0].event_id, score, near[0].keys)


@dataclass(frozen=True, slots=True)
class _Abroad:
    """The article of an event in other languages that is the likest."""

    event_id: int
    likeness: float
    days: float | None
    keys: tuple[str, ...]


def _nearest_abroad(
    connection: sqlite3.Connection, mine: Vector, day: float, article_ids: Sequence[int]
) -> list[_Abroad]:
    """Of each event of these the likest article, the likest first."""
    vectors = keys.vectors(connection, article_ids)
    rows = connection.execute(
        """SELECT m.article_id, m.event_id, k.day FROM json_each(?) AS asked
        CROSS JOIN event_articles AS m ON m.article_id = asked.value
        CROSS JOIN article_keys AS k ON k.article_id = asked.value""",
        (json.dumps(article_ids),),
    ).fetchall()
    best: dict[int, _Abroad] = {}
    for article_id, event_id, their_day in rows:
        its = vectors.get(article_id, {})
        shared = {key: weight * its[key] for key, weight in mine.items() if key in its}
        total, most = sum(shared.values()), max(shared.values(), default=0.0)
        likeness = min(total, 2 * (total - most))  # one key alone is no happening
        if event_id not in best or likeness > best[event_id].likeness:
            apart = None if their_day == UNDATED else max(0.0, abs(day - their_day - 0.5) - 0.5)
            best[event_id] = _Abroad(event_id, likeness, apart, tuple(strongest(shared, TOLD)))
    return sorted(best.values(), key=lambda each: (-each.likeness, each.event_id))


def _holders(
    connection: sqlite3.Connection, terms: Sequence[str], first: float, last: float, most: int
) -> list[int]:
    """The articles of these days, and those without a date, that have the most of the terms; rare
    ones tell more."""
    span = floor(max(first, UNDATED + 1)), floor(min(last, -UNDATED))
    limit, votes = max(NEWEST, most), dict[int, float]()
    for term in terms:
        rows = connection.execute(_HOLDERS, (term, *span, limit, term, UNDATED, limit)).fetchall()
        tells = log(4 * limit / len(rows)) if rows else 0.0
        for (article_id,) in rows:
            votes[article_id] = votes.get(article_id, 0.0) + tells
    return nsmallest(most, votes, key=lambda id: (-votes[id], -id))


_HOLDERS = """SELECT * FROM (SELECT article_id FROM strong_terms WHERE term = ? AND day BETWEEN ? AND ?
  ORDER BY day DESC, article_id DESC LIMIT ?)
UNION ALL SELECT * FROM (SELECT article_id FROM strong_terms WHERE term = ? AND day = ?
  ORDER BY article_id DESC LIMIT ?)"""


def _events_of(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[sqlite3.Row]:
    """The events of articles, in the articles' order."""
    rows = connection.execute(
        """SELECT m.event_id FROM json_each(?) AS asked CROSS JOIN event_articles AS m ON m.article_id = asked.value
        ORDER BY asked.key""",
        (json.dumps(article_ids),),
    )
    ids = list(dict.fromkeys(row[0] for row in rows))[: WEIGHED + 1]
    return connection.execute(
        """SELECT e.id, e.day, e.texts, e.length, e.terms FROM json_each(?) AS asked
        CROSS JOIN events AS e ON e.id = asked.value ORDER BY asked.key""",
        (json.dumps(ids),),
    ).fetchall()


def _score(event: sqlite3.Row, mine: Vector, day: float | None, judge: Judge) -> float:
    middle = json.loads(event["terms"]).get
    likeness = sum([weight * middle(term, 0.0) for term, weight in mine.items()]) / event["length"]
    apart = None if day is None or event["day"] is None else abs(day - event["day"])
    return judge.score(likeness, apart, event["texts"])


def _in_common(event: sqlite3.Row, mine: Vector) -> tuple[str, ...]:
    middle = json.loads(event["terms"])
    return tuple(
        strongest(
            {term: weight * middle[term] for term, weight in mine.items() if term in middle}, TOLD
        )
    )


# -- an event --------------------------------------------------------------------------------------


def _start(
    connection: sqlite3.Connection, article: sqlite3.Row, mine: Vector, day: float | None
) -> int:
    event_id = int(article["id"])
    moment = article["published_at"] or article["fetched_at"]
    connection.execute(
        """INSERT INTO events (id, articles, texts, dated, day, first_at, last_at, length, terms)
        VALUES (?, 0, 1, ?, ?, ?, ?, 1, ?)""",
        (event_id, day is not None, day, moment, moment, _as_json(_rounded(mine))),
    )
    _enter(connection, article, event_id, "first")
    return event_id


def _add(
    connection: sqlite3.Connection, event_id: int, mine: Vector, day: float | None, texts: int
) -> None:
    """What an event is about, and when, with one more article or small event."""
    event = connection.execute(
        "SELECT dated, day, terms FROM events WHERE id = ?", (event_id,)
    ).fetchone()
    total: dict[str, float] = json.loads(event["terms"])
    for term, weight in mine.items():
        total[term] = total.get(term, 0.0) + weight
    kept = _rounded({term: total[term] for term in strongest(total, OF_EVENT)})
    middle, dated = event["day"], event["dated"]
    if day is not None:
        middle, dated = ((middle or 0.0) * dated + day * texts) / (dated + texts), dated + texts
    connection.execute(
        "UPDATE events SET texts = texts + ?, dated = ?, day = ?, length = ?, terms = ?, tidied = 0 WHERE id = ?",
        (texts, dated, middle, length(kept.values()) or 1.0, _as_json(kept), event_id),
    )


def _enter(
    connection: sqlite3.Connection,
    article: sqlite3.Row,
    event_id: int,
    joined: Joined,
    place: Place | None = None,
) -> None:
    connection.execute(
        "INSERT INTO event_articles (article_id, event_id, joined, score, terms) VALUES (?, ?, ?, ?, ?)",
        (
            article["id"],
            event_id,
            joined,
            place and round(place.score, 3),
            _as_json(place.terms if place else ()),
        ),
    )
    moment = article["published_at"] or article["fetched_at"]
    _count(connection, event_id, 1, moment, moment)


def _count(
    connection: sqlite3.Connection, event_id: int, articles: int, first_at: str, last_at: str
) -> None:
    connection.execute(
        """UPDATE events SET articles = articles + ?, first_at = min(first_at, ?), last_at = max(last_at, ?)
        WHERE id = ?""",
        (articles, first_at, last_at, event_id),
    )


def _rounded(weights: Mapping[str, float]) -> Vector:
    return {term: round(weight, 4) for term, weight in weights.items()}


def _as_json(value: Mapping[str, float] | Collection[str] | Iterable[str]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
