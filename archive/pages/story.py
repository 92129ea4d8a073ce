"""The page of a story: its coverage over time, its copies, and a person's verdicts."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from archive.articles.stories import Judge, Story, Verdict, folded, relist, slug
from archive.articles.stories import say as keep_word
from archive.errors import UsageError
from archive.pages import filters as asked
from archive.pages.charts import Shown, timeline
from archive.queries.lookup import Row
from archive.text.formatting import as_utc, direction, query, span
from archive.text.formatting import texts as listed

PAGE = 25
"""Texts per page."""
SPREADS = 6
"""Texts whose spread among outlets is shown, those of most outlets first."""
RAN = 12
"""Outlets named for each of these texts."""
TERMS = 6
"""Terms shown for each article."""
CHOICES = 30
"""Outlets that the filter offers, those with most articles first."""

MEMBERS = """
WITH rejected AS MATERIALIZED (
  SELECT w.text_id FROM story_articles n JOIN versions w ON w.article_id = n.article_id
  WHERE n.story_id = :story AND n.verdict = 'not'
), members AS (
  SELECT a.id, coalesce(t.original_id, a.id) AS original_id, m.probability, m.tier, m.part,
         m.verdict, m.terms, m.nearest_id, m.found_at,
         o.host AS outlet, o.name AS outlet_name, a.headline, a.published_at, a.language, a.url
  FROM story_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
  LEFT JOIN versions v ON v.article_id = a.id LEFT JOIN texts t ON t.id = v.text_id
  WHERE m.story_id = :story AND (m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely')
    AND (v.text_id IS NULL OR v.text_id NOT IN (SELECT text_id FROM rejected))))
)
"""
"""The view `story_coverage` for one story; rejected texts are looked up once, not per article."""

COVERAGE = MEMBERS + "SELECT * FROM members ORDER BY published_at IS NULL, published_at, id"  # noqa: S608

OF_PAGE = """SELECT id, original_id, probability, tier, part, verdict, nearest_id, outlet, outlet_name,
coalesce(headline, url) AS headline, published_at, language
FROM members ORDER BY published_at IS NULL, published_at, id"""
"""The columns needed of every article: a story may have thousands, and only a few of them need the
rest."""

WHOSE = """
SELECT a.id, o.host FROM articles a JOIN outlets o ON o.id = a.outlet_id
WHERE a.id IN (SELECT value FROM json_each(?))"""

TERMS_OF = "SELECT article_id, terms FROM story_articles WHERE story_id = ? AND article_id IN ({})"

REVISED = """
SELECT r.article_id, r.seen_at FROM story_articles m JOIN revisions r ON r.article_id = m.article_id
WHERE m.story_id = ? AND r.number > 1 ORDER BY r.seen_at"""

BEGINNINGS = (
    "SELECT id, headline, standfirst, substr(text, 1, 700) AS text FROM articles WHERE id IN ({})"
)

PERHAPS = """
SELECT p.id, p.headline, p.url, p.outlet, coalesce(p.outlet_name, p.outlet) AS outlet_name,
       p.published_at, p.language, p.probability, n.id AS nearest_id, n.headline AS nearest
FROM story_perhaps p LEFT JOIN articles n ON n.id = p.nearest_id
WHERE p.story_id = ? ORDER BY p.probability DESC LIMIT 50"""

NEAREST = "SELECT id, coalesce(headline, url) AS headline FROM articles WHERE id IN (SELECT value FROM json_each(?))"

PARTS = {
    "event": "the same event",
    "development": "another development",
    "background": "background",
}
"""An article's relation to the story, in words."""

LEFT_OUT = """
SELECT a.id, a.headline, a.url, coalesce(o.name, o.host) AS outlet_name, m.judged_at
FROM story_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
WHERE m.story_id = ? AND m.verdict = 'not' ORDER BY m.judged_at DESC LIMIT 50"""


@dataclass(frozen=True, slots=True)
class Filters(asked.Filters):
    """The part of a story's coverage to show; days are `2024-02-15`, both inclusive."""

    outlet: str = ""
    language: str = ""
    since: str = ""
    until: str = ""

    def keeps(self, row: sqlite3.Row) -> bool:
        """Return True if the filters let an article through; an undated one is in no time span."""
        if self.outlet not in ("", row["outlet"]) or self.language not in ("", row["language"]):
            return False
        if not (self.since or self.until):
            return True
        day = (row["published_at"] or "")[:10]
        return bool(day) and day >= self.since and (not self.until or day <= self.until)


