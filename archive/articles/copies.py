"""Detection of articles that share text, by an index of hashes that grows with each article.

Nothing is loaded at the start, and the cost for an article does not depend on the size of the
archive. The hashes and the comparison of two texts are decided in `pipelines.dedup.copies`; here
they are numbers and a function.

All functions run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Literal

MIN_BOILERPLATE_TEXTS = 8
"""Number of texts from which a common hash counts as boilerplate."""
MAX_COMPARED_TEXTS = 5
"""Articles whose full texts are compared, those with the most hashes in common first."""
HASHES_PER_CHANCE_MATCH = 16
"""One hash in this many is shared by chance; articles that share no more are not compared."""
MAX_UNRELATED_TEXTS = 2
"""Unrelated articles after which the comparison stops, since the others share even fewer hashes."""
MIN_LINKING_HASHES = 4
"""Hashes in common that exclude chance; if the texts are unrelated, a third article links them."""
MIN_COMPARABLE_WORDS = 80
"""Words below which the same text under two headlines of one outlet is a failed extraction."""

RelationKind = Literal["identical", "copy", "excerpt", "extends", "template", "overlap"]
"""The relation of an article's text to another's (`relations.kind`).

`identical`: same text and headline · `copy`: same text, perhaps edited, under another headline or
byline · `excerpt`: shortened from the other · `extends`: contains the other and adds to it ·
`template`: same wording about other facts · `overlap`: a passage in common, such as a quote.
"""
VERSION_KINDS: tuple[RelationKind, ...] = ("identical", "copy", "excerpt", "extends")
"""The kinds that share one original, the closest first."""
SAME_TEXT_KINDS: tuple[RelationKind, ...] = ("identical", "copy")
"""The kinds that are symmetric and transitive."""
MIRRORED_KINDS: dict[RelationKind, RelationKind] = {"excerpt": "extends", "extends": "excerpt"}


@dataclass(frozen=True, slots=True)
class TextLikeness:
    """The relation of one text to another, with the shares (0 to 1) that it is based on."""

    kind: RelationKind
    coverage: float
    other_coverage: float
    facts: float

    def mirrored(self) -> TextLikeness:
        """Return the relation of the other text to this one."""
        return TextLikeness(
            MIRRORED_KINDS.get(self.kind, self.kind), self.other_coverage, self.coverage, self.facts
        )


@dataclass(frozen=True, slots=True)
class TextRelation:
    """An article's relation to one that was archived earlier."""

    article_id: int
    other_id: int
    likeness: TextLikeness


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """The facts that decide which of several versions is the original."""

    id: int
    host: str
    agency: str | None
    published_at: str | None
    seen_at: str = ""
    """When it was first fetched, UTC."""


@dataclass(frozen=True, slots=True)
class CopyPolicy:
    """The decisions about texts that the archive leaves to `pipelines.dedup.copies.COPY_POLICY`."""

    version: int
    """The version of the method that computes sketches."""
    sketch: Callable[[str], Sequence[int]]
    """A text → the hashes under which it is indexed."""
    likeness: Callable[[str, str], TextLikeness | None]
    """Two texts → the relation of the first to the second, or None."""
    original: Callable[[Sequence[PublishedVersion]], int]
    """Versions of one text → the id of the original."""


