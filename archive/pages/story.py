"""The page of a story: its coverage over time, its copies and its changes."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.articles.stories import Story, fold_copies, story_slug
from archive.errors import UsageError
from archive.exports.timeline import TimelineArticle, build_timeline
from archive.pages import filters as asked
from archive.queries.evidence import evidence_of_articles
from archive.queries.lookup import PlainRow
from archive.queries.story_changes import ArticleChange, changes_of_articles
from archive.text.about_words import telling_words
from archive.text.formatting import (
    direction,
    format_hours,
    format_query_string,
    parse_timestamp_as_utc,
)
from archive.text.formatting import parse_json_texts as listed
from archive.text.language_names import language_name

STORY_PAGE_SIZE = 15
"""Texts per page."""
MAX_SPREADS = 6
"""Texts whose spread among outlets is shown, those of most outlets first."""
MAX_SPREAD_OUTLETS = 12
"""Outlets named for each of these texts."""
MAX_COVERAGE_TERMS = 6
"""Terms shown for each article."""
MAX_OUTLET_CHOICES = 30
"""Outlets that the filter offers, those with most articles first."""
MAX_ABOUT_TERMS = 10
"""Terms shown for the whole story."""
MAX_STORY_CHANGES = 8
"""Changes shown at once, the latest."""
MAX_FOLDED_CHANGES = 12
"""Earlier changes that are folded below them."""
WEAK_PROBABILITY = 0.65
"""Articles that are less likely to belong are listed below the others."""

STORY_COVERAGE_CTE = """
WITH rejected AS MATERIALIZED (
  SELECT w.text_id FROM story_articles n JOIN shared_text_articles w ON w.article_id = n.article_id
  WHERE n.story_id = :story AND n.verdict = 'not'
), members AS (
  SELECT a.id, coalesce(t.original_id, a.id) AS original_id, m.probability, m.tier, m.part,
         m.verdict, m.terms, m.nearest_id, m.found_at,
         o.host AS outlet, o.name AS outlet_name, a.headline,
       a.published_at, a.published_day, a.published_offset, a.language, a.url
  FROM story_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
  LEFT JOIN shared_text_articles v ON v.article_id = a.id LEFT JOIN shared_texts t ON t.id = v.text_id
  WHERE m.story_id = :story AND (m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely')
    AND (v.text_id IS NULL OR v.text_id NOT IN (SELECT text_id FROM rejected))))
)
"""
"""The view `story_coverage` for one story; rejected texts are looked up once, not per article."""

STORY_COVERAGE_SQL = (
    STORY_COVERAGE_CTE  # noqa: S608
    + "SELECT * FROM members ORDER BY published_at IS NULL, published_at, id"
)

STORY_PAGE_SQL = """SELECT id, original_id, probability, tier, part, verdict, nearest_id, outlet, outlet_name,
coalesce(headline, url) AS headline, published_at, published_day, published_offset, language
FROM members ORDER BY published_at IS NULL, published_at, id"""
"""The columns needed of every article: a story may have thousands, and only a few of them need the
rest."""

ORIGINAL_OUTLETS_SQL = """
SELECT a.id, o.host FROM articles a JOIN outlets o ON o.id = a.outlet_id
WHERE a.id IN (SELECT value FROM json_each(?))"""

STORY_TERMS_SQL = (
    "SELECT article_id, terms FROM story_articles WHERE story_id = ? AND article_id IN ({})"
)

REVISION_DATES_SQL = """
SELECT r.article_id, r.seen_at FROM story_articles m JOIN revisions r ON r.article_id = m.article_id
WHERE m.story_id = ? AND r.number > 1 ORDER BY r.seen_at"""

ARTICLE_BEGINNINGS_SQL = (
    "SELECT id, headline, standfirst, substr(text, 1, 700) AS text FROM articles WHERE id IN ({})"
)

STORY_PERHAPS_SQL = """
SELECT p.id, p.headline, p.url, p.outlet, coalesce(p.outlet_name, p.outlet) AS outlet_name,
       a.published_at, a.published_day, a.published_offset, p.language, p.probability,
       n.id AS nearest_id, n.headline AS nearest
FROM story_perhaps p JOIN articles a ON a.id = p.id LEFT JOIN articles n ON n.id = p.nearest_id
WHERE p.story_id = ? ORDER BY p.probability DESC LIMIT 50"""

HEADLINES_SQL = """SELECT id, coalesce(headline, url) AS headline FROM articles
WHERE id IN (SELECT value FROM json_each(?))"""

PART_LABELS = {
    "event": "the same event",
    "development": "another development",
    "background": "background",
}
"""An article's relation to the story, in words."""

