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
from functools import lru_cache
from heapq import nsmallest
from math import floor, inf, log
from typing import Literal

from archive.articles import language_keys as keys
from archive.articles.copies import articles_with_versions
from archive.articles.vocabulary import (
    MIN_FREQUENCY_ARTICLES,
    WeightedTerms,
    count_terms,
    strongest_terms,
    subtract_terms,
    term_frequencies,
    unit_vector,
    vector_length,
    weighted_vector,
)
from archive.progress import ProgressReport, ignore_progress
from archive.records import current_time, current_timestamp, format_utc
from archive.storage.counted_keys import forget_counts
from archive.timestamps import UNDATED_DAY, days_since_epoch

INDEXED_EVENT_TERMS = 12
"""Terms under which an article is indexed, and by which it searches for others.

In an archive of fewer than `MIN_FREQUENCY_ARTICLES` it is also indexed under the terms that will be
strong in a larger one: the words of the first story look common as long as little else is there.
"""
MAX_ARTICLES_PER_TERM = 200
"""Articles to consider for one term, those with the newest dates."""
MAX_NEAR_ARTICLES = 60
"""Articles whose events are considered, those with the most terms in common first."""
MAX_COMPARED_EVENTS = 12
"""Events to compare."""
MAX_EVENT_TERMS = 128
"""Terms stored for an event."""
MAX_ARTICLE_TERMS = 128
"""Terms stored for an article; which are best changes while the archive learns what is rare."""
MAX_REASON_TERMS = 8
"""Terms stored as the reason why an article joined."""
MAX_SMALL_EVENT_TEXTS = 2
"""Largest number of texts in an event that the tidy compares again."""
MAX_TIDIED_EVENTS = 5_000
"""Events of one tidy, the newest first."""
MIN_TIDY_INTERVAL_HOURS = 20
"""Minimum time between two tidies."""

MAX_FOREIGN_ARTICLES = 12
"""Articles in other languages to compare with one whose terms match no event."""

JoinReason = Literal["first", "words", "keys", "copy", "tidy"]
"""The way in which an article joined its event.

`first`: it started the event · `words`: by terms and date · `keys`: by features shared with a
report in another language · `copy`: as a version of a text in the event · `tidy_events`: a tidy
merged its small event.
"""


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """The decisions about events that the archive leaves to
    `pipelines.topics.events.EVENT_POLICY`."""

    version: int
    """The version of the method that computes the terms."""
    weights: Callable[[str | None, str | None, str, str | None], dict[str, float]]
    """Headline, standfirst, text, language → term → weighted frequency."""
    vector: Callable[[Mapping[str, float], Mapping[str, int], int, int], WeightedTerms]
    """Weighted frequencies, document frequencies, number of documents, maximum number of terms →
    the strongest terms as a vector of unit length, as `vocabulary.weighted_vector`."""
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
class EventMatch:
    """An event that an article or a small event matches, with the score and the shared terms."""

    event_id: int
    score: float
    terms: tuple[str, ...]


def join_event(
    connection: sqlite3.Connection,
    article_id: int,
    policy: EventPolicy,
    own_keys: WeightedTerms | None = None,
) -> int:
    """Assign an article to an event, a new one if it matches none; return the event's id.

    The id of an event is that of its first article. A version of a text joins the event of that
    text, but does not count for its vector nor in the vocabulary. Call it after
    `copies.relate_article`. An article with an event keeps it. `own_keys` is the article's vector
    of language keys, if it is known already.
    """
    article = _event_article_row(connection, article_id)
    if article["event_id"] is not None:
        return int(article["event_id"])
    there = _event_of_other_versions(connection, article_id)
    weights, strong = _store_article_words(connection, article, policy, counts=there is None)
    if there is not None:
        _record_membership(connection, article, there, "copy")
        return there
    terms, day = unit_vector(weights), days_since_epoch(article["published_at"])
    place = _best_event(connection, terms, day, policy)
    _index_terms(connection, article_id, strong, day)
    how: JoinReason = "words"
    if place is None or place.score < policy.joins:
        how, place = "keys", _foreign_event(connection, article, day, policy, own_keys)
    if place is None:
        return _start_event(connection, article, terms, day)
    _add_to_event(connection, place.event_id, terms, day, 1)
    _record_membership(connection, article, place.event_id, how, place)
    return place.event_id


