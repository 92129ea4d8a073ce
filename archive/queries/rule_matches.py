"""Rules of outlets that are out of date: they matched nothing on the newest articles."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from archive.records import NO_MATCH_MARK, RULE_MARK

MAX_RULED_ARTICLES = 50
"""The newest articles of an outlet that count."""
MIN_PROBLEM_ARTICLES = 3
"""Articles from which a rule that matches nothing is a problem."""

NEWEST_EXTRACTORS_SQL = """
SELECT * FROM (SELECT extractor, fetched_at FROM articles WHERE outlet_id = :outlet AND published_at IS NOT NULL
               ORDER BY published_at DESC LIMIT :most)
UNION ALL
SELECT * FROM (SELECT extractor, fetched_at FROM articles WHERE outlet_id = :outlet AND published_at IS NULL
               ORDER BY id DESC LIMIT :most)
ORDER BY fetched_at DESC LIMIT :most"""
"""Undated articles too: a rule for the date may be out of date."""
OUTLETS_UNDER_HOST_SQL = "SELECT id, host FROM outlets WHERE host = ? OR host LIKE '%.' || ?"


@dataclass(frozen=True, slots=True)
class RuleMatches:
    """The number of articles on which an outlet's rules matched nothing."""

    articles: int
    """Newest articles that were read by the rules as they are now."""
    unmatched: dict[str, int]
    """Field → articles on which its rule matched nothing; most first."""


def extractor_rules(extractor: str | None) -> tuple[str, tuple[str, ...]] | None:
    """Return the digest of the rules that took part, and the fields that they did not match.

    None if an article was read without rules.
    """
    rules = (extractor or "").partition(RULE_MARK)[2]
    if not rules:
        return None
    digest, _, missing = rules.partition(NO_MATCH_MARK)
    return digest, tuple(filter(None, missing.split(", ")))


def rules_note(extractor: str | None) -> str:
    """Return what an outlet's rules did for an article; empty if it has none."""
    rules = extractor_rules(extractor)
    if rules is None:
        return ""
    missing = f"; nothing matched for {', '.join(rules[1])}" if rules[1] else ""
    return f"read by the outlet’s rules {rules[0]}{missing}"


def rule_matches(connection: sqlite3.Connection, outlet_id: int) -> RuleMatches | None:
    """Return how often an outlet's newest rules matched nothing; None if it has no rules.

    Articles that were read by earlier rules do not count.
    """
    values = {"outlet": outlet_id, "most": MAX_RULED_ARTICLES}
    rows = connection.execute(NEWEST_EXTRACTORS_SQL, values).fetchall()
    by_rules = list(filter(None, (extractor_rules(row[0]) for row in rows)))
    if not by_rules:
        return None
    newest, _ = by_rules[0]
    fields = [missing for digest, missing in by_rules if digest == newest]
    counts = Counter(field for missing in fields for field in missing)
    return RuleMatches(len(fields), dict(counts.most_common()))


def rules_out_of_date(
    connection: sqlite3.Connection, hosts: Collection[str]
) -> list[dict[str, object]]:
    """Return a row for each rule that matched nothing: of these hosts and their subdomains."""
    outlets: dict[int, str] = {}
    for host in hosts:
        outlets |= dict(map(tuple, connection.execute(OUTLETS_UNDER_HOST_SQL, (host, host))))
    found = ((host, rule_matches(connection, id)) for id, host in outlets.items())
    return [
        {"outlet": host, "rule": field, "unmatched": count, "articles": matches.articles}
        for host, matches in found
        if matches
        for field, count in matches.unmatched.items()
    ]


def is_rule_problem(row: dict[str, object]) -> bool:
    """Return whether a rule matched nothing on most of at least three articles."""
    unmatched, articles = int(str(row["unmatched"])), int(str(row["articles"]))
    return articles >= MIN_PROBLEM_ARTICLES and unmatched * 2 > articles
