"""What is known, waiting, under way and done: the frontier of the crawls, as rows in `urls`.

It lives in the archive so that a URL is *done* in the transaction that keeps its article, and a run
that is killed loses nothing: `pending → leased → done | failed`. What was leased by a run that died
is pending again at the next start. Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from archive.frontier.date_hints import Hints, note_hint
from archive.frontier.hosts import bare_host, hosts_of, is_twin_host
from archive.records import Address, Check, Lead, Outlet, Source, now
from archive.storage.database import transaction

MOST_TRIES = 4
"""Failures in a row after which a page waits until somebody points to it again with a newer
date."""


OWN_ROLES = "('requested', 'redirect', 'twin')"
"""Roles of addresses that led to an article; of the others (canonical, og:url …) the page alone
says that they do."""


ASKED = "('requested', 'redirect', 'twin', 'elsewhere', 'listed')"
"""Roles of addresses that were asked for, or that led to one that was."""

TAKES_OVER = f"(role NOT IN {ASKED} AND :role IN {OWN_ROLES})"
"""An address that was only declared is asked for."""

READ = ("new", "changed", "unchanged")
"""Outcomes of a look at an article; with a reason beside them, something of it is open."""

COUNTED = 100
"""Pages of an outlet up to which it counts how many wait; of two that have more, the older comes
first."""
LOOKED_AT = 500
"""Pages of an outlet among which one is looked for whose site is not left alone."""

SITE = "substr(u.url, 1, 7 + instr(substr(u.url, 9), '/'))"
"""Scheme, host and port of an address."""

OUTLETS = """outlet(id) AS (
  SELECT min(outlet_id) FROM urls INDEXED BY urls_next WHERE state = 'pending'
  UNION ALL SELECT (
    SELECT min(outlet_id) FROM urls INDEXED BY urls_next WHERE state = 'pending' AND outlet_id > outlet.id
  ) FROM outlet WHERE outlet.id IS NOT NULL
)"""
"""Those of which a page waits, each found by a step in an index."""

NEWEST = f"""SELECT id, url FROM urls INDEXED BY urls_next
  WHERE outlet_id = o.id AND state = 'pending' ORDER BY published_at DESC, id LIMIT {LOOKED_AT}"""  # noqa: S608  ours
"""The newest pages of an outlet `o` that wait."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A page whose turn has come, with what its lead said and the validators of its last answer."""

    lead: Lead
    host: str
    etag: str | None
    last_modified: str | None
    digest: str | None = None
    """Of the body that its article was read from last; a body that has it says nothing new."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A sitemap that an index names, as it was last seen."""

    url: str
    modified_at: str | None = None
    etag: str | None = None
    last_modified: str | None = None


# -- outlets and their sources ---------------------------------------------------------------------


def add_outlet(connection: sqlite3.Connection, outlet: Outlet) -> int:
    """The outlet's id; what is new about it is added, what is known is not emptied.

    An outlet that was met at its mobile or AMP host first takes the name of its proper host once
    that is known.
    """
    outlet = replace(outlet, host=_known_host(connection, outlet.host) or outlet.host)
    connection.execute(
        """INSERT INTO outlets (host, name, language, country, added_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (host) DO UPDATE SET name = coalesce(excluded.name, name),
          language = coalesce(excluded.language, language), country = coalesce(excluded.country, country)""",
        (outlet.host, outlet.name, outlet.language, outlet.country, now()),
    )
    row = connection.execute("SELECT id FROM outlets WHERE host = ?", (outlet.host,)).fetchone()
    return int(row["id"])


def outlet_of(connection: sqlite3.Connection, url: str) -> int:
    """The id of the outlet that a URL belongs to by its host, also of its `www.`, `m.` and `amp.`
    hosts; made if it is not there."""
    host = urlsplit(url).netloc.rpartition("@")[2].lower()
    bare = bare_host(host)
    row = connection.execute(
        f"SELECT id, host FROM outlets WHERE host IN ({_marks(hosts_of(host))}) ORDER BY host = ? DESC, host = ? DESC",  # noqa: S608
        (*hosts_of(host), host, bare),
    ).fetchone()
    if row is None:
        return add_outlet(connection, Outlet(host))
    if is_twin_host(row["host"]) and not is_twin_host(host):
        connection.execute("UPDATE outlets SET host = ? WHERE id = ?", (host, row["id"]))
    return int(row["id"])


