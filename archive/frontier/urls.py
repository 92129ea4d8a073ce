"""The frontier: known, queued, leased and finished URLs, as rows in `urls`.

It is in the archive so that a URL becomes *done* in the transaction that stores its article, and a
run that is killed loses nothing: `pending → leased → done | failed`. URLs leased by a run that died
are pending again at the next start. Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from archive.frontier.date_hints import DateHints, note_date_hint
from archive.frontier.hosts import bare_host, hosts_of_outlet, is_mobile_host
from archive.frontier.tombstones import note_kept_out, removal_of_key
from archive.records import ArticleUrl, Check, Lead, Outlet, Source, current_timestamp

MAX_PAGE_TRIES = 4
"""Consecutive failures after which a page is fetched again only for a newer date."""


OWN_ROLES_SQL = "('requested', 'redirect', 'twin')"
"""SQL: roles of URLs that led to an article; the others (canonical, og:url …) are only declared."""


REQUESTED_ROLES_SQL = "('requested', 'redirect', 'twin', 'elsewhere', 'listed')"
"""SQL: roles of URLs that were requested, or that led to a requested URL."""

TAKES_OVER_SQL = f"(role NOT IN {REQUESTED_ROLES_SQL} AND :role IN {OWN_ROLES_SQL})"
"""SQL: the URL was only declared so far, and has been requested now."""

SUCCESSFUL_OUTCOMES = ("new", "changed", "unchanged")
"""Outcomes of checks of articles. If such a check has a reason, something is left to confirm."""

MAX_COUNTED_WAITING = 100
"""Waiting pages are counted up to this number; outlets with more are ordered by age."""
MAX_CONSIDERED_WAITING = 500
"""Waiting pages of an outlet among which one without a paused site is looked for."""

SITE_OF_URL_SQL = "substr(u.url, 1, 7 + instr(substr(u.url, 9), '/'))"
"""SQL: scheme, host and port of a URL."""

WAITING_OUTLETS_SQL = """outlet(id) AS (
  SELECT min(outlet_id) FROM urls INDEXED BY urls_next WHERE state = 'pending'
  UNION ALL SELECT (
    SELECT min(outlet_id) FROM urls INDEXED BY urls_next
    WHERE state = 'pending' AND outlet_id > outlet.id
  ) FROM outlet WHERE outlet.id IS NOT NULL
)"""
"""SQL: the outlets with waiting pages, each found by one step in an index."""

NEWEST_WAITING_SQL = f"""SELECT id, url FROM urls INDEXED BY urls_next
  WHERE outlet_id = o.id AND state = 'pending' ORDER BY published_at DESC, id LIMIT {MAX_CONSIDERED_WAITING}"""  # noqa: S608  ours
"""SQL: the newest waiting pages of an outlet `o`."""


@dataclass(frozen=True, slots=True)
class LeasedPage:
    """A page to fetch now, with its lead and the validators of its last response."""

    lead: Lead
    host: str
    etag: str | None
    last_modified: str | None
    digest: str | None = None
    """The body that the article was last extracted from; the same body again means no change."""


@dataclass(frozen=True, slots=True)
class KnownSitemap:
    """A sitemap in a sitemap index, as it was last fetched."""

    url: str
    modified_at: str | None = None
    etag: str | None = None
    last_modified: str | None = None


# -- outlets and their sources ---------------------------------------------------------------------


def add_outlet(connection: sqlite3.Connection, outlet: Outlet) -> int:
    """Add an outlet, or new facts about it; return its id. Known facts are not erased.

    An outlet first found at its mobile or AMP host is stored under its main host once that is
    known.
    """
    outlet = replace(outlet, host=_stored_host_of_outlet(connection, outlet.host) or outlet.host)
    connection.execute(
        """INSERT INTO outlets (host, name, language, country, added_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (host) DO UPDATE SET name = coalesce(excluded.name, name),
          language = coalesce(excluded.language, language),
          country = coalesce(excluded.country, country)""",
        (outlet.host, outlet.name, outlet.language, outlet.country, current_timestamp()),
    )
    row = connection.execute("SELECT id FROM outlets WHERE host = ?", (outlet.host,)).fetchone()
    return int(row["id"])


def outlet_host_of_url(url: str) -> str:
    """Return the host and port of a URL in lower case, as outlets have them; raises ValueError."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def outlet_id_of_url(connection: sqlite3.Connection, url: str) -> int:
    """Return the id of the outlet of a URL's host or of its `www.`, `m.` and `amp.` variants.

    The outlet is added if it is not known.
    """
    host = outlet_host_of_url(url)
    exact = connection.execute("SELECT id FROM outlets WHERE host = ?", (host,)).fetchone()
    if exact is not None:
        return int(exact["id"])
    bare = bare_host(host)
    variants = hosts_of_outlet(host)
    row = connection.execute(
        f"""SELECT id, host FROM outlets WHERE host IN ({sql_placeholders(variants)})
        ORDER BY host = ? DESC""",  # noqa: S608  question marks are put in
        (*variants, bare),
    ).fetchone()
    if row is None:
        return add_outlet(connection, Outlet(host))
    if is_mobile_host(row["host"]) and not is_mobile_host(host):
        connection.execute("UPDATE outlets SET host = ? WHERE id = ?", (host, row["id"]))
    return int(row["id"])


def _stored_host_of_outlet(connection: sqlite3.Connection, host: str) -> str | None:
    """Return the host under which an outlet is stored, if this is a mobile or AMP host of it.

    If only such hosts are known and this is the main one, the outlet moves to it.
    """
    variants = hosts_of_outlet(host)
    found = connection.execute(
        f"SELECT id, host FROM outlets WHERE host IN ({sql_placeholders(variants)})",  # noqa: S608
        variants,
    ).fetchall()
    known = {str(row["host"]): int(row["id"]) for row in found}
    if host in known or not known:
        return None
    if is_mobile_host(host):
        return min(known, key=is_mobile_host)
    if all(map(is_mobile_host, known)):
        outlet_id = next(iter(known.values()))
        connection.execute("UPDATE outlets SET host = ? WHERE id = ?", (host, outlet_id))
    return None


def add_source(connection: sqlite3.Connection, source: Source) -> bool:
    """Add a feed or sitemap of an outlet; return whether it was new."""
    outlet_id = add_outlet(connection, Outlet(source.host))
    done = connection.execute(
        """INSERT INTO urls (url, url_key, kind, outlet_id, role, via, found_at, state)
        VALUES (?, ?, ?, ?, 'source', 'given', ?, 'done') ON CONFLICT (url) DO NOTHING""",
        (source.url, source.url_key, source.kind, outlet_id, current_timestamp()),
    )
    return done.rowcount > 0


def add_outlet_with_sources(
    connection: sqlite3.Connection, outlet: Outlet, sources: Iterable[Source] = ()
) -> int:
    """Add an outlet and its sources; return the number of sources that were new."""
    add_outlet(connection, outlet)
    return sum(add_source(connection, source) for source in sources)


def outlet_host_in_archive(connection: sqlite3.Connection, host: str) -> str:
    """Return the host under which the archive has an outlet, with or without `www.`.

    The host itself is returned if the archive does not have the outlet.
    """
    bare = host.removeprefix("www.")
    either = (host, bare, f"www.{bare}")
    found = connection.execute(
        "SELECT host FROM outlets WHERE host IN (?, ?, ?) ORDER BY host = ? DESC",
        (*either, host),
    )
    row = found.fetchone()
    return str(row["host"]) if row else host


def sitemaps_of_index(connection: sqlite3.Connection, index_url: str) -> dict[str, KnownSitemap]:
    """Return the sitemaps of an index, as of its last fetch, by URL."""
    found = connection.execute(
        """SELECT url, modified_at, etag, last_modified FROM urls
        WHERE kind = 'sitemap' AND found_on = ?""",
        (index_url,),
    )
    return {row["url"]: KnownSitemap(**dict(row)) for row in found}


def sql_placeholders(values: Sequence[object]) -> str:
    """Return as many question marks as there are values, for SQL."""
    return ", ".join("?" * len(values))


# -- leads -----------------------------------------------------------------------------------------


def queue_leads(connection: sqlite3.Connection, leads: Iterable[Lead]) -> int:
    """Add leads; return the number of pages queued. A known page is queued only for a newer date.

    If the newer dates of a feed or sitemap were wrong too often (`archive.frontier.date_hints`),
    they count only for a sample.
    """
    hints = DateHints(connection)
    return sum(_queue_lead(connection, lead, hints) for lead in leads)


def _queue_lead(connection: sqlite3.Connection, lead: Lead, hints: DateHints) -> bool:
    """Add a lead; return whether its page was queued."""
    known = connection.execute("SELECT * FROM urls WHERE url = ?", (lead.url,)).fetchone()
    if known is None:
        return _insert_lead(connection, lead)
    if known["kind"] != "page":
        return False
    wanted, queued_by = False, None
    if known["state"] in ("done", "failed"):
        wanted = _is_wanted_again(known, lead)
        if not wanted and _is_newer_lead(known, lead):
            queued_by = hints.source_of(lead)
            wanted = hints.accepts_date(queued_by)
            if not wanted:  # a date that was not followed must count as newer next time
                lead = replace(lead, modified_at=None)
    connection.execute(
        """UPDATE urls SET headline = coalesce(headline, ?), lede = coalesce(lede, ?),
        published_offset = CASE WHEN published_at IS NULL THEN ? ELSE published_offset END,
        published_at = coalesce(published_at, ?),
        modified_at = nullif(max(coalesce(modified_at, ''), coalesce(?, '')), ''),
        state = CASE WHEN ? THEN 'pending' ELSE state END,
        queued_by = CASE WHEN ? THEN ? ELSE queued_by END
        WHERE id = ?""",
        (
            lead.headline,
            lead.lede,
            lead.published_offset,
            lead.published_at,
            lead.modified_at,
            wanted,
            wanted,
            queued_by,
            known["id"],
        ),
    )
    return wanted


def _insert_lead(connection: sqlite3.Connection, lead: Lead) -> bool:
    """Insert a lead to an unknown URL; return whether it is a page, which is queued.

    The page of a removed article is left out.
    """
    is_page = lead.kind == "page"
    if is_page and (removal := removal_of_key(connection, lead.url_key)):
        note_kept_out(connection, removal)
        return False
    # a sitemap belongs to the outlet whose index named it, wherever it is stored
    outlet_url = lead.found_on if lead.found_on and not is_page else lead.url
    connection.execute(
        """INSERT INTO urls (url, url_key, kind, outlet_id, role, via, found_on, listed_as,
          found_at, headline, lede, published_at, published_offset, modified_at, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            lead.url,
            lead.url_key,
            lead.kind,
            outlet_id_of_url(connection, outlet_url),
            "requested" if is_page else "listed",
            lead.via,
            lead.found_on,
            lead.listed_as,
            current_timestamp(),
            lead.headline,
            lead.lede,
            lead.published_at,
            lead.published_offset,
            lead.modified_at if is_page else None,
            "pending" if is_page else "done",
        ),
    )
    return is_page


def _is_newer_lead(known: sqlite3.Row, lead: Lead) -> bool:
    """Return whether a lead gives a later date of change than was known, or than the last fetch."""
    before = known["modified_at"] or known["fetched_at"] or ""
    return bool(lead.modified_at and lead.modified_at > before)


def _is_wanted_again(known: sqlite3.Row, lead: Lead) -> bool:
    """Return whether a known page is to be fetched again, whatever a feed says."""
    if lead.via == "given":
        return True
    return (
        known["state"] == "failed"
        and known["due_at"] is not None
        and known["due_at"] <= current_timestamp()
    )


# -- the turn of a page ----------------------------------------------------------------------------


def has_waiting_pages(connection: sqlite3.Connection) -> bool:
    """Return whether any page waits; this takes no write lock."""
    found = connection.execute("SELECT 1 FROM urls WHERE state = 'pending' LIMIT 1")
    return found.fetchone() is not None


def waiting_pages_by_host(
    connection: sqlite3.Connection, hosts: Sequence[str] = ()
) -> dict[str, int]:
    """Return the numbers of waiting pages of `hosts` or of all outlets, by host.

    Outlets that a person paused, or whose site is paused (`pauses`), are left out, because no page
    of theirs is leased.
    """
    of_hosts = f"AND o.host IN ({sql_placeholders(hosts)})" if hosts else ""
    rows = connection.execute(
        f"""WITH RECURSIVE {WAITING_OUTLETS_SQL}
        SELECT o.host, (SELECT count(*) FROM urls INDEXED BY urls_next
                        WHERE outlet_id = o.id AND state = 'pending')
        FROM outlet JOIN outlets o ON o.id = outlet.id
        WHERE o.paused_at IS NULL {of_hosts} AND NOT EXISTS (SELECT 1 FROM pauses
          WHERE until > ? AND site IN ('http://' || o.host, 'https://' || o.host))""",  # noqa: S608
        (*hosts, current_timestamp()),
    )
    return {row[0]: row[1] for row in rows}


def lease_pages(
    connection: sqlite3.Connection,
    most: int,
    per_outlet: int,
    hosts: Sequence[str] = (),
    but: Sequence[str] = (),
    in_turn: int = 1,
) -> list[LeasedPage]:
    """Lease up to `most` waiting pages, at most `per_outlet` of one outlet at once.

    Each outlet gets `in_turn` leased pages before any gets more; of two outlets, the one with more
    waiting pages is first, because each site has its own pace, and a large one begun last would
    be alone at the end. `hosts` restricts the outlets, `but` excludes some. Pages of paused sites
    (`pauses`) and of outlets that a person paused stay queued. Of several URLs with one key one is
    leased; the others are settled without a request once it is an article. Only the newest waiting
    pages of each outlet are considered, so the cost does not depend on the length of the queue.
    """
    rows = connection.execute(
        _lease_sql(hosts, but),
        (
            current_timestamp(),
            *hosts,
            *but,
            per_outlet,
            in_turn,
            2 * most,
            2 * per_outlet,
            per_outlet,
            in_turn,
            most,
        ),
    ).fetchall()
    twins = [row for row in rows if _is_settled_twin(row)]
    leased = [row for row in rows if not _is_settled_twin(row)]
    connection.executemany(
        "UPDATE urls SET state = 'leased' WHERE id = ?", [(row["id"],) for row in leased]
    )
    connection.executemany(
        "UPDATE urls SET state = 'done', role = 'twin', article_id = ? WHERE id = ?",
        [(row["twin_of"], row["id"]) for row in twins],
    )
    return [_leased_page_of_row(row) for row in leased]


def _lease_sql(hosts: Sequence[str], but: Sequence[str]) -> str:
    """Return the SQL that selects the pages to lease.

    Its steps: `turn` are the outlets with a page that is not paused, `first` those whose turn it
    is, `candidate` their newest waiting pages, and `waiting` the pages of these whose key is not
    leased yet, numbered within the outlet.
    """
    of_hosts = f"AND o.host IN ({sql_placeholders(hosts)})" if hosts else ""
    not_of_hosts = f"AND o.host NOT IN ({sql_placeholders(but)})" if but else ""
    return f"""WITH RECURSIVE {WAITING_OUTLETS_SQL}, paused AS MATERIALIZED (
          SELECT site FROM pauses WHERE until > ?
        ), turn AS MATERIALIZED (
          SELECT o.id, o.host,
            (SELECT count(*) FROM urls INDEXED BY urls_leased
              WHERE outlet_id = o.id AND state = 'leased') AS under_way,
            (SELECT count(*) FROM (SELECT 1 FROM urls INDEXED BY urls_next
              WHERE outlet_id = o.id AND state = 'pending' LIMIT {MAX_COUNTED_WAITING})) AS outlet_waits
          FROM outlet JOIN outlets o ON o.id = outlet.id
          WHERE o.paused_at IS NULL {of_hosts} {not_of_hosts}
            AND EXISTS (SELECT 1 FROM ({NEWEST_WAITING_SQL}) AS u WHERE {SITE_OF_URL_SQL} NOT IN (SELECT site FROM paused))
        ), first AS MATERIALIZED (
          SELECT * FROM turn
          WHERE under_way < ? ORDER BY under_way / ?, outlet_waits DESC, id LIMIT ?
        ), candidate AS (
          SELECT u.*, o.host, o.outlet_waits, o.under_way,
            row_number() OVER (PARTITION BY url_key ORDER BY u.id) AS twin
          FROM first o CROSS JOIN urls u ON u.id IN (
            SELECT id FROM ({NEWEST_WAITING_SQL}) AS u WHERE {SITE_OF_URL_SQL} NOT IN (SELECT site FROM paused) LIMIT ?
          )
        ), waiting AS (
          SELECT *, under_way
            + row_number() OVER (PARTITION BY outlet_id ORDER BY published_at DESC, id) AS nth
          FROM candidate WHERE twin = 1
            AND NOT EXISTS (SELECT 1 FROM urls t INDEXED BY urls_under_way
              WHERE t.url_key = candidate.url_key AND t.state = 'leased')
        )
        SELECT waiting.*, (
          SELECT t.article_id FROM urls t INDEXED BY urls_read
          WHERE t.url_key = waiting.url_key AND t.id <> waiting.id
            AND t.article_id IS NOT NULL AND t.role IN {OWN_ROLES_SQL}
        ) AS twin_of
        FROM waiting WHERE nth <= ?
        ORDER BY (nth - 1) / ?, outlet_waits DESC, id LIMIT ?"""  # noqa: S608  only our own text is put in


def _is_settled_twin(row: sqlite3.Row) -> bool:
    """Return whether another URL with the same key is an article, so that no request is needed."""
    return row["twin_of"] is not None and not row["fetched_at"] and row["via"] != "given"


def lead_to_url(connection: sqlite3.Connection, url: str) -> Lead | None:
    """Return the stored lead to a page; None for an unknown page."""
    row = connection.execute("SELECT * FROM urls WHERE url = ?", (url,)).fetchone()
    return lead_of_row(row) if row else None


def lease_pages_at(connection: sqlite3.Connection, urls: Iterable[str]) -> list[LeasedPage]:
    """Lease those of the pages that are queued."""
    leased = []
    for url in urls:
        row = connection.execute(
            """SELECT u.*, o.host FROM urls u JOIN outlets o ON o.id = u.outlet_id
            WHERE u.url = ? AND u.state = 'pending'""",
            (url,),
        ).fetchone()
        if row:
            connection.execute("UPDATE urls SET state = 'leased' WHERE id = ?", (row["id"],))
            leased.append(_leased_page_of_row(row))
    return leased


def lead_of_row(row: sqlite3.Row) -> Lead:
    """Return the lead in a row of `urls`."""
    return Lead(
        url=row["url"],
        via=row["via"] or "given",
        found_on=row["found_on"],
        listed_as=row["listed_as"],
        headline=row["headline"],
        lede=row["lede"],
        published_at=row["published_at"],
        published_offset=row["published_offset"],
        modified_at=row["modified_at"] or None,
        url_key=row["url_key"],
    )


def _leased_page_of_row(row: sqlite3.Row) -> LeasedPage:
    """Return the page in a row of `urls`, with the validators that may be sent."""
    known = row["article_id"] is not None
    as_read = known and row["outcome"] in SUCCESSFUL_OUTCOMES and row["reason"] is None
    is_unconfirmed = row["outcome"] == "gone" or (row["reason"] or "").startswith("held")
    etag, last_modified = row["etag"], row["last_modified"]
    if known and is_unconfirmed:
        etag = last_modified = None  # the answer 304 would not confirm what the page shows
    digest = row["digest"] if as_read else None
    return LeasedPage(lead_of_row(row), row["host"], etag, last_modified, digest)


def queue_failed_pages(connection: sqlite3.Connection) -> int:
    """Queue failed pages without an article whose failure may have passed; return their number."""
    return connection.execute(
        """UPDATE urls SET state = 'pending'
        WHERE state = 'failed' AND kind = 'page' AND article_id IS NULL AND due_at <= ?""",
        (current_timestamp(),),
    ).rowcount


def queue_due_rechecks(connection: sqlite3.Connection, per_outlet: int) -> int:
    """Queue articles whose recheck is due, at most `per_outlet` each; return their number."""
    return connection.execute(
        """UPDATE urls SET state = 'pending' WHERE id IN (
          SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY outlet_id ORDER BY due_at) AS turn FROM urls
            WHERE due_at <= ? AND state IN ('done', 'failed') AND kind = 'page'
              AND article_id IS NOT NULL
          ) WHERE turn <= ?
        )""",
        (current_timestamp(), per_outlet),
    ).rowcount


def set_page_due(connection: sqlite3.Connection, url: str, due_at: str | None) -> None:
    """Set when an article's page is fetched again; None: only if it is listed again."""
    connection.execute("UPDATE urls SET due_at = ? WHERE url = ?", (due_at, url))


