"""Why an article reads as it does: where each line of its page came from, and what left it out."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from rich.console import Console

from archive.records import Capture
from crawler.cli.reports.explain_report import explain_as_html, explain_in_terminal
from crawler.extraction.explain import (
    FOUND_IN_DATA,
    REPEATED_BY_OUTLET,
    Explanation,
    explain_capture,
    without_repeated_lines,
)
from crawler.extraction.extract import extract_article
from crawler.extraction.main_text.feature_labels import label_features
from crawler.extraction.main_text.line_classifier import feature_weights
from tests.crawler.jobs.test_extract_files import write
from tests.news import BOX
from tests.paths import PAGES

CASES = sorted(path.stem for path in PAGES.glob("*.json"))
HEAD = '<link rel=canonical href="https://paper.example/{0}">'
LONG = (
    "The council voted on Tuesday to rebuild the eastern pier, which a storm broke apart two winters ago. "
    * 3
)


def saved(name: str) -> Capture:
    given = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))["capture"]
    return Capture(
        url=given["url"],
        body=(PAGES / f"{name}.html").read_bytes(),
        status=given["status"],
        headers=(("Content-Type", given["content_type"]),),
        fetched_at=given["fetched_at"],
    )


def page(body: str, head: str = "") -> Capture:
    whole = f"<html lang=en><head><title>Pier</title>{head}</head><body>{body}</body></html>"
    return Capture(
        url="https://courier.example/a", body=whole.encode(), fetched_at="2025-11-06T00:00:00Z"
    )


def whys(told: Explanation) -> dict[str, str]:
    """Of each line that was left out, why."""
    return {line.text: line.why for line in told.lines if line.by and not line.kept}


def shown(told: Explanation, width: int | None) -> str:
    console = Console(
        width=width or 120, soft_wrap=width is None, color_system=None, legacy_windows=False
    )
    with console.capture() as captured:
        for part in explain_in_terminal(told, width):
            console.print(part, soft_wrap=width is None)
    return captured.get()


@pytest.mark.parametrize("name", CASES)
def test_the_kept_lines_are_the_text_that_extract_gives(name: str) -> None:
    told, article = explain_capture(saved(name)), extract_article(saved(name))
    assert told.article == article
    assert [line.text for line in told.lines if line.kept] == (
        article.text.split("\n") if article.text else []
    )


@pytest.mark.parametrize("name", CASES)
def test_no_line_of_the_page_is_missing_and_none_left_out_is_without_a_reason(name: str) -> None:
    told = explain_capture(saved(name))
    said = " ".join(re.sub(r"\W+", "", line.text) for line in told.lines)
    body = re.sub(
        r"(?s)<(script|style|head|select|option|button|noscript)\b.*?</\1>",
        "",
        saved(name).body.decode("utf-8", "replace"),
    )
    paragraphs = re.findall(r"<(?:p|h1|h2)\b[^<>]*>([^<>]{20,})</(?:p|h1|h2)>", body)
    if name != "charset_that_lies":
        assert not [
            words for words in paragraphs if re.sub(r"\W+", "", unescape(words)) not in said
        ]
    assert all(line.why for line in told.lines if not line.kept)


def test_rules_are_named_in_the_order_of_the_page() -> None:
    told = explain_capture(saved("offers_amid_the_text"))
    assert list(whys(told).values()) == ["announces a link", "an offer in a box with a button"]
    assert "the byline" in [line.why for line in told.lines if not line.by]
    again = explain_capture(saved("graph_and_agency"))
    assert list(whys(again).values()) == [
        "the headline again",
        "a byline",
        "points to another page, it is a link",
    ]
    texts = [line.text for line in again.lines]
    assert (
        texts.index("Town") < texts.index(again.article.text.split("\n")[0]) < texts.index("Latest")
    )


def test_fields_say_who_says_them() -> None:
    said = {
        field.name: field.said_by for field in explain_capture(saved("graph_and_agency")).fields
    }
    assert said["headline"] == ("JSON-LD headline", "<h1>", "<title>")
    assert said["published_at"] == ("JSON-LD datePublished",)
    assert said["byline"] == ("a line of the page",)
    assert said["dateline"] == ("the beginning of the text",)


def test_a_text_out_of_the_pages_data_says_so() -> None:
    data = json.dumps(
        {"@type": "NewsArticle", "headline": "Pier", "articleBody": f"{LONG}\n{LONG}"}
    )
    told = explain_capture(
        page("<p>Please wait.</p>", f'<script type="application/ld+json">{data}</script>')
    )
    assert {line.by for line in told.lines if line.kept} == {FOUND_IN_DATA}
    assert "Please wait." in [line.text for line in told.lines]
    assert "added by the page's data" in shown(told, 80)


def test_what_cannot_be_read_is_explained_by_its_type() -> None:
    told = explain_capture(Capture(url="https://courier.example/a", body=b"%PDF-1.7 ..."))
    assert not told.lines
    assert [(field.name, field.value, field.said_by) for field in told.fields] == [
        ("page_type", "broken", ("a PDF, not a page",))
    ]


@pytest.mark.parametrize("width", [None, 40, 140])
def test_the_terminal_shows_kept_lines_plain_and_the_others_with_their_reason(
    width: int | None,
) -> None:
    told = explain_capture(saved("offers_amid_the_text"))
    words = " ".join(shown(told, width).split())
    assert "left out: announces" in words
    assert words.startswith("Ostmole wird neu gebaut")
    assert "3 lines kept (3 by trafilatura), 2 left out" in words
    if width:
        assert max(len(line) for line in shown(told, width).split("\n")) <= width


def test_many_short_lines_that_nobody_took_are_told_as_a_number() -> None:
    menu = "".join(f"<li><a href=/{n}>Part {n}</a></li>" for n in range(30))
    told = explain_capture(
        page(f"<ul>{menu}</ul><h1>Pier</h1><article><p>{LONG}</p><p>{LONG}</p></article>")
    )
    assert "⋯ 30 short lines and links, not selected" in shown(told, None)
    assert "Part 17" not in shown(told, None)
    assert "Part 17" in explain_as_html([told])


def test_a_hostile_page_neither_steers_the_terminal_nor_writes_the_page() -> None:
    evil = "&lt;script&gt;alert(1)&lt;/script&gt; \x9b31m \u202e and more words of a pier that is to be rebuilt"
    told = explain_capture(
        page(
            f"<h1>&lt;img src=x onerror=alert(1)&gt; pier</h1><article><p>{evil} {LONG}</p><p>{LONG}</p></article>"
            f"<p>{evil}</p>",
            '<meta name=author content="&lt;b onclick=x&gt;Jane Doe"><link rel=canonical href="javascript:alert(1)">',
        )
    )
    html = explain_as_html([told])
    assert "alert(1)" in html
    assert not re.findall(r"<(?:script|img|b)\b", html)
    assert "javascript:" not in html
    for text in (html, shown(told, None)):
        assert not re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_the_page_is_one_file_without_scripts_that_asks_no_host_for_anything() -> None:
    html = explain_as_html([explain_capture(saved(name)) for name in CASES[:3]])
    assert html.startswith("<!doctype html>")
    assert html.count("<section>") == 3
    assert "prefers-color-scheme: dark" in html
    assert not re.findall(r"<script|<link|<img|\ssrc=|\shref=|url\(|@import", html)


def test_a_line_that_the_outlet_repeats_is_left_out_and_said_to_be() -> None:
    told = explain_capture(saved("graph_and_agency"))
    first, *rest = told.article.text.split("\n")
    less = without_repeated_lines(told, {first})
    assert less.article.text.split("\n") == rest
    assert whys(less)[first] == REPEATED_BY_OUTLET
    assert less.article.word_count < told.article.word_count
    assert without_repeated_lines(told, ()) == told


def test_every_sign_has_plain_words_and_those_of_the_whole_page_have_none() -> None:
    for name in {*feature_weights(has=True), *feature_weights(has=False)}:
        words = label_features(name)
        assert not re.search(
            r"\\|boxes|\bkind\b|\b\d+ (?:before|after)|^(?:size|above by|below by|linked)\b", words
        )
    assert not label_features("any, found no")
    assert label_features("twice, long, begins small, in a h2") == (
        "occurs twice on the page, begins with a small letter, a heading, <h2>"
    )


# -- the command -----------------------------------------------------------------------------------


def test_the_command_explains_files_with_what_they_teach_of_their_outlet(
    dateline, tmp_path: Path
) -> None:
    files = [write(tmp_path, number, HEAD.format(number)) for number in range(4)]
    out = dateline()("extract", "--explain", *files).stdout
    assert out.count(f"- {BOX}\n    → left out: the outlet repeats it") == 4
    assert "\x1b" not in out
    html = dateline()("extract", "--explain", "--html", files[0]).stdout
    assert html.startswith("<!doctype html>")
    assert BOX in html
    assert REPEATED_BY_OUTLET not in html


@pytest.mark.slow
def test_the_command_explains_articles_of_the_archive_with_what_it_learnt(
    dateline, tmp_path: Path
) -> None:
    run = dateline()
    run("import", *(write(tmp_path, number, HEAD.format(number)) for number in range(4)))
    for name in ("1", "https://paper.example/1"):
        assert (
            f"- {BOX}\n    → left out: the outlet repeats it"
            in run("extract", "--explain", name).stdout
        )
    assert "no article 99" in run("extract", "--explain", "99", code=1).stderr


def test_a_page_that_cannot_be_read_is_named_and_the_others_come(dateline, tmp_path: Path) -> None:
    done = dateline()("extract", "--explain", tmp_path / "none.html", write(tmp_path, 1), code=1)
    assert "none.html: cannot be read" in done.stderr
    assert "Report 1" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--explain", "--all"], "--explain goes with files"),
        (["--explain", "--jsonl", "a"], "--explain goes with files"),
        (["--html", "a"], "--html goes with --explain"),
    ],
)
def test_what_does_not_go_together_is_said(dateline, words: list[str], told: str) -> None:
    assert told in dateline()("extract", *words, code=2).stderr
