"""What publishers say of copies, search and machine reading, read from headers and heads of
pages."""

from __future__ import annotations

import gzip
import json

import pytest

from archive.errors import UsageError
from archive.records import Capture
from crawler.network.opt_outs import NAMES, honoured, in_headers, in_page, opted_out, refusal
from tests.growth import assert_growth


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("noarchive", ["noarchive"]),
        ("NoIndex, NOFOLLOW", ["noindex"]),
        ("none", ["noindex"]),
        ("nocache, noai, noimageai", ["noarchive", "noai"]),
        ("otherbot: noarchive, noindex", []),
        ("dateline: noarchive", ["noarchive"]),
        ("otherbot: noindex, dateline: noarchive", ["noarchive"]),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST, noarchive", ["noarchive"]),
        ("max-snippet:-1, max-image-preview:large", []),
        ("", []),
    ],
)
def test_an_x_robots_tag_is_for_all_unless_it_names_a_crawler(value, said):
    assert [name for name, _ in in_headers([("x-robots-tag", value)])] == said


def test_several_headers_count_together_and_tdm_is_reserved_by_a_one():
    headers = [
        ("X-Robots-Tag", "otherbot: noai"),
        ("X-Robots-Tag", "noarchive"),
        ("TDM-Reservation", " 1 "),
    ]
    assert list(in_headers(headers)) == [("noarchive", "X-Robots-Tag"), ("tdm", "tdm-reservation")]
    assert list(in_headers([("tdm-reservation", "0")])) == []


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('<meta name="robots" content="noarchive">', ["noarchive"]),
        ("<META CONTENT='NOARCHIVE,NOFOLLOW' NAME=ROBOTS />", ["noarchive"]),
        ("<meta name=robots content=none>", ["noindex"]),
        ('<meta name="robots" content="index, follow, max-snippet:-1">', []),
        ('<meta name="otherbot" content="noarchive">', []),
        ('<meta name="dateline" content="noai noarchive">', ["noai", "noarchive"]),
        ('<meta\n name = "tdm-reservation"\n content = "1">', ["tdm"]),
        ('<meta name="tdm-reservation" content="0">', []),
        ('<!-- <meta name="robots" content="noarchive"> -->', []),
        ('</head><body><meta name="robots" content="noarchive">', []),
        ('<meta name="description" content="noarchive is a word">', []),
    ],
)
def test_a_meta_in_the_head_says_it_for_the_page(head, said):
    page = f"<!doctype html><html><head><title>T</title>{head}</head><body></body></html>"
    assert [name for name, _ in in_page(page.encode())] == said


def test_only_what_is_wanted_counts_and_is_told_with_its_place():
    page = Capture(
        "https://a.example/", b'<head><meta name="robots" content="noai,noindex">', headers=()
    )
    assert opted_out(page, honoured("noarchive noindex")) == {"noindex": "meta robots"}
    assert opted_out(page, honoured("noarchive")) == {}
    assert opted_out(page, honoured("")) == {}


def test_a_page_that_forbids_copies_alone_is_read_and_one_that_forbids_more_is_not():
    assert refusal({"noarchive": "X-Robots-Tag"}) is None
    assert (
        refusal({"noarchive": "X-Robots-Tag", "noai": "meta robots"})
        == "opted out: noai (meta robots)"
    )


def test_a_setting_names_opt_outs_and_no_others():
    assert honoured("noarchive, NOAI  tdm") == {"noarchive", "noai", "tdm"}
    assert honoured(" ".join(NAMES)) == set(NAMES)
    with pytest.raises(
        UsageError, match=r"^DATELINE_OPT_OUTS: unknown opt-out 'nofollow'; choose from noarchive"
    ):
        honoured("nofollow")


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        b"<meta ",
        b'<meta name="',
        b"<meta a=",
        b"<!--",
        b"<meta " + b"a" * 1990,
        b"<meta x" + b" " * 500,
    ],
)
def test_a_page_made_to_hang_a_reader_does_not(piece):
    assert_growth(lambda length: list(in_page(piece * (length // len(piece)))), 125_000)


@pytest.mark.slow
@pytest.mark.shared
def test_opt_outs_of_real_pages_are_found_where_a_parser_finds_them(shared):
    """Of an eighth of the pages; the pattern and the parser differ on two at most."""
    from lxml import html

    rows = [json.loads(line) for line in (shared / "corpus/dev/manifest.jsonl").open()][::8]
    found = differ = 0
    for row in rows:
        body = gzip.decompress((shared / "corpus" / "dev" / row["html_path"]).read_bytes())
        said = {name for name, _ in in_page(body)} & {"noarchive", "noindex"}
        metas = html.document_fromstring(body[:200_000] or b"<p>").xpath("//head//meta[@content]")
        words = " ".join(
            m.get("content").lower() for m in metas if (m.get("name") or "").lower() == "robots"
        )
        parsed = {
            name
            for word in words.replace(",", " ").split()
            for name in [{"none": "noindex"}.get(word, word)]
        }
        differ += said != parsed & {"noarchive", "noindex"}
        found += bool(said)
    assert len(rows) > 200
    assert 0 < found < len(rows) * 0.2
    assert differ <= 2
