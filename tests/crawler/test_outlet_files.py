"""Lists of outlets in the four forms that people have them in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import UsageError
from crawler.outlet_files import OutletEntry, read_outlet_file

HARBOUR = OutletEntry(
    "harbour.example",
    "Harbour Post",
    "en",
    "GB",
    ("https://harbour.example/feed",),
    ("https://harbour.example/news.xml",),
)
QUAI = OutletEntry("quai.example", "Quai")

TOML = b"""[[outlet]]
host = "Harbour.example"
name = "Harbour Post"
language = "en-GB"
country = "gb"
feeds = ["/feed"]
sitemap = "https://harbour.example/news.xml"

[[outlet]]
host = "https://quai.example/"
name = "Quai"
"""
CSV = b"""\xef\xbb\xbfhost,name,language,country,feed,sitemap
harbour.example,Harbour Post,en,GB,https://harbour.example/feed,https://harbour.example/news.xml

quai.example,Quai,,,,
"""


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("o.toml", TOML),
        ("outlets", TOML),
        ("o.csv", CSV),
        ("outlets", CSV),
        ("o.csv", CSV.replace(b",", b";").replace(b"\n", b"\r\n")),
        ("o.tsv", CSV.replace(b",", b"\t")),
    ],
)
def test_tables_of_outlets_say_the_same_in_toml_and_csv(name: str, body: bytes) -> None:
    listed = read_outlet_file(name, body)
    assert listed.entries == (HARBOUR, QUAI)
    assert listed.unread == ()


OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Papers &amp; posts</title></head><body>
<outline text="Ports"><outline text="North">
  <outline type="rss" text="Harbour" title="Harbour Post" xmlUrl="https://harbour.example/feed" htmlUrl="https://harbour.example/"/>
  <outline type="rss" text="Harbour sport" xmlUrl="https://harbour.example/sport?a=1&b=2" htmlUrl="https://harbour.example/sport"/>
</outline></outline>
<outline type="rss" text="Quai" language="fr" xmlUrl="http://quai.example/rss.xml"/>
<outline text="A note"/>
<outline type="rss" text="Bad" xmlUrl="file:///etc/passwd"/>
</body></opml>"""


@pytest.mark.parametrize("name", ["subscriptions.opml", "export.xml", "export"])
def test_opml_folders_are_opened_and_feeds_of_one_host_belong_together(name: str) -> None:
    listed = read_outlet_file(name, OPML.encode())
    assert listed.entries == (
        OutletEntry(
            "harbour.example",
            "Harbour Post",
            feeds=("https://harbour.example/feed", "https://harbour.example/sport?a=1&b=2"),
        ),
        OutletEntry("quai.example", "Quai", "fr", feeds=("http://quai.example/rss.xml",)),
    )
    assert listed.unread[0] == "line 8: no host (A note)"
    assert listed.unread[1].startswith("line 9: file:///etc/passwd: not an http or https address")


def test_a_host_a_line_with_remarks() -> None:
    listed = read_outlet_file(
        "o.txt", b"# ports\nharbour.example  # ours\n\nhttps://quai.example/une\nno host here\nharbour.example\n"
    )
    assert [entry.host for entry in listed.entries] == ["harbour.example", "quai.example"]
    assert listed.unread == ("line 5: no host here: not a host; give one such as news.example",)


