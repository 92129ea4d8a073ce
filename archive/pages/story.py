"""A story over time: its coverage, who ran whose text how much later, and a person's word on what
belongs."""

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
from archive.text.formatting import as_utc, direction, query, span
from archive.text.formatting import texts as listed

Row = dict[str, Any]

PAGE = 25
"""Texts on a page."""
SPREADS = 6
"""Texts of which is told how they went round, those of most outlets first."""
RAN = 12
"""Outlets named of each."""
TERMS = 6
CHOICES = 30
"""Outlets that the filter offers, those with most articles first."""

MEMBERS = """
WITH rejected AS MATERIALIZED (
  SELECT w.text_id FROM story_articles n JOIN versions w ON w.article_id = n.article_id
  WHERE n.story_id = :story AND n.verdict = 'not'
), members AS (
  SELECT a.id, coalesce(t.original_id, a.id) AS original_id, m.probability, m.tier, m.part, m.verdict, m.terms,
         m.nearest_id, m.found_at,
         o.host AS outlet, o.name AS outlet_name, a.headline, a.published_at, a.language, a.url
  FROM story_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
  LEFT JOIN versions v ON v.article_id = a.id LEFT JOIN texts t ON t.id = v.text_id
  WHERE m.story_id = :story AND (m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely')
    AND (v.text_id IS NULL OR v.text_id NOT IN (SELECT text_id FROM rejected))))
)
"""
"""The view `story_coverage` of one story: what was rejected is looked up once, not for each
article."""

# our own
COVERAGE = MEMBERS + "SELECT * FROM members ORDER BY published_at IS NULL, published_at, id"  # noqa: S608

OF_PAGE = """SELECT id, original_id, probability, tier, part, verdict, nearest_id, outlet, outlet_name,
coalesce(headline, url) AS headline, published_at, language
FROM members ORDER BY published_at IS NULL, published_at, id"""
"""What is asked of every article: a story may have thousands, and a page needs the rest of a
few."""

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
SELECT p.id, p.headline, p.url, p.outlet, coalesce(p.outlet_name, p.outlet) AS outlet_name, p.published_at, p.language,
       p.probability, n.id AS nearest_id, n.headline AS nearest
FROM story_perhaps p LEFT JOIN articles n ON n.id = p.nearest_id
WHERE p.story_id = ? ORDER BY p.probability DESC LIMIT 50"""

NEAREST = "SELECT id, coalesce(headline, url) AS headline FROM articles WHERE id IN (SELECT value FROM json_each(?))"

PARTS = {
    "event": "the same event",
    "development": "another development",
    "background": "background",
}
"""What an article is to the story, as readers say it."""

LEFT_OUT = """
SELECT a.id, a.headline, a.url, coalesce(o.name, o.host) AS outlet_name, m.judged_at
FROM story_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
WHERE m.story_id = ? AND m.verdict = 'not' ORDER BY m.judged_at DESC LIMIT 50"""


@dataclass(frozen=True, slots=True)
class Filters(asked.Filters):
    """Which part of a story's coverage is shown; days are `2024-02-15`, both included."""

    outlet: str = ""
    language: str = ""
    since: str = ""
    until: str = ""

    def keeps(self, row: sqlite3.Row) -> bool:
        """Whether an article is in that part; an undated one is in no span of time."""
        day = (row["published_at"] or "")[:10]
        timed = not (self.since or self.until) or bool(day)
        wanted = self.outlet in ("", row["outlet"]) and self.language in ("", row["language"])
        return (
            wanted
            and timed
            and (not self.since or day >= self.since)
            and (not self.until or day <= self.until)
        )


def story_page(
    connection: sqlite3.Connection, name: str, filters: Filters, page: int = 1
) -> Row | None:
    """All that the page of a story shows; None if no story is called so.

    `coverage` are the texts of one `page`, the newest first, each with its `copies`; `outlets` and
    `languages` are counted over the whole story, the rest over what the filters leave.
    """
    told = found_story(connection, name)
    if told is None:
        return None
    rows = connection.execute(MEMBERS + OF_PAGE, {"story": told.id}).fetchall()
    kept = [row for row in rows if filters.keeps(row)] if filters.given else rows
    texts = folded(kept)
    part, page, pages = asked.cut(texts[::-1], page, PAGE)
    shown = [as_row(text) for text in part]
    _tell_why(connection, told.id, shown)
    return {
        "story": told,
        "terms": _terms(connection, told, rows),
        "filters": filters.given,
        "articles": len(kept),
        "texts": len(texts),
        "outlets": Counter(row["outlet"] for row in rows).most_common(CHOICES),
        "languages": Counter(row["language"] for row in rows if row["language"]).most_common(),
        "timeline": timeline(_shown(connection, told.id, kept)),
        "spreads": spreads(texts),
        "coverage": shown,
        "page": page,
        "pages": pages,
        "older": query(filters.given, page=page + 1) if page < pages else None,
        "newer": query(filters.given, page=page - 1) if page > 1 else None,
        "perhaps": [dict(row) for row in connection.execute(PERHAPS, (told.id,))],
        "left_out": [dict(row) for row in connection.execute(LEFT_OUT, (told.id,))],
    }


def found_story(connection: sqlite3.Connection, name: str) -> Story | None:
    """The story of a name; None if there is none."""
    from archive.articles.stories import story

    try:
        found = story(connection, name)
    except UsageError:
        return None
    return found if found.name == name or found.name == slug(name) else None


def coverage(connection: sqlite3.Connection, story_id: int) -> list[sqlite3.Row]:
    """Every article of a story in time order, copies among them, undated ones last."""
    return connection.execute(COVERAGE, {"story": story_id}).fetchall()


