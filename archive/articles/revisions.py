"""What articles have said: every text that a reader could have seen, kept before a newer one takes
its place.

Whether a change is one is decided elsewhere (`pipelines.dedup.revisions`) and comes in as a
`Judge`. Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from archive.errors import ArchiveError
from archive.frontier.urls import OWN_ROLES
from archive.records import Article, Check, Outcome
from archive.text.diff import diff

Kind = Literal[
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
"""What a revision changed (`revisions.kinds`).

`headline`, `standfirst`, `byline`, `body`: what a reader reads · `cut`: most of the body went,
often behind a paywall · `correction`: a note that says so came with it · `typographic`: quotes,
dashes, case and the like alone · `gone`: two looks in a row met 404, 410 or 451, a page that says
"not found", or a front page · `restored`: it was gone, or reads as an earlier revision did.
"""

Decision = Literal["unchanged", "date-only", "reread", "revision", "held", "unreadable"]
"""What a new reading of a known article is.

`date-only`: the page's own dates moved, and nothing that one reads · `reread`: the same page, or
one read by another extractor: it takes the place of the old reading · `held`: most of the text is
missing; a second look decides · `unreadable`: a failed extraction.
"""

Columns = Mapping[str, Any] | sqlite3.Row
"""The columns of an article, by name."""

SHORT = ("number", "headline", "standfirst", "byline", "fingerprint")
"""What is asked of an earlier revision."""

READING = ("headline", "standfirst", "byline", "authors", "text", "fingerprint", "published_at", "stated_at", "modified_at", "digest", "extractor")  # fmt: skip  # noqa: E501
"""Columns that `articles` and `revisions` share: what was read."""


@dataclass(frozen=True, slots=True)
class Version:
    """One reading of an article, as far as it is compared."""

    text: str
    headline: str | None = None
    standfirst: str | None = None
    byline: str | None = None
    fingerprint: str = ""
    published_at: str | None = None
    modified_at: str | None = None
    stated_at: str | None = None
    """What the page itself says of its publication; '' if nothing, None if that is not known."""
    fetched_at: str | None = None
    digest: str | None = None
    extractor: str | None = None
    free: bool | None = None
    authors: str = "[]"
    """A JSON list."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier revision said, in short."""

    number: int
    headline: str | None
    standfirst: str | None
    byline: str | None
    fingerprint: str
    returned: bool = False
    """It read as an earlier one did."""


@dataclass(frozen=True, slots=True)
class Past:
    """What came before the newest reading of an article."""

    earlier: tuple[Earlier, ...] = ()
    """Its revisions with a text, by number; none if it never changed."""
    held: str | None = None
    """The text of a loss that waits for a second look."""
    gone: bool = False
    """The newest revision says that the article is gone."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a new reading is, and why."""

    decision: Decision
    kinds: tuple[Kind, ...] = ()
    stealth: bool = False
    restores: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """What the archive asks and does not know itself."""

    verdict: Callable[[Version, Version, Past], Verdict]
    """(old, new, what was before) → what the new one is: `pipelines.dedup.revisions.judge`."""
    reread: Callable[[str], Version | None] | None = None
    """The digest of a capture → how today's extractor reads it; None where the page was not kept.
    Without it, what a page changed while the extractor changed too cannot be told."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a new reading of a known article."""

    outcome: Outcome
    takes: Literal["all", "dates", "nothing"]
    """What the article's own row takes from it."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """One text of an article and how it came about; `kinds` is empty for the first."""

    article_id: int
    number: int
    seen_at: str
    kinds: tuple[Kind, ...]
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
    how: str | None = None
    """How it was gone: the status, or where its address led."""
    stated_at: str | None = None
    """What the page itself said of its publication; '' if nothing, None if that is not known."""

    @property
    def gone(self) -> bool:
        return "gone" in self.kinds


@dataclass(frozen=True, slots=True)
class Looks:
    """What there is to know when the next look at an article's page is set."""

    first_seen: str
    published_at: str | None = None
    changed_at: str | None = None
    """When the newest revision was seen; None if it never changed."""
    held: bool = False
    """A loss waits to be seen again."""
    statuses: tuple[int | None, ...] = ()
    """HTTP status of the last looks, the newest first."""


# -- keeping ---------------------------------------------------------------------------------------


