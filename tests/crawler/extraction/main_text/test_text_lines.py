"""Which lines of a page are its article's: strays among paragraphs, other articles, counters,
ledes, soft hyphens."""

from __future__ import annotations

import pytest
from lxml.html import document_fromstring

from archive.records import Article, Capture
from crawler.extraction.blocks import fold_text, text_blocks
from crawler.extraction.extract import extract_article
from crawler.extraction.main_text.stray_paragraphs import find_stray_paragraphs

HEADLINE = "Lighthouse of Skarvik gets its lamp back"
TEXT = (
    "The lighthouse of Skarvik has had its lamp back since Friday, after eleven years in a museum on the mainland.",
    "Four men and a crane needed the whole morning to lift the lens, which weighs as much as a small car, into place.",
    "“We have waited for this light longer than the museum has been open,” said Runa Aas, who keeps the island's shop.",
    "The county paid for the journey, and a foundation that nobody on the island had heard of paid for the new motor.",
    "Fishermen had asked for the light again and again, since the lamp that stood in for it could not be seen in fog.",
    "On the first evening some ninety people stood on the cliffs, and most of them stayed until the rain had begun.",
)
OTHER_HEADLINE = "School in Tveit starts an hour later"
OTHER = (
    "Pupils of the school in Tveit may sleep an hour longer from March on, as the buses will leave at eight o'clock.",
    "The council decided it on Monday with the votes of all parties but one, which called it the end of discipline.",
    "Teachers had collected figures for two winters, and the figures said that nobody learns fractions in the dark.",
)
BYLINE = '<p class="byline">By Torun Vik</p>'


def paragraphs(lines: tuple[str, ...] = TEXT) -> list[str]:
    return [f"<p>{line}</p>" for line in lines]


def page(
    body: str,
    head: str = "",
    around: str = "<main><article>{}</article></main>",
    h1: str = HEADLINE,
) -> str:
    article = around.format(f"<h1>{h1}</h1>{BYLINE}{body}" if h1 else body)
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{HEADLINE} - The Skarvik Post</title>{head}"
        f"</head><body><header><nav><ul><li><a href=/a>Island</a></li><li><a href=/b>Mainland</a></li></ul></nav>"
        f"</header>{article}<footer><p>© 2025 The Skarvik Post</p></footer></body></html>"
    )


def read(html: str) -> Article:
    url = "https://post.example/island/lighthouse-lamp"
    return extract_article(Capture(url=url, body=html.encode(), fetched_at="2025-11-06T00:00:00Z"))


def lines(html: str) -> list[str]:
    return read(html).text.split("\n")


# -- paragraphs among paragraphs


@pytest.mark.parametrize("at", range(len(TEXT)), ids=lambda at: f"paragraph {at}")
@pytest.mark.parametrize(
    "tag", ["div", "section", "center", "fieldset", "x-paragraph", "div class=x7f3"]
)
def test_a_paragraph_in_another_element_among_paragraphs_is_kept(tag: str, at: int):
    body = paragraphs()
    body[at] = f"<{tag}>{TEXT[at]}</{tag.partition(' ')[0]}>"
    assert lines(page("".join(body))) == list(TEXT)


@pytest.mark.parametrize("strays", [(1, 2), (1, 3), (0, 5), (2, 3, 4)], ids=str)
def test_several_paragraphs_in_other_elements_are_kept(strays: tuple[int, ...]):
    body = paragraphs()
    for at in strays:
        body[at] = f"<div>{TEXT[at]}</div>"
    assert lines(page("".join(body))) == list(TEXT)


@pytest.mark.parametrize(
    "stray",
    [
        "<div><div>{}</div></div>",
        "<section><p>{}</p></section>",
        '<div><img src="/lens.jpg">{}</div>',
        "<div>{}<button>Zoom</button></div>",
        '<div id="p4"><span>{}</span></div>',
        '<div data-x="1"><b>{}</b></div>',
    ],
)
def test_a_stray_paragraph_is_kept_however_it_is_boxed(stray: str):
    body = paragraphs()
    body[3] = stray.format(TEXT[3])
    assert lines(page("".join(body))) == list(TEXT)


