"""Which articles share a text: an index of hashes, found as each article arrives.

Nothing is loaded at the start, and an article costs the same however many there are. What a hash is
and what makes two texts one is decided elsewhere (`pipelines.dedup.copies`); here they are numbers
and a function.

All functions run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Literal

BOILERPLATE = 8
"""Texts that hold a hash which then says nothing any more."""
CHECKED = 5
"""Articles that are read in full, those first that share the most hashes."""
CHANCE = 16
"""Of so many hashes one is shared by chance; an article that shares no more is not read."""
PATIENCE = 2
"""After so many that prove unrelated the others, which share fewer hashes, are not read."""
SURE = 4
"""Hashes in common that are none by chance, though the articles may prove unrelated: a third one
lies between them."""
SHORT = 80
"""Words, below which one text under two headlines of one outlet is a failed extraction and no
copy."""

Kind = Literal["identical", "copy", "excerpt", "extends", "template", "overlap"]
"""What an article's text is to another's (`relations.kind`).

`identical`: text and headline are the same · `copy`: one text, perhaps edited, under another
headline or with another
byline · `excerpt`: cut from the other · `extends`: holds the other and adds to it · `template`: the
same words about
other facts · `overlap`: a passage in common, such as a quote.
"""
VERSIONS: tuple[Kind, ...] = ("identical", "copy", "excerpt", "extends")
"""The kinds that are one report; what is a version of one folds under its original, the nearest
kind first."""
ONE_TEXT: tuple[Kind, ...] = ("identical", "copy")
"""The kinds that hold both ways and go on from one to the next."""
MIRRORED: dict[Kind, Kind] = {"excerpt": "extends", "extends": "excerpt"}


@dataclass(frozen=True, slots=True)
class Likeness:
    """What one text is to another, and the shares (0 to 1) that say so."""

    kind: Kind
    coverage: float
    other_coverage: float
    facts: float

    def mirrored(self) -> Likeness:
        """The same, said of the other text."""
        return Likeness(
            MIRRORED.get(self.kind, self.kind), self.other_coverage, self.coverage, self.facts
        )


@dataclass(frozen=True, slots=True)
class Relation:
    """An article's likeness to another that was in the archive before it."""

    article_id: int
    other_id: int
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Printed:
    """What tells which of several versions was first."""

    id: int
    host: str
    agency: str | None
    published_at: str | None


@dataclass(frozen=True, slots=True)
class Judge:
    """What the archive asks about texts and does not know itself
    (`pipelines.dedup.copies.JUDGE`)."""

    version: int
    """Of the sketch."""
    sketch: Callable[[str], Sequence[int]]
    """A text → the hashes by which it is found again."""
    likeness: Callable[[str, str], Likeness | None]
    """A text and another → what the first is to the second."""
    original: Callable[[Sequence[Printed]], int]
    """Versions of one text → the id of the original."""


