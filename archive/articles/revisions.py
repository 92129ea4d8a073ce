"""Revisions of articles: each version that readers could see, stored before it is replaced.

Whether a change counts is decided in `pipelines.dedup.revisions` and passed in as a
`RevisionPolicy`. Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from archive.errors import ArchiveError
from archive.frontier.urls import OWN_ROLES_SQL
from archive.records import NO_MATCH_MARK, Article, Check, Outcome
from archive.text.diff import diff_texts

RevisionKind = Literal[
    "headline",
    "standfirst",
    "byline",
    "body",
    "cut",
    "correction",
    "typographic",
    "restored",
    "gone",
]
"""The changes in a revision (`revisions.kinds`).

`headline`, `standfirst`, `byline`, `body`: these parts of the article · `cut`: most of the body was
removed, often by a paywall · `correction`: a note about a correction was added · `typographic`:
only quotes, dashes, case and the like · `gone`: two fetches in a row met 404, 410 or 451, a page
that says "not found", or a front page · `restored`: it was gone, or equals an earlier revision.
"""

RevisionDecision = Literal["unchanged", "date-only", "reread", "revision", "held", "unreadable"]
"""The meaning of a new extraction of a known article.

`date-only`: only the page's own dates changed · `reread`: the page is the same, or another
extractor read it; the new extraction replaces the old one · `held`: most of the text is missing; a
second fetch decides · `unreadable`: the extraction failed.
"""

ArticleColumns = Mapping[str, Any] | sqlite3.Row
"""The columns of an article by name."""

EARLIER_COLUMNS = ("number", "headline", "standfirst", "byline", "fingerprint")
"""Columns that are compared of earlier revisions."""

EXTRACTED_COLUMNS = (
    "headline", "standfirst", "byline", "authors", "text", "fingerprint", "published_at",
    "stated_at", "modified_at", "digest", "extractor",
)  # fmt: skip
"""Columns that `articles` and `revisions` share: the extracted values."""


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """One extraction of an article, with the fields that are compared."""

    text: str
    headline: str | None = None
    standfirst: str | None = None
    byline: str | None = None
    fingerprint: str = ""
    published_at: str | None = None
    modified_at: str | None = None
    stated_at: str | None = None
    """The publication date on the page itself; '' if there is no such date, None if unknown."""
    fetched_at: str | None = None
    digest: str | None = None
    extractor: str | None = None
    free: bool | None = None
    authors: str = "[]"
    """As a JSON list."""


@dataclass(frozen=True, slots=True)
class EarlierRevision:
    """The fields of an earlier revision that are compared."""

    number: int
    headline: str | None
    standfirst: str | None
    byline: str | None
    fingerprint: str
    returned: bool = False
    """True if this revision was equal to one before it."""


@dataclass(frozen=True, slots=True)
class ArticleHistory:
    """The history of an article before the newest extraction."""

    earlier: tuple[EarlierRevision, ...] = ()
    """Its revisions that have a text, by number; empty if the article never changed."""
    held: str | None = None
    """The text of a shortened version that waits for a second fetch."""
    gone: bool = False
    """True if the article is gone by the newest revision."""


@dataclass(frozen=True, slots=True)
class RevisionVerdict:
    """The meaning of a new extraction, and the reason."""

    decision: RevisionDecision
    kinds: tuple[RevisionKind, ...] = ()
    stealth: bool = False
    restores: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RevisionPolicy:
    """The decisions about changes that the archive leaves to the pipelines."""

    verdict: Callable[[ArticleVersion, ArticleVersion, ArticleHistory], RevisionVerdict]
    """Old version, new version, history → verdict: `pipelines.dedup.revisions.classify_version`."""
    reread: Callable[[str], ArticleVersion | None] | None = None
    """Digest of a capture → its extraction by today's extractor; None if the page is not stored.

    Without this function a change of the page looks like a change of the extractor.
    """


@dataclass(frozen=True, slots=True)
class RevisionResult:
    """The result of storing a new extraction of a known article."""

    outcome: Outcome
    takes: Literal["all", "dates", "nothing"]
    """The columns of the article's row that are updated from the extraction."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of an article and how it came about; `kinds` is empty for the first."""

    article_id: int
    number: int
    seen_at: str
    kinds: tuple[RevisionKind, ...]
    stealth: bool
    restores: int | None
    words_added: int | None
    words_removed: int | None
    headline: str | None
    standfirst: str | None
    byline: str | None
    authors: tuple[str, ...]
    text: str
    fingerprint: str
    published_at: str | None
    modified_at: str | None
    digest: str | None
    extractor: str | None
    gone_reason: str | None = None
    """The way in which the article disappeared: the status, or where its URL led."""
    stated_at: str | None = None
    """The publication date on the page itself; '' if there is no such date, None if unknown."""

    @property
    def gone(self) -> bool:
        """True if the article was gone."""
        return "gone" in self.kinds


