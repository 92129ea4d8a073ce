"""A WARC file is read on from where an earlier reading stopped, with the same results."""

from __future__ import annotations

import gzip
from io import BytesIO

import pytest
from warcio.warcwriter import WARCWriter

from archive.records import Capture
from crawler.files.byte_sources import LocalFile
from crawler.files.warc_files import (
    FILE_START,
    ExcludedRecord,
    RecordFilters,
    read_placed_pages,
)
from crawler.files.warc_records import WarcFileReader
from tests.web_archives import RecordedPage, add_response, write_web_archive

PAGES = [RecordedPage(number) for number in range(6)]


def placed(path, **more):
    return list(read_placed_pages(path, **more))


@pytest.fixture(params=["members", "plain", "one stream"])
def path(request, tmp_path):
    """A file of six pages: gzipped record by record, plain, or gzipped as a whole."""
    made = write_web_archive(tmp_path / "news.warc.gz", PAGES, gzip=request.param == "members")
    if request.param == "one stream":
        made.write_bytes(gzip.compress(made.read_bytes()))
    return made


def test_reading_on_behind_any_page_yields_what_follows(path):
    whole = placed(path)
    assert len(whole) == 6
    for number in range(6):
        rest = placed(path, behind=whole[number].position)
        assert [each.found for each in rest] == [each.found for each in whole[number + 1 :]]
        assert [each.position.records for each in rest] == [
            each.position.records for each in whole[number + 1 :]
        ]


def test_reading_on_does_not_read_the_beginning_again(tmp_path, monkeypatch):
    path = write_web_archive(tmp_path / "news.warc.gz", PAGES)
    middle = placed(path)[3].position
    read = []
    monkeypatch.setattr(
        WarcFileReader,
        "_read_record",
        lambda self, found, _read=WarcFileReader._read_record: (
            read.append(found.stream_pos),
            _read(self, found),
        )[1],
    )
    assert len(placed(path, behind=middle)) == 2
    assert min(read) == middle.anchor_offset


def test_a_record_excluded_by_its_fields_keeps_its_place_and_its_block_is_not_read(path):
    def by_fields(url: str, date: str) -> str | None:
        assert date == "2024-02-15T10:30:00Z"
        return None if url.endswith("/4") else "another page"

    found = placed(path, filters=RecordFilters(by_fields))
    assert [each.found for each in found[:4]] == [ExcludedRecord("another page")] * 4
    assert isinstance(found[4].found, Capture)
    assert [each.position.found for each in found] == [1, 2, 3, 4, 5, 6]


def test_a_page_excluded_by_its_body_is_no_capture(path):
    seen = []

    def by_body(url, date, response, body):
        seen.append((url, date, response.header("content-type"), body))
        return "without the words" if b"Report 2 " in body else None

    found = placed(path, filters=RecordFilters(by_body=by_body))
    assert [each.found for each in found if isinstance(each.found, ExcludedRecord)] == [
        ExcludedRecord("without the words")
    ]
    assert seen[2] == (
        "https://paper.example/news/2",
        "2024-02-15T10:30:00Z",
        "text/html; charset=utf-8",
        PAGES[2].body,
    )


@pytest.mark.parametrize("excluded", [False, True])
def test_a_revisit_refers_to_a_page_before_the_place_where_reading_began(tmp_path, excluded):
    out = BytesIO()
    writer = WARCWriter(out, gzip=True)
    for page in PAGES[:3]:
        add_response(writer, page)
    first = placed(write_web_archive(tmp_path / "first.warc.gz", PAGES[:3]))
    digest = next(
        record.field("warc-payload-digest")
        for record in WarcFileReader(LocalFile(tmp_path / "first.warc.gz")).records()
        if record.kind == "response" and record.field("warc-target-uri") == PAGES[1].url
    )
    revisit = writer.create_revisit_record(
        PAGES[1].url, digest, PAGES[1].url, "2024-02-15T10:30:00Z"
    )
    writer.write_record(revisit)
    path = tmp_path / "news.warc.gz"
    path.write_bytes(out.getvalue())
    filters = RecordFilters(
        (lambda _, date: "too early" if date.startswith("2024-02-15T10") else None)
        if excluded
        else None
    )
    whole = placed(path, filters=filters)
    behind = FILE_START if excluded else whole[2].position
    [last] = placed(path, filters=filters, behind=behind)[-1:]
    assert isinstance(last.found, Capture)
    assert (last.found.url, last.found.body) == (PAGES[1].url, PAGES[1].body)
    assert len(first) == 3


def test_a_broken_record_is_counted_so_that_reading_on_passes_it(tmp_path):
    path = write_web_archive(tmp_path / "news.warc.gz", PAGES)
    content = bytearray(path.read_bytes())
    third = placed(path)[2].position.anchor_offset
    content[third + 30 : third + 60] = b"x" * 30
    path.write_bytes(content)
    whole = placed(path)
    assert len(whole) == 6, "five pages and a problem"
    for number, each in enumerate(whole):
        rest = placed(path, behind=each.position)
        assert [found.found for found in rest] == [found.found for found in whole[number + 1 :]]
