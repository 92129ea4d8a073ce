"""What all services share: the registry, windows, refusals, and that nothing a server sends
raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import UsageError
from crawler.services import (
    SEARCH_SERVICES,
    SearchQuery,
    SearchService,
    ServiceAnswer,
    ServiceRequest,
    service_named,
)
from crawler.services.search_service import (
    halve_window,
    is_url_of_hosts,
    matches_query,
    parse_instant,
    parse_json_object,
    retry_after_seconds,
)
from tests.services import row, zipped

NAMES = sorted(SEARCH_SERVICES)
QUERY = SearchQuery(
    words=("ferry", "harbour wall"),
    any_of=("inquiry", "미술관"),
    languages=("en", "ko"),
    since="2024-02-10",
    until="2024-02-20T12:00:00Z",
    hosts=("harbour.example",),
)
STEPS = ("search", "links", "list", "file", "pages", "captures")


def asks(found: SearchService, query: SearchQuery = QUERY) -> list[ServiceRequest]:
    made = found.requests(query)
    return [ask for ask, _ in zip(made, range(5), strict=False)]


def test_a_service_is_found_by_its_name_and_asked_where_one_says():
    assert service_named("Gdelt ") is SEARCH_SERVICES["gdelt"]
    moved = service_named("wayback", "http://wayback.example/")
    assert asks(moved)[0].url.startswith("http://wayback.example/cdx/search/cdx?")
    assert SEARCH_SERVICES["wayback"].base == "https://web.archive.org"


def test_an_unknown_service_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match="gdelt, gdelt-files, google-news, wayback, wikipedia"):
        service_named("altavista")
    with pytest.raises(UsageError, match="not a URL to ask GDELT at"):
        service_named("gdelt", "ftp://gdelt.example")


@pytest.mark.parametrize("name", NAMES)
def test_every_service_makes_requests_of_a_full_query_and_of_words_alone(name):
    first = asks(SEARCH_SERVICES[name])[0]
    assert first.url.startswith(("https://", "http://"))
    assert " " not in first.url
    assert "{" not in first.url
    words = SearchQuery(words=("ferry",))
    assert bool(asks(SEARCH_SERVICES[name], words)) == (
        SEARCH_SERVICES[name].unfit_reason(words) is None
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_service_that_cannot_be_asked_says_why_and_is_not_asked(name):
    assert SEARCH_SERVICES[name].unfit_reason(SearchQuery())
    assert asks(SEARCH_SERVICES[name], SearchQuery()) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("status", "again"),
    [(429, True), (503, True), (500, True), (408, True), (403, False), (404, False)],
)
def test_a_refusal_is_a_problem_that_names_the_service_and_leaves_it_alone(name, status, again):
    found = SEARCH_SERVICES[name]
    answer = found.read(b"no", asks(found)[0], status, {})
    assert answer.problem
    assert answer.problem.startswith(found.title)
    assert str(status) in answer.problem
    assert answer.wait == (0 if status == 404 else found.patience)
    assert [ask.tries for ask in answer.asks] == ([1] if again else [])


def test_a_refused_request_is_made_again_twice_after_longer_and_longer_waits():
    gdelt, waits = SEARCH_SERVICES["gdelt"], []
    ask = asks(gdelt)[0]
    while True:
        answer = gdelt.read(b"", ask, 429, {"Retry-After": "90"})
        waits.append(answer.wait)
        if not answer.asks:
            break
        ask = answer.asks[0]
    assert waits == [90, 300, 1500]
    assert answer.problem == "GDELT answered 429, 3 times; it is paused"


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("120", 120),
        ("Thu, 15 Feb 2024 10:01:00 GMT", 60),
        ("Thu, 15 Feb 2024 09:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 40, 86_400),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(raw, seconds):
    assert (
        retry_after_seconds({"retry-AFTER": raw}, datetime(2024, 2, 15, 10, tzinfo=UTC)) == seconds
    )


def test_no_server_can_have_a_crawl_wait_for_days():
    assert (
        SEARCH_SERVICES["gdelt"]
        .read(b"", ServiceRequest("http://x.example", QUERY), 503, {"Retry-After": "99999999"})
        .wait
        == 6 * 3600
    )


def test_a_day_is_open_to_its_end_and_a_window_halves_into_two_that_touch():
    assert parse_instant("2024-02-15", at_end=True) == datetime(2024, 2, 15, 23, 59, 59, tzinfo=UTC)
    later, earlier = halve_window(
        SearchQuery(since="2024-02-10", until="2024-02-11T00:00:00Z"), timedelta(hours=1)
    )
    assert (earlier.since, earlier.until) == ("2024-02-10T00:00:00Z", "2024-02-10T12:00:00Z")
    assert (later.since, later.until) == ("2024-02-10T12:00:00Z", "2024-02-11T00:00:00Z")
    assert halve_window(later, timedelta(hours=7)) == ()


@pytest.mark.parametrize(
    ("url", "hosts", "whether"),
    [
        ("https://www.harbour.example/a", ("harbour.example",), True),
        ("https://news.harbour.example/a", ("www.harbour.example",), True),
        ("https://oldharbour.example/a", ("harbour.example",), False),
        ("https://harbour.example/a", (), True),
        ("http://[broken", ("harbour.example",), False),
    ],
)
def test_an_outlet_is_its_host_and_those_below_it(url, hosts, whether):
    assert is_url_of_hosts(url, hosts) is whether


@pytest.mark.parametrize(
    ("headline", "url", "whether"),
    [
        ("Ferry hits harbour wall, inquiry opened", "", True),
        (None, "https://a.example/2024/ferry-inquiry", True),
        ("Inquiry into the FÉRRY", "", True),
        ("Ferry hits harbour wall", "", False),
        ("Conferry inquiry", "", False),
        ("페리 사고 현대미술관 harbour wall", "", True),
    ],
)
def test_headline_and_slug_tell_what_is_looked_for_with_half_of_the_words(headline, url, whether):
    assert matches_query(QUERY, headline, url) is whether


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": "it\\\'s \\x01 \\u00e9"}', {"a": "it\\'s \\x01 é"}),
        (b'\xef\xbb\xbf{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        (b'{"a": "\\\\"}', {"a": "\\"}),
        (b"null", {}),
        (b"[1]", "JSON of another form"),
        (b'{"a": [', "broken JSON"),
        (b"<!DOCTYPE html><p>", "a web page"),
        (b"Slow down.", "no JSON"),
        (b"[" * 100_000, "broken JSON"),
    ],
)
def test_json_is_read_with_the_slips_that_services_make(body, found):
    assert parse_json_object(body) == found


# --- whatever a server sends ----------------------------------------------------------------------

GOOD = {
    "gdelt": json.dumps(
        {"articles": [{"url": "https://a.example/b", "title": "T", "seendate": "20240215T101500Z"}]}
    ),
    "wikipedia": json.dumps(
        {
            "continue": {"elcontinue": "9", "continue": "||"},
            "query": {
                "search": [{"title": "Ferry", "pageid": 7}],
                "pages": [{"extlinks": [{"url": "https://a.example/2024/02/01/b-c-d"}]}],
            },
        }
    ),
    "google-news": "<rss><channel><item><title>A - B</title><link>https://news.google.com/rss/articles/CBMiE2h0dHBzOi8vYS5leGFtcGxlL2LSAQA</link>"
    '<pubDate>Thu, 15 Feb 2024 10:30:00 GMT</pubDate><source url="https://b.example">B</source></item></channel></rss>',
    "wayback": "example,a)/b 20240215101500 http://a.example/b text/html 200 AAAA 12\n\nexample%2Ca%29",
    "gdelt-files": "",
}
BODIES = {name: good.encode() for name, good in GOOD.items()} | {
    "gdelt-files": zipped(row("https://a.example/ferry", "Ferry inquiry", "20240215101500"))
}
FILE = "https://gdelt.example/20240215101500.gkg.csv.zip"


def check(name: str, body: bytes, step: str, status: int = 200) -> ServiceAnswer:
    answer = SEARCH_SERVICES[name].read(
        body, ServiceRequest(FILE, QUERY, step, language="en"), status, {"Retry-After": "x"}
    )
    assert isinstance(answer, ServiceAnswer)
    assert all(lead.url.startswith(("http://", "https://")) for lead in answer.leads)
    assert answer.problem is None or "\n" not in answer.problem
    assert all(found.url.encode() for found in (*answer.asks, *answer.leads))
    return answer


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("step", STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=300), status=st.sampled_from([200, 204, 301, 403, 429, 500]))
def test_random_bytes_never_raise(name, step, body, status):
    check(name, body, step, status)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_a_good_answer_cut_and_with_bytes_changed_never_raises(name, data):
    body = bytearray(
        BODIES[name][: data.draw(st.integers(0, len(BODIES[name])))]
        if data.draw(st.booleans())
        else BODIES[name]
    )
    for _ in range(data.draw(st.integers(0, 4)) if body else 0):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    check(name, bytes(body), data.draw(st.sampled_from(STEPS)))


KEYS_TEXT = "articles url title seendate language query search pages pageid extlinks * continue elcontinue error code"
KEYS = KEYS_TEXT.split()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just("https://a.example/x-y-z"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@pytest.mark.parametrize("name", ["gdelt", "wikipedia"])
@given(value=VALUES, step=st.sampled_from(["search", "links"]))
def test_json_of_any_shape_never_raises(name, value, step):
    check(name, json.dumps(value).encode(), step)


def test_a_lone_surrogate_in_an_answer_makes_no_address_that_cannot_be_sent():
    body = json.dumps(
        {
            "query": {"search": [{"title": "A\ud800", "pageid": 1}]},
            "continue": {"elcontinue": "\udfff"},
        }
    )
    check("wikipedia", body.encode(), "search")
    check("wikipedia", body.encode(), "links")
    lead = b'{"articles": [{"url": "https://a.example/\\ud800b", "title": "\\ud800", "seendate": "\\udfff"}]}'
    assert check("gdelt", lead, "search").leads[0].url == "https://a.example/b"
