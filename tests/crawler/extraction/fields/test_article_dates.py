"""When a page says that its article was published and changed."""

from __future__ import annotations

import json

import pytest

from archive.records import Article, Capture
from crawler.extraction.extract import extract_article

TEXT = (
    "<p>"
    + "The ferry left the island at noon, and nobody on the quay was sorry to see it go. " * 4
    + "</p>"
)
META = '<meta property="article:published_time" content="{}">'


def ld(**said: str) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **said})}</script>'


def read(
    head: str = "",
    line: str = "",
    after: str = "",
    path: str = "/a",
    lang: str = "en",
    beside: str = "",
    at: str = "2024-05-01T00:00:00Z",
) -> Article:
    body = f"<article><h1>Ferry leaves</h1>{line}{TEXT}{after}</article>{beside}"
    markup = f"<html lang={lang}><head><title>Ferry leaves</title>{head}</head><body>{body}</body></html>"
    url = f"https://courier.example{path}"
    return extract_article(Capture(url=url, body=markup.encode(), fetched_at=at))


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (read(ld(datePublished="2024-02-15T05:30:00-05:00")), "2024-02-15T10:30:00Z"),
        (read(ld(datePublished="2024-02-15") + META.format("2024-02-16T10:00:00Z")), "2024-02-15"),
        (
            read(META.format("2024-02-15T05:30:00Z"), "<p>14 February 2024</p>"),
            "2024-02-15T05:30:00Z",
        ),
        (read(META.format("2024-02-15"), "<p>15 February 2024, 05:30</p>"), "2024-02-15T05:30:00"),
        (read(line="<p>Posted 15 February 2024</p>"), "2024-02-15"),
        (read(line="<p>15. Februar 2024, 10:30 Uhr</p>", lang="de"), "2024-02-15T10:30:00"),
        (read(line="<p>2024年2月15日 10時30分</p>", lang="ja"), "2024-02-15T10:30:00"),
        (
            read(line='<p><time datetime="2024-02-15T05:30:00Z">yesterday</time></p>'),
            "2024-02-15T05:30:00Z",
        ),
        (read(path="/2024/02/15/ferry"), "2024-02-15"),
    ],
)
def test_the_surest_witness_dates_an_article(page: Article, wanted: str) -> None:
    """Data before what is shown, what is shown before the address; a shown clock time sharpens a
    day."""
    assert page.published_at == wanted


@pytest.mark.parametrize(
    "page",
    [
        read(),
        read(after="<p>© 2024 The Courier, 15 February 2024. All rights reserved.</p>"),
        read(
            after="<p>The last such storm was on 15 February 2019, and it took the roof of the hall with it.</p>"
        ),
        read(ld(datePublished="2031-01-01T00:00:00Z")),
        read(ld(datePublished="0001-01-01")),
        read(ld(datePublished="03/04/2024")),
        read(path="/2024/13/45/ferry"),
    ],
)
def test_better_no_date_than_a_wrong_one(page: Article) -> None:
    """Not out of the text, not of a copyright line, not from the future, none that no calendar
    settles."""
    assert page.published_at is None


def test_what_the_site_said_stands_beside_what_was_understood() -> None:
    page = read(line="<p>(The Wire Views Posted 15 February 2024, 5:30 am) 12 comments</p>")
    assert (page.published_at, page.published_raw) == (
        "2024-02-15T05:30:00",
        "15 February 2024, 5:30 am",
    )
    assert read(ld(datePublished="03/04/2024")).published_raw == "03/04/2024"


def test_a_change_is_told_from_the_publication() -> None:
    shown = read(line="<p>15 February 2024, 05:30</p><p>Updated 16 February 2024, 09:00</p>")
    assert (shown.published_at, shown.modified_at) == ("2024-02-15T05:30:00", "2024-02-16T09:00:00")
    claimed = read(ld(datePublished="2024-02-15", dateModified="2024-02-16T09:00:00Z"))
    assert (claimed.published_at, claimed.modified_at) == ("2024-02-15", "2024-02-16T09:00:00Z")


def test_the_date_line_is_not_of_the_text() -> None:
    assert "Posted" not in read(line="<p>Posted 15 February 2024</p>").text


MARKED = '<time datetime="2024-02-15T18:40:00+01:00">{}</time>'
EXACT = "2024-02-15T17:40:00Z"


@pytest.mark.parametrize(
    "fetched_at", ["2024-02-15T19:00:00Z", "2024-02-16T09:00:00Z", "2024-05-01T00:00:00Z"]
)
@pytest.mark.parametrize(
    "shown",
    [
        "15 February 2024",
        "15 February 2024, 18:40",
        "Feb 15",
        "15/02/2024",
        "02/15/2024",
        "2 hours ago",
        "18:40",
    ],
)
def test_a_moment_that_is_marked_for_machines_counts_where_the_text_agrees_or_names_no_day(
    shown, fetched_at
) -> None:
    """On the day itself too, when a crawl comes by."""
    assert (
        read(line=f"<p>By Jane Doe, {MARKED.format(shown)}</p>", at=fetched_at).published_at
        == EXACT
    )