def update_article_words(
    connection: sqlite3.Connection, article_id: int, policy: EventPolicy
) -> None:
    """Replace the terms of an article whose text changed. It stays in its event."""
    article = _event_article_row(connection, article_id)
    connection.execute("DELETE FROM article_terms WHERE article_id = ?", (article_id,))
    _store_article_words(connection, article, policy, counts=False)


def article_vector(connection: sqlite3.Connection, article_id: int) -> WeightedTerms | None:
    """Return an article's vector with today's frequencies, or None if it is unknown."""
    query = "SELECT language, weights FROM article_terms WHERE article_id = ?"
    row = connection.execute(query, (article_id,)).fetchone()
    if row is None:
        return None
    weights = json.loads(row["weights"])
    return weighted_vector(weights, *term_frequencies(connection, row["language"], weights))


def articles_with_terms(
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
    first, last = days_since_epoch(since), days_since_epoch(until)
    found = _articles_by_terms(
        connection, terms, -inf if first is None else first, inf if last is None else last, most
    )
    return articles_with_versions(connection, found)[:most]


def delete_event_terms(
    connection: sqlite3.Connection, article_id: int, policy: EventPolicy
) -> None:
    """Take an article out of its event, the index of terms and the vocabulary.

    Call `reform_event` for its event afterwards. Of an article that a program has deleted already,
    the stored terms are subtracted.
    """
    stored = connection.execute(
        """SELECT w.language, w.weights, a.id, a.headline, a.standfirst, a.text, a.published_at,
          a.language AS article_language
        FROM article_terms w LEFT JOIN articles a ON a.id = w.article_id WHERE w.article_id = ?""",
        (article_id,),
    ).fetchone()
    was_counted = _delete_indexed_terms(connection, article_id, stored)
    for table in ("article_terms", "event_articles"):
        # constant table names
        connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (article_id,))  # noqa: S608
    if not was_counted:
        return
    counted = json.loads(stored["weights"])
    if stored["id"] is not None:
        first = connection.execute(
            "SELECT headline, standfirst, text FROM revisions WHERE article_id = ? AND number = 1",
            (article_id,),
        ).fetchone()
        as_arrived = first or stored  # an article that changes is not counted again
        counted = policy.weights(
            as_arrived["headline"],
            as_arrived["standfirst"],
            as_arrived["text"],
            stored["article_language"],
        )
    subtract_terms(connection, stored["language"], counted)


def _delete_indexed_terms(
    connection: sqlite3.Connection, article_id: int, stored: sqlite3.Row | None
) -> bool:
    """Delete an article from the index of terms; return whether it was there and has terms."""
    if stored is None or stored["id"] is None:  # without its date all days are searched
        done = connection.execute("DELETE FROM strong_terms WHERE article_id = ?", (article_id,))
        return stored is not None and done.rowcount > 0
    done = connection.execute(
        """DELETE FROM strong_terms WHERE (term, day, article_id) IN (
          SELECT term.key, day.value, ? FROM json_each(?) AS term CROSS JOIN json_each(?) AS day
        )""",
        (article_id, stored["weights"], json.dumps(_index_days(stored["published_at"]))),
    )
    return done.rowcount > 0