NEWEST_CRAWL_SQL = """
SELECT coalesce(finished_at, started_at) FROM crawls ORDER BY id DESC LIMIT 1"""

REJECTED_ARTICLES_SQL = """
SELECT a.id, a.headline, a.url, coalesce(o.name, o.host) AS outlet_name, m.judged_at
FROM story_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
WHERE m.story_id = ? AND m.verdict = 'not' ORDER BY m.judged_at DESC LIMIT 50"""


StoryText = tuple[sqlite3.Row, list[sqlite3.Row]]
"""The article that represents a text, and its copies."""

STORY_MATCHES = ("confirmed", "sure", "likely")
"""Degrees of certainty that an article belongs, the values of the filter `match`."""
STORY_CHOICES = {"changed": "changed articles", "originals": "without copies"}
"""Values of the filter `only`, with labels."""


FilterChoice = tuple[str, str, int]
"""A value of a filter, its label, and the number of articles."""


@dataclass(frozen=True, slots=True)
class StoryFilters(asked.PageFilters):
    """The part of a story's coverage to show; days are `2024-02-15`, both inclusive."""

    outlet: str = ""
    language: str = ""
    since: str = ""
    until: str = ""
    part: str = ""
    """A key of `PART_LABELS`."""
    match: str = ""
    """One of `STORY_MATCHES`."""
    only: str = ""
    """A key of `STORY_CHOICES`."""

    def keeps(self, row: sqlite3.Row, changed: Collection[int] = ()) -> bool:
        """Return True if the filters let an article through; an undated one is in no time span.

        `changed` are the IDs of the articles that were changed after publication.
        """
        wanted_and_found = (
            (self.outlet, row["outlet"]),
            (self.language, row["language"]),
            (self.part, row["part"]),
            (self.match, story_match(row)),
        )
        if any(wanted not in ("", found) for wanted, found in wanted_and_found):
            return False
        if self.only == "changed" and row["id"] not in changed:
            return False
        if self.only == "originals" and row["original_id"] != row["id"]:
            return False
        return self._keeps_day(row["published_day"] or "")

    def _keeps_day(self, day: str) -> bool:
        if not (self.since or self.until):
            return True
        return bool(day) and day >= self.since and (not self.until or day <= self.until)


def story_match(row: Any) -> str:
    """Return `confirmed`, `sure` or `likely` for a listed article."""
    return "confirmed" if row["verdict"] else row["tier"] or ""


def story_page_data(
    connection: sqlite3.Connection, name: str, filters: StoryFilters, page: int = 1
) -> PlainRow | None:
    """Return everything that the page of a story shows, or None for an unknown name.

    `coverage` lists the texts of one `page`, newest first and weak matches at the end, each with
    its `copies`. `outlets`, `languages` and the other choices count the whole story; everything
    else follows the filters.
    """
    story = story_for_page(connection, name)
    if story is None:
        return None
    rows = connection.execute(STORY_COVERAGE_CTE + STORY_PAGE_SQL, {"story": story.id}).fetchall()
    revised = _change_dates_by_article(connection, story.id)
    selected = [row for row in rows if filters.keeps(row, revised)] if filters.given else rows
    texts = fold_copies(selected)
    newest_first = texts[::-1]
    weak = [text for text in newest_first if is_weak_match(text)]
    in_order = sorted(newest_first, key=is_weak_match) if weak else newest_first
    part, page, pages = asked.page_of_rows(in_order, page, STORY_PAGE_SIZE)
    shown = [text_row(text) for text in part]
    _add_reasons(connection, story.id, shown)
    changes = changes_of_articles(
        connection, [row["id"] for row in selected if row["id"] in revised]
    )
    return {
        "story": story,
        "terms": _story_terms(connection, story, rows),
        "filters": filters.given,
        "articles": len(selected),
        "texts": len(texts),
        **_filter_choices(rows, revised),
        "timeline": build_timeline(_timeline_articles(connection, selected, revised)),
        **_shown_changes(changes),
        "spreads": text_spreads(texts),
        "coverage": shown,
        "weak": len(weak),
        "page": page,
        "pages": pages,
        "older": format_query_string(filters.given, page=page + 1) if page < pages else None,
        "newer": format_query_string(filters.given, page=page - 1) if page > 1 else None,
        "here": format_query_string(filters.given, page=page if page > 1 else None),
        "perhaps": [dict(row) for row in connection.execute(STORY_PERHAPS_SQL, (story.id,))],
        "left_out": [dict(row) for row in connection.execute(REJECTED_ARTICLES_SQL, (story.id,))],
        "crawled_at": _newest_crawl(connection),
    }


