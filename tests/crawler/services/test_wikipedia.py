"""Wikipedia: a story's articles in each language, and the news that they cite."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.services import SearchQuery, ServiceRequest, service_named
from crawler.services.wikipedia import (
    MAX_LINK_ANSWERS,
    WIKIPEDIA_LINKS_PER_ANSWER,
    cited_page,
    looks_like_news,
    wikipedia_expression,
)

WIKIPEDIA = service_named("wikipedia")
QUERY = SearchQuery(("ferry", "harbour wall"), since="2024-02-01", until="2024-02-28")
LINKS_ASK = ServiceRequest(
    "https://en.wikipedia.org/w/api.php?pageids=7",
    QUERY,
    "links",
    "en",
    "https://en.wikipedia.org/wiki/Ferry",
)


def read(data: object, ask: ServiceRequest = LINKS_ASK):
    return WIKIPEDIA.read(json.dumps(data).encode(), ask)


def links(*urls: str, **more: object) -> dict[str, object]:
    return {"query": {"pages": [{"pageid": 7, "extlinks": [{"url": url} for url in urls]}]}, **more}


def test_each_language_has_its_own_edition_and_no_name_can_become_a_host():
    asks = list(
        WIKIPEDIA.requests(SearchQuery(("ferry",), languages=("en", "ko", "x.evil.example/")))
    )
    assert [urlsplit(ask.url).netloc for ask in asks] == ["en.wikipedia.org", "ko.wikipedia.org"]


def test_a_query_asks_for_all_words_and_one_of_the_others():
    assert (
        wikipedia_expression(SearchQuery(("ferry", "harbour wall"), ("inquiry", "-court|case")))
        == 'ferry "harbour wall" inquiry OR "court case"'
    )


def test_the_articles_found_are_asked_for_their_links():
    ask = next(WIKIPEDIA.requests(QUERY))
    hits = [
        {"ns": 0, "title": f"Ferry accident {number}", "pageid": number} for number in range(1, 9)
    ]
    answer = read({"query": {"search": hits}}, ask)
    assert [further.found_on for further in answer.asks] == [
        f"https://en.wikipedia.org/wiki/Ferry_accident_{number}" for number in (1, 2, 3)
    ]
    asked = parse_qs(urlsplit(answer.asks[0].url).query)
    assert (asked["prop"], asked["pageids"], asked["ellimit"]) == (
        ["extlinks"],
        ["1"],
        [str(WIKIPEDIA_LINKS_PER_ANSWER)],
    )


def test_links_to_news_become_leads_that_stand_on_the_article():
    answer = read(
        links(
            "https://harbour.example/news/ferry-hits-harbour-wall",
            "https://web.archive.org/web/20240216101500/https://bay.example/2024/02/15/ferry",
            "https://bay.example/2024/02/15/ferry",
            "//bay.example/story/10052",
            "https://doi.org/10.1000/12345",
            "https://harbour.example/",
            "https://harbour.example/reports/inquiry-report-2024-final.pdf",
            "https://harbour.example/2019/05/01/old-ferry-sold",
        )
    )
    assert [lead.url for lead in answer.leads] == [
        "https://harbour.example/news/ferry-hits-harbour-wall",
        "https://bay.example/2024/02/15/ferry",
        "https://bay.example/story/10052",
    ]
    assert {(lead.via, lead.found_on) for lead in answer.leads} == {
        ("wikipedia", "https://en.wikipedia.org/wiki/Ferry")
    }
    assert answer.skipped == ("5 links that do not look like a news article",)


def test_the_older_form_of_an_answer_is_read_as_well():
    data = {
        "query": {
            "pages": {"7": {"extlinks": [{"*": "https://harbour.example/news/ferry-hits-wall"}]}}
        }
    }
    assert len(read(data).leads) == 1


def test_further_links_are_asked_for_with_what_the_answer_says_and_not_for_ever():
    ask, seen = LINKS_ASK, [LINKS_ASK.url]
    for number in range(10):
        answer = read(links(**{"continue": {"elcontinue": f"7|{number}", "continue": "||"}}), ask)
        if not answer.asks:
            break
        [ask] = answer.asks
        seen.append(ask.url)
    assert len(seen) == MAX_LINK_ANSWERS
    assert seen[1] == f"{LINKS_ASK.url}&elcontinue=7%7C0&continue=%7C%7C"
    assert seen[2].count("elcontinue") == 1


def test_an_answer_that_names_itself_as_the_next_is_not_followed():
    answer = read(links(**{"continue": {"elcontinue": "7"}}))
    again = read(links(**{"continue": {"elcontinue": "7"}}), answer.asks[0])
    assert again.asks == ()


@pytest.mark.parametrize(
    ("code", "problem", "again"),
    [
        ("maxlag", "Wikipedia is busy (maxlag); it can be asked again in 60 s", 1),
        ("ratelimited", "Wikipedia is busy (ratelimited); it can be asked again in 60 s", 1),
        ("badvalue", "Wikipedia refused the request (badvalue)", 0),
    ],
)
def test_an_error_at_200_is_told_and_what_passes_is_asked_for_again(code, problem, again):
    answer = read({"error": {"code": code, "info": "x"}})
    assert (answer.problem, len(answer.asks)) == (problem, again)


@pytest.mark.parametrize("data", [{"query": {"search": 5}}, {"query": {"pages": 5}}, {"query": []}])
def test_an_answer_of_another_form_is_a_problem_or_empty(data):
    for step in ("search", "links"):
        assert read(data, ServiceRequest("https://x.example", QUERY, step, "en")).leads == ()


def test_outlets_can_be_named():
    ask = ServiceRequest(
        LINKS_ASK.url, SearchQuery(("ferry",), hosts=("bay.example",)), "links", "en"
    )
    answer = read(
        links("https://harbour.example/ferry-hits-wall", "https://www.bay.example/ferry-hits-wall"),
        ask,
    )
    assert [lead.url for lead in answer.leads] == ["https://www.bay.example/ferry-hits-wall"]


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("https://web.archive.org/web/20240216101500/http://bay.example/a", "http://bay.example/a"),
        (
            "https://web.archive.org/web/20240216101500id_/https:/bay.example/a",
            "https://bay.example/a",
        ),
        ("http://archive.org/web/2024*/bay.example/a", "http://bay.example/a"),
        (
            "https://archive.today/20240216101500/https://bay.example/a?b=c",
            "https://bay.example/a?b=c",
        ),
        (
            "https://archive.today/2024.02.16-101500/https%3A%2F%2Fbay.example%2Fa",
            "https://bay.example/a",
        ),
        (
            "https://web.archive.org/web/2024/https://archive.is/2023/https://bay.example/a",
            "https://bay.example/a",
        ),
        ("https://archive.ph/AbCd1", "https://archive.ph/AbCd1"),
        ("https://web.archive.org/web/2024/x", "https://web.archive.org/web/2024/x"),
        ("mailto:a@bay.example", None),
        ("http://[", None),
        (None, None),
    ],
)
def test_an_archived_page_is_cited_by_its_own_address(link, page):
    assert cited_page(link) == page


@pytest.mark.parametrize(
    ("url", "whether"),
    [
        ("https://harbour.example/news/ferry-hits-wall", True),
        ("https://harbour.example/2024/02/15/ferry", True),
        ("https://harbour.example/article?id=10052", True),
        ("https://harbour.example/news/ferry_hits_wall.html", True),
        ("https://xn--example/뉴스/항구-여객선-침몰", True),
        ("https://harbour.example/港の沖でフェリーが沈没", True),
        ("https://harbour.example/", False),
        ("https://harbour.example/about-us", False),
        ("https://harbour.example/?p=10052", False),
        ("https://harbour.example/photo/ferry-hits-wall.jpg", False),
        ("https://en.wikipedia.org/wiki/Ferry_hits_wall", False),
        ("https://archive.ph/AbCd1", False),
        ("https://www.youtube.com/watch?v=1234567", False),
        ("https://transport.harbour.gov/ferry-hits-wall", False),
    ],
)
def test_what_looks_like_a_news_article(url, whether):
    assert looks_like_news(url) is whether