@dataclass(frozen=True, slots=True)
class FetchHistory:
    """The history of an article's page, from which the next fetch is scheduled."""

    first_seen: str
    published_at: str | None = None
    changed_at: str | None = None
    """When the newest revision was first fetched; None if the article never changed."""
    held: bool = False
    """True if a shortened version waits for confirmation."""
    statuses: tuple[int | None, ...] = ()
    """HTTP status of the last fetches, newest first."""


# -- keeping ---------------------------------------------------------------------------------------


def store_revision(
    connection: sqlite3.Connection,
    article: ArticleColumns,
    row: ArticleColumns,
    policy: RevisionPolicy,
) -> RevisionResult:
    """Classify a new extraction of a known article, and store a revision if necessary.

    `article` is the current row of `articles`, `row` has the same columns as extracted now. Call
    it before the row is updated.
    """
    article_id, old, new = (
        int(article["id"]),
        article_version_of_row(article),
        article_version_of_row(row),
    )
    old = _reextracted_version(connection, article_id, old, new, policy)
    verdict = policy.verdict(old, new, _article_history(connection, article_id))
    if verdict.decision == "held":
        _hold_version(connection, article_id, new)
        return RevisionResult("unchanged", "nothing", verdict.reason)
    if verdict.decision == "unreadable":
        return RevisionResult("not article", "nothing", verdict.reason)
    connection.execute("DELETE FROM unconfirmed_revisions WHERE article_id = ?", (article_id,))
    if verdict.decision == "revision":
        _store_first_revision(connection, article, old)
        with_headline = replace(new, headline=new.headline or old.headline)
        _store_next_revision(connection, article_id, old, with_headline, verdict)
        return RevisionResult("changed", "all")
    if verdict.decision == "reread":
        _replace_newest_revision(connection, article_id, new)
        return RevisionResult("unchanged", "all", verdict.reason)
    takes: Literal["dates", "nothing"] = "dates" if verdict.decision == "date-only" else "nothing"
    return RevisionResult("unchanged", takes, verdict.reason)


def store_gone_revision(connection: sqlite3.Connection, check: Check) -> bool:
    """Store a revision `gone` if this check is the second in a row that says so.

    Returns whether it did. Call it before the check is recorded.
    """
    row = connection.execute(
        f"""SELECT a.*, u.id AS url_id FROM urls u JOIN articles a ON a.id = u.article_id
        WHERE u.url = ? AND u.role IN {OWN_ROLES_SQL} AND u.outcome = 'gone'""",  # noqa: S608  a constant is put in
        (check.url,),
    ).fetchone()
    if check.outcome != "gone" or row is None or _article_history(connection, row["id"]).gone:
        return False
    connection.execute("UPDATE urls SET leads_to = NULL WHERE id = ?", (row["url_id"],))
    insert_gone_revision(connection, row, check.fetched_at, check.reason)
    return True


def insert_gone_revision(
    connection: sqlite3.Connection, article: sqlite3.Row, seen_at: str, reason: str | None
) -> None:
    """Insert a revision that says that an article was gone at a time."""
    _store_first_revision(connection, article, article_version_of_row(article))
    values = {"kinds": '["gone"]', "text": "", "gone_reason": reason}
    _insert_revision(connection, article["id"], seen_at, values)


def is_same_extractor(one: str | None, other: str | None) -> bool:
    """Return whether two versions were read in the same way; True where one is unknown.

    Rules of an outlet that matched nothing on one of the pages make another reader only if they
    should have given the text: that a page lost its byline is a change of the page.
    """
    return None in (one, other) or _reader_of_text(one) == _reader_of_text(other)


