"""The waiting leads and other data that a crawl for a followed story reads from the archive.

Document frequencies include the leads: in an archive with a few articles of one story, the words of
that story would otherwise be common words. All functions that write run inside the caller's
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
"""Maximum number of leads whose terms are counted, the newest first."""
ALL_LEADS_TERM = ""
"""The term whose count is the number of all leads of a language."""

OUTLET_LANGUAGE_SQL = "iif(o.language = 'tl', 'fil', o.language)"
"""SQL for an outlet's language as articles have it: Tagalog is stored as Filipino."""


@dataclass(frozen=True, slots=True)
class LeadProspect:
    """A waiting lead with its outlet."""

    id: int
    """Ascending in the order of discovery."""
    lead: Lead
    host: str
    language: str | None
    """Language of the outlet, if known."""


def waiting_leads(
    connection: sqlite3.Connection, after: int = 0, hosts: Sequence[str] = ()
) -> list[LeadProspect]:
    """Return the leads with an id above `after` whose pages the archive lacks, oldest first.

    `hosts` limits them to some outlets; empty: all. Of several URLs with one key the first is
    returned. Paused sites (`archive.frontier.pauses`) and outlets that a person paused are left
    out.
    """
    rows = connection.execute(
        f"""SELECT u.*, o.host, {OUTLET_LANGUAGE_SQL} AS spoken
        FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE u.state = 'pending' AND u.kind = 'page' AND u.id > ? AND u.article_id IS NULL
          AND o.paused_at IS NULL
          AND (? = '[]' OR o.host IN (SELECT value FROM json_each(?)))
          AND {SITE_OF_URL_SQL} NOT IN (SELECT site FROM pauses WHERE until > ?)
          AND NOT EXISTS (SELECT 1 FROM urls t WHERE t.url_key = u.url_key AND t.id <> u.id
            AND (t.state = 'leased' OR t.article_id IS NOT NULL
              OR t.state = 'pending' AND t.id < u.id))
        ORDER BY u.id""",  # noqa: S608  a constant is put in
        (after, json.dumps(list(hosts)), json.dumps(list(hosts)), current_timestamp()),
    )
    return [LeadProspect(row["id"], lead_of_row(row), row["host"], row["spoken"]) for row in rows]