Text = tuple[sqlite3.Row, list[sqlite3.Row]]
"""The article that stands for a text, and its copies."""


def as_row(text: Text) -> Row:
    """A text as the page lists it; of its `copies`, `others` are those of other outlets."""
    head, copies = text
    shown = [dict(copy) for copy in copies]
    others = [copy for copy in shown if copy["outlet"] != head["outlet"]]
    return dict(head) | {
        "direction": direction(head["language"]),
        "copies": shown,
        "others": others,
    }


def spreads(texts: Sequence[Text]) -> list[Row]:
    """Of texts that several outlets ran: the one that had it `first`, and how much `later` the
    `others` ran it."""
    several = [row for text in texts if (row := as_row(text))["others"]]
    several.sort(key=lambda row: -len(row["others"]))
    return [_spread(row) for row in several[:SPREADS]]


def _spread(head: Row) -> Row:
    """Whoever is the original is first; the hours of the others count from it, where both moments
    are known."""
    began = as_utc(head["published_at"]) if _has_hours(head) else None
    others = sorted(
        head["others"], key=lambda row: (row["published_at"] is None, row["published_at"] or "")
    )
    hours = [_hours(began, row) for row in others]
    most = max((each for each in hours if each), default=0) or 1
    ran = [
        row
        | {
            "later": None if late is None else _later(late),
            "share": 0 if not late else round(100 * max(late, 0) / most, 1),
        }
        for row, late in zip(others, hours, strict=True)
    ]
    return {"first": head, "others": ran[:RAN], "more": len(ran) - len(ran[:RAN])}


def _has_hours(row: Row) -> bool:
    return len(row["published_at"] or "") > len("2024-02-15")


def _hours(began: Any, row: Row) -> float | None:
    then = as_utc(row["published_at"]) if _has_hours(row) else None
    return (then - began).total_seconds() / 3600 if began and then else None


def _later(hours: float) -> str:
    if abs(hours) < 1 / 60:
        return "at the same minute"
    return f"{span(hours)} later" if hours > 0 else f"dated {span(-hours)} earlier"


def _shown(
    connection: sqlite3.Connection, story_id: int, rows: Iterable[sqlite3.Row]
) -> list[Shown]:
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
    """Tell why each article is in: in `terms` as it writes them, in `part` what it is to the story,
    and `nearest`."""
    from archive.exports.dossier import as_written

    ids = [row["id"] for row in rows]
    said = _beginnings(connection, ids)
    nearest = dict(
        connection.execute(NEAREST, (json.dumps([row["nearest_id"] for row in rows]),)).fetchall()
    )
    terms = dict(
        connection.execute(TERMS_OF.format(", ".join("?" * len(ids))), (story_id, *ids)).fetchall()
    )
    for row in rows:
        row["terms"] = list(as_written(listed(terms[row["id"]])[:TERMS], said.get(row["id"], "")))
        row["part"] = PARTS.get(row["part"], "")
        row["nearest"] = nearest.get(row["nearest_id"])


def _terms(connection: sqlite3.Connection, told: Story, rows: Sequence[sqlite3.Row]) -> list[str]:
    """The story's best terms, as its articles write them, those first that a person confirmed."""
    from archive.exports.dossier import as_written

    first = sorted(rows, key=lambda row: row["verdict"] is None)[:8]
    said = _beginnings(connection, [row["id"] for row in first])
    return list(as_written(told.terms[:16], "\n".join(said.values())))


def _beginnings(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(BEGINNINGS.format(marks), ids)
    found = {
        row["id"]: f"{row['headline'] or ''}\n{row['standfirst'] or ''}\n{row['text']}"
        for row in rows
    }
    return {id: found[id] for id in ids if id in found}


# -- a person's word -------------------------------------------------------------------------------

WORDS: dict[str, Verdict | None] = {"belongs": "belongs", "not": "not", "unsaid": None}
"""What a form may send, and what is kept."""


def say(
    connection: sqlite3.Connection,
    name: str,
    article_id: int,
    word: str,
    judge: Judge | None = None,
) -> str:
    """Keep a person's word on an article, and list the story anew by a judge; what came of it, in a
    sentence.

    Without a judge the next crawl makes the listing. Runs inside the caller's transaction. Raises
    UsageError for a story, an article or a word that there is not.
    """
    told = found_story(connection, name)
    if told is None or word not in WORDS:
        raise UsageError(
            f"{name}, {word}: no such story, or no such word; a word is {', '.join(WORDS)}"
        )
    if connection.execute("SELECT 1 FROM articles WHERE id = ?", (article_id,)).fetchone() is None:
        raise UsageError(f"{article_id}: no such article")
    before = _listed(connection, told.id)
    keep_word(connection, told.id, [article_id], WORDS[word])
    if judge is None:  # by this a crawl knows
        connection.execute("UPDATE stories SET newest_id = 0, stale = 1 WHERE id = ?", (told.id,))
        return "Kept. The next crawl makes the listing of this story anew."
    relist(connection, told.id, judge)
    after = _listed(connection, told.id)
    more, fewer = len(after - before), len(before - after)
    now = f"{len(after):,} articles now, {more:,} more and {fewer:,} fewer than before"
    return f"Kept, and the story is listed anew: {now}."


def _listed(connection: sqlite3.Connection, story_id: int) -> set[int]:
    return {
        int(row[0])
        for row in connection.execute(
            "SELECT id FROM story_coverage WHERE story_id = ?", (story_id,)
        )
    }
