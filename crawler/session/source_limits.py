"""Limits on what one source may bring into a crawl: sitemaps, leads, and hosts that they name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from archive.frontier.urls import KnownSitemap
from archive.records import Check, Lead
from crawler.network.exchange import add_reason
from crawler.sources.sitemap_parser import ChildSitemap
from pipelines.urls import is_fetchable_url

MAX_SITEMAPS_PER_INDEX = 60
"""Sitemaps of one index that are read in one crawl, newest first."""
MAX_SITEMAPS_PER_SOURCE = 500
"""Sitemaps that one source leads to in one crawl, however its indexes branch."""
MAX_LEADS_PER_SOURCE = 200_000
"""Leads that are stored from one source in one crawl."""
MAX_HOSTS_PER_SOURCE = 200
"""Hosts to which the leads of one source may point.

Aggregators name some dozens, and each host's robots.txt has to be fetched.
"""

ChildSitemaps = list[tuple[ChildSitemap, KnownSitemap | None]]
"""Sitemaps to read, each with its state at the last fetch."""


class SourceLimits:
    """Counts what each source has brought. `remarks` gets what is left out, by URL."""

    def __init__(self, remarks: dict[str, str]) -> None:
        self._remarks = remarks
        self._roots: dict[str, str] = {}
        """For each sitemap that an index names, the source that led to it."""
        self._sitemaps: Counter[str] = Counter()
        self._leads: Counter[str] = Counter()
        self._hosts: defaultdict[str, set[str]] = defaultdict(set)
        """These three by source."""

    def limit_sitemaps(self, index_url: str, children: ChildSitemaps) -> ChildSitemaps:
        """Return the sitemaps of an index that its source may still lead to."""
        root = self._root_of(index_url)
        usable = [each for each in children if is_fetchable_url(each[0].url)]
        unusable = len(children) - len(usable)
        if unusable:
            self._remarks[root] = f"names {unusable:,} sitemaps whose URLs cannot be used"
        kept = usable[: max(0, MAX_SITEMAPS_PER_SOURCE - self._sitemaps[root])]
        self._roots |= {child.url: root for child, _ in kept}
        self._sitemaps[root] += len(kept)
        if len(kept) < len(usable):
            self._remarks[root] = (
                f"names more than {MAX_SITEMAPS_PER_SOURCE} sitemaps; the rest was left out"
            )
        return kept

    def limit_leads(self, check: Check) -> Check:
        """Return the check of a source with the leads that its source may still bring."""
        root = self._root_of(check.url)
        check = self._limit_hosts(check, root)
        room = max(0, MAX_LEADS_PER_SOURCE - self._leads[root])
        self._leads[root] += len(check.leads)
        if len(check.leads) <= room:
            return check
        surplus = len(check.leads) - room
        why = f"{surplus:,} more leads than are taken from one source"
        return replace(add_reason(check, why), leads=check.leads[:room])

    def _root_of(self, url: str) -> str:
        return self._roots.get(url, url)

    def _limit_hosts(self, check: Check, root: str) -> Check:
        """Return the check of a source without leads to further hosts than it may name."""
        kept = list(self._leads_to_few_hosts(check.leads, self._hosts[root]))
        left_out = len(check.leads) - len(kept)
        if not left_out:
            return check
        why = f"{left_out:,} left out: leads to more than {MAX_HOSTS_PER_SOURCE} hosts"
        return replace(add_reason(check, why), leads=tuple(kept))

    @staticmethod
    def _leads_to_few_hosts(leads: Sequence[Lead], known: set[str]) -> Iterator[Lead]:
        """Yield the leads to known hosts, and to new ones as long as there are few of them."""
        for lead in leads:
            host = lead.url.partition("://")[2].partition("/")[0]
            if host in known or len(known) < MAX_HOSTS_PER_SOURCE:
                known.add(host)
                yield lead
