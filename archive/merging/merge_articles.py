"""Merging articles: each is looked up as a crawl does it, and its versions are put in order.

An article that is not known here is stored as if a crawl had met its versions one after the other.
The versions of a known one are ordered by time together with ours, and judged again from the first
to the last. So two archives of overlapping crawls make what one archive of both crawls would be.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from archive.articles.boilerplate import add_removed_lines, removed_lines, store_removed_lines
from archive.articles.fresh_readings import write_without_reading
from archive.articles.histories import SeenVersion, continue_history, rewrite_history
from archive.articles.identity import FoundArticle, find_article, note_leading_urls
from archive.articles.revisions import fetch_history
from archive.articles.store import Decisions, store_article
from archive.frontier.tombstones import removal_of_check, request_erasure
from archive.frontier.urls import add_article_urls, set_page_due
from archive.merging.disappearances import settle_disappearances
from archive.merging.merge_report import MergeReport
from archive.merging.merge_urls import MergedIds, first_own_article, merge_url_rows
from archive.merging.timelines import Sighting, merged_history, sightings_of_article
from archive.progress import ProgressReport
from archive.records import ArticleUrl, Check
from archive.removal.remove_articles import pages_at_shared_urls

MERGED_ARTICLES_PER_TRANSACTION = 50

ARTICLES_BY_AGE_SQL = """
SELECT id FROM (
  SELECT id, coalesce((
    SELECT seen_at FROM revisions WHERE article_id = articles.id AND number = 1
  ), fetched_at) AS first_seen FROM articles
) ORDER BY first_seen, id"""

IDENTIFYING_ROLES_SQL = (
    "('requested', 'redirect', 'twin', 'canonical', 'og:url', 'amphtml', 'json-ld')"
)
ARTICLE_ADDRESSES_SQL = f"""
SELECT u.*, u.article_id IS ?1 AS is_own FROM urls u JOIN articles a ON a.id = ?1
WHERE u.article_id = ?1 AND u.role IN {IDENTIFYING_ROLES_SQL} OR u.leads_to = ?1
ORDER BY u.url = a.url DESC, u.role = 'requested' DESC, u.id"""  # noqa: S608  a constant is put in

FIRST_SEEN_SQL = """SELECT coalesce((
  SELECT seen_at FROM revisions WHERE article_id = articles.id AND number = 1
), fetched_at) FROM articles WHERE id = ?"""

NEWEST_ROWS_SQL = """SELECT (SELECT coalesce(max(id), 0) FROM articles) AS articles,
(SELECT coalesce(max(id), 0) FROM revisions) AS revisions"""


@dataclass(frozen=True, slots=True)
class ArticleMerger:
    """The data that merging each article needs."""

    theirs: sqlite3.Connection
    ids: MergedIds
    url_key: Callable[[str], str]
    """A URL → the key under which it is looked up, for an article whose URLs are missing."""


def merge_articles(
    ours: sqlite3.Connection,
    merger: ArticleMerger,
    decisions: Decisions,
    result: MergeReport,
    report: ProgressReport,
) -> None:
    """Merge all articles with their URLs and fetches, the first seen first, in transactions."""
    all_ids = [int(row[0]) for row in merger.theirs.execute(ARTICLES_BY_AGE_SQL)]
    for begin in range(0, len(all_ids), MERGED_ARTICLES_PER_TRANSACTION):
        report(begin, len(all_ids))
        batch = all_ids[begin : begin + MERGED_ARTICLES_PER_TRANSACTION]
        merged, part = write_without_reading(
            ours,
            [],
            decisions,
            lambda db, ready, batch=batch: _merge_batch(db, merger, batch, ready),  # type: ignore[misc]
        )
        merger.ids.articles.update(merged)
        result.added.update(part.added)
        result.known.update(part.known)
        result.removed += part.removed
        for conflict in part.conflicts:
            result.note_conflict(conflict.kind, conflict.subject, conflict.ours, conflict.theirs)


def _merge_batch(
    db: sqlite3.Connection, merger: ArticleMerger, batch: list[int], decisions: Decisions
) -> tuple[dict[int, int], MergeReport]:
    """Merge some articles; return the ids here of each, and what was done.

    It may run again after a rollback, and therefore changes nothing outside of the database.
    """
    merged: dict[int, int] = {}
    part = MergeReport("")
    before = db.execute(NEWEST_ROWS_SQL).fetchone()
    for their_id in batch:
        article_id = _merge_article(db, merger, their_id, decisions, part)
        if article_id is not None:
            merged[their_id] = article_id
            fetched = _merge_urls_of_article(db, merger, their_id, article_id, part)
            settle_disappearances(db, fetched, decisions)
            _schedule_rechecks(db, article_id, decisions)
    _keep_from_alerts(db, before)
    return merged, part


def _merge_article(
    db: sqlite3.Connection,
    merger: ArticleMerger,
    their_id: int,
    decisions: Decisions,
    part: MergeReport,
) -> int | None:
    """Merge one article; return its id here, or None if it was removed here."""
    theirs = sightings_of_article(merger.theirs, their_id)
    check = _check_of_article(merger, their_id, theirs, decisions)
    if removal_of_check(db, check):
        part.removed += 1
        _request_erasure_of_pages(db, merger.theirs, their_id, theirs)
        return None
    found = _known_article(db, check, theirs, decisions)
    if found and found.fit == "part":
        partial = [replace(address, role="part") for address in check.addresses]
        add_article_urls(db, int(found.row["id"]), partial)
        part.known["articles"] += 1
        return int(found.row["id"])
    if found is None:
        _note_url_conflict(db, check, part)
        stored = store_article(db, check, decisions)
        if stored.outcome == "new":
            _complete_new_article(db, stored.article_id, check, theirs, decisions)
            part.added["articles"] += 1
            part.added["revisions"] += _revision_count(db, stored.article_id)
            return stored.article_id
        article_id = stored.article_id  # it is known under another address
    else:
        article_id = int(found.row["id"])
        add_article_urls(db, article_id, check.addresses)
    _merge_history(db, article_id, theirs, decisions, part)
    return article_id


def _request_erasure_of_pages(
    db: sqlite3.Connection, theirs: sqlite3.Connection, their_id: int, seen: list[Sighting]
) -> None:
    """Have the pages of an article erased that stays out: at all its URLs, also unproven ones.

    `archive.merging.merge_captures` judges a page by its own URL alone.
    """
    digests = {each.version.article.digest for each in seen if each.version.article}
    request_erasure(db, "body", sorted(digest for digest in digests if digest))
    request_erasure(db, "page", pages_at_shared_urls(theirs, their_id))
    own = theirs.execute(
        "SELECT url FROM urls WHERE article_id = ?1 AND (leads_to IS NULL OR leads_to = ?1)",
        (their_id,),
    )
    request_erasure(db, "url", [row["url"] for row in own.fetchall()])
    request_erasure(db, "index", [""])


def _merge_history(
    db: sqlite3.Connection,
    article_id: int,
    theirs: list[Sighting],
    decisions: Decisions,
    part: MergeReport,
) -> None:
    """Merge the versions of an article that is known here."""
    part.known["articles"] += 1
    before = _revision_count(db, article_id)
    history = merged_history(
        sightings_of_article(db, article_id), theirs, _fetch_times(db, article_id)
    )
    if history is None:
        return
    if history.only_later:
        continue_history(db, article_id, history.versions, decisions)
    else:
        rewrite_history(db, article_id, history.versions, decisions)
    part.added["revisions"] += max(0, _revision_count(db, article_id) - before)


def _complete_new_article(
    db: sqlite3.Connection,
    article_id: int,
    check: Check,
    theirs: list[Sighting],
    decisions: Decisions,
) -> None:
    """Store the later versions of an article whose first one has just been stored."""
    first = next(each.version for each in theirs if each.version.article)
    if first.removed and first.article:
        lines = first.article.text.count("\n") + 1
        both = add_removed_lines(first.removed, lines, removed_lines(db, article_id))
        store_removed_lines(db, article_id, both)
    later = merged_history(sightings_of_article(db, article_id), _after(theirs, first))
    if later:
        continue_history(db, article_id, later.versions, decisions)
    last_seen = replace(check, fetched_at=theirs[-1].seen_at)
    _claim_earlier_urls(db, check, article_id)
    note_leading_urls(db, last_seen, article_id)


def _after(theirs: list[Sighting], first: SeenVersion) -> list[Sighting]:
    return [each for each in theirs if each.version is not first]


def _known_article(
    db: sqlite3.Connection, check: Check, theirs: list[Sighting], decisions: Decisions
) -> FoundArticle | None:
    """Return our article that is the same as theirs, by its newest version or by its first."""
    articles = [each.version.article for each in theirs if each.version.article]
    part = None
    for article in (articles[-1], articles[0]):
        asked = replace(
            check, article=article, fingerprint=decisions.boilerplate.fingerprint(article.text)
        )
        found = find_article(db, asked, decisions.identity)
        if found and found.fit == "same":
            return found
        part = part or found
    return part


def _check_of_article(
    merger: ArticleMerger, their_id: int, theirs: list[Sighting], decisions: Decisions
) -> Check:
    """Return the check by which a crawl would have stored the first version of an article."""
    first = next(each.version for each in theirs if each.version.article)
    assert first.article is not None
    rows = merger.theirs.execute(ARTICLE_ADDRESSES_SQL, (their_id,)).fetchall()
    addresses = [
        ArticleUrl(row["url"], row["url_key"], row["role"] if row["is_own"] else "requested")
        for row in rows
    ] or [ArticleUrl(first.article.url, merger.url_key(first.article.url), "requested")]
    declared = first.article.canonical_url
    keys = {address.url: address.url_key for address in addresses}
    return Check(
        addresses[0].url,
        "new",
        first.seen_at,
        digest=first.article.digest,
        article=replace(first.article, fetched_at=first.seen_at),
        url_key=addresses[0].url_key,
        addresses=tuple(addresses),
        declared_key=keys.get(declared or "", ""),
        fingerprint=decisions.boilerplate.fingerprint(first.article.text),
    )


# -- what belongs to an article --------------------------------------------------------------------


def _merge_urls_of_article(
    db: sqlite3.Connection,
    merger: ArticleMerger,
    their_id: int,
    article_id: int,
    part: MergeReport,
) -> set[int]:
    """Merge the URLs of an article and their fetches, in the transaction of the article itself.

    Returns our articles with new fetches.
    """
    rows = merger.theirs.execute("SELECT * FROM urls WHERE article_id = ?", (their_id,)).fetchall()
    ids = replace(merger.ids, articles={their_id: article_id})
    return merge_url_rows(db, merger.theirs, rows, ids, part)


def _schedule_rechecks(db: sqlite3.Connection, article_id: int, decisions: Decisions) -> None:
    """Set when the pages of an article are fetched again, by the history that it has now."""
    rows = db.execute(
        """SELECT url, fetched_at FROM urls WHERE article_id = ? AND fetched_at IS NOT NULL
        AND state = 'done'""",
        (article_id,),
    ).fetchall()
    for row in rows:
        if known := fetch_history(db, row["url"]):
            set_page_due(db, row["url"], decisions.due_at(known, row["fetched_at"]))


def _claim_earlier_urls(db: sqlite3.Connection, check: Check, article_id: int) -> None:
    """Give a new article the URLs at which it stood before another article that we know."""
    for address in check.addresses:
        row = first_own_article(db, address.url)
        if row is None or row["article_id"] == article_id:
            continue
        first_seen = db.execute(FIRST_SEEN_SQL, (row["article_id"],)).fetchone()[0]
        if check.fetched_at < first_seen:
            db.execute(
                "UPDATE urls SET article_id = ?, leads_to = article_id WHERE id = ?",
                (article_id, row["id"]),
            )


def _note_url_conflict(db: sqlite3.Connection, check: Check, part: MergeReport) -> None:
    """Report that the URL of an article is that of another one here; both are kept."""
    row = first_own_article(db, check.url)
    if row is None or check.article is None:
        return
    ours = db.execute("SELECT headline FROM articles WHERE id = ?", (row["article_id"],)).fetchone()
    part.note_conflict("url", check.url, ours["headline"], check.article.headline)


def _fetch_times(db: sqlite3.Connection, article_id: int) -> set[str]:
    """Return the times at which the pages of an article were fetched."""
    rows = db.execute(
        "SELECT f.fetched_at FROM urls u JOIN fetches f ON f.url_id = u.id WHERE u.article_id = ?",
        (article_id,),
    )
    return {str(row[0]) for row in rows}


def _revision_count(db: sqlite3.Connection, article_id: int) -> int:
    """Return the number of revisions of an article after the first."""
    query = "SELECT count(*) FROM revisions WHERE article_id = ? AND number > 1"
    return int(db.execute(query, (article_id,)).fetchone()[0])


def _keep_from_alerts(db: sqlite3.Connection, before: sqlite3.Row) -> None:
    """Let alerts that had seen everything before this batch pass over what it brought.

    Articles of another archive are not news.
    """
    for column, name in (("after_article_id", "articles"), ("after_revision_id", "revisions")):
        # our own names
        db.execute(
            f"""UPDATE alerts SET {column} = (SELECT coalesce(max(id), 0) FROM {name})
            WHERE {column} >= ?""",  # noqa: S608
            (before[name],),
        )