def return_pages(connection: sqlite3.Connection, urls: Iterable[str]) -> None:
    """Queue leased pages again that were not requested."""
    connection.executemany(
        "UPDATE urls SET state = 'pending' WHERE url = ? AND state = 'leased'",
        [(url,) for url in urls],
    )


def delete_waiting_page(connection: sqlite3.Connection, url: str) -> None:
    """Delete the URL of a page without an article, with its fetches."""
    own = """SELECT id FROM urls WHERE url = ? AND kind = 'page'
      AND article_id IS NULL AND leads_to IS NULL"""
    connection.execute(f"DELETE FROM fetches WHERE url_id IN ({own})", (url,))  # noqa: S608
    connection.execute(f"DELETE FROM urls WHERE id IN ({own})", (url,))  # noqa: S608  our own text


def return_all_leases(connection: sqlite3.Connection) -> int:
    """Queue all leased pages again; return their number."""
    return connection.execute("UPDATE urls SET state = 'pending' WHERE state = 'leased'").rowcount


# -- what a look came to ---------------------------------------------------------------------------


def record_check(
    connection: sqlite3.Connection, check: Check, crawl_id: int | None, article_id: int | None
) -> None:
    """Record a check and update the state of its URL.

    A page postponed because of its site (refused, but only for now) stays queued, and the attempt
    is not counted as a failure.
    """
    url_id = _url_id_of_check(connection, check)
    note_date_hint(connection, url_id, check.outcome)
    values: dict[str, object] = {
        name: getattr(check, name)
        for name in (
            "fetched_at",
            "outcome",
            "status",
            "reason",
            "final_url",
            "etag",
            "last_modified",
            "digest",
            "size",
            "seconds",
            "modified_at",
        )
    }
    values |= {"url_id": url_id, "crawl_id": crawl_id, "article_id": article_id}
    failed = check.outcome in ("failed", "refused", "gone")
    values |= {
        "failed": failed,
        "put_off": check.outcome == "refused" and check.transient,
        "may_pass": failed and check.transient,
        "keeps_validators": failed or check.status == 304,
        "state": "failed" if failed else "done",
        "max_tries": MAX_PAGE_TRIES,
    }
    connection.execute(_INSERT_CHECK_SQL, values)
    connection.execute(_UPDATE_CHECKED_URL_SQL, values)