def relate_article(
    connection: sqlite3.Connection,
    article_id: int,
    policy: CopyPolicy,
    found_at: str,
    newest: int | None = None,
) -> list[TextRelation]:
    """Relate an article to those before it, index it, and group it with its original.

    An article whose text changed is related again and its earlier relations are deleted. Its old
    hashes stay in the index, since copies of the old text may share only those; the comparison uses
    the current texts. Articles after `newest` are ignored. Raises ValueError if the article does
    not exist.
    """
    article = _compared_article(connection, article_id)
    if article is None:
        raise ValueError(f"no article {article_id}")
    known = delete_relations(connection, article_id, policy)
    relations = _identical_relation(connection, article, newest) or _similar_relations(
        connection, article, policy, known
    )
    connection.executemany(
        """INSERT INTO relations
          (article_id, other_id, kind, coverage, other_coverage, facts, found_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        [(r.article_id, r.other_id, *astuple(r.likeness), found_at) for r in relations],
    )
    _group_with_original(connection, article_id, relations, policy)
    return relations


def are_copies_current(connection: sqlite3.Connection, policy: CopyPolicy) -> bool:
    """Return whether the index was built by the policy's version; if not, `rebuild_copies` is
    due."""
    return bool(
        connection.execute("SELECT max(version) FROM shingle_versions").fetchone()[0]
        == policy.version
    )


def rebuild_copies(connection: sqlite3.Connection, policy: CopyPolicy, found_at: str) -> None:
    """Relate all articles again in order of arrival; takes about one second for a thousand."""
    for table in (
        "shingles",
        "relations",
        "shared_text_articles",
        "shared_texts",
        "shingle_versions",
    ):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
    connection.execute("INSERT INTO shingle_versions (version) VALUES (?)", (policy.version,))
    for (article_id,) in connection.execute("SELECT id FROM articles ORDER BY id").fetchall():
        relate_article(connection, article_id, policy, found_at, newest=article_id)


# -- finding ---------------------------------------------------------------------------------------


def _compared_article(connection: sqlite3.Connection, article_id: int) -> sqlite3.Row | None:
    """Return the columns of an article that are compared, or None."""
    query = (
        "SELECT id, outlet_id, headline, text, word_count, fingerprint FROM articles WHERE id = ?"
    )
    return connection.execute(query, (article_id,)).fetchone()  # type: ignore[no-any-return]


def _identical_relation(
    connection: sqlite3.Connection, article: sqlite3.Row, newest: int | None
) -> list[TextRelation]:
    """Return the relation to the earliest article with the same text, for all its copies.

    With another headline the article is a copy that has the whole text in common.
    """
    if not article["fingerprint"]:
        return []
    rows = connection.execute(
        """SELECT id, outlet_id, headline, word_count FROM articles
        WHERE fingerprint = ? AND id <> ? AND id <= coalesce(?, id) ORDER BY id""",
        (article["fingerprint"], article["id"], newest),
    )
    for other in rows:
        if not _is_failed_extraction(article, other):
            kind: RelationKind = (
                "identical"
                if _comparable_headline(article) == _comparable_headline(other)
                else "copy"
            )
            return [
                _ordered_relation(article["id"], other["id"], TextLikeness(kind, 1.0, 1.0, 1.0))
            ]
    return []


def _comparable_headline(article: sqlite3.Row) -> str:
    """Return the headline for comparison: lower case, single spaces."""
    return " ".join((article["headline"] or "").casefold().split())


def _is_failed_extraction(article: sqlite3.Row, other: sqlite3.Row) -> bool:
    """Return whether both texts are an outlet's cookie notice or the like.

    That is so if one outlet has the same short text under two headlines.
    """
    return bool(
        article["outlet_id"] == other["outlet_id"]
        and article["headline"] != other["headline"]
        and max(article["word_count"], other["word_count"]) < MIN_COMPARABLE_WORDS
    )


def _articles_by_hash(
    connection: sqlite3.Connection, sketch: Sequence[int]
) -> dict[int, list[int]]:
    """Return the articles indexed under each hash, at most BOILERPLATE of them."""
    holders: dict[int, list[int]] = {number: [] for number in sketch}
    rows = connection.execute(
        """SELECT s.hash, s.article_id FROM json_each(?) AS asked
        CROSS JOIN shingles AS s ON s.hash = asked.value""",
        (json.dumps(sketch),),
    )
    for number, article_id in rows:
        holders[number].append(article_id)
    return holders


def _similar_relations(
    connection: sqlite3.Connection, article: sqlite3.Row, policy: CopyPolicy, known: set[int]
) -> list[TextRelation]:
    """Return relations to articles that share hashes or were related before."""
    article_id = article["id"]
    sketch = policy.sketch(article["text"])
    holders = _articles_by_hash(connection, sketch)
    votes = _shared_hash_scores(holders, article_id)
    by_chance = min(2, len(sketch) // HASHES_PER_CHANCE_MATCH)
    candidates = [id for id in votes if votes[id] > by_chance]
    best = sorted(candidates, key=lambda id: (-votes[id], -id))[:MAX_COMPARED_TEXTS]
    relations = _compare_texts(connection, article, best, policy, MAX_UNRELATED_TEXTS)
    partners = {_other_article_id(relation, article_id) for relation in relations}
    relations += _compare_texts(connection, article, known - partners, policy)
    if not any(relation.likeness.kind in VERSION_KINDS for relation in relations):
        behind = _excerpts_of(connection, [id for id in best if votes[id] >= MIN_LINKING_HASHES])
        relations += _compare_texts(
            connection, article, behind - {*best, *known, article_id}, policy
        )
    related = {_other_article_id(relation, article_id) for relation in relations}
    _index_hashes(connection, article_id, sketch, holders, related)
    return relations


def _shared_hash_scores(holders: dict[int, list[int]], article_id: int) -> dict[int, float]:
    """Return a score for each other article: the hashes in common, rarer ones weighing more."""
    votes: dict[int, float] = {}
    for ids in holders.values():
        if len(ids) < MIN_BOILERPLATE_TEXTS:
            for id in ids:
                votes[id] = votes.get(id, 0.0) + 1 / len(ids)
    votes.pop(article_id, None)
    return votes


def _excerpts_of(connection: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    """Return excerpts of these articles, which may be closer to the article.

    Excerpts have no index entries where the longer text has them already.
    """
    rows = connection.execute(
        """SELECT r.article_id FROM json_each(?) AS asked
        CROSS JOIN relations AS r ON r.other_id = asked.value
        WHERE r.kind = 'excerpt' LIMIT ?""",
        (json.dumps(ids), MAX_COMPARED_TEXTS),
    )
    return {int(row[0]) for row in rows}


def _compare_texts(
    connection: sqlite3.Connection,
    article: sqlite3.Row,
    others: Iterable[int],
    policy: CopyPolicy,
    patience: int = MAX_COMPARED_TEXTS,
) -> list[TextRelation]:
    """Compare full texts and return the relations found; stop after `patience` unrelated texts.

    Articles that were removed from the archive are skipped.
    """
    relations = []
    for other in filter(None, (_compared_article(connection, id) for id in others)):
        likeness = None
        if not _is_failed_extraction(article, other):
            likeness = policy.likeness(article["text"], other["text"])
        if likeness:
            relations.append(_ordered_relation(article["id"], other["id"], likeness))
        else:
            patience -= 1
            if not patience:
                break
    return relations


def _ordered_relation(article_id: int, other_id: int, likeness: TextLikeness) -> TextRelation:
    """Return the relation of two articles, with the later one first."""
    if article_id > other_id:
        return TextRelation(article_id, other_id, likeness)
    return TextRelation(other_id, article_id, likeness.mirrored())


def _other_article_id(relation: TextRelation, article_id: int) -> int:
    """Return the other article of a relation."""
    return relation.other_id if relation.article_id == article_id else relation.article_id


def _index_hashes(
    connection: sqlite3.Connection,
    article_id: int,
    sketch: Sequence[int],
    holders: dict[int, list[int]],
    related: Collection[int],
) -> None:
    """Index an article under its hashes, without boilerplate and those of a related article."""
    new = [
        (number, article_id)
        for number in sketch
        if len(holders[number]) < MIN_BOILERPLATE_TEXTS
        and not set(holders[number]).intersection(related)
    ]
    connection.executemany("INSERT OR IGNORE INTO shingles (hash, article_id) VALUES (?, ?)", new)


def delete_hashes(
    connection: sqlite3.Connection, article_id: int, texts: Iterable[str], policy: CopyPolicy
) -> None:
    """Delete the index entries of an article for its texts, also former ones."""
    hashes = {number for text in texts for number in policy.sketch(text)}
    connection.executemany(
        "DELETE FROM shingles WHERE hash = ? AND article_id = ?",
        [(number, article_id) for number in hashes],
    )


# -- folding ---------------------------------------------------------------------------------------


def _group_with_original(
    connection: sqlite3.Connection,
    article_id: int,
    relations: Sequence[TextRelation],
    policy: CopyPolicy,
) -> None:
    """Group an article with the versions of the nearest related one, and merge other groups.

    A group of an article that shares only a part is merged only if this article is the original.
    A round-up that contains two reports does not make them versions of each other, but a report
    that two outlets shortened does, whichever was archived first.
    """
    versions = [relation for relation in relations if relation.likeness.kind in VERSION_KINDS]
    near = sorted(versions, key=_relation_distance)
    if not near:
        return
    text_id = _text_id_or_new(connection, _other_article_id(near[0], article_id))
    _insert_version(connection, article_id, text_id)
    _store_original(connection, text_id, (_original_id(connection, text_id), article_id), policy)
    for relation in near[1:]:
        if (
            relation.likeness.kind in SAME_TEXT_KINDS
            or _original_id(connection, text_id) == article_id
        ):
            other_id = _text_id_or_new(connection, _other_article_id(relation, article_id))
            _merge_texts(connection, text_id, other_id, policy)


def _text_id_or_new(connection: sqlite3.Connection, article_id: int) -> int:
    """Return the id of the text of which an article is a version; create it if necessary."""
    text_id = _text_id(connection, article_id)
    if text_id is None:
        done = connection.execute(
            "INSERT INTO shared_texts (original_id) VALUES (?)", (article_id,)
        )
        text_id = int(done.lastrowid or 0)
        _insert_version(connection, article_id, text_id)
    return text_id


def _merge_texts(
    connection: sqlite3.Connection, text_id: int, other_id: int, policy: CopyPolicy
) -> None:
    """Merge the versions of another text into a text."""
    if other_id == text_id:
        return
    originals = (_original_id(connection, text_id), _original_id(connection, other_id))
    connection.execute(
        "UPDATE shared_text_articles SET text_id = ? WHERE text_id = ?", (text_id, other_id)
    )
    connection.execute("DELETE FROM shared_texts WHERE id = ?", (other_id,))
    _store_original(connection, text_id, originals, policy)


def _original_id(connection: sqlite3.Connection, text_id: int) -> int:
    """Return the id of the original of a text."""
    row = connection.execute(
        "SELECT original_id FROM shared_texts WHERE id = ?", (text_id,)
    ).fetchone()
    return int(row[0])


def _insert_version(connection: sqlite3.Connection, article_id: int, text_id: int) -> None:
    """Make an article a version of a text."""
    connection.execute(
        """INSERT INTO shared_text_articles (article_id, text_id, outlet_id)
        SELECT id, ?, outlet_id FROM articles WHERE id = ?""",
        (text_id, article_id),
    )


def _relation_distance(relation: TextRelation) -> tuple[int, float]:
    """Return a sort key that puts the closest relation first."""
    likeness = relation.likeness
    return VERSION_KINDS.index(likeness.kind), -max(likeness.coverage, likeness.other_coverage)


def articles_with_versions(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[int]:
    """Return the articles, each followed by the other versions of its text, each once."""
    rows = connection.execute(
        """SELECT asked.key, asked.value, w.article_id FROM json_each(?) AS asked
        LEFT JOIN shared_text_articles AS v ON v.article_id = asked.value
        LEFT JOIN shared_text_articles AS w ON w.text_id = v.text_id
        ORDER BY asked.key, w.article_id""",
        (json.dumps(article_ids),),
    )
    return list(dict.fromkeys(id for row in rows for id in row[1:] if id is not None))


def renew_original(connection: sqlite3.Connection, article_id: int, policy: CopyPolicy) -> None:
    """Decide again which version of an article's text is the original, if others have the text."""
    text_id = _text_id(connection, article_id)
    if text_id is not None:
        rows = connection.execute(
            "SELECT article_id FROM shared_text_articles WHERE text_id = ?", (text_id,)
        )
        _store_original(connection, text_id, [int(row[0]) for row in rows], policy)


def _text_id(connection: sqlite3.Connection, article_id: int) -> int | None:
    """Return the id of the text of which an article is a version, or None."""
    row = connection.execute(
        "SELECT text_id FROM shared_text_articles WHERE article_id = ?", (article_id,)
    ).fetchone()
    return int(row[0]) if row else None


def _store_original(
    connection: sqlite3.Connection, text_id: int, ids: Sequence[int], policy: CopyPolicy
) -> None:
    """Store which of these articles is the original of a text."""
    rows = connection.execute(
        """SELECT a.id, o.host, a.agency, a.published_at, coalesce((
          SELECT seen_at FROM revisions WHERE article_id = a.id AND number = 1
        ), a.fetched_at) FROM json_each(?) AS asked
        CROSS JOIN articles AS a ON a.id = asked.value JOIN outlets AS o ON o.id = a.outlet_id""",
        (json.dumps(ids),),
    )
    original_id = policy.original([PublishedVersion(*row) for row in rows])
    connection.execute(
        "UPDATE shared_texts SET original_id = ? WHERE id = ?", (original_id, text_id)
    )


def delete_relations(
    connection: sqlite3.Connection, article_id: int, policy: CopyPolicy
) -> set[int]:
    """Delete the relations of an article and return the ids of the related articles.

    It leaves the group of its text, which gets another original or is dissolved.
    """
    rows = [
        *connection.execute(
            "DELETE FROM relations WHERE article_id = ? RETURNING other_id", (article_id,)
        ),
        *connection.execute(
            "DELETE FROM relations WHERE other_id = ? RETURNING article_id", (article_id,)
        ),
    ]
    text_id = _text_id(connection, article_id)
    if text_id is not None:
        connection.execute("DELETE FROM shared_text_articles WHERE article_id = ?", (article_id,))
        remaining = connection.execute(
            """SELECT v.article_id FROM shared_text_articles v JOIN articles a ON a.id = v.article_id
            WHERE v.text_id = ?""",
            (text_id,),
        ).fetchall()
        if len(remaining) > 1:
            _store_original(connection, text_id, [row[0] for row in remaining], policy)
        else:
            connection.execute("DELETE FROM shared_text_articles WHERE text_id = ?", (text_id,))
            connection.execute("DELETE FROM shared_texts WHERE id = ?", (text_id,))
    return {int(row[0]) for row in rows}
