"""Live blogs, galleries and videos are told from plain articles."""

from __future__ import annotations

import json

import pytest

from archive.records import Capture
from crawler.extraction.explain import explain_capture
from crawler.extraction.extract import extract_article

SENTENCE = "The ferry left the island at noon, and nobody on the quay was sorry to see it go."
TEXT = f"<p>{SENTENCE * 3}</p>" * 4
ENTRIES = "".join(
    f"<div><span>{hour}:05</span><h3>Ferry {hour} has left</h3><p>{SENTENCE} {hour}</p></div>"
    for hour in range(9, 15)
)
PICTURES = "".join(
    f"<figure><img src=/{n}.jpg><figcaption>Boat {n} in the harbour of the island, at noon on the"
    f" first day of the strike.</figcaption></figure>"
    for n in range(8)
)


def capture_of(path: str, head: str, body: str) -> Capture:
    markup = f"<html lang=en><head>{head}</head><body>{body}</body></html>"
    return Capture(
        url=f"https://courier.example{path}",
        body=markup.encode(),
        fetched_at="2024-05-01T00:00:00Z",
    )


def verdict(path: str, head: str, body: str) -> tuple[str, str | None]:
    article = extract_article(capture_of(path, head, body))
    return article.page_type, article.page_reason


def ld(kind: str, **more: object) -> str:
    thing = {"@type": kind, "headline": "Ferry strike"} | more
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


@pytest.mark.parametrize(
    ("path", "head", "body", "reason"),
    [
        ("/a", ld("LiveBlogPosting"), TEXT, "it calls itself a live blog"),
        (
            "/a",
            ld("NewsArticle") + ld("LiveBlogPosting"),
            TEXT * 3,
            "it calls itself a live blog",
        ),
        (
            "/a",
            "",
            f'<div itemscope itemtype="https://schema.org/LiveBlogPosting">{TEXT}</div>',
            "it calls itself a live blog",
        ),
        ("/news/live/ferry-strike", "", ENTRIES, "6 entries with a time"),
        ("/ferry-strike-live-updates-123", "", ENTRIES, "6 entries with a time"),
        ("/a", "<title>Live-Ticker: Ferry strike</title>", ENTRIES, "6 entries with a time"),
        ("/a", "<title>Ferry strike, minuto a minuto</title>", ENTRIES, "6 entries with a time"),
    ],
)
def test_a_live_blog_says_so_or_has_dated_entries_under_a_title_that_does(
    path: str, head: str, body: str, reason: str
) -> None:
    assert verdict(path, head, f"<h1>Ferry strike</h1>{body}") == ("liveblog", reason)


@pytest.mark.parametrize(
    ("path", "title", "body"),
    [
        ("/a", "Ferry strike", ENTRIES),  # a chronology
        ("/live/ferry-strike", "Ferry strike", TEXT),
        ("/a", "Where the ferrymen live", ENTRIES),
        ("/why-we-live-on-islands", "Ferry strike", ENTRIES),
    ],
)
def test_times_alone_or_a_name_alone_make_no_live_blog(path: str, title: str, body: str) -> None:
    head = f"<title>{title}</title>" + ld("NewsArticle")
    assert verdict(path, head, f"<h1>{title}</h1>{body}")[0] == "article"


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("/gallery/ferry-strike", ""),
        ("/fotostrecke/ferry-strike-123.html", ""),
        ("/news/photos/ferry-strike", ""),
        ("/news/ferry-strike-in-pictures", ""),
        ("/a", ld("ImageGallery")),
    ],
)
def test_pictures_with_captions_are_a_gallery(path: str, head: str) -> None:
    page = f"<h1>Ferry strike</h1><p>{SENTENCE}</p>{PICTURES}"
    assert verdict(path, head, page) == ("gallery", "8 pictures with captions")


def test_an_article_with_a_few_pictures_is_no_gallery() -> None:
    assert verdict("/a", "", f"<h1>Ferry strike</h1>{TEXT}{PICTURES}")[0] == "article"
    illustrated = f"<h1>Ferry strike</h1>{TEXT * 4}{PICTURES}"
    assert verdict("/a", ld("ImageGallery") + ld("NewsArticle"), illustrated)[0] == "article"
    few = f"<h1>Ferry strike</h1>{TEXT}<img src=/1.jpg>"
    assert verdict("/gallery/ferry-strike", ld("NewsArticle"), few)[0] == "article"


def test_a_video_page_may_call_itself_an_article_as_long_as_it_is_a_caption() -> None:
    head = ld("NewsArticle") + ld("VideoObject", name="Ferry strike")
    caption = f"<h1>Ferry strike</h1><p>{SENTENCE * 3}</p>"
    assert verdict("/video/ferry-strike", head, caption) == ("video", "a player with a caption")
    assert verdict("/video/ferry-strike", head, f"{caption}{TEXT}")[0] == "article"
    assert verdict("/news/ferry-strike", head, caption)[0] == "article"


def test_an_explanation_gives_the_type_with_its_reason() -> None:
    page = capture_of("/a", ld("LiveBlogPosting"), f"<h1>Ferry strike</h1>{TEXT}")
    (field,) = [each for each in explain_capture(page).fields if each.name == "page_type"]
    assert (field.value, field.said_by) == ("liveblog", ("it calls itself a live blog",))