_INSERT_CHECK_SQL = """INSERT INTO fetches (url_id, crawl_id, fetched_at, outcome, status, reason,
    final_url, etag, last_modified, digest, size, seconds)
  VALUES (:url_id, :crawl_id, :fetched_at, :outcome, :status, :reason,
    :final_url, :etag, :last_modified, :digest, :size, :seconds)"""

_UPDATE_CHECKED_URL_SQL = """UPDATE urls SET
    state = CASE WHEN :put_off AND kind = 'page' THEN 'pending' ELSE :state END,
    fetched_at = :fetched_at, outcome = :outcome, status = :status, reason = :reason,
    failures = CASE WHEN :put_off THEN failures WHEN :failed THEN failures + 1 ELSE 0 END,
    due_at = CASE WHEN :may_pass AND failures + 1 < :max_tries THEN :fetched_at END,
    etag = CASE WHEN :keeps_validators THEN etag ELSE :etag END,
    last_modified = CASE WHEN :keeps_validators THEN last_modified ELSE :last_modified END,
    digest = coalesce(:digest, digest), article_id = coalesce(article_id, :article_id),
    modified_at = coalesce(:modified_at, modified_at)
  WHERE id = :url_id"""


def _url_id_of_check(connection: sqlite3.Connection, check: Check) -> int:
    """Return the id of a check's URL, which is added if it is unknown."""
    row = connection.execute("SELECT id FROM urls WHERE url = ?", (check.url,)).fetchone()
    if row is None:
        queue_leads(connection, [Lead(check.url, via="given", url_key=check.url_key)])
        row = connection.execute("SELECT id FROM urls WHERE url = ?", (check.url,)).fetchone()
    return int(row["id"])