def keep_revision(
    connection: sqlite3.Connection, article: Columns, row: Columns, judge: Judge
) -> Kept:
    """Judge a new reading of a known article, and keep what has to be kept before the article's row
    changes.

    `article` is the row of `articles` as it stands, `row` the same columns as they were read now.
    """
    article_id, old, new = int(article["id"]), version_of_row(article), version_of_row(row)
    old = _as_read_today(connection, article_id, old, new, judge)
    verdict = judge.verdict(old, new, _past(connection, article_id))
    if verdict.decision == "held":
        _hold(connection, article_id, new)
        return Kept("unchanged", "nothing", verdict.reason)
    if verdict.decision == "unreadable":
        return Kept("not article", "nothing", verdict.reason)
    connection.execute("DELETE FROM held WHERE article_id = ?", (article_id,))
    if verdict.decision == "revision":
        _first(connection, article, old)
        _add(
            connection,
            article_id,
            old,
            replace(new, headline=new.headline or old.headline),
            verdict,
        )
        return Kept("changed", "all")
    if verdict.decision == "reread":
        _replace(connection, article_id, new)
        return Kept("unchanged", "all", verdict.reason)
    return Kept(
        "unchanged", "dates" if verdict.decision == "date-only" else "nothing", verdict.reason
    )


def keep_gone(connection: sqlite3.Connection, check: Check) -> bool:
    """Keep that an article is gone, once two looks in a row said so; call it before the check is
    noted.

    True if this look made it a revision.
    """
    row = connection.execute(
        f"""SELECT a.*, u.id AS url_id FROM urls u JOIN articles a ON a.id = u.article_id
        WHERE u.url = ? AND u.role IN {OWN_ROLES} AND u.outcome = 'gone'""",  # noqa: S608  a constant is put in
        (check.url,),
    ).fetchone()
    if check.outcome != "gone" or row is None or _past(connection, row["id"]).gone:
        return False
    connection.execute("UPDATE urls SET leads_to = NULL WHERE id = ?", (row["url_id"],))
    _first(connection, row, version_of_row(row))
    _insert(
        connection,
        row["id"],
        check.checked_at,
        {"kinds": '["gone"]', "text": "", "how": check.reason},
    )
    return True


def _as_read_today(
    connection: sqlite3.Connection, article_id: int, old: Version, new: Version, judge: Judge
) -> Version:
    """The old reading; if another extractor made it, the old page as this one reads it, if that can
    be had."""
    same_reader = None in (old.extractor, new.extractor) or old.extractor == new.extractor
    if same_reader or old.digest is None or old.digest == new.digest or judge.reread is None:
        return old
    again = judge.reread(old.digest)
    if again is None:
        return old
    _replace(connection, article_id, again)
    return again


def version_of_row(row: Columns) -> Version:
    """The columns of an article, as they are compared."""
    values = {field.name: row[field.name] for field in fields(Version)}
    return Version(**values | {"free": None if row["free"] is None else bool(row["free"])})


def version(article: Article, fingerprint: str) -> Version:
    """An article that was read, as it is compared."""
    row = {field.name: getattr(article, field.name, None) for field in fields(Version)}
    return version_of_row(
        row
        | {"fingerprint": fingerprint, "authors": json.dumps(article.authors, ensure_ascii=False)}
    )


def _past(connection: sqlite3.Connection, article_id: int) -> Past:
    rows = connection.execute(
        """SELECT number, headline, standfirst, byline, fingerprint, kinds FROM revisions
        WHERE article_id = ? ORDER BY number""",
        (article_id,),
    ).fetchall()
    held = connection.execute(
        "SELECT text FROM held WHERE article_id = ?", (article_id,)
    ).fetchone()
    earlier = tuple(_earlier(row) for row in rows if not _is_gone(row))
    return Past(earlier, held["text"] if held else None, bool(rows) and _is_gone(rows[-1]))


def _is_gone(row: sqlite3.Row) -> bool:
    return "gone" in json.loads(row["kinds"])


def _earlier(row: sqlite3.Row) -> Earlier:
    return Earlier(**{name: row[name] for name in SHORT}, returned=_returned(row))


def _returned(row: sqlite3.Row) -> bool:
    """Whether a revision was a change back; what was gone and came again as it was is none."""
    kinds = json.loads(row["kinds"])
    return "restored" in kinds and len(kinds) > 1


def _hold(connection: sqlite3.Connection, article_id: int, new: Version) -> None:
    connection.execute(
        """INSERT INTO held (article_id, seen_at, text, digest) VALUES (?, ?, ?, ?)
        ON CONFLICT (article_id) DO UPDATE
          SET seen_at = excluded.seen_at, text = excluded.text, digest = excluded.digest""",
        (article_id, new.fetched_at, new.text, new.digest),
    )


