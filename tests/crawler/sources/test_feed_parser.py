"""Feeds: invented outlets in every form and encoding that publishers use, and what hostile ones
send."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import fastfeedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import SourceError
from archive.records import Lead
from crawler.sources.feed_parser import MAX_FEED_BYTES, MAX_FEED_ENTRIES, parse_feed
from crawler.sources.xml import decode_xml, escape_xml_text
from crawler.text.html_text import text_of_html
from crawler.text.urls import resolve_web_url
from tests.growth import assert_growth

URL = "https://harbour.example/news/feed.xml"
READ_AT = "2024-02-16T08:00:00Z"

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Harbour Post &amp; Mail</title><link>https://harbour.example/</link><language>en-GB</language><ttl>30</ttl>
<atom:link rel="self" href="https://harbour.example/self.xml"/>
<item><title>Ferry &amp;amp; tram <![CDATA[<b>collide</b>]]></title><link>/2024/02/ferry?a=1&amp;b=2</link>
 <description><![CDATA[<p>Two hurt.</p><p>Service &ldquo;halted&rdquo;.</p>]]></description>
 <pubDate>Thu, 15 Feb 2024 10:30:00 +0100</pubDate><guid isPermaLink="false">h-1</guid></item>
<item><title>Fisch im Hafen</title><link>https://wrap.example/r?u=1</link><dc:language>de</dc:language>
 <feedburner:origLink>https://harbour.example/fisch</feedburner:origLink>
 <pubDate>Fri, 30 Feb 2024 10:00:00 GMT</pubDate></item>
<item><media:title>Not this one</media:title><title>By its guid</title><guid>https://harbour.example/by-guid</guid>
 <pubDate>Thu, 15 Feb 2029 10:00:00 GMT</pubDate></item>
<item><title>A recording</title><enclosure url="https://harbour.example/a.mp3" type="audio/mpeg" length="1"/></item>
<item><title>Nowhere</title><guid isPermaLink="false">https://harbour.example/not-a-link</guid></item>
<item><title>Script</title><link>javascript:alert(1)</link></item>
</channel></rss>"""


def rss(items: str, head: str = '<?xml version="1.0"?>') -> bytes:
    return f'{head}<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()


