"""An article that a page's HTML has in its scripts alone is read from their state."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lxml.html import document_fromstring

from archive.records import Article, Capture
from crawler.extraction.embedded_state import article_in_state
from crawler.extraction.extract import extract_article
from tests.growth import assert_growth
from tests.lighthouse import PARAGRAPHS

HEADLINE = "Keepers of Fennmouth move the old lamp to the northern cape"
URL = "https://fennmouthlog.example/news/old-lamp-moves"
HTML = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
WHEN = "2025-11-05T10:00:00Z"
OTHERS = [
    {
        "title": f"School number {n} of the county starts an hour later",
        "slug": f"/news/school-{n}",
        "publishedAt": "2024-01-01T00:00:00Z",
        "author": {"name": "Per Lind"},
        "body": "Pupils of the school may sleep an hour longer from March on, as the buses leave later. "
        * 9,
    }
    for n in range(5)
]
SHELL = "<div id=root></div>"
SHELL_WITH_NOTES = (
    "<div id=root><p>You need to enable JavaScript to run this app.</p></div><footer><p>We use cookies to make this "
    "site better for you, and share some of what we learn with partners who advertise on it.</p><p>The Fennmouth Log "
    "is published by the Fennmouth Press Association, which is owned by its eleven hundred readers.</p></footer>"
)


def read(
    script: str, shell: str = SHELL, title: str = f"{HEADLINE} | The Fennmouth Log"
) -> Article:
    page = f"<!doctype html><html lang=en><head><title>{title}</title></head><body>{shell}{script}</body></html>"
    return extract_article(Capture(url=URL, body=page.encode(), fetched_at="2025-11-06T00:00:00Z"))


def data(value: Any) -> str:
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(value)}</script>'


def assigned(name: str, value: Any) -> str:
    return f"<script>window.{name} = {json.dumps(value)};</script>"


def story(body: Any, field: str = "body") -> dict[str, Any]:
    return {
        "id": 7,
        "title": HEADLINE,
        "publishedAt": WHEN,
        field: body,
        "author": {"name": "Torun Vik"},
        "section": {"name": "Sea"},
    }


def spans(text: str, **more: Any) -> list[dict[str, Any]]:
    """A paragraph in three pieces, the second in bold, as editors keep it."""
    pieces = (text[:12], text[12:30], text[30:])
    return [{"type": "text", "text": piece, **more} for piece in pieces]


PROSEMIRROR = {
    "type": "doc",
    "content": [{"type": "paragraph", "content": spans(text)} for text in PARAGRAPHS],
}
LEXICAL = {
    "root": {
        "type": "root",
        "children": [
            {"type": "paragraph", "children": spans(text, format=1)} for text in PARAGRAPHS
        ],
    }
}
PORTABLE_TEXT = [
    {
        "_type": "block",
        "style": "normal",
        "children": [{"_type": "span", "text": text[:9]}, {"_type": "span", "text": text[9:]}],
    }
    for text in PARAGRAPHS
]
CONTENTFUL = {
    "nodeType": "document",
    "content": [
        {
            "nodeType": "paragraph",
            "content": [
                {"nodeType": "text", "value": text[:9], "marks": []},
                {
                    "nodeType": "hyperlink",
                    "data": {"uri": "https://sea.example"},
                    "content": [{"nodeType": "text", "value": text[9:20]}],
                },
                {"nodeType": "text", "value": text[20:]},
            ],
        }
        for text in PARAGRAPHS
    ],
}
DRAFT = {"blocks": [{"key": "a", "text": text, "type": "unstyled"} for text in PARAGRAPHS]}
TREE_OF_HTML = {
    "type": "root",
    "children": [
        {
            "type": "element",
            "tagName": "p",
            "children": [
                {"type": "text", "value": text[:9]},
                {
                    "type": "element",
                    "tagName": "em",
                    "children": [{"type": "text", "value": text[9:20]}],
                },
                {"type": "text", "value": text[20:]},
            ],
        }
        for text in PARAGRAPHS
    ],
}
ARC = {
    "headlines": {"basic": HEADLINE},
    "display_date": WHEN,
    "credits": {"by": [{"name": "Torun Vik", "type": "author"}]},
    "content_elements": [
        {
            "type": "image",
            "caption": "The old tower, which will be a museum of herring and of fog signals.",
        },
        *({"type": "text", "content": text} for text in PARAGRAPHS),
        {
            "type": "interstitial_link",
            "content": "Read more: what the pilots of the mainland say of it all",
        },
    ],
}
APOLLO = {
    "ROOT_QUERY": {"article": {"__ref": "Article:7"}},
    "Article:7": {
        "__typename": "Article",
        "headline": HEADLINE,
        "published_at": WHEN,
        "authors": [{"__ref": "Person:1"}],
        "body": [{"__ref": f"Paragraph:{n}"} for n in range(len(PARAGRAPHS))],
    },
    "Person:1": {"__typename": "Person", "name": "Torun Vik"},
    **{
        f"Paragraph:{n}": {"__typename": "Paragraph", "text": text}
        for n, text in enumerate(PARAGRAPHS)
    },
}
NUXT_2 = (
    '<script>window.__NUXT__=(function(a,b,c,d){return {layout:"default",data:[{article:{title:a,body:b,'
    f'published_at:"{WHEN}",author:{{name:c}},free:d}}}}],error:null}}}}({json.dumps(HEADLINE)},'
    + json.dumps(HTML).replace("</", "<\\/")
    + ',"Torun Vik",!0));</script>'
)
NUXT_3 = [
    {"state": 1},
    {"story": 2},
    {"title": 3, "body": 4, "date": 5, "author": 6},
    HEADLINE,
    HTML,
    WHEN,
    "Torun Vik",
]
FLIGHT = (
    '0:["$","div",null,{"children":"$L1"}]\n'
    f"2:T{len(HTML.encode()):x},{HTML}"
    f'1:["$","$L9",null,{{"article":{json.dumps({**story("$2")})}}}]\n'
)


def flight_scripts() -> str:
    pieces = (FLIGHT[at : at + 150] for at in range(0, len(FLIGHT), 150))
    texts = (json.dumps(piece).replace("</", "<\\/") for piece in pieces)
    return "".join(f"<script>self.__next_f.push([1,{text}])</script>" for text in texts)


STATES = {
    "HTML": data({"props": {"pageProps": {"article": story(HTML), "latest": OTHERS}}}),
    "paragraphs": data({"props": {"story": story(list(PARAGRAPHS), "paragraphs"), "more": OTHERS}}),
    "plain text": data({"post": story("\n\n".join(PARAGRAPHS), "content"), "latest": OTHERS}),
    "ProseMirror": data(story(PROSEMIRROR, "content")),
    "Lexical": data(story(LEXICAL, "content")),
    "Portable Text": data(story(PORTABLE_TEXT)),
    "Contentful": data(story({"json": CONTENTFUL})),
    "Draft.js": data(story(DRAFT)),
    "a tree of HTML": data(story(TREE_OF_HTML)),
    "Arc": f"<script>Fusion.arcSite='log';Fusion.globalContent={json.dumps(ARC)};Fusion.x={{}}</script>",
    "Apollo": assigned("__APOLLO_STATE__", APOLLO),
    "Redux": assigned(
        "__PRELOADED_STATE__", {"articles": {"byId": {"7": story(HTML, "bodyHtml")}}}
    ),
    "a text of JSON": f"<script>window.__STATE__ = JSON.parse({json.dumps(json.dumps(story(list(PARAGRAPHS))))})</script>",
    "an answer kept as text": data({"status": 200, "body": json.dumps(story(list(PARAGRAPHS)))}),
    "Nuxt 2": NUXT_2,
    "Nuxt 3": f'<script type="application/json" id="__NUXT_DATA__">{json.dumps(NUXT_3)}</script>',
    "the stream of Next.js": flight_scripts(),
    "a date in milliseconds": data({**story(HTML), "publishedAt": 1762336800000}),
}


@pytest.mark.parametrize("shell", [SHELL, SHELL_WITH_NOTES], ids=["empty", "notes"])
@pytest.mark.parametrize("kind", STATES)
def test_an_article_in_the_state_of_scripts_is_read(kind: str, shell: str):
    article = read(STATES[kind], shell)
    assert article.text.split("\n") == list(PARAGRAPHS)
    assert (article.headline, article.published_at) == (HEADLINE, WHEN)
    assert (article.authors, article.page_type) == (("Torun Vik",), "article")


def test_other_articles_in_the_state_are_not_the_page_s():
    article = read(data({"latest": OTHERS, "menu": [{"title": "Sea", "url": "/sea"}]}))
    assert (article.text, article.page_type) == ("", "empty")


def test_a_teaser_with_the_page_s_headline_is_not_its_text():
    teaser = {"title": HEADLINE, "publishedAt": WHEN, "body": PARAGRAPHS[0]}
    assert read(data({"latest": [teaser]})).text == ""


def test_an_article_is_known_by_its_address_where_the_page_has_no_title_of_its_own():
    known = {**story(HTML), "title": "Old lamp moves", "url": URL}
    assert read(data(known), title="The Fennmouth Log").text.split("\n") == list(PARAGRAPHS)


def test_a_page_that_shows_its_article_is_not_read_from_its_scripts():
    state = data(
        story("<p>" + "Something that the page does not show at all, at some length. " * 40)
    )
    shown = f"<main><article><h1>{HEADLINE}</h1>{HTML * 2}</article></main>"
    assert "does not show" not in read(state, shown).text


@pytest.mark.parametrize(
    "script",
    [
        "<script>window.__STATE__ = {title: function () { return 1 }, " + "x" * 500 + "</script>",
        "<script>window.__NUXT__=(function(a,b){return {a:b}}(" + "'" * 501 + "))</script>",
        f'<script id="__NUXT_DATA__" type="application/json">[[1],{"[1]," * 200}0]</script>',
        '<script id="__NEXT_DATA__" type="application/json">' + "[" * 5000 + "</script>",
        '<script>self.__next_f.push([1,"2:Tfffffffff,x"])</script>',
        '<script>self.__next_f.push([1,"1:[\\"$\\",\\"p\\",null,\\"$1\\"]\\n"])</script>',
    ],
)
def test_a_state_that_is_no_plain_value_is_skipped(script: str):
    assert read(script).text == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "a={",
        "a=JSON.parse(",
        "a=function(){",
        "window.a.b=[",
        "a = '",
        '{"title":',
        "!0 void 0 ",
    ],
)
def test_reading_a_state_takes_time_in_proportion_to_the_scripts(piece: str):
    def find(times: int) -> None:
        page = document_fromstring("<html><body><script></script></body></html>")
        page.find(".//script").text = piece * times
        article_in_state(page, [HEADLINE], [URL])

    assert_growth(find, 1_000)