def _first(connection: sqlite3.Connection, article: Columns, version: Version) -> None:
    """The article as it stands becomes revision 1, if it has none."""
    if not connection.execute(
        "SELECT 1 FROM revisions WHERE article_id = ?", (article["id"],)
    ).fetchone():
        _insert(connection, int(article["id"]), article["fetched_at"], _reading(version))


def _add(
    connection: sqlite3.Connection, article_id: int, old: Version, new: Version, verdict: Verdict
) -> None:
    compared = diff(old.text, new.text)
    told = {
        "kinds": json.dumps(verdict.kinds),
        "stealth": verdict.stealth,
        "restores": verdict.restores,
        "words_added": compared.words_added,
        "words_removed": compared.words_removed,
    }
    _insert(connection, article_id, new.fetched_at, told | _reading(new))


def _reading(version: Version) -> dict[str, Any]:
    return {name: getattr(version, name) for name in READING}


def _insert(
    connection: sqlite3.Connection, article_id: int, seen_at: str | None, values: dict[str, Any]
) -> None:
    newest = connection.execute(
        "SELECT max(number) FROM revisions WHERE article_id = ?", (article_id,)
    ).fetchone()[0]
    row = {"article_id": article_id, "number": (newest or 0) + 1, "seen_at": seen_at} | values
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    # our own names
    connection.execute(f"INSERT INTO revisions ({names}) VALUES ({marks})", row)  # noqa: S608


def _replace(connection: sqlite3.Connection, article_id: int, again: Version) -> None:
    """The newest text was read anew; when it was seen and what changed then stays."""
    changes = ", ".join(f"{name} = :{name}" for name in READING)
    connection.execute(
        f"""UPDATE revisions SET {changes} WHERE id = (
          SELECT id FROM revisions WHERE article_id = :article_id AND kinds <> '["gone"]' ORDER BY number DESC LIMIT 1
        )""",  # noqa: S608  our own names
        _reading(again) | {"article_id": article_id},
    )


def looks(connection: sqlite3.Connection, url: str) -> Looks | None:
    """What there is to know of the page at a URL; None if it is no article's own."""
    row = connection.execute(
        f"""SELECT u.id, a.published_at, (SELECT min(checked_at) FROM checks WHERE url_id = u.id) AS first_seen,
          a.fetched_at, (SELECT max(seen_at) FROM revisions WHERE article_id = a.id AND number > 1) AS changed_at,
          EXISTS (SELECT 1 FROM held WHERE article_id = a.id) AS held
        FROM urls u JOIN articles a ON a.id = u.article_id WHERE u.url = ? AND u.role IN {OWN_ROLES}""",  # noqa: S608
        (url,),
    ).fetchone()
    if row is None:
        return None
    last = connection.execute(
        "SELECT status FROM checks WHERE url_id = ? ORDER BY id DESC LIMIT 2", (row["id"],)
    )
    return Looks(
        first_seen=row["first_seen"] or row["fetched_at"],
        published_at=row["published_at"],
        changed_at=row["changed_at"],
        held=bool(row["held"]),
        statuses=tuple(check["status"] for check in last),
    )


# -- reading back ----------------------------------------------------------------------------------


def revisions_of(connection: sqlite3.Connection, article_id: int) -> list[Revision]:
    """The revisions of an article, the first first; one that never changed has the one. Raises
    ArchiveError."""
    query = "SELECT * FROM revisions WHERE article_id = ? ORDER BY number"
    rows = connection.execute(query, (article_id,)).fetchall()
    if not rows:
        rows = connection.execute(
            """SELECT id AS article_id, 1 AS number, fetched_at AS seen_at, '[]' AS kinds, 0 AS stealth,
            NULL AS restores, NULL AS words_added, NULL AS words_removed, NULL AS how, * FROM articles WHERE id = ?""",
            (article_id,),
        ).fetchall()
    if not rows:
        raise ArchiveError(
            f"there is no article {article_id}; `dateline search WORDS` finds the IDs of articles"
        )
    return [_revision(row) for row in rows]


def _revision(row: sqlite3.Row) -> Revision:
    values = {field.name: row[field.name] for field in fields(Revision)}
    lists = {name: tuple(json.loads(row[name])) for name in ("kinds", "authors")}
    return Revision(**values | lists | {"stealth": bool(row["stealth"])})