def test_what_cannot_be_used_is_named_with_its_place() -> None:
    listed = read_outlet_file(
        "o.csv", b"host,name,feed,country,contry\n,Nowhere,,,\nh.example,H,javascript:x,Korea,kr\ni.example,,,,,more\n"
    )
    assert listed.entries == (OutletEntry("h.example", "H"), OutletEntry("i.example"))
    assert listed.unread == (
        "line 2: `contry` is not known; known are host, name, language, country, feeds, sitemaps",
        "line 2: no host (Nowhere)",
        "line 3: feed: a javascript: link (javascript:x)",
        "line 3: country Korea: not two letters of ISO 3166",
        "line 4: `cell 6` is not known; known are host, name, language, country, feeds, sitemaps",
    )


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("o.toml", b'[[outlet]]\nhost = "a\n', "line 2"),
        ("o.toml", b"a = 1\n", "no [[outlet]] table"),
        ("o.csv", b"name,feed\nx,y\n", "line 1: no column `host`"),
        ("o.csv", b'host,name\nh.example,"open\n', "line 2"),
        ("o.opml", b"<opml>\n<body>\n<outline", "line 3"),
        ("o.opml", b"<rss>\n</rss>", "not OPML"),
        ("o.opml", b"", "line 1"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_line(name: str, body: bytes, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_outlet_file(name, body)
    assert str(refused.value).startswith(name)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_entities_of_an_opml_file_are_not_read_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secretwords")
    attack = f'<!DOCTYPE opml [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + OPML.partition("?>")[2].replace(
        "Quai", "&x;"
    )
    try:
        listed = str(read_outlet_file("o.opml", attack.encode()))
    except UsageError as error:
        listed = str(error)
    assert "secretwords" not in listed


@given(st.binary(max_size=200), st.sampled_from(["o.opml", "o.toml", "o.csv", "o.txt", "o"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_list_or_a_usage_error(body: bytes, name: str) -> None:
    for start in (b"", b"host,name\n", b"[[outlet]]\n", b"<opml><body><outline xmlUrl='"):
        try:
            listed = read_outlet_file(name, start + body)
        except UsageError:
            continue
        assert all(entry.host for entry in listed.entries)


@pytest.mark.parametrize(
    "opml",
    [
        '<OPML VERSION="1.0"><BODY><OUTLINE TEXT="Harbour" TYPE="RSS" XMLURL="http://harbour.example/feed"/></BODY></OPML>',
        '<opml><body><Outline text="Harbour" xmlurl="feed://harbour.example/feed"/></body></opml>',
        '<opml><body><outline text="Harbour" XmlUrl="feed:http://harbour.example/feed" type="rss"/></body></opml>',
        '<opml><body><outline text="All"><OUTLINE title="Harbour" XMLURL="FEED://harbour.example/feed"/></outline></body></opml>',
        '<opml><body><outline text="Harbour" type="rss" url="http://harbour.example/feed"/></body></opml>',
        '<o:opml xmlns:o="urn:o"><o:body><o:OUTLINE text="Harbour" o:xmlUrl="http://harbour.example/feed"/></o:body></o:opml>',
    ],
)  # fmt: skip
def test_opml_is_read_in_capitals_and_with_the_schemes_of_readers(opml: str) -> None:
    read = read_outlet_file("feeds.opml", opml.encode())

    assert [(entry.host, entry.name, entry.feeds) for entry in read.entries] == [
        ("harbour.example", "Harbour", ("http://harbour.example/feed",))
    ]
    assert read.unread == ()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("feeds.opml", "<opml><body/></opml>"),
        ("feeds.opml", "<opml><body><entry xmlUrl='http://harbour.example/feed'/></body></opml>"),
        ("hosts.txt", "# none yet\n\n"),
        ("hosts.csv", "host,name\n"),
    ],
)
def test_a_list_that_names_nobody_is_told(name: str, body: str) -> None:
    with pytest.raises(UsageError) as told:
        read_outlet_file(name, body.encode())
    assert str(told.value) == f"{name}: names no outlet and no feed; give a list that does"


def test_a_name_that_begins_as_a_scheme_stays_a_name() -> None:
    [entry] = read_outlet_file("hosts.csv", b"host,name\nfeed://harbour.example/rss,RSS: The Harbour\n").entries

    assert (entry.host, entry.name) == ("harbour.example", "RSS: The Harbour")


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        (
            "dup.csv",
            "host,name,country\nwww.npr.example,NPR,US\nwww.npr.example,National Public Radio,US\n",
            ["line 3: www.npr.example again, kept as it was first given; not taken: name 'National Public Radio' "
             "(kept: 'NPR')"],
        ),
        (
            "dup.csv",
            "host,name,country\nnpr.example,NPR,US\nnpr.example,Radio,CA\nnpr.example,NPR,US\n",
            ["line 3: npr.example again, kept as it was first given; not taken: name 'Radio' (kept: 'NPR'), "
             "country 'CA' (kept: 'US')",
             "line 4: npr.example again, kept as it was first given"],
        ),
        (
            "dup.toml",
            '[[outlet]]\nhost = "a.example"\nlanguage = "en"\n[[outlet]]\nhost = "a.example"\nlanguage = "fr"\n',
            ["outlet 2: a.example again, kept as it was first given; not taken: language 'fr' (kept: 'en')"],
        ),
        ("dup.txt", "a.example\nb.example\nhttp://a.example", ["line 3: a.example again, kept as it was first given"]),
        ("more.csv", "host,name,feed\na.example,World,https://a.example/w\na.example,Sport,https://a.example/s\n", []),
        ("two.txt", "a.example\nwww.a.example\n", []),
    ],
)  # fmt: skip
def test_a_host_that_stands_twice_is_told_with_what_was_not_taken(name: str, body: str, told: list[str]) -> None:
    listed = read_outlet_file(name, body.encode())
    assert list(listed.repeated) == told
    assert listed.unread == ()
