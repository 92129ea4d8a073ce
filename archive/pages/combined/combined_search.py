"""The search of several archives: each one's hits by their own scores, in one list."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from archive.errors import UsageError
from archive.pages.combined.merged_rows import ArchiveConnections, rows_in_order
from archive.pages.filters import page_of_rows
from archive.pages.histogram import date_histogram
from archive.pages.search_page import (
    MAX_ALL_FACET_VALUES,
    MAX_RANKED_ARTICLES,
    OUTLET_NAMES_SQL,
    SEARCH_PAGE_SIZE,
    STORY_FACET_SQL,
    SearchRequest,
    advice_without_hits,
    counted_values,
    empty_search_page,
    facet_with_rest,
    found_articles,
    scored_texts,
    search_hits,
)
from archive.queries.lookup import PlainRow
from archive.queries.search_advice import SearchAdvice, WordCount
from archive.text.formatting import period_label
from archive.text.language_names import language_name

MAX_COMBINED_ARTICLES, MIN_RANKED_ARTICLES = 6_000, 100
"""Articles that are ranked of all archives together, and the fewest of each, however many there are."""
MAX_OFFERED_QUERIES = 3
"""Similar searches that are offered where nothing is found."""

ARTICLE_URLS_SQL = """
SELECT a.id, a.url FROM json_each(?) j CROSS JOIN articles a ON a.id = j.value"""


@dataclass(frozen=True, slots=True)
class ArchiveFindings:
    """The findings of one archive, without articles that an archive before it has as well."""

    found: list[sqlite3.Row]
    """As `archive.pages.search_page.found_articles` returns them."""
    texts: list[PlainRow]
    """`archive`, `id`, `url` and `score` of the article that represents each text."""
    is_cut: bool
    """True if more articles match than were ranked."""


def combined_search_data(
    connections: ArchiveConnections, wanted: SearchRequest, page: int = 1
) -> PlainRow:
    """Return what the search page shows of all archives, as `search_page_data` does of one.

    An article that several archives have, by its URL, is one hit; `elsewhere` has the others. The
    facet `archive` says how many articles each has found.
    """
    empty = empty_search_page(wanted)
    if not wanted.words.strip():
        return empty
    try:
        findings = search_each(connections, wanted)
    except UsageError as error:
        return empty | {"error": str(error)}
    found = [row for each in findings.values() for row in each.found]
    if not found:
        return empty | _combined_advice(connections, wanted)
    texts = best_texts(findings)
    shown, page, pages = page_of_rows(texts, page, SEARCH_PAGE_SIZE)
    return empty | {
        "hits": found_hits(connections, shown, wanted.words),
        "facets": _combined_facets(connections, findings, wanted),
        "histogram": date_histogram(row["published_day"] for row in found),
        "articles": len(found),
        "texts": len(texts),
        "cut": any(each.is_cut for each in findings.values()),
        "page": page,
        "pages": pages,
    }


def search_each(
    connections: ArchiveConnections, wanted: SearchRequest
) -> dict[str, ArchiveFindings]:
    """Return what each archive finds. Raises UsageError for an impossible search."""
    findings: dict[str, ArchiveFindings] = {}
    holders: dict[str, list[PlainRow]] = {}
    most = ranked_articles_of_each(len(connections))
    for name, connection in connections.items():
        found = found_articles(connection, wanted, most)
        urls = dict(
            connection.execute(ARTICLE_URLS_SQL, (json.dumps([row["id"] for row in found]),))
        )
        new = [row for row in found if urls[row["id"]] not in holders]
        for id, url in urls.items():
            holders.setdefault(url, []).append({"archive": name, "id": id})
        texts = [
            {"archive": name, "id": id, "url": urls[id], "score": score}
            for score, id in scored_texts(connection, new)
        ]
        findings[name] = ArchiveFindings(new, texts, len(found) == most)
    for each in findings.values():
        for text in each.texts:
            text["elsewhere"] = holders[text["url"]][1:]
    return findings


def ranked_articles_of_each(archives: int) -> int:
    """Return how many articles of each archive are ranked, so that a page stays within its time."""
    share = MAX_COMBINED_ARTICLES // max(1, archives)
    return min(MAX_RANKED_ARTICLES, max(MIN_RANKED_ARTICLES, share))


def best_texts(findings: Mapping[str, ArchiveFindings]) -> list[PlainRow]:
    """Return the texts of all archives, best first; of equals, those of the first archive."""
    texts = [text for each in findings.values() for text in each.texts]
    return sorted(texts, key=lambda text: text["score"])


def found_hits(
    connections: ArchiveConnections, texts: Sequence[PlainRow], words: str
) -> list[PlainRow]:
    """Return texts as the search page lists them, with their archives."""
    hits = rows_in_order(
        connections,
        texts,
        lambda connection, own: search_hits(connection, [text["id"] for text in own], words),
    )
    elsewhere = {(text["archive"], text["id"]): text["elsewhere"] for text in texts}
    return [{**hit, "elsewhere": elsewhere[hit["archive"], hit["id"]]} for hit in hits]


def _combined_facets(
    connections: ArchiveConnections, findings: Mapping[str, ArchiveFindings], wanted: SearchRequest
) -> dict[str, PlainRow]:
    """Return the values by which the search can be narrowed, `archive` first."""
    found = [row for each in findings.values() for row in each.found]
    hosts: list[str] = []
    host_names: dict[str, str] = {}
    stories: Counter[str] = Counter()
    story_titles: dict[str, str] = {}
    for name, connection in connections.items():
        rows = findings[name].found
        ids = json.dumps(list({row["outlet_id"] for row in rows}))
        outlets = {id: (host, label) for id, host, label in connection.execute(OUTLET_NAMES_SQL, (ids,))}  # fmt: skip
        hosts += [outlets[row["outlet_id"]][0] for row in rows]
        host_names = dict(outlets.values()) | host_names
        listed = (json.dumps([row["id"] for row in rows]), MAX_ALL_FACET_VALUES)
        for story, title, count in connection.execute(STORY_FACET_SQL, listed):
            stories[story] += count
            story_titles.setdefault(story, title)
    months = (row["published_day"][:7] for row in found if row["published_day"])
    archives = {name: len(each.found) for name, each in findings.items() if each.found}
    facets = {
        "archive": _labelled_counts(archives, {}),
        "outlet": counted_values(hosts, host_names.__getitem__),
        "month": sorted(counted_values(months, period_label), key=_value_of, reverse=True),
        "language": counted_values(
            (row["language"] for row in found if row["language"]), language_name
        ),
        "story": _labelled_counts(stories, story_titles),
    }
    return {
        name: facet_with_rest(values, is_whole=name == wanted.more)
        for name, values in facets.items()
        if values and name not in wanted.filters
    }


def _labelled_counts(counts: Mapping[str, int], labels: Mapping[str, str]) -> list[PlainRow]:
    """Return the values of a facet with their labels, those of most articles first."""
    return [
        {"value": value, "label": labels.get(value, value), "count": count}
        for value, count in Counter(counts).most_common()
    ]


def _value_of(each: PlainRow) -> str:
    return str(each["value"])


def _combined_advice(connections: ArchiveConnections, wanted: SearchRequest) -> PlainRow:
    """Return the number of articles without the filters, or else similar words of any archive."""
    each = [advice_without_hits(connection, wanted) for connection in connections.values()]
    unfiltered = sum(one["unfiltered"] for one in each)
    advice = [one["advice"] for one in each if one["advice"]]
    return {
        "advice": joined_advice(advice) if advice and not unfiltered else None,
        "unfiltered": unfiltered,
    }


def joined_advice(advice: Iterable[SearchAdvice]) -> SearchAdvice:
    """Return the advice of several archives as one, with the articles of each word added up."""
    articles: Counter[str] = Counter()
    queries: dict[str, None] = {}
    for each in advice:
        articles.update({word.word: word.articles for word in each.words})
        queries |= dict.fromkeys(each.queries)
    words = tuple(WordCount(word, count) for word, count in articles.items())
    return SearchAdvice(words, tuple(queries)[:MAX_OFFERED_QUERIES])
