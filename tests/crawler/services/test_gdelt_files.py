"""GDELT's files of 15 minutes: which to read for a window, and what a zip file may hold or
pretend."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest

from crawler.services import SearchQuery, ServiceRequest, gdelt_files, service_named
from crawler.services.gdelt_files import gdelt_file_names
from tests.services import row, zipped

FILES = service_named("gdelt-files", "http://files.example/gdeltv2")
QUERY = SearchQuery(("ferry", "harbour"), any_of=("inquiry", "court"))
GRAPH = ServiceRequest("http://files.example/gdeltv2/20240215101500.gkg.csv.zip", QUERY, "file")


def test_without_a_window_the_list_of_the_newest_is_read_and_its_file_asked_for_at_our_own_address():
    lists = list(FILES.requests(SearchQuery(("ferry",))))
    assert [ask.url.rpartition("/")[2] for ask in lists] == [
        "lastupdate.txt",
        "lastupdate-translation.txt",
    ]
    body = b"".join(
        b"9 ab http://elsewhere.example/gdeltv2/20240215101500.%s.zip\n" % kind
        for kind in (b"export.CSV", b"mentions.CSV", b"gkg.csv")
    )
    [ask] = FILES.read(body, lists[0]).asks
    assert (ask.url, ask.step) == (GRAPH.url, "file")


def test_a_list_that_names_no_file_is_a_problem():
    assert (
        FILES.read(b"<html>", ServiceRequest("http://x.example", QUERY, "list")).problem
        == "GDELT's files sent a list that names no file"
    )


def test_the_files_of_a_window_follow_the_clock_newest_first():
    query = SearchQuery(("ferry",), since="2024-02-15T03:50:00Z", until="2024-02-15T10:07:00Z")
    names = list(gdelt_file_names(query, [""], datetime(2024, 3, 1, tzinfo=UTC)))
    assert names[:2] == ["20240215100000.gkg.csv.zip", "20240215094500.gkg.csv.zip"]
    assert names[-1] == "20240215040000.export.CSV.zip"
    assert len(names) == 25


def test_no_file_of_the_future_and_no_window_of_years_is_asked_for():
    query = SearchQuery(("ferry",), since="2020-01-01", until="2030-01-01")
    names = list(gdelt_file_names(query, [""], datetime(2024, 3, 1, 0, 5, tzinfo=UTC)))
    assert names[0] == "20240301000000.gkg.csv.zip"
    assert len(names) == 672


@pytest.mark.parametrize(
    ("languages", "rows"), [((), 2), (("en",), 1), (("de",), 1), (("en", "de"), 2)]
)
def test_other_languages_than_english_stand_in_files_of_their_own(languages, rows):
    query = SearchQuery(
        ("ferry",), languages=languages, since="2024-02-15T10:00:00Z", until="2024-02-15T10:00:00Z"
    )
    assert len(list(FILES.requests(query))) == rows


def test_lines_whose_headline_or_slug_tell_of_it_become_leads():
    lines = [
        row("https://harbour.example/1", "Ferry & harbour: inquiry opened", "20240215101500"),
        row("https://bay.example/news/harbour-ferry-court", "", "20240215101500"),
        row("https://bay.example/2", "Ferry inquiry", "20240215101500"),
        row("https://bay.example/3", "A bus in the mountains", "20240215101500"),
        row("https://harbour.example/1", "Ferry inquiry again", "20240215101500"),
        "too\tfew",
    ]
    answer = FILES.read(zipped("\n".join(lines)), GRAPH)
    assert [(lead.url, lead.headline) for lead in answer.leads] == [
        ("https://harbour.example/1", "Ferry & harbour: inquiry opened"),
        ("https://bay.example/news/harbour-ferry-court", None),
        ("https://bay.example/2", "Ferry inquiry"),
    ]
    assert {(lead.via, lead.modified_at, lead.language) for lead in answer.leads} == {
        ("gdelt", "2024-02-15T10:15:00Z", "en")
    }
    assert answer.skipped == ("a line of 2 fields",)


def test_a_translated_line_names_the_language_it_was_translated_from():
    fields = row("https://hafen.example/1", "Ferry inquiry", "20240215101500").split("\t")
    fields[25] = "srclc:deu; eng:Moses 2.1.1"
    ask = ServiceRequest(
        "http://files.example/gdeltv2/20240215101500.translation.gkg.csv.zip", QUERY, "file"
    )
    assert FILES.read(zipped("\t".join(fields)), ask).leads[0].language == "de"


def test_an_events_file_has_addresses_alone():
    ask = ServiceRequest(
        "http://files.example/gdeltv2/20240215101500.export.CSV.zip", QUERY, "file"
    )
    lines = [
        row(f"https://bay.example/{slug}", "", "20240215101500", "export")
        for slug in ("ferry-court", "bus-court")
    ]
    [lead] = FILES.read(zipped("\n".join(lines)), ask).leads
    assert (lead.url, lead.headline) == ("https://bay.example/ferry-court", None)


def two_members() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.csv", "a")
        file.writestr("b.csv", "b")
    return packed.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no zip",
        zipped("x" * 5000)[:100],
        two_members(),
        zipped(b"x" * (2 * 1024 * 1024)),
        zipped(b"\n" * 60_000),
    ],
    ids=["empty", "text", "cut", "two members", "one endless line", "countless lines"],
)
def test_what_is_no_such_file_is_a_problem_and_no_more(body):
    answer = FILES.read(body, GRAPH)
    assert (answer.problem or "").startswith(
        "GDELT's files sent a file that cannot be read to its end"
    )
    assert (answer.leads, answer.wait) == ((), 0)


def test_a_bomb_is_inflated_no_further_than_the_limit_and_what_was_read_before_is_kept(monkeypatch):
    monkeypatch.setattr(gdelt_files, "MAX_GDELT_FILE_BYTES", 100_000)
    lines = (
        row("https://harbour.example/1", "Ferry inquiry", "20240215101500")
        + "\n"
        + ("x" * 999 + "\n") * 1000
    )
    answer = FILES.read(zipped(lines), GRAPH)
    assert len(answer.leads) == 1
    assert "larger than the limit" in (answer.problem or "")
