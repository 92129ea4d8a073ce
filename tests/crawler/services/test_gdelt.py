"""GDELT DOC 2.0: a query in its words, its articles as leads, full windows, and its refusals at
200."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.services import SearchQuery, ServiceRequest, service_named
from crawler.services.gdelt import MAX_GDELT_ARTICLES, clean_gdelt_headline, gdelt_expression

GDELT = service_named("gdelt", "http://gdelt.example/doc")
WINDOW = SearchQuery(("ferry",), since="2024-02-10", until="2024-02-11T00:00:00Z")


def ask(query: SearchQuery = WINDOW) -> ServiceRequest:
    return next(GDELT.requests(query))


def articles(*given: dict[str, str]) -> bytes:
    return json.dumps({"articles": list(given)}).encode()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (SearchQuery(("ferry", "harbour wall")), 'ferry "harbour wall"'),
        (
            SearchQuery(("ferry",), any_of=("inquiry", "court case")),
            'ferry (inquiry OR "court case")',
        ),
        (SearchQuery(("ferry",), any_of=("inquiry",)), "ferry inquiry"),
        (SearchQuery(("ferry", "UN", "a-b", "U.S. navy")), 'ferry "U S navy"'),
        (SearchQuery(("ferry OR bus)", "domain:x.example")), '"ferry bus" "domain x example"'),
        (
            SearchQuery(("ferry",), languages=("es", "pt")),
            "ferry (sourcelang:spanish OR sourcelang:portuguese)",
        ),
        (SearchQuery(("ferry",), languages=("es", "mi")), "ferry"),
        (SearchQuery(("首相",), hosts=("www.harbour.example",)), "首相 domainis:harbour.example"),
    ],
)
def test_a_query_is_written_so_that_gdelt_takes_it(query, said):
    assert gdelt_expression(query) == said


def test_words_that_gdelt_finds_too_short_are_not_asked_for():
    assert (
        GDELT.unfit_reason(SearchQuery(("UN", "EU"))) == "GDELT needs a word of 3 letters or more"
    )
    assert GDELT.unfit_reason(SearchQuery(hosts=("harbour.example",))) is None


def test_a_request_names_window_form_and_number():
    asked = parse_qs(urlsplit(ask().url).query)
    assert asked["startdatetime"] == ["20240210000000"]
    assert asked["enddatetime"] == ["20240211000000"]
    assert (asked["mode"], asked["format"], asked["maxrecords"]) == (["artlist"], ["json"], ["250"])


def test_outlets_are_asked_for_in_groups_as_a_long_query_is_refused():
    hosts = tuple(f"outlet{number}.example" for number in range(12))
    assert [
        len(made.query.hosts) for made in GDELT.requests(SearchQuery(("ferry",), hosts=hosts))
    ] == [
        5,
        5,
        2,
    ]


def test_an_article_becomes_a_lead_and_the_time_it_was_seen_is_no_date_of_publishing():
    body = articles(
        {
            "url": "https://harbour.example/ferry",
            "title": "Ferry sinks , two hurt &amp; ( one lost )",
            "seendate": "20240210T101500Z",
            "language": "Spanish",
            "domain": "harbour.example",
        },
        {"url": "javascript:alert(1)", "title": "x"},
        {"title": "No address"},
    )
    answer = GDELT.read(body, ask())
    [lead] = answer.leads
    assert (lead.url, lead.via, lead.language) == ("https://harbour.example/ferry", "gdelt", "es")
    assert lead.headline == "Ferry sinks, two hurt & (one lost)"
    assert (lead.published_at, lead.modified_at) == (None, "2024-02-10T10:15:00Z")
    assert answer.skipped == ("a javascript: link (javascript:alert(1))", "no link")
    assert answer.problem is None


def test_french_keeps_the_space_before_its_signs():
    assert (
        clean_gdelt_headline("Le port , fermé : pourquoi ?", "fr") == "Le port, fermé : pourquoi ?"
    )


@pytest.mark.parametrize("body", [b"{}", b"null", b'{"articles": null}', b'{"articles": []}'])
def test_an_answer_without_articles_is_no_problem(body):
    answer = GDELT.read(body, ask())
    assert (answer.leads, answer.problem, answer.asks) == ((), None, ())


def full() -> bytes:
    return articles(
        *(
            {"url": f"https://harbour.example/{number}", "title": "T"}
            for number in range(MAX_GDELT_ARTICLES)
        )
    )


def test_a_full_window_is_asked_for_again_in_two_halves_and_what_came_is_kept():
    answer = GDELT.read(full(), ask())
    assert len(answer.leads) == MAX_GDELT_ARTICLES
    ends = [parse_qs(urlsplit(further.url).query) for further in answer.asks]
    assert [(end["startdatetime"][0], end["enddatetime"][0]) for end in ends] == [
        ("20240210120000", "20240211000000"),
        ("20240210000000", "20240210120000"),
    ]


def test_halving_ends_and_says_what_was_not_seen():
    asks, seen = [ask()], 0
    while asks:
        answer = GDELT.read(full(), asks.pop())
        asks += answer.asks
        seen += 1
        if not answer.asks:
            assert answer.skipped[0].startswith(
                "what GDELT found beyond 250 articles from 2024-02-10T"
            )
    assert seen == 127  # 1 + 2 + … + 64: windows of 22 minutes are not halved


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            b"Please limit requests to one every 5 seconds.",
            "GDELT is busy: Please limit requests",
        ),
        (
            b'{"articles": [{"url": "https://a.exa',
            "GDELT sent broken JSON; it can be asked again in 60 s",
        ),
        (b"<html><body>502</body></html>", "GDELT sent a web page"),
        (b"", "GDELT sent an empty answer"),
    ],
)
def test_shed_load_and_broken_answers_are_asked_for_again_later(body, problem):
    answer = GDELT.read(body, ask())
    assert (answer.problem or "").startswith(problem)
    assert answer.asks[0].url == ask().url
    assert answer.wait == 60


@pytest.mark.parametrize(
    "body",
    [
        b"The specified phrase is too short.\n",
        b"One or more of your keywords were too short, too long or too common.",
    ],
)
def test_words_that_gdelt_refuses_are_not_asked_for_again(body):
    answer = GDELT.read(body, ask())
    assert answer.problem == f"GDELT refused the search: {body.decode().strip()}"
    assert (answer.asks, answer.wait) == ((), 0)


def test_json_of_another_form_is_a_problem():
    assert (
        GDELT.read(b'{"articles": 5}', ask()).problem
        == "GDELT sent JSON without a list of articles"
    )
