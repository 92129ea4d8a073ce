"""What an outlet repeats: a line that stood in several different pieces of its news is left out of
the next ones.

Newsletter boxes, lists of top stories, notes on the author, standing appeals: one page does not
show that they are none of the article, its neighbours do. What a line is, and whether two articles
are one piece of news, is decided elsewhere (`pipelines.dedup.boilerplate`) and comes in as a
`Judge`. An article costs the same however many there are.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

NEEDED = 3
"""Different pieces of news that a line has to stand in."""
KEPT = 500
"""Articles of an outlet whose lines are remembered, the newest; those that made a habit are for
good."""
EVERY = 64
"""Of so many articles one makes its outlet forget."""
COMPARED = 8
"""Earlier articles that one is held against; with more it counts as one piece of news."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What the archive asks about lines and does not know itself
    (`pipelines.dedup.boilerplate.JUDGE`)."""

    marks: Callable[[str], Sequence[int | None]]
    """A text → for each of its lines a number (32 bits, signed) by which it is known again; None:
    never a habit."""
    gone: Callable[[str, Collection[int], str | None], frozenset[int]]
    """A text, its outlet's habits, its language → the marks of the lines that are to be left out of
    it."""
    apart: Callable[[str, str, str | None], bool]
    """Whether two texts of a language are different pieces of news."""
    fingerprint: Callable[[str], str]
    word_count: Callable[[str, str | None], int]
    """A text and its language (ISO 639-1) → how many words it has."""


@dataclass(frozen=True, slots=True)
class Told:
    """A text as it was read, with nothing left out."""

    outlet_id: int
    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of an article, by what its outlet has shown of them before."""

    habits: frozenset[int] = frozenset()
    """The outlet's, with those that this article makes one."""
    made: frozenset[int] = frozenset()
    """Those that it makes one."""
    seen: frozenset[int] = frozenset()
    """Lines to be remembered as seen in it."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A text without what its outlet repeats."""

    text: str
    left_out: Mapping[int, int]
    """The number of each line that was left out, in the whole text → its mark."""


def consider(
    connection: sqlite3.Connection, told: Told, judge: Judge, article_id: int | None = None
) -> Lines:
    """What the lines of a text are to its outlet; `article_id`, if it is a reading of an article
    that is there."""
    outlet_id, text = told.outlet_id, told.text
    marks = _marks(text, judge)
    habits = _habits(connection, outlet_id, marks)
    asked = json.dumps([mark for mark in marks if mark not in habits])
    holders: dict[int, list[int]] = {}
    rows = connection.execute(
        """SELECT s.line, s.article_id FROM json_each(?) AS asked
        CROSS JOIN seen_lines AS s ON s.outlet_id = ? AND s.line = asked.value""",
        (asked, outlet_id),
    )
    for mark, holder in rows:
        holders.setdefault(mark, []).append(holder)
    other = _others(connection, told, holders.values(), judge, article_id)
    seen = {mark for mark in marks - habits if other.issuperset(holders.get(mark, ()))}
    made = frozenset(mark for mark in seen if len(holders.get(mark, ())) >= NEEDED - 1)
    return Lines(habits | made, made, frozenset(seen - made))


def habits_in(connection: sqlite3.Connection, told: Told, judge: Judge) -> frozenset[int]:
    """Which lines of a text are its outlet's habits, by their marks."""
    return _habits(connection, told.outlet_id, _marks(told.text, judge))


def gone_of(connection: sqlite3.Connection, told: Told, judge: Judge) -> frozenset[int]:
    """What is to be left out of a text, by what is known of its outlet: the marks of those
    lines."""
    return judge.gone(told.text, habits_in(connection, told, judge), told.language)


def remember(
    connection: sqlite3.Connection, told: Told, article_id: int, lines: Lines, judge: Judge
) -> None:
    """Keep what the lines of an article say of its outlet's habits."""
    outlet_id = told.outlet_id
    words = (
        dict(zip(judge.marks(told.text), told.text.split("\n"), strict=True)) if lines.made else {}
    )
    connection.executemany(
        "INSERT OR IGNORE INTO habits (outlet_id, line, text, article_id) VALUES (?, ?, ?, ?)",
        [(outlet_id, mark, words[mark], article_id) for mark in lines.made],
    )
    made = [(outlet_id, mark) for mark in lines.made]
    connection.executemany("DELETE FROM seen_lines WHERE outlet_id = ? AND line = ?", made)
    connection.executemany(
        "INSERT OR IGNORE INTO seen_lines (outlet_id, line, article_id) VALUES (?, ?, ?)",
        [(outlet_id, mark, article_id) for mark in sorted(lines.seen)],
    )
    if article_id % EVERY == 0:
        forget(connection, outlet_id)