def _reader_of_text(extractor: str | None) -> tuple[str, bool]:
    """The extractor without the rules that matched nothing, and whether one for the text did."""
    reader, _, missing = (extractor or "").partition(NO_MATCH_MARK)
    return reader, "text" in missing.split(", ")


def _reextracted_version(
    connection: sqlite3.Connection,
    article_id: int,
    old: ArticleVersion,
    new: ArticleVersion,
    policy: RevisionPolicy,
) -> ArticleVersion:
    """Return the old version, extracted again if possible and if another extractor read it."""
    same_reader = is_same_extractor(old.extractor, new.extractor)
    if same_reader or old.digest is None or old.digest == new.digest or policy.reread is None:
        return old
    again = policy.reread(old.digest)
    if again is None:
        return old
    _replace_newest_revision(connection, article_id, again)
    return again


def article_version_of_row(row: ArticleColumns) -> ArticleVersion:
    """Return the version in a row of `articles`."""
    values = {field.name: row[field.name] for field in fields(ArticleVersion)}
    return ArticleVersion(**values | {"free": None if row["free"] is None else bool(row["free"])})


def article_version(article: Article, fingerprint: str) -> ArticleVersion:
    """Return the version in an extracted article."""
    row = {field.name: getattr(article, field.name, None) for field in fields(ArticleVersion)}
    authors = json.dumps(article.authors, ensure_ascii=False)
    return article_version_of_row(row | {"fingerprint": fingerprint, "authors": authors})


def _article_history(connection: sqlite3.Connection, article_id: int) -> ArticleHistory:
    """Return the history of an article."""
    rows = connection.execute(
        """SELECT number, headline, standfirst, byline, fingerprint, kinds FROM revisions
        WHERE article_id = ? ORDER BY number""",
        (article_id,),
    ).fetchall()
    held = connection.execute(
        "SELECT text FROM unconfirmed_revisions WHERE article_id = ?", (article_id,)
    ).fetchone()
    earlier = tuple(_earlier_revision(row) for row in rows if not _is_gone_revision(row))
    return ArticleHistory(
        earlier, held["text"] if held else None, bool(rows) and _is_gone_revision(rows[-1])
    )


def _is_gone_revision(row: sqlite3.Row) -> bool:
    """Return whether a revision says that the article is gone."""
    return "gone" in json.loads(row["kinds"])


def _earlier_revision(row: sqlite3.Row) -> EarlierRevision:
    """Return the fields of a revision that are compared."""
    return EarlierRevision(
        **{name: row[name] for name in EARLIER_COLUMNS}, returned=_is_restored_revision(row)
    )


def _is_restored_revision(row: sqlite3.Row) -> bool:
    """Return whether a revision restored an earlier text; a return after `gone` does not count."""
    kinds = json.loads(row["kinds"])
    return "restored" in kinds and len(kinds) > 1


def _hold_version(connection: sqlite3.Connection, article_id: int, new: ArticleVersion) -> None:
    """Store a shortened version until a second fetch confirms it."""
    connection.execute(
        """INSERT INTO unconfirmed_revisions (article_id, seen_at, text, digest) VALUES (?, ?, ?, ?)
        ON CONFLICT (article_id) DO UPDATE
          SET seen_at = excluded.seen_at, text = excluded.text, digest = excluded.digest""",
        (article_id, new.fetched_at, new.text, new.digest),
    )


def _store_first_revision(
    connection: sqlite3.Connection, article: ArticleColumns, version: ArticleVersion
) -> None:
    """Make the current article revision 1 if it has no revisions."""
    if not connection.execute(
        "SELECT 1 FROM revisions WHERE article_id = ?", (article["id"],)
    ).fetchone():
        _insert_revision(
            connection, int(article["id"]), article["fetched_at"], _extracted_values(version)
        )


def _store_next_revision(
    connection: sqlite3.Connection,
    article_id: int,
    old: ArticleVersion,
    new: ArticleVersion,
    verdict: RevisionVerdict,
) -> None:
    """Store a new revision."""
    compared = diff_texts(old.text, new.text)
    change = {
        "kinds": json.dumps(verdict.kinds),
        "stealth": verdict.stealth,
        "restores": verdict.restores,
        "words_added": compared.words_added,
        "words_removed": compared.words_removed,
    }
    _insert_revision(connection, article_id, new.fetched_at, change | _extracted_values(new))