def story_page(
    connection: sqlite3.Connection, name: str, filters: Filters, page: int = 1
) -> Row | None:
    """Return everything that the page of a story shows, or None for an unknown name.

    `coverage` lists the texts of one `page`, newest first, each with its `copies`. `outlets` and
    `languages` count the whole story; everything else follows the filters.
    """
    story = found_story(connection, name)
    if story is None:
        return None
    rows = connection.execute(MEMBERS + OF_PAGE, {"story": story.id}).fetchall()
    selected = [row for row in rows if filters.keeps(row)] if filters.given else rows
    texts = folded(selected)
    part, page, pages = asked.cut(texts[::-1], page, PAGE)
    shown = [as_row(text) for text in part]
    _tell_why(connection, story.id, shown)
    return {
        "story": story,
        "terms": _terms(connection, story, rows),
        "filters": filters.given,
        "articles": len(selected),
        "texts": len(texts),
        "outlets": Counter(row["outlet"] for row in rows).most_common(CHOICES),
        "languages": Counter(row["language"] for row in rows if row["language"]).most_common(),
        "timeline": timeline(_shown(connection, story.id, selected)),
        "spreads": spreads(texts),
        "coverage": shown,
        "page": page,
        "pages": pages,
        "older": query(filters.given, page=page + 1) if page < pages else None,
        "newer": query(filters.given, page=page - 1) if page > 1 else None,
        "perhaps": [dict(row) for row in connection.execute(PERHAPS, (story.id,))],
        "left_out": [dict(row) for row in connection.execute(LEFT_OUT, (story.id,))],
    }


def found_story(connection: sqlite3.Connection, name: str) -> Story | None:
    """Return the story of this name, or None."""
    from archive.articles.stories import story

    try:
        found = story(connection, name)
    except UsageError:
        return None
    return found if found.name == name or found.name == slug(name) else None


def coverage(connection: sqlite3.Connection, story_id: int) -> list[sqlite3.Row]:
    """Return every article of a story in time order, including copies, undated ones last."""
    return connection.execute(COVERAGE, {"story": story_id}).fetchall()


Text = tuple[sqlite3.Row, list[sqlite3.Row]]
"""The article that represents a text, and its copies."""


def as_row(text: Text) -> Row:
    """Return a text as the page lists it, with its `copies`.

    `others` are the copies that other outlets published.
    """
    head, copies = text
    shown = [dict(copy) for copy in copies]
    others = [copy for copy in shown if copy["outlet"] != head["outlet"]]
    return dict(head) | {
        "direction": direction(head["language"]),
        "copies": shown,
        "others": others,
    }


def spreads(texts: Sequence[Text]) -> list[Row]:
    """Return the texts that most outlets published, each with its spread.

    `first` is the original; each of the `others` says how much `later` its outlet published.
    """
    copied = [row for row in map(as_row, texts) if row["others"]]
    copied.sort(key=lambda row: -len(row["others"]))
    return [_spread(row) for row in copied[:SPREADS]]


def _spread(head: Row) -> Row:
    """Return the spread of one text, in hours after its original where both times are known."""
    began = as_utc(head["published_at"]) if _has_hours(head) else None
    others = sorted(
        head["others"], key=lambda row: (row["published_at"] is None, row["published_at"] or "")
    )
    hours = [_hours(began, row) for row in others]
    longest = max((each for each in hours if each), default=0) or 1
    copies = []
    for row, late in zip(others, hours, strict=True):
        later = None if late is None else _later(late)
        share = round(100 * max(late, 0) / longest, 1) if late else 0
        copies.append(row | {"later": later, "share": share})
    return {"first": head, "others": copies[:RAN], "more": len(copies[RAN:])}


def _has_hours(row: Row) -> bool:
    """Return True if the publication date has a time of day."""
    return len(row["published_at"] or "") > len("2024-02-15")


def _hours(began: Any, row: Row) -> float | None:
    """Return the hours from the original to this article, or None if a time is unknown."""
    then = as_utc(row["published_at"]) if _has_hours(row) else None
    return (then - began).total_seconds() / 3600 if began and then else None


def _later(hours: float) -> str:
    if abs(hours) < 1 / 60:
        return "in the same minute"
    return f"{span(hours)} later" if hours > 0 else f"dated {span(-hours)} earlier"


