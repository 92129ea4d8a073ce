"""What publishers say of copies, search and machine reading, read from headers and heads of
pages."""

from __future__ import annotations

import gzip
import json

import pytest

from archive.errors import UsageError
from archive.records import Capture
from crawler.network.opt_outs import (
    OPT_OUT_NAMES,
    opt_out_refusal,
    opt_outs_in_head,
    opt_outs_in_headers,
    opt_outs_of_page,
    parse_opt_outs,
)
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
    assert [name for name, _ in opt_outs_in_headers([("x-robots-tag", value)])] == said


def test_several_headers_count_together_and_tdm_is_reserved_by_a_one():
    headers = [
        ("X-Robots-Tag", "otherbot: noai"),
        ("X-Robots-Tag", "noarchive"),
        ("TDM-Reservation", " 1 "),
    ]
    assert list(opt_outs_in_headers(headers)) == [
        ("noarchive", "X-Robots-Tag"),
        ("tdm", "tdm-reservation"),
    ]
    assert list(opt_outs_in_headers([("tdm-reservation", "0")])) == []


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
    assert [name for name, _ in opt_outs_in_head(page.encode())] == said


def test_only_what_is_wanted_counts_and_is_told_with_its_place():
    page = Capture(
        "https://a.example/", b'<head><meta name="robots" content="noai,noindex">', headers=()
    )
    assert opt_outs_of_page(page, parse_opt_outs("noarchive noindex")) == {"noindex": "meta robots"}
    assert opt_outs_of_page(page, parse_opt_outs("noarchive")) == {}
    assert opt_outs_of_page(page, parse_opt_outs("")) == {}


def test_a_page_that_forbids_copies_alone_is_read_and_one_that_forbids_more_is_not():
    assert opt_out_refusal({"noarchive": "X-Robots-Tag"}) is None
    assert (
        opt_out_refusal({"noarchive": "X-Robots-Tag", "noai": "meta robots"})
        == "opted out: noai (meta robots)"
    )


def test_a_setting_names_opt_outs_and_no_others():
    assert parse_opt_outs("noarchive, NOAI  tdm") == {"noarchive", "noai", "tdm"}
    assert parse_opt_outs(" ".join(OPT_OUT_NAMES)) == set(OPT_OUT_NAMES)
    with pytest.raises(
        UsageError, match=r"^DATELINE_OPT_OUTS: unknown opt-out 'nofollow'; choose from noarchive"
    ):
        parse_opt_outs("nofollow")


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
    assert_growth(lambda length: list(opt_outs_in_head(piece * (length // len(piece)))), 125_000)


@pytest.mark.slow
@pytest.mark.shared
def test_opt_outs_of_real_pages_are_found_where_a_parser_finds_them(shared):
    """Of an eighth of the pages; the pattern and the parser differ on two at most."""
    from lxml import html

    rows = [json.loads(line) for line in (shared / "corpus/dev/manifest.jsonl").open()][::8]
    found = differ = 0
    for row in rows:
        body = gzip.decompress((shared / "corpus" / "dev" / row["html_path"]).read_bytes())
        said = {name for name, _ in opt_outs_in_head(body)} & {"noarchive", "noindex"}
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