def _extracted_values(version: ArticleVersion) -> dict[str, Any]:
    """Return the columns of a version."""
    return {name: getattr(version, name) for name in EXTRACTED_COLUMNS}


def _insert_revision(
    connection: sqlite3.Connection, article_id: int, seen_at: str | None, values: dict[str, Any]
) -> None:
    """Insert the next revision of an article."""
    newest = connection.execute(
        "SELECT max(number) FROM revisions WHERE article_id = ?", (article_id,)
    ).fetchone()[0]
    row = {"article_id": article_id, "number": (newest or 0) + 1, "seen_at": seen_at} | values
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    # our own names
    connection.execute(f"INSERT INTO revisions ({names}) VALUES ({marks})", row)  # noqa: S608


def _replace_newest_revision(
    connection: sqlite3.Connection, article_id: int, again: ArticleVersion
) -> None:
    """Replace the text of the newest revision by a new extraction; `seen_at` and `kinds` stay."""
    changes = ", ".join(f"{name} = :{name}" for name in EXTRACTED_COLUMNS)
    connection.execute(
        f"""UPDATE revisions SET {changes} WHERE id = (
          SELECT id FROM revisions WHERE article_id = :article_id AND kinds <> '["gone"]'
          ORDER BY number DESC LIMIT 1
        )""",  # noqa: S608  our own names
        _extracted_values(again) | {"article_id": article_id},
    )


def fetch_history(connection: sqlite3.Connection, url: str) -> FetchHistory | None:
    """Return the history of the article's page at a URL; None if no article was read there."""
    row = connection.execute(
        f"""SELECT u.id, a.published_at, a.fetched_at,
          (SELECT min(fetched_at) FROM fetches WHERE url_id = u.id) AS first_seen,
          (SELECT max(seen_at) FROM revisions
            WHERE article_id = a.id AND number > 1) AS changed_at,
          EXISTS (SELECT 1 FROM unconfirmed_revisions WHERE article_id = a.id) AS held
        FROM urls u JOIN articles a ON a.id = u.article_id
        WHERE u.url = ? AND u.role IN {OWN_ROLES_SQL}""",  # noqa: S608  a constant is put in
        (url,),
    ).fetchone()
    if row is None:
        return None
    last = connection.execute(
        "SELECT status FROM fetches WHERE url_id = ? ORDER BY fetched_at DESC, id DESC LIMIT 2",
        (row["id"],),
    )
    return FetchHistory(
        first_seen=row["first_seen"] or row["fetched_at"],
        published_at=row["published_at"],
        changed_at=row["changed_at"],
        held=bool(row["held"]),
        statuses=tuple(check["status"] for check in last),
    )


# -- reading back ----------------------------------------------------------------------------------


def article_revisions(connection: sqlite3.Connection, article_id: int) -> list[Revision]:
    """The revisions of an article in order; an article that never changed has one.

    Raises ArchiveError if the article does not exist.
    """
    query = "SELECT * FROM revisions WHERE article_id = ? ORDER BY number"
    rows = connection.execute(query, (article_id,)).fetchall()
    if not rows:
        rows = connection.execute(
            """SELECT id AS article_id, 1 AS number, fetched_at AS seen_at, '[]' AS kinds,
              0 AS stealth, NULL AS restores, NULL AS words_added, NULL AS words_removed,
              NULL AS gone_reason, * FROM articles WHERE id = ?""",
            (article_id,),
        ).fetchall()
    if not rows:
        raise ArchiveError(
            f"there is no article {article_id}; `dateline search WORDS` finds the IDs of articles"
        )
    return [_revision_of_row(row) for row in rows]


def _revision_of_row(row: sqlite3.Row) -> Revision:
    """Return the revision in a row."""
    values = {field.name: row[field.name] for field in fields(Revision)}
    lists = {name: tuple(json.loads(row[name])) for name in ("kinds", "authors")}
    return Revision(**values | lists | {"stealth": bool(row["stealth"])})