def item(title: str = "A headline", link: str = "https://harbour.example/a", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


def only(body: bytes, url: str = URL) -> Lead:
    feed = parse_feed(body, url, fetched_at=READ_AT)
    assert len(feed.leads) == 1, feed
    return feed.leads[0]


def test_a_feed_says_who_publishes_it_and_how_often() -> None:
    feed = parse_feed(RSS.encode(), URL, fetched_at=READ_AT)
    assert (feed.kind, feed.title, feed.language) == ("rss", "Harbour Post & Mail", "en")
    assert (feed.home_url, feed.ttl_minutes) == ("https://harbour.example/", 30)


def test_an_entry_becomes_a_lead_with_plain_text_and_an_absolute_address() -> None:
    lead = parse_feed(RSS.encode(), URL, fetched_at=READ_AT).leads[0]
    assert lead == Lead(
        url="https://harbour.example/2024/02/ferry?a=1&b=2",
        via="feed",
        found_on=URL,
        headline="Ferry & tram collide",
        lede="Two hurt. Service “halted”.",
        language="en",
        published_at="2024-02-15T09:30:00Z",
        published_raw="Thu, 15 Feb 2024 10:30:00 +0100",
        published_offset=60,
        guid="h-1",
    )


def test_feedburner_names_the_original_and_a_permalink_guid_stands_in_for_a_link() -> None:
    _, burned, by_guid = parse_feed(RSS.encode(), URL, fetched_at=READ_AT).leads
    assert (burned.url, burned.language) == ("https://harbour.example/fisch", "de")
    assert (by_guid.url, by_guid.headline) == ("https://harbour.example/by-guid", "By its guid")


def test_a_date_that_cannot_be_is_none_but_stays_as_it_was_written() -> None:
    _, impossible, future = parse_feed(RSS.encode(), URL, fetched_at=READ_AT).leads
    assert (impossible.published_at, impossible.published_raw) == (
        None,
        "Fri, 30 Feb 2024 10:00:00 GMT",
    )
    assert (future.published_at, future.published_raw) == (None, "Thu, 15 Feb 2029 10:00:00 GMT")


def test_every_entry_left_out_is_named_with_its_reason() -> None:
    assert parse_feed(RSS.encode(), URL, fetched_at=READ_AT).skipped == (
        "entry 4: an enclosure only (A recording)",
        "entry 5: no link (Nowhere)",
        "entry 6: a javascript: link (javascript:alert(1))",
    )


def test_atom_with_bases_and_xhtml() -> None:
    lead = only(
        b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr" xml:base="https://quai.example/une/"><title>Quai</title>
        <link rel="self" href="/atom"/><entry xml:base="actu/"><id>tag:quai.example,2024:7</id>
        <title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Le <b>port</b> <i>&amp;</i> la mer</div></title>
        <link rel="enclosure" href="x.mp3"/><link rel="alternate" href="port.html"/>
        <updated>2024-02-15T11:00:00+01:00</updated>
        <summary type="html">&lt;p>Un r&amp;eacute;sum&amp;eacute;.&lt;/p></summary></entry></feed>"""
    )
    assert lead.url == "https://quai.example/une/actu/port.html"
    assert (lead.headline, lead.lede, lead.language) == ("Le port & la mer", "Un résumé.", "fr")
    assert (lead.published_at, lead.modified_at) == (None, "2024-02-15T10:00:00Z")
    assert lead.guid == "tag:quai.example,2024:7"


def test_rdf_has_its_items_beside_the_channel() -> None:
    feed = parse_feed(
        b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
        <channel><title>Dock</title><dc:language>ja</dc:language><sy:updatePeriod>daily</sy:updatePeriod>
        <sy:updateFrequency>4</sy:updateFrequency></channel><item rdf:about="https://dock.example/1"><title>One</title>
        <link>https://dock.example/1</link><dc:date>2024-02-15T10:00</dc:date></item></rdf:RDF>""",
        URL,
        fetched_at=READ_AT,
    )
    assert (feed.kind, feed.language, feed.ttl_minutes) == ("rdf", "ja", 360)
    assert feed.leads[0].published_at == "2024-02-15T10:00:00"


def test_json_feed() -> None:
    entries = [
        {
            "id": 7,
            "url": "/a",
            "title": "A &amp; B",
            "content_text": "1 < 2",
            "date_published": "2024-02-15T10:00:00Z",
        },
        {"id": "x", "attachments": [{"url": "https://kai.example/a.mp3"}]},
        "no object",
        {"url": ["a", "list"]},
    ]
    data = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Kai",
        "language": "de-DE",
        "items": entries,
    }
    feed = parse_feed(
        b"\xef\xbb\xbf" + json.dumps(data).encode(),
        "https://kai.example/feed.json",
        fetched_at=READ_AT,
    )
    lead = feed.leads[0]
    assert (feed.kind, feed.title, feed.language) == ("json", "Kai", "de")
    assert (lead.url, lead.guid, lead.headline, lead.lede) == (
        "https://kai.example/a",
        "7",
        "A & B",
        "1 < 2",
    )
    assert feed.skipped == (
        "entry 2: an attachment only",
        "entry 3: not an object",
        "entry 4: no url",
    )


HEADLINE = "Паром столкнулся с трамваем в гавани, двое пострадали"


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("KOI8-R", "koi8-r"),
        ("windows-1251", "cp1251"),
        ("ISO-8859-5", "iso8859-5"),
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-le"),
        ("UTF-16", "utf-16-be"),
        ("ISO-8859-1", "utf-8"),
        ("UTF-16", "utf-8"),
        ("no-such-charset", "utf-8"),
        ("UTF-8", "cp1251"),
    ],
)
def test_the_headline_is_right_whatever_encoding_is_declared(declared: str, written: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    more = f"<description>{'Причина аварии пока неизвестна, сообщает порт. ' * 5}</description>"
    body = rss(item(HEADLINE, more=more), head).decode().encode(written)
    assert only(body).headline == HEADLINE


def test_western_european_letters_declared_as_latin_1_are_windows_1252() -> None:
    body = (
        rss(item("Über “Häfen” für 5 €"), '<?xml version="1.0" encoding="ISO-8859-1"?>')
        .decode()
        .encode("cp1252")
    )
    assert only(body).headline == "Über “Häfen” für 5 €"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b"\n\n  " + rss(item()), "blanks before the declaration"),
        (b"<br />\n<b>Warning</b>: mysql_connect()\n" + rss(item()), "a warning before it"),
        (
            rss(item(more="<description>Fish & chips &nbsp; &copy; AT&T</description>")),
            "loose ampersands",
        ),
        (rss(item(more="<description>\x0b\x00 control</description>")), "control characters"),
        (
            rss(item(more="<media:credit>undeclared prefix</media:credit>")),
            "a prefix that nobody declared",
        ),
        (rss(item())[:-20], "the end is missing"),
        (rss(item(more="<description><p>open</description>")), "a tag left open"),
    ],
)
def test_a_broken_feed_still_gives_its_entry(broken: bytes, why: str) -> None:
    assert (only(broken).url, only(broken).headline) == (
        "https://harbour.example/a",
        "A headline",
    ), why


