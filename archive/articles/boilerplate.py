"""Boilerplate of outlets: lines that appear in several different articles are removed.

Examples are newsletter boxes, lists of top stories, notes on the author and standing appeals. One
page alone does not show that they are not part of the article; the outlet's other pages do. How
lines are compared, and whether two articles report the same news, is decided in
`pipelines.dedup.boilerplate` and passed in as a `BoilerplatePolicy`. The cost for an article does
not depend on the size of the archive.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

MIN_BOILERPLATE_ARTICLES = 3
"""Different news articles in which a line must appear to become boilerplate."""
MAX_REMEMBERED_ARTICLES = 500
"""Newest articles of an outlet whose lines are remembered; boilerplate itself never expires."""
ARTICLES_PER_CLEANUP = 64
"""One article in this many triggers the deletion of its outlet's old lines."""
MAX_COMPARED_ARTICLES = 8
"""Earlier articles with the same lines to compare; any further ones count as the same news."""


@dataclass(frozen=True, slots=True)
class BoilerplatePolicy:
    """The decisions about lines that the archive leaves to
    `pipelines.dedup.boilerplate.BOILERPLATE_POLICY`."""

    marks: Callable[[str], Sequence[int | None]]
    """A text → for each line a hash (32 bits, signed), or None if it can never be boilerplate."""
    gone: Callable[[str, Collection[int], str | None], frozenset[int]]
    """A text, its outlet's boilerplate, its language → the hashes of the lines to remove."""
    apart: Callable[[str, str, str | None], bool]
    """Two texts and their language → True if they report different news."""
    fingerprint: Callable[[str], str]
    """A text → its fingerprint."""
    word_count: Callable[[str, str | None], int]
    """A text and its language (ISO 639-1) → the number of its words."""


@dataclass(frozen=True, slots=True)
class OutletText:
    """A text as extracted, before boilerplate is removed."""

    outlet_id: int
    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class KnownLineHashes:
    """The hashes of an article's lines, by what is known of them at its outlet."""

    boilerplate: frozenset[int] = frozenset()
    """Boilerplate of the outlet, including `made`."""
    made: frozenset[int] = frozenset()
    """Lines that this article turns into boilerplate."""
    seen: frozenset[int] = frozenset()
    """Lines to remember as seen in this article."""


@dataclass(frozen=True, slots=True)
class TrimmedText:
    """A text without its outlet's boilerplate."""

    text: str
    left_out: Mapping[int, int]
    """The number of each removed line in the whole text → its hash."""


def classify_lines(
    connection: sqlite3.Connection,
    outlet_text: OutletText,
    policy: BoilerplatePolicy,
    article_id: int | None = None,
) -> KnownLineHashes:
    """Classify the lines of a text by what its outlet has published before.

    `article_id` is set if the text is a new extraction of a known article.
    """
    outlet_id, text = outlet_text.outlet_id, outlet_text.text
    hashes = _line_hashes(text, policy)
    boilerplate = _known_boilerplate(connection, outlet_id, hashes)
    asked = json.dumps([line_hash for line_hash in hashes if line_hash not in boilerplate])
    rows = connection.execute(
        """SELECT s.line_hash, s.article_id FROM json_each(?) AS asked
        CROSS JOIN boilerplate_candidates AS s ON s.outlet_id = ? AND s.line_hash = asked.value""",
        (asked, outlet_id),
    )
    holders: dict[int, list[int]] = {}
    for line_hash, holder in rows:
        holders.setdefault(line_hash, []).append(holder)
    others = _articles_of_other_news(connection, outlet_text, holders.values(), policy, article_id)
    seen = {
        line_hash
        for line_hash in hashes - boilerplate
        if others.issuperset(holders.get(line_hash, ()))
    }
    made = frozenset(
        line_hash
        for line_hash in seen
        if len(holders.get(line_hash, ())) >= MIN_BOILERPLATE_ARTICLES - 1
    )
    return KnownLineHashes(boilerplate | made, made, frozenset(seen - made))


def boilerplate_in(
    connection: sqlite3.Connection, outlet_text: OutletText, policy: BoilerplatePolicy
) -> frozenset[int]:
    """Return the hashes of the lines of a text that are its outlet's boilerplate."""
    return _known_boilerplate(
        connection, outlet_text.outlet_id, _line_hashes(outlet_text.text, policy)
    )


def lines_to_remove(
    connection: sqlite3.Connection, outlet_text: OutletText, policy: BoilerplatePolicy
) -> frozenset[int]:
    """Return the hashes of the lines to remove from a text, by what is known of its outlet."""
    return policy.gone(
        outlet_text.text, boilerplate_in(connection, outlet_text, policy), outlet_text.language
    )


def remember_lines(
    connection: sqlite3.Connection,
    outlet_text: OutletText,
    article_id: int,
    lines: KnownLineHashes,
    policy: BoilerplatePolicy,
) -> None:
    """Store what the lines of an article show about its outlet's boilerplate."""
    outlet_id = outlet_text.outlet_id
    text_of_line: dict[int | None, str] = {}
    if lines.made:
        hashes = policy.marks(outlet_text.text)
        text_of_line = dict(zip(hashes, outlet_text.text.split("\n"), strict=True))
    connection.executemany(
        """INSERT OR IGNORE INTO boilerplate_lines (outlet_id, line_hash, text, article_id)
        VALUES (?, ?, ?, ?)""",
        [(outlet_id, line_hash, text_of_line[line_hash], article_id) for line_hash in lines.made],
    )
    made = [(outlet_id, line_hash) for line_hash in lines.made]
    connection.executemany(
        "DELETE FROM boilerplate_candidates WHERE outlet_id = ? AND line_hash = ?", made
    )
    connection.executemany(
        """INSERT OR IGNORE INTO boilerplate_candidates (outlet_id, line_hash, article_id)
        VALUES (?, ?, ?)""",
        [(outlet_id, line_hash, article_id) for line_hash in sorted(lines.seen)],
    )
    if article_id % ARTICLES_PER_CLEANUP == 0:
        forget_old_lines(connection, outlet_id)


