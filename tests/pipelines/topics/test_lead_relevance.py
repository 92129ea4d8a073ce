from __future__ import annotations

import json

import pytest

from archive.articles.stories import Story
from archive.records import Lead
from pipelines.text.vectors import term_counts
from pipelines.topics.lead_relevance import (
    MIN_WORTHWHILE_CHANCE,
    NAMED_PAGE_SCORE,
    CrawlExperience,
    LeadChoice,
    lead_relevance,
    lead_terms,
    member_profile,
    prior_chance,
    url_words,
)
from pipelines.topics.stories import STORY_POLICY, opening_weights
from tests.pipelines.topics.test_stories import MINE, MINE_TEXT, STORY, confirmed, known

PROFILE = STORY_POLICY.profile(STORY, [confirmed(MINE, MINE_TEXT, "2026-03-10T08:00:00Z")])


def lead(path: str = "/1234", **said: str) -> Lead:
    return Lead(f"http://b.example{path}", "feed", **said)  # type: ignore[arg-type]


def value(lead: Lead, **more: str) -> float:
    return lead_relevance(PROFILE, lead, "b.example", known, "en", **more).value


def test_a_headline_tells_what_a_page_is_about_and_its_lede_tells_more():
    bare = lead(headline="Rescuers drill through the night")
    with_lede = lead(
        headline=bare.headline,
        lede="In the Vellmar salt mine, eleven miners have been trapped since Monday.",
    )
    other = lead(headline="Regatta opens the coastal games")
    assert value(with_lede) > value(bare) > value(other)


def test_where_there_is_no_headline_the_words_of_the_address_have_to_do():
    assert value(lead("/2026/03/11/trapped-miners-vellmar-salt-mine.html")) > 0.2
    assert value(lead("/news/88231")) == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "https://a.example/2026/03/11/salt-mine-collapses-at-vellmar",
            "salt mine collapses at vellmar",
        ),
        ("https://a.example/news/salt_mine_collapses.html?x=1", "salt mine collapses"),
        ("https://a.example/salt-mine-collapses-4711/", "salt mine collapses 4711"),
        ("https://a.example/salt-mine-collapses/4711", "salt mine collapses"),
        ("https://a.example/world/4711", ""),
        ("https://a.example/", ""),
        ("https://a.example/%E7%9B%90%E7%9F%BF-%E5%9D%8D%E5%A1%8C", "盐矿 坍塌"),
    ],
)
def test_the_words_of_an_address(url, words):
    assert url_words(url) == words


def test_a_lead_of_the_same_day_counts_for_more_than_one_of_another_year():
    headline = "Miners of Vellmar"
    same, later = (
        value(lead(headline=headline, published_at=f"{day}T08:00:00Z"))
        for day in ("2026-03-10", "2027-03-10")
    )
    assert same > 2 * later > 0


@pytest.mark.parametrize("said", [{"modified_at": "2027-03-10"}, {"published_at": "2027-03-10"}])
def test_what_the_lead_says_of_its_date_goes_before_what_the_address_says(said):
    headline = "Miners of Vellmar"
    by_address = value(lead(headline=headline), date="2026-03-10")
    assert by_address > value(lead(headline=headline, **said), date="2026-03-10")


def test_the_terms_of_a_lead_are_those_of_its_headline_or_address_and_its_lede():
    assert lead_terms(lead("/a/salt-mine-collapses", lede="Eleven trapped"), "en") == lead_terms(
        lead(headline="salt mine collapses", lede="Eleven trapped"), "en"
    )


def test_the_higher_a_score_the_likelier_it_belongs():
    chances = [prior_chance(score / 20) for score in range(21)]
    assert chances == sorted(chances)
    assert chances[0] == 0
    assert chances[-1] < 1


def test_a_crawl_learns_which_scores_bring_articles_that_belong():
    hopeful, doubtful = CrawlExperience(), CrawlExperience()
    for _ in range(10):
        hopeful.learn(0.12, True)
        doubtful.learn(0.12, False)
    assert hopeful.chance(0.12) > prior_chance(0.12) > doubtful.chance(0.12)
    assert hopeful.chance(0.8) == pytest.approx(prior_chance(0.8)), (
        "what was met at one score says nothing of quite another"
    )


def test_the_likeliest_lead_is_taken_first_and_an_unlikely_one_never():
    choice = LeadChoice()
    for url, score in (("b", 0.3), ("a", 0.5), ("c", 0.05), ("d", 0.0)):
        choice.add(url, score)
    assert [choice.take(), choice.take(), choice.take()] == [("a", 0.5), ("b", 0.3), None]


def test_leads_of_a_score_that_brings_nothing_are_given_up_after_a_few_and_go_on_where_it_does():
    def taken(belongs: bool) -> int:
        choice, many = LeadChoice(), 0
        for number in range(100):
            choice.add(str(number), 0.12)
        while chosen := choice.take():
            many += 1
            choice.experience.learn(chosen[1], belongs)
        return many

    assert taken(belongs=True) == 100
    assert 3 < taken(belongs=False) < 30


def test_what_a_person_named_is_worth_a_request_whatever_was_met_before():
    choice = LeadChoice()
    for _ in range(10):
        choice.experience.learn(NAMED_PAGE_SCORE, False)
    choice.add("named", NAMED_PAGE_SCORE)
    assert choice.experience.chance(NAMED_PAGE_SCORE) > MIN_WORTHWHILE_CHANCE
    assert choice.take() == ("named", NAMED_PAGE_SCORE)


def test_a_storys_articles_are_known_by_the_terms_that_were_counted_when_they_came() -> None:
    """Their texts need not be read again."""
    known = lambda _, terms: (dict.fromkeys(terms, 3), 2_000)  # noqa: E731
    text = "The dockers of Vellmar struck. Their union asked for shorter shifts."
    row = {"headline": "Dockers strike", "standfirst": None, "text": text, "language": "en", "published_at": None,
           "outlet": "a.example", "weights": None, "opening": None}  # fmt: skip
    whole, first = (
        term_counts("Dockers strike", None, text, "en"),
        opening_weights("Dockers strike", None, text, "en"),
    )
    counted = row | {"text": "", "weights": json.dumps(whole), "opening": json.dumps(first)}
    about = Story(1, "dockers", "Dockers")
    assert member_profile(about, [], [counted], known) == member_profile(about, [], [row], known)
