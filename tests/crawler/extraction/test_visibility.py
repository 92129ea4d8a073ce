"""What a reader cannot see is not read, unless it is the article."""

from __future__ import annotations

import pytest

from archive.records import Article, Capture
from crawler.extraction.extract import extract_article
from tests.lighthouse import PARAGRAPHS

MARKED = [f"<p>{text}</p>" for text in PARAGRAPHS]
BODY = "".join(MARKED)
SECRET = "<p>Whoever subscribes to the Log by Friday may read all that it has printed since 1871, on paper or glass.</p>"
TERMS = "".join(
    f"<p>Clause {number}: whoever reads the Log agrees that it may change these terms at any time, and that whoever "
    f"reads on has accepted the terms as they were changed, as far as the law allows it.</p>"
    for number in range(1, 16)
)
HIDING = {
    "the attribute": "hidden",
    "the attribute with a value": 'hidden="true"',
    "aria-hidden": 'aria-hidden="true"',
    "display": 'style="color: red; display:none"',
    "display, important": 'style="DISPLAY : none !important"',
    "visibility": 'style="visibility: hidden"',
    "a place off the screen": 'style="position:absolute;left:-9999px"',
    "a clip": 'style="position:absolute;clip:rect(0 0 0 0)"',
    "sr-only": 'class="link__note sr-only"',
    "WordPress": 'class="screen-reader-text"',
    "GOV.UK": 'class="govuk-visually-hidden"',
    "a module's class": 'class="styles_visuallyHidden__x1y2"',
    "Drupal": 'class="element-invisible"',
    "assistive": 'class="assistive-text"',
    "a popover": "popover",
    "no height": 'style="overflow:hidden;max-height:0"',
    "Bootstrap": 'class="note d-none"',
    "Tailwind": 'class="note hidden"',
}
SHOWN_ON_SOME_SCREENS = {
    "Bootstrap": 'class="d-none d-md-block"',
    "Tailwind": 'class="hidden lg:block"',
    "a word of a name": 'class="hidden-gems"',
}


def article_of(body: str, above: str = "", below: str = "", head: str = "") -> Article:
    page = (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Lamp to move to the northern cape - Fennmouth "
        f"Log</title>{head}</head><body>{above}<header><a href=/>Fennmouth Log</a></header><main><article><h1>Lamp to "
        f"move to the northern cape</h1>{body}</article></main>{below}<footer>© Fennmouth Log</footer></body></html>"
    )
    return extract_article(
        Capture(url="https://fennmouthlog.example/news/lamp", body=page.encode())
    )


def lines(body: str, above: str = "", below: str = "", head: str = "") -> list[str]:
    return article_of(body, above, below, head).text.split("\n")


@pytest.mark.parametrize("how", HIDING.values(), ids=HIDING)
def test_a_hidden_paragraph_is_no_text(how: str):
    assert lines(BODY.replace("<p>Around", f"<div {how}>{SECRET}</div><p>Around")) == list(
        PARAGRAPHS
    )


@pytest.mark.parametrize("how", HIDING.values(), ids=HIDING)
def test_hidden_words_leave_their_sentence_whole(how: str):
    assert lines(
        BODY.replace(" told", f"<span {how}> (opens in a small window)</span> told")
    ) == list(PARAGRAPHS)


CALLED_HIDDEN = """
sr-only sronly only-sr for-sr sr-text visually-hidden VisuallyHidden vis-hidden hidden-visually screen-reader-text
for-screenreaders offscreen off-screen assistive element-invisible a11y-only A11y-Text accessibility-hide
accessible-hidden hidden-accessible modal popup pop-up mfp-hide remodal reveal-modal lightbox cookie-notice Cookie_Bar
cookiebot cookieyes consent-manager privacy-banner gdpr-box ccpa-notice cmp-container tcf-ui eu-cookie-wrapper
onetrust-pc didomi-host usercentrics-root borlabs-cookie cmplz-body klaro iubenda-cs-box qc-cmp2-ui sp_message_id
fc-consent-root tarteaucitronRoot axeptio_overlay cky-consent-bar cc-window moove_gdpr_popup truste_box osano-cm-dialog
"""