def _newest_crawl(connection: sqlite3.Connection) -> str | None:
    """Return when the last crawl ended or, if it runs, began; None before the first."""
    row = connection.execute(NEWEST_CRAWL_SQL).fetchone()
    return row[0] if row else None


def _filter_choices(
    rows: Sequence[sqlite3.Row], revised: Collection[int]
) -> dict[str, list[FilterChoice]]:
    """Return the choices of each filter."""
    names = {row["outlet"]: row["outlet_name"] or row["outlet"] for row in rows}
    outlets = Counter(row["outlet"] for row in rows).most_common()
    all_outlets = [(host, names[host], count) for host, count in outlets]
    languages = Counter(row["language"] for row in rows if row["language"]).most_common()
    only = {
        "changed": sum(row["id"] in revised for row in rows),
        "originals": sum(row["original_id"] == row["id"] for row in rows),
    }
    return {
        "outlets": all_outlets[:MAX_OUTLET_CHOICES],
        "all_outlets": all_outlets,
        "languages": [(code, language_name(code), count) for code, count in languages],
        "part_choices": _used_choices(PART_LABELS, Counter(row["part"] for row in rows)),
        "match_choices": _used_choices(
            {match: match for match in STORY_MATCHES}, Counter(map(story_match, rows))
        ),
        "only_choices": [(each, label, only[each]) for each, label in STORY_CHOICES.items()],
    }


def _used_choices(labels: Mapping[str, str], counts: Mapping[str, int]) -> list[FilterChoice]:
    """Return the choices that some article has, in the order of the labels."""
    counted = [(value, label, counts.get(value, 0)) for value, label in labels.items()]
    return [choice for choice in counted if choice[2]]


def is_weak_match(text: StoryText) -> bool:
    """Return True if no version of a text is confirmed or more than weakly likely to belong."""
    head, copies = text
    return all(
        not row["verdict"] and (row["probability"] or 1) < WEAK_PROBABILITY
        for row in (head, *copies)
    )


def _shown_changes(changes: Sequence[ArticleChange]) -> PlainRow:
    return {
        "changes": changes[:MAX_STORY_CHANGES],
        "more_changes": changes[MAX_STORY_CHANGES : MAX_STORY_CHANGES + MAX_FOLDED_CHANGES],
        "change_count": len(changes),
        "silent_count": sum(change.silent for change in changes),
    }


def story_for_page(connection: sqlite3.Connection, name: str) -> Story | None:
    """Return the story of this name, or None."""
    from archive.articles.stories import find_story

    try:
        found = find_story(connection, name)
    except UsageError:
        return None
    return found if found.name == name or found.name == story_slug(name) else None


def story_coverage_rows(connection: sqlite3.Connection, story_id: int) -> list[sqlite3.Row]:
    """Return every article of a story in time order, including copies, undated ones last."""
    return connection.execute(STORY_COVERAGE_SQL, {"story": story_id}).fetchall()


def text_row(text: StoryText) -> PlainRow:
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


def text_spreads(texts: Sequence[StoryText]) -> list[PlainRow]:
    """Return the texts that most outlets published, each with its spread.

    `first` is the original; each of the `others` says how much `later` its outlet published.
    """
    copied = [text for text in texts if _copies_elsewhere(text)]
    copied.sort(key=lambda text: -_copies_elsewhere(text))
    return [_text_spread(text_row(text)) for text in copied[:MAX_SPREADS]]


def _copies_elsewhere(text: StoryText) -> int:
    """Return the number of copies of a text that other outlets published."""
    head, copies = text
    return sum(copy["outlet"] != head["outlet"] for copy in copies)


def _text_spread(head: PlainRow) -> PlainRow:
    """Return the spread of one text, in hours after its original where both times are known."""
    began = parse_timestamp_as_utc(head["published_at"]) if _has_time_of_day(head) else None
    undated_last = sorted(
        head["others"], key=lambda row: (row["published_at"] is None, row["published_at"] or "")
    )
    hours = [_hours_after(began, row) for row in undated_last]
    longest = max(filter(None, hours), default=0) or 1
    copies = [
        row | _delay_of_copy(late, longest) for row, late in zip(undated_last, hours, strict=True)
    ]
    return {
        "first": head,
        "others": copies[:MAX_SPREAD_OUTLETS],
        "more": len(copies[MAX_SPREAD_OUTLETS:]),
    }


