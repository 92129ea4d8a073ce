"""WARC and ARC files as captures: ours come back as they were, those of others as far as they can
be read."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from contextlib import redirect_stderr
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.errors import ReadingError, UsageError
from archive.exports.warc import write_warc
from archive.records import Capture
from archive.storage.captures import CaptureStore
from crawler.files.http_messages import zstd
from crawler.files.saved_pages import MAX_PAGE_BYTES
from crawler.files.warc_files import (
    DoubtfulPage,
    SkippedRecord,
    is_warc_name,
    original_headers,
    read_warc_pages,
    warc_timestamp,
)
from crawler.files.warc_records import WarcProblem
from crawler.jobs.import_files import import_files

HARBOUR = "https://harbour.example"
HTML = ("Content-Type", "text/html; charset=utf-8")
DATE = "2024-02-15T10:30:00Z"


def page(words: str) -> bytes:
    return f"<!doctype html><title>{words}</title><p>{words}: the ferry sails again, the harbour says.".encode()


class Recorder:
    """Writes WARC files as other programs do, into memory."""

    def __init__(self, gzip: bool = True) -> None:
        self.out = BytesIO()
        self.writer = WARCWriter(self.out, gzip=gzip)
        self.starts: list[int] = []

    def record(
        self,
        kind: str,
        url: str,
        body: bytes,
        *headers: tuple[str, str],
        status: str = "200 OK",
        **warc: str,
    ) -> Recorder:
        self.starts.append(self.out.tell())
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1") if headers else None
        fields = {"WARC-Date": DATE} | {
            name.replace("_", "-"): value for name, value in warc.items()
        }
        content_type = fields.pop("Content-Type", "")
        self.writer.write_record(
            self.writer.create_warc_record(
                url,
                kind,
                payload=BytesIO(body),
                length=len(body),
                http_headers=http,
                warc_headers_dict=fields,
                warc_content_type=content_type,
            )
        )
        return self

    def response(
        self, path: str, body: bytes | None = None, *headers: tuple[str, str], **more: str
    ) -> Recorder:
        return self.record(
            "response",
            HARBOUR + path,
            page(path) if body is None else body,
            *(headers or (HTML,)),
            **more,
        )

    @property
    def bytes(self) -> bytes:
        return self.out.getvalue()


def read(
    tmp_path: Path, data: bytes | Recorder, name: str = "some.warc.gz"
) -> list[Capture | SkippedRecord | WarcProblem]:
    path = tmp_path / name
    path.write_bytes(data.bytes if isinstance(data, Recorder) else data)
    return list(read_warc_pages(path))


def captures(found: Iterable[Any]) -> list[Capture]:
    return [one for one in found if isinstance(one, Capture)]


def problems(found: Iterable[Any]) -> list[str]:
    return [str(one) for one in found if isinstance(one, WarcProblem)]


def left_out(found: Iterable[Any]) -> Counter[str]:
    return Counter(one.reason for one in found if isinstance(one, SkippedRecord))


# -- ours ------------------------------------------------------------------------------------------


SENT = (
    ("Date", "Thu, 15 Feb 2024 10:30:00 GMT"),
    HTML,
    ("Content-Encoding", "br"),
    ("Content-Length", "7"),
    ("X", "é"),
)
OURS = (
    Capture(f"{HARBOUR}/ferry", page("Ferry"), headers=SENT, fetched_at="2024-02-15T10:30:00Z"),
    Capture(f"{HARBOUR}/ferry", page("Ferry"), headers=SENT, fetched_at="2024-02-16T10:30:00Z"),
    Capture(
        f"{HARBOUR}/ferry",
        page("Ferry, corrected"),
        headers=SENT,
        fetched_at="2024-02-17T10:30:00Z",
    ),
    Capture(
        f"{HARBOUR}/old",
        page("Moved"),
        headers=SENT,
        fetched_at="2024-02-18T10:30:00Z",
        redirects=(f"{HARBOUR}/old", f"{HARBOUR}/between"),
        final_url=f"{HARBOUR}/new",
    ),
    Capture(
        f"{HARBOUR}/older",
        page("Moved"),
        headers=SENT,
        fetched_at="2024-02-18T10:30:00Z",
        redirects=(f"{HARBOUR}/older",),
        final_url=f"{HARBOUR}/new",
    ),
    Capture(
        f"{HARBOUR}/saved",
        page("Saved"),
        headers=(("Content-Type", "text/html"),),
        fetched_at="2024-02-20T10:30:00Z",
    ),
)


def test_what_was_written_comes_back_the_same(tmp_path: Path) -> None:
    """Address, hops, moment, status, headers, body and digest: revisits, redirects and saved pages
    too."""
    archive = CaptureStore(tmp_path / "captures.db")
    archive.store(OURS)
    with (tmp_path / "out.warc.gz").open("wb") as file:
        write_warc(archive, file)

    assert tuple(read_warc_pages(tmp_path / "out.warc.gz")) == OURS


def test_a_second_journey_changes_nothing(tmp_path: Path) -> None:
    kept: list[Capture] = list(OURS)
    for number in range(2):
        archive = CaptureStore(tmp_path / f"{number}.db")
        archive.store(kept)
        path = tmp_path / f"{number}.warc.gz"
        with path.open("wb") as file:
            write_warc(archive, file)
        kept = captures(read_warc_pages(path))

    assert tuple(kept) == OURS


# -- those of others -------------------------------------------------------------------------------


def test_pages_are_taken_and_the_rest_is_counted_by_reason(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.response("/ferry")
    recorder.record(
        "request",
        f"{HARBOUR}/ferry",
        b"",
        ("Host", "harbour.example"),
        status="GET /ferry HTTP/1.1",
    )
    recorder.response("/picture", b"\x89PNG", ("Content-Type", "image/png"))
    recorder.response("/gone", None, HTML, status="404 Not Found")
    recorder.response("/moved", b"", ("Location", "/ferry"), HTML, status="302 Found")
    recorder.response("/untyped", None, ("Server", "quay"))
    recorder.response("/untyped-text", b"Only words.", ("Server", "quay"))
    recorder.response("/xhtml", None, ("Content-Type", "application/xhtml+xml"))
    recorder.response("/empty", b" \n", HTML)
    recorder.response("/cut", None, HTML, **{"WARC-Truncated": "length"})
    recorder.response("/large", b"x" * (MAX_PAGE_BYTES + 100_000), HTML)
    recorder.record("resource", f"{HARBOUR}/saved", page("saved"), **{"Content-Type": "text/html"})
    recorder.record("resource", "urn:screenshot:1", b"...", **{"Content-Type": "image/png"})
    recorder.record("conversion", f"{HARBOUR}/ferry", b"as text", **{"Content-Type": "text/plain"})

    found = read(tmp_path, recorder)

    assert [capture.url.removeprefix(HARBOUR) for capture in captures(found)] == [
        "/ferry",
        "/untyped",
        "/xhtml",
        "/saved",
    ]
    assert left_out(found) == {
        "not HTML": 2,
        "HTTP 404": 1,
        "HTTP 302": 1,
        "an empty page": 1,
        "truncated when it was recorded": 1,
        "larger than 16 MiB": 1,
        "not a web URL": 1,
        "a record of kind 'conversion'": 1,
    }
    assert problems(found) == []


def test_a_capture_says_what_the_record_says(tmp_path: Path) -> None:
    sent = (HTML, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Encoding", "gzip"))
    [capture] = read(tmp_path, Recorder().response("/ferry", gzip.compress(page("Ferry")), *sent))

    assert capture == Capture(f"{HARBOUR}/ferry", page("Ferry"), 200, sent, DATE)


def test_brackets_around_an_address_are_not_part_of_it(tmp_path: Path) -> None:
    """As old wget writes them."""
    [capture] = captures(
        read(tmp_path, Recorder().record("response", f"<{HARBOUR}/ferry>", page("Ferry"), HTML))
    )

    assert capture.url == f"{HARBOUR}/ferry"


def test_a_revisit_gets_the_body_that_it_refers_to(tmp_path: Path) -> None:
    """By its digest, with headers of its own or without; another address may have the same body."""
    recorder = Recorder().response(
        "/ferry", gzip.compress(page("Ferry")), HTML, ("Content-Encoding", "gzip")
    )
    digest = next(ArchiveIterator(BytesIO(recorder.bytes))).rec_headers["WARC-Payload-Digest"]
    revisit = {"WARC-Payload-Digest": digest, "WARC-Truncated": "length"}
    recorder.record(
        "revisit",
        f"{HARBOUR}/ferry",
        b"",
        HTML,
        ("Age", "9"),
        **revisit | {"WARC-Date": "2024-03-01T00:00:00Z"},
    )
    recorder.record("revisit", f"{HARBOUR}/ferry?print", b"", **revisit)
    recorder.record("revisit", f"{HARBOUR}/ferry", b"", HTML, status="304 Not Modified", **revisit)
    recorder.record(
        "revisit",
        f"{HARBOUR}/ferry",
        b"",
        HTML,
        **revisit | {"WARC-Payload-Digest": "sha1:ANOTHER"},
    )

    found = read(tmp_path, recorder)

    first, again, elsewhere = captures(found)
    assert first.body == again.body == elsewhere.body == page("Ferry")
    assert (again.fetched_at, again.headers) == ("2024-03-01T00:00:00Z", (HTML, ("Age", "9")))
    assert (elsewhere.url, elsewhere.headers) == (f"{HARBOUR}/ferry?print", first.headers)
    assert left_out(found) == {"HTTP 304": 1, "a revisit whose page is not found in this file": 1}


def test_a_page_that_was_first_served_as_an_error_is_found_again(tmp_path: Path) -> None:
    """The body stands in a record that is not taken; the revisit says that it was served as a
    page."""
    archive = CaptureStore(tmp_path / "captures.db")
    good = Capture(f"{HARBOUR}/ferry", page("Ferry"), headers=SENT, fetched_at=DATE)
    archive.store([Capture(good.url, good.body, 503, SENT, DATE), good])
    with (tmp_path / "out.warc.gz").open("wb") as file:
        write_warc(archive, file)

    assert list(read_warc_pages(tmp_path / "out.warc.gz")) == [SkippedRecord("HTTP 503"), good]


@pytest.mark.parametrize("form", ["plain", "gzip", "one gzip stream", "zstd", "arc", "arc.gz"])
def test_every_form_of_file_is_read(form: str, tmp_path: Path) -> None:
    recorder = Recorder(gzip=form == "gzip")
    for number in range(3):
        recorder.response(f"/{number}")
    data = {
        "plain": recorder.bytes,
        "gzip": recorder.bytes,
        "one gzip stream": gzip.compress(recorder.bytes, mtime=0),
        "zstd": zstd.compress(recorder.bytes),
        "arc": b"".join(arc()),
        "arc.gz": b"".join(map(gzip.compress, arc())),
    }[form]

    found = captures(read(tmp_path, data, "some.file"))

    assert [capture.url for capture in found] == [f"{HARBOUR}/{number}" for number in range(3)]
    assert [capture.body for capture in found] == [page(f"/{number}") for number in range(3)]
    assert {capture.fetched_at for capture in found} == {DATE}


def arc() -> list[bytes]:
    """Three pages as ARC, the format before WARC; each record in a line that describes it, and the
    answer."""
    version = b"1 0 Harbour\nURL IP-address Archive-date Content-type Archive-length\n"
    records = [
        b"filedesc://harbour.arc 0.0.0.0 20240215103000 text/plain %d\n%s\n"
        % (len(version), version)
    ]
    for number in range(3):
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page(f"/{number}")
        line = f"{HARBOUR}/{number} 127.0.0.1 20240215103000 text/html {len(block)}\n".encode()
        records.append(line + block + b"\n")
    return records


def test_lines_may_end_in_a_line_feed_alone(tmp_path: Path) -> None:
    block = b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + page("Ferry")
    fields = {"WARC-Type": "response", "WARC-Target-URI": f"{HARBOUR}/ferry", "WARC-Date": DATE}
    head = (
        "".join(f"{name}: {value}\n" for name, value in fields.items())
        + f"Content-Length: {len(block)}\n\n"
    )

    [capture] = read(tmp_path, b"WARC/1.0\n" + head.encode() + block + b"\n\n", "some.warc")

    assert isinstance(capture, Capture)
    assert capture.body == page("Ferry")


# -- what is broken --------------------------------------------------------------------------------


def of_six(gzip: bool) -> tuple[bytes, list[int]]:
    recorder = Recorder(gzip)
    for number in range(6):
        recorder.response(f"/{number}")
    return recorder.bytes, recorder.starts


def numbers(found: Iterable[Any]) -> list[int]:
    return [int(capture.url[-1]) for capture in captures(found)]


def test_a_broken_member_costs_itself_alone(tmp_path: Path) -> None:
    data, starts = of_six(gzip=True)
    broken = bytearray(data)
    broken[starts[2] + 60 : starts[2] + 70] = bytes(10)

    found = read(tmp_path, bytes(broken))

    assert numbers(found) == [0, 1, 3, 4, 5]
    assert len(problems(found)) == 1
    assert f"after record 2 at byte {starts[1]}: cannot be read further" in problems(found)[0]


def test_several_broken_members_are_each_named(tmp_path: Path) -> None:
    data, starts = of_six(gzip=True)
    broken = bytearray(data)
    for number in (0, 3, 4):
        broken[starts[number] + 3 : starts[number] + 100] = bytes(97)

    found = read(tmp_path, bytes(broken))

    assert numbers(found) == [1, 2, 5]
    assert len(problems(found)) == 2


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_breaks_off_gives_what_it_has_and_says_so_once(
    zipped: bool, tmp_path: Path
) -> None:
    """Wherever in its last record it breaks off."""
    data, starts = of_six(zipped)
    end = len(data) - (0 if zipped else len(b"\r\n\r\n"))
    for cut in range(starts[5] + 1, end, 7):
        found = read(tmp_path, data[:cut])

        assert numbers(found)[:5] == [0, 1, 2, 3, 4]
        assert len(problems(found)) == 1 or (zipped and numbers(found)[5:] == [5]), cut


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (
            lambda record: record.replace(b"Content-Length: 1", b"Content-Length: x1"),
            [0, 1, 3, 4, 5],
        ),
        # its length reaches into the next
        (lambda record: record[:-60] + b"\r\n\r\n", [0, 1, 4, 5]),
        (lambda _: b"WARC-Type: response\r\n" * 9 + b"\r\n\r\n", [0, 1, 3, 4, 5]),
        (lambda record: b"\r\nsome rubbish\r\n" + record, [0, 1, 2, 3, 4, 5]),
        (lambda record: record[:-4] + b"and more than it said\r\n\r\n", [0, 1, 2, 3, 4, 5]),
    ],
    ids=["no length", "too long", "no head", "rubbish before", "too short"],
)
def test_what_is_broken_in_a_plain_file_is_named_and_the_rest_read(
    change: Any, kept: list[int], tmp_path: Path
) -> None:
    data, starts = of_six(gzip=False)
    broken = data[: starts[2]] + change(data[starts[2] : starts[3]]) + data[starts[3] :]

    found = read(tmp_path, broken, "some.warc")

    assert [number for number in numbers(found) if number != 2] == [
        number for number in kept if number != 2
    ]
    assert problems(found)


def test_a_body_that_cannot_be_decoded_is_named_with_its_place(tmp_path: Path) -> None:
    recorder = Recorder().response("/0")
    recorder.response(
        "/bomb", gzip.compress(bytes(MAX_PAGE_BYTES + 1)), HTML, ("Content-Encoding", "gzip")
    )
    recorder.response("/date", **{"WARC-Date": "yesterday"}).response("/3")

    found = read(tmp_path, recorder)

    assert numbers(found) == [0, 3]
    path = tmp_path / "some.warc.gz"
    assert problems(found) == [
        f"{path}: record 2 at byte {recorder.starts[1]}: decompresses to more than 16 MiB, the limit for a page",
        f"{path}: record 3 at byte {recorder.starts[2]}: its WARC-Date 'yesterday' is not a date",
    ]


@pytest.mark.parametrize(
    "data", [b"", b"plain words\n" * 99, gzip.compress(b"plain words", mtime=0), b"PK\x03\x04"]
)
def test_a_file_that_is_no_warc_is_told_in_a_line(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a WARC") as told:
        read(tmp_path, data)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.warc", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            list(read_warc_pages(path))


def test_a_file_of_nothing_but_beginnings_is_given_up(tmp_path: Path) -> None:
    data, _ = of_six(gzip=True)

    found = read(tmp_path, data + b"\x1f\x8b\x08" * 5000)

    assert numbers(found) == [0, 1, 2, 3, 4, 5]
    assert "given up after 1,000 places" in problems(found)[-1]


def test_an_arc_that_breaks_off_is_told_once_and_leaves_other_messages_alone(
    tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "some.arc"
    path.write_bytes(b"".join(arc())[:-30])

    found = []
    for one in read_warc_pages(path):
        print("read on", file=sys.stderr)
        found.append(one)

    assert numbers(found) == [0, 1]
    assert len(problems(found)) == 1
    assert capsys.readouterr().err == "read on\n" * 3


@pytest.mark.parametrize("zipped", [True, False])
def test_no_damage_at_all_raises(zipped: bool, tmp_path: Path) -> None:
    """A file damaged at every 37th byte in turn gives captures, reasons and problems, or is told to
    be no WARC."""
    data, _ = of_six(zipped)
    for at in range(0, len(data), 37):
        damaged = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        try:
            found = read(tmp_path, damaged)
        except UsageError:
            assert at < 300
            continue
        assert len(captures(found)) >= 4
        assert len(found) >= 5


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    recorder = Recorder()
    for number in range(60):
        recorder.response(f"/{number}", page(str(number)) + bytes(1_000_000))
    path = tmp_path / "large.warc.gz"
    path.write_bytes(recorder.bytes)

    tracemalloc.start()
    assert sum(isinstance(one, Capture) for one in read_warc_pages(path)) == 60
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 10_000_000


# -- small things ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2024-02-15T10:30:00Z", "2024-02-15T10:30:00Z"),
        ("2024-02-15T10:30:00.123456789Z", "2024-02-15T10:30:00Z"),
        ("2024-02-15T10:30Z", "2024-02-15T10:30:00Z"),
        ("2024-02-15", "2024-02-15T00:00:00Z"),
        ("2024-02", "2024-02-01T00:00:00Z"),
        ("2024", "2024-01-01T00:00:00Z"),
        ("20240215103000", "2024-02-15T10:30:00Z"),
    ],
)
def test_a_date_is_read_to_the_second(date: str, expected: str) -> None:
    assert warc_timestamp(date) == expected


@pytest.mark.parametrize(
    "date",
    ["", "yesterday", "2024-02-31T00:00:00Z", "2024-13", "0000", "2024-02-15T10:30:00-07:00"],
)
def test_what_is_no_date_is_refused(date: str) -> None:
    with pytest.raises(ReadingError):
        warc_timestamp(date)


def test_headers_that_an_archive_renamed_get_their_names_back() -> None:
    stored = (("X-Archive-Orig-Content-Length", "7"), ("Content-Length", "99"), ("Age", "1"))

    assert original_headers(stored) == (("Content-Length", "7"), ("Age", "1"))


def test_files_are_known_by_their_names() -> None:
    names = ("a.warc", "a.WARC.gz", "a.arc.gz", "a.html", "a.warc.html", "a.jsonl.gz", "a.warc.zst")

    assert [is_warc_name(Path(name)) for name in names] == [
        True,
        True,
        True,
        False,
        False,
        False,
        True,
    ]


# -- measured on files of others -------------------------------------------------------------------


def shared_files(shared: Path) -> list[Path]:
    return sorted(path for path in (shared / "corpus" / "warc").rglob("*") if is_warc_name(path))


@pytest.mark.slow
@pytest.mark.shared
def test_all_files_of_others_are_read_and_every_record_accounted_for(shared: Path) -> None:
    """As many captures, reasons and problems as warcio counts records, wherever warcio reads the
    whole file."""
    files = shared_files(shared)
    assert len(files) == 85

    compared = 0
    for path in files:
        counted = counted_by_warcio(path)
        found = list(read_warc_pages(path))
        if counted is not None:
            gaps = sum("belong to no record" in line for line in problems(found))
            assert len(found) - gaps == counted, path
            compared += 1
    assert compared == 82


def counted_by_warcio(path: Path) -> int | None:
    """Records that are not of a describing kind; None where warcio gives up."""
    try:
        with path.open("rb") as file, redirect_stderr(StringIO()):
            kinds = [record.rec_type for record in ArchiveIterator(file, no_record_parse=True)]
    except Exception:
        return None
    return sum(kind not in ("warcinfo", "arc_header", "request", "metadata") for kind in kinds)


@pytest.mark.shared
def test_pages_of_news_come_out_as_they_went_in(shared: Path) -> None:
    """80 pages, a quarter of them gzipped inside."""
    corpus = shared / "corpus"
    ids = json.loads((corpus / "warc" / "derived-news-dev.ids.json").read_text())
    found = captures(read_warc_pages(corpus / "warc" / "derived-news-dev.warc.gz"))

    assert [capture.body for capture in found] == [
        gzip.decompress((corpus / "dev" / "pages" / f"{id}.html.gz").read_bytes()) for id in ids
    ]


# -- digests and framing that differ ---------------------------------------------------------------

CHUNKED = ("Transfer-Encoding", "chunked")
GZIPPED = ("Content-Encoding", "gzip")


def chunks(body: bytes) -> bytes:
    return b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 50]), body[at : at + 50])
        for at in range(0, len(body), 50)
    )


def sha1(body: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def whole(words: str) -> bytes:
    return page(words) + b"</html>"


PACKED = gzip.compress(whole("Ferry"), mtime=0)
SENT_BODY = chunks(PACKED) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "digest",
    [
        sha1(PACKED),  # as the standard has it
        sha1(SENT_BODY),
        sha1(whole("Ferry")),
        sha1(PACKED).lower(),
        "sha1:" + hashlib.sha1(PACKED, usedforsecurity=False).hexdigest(),
        "sha-256:" + hashlib.sha256(PACKED).hexdigest(),
        "SHA256:" + base64.b32encode(hashlib.sha256(PACKED).digest()).decode(),
        "sha256:" + base64.b32encode(hashlib.sha256(PACKED).digest()).decode().rstrip("="),
        "sha-256:" + base64.b64encode(hashlib.sha256(PACKED).digest()).decode(),
        "md5:" + hashlib.md5(PACKED, usedforsecurity=False).hexdigest(),
    ],
)
def test_a_payload_digest_may_be_that_of_any_reading_of_the_body(
    digest: str, tmp_path: Path
) -> None:
    """Chunked and gzipped: the body on its way, without its chunks, or decoded; in any spelling."""
    recorder = Recorder().response(
        "/ferry", SENT_BODY, HTML, CHUNKED, GZIPPED, **{"WARC-Payload-Digest": digest}
    )

    [capture] = read(tmp_path, recorder)

    assert isinstance(capture, Capture)
    assert capture.body == whole("Ferry")


@pytest.mark.parametrize("field", ["WARC-Payload-Digest", "WARC-Block-Digest"])
def test_a_digest_that_is_that_of_no_reading_is_doubted(field: str, tmp_path: Path) -> None:
    recorder = Recorder().response(
        "/ferry", SENT_BODY, HTML, CHUNKED, GZIPPED, **{field: sha1(b"another")}
    )

    [found] = read(tmp_path, recorder)

    assert isinstance(found, DoubtfulPage)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (chunks(whole("Ferry")), [CHUNKED]),
        (chunks(whole("Ferry"))[:-2], [CHUNKED]),
        (PACKED[:-8], [GZIPPED]),
        (PACKED[:-3], [GZIPPED]),
        (PACKED[:-1] + b"\7", [GZIPPED]),
        (chunks(PACKED), [CHUNKED, GZIPPED]),
        (chunks(PACKED[:-8]), [CHUNKED, GZIPPED]),
    ],
    ids=[
        "no last chunk",
        "no line end",
        "no trailer",
        "half a trailer",
        "wrong length",
        "chunks",
        "both",
    ],
)
def test_a_page_without_the_end_of_its_framing_is_taken_where_it_comes_to_its_own(
    body: bytes, headers: list[tuple[str, str]], tmp_path: Path
) -> None:
    [capture] = read(tmp_path, Recorder().response("/ferry", body, HTML, *headers))

    assert isinstance(capture, Capture)
    assert capture.body == whole("Ferry")


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (chunks(whole("Ferry"))[:-20], [CHUNKED], "its chunked body is truncated"),
        (chunks(page("Ferry")), [CHUNKED], "its chunked body is truncated"),
        (PACKED[:-20], [GZIPPED], "its compressed body is truncated"),
        (gzip.compress(page("Ferry"), mtime=0)[:-9], [GZIPPED], "its compressed body is truncated"),
    ],
    ids=["inside a chunk", "no last chunk", "inside the stream", "its last byte"],
)
def test_a_page_that_breaks_off_is_still_refused(
    body: bytes, headers: list[tuple[str, str]], why: str, tmp_path: Path
) -> None:
    [found] = problems(read(tmp_path, Recorder().response("/ferry", body, HTML, *headers)))

    assert found.endswith(why)


@pytest.mark.parametrize(
    "types",
    [
        ["text/html", "text/html; charset=utf-8"],
        ["text/plain", "text/html"],
        ["*/*", "text/html"],
        ["text/html", "charset=utf-8"],
        ["text/html", "application/octet-stream"],
    ],
)
def test_a_page_with_two_content_types_is_html_where_one_of_them_is_right(
    types: list[str], tmp_path: Path
) -> None:
    recorder = Recorder().response("/ferry", None, *[("Content-Type", kind) for kind in types])

    assert len(captures(read(tmp_path, recorder))) == 1


def test_two_content_types_of_which_the_last_is_another_are_no_page(tmp_path: Path) -> None:
    recorder = Recorder().response(
        "/ferry", b'{"a": 1}', ("Content-Type", "text/html"), ("Content-Type", "text/json")
    )

    assert left_out(read(tmp_path, recorder)) == {"not HTML": 1}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("respelt", [{0, 1, 2, 3, 4, 5}, {2}, {5}])
@pytest.mark.parametrize("spelling", [bytes.lower, bytes.upper, lambda name: name.capitalize()])
def test_names_of_fields_are_read_in_any_case(
    zipped: bool, respelt: set[int], spelling: Any, tmp_path: Path
) -> None:
    data, starts = of_six(gzip=False)
    parts = [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]
    for number in respelt:
        head, end, rest = parts[number].partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        lines = [
            spelling(name) + colon + value
            for name, colon, value in (line.partition(b":") for line in lines)
        ]
        parts[number] = b"\r\n".join([first, *lines]) + end + rest

    found = read(tmp_path, b"".join(map(gzip.compress, parts)) if zipped else b"".join(parts))

    assert numbers(found) == [0, 1, 2, 3, 4, 5]
    assert problems(found) == []


def test_a_record_respelt_and_cut_is_named_and_the_rest_read(tmp_path: Path) -> None:
    data, starts = of_six(gzip=False)
    parts = [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]
    parts[2] = parts[2].replace(b"Content-Length", b"content-length", 1)[:-60]

    found = read(tmp_path, b"".join(map(gzip.compress, parts)))

    assert numbers(found) == [0, 1, 3, 4, 5]
    assert len(problems(found)) == 1


@pytest.mark.slow
def test_a_message_names_its_file_once(tmp_path: Path) -> None:
    data, starts = of_six(gzip=False)
    for name, content in {
        "cut.warc": data[: starts[5] + 400],
        "none.warc": b"nothing of the kind",
    }.items():
        (tmp_path / name).write_bytes(content)
        told = import_files(tmp_path / "archive", [tmp_path / name], None)

        assert [line.count(str(tmp_path / name)) for line in told.mistakes] == [1]