@pytest.mark.parametrize(
    "line",
    [
        '<p>By Jane Doe</p><abbr class="published" title="2024-02-15T18:40:00+01:00">6:40 PM</abbr>',
        '<time datetime="2024-02-15T18:40:00+01:00"></time>',
        '<time datetime="Thu, 15 Feb 2024 18:40:00 +0100">an hour ago</time>',
        '<p><span class="date" data-datetime="2024-02-15T18:40:00+01:00">an hour ago</span></p>',
        '<p><a href="/a"><time class="entry-date published updated" datetime="2024-02-15T18:40:00+01:00">'
        "February 15, 2024</time></a></p>",
        '<p><span itemprop="datePublished" content="2024-02-15T18:40:00+01:00">15 February 2024</span></p>',
        '<time datetime="2024-02-15T17:40:00Z"><div>15 February 2024</div></time>',
        '<p>Published <time datetime="2024-02-15T17:40:00Z">15 February</time>, updated '
        '<time datetime="2024-02-16T09:00:00Z">16 February</time></p>',
        '<p><time class="updated" datetime="2024-02-16T09:00:00Z">16 February 2024</time> '
        '<time class="published" datetime="2024-02-15T17:40:00Z">15 February 2024</time></p>',
    ],
)
def test_moments_are_marked_in_many_ways(line: str) -> None:
    assert read(line=line).published_at == EXACT


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('<p><time datetime="2024-04-20T08:00:00Z">15 February 2024</time></p>', "2024-02-15"),
        ('<p><time datetime="2024-04-20T08:00:00Z">Feb 15</time></p>', None),
        (
            '<p><time datetime="2024-02-15">15 February 2024</time>, 18:40</p>',
            "2024-02-15T18:40:00",
        ),
        (
            '<p><time datetime="2024-02-15T00:00:00Z">15 February 2024, 18:40</time></p>',
            "2024-02-15T18:40:00",
        ),
        (
            '<p><time datetime="2024-02-15T23:30:00Z">16 February 2024</time></p>',
            "2024-02-15T23:30:00Z",
        ),
    ],
)
def test_a_mark_that_the_text_contradicts_or_outdoes_is_not_believed(
    line: str, wanted: str | None
) -> None:
    assert read(line=line).published_at == wanted


OTHERS = [
    '<section class="comments"><p>Troll, <time datetime="2023-05-05T10:00:00Z">5 May 2023</time></p></section>',
    '<div id="disqus_thread"><p>5 May 2023</p></div>',
    '<ul class="related-posts"><li><time datetime="2023-05-05">5 May 2023</time> <a href="/b">Tram stops</a></li></ul>',
    '<aside><h3>Diary</h3><p><time datetime="2023-05-05">5 May 2023</time> Harbour run</p></aside>',
    '<div class="cookie-notice"><p>Privacy notice of 25 May 2018</p></div>',
    "<footer><p>Last changed: 5 May 2023</p></footer>",
    '<img src="/uploads/2023/05/05/pier.jpg">',
    '<script>var paywall = {"expires": "2023-05-05", "datePublished": "2023-05-05"}</script>',
    '<article class="teaser"><time class="entry-date" datetime="2023-05-05">5 May 2023</time><h3>Tram</h3></article>',
    '<div itemscope itemtype="https://schema.org/Event"><time datetime="2023-05-05">5 May</time></div>',
    '<div itemscope itemtype="https://schema.org/Comment"><meta itemprop="datePublished" content="2023-05-05"></div>',
    '<section><h2>3 comments</h2><p><b>Troll</b> <time datetime="2023-05-05T10:00:00Z">5 May 2023</time></p></section>',
    '<h3>More from the harbour</h3><div><time datetime="2023-05-05">5 May 2023</time> <a href="/b">Tram</a></div>',
    '<div><span datetime="2023-05-05">5 May 2023</span><a href="/b">Tram to stop at the fish quay until June</a></div>',
    '<div class="sidebar"><div class="event"><time datetime="2023-05-05">5 May</time> Harbour run</div></div>',
    '<div class="box"><p>We changed our privacy policy on 25 May 2018.</p></div>',
    '<meta property="og:image" content="https://courier.example/2023/05/05/pier.jpg">',
    "<p>The vote is on <time datetime='2023-05-05'>5 May</time>, the board said.</p>",
]


