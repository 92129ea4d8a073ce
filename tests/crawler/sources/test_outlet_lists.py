"""Lists of outlets in the four forms that people have them in."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UsageError
from crawler.sources.outlet_lists import OutletEntry, parse_outlet_list

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
    listed = parse_outlet_list(name, body)
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
    listed = parse_outlet_list(name, OPML.encode())
    assert listed.entries == (
        OutletEntry(
            "harbour.example",
            "Harbour Post",
            feeds=("https://harbour.example/feed", "https://harbour.example/sport?a=1&b=2"),
        ),
        OutletEntry("quai.example", "Quai", "fr", feeds=("http://quai.example/rss.xml",)),
    )
    assert listed.unread[0] == "line 8: no host (A note)"
    assert listed.unread[1].startswith("line 9: file:///etc/passwd: not an http or https URL")


def test_a_host_a_line_with_remarks() -> None:
    listed = parse_outlet_list(
        "o.txt",
        b"# ports\nharbour.example  # ours\n\nhttps://quai.example/une\nno host here\nharbour.example\n",
    )
    assert [entry.host for entry in listed.entries] == ["harbour.example", "quai.example"]
    assert listed.unread == ("line 5: no host here: not a host; give one such as news.example",)


def test_what_cannot_be_used_is_named_with_its_place() -> None:
    listed = parse_outlet_list(
        "o.csv",
        b"host,name,feed,country,contry\n,Nowhere,,,\nh.example,H,javascript:x,Korea,kr\ni.example,,,,,more\n",
    )
    assert listed.entries == (OutletEntry("h.example", "H"), OutletEntry("i.example"))
    assert listed.unread == (
        "line 2: no host (Nowhere)",
        "line 3: feed: a javascript: link (javascript:x)",
        "line 3: country Korea: may be North Korea (KP) or South Korea (KR); give one of them",
    )
    assert listed.unknown == (
        "line 2: `contry`, `cell 6` are unknown and were ignored; known are host, name, language, country, kind, feeds,"
        " sitemaps",
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
def test_a_broken_file_is_refused_with_its_name_and_line(
    name: str, body: bytes, words: str
) -> None:
    with pytest.raises(UsageError) as refused:
        parse_outlet_list(name, body)
    assert str(refused.value).startswith(name)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_entities_of_an_opml_file_are_not_read_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secretwords")
    attack = f'<!DOCTYPE opml [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + OPML.partition("?>")[
        2
    ].replace("Quai", "&x;")
    try:
        listed = str(parse_outlet_list("o.opml", attack.encode()))
    except UsageError as error:
        listed = str(error)
    assert "secretwords" not in listed


@pytest.mark.slow
@given(st.binary(max_size=200), st.sampled_from(["o.opml", "o.toml", "o.csv", "o.txt", "o"]))
def test_any_bytes_are_a_list_or_a_usage_error(body: bytes, name: str) -> None:
    for start in (b"", b"host,name\n", b"[[outlet]]\n", b"<opml><body><outline xmlUrl='"):
        try:
            listed = parse_outlet_list(name, start + body)
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
    read = parse_outlet_list("feeds.opml", opml.encode())

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
        parse_outlet_list(name, body.encode())
    assert str(told.value) == f"{name}: contains neither outlets nor feeds; give a list that does"


def test_a_name_that_begins_as_a_scheme_stays_a_name() -> None:
    [entry] = parse_outlet_list(
        "hosts.csv", b"host,name\nfeed://harbour.example/rss,RSS: The Harbour\n"
    ).entries

    assert (entry.host, entry.name) == ("harbour.example", "RSS: The Harbour")


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        (
            "dup.csv",
            "host,name,country\nwww.npr.example,NPR,US\nwww.npr.example,National Public Radio,US\n",
            ["line 3: www.npr.example again, the first entry was kept; ignored: name 'National Public Radio' "
             "(kept: 'NPR')"],
        ),
        (
            "dup.csv",
            "host,name,country\nnpr.example,NPR,US\nnpr.example,Radio,CA\nnpr.example,NPR,US\n",
            ["line 3: npr.example again, the first entry was kept; ignored: name 'Radio' (kept: 'NPR'), "
             "country 'CA' (kept: 'US')",
             "line 4: npr.example again, the first entry was kept"],
        ),
        (
            "dup.toml",
            '[[outlet]]\nhost = "a.example"\nlanguage = "en"\n[[outlet]]\nhost = "a.example"\nlanguage = "fr"\n',
            ["outlet 2: a.example again, the first entry was kept; ignored: language 'fr' (kept: 'en')"],
        ),
        ("dup.txt", "a.example\nb.example\nhttp://a.example", ["line 3: a.example again, the first entry was kept"]),
        ("more.csv", "host,name,feed\na.example,World,https://a.example/w\na.example,Sport,https://a.example/s\n", []),
        ("two.txt", "a.example\nwww.a.example\n", []),
    ],
)  # fmt: skip
def test_a_host_that_stands_twice_is_told_with_what_was_not_taken(
    name: str, body: str, told: list[str]
) -> None:
    listed = parse_outlet_list(name, body.encode())
    assert list(listed.repeated) == told
    assert listed.unread == ()


@pytest.mark.parametrize(
    ("cell", "feeds"),
    [
        ("https://a.example/1 https://a.example/2", ["https://a.example/1", "https://a.example/2"]),
        ("https://a.example/1,https://a.example/2", ["https://a.example/1", "https://a.example/2"]),
        (
            "https://a.example/1 ; http://a.example/2;",
            ["https://a.example/1", "http://a.example/2"],
        ),
        (
            "https://a.example/1\nhttps://a.example/2\r\n",
            ["https://a.example/1", "https://a.example/2"],
        ),
        (
            "https://a.example/1 | https://a.example/2",
            ["https://a.example/1", "https://a.example/2"],
        ),
        ("https://a.example/1\t\thttps://a.example/1", ["https://a.example/1"]),
        ("/feed, /rss.xml", ["https://a.example/feed", "https://a.example/rss.xml"]),
        ("https://a.example/1 feed://b.example/2", ["https://a.example/1", "http://b.example/2"]),
        (
            '["https://a.example/1", "https://a.example/2"]',
            ["https://a.example/1", "https://a.example/2"],
        ),
        (
            "<https://a.example/1>, <https://a.example/2>",
            ["https://a.example/1", "https://a.example/2"],
        ),
        ("https://a.example/feed?ids=1,2;3|4", ["https://a.example/feed?ids=1,2;3|4"]),
        ("https://a.example/my feed.xml", ["https://a.example/my%20feed.xml"]),
        (
            "https://a.example/go?to=https://b.example/feed",
            ["https://a.example/go?to=https://b.example/feed"],
        ),
        (" ", []),
    ],
)
def test_a_cell_may_hold_several_addresses(cell: str, feeds: list[str]) -> None:
    body = StringIO()
    csv.writer(body).writerows([["host", "feeds"], ["a.example", cell]])
    listed = parse_outlet_list("o.csv", body.getvalue().encode())
    assert listed.entries == (OutletEntry("a.example", feeds=tuple(feeds)),)
    assert listed.unread == listed.unknown == ()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("o.csv", "Host;NAME; Language ;Country;Kind\na.example;A; KO ; kr ;Agency\n"),
        ("o.csv", "host\tname\tlanguage\tcountry\tkind\na.example\tA\tkorean\tSouth Korea\tagency\n"),
        ("o.csv", "\ufeffhost,name,language,country,kind\r\na.example,A,ko-KR,KOR,AGENCY\r\n"),
        ("o.csv", "sep=;\nhost;name;lang;country;kind\na.example;A;한국어;대한민국;agency\n"),
        ("o.csv", "#\n\n\"host\",\"name\",\"language\",\"country\",\"kind\"\na.example,A,ko,Corée du Sud,agency\n"),
        ("o.txt", "host\tname\tlanguage\tcountry\tkind\na.example\tA\tko\tKR\tagency\n"),
        ("o.csv", "domain|title|lang|country code|type\nhttps://A.example/|A|ko|KR|agency\n"),
        ("", "[[outlet]]\nHost='a.example'\nname='A'\nlanguage='Korean'\ncountry='korea, south'\nkind='agency'\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_table_is_read_whatever_program_wrote_it(name: str, body: str, encoding: str) -> None:
    listed = parse_outlet_list(name, body.encode(encoding))
    assert listed.entries == (OutletEntry("a.example", "A", "ko", "KR", kind="agency"),)
    assert listed.unread == listed.unknown == ()


@pytest.mark.parametrize(
    ("said", "code"),
    [("tl", "tl"), ("TL-PH", "tl"), ("tgl", "tl"), ("fil", "fil"), ("nb", "no"), ("Norwegian", "no"),
     (" en , fr ", "en"), ("Deutsch", "de"), ("Español", "es"), ("português", "pt"), ("zh-Hant", "zh"), ("haw", "haw")],
)  # fmt: skip
def test_a_language_is_a_code_or_a_name_and_tagalog_stays_what_it_is_called(
    said: str, code: str
) -> None:
    [entry] = parse_outlet_list(
        "o.toml", f"[[outlet]]\nhost = 'a.example'\nlanguage = '{said}'\n".encode()
    ).entries
    assert entry.language == code


@pytest.mark.parametrize(
    ("said", "code"),
    [("UK", "GB"), ("gbr", "GB"), ("U.S.", "US"), ("USA", "US"), ("united states", "US"), ("Deutschland", "DE"),
     ("Côte d'Ivoire", "CI"), ("Ivory Coast", "CI"), ("Burma", "MM"), ("Türkiye", "TR"), ("turkey", "TR"),
     ("日本", "JP"), ("Kosovo", "XK"), ("xk", "XK"), ("Россия", "RU"), ("Czech Republic", "CZ"), ("Hong Kong", "HK"),
     ("Democratic Republic of the Congo", "CD"), ("Korea, North", "KP"), ("Korea, Republic of", "KR"),
     ("Iran, Islamic Republic of", "IR"), ("Palestine, State of", "PS"), ("Virgin Islands, British", "VG"),
     ("Congo, The Democratic Republic of the", "CD"), ("Holy See (Vatican City State)", "VA")],
)  # fmt: skip
def test_a_country_is_a_code_or_a_name(said: str, code: str) -> None:
    [entry] = parse_outlet_list(
        "o.toml", f"[[outlet]]\nhost = 'a.example'\ncountry = \"{said}\"\n".encode()
    ).entries
    assert entry.country == code


@pytest.mark.parametrize("said", ["ZZ", "Atlantis", "EU", "q", "Guinea Pig"])
def test_what_is_no_country_is_told_and_the_outlet_kept(said: str) -> None:
    listed = parse_outlet_list("o.csv", f"host,country\na.example,{said}\n".encode())
    assert listed.entries == (OutletEntry("a.example"),)
    assert listed.unread == (
        f"line 2: country {said}: neither a code such as `KR` (ISO 3166) nor the name of a country",
    )


def test_all_columns_that_are_not_known_are_named_in_one_line() -> None:
    listed = parse_outlet_list(
        "o.csv", b"host,owner,founded,feed\na.example,A,1900,\nb.example,B,1901,\n"
    )
    assert listed.unread == ()
    assert listed.unknown == (
        "line 2: `owner`, `founded` are unknown and were ignored; known are host, name, language, country, kind, feeds,"
        " sitemaps",
    )
