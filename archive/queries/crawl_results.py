"""The results of a crawl at each outlet, in numbers of pages."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class OutletReport:
    """The results of a crawl at one outlet, in pages; `reasons` are pairs of reason and number."""

    outlet: str
    fetched: int
    new: int
    changed: int
    unchanged: int
    other: int
    refused: int
    failed: int
    reasons: tuple[tuple[str, int], ...]


def crawl_results(connection: sqlite3.Connection, crawl_id: int) -> list[OutletReport]:
    """Return the results of a crawl for each outlet, by host."""
    rows = connection.execute(
        """SELECT o.host, c.outcome, u.kind, c.reason, count(*) AS number,
          count(c.status) AS answered
        FROM fetches c JOIN urls u ON u.id = c.url_id JOIN outlets o ON o.id = u.outlet_id
        WHERE c.crawl_id = ? GROUP BY 1, 2, 3, 4 ORDER BY o.host""",
        (crawl_id,),
    ).fetchall()
    by_host = groupby(rows, key=lambda row: str(row["host"]))
    return [_sum_outlet_rows(host, list(group)) for host, group in by_host]


def _sum_outlet_rows(host: str, rows: list[sqlite3.Row]) -> OutletReport:
    """Sum the rows of one outlet."""

    def count_pages(*outcomes: str, kinds: tuple[str, ...] = ("page",)) -> int:
        return sum(
            row["number"] for row in rows if row["outcome"] in outcomes and row["kind"] in kinds
        )

    reasons: Counter[str] = Counter()
    for row in rows:
        if row["reason"]:
            reasons[row["reason"]] += row["number"]
    all_kinds = ("page", "feed", "sitemap")
    return OutletReport(
        outlet=host,
        fetched=sum(row["answered"] for row in rows if row["kind"] == "page"),
        new=count_pages("new"),
        changed=count_pages("changed"),
        unchanged=count_pages("unchanged"),
        other=count_pages("not article"),
        refused=count_pages("refused", kinds=all_kinds),
        failed=count_pages("failed", "gone", kinds=all_kinds),
        reasons=tuple(reasons.most_common()),
    )
