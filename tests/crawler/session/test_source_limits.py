"""One source cannot fill a crawl with sitemaps, leads or hosts; the report says what is left out."""

from __future__ import annotations

import pytest

from archive.records import Check, Lead
from crawler.session import source_limits
from crawler.session.source_limits import ChildSitemaps, SourceLimits
from crawler.sources.sitemap_parser import ChildSitemap

INDEX = "http://harbour.example/index.xml"
AT = "2026-03-10T12:00:00Z"


def children(*numbers: int) -> ChildSitemaps:
    return [(ChildSitemap(f"http://harbour.example/{number}.xml"), None) for number in numbers]


def listing(url: str, *leads: str) -> Check:
    return Check(url, "listed", AT, leads=tuple(Lead(lead, via="sitemap") for lead in leads))


def pages(*numbers: int) -> list[str]:
    return [f"http://harbour.example/news/{number}" for number in numbers]


def test_the_sitemaps_of_one_source_are_counted_through_all_levels(monkeypatch):
    monkeypatch.setattr(source_limits, "MAX_SITEMAPS_PER_SOURCE", 3)
    remarks: dict[str, str] = {}
    limits = SourceLimits(remarks)
    assert limits.limit_sitemaps(INDEX, children(1, 2)) == children(1, 2)
    below = "http://harbour.example/1.xml"
    assert limits.limit_sitemaps(below, children(3, 4)) == children(3)
    assert remarks == {INDEX: "names more than 3 sitemaps; the rest was left out"}
    other = "http://courier.example/index.xml"
    assert limits.limit_sitemaps(other, children(5, 6)) == children(5, 6)


def test_sitemaps_whose_urls_cannot_be_used_are_left_out_and_counted():
    remarks: dict[str, str] = {}
    unusable: ChildSitemaps = [(ChildSitemap("ftp://harbour.example/1.xml"), None)]
    limits = SourceLimits(remarks)
    assert limits.limit_sitemaps(INDEX, [*unusable, *children(1)]) == children(1)
    assert remarks == {INDEX: "names 1 sitemaps whose URLs cannot be used"}


def test_the_leads_of_a_source_and_of_its_sitemaps_are_bounded_together(monkeypatch):
    monkeypatch.setattr(source_limits, "MAX_LEADS_PER_SOURCE", 3)
    limits = SourceLimits({})
    limits.limit_sitemaps(INDEX, children(1))
    first = listing(INDEX, *pages(1, 2))
    assert limits.limit_leads(first) == first
    rest = limits.limit_leads(listing("http://harbour.example/1.xml", *pages(3, 4, 5)))
    assert [lead.url for lead in rest.leads] == pages(3)
    assert rest.reason == "2 more leads than are taken from one source"


@pytest.mark.parametrize("most", [1, 2])
def test_leads_to_many_hosts_are_left_out_beyond_a_number_of_hosts(monkeypatch, most):
    monkeypatch.setattr(source_limits, "MAX_HOSTS_PER_SOURCE", most)
    hosts = ["a.example", "b.example", "c.example", "a.example"]
    check = listing(INDEX, *(f"http://{host}/{number}" for number, host in enumerate(hosts)))
    limited = SourceLimits({}).limit_leads(check)
    kept = [lead.url.split("/")[2] for lead in limited.leads]
    assert kept == [host for host in hosts if host in hosts[:most]]
    left_out = len(hosts) - len(kept)
    assert limited.reason == f"{left_out} left out: leads to more than {most} hosts"