@pytest.mark.parametrize(
    "box",
    [
        '<div class="caption">The lens of the lighthouse on its way to the island, seen from the harbour wall.</div>',
        '<div class="newsletter-box">Get the news of the island every morning at six, before the ferry leaves.</div>',
        '<div class="related">What became of the keeper of the lighthouse, and of his three cats and his boat.</div>',
        "<aside>Nobody has kept the light by hand since 1987, when the last keeper moved to the mainland.</aside>",
        "<div>Sign up for our letter, and you will never again miss what happens on the islands.</div>",
        "<div>© 2025 The Skarvik Post. All rights reserved, also for texts that were sent in by readers.</div>",
        '<div class="author-bio">Torun Vik has written about the coast for twenty years, from a boathouse.</div>',
    ],
)
def test_boxes_among_paragraphs_that_are_no_paragraphs_stay_out(box: str):
    body = paragraphs()
    body.insert(3, box)
    assert lines(page("".join(body))) == list(TEXT)


def stray(box: str, times: int = 1) -> list[str]:
    """What of a box is taken as a paragraph that stands among a text's, where the signs are in
    doubt of it."""
    body = paragraphs()
    html = "".join(line + box * (at < times) for at, line in enumerate(body))
    found = text_blocks(document_fromstring(f"<html><body><article>{html}</article></body></html>"))
    text = {fold_text(line) for line in TEXT}
    return [
        block.text
        for block in find_stray_paragraphs(found, text, dict.fromkeys(range(len(found)), -0.5))
    ]


def test_a_stray_paragraph_is_taken_once():
    told = "Nobody on the island had thought that the lens would ever come back over the water."
    assert stray(f"<div>{told}</div>") == [told]
    assert stray(f"<div>{told}</div>", times=3) == []


@pytest.mark.parametrize(
    "box",
    [
        "<div>Never miss the news of the islands by reading our newsletter every day.</div>",
        "<div>(A click on the picture shows the lens in all its beauty, and larger.)</div>",
        "<div>=vm?=mj?=b#isfgµ#iuuqt;00xxx/qptu/fybnqmf0jtmboe0mjhiuipvtf/iunm#ujumfµ##?Uif mbnq.</div>",
        "<div><h3>Know more</h3><div>Our letter brings you all news of the coast in two minutes.</div>"
        "<a href=/letter>Order it free of charge</a></div>",
        "<figure><p>The lens of the lighthouse on its way to the island, seen from the harbour wall.</p></figure>",
        "<div>The lens on its way to the island, seen from the wall</div>",
        "<div>© The Skarvik Post. The lens on its way to the island, seen from the harbour wall.</div>",
        "<div style='display:none'>The lens came on its way to the island, seen from the harbour wall.</div>",
    ],
)
def test_offers_remarks_captions_and_scrambled_texts_are_no_stray_paragraphs(box: str):
    assert stray(box) == []


def test_a_reference_with_a_doi_below_the_text_is_kept():
    cited = "R. Aas et al. On lamps and their return, Journal of Island Studies (2025). DOI: 10.9999/jis.2025.11"
    found = lines(
        page(
            "".join(paragraphs())
            + f'<div class="article__more"><b>More information:</b> {cited}</div>'
        )
    )
    assert found == [*TEXT, f"More information: {cited}"]


def test_a_line_taken_for_foreign_stays_if_it_is_a_paragraph_among_paragraphs():
    body = paragraphs()
    body[1], body[3] = f"<div>{TEXT[1]}</div>", f"<div>{TEXT[3]}</div>"
    assert read(page("".join(body))).text == "\n".join(TEXT)


# -- other articles of an endless page