def add_article_urls(
    connection: sqlite3.Connection, article_id: int, addresses: Iterable[ArticleUrl]
) -> None:
    """Make each URL of an article point to it; a URL of another article stays as it is.

    A URL that a page merely declares proves nothing: a request for that URL takes it over.
    """
    for address in addresses:
        connection.execute(
            f"""INSERT INTO urls (url, url_key, outlet_id, article_id, role, found_at, state)
            VALUES (:url, :key, :outlet, coalesce((
              SELECT article_id FROM urls
              WHERE url_key = :key AND article_id IS NOT NULL AND role IN {OWN_ROLES_SQL}
              LIMIT 1
            ), :article), :role, :now, 'done')
            ON CONFLICT (url) DO UPDATE SET
              article_id = CASE WHEN article_id IS NULL OR {TAKES_OVER_SQL}
                THEN :article ELSE article_id END,
              role = CASE WHEN kind = 'page'
                  AND (article_id IS NULL AND :role NOT IN {REQUESTED_ROLES_SQL} OR {TAKES_OVER_SQL})
                THEN :role ELSE role END""",  # noqa: S608  constants are put in
            {
                "url": address.url,
                "key": address.url_key,
                "outlet": outlet_id_of_url(connection, address.url),
                "article": article_id,
                "role": address.role,
                "now": current_timestamp(),
            },
        )