def test_ampersands_of_an_address_survive_however_they_are_written() -> None:
    for written in (
        "?a=1&amp;b=2",
        "?a=1&b=2",
        "<![CDATA[?a=1&b=2]]>",
        "<![CDATA[?a=1&amp;b=2]]>",
        "?a=1&amp;amp;b=2",
    ):
        assert (
            only(rss(item(link=f"<![CDATA[https://h.example/]]>{written}"))).url
            == "https://h.example/?a=1&b=2"
        )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!doctype html><html><body><p>Not found</p></body></html>", "a web page"),
        (b"just words", "other content"),
        (b'{"a": 1}', "no list of items"),
        (b'{"a": ', "not readable as a JSON Feed"),
        (b"[" * 100_000, "other content"),
        (b'{"items": ' + b"[" * 100_000, "not readable as a JSON Feed"),
        (b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>', "its root is <urlset>"),
        (b"x" * (MAX_FEED_BYTES + 1), "larger than 16 MiB"),
    ],
)
def test_what_is_no_feed_is_refused_in_one_line_with_its_address(body: bytes, words: str) -> None:
    with pytest.raises(SourceError) as refused:
        parse_feed(body, URL)
    message = str(refused.value)
    assert message.startswith(URL)
    assert words in message
    assert "\n" not in message


def test_entities_are_neither_expanded_nor_read_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret words")
    laughs = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 50}">' for n in range(12)
    )
    doctype = (
        f'<!DOCTYPE rss [{laughs}<!ENTITY file SYSTEM "{secret.as_uri()}"><!ENTITY % p "x">%p;]>'
    )
    attack = (
        f'<?xml version="1.0"?>{doctype}'
        + rss(item("&l11; &file;", more='<x a="&l11;"/>'), "").decode()
    )
    feed = parse_feed(attack.encode(), URL)
    assert feed.leads[0].headline == "&l11; &file;"
    assert "secret words" not in str(feed)


def test_no_text_can_declare_an_entity_or_refer_to_one_that_is_not_xml_s_own() -> None:
    text = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY % c "y">]><a t="&b;">&b; &lt; &#233; &eacute; & <![CDATA[&b;]]></a>'
    safe = escape_xml_text(text)
    assert "<!ENTITY" not in safe
    assert safe.endswith('<a t="&amp;b;">&amp;b; &lt; &#233; é &amp; <![CDATA[&b;]]></a>')


def test_an_entity_in_an_attribute_is_not_expanded_even_where_the_declaration_comes_within_the_feed() -> (
    None
):
    late = '<rss><!DOCTYPE x [<!ENTITY a "haha">]><channel><item><title>&a;</title><link>https://h.example/&a;</link></item>'
    assert "haha" not in str(parse_feed(late.encode(), URL))


