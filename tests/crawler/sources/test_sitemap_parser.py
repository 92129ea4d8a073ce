"""Sitemaps: as the protocol has them, as publishers write them, and as somebody might send them to
do harm."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import SourceError
from archive.records import Lead
from crawler.sources.sitemap_parser import (
    ChildSitemap,
    ParsedSitemap,
    child_sitemaps_to_read,
    leads_newer_than,
    parse_sitemap,
)

URL = "https://harbour.example/sitemap.xml"
READ_AT = "2024-02-16T08:00:00Z"
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

NEWS = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset {SPACE} xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><image:image><image:loc>https://harbour.example/i.jpg</image:loc><image:title>A picture</image:title></image:image>
 <loc>https://harbour.example/ferry</loc><lastmod>2024-02-15T12:00:00+01:00</lastmod>
 <n:news><n:publication><n:name>Harbour Post</n:name><n:language>en-GB</n:language></n:publication>
 <n:publication_date>2024-02-15T10:30+01:00</n:publication_date>
 <n:title>Ferry &amp; tram &#8220;collide&#8221;</n:title></n:news></url></urlset>"""


def read(body: str | bytes) -> ParsedSitemap:
    return parse_sitemap(body.encode() if isinstance(body, str) else body, URL, fetched_at=READ_AT)


def urlset(*locs: str) -> str:
    return (
        f"<urlset {SPACE}>" + "".join(f"<url><loc>{loc}</loc></url>" for loc in locs) + "</urlset>"
    )


def test_a_news_sitemap_says_headline_language_and_time_before_anything_is_fetched() -> None:
    sitemap = read(NEWS)
    assert (sitemap.kind, sitemap.skipped, sitemap.children) == ("news", (), ())
    assert sitemap.leads == (
        Lead(
            url="https://harbour.example/ferry",
            via="news sitemap",
            found_on=URL,
            headline="Ferry & tram “collide”",
            language="en",
            published_at="2024-02-15T09:30:00Z",
            published_raw="2024-02-15T10:30+01:00",
            published_offset=60,
            modified_at="2024-02-15T11:00:00Z",
        ),
    )


def test_a_plain_sitemap_gives_addresses_and_their_last_change() -> None:
    sitemap = read(
        f"<urlset {SPACE}><url><loc>https://harbour.example/a</loc><lastmod>2024-02-15</lastmod></url></urlset>"
    )
    assert sitemap.kind == "urls"
    assert sitemap.leads == (
        Lead(
            url="https://harbour.example/a", via="sitemap", found_on=URL, modified_at="2024-02-15"
        ),
    )


def test_an_index_names_its_children() -> None:
    sitemap = read(
        f"<sitemapindex {SPACE}><sitemap><loc>/s-2024-02.xml</loc><lastmod>2024-02-15</lastmod></sitemap>"
        "<sitemap><loc>https://harbour.example/s.xml.gz</loc></sitemap><sitemap/></sitemapindex>"
    )
    assert (sitemap.kind, sitemap.leads, sitemap.skipped) == ("index", (), ("entry 3: no <loc>",))
    assert sitemap.children == (
        ChildSitemap("https://harbour.example/s-2024-02.xml", "2024-02-15"),
        ChildSitemap("https://harbour.example/s.xml.gz"),
    )


@pytest.mark.parametrize(
    "body",
    [
        urlset("https://harbour.example/a?x=1&amp;y=2"),
        urlset("https://harbour.example/a?x=1&y=2"),
        urlset("\n  <![CDATA[https://harbour.example/a?x=1&y=2]]>\n"),
        urlset("https://harbour.example/a?x=1&amp;y=2").replace(SPACE, ""),
        urlset("https://harbour.example/a?x=1&amp;y=2").replace("0.9", "0.84/wrong"),
        urlset("https://harbour.example/a?x=1&amp;y=2")
        .upper()
        .replace("HARBOUR.EXAMPLE/A?X=1&AMP;Y=", "harbour.example/a?x=1&amp;y=")
        .replace("HTTPS", "https"),
        urlset("https://harbour.example/a?x=1&amp;y=2")
        .replace("<", "<s:")
        .replace("<s:/", "</s:")
        .replace("xmlns=", "xmlns:s="),
        "\ufeff \n<!-- built --><?xml-stylesheet href='x.xsl'?>"
        + urlset("https://harbour.example/a?x=1&amp;y=2"),
        urlset("https://harbour.example/a?x=1&amp;y=2")[:-9],
        "https://harbour.example/a?x=1&y=2\r\n",
        "\ufeffhttps://harbour.example/a?x=1&y=2",
    ],
    ids=[
        "sound",
        "ampersand",
        "CDATA",
        "no namespace",
        "bad namespace",
        "upper case",
        "prefix",
        "prolog",
        "cut",
        "text",
        "text with BOM",
    ],
)
def test_the_address_is_read_however_the_sitemap_is_written(body: str) -> None:
    for written in (
        body.encode(),
        gzip.compress(body.encode()),
        gzip.compress(gzip.compress(body.encode())),
    ):
        assert [lead.url for lead in read(written).leads] == ["https://harbour.example/a?x=1&y=2"]