def forget(connection: sqlite3.Connection, outlet_id: int, kept: int = KEPT) -> int:
    """Forget lines that stood in old articles of an outlet and did not become habits; how many rows
    went."""
    done = connection.execute(
        """DELETE FROM seen_lines WHERE outlet_id = ?1 AND article_id <= (
          SELECT article_id FROM (SELECT DISTINCT article_id FROM seen_lines WHERE outlet_id = ?1)
          ORDER BY article_id DESC LIMIT 1 OFFSET ?2)""",
        (outlet_id, kept),
    )
    return done.rowcount


def trim(text: str, gone: Collection[int], judge: Judge) -> Trimmed:
    """The text without the lines of these marks; whole, if nothing else is in it."""
    marks = judge.marks(text)
    left_out = {
        place: mark for place, mark in enumerate(marks) if mark is not None and mark in gone
    }
    if not left_out or len(left_out) == len(marks):
        return Trimmed(text, {})
    lines = text.split("\n")
    return Trimmed(
        "\n".join(line for place, line in enumerate(lines) if place not in left_out), left_out
    )


def left_out(connection: sqlite3.Connection, article_id: int) -> dict[int, int]:
    """What was left out of an article: the number of each line in the text as it was read → its
    mark."""
    rows = connection.execute(
        "SELECT place, line FROM left_out WHERE article_id = ? ORDER BY place", (article_id,)
    )
    return {row[0]: row[1] for row in rows}


def keep_left_out(
    connection: sqlite3.Connection, article_id: int, lines: Mapping[int, int]
) -> None:
    """Write down what was left out of an article, in place of what was said of it before."""
    connection.execute("DELETE FROM left_out WHERE article_id = ?", (article_id,))
    rows = [(article_id, place, mark) for place, mark in lines.items()]
    connection.executemany("INSERT INTO left_out (article_id, place, line) VALUES (?, ?, ?)", rows)


def left_out_lines(connection: sqlite3.Connection, article_id: int) -> list[tuple[int, str]]:
    """What was left out of an article, as its outlet writes it: the number of each line, and its
    words.

    Numbers in them (`Comments 12`) are those of the article that made the line a habit.
    """
    rows = connection.execute(
        """SELECT l.place, h.text FROM left_out AS l JOIN articles AS a ON a.id = l.article_id
        JOIN habits AS h ON h.outlet_id = a.outlet_id AND h.line = l.line WHERE l.article_id = ? ORDER BY l.place""",
        (article_id,),
    )
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True)
class Repeated:
    """What the outlets of an archive repeat, in numbers."""

    habits: int = 0
    outlets: int = 0
    lines: int = 0
    """That were left out."""
    articles: int = 0
    """Out of so many."""


def repeated(connection: sqlite3.Connection) -> Repeated:
    """What is known of the outlets' habits."""
    habits = connection.execute("SELECT count(*), count(DISTINCT outlet_id) FROM habits").fetchone()
    lines = connection.execute(
        "SELECT count(*), count(DISTINCT article_id) FROM left_out"
    ).fetchone()
    return Repeated(*habits, *lines)


def added(before: Mapping[int, int], lines: int, more: Mapping[int, int]) -> dict[int, int]:
    """What was left out of a text, when more goes of the `lines` lines that were left: its places
    in the whole text."""
    places = [place for place in range(lines + len(before)) if place not in before]
    return dict(sorted({**before, **{places[place]: mark for place, mark in more.items()}}.items()))


def _marks(text: str, judge: Judge) -> frozenset[int]:
    return frozenset(mark for mark in judge.marks(text) if mark is not None)


def _habits(connection: sqlite3.Connection, outlet_id: int, marks: Iterable[int]) -> frozenset[int]:
    rows = connection.execute(
        """SELECT h.line FROM json_each(?) AS asked CROSS JOIN habits AS h
        ON h.outlet_id = ? AND h.line = asked.value""",
        (json.dumps(list(marks)), outlet_id),
    )
    return frozenset(row[0] for row in rows)


def _others(
    connection: sqlite3.Connection,
    told: Told,
    holders: Iterable[Sequence[int]],
    judge: Judge,
    article_id: int | None,
) -> set[int]:
    """Of the articles that hold lines of a text, those that are other pieces of news; that hold
    most, first."""
    asked = Counter(id for ids in holders for id in ids if id != article_id)
    other = set()
    for id, _ in asked.most_common(COMPARED):
        row = connection.execute("SELECT text FROM articles WHERE id = ?", (id,)).fetchone()
        if row is not None and judge.apart(told.text, row[0], told.language):
            other.add(id)
    return other
