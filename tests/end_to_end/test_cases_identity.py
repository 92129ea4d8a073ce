"""Cases of the material beside the checkout that need a site: which article an address has, and
what a change is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.conftest import CaseSite

pytestmark = [pytest.mark.shared, pytest.mark.timeout(500)]
PIER = "/news/ferry-pier-to-close-for-nine-weeks"
BUDGET = "/news/council-of-lisle-approves-the-new-budget"


def crawl(site: CaseSite, *urls: str) -> None:
    site("crawl", "--delay", "0", *urls, code=None)


def kinds(site: CaseSite, url: str) -> list[list[str]]:
    """The kinds of the revisions of the article of an address."""
    found = site.column(
        """SELECT kinds FROM revisions WHERE article_id = (SELECT article_id FROM urls WHERE url = ?)
        ORDER BY number""",
        url,
    )
    return [json.loads(each) for each in found]


def test_an_article_is_never_put_in_the_place_of_another(
    case_site: Callable[[str], CaseSite],
) -> None:
    site = case_site("27-other-page-same-canonical")
    hosts = ("page2", "pagepath", "comments", "gallery", "known", "same200")
    crawl(
        site, *(f"http://{host}.example{PIER}" for host in hosts), f"http://known.example{BUDGET}"
    )
    further = [f"http://page2.example{PIER}?page=2", f"http://pagepath.example{PIER}/2"]
    further += [f"http://comments.example{PIER}/comments", f"http://gallery.example{PIER}/gallery"]
    for _ in range(2):
        crawl(site, *further)
    site.phase(2)
    for _ in range(2):
        crawl(site, f"http://known.example{PIER}", f"http://same200.example{PIER}")
    assert site.column("SELECT count(*) FROM revisions") == [0]
    for host in hosts:
        shown = json.loads(site("show", f"http://{host}.example{PIER}", "--json").stdout)
        assert "shipworm" in shown["text"], host
        assert bool(shown["leads_to"]) == (host in ("known", "same200")), host
    assert re.search(
        r"leads to +article \d+ now", site("show", f"http://same200.example{PIER}").stdout
    )
    assert "shipworm" in site("search", "--outlet", "same200.example", "shipworm").stdout
    assert "broken bicycle" in site("show", f"http://known.example{BUDGET}").stdout
    for url in further[:2]:
        assert "greenheart from a forest" in site("show", url).stdout


def test_pages_that_all_call_themselves_the_home_page_are_imported_each_under_its_address(
    case_site: Callable[[str], CaseSite],
) -> None:
    site = case_site("26-canonical-home")
    assert (
        site("import", site.case / "ferry.html", site.case / "council.html").stdout.strip()
        == "2 new"
    )
    imported = site.rows("SELECT url, text FROM articles ORDER BY url")
    assert all("/news/" in row["url"] for row in imported)
    assert "budget" in site("search", "budget").stdout.lower()


def test_edits_are_revisions_and_another_article_a_gone_page_and_furniture_are_not(
    case_site: Callable[[str], CaseSite],
) -> None:
    site = case_site("21-revisions")
    urls = (site.case / "urls.txt").read_text().split()
    crawl(site, *urls)
    site.phase(2)
    crawl(site, *urls)
    crawl(site, *urls)
    found = {url.split("/")[2].removesuffix(".example"): kinds(site, url) for url in urls}
    changed = {host: kind[1:] for host, kind in found.items() if kind}
    gone = {host for host, kind in changed.items() if kind == [["gone"]]}
    assert gone == {"tohome", "tosection", "soft404", "gone410"}
    assert set(changed) - gone <= {"real", "slug", "quotes", "paywall", "bylinecase"}
    assert changed["real"] == [["headline", "body"]]
    assert "shipworm" in site("show", f"http://toother.example{PIER}").stdout
    assert "leads to a front page" in site("diff", f"http://tohome.example{PIER}").stdout


def test_lines_of_furniture_make_no_revision(case_site: Callable[[str], CaseSite]) -> None:
    site = case_site("41-volatile-lines")
    urls = (site.case / "urls.txt").read_text().split()
    crawl(site, *urls)
    site.phase(2)
    crawl(site, *urls)
    assert site.column("SELECT count(*) FROM articles") == [13]
    assert (
        site.column("SELECT DISTINCT url FROM revisions r JOIN articles a ON a.id = r.article_id")
        == []
    )


def test_dates_that_are_always_now_count_no_more_after_a_few_looks(
    case_site: Callable[[str], CaseSite],
) -> None:
    site = case_site("37-lastmod-now")
    site("outlet", "import", site.case / "outlets.toml")
    asked = []
    for phase in (1, 2, 3, 4):
        site.phase(phase)
        site("crawl", "--since", "2024-01-01", "--delay", "0")
        asked.append(sum("/news/" in request["url"] for request in site.requests()))
    each = [later - earlier for earlier, later in zip([0, *asked], asked, strict=False)]
    assert each[0] == 36
    assert max(each[2:]) <= 4, each


def test_an_outlet_that_is_met_at_its_mobile_host_first_is_one_outlet(
    case_site: Callable[[str], CaseSite],
) -> None:
    site = case_site("39-variants")
    path = "/news/ferry-pier-to-close-123456"
    crawl(site, f"http://m.variants.example{path}")
    crawl(site, f"http://www.variants.example{path}")
    assert site.column("SELECT host FROM outlets") == ["www.variants.example"]
    assert site.column("SELECT count(*) FROM articles") == [1]
    assert "Ferry pier" in site("search", "--outlet", "www.variants.example", "ferry").stdout
