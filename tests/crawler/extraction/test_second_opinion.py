"""A text that is not the page's article is noticed, and the page is read again another way."""

from __future__ import annotations

import pytest

from archive.records import Capture
from crawler.extraction import extract
from crawler.extraction.blocks import text_blocks
from crawler.extraction.explain import explain_capture
from crawler.extraction.extract import read_capture
from crawler.extraction.html_tree import parse_page
from crawler.extraction.main_text.dense_run import find_dense_run
from crawler.extraction.second_opinion import doubt_about_text, text_agreement
from tests.growth import assert_growth
from tests.lighthouse import PARAGRAPHS

HEADLINE = "Keepers of Fennmouth move the old lamp to the northern cape"
BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
MENU = "".join(f"<li><a href=/s{n}>Section number {n}</a></li>" for n in range(12))


def capture_of(body: str, head: str = "") -> Capture:
    page = f"<!doctype html><html lang=en><head><title>{HEADLINE}</title>{head}</head><body>{body}</body></html>"
    return Capture(url="https://fennmouthlog.example/news/lamp", body=page.encode())


def read_as(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    """Let the first reading of a page find only the given text."""
    monkeypatch.setattr(extract, "trafilatura_text", lambda _: found)
    monkeypatch.setattr(
        extract,
        "choose_text",
        lambda _, claims, *__: extract.line_classifier.LineChoice(
            [line for line in claims.found.split("\n") if line], [], []
        ),
    )


ARTICLE_PAGE = capture_of(
    f"<ul>{MENU}</ul><main><article><h1>{HEADLINE}</h1>{BODY}</article></main>"
)


def test_a_text_that_the_page_confirms_raises_no_alarm():
    reading = read_capture(ARTICLE_PAGE)
    assert reading.article.text.split("\n") == list(PARAGRAPHS)
    assert reading.alarm is None


def test_a_page_read_as_empty_is_read_again_and_says_so(monkeypatch: pytest.MonkeyPatch):
    read_as(monkeypatch, "")
    reading = read_capture(ARTICLE_PAGE)
    assert reading.article.text.split("\n") == list(PARAGRAPHS)
    assert reading.alarm is not None
    assert reading.alarm.doubt == "there is no text"
    assert reading.article.page_type == "article"
    assert reading.article.page_reason == f"text read again by {reading.alarm.reading}"


def test_a_text_of_menus_gives_way_to_the_prose_that_two_readings_find(
    monkeypatch: pytest.MonkeyPatch,
):
    menu = "\n".join(f"Section number {n} of the paper" for n in range(60))
    read_as(monkeypatch, menu)
    reading = read_capture(ARTICLE_PAGE)
    assert reading.article.text.split("\n") == list(PARAGRAPHS)
    assert reading.alarm is not None
    assert (reading.alarm.doubt, reading.alarm.reading) == (
        "little of the text is prose",
        "readability",
    )


def test_an_article_below_an_element_that_nobody_closes_is_found_by_itself(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(extract.visibility, "unwrap_swallowed_text", lambda _: None)
    reading = read_capture(capture_of(f"<button>Menu<article><h1>{HEADLINE}</h1>{BODY}</article>"))
    assert reading.article.text.split("\n") == list(PARAGRAPHS)
    assert reading.alarm is not None
    assert reading.alarm.reading == "its densest part, parsed by itself"


@pytest.mark.parametrize("box", ["<div hidden>{}</div>", "<div class=cookie-banner>{}</div>"])
def test_terms_that_the_page_hides_or_that_tell_of_something_else_are_no_article(box: str):
    terms = "".join(
        f"<p>Partner {n} of ours may keep a note on your device so that it knows your visit again.</p>"
        for n in range(9)
    )
    reading = read_capture(
        capture_of(
            f"<h1>{HEADLINE}</h1><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p><p>{PARAGRAPHS[2]}</p>{box.format(terms)}"
        )
    )
    assert reading.article.text.split("\n") == list(PARAGRAPHS[:3])


def test_an_explanation_tells_of_an_alarm(monkeypatch: pytest.MonkeyPatch):
    read_as(monkeypatch, "")
    told = explain_capture(ARTICLE_PAGE)
    (field,) = (field for field in told.fields if field.name == "text")
    assert field.value.startswith("read again by ")
    assert field.said_by == ("there is no text; it agrees by 0% with the densest part of the page",)
    kept = {line.by for line in told.lines if line.kept}
    assert kept == {field.value.removeprefix("read again by ")}


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        ((), "there is no text"),
        (PARAGRAPHS[:2], "the text is short"),
        (("Read on",) * 120, "little of the text is prose"),
        ((PARAGRAPHS[0],) * 8, "most of the page's prose is not in it"),
        (PARAGRAPHS * 2, None),
    ],
)
def test_a_text_is_doubtful_by_cheap_signs(lines: tuple[str, ...], doubt: str | None):
    whole = "".join(f"<p>{text} And so on.</p>" for text in PARAGRAPHS)
    if doubt is None:
        whole = BODY
    tree = parse_page(capture_of(whole)).tree
    assert doubt_about_text(lines, text_blocks(tree)) == doubt


def test_texts_agree_as_far_as_they_share_their_pieces():
    whole, half = " ".join(PARAGRAPHS), " ".join(PARAGRAPHS[:3])
    assert text_agreement(whole, whole) == 1
    assert 0.5 < text_agreement(whole, half) < 0.8
    assert text_agreement(whole, "") == text_agreement("", "") == 0
    assert text_agreement("海辺の町で祭りがあった", "海辺の町で祭りがあった。") == 1


def test_the_densest_run_is_the_prose_without_the_menus_around_it():
    run = find_dense_run(
        f"<body><ul>{MENU}</ul><script>'<p>{PARAGRAPHS[0]}</p>'</script><!-- {BODY} -->{BODY}"
        f"<button><div>{PARAGRAPHS[0]}</button><ul>{MENU}</ul></body>"
    )
    assert run.lines == [*PARAGRAPHS, PARAGRAPHS[0]]


@pytest.mark.parametrize(
    "skipped",
    [
        f"<!-- a -- b --- c > {PARAGRAPHS[0]} --->",
        f"<script>if (a </ b) '</scripts><p>{PARAGRAPHS[0]}</p>'</SCRIPT >",
        f"<style>/* <bodyguard> {PARAGRAPHS[0]} */</style\n>",
        f"<script>'{PARAGRAPHS[0]}' <body class=late>",  # never closed
        "<!-- -- >-->",
    ],
)
def test_the_densest_run_has_nothing_of_comments_and_scripts_wherever_they_end(skipped: str):
    assert find_dense_run(f"<head></head>{skipped}{BODY}").lines == list(PARAGRAPHS)


def test_a_page_without_prose_has_no_densest_run():
    assert find_dense_run(f"<ul>{MENU}</ul>").lines == []
    assert find_dense_run("").lines == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["<p>word word ", "<script>", "<!--", "<a href='", "<div><textarea>", "<svg </"]
)
def test_the_densest_run_takes_time_in_proportion_to_the_page(piece: str):
    assert_growth(lambda times: find_dense_run(piece * times), 3_000)
