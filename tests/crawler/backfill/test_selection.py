"""Records are excluded by their fields, then by their bytes; what is unknown excludes nothing."""

from __future__ import annotations

import pytest

from archive.errors import DatelineError, UsageError
from archive.records import Article
from crawler.backfill.known_pages import known_pages
from crawler.backfill.selection import (
    BY_DATE,
    BY_HOST,
    BY_KNOWN_URL,
    BY_LANGUAGE,
    Selection,
    plain_day,
    selected_hosts,
    stated_day,
    stated_language,
)
from crawler.backfill.selection_options import SelectionOptions, selection_of_options
from crawler.files.http_messages import StoredResponse
from pipelines.urls import url_key

URL = "https://www.paper.example/news/ferry"
CAPTURED = "2024-02-15T10:30:00Z"


def response(**headers: str) -> StoredResponse:
    named = ((name.replace("_", "-"), value) for name, value in headers.items())
    return StoredResponse(200, tuple(named), b"")


def by_fields(selection: Selection, url: str = URL, date: str = CAPTURED) -> str | None:
    return selection.reason_by_fields(url, date)


def by_body(selection: Selection, body: bytes, url: str = URL, **headers: str) -> str | None:
    return selection.reason_by_body(url, CAPTURED, response(**headers), body)


@pytest.mark.parametrize(
    ("host", "url", "reason"),
    [
        ("paper.example", "https://paper.example/a", None),
        ("paper.example", "https://www.paper.example:8080/a", None),
        ("www.paper.example", "http://PAPER.example/a", None),
        ("paper.example", "https://sport.paper.example/a", None),
        ("sport.paper.example", "https://paper.example/a", BY_HOST),
        ("paper.example", "https://newspaper.example/a", BY_HOST),
        ("paper.example", "https://other.example/paper.example", BY_HOST),
        ("paper.example", "mailto:desk@paper.example", BY_HOST),
    ],
)
def test_a_host_is_wanted_with_all_below_it_and_www_makes_no_difference(host, url, reason):
    assert by_fields(Selection(hosts=selected_hosts([host])), url) == reason


@pytest.mark.parametrize(
    ("since", "until", "url", "date", "reason"),
    [
        ("2024-02-15", "", URL, CAPTURED, None),
        ("2024-02-16", "", URL, CAPTURED, BY_DATE),
        ("2024-02-16", "", URL, "20240215103000", BY_DATE),
        ("", "2024-02-14", URL, CAPTURED, None),
        ("2024-02-01", "", "https://paper.example/2024/01/31/ferry", CAPTURED, BY_DATE),
        ("2024-02-01", "", "https://paper.example/2024/02/ferry", CAPTURED, None),
        ("2024-02-10", "", "https://paper.example/2024/02/ferry", CAPTURED, None),
        ("", "2024-01-31", "https://paper.example/2024/02/ferry", CAPTURED, BY_DATE),
        ("2024-02-10", "", URL, "", None),
    ],
)
def test_a_page_was_not_published_after_its_capture_nor_on_another_day_than_its_url_says(
    since, until, url, date, reason
):
    assert by_fields(Selection(since=since, until=until), url, date) == reason


def test_the_day_in_a_page_counts_before_that_of_its_capture():
    until = Selection(until="2024-02-14")
    stated = b'<meta property="article:published_time" content="2024-02-13T08:00:00Z">'
    in_data = b'{"@type": "NewsArticle", "datePublished": "2024-02-16"}'
    assert by_body(until, stated) is None
    assert by_body(until, in_data) == BY_DATE
    assert by_body(until, b"<p>undated") == BY_DATE
    assert by_body(Selection(until="2024-02-15"), b"<p>undated") is None


def test_the_stated_day_is_read_from_metadata_alone():
    assert stated_day(b'"datePublished":"2024-02-15T10:00:00+01:00"') == "2024-02-15"
    assert stated_day(b"<meta itemprop='datePublished' content='2024-02-15'>") == "2024-02-15"
    assert stated_day(b"datePublished tomorrow, 2024-02-15") is None