def is_event_text(connection: sqlite3.Connection, article_id: int) -> bool:
    """Return whether an article counts for its event, and not another version of its text."""
    row = connection.execute(
        """SELECT w.weights, a.published_at FROM article_terms w JOIN articles a ON a.id = w.article_id
        WHERE w.article_id = ?""",
        (article_id,),
    ).fetchone()
    if row is None:
        return False
    found = connection.execute(
        """SELECT 1 FROM json_each(?) AS term CROSS JOIN json_each(?) AS day
        CROSS JOIN strong_terms AS s
          ON s.term = term.key AND s.day = day.value AND s.article_id = ? LIMIT 1""",
        (row["weights"], json.dumps(_index_days(row["published_at"])), article_id),
    )
    return found.fetchone() is not None


def _index_days(published_at: str | None) -> list[int]:
    """Return the days under which an article may be indexed."""
    day = days_since_epoch(published_at)
    return [UNDATED_DAY] if day is None else [floor(day), UNDATED_DAY]


# -- all of them -----------------------------------------------------------------------------------


def are_events_current(connection: sqlite3.Connection, policy: EventPolicy) -> bool:
    """Return whether the policy's version of terms built all events; if not, `rebuild_all_events`
    is due."""
    return bool(
        connection.execute("SELECT max(version) FROM term_versions").fetchone()[0] == policy.version
    )


def rebuild_all_events(
    connection: sqlite3.Connection, policy: EventPolicy, report: ProgressReport = ignore_progress
) -> int:
    """Rebuild all events in the order of dates, and return their number.

    It takes about five seconds for 1,000 articles. Stories and the verdicts of people are in other
    tables and remain.
    """
    for table in ("event_articles", "events", "strong_terms", "article_terms", "term_counts",
                  "language_counts", "term_versions"):  # fmt: skip
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
    forget_counts(connection)
    connection.execute("INSERT INTO term_versions (version) VALUES (?)", (policy.version,))
    by_date = "SELECT id FROM articles ORDER BY coalesce(published_at, fetched_at), id"
    articles = connection.execute(by_date).fetchall()
    for done, (article_id,) in enumerate(articles, 1):
        join_event(connection, article_id, policy)
        report(done, len(articles))
    return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def tidy_events(connection: sqlite3.Connection, policy: EventPolicy) -> int:
    """Compare small events again since more is known now; return the number of merged events.

    An article that arrived before the others of its event found nothing to join.
    """
    small = connection.execute(
        "SELECT id FROM events WHERE texts <= ? AND tidied = 0 ORDER BY id DESC LIMIT ?",
        (MAX_SMALL_EVENT_TEXTS, MAX_TIDIED_EVENTS),
    ).fetchall()
    moved = sum(_merge_small_event(connection, event_id, policy) for (event_id,) in small)
    connection.execute(
        "INSERT INTO tidy_runs (tidied_at, events, moved) VALUES (?, ?, ?)",
        (current_timestamp(), len(small), moved),
    )
    return moved


def is_tidy_due(connection: sqlite3.Connection) -> bool:
    """Return whether the last tidy was more than MIN_TIDY_INTERVAL_HOURS ago."""
    before = format_utc(current_time() - timedelta(hours=MIN_TIDY_INTERVAL_HOURS))
    last = connection.execute("SELECT max(tidied_at) FROM tidy_runs").fetchone()[0]
    return last is None or str(last) <= before


def _merge_small_event(connection: sqlite3.Connection, event_id: int, policy: EventPolicy) -> bool:
    """Merge a small event into another if one matches; return whether it did."""
    event = connection.execute("SELECT * FROM events WHERE id = ?", (event_id,)).fetchone()
    if event is None or event["texts"] > MAX_SMALL_EVENT_TEXTS:
        return False  # this tidy has merged another event into it
    mine = json.loads(event["terms"])
    place = _best_event(
        connection, unit_vector(mine, MAX_EVENT_TERMS), event["day"], policy, but=event_id
    )
    if place is None or place.score < policy.tidies:
        connection.execute("UPDATE events SET tidied = 1 WHERE id = ?", (event_id,))
        return False
    _add_to_event(connection, place.event_id, mine, event["day"], event["texts"])
    connection.execute(
        """UPDATE event_articles SET event_id = ?, joined = 'tidy', score = ?, terms = ?
        WHERE event_id = ?""",
        (place.event_id, round(place.score, 3), _compact_json(place.terms), event_id),
    )
    connection.execute("DELETE FROM events WHERE id = ?", (event_id,))
    _extend_event(
        connection, place.event_id, event["articles"], event["first_at"], event["last_at"]
    )
    return True