def _known_host(connection: sqlite3.Connection, host: str) -> str | None:
    """The host that an outlet is filed under, if it is met at another of its hosts; None if that is
    no twin's."""
    found = connection.execute(
        # question marks
        f"SELECT id, host FROM outlets WHERE host IN ({_marks(hosts_of(host))})",  # noqa: S608
        hosts_of(host),
    ).fetchall()
    known = {str(row["host"]): int(row["id"]) for row in found}
    if host in known or not known:
        return None
    if is_twin_host(host):
        return min(known, key=is_twin_host)
    if all(map(is_twin_host, known)):
        connection.execute(
            "UPDATE outlets SET host = ? WHERE id = ?", (host, next(iter(known.values())))
        )
    return None


def add_source(connection: sqlite3.Connection, source: Source) -> bool:
    """Remember a feed or sitemap of an outlet; True if it was not known."""
    outlet_id = add_outlet(connection, Outlet(source.host))
    done = connection.execute(
        """INSERT INTO urls (url, url_key, kind, outlet_id, role, via, found_at, state)
        VALUES (?, ?, ?, ?, 'source', 'given', ?, 'done') ON CONFLICT (url) DO NOTHING""",
        (source.url, source.url_key, source.kind, outlet_id, now()),
    )
    return done.rowcount > 0


def sitemaps_of(connection: sqlite3.Connection, index_url: str) -> dict[str, Listing]:
    """The sitemaps that an index named when it was last read, by URL."""
    found = connection.execute(
        "SELECT url, modified_at, etag, last_modified FROM urls WHERE kind = 'sitemap' AND found_on = ?",
        (index_url,),
    )
    return {row["url"]: Listing(**dict(row)) for row in found}


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


# -- leads -----------------------------------------------------------------------------------------


def add_leads(connection: sqlite3.Connection, leads: Iterable[Lead]) -> int:
    """Take leads into the frontier; the number that now waits. A page that is known waits only if
    the lead is newer.

    Where the newer dates of a feed or sitemap were wrong too often (`archive.frontier.date_hints`),
    they count for a sample alone.
    """
    hints = Hints(connection)
    return sum(_add_lead(connection, lead, hints) for lead in leads)


