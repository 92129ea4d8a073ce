"""A page is excluded by the words of a story, in its title and its text."""

from __future__ import annotations

import json

import pytest

from archive.articles.stories import ConfirmedArticle, Story
from crawler.backfill.story_words import (
    StoryWords,
    has_spelling,
    page_text,
    page_titles,
    weighted_words,
    words_of_story,
)
from pipelines.topics.stories import story_profile, story_vector
from tests.web_archives import RecordedPage

HEADLINE = "Dockers at Tolland walk out over night shifts"
TEXT = (
    "Dockers at the container terminal of Tolland have walked out over night shifts.\n\n"
    "The union says that the terminal ordered night shifts without an agreement. Cranes stood "
    "still on Tuesday, and forty ships wait in the roads of Tolland.\n\n"
    "The terminal's director, Maren Oswald, called the walkout unlawful. The union's Ilse Brandt "
    "said that dockers would stay out until the shifts are withdrawn."
)
LATER = (
    "A court in Tolland has refused to end the walkout of the dockers.\n\n"
    "Maren Oswald, the director of the terminal, had asked the judges to order the cranes back to work. "
    "Ilse Brandt of the union called the ruling a relief for dockers who refuse night shifts.\n\n"
    "Sixty ships now wait in the roads, and shippers divert containers to other harbours."
)
OTHER = (
    "The city council has adopted the budget for schools and libraries after a long debate.\n\n"
    "Eleven members voted in favour and six against it. The mayor said that two schools would be "
    "renovated in the summer, and that the library in the old town would get a new roof.\n\n"
    "The opposition had asked for lower fees for kindergartens and for a swimming bath."
)


TUNNEL = "Тоннель под заливом закрыт на ремонт до самой весны"


def words() -> StoryWords:
    vector = story_vector(HEADLINE, None, TEXT, "en", lambda _: ({}, 250))
    story = Story(1, "docks", "Docks", None, (), None, None, (), (), None)
    confirmed = [ConfirmedArticle(json.dumps(vector), "2024-02-15", "en", "paper.example")]
    return words_of_story(story_profile(story, confirmed), [(f"{HEADLINE}\n{TEXT}", "en")])


def page(headline: str, text: str) -> bytes:
    return RecordedPage(1, headline=headline, text=text).body


def test_a_later_report_of_the_story_passes_and_one_on_another_matter_does_not():
    assert words().may_be_in(page("Court lets dockers stay out", LATER), "text/html")
    assert not words().may_be_in(page("Council adopts the budget", OTHER), "text/html")


def test_a_report_whose_title_names_none_of_it_passes_by_its_text():
    assert words().may_be_in(page("What you need to know today", TEXT), "text/html")


def test_a_title_alone_is_not_enough_and_links_in_menus_do_not_count():
    assert not words().may_be_in(page("Dockers", OTHER), "text/html")
    menu = "".join(f"<li><a href='/{word}'>{word}</a></li>" for word in TEXT.split())
    with_menu = page("Council adopts the budget", OTHER).replace(b"<ul>", f"<ul>{menu}".encode())
    assert not words().may_be_in(with_menu, "text/html")


def test_words_are_looked_for_by_what_their_forms_share():
    [first] = [each for each in words().words if each.spellings[0].startswith(b"docker")]
    assert first.spellings == (b"dockers",)
    assert sum(each.weight for each in words().words) == pytest.approx(1)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f"<p>{TUNNEL}".encode(), ""),
        (f"<p>{TUNNEL.lower()}".encode(), "text/html; charset=utf-8"),
        (f"<p>{TUNNEL}".encode("cp1251"), "text/html; charset=windows-1251"),
        (f"<meta charset='koi8-r'><p>{TUNNEL}".encode("koi8-r"), ""),
        ("".join(f"&#{ord(each)};" for each in TUNNEL.lower()).join(("<p>", "")).encode(), ""),
    ],
)  # fmt: skip
def test_a_word_beyond_ascii_is_found_in_every_charset_and_as_references(body, content_type):
    assert weighted_words({"тоннель": 1.0}).may_be_in(body, content_type)
    assert not weighted_words({"корабль": 1.0}).may_be_in(body, content_type)


def test_accents_are_found_as_named_references():
    body = b"<p>La chambre des d&eacute;put&eacute;s vote le budget cette semaine"
    assert weighted_words({"député": 1.0}).may_be_in(body, "text/html")


def test_a_short_word_begins_where_it_is_found_and_a_long_one_may_be_within_another():
    assert has_spelling(b"the price of oil", (b"oil",))
    assert not has_spelling(b"foil, soil and toil", (b"oil",))
    assert has_spelling(b"ein kohlehafen", (b"hafen",))


def test_scripts_are_no_text_and_the_data_of_an_article_are():
    script = b"<script>" + b"var dockers;" * 400 + b"</script>"
    assert b"dockers" not in page_text(script + b"<p>x")
    data = b'<script>{"articleBody": "' + b"The dockers stay out. " * 200 + b'"}</script>'
    assert b"the dockers stay out" in page_text(data)


def test_the_titles_of_a_page_are_its_own_and_the_one_to_share():
    page = b"<TITLE>One</TITLE>"
    assert page_titles(page.replace(b"TITLE", b"title")) == b"one"
    shared = b'<meta property="og:title" content="Two &amp; three"/>'
    assert page_titles(b"<title>One</title>" + shared) == b"one\ntwo &amp; three"
    assert page_titles(b"<p>none") == b""