# -- an article ------------------------------------------------------------------------------------


def _event_article_row(connection: sqlite3.Connection, article_id: int) -> sqlite3.Row:
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


def _event_of_other_versions(connection: sqlite3.Connection, article_id: int) -> int | None:
    """Return the event of the other versions of an article's text, that of the original first."""
    row = connection.execute(
        """SELECT m.event_id FROM shared_text_articles AS v JOIN shared_texts AS t ON t.id = v.text_id
        JOIN shared_text_articles AS w ON w.text_id = v.text_id
        JOIN event_articles AS m ON m.article_id = w.article_id
        WHERE v.article_id = ? ORDER BY w.article_id = t.original_id DESC, w.article_id LIMIT 1""",
        (article_id,),
    ).fetchone()
    return int(row[0]) if row else None


def _store_article_words(
    connection: sqlite3.Connection, article: sqlite3.Row, policy: EventPolicy, counts: bool
) -> tuple[WeightedTerms, list[str]]:
    """Store an article's best terms with their frequencies; return its vector and index terms.

    With `counts` the terms are added to the vocabulary.
    """
    language = article["language"]
    weights = policy.weights(
        article["headline"], article["standfirst"], article["text"], article["language"]
    )
    count = count_terms if counts else term_frequencies
    frequencies, articles = count(connection, language, weights)
    best = policy.vector(weights, frequencies, articles, MAX_ARTICLE_TERMS)
    strong = strongest_terms(best, INDEXED_EVENT_TERMS)
    if articles < MIN_FREQUENCY_ARTICLES:
        later = policy.vector(weights, frequencies, MIN_FREQUENCY_ARTICLES, MAX_ARTICLE_TERMS)
        strong = list(dict.fromkeys([*strong, *strongest_terms(later, INDEXED_EVENT_TERMS)]))
    rounded = {term: _rounded_count(weights[term]) for term in best}
    connection.execute(
        "INSERT INTO article_terms (article_id, language, weights) VALUES (?, ?, ?)",
        (article["id"], language, _compact_json(rounded)),
    )
    return best, strong


def _index_terms(
    connection: sqlite3.Connection, article_id: int, terms: Sequence[str], day: float | None
) -> None:
    """Index an article under its strongest terms and its day."""
    whole_day = UNDATED_DAY if day is None else floor(day)
    connection.executemany(
        "INSERT INTO strong_terms (term, day, article_id) VALUES (?, ?, ?)",
        [(term, whole_day, article_id) for term in terms],
    )


# -- the events near it ----------------------------------------------------------------------------


def _best_event(
    connection: sqlite3.Connection,
    mine: WeightedTerms,
    day: float | None,
    policy: EventPolicy,
    but: int | None = None,
) -> EventMatch | None:
    """Return the best matching event nearby, of equal ones the first, or None."""
    first, last = (-inf, inf) if day is None else (day - policy.days, day + policy.days)
    found = _articles_by_terms(
        connection, strongest_terms(mine, INDEXED_EVENT_TERMS), first, last, MAX_NEAR_ARTICLES
    )
    events = [event for event in _events_of_articles(connection, found) if event["id"] != but]
    totals = [_parsed_terms(event["terms"]) for event in events[:MAX_COMPARED_EVENTS]]
    scores = [
        (-_event_score(event, total, mine, day, policy), event["id"], number)
        for number, (event, total) in enumerate(zip(events, totals, strict=False))
    ]
    if not scores:
        return None
    negative, event_id, number = min(scores)
    return EventMatch(event_id, -negative, _shared_event_terms(totals[number], mine))