def relate(
    connection: sqlite3.Connection,
    article_id: int,
    judge: Judge,
    found_at: str,
    newest: int | None = None,
) -> list[Relation]:
    """Find and keep what a kept article is to those before it, make it findable, and fold it under
    its original.

    An article whose text changed is related anew: what was said of it before is forgotten. Its old
    hashes stay, as copies of the old text may be known by them alone; they lead here and are
    weighed by the texts as they are now. Articles after `newest` count as not there yet.
    """
    article = _article(connection, article_id)
    if article is None:
        raise ValueError(f"no article {article_id}")
    known = _forget(connection, article_id, judge)
    relations = _identical(connection, article, newest) or _alike(connection, article, judge, known)
    connection.executemany(
        """INSERT INTO relations (article_id, other_id, kind, coverage, other_coverage, facts, found_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        [(r.article_id, r.other_id, *astuple(r.likeness), found_at) for r in relations],
    )
    _fold(connection, article_id, relations, judge)
    return relations


def is_current(connection: sqlite3.Connection, judge: Judge) -> bool:
    """Whether all articles are known by hashes of the judge's version; if not, `rebuild` is due."""
    return bool(
        connection.execute("SELECT max(version) FROM sketches").fetchone()[0] == judge.version
    )


def rebuild(connection: sqlite3.Connection, judge: Judge, found_at: str) -> None:
    """Relate all articles anew, in the order in which they came: about a second for a thousand."""
    for table in ("shingles", "relations", "versions", "texts", "sketches"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
    connection.execute("INSERT INTO sketches (version) VALUES (?)", (judge.version,))
    for (article_id,) in connection.execute("SELECT id FROM articles ORDER BY id").fetchall():
        relate(connection, article_id, judge, found_at, newest=article_id)


# -- finding ---------------------------------------------------------------------------------------


def _article(connection: sqlite3.Connection, article_id: int) -> sqlite3.Row | None:
    query = (
        "SELECT id, outlet_id, headline, text, word_count, fingerprint FROM articles WHERE id = ?"
    )
    return connection.execute(query, (article_id,)).fetchone()  # type: ignore[no-any-return]


def _identical(
    connection: sqlite3.Connection, article: sqlite3.Row, newest: int | None
) -> list[Relation]:
    """The earliest article with the same text is the one that all its copies point to.

    Under another headline it is a copy like one that was edited, with the whole text in common.
    """
    if not article["fingerprint"]:
        return []
    rows = connection.execute(
        """SELECT id, outlet_id, headline, word_count FROM articles
        WHERE fingerprint = ? AND id <> ? AND id <= coalesce(?, id) ORDER BY id""",
        (article["fingerprint"], article["id"], newest),
    )
    for other in rows:
        if not _failed_extraction(article, other):
            kind: Kind = "identical" if _headline(article) == _headline(other) else "copy"
            return [_relation(article["id"], other["id"], Likeness(kind, 1.0, 1.0, 1.0))]
    return []


def _headline(article: sqlite3.Row) -> str:
    return " ".join((article["headline"] or "").casefold().split())


def _failed_extraction(article: sqlite3.Row, other: sqlite3.Row) -> bool:
    """A short text that one outlet prints under two headlines is its cookie notice, not its
    news."""
    return bool(
        article["outlet_id"] == other["outlet_id"]
        and article["headline"] != other["headline"]
        and max(article["word_count"], other["word_count"]) < SHORT
    )


def _holders(connection: sqlite3.Connection, sketch: Sequence[int]) -> dict[int, list[int]]:
    """Which articles hold each hash; at most BOILERPLATE of them are kept."""
    holders: dict[int, list[int]] = {number: [] for number in sketch}
    rows = connection.execute(
        "SELECT s.hash, s.article_id FROM json_each(?) AS asked CROSS JOIN shingles AS s ON s.hash = asked.value",
        (json.dumps(sketch),),
    )
    for number, article_id in rows:
        holders[number].append(article_id)
    return holders


def _alike(
    connection: sqlite3.Connection, article: sqlite3.Row, judge: Judge, known: set[int]
) -> list[Relation]:
    """The related articles among those that share hashes, and those that were related before."""
    sketch = judge.sketch(article["text"])
    holders = _holders(connection, sketch)
    votes = _votes(holders, article["id"])
    by_chance = min(2, len(sketch) // CHANCE)
    best = sorted((id for id in votes if votes[id] > by_chance), key=lambda id: (-votes[id], -id))[
        :CHECKED
    ]
    relations = _weigh(connection, article, best, judge, PATIENCE)
    seen = {_partner(relation, article["id"]) for relation in relations}
    relations += _weigh(connection, article, known - seen, judge)
    if not any(relation.likeness.kind in VERSIONS for relation in relations):
        behind = _versions_of(connection, [id for id in best if votes[id] >= SURE])
        relations += _weigh(connection, article, behind - {*best, *known, article["id"]}, judge)
    _post(
        connection,
        article["id"],
        sketch,
        holders,
        {_partner(relation, article["id"]) for relation in relations},
    )
    return relations


def _votes(holders: dict[int, list[int]], article_id: int) -> dict[int, float]:
    """How many telling hashes each other article holds; one that several hold tells as much
    less."""
    votes: dict[int, float] = {}
    for ids in holders.values():
        if len(ids) < BOILERPLATE:
            for id in ids:
                votes[id] = votes.get(id, 0.0) + 1 / len(ids)
    votes.pop(article_id, None)
    return votes


def _versions_of(connection: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    """Articles that hold no hashes because one of these holds them already, though they may be the
    nearer ones."""
    rows = connection.execute(
        """SELECT r.article_id FROM json_each(?) AS asked CROSS JOIN relations AS r ON r.other_id = asked.value
        WHERE r.kind = 'excerpt' LIMIT ?""",
        (json.dumps(ids), CHECKED),
    )
    return {int(row[0]) for row in rows}


def _weigh(
    connection: sqlite3.Connection,
    article: sqlite3.Row,
    others: Iterable[int],
    judge: Judge,
    patience: int = CHECKED,
) -> list[Relation]:
    """Read others in full; those that are related. One that was taken out of the archive is passed
    over."""
    relations = []
    for other in filter(None, (_article(connection, id) for id in others)):
        likeness = (
            None
            if _failed_extraction(article, other)
            else judge.likeness(article["text"], other["text"])
        )
        if likeness:
            relations.append(_relation(article["id"], other["id"], likeness))
        else:
            patience -= 1
            if not patience:
                break
    return relations


def _relation(article_id: int, other_id: int, likeness: Likeness) -> Relation:
    """The later article of two stands first."""
    if article_id > other_id:
        return Relation(article_id, other_id, likeness)
    return Relation(other_id, article_id, likeness.mirrored())


def _partner(relation: Relation, article_id: int) -> int:
    return relation.other_id if relation.article_id == article_id else relation.article_id


def _post(
    connection: sqlite3.Connection,
    article_id: int,
    sketch: Sequence[int],
    holders: dict[int, list[int]],
    related: Collection[int],
) -> None:
    """Keep the hashes by which no related article is found yet, and that are no boilerplate."""
    connection.executemany(
        "INSERT OR IGNORE INTO shingles (hash, article_id) VALUES (?, ?)",
        [
            (number, article_id)
            for number in sketch
            if len(holders[number]) < BOILERPLATE
            and not any(id in related for id in holders[number])
        ],
    )


# -- folding ---------------------------------------------------------------------------------------


def _fold(
    connection: sqlite3.Connection, article_id: int, relations: Sequence[Relation], judge: Judge
) -> None:
    """Put an article with the versions of the nearest one, and of those that are one text with it
    through this one.

    What it merely has a part in common with joins them only where this one is the original of all:
    a round-up that holds two reports makes them no versions of each other, and a report that two
    cut short does, whoever came first.
    """
    near = sorted(
        (relation for relation in relations if relation.likeness.kind in VERSIONS), key=_distance
    )
    if not near:
        return
    text_id = _text_with(connection, _partner(near[0], article_id))
    _add_version(connection, article_id, text_id)
    _choose_original(connection, text_id, (_original_of(connection, text_id), article_id), judge)
    for relation in near[1:]:
        if relation.likeness.kind in ONE_TEXT or _original_of(connection, text_id) == article_id:
            _merge(
                connection, text_id, _text_with(connection, _partner(relation, article_id)), judge
            )


def _text_with(connection: sqlite3.Connection, article_id: int) -> int:
    """The text that an article is a version of; made if it was the only one."""
    text_id = _text_of(connection, article_id)
    if text_id is None:
        text_id = int(
            connection.execute(
                "INSERT INTO texts (original_id) VALUES (?)", (article_id,)
            ).lastrowid
            or 0
        )
        _add_version(connection, article_id, text_id)
    return text_id


def _merge(connection: sqlite3.Connection, text_id: int, other_id: int, judge: Judge) -> None:
    if other_id == text_id:
        return
    originals = (_original_of(connection, text_id), _original_of(connection, other_id))
    connection.execute("UPDATE versions SET text_id = ? WHERE text_id = ?", (text_id, other_id))
    connection.execute("DELETE FROM texts WHERE id = ?", (other_id,))
    _choose_original(connection, text_id, originals, judge)


def _original_of(connection: sqlite3.Connection, text_id: int) -> int:
    return int(
        connection.execute("SELECT original_id FROM texts WHERE id = ?", (text_id,)).fetchone()[0]
    )


def _add_version(connection: sqlite3.Connection, article_id: int, text_id: int) -> None:
    connection.execute(
        "INSERT INTO versions (article_id, text_id, outlet_id) SELECT id, ?, outlet_id FROM articles WHERE id = ?",
        (text_id, article_id),
    )


def _distance(relation: Relation) -> tuple[int, float]:
    likeness = relation.likeness
    return VERSIONS.index(likeness.kind), -max(likeness.coverage, likeness.other_coverage)


def with_versions(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[int]:
    """Articles in their order, each followed by the other versions of its text, and each once."""
    rows = connection.execute(
        """SELECT asked.key, asked.value, w.article_id FROM json_each(?) AS asked
        LEFT JOIN versions AS v ON v.article_id = asked.value LEFT JOIN versions AS w ON w.text_id = v.text_id
        ORDER BY asked.key, w.article_id""",
        (json.dumps(article_ids),),
    )
    return list(dict.fromkeys(id for row in rows for id in row[1:] if id is not None))


def _text_of(connection: sqlite3.Connection, article_id: int) -> int | None:
    row = connection.execute(
        "SELECT text_id FROM versions WHERE article_id = ?", (article_id,)
    ).fetchone()
    return int(row[0]) if row else None


def _choose_original(
    connection: sqlite3.Connection, text_id: int, ids: Sequence[int], judge: Judge
) -> None:
    rows = connection.execute(
        """SELECT a.id, o.host, a.agency, a.published_at FROM json_each(?) AS asked
        CROSS JOIN articles AS a ON a.id = asked.value JOIN outlets AS o ON o.id = a.outlet_id""",
        (json.dumps(ids),),
    )
    original_id = judge.original([Printed(*row) for row in rows])
    connection.execute("UPDATE texts SET original_id = ? WHERE id = ?", (original_id, text_id))


def _forget(connection: sqlite3.Connection, article_id: int, judge: Judge) -> set[int]:
    """Undo what was said of an article; the articles that it was related to."""
    rows = [
        *connection.execute(
            "DELETE FROM relations WHERE article_id = ? RETURNING other_id", (article_id,)
        ),
        *connection.execute(
            "DELETE FROM relations WHERE other_id = ? RETURNING article_id", (article_id,)
        ),
    ]
    text_id = _text_of(connection, article_id)
    if text_id is not None:
        connection.execute("DELETE FROM versions WHERE article_id = ?", (article_id,))
        left = [
            row[0]
            for row in connection.execute(
                "SELECT article_id FROM versions WHERE text_id = ?", (text_id,)
            )
        ]
        if len(left) > 1:
            _choose_original(connection, text_id, left, judge)
        else:
            connection.execute("DELETE FROM versions WHERE text_id = ?", (text_id,))
            connection.execute("DELETE FROM texts WHERE id = ?", (text_id,))
    return {int(row[0]) for row in rows}