@pytest.mark.parametrize("name", CALLED_HIDDEN.split())
def test_a_box_that_is_called_so_is_no_text(name: str):
    assert lines(BODY.replace("<p>Around", f"<div class={name}>{SECRET}</div><p>Around")) == list(
        PARAGRAPHS
    )


BOXES = {
    "hidden": ("<div hidden>", "</div>"),
    "not displayed": ('<div class="terms" style="display: none">', "</div>"),
    "invisible": ('<section style="visibility:hidden">', "</section>"),
    "hidden from screen readers": ('<div aria-hidden="true">', "</div>"),
    "a dialog": ("<dialog>", "</dialog>"),
    "an open dialog": ("<dialog open>", "</dialog>"),
    "of the role dialog": ('<div role="dialog" aria-modal="true">', "</div>"),
    "of the role alertdialog": ('<div role="alertdialog">', "</div>"),
    "a modal": ('<div class="modal fade">', "</div>"),
    "a cookie banner": ('<div id="cookie-banner">', "</div>"),
    "a manager of consent": ('<div id="onetrust-consent-sdk">', "</div>"),
    "a template": ("<template>", "</template>"),
}


@pytest.mark.parametrize("place", ["above", "below", "within"])
@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_terms_that_are_longer_than_the_article_do_not_take_its_place(
    box: tuple[str, str], place: str
):
    terms = f"{box[0]}<h2>Terms of use</h2>{TERMS}{box[1]}"
    found = lines(BODY + terms) if place == "within" else lines(BODY, **{place: terms})
    assert found == list(PARAGRAPHS)


SHOWN = {
    "the whole text, until a script shows it": f'<div class="story" style="display:none">{BODY}</div>',
    "a hidden box in a hidden box": f'<div hidden><div style="display:none">{BODY}</div></div>',
    "each of its paragraphs": BODY.replace("<p>", '<p style="visibility:hidden">'),
    "what lies behind a paywall": MARKED[0]
    + f'<div class="rest" hidden>{"".join(MARKED[1:])}</div>',
    "some paragraphs of it": "".join(MARKED[:4])
    + "".join(MARKED[4:]).replace("<p>", '<p class="paywall" aria-hidden="true">'),
    "a text in a dialog, where there is no other": f'<div role="dialog">{BODY}</div>',
    "a text in an open dialog element": f"<dialog open>{BODY}</dialog>",
    "what a search in the page finds": MARKED[0]
    + f'<div hidden="until-found">{"".join(MARKED[1:])}</div>',
    "a text in a template, where there is no other": f"<template>{BODY}</template>",
    "a template that is shown as it stands": f"<x-story><template shadowrootmode=open>{BODY}</template></x-story>",
    "what a class shows all the same": BODY.replace(
        "<p>Around", '<p class="sr-only not-sr-only">Around'
    ),
    "a drop cap": BODY.replace("<p>The", '<p><span aria-hidden="true">T</span>he', 1),
    "a drop cap beside its word": BODY.replace(
        "<p>The", '<p><span class="sr-only">The</span><span aria-hidden="true"><b>T</b>he</span>', 1
    ),
}


@pytest.mark.parametrize("body", SHOWN.values(), ids=SHOWN)
def test_what_is_the_article_is_read_though_it_is_hidden(body: str):
    assert lines(body) == list(PARAGRAPHS)


def test_a_page_that_is_hidden_as_a_whole_until_it_is_loaded_is_read():
    page = f"<html><body><div style='visibility:hidden'><main><h1>Lamp to move</h1>{BODY}</main></div></body></html>"
    found = extract_article(
        Capture(url="https://fennmouthlog.example/news/lamp", body=page.encode())
    )
    assert found.text.split("\n") == list(PARAGRAPHS)


def test_hidden_paragraphs_that_the_data_of_the_page_have_are_the_articles():
    said = " ".join(PARAGRAPHS)
    data = f'<script type="application/ld+json">{{"@type": "NewsArticle", "articleBody": "{said}"}}</script>'
    body = "".join(MARKED[:4]) + f"<div class=x hidden>{''.join(MARKED[4:])}</div>"
    assert lines(body, head=data) == list(PARAGRAPHS)


def test_what_readers_can_open_is_read():
    body = f"<details><summary>The vote</summary>{MARKED[0]}</details>" + "".join(MARKED[1:])
    assert set(PARAGRAPHS) <= set(lines(body))