def _add_lead(connection: sqlite3.Connection, lead: Lead, hints: Hints) -> bool:
    known = connection.execute("SELECT * FROM urls WHERE url = ?", (lead.url,)).fetchone()
    if known is None:
        connection.execute(
            """INSERT INTO urls (url, url_key, kind, outlet_id, role, via, found_on, listed_as, found_at, headline,
              lede, published_at, modified_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                lead.url,
                lead.url_key,
                lead.kind,
                outlet_of(
                    connection, lead.found_on if lead.found_on and lead.kind != "page" else lead.url
                ),
                "requested" if lead.kind == "page" else "listed",
                lead.via,
                lead.found_on,
                lead.listed_as,
                now(),
                lead.headline,
                lead.lede,
                lead.published_at,
                lead.modified_at if lead.kind == "page" else None,
                "pending" if lead.kind == "page" else "done",
            ),
        )
        return lead.kind == "page"
    if known["kind"] != "page":
        return False
    wanted, hinted_by = False, None
    if known["state"] in ("done", "failed"):
        wanted = _is_asked_for(known, lead)
        if not wanted and _is_newer(known, lead):
            hinted_by = hints.source_of(lead)
            wanted = hints.count(hinted_by)
            if not wanted:  # what was not looked at for it stays news
                lead = replace(lead, modified_at=None)
    connection.execute(
        """UPDATE urls SET headline = coalesce(headline, ?), lede = coalesce(lede, ?),
        published_at = coalesce(published_at, ?),
        modified_at = nullif(max(coalesce(modified_at, ''), coalesce(?, '')), ''),
        state = CASE WHEN ? THEN 'pending' ELSE state END, hinted_by = CASE WHEN ? THEN ? ELSE hinted_by END
        WHERE id = ?""",
        (
            lead.headline,
            lead.lede,
            lead.published_at,
            lead.modified_at,
            wanted,
            wanted,
            hinted_by,
            known["id"],
        ),
    )
    return wanted


def _is_newer(known: sqlite3.Row, lead: Lead) -> bool:
    """Does a lead to a known page say that it changed since it was last said to, or looked at?"""
    return bool(
        lead.modified_at and lead.modified_at > (known["modified_at"] or known["checked_at"] or "")
    )


def _is_asked_for(known: sqlite3.Row, lead: Lead) -> bool:
    """Is a known page to be tried or asked for once more, whatever a feed says?"""
    if lead.via == "given":
        return True
    return known["state"] == "failed" and known["due_at"] is not None and known["due_at"] <= now()


# -- the turn of a page ----------------------------------------------------------------------------


def lease(
    connection: sqlite3.Connection,
    most: int,
    per_outlet: int,
    hosts: Sequence[str] = (),
    but: Sequence[str] = (),
    in_turn: int = 1,
) -> list[Waiting]:
    """Take up to `most` waiting pages, at most `per_outlet` of one outlet at once, so that none
    waits for another.

    Each outlet comes to `in_turn` under way before any gets more; of two, the one of which more
    wait is first: a site is asked at its own pace, and begun last it would be alone at the end. Of
    some `hosts`, or of all, `but` some. Those of a site that is left alone (`pauses`) go on
    waiting. Of several addresses with one key one is leased; the others are settled without a
    request once it is an article. Of each outlet the newest that wait are looked at and no others:
    it costs the same however many wait.
    """
    rows = connection.execute(
        f"""WITH RECURSIVE {OUTLETS}, paused AS MATERIALIZED (
          SELECT site FROM pauses WHERE until > ?
        ), turn AS MATERIALIZED (
          SELECT o.id, o.host,
            (SELECT count(*) FROM urls INDEXED BY urls_leased
              WHERE outlet_id = o.id AND state = 'leased') AS under_way,
            (SELECT count(*) FROM (SELECT 1 FROM urls INDEXED BY urls_next
              WHERE outlet_id = o.id AND state = 'pending' LIMIT {COUNTED})) AS outlet_waits
          FROM outlet JOIN outlets o ON o.id = outlet.id
          WHERE true {f"AND o.host IN ({_marks(hosts)})" if hosts else ""}
            {f"AND o.host NOT IN ({_marks(but)})" if but else ""}
            AND EXISTS (SELECT 1 FROM ({NEWEST}) AS u WHERE {SITE} NOT IN (SELECT site FROM paused))
        ), first AS MATERIALIZED (
          SELECT * FROM turn WHERE under_way < ? ORDER BY under_way / ?, outlet_waits DESC, id LIMIT ?
        ), candidate AS (
          SELECT u.*, o.host, o.outlet_waits, o.under_way,
            row_number() OVER (PARTITION BY url_key ORDER BY u.id) AS twin
          FROM first o CROSS JOIN urls u ON u.id IN (
            SELECT id FROM ({NEWEST}) AS u WHERE {SITE} NOT IN (SELECT site FROM paused) LIMIT ?
          )
        ), waiting AS (
          SELECT *, under_way
            + row_number() OVER (PARTITION BY outlet_id ORDER BY published_at DESC, id) AS nth
          FROM candidate WHERE twin = 1
            AND NOT EXISTS (SELECT 1 FROM urls t INDEXED BY urls_under_way
              WHERE t.url_key = candidate.url_key AND t.state = 'leased')
        )
        SELECT waiting.*, (
          SELECT t.article_id FROM urls t INDEXED BY urls_read WHERE t.url_key = waiting.url_key AND t.id <> waiting.id
            AND t.article_id IS NOT NULL AND t.role IN {OWN_ROLES}
        ) AS twin_of
        FROM waiting WHERE nth <= ? ORDER BY (nth - 1) / ?, outlet_waits DESC, id LIMIT ?""",  # noqa: S608  nothing of others' is put in
        (
            now(),
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
    twins = [
        row
        for row in rows
        if row["twin_of"] is not None and not row["checked_at"] and row["via"] != "given"
    ]
    turn = [row for row in rows if row not in twins]
    connection.executemany(
        "UPDATE urls SET state = 'leased' WHERE id = ?", [(row["id"],) for row in turn]
    )
    connection.executemany(
        "UPDATE urls SET state = 'done', role = 'twin', article_id = ? WHERE id = ?",
        [(row["twin_of"], row["id"]) for row in twins],
    )
    return [_waiting(row) for row in turn]


def lead_to(connection: sqlite3.Connection, url: str) -> Lead | None:
    """What pointed to a page, as far as it is kept; None if nobody knows the page."""
    row = connection.execute("SELECT * FROM urls WHERE url = ?", (url,)).fetchone()
    return lead_of(row) if row else None


def lease_these(connection: sqlite3.Connection, urls: Iterable[str]) -> list[Waiting]:
    """Take these pages, if they wait, and no others."""
    taken = []
    for url in urls:
        row = connection.execute(
            """SELECT u.*, o.host FROM urls u JOIN outlets o ON o.id = u.outlet_id
            WHERE u.url = ? AND u.state = 'pending'""",
            (url,),
        ).fetchone()
        if row:
            connection.execute("UPDATE urls SET state = 'leased' WHERE id = ?", (row["id"],))
            taken.append(_waiting(row))
    return taken


def lead_of(row: sqlite3.Row) -> Lead:
    """The lead that a row of `urls` keeps."""
    return Lead(
        url=row["url"],
        via=row["via"] or "given",
        found_on=row["found_on"],
        listed_as=row["listed_as"],
        headline=row["headline"],
        lede=row["lede"],
        published_at=row["published_at"],
        modified_at=row["modified_at"] or None,
        url_key=row["url_key"],
    )


def _waiting(row: sqlite3.Row) -> Waiting:
    known = row["article_id"] is not None
    as_read = known and row["outcome"] in READ and row["reason"] is None
    etag, last_modified = row["etag"], row["last_modified"]
    if known and (row["outcome"] == "gone" or (row["reason"] or "").startswith("held")):
        etag = last_modified = None  # "not modified" would not say what stands there
    return Waiting(
        lead_of(row), row["host"], etag, last_modified, row["digest"] if as_read else None
    )


def retry_failed(connection: sqlite3.Connection) -> int:
    """Pages whose failure may have passed, and that are no article yet, wait again; the number of
    them."""
    return connection.execute(
        """UPDATE urls SET state = 'pending'
        WHERE state = 'failed' AND kind = 'page' AND article_id IS NULL AND due_at <= ?""",
        (now(),),
    ).rowcount


def recheck_due(connection: sqlite3.Connection, per_outlet: int) -> int:
    """Articles whose turn it is to be looked at again wait, so many of each outlet; the number of
    them."""
    return connection.execute(
        """UPDATE urls SET state = 'pending' WHERE id IN (
          SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY outlet_id ORDER BY due_at) AS turn FROM urls
            WHERE due_at <= ? AND state IN ('done', 'failed') AND kind = 'page' AND article_id IS NOT NULL
          ) WHERE turn <= ?
        )""",
        (now(), per_outlet),
    ).rowcount


def set_due(connection: sqlite3.Connection, url: str, moment: str | None) -> None:
    """When an article's page is to be looked at again."""
    connection.execute("UPDATE urls SET due_at = ? WHERE url = ?", (moment, url))


