"""A sentence is one line whatever elements stand in it; what stands between two sentences parts
them."""

from __future__ import annotations

import pytest
from lxml.html import Element

from archive.records import Capture
from crawler.extraction.blocks import Block
from crawler.extraction.extract import extract_article
from crawler.extraction.main_text.layout import split_lines_by_blocks
from tests.lighthouse import PARAGRAPHS

BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
BOXED = "".join(f"<div>{text}</div>" for text in PARAGRAPHS)


def lines(body: str) -> list[str]:
    page = (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Lamp to move to the northern cape</title></head>"
        "<body><header><a href=/>Fennmouth Log</a></header><main><article><h1>Lamp to move to the northern cape</h1>"
        f'<p class="byline">By Tom Hale</p>{body}</article></main></body></html>'
    )
    return extract_article(
        Capture(url="https://fennmouthlog.example/news/lamp", body=page.encode())
    ).text.split("\n")


AMID = (
    "time label output meter progress button slot q data dfn bdi cite mark small kbd samp var nobr ins font blink "
    "fl-person person o:p st1:place noindex"
)


@pytest.mark.parametrize("tag", AMID.split())
def test_the_words_of_an_element_stay_in_their_sentence(tag: str):
    for words in ("Ilse Brandt", "Around four", "May"):
        assert lines(BODY.replace(words, f"<{tag}>{words}</{tag}>")) == list(PARAGRAPHS)
    assert lines(BOXED.replace("Ilse Brandt", f"<{tag}>Ilse Brandt</{tag}>")) == list(PARAGRAPHS)


def test_several_times_in_a_sentence_stay_and_the_sentence_stands_once():
    said = BODY.replace("on Monday", 'on <time datetime="2031-03-10">Monday</time>')
    said = said.replace("first of May", '<time datetime="2031-05-01">first of <b>May</b></time>')
    assert lines(said) == list(PARAGRAPHS)


def test_a_formula_is_read_as_it_is_drawn():
    formula = "<math><mi>n</mi><mo>=</mo><mn>90</mn><annotation>n = 90</annotation></math>"
    assert lines(BODY.replace("ninety", formula)) == [
        text.replace("ninety", "n=90") for text in PARAGRAPHS
    ]


VOID = {
    "a picture": "<img src=/x.png>",
    "a picture of several sizes": "<picture><source srcset=/y.png><img src=/x.png></picture>",
    "a linked picture": "<a href=/x><img src=/x.png></a>",
    "a field": "<input type=checkbox>",
    "a drawing": "<svg><title>sign</title><path d=M0 /></svg>",
    "a frame": "<iframe src=/x></iframe>",
    "a player": "<audio src=/x>No player here</audio>",
    "an object": "<object data=/x></object>",
    "an embedded thing": "<embed src=/x>",
    "data for machines": '<meta itemprop=x content=y><link itemprop=z href="/z">',
    "a place to break": "<wbr>",
    "a script": "<script>x()</script>",
    "an element of the outlet": "<amp-img src=/x.png></amp-img>",
    "choices": "<select><option>A</option></select>",
}


@pytest.mark.parametrize("thing", VOID.values(), ids=VOID)
def test_what_has_no_words_does_not_part_a_sentence(thing: str):
    assert lines(BODY.replace("Ilse Brandt", f"Ilse {thing} Brandt")) == list(PARAGRAPHS)
    assert lines(BOXED.replace("told the", f"told {thing} the")) == list(PARAGRAPHS)