PANELS = {
    "a heading that says which panel it controls": '<a aria-controls="p{n}">Part</a><div id="p{n}" {hidden}>',
    "a heading with a button": '<h3><button aria-expanded="false">Part</button></h3><div {hidden}>',
    "an accordion's class": '<h3>Part</h3><div class="accordion-body" {hidden}>',
    "tabs": '<h3>Part</h3><div role="tabpanel" {hidden}>',
}


@pytest.mark.parametrize("hidden", ['style="display:none"', "hidden", 'aria-hidden="true"'])
@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_panels_that_a_click_opens_are_read(panel: str, hidden: str):
    parts = (
        f"<section>{panel.format(n=n, hidden=hidden)}{text}</div></section>"
        for n, text in enumerate(MARKED[3:])
    )
    assert set(PARAGRAPHS) <= set(lines("".join(MARKED[:3]) + "".join(parts)))


@pytest.mark.parametrize("box", ["nav", "aside", "footer", "form"])
def test_a_panel_beside_the_article_stays_hidden(box: str):
    panel = PANELS["a heading that says which panel it controls"].format(n=1, hidden="hidden")
    assert lines(BODY, below=f"<{box}>{panel}{SECRET}</div></{box}>") == list(PARAGRAPHS)


def test_an_author_and_a_date_that_only_machines_read_are_read():
    said = (
        '<div class="vcard author" style="display:none"><a rel="author" href="/hale">Tom Hale</a></div>'
        '<time class="screen-reader-text" datetime="2031-03-12T08:30:00+01:00">12 March 2031, 8:30</time>'
    )
    found = article_of(said + BODY)
    assert found.authors == ("Tom Hale",)
    assert (found.published_at or "").startswith("2031-03-12")


def test_a_headline_has_no_words_for_screen_readers():
    page = f'<html><body><article><h1>Lamp to move<span class="sr-only"> (video)</span></h1>{BODY}</article></body></html>'
    assert (
        extract_article(
            Capture(url="https://fennmouthlog.example/lamp", body=page.encode())
        ).headline
        == "Lamp to move"
    )


def test_a_hidden_note_on_a_picture_is_not_the_article_of_the_box_that_it_is_alone_in():
    rights = f'<div style="display:none">{SECRET}{SECRET}</div>'
    note = f'<dl><dt>The lamp <em>(Photo: <a href="#">Fenn</a>{rights})</em></dt></dl>'
    page = f"<html><body><h1>Lamp to move</h1><div class=text>{note}{BODY}</div></body></html>"
    found = extract_article(
        Capture(url="https://fennmouthlog.example/news/lamp", body=page.encode())
    )
    assert "subscribes" not in found.text
    assert set(PARAGRAPHS) <= set(found.text.split("\n"))


@pytest.mark.parametrize("kind", SHOWN_ON_SOME_SCREENS)
def test_a_paragraph_that_some_screens_show_is_read(kind: str):
    extra = (
        "The county has paid for the road to the cape, and the pilots will pay for the new lamp."
    )
    body = BODY.replace(MARKED[2], f"<p {SHOWN_ON_SOME_SCREENS[kind]}>{extra}</p>{MARKED[2]}")
    assert extra in lines(body)


def test_an_article_in_a_box_with_a_hiding_class_is_read():
    assert lines(f'<div class="hidden">{BODY}</div>') == list(PARAGRAPHS)


QUESTIONS = ("When will the lamp be moved?", "Who pays for it all?", "Why is it moved?")


@pytest.mark.parametrize(
    "mark_up",
    [
        "<h3><button aria-expanded=false>{}</button></h3><div><p>{}</p></div>",
        "<div class=item><button class=accordion-button>{}</button><div class=accordion-body><p>{}</p></div></div>",
    ],
)
def test_questions_on_buttons_that_unfold_their_answers_are_read(mark_up: str):
    panels = "".join(mark_up.format(*each) for each in zip(QUESTIONS, PARAGRAPHS[3:], strict=True))
    found = lines("".join(MARKED[:3]) + panels)
    assert [line for line in found if line in QUESTIONS] == list(QUESTIONS)
    assert [line for line in found if line in PARAGRAPHS] == list(PARAGRAPHS)
