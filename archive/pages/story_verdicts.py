"""A person's verdict on an article of a story, and what it changed in the listing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from archive.articles.stories import StoryPolicy, StoryVerdict, relist_story
from archive.articles.stories import save_verdict as keep_word
from archive.errors import UsageError
from archive.pages.story import HEADLINES_SQL, story_for_page
from archive.queries.lookup import PlainRow
from archive.text.numbers import parse_row_number

VERDICT_WORDS: dict[str, StoryVerdict | None] = {"belongs": "belongs", "not": "not", "unsaid": None}
"""Value of the form → saved verdict."""


@dataclass(frozen=True, slots=True)
class VerdictResult:
    """The effect of a verdict on a story's listing."""

    article_id: int
    before: str
    """The verdict before, as a key of `VERDICT_WORDS`."""
    relisted: bool
    """False if the next crawl updates the listing."""
    came: tuple[int, ...] = ()
    """Articles that are listed now, and were not before."""
    went: tuple[int, ...] = ()
    """Articles that are no longer listed."""


def store_page_verdict(
    connection: sqlite3.Connection,
    name: str,
    article_id: int,
    word: str,
    judge: StoryPolicy | None = None,
) -> VerdictResult:
    """Save a person's verdict on an article, renew the listing, and return what changed.

    Without a policy to judge by, the next crawl updates the listing. Runs inside the caller's
    transaction. Raises UsageError for an unknown story, article or verdict.
    """
    story = story_for_page(connection, name)
    if story is None or word not in VERDICT_WORDS:
        raise UsageError(
            f"{name}, {word}: no such story, or no such verdict; choose from {', '.join(VERDICT_WORDS)}"
        )
    if connection.execute("SELECT 1 FROM articles WHERE id = ?", (article_id,)).fetchone() is None:
        raise UsageError(f"{article_id}: no such article")
    earlier, before = _verdict_word(connection, story.id, article_id), _listed(connection, story.id)
    keep_word(connection, story.id, [article_id], VERDICT_WORDS[word])
    if judge is None:  # tells the next crawl to update the listing
        connection.execute("UPDATE stories SET newest_id = 0, stale = 1 WHERE id = ?", (story.id,))
    else:
        relist_story(connection, story.id, judge)
    after = _listed(connection, story.id)
    came, went = tuple(sorted(after - before)), tuple(sorted(before - after))
    return VerdictResult(article_id, earlier, judge is not None, came, went)


def _verdict_word(connection: sqlite3.Connection, story_id: int, article_id: int) -> str:
    """Return the present verdict on an article as a key of `VERDICT_WORDS`."""
    row = connection.execute(
        "SELECT verdict FROM story_articles WHERE story_id = ? AND article_id = ?",
        (story_id, article_id),
    ).fetchone()
    return row["verdict"] if row and row["verdict"] else "unsaid"


def _listed(connection: sqlite3.Connection, story_id: int) -> set[int]:
    """Return the IDs of the articles that a story lists."""
    return {
        int(row[0])
        for row in connection.execute(
            "SELECT id FROM story_coverage WHERE story_id = ?", (story_id,)
        )
    }


MAX_NAMED_CHANGES = 12
"""Articles that are named as new in the listing, or as gone from it."""

JUDGED_ARTICLE_SQL = """
SELECT a.id, coalesce(a.headline, a.url) AS headline, a.language, m.verdict
FROM articles a LEFT JOIN story_articles m ON m.article_id = a.id AND m.story_id = :story
WHERE a.id = :id"""


def verdict_query(result: VerdictResult) -> dict[str, str]:
    """Return the parts of a query string by which the page tells what a verdict changed."""
    others = {
        "came": [id for id in result.came if id != result.article_id],
        "went": [id for id in result.went if id != result.article_id],
    }
    query = {"judged": str(result.article_id), "was": result.before}
    query |= {name: ",".join(map(str, ids[:MAX_NAMED_CHANGES])) for name, ids in others.items()}
    return query | ({} if result.relisted else {"waits": "1"})


def judged_notice(
    connection: sqlite3.Connection, story_id: int, query: dict[str, str]
) -> PlainRow | None:
    """Return what the page says after a verdict, or None if the query names none.

    `came` and `went` are the articles that entered and left the listing; `undo` is the verdict that
    takes this one back.
    """
    ids = {name: _asked_ids(query.get(name, "")) for name in ("judged", "came", "went")}
    was = query.get("was", "")
    if len(ids["judged"]) != 1 or was not in VERDICT_WORDS:
        return None
    asked_for = {"story": story_id, "id": ids["judged"][0]}
    row = connection.execute(JUDGED_ARTICLE_SQL, asked_for).fetchone()
    if row is None:
        return None
    now = row["verdict"] or "unsaid"
    return dict(row) | {
        "verdict": now,
        "undo": was if was != now else None,
        "waits": bool(query.get("waits")),
        "came": _headlines(connection, ids["came"]),
        "went": _headlines(connection, ids["went"]),
    }


def _asked_ids(written: str) -> list[int]:
    """Return the article IDs of a query, `4,5`; anything else is ignored."""
    ids = [parse_row_number(each) for each in written.split(",", MAX_NAMED_CHANGES)]
    return [id for id in ids[:MAX_NAMED_CHANGES] if id is not None]


def _headlines(connection: sqlite3.Connection, ids: Sequence[int]) -> list[PlainRow]:
    rows = connection.execute(HEADLINES_SQL, (json.dumps(list(ids)),))
    return [dict(row) for row in rows]
