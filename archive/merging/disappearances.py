"""Articles whose pages were gone, as the fetches of both archives together show it.

An article is gone once two fetches in a row say so (`archive.articles.revisions`). Each archive may
have made one of the two, or found the page there again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from archive.articles.histories import SeenVersion, rewrite_history
from archive.articles.store import Decisions
from archive.frontier.urls import OWN_ROLES_SQL
from archive.merging.timelines import Sighting, order_sightings, sightings_of_article

GONE_FETCHES_SQL = f"""SELECT u.id AS url_id, f.fetched_at, f.outcome, f.reason
FROM urls u JOIN fetches f ON f.url_id = u.id
WHERE u.article_id = ? AND u.role IN {OWN_ROLES_SQL}
ORDER BY u.id, f.fetched_at, f.id"""  # noqa: S608  a constant is put in


def settle_disappearances(
    db: sqlite3.Connection, article_ids: Iterable[int], decisions: Decisions
) -> None:
    """Make the revisions of articles say what their fetches say: when each was gone.

    Runs inside the caller's transaction.
    """
    for article_id in article_ids:
        fetches = db.execute(GONE_FETCHES_SQL, (article_id,)).fetchall()
        if not any(fetch["outcome"] == "gone" for fetch in fetches):
            continue
        sightings = sightings_of_article(db, article_id)
        stored = {each.seen_at for each in sightings if each.version.article is None}
        gone = gone_sightings(fetches)
        if stored == {each.seen_at for each in gone}:
            continue
        there = [each for each in sightings if each.version.article]
        in_order = order_sightings([*there, *gone])
        first = next(at for at, each in enumerate(in_order) if each.version.article)
        versions = [each.version for each in in_order[first:]]
        rewrite_history(db, article_id, versions, decisions)


def gone_sightings(fetches: Iterable[sqlite3.Row]) -> list[Sighting]:
    """Return when an article was found gone, from the fetches of its URLs in the order of time."""
    found: list[Sighting] = []
    before: sqlite3.Row | None = None
    is_gone = False
    for fetch in fetches:
        if before is not None and before["url_id"] != fetch["url_id"]:
            before = None
        was_gone = before is not None and before["outcome"] == "gone"
        if fetch["outcome"] == "gone" and was_gone and not is_gone:
            is_gone = True
            version = SeenVersion(fetch["fetched_at"], None, gone_reason=fetch["reason"])
            found.append(Sighting(version, ("gone",)))
        elif fetch["outcome"] in ("new", "changed", "unchanged"):
            is_gone = False
        before = fetch
    return found