def waiting_leads_of_outlet(connection: sqlite3.Connection, host: str) -> list[Lead]:
    """Return all leads of an outlet that have a headline, including those already fetched."""
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
    """Recount the leads that hold each term, by language.

    `language` is assumed for outlets whose language is unknown.
    """
    rows = connection.execute(
        f"""SELECT u.*, coalesce({OUTLET_LANGUAGE_SQL}, ?) AS spoken
        FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE u.kind = 'page' ORDER BY u.id DESC LIMIT ?""",  # noqa: S608  a constant is put in
        (language, MAX_LEARNT_LEADS),
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if found := set(terms_of(lead_of_row(row), row["spoken"])):
            counts[row["spoken"] or UNKNOWN_LANGUAGE].update(found | {ALL_LEADS_TERM})
    connection.execute("DELETE FROM lead_term_counts")
    connection.executemany(
        "INSERT INTO lead_term_counts (language, term, leads) VALUES (?, ?, ?)",
        [
            (spoken, term, many)
            for spoken, counted in counts.items()
            for term, many in counted.items()
        ],
    )


def lead_term_frequencies(
    connection: sqlite3.Connection, language: str | None, terms: Collection[str]
) -> tuple[dict[str, int], int]:
    """Return term → number of articles and leads of the language that hold it, and their total."""
    known, articles = article_frequencies(connection, language, terms)
    all_leads = _leads_with_term(connection, language, ALL_LEADS_TERM)
    if not all_leads:
        return known, articles
    rows = connection.execute(
        """SELECT v.term, v.leads FROM json_each(?) AS asked
        CROSS JOIN lead_term_counts AS v ON v.language = ? AND v.term = asked.value""",
        (
            json.dumps(list(terms), ensure_ascii=False),
            language or UNKNOWN_LANGUAGE,
        ),
    )
    leads = {str(term): int(many) for term, many in rows}
    frequencies = {term: known.get(term, 0) + leads.get(term, 0) for term in {*known, *leads}}
    return frequencies, articles + all_leads


def _leads_with_term(connection: sqlite3.Connection, language: str | None, term: str) -> int:
    """Return the number of leads of a language that hold a term."""
    row = connection.execute(
        "SELECT leads FROM lead_term_counts WHERE language = ? AND term = ?",
        (language or UNKNOWN_LANGUAGE, term),
    ).fetchone()
    return int(row[0]) if row else 0


# -- data of a story for its crawl -----------------------------------------------------------------


def awaited_page_keys(connection: sqlite3.Connection, story_id: int) -> set[str]:
    """Return the URL keys of confirmed pages that the archive does not have yet."""
    rows = connection.execute(
        "SELECT url_key FROM story_urls WHERE story_id = ? AND verdict = 'belongs'", (story_id,)
    )
    return {str(row[0]) for row in rows}


def belongs_to_story(connection: sqlite3.Connection, story_id: int, url: str) -> bool:
    """Return True if a story lists the article of this URL."""
    found = connection.execute(
        """SELECT 1 FROM story_coverage
        WHERE story_id = ? AND id = (SELECT article_id FROM urls WHERE url = ?)""",
        (story_id, url),
    )
    return found.fetchone() is not None


def confirmed_texts(connection: sqlite3.Connection, story_id: int) -> list[tuple[str, str | None]]:
    """Return (headline and text, language) of the confirmed articles of a story."""
    rows = connection.execute(
        """SELECT coalesce(a.headline, '') || char(10) || a.text AS said, a.language
        FROM story_articles m JOIN articles a ON a.id = m.article_id
        WHERE m.story_id = ? AND m.verdict = 'belongs' ORDER BY a.id""",
        (story_id,),
    )
    return [(row["said"], row["language"]) for row in rows]


def known_outlet_hosts(connection: sqlite3.Connection) -> set[str]:
    """Return the hosts, without `www.`, of the archive's outlets that have a source."""
    rows = connection.execute(
        """SELECT DISTINCT o.host FROM outlets o JOIN urls u ON u.outlet_id = o.id
        WHERE u.role = 'source'"""
    )
    return {str(row[0]).removeprefix("www.") for row in rows}


def sources_read_in_crawl(
    connection: sqlite3.Connection, crawl_id: int | None
) -> dict[str, tuple[int, str | None]]:
    """Return host → (feeds and sitemaps read, reason of a failure) in a crawl."""
    rows = connection.execute(
        """SELECT o.host, sum(c.outcome IN ('listed', 'unchanged')),
          max(iif(c.outcome = 'listed', NULL, c.reason))
        FROM fetches c JOIN urls u ON u.id = c.url_id JOIN outlets o ON o.id = u.outlet_id
        WHERE c.crawl_id = ? AND u.role = 'source' GROUP BY o.id ORDER BY o.host""",
        (crawl_id,),
    )
    return {str(host): (int(read), why) for host, read, why in rows}


def story_listed_dates(connection: sqlite3.Connection, story_id: int) -> list[str]:
    """Return the dates of the articles that a story lists, without undated ones."""
    query = (
        "SELECT published_at FROM story_coverage WHERE story_id = ? AND published_at IS NOT NULL"
    )
    return [str(row[0]) for row in connection.execute(query, (story_id,))]


def outlets_of_story(connection: sqlite3.Connection, story_id: int) -> set[str]:
    """Return the hosts, without `www.`, of the outlets whose articles a story lists."""
    rows = connection.execute(
        "SELECT DISTINCT outlet FROM story_coverage WHERE story_id = ?", (story_id,)
    )
    return {str(row[0]).removeprefix("www.") for row in rows}


def story_members(
    connection: sqlite3.Connection, story_id: int, most: int = 40
) -> list[dict[str, Any]]:
    """Return the unconfirmed articles of a story, each text once, the most probable first."""
    rows = connection.execute(
        """SELECT a.id, a.headline, a.standfirst, a.text, a.language, a.published_at,
          c.outlet, w.weights, w.opening
        FROM story_coverage c JOIN articles a ON a.id = c.id
        LEFT JOIN article_terms w ON w.article_id = a.id
        WHERE c.story_id = ? AND c.verdict IS NULL
        GROUP BY c.original_id ORDER BY max(c.probability) DESC, a.id LIMIT ?""",
        (story_id, most),
    )
    return [dict(row) for row in rows]


def story_pages(
    connection: sqlite3.Connection, story_id: int, most: int = 50
) -> list[tuple[str, str]]:
    """Return (URL, digest of the capture) of the newest articles of a story."""
    rows = connection.execute(
        """SELECT a.url, a.digest FROM story_coverage c JOIN articles a ON a.id = c.id
        WHERE c.story_id = ? AND a.digest IS NOT NULL
        ORDER BY a.published_at DESC, a.id DESC LIMIT ?""",
        (story_id, most),
    )
    return [(row["url"], row["digest"]) for row in rows]
