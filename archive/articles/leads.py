"""The leads that wait, as a crawl that follows a story looks at them: by what was said of them.

What rare words are is learnt from leads too: an archive that has a few articles of one story would
else take its very words for common ones. All functions that write run inside the caller's
transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from archive.articles.vocabulary import UNKNOWN_LANGUAGE
from archive.articles.vocabulary import term_frequencies as article_frequencies
from archive.frontier.urls import SITE_OF_URL_SQL, lead_of_row
from archive.records import Lead, current_timestamp

MAX_LEARNT_LEADS = 20_000
"""Leads, the newest."""
ALL_LEAD_LANGUAGES = ""
"""As a term: all leads of the language."""

MAX_LEAD_LANGUAGES = "iif(o.language = 'tl', 'fil', o.language)"
"""An outlet's language as articles have it: Tagalog is filed as Filipino."""


@dataclass(frozen=True, slots=True)
class LeadProspect:
    """A lead that waits, and its outlet."""

    id: int
    """Grows: what is found later has a higher one."""
    lead: Lead
    host: str
    language: str | None
    """The outlet's, as far as it is known."""


def waiting_leads(
    connection: sqlite3.Connection, after: int = 0, hosts: Sequence[str] = ()
) -> list[LeadProspect]:
    """Leads found after the one of that id whose page the archive does not have; of some outlets,
    or of all.

    Of several addresses with one key it is the first. Sites that are left alone
    (`archive.frontier.pauses`) are left out.
    """
    rows = connection.execute(
        f"""SELECT u.*, o.host, {MAX_LEAD_LANGUAGES} AS spoken FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE u.state = 'pending' AND u.kind = 'page' AND u.id > ? AND u.article_id IS NULL
          AND (? = '[]' OR o.host IN (SELECT value FROM json_each(?)))
          AND {SITE_OF_URL_SQL} NOT IN (SELECT site FROM pauses WHERE until > ?)
          AND NOT EXISTS (SELECT 1 FROM urls t WHERE t.url_key = u.url_key AND t.id <> u.id
            AND (t.state = 'leased' OR t.article_id IS NOT NULL OR t.state = 'pending' AND t.id < u.id))
        ORDER BY u.id""",  # noqa: S608  a constant is put in
        (after, json.dumps(list(hosts)), json.dumps(list(hosts)), current_timestamp()),
    )
    return [LeadProspect(row["id"], lead_of_row(row), row["host"], row["spoken"]) for row in rows]


def waiting_leads_of_outlet(connection: sqlite3.Connection, host: str) -> list[Lead]:
    """All that was ever said of an outlet's pages that has a headline."""
    rows = connection.execute(
        """SELECT u.* FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE o.host IN (?, ?) AND u.kind = 'page' AND u.headline IS NOT NULL""",
        (host, f"www.{host}"),
    )
    return [lead_of_row(row) for row in rows]


