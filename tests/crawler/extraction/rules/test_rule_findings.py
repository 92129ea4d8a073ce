"""A page is read by the rules of its outlet first, and by the general reader where these find
nothing."""

from __future__ import annotations

import re

import pytest

from archive.records import Article, Capture
from crawler.extraction.explain import Explanation, explain_capture
from crawler.extraction.extract import extract_article
from crawler.extraction.rules import selectors
from crawler.extraction.rules.outlet_rules import OutletRule
from crawler.extraction.rules.rule_tables import rules_of_file
from tests.paths import ROOT

URL = "https://harbour.example/news/ferry"
BODY = """
<nav><a href="/">Home</a> <a href="/news">News</a></nav>
<h1>Harbour news</h1>
<h2 class="title">Ferry landing to <b>move</b></h2>
<span class="who">Words: Ada Winthrop and Ruth Holm</span><span class="who">Pictures: Ben Ode</span>
<p class="day">9 March 2026</p>
<div class="offer"><p>The Courier at home: order now and read four weeks for the price of one, and win.</p></div>
<div class="body" style="display: none">
  <p>The harbour board voted on Tuesday to move the <i>ferry</i> landing to the north quay.</p>
  <aside class="more">Read also: the winter timetable of the ferries.
    <p class="fix">Correction: it is the north quay.</p></aside>
  <p>Work begins in May and takes until the autumn, said the chair of the board.</p>
</div>
<p class="second">A second part of the text stands far below the first one, behind the boxes.</p>
<div class="wall">Subscribe to read on</div>
"""
FIRST = "The harbour board voted on Tuesday to move the ferry landing to the north quay."
MORE = "Read also: the winter timetable of the ferries."
FIX = "Correction: it is the north quay."
LAST = "Work begins in May and takes until the autumn, said the chair of the board."
SECOND = "A second part of the text stands far below the first one, behind the boxes."


def page(body: str = BODY) -> Capture:
    head = '<title>Site</title><meta name="published" content="2026-03-09T08:00:00+01:00">'
    html = f'<html lang="en"><head>{head}</head><body>{body}</body></html>'
    return Capture(URL, html.encode(), fetched_at="2026-03-10T12:00:00Z")


def rule(**given: str | tuple[str, ...]) -> OutletRule:
    listed = {key: (each,) if isinstance(each, str) else each for key, each in given.items()}
    return OutletRule("harbour.example", listed)


def read(**given: str | tuple[str, ...]) -> Article:
    return extract_article(page(), rule(**given))


def test_the_text_is_what_the_rule_selects_also_where_the_page_hides_it():
    """Less what the general reader removes from any text, such as references to other articles."""
    assert read(text=".body").text.split("\n") == [FIRST, FIX, LAST]


def test_parts_of_a_text_come_in_the_order_of_the_page_and_none_twice():
    text = read(text=(".second", ".body", ".body p"), drop="aside").text
    assert text.split("\n") == [FIRST, LAST, SECOND]


def test_what_is_dropped_is_in_no_field_and_what_is_kept_is_in_the_text_at_its_place():
    article = read(text=".body", drop="aside", keep=".fix")
    assert article.text.split("\n") == [FIRST, FIX, LAST]


def test_dropping_and_keeping_work_with_the_text_of_the_general_reader():
    shown = page(BODY.replace(' style="display: none"', ""))
    dropped = extract_article(shown, rule(drop="aside")).text.split("\n")
    assert FIX not in dropped
    place = dropped.index(FIRST) + 1
    kept = extract_article(shown, rule(drop="aside", keep=".fix")).text.split("\n")
    assert kept == [*dropped[:place], FIX, *dropped[place:]]