def _foreign_event(
    connection: sqlite3.Connection,
    article: sqlite3.Row,
    day: float | None,
    policy: EventPolicy,
    own_keys: WeightedTerms | None,
) -> EventMatch | None:
    """Return the event whose reports in other languages match the article; None without a date."""
    if own_keys is None:
        own_keys = keys.key_vectors(connection, [article["id"]]).get(article["id"])
    if day is None or not own_keys:
        return None
    since, until = (
        format_utc(datetime.fromtimestamp((day + offset) * 86_400, UTC))
        for offset in (-policy.days, policy.days)
    )
    found = keys.key_candidates(
        connection, own_keys, since, until, MAX_FOREIGN_ARTICLES, article["language"] or ""
    )
    near = _nearest_foreign_events(connection, own_keys, day, found)
    score = policy.abroad([each.likeness for each in near], [each.days for each in near])
    if score is None:
        return None
    return EventMatch(near[0].event_id, score, near[0].keys)


@dataclass(frozen=True, slots=True)
class _ForeignEvent:
    """An event in other languages, with its most similar article."""

    event_id: int
    likeness: float
    days: float | None
    keys: tuple[str, ...]


def _nearest_foreign_events(
    connection: sqlite3.Connection, mine: WeightedTerms, day: float, article_ids: Sequence[int]
) -> list[_ForeignEvent]:
    """Return the events of these articles with their most similar one, best event first."""
    vectors = keys.key_vectors_among(connection, article_ids, mine.keys())
    rows = connection.execute(
        """SELECT m.article_id, m.event_id, k.day FROM json_each(?) AS asked
        CROSS JOIN event_articles AS m ON m.article_id = asked.value
        CROSS JOIN article_keys AS k ON k.article_id = asked.value""",
        (json.dumps(article_ids),),
    ).fetchall()
    best: dict[int, _ForeignEvent] = {}
    for article_id, event_id, their_day in rows:
        theirs = vectors.get(article_id, {})
        shared = {key: weight * theirs[key] for key, weight in mine.items() if key in theirs}
        total, most = sum(shared.values()), max(shared.values(), default=0.0)
        likeness = min(total, 2 * (total - most))  # a single shared key does not make an event
        if event_id not in best or likeness > best[event_id].likeness:
            days_apart = (
                None if their_day == UNDATED_DAY else max(0.0, abs(day - their_day - 0.5) - 0.5)
            )
            best[event_id] = _ForeignEvent(
                event_id, likeness, days_apart, tuple(strongest_terms(shared, MAX_REASON_TERMS))
            )
    return sorted(best.values(), key=lambda each: (-each.likeness, each.event_id))


def _articles_by_terms(
    connection: sqlite3.Connection, terms: Sequence[str], first: float, last: float, most: int
) -> list[int]:
    """Return the articles with the most of the terms, rare terms weighing more, best first.

    Articles of the days from `first` to `last` and those without a date are considered.
    """
    period = floor(max(first, UNDATED_DAY + 1)), floor(min(last, -UNDATED_DAY))
    limit, votes = max(MAX_ARTICLES_PER_TERM, most), dict[int, float]()
    for term in terms:
        rows = connection.execute(
            _ARTICLES_BY_TERM_SQL, (term, *period, limit, term, UNDATED_DAY, limit)
        ).fetchall()
        weight = log(4 * limit / len(rows)) if rows else 0.0
        for (article_id,) in rows:
            votes[article_id] = votes.get(article_id, 0.0) + weight
    return nsmallest(most, votes, key=lambda id: (-votes[id], -id))


_ARTICLES_BY_TERM_SQL = """SELECT * FROM (
  SELECT article_id FROM strong_terms WHERE term = ? AND day BETWEEN ? AND ?
  ORDER BY day DESC, article_id DESC LIMIT ?)
UNION ALL SELECT * FROM (SELECT article_id FROM strong_terms WHERE term = ? AND day = ?
  ORDER BY article_id DESC LIMIT ?)"""


