"""The changes that outlets made to articles after publication, for a story's page and dossier."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

CHANGES_OF_ARTICLES_SQL = """
SELECT r.article_id, r.number, r.seen_at, r.kinds, r.stealth, r.words_added, r.words_removed, r.gone_reason,
       r.headline, r.digest, p.number AS earlier_number, p.headline AS earlier_headline,
       p.digest AS earlier_digest, a.headline AS article_headline, a.url, a.language, o.host AS outlet,
       coalesce(o.name, o.host) AS outlet_name
FROM json_each(:ids) AS asked
CROSS JOIN revisions r ON r.article_id = asked.value AND r.number > 1
JOIN articles a ON a.id = r.article_id JOIN outlets o ON o.id = a.outlet_id
LEFT JOIN revisions p ON p.article_id = r.article_id AND p.number = (
  SELECT max(number) FROM revisions q
  WHERE q.article_id = r.article_id AND q.number < r.number AND q.kinds NOT LIKE '%"gone"%'
)
ORDER BY r.seen_at DESC, r.id DESC"""

CHANGE_KIND_LABELS = {
    "headline": "headline",
    "standfirst": "standfirst",
    "byline": "byline",
    "body": "text",
    "cut": "most of the text removed",
    "correction": "correction",
    "typographic": "typography only",
    "restored": "an earlier version again",
    "gone": "page gone",
}
"""The kinds of change in words."""


@dataclass(frozen=True, slots=True)
class ArticleChange:
    """One change of a published article."""

    article_id: int
    number: int
    """The revision that it made."""
    earlier_number: int | None
    """The revision before it that has a text."""
    seen_at: str
    """When the changed page was first fetched, UTC."""
    kinds: tuple[str, ...]
    """As in `revisions.kinds`."""
    silent: bool
    """True if the page's own date did not change."""
    words_added: int | None
    words_removed: int | None
    headline_before: str | None
    """The headline before; None if it did not change."""
    headline_after: str | None
    headline: str
    """The article's headline now."""
    sha256_before: str | None
    sha256_after: str | None
    outlet: str
    outlet_name: str
    language: str | None
    reason: str | None
    """The way in which the page disappeared."""

    @property
    def is_gone(self) -> bool:
        """True if the page disappeared."""
        return "gone" in self.kinds

    @property
    def manner(self) -> str:
        """The manner of the change: `silently`, `openly`, `with a correction`, or `page gone`."""
        if self.is_gone:
            return "page gone"
        if self.silent:
            return "silently"
        return "with a correction" if "correction" in self.kinds else "openly"

    @property
    def kinds_in_words(self) -> str:
        """The changed parts, such as `headline, text`, or how the page disappeared."""
        if self.is_gone:
            return self.reason or "HTTP 404, 410 or 451"
        return ", ".join(CHANGE_KIND_LABELS.get(kind, kind) for kind in self.kinds)

    @property
    def words(self) -> str:
        """The words added and removed, as `+12 −4 words`, or empty."""
        if self.words_added is None or self.is_gone:
            return ""
        return f"+{self.words_added:,} −{self.words_removed or 0:,} words"


def changes_of_articles(connection: sqlite3.Connection, ids: Iterable[int]) -> list[ArticleChange]:
    """Return the changes of articles, the newest first."""
    asked = {"ids": json.dumps(list(ids))}
    return [_change_of_row(row) for row in connection.execute(CHANGES_OF_ARTICLES_SQL, asked)]


def _change_of_row(row: sqlite3.Row) -> ArticleChange:
    kinds = tuple(json.loads(row["kinds"]))
    reworded = "gone" not in kinds and row["headline"] != row["earlier_headline"]
    return ArticleChange(
        article_id=row["article_id"],
        number=row["number"],
        earlier_number=row["earlier_number"],
        seen_at=row["seen_at"],
        kinds=kinds,
        silent=bool(row["stealth"]),
        words_added=row["words_added"],
        words_removed=row["words_removed"],
        headline_before=row["earlier_headline"] if reworded else None,
        headline_after=row["headline"] if reworded else None,
        headline=row["article_headline"] or row["url"],
        sha256_before=row["earlier_digest"],
        sha256_after=row["digest"],
        outlet=row["outlet"],
        outlet_name=row["outlet_name"],
        language=row["language"],
        reason=row["gone_reason"],
    )
