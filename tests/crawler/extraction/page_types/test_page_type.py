"""What a page is, if it is no article."""

from __future__ import annotations

import json

import pytest

from archive.records import Capture
from crawler.extraction.extract import extract_article
from crawler.extraction.page_types import page_type_features

TEXT = (
    "<p>"
    + "The ferry left the island at noon, and nobody on the quay was sorry to see it go. " * 4
    + "</p>"
)
LONG = TEXT * 5
TEASERS = "".join(
    f'<li><a href="/n/{n}">Ferry timetable number {n} changes for the winter</a></li>'
    for n in range(12)
)
DATE = '<meta property="article:published_time" content="2024-02-15T05:30:00Z">'
OG_ARTICLE = '<meta property="og:type" content="article">'


def ld(**thing: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


def verdict(
    path: str, head: str, body: str, host: str = "courier.example"
) -> tuple[str, str | None]:
    markup = f"<html lang=en><head>{head}</head><body>{body}</body></html>"
    article = extract_article(
        Capture(
            url=f"https://{host}{path}", body=markup.encode(), fetched_at="2024-05-01T00:00:00Z"
        )
    )
    return article.page_type, article.page_reason


@pytest.mark.parametrize(
    ("path", "head", "body"),
    [
        ("/2024/02/15/ferry", "<title>Ferry leaves</title>", f"<h1>Ferry leaves</h1>{TEXT}"),
        (
            "/a",
            "<title>Not found: the lost ferry</title>" + OG_ARTICLE,
            f"<h1>The lost ferry</h1>{LONG}",
        ),
        ("/topics/ferries/a", OG_ARTICLE + DATE, f"<h1>Ferry leaves</h1>{LONG}<ul>{TEASERS}</ul>"),
        (
            "/shop/a",
            ld(**{"@type": "NewsArticle", "headline": "Shop closes"}),
            f"<h1>Shop closes</h1>{LONG}",
        ),
        (
            "/a",
            ld(**{"@type": "Product"}) + ld(**{"@type": "NewsArticle"}),
            f"<h1>A tent, tried</h1>{TEXT}",
        ),
    ],
)
def test_an_article_is_one_whatever_stands_around_it(path: str, head: str, body: str) -> None:
    assert verdict(path, head, body) == ("article", None)


@pytest.mark.parametrize(
    ("path", "head", "body", "wanted"),
    [
        ("/a", "<title>Page not found</title>", TEXT, ("error", "it says that it was not found")),
        ("/a", "<title>Seite nicht gefunden</title>", "<p>Leider.</p>", ("error", "it says that it was not found")),
        ("/a", "<title>Just a moment...</title>", "<p>Checking.</p>", ("error", "a wall against robots")),
        ("/a", "<title>Log in | Courier</title>", "<p>Welcome back.</p>", ("error", "a log-in")),
        ("/a", "<title>Courier</title>", "<p>Hello.</p><input type=password>", ("error", "a log-in")),
        ("/", "<title>Courier</title>", f"<ul>{TEASERS}</ul>", ("listing", "a front page")),
        ("/tag/ferries/", "<title>Ferries</title>", f"<ul>{TEASERS}</ul>", ("listing", "a list of other pages")),
        ("/sport", "<title>Sport</title>", f"<ul>{TEASERS}</ul>", ("listing", "mostly links to other pages")),
        ("/topics/pier", OG_ARTICLE, f"{TEXT}<ul>{TEASERS}</ul>", ("listing", "a list of other pages")),
        ("/a", ld(**{"@type": "VideoObject"}), "<p>The ferry leaves the island, filmed.</p>" * 2,
         ("video", "a player with a caption")),
        ("/a", ld(**{"@type": "Product"}), TEXT, ("product", "a product")),
        ("/product/tent", "", TEXT, ("product", "a product")),
        ("/forum/ferries", "", TEXT, ("forum", "a forum's thread")),
        ("/a", '<meta name="generator" content="MkDocs 1.6">', TEXT, ("document", "documentation")),
        ("/privacy-policy", "", TEXT, ("document", "about the site")),
        ("/a", "", "<p>Hi.</p>", ("empty", "hardly any text on the page")),
    ],
)  # fmt: skip
def test_what_is_no_article_says_why(
    path: str, head: str, body: str, wanted: tuple[str, str]
) -> None:
    assert verdict(path, head, body) == wanted


def test_a_page_that_no_rule_knows_is_judged_by_its_signs() -> None:
    """Nothing in the address or the data says it: prices, buttons, and links of one wording do."""
    tents = "".join(
        f'<div class=card><h3><a href="/x/{n}">Tent {n}</a></h3><span>€ {n}9.00</span>'
        f'<a href="/x/{n}">Learn more</a></div>'
        for n in range(40)
    )
    head = '<title>Tents</title><meta property="og:type" content="website">'
    kind, reason = verdict(
        "/outdoor",
        head,
        f"<h1>Tents</h1><p>Our tents keep the rain out, whatever it does.</p>{tents}",
    )
    assert (kind, reason) == ("listing", "mostly links to other pages")


def test_people_who_are_quoted_and_readers_who_may_comment_tell_an_article() -> None:
    said = "The {0}ferry{1} left at noon, the harbour master said, and {0}nobody{1} was sorry to see it go. "
    call = "<p><a href=/x>Learn more</a></p><p><a href=/y>Contact us</a></p>"
    plain, quoted = (
        f"<h1>Ferries</h1><p>{said.format(*marks) * 3}</p>{call}" for marks in (("", ""), "“”")
    )
    assert verdict("/services/ferries", "", plain)[0] != "article"
    assert verdict("/services/ferries", "", f"{quoted}<div id=comments></div>") == ("article", None)


def test_signs_do_not_outweigh_what_calls_itself_an_article() -> None:
    prices = "".join(f"<li>€ {n}9.00</li>" for n in range(40))
    assert verdict(
        "/outdoor", OG_ARTICLE + DATE, f"<h1>Tents, tried</h1>{LONG}<ul>{prices}</ul>"
    ) == ("article", None)


def test_short_news_beside_a_form_to_log_in_is_news() -> None:
    page = f"<h1>Ferry leaves at noon</h1><p>{TEXT[3:150]}</p><input type=password>"
    assert verdict("/a", DATE, page) == ("article", None)


def test_no_sign_weighs_against_its_meaning() -> None:
    for sign, weight in page_type_features.page_type_weights().items():
        if sign.startswith(tuple(page_type_features.KINDS_OF_OTHER_PAGES)):
            assert weight < 0, sign
        if sign.startswith(("article", "dated", "author", "prose")):
            assert weight > 0, sign


def test_news_with_offers_in_it_stays_news() -> None:
    assert verdict("/a", DATE, TEXT + "<button>Add to cart</button>") == ("article", None)


def test_a_host_may_say_what_its_pages_are() -> None:
    assert verdict("/a", "", TEXT, host="forum.courier.example") == ("forum", "a forum's thread")
    assert verdict("/news/a", "", TEXT, host="forum.courier.example") == ("article", None)