def other(
    tag: str = "article", attributes: str = "", byline: str = '<p class="byline">By Odd Lie</p>'
) -> str:
    return (
        f"<{tag} {attributes}><h1>{OTHER_HEADLINE}</h1>{byline}{''.join(paragraphs(OTHER))}</{tag}>"
    )


def test_the_next_articles_of_an_endless_page_are_not_this_ones_text():
    first = f"<article><h1>{HEADLINE}</h1>{BYLINE}{''.join(paragraphs())}</article>"
    assert lines(page(first + other() + other(), around="<main>{}</main>", h1="")) == list(TEXT)


def test_the_next_article_is_left_out_if_it_is_longer_than_this_one():
    first = f"<article><h1>{HEADLINE}</h1>{BYLINE}{''.join(paragraphs(TEXT[:3]))}</article>"
    long = other().replace(
        "</article>", "".join(paragraphs(OTHER)).replace("Tveit", "Sund") * 4 + "</article>"
    )
    assert lines(page(first + long, around="<main>{}</main>", h1="")) == list(TEXT[:3])


def test_next_articles_in_boxes_with_an_address_of_their_own_are_left_out():
    own = 'class="story" data-url="/island/lighthouse-lamp"'
    first = f"<div {own}><h1>{HEADLINE}</h1>{BYLINE}{''.join(paragraphs())}</div>"
    rest = other("div", 'class="story" data-url="/schools/later"', "")
    assert lines(page(first + rest, around="<main>{}</main>", h1="")) == list(TEXT)


def test_a_next_article_below_a_heading_of_the_same_class_is_left_out():
    first = (
        f'<article class=s><h2 class="hl">{HEADLINE}</h2>{BYLINE}{"".join(paragraphs())}</article>'
    )
    rest = other(attributes="class=s").replace("<h1>", '<h2 class="hl">').replace("</h1>", "</h2>")
    assert lines(page(first + rest, around="<main>{}</main>", h1="")) == list(TEXT)


def test_a_teaser_with_the_pages_headline_does_not_make_the_text_another_articles():
    teaser = (
        f"<ul><li><a href=/x><article><h1>{HEADLINE}</h1><p>{TEXT[0]}</p></article></a></li></ul>"
    )
    whole = f"<article><h1>{HEADLINE}</h1>{BYLINE}{''.join(paragraphs())}</article>"
    assert lines(page(teaser + whole, around="<main>{}</main>", h1="")) == list(TEXT)


def test_a_blogs_name_above_its_post_does_not_make_the_post_another_articles():
    top = "<div class=widget><h1>The blog of the Skarvik Post and its readers</h1></div>"
    post = f"<div class=widget><h1>{HEADLINE}</h1><p class=byline>By Torun Vik</p>{''.join(paragraphs())}</div>"
    assert lines(page(top + post, around="<main>{}</main>", h1="")) == list(TEXT)


@pytest.mark.parametrize("tag", ["article", "section", "div class=part"])
def test_an_article_in_several_elements_keeps_all_its_paragraphs(tag: str):
    parts = "".join(f"<{tag}>{line}</{tag.partition(' ')[0]}>" for line in paragraphs())
    assert lines(page(parts, around="<main>{}</main>")) == list(TEXT)


@pytest.mark.parametrize("heading", ["h1", "h2", "h3"])
def test_sections_with_headings_of_their_own_stay(heading: str):
    parts = [
        f"<section><{heading}>What happened on day {at}</{heading}>{line}</section>"
        for at, line in enumerate(paragraphs())
    ]
    found = lines(page("".join(parts)))
    assert [line for line in found if not line.startswith("What happened")] == list(TEXT)