BETWEEN = {
    "a figure": "<figure><img src=/a.jpg></figure>",
    "a figure with a caption": "<figure><img src=/a.jpg><figcaption>The cape. Photo: Log</figcaption></figure>",
    "an advertisement": "<div class=ad>Advertisement</div>",
    "the frame of an advertisement": "<div class=ad><div><iframe src=/x></iframe></div></div>",
    "an advertisement's place": "<ins class=adsbygoogle></ins>",
    "a box beside the text": "<aside><p>Read also: <a href=/x>Storm delays barges again</a></p></aside>",
    "a menu": "<nav><a href=/>Home</a></nav>",
    "a form": "<form><input type=email><button>Subscribe</button></form>",
    "an empty paragraph": "<p></p>",
    "several empty paragraphs": "<p></p><p></p><p> </p>",
    "a blank paragraph": "<p>&nbsp;</p>",
    "a paragraph with a picture": "<p><img src=/a.jpg></p>",
    "a player": "<video src=/x></video>",
    "a frame": "<iframe src=/x></iframe>",
    "an object": "<object data=/x></object>",
    "a picture": "<img src=/a.jpg>",
    "a linked picture": "<a href=/x><img src=/a.jpg></a>",
    "a script": "<script>x()</script>",
    "a button": "<button>Share</button>",
    "an empty box": "<div></div>",
    "an empty span": "<span class=ad></span>",
    "a list of links": "<ul><li><a href=/a>Storm delays the barges again</a></li></ul>",
    "a hidden box": "<div hidden>Nobody reads this</div>",
    "a dialog": "<dialog>Nobody reads this</dialog>",
    "an element of the outlet": "<amp-ad></amp-ad>",
    "a template": "<template><p>x</p></template>",
    "an unscripted picture": "<noscript><img src=/x></noscript>",
}


@pytest.mark.parametrize("thing", BETWEEN.values(), ids=BETWEEN)
def test_what_stands_between_bare_sentences_leaves_a_break_and_nothing_after_it_is_lost(thing: str):
    a, b, c, d, e, f = PARAGRAPHS
    assert lines(f"<div class=body>{thing.join(PARAGRAPHS)}</div>") == list(PARAGRAPHS)
    assert lines(
        f"<div class=body>{a}<br><br>{b}{thing}{c}<br><br>{d}{thing}{e}<br><br>{f}</div>"
    ) == list(PARAGRAPHS)


def test_bare_text_behind_a_section_or_a_box_is_not_lost():
    for box in (
        "<section class=promo><h4>More</h4><a href=/x>Storm delays barges</a></section>",
        "<div>Box</div>",
    ):
        found = lines(
            f"<div class=body>{PARAGRAPHS[0]}<br><br>{PARAGRAPHS[1]}{box}{'<br><br>'.join(PARAGRAPHS[2:])}</div>"
        )
        assert set(PARAGRAPHS) <= set(found)


@pytest.mark.parametrize(
    "tag", ["aside", "footer", "nav", "menu", "dialog", "figure", "fieldset", "form"]
)
def test_a_body_in_an_element_that_stands_beside_texts_is_read_where_there_is_no_other(tag: str):
    assert lines(f"<{tag}>{BODY}</{tag}>") == list(PARAGRAPHS)
    assert lines("".join(f"<{tag}><p>{text}</p></{tag}>" for text in PARAGRAPHS)) == list(
        PARAGRAPHS
    )


def test_a_line_that_was_glued_of_several_blocks_is_parted_what_was_dropped_between_them_passed_over():
    blocks = [
        Block(text, 0, Element("div"))
        for text in ("The vote came.", "Advertisement", "Nobody spoke.", "So it was.")
    ]
    glued = "The vote came.Nobody spoke. So it was."
    assert split_lines_by_blocks(glued, blocks) == "The vote came.\nNobody spoke.\nSo it was."


def test_a_drop_cap_in_a_box_of_its_own_is_not_parted_from_its_word():
    blocks = [Block("T", 0, Element("div")), Block("he vote came.", 0, Element("p"))]
    assert split_lines_by_blocks("The vote came.", blocks) == "The vote came."


def test_sentences_that_only_a_style_sheet_parts_have_a_space_between_them():
    a, b, *rest = PARAGRAPHS
    for glued in (
        f"<span>{a}</span><span>{b}</span>",
        f"<b>{a}</b>{b}",
        f"{a}<span class=more>{b}</span>",
    ):
        assert lines(f"<p>{glued}</p>" + "".join(f"<p>{text}</p>" for text in rest)) == [
            f"{a} {b}",
            *rest,
        ]


def test_names_with_dots_are_not_parted():
    said = BODY.replace("Fennmouth", "the <b>U.S.</b>A and Table.<b>Briefings</b>")
    assert "the U.S.A and" in lines(said)[0]