def _shown(
    connection: sqlite3.Connection, story_id: int, rows: Iterable[sqlite3.Row]
) -> list[Shown]:
    """Return a story's articles as the timeline needs them."""
    revised: dict[int, list[str]] = {}
    for article_id, seen_at in connection.execute(REVISED, (story_id,)):
        revised.setdefault(article_id, []).append(seen_at)
    rows = list(rows)
    originals = json.dumps(list({row["original_id"] for row in rows}))
    whose = dict(connection.execute(WHOSE, (originals,)).fetchall())
    return [
        Shown(
            row["id"],
            row["outlet_name"] or row["outlet"],
            row["headline"],
            row["published_at"],
            whose.get(row["original_id"], row["outlet"]) != row["outlet"],
            tuple(revised.get(row["id"], ())),
        )
        for row in rows
    ]


def _tell_why(connection: sqlite3.Connection, story_id: int, rows: Sequence[Row]) -> None:
    """Add to each article why it is listed.

    `terms` are the shared terms as it writes them, `part` is its relation to the story, and
    `nearest` the most similar article.
    """
    from archive.exports.dossier import as_written

    ids = [row["id"] for row in rows]
    beginnings = _beginnings(connection, ids)
    nearest_ids = json.dumps([row["nearest_id"] for row in rows])
    nearest = dict(connection.execute(NEAREST, (nearest_ids,)).fetchall())
    query = TERMS_OF.format(", ".join("?" * len(ids)))
    terms = dict(connection.execute(query, (story_id, *ids)).fetchall())
    for row in rows:
        best_terms = listed(terms[row["id"]])[:TERMS]
        row["terms"] = list(as_written(best_terms, beginnings.get(row["id"], "")))
        row["part"] = PARTS.get(row["part"], "")
        row["nearest"] = nearest.get(row["nearest_id"])


def _terms(connection: sqlite3.Connection, story: Story, rows: Sequence[sqlite3.Row]) -> list[str]:
    """Return the story's best terms as its articles write them, confirmed articles first."""
    from archive.exports.dossier import as_written

    confirmed_first = sorted(rows, key=lambda row: row["verdict"] is None)[:8]
    beginnings = _beginnings(connection, [row["id"] for row in confirmed_first])
    return list(as_written(story.terms[:16], "\n".join(beginnings.values())))


def _beginnings(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return headline, standfirst and first characters of articles by ID, in the given order."""
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(BEGINNINGS.format(marks), ids)
    found = {
        row["id"]: f"{row['headline'] or ''}\n{row['standfirst'] or ''}\n{row['text']}"
        for row in rows
    }
    return {id: found[id] for id in ids if id in found}


# -- verdicts --------------------------------------------------------------------------------------

WORDS: dict[str, Verdict | None] = {"belongs": "belongs", "not": "not", "unsaid": None}
"""What a form may send, and the verdict that is stored."""


def say(
    connection: sqlite3.Connection,
    name: str,
    article_id: int,
    word: str,
    judge: Judge | None = None,
) -> str:
    """Store a person's verdict on an article, list the story again, and say in a sentence what
    changed.

    Without a policy to judge by, the next crawl updates the listing. Runs inside the caller's
    transaction. Raises UsageError for an unknown story, article or verdict.
    """
    story = found_story(connection, name)
    if story is None or word not in WORDS:
        raise UsageError(
            f"{name}, {word}: no such story, or no such verdict; choose from {', '.join(WORDS)}"
        )
    if connection.execute("SELECT 1 FROM articles WHERE id = ?", (article_id,)).fetchone() is None:
        raise UsageError(f"{article_id}: no such article")
    before = _listed(connection, story.id)
    keep_word(connection, story.id, [article_id], WORDS[word])
    if judge is None:  # tells the next crawl to update the listing
        connection.execute("UPDATE stories SET newest_id = 0, stale = 1 WHERE id = ?", (story.id,))
        return "Saved. The next crawl updates this story's listing."
    relist(connection, story.id, judge)
    after = _listed(connection, story.id)
    more, fewer = len(after - before), len(before - after)
    now = f"{len(after):,} articles now, {more:,} more and {fewer:,} fewer than before"
    return f"Saved, and the story is listed again: {now}."


def _listed(connection: sqlite3.Connection, story_id: int) -> set[int]:
    """Return the IDs of the articles that a story lists."""
    return {
        int(row[0])
        for row in connection.execute(
            "SELECT id FROM story_coverage WHERE story_id = ?", (story_id,)
        )
    }