def _events_of_articles(
    connection: sqlite3.Connection, article_ids: Sequence[int]
) -> list[sqlite3.Row]:
    """Return the events of articles, in the order of the articles."""
    rows = connection.execute(
        """SELECT m.event_id FROM json_each(?) AS asked
        CROSS JOIN event_articles AS m ON m.article_id = asked.value ORDER BY asked.key""",
        (json.dumps(article_ids),),
    )
    ids = list(dict.fromkeys(row[0] for row in rows))[: MAX_COMPARED_EVENTS + 1]
    return connection.execute(
        """SELECT e.id, e.day, e.texts, e.length, e.terms FROM json_each(?) AS asked
        CROSS JOIN events AS e ON e.id = asked.value ORDER BY asked.key""",
        (json.dumps(ids),),
    ).fetchall()


def _event_score(
    event: sqlite3.Row,
    total: Mapping[str, float],
    mine: WeightedTerms,
    day: float | None,
    policy: EventPolicy,
) -> float:
    """Return the score of an event, whose terms are `total`, for a vector and its date."""
    product = sum([weight * total[term] for term, weight in mine.items() if term in total])
    similarity = product / event["length"]
    days_apart = None if day is None or event["day"] is None else abs(day - event["day"])
    return policy.score(similarity, days_apart, event["texts"])


def _shared_event_terms(total: Mapping[str, float], mine: WeightedTerms) -> tuple[str, ...]:
    """Return the terms that contribute most to the similarity."""
    shared = {term: weight * total[term] for term, weight in mine.items() if term in total}
    return tuple(strongest_terms(shared, MAX_REASON_TERMS))


# -- an event --------------------------------------------------------------------------------------


def _start_event(
    connection: sqlite3.Connection, article: sqlite3.Row, mine: WeightedTerms, day: float | None
) -> int:
    """Start an event with an article; return its id."""
    event_id = int(article["id"])
    timestamp = article["published_at"] or article["fetched_at"]
    connection.execute(
        """INSERT INTO events (id, articles, texts, dated, day, first_at, last_at, length, terms)
        VALUES (?, 0, 1, ?, ?, ?, ?, 1, ?)""",
        (
            event_id,
            day is not None,
            day,
            timestamp,
            timestamp,
            _compact_json(_rounded_weights(mine)),
        ),
    )
    _record_membership(connection, article, event_id, "first")
    return event_id


def _add_to_event(
    connection: sqlite3.Connection,
    event_id: int,
    mine: WeightedTerms,
    day: float | None,
    texts: int,
) -> None:
    """Add the vector and the date of an article or a small event of `texts` texts to an event."""
    event = connection.execute(
        "SELECT dated, day, terms FROM events WHERE id = ?", (event_id,)
    ).fetchone()
    total = dict(_parsed_terms(event["terms"]))
    for term, weight in mine.items():
        total[term] = total.get(term, 0.0) + weight
    best = _rounded_weights({term: total[term] for term in strongest_terms(total, MAX_EVENT_TERMS)})
    mean, dated = event["day"], event["dated"]
    if day is not None:
        mean, dated = ((mean or 0.0) * dated + day * texts) / (dated + texts), dated + texts
    connection.execute(
        """UPDATE events SET texts = texts + ?, dated = ?, day = ?, length = ?, terms = ?,
          tidied = 0 WHERE id = ?""",
        (texts, dated, mean, vector_length(best.values()) or 1.0, _compact_json(best), event_id),
    )


def _record_membership(
    connection: sqlite3.Connection,
    article: sqlite3.Row,
    event_id: int,
    joined: JoinReason,
    place: EventMatch | None = None,
) -> None:
    """Record that an article is in an event, and why."""
    score = place and round(place.score, 3)
    terms = place.terms if place else ()
    connection.execute(
        """INSERT INTO event_articles (article_id, event_id, joined, score, terms)
        VALUES (?, ?, ?, ?, ?)""",
        (article["id"], event_id, joined, score, _compact_json(terms)),
    )
    timestamp = article["published_at"] or article["fetched_at"]
    _extend_event(connection, event_id, 1, timestamp, timestamp)