def test_headline_byline_and_date_are_those_of_the_rules():
    article = read(
        headline="h2.title", byline="span.who", date="meta[name=published]::attr(content)"
    )
    assert article.headline == "Ferry landing to move"
    assert article.byline == "Words: Ada Winthrop and Ruth Holm, Pictures: Ben Ode"
    assert article.authors == ("Ada Winthrop", "Ruth Holm")
    assert article.published_at == "2026-03-09T07:00:00Z"
    assert article.published_raw == "2026-03-09T08:00:00+01:00"
    assert (article.published_day, article.published_offset) == ("2026-03-09", 60)


@pytest.mark.parametrize(
    ("said", "day", "offset"),
    [
        ("2026-02-15T23:30:00-08:00", "2026-02-15", -480),
        ("2026-02-15T23:30:00Z", "2026-02-15", 0),
        ("15 February 2026", "2026-02-15", None),
        ("2026-03-09T07:00:00Z", "2026-03-09", 60),  # the page states the same time with its offset
    ],
)
def test_the_day_of_a_date_by_rule_is_that_of_the_outlets_clock(
    said: str, day: str, offset: int | None
) -> None:
    ruled = page(BODY + f'<i class="at">{said}</i>')
    article = extract_article(ruled, rule(date=".at"))
    assert article.published_raw == said
    assert (article.published_day, article.published_offset) == (day, offset)


@pytest.mark.parametrize(
    "selector",
    [
        "meta[name=published]",  # its attribute content
        "//meta[@name='published']/@content",
        "string(//meta[@name='published']/@content)",
        (".nowhere", "meta[name=published]"),
    ],
)
def test_a_value_may_be_an_attribute_an_element_with_one_or_a_text(selector):
    assert read(date=selector).published_at == "2026-03-09T07:00:00Z"


@pytest.mark.parametrize(
    ("selector", "free"),
    [(".wall", False), ("//*[contains(., 'Subscribe to read')]", False),
     ("boolean(//div[@class='wall'])", False), ("count(//video)", None), (".locked", None)],
)  # fmt: skip
def test_a_marker_says_that_a_page_is_behind_a_paywall(selector, free):
    assert read(paywall=selector).free is free


@pytest.mark.parametrize(
    "selector",
    [
        "//h2[has-class('title')]",
        "//h2[re:test(., '^Ferry')]",
        "//*[self::h2 and (contains(., 'move(') or (@class = 'title'))]",
        "set:distinct(//h2)",
        "re:match(string(//h2), 'Ferry landing to move')",
    ],
)
def test_a_selector_may_use_the_functions_that_scrapy_has_in_xpath(selector: str) -> None:
    assert read(headline=selector).headline == "Ferry landing to move"


def test_a_selector_that_fails_on_a_page_matches_nothing_there_and_the_report_says_why() -> None:
    fails = "//h2[count('x') = 1]"
    article = read(headline=fails, text=".body")
    assert article.headline == extract_article(page()).headline
    assert article.text.split("\n") == [FIRST, FIX, LAST]
    (said,) = (each for each in explained(headline=fails).rules)
    assert said.result == "fails on this page (Invalid type); the general reader decides"
    assert not said.is_used


def test_a_rule_that_matches_nothing_leaves_its_field_to_the_general_reader_and_is_noted():
    general = extract_article(page())
    article = read(text=".gone", headline=".gone", byline=".gone", date="h1", drop=".gone")
    assert article.text == general.text
    assert (article.headline, article.published_at) == (general.headline, general.published_at)
    assert re.search(
        r", rules [0-9a-f]{8}; no match: text, headline, byline, date$", article.extractor or ""
    )
    assert read(headline="h2.title", keep=".gone").extractor == (
        f"{general.extractor}, rules {rule(headline='h2.title', keep='.gone').digest}"
    )
    assert ", rules" not in (general.extractor or "")


def test_no_selector_is_compiled_for_a_page_without_rules():
    selectors.compiled_selector.cache_clear()
    extract_article(page())
    assert selectors.compiled_selector.cache_info().misses == 0
    read(text=".body")
    read(text=".body")
    assert selectors.compiled_selector.cache_info().misses == 1