@pytest.mark.parametrize(
    ("url", "header", "body", "language"),
    [
        (URL, "", b'<!doctype html><html class="x" lang="de-AT">', "de"),
        (URL, "en", b"<html lang=fr>", "fr"),
        (URL, "en-GB", b"<html>", "en"),
        (URL, "en, fr", b"<html>", None),
        ("https://paper.example/es/ferry", "", b"<html>", "es"),
        ("https://ru.paper.example/ferry", "", b"", "ru"),
        ("https://paper.example/it/ferry", "", b"", None),
        ("https://paper.example/news/es/", "", b"", None),
        (URL, "", b'<p lang="de">', None),
    ],
)
def test_a_page_states_its_language_itself_or_by_its_header_or_its_url(url, header, body, language):
    assert stated_language(url, header, body) == language


def test_a_page_in_another_language_is_excluded_and_one_that_states_none_is_read():
    german = Selection(languages=frozenset({"de"}))
    assert by_body(german, b'<html lang="en">') == BY_LANGUAGE
    assert by_body(german, b'<html lang="de">') is None
    assert by_body(german, b"<html>") is None
    assert by_body(german, b"<html>", content_language="nl") == BY_LANGUAGE


def test_known_urls_are_compared_by_their_keys():
    known = known_pages([url_key("https://paper.example/news/ferry")])
    selection = Selection(known=known)
    assert (
        by_fields(selection, "http://www.paper.example/news/ferry/?utm_source=mail") == BY_KNOWN_URL
    )
    assert by_fields(selection, "https://paper.example/news/other") is None
    assert by_fields(selection, "not a URL") is None
    assert "https://paper.example/news/ferry" in known


def test_an_article_that_was_read_is_judged_by_what_it_states():
    selection = Selection(
        hosts=selected_hosts(["paper.example"]), since="2024-02-01", until="2024-02-29",
        languages=frozenset({"en"}),
    )  # fmt: skip
    wanted = {"language": "en", "published_at": "2024-02-15T10:00:00Z"}
    for changes, reason in (
        ({}, None),
        ({"language": "de"}, BY_LANGUAGE),
        ({"language": None, "published_at": None}, None),
        ({"published_day": "2024-01-31"}, BY_DATE),
        ({"published_at": "2024-03-01"}, BY_DATE),
    ):
        assert selection.reason_by_article(Article(URL, **(wanted | changes))) == reason, changes
    assert selection.reason_by_article(Article("https://other.example/a")) == BY_HOST


@pytest.mark.parametrize(
    ("date", "day"), [(CAPTURED, "2024-02-15"), ("20240215103000", "2024-02-15")]
)
def test_the_day_of_a_capture_is_read_in_both_forms(date, day):
    assert plain_day(date) == day


def test_a_selection_in_words_names_all_of_it_and_none_is_empty():
    assert not Selection()
    assert Selection().label() == ""
    full = Selection(
        frozenset({"b.example", "a.example"}), "2024-02-01", "2024-02-29", frozenset({"en"}),
        "harbour", None, known_pages([]),
    )  # fmt: skip
    assert full
    assert full.label() == (
        "host a.example, b.example; since 2024-02-01; until 2024-02-29; language en; "
        "story harbour; new pages"
    )


def test_options_become_a_selection(tmp_path):
    outlets = tmp_path / "outlets.txt"
    outlets.write_text("www.paper.example\ngazette.example\n")
    options = SelectionOptions(("Desk.example",), outlets, "2024-02-01", "2024-02-29", ("en-GB",))
    chosen = selection_of_options(options, tmp_path)
    assert chosen == Selection(
        frozenset({"desk.example", "paper.example", "gazette.example"}),
        "2024-02-01",
        "2024-02-29",
        frozenset({"en"}),
    )


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({"since": "soon"}, "soon"),
        ({"until": "2024-02-31"}, "2024-02-31"),
        ({"languages": ("klingonish",)}, "klingonish"),
        ({"story": "harbour"}, "no archive here"),
    ],
)
def test_an_option_that_cannot_be_understood_is_a_mistake(tmp_path, options, mistake):
    with pytest.raises(DatelineError, match=mistake):
        selection_of_options(SelectionOptions(**options), tmp_path)


def test_a_list_of_outlets_without_hosts_is_a_mistake(tmp_path):
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(UsageError, match=r"empty\.txt"):
        selection_of_options(SelectionOptions(outlets=tmp_path / "empty.txt"), tmp_path)