def learn_lead_terms(
    connection: sqlite3.Connection,
    terms_of: Callable[[Lead, str | None], Collection[str]],
    language: str | None,
) -> None:
    """Count anew how many leads hold each term; `language` is that of outlets of which it is not
    known."""
    rows = connection.execute(
        f"""SELECT u.*, coalesce({MAX_LEAD_LANGUAGES}, ?) AS spoken FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE u.kind = 'page' ORDER BY u.id DESC LIMIT ?""",  # noqa: S608  a constant is put in
        (language, MAX_LEARNT_LEADS),
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if found := set(terms_of(lead_of_row(row), row["spoken"])):
            counts[row["spoken"] or UNKNOWN_LANGUAGE].update(found | {ALL_LEAD_LANGUAGES})
    connection.execute("DELETE FROM lead_vocabulary")
    connection.executemany(
        "INSERT INTO lead_vocabulary (language, term, leads) VALUES (?, ?, ?)",
        [
            (spoken, term, many)
            for spoken, counted in counts.items()
            for term, many in counted.items()
        ],
    )


def lead_term_frequencies(
    connection: sqlite3.Connection, language: str | None, terms: Collection[str]
) -> tuple[dict[str, int], int]:
    """How many articles and leads of the language hold each term, and how many of both there
    are."""
    known, articles = article_frequencies(connection, language, terms)
    rows = connection.execute(
        """SELECT v.term, v.leads FROM json_each(?) AS asked
        CROSS JOIN lead_vocabulary AS v ON v.language = ? AND v.term = asked.value""",
        (
            json.dumps([*terms, ALL_LEAD_LANGUAGES], ensure_ascii=False),
            language or UNKNOWN_LANGUAGE,
        ),
    )
    leads = {str(term): int(many) for term, many in rows}
    all_leads = leads.pop(ALL_LEAD_LANGUAGES, 0)
    return {
        term: known.get(term, 0) + leads.get(term, 0) for term in {*known, *leads}
    }, articles + all_leads


# -- what a crawl asks of a story ------------------------------------------------------------------


def named_outlets(connection: sqlite3.Connection, story_id: int) -> set[str]:
    """The keys of the addresses of which a person said that they belong, and that the archive does
    not have yet."""
    rows = connection.execute(
        "SELECT url_key FROM story_urls WHERE story_id = ? AND verdict = 'belongs'", (story_id,)
    )
    return {str(row[0]) for row in rows}


def belongs_to_story(connection: sqlite3.Connection, story_id: int, url: str) -> bool:
    """Is what was read at an address listed in a story?"""
    found = connection.execute(
        "SELECT 1 FROM story_coverage WHERE story_id = ? AND id = (SELECT article_id FROM urls WHERE url = ?)",
        (story_id, url),
    )
    return found.fetchone() is not None


def confirmed_texts(connection: sqlite3.Connection, story_id: int) -> list[tuple[str, str | None]]:
    """Headline and text, and the language, of the articles that a person confirmed."""
    rows = connection.execute(
        """SELECT coalesce(a.headline, '') || char(10) || a.text AS said, a.language FROM story_articles m
        JOIN articles a ON a.id = m.article_id WHERE m.story_id = ? AND m.verdict = 'belongs' ORDER BY a.id""",
        (story_id,),
    )
    return [(row["said"], row["language"]) for row in rows]


def known_outlet_hosts(connection: sqlite3.Connection) -> set[str]:
    """The outlets of the archive that have a source, without `www.`"""
    rows = connection.execute(
        "SELECT DISTINCT o.host FROM outlets o JOIN urls u ON u.outlet_id = o.id WHERE u.role = 'source'"
    )
    return {str(row[0]).removeprefix("www.") for row in rows}


def sources_read_in_crawl(
    connection: sqlite3.Connection, crawl_id: int | None
) -> dict[str, tuple[int, str | None]]:
    """The outlets whose feeds and sitemaps a crawl asked for: how many it could read, and why not
    others."""
    rows = connection.execute(
        """SELECT o.host, sum(c.outcome IN ('listed', 'unchanged')), max(iif(c.outcome = 'listed', NULL, c.reason))
        FROM checks c JOIN urls u ON u.id = c.url_id JOIN outlets o ON o.id = u.outlet_id
        WHERE c.crawl_id = ? AND u.role = 'source' GROUP BY o.id ORDER BY o.host""",
        (crawl_id,),
    )
    return {str(host): (int(read), why) for host, read, why in rows}


def story_listed_dates(connection: sqlite3.Connection, story_id: int) -> list[str]:
    """The moments of the articles that a story lists, as far as they are dated."""
    query = (
        "SELECT published_at FROM story_coverage WHERE story_id = ? AND published_at IS NOT NULL"
    )
    return [str(row[0]) for row in connection.execute(query, (story_id,))]


def outlets_of_story(connection: sqlite3.Connection, story_id: int) -> set[str]:
    """The outlets whose articles a story lists, without `www.`"""
    rows = connection.execute(
        "SELECT DISTINCT outlet FROM story_coverage WHERE story_id = ?", (story_id,)
    )
    return {str(row[0]).removeprefix("www.") for row in rows}


def story_members(
    connection: sqlite3.Connection, story_id: int, most: int = 40
) -> list[dict[str, Any]]:
    """The articles of a story that nobody confirmed, each text once, those that fit best first."""
    rows = connection.execute(
        """SELECT a.id, a.headline, a.standfirst, a.text, a.language, a.published_at, c.outlet, w.weights, w.opening
        FROM story_coverage c JOIN articles a ON a.id = c.id LEFT JOIN article_words w ON w.article_id = a.id
        WHERE c.story_id = ? AND c.verdict IS NULL
        GROUP BY c.original_id ORDER BY max(c.probability) DESC, a.id LIMIT ?""",
        (story_id, most),
    )
    return [dict(row) for row in rows]


def story_pages(
    connection: sqlite3.Connection, story_id: int, most: int = 50
) -> list[tuple[str, str]]:
    """Address and digest of the capture of the story's newest articles."""
    rows = connection.execute(
        """SELECT a.url, a.digest FROM story_coverage c JOIN articles a ON a.id = c.id
        WHERE c.story_id = ? AND a.digest IS NOT NULL ORDER BY a.published_at DESC, a.id DESC LIMIT ?""",
        (story_id, most),
    )
    return [(row["url"], row["digest"]) for row in rows]