@pytest.mark.parametrize("body", ["", "<p>Short.", "<div class=body></div>"])
def test_rules_on_pages_without_what_they_want_harm_nothing(body):
    capture = page(body)
    every = rule(text=".body", headline="h9", byline=".who", date="time", drop="html", keep="p",
                 paywall=".wall")  # fmt: skip
    assert extract_article(capture, every).page_type == extract_article(capture).page_type


# -- explaining ------------------------------------------------------------------------------------


def explained(**given: str | tuple[str, ...]) -> Explanation:
    return explain_capture(page(), rule(**given))


def results(explanation: Explanation) -> list[tuple[str, str]]:
    return [(each.key, each.result) for each in explanation.rules]


def test_the_report_says_what_each_selector_did():
    report = explained(
        text=".body", headline=(".gone", "h2.title"), byline=".gone", date="h1",
        drop=("aside", ".gone"), keep=".fix", paywall=".wall",
    )  # fmt: skip
    assert results(report) == [
        ("text", "matched 1 part: the text"),
        ("headline", "matched nothing"),
        ("headline", "matched 1 part: gives the headline"),
        ("byline", "matched nothing; the general reader decides"),
        ("date", "matched 1 part, “Harbour news” is not a date; the general reader decides"),
        ("drop", "matched 1 part: removed"),
        ("drop", "matched nothing"),
        ("keep", "matched 1 part: kept in the text"),
        ("paywall", "matched 1 part: behind a paywall"),
    ]
    assert [each.is_used for each in report.rules] == [
        True, False, True, False, False, True, False, True, True,
    ]  # fmt: skip


def test_the_report_names_the_rule_of_each_line_and_field():
    report = explained(text=".body", headline="h2.title", drop="aside", keep=".fix")
    lines = {line.text: (line.kept, line.by) for line in report.lines}
    assert lines[FIRST] == (True, "rule text")
    assert lines[FIX] == (True, "rule keep")
    assert lines[MORE] == (False, "rule drop")
    said_by = {each.name: each.said_by for each in report.fields}
    assert said_by["headline"] == ("rule headline",)
    assert (
        report.article.text
        == extract_article(
            page(), rule(text=".body", headline="h2.title", drop="aside", keep=".fix")
        ).text
    )


def test_a_line_that_a_rule_keeps_against_the_general_reader_is_reported_once():
    read_also = explained(text=".body", keep="//aside[@class='more']/text()[1]")
    assert [line.kept for line in read_also.lines if line.text == MORE] == [True]
    assert MORE in read_also.article.text.split("\n")


def test_a_page_without_rules_is_explained_as_before():
    assert explain_capture(page()).rules == ()


def test_the_worked_example_of_the_documents_reads_as_they_say(tmp_path):
    document = (ROOT / "docs" / "outlet-rules.md").read_text("utf-8")
    (html,) = re.findall(r"```html\n(.*?)```", document, re.DOTALL)
    rules = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)[1]
    told = re.findall(r"```text\n(.*?)```", document, re.DOTALL)[0]
    file = tmp_path / "rules.toml"
    file.write_text(rules, "utf-8")
    url = "https://courier.example/2026/ferry-landing"
    capture = Capture(url, html.encode(), fetched_at="2026-03-10T12:00:00Z")
    report = explain_capture(capture, rules_of_file(file).reading_rule_for(url))
    selectors_told = [f"rule {each.key}: {each.selector}  {each.result}" for each in report.rules]
    assert selectors_told == [line for line in told.splitlines() if line.startswith("rule ")]
    for line in told.splitlines()[:4]:
        name, _, value = line.partition(": ")
        shown = {each.name: each for each in report.fields}[name]
        assert value == f"{shown.value}  [{shown.said_by[0]}]"
    assert report.article.text.split("\n") == [
        "The harbour board voted on Tuesday to move the ferry landing to the north quay.",
        "Work begins in May and takes until the autumn, said the board's chair, Ruth Holm.",
        "Correction: an earlier version named the south quay.",
    ]
