"""The invented news web holds what the demonstration and the tests of the rooms rely on."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from archive.errors import UsageError
from demo.__main__ import FIRST_VISIT, REMOVED, SILENTLY_CHANGED
from demo.markup import page_html
from demo.outlets import Outlet, Page, World, load_world
from tests.paths import WORLD

FOLDER = WORLD
WORLD = load_world(FOLDER)
PAGES = [(outlet, page) for outlet in WORLD.outlets for page in outlet.pages]
ARTICLES = [
    (outlet, page) for outlet, page in PAGES if page.page_type == "article" and page.status == 200
]
COVERAGE = [(outlet, page) for outlet, page in ARTICLES if page.event]
RECALL = "http://meridian.example/dispatch/10447/tavresk-recalls-envoy-from-santa-lirio"


def sentences(page: Page) -> set[str]:
    return set(re.split(r"(?<=[.”])\s", page.plain.replace("\n", " ")))


def parts(text: str) -> set[str]:
    """The words of a text, or, where words are not parted, its pairs of characters."""
    words = re.findall(r"\w+", text)
    return set(words) if len(words) > 30 else {"".join(pair) for pair in pairwise(text)}


def test_eleven_outlets_publish_at_least_fifty_articles_in_three_weeks() -> None:
    days = [page.published.date() for _, page in ARTICLES if page.published]
    assert len(WORLD.outlets) == 11
    assert len(ARTICLES) >= 50
    assert (max(days) - min(days)).days <= 21
    assert all(outlet.host.endswith(".example") for outlet in WORLD.outlets)


def test_every_article_is_out_by_the_moment_at_which_one_usually_looks() -> None:
    assert all(page.published and page.published < WORLD.now for _, page in PAGES)
    assert all(revision.at < WORLD.now for _, page in PAGES for revision in page.revisions)


def test_no_page_claims_a_change_before_it_was_made() -> None:
    for _, page in PAGES:
        for moment in [page.published, *(revision.at for revision in page.revisions)]:
            assert moment
            then = page.as_of(moment)
            hours = (then.updated - moment).total_seconds() / 3600 if then.updated else 0.0
            assert hours <= 2, f"{page.path} speaks at {moment} of {then.updated}"


def test_every_article_has_the_length_of_news() -> None:
    lengths = {outlet.url(page.path): len(page.plain) for outlet, page in ARTICLES}
    assert {url: length for url, length in lengths.items() if not 120 <= length <= 3600} == {}


def test_no_address_and_no_headline_comes_twice() -> None:
    assert max(Counter(outlet.url(page.path) for outlet, page in PAGES).values()) == 1
    assert max(Counter(page.headline for _, page in PAGES).values()) == 1


def test_most_outlets_follow_one_story_through_six_events() -> None:
    assert {page.event for _, page in COVERAGE} == {
        "ties",
        "recall",
        "debate",
        "fuel",
        "embassy",
        "return",
    }
    assert len({outlet.host for outlet, _ in COVERAGE}) == 11
    assert len(COVERAGE) >= 30
    assert len(ARTICLES) - len(COVERAGE) >= 15, "there is other news too"


def test_every_event_but_the_debate_is_reported_by_three_outlets_within_a_few_days() -> None:
    for event in ("ties", "recall", "fuel", "embassy", "return"):
        hosts = {outlet.host for outlet, page in COVERAGE if page.event == event}
        days = [
            page.published
            for _, page in COVERAGE
            if page.event == event and page.dated and page.published
        ]
        assert len(hosts) >= 3, event
        assert (max(days) - min(days)).days <= 3, event


def test_the_story_is_told_in_four_languages() -> None:
    assert {outlet.language for outlet, _ in COVERAGE} == {"en", "es", "ko", "ja"}
    scripts = {"ko": r"[가-힣]", "ja": r"[ぁ-ん]", "es": r"[áéíóúñ]"}
    for outlet, page in ARTICLES:
        if outlet.language in scripts:
            assert re.search(scripts[outlet.language], page.text), page.headline


def test_all_five_templates_all_feeds_and_all_sitemaps_are_in_use() -> None:
    assert {outlet.template for outlet in WORLD.outlets} == {
        "jsonld",
        "plain",
        "meta",
        "table",
        "graph",
    }
    assert {outlet.feed for outlet in WORLD.outlets} == {"rss", "atom", "json"}
    assert {outlet.sitemap for outlet in WORLD.outlets} == {"index", "news", "urls", None}


def test_a_wire_story_runs_whole_shortened_and_inside_a_longer_piece() -> None:
    wire = WORLD.page(RECALL)
    users = {
        page.relation[0]: page for _, page in PAGES if page.relation and page.relation[1] == RECALL
    }
    assert sentences(users["copy"]) == sentences(wire)
    assert sentences(users["excerpt"]) < sentences(wire)
    assert len(users["excerpt"].plain) < 0.7 * len(wire.plain)
    assert sentences(users["extends"]) > sentences(wire)
    assert len(users["extends"].plain) > 1.4 * len(wire.plain)
    assert len({page.headline for page in (wire, *users.values())}) == 4
    assert all("Meridian" in page.byline for page in users.values())
    assert wire.text.startswith("HAVENPORT (Meridian) — ")


def test_nothing_else_shares_a_sentence() -> None:
    related = {outlet.url(page.path) for outlet, page in PAGES if page.relation}
    related |= {page.relation[1] for _, page in PAGES if page.relation}
    seen: Counter[str] = Counter()
    for outlet, page in ARTICLES:
        if outlet.url(page.path) not in related and page.section not in ("Markets", "Weather"):
            seen.update(sentence for sentence in sentences(page) if len(sentence) > 30)
    assert [sentence for sentence, count in seen.items() if count > 1] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://ledger.example/markets/week-10", "http://ledger.example/markets/week-11"),
        ("http://anselgazette.example/news/4880", "http://anselgazette.example/news/4904"),
    ],
)
def test_recurring_reports_share_their_words_and_not_their_figures(one: str, other: str) -> None:
    first, second = parts(WORLD.page(one).plain), parts(WORLD.page(other).plain)
    figures = [
        {word for word in words if word.isdigit() and len(word) > 2} for words in (first, second)
    ]
    assert len(first & second) / len(first | second) > 0.5
    assert len(figures[0] & figures[1]) <= 1 + (one.endswith("week-10"))


def test_one_article_is_changed_in_silence_one_corrected_in_the_open_and_one_taken_away() -> None:
    stealth = WORLD.page("http://courier.example/2026/03/09/parliament-splits-over-lirio-pact")
    later = stealth.as_of(WORLD.now)
    assert later.updated == stealth.updated
    assert later.headline != stealth.headline
    assert len(sentences(stealth) - sentences(later)) == 1
    corrected = WORLD.page("http://ledger.example/trade/tankers-turn-and-prices-follow").as_of(
        WORLD.now
    )
    assert corrected.note.startswith("Correction")
    assert "38,000 tonnes" in corrected.text
    gone = WORLD.page("http://ledger.example/banking/norland-and-quay-bank-in-merger-talks")
    assert (gone.status, gone.as_of(WORLD.now).status) == (200, 410)


def test_the_two_crawls_of_the_demo_see_both_states_of_each_changed_article() -> None:
    changed = [page for _, page in PAGES if page.revisions]
    assert len(changed) == 3
    for page in changed:
        assert page.published is not None
        assert page.published < FIRST_VISIT
        assert page.as_of(FIRST_VISIT) == page
        assert page.as_of(WORLD.now) != page
    assert WORLD.page(REMOVED).as_of(WORLD.now).status == 410
    assert WORLD.page(SILENTLY_CHANGED).as_of(WORLD.now).note == ""


def test_one_article_bears_no_date_anywhere() -> None:
    [(outlet, page)] = [(outlet, page) for outlet, page in PAGES if not page.dated]
    html = page_html(outlet, page, WORLD.now)
    assert page.path == "/features/the-last-captain-of-the-lirio-boat"
    assert "14 March 2026" not in html
    assert re.search(r"\d{4}-\d{2}-\d{2}", html) is None


def test_one_outlet_points_its_canonicals_at_others_and_one_at_its_home_page() -> None:
    for page in WORLD.outlet("shoredigest.example").pages:
        assert page.canonical
        assert not sentences(page) & sentences(WORLD.page(page.canonical)), (
            "the texts are not the same"
        )
    quad = WORLD.outlet("northquad.example")
    for page in quad.pages:
        assert '<link rel="canonical" href="http://northquad.example/">' in page_html(
            quad, page, WORLD.now
        )


def test_there_are_pages_that_are_no_articles() -> None:
    kinds = {(page.page_type, page.status) for _, page in PAGES} - {("article", 200)}
    assert kinds == {("listing", 200), ("video", 200), ("article", 404)}
    assert [outlet.host for outlet in WORLD.outlets if outlet.amp] == ["abs.example"]
    assert [outlet.host for outlet in WORLD.outlets if outlet.tracking] == ["ledger.example"]


def test_every_link_amid_a_text_leads_to_a_page() -> None:
    for outlet, page in PAGES:
        for path in re.findall(r"\]\(([^)]+)\)", page.text):
            assert WORLD.page(outlet.url(path)), path


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("A page without a head", "TOML between two lines"),
        ('+++\npath = "/x"\nheadlin = "x"\n+++\nText.', "headlin"),
        ("+++\npath = /x\n+++\nText.", "Invalid value"),
        ('+++\nheadline = "x"\n+++\nText.', "path"),
    ],
)
def test_a_slip_in_a_page_is_named_with_its_file(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "world.toml").write_text("now = 2026-03-01T00:00:00Z\n")
    (tmp_path / "a.example").mkdir()
    (tmp_path / "a.example" / "outlet.toml").write_text('name = "A"\n')
    (tmp_path / "a.example" / "slip.md").write_text(text)
    with pytest.raises(UsageError, match=complaint) as error:
        load_world(tmp_path)
    assert "slip.md" in str(error.value)


def test_a_folder_that_is_no_world_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"world\.toml: missing"):
        load_world(tmp_path)


def test_a_world_finds_its_outlets_and_pages_by_address() -> None:
    page = Page("/one?id=2", "Headline")
    world = World((Outlet("a.example", pages=(page,)),))
    assert world.page("http://a.example/one?id=2") is page
    with pytest.raises(KeyError):
        world.page("http://a.example/two")
    with pytest.raises(KeyError):
        world.page("http://b.example/one")