def forget_old_lines(
    connection: sqlite3.Connection, outlet_id: int, kept: int = MAX_REMEMBERED_ARTICLES
) -> int:
    """Delete remembered lines of an outlet's old articles; return the number of deleted rows."""
    done = connection.execute(
        """DELETE FROM boilerplate_candidates WHERE outlet_id = ?1 AND article_id <= (
          SELECT article_id
          FROM (SELECT DISTINCT article_id FROM boilerplate_candidates WHERE outlet_id = ?1)
          ORDER BY article_id DESC LIMIT 1 OFFSET ?2)""",
        (outlet_id, kept),
    )
    return done.rowcount


def trim_text(text: str, gone: Collection[int], policy: BoilerplatePolicy) -> TrimmedText:
    """Return the text without the lines of these hashes; whole if no other line is in it."""
    hashes = policy.marks(text)
    removed = {
        place: line_hash
        for place, line_hash in enumerate(hashes)
        if line_hash is not None and line_hash in gone
    }
    if not removed or len(removed) == len(hashes):
        return TrimmedText(text, {})
    lines = enumerate(text.split("\n"))
    return TrimmedText("\n".join(line for place, line in lines if place not in removed), removed)


def removed_lines(connection: sqlite3.Connection, article_id: int) -> dict[int, int]:
    """Return the lines removed from an article: number in the extracted text → hash."""
    rows = connection.execute(
        """SELECT line_number, line_hash FROM removed_lines
        WHERE article_id = ? ORDER BY line_number""",
        (article_id,),
    )
    return {row[0]: row[1] for row in rows}


def store_removed_lines(
    connection: sqlite3.Connection, article_id: int, lines: Mapping[int, int]
) -> None:
    """Store which lines were removed from an article, in place of the earlier ones."""
    connection.execute("DELETE FROM removed_lines WHERE article_id = ?", (article_id,))
    rows = [(article_id, place, line_hash) for place, line_hash in lines.items()]
    connection.executemany(
        "INSERT INTO removed_lines (article_id, line_number, line_hash) VALUES (?, ?, ?)", rows
    )


def removed_line_texts(connection: sqlite3.Connection, article_id: int) -> list[tuple[int, str]]:
    """Return the lines removed from an article: the number and the text of each.

    Numbers within a line (`Comments 12`) are those of the article that made it boilerplate.
    """
    rows = connection.execute(
        """SELECT r.line_number, b.text
        FROM removed_lines AS r JOIN articles AS a ON a.id = r.article_id
        JOIN boilerplate_lines AS b ON b.outlet_id = a.outlet_id AND b.line_hash = r.line_hash
        WHERE r.article_id = ? ORDER BY r.line_number""",
        (article_id,),
    )
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True)
class BoilerplateCounts:
    """Numbers about the boilerplate in an archive."""

    boilerplate: int = 0
    outlets: int = 0
    lines: int = 0
    """Lines that were removed."""
    articles: int = 0
    """Articles from which lines were removed."""


def count_boilerplate(connection: sqlite3.Connection) -> BoilerplateCounts:
    """Count the boilerplate in the archive."""
    learnt = connection.execute(
        "SELECT count(*), count(DISTINCT outlet_id) FROM boilerplate_lines"
    ).fetchone()
    lines = connection.execute(
        "SELECT count(*), count(DISTINCT article_id) FROM removed_lines"
    ).fetchone()
    return BoilerplateCounts(*learnt, *lines)


def add_removed_lines(
    before: Mapping[int, int], lines: int, more: Mapping[int, int]
) -> dict[int, int]:
    """Return all removed lines of a text, by place in the whole text, after a second removal.

    `before` holds the first removal, `more` the second by place among the `lines` that remained.
    """
    places = [place for place in range(lines + len(before)) if place not in before]
    later = {places[place]: line_hash for place, line_hash in more.items()}
    return dict(sorted({**before, **later}.items()))


def _line_hashes(text: str, policy: BoilerplatePolicy) -> frozenset[int]:
    """Return the hashes of a text's lines, without the lines that can never be boilerplate."""
    return frozenset(line_hash for line_hash in policy.marks(text) if line_hash is not None)


def _known_boilerplate(
    connection: sqlite3.Connection, outlet_id: int, hashes: Iterable[int]
) -> frozenset[int]:
    """Return which of these hashes are boilerplate of the outlet."""
    rows = connection.execute(
        """SELECT b.line_hash FROM json_each(?) AS asked CROSS JOIN boilerplate_lines AS b
        ON b.outlet_id = ? AND b.line_hash = asked.value""",
        (json.dumps(list(hashes)), outlet_id),
    )
    return frozenset(row[0] for row in rows)


def _articles_of_other_news(
    connection: sqlite3.Connection,
    outlet_text: OutletText,
    holders: Iterable[Sequence[int]],
    policy: BoilerplatePolicy,
    article_id: int | None,
) -> set[int]:
    """Return the articles with lines of the text that report others news.

    At most `MAX_COMPARED_ARTICLES` articles are read, those with the most lines in common first.
    """
    asked = Counter(id for ids in holders for id in ids if id != article_id)
    others = set()
    for id, _ in asked.most_common(MAX_COMPARED_ARTICLES):
        row = connection.execute("SELECT text FROM articles WHERE id = ?", (id,)).fetchone()
        if row is not None and policy.apart(outlet_text.text, row[0], outlet_text.language):
            others.add(id)
    return others