@pytest.mark.parametrize("heading", ["h1", "h2"])
def test_the_entries_of_a_live_report_stay(heading: str):
    entries = "".join(
        f'<article class="entry"><{heading}>Report number {at} of the day</{heading}>'
        f"<time datetime=2025-11-05T1{at}:00Z>1{at}:00</time>{line}</article>"
        for at, line in enumerate(paragraphs())
    )
    found = lines(page(entries, around="<main>{}</main>"))
    assert [line for line in found if not line.startswith("Report number")] == list(TEXT)


# -- lines that change by themselves


@pytest.mark.parametrize(
    "line",
    [
        "Updated 5 minutes ago",
        "Vor 3 Stunden aktualisiert",
        "12 comments · 1,204 views",
        "Reading time: 4 minutes",
        "This story has been read 1,204 times.",
        "Advertisement: Lamps of all sizes at half the price, only this week at Holm's in Tveit.",
        "Skarvik, <time datetime=2025-11-05T09:00>5 November</time>, 09:00 — last changed 2 hours ago",
    ],
)
@pytest.mark.parametrize("at", [0, 3, 6])
def test_counters_and_relative_times_are_no_text(line: str, at: int):
    body = paragraphs()
    body.insert(at, f"<p>{line}</p>")
    assert lines(page("".join(body))) == list(TEXT)


@pytest.mark.parametrize(
    "line",
    ["SKRV 12.40 +1.2 %", "Weather in Skarvik now: 7 degrees, light rain, wind from the west"],
)
def test_a_price_or_the_weather_at_the_end_is_no_text(line: str):
    assert lines(page("".join([*paragraphs(), f"<p>{line}</p>"]))) == list(TEXT)


def test_prose_that_tells_of_counts_stays():
    told = "The video of the lamp was viewed 1.2 million times before the islanders had slept a single night."
    assert told in lines(page("".join([*paragraphs(), f"<p>{told}</p>"])))


# -- ledes, empty pages, soft hyphens


@pytest.mark.parametrize(
    "header",
    [
        '<header class="article-header"><p class="lead">{}</p></header>',
        '<div class="intro"><p>{}</p></div>',
        "<header><p>{}</p></header>",
        '<div class="standfirst">{}</div>',
        "<hgroup><p>{}</p></hgroup>",
    ],
)
def test_a_lede_in_a_header_of_its_own_is_text_or_standfirst(header: str):
    rest = f'<div class="text">{"".join(paragraphs(TEXT[1:]))}</div>'
    html = page("", around=f"<h1>{HEADLINE}</h1>{BYLINE}{header.format(TEXT[0])}{rest}{{}}", h1="")
    article = read(html)
    assert TEXT[0] in (*article.text.split("\n"), article.standfirst)
    assert article.text.split("\n")[-5:] == list(TEXT[1:])


def test_a_caption_under_the_headline_is_no_standfirst():
    caption = "<figure><figcaption>The lens of the lighthouse, seen from the harbour wall on Friday.</figcaption></figure>"
    assert read(page(caption + "".join(paragraphs()))).standfirst is None


def test_a_page_whose_text_is_not_found_is_empty_and_no_article():
    article = read(page('<div id="app"></div>', head='<meta property="og:type" content="article">'))
    assert not article.text
    assert article.page_type != "article"


@pytest.mark.parametrize("mark", ["\xad", "&shy;", "&#173;", "&#xAD;"])
def test_a_headline_with_soft_hyphens_is_given_without_them_and_not_again_in_the_text(mark: str):
    shy = HEADLINE.replace("house", f"{mark}house")
    html = page("".join(paragraphs()), h1=shy, head=f'<meta property="og:title" content="{shy}">')
    article = read(html.replace(f"<title>{HEADLINE}", f"<title>{shy}"))
    assert (article.headline, article.text.split("\n")) == (HEADLINE, list(TEXT))
    assert "\xad" not in (article.page_title or "")


def test_soft_hyphens_within_the_text_are_left_out():
    body = [
        line.replace("house", "\xadhouse").replace("museum", "mu&shy;seum") for line in paragraphs()
    ]
    assert lines(page("".join(body))) == list(TEXT)