@pytest.mark.parametrize("markup", OTHERS)
def test_the_date_of_another_thing_is_not_the_articles(markup: str) -> None:
    assert read(beside=markup).published_at is None
    assert read(after=markup).published_at is None


@pytest.mark.parametrize(
    "things",
    [
        [
            {"@type": "WebSite", "datePublished": "2015-01-01"},
            {"@type": "Organization", "foundingDate": "1999-04-01"},
        ],
        [
            {
                "@type": "ItemList",
                "itemListElement": [{"@type": "NewsArticle", "datePublished": "2019-01-01"}],
            }
        ],
        [
            {
                "@type": "NewsArticle",
                "headline": "Tram stops",
                "url": "https://courier.example/b",
                "datePublished": day,
            }
            for day in ("2019-01-01", "2019-01-02")
        ],
        [{"@type": "Comment", "datePublished": "2023-05-05"}],
    ],
)
def test_what_the_data_say_of_other_things_dates_no_article(
    things: list[dict[str, object]],
) -> None:
    assert (
        read(f'<script type="application/ld+json">{json.dumps(things)}</script>').published_at
        is None
    )


def test_the_article_is_told_from_others_in_the_same_data() -> None:
    others = {
        "@type": "NewsArticle",
        "headline": "Tram stops",
        "url": "https://courier.example/b",
        "author": "Ed Fo",
    }
    own = {"@type": "NewsArticle", "headline": "Ferry leaves", "url": "https://courier.example/a"}
    things = [
        {**others, "datePublished": "2019-01-01", "dateModified": "2019-01-02"},
        {**own, "datePublished": "2024-02-15"},
    ]
    page = read(f'<script type="application/ld+json">{json.dumps(things)}</script>')
    assert (page.published_at, page.authors) == ("2024-02-15", ())


def test_a_page_that_declares_a_wrong_language_is_read_in_that_of_its_text() -> None:
    line = "Prom opuścił wyspę w południe i nikt na nabrzeżu nie żałował, że odpływa, choć padał deszcz ze śniegiem. "
    polish = f"<p>{line * 3}Rada miasta zdecyduje o odbudowie mola w przyszłym tygodniu.</p>"
    markup = (
        f"<html lang=en><title>Prom</title><h1>Prom odpływa</h1><p>12 listopada 2023</p>{polish}"
    )
    page = extract_article(
        Capture(
            url="https://gazeta.example/a", body=markup.encode(), fetched_at="2024-05-01T00:00:00Z"
        )
    )
    assert page.published_at == "2023-11-12"


def test_an_update_may_be_told_inside_the_mark() -> None:
    page = read(
        line='<p><time datetime="2024-02-15T18:40:00+01:00">Updated 3 hours ago</time></p>',
        at=EXACT,
    )
    assert (page.published_at, page.modified_at) == (None, EXACT)


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("en", "<p>Published 3 March 2024 | Updated 5 March 2024</p>"),
        ("en", "<p>Updated: 5 March 2024 - Published: 3 March 2024</p>"),
        ("en", "<p>Last updated 5 March 2024<br>First published 3 March 2024</p>"),
        ("fr", "<p>Publié le 3 mars 2024, mis à jour le 5 mars 2024</p>"),
        ("de", "<p>Aktualisiert am 05.03.2024</p><p>Veröffentlicht am 03.03.2024</p>"),
        ("ar", "<p>تحديث 5 مارس 2024</p><p>نشر 3 مارس 2024</p>"),
        ("zh", "<p>更新时间：2024年3月5日</p><p>发布时间：2024年3月3日</p>"),
        ("ko", "<p>수정 2024.03.05.</p><p>입력 2024.03.03.</p>"),
    ],
)
def test_an_update_is_no_publication_where_both_are_printed(lang: str, line: str) -> None:
    page = read(line=line, lang=lang)
    assert (page.published_at, page.modified_at) == ("2024-03-03", "2024-03-05")


DAYS = ("3 May 2019", "7 June 2020", "9 July 2021")


@pytest.mark.parametrize(
    "entry",
    [
        "<h2>{}</h2>" + TEXT,
        "<p><strong>{}</strong></p>" + TEXT,
        TEXT + "<p class=day>{}</p>",
        "<ul><li>{}: the ferry leaves</li></ul>" + TEXT,
    ],
)
def test_the_days_of_a_chronology_in_the_text_do_not_date_the_page(entry: str) -> None:
    assert read(line="".join(map(entry.format, DAYS))).published_at is None


@pytest.mark.parametrize("entry", ["<h2>{}</h2>", "<p>{}</p>"])
def test_a_date_line_above_a_chronology_dates_the_page(entry: str) -> None:
    days = "".join(TEXT + entry.format(day) for day in DAYS)
    assert read(line=f"<p>3 March 2024</p>{days}").published_at == "2024-03-03"