def _extend_event(
    connection: sqlite3.Connection, event_id: int, articles: int, first_at: str, last_at: str
) -> None:
    """Add to an event's number of articles and extend its period."""
    connection.execute(
        """UPDATE events SET articles = articles + ?, first_at = min(first_at, ?),
          last_at = max(last_at, ?) WHERE id = ?""",
        (articles, first_at, last_at, event_id),
    )


def reform_event(connection: sqlite3.Connection, event_id: int) -> int | None:
    """Compute an event again from the articles that are left in it; return its id.

    The id is another one if the event's first article is gone, and None if no article is left.
    """
    members = connection.execute(
        """SELECT m.article_id, a.published_at, coalesce(a.published_at, a.fetched_at) AS timestamp
        FROM event_articles m JOIN articles a ON a.id = m.article_id
        WHERE m.event_id = ? ORDER BY m.article_id""",
        (event_id,),
    ).fetchall()
    if not members:
        connection.execute("DELETE FROM events WHERE id = ?", (event_id,))
        return None
    ids = [int(member["article_id"]) for member in members]
    texts = [member for member in members if is_event_text(connection, member["article_id"])]
    texts = texts or members[:1]
    new_id = event_id if event_id in ids else int(texts[0]["article_id"])
    vectors = [article_vector(connection, member["article_id"]) or {} for member in texts]
    timestamps = [member["timestamp"] for member in members]
    _replace_event(connection, event_id, new_id, (min(timestamps), max(timestamps)), len(ids))
    connection.execute(
        "UPDATE events SET texts = 0, dated = 0, day = NULL, terms = '{}' WHERE id = ?", (new_id,)
    )
    for member, vector in zip(texts, vectors, strict=True):
        _add_to_event(connection, new_id, vector, days_since_epoch(member["published_at"]), 1)
    return new_id


def _replace_event(
    connection: sqlite3.Connection,
    event_id: int,
    new_id: int,
    period: tuple[str, str],
    articles: int,
) -> None:
    """Store an event's period and number of articles, under another id if it has one now."""
    if new_id != event_id:
        connection.execute(
            """INSERT INTO events (id, articles, texts, dated, first_at, last_at, length, terms)
            VALUES (?, 0, 0, 0, '', '', 1, '{}')""",
            (new_id,),
        )
        connection.execute(
            "UPDATE event_articles SET event_id = ? WHERE event_id = ?", (new_id, event_id)
        )
        connection.execute(
            """UPDATE event_articles SET joined = 'first', score = NULL, terms = '[]'
            WHERE article_id = ?""",
            (new_id,),
        )
        connection.execute("DELETE FROM events WHERE id = ?", (event_id,))
    connection.execute(
        "UPDATE events SET articles = ?, first_at = ?, last_at = ? WHERE id = ?",
        (articles, *period, new_id),
    )


@lru_cache(maxsize=512)  # new articles are compared with the same events of their days
def _parsed_terms(stored: str) -> Mapping[str, float]:
    """Return the terms of an event from their stored form; the result is not to be changed."""
    return json.loads(stored)  # type: ignore[no-any-return]


def _rounded_count(count: float) -> float:
    """Return a count rounded for storage; most are whole numbers, and `round` is slow."""
    return round(count, 2) if count % 1 else count


def _rounded_weights(weights: Mapping[str, float]) -> WeightedTerms:
    """Return the weights rounded for storage."""
    return {term: round(weight, 4) for term, weight in weights.items()}


def _compact_json(value: Mapping[str, float] | Collection[str] | Iterable[str]) -> str:
    """Return compact JSON without escapes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
