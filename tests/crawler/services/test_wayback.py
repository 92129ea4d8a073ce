"""The Wayback Machine's index: an outlet's pages in a window, page by page, and the capture of one
that is gone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from archive.records import Check, Lead
from crawler.services import SearchQuery, ServiceRequest, service_named
from crawler.services.wayback import MAX_INDEX_ANSWERS, WaybackMachine, check_of_lost_page

WAYBACK = service_named("wayback", "http://wayback.example")
QUERY = SearchQuery(
    ("ferry",), since="2024-02-01", until="2024-02-28", hosts=("www.harbour.example",)
)


def line(
    path: str,
    at: str = "20240215101500",
    status: str = "200",
    kind: str = "text/html",
    port: str = "",
) -> str:
    return f"example,harbour){path} {at} https://www.harbour.example{port}{path} {kind} {status} {'A' * 32} 4711"


def ask(query: SearchQuery = QUERY) -> ServiceRequest:
    return next(WAYBACK.requests(query))


def read(*lines: str, of: ServiceRequest | None = None):
    return WAYBACK.read("\n".join(lines).encode(), of or ask())


def test_an_outlets_pages_are_asked_for_in_a_window_and_by_words_in_their_addresses():
    asked = parse_qs(urlsplit(ask().url).query)
    assert (asked["url"], asked["matchType"], asked["collapse"]) == (
        ["harbour.example"],
        ["domain"],
        ["urlkey"],
    )
    assert (asked["from"], asked["to"]) == (["20240201000000"], ["20240228235959"])
    assert asked["filter"] == ["statuscode:200", "mimetype:text/html", "urlkey:.*(?:ferry).*"]
    several = ask(SearchQuery(("Harbour Wall",), ("café", "x"), hosts=("harbour.example",)))
    assert (
        parse_qs(urlsplit(several.url).query)["filter"][2] == "urlkey:.*(?:harbour.?wall|cafe|x).*"
    )


def test_words_that_no_address_spells_are_no_filter():
    korean = ask(SearchQuery(("여객선", "ferry"), hosts=("harbour.example",)))
    assert parse_qs(urlsplit(korean.url).query)["filter"] == [
        "statuscode:200",
        "mimetype:text/html",
    ]


def test_a_page_is_a_lead_with_its_own_address_and_its_capture_beside_it():
    [lead] = read(line("/ferry", port=":443")).leads
    assert (lead.url, lead.via) == ("https://www.harbour.example/ferry", "wayback")
    assert (
        lead.listed_as
        == "http://wayback.example/web/20240215101500id_/https://www.harbour.example/ferry"
    )
    assert (lead.published_at, lead.modified_at) == (None, "2024-02-15T10:15:00Z")


def test_of_several_captures_of_a_page_the_first_is_taken():
    answer = read(
        line("/ferry", "20240216101500"),
        line("/ferry", "20240215101500"),
        line("/bus", "20240217101500"),
    )
    assert [(lead.url[-5:], lead.modified_at) for lead in answer.leads] == [
        ("ferry", "2024-02-15T10:15:00Z"),
        ("e/bus", "2024-02-17T10:15:00Z"),
    ]


def test_what_cannot_be_read_is_named_and_the_rest_goes_on():
    answer = read(
        line("/ferry"),
        line("/a", "20240012170449"),
        line("/b", "20240230241623"),
        line("/c", "00010101000000"),
        "example,harbour)/d 20240215101500 some/not/even/an/address text/html 200 A 1",
        "example,harbour)/e 20240215101500 http://mailto:someone@harbour.example/ unk 200 A 1",
        "example,harbour)/f 2024",
        line("/g", status="301"),
        line("/h", status="302"),
        line("/i", status="-", kind="warc/revisit"),
        line("/j", kind="image/png"),
    )
    assert [lead.url for lead in answer.leads] == ["https://www.harbour.example/ferry"]
    assert answer.problem is None
    assert answer.skipped == (
        "a time that cannot be (20240012170449)",
        "a time that cannot be (20240230241623)",
        "a time that cannot be (00010101000000)",
        "no address (some/not/even/an/address)",
        "no address (http://mailto:someone@harbour.example/)",
        "a line of 2 words instead of 7",
        "1 captures of an answer 301",
        "1 captures of an answer 302",
        "1 captures of type warc/revisit",
        "1 captures of type image/png",
    )


def test_only_so_many_reasons_are_kept():
    answer = read(line("/ferry"), *["one two"] * 200)
    assert len(answer.skipped) == 51
    assert answer.skipped[-1] == "and 150 more"


def test_the_rest_is_asked_for_with_the_key_that_the_answer_ends_with():
    key = "example%2Charbour%29%2F+20240215101501"
    answer = read(line("/ferry"), "", key, "")
    assert (
        answer.asks[0].url
        == f"{ask().url}&resumeKey=example%252Charbour%2529%252F%2B20240215101501"
    )
    assert len(answer.leads) == 1
    again = read(line("/ferry"), "", "another", of=answer.asks[0])
    assert again.asks[0].url == f"{ask().url}&resumeKey=another"
    assert read(line("/ferry"), "", "another", of=again.asks[0]).asks == ()


def test_paging_ends_and_says_that_there_was_more():
    further = ask()
    for number in range(MAX_INDEX_ANSWERS + 5):
        answer = read(line("/ferry"), "", f"key{number}", of=further)
        if not answer.asks:
            break
        [further] = answer.asks
    assert number + 1 == MAX_INDEX_ANSWERS
    assert answer.skipped[0] == "what the index holds beyond 20 answers"


@pytest.mark.parametrize("status", [200, 403])
def test_a_blocked_outlet_is_named_and_the_service_goes_on(status):
    body = b"x.RuntimeIOException: x.wayback.exception.AdministrativeAccessControlException: Blocked Site Error\n"
    answer = WAYBACK.read(body, ask(), status)
    assert (
        answer.problem
        == "The Wayback Machine does not show www.harbour.example: its owner had it blocked"
    )
    assert (answer.asks, answer.wait) == ((), 0)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            b"<!DOCTYPE html><p>503",
            "The Wayback Machine sent a web page instead of its index; it can be asked again in 60 s",
        ),
        (
            b"Unexpected error",
            "The Wayback Machine sent no index, but a line of 2 words instead of 7",
        ),
        (b"x" * (5 * 1024 * 1024), "The Wayback Machine sent an answer of more than 4 MiB"),
    ],
)
def test_what_is_no_index_is_a_problem(body, problem):
    assert WAYBACK.read(body, ask()).problem == problem


def test_an_empty_index_is_no_problem():
    answer = WAYBACK.read(b"", ask())
    assert (answer.leads, answer.problem, answer.skipped) == ((), None, ())


@pytest.mark.parametrize(
    ("near", "at"),
    [
        ("2024-02-15", "20240216"),
        ("2024-02-16T08:30:00Z", "20240216"),
        ("2024-03-01", "20240220"),
        (None, "20240220"),
    ],
)
def test_a_page_that_is_gone_is_had_from_its_first_capture_after_it_was_published(near, at):
    assert isinstance(WAYBACK, WaybackMachine)
    dead = WAYBACK.captures("https://www.harbour.example/ferry", near)
    assert parse_qs(urlsplit(dead.url).query)["url"] == ["https://www.harbour.example/ferry"]
    lines = [line("/ferry", f"{day}080000") for day in ("20240110", "20240216", "20240220")]
    broken = line("/ferry", "20240215110000", status="503")
    [lead] = read(*lines, broken, of=dead).leads
    assert (
        lead.listed_as
        == f"http://wayback.example/web/{at}080000id_/https://www.harbour.example/ferry"
    )


def test_a_page_that_was_never_captured_gives_no_lead():
    assert isinstance(WAYBACK, WaybackMachine)
    assert read(of=WAYBACK.captures("https://www.harbour.example/ferry")).leads == ()


@pytest.mark.parametrize(
    ("capture", "is_one"),
    [
        ("http://wayback.example/web/20240215080000id_/https://www.harbour.example/ferry", True),
        ("http://wayback.example/web/20240215080000id_/http://harbour.example:80/ferry", True),
        ("http://wayback.example/web/20240215080000id_/http://harbour.example/bus", False),
        ("http://wayback.example/web/20240215080000id_/", False),
        ("http://wayback.example/web/2024id_/http://harbour.example/ferry", False),
        ("http://other.example/web/20240215080000id_/http://harbour.example/ferry", False),
        ("http://harbour.example/ferry?utm_source=feed", False),
        (None, False),
    ],
)
def test_a_lead_names_a_capture_if_it_is_one_of_its_page_and_of_this_service(capture, is_one):
    assert isinstance(WAYBACK, WaybackMachine)
    lead = Lead("http://harbour.example/ferry", via="wayback", listed_as=capture)
    assert WAYBACK.capture_of(lead) == (capture if is_one else None)


def test_a_look_at_a_capture_says_that_the_page_is_gone_and_when_it_was_captured():
    look = Check(
        "http://harbour.example/ferry",
        "new",
        "2026-03-20T12:00:00Z",
        200,
        etag='"theirs"',
        reason="no copy",
    )
    read = check_of_lost_page(
        look, "http://wayback.example/web/20240215103000id_/http://harbour.example/ferry"
    )
    assert (
        read.reason
        == "gone; read from the Wayback Machine's capture of 2024-02-15T10:30:00Z; no copy"
    )
    assert (read.url, read.outcome, read.etag, read.last_modified) == (look.url, "new", None, None)


def test_a_capture_that_leads_elsewhere_is_none_and_the_service_goes_on():
    answer = WAYBACK.read(b"", ask(), 302)
    assert (answer.problem, answer.wait) == ("The Wayback Machine answered 302", 0)
