"""What comes over the network or lies in files is read as what it is, or refused in a line; nothing
else is raised."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.errors import DatelineError, ReadingError, SourceError
from archive.records import Capture, Lead
from crawler.extraction import jsonld
from crawler.extraction.extract import extract_article
from crawler.files.http_messages import parse_response, remove_chunk_sizes
from crawler.files.saved_pages import MAX_PAGE_BYTES
from crawler.files.warc_files import (
    DoubtfulPage,
    PageWithLead,
    SkippedRecord,
    read_warc_pages,
    warc_timestamp,
)
from crawler.files.warc_records import WarcProblem
from crawler.network.opt_outs import OPT_OUT_NAMES, opt_outs_in_head, opt_outs_in_headers
from crawler.network.robots import (
    MAX_CRAWL_DELAY_SECONDS,
    effective_crawl_delay,
    rules_from_response,
)
from crawler.sources.feed_parser import MAX_FEED_ENTRIES as MOST_FEED_ENTRIES
from crawler.sources.feed_parser import parse_feed
from crawler.sources.sitemap_parser import MAX_SITEMAP_ENTRIES, parse_sitemap
from pipelines.clean import clean_lead
from tests.fuzz.strategies import ANY, DIGITS, FEW, JSON, of_pieces

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

AT = "https://harbour.example/feed"


def one_line(error: DatelineError) -> bool:
    return "\n" not in str(error) and len(str(error)) < 500


# --- feeds and sitemaps ---------------------------------------------------------------------------

TAGS = of_pieces(
    "<rss> <channel> <item> </item> <title> </title> <link> </link> <guid isPermaLink='true'> </guid> <pubDate>"
    " </pubDate> <ttl> </ttl> <entry> </entry> <link/> <link href='//x'/> <a:b> <![CDATA[ ]]> &amp; &#0; &#xD800; &lol;"
    " <urlset> <url> </url> <loc> </loc> <lastmod> </lastmod> <sitemapindex> <sitemap> </sitemap> <news:title> <!-- -->"
    " https://harbour.example/1 javascript:alert(1) file:///etc/hosts http://[ 2026-02-31 9999-12-31 \x00 \ud800"
    " <!DOCTYPE r [<!ENTITY lol 'lol'>]> <?xml version='1.0' encoding='utf-7'?> <script> {\"items\":[ ]} 9999999999",
    most=16,
)


def assert_sound(leads: tuple[Lead, ...]) -> None:
    for lead in leads:
        assert lead.url.startswith(("http://", "https://"))
        kept = clean_lead(lead)
        assert kept is None or clean_lead(kept) == kept
        assert not lead.published_at or "1700" <= lead.published_at[:4] <= "2100"


@FEW
@given(
    st.sampled_from(["", "<rss><channel>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "{"]), TAGS
)
def test_a_feed_of_any_tags_gives_leads_to_web_pages_or_a_source_error(
    start: str, tags: str
) -> None:
    try:
        feed = parse_feed(
            (start + tags).encode("utf-8", "surrogatepass"), AT, fetched_at="2026-03-04T12:00:00Z"
        )
    except SourceError as error:
        told = error
        assert one_line(told)
    else:
        assert len(feed.leads) <= MOST_FEED_ENTRIES
        assert_sound(feed.leads)


@FEW
@given(
    st.sampled_from(["", "<urlset>", "<sitemapindex>", "https://harbour.example/1\n"]),
    TAGS,
    st.booleans(),
)
def test_a_sitemap_of_any_tags_gives_leads_to_web_pages_or_a_source_error(
    start: str, tags: str, zipped: bool
) -> None:
    body = (start + tags).encode("utf-8", "surrogatepass")
    try:
        sitemap = parse_sitemap(
            gzip.compress(body) if zipped else body, AT, fetched_at="2026-03-04T12:00:00Z"
        )
    except SourceError as error:
        assert one_line(error)  # noqa: PT017
    else:
        assert len(sitemap.leads) + len(sitemap.children) <= MAX_SITEMAP_ENTRIES
        assert_sound(sitemap.leads)
        assert all(child.url.startswith("http") for child in sitemap.children)


@given(st.lists(st.integers(1, 10**6), unique=True, max_size=8))
def test_what_a_sound_feed_and_a_sound_sitemap_list_is_found_in_their_order(
    numbers: list[int],
) -> None:
    urls = [f"https://harbour.example/{number}" for number in numbers]
    rss = (
        "<rss><channel>"
        + "".join(f"<item><link>{url}</link></item>" for url in urls)
        + "</channel></rss>"
    )
    locs = "<urlset>" + "".join(f"<url><loc>{url}</loc></url>" for url in urls) + "</urlset>"
    assert [lead.url for lead in parse_feed(rss.encode(), AT).leads] == urls
    assert [lead.url for lead in parse_sitemap(locs.encode(), AT).leads] == urls


# --- robots.txt -----------------------------------------------------------------------------------

ROBOTS = of_pieces(
    "User-agent: * Dateline Disallow: Allow: / /a /*$ /%zz /%ff \n \r \x00 \ufeff Crawl-delay: 1 -1 1e400 nan inf ²"
    " Request-rate: 1/0 0/0 9/1s 1/10s 0000-2500 Visit-time: 0600-0845 Sitemap: http://[ Host: # *$*$*$*",
    most=24,
)


@given(ROBOTS, st.sampled_from([200, 204, 301, 404, 429, 500, 503]), ANY)
@example("User-agent: *\nCrawl-delay: nan", 200, "")
@example("User-agent: *\nRequest-rate: 1/0", 200, "")
def test_any_robots_file_says_yes_or_no_and_a_delay_that_ends(
    text: str, status: int, path: str
) -> None:
    rules = rules_from_response(status, text.encode("utf-8", "surrogatepass"))
    assert rules.allows(
        f"https://harbour.example/{path.encode('ascii', 'ignore').decode()}", "Dateline"
    ) in (
        True,
        False,
    )
    assert 1.0 <= effective_crawl_delay(rules.delay("Dateline"), 1.0) <= MAX_CRAWL_DELAY_SECONDS
    assert rules.forbids_one_of("https://harbour.example/a", ["Dateline", "otherbot"]) in (
        None,
        "Dateline",
        "otherbot",
    )


@given(ROBOTS)
def test_a_robots_file_that_begins_with_a_ban_for_us_bans_whatever_follows_for_others(
    text: str,
) -> None:
    others = (
        text.replace("User-agent:", "X:")
        .replace("\r", " ")
        .replace("Allow", "X")
        .replace("allow", "x")
    )
    rules = rules_from_response(
        200, f"User-agent: dateline\nDisallow: /\n\nUser-agent: otherbot\n{others}".encode()
    )
    assert not rules.allows("https://harbour.example/news/1", "Dateline")


@FEW
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["X-Robots-Tag", "TDM-Reservation", "x"]),
            of_pieces("noindex none , : a 1 noai"),
        )
    )
)
def test_any_headers_bear_opt_outs_that_have_a_name(headers: list[tuple[str, str]]) -> None:
    assert {name for name, _ in opt_outs_in_headers(headers)} <= set(OPT_OUT_NAMES)


@given(
    st.binary(max_size=60)
    | of_pieces('<meta name=robots content= "noindex" \' > <!-- --> </head> = <body').map(
        str.encode
    )
)
def test_any_bytes_bear_opt_outs_that_have_a_name(body: bytes) -> None:
    assert {name for name, _ in opt_outs_in_head(body)} <= set(OPT_OUT_NAMES)


# --- HTTP as it lies in files ---------------------------------------------------------------------

HEADS = of_pieces(
    "HTTP/1.1 HTTP/9 200 99 000 OK \r\n \n \r\n\r\n \n\n Content-Encoding: gzip br zstd deflate chunked , identity"
    " Transfer-Encoding: Content-Length: 5 0 ffffffff FFFFFFFF; x \x00 é : <html> \x1f\x8b",
    most=20,
)


@given(HEADS | ANY)
def test_any_bytes_are_a_response_or_a_reading_error(text: str) -> None:
    with suppress(ReadingError):
        response = parse_response(text.encode("utf-8", "surrogatepass"))
        assert 0 <= response.status <= 999
        assert not any("\n" in name + value for name, value in response.headers)
        assert len(response.decoded_body()) <= MAX_PAGE_BYTES


NAMED = st.text("ABCxyz-", min_size=1, max_size=8)
VALUES = st.text(
    st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc"]), max_size=12
)
NOT_READ = ("content-encoding", "transfer-encoding")


@given(st.integers(100, 599), st.lists(st.tuples(NAMED, VALUES)), st.binary(max_size=80))
def test_a_response_comes_back_as_it_was_written(
    status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    kept = [(name, value.strip()) for name, value in headers]
    head = "".join(f"{name}: {value}\r\n" for name, value in kept)
    response = parse_response(f"HTTP/1.1 {status} OK\r\n{head}\r\n".encode("latin-1") + body)
    assert (response.status, list(response.headers), response.body) == (status, kept, body)


CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
    "identity": lambda body: body,
}


@given(
    st.lists(st.sampled_from(sorted(CODINGS)), max_size=3),
    st.binary(min_size=1, max_size=200),
    st.booleans(),
)
def test_a_body_comes_back_from_any_codings_in_a_row(
    codings: list[str], body: bytes, chunked: bool
) -> None:
    sent = body
    for coding in codings:
        sent = CODINGS[coding](sent)
    if chunked:
        sent = (
            b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (sent[:7], sent[7:]) if part)
            + b"0\r\n\r\n"
        )
    transfer = "Transfer-Encoding: chunked\r\n" if chunked else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {', '.join(codings)}\r\n{transfer}\r\n"
    assert parse_response(head.encode() + sent).decoded_body() == body


@given(st.binary(max_size=60) | of_pieces("5 0 ffffffff \r\n abcde ;x").map(str.encode))
def test_a_body_without_its_chunk_sizes_is_no_longer_than_it_was(body: bytes) -> None:
    with suppress(ReadingError):
        assert len(remove_chunk_sizes(body)[0]) <= len(body)


# --- WARC -----------------------------------------------------------------------------------------


def warc(pages: list[bytes], zipped: bool) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=zipped, warc_version="1.1")
    for number, body in enumerate(pages):
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        url = f"https://harbour.example/{number}"
        writer.write_record(
            writer.create_warc_record(
                url, "response", payload=io.BytesIO(body), length=len(body), http_headers=head
            )
        )
    return out.getvalue()


def read(data: bytes) -> list[Any]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "some.warc"
        path.write_bytes(data)
        return list(read_warc_pages(path))


PAGES = [b"<html>one</html>", b"<html>two, WARC/1.1 and all</html>", b"<html>three</html>"]


@FEW
@given(st.lists(st.binary(max_size=60).map(b"<html>".__add__), max_size=3), st.booleans())
def test_every_page_of_a_sound_file_comes_back(pages: list[bytes], zipped: bool) -> None:
    found = read(warc(pages, zipped)) if pages else []
    assert [page.body for page in found] == pages
    assert [page.url for page in found] == [
        f"https://harbour.example/{number}" for number in range(len(pages))
    ]


SOUND = {zipped: warc(PAGES, zipped) for zipped in (True, False)}


@FEW
@given(st.data(), st.booleans())
def test_a_damaged_file_gives_pages_and_names_problems_and_raises_nothing(
    data: st.DataObject, zipped: bool
) -> None:
    sound = bytearray(SOUND[zipped])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(sound) - 1))
        harm = data.draw(st.sampled_from(["flip", "cut", "drop", "double"]))
        if harm == "flip":
            sound[at] ^= data.draw(st.integers(1, 255))
        elif harm == "cut":
            del sound[max(at, 1) :]
        elif harm == "drop":
            del sound[max(at, 1) : at + data.draw(st.integers(1, 40))]
        else:
            sound[at:at] = sound[at : at + 200]
    with suppress(DatelineError):
        found = read(bytes(sound))
        assert all(
            isinstance(each, Capture | PageWithLead | DoubtfulPage | SkippedRecord | WarcProblem)
            for each in found
        )
        assert all("\n" not in str(each) for each in found if isinstance(each, WarcProblem))


FIELDS = of_pieces(
    "WARC/1.0 \r\n WARC-Type: response revisit resource metadata Content-Length: 0 5 -1 99999999999999999999 ٣"
    " WARC-Date: 2026-02-31T00:00:00Z 9999 WARC-Target-URI: https://harbour.example/ <http://[> \x00"
    " WARC-Record-ID: <a> WARC-Refers-To: <a> HTTP/1.1 200 \r\n\r\n <html>",
    most=30,
)


@FEW
@given(FIELDS)
def test_a_file_of_any_fields_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        read(b"WARC/1.0\r\n" + text.encode("utf-8", "surrogatepass"))
    except DatelineError as error:
        assert one_line(error)  # noqa: PT017


@FEW
@given(DIGITS | ANY | of_pieces("2026 -02 -31 T 12: 00: 61 Z 20260304120000 0000 .123"))
def test_a_date_of_a_record_is_a_moment_or_a_reading_error(date: str) -> None:
    with suppress(ReadingError):
        assert len(warc_timestamp(date)) == 20


# --- JSON-LD --------------------------------------------------------------------------------------

THINGS = st.recursive(
    JSON,
    lambda inner: (
        st.fixed_dictionaries(
            {"@type": st.sampled_from(["NewsArticle", ["Article"], "Person", None, 7, {}])},
            optional=dict.fromkeys(
                ("@id", "@graph", "mainEntity", "headline", "author", "name", "datePublished"),
                inner,
            ),
        )
        | st.lists(inner, max_size=3)
    ),
    max_leaves=6,
)


def in_script(text: str) -> list[dict[str, Any]]:
    script = html.Element("script", type="application/ld+json")
    # lxml takes no control characters; nor does a page's parser give any
    with suppress(ValueError):
        script.text = text
    page = html.Element("html")
    page.append(script)
    return jsonld.json_ld_things(page)


def assert_things(found: list[dict[str, Any]]) -> None:
    assert len(found) <= jsonld.MAX_JSON_LD_THINGS
    article = jsonld.article_thing(found)
    for key in ("headline", "author", "datePublished", "@id", "name"):
        for value in jsonld.resolve_references(article.get(key), found):
            text = jsonld.plain_text_of(value)
            assert text is None or text == " ".join(text.split())


@FEW
@given(THINGS)
def test_json_ld_of_any_shape_gives_things_whose_values_are_text_or_none(value: Any) -> None:
    assert_things(in_script(json.dumps(value)))


@FEW
@given(
    of_pieces(
        '{ } [ ] , : "@type" "NewsArticle" "headline" "x" \\ \\u0000 \\ud800 NaN 1e999 <!-- --> &quot; //',
        glue="",
    )
)
@example("[" * 100_000)
@example('{"@type": "NewsArticle", "headline": ' * 5_000)
@example("9" * 5_000)
def test_broken_json_ld_gives_things_or_nothing(text: str) -> None:
    assert_things(in_script(text))


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="&"),
        min_size=1,
    )
)
def test_a_headline_in_json_ld_comes_back(headline: str) -> None:
    thing = json.dumps({"@type": "NewsArticle", "headline": headline})
    assert jsonld.plain_text_of(jsonld.article_thing(in_script(thing)).get("headline")) == headline


def nested(depth: int) -> str:
    return (
        '{"@type": "NewsArticle", "headline": '
        + '{"name": ' * depth
        + '"Ties open"'
        + "}" * (depth + 1)
    )


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 10, 500, 900, 960, 980, 100_000])
def test_values_that_lie_deep_are_found_or_left_and_cost_no_page(depth: int) -> None:
    page = f'<html><script type="application/ld+json">{nested(depth)}</script><p>Seoul opens an embassy.</p></html>'
    assert (
        extract_article(Capture("https://harbour.example/1", page.encode())).page_type != "broken"
    )