def give_back(connection: sqlite3.Connection, urls: Iterable[str]) -> None:
    """Pages that were leased and not asked for wait again."""
    connection.executemany(
        "UPDATE urls SET state = 'pending' WHERE url = ? AND state = 'leased'",
        [(url,) for url in urls],
    )


def return_leases(connection: sqlite3.Connection) -> int:
    """What was under way is waiting again; the number of pages."""
    return connection.execute("UPDATE urls SET state = 'pending' WHERE state = 'leased'").rowcount


def end_crawl(connection: sqlite3.Connection, crawl_id: int, reason: str | None) -> None:
    """A crawl is over: `finished`, or with a reason `stopped`; what it still held waits. Its own
    transaction."""
    with transaction(connection):
        return_leases(connection)
        connection.execute(
            "UPDATE crawls SET finished_at = ?, state = ?, reason = ? WHERE id = ?",
            (now(), "stopped" if reason else "finished", reason, crawl_id),
        )


# -- what a look came to ---------------------------------------------------------------------------


def note_check(
    connection: sqlite3.Connection, check: Check, crawl_id: int | None, article_id: int | None
) -> None:
    """Write the row of a look, and the state that it leaves its URL in.

    A page that was put off for a reason of its site (refused, but not for good) goes on waiting,
    and no try is counted.
    """
    url_id = _url_id(connection, check)
    note_hint(connection, url_id, check.outcome)
    connection.execute(
        """INSERT INTO checks (url_id, crawl_id, checked_at, outcome, status, reason, final_url, etag, last_modified,
          digest, size, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            url_id,
            crawl_id,
            check.checked_at,
            check.outcome,
            check.status,
            check.reason,
            check.final_url,
            check.etag,
            check.last_modified,
            check.digest,
            check.size,
            check.seconds,
        ),
    )
    failed = check.outcome in ("failed", "refused", "gone")
    put_off = check.outcome == "refused" and check.transient
    connection.execute(
        """UPDATE urls SET state = CASE WHEN ? AND kind = 'page' THEN 'pending' ELSE ? END,
          checked_at = ?, outcome = ?, status = ?, reason = ?,
          tries = CASE WHEN ? THEN tries WHEN ? THEN tries + 1 ELSE 0 END,
          due_at = CASE WHEN ? AND tries + 1 < ? THEN ? END,
          etag = CASE WHEN ? THEN etag ELSE ? END, last_modified = CASE WHEN ? THEN last_modified ELSE ? END,
          digest = coalesce(?, digest), article_id = coalesce(article_id, ?),
          modified_at = coalesce(?, modified_at)
        WHERE id = ?""",
        (
            put_off,
            "failed" if failed else "done",
            check.checked_at,
            check.outcome,
            check.status,
            check.reason,
            put_off,
            failed,
            failed and check.transient,
            MOST_TRIES,
            check.checked_at,
            failed or check.status == 304,
            check.etag,
            failed or check.status == 304,
            check.last_modified,
            check.digest,
            article_id,
            check.modified_at,
            url_id,
        ),
    )


def _url_id(connection: sqlite3.Connection, check: Check) -> int:
    row = connection.execute("SELECT id FROM urls WHERE url = ?", (check.url,)).fetchone()
    if row is None:
        add_leads(connection, [Lead(check.url, via="given", url_key=check.url_key)])
        row = connection.execute("SELECT id FROM urls WHERE url = ?", (check.url,)).fetchone()
    return int(row["id"])


def add_addresses(
    connection: sqlite3.Connection, article_id: int, addresses: Iterable[Address]
) -> None:
    """Every address of an article is a row that points to it; one that is another article's already
    stays so.

    What a page merely declares is no proof: an address that was asked for takes it over.
    """
    for address in addresses:
        connection.execute(
            f"""INSERT INTO urls (url, url_key, outlet_id, article_id, role, found_at, state)
            VALUES (:url, :key, :outlet, coalesce((
              SELECT article_id FROM urls WHERE url_key = :key AND article_id IS NOT NULL AND role IN {OWN_ROLES}
              LIMIT 1
            ), :article), :role, :now, 'done')
            ON CONFLICT (url) DO UPDATE SET
              article_id = CASE WHEN article_id IS NULL OR {TAKES_OVER} THEN :article ELSE article_id END,
              role = CASE WHEN kind = 'page' AND (article_id IS NULL AND :role NOT IN {ASKED} OR {TAKES_OVER})
                THEN :role ELSE role END""",  # noqa: S608  constants are put in
            {
                "url": address.url,
                "key": address.url_key,
                "outlet": outlet_of(connection, address.url),
                "article": article_id,
                "role": address.role,
                "now": now(),
            },
        )