def test_utf_16_is_read() -> None:
    assert read(
        ('<?xml version="1.0" encoding="UTF-16"?>' + urlset("https://harbour.example/ü")).encode(
            "utf-16"
        )
    ).leads


def test_one_bad_address_never_costs_the_rest() -> None:
    sitemap = read(
        urlset(
            "https://h.example/1",
            "javascript:x",
            "",
            "http://[",
            "file:///etc/passwd",
            "https://h.example/2",
        )
    )
    assert [lead.url for lead in sitemap.leads] == ["https://h.example/1", "https://h.example/2"]
    assert sitemap.skipped == (
        "entry 2: a javascript: link (javascript:x)",
        "entry 3: no <loc>",
        "entry 4: not a valid URL (http://[)",
        "entry 5: a file: link (file:///etc/passwd)",
    )


def test_a_feed_in_a_sitemap_s_place_is_read_as_a_feed() -> None:
    sitemap = read(
        "<rss><channel><item><title>T</title><link>https://h.example/1</link></item><item/></channel></rss>"
    )
    assert (sitemap.kind, [lead.headline for lead in sitemap.leads]) == ("urls", ["T"])
    assert sitemap.skipped == ("entry 2: no link",)


def test_lines_of_a_text_sitemap_that_are_no_address_are_named() -> None:
    sitemap = read("https://h.example/1\n\nwords\nftp://h.example/2\n")
    assert (sitemap.kind, len(sitemap.leads)) == ("text", 1)
    assert sitemap.skipped == (
        "entry 2: no address (words)",
        "entry 3: no address (ftp://h.example/2)",
    )


