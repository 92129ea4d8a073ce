"""The cases of formats and answers that need a site or the command: HTTP, alerts, search,
robots.txt and the others."""

from __future__ import annotations

import runpy
from urllib.parse import urlsplit

import pytest

from archive.cli.base import opened_archive
from archive.queries.search import search_articles
from crawler.services.gdelt import Gdelt
from crawler.services.search_service import SearchQuery
from tests.conftest import CaseSite

pytestmark = pytest.mark.shared


def urls(site: CaseSite) -> list[str]:
    return (site.case / "urls.txt").read_text().split()


def test_answers_over_http_are_read_as_browsers_read_them(case_site):
    """But for what is no page to browsers either, or only by guess."""
    site = case_site("16-http")
    site("crawl", "--delay", "0", *urls(site), code=None)
    read = {url.split("/")[2].partition(".")[0] for url in site.column("SELECT url FROM articles")}
    asked = {url.split("/")[2].partition(".")[0] for url in urls(site)}

    judged = {"gz-lie", "loc-300", "loc-none", "loc-quoted", "s404-article"}
    assert asked - read - judged == set()
    assert site.column("SELECT DISTINCT reason FROM urls WHERE reason LIKE '%broke off%'") == []


def test_an_alert_leads_to_the_article_that_it_wraps(case_site):
    site = case_site("17-google-alerts")
    site("outlet", "import", site.case / "outlets.toml")
    site("crawl", "--delay", "0")
    asked = [request["url"] for request in site.requests()]

    assert site.column("SELECT url FROM articles") == [
        "http://anselgazette.example/news/ferry-pier-to-close-for-nine-weeks"
    ]
    assert not any("google.com/url" in url for url in asked)
    assert site.column("SELECT host FROM outlets o JOIN articles a ON a.outlet_id = o.id") == [
        "anselgazette.example"
    ]


WORDS = {
    "shy": "Unternehmen|Freiberufler|unter\u00adnehmen",
    "arabic": "محمد|مُحَمَّد|مصر|الحكومة",
    "hebrew": "שלום|שָׁלוֹם",
    "russian": "елка|ёлка|полет|полёт",
    "liga": "office|first|officer",
    "turkish": "istanbul|İstanbul|ışık|IŞIK|ırmak|irmak",
    "german": "strasse|Straße|Fußgänger|fussgänger",
    "polish": "lodz|Łódź|zolta",
    "nordic": "soren|Søren|aero|Ærø|Þórshöfn",
    "zwsp": "harbour|lighthouse",
    "full": "ANSEL",
    "nfd": "café|Besançon|duc",
    "hindi": "हिन्दी",
    "covid": "COVID-19",
    "numbers": "AB1234",
}


def test_a_word_is_found_however_the_page_wrote_it(shared, dateline):
    run = dateline()
    run("import", shared / "cases/19-search/words.jsonl")
    with opened_archive(run.folder) as connection:
        missed = [
            (name, word)
            for name, words in WORDS.items()
            for word in words.split("|")
            if f"http://words.example/{name}"
            not in {hit.url for hit in search_articles(connection, word)}
        ]
    assert missed == []
    assert "\u00ad" not in run("export").stdout


def test_robots_txt_is_obeyed_as_the_case_expects(case_site):
    site = case_site("28-robots")
    rules = runpy.run_path(str(site.case / "site.py"))["R"]
    site("crawl", "--delay", "0", *urls(site), code=None)
    asked = {
        urlsplit(request["url"]).hostname
        for request in site.requests()
        if "robots.txt" not in request["url"]
    }
    wrong = [
        name
        for name, (_, _, fetched) in rules.items()
        if (f"{name}.example" in asked) is not fetched
    ]
    assert wrong == []


def test_the_feeds_and_sitemaps_that_count_are_found(case_site):
    site = case_site("29-discovery")
    told = site("outlet", "add", "http://rb-many.example").stdout
    kept = site.column("SELECT url FROM urls WHERE kind = 'sitemap' ORDER BY id")
    assert kept[0] == "http://rb-many.example/news-sitemap.xml"
    assert len(kept) == 12
    assert "19 more skipped" in told


def test_a_warc_file_with_the_digest_of_the_standard_is_imported(shared, dateline):
    run = dateline()
    run("import", shared / "cases/15-warc/02-chunked-gzip-digest.warc.gz")
    assert run.column("SELECT count(*) FROM articles") == [1]


@pytest.mark.parametrize("page", ["chrome-saved.html", "wayback.html"])
def test_a_saved_page_is_filed_under_the_address_of_the_article(shared, dateline, page):
    run = dateline()
    run("import", shared / "cases/25-saved-pages" / page)
    assert run.column("SELECT url FROM articles") == [
        "https://anselgazette.example/news/ferry-pier-to-close-for-nine-weeks"
    ]


def test_opml_in_capitals_is_imported(shared, dateline):
    run = dateline()
    run("outlet", "import", shared / "cases/30-opml/03-upper.opml")
    assert run.column("SELECT url FROM urls WHERE kind = 'feed'") == ["http://upper.example/feed"]


def test_one_broken_title_costs_no_answer_of_gdelt(shared):
    gdelt = Gdelt()
    ask = next(
        gdelt.requests(SearchQuery(("ferry", "pier"), since="2024-03-01", until="2024-03-20"))
    )
    bodies = runpy.run_path(str(shared / "cases/38-gdelt/site.py"))["BODY"]
    read = {}
    for name, body in bodies.items():
        answer = gdelt.read(body.encode() if isinstance(body, str) else body, ask)
        read[name] = len(answer.leads)
    told = {"html": 0, "short": 0, "empty": 0, "cut": 0}
    assert read == dict.fromkeys(bodies, 1) | {"badescape": 2} | told