def _delay_of_copy(hours: float | None, longest: float) -> PlainRow:
    """Return how much later a copy was, in words and as a share of the longest in per cent."""
    if hours is None:
        return {"later": None, "share": 0}
    share = round(100 * max(hours, 0) / longest, 1) if hours else 0
    return {"later": _delay_text(hours), "share": share}


def _has_time_of_day(row: PlainRow) -> bool:
    """Return True if the publication date has a time of day."""
    return len(row["published_at"] or "") > len("2024-02-15")


def _hours_after(began: Any, row: PlainRow) -> float | None:
    """Return the hours from the original to this article, or None if a time is unknown."""
    then = parse_timestamp_as_utc(row["published_at"]) if _has_time_of_day(row) else None
    return (then - began).total_seconds() / 3600 if began and then else None


def _delay_text(hours: float) -> str:
    if abs(hours) < 1 / 60:
        return "in the same minute"
    return f"{format_hours(hours)} later" if hours > 0 else f"dated {format_hours(-hours)} earlier"


def _change_dates_by_article(connection: sqlite3.Connection, story_id: int) -> dict[int, list[str]]:
    """Return the times at which the changes of a story's articles were seen, by article."""
    revised: dict[int, list[str]] = {}
    for article_id, seen_at in connection.execute(REVISION_DATES_SQL, (story_id,)):
        revised.setdefault(article_id, []).append(seen_at)
    return revised


def _timeline_articles(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], revised: dict[int, list[str]]
) -> list[TimelineArticle]:
    """Return a story's articles as the timeline needs them."""
    whose = {row["id"]: row["outlet"] for row in rows}
    elsewhere = {row["original_id"] for row in rows} - whose.keys()
    whose |= dict(connection.execute(ORIGINAL_OUTLETS_SQL, (json.dumps(list(elsewhere)),)))
    return [
        TimelineArticle(
            row["id"],
            row["outlet_name"] or row["outlet"],
            row["headline"],
            row["published_at"],
            whose.get(row["original_id"], row["outlet"]) != row["outlet"],
            tuple(revised.get(row["id"], ())),
            row["published_day"],
            row["published_offset"],
        )
        for row in rows
    ]


def _add_reasons(connection: sqlite3.Connection, story_id: int, rows: Sequence[PlainRow]) -> None:
    """Add to each article why it is listed.

    `terms` are the shared terms as it writes them, `part` is its relation to the story, `nearest`
    the most similar article, and `evidence` says when its page was seen.
    """
    from archive.exports.dossier import terms_as_written

    ids = [row["id"] for row in rows]
    beginnings = _article_beginnings(connection, ids)
    nearest_ids = json.dumps([row["nearest_id"] for row in rows])
    nearest = dict(connection.execute(HEADLINES_SQL, (nearest_ids,)).fetchall())
    query = STORY_TERMS_SQL.format(", ".join("?" * len(ids)))
    terms = dict(connection.execute(query, (story_id, *ids)).fetchall())
    evidence = evidence_of_articles(connection, ids)
    for row in rows:
        best_terms = listed(terms[row["id"]])[:MAX_COVERAGE_TERMS]
        row["terms"] = list(terms_as_written(best_terms, beginnings.get(row["id"], "")))
        row["part"] = PART_LABELS.get(row["part"], "")
        row["nearest"] = nearest.get(row["nearest_id"])
        row["evidence"] = evidence[row["id"]]
        row["is_weak"] = is_weak_match((row, row["copies"]))  # type: ignore[arg-type]


def _story_terms(
    connection: sqlite3.Connection, story: Story, rows: Sequence[sqlite3.Row]
) -> list[str]:
    """Return the story's best terms as its articles write them, confirmed articles first."""
    from archive.exports.dossier import terms_as_written

    confirmed_first = sorted(rows, key=lambda row: row["verdict"] is None)[:8]
    beginnings = _article_beginnings(connection, [row["id"] for row in confirmed_first])
    written = terms_as_written(story.terms[:24], "\n".join(beginnings.values()))
    return list(telling_words(written))[:MAX_ABOUT_TERMS]


def _article_beginnings(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return headline, standfirst and first characters of articles by ID, in the given order."""
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(ARTICLE_BEGINNINGS_SQL.format(marks), ids)
    found = {
        row["id"]: f"{row['headline'] or ''}\n{row['standfirst'] or ''}\n{row['text']}"
        for row in rows
    }
    return {id: found[id] for id in ids if id in found}