def test_a_large_feed_is_read_up_to_its_limit() -> None:
    body = rss(
        "".join(
            item(f"Headline {n}", f"https://h.example/{n}") for n in range(MAX_FEED_ENTRIES + 1)
        )
    )
    feed = parse_feed(body, URL)
    assert len(feed.leads) == MAX_FEED_ENTRIES
    assert feed.skipped == ("all entries after the first 5,000",)


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile",
    [
        lambda many: rss(item("<script" * many)),
        lambda many: rss(item(more=f"<description><![CDATA[{'<script' * many}]]></description>")),
        lambda many: b"<" * 5 * many,
        lambda many: b"<rss>" * many,
        lambda many: rss("<item>" * (many // 2)),
        lambda many: rss(item("&" * 5 * many)),
        lambda many: rss("<![CDATA[" * (many // 2)),
    ],
    ids=[
        "tags",
        "scripts in CDATA",
        "brackets",
        "nested roots",
        "nested items",
        "ampersands",
        "open CDATA",
    ],
)
def test_hostile_markup_costs_no_more_than_its_length(hostile: Callable[[int], bytes]) -> None:
    def parse(many: int) -> None:
        with suppress(SourceError):
            parse_feed(hostile(many), URL)

    assert_growth(parse, 25_000)


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (" https://h.example/a\n ", "https://h.example/a"),
        ("//cdn.example/a b", "https://cdn.example/a%20b"),
        ("../x", "https://harbour.example/x"),
        ("HTTPS://H.example/a", "https://H.example/a"),
        (
            "https://news.google.com/rss/articles/CBMi?oc=5",
            "https://news.google.com/rss/articles/CBMi?oc=5",
        ),
        ("file:///etc/passwd", None),
        ("data:text/html,x", None),
        ("http://", None),
        ("http://[::1", None),
        ("https://h.example:99999/", None),
        ("https://h.example/" + "x" * 5000, None),
        ("", None),
    ],
)
def test_only_http_links_with_a_host_become_addresses(link: str, address: str | None) -> None:
    found, problem = resolve_web_url(link, URL)
    assert found == address
    assert bool(problem) == (address is None)


def test_text_is_cut_between_words_and_keeps_what_only_looks_like_a_tag() -> None:
    assert text_of_html("Profit < 5 % and > 3 %") == "Profit < 5 % and > 3 %"
    assert text_of_html("word " * 300, 600) == ("word " * 119).strip() + "…"
    assert text_of_html("<p>\n</p>&nbsp;") is None


@pytest.mark.slow
@given(st.binary(max_size=400))
def test_random_bytes_give_a_feed_or_a_source_error(body: bytes) -> None:
    for start in (b"", b"<rss><channel><item><link>", b"{", b"\x00<\x00?"):
        with suppress(SourceError):
            feed = parse_feed(start + body, URL)
            assert all(lead.url.startswith("http") for lead in feed.leads)


@pytest.mark.slow
@given(st.data())
def test_a_damaged_feed_gives_sound_leads_or_a_source_error(data: st.DataObject) -> None:
    body = bytearray(RSS.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    try:
        feed = parse_feed(bytes(body), URL)
    except SourceError:
        return
    assert all(lead.url.startswith(("http://", "https://")) for lead in feed.leads)
    json.dumps([lead.headline for lead in feed.leads], ensure_ascii=False).encode()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["url", "title", "id"]), inner, max_size=3)
    ),
    max_leaves=20,
)


@pytest.mark.slow
@given(st.lists(JSON_VALUES, max_size=5), JSON_VALUES)
def test_a_json_feed_of_any_shape_is_read_without_falling_over(
    items: list[object], title: object
) -> None:
    feed = parse_feed(json.dumps({"items": items, "title": title}).encode(), URL)
    assert len(feed.leads) + len(feed.skipped) == len(items)


def test_bytes_that_are_utf_8_are_utf_8() -> None:
    assert decode_xml('<?xml version="1.0" encoding="koi8-r"?><rss>é</rss>'.encode()).endswith(
        "é</rss>"
    )


@pytest.mark.slow
@pytest.mark.shared
def test_captured_feeds_give_at_least_the_entries_that_fastfeedparser_finds(shared: Path) -> None:
    """Over every captured feed: what we read or name as skipped is no fewer than another reader's
    entries."""
    folder = shared / "corpus"
    rows = [
        json.loads(line) for line in (folder / "feeds" / "manifest.jsonl").read_text().splitlines()
    ]
    bodies = [
        (folder / row["path"]).read_bytes()
        for row in rows
        if row["real"] and not row["path"].endswith(".gz")
    ]
    read = leads = dated = theirs = 0
    for body in bodies:
        other = _entries_by_fastfeedparser(body)
        theirs += other
        try:
            feed = parse_feed(body, URL)
        except SourceError:
            assert not other
            continue
        assert len(feed.leads) + len(feed.skipped) >= other
        read += 1
        leads += len(feed.leads)
        dated += sum(bool(lead.published_at or lead.modified_at) for lead in feed.leads)
    assert read >= 0.9 * len(bodies)
    assert leads >= theirs
    assert dated >= 0.8 * leads


@pytest.mark.slow
@pytest.mark.shared
def test_the_odd_feeds_of_another_reader_s_tests_raise_nothing_but_source_errors(
    shared: Path,
) -> None:
    read = refused = 0
    with tarfile.open(shared / "corpus" / "feeds" / "feedparser-tests.tar.gz") as archive:
        for member in archive:
            opened = (
                archive.extractfile(member)
                if member.isfile() and member.name.endswith(".xml")
                else None
            )
            if opened is None:
                continue
            try:
                parse_feed(opened.read(), URL)
                read += 1
            except SourceError:
                refused += 1
    assert read > 1_900
    assert refused < 50


def _entries_by_fastfeedparser(body: bytes) -> int:
    try:
        return len(fastfeedparser.parse(body)["entries"])
    except ValueError:
        return 0