def test_a_gzip_stream_cut_short_gives_what_came() -> None:
    whole = gzip.compress(
        urlset(*(f"https://h.example/{n}-{zlib.crc32(b'%d' % n)}" for n in range(500))).encode()
    )
    sitemap = read(whole[: len(whole) // 2])
    assert 100 < len(sitemap.leads) < 500
    assert "the rest of a gzip stream that was cut short" in sitemap.skipped


def test_gzip_members_one_after_another_are_one_sitemap() -> None:
    text = urlset("https://h.example/1", "https://h.example/2").encode()
    assert len(read(gzip.compress(text[:60]) + gzip.compress(text[60:])).leads) == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "without a single http"),
        (b"just words\nand more", "without a single http URL"),
        (b"<!doctype html><html><body>Not found</body></html>", "a web page"),
        (b"<opml><body/></opml>", "its root is <opml>"),
        (b"\x1f\x8b\x07broken", "broken gzip"),
        (lambda: gzip.compress(b"\0" * (65 * 1024 * 1024)), "inflates beyond 64 MiB"),
        (lambda: gzip.compress(gzip.compress(b" " * (65 * 1024 * 1024))), "inflates beyond 64 MiB"),
        (lambda: b" " * (64 * 1024 * 1024 + 1), "larger than 64 MiB"),
    ],
    ids=["empty", "words", "web page", "OPML", "broken gzip", "bomb", "bomb in a bomb", "large"],
)
def test_what_is_no_sitemap_is_refused_in_one_line_with_its_address(
    body: bytes | Callable[[], bytes], words: str
) -> None:
    with pytest.raises(SourceError) as refused:
        parse_sitemap(body if isinstance(body, bytes) else body(), URL)
    assert str(refused.value).startswith(URL)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_a_bomb_is_refused_before_it_takes_the_memory() -> None:
    bomb = gzip.compress(b"<url>" * (200 * 1024 * 1024 // 5), compresslevel=9)
    tracemalloc.start()
    with pytest.raises(SourceError, match="inflates beyond"):
        parse_sitemap(bomb, URL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 1024 * 1024


def test_entities_are_neither_expanded_nor_read_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secretwords")
    doctype = f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y "haha">]>'
    sitemap = read(
        '<?xml version="1.0"?>'
        + doctype
        + urlset("https://h.example/&x;&y;", "https://h.example/2")
    )
    assert [lead.url for lead in sitemap.leads][-1] == "https://h.example/2"
    assert "secretwords" not in str(sitemap)
    assert "haha" not in str(sitemap)


def test_fifty_thousand_addresses_are_read_and_what_lies_beyond_is_named() -> None:
    body = urlset(*(f"https://h.example/2024/02/15/story-{n}" for n in range(50_001)))
    sitemap = read(body)
    assert len(sitemap.leads) == 50_000
    assert sitemap.skipped == ("all entries after the first 50,000",)


def lead(
    url: str = "https://h.example/x", published: str | None = None, modified: str | None = None
) -> Lead:
    return Lead(url, "sitemap", published_at=published, modified_at=modified)


def test_what_is_new_is_told_by_publication_then_change_then_address() -> None:
    new = [
        lead(published="2024-02-15T10:00:00Z"),
        lead(published="2024-02-15"),
        lead(modified="2024-02-20"),
        lead("https://h.example/2024/02/15/x"),
        lead("https://h.example/2024/02/x"),
    ]
    old = [
        lead(published="2024-02-15T09:59:59Z", modified="2024-03-01"),
        lead(modified="2024-02-14"),
        lead("https://h.example/2024/02/14/x"),
        lead("https://h.example/2023/x-2024-01-31"),
    ]
    assert leads_newer_than([*old, *new, lead()], "2024-02-15T10:00:00Z") == (new, 4, 1)


def names(children: list[ChildSitemap]) -> list[str]:
    return [child.url.rpartition("/")[2] for child in children]


def test_children_are_read_newest_first_with_news_before_all() -> None:
    urls = [
        "pages.xml",
        "s-2023-12.xml",
        "s-2024-01.xml",
        "s-2024-02.xml",
        "sitemap-news.xml",
        "s-2024.xml",
    ]
    children = [ChildSitemap(f"https://news.example/{url}") for url in urls]
    wanted = child_sitemaps_to_read(children, "2024-01-15", 10)
    assert names(wanted) == [
        "sitemap-news.xml",
        "s-2024.xml",
        "s-2024-02.xml",
        "s-2024-01.xml",
        "pages.xml",
    ]
    assert names(child_sitemaps_to_read(children, "2024-01-15", 2)) == [
        "sitemap-news.xml",
        "s-2024.xml",
    ]


def test_a_child_is_left_out_only_if_all_of_it_is_older() -> None:
    kept = [
        ChildSitemap("https://h.example/a.xml", "2024-02-15"),
        ChildSitemap("https://h.example/b.xml"),
        ChildSitemap("https://h.example/c-2024-02.xml"),
    ]
    left = [
        ChildSitemap("https://h.example/a.xml", "2024-02-14T23:59:59Z"),
        ChildSitemap("https://h.example/c-2024-01.xml", "2024-06-01"),
    ]
    assert set(child_sitemaps_to_read(kept + left, "2024-02-15T00:00:00Z", 10)) == set(kept)


@pytest.mark.slow
@given(st.binary(max_size=400))
def test_random_bytes_give_a_sitemap_or_a_source_error(body: bytes) -> None:
    for start in (b"", b"<urlset><url><loc>", b"\x1f\x8b\x08", b"https://h.example/\n"):
        with suppress(SourceError):
            parse_sitemap(start + body, URL)


@pytest.mark.slow
@given(st.data())
def test_a_damaged_sitemap_gives_sound_leads_or_a_source_error(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([NEWS.encode(), gzip.compress(NEWS.encode())])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    with suppress(SourceError):
        sitemap = parse_sitemap(bytes(body), URL)
        urls = [lead.url for lead in sitemap.leads] + [child.url for child in sitemap.children]
        assert all(url.startswith(("http://", "https://")) for url in urls)


@given(
    st.lists(st.builds(ChildSitemap, st.text(max_size=40), st.none() | st.dates().map(str))),
    st.dates().map(str),
)
def test_choosing_children_never_invents_or_repeats_one(
    children: list[ChildSitemap], since: str
) -> None:
    chosen = child_sitemaps_to_read(children, since, 5)
    assert len(chosen) <= 5
    assert all(chosen.count(child) <= children.count(child) for child in chosen)


@pytest.mark.shared
def test_captured_sitemaps_give_an_entry_for_each_loc(shared: Path) -> None:
    """Over every captured sitemap: each `<loc>` of an entry is a lead, a child or named as
    skipped."""
    folder = shared / "corpus"
    rows = [
        json.loads(line)
        for line in (folder / "sitemaps" / "manifest.jsonl").read_text().splitlines()
    ]
    leads = dated = 0
    for row in rows:
        body = (folder / row["path"]).read_bytes()
        sitemap = parse_sitemap(body, URL)
        assert len(sitemap.leads) + len(sitemap.children) + len(sitemap.skipped) >= body.count(
            b"<loc>"
        ), row["path"]
        leads += len(sitemap.leads)
        dated += sum(bool(lead.published_at or lead.modified_at) for lead in sitemap.leads)
    assert leads > 1_000
    assert dated >= 0.9 * leads
